"""What learners of clusters share: where the past is taken from and put back, and what stands beside it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

from sklearn.utils import check_scalar

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._fingerprint import fingerprint
from skmeta.base._keeps_seen_tasks import KeepsSeenTasks
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.base._registry import check_registered
from skmeta.cluster._own_clusters import OwnClusters
from skmeta.cluster._tasks_of_rows import arrays_of
from skmeta.compose import MixturePrior, PriorWithOwnModel, known_component, with_own_model
from skmeta.tasks import Tasks


class ClusterLearner(KeepsSeenTasks):
    """Learns a prior of clusters; a family gives the classes of its priors and ``_learned``.

    Parameters
    ----------
    max_tasks : int, default=30
        Tasks that are clustered alone for a start, of all sizes; it bounds the time.
    """

    _prior_class: ClassVar[type]  # of what is learned
    _own: ClassVar[type[OwnClusters]]  # of what stands beside it
    _sparse: ClassVar[bool] = False  # whether rows may be sparse

    def __init__(self, *, max_tasks: int = 30) -> None:
        self.max_tasks = max_tasks

    @abstractmethod
    def _learned(self, estimator: Any, numbers: Tasks, known: Any, n_jobs: int | None, progress: Any) -> Any:
        """The prior of a collection whose rows are arrays, on from what is known of earlier ones."""

    check_takes = check_registered

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection, see `Learner.learn`.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As in `Learner.learn`; the estimator's ``random_state``, or 0 where it has none, says where its clusters
            start.

        Returns
        -------
        Prior
            What is known now.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If it has another number of clusters.
        """
        self._known_scores = self._seen = None
        check_scalar(self.max_tasks, "max_tasks", Integral, min_val=1)
        known: Any = None if prior is None else known_component(prior, self._prior_class)
        if known is not None:
            known.check_is_of(estimator)
        parts = PartsOfWork(progress, 2)
        found = self._learned(estimator, arrays_of(tasks, accept_sparse=self._sparse), known, n_jobs, parts.part(0))
        parts.did(1)
        found = replace(found, feature_names=tasks.feature_names)
        own = self._own(centers=found.centers, feature_names=found.feature_names)
        if known is None:
            found, self._known_scores = with_own_model(found, estimator, tasks, own=own, progress=parts.part(1))
            self._seen = fingerprint(tasks)
            parts.finish()
            return found
        parts.finish()
        return replace(prior, components=[found, own]) if isinstance(prior, MixturePrior) else found

    def _adapt_seen(self, prior: Prior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """Without asking own models again."""
        assert isinstance(prior, PriorWithOwnModel)
        return prior.beside(prior.components[0].adapt_tasks(estimator, tasks, n_jobs=n_jobs), self._known_scores)
