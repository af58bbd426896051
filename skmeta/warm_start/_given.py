"""What a shell around an estimator is given: an estimator of its kind, a table, and a method that the estimator has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter, validate_data

from skmeta._dask import empty_of, is_partitioned
from skmeta.base._matching import UNSUPERVISED, kind_of, no_weights
from skmeta.steps import split_prior
from skmeta.tasks import Tasks
from skmeta.tasks._numbers import check_names_differ, column_names, ids_among
from skmeta.tasks._tables import check_is_table
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import shown


def check_is_estimator(estimator: Any, example: str) -> None:
    """Raise for what is no estimator that predicts, such as a class, a transformer, or an object without parameters."""
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"estimator: wanted an estimator such as {example}, found {estimator!r}; give an instance of a class that has fit."
        )
    if not all(hasattr(estimator, name) for name in ("get_params", "__sklearn_tags__")):
        raise TypeError(
            f"estimator: wanted an estimator such as {example}, found {type(estimator).__name__}, which has no parameters or "
            "tags of scikit-learn's; subclass BaseEstimator of sklearn.base."
        )
    # Of its class, as a StackingRegressor has a predict only once it is fitted, and a Pipeline asks its last step.
    model = type(estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator)
    if not any(hasattr(model, name) for name in ("predict", "fit_predict")):
        raise TypeError(
            f"estimator: wanted an estimator with fit and predict, such as {example}, found {_named(estimator)}; a transformer "
            "belongs before it, in a Pipeline."
        )


def _named(estimator: Any) -> str:
    """What an estimator is called, with its last step if it is a Pipeline."""
    last = f" that ends in {estimator.steps[-1][1]!r}" if isinstance(estimator, Pipeline) else ""
    return f"{type(estimator).__name__}{last}"


def check_takes_weights(model: Any, sample_weight: Any) -> None:
    """Raise for weights of rows that the ``fit`` of a model does not take."""
    if sample_weight is not None and not has_fit_parameter(model, "sample_weight"):
        raise TypeError(no_weights(model))


def check_classes(tasks: Tasks) -> None:
    """Raise for a collection of which all rows have one label."""
    labels = {label for own in tasks.classes or () for label in own.tolist()}
    if len(labels) == 1:
        raise ValueError(
            f"y: wanted at least two classes in the collection, found the one class {shown(labels.pop())}; a task may have one "
            "class, but add tasks that have others."
        )


def check_kind(shell: Any, estimator: Any) -> None:
    """Raise for a regressor in a classifier's place and the like; models of densities stand where clusterers do."""
    found, wanted = kind_of(estimator), get_tags(shell).estimator_type
    if found is None and wanted == "classifier":
        raise TypeError(
            f"estimator: {type(shell).__name__} wanted a classifier, found {_named(estimator)}, which is not tagged as one and "
            "has no predict_proba; if it is one, put ClassifierMixin before BaseEstimator among the bases of its class."
        )
    if found in (None, wanted) or {found, wanted} <= set(UNSUPERVISED):
        return
    shells = {"classifier": "WarmStartClassifier", "regressor": "WarmStartRegressor"}
    shells |= dict.fromkeys(UNSUPERVISED, "WarmStartClusterer")
    way_out = f"use {shells[found]}" if found in shells else f"give a {wanted}"
    raise TypeError(
        f"estimator: {type(shell).__name__} wanted a {wanted}, found the {found} {type(estimator).__name__}; {way_out}."
    )


def check_no_params_of_prior(params: Mapping[str, Any]) -> None:
    """Raise where parameters of a prior are to be set: it is a value, perhaps in use elsewhere."""
    inside = sorted(name for name in params if name.startswith("prior__"))
    if inside:
        raise ValueError(
            f"{inside[0]}: a prior is a frozen value and has no parameters to set. Search over priors, {{'prior': [None, "
            "prior]}, and over the estimator's own strength (estimator__alpha, estimator__C) for how much to trust them."
        )


def check_context(shell: Any) -> None:
    """Raise for columns that describe tasks where there are none, neither in the table nor in a prior."""
    if isinstance(shell.context, str | int):
        raise TypeError(f"context: wanted a list of columns, found {shell.context!r}; write [{shell.context!r}].")
    if shell.context and shell.task is None and shell.prior is None:
        raise ValueError(
            f"context: wanted None without task and prior, as one dataset alone has nothing that describes tasks, found "
            f"{list(shell.context)}; name the column of task ids, task=..., or leave context out: its columns are features."
        )


def check_prior_kind(shell: Any, prior: Any) -> None:
    """Raise for a prior of classes in a regressor's place; of other priors their families say whom they fit."""
    if getattr(prior, "classes", None) is not None and get_tags(shell).estimator_type == "regressor":
        raise ValueError(
            f"prior: wanted one learned with a regressor, found {prior!r}, learned from classes; use WarmStartClassifier, or "
            "learn one with this estimator."
        )


def columns_of(X: Any) -> dict[str, Any]:
    """``n_features_in_`` and ``feature_names_in_`` of a table, which has names of its own for all columns."""
    X = empty_of(X) if is_partitioned(X) else X
    check_is_table(X)
    check_names_differ(column_names(X))
    recorder = BaseEstimator()
    validate_data(recorder, X, skip_check_array=True)
    return vars(recorder)


@contextmanager
def naming_the_prior(prior: Any, model: Any) -> Iterator[None]:
    """Where a prior that the user gave cannot fill a model, let the error name both."""
    try:
        yield
    except TypeError as error:
        if prior is None:
            raise
        raise TypeError(
            f"prior: wanted one for {type(model).__name__}, found {split_prior(prior)[1]!r}, which cannot fill it ({error}) "
            "Use the estimator that it was learned with."
        ) from error


@contextmanager
def hinting_at_task(X: Any, learner: Any) -> Iterator[None]:
    """Around a plain fit: a learner was given for nothing; and where it fails, a column of text may be one of ids."""
    if not isinstance(learner, str):
        warn_caller(
            f"learner: wanted tasks for {type(learner).__name__} to learn from, found task=None and prior=None, so that the "
            "plain estimator is fitted and the learner has no effect; pass task=, the column that says which task a row is of, "
            "or leave learner='auto'."
        )
    try:
        yield
    except ValueError as error:
        ids = ids_among(X)
        if not ids:
            raise
        raise ValueError(f"{error}. If {shown(ids[0])} says which task a row is of, pass task={ids[0]!r}.") from error


def estimator_has(method: str) -> Callable[[Any], Any]:
    """Whether a model fitted as a plain one, or the class of the estimator, has ``method``."""

    def check(self: Any) -> bool:
        if self.__dict__.get("_plain") is not None:
            return hasattr(self._plain, method)
        estimator = self.estimator
        return hasattr(estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator, method)

    return available_if(check)
