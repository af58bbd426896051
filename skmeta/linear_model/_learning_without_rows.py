"""Learning without the rows: from sufficient statistics, or from parts that are asked for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from joblib import effective_n_jobs
from sklearn.linear_model import Ridge

from skmeta.base import Prior
from skmeta.base._keeps_seen_tasks import KeepsSeenTasks
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.compose import MixturePrior
from skmeta.linear_model import _collection
from skmeta.linear_model._aged import check_no_age
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._copies import statistics_without_copies
from skmeta.linear_model._families import family_of
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import MANY
from skmeta.linear_model._learn_in_parts import collection_of_parts, statistics_of
from skmeta.linear_model._outliers import check_sums_suffice
from skmeta.linear_model._partitioned_statistics import PartitionedStatistics
from skmeta.linear_model._parts import Part, Parts
from skmeta.linear_model._past import checked_past, learned_component
from skmeta.linear_model._private_collection import of_private_sums
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.linear_model._task_kinds import check_kinds_of
from skmeta.linear_model._wide_learning import is_wide
from skmeta.linear_model._without_features import learned_without_features
from skmeta.tasks import PartitionedTasks

Progress = Callable[[int, int], None] | None


class LearnsWithoutRows(KeepsSeenTasks):
    """A learner of linear models that needs no rows; a subclass says how it learns from a `Collection`."""

    crossed: bool
    half_life: float | None
    n_components: int | str
    context_model: Any

    def _start(self) -> None:
        """Check what all ways of learning share, and forget what an earlier collection said of its tasks."""
        raise NotImplementedError

    def _learn(
        self, collection: Collection, past: GaussianPrior | None, prior: Prior | None, n_jobs: Any, progress: Any
    ) -> MixturePrior:
        """The prior of a collection."""
        raise NotImplementedError

    def _learn_wide(
        self, collection: Collection, past: GaussianPrior | None, prior: Prior | None, n_jobs: Any, progress: Any
    ) -> MixturePrior:
        """The same where no matrix of columns by columns is made."""
        raise NotImplementedError

    def _known(self, prior: Prior | None, estimator: Any) -> GaussianPrior | None:
        """What of a prior is learned on from; of kinds of tasks it knows none, or as many as are asked for."""
        found = learned_component(prior, estimator)
        check_kinds_of(prior, self.n_components)
        return found

    def learn_partitions(
        self,
        estimator: Any,
        tasks: PartitionedTasks,
        prior: Prior | None = None,
        *,
        n_jobs: Any = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection whose rows stay in partitions: what `learn` makes of all rows.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As of `Learner.learn_partitions`.

        Returns
        -------
        Prior
            What is known now.
        """
        self._start()
        check_no_age(self.half_life)
        check_sums_suffice(estimator, crossed=self.crossed, context_model=self.context_model)
        found = statistics_of(estimator, tasks)
        return self.learn_statistics(found, estimator, prior, n_jobs=n_jobs, progress=progress)

    def learn_statistics(
        self,
        statistics: SufficientStatistics | PartitionedStatistics | Sequence[Part],
        estimator: Any = None,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior without the rows: from sufficient statistics, or from parts that are asked for them.

        It equals what `learn` makes of all rows. For squared errors one `SufficientStatistics` determines the answer. For
        other likelihoods every part is asked once a round for those of its working responses at the present
        coefficients; there are some hundred rounds. These say too little for the computation that `learn` takes where
        more than 100 columns outnumber the rows of every task: there the two are equal with ``covariance="full"`` or
        ``blocks`` alone. There sums also count as those of a dense table: of sparse ones `learn` looks for no contextual
        effects, and tries one model of all tasks as the mean. Of private statistics the noise is known, and
        taken for what it is.

        Parameters
        ----------
        statistics : SufficientStatistics, PartitionedStatistics, or sequence of WorkingStatistics
            The collection, its parts added up, or in parts that stay where they are; or parts that hold their rows
            themselves. Such a part is anything with ``classes`` that is called as `WorkingStatistics` is.
        estimator : linear estimator, default=None
            The model that each task is to be solved by; None is ``Ridge()``.
        prior : MixturePrior or GaussianPrior, default=None
            What was known before: it counts as the ``n_tasks`` it was learned from (at least one).
        n_jobs : int, default=None
            Threads for the sweeps over the tasks; the answer does not depend on it.
        progress : callable, default=None
            Called as ``progress(done, total)`` as more is done, such as a sweep of EM.

        Returns
        -------
        MixturePrior
            What is known now: the learned prior among what stands beside it. Of tables without features, which models read
            as one column of zeros, it stands behind the step that makes it, a `PriorWithSteps`.

        Raises
        ------
        ValueError
            If statistics do not determine the likelihood of ``estimator``, as those of robust ones, which ask of each row
            whether it is an outlier; if parts know different labels; with ``crossed``, which takes several ids a task; or with
            a ``half_life`` or a ``context_model``.
        """
        self._start()
        check_no_age(self.half_life)
        estimator = Ridge() if estimator is None else estimator
        check_sums_suffice(estimator, crossed=self.crossed, context_model=self.context_model)
        return self._of_statistics(statistics, estimator, prior, n_jobs, progress)

    def _of_statistics(self, statistics: Any, estimator: Any, prior: Prior | None, n_jobs: Any, progress: Any) -> Prior:
        """The prior of sums, or of parts; of squared errors the sums of all parts say all."""
        if isinstance(statistics, PartitionedStatistics):
            if statistics.n_tasks > MANY and statistics.n_features:
                return self._of_partitions(statistics, estimator, prior, progress)
            statistics = statistics.collected()
        if isinstance(statistics, SufficientStatistics):
            if statistics.n_features:
                return self._of_sums(statistics, estimator, prior, n_jobs, progress)
            return learned_without_features(
                statistics,
                estimator,
                prior,
                lambda sums, inner: self._of_sums(sums, estimator, inner, n_jobs, progress),
            )
        parts, family = Parts(statistics), family_of(estimator)
        if family.likelihood(estimator, parts.first.n_outputs).quadratic:
            return self._of_statistics(parts.first, estimator, prior, n_jobs, progress)
        past = self._known(prior, estimator)
        past = checked_past(past, estimator, family, parts.first, parts.first.feature_names)
        return self._learn(_collection.of_parts(parts, estimator, family, past), past, prior, n_jobs, progress)

    def _of_partitions(
        self, found: PartitionedStatistics, estimator: Any, prior: Prior | None, progress: Progress
    ) -> Prior:
        """The prior of more tasks than one place is to hold."""
        family, past = family_of(estimator), self._known(prior, estimator)
        past = checked_past(past, estimator, family, found, found.feature_names)
        parts = PartsOfWork(progress, 3)
        found = found.without_copies()
        parts.did(1)
        if found.n_tasks <= MANY:
            return self._of_sums(found.collected(), estimator, prior, None, parts.part(2))
        collection = collection_of_parts(self, found, estimator, family, past)
        parts.did(2)
        return self._learn(collection, past, prior, None, parts.part(2))

    def _of_sums(
        self, sums: SufficientStatistics, estimator: Any, prior: Prior | None, n_jobs: Any, progress: Any
    ) -> MixturePrior:
        """The prior of the tasks that there are sums of, by the computation that their rows would take."""
        family, past = family_of(estimator), self._known(prior, estimator)
        past = checked_past(past, estimator, family, sums, sums.feature_names)
        if sums.noise_variance is not None:
            private = of_private_sums(sums, estimator, family, past, effective_n_jobs(n_jobs))
            return self._learn(private, past, prior, n_jobs, progress)
        sums = statistics_without_copies(sums)
        if is_wide(self, sums.n_features, sums.count, past):
            wide = _collection.of_wide_sums(sums, estimator, family, past)
            return self._learn_wide(wide, past, prior, n_jobs, progress)
        return self._learn(_collection.of_sums(sums, estimator, family, past), past, prior, n_jobs, progress)
