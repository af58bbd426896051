"""Estimators that hold a model for each task of a table, and a shared one for rows of other tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skmeta.tasks import TaskIndex, features_without, index_rows, take_rows
from skmeta.tasks._ids import as_list
from skmeta.tasks._ids_beside import refuse_ids_beside
from skmeta.tasks._known_ids import check_groups_rows, check_same_type, known_codes
from skmeta.tasks._tables import check_is_table
from skmeta.tasks._told_columns import telling_columns
from skmeta.tasks._words import listed, shown


def fit_clone(estimator: Any, X: Any, y: Any, sample_weight: Any) -> Any:
    """Return a clone of `estimator`, fitted; of a Pipeline the last step takes the weights."""
    weights = {} if sample_weight is None else {_weight_name(estimator): sample_weight}
    with telling_columns(X):
        return clone(estimator).fit(X, y, **weights)


def _weight_name(estimator: Any) -> str:
    if not isinstance(estimator, Pipeline):
        return "sample_weight"
    name, last = estimator.steps[-1]
    return f"{name}__{_weight_name(last)}"


def features_beside(X: Any, task: str | int | Sequence[str | int]) -> Any:
    """Return `X` without its task column; where nothing is left, one column of zeros, on which models fit an intercept."""
    features = features_without(X, task)
    return features if features.shape[1] else np.zeros((features.shape[0], 1))


class TaskModels(Mapping[Any, Any]):
    """Read-only mapping of task id to a clone of one estimator, fitted to the rows of that task.

    Each is fitted when it is first asked for, as of many tasks few may ever be predicted. What an estimator cannot
    take is told at once, by the first task: that one is fitted here.

    Parameters
    ----------
    estimator : estimator object
        The model; later changes of its parameters are of no matter.
    X, y, sample_weight : table, ndarray, ndarray or None
        The rows of all tasks, which are copied.
    index : TaskIndex
        Which of them are whose.
    """

    def __init__(self, estimator: Any, X: Any, y: NDArray[Any], sample_weight: Any, index: TaskIndex) -> None:
        self._estimator = clone(estimator)
        self._X, self._y = take_rows(X, index.order), y[index.order]
        self._weights = None if sample_weight is None else sample_weight[index.order]
        self._starts = index.starts
        self._codes = {task: code for code, task in enumerate(as_list(index.ids))}
        self._fitted: dict[Any, Any] = {}
        self[next(iter(self))]

    def __getitem__(self, task: Any) -> Any:
        if task not in self._codes:
            raise KeyError(
                f"task: wanted one of the {len(self)} that were fitted ({listed(self)}), found {shown(task)}."
            )
        if task not in self._fitted:
            self._fitted[task] = self._fit(self._codes[task])
        return self._fitted[task]

    def _fit(self, code: int) -> Any:
        """Return the model of one task; a task that shows one class gets this class."""
        rows = slice(self._starts[code], self._starts[code + 1])
        lone_class = is_classifier(self._estimator) and len(np.unique(self._y[rows])) == 1
        estimator = DummyClassifier() if lone_class else self._estimator
        weights = None if self._weights is None else self._weights[rows]
        return fit_clone(estimator, take_rows(self._X, rows), self._y[rows], weights)

    def __contains__(self, task: Any) -> bool:
        return task in self._codes

    def __iter__(self) -> Iterator[Any]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __repr__(self) -> str:
        return f"TaskModels({len(self)} tasks, fitted when asked for)"


def _positive_weights(sample_weight: Any) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return rows that weigh anything, and their weights: a row of weight zero is one that is not there."""
    weights = column_or_1d(sample_weight, dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError(
            f"sample_weight: wanted finite weights, none negative and some positive, found {shown(weights[:5])}, ...; leave "
            "out the rows that should not count."
        )
    rows = np.flatnonzero(weights)
    return rows, weights[rows]


def spread_unseen(
    proba: NDArray[np.float64], seen: NDArray[np.bool_], n_rows: int, base: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return probabilities of all classes from those of the classes seen in a task's `n_rows` rows.

    A class the rows do not show is unlikely, not impossible: the unseen ones share half a row, in proportion
    to `base`. None of them becomes the most probable, and those seen keep their order.
    """
    if seen.all():
        return proba
    share = 0.5 / (n_rows + 0.5)
    unseen = base[:, ~seen] + np.finfo(np.float64).tiny
    out = np.empty_like(base)
    out[:, seen] = (1 - share) * proba
    out[:, ~seen] = share * unseen / unseen.sum(axis=1, keepdims=True)
    return out


def _has_proba(baseline: Any) -> bool:
    # By getattr, so that an estimator which explains why it has none is heard.
    getattr(getattr(baseline, "estimator_", baseline.estimator), "predict_proba")  # noqa: B009
    return True


class BaseTaskModels(MetaEstimatorMixin, BaseEstimator):
    """A shared model, `estimator_`, and models of tasks, `estimators_`, which have the last word."""

    def __init__(self, estimator: Any, *, task: str | int | Sequence[str | int] | None = None) -> None:
        self.estimator = estimator
        self.task = task

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.estimator)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **others: Any) -> Any:
        """Fit to a table of tasks.

        Parameters
        ----------
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of rows, handed to the estimator (of a Pipeline: to its last step).
        **others : dict
            Must be empty: of ``groups`` the error says that they stand in a column of `X`, which `task` names.

        Returns
        -------
        self : object
            The fitted model.
        """
        refuse_ids_beside(others, self.task)
        check_is_table(X)
        validate_data(self, X, y, skip_check_array=True)
        self.tasks_ = np.empty(0, dtype=object)
        self._levels: Mapping[str, NDArray[Any]] = {}
        self.estimators_: Mapping[Any, Any] = {}
        self.n_rows_: dict[Any, int] = {}
        if self.task is None:
            self.estimator_ = fit_clone(self.estimator, X, y, sample_weight)
        else:
            check_consistent_length(X, y, sample_weight)
            y = column_or_1d(y, warn=True) if is_classifier(self) else np.asarray(y)
            if sample_weight is not None:
                rows, sample_weight = _positive_weights(sample_weight)
                X, y = take_rows(X, rows), y[rows]
            index = index_rows(X, self.task)
            for name, ids in index.levels.items():
                check_groups_rows(ids[index.codes], name)
            self.tasks_, self._levels = index.ids, index.levels
            self._fit_tasks(features_beside(X, self.task), y, index, sample_weight)
        if is_classifier(self):
            self.classes_ = self.estimator_.classes_
        return self

    def _fit_each(self, X: Any, y: NDArray[Any], index: TaskIndex, sample_weight: Any) -> None:
        """Make a model of the rows of every task, fitted once the task is asked for."""
        self.estimators_ = TaskModels(self._own_estimator(), X, y, sample_weight, index)
        self.n_rows_ = dict(zip(self.estimators_, index.counts.tolist(), strict=True))

    def _own_estimator(self) -> Any:
        return self.estimator

    def _own_inputs(self, X: Any) -> Any:
        return X

    def _shared_inputs(self, X: Any, task: str | int | Sequence[str | int]) -> Any:
        return features_beside(X, task)

    def _combine(self, own: NDArray[Any], shared: NDArray[Any]) -> NDArray[Any]:
        return own

    def _ask(self, X: Any, method: str) -> NDArray[Any]:
        """Return what the models of known tasks say, and the shared model on all other rows."""
        check_is_fitted(self)
        if self.task is None:
            return getattr(self.estimator_, method)(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        index = index_rows(X, self.task, complete=False)
        check_same_type(self._levels, index.levels)
        answer = getattr(self.estimator_, method)(self._shared_inputs(X, self.task))
        if not self.estimators_:
            return answer
        labels = is_classifier(self) and method == "predict"
        answer = answer.astype(self.classes_.dtype if labels else np.float64)  # room for the longest label
        inputs = take_rows(self._own_inputs(features_beside(X, self.task)), index.order)
        names = list(self.estimators_)
        for code, known in enumerate(known_codes(self._levels, index)):
            if known >= 0:
                block = slice(index.starts[code], index.starts[code + 1])
                rows = index.order[block]
                answer[rows] = self._ask_own(names[known], take_rows(inputs, block), method, answer[rows])
        return answer

    def _ask_own(self, task: Any, X: Any, method: str, shared: NDArray[Any]) -> NDArray[Any]:
        model = self.estimators_[task]
        own = getattr(model, method)(X)
        if method == "predict_proba":
            return spread_unseen(own, np.isin(self.classes_, model.classes_), self.n_rows_[task], shared)
        return self._combine(np.reshape(own, shared.shape), shared)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict every row by what is known of its task.

        Parameters
        ----------
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predicted targets, or labels.
        """
        return self._ask(X, "predict")

    @available_if(_has_proba)
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of every class.

        A class that the rows of a task did not show is unlikely, not impossible: in a task with ``n`` rows
        such classes share a probability of ``0.5 / (n + 0.5)``.

        Parameters
        ----------
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.
        """
        return self._ask(X, "predict_proba")

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy of a classifier, the coefficient of determination of a regressor.

        Parameters
        ----------
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of rows.

        Returns
        -------
        float
            The score.
        """
        score = accuracy_score if is_classifier(self) else r2_score
        return score(y, self.predict(X), sample_weight=sample_weight)
