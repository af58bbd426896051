"""Covariances of coefficients: dense, or a diagonal with a few factors that never becomes a matrix of the columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import cholesky_root, square_root

Array = NDArray[np.float64]


class RowView(Protocol):
    """A covariance ``S`` as the rows ``Z (b, n, p)`` of some tasks see it."""

    def kernel(self) -> Array:
        """``Z S Z'`` of every task ``(b, n, n)``."""

    def with_intercept(self) -> Array:
        """``Z S e``: how the rows vary with the intercept ``(b, n)``."""

    def back(self, a: Array) -> Array:
        """``S Z' a`` of every task ``(b, p)``, for ``a (b, n)``."""


class Covariance(Protocol):
    """What the engine asks of a covariance ``S (p, p)``."""

    @property
    def width(self) -> int:
        """The number of coefficients."""

    @property
    def root(self) -> Array:
        """Lower triangular ``R`` with ``R R' = S``."""

    @property
    def intercept_variance(self) -> Any:
        """The last entry of the diagonal."""

    def of_tasks(self, tasks: Any) -> Covariance:
        """That of some tasks, where each has its own."""

    def seen_by(self, batch: Any) -> RowView:
        """The view of a batch of rows."""

    def variance_at(self, Z: Any) -> Array:
        """``z' S z`` of every row of ``Z (n, p)``."""

    def directions(self, extra: float, *, slopes_only: bool) -> Directions:
        """Coordinates where the coefficients, or the slopes alone, have unit variance."""


@dataclass(frozen=True, eq=False)
class DenseCovariance:
    """``R R'`` for a lower triangular ``root`` R; of several tasks ``(n_tasks, p, p)``, where columns are worked with."""

    root: Array

    @classmethod
    def of(cls, matrix: Array) -> DenseCovariance:
        """Of a positive semi-definite matrix."""
        return cls(cholesky_root(matrix))

    @property
    def width(self) -> int:
        """The number of coefficients."""
        return self.root.shape[-1]

    @property
    def matrix(self) -> Array:
        """``(p, p)``."""
        return self.root @ self.root.T

    @property
    def intercept_variance(self) -> Any:
        """The last entry of the diagonal."""
        return (self.root[..., -1, :] ** 2).sum(axis=-1)

    def of_tasks(self, tasks: Any) -> DenseCovariance:
        """That of some tasks, where each has its own."""
        return self if self.root.ndim == 2 else DenseCovariance(self.root[tasks])

    def seen_by(self, batch: Any) -> _DenseView:
        """The view of a batch of rows."""
        return _DenseView(self.root, batch.times(self.root))

    def variance_at(self, Z: Any) -> Array:
        """``z' S z`` of every row of ``Z (n, p)``."""
        return ((Z @ self.root) ** 2).sum(axis=1)

    def directions(self, extra: float, *, slopes_only: bool) -> Directions:
        """The symmetric root: of all symmetric coordinates those nearest to the coefficients themselves.

        The last one is kept: tasks of as many rows share it.
        """
        kept = vars(self).get("_directions")
        if kept is None or kept[0] != (extra, slopes_only):
            matrix = self.matrix
            matrix[-1, -1] += extra
            n = self.width - 1
            found = MatrixDirections(square_root(matrix[:n, :n] if slopes_only else matrix), n)
            kept = vars(self)["_directions"] = (extra, slopes_only), found
        return kept[1]


@dataclass(frozen=True, eq=False)
class LowRankCovariance:
    """``diag(variance) + factor factor'`` for ``variance (p,)`` and ``factor (p, r)``, ``r`` possibly 0.

    Where columns are worked with, ``variance (n_tasks, p)`` may be of several tasks.
    """

    variance: Array
    factor: Array

    @property
    def width(self) -> int:
        """The number of coefficients."""
        return self.variance.shape[-1]

    @cached_property
    def root(self) -> Array:
        """Lower triangular ``R (p, p)`` with ``R R'`` the covariance."""
        own = self.variance[..., None] * np.eye(self.width)
        return DenseCovariance.of(own + self.factor @ self.factor.T).root

    @property
    def intercept_variance(self) -> Any:
        """The last entry of the diagonal."""
        return self.variance[..., -1] + self.factor[-1] @ self.factor[-1]

    def of_tasks(self, tasks: Any) -> LowRankCovariance:
        """That of some tasks, where each has its own."""
        return self if self.variance.ndim == 1 else LowRankCovariance(self.variance[tasks], self.factor)

    def seen_by(self, batch: Any) -> _LowRankView:
        """The view of a batch of rows."""
        return _LowRankView(self, batch, batch.times(self.factor))

    def variance_at(self, Z: Any) -> Array:
        """``z' S z`` of every row of ``Z (n, p)``, which may be sparse."""
        squares = Z.multiply(Z) if sparse.issparse(Z) else Z * Z
        return np.asarray(squares @ self.variance) + (np.asarray(Z @ self.factor) ** 2).sum(axis=1)

    def directions(self, extra: float, *, slopes_only: bool) -> Directions:
        """One coordinate a coefficient, and one a factor."""
        variance, factor = self.variance + extra * np.eye(1, self.width, self.width - 1)[0], self.factor
        n = self.width - 1 if slopes_only else self.width
        return ScaledDirections(np.sqrt(variance)[:n], factor[:n], self.width - 1)


class Directions(Protocol):
    """``w = L v`` for ``v`` of unit variance."""

    def design(self, Z: Any) -> Any:
        """``Z L``: rows in the coordinates of ``v``, sparse where ``Z`` is."""

    def back(self, v: Array) -> Array:
        """``L v``."""

    @property
    def intercept(self) -> Array:
        """The last row of ``L``, where it is the intercept's."""

    @property
    def slopes(self) -> Array:
        """The other rows of ``L``."""


@dataclass(frozen=True, eq=False)
class MatrixDirections:
    """Any ``L``, as it is, of ``p`` coefficients or of the slopes alone."""

    matrix: Array
    n_slopes: int

    @property
    def intercept(self) -> Array:
        """The last row of ``L``, where it is the intercept's."""
        return self.matrix[-1]

    @property
    def slopes(self) -> Array:
        """The other rows of ``L``."""
        return self.matrix[: self.n_slopes]

    def design(self, Z: Any) -> Array:
        """``Z L``."""
        return np.asarray(Z[:, : len(self.matrix)] @ self.matrix)

    def back(self, v: Array) -> Array:
        """``L v``."""
        return self.matrix @ v


@dataclass(frozen=True, eq=False)
class ScaledDirections:
    """``L = [diag(deviation), factor]``."""

    deviation: Array
    factor: Array
    n_slopes: int

    @property
    def intercept(self) -> Array:
        """The last row of ``L``, where it is the intercept's."""
        return np.r_[np.zeros(len(self.deviation) - 1), self.deviation[-1], self.factor[-1]]

    @property
    def slopes(self) -> Array:
        """The other rows of ``L``."""
        return np.column_stack([np.diag(self.deviation), self.factor])[: self.n_slopes]

    def design(self, Z: Any) -> Any:
        """``Z L``."""
        Z = Z[:, : len(self.deviation)]
        if sparse.issparse(Z):
            scaled = Z @ sparse.diags_array(self.deviation)
            return sparse.hstack([scaled, Z @ self.factor], format="csr") if self.factor.shape[1] else scaled
        return np.column_stack([Z * self.deviation, Z @ self.factor])

    def back(self, v: Array) -> Array:
        """``L v``."""
        p = len(self.deviation)
        return self.deviation * v[:p] + self.factor @ v[p:]


@dataclass(frozen=True, eq=False)
class _DenseView:
    root: Array
    design: Array

    def kernel(self) -> Array:
        return self.design @ np.swapaxes(self.design, 1, 2)

    def with_intercept(self) -> Array:
        return self.design @ self.root[-1]

    def back(self, a: Array) -> Array:
        return (a[:, None, :] @ self.design)[:, 0] @ self.root.T


@dataclass(frozen=True, eq=False)
class _LowRankView:
    covariance: LowRankCovariance
    batch: Any
    scores: Array

    def kernel(self) -> Array:
        kernel = self.batch.kernel(self.batch.spread(self.covariance.variance))
        return kernel + self.scores @ np.swapaxes(self.scores, 1, 2) if self.scores.shape[2] else kernel

    def with_intercept(self) -> Array:
        alone = np.eye(1, self.covariance.width, self.covariance.width - 1)[0]
        along = (self.batch.times(alone[:, None]) * self.covariance.variance[-1])[..., 0]
        return along + self.scores @ self.covariance.factor[-1]

    def back(self, a: Array) -> Array:
        cells = self.batch.spread(self.covariance.variance) * self.batch.cells(a)
        table = self.batch.table(cells)
        out = table.toarray() if sparse.issparse(table) else table
        if self.scores.shape[2]:
            out = out + np.einsum("bnk,bn->bk", self.scores, a) @ self.covariance.factor.T
        return out
