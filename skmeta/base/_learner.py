"""A learner: from many tasks to a prior."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator

from skmeta.base._prior import Prior
from skmeta.tasks import Tasks


class Learner(BaseEstimator):
    """Learns a prior from many tasks, for one family of estimators: an estimator itself, with parameters to search.

    A subclass must give `learn`; ``@register(KNeighborsRegressor, ...)`` says for which estimators it is meant.
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


def checked_prior(learner: Any, prior: Any) -> Prior:
    """What a learner of somebody's own has learned is a prior."""
    if isinstance(prior, Prior):
        return prior
    raise TypeError(
        f"learner: wanted a learner whose learn returns a Prior, found {type(learner).__name__}, which returned "
        f"{type(prior).__name__}; make its values a subclass of skmeta.base.Prior."
    )
