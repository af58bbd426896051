"""The shape of a covariance: what is kept of the scatter of the tasks' coefficients.

The scatter ``S`` of a finite number of tasks is noisy; a structure says which part of it to keep. All shapes are
one family, low rank plus diagonal (``Sigma = F F' + D``), from ``rank = 0`` with one variance for all slopes
(spherical) to no constraint at all (dense).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import diagonal, spd_inverse

Array = NDArray[Any]

PSEUDO_TASKS = 2.0  # weight of the hyper-prior that draws variances together
_PROPER = 0.5  # pseudo-tasks that make the scatter of few tasks invertible before factors are fitted
_ALTERNATIONS = 3  # of factors and unique variances
_JITTER = 1e-9  # guard: share of its variance that each coefficient keeps for itself, so that inverses exist
_FLOOR = 1e-4  # smallest unique variance, as a share of a coefficient's variance (Heywood cases)


class CovarianceShape(Protocol):
    """A rule ``S -> Sigma``: a `Structure`, or several of them for blocks of columns."""

    @property
    def varying(self) -> tuple[int, ...] | None:
        """The coefficients that vary, the intercept last; None if all do."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """What tells it from others."""

    def fit(self, scatter: Array, n_tasks: Array, unique: Array | None = None) -> tuple[Any, ...]:
        """Covariances, and their diagonal parts."""

    def tightened(self, factor: float) -> CovarianceShape:
        """The same under a hyper-prior of ``factor`` times the weight; itself if none holds it."""

    def held_part(self, covariance: Array, n_tasks: float, unique: Array) -> tuple[Array, Array]:
        """The part of a covariance ``(p, p)`` that the hyper-prior draws together, and which of its entries may move."""

    def free_entries(self, k: int) -> tuple[Array, Array] | None:
        """Entries of a triangular root ``(k, k)`` that the shape leaves free; None where that is its scale alone."""

    def n_parameters(self, p: int, n_tasks: float) -> float:
        """How many numbers of a covariance ``(p, p)`` so many tasks tell, what a hyper-prior holds counting as much less."""


@dataclass(frozen=True)
class Structure:
    """A rule ``S -> Sigma``. ``rank`` None is dense; ``equal`` gives all slopes one unique variance.

    ``varying`` lists the coefficients that vary, the intercept last (None: all); the others have no variance. Without
    an ``intercept`` the last is a slope as the others.

    ``strength`` is the number of pseudo-tasks of the hyper-prior. They have the slopes' mean variance; for dense
    structures that are not ``equal``, each coefficient's variance given all others.
    """

    name: str
    rank: int | None
    equal: bool = False
    strength: float = PSEUDO_TASKS
    varying: tuple[int, ...] | None = None
    intercept: bool = True

    def __str__(self) -> str:
        if self.varying is not None and len(self.varying) == 1 and self.intercept:
            return "random intercept"
        name, some = self.name, "" if self.varying is None else f", {len(self.varying)} coefficients vary"
        if self.rank:
            name += f" of rank {self.rank}{', one unique variance' if self.equal else ''}"
        elif self.rank is None:
            name += f" with {self.strength:.0f} {'even ' if self.equal else ''}pseudo-tasks"
        return name + some

    @property
    def shape(self) -> tuple[Any, ...]:
        """What tells it from others: which coefficients vary, and how; of dense ones the hyper-prior is a part of it."""
        if self.varying is not None and len(self.varying) == 1:
            return self.varying
        return self.varying, self.rank, self.equal, self.strength if self.rank is None else None

    def free_entries(self, k: int) -> tuple[Array, Array] | None:
        """Those of the root of ``k`` coefficients; of factors, and under a hyper-prior, its scale alone."""
        if self.strength > 0 or self.equal or self.rank:
            return None
        rows, columns = np.tril_indices(k)
        free = rows == columns if self.rank == 0 else np.ones(len(rows), dtype=bool)
        return rows[free], columns[free]

    def n_parameters(self, p: int, n_tasks: float) -> float:
        r"""As `CovarianceShape` has it: the effective degrees of freedom of `fit`.

        Under a conjugate hyper-prior of :math:`\nu` pseudo-tasks of covariance ``T``, of :math:`n` tasks of scatter ``S``,

        .. math:: \hat\Sigma = \frac{n S + \nu T}{n + \nu}, \qquad
            \sum_{i \ge j} \frac{\partial \hat\Sigma_{ij}}{\partial S_{ij}} = h + \frac{n}{n + \nu} (m - h)

        for ``m`` free entries, if ``T`` takes ``h`` numbers from ``S``: the trace of a linear smoother (T. Hastie,
        R. Tibshirani and J. Friedman, 2009, The elements of statistical learning, equation 7.32). No hyper-prior holds the
        loadings of factors: they all count, less their rotations.
        """
        k = p if self.varying is None else len(self.varying)
        even = min(k, 1 + self.intercept)  # the slopes' mean variance, and the intercept's
        share = n_tasks / (n_tasks + self.strength) if n_tasks > 0 else 0.0
        if self.rank is None:
            held = even if self.equal else k
            return held + share * (k * (k + 1) / 2 - held)
        return even + (0.0 if self.equal else share * (k - even)) + self.rank * k - self.rank * (self.rank - 1) / 2

    def fit(self, scatter: Array, n_tasks: Array, unique: Array | None = None) -> tuple[Any, ...]:
        """``(Sigma, unique)``: the covariances ``(..., p, p)`` and their diagonal parts, which may start the next fit.

        ``scatter (..., p, p)`` may be of several collections, of ``n_tasks (...)`` each.
        """
        if self.varying is None:
            return self._fit(scatter, n_tasks, unique)
        if not self.varying:
            return np.zeros_like(scatter), diagonal(scatter).copy()
        vary = np.array(self.varying)
        rows, columns = vary[:, None], vary[None, :]
        some = None if unique is None else unique[..., vary]
        covariance, unique = np.zeros_like(scatter), diagonal(scatter).copy()
        found = self._fit(scatter[..., rows, columns], n_tasks, some)
        covariance[..., rows, columns], unique[..., vary] = found
        return covariance, unique

    def tightened(self, factor: float) -> Structure:
        """The same under a hyper-prior of ``factor`` times the weight; itself if none holds it."""
        return self if self.rank is not None and self.equal else replace(self, strength=factor * self.strength)

    def held_part(self, covariance: Array, n_tasks: float, unique: Array) -> tuple[Array, Array]:
        """The part of a covariance ``(p, p)`` that the hyper-prior draws together, and which of its entries may move."""
        vary = np.zeros(len(covariance), dtype=bool)
        vary[slice(None) if self.varying is None else list(self.varying)] = True
        if self.rank is None:
            return covariance, vary[:, None] & vary
        even = np.zeros_like(unique)
        even[vary] = (
            self._even(unique[vary], np.atleast_1d(float(n_tasks))) if self.rank else diagonal(covariance)[vary]
        )
        return np.diag(even), np.diag(vary)

    def _fit(self, scatter: Array, n_tasks: Array, unique: Array | None) -> tuple[Any, ...]:
        n_tasks = np.asarray(n_tasks, dtype=float)[..., None]
        if self.rank is None:
            return self._dense(scatter, n_tasks), diagonal(scatter)
        if self.rank == 0:
            unique = self._even(diagonal(scatter), n_tasks)
            return _as_matrix(unique), unique
        factor, unique = fit_factor(self._proper(scatter, n_tasks), self.rank, unique)
        return factor @ np.swapaxes(factor, -1, -2) + _as_matrix(self._even(unique, n_tasks)), unique

    def _even(self, variance: Array, n_tasks: Array) -> Array:
        """Draw the slopes' variances together; the intercept's, last, keeps its own scale."""
        share = 1.0 if self.equal else self.strength / (self.strength + n_tasks)
        return share * self._even_out(variance) + (1.0 - share) * np.maximum(variance, 1e-10)

    def _dense(self, scatter: Array, n_tasks: Array) -> Array:
        if self.equal:
            target = self._even_out(diagonal(scatter))
        else:
            target = 1.0 / diagonal(spd_inverse(self._proper(scatter, n_tasks, pseudo_tasks=1.0)))
        n_tasks = n_tasks[..., None]
        shrunk = (n_tasks * scatter + self.strength * _as_matrix(target)) / (n_tasks + self.strength)
        return shrunk + _as_matrix(_JITTER * diagonal(shrunk))

    def _proper(self, scatter: Array, n_tasks: Array, pseudo_tasks: float = _PROPER) -> Array:
        """Scatter with a few pseudo-tasks of even variance, so that fewer tasks than coefficients leave it invertible."""
        n_tasks, even = n_tasks[..., None], _as_matrix(self._even_out(diagonal(scatter)))
        held = (n_tasks * scatter + pseudo_tasks * even) / (n_tasks + pseudo_tasks)
        return np.where(n_tasks > 2 * scatter.shape[-1], scatter, held)

    def _even_out(self, variance: Array) -> Array:
        """The mean variance for every slope, its own for the intercept."""
        even, n_slopes = variance.copy(), variance.shape[-1] - self.intercept
        if n_slopes:
            even[..., :n_slopes] = variance[..., :n_slopes].mean(axis=-1, keepdims=True)
        return np.maximum(even, 1e-10)


@dataclass(frozen=True)
class Structures:
    """Several structures, each for the collections at its own place along the first axis."""

    each: tuple[CovarianceShape, ...]

    def fit(self, scatter: Any, n_tasks: Any, unique: Any) -> tuple[Array, ...]:
        """As of one `Structure`."""
        found = [one.fit(scatter[i], n_tasks[i], unique[i]) for i, one in enumerate(self.each)]
        return tuple(np.stack(part) for part in zip(*found, strict=True))


def fit_factor(scatter: Array, rank: int, unique: Array | None = None, n_iter: int = _ALTERNATIONS) -> tuple[Any, ...]:
    """Maximum likelihood factor analysis, ``F (..., p, rank)`` and ``D (..., p)`` with ``F F' + diag(D)`` near ``scatter``.

    Given ``D``, the best ``F`` is known in closed form from the eigenvectors of ``D^-1/2 S D^-1/2`` (Joreskog, 1967,
    Psychometrika 32); given ``F``, ``D`` is what remains of the diagonal. A few alternations suffice inside an EM.
    """
    total = diagonal(scatter)
    unique = 0.5 * total if unique is None else unique
    for _ in range(n_iter):
        root = np.sqrt(unique)
        values, vectors = np.linalg.eigh(scatter / (root[..., :, None] * root[..., None, :]))
        values, vectors = values[..., None, : -rank - 1 : -1], vectors[..., : -rank - 1 : -1]
        factor = root[..., None] * vectors * np.sqrt(np.maximum(values - 1.0, 0.0))
        unique = np.maximum(total - (factor**2).sum(axis=-1), _FLOOR * total + 1e-12)
    return factor, unique


def _as_matrix(values: Array) -> Array:
    """Diagonal matrices ``(..., p, p)``."""
    return values[..., None] * np.eye(values.shape[-1])
