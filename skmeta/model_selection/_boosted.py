"""What boosting does with a collection: one model for all tasks, which has the id of the task as a category."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from skmeta._task_models import BaseTaskModels, features_beside, fit_clone
from skmeta.model_selection._steps_once import behind, fitted_steps, steps_and_model
from skmeta.tasks import TaskIndex, index_rows
from skmeta.tasks._known_ids import known_codes


class BoostedModel(BaseTaskModels):
    """One boosted model for all tasks, with the id of the task as a category.

    `HistGradientBoostingRegressor` and `HistGradientBoostingClassifier` take a category of at most ``max_bins`` values, 255 by
    default. Of more tasks, each id is replaced by the mean of the target in its rows, drawn towards that of all rows, as
    `sklearn.preprocessing.TargetEncoder` does it (for several classes: by the share of each). In training this mean is
    that of other rows of the task, in five folds. A row of an unknown task has no category.

    Parameters
    ----------
    estimator : HistGradientBoostingRegressor or HistGradientBoostingClassifier
        The model, or a Pipeline that ends in it; the id passes by the steps before it, which are fitted once. The model's
        `categorical_features` are positions or a mask, or at their default; the id is one more.
    task : str, int or list of them, default=None
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of nested
        tasks, outermost first. The other columns
        are numbers; they may be missing. If None, `X` has no such column and the model is a clone of `estimator`.

    Attributes
    ----------
    estimator_ : estimator object
        The fitted clone of `estimator`, whose last columns stand for the task; of a Pipeline that of its last step.
    steps_ : Pipeline or None
        The fitted steps before the model; None where there are none, and with ``task=None``.
    encoder_ : TargetEncoder or None
        What makes these columns of the ids; None where the id is a category.
    tasks_ : ndarray of shape (n_tasks,)
        Ids of the tasks that the model has seen, sorted.
    classes_ : ndarray of shape (n_classes,)
        Labels. Only if `estimator` is a classifier.

    References
    ----------
    D. Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes, SIGKDD Explorations 3(1),
    section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from skmeta.model_selection import BoostedModel
    >>> rng = np.random.default_rng(0)
    >>> task = np.repeat(np.arange(4), 50)
    >>> x = rng.uniform(size=200)
    >>> model = BoostedModel(HistGradientBoostingRegressor(), task=-1).fit(np.c_[x, task], 10.0 * task + x)
    >>> model.predict([[0.5, 0], [0.5, 3]]).round()
    array([ 1., 31.])
    """

    def __init__(self, estimator: Any, *, task: str | int | Sequence[str | int] | None = None) -> None:
        super().__init__(estimator, task=task)

    def _fit_tasks(self, X: Any, y: NDArray[Any], index: TaskIndex, sample_weight: Any) -> None:
        steps, model = steps_and_model(self.estimator)
        limit = getattr(model, "max_bins", None)
        if limit is None or not hasattr(model, "categorical_features"):
            raise TypeError(
                "estimator: wanted HistGradientBoostingRegressor() or HistGradientBoostingClassifier(), which take an id as a "
                f"category, found {type(model).__name__}; use one of these, or PooledModel."
            )
        self.steps_ = fitted_steps(steps, X, y)
        Z, columns = _numbers(behind(self.steps_, X)), index.codes[:, None].astype(np.float64)
        if len(self.tasks_) <= limit:
            self.encoder_, model = None, _with_category(model, Z.shape[1])
        else:
            self.encoder_ = _target_encoder(model)
            columns = self.encoder_.fit_transform(columns, y)
        self.estimator_ = fit_clone(model, np.column_stack([Z, columns]), y, sample_weight)

    def _shared_inputs(self, X: Any, task: str | int | Sequence[str | int]) -> Any:
        index = index_rows(X, task, complete=False)
        known = known_codes(self._levels, index)[index.codes].astype(np.float64)[:, None]
        columns = np.where(known < 0, np.nan, known) if self.encoder_ is None else self.encoder_.transform(known)
        return np.column_stack([_numbers(behind(self.steps_, features_beside(X, task))), columns])


def _numbers(X: Any) -> NDArray[np.float64]:
    """The columns beside the ids, dense."""
    try:
        return np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"X: wanted columns of numbers beside the task's, found others ({error}); encode them first, by a "
            "ColumnTransformer."
        ) from error


def _with_category(estimator: Any, position: int) -> Any:
    """A clone of `estimator` that takes the column at `position` for a category, beside those that it took before."""
    before = estimator.categorical_features
    if before is None or isinstance(before, str):  # no category, or those of a frame
        places: list[int] = []
    else:
        before = np.asarray(before)
        places = np.flatnonzero(before).tolist() if before.dtype.kind == "b" else before.tolist()
    return clone(estimator).set_params(categorical_features=[*places, position])


def _target_encoder(estimator: Any) -> TargetEncoder:
    """What replaces ids by means, in training by those of other rows."""
    seed = estimator.random_state
    if is_classifier(estimator):
        return TargetEncoder(cv=StratifiedKFold(5, shuffle=True, random_state=seed))
    return TargetEncoder(target_type="continuous", cv=KFold(5, shuffle=True, random_state=seed))
