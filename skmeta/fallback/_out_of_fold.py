"""Outputs of a shared model for the rows of tasks that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.parallel import delayed

from skmeta.base._held_out import folds_of
from skmeta.base._in_turn import in_turn
from skmeta.base._matching import classifies, weights_if_taken
from skmeta.base._parts_of_work import each_told
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._words import listed

Array = NDArray[np.float64]
UNLABELLED = -1  # what scikit-learn's semi-supervised estimators read as no label
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Target:
    """What a shared model is fitted to, and the scores that it starts from.

    Parameters
    ----------
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Targets or labels.
    offset : ndarray of shape (n_rows,) or (n_rows, n_classes), default=None
        Scores.
    parameter : str, default=""
        By which ``fit`` takes them.
    classes : ndarray of shape (n_classes,), default=()
        All labels, ascending, which are those of the columns of ``offset``; none of regressors.
    """

    y: NDArray[Any]
    offset: Array | None = None
    parameter: str = ""
    classes: Sequence[Any] | NDArray[Any] = ()

    def offset_of(self, rows: NDArray[np.intp]) -> dict[str, Array]:
        """The keyword of ``fit`` for some rows; of several classes, the scores of those that are there."""
        if self.offset is None:
            return {}
        offset, there = self.offset[rows], np.flatnonzero(np.isin(self.classes, self.y[rows]))
        return {self.parameter: offset if offset.ndim == 1 else offset[:, there]}


def folds_by_task(tasks: Tasks, n_folds: int) -> list[Fold]:
    """Rows to fit and rows to predict, of whole tasks, as often as there are folds."""
    pairs = [np.isin(tasks.codes, judge) for _, judge in folds_of(tasks, n_folds)]
    return [(np.flatnonzero(~held_out), np.flatnonzero(held_out)) for held_out in pairs]


def out_of_fold(
    estimator: Any,
    tasks: Tasks,
    target: Target,
    method: str,
    folds: list[Fold],
    n_jobs: int | None,
    progress: Any = None,
) -> Array:
    """Answers of ``method`` for all rows, each by a clone fitted to the target in the folds that its task is not in.

    Returns
    -------
    ndarray of shape (n_rows,) or (n_rows, n_outputs)
        Of classifiers a column a label of the collection, as the estimator has them if it is fitted to all rows.
    """
    fits = [
        delayed(_answers_of_fold)(estimator, tasks, target, method, fold, f"fold {at} of {len(folds)}")
        for at, fold in enumerate(folds, start=1)
    ]
    answers = each_told(in_turn(fits, n_jobs), len(folds), progress)
    found = np.empty((tasks.n_rows, *answers[0].shape[1:]))
    for (_, test), answer in zip(folds, answers, strict=True):
        found[test] = answer
    return found


def fitted(
    estimator: Any,
    tasks: Tasks,
    target: Target,
    rows: NDArray[np.intp] | None = None,
    where: str = "the whole collection",
) -> Any:
    """A clone fitted to some rows of a collection, to all of them if none are named; a failure names these and the tasks."""
    rows = np.arange(tasks.n_rows) if rows is None else rows
    if tasks.labelled is not None:
        target = replace(target, y=_marked(target.y, tasks.labelled))
    weights = weights_if_taken(estimator, None if tasks.sample_weight is None else tasks.sample_weight[rows])
    try:
        return clone(estimator).fit(take_rows(tasks.X, rows), target.y[rows], **weights, **target.offset_of(rows))
    except Exception as error:
        if tasks.labelled is None:
            _check_takes_labels(estimator, take_rows(tasks.X, rows), target.y[rows], error)
        error.add_note(
            f"{type(estimator).__name__}.fit raised this in {where}, on the rows of "
            f"{len(np.unique(tasks.codes[rows]))} task(s): {listed(tasks.ids[np.unique(tasks.codes[rows])])}."
        )
        raise


def _check_takes_labels(estimator: Any, X: Any, y: NDArray[Any], error: Exception) -> None:
    """Raise where an estimator refused labels for their names: it can be fitted to the same rows with the labels 0, 1, ..."""
    if not classifies(estimator):
        return
    labels, places = np.unique(y, return_inverse=True)
    if np.array_equal(labels, np.arange(len(labels))):
        return
    try:
        clone(estimator).fit(X, places)
    except Exception:  # it was something else
        return
    name = type(estimator).__name__
    raise ValueError(
        f"y: wanted the labels 0, 1, ... for {name}, which takes no others, found {listed(labels)}; give "
        f"VotingClassifier([('model', {name}(...))], voting='soft'), which numbers them for it and names them again."
    ) from error


def _marked(y: NDArray[Any], labelled: NDArray[np.bool_]) -> NDArray[Any]:
    """Labels, with scikit-learn's mark in rows that have none."""
    found = y.astype(object) if y.dtype.kind in "OU" else y.copy()
    found[~labelled] = UNLABELLED
    return found


def _answers_of_fold(estimator: Any, tasks: Tasks, target: Target, method: str, fold: Fold, where: str) -> Array:
    train, test = fold
    model = fitted(estimator, tasks, target, train, where)
    answer = np.asarray(getattr(model, method)(take_rows(tasks.X, test)), dtype=float)
    if len(answer) != len(test) or not np.isfinite(answer).all():
        found = f"{len(answer)}" if len(answer) != len(test) else "some that are NaN or infinite"
        raise ValueError(
            f"estimator: wanted {len(test)} finite answers of {type(model).__name__}.{method} for as many rows, found {found}, "
            f"in {where}; correct the estimator, or what it is given."
        )
    if not classifies(model):
        return answer
    if answer.ndim > 1 and answer.shape[1] != len(model.classes_):
        raise ValueError(
            f"estimator: wanted a column a class of {type(model).__name__}.{method}, {len(model.classes_)}, found "
            f"{answer.shape[1]}; set decision_function_shape='ovr', or let it give probabilities."
        )
    return _in_all_classes(answer, model.classes_, np.asarray(target.classes), scores=method != "predict_proba")


def _in_all_classes(answer: Array, own: NDArray[Any], labels: NDArray[Any], *, scores: bool) -> Array:
    """Columns of the labels that a fold has seen as columns of all labels.

    Others have no probability, and no higher score than the least likely label of a row.
    """
    if np.array_equal(own, labels):
        return answer
    if answer.ndim == 1:
        answer = np.column_stack([-answer, answer])
    absent = answer.min(axis=1) if scores else np.zeros(len(answer))
    found = np.tile(absent[:, None], len(labels))
    found[:, np.searchsorted(labels, own)] = answer
    return found
