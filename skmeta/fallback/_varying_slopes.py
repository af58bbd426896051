"""Which columns have slopes that vary between tasks, by a score test of each variance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.group_sums import group_means, group_sums

Array = NDArray[np.float64]


def slope_scores(Z: Array, residuals: Array, codes: NDArray[np.intp]) -> Array:
    r"""How surely the slope of each column varies between tasks: scores of its variance in standard errors.

    With columns :math:`z` and residuals :math:`r` centred in each task, the rows of a task that has a slope of its own agree,

    .. math:: U = \sum_t u_t, \qquad
        u_t = \Big(\sum_i z_{ti} r_{ti}\Big)^2 - \frac{n_t}{n_t - 1} \sum_i z_{ti}^2 r_{ti}^2,

    which has no expectation where slopes are the same, whatever a task's noise is. What all tasks share is taken out of the
    residuals first.

    Parameters
    ----------
    Z : ndarray of shape (n_rows, n_columns)
        The columns.
    residuals : ndarray of shape (n_rows, n_outputs)
        Of a model that all tasks share.
    codes : ndarray of shape (n_rows,)
        Task of each row.

    Returns
    -------
    ndarray of shape (n_columns,)
        :math:`U / \sqrt{\sum_t u_t^2}`, the outputs added up.

    References
    ----------
    X. Lin (1997), Variance component testing in generalised linear models with random effects, Biometrika 84, section 3.
    """
    Z, residuals = _centred(Z, codes), _centred(residuals, codes)
    residuals = residuals - Z @ np.linalg.lstsq(Z, residuals, rcond=None)[0]
    count, found = np.bincount(codes), np.zeros(Z.shape[1])
    unbiased = (count / np.maximum(count - 1, 1))[:, None]  # residuals are centred
    for j, column in enumerate(Z.T):
        products = column[:, None] * residuals
        sums = group_sums(products, codes, len(count))
        of_tasks = sums**2 - unbiased * group_sums(products**2, codes, len(count))
        u = of_tasks.sum(axis=1)
        size = np.sqrt(u @ u)
        found[j] = u.sum() / size if size > 0.0 else 0.0
    return found


def _centred(values: Array, codes: NDArray[np.intp]) -> Array:
    """Values less the mean of their task."""
    return np.asarray(values - group_means(values, codes, np.bincount(codes))[codes])
