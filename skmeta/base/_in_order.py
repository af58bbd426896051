"""Whether tasks in an order are more alike than chance: what is left of their rows, once the prior has had its say."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import is_classifier

from skmeta._inference.group_sums import group_means
from skmeta._inference.serial import serial_correlation
from skmeta.tasks import Tasks
from skmeta.tasks._warn_caller import warn_caller

SIGNIFICANCE = 0.001  # probability of a false alarm: one collection in a thousand

Codes = NDArray[np.intp]


class InOrder(NamedTuple):
    """The correlation of neighbouring tasks, and the probability of one as large if their order means nothing."""

    correlation: float
    p_value: float

    @property
    def is_alike(self) -> bool:
        """Whether tasks in order are more alike than chance, at a significance of .001."""
        return self.p_value < SIGNIFICANCE

    def sentence(self, name: str) -> str:
        """What this says of tasks in order of the column ``name``.

        Examples
        --------
        >>> from skmeta.base._in_order import InOrder
        >>> InOrder(0.61, 2e-9).sentence("date")
        'tasks in order of date are more alike than chance (r = 0.61, p < 0.001)'
        """
        return (
            f"tasks in order of {name} are more alike than chance (r = {self.correlation:.2g}, p < {SIGNIFICANCE:.12g})"
        )


def left_by(fitted: Any, X: Any, y: NDArray[Any]) -> NDArray[np.float64]:
    """Return what a fitted model leaves of targets; of labels, of their indicators, ``(n_rows, n_classes)``."""
    if not is_classifier(fitted):
        return np.asarray(y - np.reshape(fitted.predict(X), y.shape))
    if not hasattr(fitted, "predict_proba"):
        return np.asarray((y == fitted.predict(X)).astype(float))
    return np.asarray((y[:, None] == fitted.classes_) - fitted.predict_proba(X))


def warn_of_order(learner: Any, prior: Any, model: Any, tasks: Tasks) -> None:
    """Warn that tasks in the order of their dates are more alike than chance, where the learner's family can follow drift.

    Of numbers nobody knows whether they have an order.

    Parameters
    ----------
    learner : Learner
        Whose ``follows_drift`` is what to write.
    prior : Prior
        What it has learned.
    model : estimator
        The model of one task.
    tasks : Tasks
        What it was learned from.
    """
    name, ids = next(reversed(list(tasks.levels.items())), ("", np.empty(0)))
    if not getattr(learner, "follows_drift", "") or not _are_dates(ids) or len(tasks.levels) > 1:
        return
    left = left_by(prior.zero_shot(model), tasks.X, np.asarray(tasks.y))
    found = alike_in_order(left, tasks.X, tasks.codes, ids)
    if found.is_alike:
        said = f"{found.sentence(name)}: {learner.follows_drift} follows drift."
        warn_caller(f"task: {said}")


def _are_dates(ids: NDArray[Any]) -> bool:
    return ids.dtype.kind == "M" or (ids.dtype.kind == "O" and len(ids) > 0 and all(isinstance(i, date) for i in ids))


def alike_in_order(residuals: Any, X: Any, codes: Codes, place: Any, above: Codes | None = None) -> InOrder:
    """Return whether tasks in order are more alike than chance, in their levels or in their slopes.

    Looked at are a task's mean residual, and the means of residuals times columns, both around the task's means: two tests,
    of which the clearer counts, its probability doubled.

    Parameters
    ----------
    residuals : array-like of shape (n_rows,) or (n_rows, n_outputs)
        What the prior, which knows no order, leaves of the targets; of labels, of their indicators.
    X : array of shape (n_rows, n_columns)
        What the slopes are of; those of sparse tables are not looked at.
    codes : ndarray of int of shape (n_rows,)
        The task of each row.
    place : array-like of shape (n_tasks,)
        Numbers or dates, by which tasks are ordered.
    above : ndarray of int of shape (n_tasks,), default=None
        What a task lies in; tasks are compared with their neighbours there.

    Returns
    -------
    InOrder
        Of levels or of slopes.

    References
    ----------
    O. J. Dunn (1961), Multiple comparisons among means, JASA 56 (two tests).
    """
    left, order = np.reshape(residuals, (len(codes), -1)).astype(float), np.argsort(np.asarray(place), kind="stable")
    groups = np.zeros(len(order), dtype=np.intp) if above is None else above[order]
    parts = [_means(left, codes)[order]]
    if not sparse.issparse(X) and X.shape[1]:
        parts.append(_slopes(left, np.asarray(X, dtype=float), codes)[order])
    tests = [serial_correlation(values, groups) for values in parts]
    correlation, p_value = min(tests, key=lambda test: test[1])
    return InOrder(correlation, min(1.0, len(tests) * p_value))


def _means(values: NDArray[np.float64], codes: Codes) -> NDArray[np.float64]:
    """Means ``(n_tasks, k)`` of rows ``(n_rows, k)``."""
    return group_means(values, codes, np.bincount(codes))


def _slopes(left: NDArray[np.float64], X: NDArray[np.float64], codes: Codes) -> NDArray[np.float64]:
    """Covariances ``(n_tasks, n_outputs * n_columns)`` of residuals with columns, within each task."""
    left, X = (each - _means(each, codes)[codes] for each in (left, X))
    return np.concatenate([_means(left[:, [k]] * X, codes) for k in range(left.shape[1])], axis=1)
