"""What the level of a task's columns says of its intercept: effects between tasks beside those within.

Rich countries live longer than an extra dollar within a country would explain: intercepts depend on the task's column
means, ``E[intercept_t] = level + between' m_t`` (Mundlak, 1978, Econometrica 46, equation 2.4). A new task's ``m_t`` is
known only from its ``n`` rows. With ``ratio`` the within-task over the between-task variance of a column,
``E[m_t] = n / (n + ratio) * own mean``, and what stays unknown of it adds to the intercept's variance. Once the rows'
targets have been seen, a row to predict tells of ``m_t`` too, as far as the intercept is still unknown (``left``, the
share of its variance that remains): the slopes gain ``left * between / (n + 1 + ratio)``. With no rows this is the
pooled regression, with many the one within tasks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import diagonal

Array = NDArray[Any]

_MOST = 1e6  # a ratio beyond this is a column whose mean does not vary between tasks


def level_of_tasks(between: Any, ratio: Any, n_rows: Any, context: Any) -> tuple[Any, ...]:
    """Shift of the expected intercept ``(n_tasks,)`` given the rows' columns, and its variance beyond the prior's."""
    known = n_rows[:, None] / (n_rows[:, None] + ratio) * context
    unknown = between**2 * ratio / ((1.0 + ratio) * (n_rows[:, None] + ratio))
    return known @ between, unknown.sum(axis=1)


def told_by_new_row(between: Any, ratio: Any, n_rows: Any, context: Any, left: Any) -> Array:
    """What a row to predict adds to the coefficients ``(n_tasks, p)`` through what it says of the task's level."""
    slopes = left[:, None] * between / (n_rows[:, None] + 1.0 + ratio)
    expected = n_rows[:, None] / (n_rows[:, None] + ratio) * context
    return np.column_stack([slopes, -(slopes * expected).sum(axis=1)])


def variance_ratio(tasks: Any, pooled: Any) -> Array:
    """Within-task over between-task variance ``(..., p - 1)`` of the columns' values; ``pooled`` are the tasks' rows."""
    rows, n_tasks = tasks.counts * tasks.n_rows, (tasks.counts * (tasks.n_rows > 0)).sum(axis=-1)[..., None]
    square, n_rows = (rows[..., None] * tasks.context**2).sum(axis=-2), pooled.n_rows[..., None]
    within = np.maximum(diagonal(pooled.gram)[..., :-1] - square, 0.0) / np.maximum(n_rows - n_tasks, 1.0)
    between = (square - within * n_tasks) / n_rows
    ratio = np.where(between > within / _MOST, within / np.maximum(between, 1e-300), _MOST)
    return np.maximum(ratio, 1e-9)
