r"""Contextual effects: what the means of a task's columns say of its intercept, beside the effects within tasks.

Rich countries live longer than an extra dollar within a country would explain: intercepts depend on the task's column
means :math:`m_t` (Mundlak, 1978, Econometrica 46, equation 2.4),

.. math:: E[\text{intercept}_t] = \mu_0 + \gamma^\top m_t.

A new task's :math:`m_t` is known only from its :math:`n` rows. With :math:`\rho` the within-task over the between-task
variance of a column and :math:`c` its mean over tasks, :math:`E[m_t] = \tfrac{n}{n + \rho} \bar x_t + c \rho / (n +
\rho)`, and what stays unknown of it adds to the intercept's variance. Once the rows' targets have been seen, a row to
predict says more of :math:`m_t`, as far as the intercept is still unknown (``left``, the share of its variance that
remains): the slopes gain :math:`\text{left} \cdot \gamma / (n + 1 + \rho)`. With no rows this is the pooled regression,
with many the one within tasks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY, diagonal
from skmeta._inference.moments import Moments

Array = NDArray[Any]

FEWEST_TASKS = 4  # that can tell effects between them from effects within
_MOST = 1e6  # a ratio beyond this is a column whose mean does not vary between tasks
_LEAST = 1e-9  # guard: below this, a column that does not vary within tasks


def intercept_shift(coef: Array, ratio: Array, centre: Array, n_rows: Array, context: Any) -> tuple[Any, ...]:
    """Shift of the expected intercept ``(n_tasks,)`` given the rows' columns, and its variance beyond the prior's."""
    unknown = coef**2 * ratio / ((1.0 + ratio) * (n_rows[:, None] + ratio))
    return _expected_means(ratio, centre, n_rows, context) @ coef, unknown.sum(axis=1)


def without_effects(moments: Moments, coef: Array) -> Moments:
    """The statistics of one output's tasks less what the means of their columns add to their intercepts."""
    shift, ones = moments.context @ coef, moments.gram[:, :, -1]
    square = moments.square - shift * (2.0 * moments.cross[:, -1] - shift * ones[:, -1])
    return replace(moments, cross=moments.cross - shift[:, None] * ones, square=square)


def new_row_effects(coef: Array, ratio: Array, centre: Array, n_rows: Array, context: Any, left: Array) -> Array:
    """What a row to predict adds to the coefficients ``(n_tasks, p)`` through what it says of the columns' means."""
    slopes = left[:, None] * coef / (n_rows[:, None] + 1.0 + ratio)
    return np.column_stack([slopes, -(slopes * _expected_means(ratio, centre, n_rows, context)).sum(axis=1)])


def without_rows(coef: Array, ratio: Array, centre: Any) -> Array:
    """What the effects add to the expected coefficients ``(..., p)`` of a task whose columns' means are not known at all."""
    slopes = coef / (1.0 + ratio)
    return np.concatenate([slopes, (slopes * ratio * centre).sum(axis=-1, keepdims=True)], axis=-1)


def _expected_means(ratio: Array, centre: Array, n_rows: Array, context: Any) -> Array:
    known = n_rows[:, None] / (n_rows[:, None] + ratio)
    found: Array = known * context + (1.0 - known) * centre
    return found


def variance_ratio(tasks: Any, pooled: Any) -> Array:
    """Within-task over between-task variance ``(..., p - 1)`` of the columns' values; ``pooled`` are the tasks' rows."""
    weight, n_tasks = tasks.counts * tasks.total, (tasks.counts * (tasks.n_rows > 0)).sum(axis=-1)[..., None]
    square, n_rows = (weight[..., None] * tasks.context**2).sum(axis=-2), pooled.n_rows[..., None]
    total = np.maximum(weight.sum(axis=-1), TINY)[..., None]
    within = np.maximum(diagonal(pooled.gram)[..., :-1] - square, 0.0)
    return bounded_ratio(*variance_components(within, square, total, n_rows, n_tasks))


def variance_components(within: Array, spread: Array, weight: Any, n_rows: Any, n_tasks: Any) -> tuple[Array, Array]:
    """Variances within tasks and between them, by analysis of variance.

    ``within`` are the squares around the tasks' means, ``spread`` those of the means, which weigh ``weight``, around theirs.
    """
    within = within / np.maximum(n_rows - n_tasks, 1.0)
    return within, (spread - within * n_tasks) / weight


def bounded_ratio(within: Array, between: Array) -> Array:
    """Of two variances, where both are more than rounding."""
    varies = between > within / _MOST
    found: Array = np.where(varies, within / np.where(varies, between, 1.0), _MOST)
    return np.maximum(found, _LEAST)
