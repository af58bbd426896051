"""A learner that keeps of its tasks what a prior may not: these are adapted to with that, any others by the prior alone."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from skmeta.base._adapted_estimators import AdaptedEstimators
from skmeta.base._fingerprint import fingerprint
from skmeta.base._learner import Learner
from skmeta.base._prior import Prior
from skmeta.tasks import Tasks


class KeepsSeenTasks(Learner):
    """A learner that keeps of the tasks it learned from what a prior, which holds no rows, may not.

    A subclass notes which tasks these are (``self._seen = fingerprint(tasks)``, None where it keeps nothing) and how they are
    then adapted to (`_adapt_seen`): by predictions of models that had not seen a row, or from what the other tasks say.
    """

    _seen: str | None = None

    def has_seen(self, tasks: Tasks) -> bool:
        """Whether there is something kept that holds for these tasks.

        Parameters
        ----------
        tasks : Tasks
            Some tasks.

        Returns
        -------
        bool
            By their ids, the values of their rows and their targets; False where nothing was kept.
        """
        return self._seen is not None and self._seen == fingerprint(self._learned_rows(tasks))

    def _learned_rows(self, tasks: Tasks) -> Tasks:
        """The rows that are learned from; by default all."""
        return tasks

    @abstractmethod
    def _adapt_seen(self, prior: Prior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """Adapt to tasks that were learned from, with what was kept of them."""

    def adapt_learned(
        self, prior: Prior, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None
    ) -> AdaptedEstimators:
        """Adapt to the tasks that were just learned from, with what was kept of them; to others as the prior does.

        Parameters
        ----------
        prior, estimator, tasks, n_jobs
            As in `Learner.adapt_learned`.

        Returns
        -------
        AdaptedEstimators
            Of these tasks.
        """
        if not self.has_seen(tasks):
            return super().adapt_learned(prior, estimator, tasks, n_jobs=n_jobs)
        return self._adapt_seen(prior, estimator, tasks, n_jobs)
