"""How well a learned start does in tasks that it was not learned from: ten rows given, the others predicted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skmeta.base._held_out import SHOTS, mean_of_tasks
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
    return score_of_rows(*row_losses_of(prior, estimator, tasks, n_jobs), estimator)


def row_losses_of(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None = None) -> tuple[Array, Tasks]:
    """Loss of each row that is predicted where ten rows of its task are given, and these rows.

    Parameters
    ----------
    prior, estimator, tasks, n_jobs
        As in `scores_of`.

    Returns
    -------
    losses : ndarray of shape (n_rows,)
        Squared errors, deviances, or minus logarithms of probabilities.
    query : Tasks
        The same tasks.
    """
    labels = () if prior.classes is None else prior.classes
    shots, query = (part.with_labels(labels) for part in tasks.weighty_rows().shots_and_query(SHOTS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of trainings that nobody keeps
        adapted = prior.adapt_tasks(estimator, shots, n_jobs=n_jobs)
        return link_of(estimator).losses(adapted, query), query


def score_of_rows(losses: Array, query: Tasks, estimator: Any) -> Array:
    """Scores of tasks as `scores_of` has them, from what `row_losses_of` gave."""
    means = link_of(estimator).in_units(mean_of_tasks(losses, query))
    return np.where(query.counts > 0, -means, np.nan)


def mean_score(prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None = None) -> float:
    """The mean over the tasks that have a row to predict, by their weights; minus infinity where there is none."""
    found = mean_of_judged(scores_of(prior, estimator, tasks, n_jobs), tasks.task_weight)
    return -np.inf if np.isnan(found) else found


def mean_of_judged(scores: Array, task_weight: Array | None) -> float:
    """Mean of some tasks' scores but for nan, by ``task_weight (n_tasks,)``, None for ones; nan where none counts."""
    judged = ~np.isnan(scores)
    weight = judged.astype(float) if task_weight is None else np.where(judged, task_weight, 0.0)
    return float(weight[judged] @ scores[judged] / weight.sum()) if weight.any() else np.nan
