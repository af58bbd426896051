r"""Which tasks are one data set under several names: those that agree in all that a linear model sees of them.

With a fixed direction :math:`r` and the scores :math:`u_i = x_i^\top r` tasks are compared in the means and squares of
:math:`u` and :math:`y` and in their product, to rounding.

Two tasks may agree by chance where rows take few values. So an agreement counts only where half of it names the task: no
other task agrees in the scores alone, or, of targets that are no labels or counts, in the targets alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.group_sums import group_means
from skmeta._inference.linalg import TINY
from skmeta._inference.moments import column_scales
from skmeta._inference.sums import Sums, centre_and_scale

Array = NDArray[np.float64]

_DIGITS = 9  # guard: that sums of the same rows in another order have in common


@dataclass(frozen=True, eq=False)
class Signatures:
    """What tasks ``(T,)`` are compared by: numbers of all that is seen of them, of the scores and of the targets alone.

    And whether the scores, the targets and the rows are several; one row or constant ones name no data set.
    """

    whole: NDArray[np.uint64]
    scores: NDArray[np.uint64]
    targets: NDArray[np.uint64]
    scores_vary: NDArray[np.bool_]
    targets_vary: NDArray[np.bool_]
    several: NDArray[np.bool_]


def distinct_of_sums(sums: Sums, *, targets_tell: bool) -> NDArray[np.intp]:
    """For every task the first that is the same data set ``(T,)``: mostly itself."""
    scale = centre_and_scale(sums.n, sums.mean, np.diagonal(sums.scatter, axis1=1, axis2=2), np.ones_like(sums.n))[1]
    return first_of_same(signatures_of_sums(scale, sums), targets_tell=targets_tell)


def signatures_of_sums(scale: Array, sums: Sums) -> Signatures:
    """The `Signatures` of tasks, their columns having a ``scale (d,)`` over all of them."""
    r = _direction(sums.mean.shape[1]) / scale
    n = np.maximum(sums.n, TINY)
    mean, square = np.nan_to_num(sums.mean) @ r, np.einsum("i,tij,j->t", r, sums.scatter, r) / n
    scores = _place_and_size(mean[:, None], square[:, None])
    targets = _place_and_size(sums.target, sums.square / n[:, None])
    product = np.einsum("i,tik->tk", r, sums.cross) / n[:, None]
    return _signatures(sums.rows, scores, targets, product, np.sqrt(square[:, None] * sums.square / n[:, None]))


def distinct_of_rows(
    X: Any, Y: Array, codes: NDArray[np.intp], n_tasks: int, weight: Array | None, *, targets_tell: bool
) -> NDArray[np.intp]:
    """The same of the rows of a table."""
    own = np.ones(len(codes)) if weight is None else weight
    n = np.maximum(np.bincount(codes, own, minlength=n_tasks), TINY)

    def means(values: Array) -> Array:
        return group_means(values, codes, n, own)

    r = _direction(X.shape[1]) / column_scales(X, weight)[1]
    u = np.asarray(X @ r if not np.isnan(X.sum()) else np.nan_to_num(X) @ r)[:, None]
    u_mean, y_mean = means(u), means(Y)
    u, y = u - u_mean[codes], Y - y_mean[codes]
    square, size = means(u * u), means(y * y)
    rows = np.bincount(codes, own > 0, minlength=n_tasks).astype(float)
    sizes = np.sqrt(square * size)
    found = _signatures(rows, _place_and_size(u_mean, square), _place_and_size(y_mean, size), means(u * y), sizes)
    return first_of_same(found, targets_tell=targets_tell)


def _direction(d: int) -> Array:
    """Of scores that tell tables apart, in columns of unit spread."""
    return np.asarray(np.random.default_rng(0).uniform(0.5, 1.5, d))


def _place_and_size(mean: Array, variance: Array) -> Array:
    """Means as shares of the root mean square, its logarithm, and the same of deviations, rounded ``(T, 3 k)``."""
    deviation, whole = np.sqrt(np.maximum(variance, 0.0)), np.sqrt(mean**2 + np.maximum(variance, 0.0))
    share = mean / np.where(whole > 0, whole, 1.0)
    # What a column spreads far from zero is known to fewer digits.
    spread = deviation / np.where(whole > 0, whole, 1.0)
    return np.round(np.column_stack([share, np.log(np.where(whole > 0, whole, 1.0)), spread]), _DIGITS) + 0.0


def _signatures(rows: Array, scores: Array, targets: Array, product: Array, size: Array) -> Signatures:
    with_rows, angle = rows[:, None], np.round(product / np.where(size > 0, size, 1.0), _DIGITS - 3) + 0.0
    whole, by_scores, by_targets = (
        _hashed(np.column_stack([with_rows, *parts])) for parts in ([scores, targets, angle], [scores], [targets])
    )
    k = targets.shape[1] // 3
    targets_vary = np.asarray((targets[:, 2 * k :] > 0).all(axis=1))
    return Signatures(whole, by_scores, by_targets, scores[:, 2] > 0, targets_vary, rows > 1)


def first_of_same(found: Signatures, *, targets_tell: bool) -> NDArray[np.intp]:
    """The first of the tasks with equal signatures, where these name a data set."""
    whole, by_scores, by_targets = map(_groups, (found.whole, found.scores, found.targets))
    named = _only(whole, by_scores) & found.scores_vary
    if targets_tell:
        named |= _only(whole, by_targets) & found.targets_vary
    first = np.full(whole.max(initial=-1) + 1, len(whole))
    np.minimum.at(first, whole, np.arange(len(whole)))
    return np.where(named & found.several, first[whole], np.arange(len(whole)))


def _hashed(numbers: Array) -> NDArray[np.uint64]:
    """A number of 64 bits for every row ``(T,)``, the same for equal rows (mixed as by splitmix64, Steele et al., 2014)."""
    found = np.zeros(len(numbers), dtype=np.uint64)
    for bits in np.ascontiguousarray(numbers.T).view(np.uint64):
        found = (found ^ bits) + np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            found = (found ^ (found >> np.uint64(shift))) * np.uint64(factor)
        found ^= found >> np.uint64(31)
    return found


def _groups(numbers: NDArray[np.uint64]) -> NDArray[np.intp]:
    """The number of the group of equal ones that each is in."""
    return np.unique(numbers, return_inverse=True)[1].ravel()


def _only(fine: NDArray[np.intp], coarse: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether the tasks of a coarse group are all of one fine group."""
    return np.asarray(np.bincount(fine)[fine] == np.bincount(coarse)[coarse])
