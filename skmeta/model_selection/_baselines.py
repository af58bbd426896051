"""What plain scikit-learn does with a collection: one model a task, one for all, or that and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor

from skmeta._task_models import BaseTaskModels, fit_clone
from skmeta.model_selection._steps_once import behind, fitted_steps, steps_and_model
from skmeta.tasks import TaskIndex


def _append_columns(X: Any, columns: NDArray[np.float64]) -> Any:
    if sparse.issparse(X):
        return sparse.hstack([X, columns]).tocsr()
    return np.column_stack([np.asarray(X), columns])


def _decision_columns(classifier: Any, X: Any) -> NDArray[np.float64]:
    method = "decision_function" if hasattr(classifier, "decision_function") else "predict_proba"
    return np.asarray(getattr(classifier, method)(X), dtype=np.float64).reshape(X.shape[0], -1)


class _LastStepOfEachTask(BaseTaskModels):
    """Of a Pipeline each task has a last step of its own."""

    def _own_estimator(self) -> Any:
        return steps_and_model(self.estimator)[1]


class OwnModel(_LastStepOfEachTask):
    """One model for each task, from its own rows alone.

    A row of an unknown task gets the mean of `y` over the training rows, or the frequencies of the classes. A
    task whose rows show one class predicts that class. Steps of a Pipeline before the last are fitted once, on all rows, as
    those of a warm start are; only the last step is fitted for each task. A Pipeline as the only step of another is fitted
    whole to each task.

    Parameters
    ----------
    estimator : estimator object
        A regressor or classifier, which may be a Pipeline. A clone of it, or of its last step, is fitted to every task.
    task : str, int or list of them, default=None
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of nested
        tasks, outermost first. If None,
        all rows are one task and the model is a clone of `estimator`.

    Attributes
    ----------
    estimator_ : estimator object
        What answers for unknown tasks, a `DummyRegressor` or `DummyClassifier`; with ``task=None`` the fitted
        clone.
    steps_ : Pipeline or None
        The fitted steps before the model; None where there are none, and with ``task=None``.
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

    def __init__(self, estimator: Any, *, task: str | int | Sequence[str | int] | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], index: TaskIndex, sample_weight: Any) -> None:
        unknown = DummyClassifier(strategy="prior") if is_classifier(self) else DummyRegressor(strategy="mean")
        self.estimator_ = fit_clone(unknown, X, y, sample_weight)
        self.steps_ = fitted_steps(steps_and_model(self.estimator)[0], X, y)
        self._fit_each(self._own_inputs(X), y, index, sample_weight)

    def _own_inputs(self, X: Any) -> Any:
        return behind(self.steps_, X)


class PooledModel(BaseTaskModels):
    """One model for all tasks: the estimator itself, on all rows, without the task column.

    Parameters
    ----------
    estimator : estimator object
        A regressor or classifier, which may be a Pipeline.
    task : str, int or list of them, default=None
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of nested
        tasks, outermost first. It is
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

    def __init__(self, estimator: Any, *, task: str | int | Sequence[str | int] | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], index: TaskIndex, sample_weight: Any) -> None:
        self.estimator_ = fit_clone(self.estimator, X, y, sample_weight)


class ResidualModel(_LastStepOfEachTask):
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
    task : str, int or list of them, default=None
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of nested
        tasks, outermost first. If None,
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

    def __init__(self, estimator: Any, *, task: str | int | Sequence[str | int] | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], index: TaskIndex, sample_weight: Any) -> None:
        self.estimator_ = fit_clone(self.estimator, X, y, sample_weight)
        left = y if is_classifier(self) else y - np.reshape(self.estimator_.predict(X), y.shape)
        self._fit_each(self._own_inputs(X), left, index, sample_weight)

    def _own_inputs(self, X: Any) -> Any:
        pooled = self.estimator_
        Z = behind(steps_and_model(pooled)[0], X)
        return _append_columns(Z, _decision_columns(pooled, X)) if is_classifier(self) else Z

    def _combine(self, own: NDArray[Any], shared: NDArray[Any]) -> NDArray[Any]:
        return own if is_classifier(self) else own + shared
