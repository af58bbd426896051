r"""Fewer rows that say of a task what all of its rows say to squared errors: the same sums of products, weight and number.

Of :math:`n` rows :math:`z_i` (columns and targets, :math:`q` numbers) of weights :math:`\omega_i` with mean :math:`\bar z`, let
:math:`Q R` be the decomposition of the rows :math:`\sqrt{\omega_i} (z_i - \bar z)^\top`. The :math:`q + 1` rows

.. math:: z'_j = \bar z + \sqrt{(q + 1) / \textstyle\sum_i \omega_i} \, R^\top h_j, \qquad \sum_j h_j = 0, \quad
    \sum_j h_j h_j^\top = I,

each of weight :math:`\sum_i \omega_i / (q + 1)`, have the same mean and the same products. Unlike `equivalent_rows` they
are rows as any others, with an intercept of one, and can be kept in place of those that they stand for. No product is made
of columns by columns, so nearly dependent columns lose no digits (G. H. Golub and C. F. Van Loan, 2013, Matrix
Computations, section 5.3.2).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.moments import padded, task_batches

Array = NDArray[np.float64]


class FewRows(NamedTuple):
    """``Z (t, q + 1, q)`` of some tasks, and what each of a task's rows weighs and how many rows it stands for ``(t,)``."""

    Z: Array
    weight: Array
    n_rows: Array


def rows_of_same_sums(
    Z: Array, order: NDArray[np.intp], starts: NDArray[np.intp], weight: Array, count: Array
) -> FewRows:
    """Those of tasks that have more than ``q + 1`` rows each, some of which weigh something.

    ``Z (n, q)`` are columns and targets; a column that a task lacks is NaN in all of its rows. The rows of task ``t`` are
    ``order[starts[t]:starts[t + 1]]``; a row stands for ``count (n,)`` rows, as in `moments.Rows`.
    """
    n_tasks, q = len(starts) - 1, Z.shape[1]
    found, total, rows = np.empty((n_tasks, q + 1, q)), np.empty(n_tasks), np.empty(n_tasks)
    for tasks in task_batches(np.diff(starts), q):
        places, real = padded(order, starts, tasks)
        part = weight[places] * real
        total[tasks], rows[tasks] = part.sum(axis=1), (count[places] * real).sum(axis=1)
        found[tasks] = _few(Z[places], part, total[tasks])
    return FewRows(found, total / (q + 1), rows / (q + 1))


def _few(Z: Array, weight: Array, total: Array) -> Array:
    """The rows ``(t, q + 1, q)`` of padded tasks ``Z (t, n, q)``; columns that are constant stay what they are."""
    q, heaviest = Z.shape[2], weight.argmax(axis=1)
    first = np.take_along_axis(
        Z, heaviest[:, None, None], axis=1
    )  # any row that weighs something: the others may be anything
    off = np.nan_to_num(Z - first, nan=0.0) * (weight > 0)[..., None]
    mean = (weight[:, None] / total[:, None, None]) @ off
    R = np.linalg.qr((off - mean) * np.sqrt(weight)[..., None], mode="r")
    spread: Array = np.sqrt((q + 1) / total)[:, None, None] * (directions(q) @ R)
    return first + (mean + spread)


def directions(q: int) -> Array:
    """``h (q + 1, q)``: orthonormal columns whose entries sum to zero, those of Helmert's matrix."""
    j, k = np.arange(q + 1)[:, None], np.arange(1, q + 1)
    return np.asarray(((j < k) - k * (j == k)) / np.sqrt(k * (k + 1)))
