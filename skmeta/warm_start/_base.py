"""The shell around learners and priors: the four cases of ``task`` and ``prior``, for every target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from skmeta._dask import is_partitioned
from skmeta._progress import CallbackSupportMixin, telling_of_fit
from skmeta.base import Prior
from skmeta.base._class_prior import CLASS_PRIORS, as_drawn, check_knows_classes
from skmeta.base._in_order import warn_of_order
from skmeta.base._learner import names_among
from skmeta.base._matching import matched, reads_targets
from skmeta.steps import (
    AdaptedBehindSteps,
    FrozenSteps,
    Parts,
    adapt_rows,
    checked_parts,
    fit_steps,
    last_model,
    split_prior,
    take_apart,
    telling_columns_behind,
    unfitted_model,
    weights_for,
    with_constant_column,
    with_steps,
)
from skmeta.tasks import TaskColumns, Tasks, read_tasks
from skmeta.tasks._ids import as_list, plain_ids
from skmeta.tasks._ids_beside import refuse_ids_beside
from skmeta.tasks._levels_apart import warn_of_levels
from skmeta.tasks._numbers import check_rows
from skmeta.tasks._tables import plain_table
from skmeta.tasks._told_columns import telling_columns
from skmeta.tasks._words import shown
from skmeta.warm_start._adapted_tasks import adapt_several, adapted_in_fit
from skmeta.warm_start._asked import check_asked
from skmeta.warm_start._asked_context import check_described, warn_of_same_context
from skmeta.warm_start._given import (
    check_classes,
    check_context,
    check_is_estimator,
    check_kind,
    check_no_params_of_prior,
    check_prior_kind,
    check_takes_weights,
    columns_of,
    hinting_at_task,
)
from skmeta.warm_start._known_tasks import KnownTasks
from skmeta.warm_start._learner_of_fit import learned_prior, learner_of_fit
from skmeta.warm_start._memberships import HasMemberships
from skmeta.warm_start._parameters_of_fit import parameters_of_fit
from skmeta.warm_start._partitions import answer_partitions, fit_partitions
from skmeta.warm_start._pickled_family import register_again, registration_of
from skmeta.warm_start._table import columns_beside, columns_of_prior, warn_of_unread_context
from skmeta.warm_start._task_estimators import TaskEstimators

_PRIVATE = ("_known", "_asked", "_plain")  # what a fit leaves behind, beside the names that end in "_"


class WarmStartBase(HasMemberships, CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """What WarmStartRegressor, WarmStartClassifier and WarmStartClusterer share; they add how predictions are read."""

    _example: ClassVar[str] = "Ridge()"  # for messages

    def __init__(
        self,
        estimator: Any,
        *,
        task: str | int | Sequence[str | int] | None = None,
        context: Sequence[str | int] | None = None,
        prior: Prior | None = None,
        learner: Any = "auto",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.task = task
        self.context = context
        self.prior = prior
        self.learner = learner
        self.n_jobs = n_jobs
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        tags.non_deterministic = inner.non_deterministic
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | registration_of(self.estimator)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(register_again(state))

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this model and, as ``estimator__name``, of the estimator in it.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self
            With the parameters set.
        """
        check_no_params_of_prior(params)
        return super().set_params(**params)

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None, **others: Any) -> Self:
        """Fit, adapt or learn, by what ``task`` and ``prior`` are.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows of one dataset or, with ``task``, of all of them, the task column included; then a frame of dask, too.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets; of a frame of dask a series of the same partitions.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows. Where a prior is learned, they are relative: their mean is one row. Where one is given,
            they are in the unit of the rows that it was learned from: beside these without weights, 100 is 100 rows.
        **others : dict
            Must be empty: of ``groups`` the error says that they stand in a column of ``X``, which ``task`` names.

        Returns
        -------
        self
            Fitted.
        """
        refuse_ids_beside(others, self.task)
        self._check_parameters()
        plain = self.task is None and self.prior is None
        fit = partial(fit_partitions, self) if is_partitioned(X) else self._fit_plain if plain else self._fit_tasks
        learns = self.task is not None and not is_partitioned(X)
        with telling_of_fit(self, X, y, n_parts=1 + learns):
            found = columns_of(X) | fit(X, y, sample_weight)
        self._store(found)
        return self

    def _fit_plain(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> dict[str, Any]:
        fitted = clone(self.estimator)
        check_takes_weights(unfitted_model(fitted), sample_weight)
        with telling_columns(X), hinting_at_task(X, self.learner):
            fitted.fit(X, y, **weights_for(fitted, sample_weight))
        found = {"_plain": fitted, "prior_": None}
        return found | ({"classes_": fitted.classes_} if hasattr(fitted, "classes_") else {})

    def _fit_tasks(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> dict[str, Any]:
        asked = parameters_of_fit(self)  # set_params changes no fitted model
        estimator = asked["estimator"]
        parts = take_apart(estimator) if self.prior is None else checked_parts(estimator, self.prior)
        X = plain_table(X)
        columns = columns_beside(X, self.task, self.context, self.prior)
        raw = self._read(X, y, sample_weight, parts.model, columns)
        learner = None if self.task is None else learner_of_fit(self.learner, parts.model, self.prior, raw)
        self._check_collection(raw, learner)
        if raw.X.shape[1] == 0 and self.prior is None:
            parts = with_constant_column(parts)
        steps, prior, tasks = self._through_steps(parts, raw)
        order = tasks.feature_names
        with telling_columns_behind(steps, raw.X, lambda: columns.labels(X)):
            prior, tasks, adapted = self._learned(learner, prior, parts.model, tasks)
        if self.context is not None:
            warn_of_unread_context(columns, prior)
            warn_of_same_context(raw.context if self.prior is None else {})
        steps = replace(steps, columns=columns_of_prior(columns, prior))
        adapted = AdaptedBehindSteps(steps, parts, tasks.feature_names, adapted, order)
        one = raw.context if self.task is None else {}
        known = KnownTasks(columns, tasks.ids, tasks.levels, prior, adapted, tasks.X.shape[1], tasks, one=one)
        found = {"_known": known, "_asked": asked, "prior_": with_steps(steps, prior)}
        found |= {} if learner is None else {"learner_": learner}
        return found | ({} if adapted.classes is None else {"classes_": adapted.classes})

    def _check_collection(self, tasks: Tasks, learner: Any) -> None:
        """Tasks that can be learned from: several, of several classes where there are classes, nested as said."""
        if learner is not None and not getattr(learner, "crossed", False):
            warn_of_levels(names_among(tasks.levels, learner, self.prior), goes_on=self.prior is not None)
        if self.prior is not None:
            return
        if len(tasks) == 1:
            raise ValueError(
                f"task: wanted a column that tells at least two tasks apart, found {self.task!r} with the "
                f"one value {shown(tasks.ids[0])}. One dataset is fitted with task=None, alone or from a prior."
            )
        check_classes(tasks)

    def _learned(self, learner: Any, prior: Any, model: Any, tasks: Tasks) -> tuple[Any, Tasks, Any]:
        """The prior of a model after this fit, the tasks with their columns in its order, and their estimators."""
        if prior is not None:
            prior.check_is_of(model)
            prior, tasks = matched(prior, tasks)
            tasks = as_drawn(tasks, prior, self._class_prior)
        if learner is not None:
            prior, tasks = matched(learned_prior(self, learner, model, tasks, prior), tasks)
            check_knows_classes(prior, self._class_prior)
            warn_of_order(learner, prior, model, tasks)
        return prior, tasks, adapted_in_fit(self, learner, prior, model, tasks)

    def _read(self, X: Any, y: Any, sample_weight: ArrayLike | None, model: Any, columns: TaskColumns) -> Tasks:
        """The tasks of a table, as raw rows; all rows are of one task where no column is to tell them apart."""
        one = "prior.zero_shot(estimator) needs no rows"
        check_rows(X, one if self.task is None else "a prior is learned from the rows of related tasks")
        check_takes_weights(model, sample_weight)
        read = {
            "estimator_name": type(model).__name__,
            "labels": isinstance(self, ClassifierMixin),
            "unlabelled": self._unlabelled,
            "targets": reads_targets(self),
        }
        if self.task is not None:
            return read_tasks(X, y, sample_weight, columns=columns, **read)
        X, known = columns.of_one_task(X)
        context = {name: plain_ids(np.array([value]), name) for name, value in known.items()}
        return replace(read_tasks(X, y, sample_weight, **read), context=context)

    def _through_steps(self, parts: Parts, tasks: Tasks) -> tuple[FrozenSteps, Any, Tasks]:
        """Steps frozen, the prior of the model if there is one, and the tasks as the model sees them."""
        if self.prior is None:
            steps, tasks = fit_steps(parts, tasks)
            return steps, None, tasks
        steps, prior = split_prior(self.prior)
        return steps, prior, steps.apply(tasks)

    def _check_parameters(self) -> None:
        estimator: Any = self.estimator
        prior: Any = self.prior
        check_is_estimator(estimator, self._example)
        check_kind(self, estimator)
        if prior is not None and not isinstance(prior, Prior):
            hint = ", a model; give its prior_ once it is fitted" if isinstance(prior, WarmStartBase) else ""
            wanted = "prior: wanted a prior, such as a fitted model's prior_ or GaussianPrior(...)"
            raise TypeError(f"{wanted}, found {type(prior).__name__}{hint}.")
        check_prior_kind(self, prior)
        if self._class_prior not in CLASS_PRIORS:
            raise ValueError(f"class_prior: wanted one of {CLASS_PRIORS}, found {self._class_prior!r}.")
        check_context(self)

    def _store(self, found: dict[str, Any]) -> None:
        """Nothing is half-fitted: attributes of an earlier fit go, and those of this one come, in one assignment."""
        kept = {name: value for name, value in vars(self).items() if not (name.endswith("_") or name in _PRIVATE)}
        self.__dict__ = kept | found

    # -- what a fitted model tells ------------------------------------------------------------------

    def __sklearn_is_fitted__(self) -> bool:
        return "prior_" in self.__dict__

    @property
    def _class_prior(self) -> str:
        """What says how frequent the classes of a task are; without classes nothing is to be said."""
        return getattr(self, "class_prior", "rows")

    @property
    def _unlabelled(self) -> Any:
        """What stands in the targets of rows without one, beside NaN and None, which is a classifier's parameter."""
        return getattr(self, "unlabelled", None)

    @property
    def _in_tasks(self) -> bool:
        known = self.__dict__.get("_known")
        return known is not None and bool(known.levels)

    @property
    def estimator_(self) -> Any:
        """The plain fitted estimator of the one task."""
        check_is_fitted(self)
        if self.prior_ is None:
            return self._plain
        known = self._known
        if self._in_tasks:
            raise AttributeError(
                f"estimator_: this model was fitted with task={self.task!r} and has one estimator for each of "
                f"{len(known.ids)} tasks: estimators_[id], such as estimators_[{shown(known.ids[0])}]. For a new task "
                "adapt(X, y) makes one, without rows prior_.zero_shot(estimator)."
            )
        return known.adapted.estimator(0)

    @property
    def estimators_(self) -> TaskEstimators:
        """Mapping from task id to the plain fitted estimator of that task, made when asked for."""
        check_is_fitted(self)
        if not self._in_tasks:
            raise AttributeError(
                "estimators_: this model was fitted without a task column, as one task, and has one estimator, "
                "estimator_. For one a task fit with task=... (a column's name or position)."
            )
        return TaskEstimators(self._known.ids, self._known.levels, self._known.adapted)

    @property
    def coef_(self) -> NDArray[np.float64]:
        """Coefficients: of the one task as its plain estimator has them, else ``(n_tasks, ...)`` by id."""
        check_is_fitted(self)
        return self._known.adapted.coef_ if self._in_tasks else last_model(self.estimator_).coef_

    @property
    def borrowing_(self) -> float | dict[Any, float]:
        """Own rows that the prior was worth to the task; with a task column a dict from id to rows."""
        check_is_fitted(self)
        if self.prior_ is None:
            return 0.0
        borrowed = self._known.adapted.borrowed
        if not self._in_tasks:
            return float(borrowed[0])
        return dict(zip(as_list(self._known.ids), borrowed.tolist(), strict=True))

    def adapt(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Any:
        """Plain fitted estimators for new tasks, from what this model knows.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows of one new task without a task column; or of one or several, with it. Of the columns of nested tasks a new
            task may have those that are known of it, such as its region alone.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets; clusterers need none.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows, relative to those that the prior was learned with: a row that weighs as much as past
            rows did on average is one row; beside a past without weights 100 is 100 rows.

        Returns
        -------
        estimator or mapping
            A plain fitted scikit-learn estimator; for rows of several tasks, told apart by the task column, a mapping from ids
            to them. A column that a task lacks is NaN in all its rows: what predicts such rows is a model with
            ``prior=prior_``, as a plain estimator needs numbers in it.

        Raises
        ------
        ValueError
            If the model was fitted without ``task`` and ``prior``: it knows nothing that a new task could
            use.
        """
        check_is_fitted(self)
        if self.prior_ is None:
            raise ValueError(
                "adapt: wanted a model that has learned, found one fitted with task=None and prior=None; "
                "give it a task column or a prior."
            )
        X, known = plain_table(X), self._known
        if not (X.shape[0] and known.levels and set(known.levels) <= set(known.columns.places(X))):
            prior = with_steps(replace(known.adapted.steps, columns=known.columns), known.prior)
            how = {"unlabelled": self._unlabelled, "class_prior": self._class_prior}
            return adapt_rows(known.parts, prior, X, y, sample_weight, **how)
        made = adapt_several(self, X, y, sample_weight)
        return made if len(made) > 1 else next(iter(made.values()))

    # -- predicting ---------------------------------------------------------------------------------

    def _ask(self, method: str, X: Any) -> NDArray[Any]:
        """What the plain estimator answers, or the adapted ones."""
        check_is_fitted(self)
        return self._ask_plain(method, X) if self.prior_ is None else self._answer(method, X)

    def _answer(self, method: str, X: Any) -> NDArray[Any]:
        """What the adapted estimators say of rows, in the units of the model."""
        if is_partitioned(X):
            return answer_partitions(self, method, X)
        X = plain_table(X)
        check_described(self, X)
        check_asked(self, X)
        return self._known.answer(method, X)

    def _ask_plain(self, method: str, X: Any, **options: Any) -> Any:
        """What the plain estimator answers, its input checked in the name of this one."""
        if "n_features_in_" in vars(self):
            plain_table(X)
        validate_data(self, X, reset=False, skip_check_array=True)
        return getattr(self.estimator_, method)(X, **options)
