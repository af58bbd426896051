"""What plain scikit-learn does with a collection: one model a task, one for all, or that and corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skmeta.model_selection._task_models import TaskModels, fit_clone
from skmeta.tasks import features_without, index_tasks, lookup_tasks, read_task_ids, take_rows


def _positive_weights(sample_weight: Any) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return rows that weigh anything, and their weights: a row of weight zero is one that is not there."""
    weights = column_or_1d(sample_weight, dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise ValueError("sample_weight must be finite, not negative and somewhere positive; found another.")
    rows = np.flatnonzero(weights)
    return rows, weights[rows]


def _append_columns(X: Any, columns: NDArray[np.float64]) -> Any:
    if sparse.issparse(X):
        return sparse.hstack([X, columns]).tocsr()
    return np.column_stack([np.asarray(X), columns])


def _decision_columns(classifier: Any, X: Any) -> NDArray[np.float64]:
    method = "decision_function" if hasattr(classifier, "decision_function") else "predict_proba"
    return np.asarray(getattr(classifier, method)(X), dtype=np.float64).reshape(X.shape[0], -1)


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


class _TaskBaseline(MetaEstimatorMixin, BaseEstimator):
    """A shared model, `estimator_`, and models of tasks, `estimators_`, which have the last word."""

    def __init__(self, estimator: Any, *, task: str | int | None = None) -> None:
        self.estimator = estimator
        self.task = task

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.estimator)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit to a table of tasks.

        Parameters
        ----------
        X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
            The table, with its task column.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of rows, handed to the estimator (of a Pipeline: to its last step).

        Returns
        -------
        self : object
            The fitted model.
        """
        validate_data(self, X, y, skip_check_array=True)
        self.tasks_ = np.empty(0, dtype=object)
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
            self._fit_tasks(features_without(X, self.task), y, read_task_ids(X, self.task), sample_weight)
        if is_classifier(self):
            self.classes_ = self.estimator_.classes_
        return self

    def _fit_each(self, X: Any, y: NDArray[Any], ids: NDArray[Any], sample_weight: Any) -> None:
        """Make a model of the rows of every task, fitted once the task is asked for."""
        index = index_tasks(ids)
        self.estimators_ = TaskModels(self._own_estimator(), X, y, sample_weight, index)
        self.n_rows_ = dict(zip(self.estimators_, index.counts.tolist(), strict=True))
        self.tasks_ = index.ids

    def _own_estimator(self) -> Any:
        return self.estimator

    def _own_inputs(self, X: Any) -> Any:
        return X

    def _combine(self, own: NDArray[Any], shared: NDArray[Any]) -> NDArray[Any]:
        return own

    def _ask(self, X: Any, method: str) -> NDArray[Any]:
        """Return what the models of known tasks say, and the shared model on all other rows."""
        check_is_fitted(self)
        if self.task is None:
            return getattr(self.estimator_, method)(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        features = features_without(X, self.task)
        answer = getattr(self.estimator_, method)(features)
        if not self.estimators_:
            return answer
        labels = is_classifier(self) and method == "predict"
        answer = answer.astype(self.classes_.dtype if labels else np.float64)  # room for the longest label
        index = index_tasks(read_task_ids(X, self.task))
        inputs = take_rows(self._own_inputs(features), index.order)
        names = list(self.estimators_)
        for code, known in enumerate(lookup_tasks(self.tasks_, index.ids)):
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


class OwnModel(_TaskBaseline):
    """One model for each task, from its own rows alone.

    A row of an unknown task gets the mean of `y` over the training rows, or the frequencies of the classes. A
    task whose rows show one class predicts that class.

    Parameters
    ----------
    estimator : estimator object
        A regressor or classifier, which may be a Pipeline. A clone of it is fitted to every task.
    task : str or int, default=None
        The column of `X` that names the task of every row: a name for frames, a position for arrays. If None,
        all rows are one task and the model is a clone of `estimator`.

    Attributes
    ----------
    estimator_ : estimator object
        What answers for unknown tasks, a `DummyRegressor` or `DummyClassifier`; with ``task=None`` the fitted
        clone.
    estimators_ : mapping
        Task id to the fitted model of that task, which is fitted when it is first asked for.
    tasks_ : ndarray of shape (n_tasks,)
        Ids of the tasks that have a model, sorted.
    n_rows_ : dict
        Task id to the number of rows of that task.
    classes_ : ndarray of shape (n_classes,)
        Labels. Only if `estimator` is a classifier.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skmeta.model_selection import OwnModel
    >>> X = np.array([[0.0, 7], [1.0, 7], [0.0, 8], [1.0, 8]])
    >>> model = OwnModel(LinearRegression(), task=-1).fit(X, [0.0, 1.0, 0.0, -1.0])
    >>> model.predict([[2.0, 7], [2.0, 8], [2.0, 9]])
    array([ 2., -2.,  0.])
    """

    def __init__(self, estimator: Any, *, task: str | int | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], ids: NDArray[Any], sample_weight: Any) -> None:
        unknown = DummyClassifier(strategy="prior") if is_classifier(self) else DummyRegressor(strategy="mean")
        self.estimator_ = fit_clone(unknown, X, y, sample_weight)
        self._fit_each(X, y, ids, sample_weight)


class PooledModel(_TaskBaseline):
    """One model for all tasks: the estimator itself, on all rows, without the task column.

    Parameters
    ----------
    estimator : estimator object
        A regressor or classifier, which may be a Pipeline.
    task : str or int, default=None
        The column of `X` that names the task of every row: a name for frames, a position for arrays. It is
        taken out of `X`. If None, `X` has no such column.

    Attributes
    ----------
    estimator_ : estimator object
        The fitted clone of `estimator`.
    classes_ : ndarray of shape (n_classes,)
        Labels. Only if `estimator` is a classifier.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skmeta.model_selection import PooledModel
    >>> X = np.array([[0.0, 7], [1.0, 7], [0.0, 8], [1.0, 8]])
    >>> model = PooledModel(LinearRegression(), task=-1).fit(X, [0.0, 1.0, 0.0, 3.0])
    >>> model.predict([[2.0, 7], [2.0, 9]])
    array([4., 4.])
    """

    def __init__(self, estimator: Any, *, task: str | int | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], ids: NDArray[Any], sample_weight: Any) -> None:
        self.estimator_ = fit_clone(self.estimator, X, y, sample_weight)


class ResidualModel(_TaskBaseline):
    """One model for all tasks, and for each task a model of what is left.

    A regressor is fitted to all rows, then for each task a clone to the residuals of its own rows;
    predictions are the sum. A classifier is fitted to all rows, then for each task a clone to its own rows
    with the pooled decision values as further columns; a task whose rows show one class predicts that class.
    A row of an unknown task gets the pooled answer.

    Steps of a Pipeline before the last are fitted once, on all rows; only the last step is fitted for each
    task.

    Parameters
    ----------
    estimator : estimator object
        A regressor or classifier, which may be a Pipeline. It must accept residuals as targets (a
        `PoissonRegressor` does not).
    task : str or int, default=None
        The column of `X` that names the task of every row: a name for frames, a position for arrays. If None,
        all rows are one task and the model is a clone of `estimator`.

    Attributes
    ----------
    estimator_ : estimator object
        The pooled model.
    estimators_ : mapping
        Task id to the fitted correction of that task, which is fitted when it is first asked for.
    tasks_ : ndarray of shape (n_tasks,)
        Ids of the tasks that have a correction, sorted.
    n_rows_ : dict
        Task id to the number of rows of that task.
    classes_ : ndarray of shape (n_classes,)
        Labels. Only if `estimator` is a classifier.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from skmeta.model_selection import ResidualModel
    >>> X = np.array([[0.0, 7], [1.0, 7], [0.0, 8], [1.0, 8]])
    >>> model = ResidualModel(LinearRegression(), task=-1).fit(X, [0.0, 1.0, 0.0, 3.0])
    >>> model.predict([[2.0, 7], [2.0, 8], [2.0, 9]])
    array([2., 6., 4.])
    """

    def __init__(self, estimator: Any, *, task: str | int | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], ids: NDArray[Any], sample_weight: Any) -> None:
        self.estimator_ = fit_clone(self.estimator, X, y, sample_weight)
        left = y if is_classifier(self) else y - np.reshape(self.estimator_.predict(X), y.shape)
        self._fit_each(self._own_inputs(X), left, ids, sample_weight)

    def _own_estimator(self) -> Any:
        return self.estimator.steps[-1][1] if isinstance(self.estimator, Pipeline) else self.estimator

    def _own_inputs(self, X: Any) -> Any:
        pooled = self.estimator_
        Z = pooled[:-1].transform(X) if isinstance(pooled, Pipeline) and len(pooled) > 1 else X
        return _append_columns(Z, _decision_columns(pooled, X)) if is_classifier(self) else Z

    def _combine(self, own: NDArray[Any], shared: NDArray[Any]) -> NDArray[Any]:
        return own if is_classifier(self) else own + shared
