"""Steps before a model and the transformation of its target, fitted once on a whole collection and frozen."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from pickle import PicklingError
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import Pipeline

from skmeta.base import FrozenValue
from skmeta.base._matching import check_names, weights_if_taken
from skmeta.steps._columns_behind import positions_behind, telling_columns_of_step
from skmeta.steps._constant import as_constant
from skmeta.steps._one_column import first_input, from_tables
from skmeta.steps._parts import Parts, is_nothing
from skmeta.tasks import TaskColumns, Tasks
from skmeta.tasks._numbers import as_numbers, column_names


@dataclass(frozen=True, eq=False, repr=False)
class FrozenSteps(FrozenValue):
    """Fitted steps before a model, and how the target is transformed: a value that travels with a prior.

    Parameters
    ----------
    steps : sequence of (str, fitted transformer), default=()
        As ``pipeline[:-1].steps`` of a fitted Pipeline.
    target : fitted TransformedTargetRegressor, default=None
        What transforms the target; its regressor is of no matter.
    input_names : sequence of str, default=None
        Columns that the first step reads, where they have names.
    columns : TaskColumns, default=TaskColumns()
        Columns of raw tables that are no features: of ids that the prior reads, and those that describe a task.
    learned_with_prior : bool, default=False
        Whether the prior behind them was learned from rows that had passed them. Steps that `fit` hands out say so
        themselves; of steps by hand only you know it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skmeta import GaussianPrior
    >>> from skmeta.steps import FrozenSteps, PriorWithSteps
    >>> scaler = StandardScaler().fit(np.arange(6.0).reshape(3, 2))
    >>> prior = PriorWithSteps(FrozenSteps([("scaler", scaler)]), GaussianPrior([1.0, -1.0], covariance=1.0))
    >>> prior
    PriorWithSteps(scaler -> GaussianPrior(n_features=2, written by hand))
    """

    steps: tuple[tuple[str, Any], ...] = ()
    target: Any = None
    input_names: tuple[str, ...] | None = None
    columns: TaskColumns = field(default_factory=TaskColumns)
    learned_with_prior: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple((str(name), step) for name, step in self.steps))
        if self.input_names is not None:
            object.__setattr__(self, "input_names", tuple(self.input_names))

    def __repr__(self) -> str:
        return f"FrozenSteps({self.names})"

    @property
    def names(self) -> str:
        """The steps' names, joined by arrows."""
        target = [] if self.target is None else ["target"]
        return " -> ".join([name for name, _ in self.steps] + target)

    @property
    def changes_nothing(self) -> bool:
        """Whether rows and targets leave the steps as they came."""
        return self.target is None and all(is_nothing(step) for _, step in self.steps)

    @property
    def without_features(self) -> bool:
        """Whether the tables that the steps were fitted to had no column but those beside the features."""
        return bool(self.steps) and getattr(self.steps[0][1], "n_features_in_", None) == 0

    def __bool__(self) -> bool:
        return bool(self.steps or self.columns) or self.target is not None

    def transform(self, X: Any) -> Any:
        """Rows as the model gets them.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            Columns of frames in any order.

        Returns
        -------
        table
            What the last step made of it.
        """
        names = column_names(X)
        if self.input_names is not None and names is not None:
            check_names(self.input_names, names)
            if self.steps and names != self.input_names:  # a model without steps takes columns in the order of new rows
                X, names = X[list(self.input_names)], self.input_names
        n_features = X.shape[1]
        X = first_input(self.steps, X)
        for k, (_, step) in enumerate(self.steps):
            if not is_nothing(step):
                with telling_columns_of_step(self.steps[:k], X, names, n_features):
                    X = step.transform(X)
        return X

    def apply(self, tasks: Tasks) -> Tasks:
        """Tasks of raw rows as the model gets them, targets included.

        Parameters
        ----------
        tasks : Tasks
            Raw rows.

        Returns
        -------
        Tasks
            The same tasks behind the steps.
        """
        Z = self.transform(tasks.X)
        behind = positions_behind(self.steps, self.input_names or range(tasks.X.shape[1]), Z)
        return tasks.with_rows(Z, self.transform_target(tasks.y), behind)

    def transform_target(self, y: Any) -> Any:
        """Targets as the model gets them.

        Parameters
        ----------
        y : ndarray of shape (n_rows,) or (n_rows, n_outputs), or None
            Targets of the user.

        Returns
        -------
        ndarray or None
            Transformed.
        """
        if self.target is None or y is None:
            return y
        y = as_numbers(y, self.target)
        return _same_shape(self.target.transformer_.transform(y.reshape(len(y), -1)), y)

    def log_slopes(self, y: NDArray[Any]) -> NDArray[np.float64]:
        r"""What a density of transformed targets lacks of one of the user's: :math:`\log |dz / dy|` of each row.

        By central differences; zero where the target is not transformed.

        Parameters
        ----------
        y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Targets of the user.

        Returns
        -------
        ndarray of shape (n_rows,)
            Summed over outputs.
        """
        if self.target is None or not len(y):
            return np.zeros(len(y))
        y = as_numbers(y, self.target)
        step = np.finfo(float).eps ** (1 / 3) * np.maximum(np.abs(y), np.abs(y).mean())
        slope = (self.transform_target(y + step) - self.transform_target(y - step)) / (2.0 * step)
        return np.log(np.abs(slope)).reshape(len(y), -1).sum(axis=1)

    def same_as(self, other: FrozenSteps) -> bool:
        """Whether the steps are the same ones, or equal to the last digit of what they were fitted to.

        Parameters
        ----------
        other : FrozenSteps
            The other ones.

        Returns
        -------
        bool
            False also where steps cannot be compared by what they hold.
        """
        ours, theirs = ([step for _, step in each.steps] + [each.target] for each in (self, other))
        if len(ours) == len(theirs) and all(a is b for a, b in zip(ours, theirs, strict=True)):
            return True
        try:
            return bool(joblib.hash((self.steps, self.target)) == joblib.hash((other.steps, other.target)))
        except (AttributeError, TypeError, ValueError, PicklingError):  # a function without a name of its own
            return False

    def inverse_target(self, predictions: NDArray[Any]) -> NDArray[Any]:
        """Predictions of the model in the units of the user's target.

        Parameters
        ----------
        predictions : ndarray of shape (n_rows,) or (n_rows, n_outputs)
            What the model says.

        Returns
        -------
        ndarray
            Transformed back.
        """
        if self.target is None:
            return predictions
        turned = self.target.transformer_.inverse_transform(predictions.reshape(len(predictions), -1))
        return _same_shape(turned, predictions)

    def assemble(self, parts: Parts, model: Any) -> Any:
        """A plain fitted estimator of the user's shape around a fitted model; nothing in it is shared.

        Parameters
        ----------
        parts : Parts
            The user's estimator, taken apart.
        model : estimator
            Fitted.

        Returns
        -------
        estimator
            The model, or a Pipeline or TransformedTargetRegressor that ends in it. Of tables without any feature the
            DummyRegressor or DummyClassifier that predicts what these would.
        """
        steps, target = deepcopy((self.steps, self.target))
        outside = parts.target is None or parts.target_outside
        if target is not None and not outside:
            model = _with_regressor(target, model)
        if steps:
            model = Pipeline([*from_tables(steps, self.input_names), (parts.last_name, model)])
        made = _with_regressor(target, model) if target is not None and outside else model
        return as_constant(made) if self.without_features else made


def fit_steps(parts: Parts, tasks: Tasks) -> tuple[FrozenSteps, Tasks]:
    """Clones of an estimator's steps, fitted on a whole collection, and its tasks as the model gets them."""
    y: Any = tasks.y
    target = None if parts.target is None else _fit_target(parts.target, y)
    frozen = FrozenSteps(target=target, input_names=tasks.feature_names, learned_with_prior=True)
    seen = frozen.transform_target(y)
    fitted, Z = [], first_input(parts.steps, tasks.X)
    for name, step in parts.steps:
        if is_nothing(step):
            fitted.append((name, "passthrough"))
            continue
        fresh = clone(step, safe=False)  # as a Pipeline's are: what is no estimator is copied
        with telling_columns_of_step(fitted, Z, tasks.feature_names, tasks.X.shape[1]):
            Z = _fit_transform(fresh, Z, seen if parts.target_outside else y, tasks.sample_weight)
        _check_one_row_each(name, Z, tasks.n_rows)
        fitted.append((name, fresh))
    behind = positions_behind(fitted, tasks.feature_names or range(tasks.X.shape[1]), Z)
    return replace(frozen, steps=tuple(fitted)), tasks.with_rows(Z, seen, behind)


def _fit_transform(step: Any, X: Any, y: Any, sample_weight: Any) -> Any:
    """As a Pipeline does it."""
    weights = weights_if_taken(step, sample_weight)
    if hasattr(step, "fit_transform"):
        return step.fit_transform(X, y, **weights)
    return step.fit(X, y, **weights).transform(X)


def _check_one_row_each(name: str, Z: Any, n_rows: int) -> None:
    """Raise for a step that makes other rows: vectorizers of text take a table for a list of its columns' names."""
    if Z.shape[0] != n_rows:
        raise ValueError(
            f"estimator: wanted one row of the step {name!r} for each of {n_rows} rows, found {Z.shape[0]}; a step that reads "
            "text takes one column by its name, such as 'text', not a list of columns, ['text']."
        )


def _same_shape(turned: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    return turned[:, 0] if y.ndim == 1 and turned.shape[1] == 1 else turned


def _fit_target(target: Any, y: NDArray[Any]) -> Any:
    rows = np.zeros((len(y), 1))
    return clone(target).set_params(regressor=DummyRegressor()).fit(rows, as_numbers(y, target))


def _with_regressor(target: Any, model: Any) -> Any:
    fitted = copy(target)
    fitted.regressor, fitted.regressor_ = model, model
    if hasattr(model, "feature_names_in_"):
        fitted.feature_names_in_ = model.feature_names_in_
    return fitted
