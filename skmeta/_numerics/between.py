"""What the level of a task's columns says of its intercept: effects between tasks beside those within.

Rich countries live longer than an extra dollar within a country would explain: intercepts depend on the task's column
means, ``E[intercept_t] = level + between' m_t`` (Mundlak, 1978, Econometrica 46, equation 2.4). A new task's ``m_t`` is
known only from its ``n`` rows. With within-to-between variance ratios ``lambda``, ``n + 1`` rows (its own and the one to
predict) tell it with reliability ``rho = (n + 1) / (n + 1 + lambda)``, so the expected coefficients are

    slopes + between * rho / (n + 1),    level + between' (n rho / (n + 1) * own mean),

the pooled regression at ``n = 0`` and the one within tasks as ``n`` grows.
"""

import numpy as np

_MOST = 1e6  # a ratio beyond this is a column whose mean does not vary between tasks


def expected_mean(mean, between, ratio, n_rows, context):
    """Expected coefficients ``(n_tasks, p)`` of tasks with so many rows around ``context``, in centred units."""
    if between is None:
        return mean
    reach = 1.0 / (n_rows[:, None] + 1.0 + ratio)
    level = mean[-1] + (n_rows[:, None] * reach * context) @ between
    return np.concatenate([mean[:-1] + between * reach, level[:, None]], axis=1)


def variance_ratio(moments):
    """Within-task over between-task variance ``(p - 1,)`` of the columns' values."""
    rows = np.maximum(moments.n_rows, 1e-12)
    second = np.diagonal(moments.gram, axis1=1, axis2=2)[:, :-1]
    within = np.maximum(second - rows[:, None] * moments.context**2, 0.0).sum(axis=0)
    within = within / max(rows.sum() - moments.n_tasks, 1.0)
    between = np.average(moments.context**2, axis=0, weights=rows) - within * moments.n_tasks / rows.sum()
    return np.where(between > within / _MOST, within / np.maximum(between, 1e-300), _MOST)
