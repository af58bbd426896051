"""The learner of a fit: the user's, or the one meant for the estimator and for labels such as these tasks have."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from skmeta._progress import telling_of_learning
from skmeta.base import learner_for
from skmeta.base._learner import checked_prior
from skmeta.base._registry import fallback_learner
from skmeta.steps import split_prior
from skmeta.tasks import Tasks
from skmeta.tasks._own_labels import labels_are_shared, labels_in_common


def learner_of_fit(learner: Any, model: Any, prior: Any, tasks: Tasks | None = None) -> Any:
    """A learner of this fit's own: what it learns is not the user's, who may have given no estimator at all.

    Parameters
    ----------
    learner : "auto" or learner
        The user's.
    model : estimator
        The model of one task.
    prior : Prior or None
        What learning goes on from: it knows whether tasks have labels of their own.
    tasks : Tasks, default=None
        Which say that where there is no prior; None where they are not read yet: labels are taken to be those of all.

    Returns
    -------
    learner
        Unfitted.

    Raises
    ------
    ValueError
        If no two tasks have a label in common, and the learner would be the fallback.
    """
    found = learner_for(model, learner, own_labels=_are_own_labels(prior, tasks))
    if found is learner:
        return clone(found, safe=False)
    if prior is None and isinstance(found, fallback_learner()):
        _check_labels_in_common(found, model, tasks)
    return found


def _check_labels_in_common(found: Any, model: Any, tasks: Tasks | None) -> None:
    """Raise where no two tasks have a label in common: to a shared model those of a new task would mean nothing."""
    if tasks is None or labels_in_common(tasks):
        return
    raise ValueError(
        f"y: wanted labels that tasks have in common, as learner='auto' of {type(model).__name__} is {found}, one model of all "
        f"tasks, found labels of their own in each of {len(tasks)} tasks; use learner=DiscriminantLearner(), which takes any "
        f"classifier to new labels, or learner={found} if new tasks have none."
    )


def learned_prior(shell: Any, learner: Any, model: Any, tasks: Tasks, prior: Any) -> Any:
    """What a learner makes of the tasks of a fit, whose callbacks are told how far it is.

    Parameters
    ----------
    shell : estimator
        Which is fitted.
    learner : learner
        Of this fit.
    model : estimator
        The model of one task.
    tasks : Tasks
        The collection.
    prior : Prior or None
        What was known before.

    Returns
    -------
    Prior
        What is known now.
    """
    with telling_of_learning(shell) as progress:
        told = {} if progress is None else {"progress": progress}  # a learner of somebody's own need not take it
        return checked_prior(learner, learner.learn(model, tasks, prior, n_jobs=shell.n_jobs, **told), model)


def _are_own_labels(prior: Any, tasks: Tasks | None) -> bool:
    """Whether each task has labels of its own, as what is known says, else as these tasks do."""
    if prior is not None:
        return bool(split_prior(prior)[1].own_labels)
    return tasks is not None and not labels_are_shared(tasks)
