"""Evidence of a family that has no formula for it: how well each row is predicted from the other rows of its task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.group_sums import group_means
from skmeta.base._matching import classifies
from skmeta.base._unsupervised_evidence import student_t, unsupervised_scores
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._class_rates import log_class_rates

Array = NDArray[np.float64]


def leave_one_out_scores(prior: Any, estimator: Any, tasks: Tasks) -> Array:
    r"""Log score ``(n_tasks,)`` of the rows of each task, each predicted from the others of its task.

    For classes the logarithm of the label's probability, mixed with the even law as if that had been one more row; where
    rows were drawn by their class, of its probability in such rows. For numbers the density of the residuals ``r`` (n of a
    task), their variance integrated under a scaled inverse chi-squared law around the variance :math:`s^2` of the task's
    targets, which is the same for every prior,

    .. math:: \log t_\nu(r \mid 0, s^2 I_n) \quad \text{with } \nu = 1.

    A row of weight two counts as two rows. A task's score does not depend on the tasks beside it. Where there are no
    targets, rows themselves are predicted, see `unsupervised_scores`.
    """
    left = _left_out(prior, estimator, tasks)
    if left is None:
        return np.zeros(len(tasks))
    owner = tasks.codes[left.rows]
    n_others: Array = (np.bincount(owner, minlength=len(tasks)) - 1.0)[owner].astype(float)
    return _scores(left, estimator, tasks, n_others)


def scores_by_other(adapted: Any, estimator: Any, tasks: Tasks, code: int) -> Array:
    """Log score ``(n_tasks,)`` of the rows of all tasks, predicted by the estimator of one of them."""
    tasks = tasks.labelled_rows()
    rows, codes = np.arange(tasks.n_rows), np.full(tasks.n_rows, code)
    y = np.empty(0) if tasks.y is None else tasks.y
    n_known = np.full(tasks.n_rows, float(tasks.counts[code]))
    return _scores(_LeftOut(adapted, tasks.X, y, rows, codes), estimator, tasks, n_known)


def _scores(left: _LeftOut, estimator: Any, tasks: Tasks, n_known: Array) -> Array:
    """Log score ``(n_tasks,)`` of some rows, each predicted by an estimator that rests on ``n_known (n_rows,)`` rows."""
    y, owner = left.y, tasks.codes[left.rows]
    weight: Array = np.ones(len(left.rows)) if tasks.sample_weight is None else tasks.sample_weight[left.rows]
    if tasks.y is None:
        return unsupervised_scores(left.adapted, left.X, left.codes, weight, owner, len(tasks))
    if classifies(estimator):
        rates = log_class_rates(tasks, _labels_of(left.adapted, y))
        rates = None if rates is None else rates[owner]
        scores: Array = weight * log_probability(left.adapted, left.X, y, left.codes, n_known, rates)
        return np.bincount(owner, scores, minlength=len(tasks)).astype(float)
    y, found = (np.reshape(part, (len(left.rows), -1)) for part in (y, left.adapted.predict(left.X, left.codes)))
    pairs = zip(y.T, found.T, strict=True)
    return np.sum([_student_t(target, target - mean, weight, owner, len(tasks)) for target, mean in pairs], axis=0)


def root_mean_square_left_out(prior: Any, estimator: Any, tasks: Tasks) -> Array:
    """Root mean square ``(n_tasks[, n_outputs])`` of each task's residuals, each row predicted from the others.

    It is nan of tasks with fewer than two rows.
    """
    tasks = tasks.labelled_rows()
    found = np.full((len(tasks), *np.asarray(tasks.y).shape[1:]), np.nan)
    enough = np.flatnonzero(tasks.counts >= 2)
    some = tasks.take(enough)
    left = _left_out(prior, estimator, some)
    if left is None:
        return found
    square = (left.y - left.adapted.predict(left.X, left.codes)) ** 2
    weight: Array = np.ones(len(left.rows)) if some.sample_weight is None else some.sample_weight[left.rows]
    owner = some.codes[left.rows]
    n = np.bincount(owner, weight)
    means = group_means(square.reshape(len(weight), -1), owner, n, weight)
    found[enough] = np.sqrt(means).reshape(-1, *square.shape[1:])
    return found


def losses_out_of_fold(
    prior: Any,
    estimator: Any,
    tasks: Tasks,
    of_rows: Callable[[Any, Any], Array],
    n_folds: int,
    n_jobs: int | None = None,
) -> Array:
    """Loss ``(n_rows,)`` of the rows of tasks that have two at least, each predicted from the other folds of its task.

    ``of_rows(y, mean)`` are those of numbers; of labels it is minus the logarithm of their probability, see
    `log_probability`. Folds are those of `Tasks.without_each_part`, and all rows are labelled.
    """
    left = _left_out(prior, estimator, tasks, n_folds, n_jobs)
    found = np.full(tasks.n_rows, np.nan)
    if left is None:
        return found
    if classifies(estimator):
        n_known = left.adapted.tasks.counts[left.codes].astype(float)
        found[left.rows] = -log_probability(left.adapted, left.X, left.y, left.codes, n_known)
    else:
        found[left.rows] = of_rows(left.y, left.adapted.predict(left.X, left.codes))
    return found


class _LeftOut(NamedTuple):
    """Estimators adapted without some rows, these rows, and which of the estimators lacks each."""

    adapted: Any
    X: Any
    y: NDArray[Any]
    rows: NDArray[np.intp]
    codes: NDArray[np.intp]


def _left_out(
    prior: Any, estimator: Any, tasks: Tasks, n_folds: int | None = None, n_jobs: int | None = None
) -> _LeftOut | None:
    others, rows, codes = tasks.without_each_part(n_folds)
    if not len(rows):
        return None
    y = np.empty(0) if tasks.y is None else tasks.y[rows]
    in_parallel = {} if n_jobs is None else {"n_jobs": n_jobs}
    return _LeftOut(prior.adapt_tasks(estimator, others, **in_parallel), take_rows(tasks.X, rows), y, rows, codes)


def log_probability(
    adapted: Any, X: Any, y: NDArray[Any], codes: NDArray[np.intp], n_others: Array, log_rates: Array | None = None
) -> Array:
    """Of each label; estimators without probabilities say their label for certain.

    Rows that were drawn by their class, at ``log_rates (n, n_classes)``, are judged among rows drawn like them.
    """
    labels = _labels_of(adapted, y)
    if hasattr(adapted.estimator(int(codes[0])), "predict_proba"):
        chance = adapted.predict_proba(X, codes)
    else:
        chance = (adapted.predict(X, codes)[:, None] == labels).astype(float)
    if log_rates is not None:
        chance = chance * np.exp(log_rates)
        chance = chance / np.maximum(chance.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    known = np.searchsorted(labels, y).clip(max=len(labels) - 1)
    hit = np.where(labels[known] == y, chance[np.arange(len(y)), known], 0.0)
    found: Array = np.log((n_others * hit + 1.0 / max(len(labels), 2)) / (n_others + 1.0))
    return found


def _labels_of(adapted: Any, y: NDArray[Any]) -> NDArray[Any]:
    return adapted.classes if adapted.classes is not None else np.unique(y)


def _student_t(y: Array, residual: Array, weight: Array, owner: NDArray[np.intp], n_tasks: int) -> Array:
    n: Array = np.bincount(owner, weight, minlength=n_tasks).astype(float)
    square: Array = np.bincount(owner, weight * residual**2, minlength=n_tasks).astype(float)
    total = np.maximum(n, np.finfo(float).tiny)
    centre = np.bincount(owner, weight * y, minlength=n_tasks) / total
    scale = np.bincount(owner, weight * (y - centre[owner]) ** 2, minlength=n_tasks) / total
    scale = np.where(scale > 0, scale, np.where(centre != 0, centre**2, 1.0))  # a single row, or targets that are alike
    return student_t(n, square, scale)
