"""The contract: all that a family of models gives, and all that an estimator around it may ask.

A family is a `Learner`, which turns the tasks of a collection into a `Prior`; the `Prior`, a frozen value, which turns
the rows of new tasks into `AdaptedEstimators`; and these, which hand out plain fitted scikit-learn estimators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from skmeta._evidence import leave_one_out_scores
from skmeta._frozen_value import FrozenValue
from skmeta._matching import check_is_model, matched, one_task
from skmeta._registry import learner_for, register
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._tables import plain_table

__all__ = ["AdaptedEstimators", "FrozenValue", "Learner", "Prior", "learner_for", "register"]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Prior(FrozenValue):
    """What is known of the next task before its own rows are seen; a family of models adds fields.

    A subclass is a ``dataclass(frozen=True, eq=False)`` too and must give `adapt_tasks`. It holds no rows of the data.

    Parameters
    ----------
    n_tasks, n_rows : float, default=0
        How many tasks and rows it was learned from; zero where it was written by hand.
    feature_names : sequence of str, default=None
        Columns it was learned from; rows of new tasks are matched to them by name.
    classes : array-like of shape (n_classes,), default=None
        Labels it was learned for, sorted; None takes any.
    """

    n_tasks: float = 0.0
    n_rows: float = 0.0
    feature_names: tuple[str, ...] | None = None
    classes: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(str(name) for name in self.feature_names))
        if self.classes is not None:
            object.__setattr__(self, "classes", np.array(self.classes))
        super().__post_init__()

    def __repr__(self) -> str:
        learned = f"n_tasks={self.n_tasks:.0f}" if self.n_tasks else "written by hand"
        return f"{type(self).__name__}({learned})"

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks: what a family must give.

        Parameters
        ----------
        estimator : estimator
            The model of one task; never a Pipeline.
        tasks : Tasks
            The tasks, their columns in the order of ``feature_names``.
        n_jobs : int, default=None
            Parallel jobs over tasks; the answer does not depend on it.

        Returns
        -------
        AdaptedEstimators
            One plain fitted estimator a task, and one for a task without rows.
        """
        raise NotImplementedError(f"{type(self).__name__} should define adapt_tasks(estimator, tasks, *, n_jobs=None)")

    def given(self, **context: Any) -> Prior:
        """The prior of a task of which ``context`` is known before its first row; by default the same.

        Parameters
        ----------
        **context : dict
            What is known of the task, by column name.

        Returns
        -------
        Prior
            The prior of such a task.
        """
        return self

    def log_evidence(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        r"""Log density of each task's targets under this prior, parameters and noise integrated.

        By default the log score of each row predicted from the task's other rows,

        .. math:: \sum_i \log p(y_i \mid y_{-i}, x).

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.

        Returns
        -------
        ndarray of shape (n_tasks,)
            In the targets' own units, constants kept, so that priors of different families compare.
        """
        return leave_one_out_scores(self, estimator, tasks)

    def aligned(self, feature_names: Sequence[str]) -> Prior:
        """The prior for rows whose columns have these names, in this order if the family can follow it.

        By default the prior itself: then rows are given to it in the order of its own ``feature_names``.

        Parameters
        ----------
        feature_names : sequence of str
            The names in ``feature_names``, in any order.

        Returns
        -------
        Prior
            Its ``feature_names`` say which order it wants.
        """
        return self

    def adapt(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit ``estimator`` to one new task, starting from this prior.

        Parameters
        ----------
        estimator : estimator
            The model; its strength parameter, where it has one, scales the prior: at its default, as learned.
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_features)
            The task's own rows, without a task column; columns of frames are matched by name. No rows are legal.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        estimator
            A plain fitted scikit-learn estimator.
        """
        check_is_model(estimator)
        X = plain_table(X)
        if X.shape[0] == 0:
            return self.zero_shot(estimator)
        prior, tasks = matched(self, one_task(estimator, X, y, sample_weight))
        return prior.adapt_tasks(estimator, tasks).estimator(0)

    def zero_shot(self, estimator: Any) -> Any:
        """The plain fitted ``estimator`` that predicts by the prior alone: a model for a task without rows.

        Parameters
        ----------
        estimator : estimator
            The model to fill.

        Returns
        -------
        estimator
            A plain fitted scikit-learn estimator.
        """
        check_is_model(estimator)
        return self.adapt_tasks(estimator, Tasks.none(self.feature_names)).estimator(-1)

    def to_dict(self) -> dict[str, Any]:
        """Plain arrays, numbers and texts, by field; those that are None are left out.

        Returns
        -------
        dict
            Names and values; ``type(prior)(**prior.to_dict())`` makes the same prior.
        """
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in state.items() if value is not None}


class Learner(BaseEstimator):
    """Learns a prior from many tasks, for one family of estimators: an estimator itself, with parameters to search.

    A subclass must give `learn`; ``@register(KNeighborsRegressor, ...)`` says for which estimators it is meant.
    """

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection of tasks.

        Parameters
        ----------
        estimator : estimator
            The model that each task is to be solved by; never a Pipeline.
        tasks : Tasks
            The collection.
        prior : Prior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from.
        n_jobs : int, default=None
            Parallel jobs; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)`` after each part of the work.

        Returns
        -------
        Prior
            What is known now.
        """
        raise NotImplementedError(f"{type(self).__name__} should define learn(estimator, tasks, prior=None, ...)")


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

    @property
    def borrowed(self) -> NDArray[np.float64]:
        """Own rows that the prior was worth to each task, of shape (n_tasks,); nan where a family cannot tell."""
        return np.full(len(self.tasks), np.nan)

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        found: NDArray[Any] | None = None
        for code in np.unique(codes):
            rows = np.flatnonzero(codes == code)
            answer = self._ask(self.estimator(int(code)), method, take_rows(X, rows))
            if found is None:
                found = np.empty((len(codes), *answer.shape[1:]), dtype=answer.dtype)
            elif found.dtype != answer.dtype:
                found = found.astype(np.result_type(found, answer))  # room for the longest label
            found[rows] = answer
        return np.empty(0) if found is None else found

    def _ask(self, estimator: Any, method: str, X: Any) -> NDArray[Any]:
        if method == "std":
            return np.asarray(estimator.predict(X, return_std=True)[1])
        answer = np.asarray(getattr(estimator, method)(X))
        if method == "predict":
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
