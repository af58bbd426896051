"""Evidence of a family that has no formula for it: how well each row is predicted from the other rows of its task."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from sklearn.base import is_classifier

from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._class_rates import log_class_rates

Array = NDArray[np.float64]

_DOF = 1.0  # degrees of freedom with which a task's noise is tied to the scale of its targets: a unit-information prior


def leave_one_out_scores(prior: Any, estimator: Any, tasks: Tasks) -> Array:
    r"""Log score ``(n_tasks,)`` of the rows of each task, each predicted from the others of its task.

    For classes the logarithm of the label's probability, mixed with the even law as if that had been one more row; where
    rows were drawn by their class, of its probability in such rows. For numbers the density of the residuals ``r`` (n of a
    task), their variance integrated under a scaled inverse chi-squared law around the variance :math:`s^2` of the task's
    targets, which is the same for every prior,

    .. math:: \log t_\nu(r \mid 0, s^2 I_n) \quad \text{with } \nu = 1.

    A row of weight two counts as two rows. A task's score does not depend on the tasks beside it.
    """
    left = _left_out(prior, estimator, tasks)
    if left is None:
        return np.zeros(len(tasks))
    y, owner = left.y, tasks.codes[left.rows]
    weight: Array = np.ones(len(left.rows)) if tasks.sample_weight is None else tasks.sample_weight[left.rows]
    if is_classifier(estimator):
        n_others: Array = (np.bincount(owner, minlength=len(tasks)) - 1.0)[owner].astype(float)
        scores: Array = weight * _log_probability(left, tasks, n_others)
        return np.bincount(owner, scores, minlength=len(tasks)).astype(float)
    y, found = (np.reshape(part, (len(left.rows), -1)) for part in (y, left.adapted.predict(left.X, left.codes)))
    pairs = zip(y.T, found.T, strict=True)
    return np.sum([_student_t(target, target - mean, weight, owner, len(tasks)) for target, mean in pairs], axis=0)


def root_mean_square_left_out(prior: Any, estimator: Any, tasks: Tasks) -> Array:
    """Root mean square ``(n_tasks,)`` of each task's residuals, each row predicted from the others."""
    left = _left_out(prior, estimator, tasks)
    if left is None:
        return np.full(len(tasks), np.nan)
    residual = left.y - left.adapted.predict(left.X, left.codes)
    owner = tasks.codes[left.rows]
    square = np.bincount(owner, residual**2, minlength=len(tasks))
    return np.sqrt(square / np.maximum(np.bincount(owner, minlength=len(tasks)), 1))


class _LeftOut(NamedTuple):
    """Estimators adapted without some rows, these rows, and which of the estimators lacks each."""

    adapted: Any
    X: Any
    y: NDArray[Any]
    rows: NDArray[np.intp]
    codes: NDArray[np.intp]


def _left_out(prior: Any, estimator: Any, tasks: Tasks) -> _LeftOut | None:
    others, rows, codes = tasks.without_each_part()
    if tasks.y is None or not len(rows):
        return None
    return _LeftOut(prior.adapt_tasks(estimator, others), take_rows(tasks.X, rows), tasks.y[rows], rows, codes)


def _log_probability(left: _LeftOut, tasks: Tasks, n_others: Array) -> Array:
    """Of each label; estimators without probabilities say their label for certain."""
    adapted, X, y, codes = left.adapted, left.X, left.y, left.codes
    labels = adapted.classes if adapted.classes is not None else np.unique(y)
    if hasattr(adapted.estimator(int(codes[0])), "predict_proba"):
        chance = adapted.predict_proba(X, codes)
    else:
        chance = (adapted.predict(X, codes)[:, None] == labels).astype(float)
    rates = log_class_rates(tasks, labels)
    if rates is not None:
        chance = chance * np.exp(rates[tasks.codes[left.rows]])
        chance = chance / np.maximum(chance.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    known = np.searchsorted(labels, y).clip(max=len(labels) - 1)
    hit = np.where(labels[known] == y, chance[np.arange(len(y)), known], 0.0)
    found: Array = np.log((n_others * hit + 1.0 / max(len(labels), 2)) / (n_others + 1.0))
    return found


def _student_t(y: Array, residual: Array, weight: Array, owner: NDArray[np.intp], n_tasks: int) -> Array:
    n, square = (
        np.bincount(owner, weight, minlength=n_tasks),
        np.bincount(owner, weight * residual**2, minlength=n_tasks),
    )
    total = np.maximum(n, np.finfo(float).tiny)
    centre = np.bincount(owner, weight * y, minlength=n_tasks) / total
    scale = np.bincount(owner, weight * (y - centre[owner]) ** 2, minlength=n_tasks) / total
    scale = np.where(scale > 0, scale, np.where(centre != 0, centre**2, 1.0))  # a single row, or targets that are alike
    half = (_DOF + n) / 2.0
    constant = gammaln(half) - gammaln(_DOF / 2.0) - n / 2.0 * np.log(_DOF * np.pi * scale)
    return np.asarray(constant - half * np.log1p(square / (_DOF * scale)))
