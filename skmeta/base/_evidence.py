"""Evidence of a family that has no formula for it: how well each row is predicted from the other rows of its task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from sklearn.base import is_classifier

from skmeta.tasks import Tasks, take_rows

_DOF = 1.0  # degrees of freedom with which a task's noise is tied to that of all tasks: a unit-information prior


def leave_one_out_scores(prior: Any, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
    r"""Log score ``(n_tasks,)`` of the rows of each task, each predicted from the others of its task.

    For classes the logarithm of the label's probability, mixed with the even law as if that had been one more row. For
    numbers the density of the residuals ``r`` (n of a task), their variance integrated under a scaled inverse
    chi-squared law around the mean square :math:`s^2` of all tasks' residuals,

    .. math:: \log t_\nu(r \mid 0, s^2 I_n) \quad \text{with } \nu = 1.
    """
    others, rows, codes = tasks.without_each_row()
    if tasks.y is None or not len(rows):
        return np.zeros(len(tasks))
    adapted = prior.adapt_tasks(estimator, others)
    X, y, owner = take_rows(tasks.X, rows), tasks.y[rows], tasks.codes[rows]
    if is_classifier(estimator):
        n_others = np.maximum(tasks.counts[owner] - 1.0, 0.0)
        scores = _log_probability(adapted, X, y, codes, n_others)
        return np.bincount(owner, scores, minlength=len(tasks)).astype(float)
    residual = np.reshape(y - adapted.predict(X, codes), (len(y), -1))
    each = [_student_t(column, owner, len(tasks)) for column in residual.T]
    return np.asarray(np.sum(each, axis=0), dtype=float)


def _log_probability(
    adapted: Any, X: Any, y: NDArray[Any], codes: NDArray[np.intp], n_others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of each label; an estimator without probabilities says its label for certain."""
    labels = adapted.classes if adapted.classes is not None else np.unique(y)
    try:
        chance = adapted.predict_proba(X, codes)
    except AttributeError:
        chance = (adapted.predict(X, codes)[:, None] == labels).astype(float)
    known = np.searchsorted(labels, y).clip(max=len(labels) - 1)
    hit = np.where(labels[known] == y, chance[np.arange(len(y)), known], 0.0)
    return np.log((n_others * hit + 1.0 / max(len(labels), 2)) / (n_others + 1.0))


def _student_t(residual: NDArray[np.float64], owner: NDArray[np.intp], n_tasks: int) -> NDArray[np.float64]:
    scale = max(float(np.mean(residual**2)), np.finfo(float).tiny)
    n, square = np.bincount(owner, minlength=n_tasks), np.bincount(owner, residual**2, minlength=n_tasks)
    half = (_DOF + n) / 2.0
    constant = gammaln(half) - gammaln(_DOF / 2.0) - n / 2.0 * np.log(_DOF * np.pi * scale)
    return constant - half * np.log1p(square / (_DOF * scale))
