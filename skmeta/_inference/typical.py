r"""Where columns lie and how far they spread in the typical task: no single task moves it far, whatever is in its cells.

The unit of a column is what it spreads within the typical task and between tasks,

.. math:: \operatorname{med}_t s_t^2 + (1.4826 \, \operatorname{med}_t |\bar x_t - \operatorname{med} \bar x|)^2,

medians over tasks, each weighing as many rows as it has; 1.4826 makes the second a normal's variance (F. R. Hampel, 1974,
The influence curve and its role in robust estimation, JASA 69). A column that is constant in most tasks has none, and
keeps the mean and the standard deviation of all rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.linalg import TINY
from skmeta._inference.moments import column_scales, correlation_of_rows, row_counts
from skmeta._inference.sums import CONSTANT, Sums, centre_and_scale, correlation_of_sums

Array = NDArray[np.float64]

NORMAL = 1.4826  # a normal's standard deviation over the median of its absolute deviations
_CELLS = 1 << 22  # of a table, worked with at once


@dataclass(frozen=True, eq=False)
class Where:
    """Where columns ``(d,)`` and targets ``(K,)`` lie and how far they spread, and the mean of all targets ``(K,)``.

    ``target_size (K,)`` is how far targets spread around zero, the unit where they are not centred. ``correlation (d, d)``
    is that of the columns over all rows, where it was asked for.
    """

    centre: Array
    scale: Array
    target_centre: Array
    target_scale: Array
    target_mean: Array
    target_size: Array
    correlation: Array | None = None


def where_sums_lie(
    sums: Sums, task_weight: Array | None = None, *, centred: bool = True, correlated: bool = False
) -> Where:
    """Where the rows of these sums lie; columns that are to stay sparse are scaled, but not ``centred``."""
    often = np.ones_like(sums.n) if task_weight is None else task_weight
    centre, scale, at, by = typical_of_sums(sums, often)
    mean = centre_and_scale(sums.n, sums.target, sums.square, often)[0]
    size = typical_size(sums.n, sums.rows, sums.target, sums.square, often)
    found = Where(centre if centred else np.zeros_like(centre), scale, at, by, mean, size)
    if not correlated:
        return found
    pooled = centre_and_scale(sums.n, sums.mean, np.diagonal(sums.scatter, axis1=1, axis2=2), often)
    return replace(found, correlation=correlation_of_sums(sums, often, *pooled))


def where_rows_lie(
    X: Any,
    Y: Array,
    codes: NDArray[np.intp],
    weight: Array | None,
    task_weight: Array | None,
    n_tasks: int,
    count: Array | None = None,
    *,
    centred: bool = True,
    correlated: bool = False,
) -> Where:
    """The same of rows of the tasks ``codes (n,)``; ``weight`` and ``count (n,)`` as of `moments.Rows`."""
    often = np.ones(n_tasks) if task_weight is None else task_weight
    centre, scale = typical_of_rows(X, codes, weight, often, count)
    targets = typical_of_rows(Y, codes, weight, often, count)
    whole = (np.ones(len(Y)) if weight is None else weight) * often[codes]
    correlation = correlation_of_rows(X, whole, *column_scales(X, whole)) if correlated else None
    mean = np.average(Y, axis=0, weights=whole)
    n, rows, by_task = _tasks_of(codes, weight, n_tasks, count)
    size = typical_size(n, rows, *_within(by_task, n, codes, Y), often)
    return Where(centre if centred else np.zeros_like(centre), scale, *targets, mean, size, correlation)


def typical_of_sums(sums: Sums, often: Array) -> tuple[Array, Array, Array, Array]:
    """Centre and scale of the columns ``(d,)`` and of the targets ``(K,)``; task ``t`` counts ``often[t]`` times."""
    spread = np.diagonal(sums.scatter, axis1=1, axis2=2)
    columns = _typical(sums.n, sums.rows, sums.mean, spread, often, centre_and_scale(sums.n, sums.mean, spread, often))
    targets = centre_and_scale(sums.n, sums.target, sums.square, often)
    return (*columns, *_typical(sums.n, sums.rows, sums.target, sums.square, often, targets))


def typical_of_rows(
    X: Any, codes: NDArray[np.intp], weight: Array | None, often: Array, count: Array | None = None
) -> tuple[Array, Array]:
    """The same of the columns of a table, dense or sparse, whose rows are of the tasks ``codes (n,)``."""
    n, rows, by_task = _tasks_of(codes, weight, len(often), count)
    whole = often[codes] if weight is None else weight * often[codes]
    pooled = column_scales(X, None if weight is None and np.all(often == 1.0) else whole)
    centre, scale = (each.copy() for each in pooled)
    for some in _column_blocks(X, by_task, often * rows, rows):
        part = np.asarray((X[:, some].toarray() if sparse.issparse(X) else X[:, some]), dtype=float)
        known = centre[some], scale[some]
        centre[some], scale[some] = _typical(n, rows, *_within(by_task, n, codes, part), often, known)
    return centre, scale


def _tasks_of(
    codes: NDArray[np.intp], weight: Array | None, n_tasks: int, count: Array | None
) -> tuple[Array, Array, Any]:
    """What the rows of every task weigh, how many they are, and the weights as a matrix ``(n_tasks, n)``."""
    own = np.ones(len(codes)) if weight is None else weight
    n, rows = (np.bincount(codes, each, minlength=n_tasks).astype(float) for each in (own, row_counts(own, count)))
    return n, rows, sparse.csr_array((own, (codes, np.arange(len(codes)))), shape=(n_tasks, len(codes)))


def _within(by_task: Any, n: Array, codes: NDArray[np.intp], part: Array) -> tuple[Array, Array]:
    """Means of every task and sums of squares around them ``(n_tasks, d)``; where a task lacks a column NaN and zero."""
    mean = by_task @ part / np.maximum(n, TINY)[:, None]
    return mean, np.nan_to_num(by_task @ (part - mean[codes]) ** 2, nan=0.0)


def _column_blocks(X: Any, by_task: Any, weight: Array, rows: Array) -> Iterator[NDArray[np.intp]]:
    """Columns that are not zero in most tasks, or in most of several rows (of a dense table all), as many at once as fit."""
    columns = np.arange(X.shape[1])
    if sparse.issparse(X):
        touched = (abs(by_task) @ abs(X)) != 0
        most = [2.0 * (w @ touched) >= (1.0 - 1e-9) * w.sum() for w in (weight, weight * (rows > 1.0))]
        columns = np.flatnonzero(most[0] | most[1])
    step = max(_CELLS // max(X.shape[0], 1), 1)
    return (columns[start : start + step] for start in range(0, len(columns), step))


def _typical(
    n: Array, rows: Array, mean: Array, spread: Array, often: Array, pooled: tuple[Array, Array]
) -> tuple[Array, Array]:
    """From each task's ``mean (T, d)`` and the sums of squares around it; NaN for columns that a task lacks."""
    weight = (often * rows)[:, None] * ~np.isnan(mean)
    mean = np.nan_to_num(mean, nan=0.0)
    centre = weighted_median(mean, weight)
    return unless_constant(centre, np.sqrt(typical_square(n, rows, mean - centre, spread, weight)), pooled)


def unless_constant(centre: Array, scale: Array, pooled: tuple[Array, Array]) -> tuple[Array, Array]:
    """Centre and scale of the typical task, of all rows where it does not vary."""
    constant = scale <= CONSTANT * np.abs(centre) + TINY
    return np.where(constant, pooled[0], centre), np.where(constant, pooled[1], scale)


def within_freedom(n: Array, rows: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Degrees of freedom ``(T,)`` of squares around a task's own means, and whether it has any."""
    several = rows > 1.0
    return np.where(
        several, n * (rows - 1.0) / np.maximum(rows, 1.0), 1.0
    ), several  # of weights whose mean is n / rows


def typical_square(n: Array, rows: Array, mean: Array, spread: Array, weight: Array) -> Array:
    """The mean square ``(d,)`` of values around zero in the typical task; tasks have ``weight (T, d)``."""
    freedom, several = within_freedom(n, rows)
    within = weighted_median(spread / freedom[:, None], weight * several[:, None])
    return within + NORMAL**2 * weighted_median(mean**2, weight)


def typical_size(n: Array, rows: Array, mean: Array, spread: Array, often: Array) -> Array:
    """How far values spread around zero in the typical task ``(d,)``: over all rows where that is nothing, else 1."""
    pooled = often @ (spread + n[:, None] * mean**2) / max(float(often @ n), TINY)
    size = np.sqrt(typical_square(n, rows, mean, spread, (often * rows)[:, None]))
    return size_or_pooled(size, pooled)


def size_or_pooled(size: Array, pooled: Array) -> Array:
    """Sizes ``(d,)`` of the typical task, the roots of the ``pooled`` mean squares where these are zero, else 1."""
    found = np.where(size > 0, size, np.sqrt(pooled))
    return np.where(found > 0, found, 1.0)


def weighted_median(values: Array, weight: Array) -> Array:
    """Medians ``(d,)`` of ``values (T, d)`` by ``weight (T, d)`` or ``(T, 1)``; zero where nothing weighs anything."""
    return medians_of_rows(np.ascontiguousarray(values.T), np.broadcast_to(weight, values.shape).T)


def medians_of_rows(values: Array, weight: Array) -> Array:
    """The same of ``values (d, T)`` by ``weight (d, T)``: sorting is faster along what lies together."""
    order, each = np.argsort(values, axis=1), np.arange(len(values))[:, None]
    values, weight = values[each, order], weight[each, order]
    below = np.cumsum(weight, axis=1)
    half = 0.5 * below[:, -1:]
    # Exactly half of the weight below: the median lies between two, whatever rounding says.
    first, last = ((below < half * share).sum(axis=1, keepdims=True) for share in (1.0 - 1e-12, 1.0 + 1e-12))
    middle = [values[each, np.minimum(at, values.shape[1] - 1)] for at in (first, last)]
    return np.asarray(np.where(half > 0, 0.5 * (middle[0] + middle[1]), 0.0)[:, 0])
