"""Per-task sufficient statistics: the rows are read once, in padded batches, and never again."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import TINY

Array = NDArray[Any]

_CELLS = 1 << 20  # design entries held at once while rows are read: 8 MB


@dataclass(frozen=True, eq=False)
class Moments:
    """What Gaussian likelihoods need of ``n_tasks`` tasks: ``Z'WZ``, ``Z'Wy``, ``y'Wy`` and the number of rows.

    ``gram`` is ``(n_tasks, p, p)``, ``cross`` ``(n_tasks, p, n_outputs)``, ``square`` ``(n_tasks, n_outputs)``,
    ``n_rows`` ``(n_tasks,)``, see `Rows`. ``context (n_tasks, p - 1)`` are the means of a task's columns.
    """

    gram: np.ndarray
    cross: np.ndarray
    square: np.ndarray
    n_rows: np.ndarray
    context: np.ndarray

    @classmethod
    def zeros(cls, n_tasks: int, p: int, n_outputs: int) -> Moments:
        """Tasks without rows: room for their statistics."""
        shapes = ((p, p), (p, n_outputs), (n_outputs,), (), (p - 1,))
        return cls(*(np.zeros((n_tasks, *shape)) for shape in shapes))

    @property
    def n_tasks(self) -> int:
        return len(self.n_rows)

    @property
    def n_outputs(self) -> Array:
        return self.square.shape[1]

    def take(self, tasks: Any) -> Moments:
        """The statistics of some tasks (an index array, mask or slice), of every collection if there are several."""
        where = (slice(None),) * (self.n_rows.ndim - 1) + (tasks,)
        return Moments(self.gram[where], self.cross[where], self.square[where], self.n_rows[where], self.context[where])

    def output(self, k: int) -> Moments:
        """The statistics of one output, as a collection with ``cross (n_tasks, p)`` and ``square (n_tasks,)``."""
        return replace(self, cross=self.cross[:, :, k], square=self.square[:, k])

    def residual(self, mean: Array) -> tuple[Any, ...]:
        """``Z'W(y - Z mean)`` and ``(y - Z mean)'W(y - Z mean)`` of one output, for a common or per-task mean."""
        fitted = (self.gram @ mean[..., None])[..., 0]
        score = self.cross - fitted
        return score, self.square - ((self.cross + score) * mean).sum(axis=-1)


def whitened(moments: Moments, mean: Array, root: Array, noise: Any) -> tuple[Any, ...]:
    """Gram, score and square of the residuals, for coordinates ``v`` with ``w = mean + R v`` and noise of one.

    ``root`` is one for all tasks or ``(n_tasks, p, p)``; several collections have leading axes. Where the prior is a
    standard normal, ``I + gram`` is as well conditioned as the data allow, whatever the prior.
    """
    score, square = moments.residual(mean)
    noise = np.asarray(noise)[..., None]
    scale = np.diagonal(root, axis1=-2, axis2=-1)
    if root.ndim == 2 and np.count_nonzero(root) <= len(root):  # a diagonal: products by its entries do
        gram = moments.gram * (scale[:, None] * scale / noise[..., None])
        return gram, score * (scale / noise), square / noise[..., 0]
    gram = (np.swapaxes(root, -1, -2) @ moments.gram @ root) / noise[..., None]
    return gram, (score[..., None, :] @ root)[..., 0, :] / noise, square / noise[..., 0]


def task_batches(counts: Any, width: int) -> list[Array]:
    """Groups of tasks of similar size whose padded designs fit in memory: a list of index arrays."""
    order = np.argsort(counts, kind="stable")
    batches, start = [], 0
    while start < len(order):
        smallest = max(int(counts[order[start]]), 1)
        similar = int(np.searchsorted(counts[order], 2 * smallest, side="right"))
        room = max(_CELLS // (2 * smallest * width), 1)
        stop = max(min(similar, start + room), start + 1)
        batches.append(order[start:stop])
        start = stop
    return batches


@dataclass(frozen=True, eq=False)
class Rows:
    r"""The rows of a collection, grouped by task: where they are, how they are standardised, what they weigh.

    A row of ``weight`` :math:`\omega_i` has the noise :math:`\sigma^2 / \omega_i`, so it is a row whatever it weighs,

    .. math:: \log p(y_i) = \tfrac12 \log \omega_i - \tfrac12 \log 2 \pi \sigma^2
        - \tfrac{\omega_i}{2 \sigma^2} (y_i - z_i^\top w)^2,

    unless ``count (n,)`` says how many rows it stands for: its weight, where weights are repetitions, and half a row where it
    is trusted by half (`outliers`). None counts rows of positive weight once. The first term depends on nothing that is
    learned and is left out.

    ``X`` is ``(n, d)`` dense or CSR, ``Y`` ``(n, n_outputs)``, ``order`` lists the rows task by task and ``starts``
    ``(n_tasks + 1,)`` says where each task begins in it. ``centre`` and ``scale`` ``(d,)`` standardise the columns.
    Without an ``intercept`` its column is zero: no task says anything about it, and it keeps its prior. That of rows made
    from sums, which are read in cells only, is an array ``(n,)``. ``offset (n, n_outputs)`` is what is known of each row's
    linear predictor besides its coefficients' part (McCullagh and Nelder, 1989, Generalized Linear Models, section 6.3.1),
    of other likelihoods than squared error's; None for nothing.
    """

    X: Any
    Y: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    weight: np.ndarray | None = None
    intercept: Any = True
    count: np.ndarray | None = None
    offset: np.ndarray | None = None

    @property
    def n_tasks(self) -> int:
        return len(self.starts) - 1

    @property
    def counted(self) -> Array:
        """How many rows each row of the table stands for ``(n,)``."""
        return row_counts(np.ones(len(self.Y)) if self.weight is None else self.weight, self.count)

    @property
    def n_rows(self) -> Array:
        """Number of rows of every task ``(n_tasks,)``."""
        if self.weight is None and self.count is None:
            return np.diff(self.starts).astype(float)
        owner = np.repeat(np.arange(self.n_tasks), np.diff(self.starts))
        return np.bincount(owner, self.counted[self.order], minlength=self.n_tasks).astype(float)

    @property
    def width(self) -> int:
        return len(self.centre) + 1

    @property
    def owner(self) -> np.ndarray:
        """The task ``(n,)`` of every row of the table."""
        found = np.zeros(len(self.Y), dtype=np.intp)
        found[self.order] = np.repeat(np.arange(self.n_tasks), np.diff(self.starts))
        return found

    def some(self, n_tasks: int) -> Rows:
        """At most ``n_tasks`` tasks, evenly spaced."""
        if self.n_tasks <= n_tasks:
            return self
        return self.pick(np.linspace(0, self.n_tasks - 1, n_tasks).astype(int))

    def pick(self, tasks: Any) -> Rows:
        """The rows of some tasks (an index array)."""
        rows = [np.arange(self.starts[t], self.starts[t + 1]) for t in tasks]
        starts = np.r_[0, np.cumsum([len(r) for r in rows])]
        return replace(self, order=self.order[np.concatenate(rows)], starts=starts)

    def batch(self, tasks: Any) -> tuple[Any, ...]:
        """``(Z, Y, weight)`` of some tasks, padded to the longest with rows of weight zero: ``(t, n, ...)``."""
        rows, real = padded(self.order, self.starts, tasks)
        Z = np.zeros((*real.shape, self.width))
        if len(self.order):
            Z[..., :-1] = standardise(take_rows(self.X, rows.ravel()), self.centre, self.scale).reshape(*rows.shape, -1)
            Y = self.Y[rows] * real[..., None]
        else:
            Y = np.zeros((*real.shape, self.Y.shape[1]))
        Z[..., -1] = float(self.intercept)
        Z *= real[..., None]
        weight = real.astype(float) if self.weight is None or not len(self.order) else self.weight[rows] * real
        return Z, Y, weight

    def offsets(self, tasks: Any) -> Array:
        """The rows' ``offset (t, n, n_outputs)`` of some tasks, padded like `batch`; one zero where there is none."""
        if self.offset is None:
            return np.zeros((1, 1, 1))
        rows, real = padded(self.order, self.starts, tasks)
        return self.offset[rows] * real[..., None]

    def batches(self) -> Any:
        """Every task once: ``(tasks, Z, Y, weight)`` by groups of similar size."""
        for tasks in task_batches(np.diff(self.starts), self.width):
            yield (tasks, *self.batch(tasks))


def row_counts(weight: Array, count: Array | None) -> Array:
    """How many rows each row stands for: what ``count`` says, else one where it weighs something."""
    return (weight > 0).astype(float) if count is None else count


def padded(order: Any, starts: Any, tasks: Any) -> tuple[Any, ...]:
    """Positions ``(t, n)`` of the rows of some tasks, padded to the longest, and which of them are real."""
    counts = starts[tasks + 1] - starts[tasks]
    offsets = np.arange(max(counts.max(initial=0), 1))
    real = offsets < counts[:, None]
    rows = order[np.where(real, starts[tasks][:, None] + offsets, 0)] if len(order) else real * 0
    return rows, real


def take_rows(X: Any, rows: Any) -> Array:
    """Rows of a dense or CSR matrix as a dense array."""
    return X[rows].toarray() if sparse.issparse(X) else X[rows]


def standardise(X: Any, centre: Any, scale: Any) -> Array:
    """``(X - centre) / scale``; a missing value (a column its task lacks) sits at the centre and says nothing."""
    Z = (X - centre) / scale
    return np.nan_to_num(Z, copy=False, nan=0.0) if np.isnan(Z.sum()) else Z


def batch_moments(Z: Array, Y: Array, weight: Any) -> Moments:
    """`Moments` of padded tasks ``Z (t, n, p)``, ``Y (t, n, K)``, ``weight (t, n)``."""
    weighted = np.swapaxes(Z * weight[..., None], 1, 2)
    gram, n_rows = weighted @ Z, (weight > 0).sum(axis=1).astype(float)
    context = gram[:, -1, :-1] / np.maximum(gram[:, -1, -1:], TINY)
    return Moments(gram, weighted @ Y, np.einsum("tn,tnk->tk", weight, Y * Y), n_rows, context)


def collect_moments(rows: Any) -> Moments:
    """Sufficient statistics of every task of ``rows``."""
    whole = Moments.zeros(rows.n_tasks, rows.width, rows.Y.shape[1])
    for tasks, Z, Y, weight in rows.batches():
        part = batch_moments(Z, Y, weight)
        for field in fields(Moments):
            getattr(whole, field.name)[tasks] = getattr(part, field.name)
    return replace(whole, n_rows=rows.n_rows)


def column_scales(X: Any, weight: Any = None, *, centred: bool = True) -> tuple[Array, Array]:
    """Centre and scale ``(d,)`` of the columns of a collection; constant columns keep their values (scale 1).

    Missing values are left out. Columns that are to stay sparse are scaled alike, but not ``centred``.
    """
    weight = np.ones(X.shape[0]) if weight is None else weight
    centre, scale = _sparse_scales(X, weight) if sparse.issparse(X) else _dense_scales(X, weight)
    return centre if centred else np.zeros_like(centre), scale


def _dense_scales(X: Any, weight: Any) -> tuple[Array, Array]:
    present = ~np.isnan(X) if np.isnan(X.sum()) else None
    if present is None:
        total, centre = weight.sum(), weight @ X / weight.sum()
        variance = sum_of_squares(X, centre, weight) / total
    else:
        total = np.maximum(weight @ present, np.finfo(float).tiny)
        filled = np.where(present, X, 0.0)
        centre = weight @ filled / total
        variance = weight @ (np.where(present, X - centre, 0.0) ** 2) / total
    scale = np.sqrt(variance)
    constant = scale <= 1e-10 * np.abs(centre) + np.finfo(float).tiny
    if constant.any():  # the mean of equal values may round, and would leave a trace of a column that says nothing
        values = X[:, constant]
        centre[constant] = np.where((values == values[0]).all(axis=0), values[0], centre[constant])
    return centre, np.where(constant, 1.0, scale)


def sum_of_squares(X: Any, centre: Any, weight: Any, block: int = 65536) -> Array:
    """``sum_i weight_i (X_i - centre)^2`` by blocks of rows: no copy of a large table."""
    total = np.zeros(X.shape[1])
    for start in range(0, len(X), block):
        part = slice(start, start + block)
        total += weight[part] @ (X[part] - centre) ** 2
    return total


def _sparse_scales(X: Any, weight: Any) -> tuple[Array, Array]:
    total = weight.sum()
    centre = np.asarray(X.T @ weight).ravel() / total
    square = np.asarray(X.multiply(X).T @ weight).ravel() / total
    variance = np.maximum(square - centre**2, 0.0)
    return centre, np.sqrt(np.where(variance > 1e-12 * square, variance, 1.0))


def correlation_of_rows(X: Any, weight: Any, centre: Array, scale: Array, block: int = 65536) -> Array:
    """Correlations ``(d, d)`` of columns of that centre and scale, by blocks of rows; of a constant column zero."""
    weight = np.ones(X.shape[0]) if weight is None else weight
    total = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, X.shape[0], block):
        part = np.arange(start, min(start + block, X.shape[0]))
        Z = standardise(take_rows(X, part), centre, scale)
        total += (Z * weight[part, None]).T @ Z
    return total / weight.sum()
