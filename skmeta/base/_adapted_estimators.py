"""Adapted estimators: what the rows of some tasks made of a prior."""

from __future__ import annotations

from functools import cached_property
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base._evidence import leave_one_out_scores
from skmeta.tasks import Tasks, take_rows


class AdaptedEstimators:
    """The estimators of some tasks after adaptation; a family must give `estimator` alone.

    All other methods ask those estimators, one task after the other; a family may do better in batches.

    Parameters
    ----------
    prior : Prior
        What they started from.
    model : estimator
        What each of them is a fitted clone of.
    tasks : Tasks
        What they were adapted to.
    """

    def __init__(self, prior: Any, model: Any, tasks: Tasks) -> None:
        self.prior = prior
        self.model = model
        self.tasks = tasks

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task.

        Parameters
        ----------
        code : int
            The task, from 0; -1 is a task without rows.

        Returns
        -------
        estimator
            A fitted scikit-learn estimator that knows nothing of skmeta.
        """
        raise NotImplementedError(f"{type(self).__name__} should define estimator(code)")

    @cached_property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to, sorted; None for regressors."""
        if self.prior.classes is not None or self.tasks.classes is None:
            return self.prior.classes
        return np.unique(np.concatenate([*self.tasks.classes]))

    def labels_of(self, code: int) -> NDArray[Any]:
        """The labels that the rows of one task show; its estimator may know more.

        Parameters
        ----------
        code : int
            The task, from 0.

        Returns
        -------
        ndarray of shape (n_labels,)
            Sorted; none where targets are numbers.
        """
        return np.empty(0) if self.tasks.classes is None else self.tasks.classes[code]

    def predict(self, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        """Predictions of rows by the estimators of their tasks.

        Parameters
        ----------
        X : frame, sparse matrix or ndarray of shape (n_rows, n_features)
            Rows as the model gets them.
        codes : ndarray of shape (n_rows,)
            Task of each row; -1 is a task without rows.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Targets or labels.
        """
        return self._by_task("predict", X, codes)

    def predict_proba(self, X: Any, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Probabilities of all ``classes``, 0 for those that a row's task does not have.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            In the order of ``classes``.
        """
        return self._by_task("predict_proba", X, codes)

    def decision_function(self, X: Any, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Scores of the classes by the estimators of the rows' tasks.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_classes)
            In the order of ``classes``, -inf for those that a row's task does not have.
        """
        return self._by_task("decision_function", X, codes)

    def std(self, X: Any, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Standard deviation of a new observation at each row, where the estimators can tell it.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,)
            In the units of the target.
        """
        return self._by_task("std", X, codes)

    def transform(self, X: Any, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """What the estimators of the rows' tasks make of rows, such as distances to the centres of their clusters.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            A column a cluster.
        """
        return self._by_task("transform", X, codes)

    def score_samples(self, X: Any, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Log densities of rows under the estimators of their tasks.

        Parameters
        ----------
        X, codes
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_rows,)
            In the units of the rows.
        """
        return self._by_task("score_samples", X, codes)

    @property
    def borrowed(self) -> NDArray[np.float64]:
        """Own rows that the prior was worth to each task, of shape (n_tasks,); nan where a family cannot tell."""
        return np.full(len(self.tasks), np.nan)

    @property
    def unlike_past(self) -> NDArray[np.float64]:
        """Probability, by its rows, that a task is unlike past ones, of shape (n_tasks,); one where a family cannot tell."""
        return np.ones(len(self.tasks))

    def leave_one_out_scores(self, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Log scores of the rows of some tasks, each row predicted from the others of its task.

        Parameters
        ----------
        codes : ndarray of int
            The tasks, from 0.

        Returns
        -------
        ndarray of shape (n_codes,)
            Sums over a task's rows, comparable between families.
        """
        return leave_one_out_scores(self.prior, self.model, self.tasks.take(codes))

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        places = [(int(code), np.flatnonzero(codes == code)) for code in np.unique(codes)]
        return assembled([(rows, self._ask(self.estimator(code), method, take_rows(X, rows))) for code, rows in places])

    def _ask(self, estimator: Any, method: str, X: Any) -> NDArray[Any]:
        if method == "std":
            return _std_of(estimator, X)
        answer = (
            _scores_of(estimator, X) if method == "decision_function" else np.asarray(getattr(estimator, method)(X))
        )
        if method == "predict" or not hasattr(estimator, "classes_"):
            return answer
        return self._in_all_classes(answer, estimator.classes_, 0.0 if method == "predict_proba" else -np.inf)

    def _in_all_classes(self, answer: NDArray[Any], own: NDArray[Any], absent: float) -> NDArray[Any]:
        """Columns of an estimator that knows the labels ``own``, as columns of all labels."""
        if self.classes is None or np.array_equal(own, self.classes):
            return answer
        answer = np.column_stack([-answer, answer]) if answer.ndim == 1 else answer
        found = np.full((len(answer), len(self.classes)), absent)
        found[:, np.searchsorted(self.classes, own)] = answer
        return found


def _scores_of(estimator: Any, X: Any) -> NDArray[np.float64]:
    """Scores of the classes; of an average of classifiers, which has none, the log-odds of its probabilities."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(X))
    with np.errstate(divide="ignore"):  # a class that is ruled out
        log = np.log(estimator.predict_proba(X))
    return np.asarray(log[:, 1] - log[:, 0] if log.shape[1] == 2 else log)


def _std_of(estimator: Any, X: Any) -> NDArray[np.float64]:
    """By ``return_std``, where an estimator, or the last step of a Pipeline, says that it has it."""
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    if "return_std" not in signature(last.predict).parameters:
        raise TypeError(
            f"return_std: wanted an estimator that tells how uncertain it is, found {type(last).__name__}; leave return_std "
            "out, or use one that does, such as Ridge from a learned prior."
        )
    return np.asarray(estimator.predict(X, return_std=True)[1])


def assembled(parts: list[tuple[NDArray[np.intp], NDArray[Any]]]) -> NDArray[Any]:
    """Answers for all rows from pairs of rows and their answers; there is room for the longest label."""
    if not parts:
        return np.empty(0)
    dtype = np.result_type(*(answer for _, answer in parts))
    found = np.empty((sum(len(rows) for rows, _ in parts), *parts[0][1].shape[1:]), dtype=dtype)
    for rows, answer in parts:
        found[rows] = answer
    return found
