"""Centred sums of every task: made in one pass over the rows, added up, read for where a collection lies.

Cross-products are kept around each task's own means, so that columns far from zero (years, timestamps) lose no digits;
two parts of a task are added by the update of T. F. Chan, G. H. Golub and R. J. LeVeque (1983), Algorithms for
computing the sample variance, The American Statistician 37, equation 2.1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY
from skmeta._inference.moments import Moments, padded, row_counts, take_rows, task_batches

_Array = NDArray[np.float64]
CONSTANT = 1e-10  # guard: a column that spreads by less, as a share of its mean, does not vary: that is its rounding


@dataclass(frozen=True, eq=False)
class Sums:
    """Weights, means and centred cross-products of the rows of ``T`` tasks.

    ``n (T,)`` is the total weight of ``rows (T,)`` rows (see `moments.Rows`), ``mean (T, d)`` and ``target (T, K)`` the
    means, ``scatter (T, d, d)``, ``cross (T, d, K)`` and ``square (T, K)`` the weighted products of the deviations from
    them. The mean of a column that a task lacks is NaN, its products are zero.
    """

    n: _Array
    rows: _Array
    mean: _Array
    target: _Array
    scatter: _Array
    cross: _Array
    square: _Array

    @classmethod
    def zeros(cls, n_tasks: int, d: int, n_outputs: int) -> Self:
        """Tasks without rows."""
        shapes = ((), (), (d,), (n_outputs,), (d, d), (d, n_outputs), (n_outputs,))
        return cls(*(np.zeros((n_tasks, *shape)) for shape in shapes))

    @classmethod
    def within(cls, room: Moments) -> Self:
        """Tasks without rows, whose sums are in the memory of their later `Moments`: no second copy is made of them."""
        n, target = np.zeros_like(room.n_rows), np.zeros_like(room.square)
        return cls(n, room.n_rows, room.context, target, room.gram[:, :-1, :-1], room.cross[:, :-1], room.square)

    def take(self, tasks: Any) -> Sums:
        """The sums of some tasks (an index array, mask or slice)."""
        return Sums(*(getattr(self, field.name)[tasks] for field in fields(self)))

    def in_unit(self, unit: float) -> Sums:
        """The same sums of weights in another unit."""
        if unit == 1.0:
            return self
        changed = {name: getattr(self, name) / unit for name in ("n", "scatter", "cross", "square")}
        return replace(self, **changed)

    def put(self, tasks: Any, part: Sums) -> None:
        """Write the sums of some tasks."""
        for field in fields(self):
            getattr(self, field.name)[tasks] = getattr(part, field.name)


def read_sums(
    X: Any,
    Y: _Array,
    order: NDArray[np.intp],
    starts: NDArray[np.intp],
    weight: Any = None,
    room: Moments | None = None,
    count: Any = None,
) -> Sums:
    """The sums of the tasks of a table, each row read once; within ``room`` if there is some.

    ``X (n, d)`` is dense or CSR, ``Y (n, K)``; the rows of task ``t`` are ``order[starts[t]:starts[t + 1]]``; ``weight`` and
    ``count (n,)`` as of `moments.Rows`.
    """
    whole = Sums.zeros(len(starts) - 1, X.shape[1], Y.shape[1]) if room is None else Sums.within(room)
    for tasks in task_batches(np.diff(starts), X.shape[1] + Y.shape[1]):
        rows, real = padded(order, starts, tasks)
        if real.any():
            w = real.astype(float) if weight is None else weight[rows] * real
            Z = take_rows(X, rows.ravel()).astype(float, copy=False).reshape(*rows.shape, -1)
            own = row_counts(w, None if count is None else count[rows] * real)
            whole.put(tasks, batch_sums(Z, Y[rows], w, own.sum(axis=1)))
    return whole


def sums_in_room(
    X: Any, Y: _Array, order: NDArray[np.intp], starts: NDArray[np.intp], weight: Any = None, count: Any = None
) -> tuple[Sums, Moments]:
    """What `read_sums` reads, and the memory of their later `Moments`, in which it is."""
    room = Moments.zeros(len(starts) - 1, X.shape[1] + 1, Y.shape[1])
    return read_sums(X, Y, order, starts, weight, room, count), room


def batch_sums(Z: _Array, Y: _Array, weight: _Array, n_rows: _Array) -> Sums:
    """The sums of padded tasks ``Z (t, n, d)``, ``Y (t, n, K)``, ``weight (t, n)``; the first two are overwritten."""
    lacking = None
    if np.isnan(Z.sum()):
        lacking = np.isnan(Z[:, 0])
        Z = np.nan_to_num(Z, copy=False, nan=0.0)
    n = weight.sum(axis=1)
    share = (weight / np.maximum(n, TINY)[:, None])[:, None, :]
    mean, target = (share @ Z)[:, 0], (share @ Y)[:, 0]
    Z -= mean[:, None]
    Y -= target[:, None]
    weighted = np.swapaxes(Z * weight[..., None], 1, 2)
    if lacking is not None:
        mean[lacking] = np.nan
    return Sums(n, n_rows, mean, target, weighted @ Z, weighted @ Y, np.einsum("tn,tnk->tk", weight, Y * Y))


def added(one: Sums, other: Sums) -> Sums:
    """Two parts of the same tasks as one; a part without weight leaves the other as it is."""
    n = one.n + other.n
    share = other.n / np.maximum(n, TINY)
    apart = one.n * share  # n_a n_b / (n_a + n_b)
    step, rise = other.mean - one.mean, other.target - one.target
    step = np.where((apart > 0)[:, None] & ~np.isnan(step), step, 0.0)
    far = apart[:, None] * step
    empty = (one.n == 0)[:, None]
    return Sums(
        n,
        one.rows + other.rows,
        np.where(empty, other.mean, one.mean + share[:, None] * step),
        np.where(empty, other.target, one.target + share[:, None] * rise),
        one.scatter + other.scatter + far[:, :, None] * step[:, None, :],
        one.cross + other.cross + far[:, :, None] * rise[:, None, :],
        one.square + other.square + apart[:, None] * rise**2,
    )


def centre_and_scale(n: _Array, mean: _Array, square: _Array, often: _Array) -> tuple[_Array, _Array]:
    """Mean and standard deviation ``(d,)`` over all rows, from each task's: ``square (T, d)`` around ``mean (T, d)``.

    Task ``t`` counts ``often[t]`` times. Tasks that lack a column are left out of it; a constant column has scale 1.
    """
    weight = (often * n)[:, None] * ~np.isnan(mean)
    mean = np.nan_to_num(mean, nan=0.0)
    total = np.maximum(weight.sum(axis=0), TINY)
    centre = (weight * mean).sum(axis=0) / total
    centre = centre + (weight * (mean - centre)).sum(axis=0) / total  # once more: far from zero the first has rounded
    scale = np.sqrt((often @ square + (weight * (mean - centre) ** 2).sum(axis=0)) / total)
    return centre, np.where(scale <= CONSTANT * np.abs(centre) + TINY, 1.0, scale)


def correlation_of_sums(sums: Sums, often: _Array, centre: _Array, scale: _Array) -> _Array:
    """Correlations ``(d, d)`` of columns of that centre and scale over all rows; of a constant column zero."""
    off = np.nan_to_num(sums.mean - centre, nan=0.0)
    total = np.tensordot(often, sums.scatter, axes=1) + (off * (often * sums.n)[:, None]).T @ off
    found: _Array = total / (often @ sums.n) / np.outer(scale, scale)
    return found
