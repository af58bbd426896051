"""Which learner a fit has: the user's, or the one meant for the estimator and for labels such as these tasks have."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from skmeta.base import learner_for
from skmeta.steps import split_prior
from skmeta.tasks import Tasks
from skmeta.tasks._own_labels import labels_are_shared


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
    """
    found = learner_for(model, learner, own_labels=_are_own_labels(prior, tasks))
    return clone(found, safe=False) if found is learner else found


def _are_own_labels(prior: Any, tasks: Tasks | None) -> bool:
    """Whether each task has labels of its own, as what is known says, else as these tasks do."""
    if prior is not None:
        return bool(split_prior(prior)[1].own_labels)
    return tasks is not None and not labels_are_shared(tasks)
