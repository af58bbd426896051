"""More rows for a fitted model: its tasks are adapted anew from all their rows, the prior stays."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from skmeta._dask import is_partitioned
from skmeta._progress import ADAPT, telling_of, telling_of_fit
from skmeta.base import AdaptedEstimators
from skmeta.base._adaptation_progress import adaptation_told
from skmeta.base._class_prior import as_drawn
from skmeta.base._fewer_rows import fewer_rows
from skmeta.base._learner import why_no_more_rows
from skmeta.base._matching import matched
from skmeta.base._prior import given_what_is_known
from skmeta.steps import telling_columns_behind
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._tables import plain_table
from skmeta.tasks._targets import read_targets
from skmeta.tasks._words import listed
from skmeta.warm_start._asked import check_has_columns
from skmeta.warm_start._asked_context import check_described
from skmeta.warm_start._given import columns_of
from skmeta.warm_start._known_tasks import KnownTasks
from skmeta.warm_start._parameters_of_fit import check_parameters_of_fit


def takes_more_rows() -> Callable[[Any], Any]:
    """Whether a model has ``partial_fit``: with tasks or a prior, or if its estimator has it."""
    return available_if(lambda model: not _is_plain(model) or hasattr(model.estimator, "partial_fit"))


def add_rows(model: Any, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> None:
    """What ``partial_fit`` does; the model is as it was before if anything raises.

    Parameters
    ----------
    model : WarmStartBase
        Fitted before or not.
    X, y, sample_weight
        The new rows.
    classes : array-like, default=None
        Labels that are there or will come.
    """
    model._check_parameters()
    if _is_plain(model):
        model._store(_plain_with_rows(model, X, y, sample_weight, classes))
        return
    if is_partitioned(X):
        raise TypeError(
            "X: wanted rows in memory for partial_fit, found a frame in partitions; X.compute() brings them."
        )
    if "_known" not in vars(model):
        X = plain_table(X)
        if classes is not None:
            _check_classes(classes, _labels_known(model, X, y))
        model.fit(take_rows(X, np.arange(X.shape[0])), y, sample_weight)  # a copy, as these rows are kept
        return
    if classes is not None:
        _check_classes(classes, model.classes_)
    with telling_of_fit(model, X, y, n_parts=1):
        known = _with_rows(model, X, y, sample_weight)
    labels = known.adapted.classes
    vars(model).update({"_known": known} | ({} if labels is None else {"classes_": labels}))


def _is_plain(model: Any) -> bool:
    return model.task is None and model.prior is None


def _with_rows(model: Any, X: Any, y: Any, sample_weight: Any) -> KnownTasks:
    """The tasks of a fitted model with more rows."""
    known, X = model._known, plain_table(X)
    check_parameters_of_fit(model, model._asked)
    check_described(model, X)
    check_has_columns(model, X)
    steps, model_of_task = known.adapted.steps, known.parts.model
    raw = model._read(X, y, sample_weight, model_of_task, known.columns)
    with telling_columns_behind(steps, raw.X, lambda: known.columns.labels(X)):
        prior, tasks = matched(known.prior, steps.apply(raw))
        prior.check_rows(model_of_task, tasks)

        def kept(tasks: Tasks) -> Tasks:
            return tasks if prior.needs_rows(model_of_task) else fewer_rows(model_of_task, tasks)

        def adapt(tasks: Tasks) -> AdaptedEstimators:
            tasks = as_drawn(tasks, prior, model._class_prior)
            own = prior if known.levels else given_what_is_known(prior, tasks.context_of(0))
            adapted: AdaptedEstimators = own.adapt_tasks(model_of_task, tasks, n_jobs=model.n_jobs)
            return adapted

        with telling_of(model, ADAPT) as progress, adaptation_told(progress):
            found: KnownTasks = known.with_rows(tasks, kept, adapt, why_no_more_rows(getattr(model, "learner_", None)))
    return found


def _labels_known(model: Any, X: Any, y: Any) -> NDArray[Any]:
    """The labels that a model which is not fitted yet will know."""
    classes = None if model.prior is None else model.prior.classes
    if classes is not None:
        return np.asarray(classes)
    name = type(model.estimator).__name__
    found, labelled = read_targets(y, X.shape[0], name, labels=True, unlabelled=model._unlabelled)
    return np.unique(found if labelled is None else found[labelled])


def _check_classes(classes: Any, known: NDArray[Any]) -> None:
    new = sorted(set(np.asarray(classes).tolist()) - set(known.tolist()), key=str)
    if new:
        raise ValueError(
            f"classes: wanted those that the model knows, {known.tolist()}, found new {listed(new)}; fit, which learns the "
            "prior, has to see rows of every class."
        )


def _plain_with_rows(model: Any, X: Any, y: Any, sample_weight: Any, classes: Any) -> dict[str, Any]:
    """What is stored of a plain estimator after its own ``partial_fit``, of a copy, as that may raise half way."""
    before = vars(model).get("_plain")
    if before is None:
        columns, fitted = columns_of(X), clone(model.estimator)
    else:
        validate_data(model, X, reset=False, skip_check_array=True)
        columns = {name: vars(model)[name] for name in ("n_features_in_", "feature_names_in_") if name in vars(model)}
        fitted = deepcopy(before)
    options = {"sample_weight": sample_weight, "classes": classes}
    options = {name: value for name, value in options.items() if value is not None}
    _check_takes(fitted, options)
    fitted.partial_fit(X, y, **options)
    labels = {"classes_": fitted.classes_} if hasattr(fitted, "classes_") else {}
    return columns | {"_plain": fitted, "prior_": None} | labels


def _check_takes(estimator: Any, options: dict[str, Any]) -> None:
    taken = signature(estimator.partial_fit).parameters
    for name in options:
        if name not in taken:
            raise TypeError(
                f"{name}: wanted an estimator whose partial_fit takes it, found {type(estimator).__name__}; leave it out."
            )
