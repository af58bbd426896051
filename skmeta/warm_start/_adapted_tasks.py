"""Estimators of tasks from what a model knows: those of a fit, and those of rows that come later."""

from __future__ import annotations

from typing import Any

from skmeta._progress import ADAPT, telling_of
from skmeta.base import AdaptedEstimators
from skmeta.base._adaptation_progress import adaptation_told
from skmeta.base._class_prior import as_drawn
from skmeta.base._learner import adapt_learned
from skmeta.base._matching import matched
from skmeta.base._prior import given_what_is_known
from skmeta.steps import AdaptedBehindSteps, telling_columns_behind
from skmeta.tasks import Tasks
from skmeta.warm_start._given import naming_the_prior
from skmeta.warm_start._task_estimators import TaskEstimators


def adapted_in_fit(shell: Any, learner: Any, prior: Any, model: Any, tasks: Tasks) -> AdaptedEstimators:
    """Those of the tasks of a fit: as its learner adapts what it has learned from, or by a prior that was given.

    Parameters
    ----------
    shell : estimator
        Which is fitted; its callbacks are told.
    learner : learner or None
        Of this fit; None where nothing was learned.
    prior : Prior
        What is known now.
    model : estimator
        The model of one task.
    tasks : Tasks
        Their columns in the order of the prior's.

    Returns
    -------
    AdaptedEstimators
        One a task.
    """
    with telling_of(shell, ADAPT) as progress, adaptation_told(progress):
        if learner is not None:
            return adapt_learned(learner, prior, model, tasks, shell.n_jobs)
        with naming_the_prior(shell.prior, model):
            adapted: AdaptedEstimators = given_what_is_known(prior, tasks.context_of(0)).adapt_tasks(
                model, tasks, n_jobs=shell.n_jobs
            )
            adapted.estimator(0)  # a prior of another family may find out only now that it cannot fill an estimator
        return adapted


def adapt_several(shell: Any, X: Any, y: Any, sample_weight: Any) -> TaskEstimators:
    """Plain estimators of the tasks of some rows, which are told apart by the task column.

    Parameters
    ----------
    shell : estimator
        Fitted.
    X, y, sample_weight
        The rows.

    Returns
    -------
    TaskEstimators
        By id.
    """
    known, steps = shell._known, shell._known.adapted.steps
    raw = shell._read(X, y, sample_weight, known.parts.model, known.columns)
    with telling_columns_behind(steps, raw.X, lambda: known.columns.labels(X)):
        prior, tasks = matched(known.prior, steps.apply(raw))
        tasks = as_drawn(tasks, prior, shell._class_prior)
        with telling_of(shell, ADAPT) as progress, adaptation_told(progress):
            adapted = prior.adapt_tasks(known.parts.model, tasks, n_jobs=shell.n_jobs)
    behind = AdaptedBehindSteps(steps, known.parts, tasks.feature_names, adapted)
    return TaskEstimators(tasks.ids, tasks.levels, behind)
