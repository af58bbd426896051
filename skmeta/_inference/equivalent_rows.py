r"""Rows that say of every coefficient what a task's own rows say, made from its sums alone.

A Gaussian likelihood sees the rows of a task only in the products of columns, intercept and targets, and in their total
weight and number. Any rows with the same of these will do: with :math:`R^\top R = S` and :math:`R^\top r = c`, of the
products of the deviations from the task's means,

.. math:: \sqrt{n}\,(\bar x^\top, 1, \bar y), \qquad (R_i^\top, 0, r_i), \qquad (0, 0, \sqrt{q - r^\top r})

The column of the intercept is not of ones then, and what no coefficient explains is a row of zeros.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.moments import Rows
from skmeta._inference.sums import Sums
from skmeta._inference.units import Units

Array = NDArray[np.float64]

_WORK = 1 << 22  # numbers of the products held at once: 32 MB
_ROUNDING = 4.0 * float(np.finfo(float).eps)  # guard: of what is left of a column, as a share of it, for each column


def equivalent_rows(sums: Sums, units: Sequence[Units], *, intercept: bool) -> Rows:
    """The rows of all tasks, in units of the engine but for their columns' scale; those of a task weigh the same."""
    scale = units[0].scale
    target_centre, target_scale = (
        np.array([getattr(u, name) for u in units]) for name in ("target_centre", "target_scale")
    )
    mean, target = np.nan_to_num(sums.mean - units[0].centre, nan=0.0), (sums.target - target_centre) / target_scale
    means = np.c_[mean, np.full(len(mean), float(intercept)), target]
    step, found = max(_WORK // means.shape[1] ** 2, 1), []
    for start in range(0, len(means), step):
        some = slice(start, start + step)
        deviations = _deviations(sums.take(some), target_scale)
        found += [_of_task(*each) for each in zip(sums.n[some], means[some], *deviations, strict=True)]
    counts = np.array([len(each) for each in found], dtype=int)
    whole, d = np.concatenate(found), len(scale)
    weight, count = (np.repeat(each / np.maximum(counts, 1), counts) for each in (sums.n, sums.rows))
    starts = np.r_[0, np.cumsum(counts)]
    X, ones, Y = whole[:, :d], whole[:, d], whole[:, d + 1 :]
    return Rows(X, Y, np.arange(len(whole)), starts, np.zeros(d), scale, weight, ones, count)


def _deviations(sums: Sums, target_scale: Array) -> tuple[Array, Array, Array]:
    """``R (t, m, d)``, ``r (t, m, K)`` and the roots ``(t, K)`` of what is left of the targets' squares."""
    R, r = pivoted_roots(sums.scatter, sums.cross / target_scale)
    square = sums.square / target_scale**2
    # Where columns are nearly dependent, the last rows are known least: none says more of a target than is left of it.
    left = square[:, None] - np.cumsum(r**2, axis=1)
    r = np.sign(r) * np.minimum(np.abs(r), np.sqrt(np.maximum(left + r**2, 0.0)))
    return R, r, np.sqrt(np.maximum(square - (r**2).sum(axis=1), 0.0))


def _of_task(n: float, mean: Array, R: Array, r: Array, left: Array) -> Array:
    """``(m, d + 1 + K)``: columns, intercept and targets of one task, each row of weight ``n / m``; none without weight."""
    if n == 0:
        return np.zeros((0, len(mean)))
    real = R.any(axis=1)
    deviations = np.c_[R[real], np.zeros(real.sum()), r[real]]
    rest = np.r_[np.zeros(R.shape[1] + 1), left]
    rows = np.vstack([np.sqrt(n) * mean, deviations, rest])
    return rows / np.sqrt(n / len(rows))


def pivoted_roots(S: Array, c: Array) -> tuple[Array, Array]:
    """``R (t, m, d)`` and ``r (t, m, K)`` with ``R'R = S (t, d, d)`` and ``R'r = c (t, d, K)``, ``m`` the largest rank.

    Cholesky's method with complete pivoting, all tasks at once, each column in its own scale (N. J. Higham, 2002, Accuracy
    and Stability of Numerical Algorithms, section 10.3). Tasks of smaller rank have rows of zeros.
    """
    d, task = S.shape[1], np.arange(len(S))
    total = np.diagonal(S, axis1=1, axis2=2)
    size = np.where(total > 0, total, 1.0)
    left = (total > 0).astype(float)  # of each column, as a share of it
    whole, rows = np.concatenate([S, c], axis=2), np.zeros((len(S), d, d + c.shape[2]))
    for m in range(d):
        pivot = left.argmax(axis=1)
        share = left[task, pivot]
        alive = share > _ROUNDING * d
        if not alive.any():
            return rows[:, :m, :d], rows[:, :m, d:]
        before = rows[task, :m, pivot][:, None, :]
        row = whole[task, pivot] - (before @ rows[:, :m])[:, 0]
        row *= (alive / np.sqrt(np.maximum(share, _ROUNDING) * size[task, pivot]))[:, None]
        rows[:, m] = row
        left = np.maximum(left - row[:, :d] ** 2 / size, 0.0)
        left[task, pivot] = 0.0
    return rows[:, :, :d], rows[:, :, d:]
