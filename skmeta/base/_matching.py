"""What a prior is given has to be what it was learned from: columns by name, a model alone, weights that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from skmeta._sklearn import check_parameters
from skmeta.tasks import Tasks, read_tasks
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed

UNSUPERVISED = ("clusterer", "density_estimator")  # types of estimators whose rows have no targets


def check_is_model(estimator: Any, prior: Any) -> None:
    """Raise for parameters out of range, and for a Pipeline: what a prior without steps speaks of is a model alone."""
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"estimator: wanted an estimator such as Ridge(), found {estimator!r}; make an instance of a class."
        )
    if isinstance(estimator, Pipeline | TransformedTargetRegressor):
        why = (
            "the prior was learned without steps and lives in the space of the rows that it was learned from (learn it anew "
            "with the steps you want)"
            if prior.n_tasks
            else "a prior written by hand is about the columns as the model sees them. Fitted steps belong to the prior: "
            "PriorWithSteps(FrozenSteps(pipeline[:-1].steps), prior), of skmeta.steps"
        )
        raise ValueError(
            f"estimator: wanted the model alone, its last step, found a {type(estimator).__name__}; {why}."
        )
    check_parameters(estimator)


def one_task(estimator: Any, X: Any, y: Any, sample_weight: Any = None, unlabelled: Any = None) -> Tasks:
    """The rows of a single task, checked as ``estimator`` would want them."""
    if sample_weight is not None and not has_fit_parameter(estimator, "sample_weight"):
        raise TypeError(no_weights(estimator))
    return read_tasks(
        X,
        y,
        sample_weight,
        estimator_name=type(estimator).__name__,
        labels=classifies(estimator),
        unlabelled=unlabelled,
        targets=reads_targets(estimator),
    )


def kind_of(estimator: Any) -> str | None:
    """The type that an estimator's tags say; of one without, a classifier by its ``predict_proba``, else None."""
    return get_tags(estimator).estimator_type or ("classifier" if hasattr(estimator, "predict_proba") else None)


def classifies(estimator: Any) -> bool:
    """Whether an estimator is a classifier; classes of other packages need not say so in tags."""
    return kind_of(estimator) == "classifier"


def reads_targets(estimator: Any) -> bool:
    """Whether an estimator is fitted to targets: not clusterers, nor models of the density of rows."""
    return get_tags(estimator).estimator_type not in UNSUPERVISED


def no_weights(estimator: Any) -> str:
    """What is wrong with weights for an estimator that takes none."""
    return (
        f"sample_weight: wanted an estimator whose fit takes weights, found {type(estimator).__name__}; leave the weights "
        "out, or use another estimator."
    )


def weights_if_taken(estimator: Any, sample_weight: Any) -> dict[str, Any]:
    """Keywords of the ``fit`` of an estimator or a step that carry weights, if there are any and it takes them."""
    takes = sample_weight is not None and has_fit_parameter(estimator, "sample_weight")
    return {"sample_weight": sample_weight} if takes else {}


def not_for(prior: Any, wanted: str, estimator: Any) -> TypeError:
    """The error of a prior that is for models like those ``wanted``, beside an estimator of another family."""
    name = type(estimator).__name__
    return TypeError(
        f"prior: wanted one for {name}, found a {type(prior).__name__}, which is for {wanted}; learn a prior with {name}."
    )


def matched(prior: Any, tasks: Tasks) -> tuple[Any, Tasks]:
    """The prior, and the tasks with their columns in its order: by name, or by position where there are no names.

    Labels that a prior does not know raise, see `check_classes`.
    """
    labels = tasks.weighty_rows().classes
    if prior.classes is not None and labels:
        check_classes(prior.classes, np.concatenate(labels))
    wanted, found = prior.feature_names, tasks.feature_names
    if wanted is None or found is None:
        _check_n_columns(prior.n_features_in, wanted, tasks.X.shape[1])
    if wanted is None:
        return prior, tasks
    if found is None:
        _say_by_position()
        return prior, tasks
    check_names(wanted, found)
    if wanted == found:
        return prior, tasks
    prior = prior.aligned(found)
    return prior, tasks.with_columns(prior.feature_names or found)


def check_classes(wanted: NDArray[Any], found: NDArray[Any]) -> None:
    """Raise unless all labels found are among those wanted."""
    known = set(wanted.tolist())  # not by NumPy, which takes the number 0 for the text "0"
    new = [label for label in np.unique(found).tolist() if label not in known]
    if new:
        none = "set unlabelled=-1 if -1 says that a row has no label, or " if -1 in new else ""
        raise ValueError(
            f"y: wanted the classes that the prior knows, [{listed(wanted)}], found new [{listed(new)}]; {none}learn the prior "
            "anew with tasks that have them or, where each task has classes of its own, with "
            "learner=DiscriminantLearner(labels='own')."
        )


def _check_n_columns(wanted: int | None, names: Sequence[str] | None, found: int) -> None:
    """Raise unless rows without names have as many columns as the prior, if that knows how many."""
    if wanted is not None and found != wanted:
        listed = "" if names is None else f" {list(names)}"
        raise ValueError(
            f"X: X has {found} features, but the prior is expecting {wanted} features{listed} as input. Give it the columns "
            "it was learned from."
        )


def _say_by_position() -> None:
    """Rows without names are taken in the order of the prior's columns, and that is said."""
    warn_caller("X does not have valid feature names, but the prior has them: columns are taken in its order.")


_LEARNED_FROM = "The feature names should match those that the prior was learned from"


def _if_of_ids(extra: Sequence[str]) -> str:
    """The way out where what is unexpected is the column of ids: a prior of any task has not kept what it is called."""
    name = extra[0]
    which = f"{name!r} says" if len(extra) == 1 else "one of them says"
    return f" (If {which} which task a row is of, leave it out, or name it: task={name!r}. Others, leave out.)"


def check_names(wanted: Sequence[str], found: Sequence[str], should: str = _LEARNED_FROM) -> None:
    """Raise unless columns found are those wanted, in any order; the error names what is missing and what is new."""
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if missing or extra:
        differences = [f"{what} {names}" for what, names in (("missing", missing), ("unexpected", extra)) if names]
        hint = " (A task that lacks a column keeps it, filled with NaN.)" if missing else _if_of_ids(extra)
        raise ValueError(f"X: {should}: found {', '.join(differences)}.{hint}")
