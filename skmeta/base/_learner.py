"""A learner: from many tasks to a prior."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from skmeta.base._adapted_estimators import AdaptedEstimators
from skmeta.base._class_weight import class_weight_of, with_class_weight
from skmeta.base._prior import Prior
from skmeta.tasks import PartitionedTasks, Tasks


class Learner(BaseEstimator):
    """Learns a prior from many tasks, for one family of estimators: an estimator itself, with parameters to search.

    A subclass must give `learn`; ``@register(KNeighborsRegressor, ...)`` says for which estimators it is meant.
    """

    strengths: ClassVar[tuple[str, ...]] = ()  # parameters of the estimators that say how far the prior is trusted
    follows_drift: ClassVar[str] = ""  # what one writes for tasks that drift, where the family knows a way
    in_time: ClassVar[bool] = False  # whether tasks' own ids are times, which many entities have in common

    def check_takes(self, estimator: Any) -> None:
        """Raise for an estimator that this learner is not made for; by default it takes any.

        Parameters
        ----------
        estimator : estimator
            The model of one task.

        Raises
        ------
        TypeError
            If it is of another family.
        """

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection of tasks.

        Parameters
        ----------
        estimator : estimator
            The model that each task is to be solved by; never a Pipeline.
        tasks : Tasks
            The collection.
        prior : Prior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from.
        n_jobs : int, default=None
            Parallel jobs; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)`` after each part of the work.

        Returns
        -------
        Prior
            What is known now.
        """
        raise NotImplementedError(f"{type(self).__name__} should define learn(estimator, tasks, prior=None, ...)")

    def learn_partitions(
        self,
        estimator: Any,
        tasks: PartitionedTasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection whose rows stay in partitions; by default this is refused.

        Parameters
        ----------
        estimator, prior, progress
            As in `learn`.
        tasks : PartitionedTasks
            The collection.
        n_jobs : int, default=None
            Parallel jobs for what is computed here; the partitions' are for their engine to run.

        Returns
        -------
        Prior
            What is known now.
        """
        raise TypeError(cannot_learn_partitions(self, estimator))

    def adapt_learned(
        self, prior: Any, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None
    ) -> AdaptedEstimators:
        """Adapt to the tasks that were just learned from; by default as to any others.

        A learner that keeps what the prior may not, such as predictions by models that had not seen a row, uses it here.

        Parameters
        ----------
        prior : Prior
            What `learn` returned.
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks, as `learn` had them.
        n_jobs : int, default=None
            Parallel jobs over tasks; the answer does not depend on it.

        Returns
        -------
        AdaptedEstimators
            Of these tasks.
        """
        adapted: AdaptedEstimators = prior.adapt_tasks(estimator, tasks, n_jobs=n_jobs)
        return adapted

    def why_no_more_rows(self) -> str:
        """What is in the way of more rows for the tasks that were learned from; by default nothing.

        A learner whose prior has seen the rows of these tasks, and would take them for new ones, says so here.

        Returns
        -------
        str
            Why; empty where the prior adapts them as any others.
        """
        return ""


def why_no_more_rows(learner: Any) -> str:
    """That verb of a learner of somebody's own, who need not have it."""
    own = getattr(learner, "why_no_more_rows", None)
    return "" if own is None else own()


def learn_tasks(
    learner: Any, estimator: Any, tasks: Tasks, prior: Any = None, *, n_jobs: int | None = None, progress: Any = None
) -> Prior:
    """What a learner makes of tasks; one of somebody's own need not be able to tell how far it is."""
    taken = signature(learner.learn).parameters
    takes_it = "progress" in taken or any(each.kind is each.VAR_KEYWORD for each in taken.values())
    told = {"progress": progress} if progress is not None and takes_it else {}
    return checked_prior(learner, learner.learn(estimator, tasks, prior, n_jobs=n_jobs, **told), estimator)


def cannot_learn_partitions(learner: Any, estimator: Any) -> str:
    """What is wrong with a frame in partitions for a learner that needs all rows in one place."""
    return (
        f"learner: wanted one that learns from partitions, such as EmpiricalBayes for Ridge(), found "
        f"{type(learner).__name__} for {type(estimator).__name__}, which needs all rows in one place; X.compute() brings them."
    )


def learn_partitions(
    learner: Any, estimator: Any, tasks: PartitionedTasks, prior: Any, n_jobs: int | None, progress: Any = None
) -> Prior:
    """That verb of a learner of somebody's own, who need not have it."""
    own = getattr(learner, "learn_partitions", None)
    if own is None:
        raise TypeError(cannot_learn_partitions(learner, estimator))
    return checked_prior(learner, own(estimator, tasks, prior, n_jobs=n_jobs, progress=progress), estimator)


def adapt_learned(learner: Any, prior: Any, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
    """That verb of a learner of somebody's own, who need not have it."""
    own = getattr(learner, "adapt_learned", None)
    if own is None:
        return prior.adapt_tasks(estimator, tasks, n_jobs=n_jobs)
    return own(prior, estimator, tasks, n_jobs=n_jobs)


def names_among(levels: Mapping[str, Any], learner: Any, prior: Prior | None) -> dict[str, Any]:
    """Those levels whose ids are names: not the tasks' own where the learner, or the prior learned on from, reads times."""
    names = list(levels)
    times = getattr(learner, "in_time", False) or bool(prior and names and names[-1] in prior.context_names)
    return {name: levels[name] for name in (names[:-1] if times else names)}


def checked_prior(learner: Any, prior: Any, estimator: Any) -> Prior:
    """What a learner of somebody's own has learned is a prior; it knows by what weights of classes that was."""
    if isinstance(prior, Prior):
        return with_class_weight(prior, class_weight_of(estimator, prior.classes))
    raise TypeError(
        f"learner: wanted a learner whose learn returns a Prior, found {type(learner).__name__}, which returned "
        f"{type(prior).__name__}; make its values a subclass of skmeta.base.Prior."
    )
