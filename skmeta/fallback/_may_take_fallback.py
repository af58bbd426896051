"""A learner that may take the fallback in place of a prior of its own, and keeps it then."""

from __future__ import annotations

from typing import Any

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._keeps_seen_tasks import KeepsSeenTasks
from skmeta.tasks import Tasks


class MayTakeFallback(KeepsSeenTasks):
    """A learner with ``fallback_``, a fitted `SharedModel`, where that was taken; a prior of its own needs nothing kept."""

    def has_seen(self, tasks: Tasks) -> bool:
        """As the fallback says, if it was taken, see `KeepsSeenTasks.has_seen`."""
        return hasattr(self, "fallback_") and self.fallback_.has_seen(tasks)

    def _adapt_seen(self, prior: Prior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """As the fallback does."""
        found: AdaptedEstimators = self.fallback_._adapt_seen(prior, estimator, tasks, n_jobs)
        return found

    def why_no_more_rows(self) -> str:
        """As the fallback says, see `Learner.why_no_more_rows`."""
        return str(self.fallback_.why_no_more_rows()) if hasattr(self, "fallback_") else ""
