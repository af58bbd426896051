"""How well a learned start does in tasks that it was not learned from: ten rows given, the others predicted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skmeta.base import AdaptedEstimators
from skmeta.base._evidence import scores_of_other_rows
from skmeta.base._held_out import SHOTS, mean_of_tasks
from skmeta.compose._own_model import OwnModelPrior
from skmeta.fallback._link import link_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


def scores_of(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None = None) -> Array:
    """Minus the loss of each task, as the fallback judges: root mean squared error, mean log loss or deviance of a row.

    Parameters
    ----------
    prior : Prior
        Learned from other tasks.
    estimator : estimator
        The model of one task.
    tasks : Tasks
        Those that judge.
    n_jobs : int, default=None
        Parallel jobs over tasks.

    Returns
    -------
    ndarray of shape (n_tasks,)
        Nan of tasks without a row to predict.
    """
    adapted, query = _adapted(prior, estimator, tasks, n_jobs)
    return _losses(adapted, query, estimator)


def judged_start(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None = None) -> tuple[Array, Array]:
    """Scores of tasks as `scores_of` has them, and sums of log scores of the same rows, which compare with own nets'.

    Parameters
    ----------
    prior, estimator, tasks, n_jobs
        As in `scores_of`.

    Returns
    -------
    scores, log_scores : ndarray of shape (n_tasks,)
        The first nan of tasks without a row to predict.
    """
    adapted, query = _adapted(prior, estimator, tasks, n_jobs)
    return _losses(adapted, query, estimator), scores_of_other_rows(adapted, estimator, query)


def scores_of_own_nets(prior: Any, estimator: Any, tasks: Tasks) -> Array:
    """Log scores of the same rows by a net trained on the others of its task alone; ``prior`` says which labels count.

    Parameters
    ----------
    prior, estimator, tasks
        As in `scores_of`.

    Returns
    -------
    ndarray of shape (n_tasks,)
        Minus infinity where the net cannot be trained.
    """
    return own_net_beside(prior).scores_of_query(estimator, *_shots_and_query(prior, tasks))


def own_net_beside(prior: Any) -> OwnModelPrior:
    """The plain net of the same columns and classes."""
    return OwnModelPrior(classes=prior.classes, class_prior=prior.class_prior, feature_names=prior.feature_names)


def _shots_and_query(prior: Any, tasks: Tasks) -> tuple[Tasks, Tasks]:
    labels = () if prior.classes is None else prior.classes
    shots, query = tasks.weighty_rows().shots_and_query(SHOTS)
    return shots.with_labels(labels), query.with_labels(labels)


def _adapted(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None) -> tuple[AdaptedEstimators, Tasks]:
    shots, query = _shots_and_query(prior, tasks)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of trainings that nobody keeps
        return prior.adapt_tasks(estimator, shots, n_jobs=n_jobs), query


def _losses(adapted: AdaptedEstimators, query: Tasks, estimator: Any) -> Array:
    link = link_of(estimator)
    losses = link.in_units(mean_of_tasks(link.losses(adapted, query), query))
    return np.where(query.counts > 0, -losses, np.nan)


def mean_score(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None = None) -> float:
    """The mean over the tasks that have a row to predict; minus infinity where there is none."""
    scores = scores_of(prior, estimator, tasks, n_jobs)
    judged = ~np.isnan(scores)
    return float(scores[judged].mean()) if judged.any() else -np.inf
