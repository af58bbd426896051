"""A prior of raw rows: a family's prior behind the frozen steps that it was learned behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._class_prior import as_drawn
from skmeta.base._class_weight import check_class_weight
from skmeta.base._matching import matched, one_task
from skmeta.base._pictures import Moments
from skmeta.base._prior import given_what_is_known
from skmeta.steps._adapted_behind_steps import AdaptedBehindSteps
from skmeta.steps._columns_behind import labels_behind, telling_columns_behind
from skmeta.steps._frozen_steps import FrozenSteps
from skmeta.steps._parts import Parts, take_apart
from skmeta.steps._same import difference, difference_of_steps
from skmeta.steps._stored_columns import read_back, stored
from skmeta.tasks import TaskColumns, Tasks
from skmeta.tasks._tables import plain_table


@dataclass(frozen=True, eq=False, repr=False)
class PriorWithSteps(Prior):
    """A prior that takes raw rows: they pass the frozen steps before they meet the prior of the model.

    The verbs are those of every prior; all other attributes are those of the prior inside.

    Parameters
    ----------
    steps : FrozenSteps
        What raw rows and targets pass; input names stand in them.
    prior : Prior
        About the columns that the steps make. One that was learned (``n_tasks`` is not zero) is in the units of the rows that
        it was learned from: beside steps by hand it is taken only if they say that these rows had passed them.

    Raises
    ------
    ValueError
        If the prior was learned and the steps are by hand, ``FrozenSteps(...)`` without ``learned_with_prior=True``.
    """

    steps: FrozenSteps
    prior: Prior

    def __post_init__(self) -> None:
        if self.prior.n_tasks and not (self.steps.learned_with_prior or self.steps.changes_nothing):
            raise ValueError(
                f"prior: wanted one written by hand behind steps by hand ({self.steps.names}), found {self.prior!r}, which was "
                "learned and is in the units of the rows that it was learned from. Learn it anew with the steps you want: "
                "WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task=...). If these rows had passed these very "
                "steps, say so: FrozenSteps(..., learned_with_prior=True)."
            )
        for name in ("n_tasks", "n_rows", "classes", "class_prior", "class_weight"):
            object.__setattr__(self, name, getattr(self.prior, name))
        object.__setattr__(self, "feature_names", self.steps.input_names)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in {field.name for field in fields(self)}:
            raise AttributeError(name)  # not yet there, as while it is read from a file
        return getattr(self.prior, name)

    def __repr__(self) -> str:
        return f"PriorWithSteps({self.steps.names or ', '.join(self.steps.columns.names)} -> {self.prior!r})"

    @property
    def in_words(self) -> tuple[str, ...]:
        """What the prior inside says of how tasks belong together."""
        return self.prior.in_words

    @property
    def set_aside(self) -> bool:
        """Whether what the prior inside has learned is set aside."""
        return self.prior.set_aside

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks of raw rows.

        Parameters
        ----------
        estimator : estimator
            The model, or a Pipeline or TransformedTargetRegressor with the prior's own steps.
        tasks : Tasks
            Raw rows.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        AdaptedEstimators
            They take raw rows too.
        """
        parts = checked_parts(estimator, self)
        with telling_columns_behind(self.steps, tasks.X, lambda: TaskColumns().labels(tasks.X)):
            prior, behind = matched(self.prior, self.steps.apply(tasks))
            adapted = prior.adapt_tasks(parts.model, behind, n_jobs=n_jobs)
        return AdaptedBehindSteps(self.steps, parts, behind.feature_names, adapted)

    @property
    def context_names(self) -> tuple[str, ...]:
        """Names of what `given` reads of the prior inside."""
        return self.prior.context_names

    def given(self, **context: Any) -> Prior:
        """The prior of a task of which ``context`` is known; the steps stay.

        Parameters
        ----------
        **context : dict
            What is known of the task, by column name.

        Returns
        -------
        PriorWithSteps
            The prior of such a task.
        """
        return replace(self, prior=self.prior.given(**context))

    def log_evidence(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        """Log density of each task's targets, see `Prior.log_evidence`.

        Parameters
        ----------
        estimator : estimator
            As in `adapt_tasks`.
        tasks : Tasks
            Raw rows.

        Returns
        -------
        ndarray of shape (n_tasks,)
            In the user's own units, also where the target is transformed.
        """
        found = self.prior.log_evidence(checked_parts(estimator, self).model, self.steps.apply(tasks))
        if tasks.y is None or self.steps.target is None:
            return found
        slopes = self.steps.log_slopes(tasks.y)
        slopes = slopes if tasks.sample_weight is None else slopes * tasks.sample_weight
        return found + np.bincount(tasks.codes, slopes, minlength=len(tasks))

    def adapt(self, estimator: Any, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Fit ``estimator`` to one new task of raw rows, starting from this prior.

        Parameters
        ----------
        estimator : estimator
            The model, or a Pipeline or TransformedTargetRegressor with the prior's own steps.
        X : table of shape (n_rows, n_columns)
            The task's own rows; the columns that say which task it is, where the prior reads them, and those that describe it
            may stand among them.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets; clusterers need none.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights of the rows.

        Returns
        -------
        estimator
            Plain and fitted, of the user's shape; it takes raw rows without these columns.
        """
        return adapt_rows(checked_parts(estimator, self), self, X, y, sample_weight)

    def zero_shot(self, estimator: Any) -> Any:
        """The plain fitted ``estimator`` that predicts by the prior alone.

        Parameters
        ----------
        estimator : estimator
            As in `adapt`.

        Returns
        -------
        estimator
            Of the user's shape.
        """
        parts = checked_parts(estimator, self)
        return self.steps.assemble(parts, self.prior.zero_shot(parts.model))

    def distil(self, estimator: Any, X: Any, *, teacher: Any) -> Any:
        """Fit one plain ``estimator`` of raw rows to what this prior predicts, see `Prior.distil`.

        Parameters
        ----------
        estimator : estimator
            The small model; a Pipeline has steps of its own, which are fitted.
        X : table of shape (n_rows, n_columns)
            Raw rows; the columns that say which task they are of and those that describe it may stand among them. They are
            left out, as it is about a task of which nothing is known: ask ``prior.given(...)`` where something is.
        teacher : estimator
            As in `adapt`.

        Returns
        -------
        estimator
            A plain fitted clone; it takes raw rows without these columns.
        """
        return super().distil(estimator, self.steps.columns.split(plain_table(X))[0], teacher=teacher)

    def split(self) -> tuple[FrozenSteps, Prior]:
        """Its two parts.

        Returns
        -------
        steps : FrozenSteps
            What raw rows pass.
        prior : Prior
            About the columns that the steps make.
        """
        return self.steps, self.prior

    def with_inner(self, prior: Prior) -> Prior:
        """The same steps with another prior behind them.

        Parameters
        ----------
        prior : Prior
            About the columns that the steps make.

        Returns
        -------
        PriorWithSteps
            Of raw rows.
        """
        return replace(self, prior=prior)

    def aligned(self, feature_names: Sequence[str]) -> Prior:
        """Itself: the steps take columns by name."""
        return self

    def to_frame(self) -> Any:
        """That of the prior inside, about the columns that the steps make.

        Returns
        -------
        DataFrame
            See `Prior.to_frame`. Columns without a name have that of ``get_feature_names_out``.
        """
        frame = self.prior.to_frame()
        return frame.assign(feature=self._named(frame["feature"].tolist()))

    @property
    def coefficient_moments(self) -> Moments:
        """Those of the prior inside, if it is about coefficients, of columns named as in `to_frame`."""
        found: Moments = self.prior.coefficient_moments  # type: ignore[attr-defined]
        return found._replace(names=self._named(found.names))

    def _named(self, features: list[str]) -> list[str]:
        """Names of the columns that the steps make, in place of x0, x1, ...; what follows these stays."""
        steps = self.steps.steps
        if self.prior.feature_names is not None or not steps:
            return features
        n_columns = sum(name == f"x{k}" for k, name in enumerate(features))
        before = self.steps.input_names or range(getattr(steps[0][1], "n_features_in_", n_columns))
        labels = labels_behind(steps, before, np.empty((0, n_columns)))
        named = [label if isinstance(label, str) else f"x{label}" for label in labels]
        return [*named, *features[n_columns:]]

    def to_dict(self) -> dict[str, Any]:
        """Plain arrays, numbers and texts that `from_dict` reads, where no step is fitted.

        Returns
        -------
        dict
            What raw tables are like, such as "columns.task", and the entries of the prior inside: "prior.class", "prior.mean".

        Raises
        ------
        ValueError
            If steps are fitted, which are no plain arrays; the message says how to store it.
        """
        return stored(self.steps, self.prior)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make a prior from what `to_dict` gave.

        Parameters
        ----------
        state : mapping
            Names and values; what `numpy.load` gives will do.

        Returns
        -------
        PriorWithSteps
            The same prior.

        Raises
        ------
        TypeError
            If ``state`` is no mapping.
        ValueError
            If a name is missing or unknown.
        """
        return cls(*read_back(state))


def with_steps(steps: FrozenSteps, prior: Prior) -> Prior:
    """The prior as a model hands it out, learned from rows that had passed the steps: of raw rows, else as it is."""
    together = steps.learned_with_prior or prior.n_tasks > 0
    return PriorWithSteps(replace(steps, learned_with_prior=together), prior) if steps else prior


def split_prior(prior: Prior) -> tuple[FrozenSteps, Prior]:
    """The steps that a prior was learned behind, none for most, and the prior of the model."""
    steps, inner = prior.split()
    return FrozenSteps() if steps is None else steps, inner


def checked_parts(estimator: Any, prior: Prior) -> Parts:
    """An estimator taken apart; raises if the steps it comes with, or weights of classes, are not those of the prior."""
    parts, (steps, _) = take_apart(estimator), split_prior(prior)
    if parts.steps:
        differs = difference_of_steps(steps.steps, parts.steps)
        if differs:
            raise ValueError(f"estimator: {_wanted_steps(steps, prior)}, found {differs}.")
    if parts.target is not None and (
        steps.target is None or difference(steps.target, parts.target, skip=("regressor",))
    ):
        raise ValueError(
            "estimator: wanted the transformation of the target that the prior was learned behind "
            f"({_describe_target(steps.target)}), or the regressor alone, found {_describe_target(parts.target)}."
        )
    check_class_weight(prior, parts.model)
    return parts


def adapt_rows(
    parts: Parts,
    prior: Prior,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    unlabelled: Any = None,
    class_prior: str = "rows",
) -> Any:
    """One task of raw rows, one plain fitted estimator of the user's shape; nothing is compared."""
    steps, inner = split_prior(prior)
    given = plain_table(X)
    X, known = steps.columns.of_one_task(given)
    inner = given_what_is_known(inner, known)
    if X.shape[0] == 0:
        return steps.assemble(parts, inner.zero_shot(parts.model))
    tasks = one_task(parts.model, X, y, sample_weight, unlabelled)
    with telling_columns_behind(steps, X, lambda: steps.columns.labels(given)):
        inner, tasks = matched(inner, steps.apply(tasks))
        tasks = as_drawn(tasks, inner, class_prior)
        return steps.assemble(parts, inner.adapt_tasks(parts.model, tasks).estimator(0))


def _wanted_steps(steps: FrozenSteps, prior: Prior) -> str:
    if not steps.steps and not prior.n_tasks:
        return (
            "wanted its last step alone, as a prior written by hand without steps is about the columns as the model sees "
            "them (fitted steps belong to the prior: PriorWithSteps(FrozenSteps(pipeline[:-1].steps), prior))"
        )
    return (
        f"wanted the steps that the prior was learned behind ({steps.names or 'none'}), or its last step alone, as a prior "
        "lives in one feature space (learn it anew with the steps you want)"
    )


def _describe_target(target: Any) -> str:
    if target is None:
        return "none"
    return f"TransformedTargetRegressor of {target.func if target.transformer is None else target.transformer}"
