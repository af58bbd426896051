"""k-means whose centres have a prior: how it is learned from tasks, and what their rows make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans

from skmeta.base import AdaptedEstimators, Prior, register
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.cluster._adapt_clusters import ExpectedClusters, adapt_clusters
from skmeta.cluster._adapted_clusters import AdaptedClusters
from skmeta.cluster._cluster_learner import ClusterLearner
from skmeta.cluster._expected_centers import ExpectedCenters
from skmeta.cluster._initial_priors import initial_priors, own_start
from skmeta.cluster._learn_clusters import Learned, ends_of
from skmeta.cluster._lloyd import Clusters, Rows, nearest
from skmeta.cluster._own_clusters import OwnKMeans
from skmeta.cluster._plain_k_means import filled, template
from skmeta.cluster._tasks_of_rows import arrays_of, check_n_clusters, rows_of_task
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class KMeansPrior(Prior):
    r"""Centres lie around mean centres: a shift of the whole task, and a deviation of each centre.

    .. math:: m_k = \mu_k + a + b_k, \qquad a \sim N(0, \tau \sigma^2 I), \quad b_k \sim N(0, \omega_k \sigma^2 I)

    Given the shift, the most probable centres are those of k-means on the task's rows and one more row in each cluster,
    :math:`\mu_k + a`, of weight :math:`1 / \omega_k`: a centre without rows stays there, and cluster k is the same kind in
    each task. Fewer rows than clusters are legal.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        Mean centres, :math:`\mu`.
    shift_variance : float
        Variance of a task's shift, :math:`\tau`, in units of ``variance``.
    center_variance : ndarray of shape (n_clusters,)
        Variances of the centres' own deviations, :math:`\omega`, in the same units: a centre is worth
        ``1 / center_variance`` rows.
    variance : float
        Of the columns within clusters, :math:`\sigma^2`.
    shares : ndarray of shape (n_clusters,)
        Shares of the clusters among rows.
    weight_unit : float, default=1.0
        What a row weighs on average; rows without weights weigh one unit.
    """

    centers: Array
    shift_variance: float
    center_variance: Array
    variance: float
    shares: Array
    weight_unit: float = 1.0

    def __repr__(self) -> str:
        return f"KMeansPrior(n_clusters={len(self.centers)}, n_tasks={self.n_tasks:.0f})"

    @property
    def clusters_prior(self) -> ExpectedClusters:
        """What a new task is expected to be."""
        return ExpectedClusters(
            ExpectedCenters(self.centers, self.shift_variance, self.center_variance), self.variance, self.shares
        )

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator of another family or with another number of clusters, see `Prior.check_is_of`."""
        check_n_clusters(self, estimator, "n_clusters", "KMeans or MiniBatchKMeans")

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : KMeans or MiniBatchKMeans
            Its ``tol`` and ``max_iter`` stop the steps; ``init``, ``n_init`` and ``algorithm`` have no effect.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Not used: a task takes less than a millisecond.

        Returns
        -------
        AdaptedKMeans
            Plain fitted estimators.
        """
        self.check_is_of(estimator)
        numbers = arrays_of(tasks, self.centers.shape[1], accept_sparse=True)
        return AdaptedKMeans(self, estimator, tasks, numbers)


class AdaptedKMeans(AdaptedClusters):
    """Plain fitted k-means estimators; the steps are done when one is asked for, once."""

    def _clusters(self, rows: Rows, prior: ExpectedClusters) -> Clusters:
        tol = self.model.tol * self.prior.variance  # as scikit-learn: beside the variance of the columns
        more = own_start(self.model, rows, prior)
        return adapt_clusters(prior, rows, more, max_iter=self.model.max_iter, tol=tol)

    @property
    def unlike_past(self) -> Array:
        """One: the probability that centres lie anywhere does not see that a past of mere noise misleads."""
        return np.ones(len(self.tasks))

    def _plain(self, rows: Rows, clusters: Clusters) -> Any:
        inertia = float(rows.weight @ nearest(rows, clusters.centers)[1]) * self.prior.weight_unit
        return filled(self._template, clusters, inertia)

    def _ask(self, estimator: Any, method: str, X: Any) -> NDArray[Any]:
        """scikit-learn's k-means reads rows of the type of its centres alone."""
        dtype = estimator.cluster_centers_.dtype
        return super()._ask(estimator, method, X.astype(dtype) if getattr(X, "dtype", dtype) != dtype else X)

    @cached_property
    def _template(self) -> Any:
        dtype = np.float32 if getattr(self.tasks.X, "dtype", None) == np.float32 else np.float64
        return template(self.model, self.prior.centers.shape[1], self.prior.feature_names, dtype)


@register(KMeans, MiniBatchKMeans)
class KMeansLearner(ClusterLearner):
    """Learn how the centres of tasks lie around common ones: `KMeansPrior`.

    Labels of tasks that have two rows a cluster, clustered alone, are aligned by the Hungarian method; the other start is
    k-means of all rows. From each, the tasks' clusters given the prior, and the prior given their clusters, are found in turn
    until the density of the rows rises no more, and the start that ends higher is taken. A task's own k-means stands beside
    the result in case that the past misleads: how well rows that were left out are described decides between them.

    Parameters
    ----------
    max_tasks : int, default=30
        Tasks that are clustered alone for a start, of all sizes; it bounds the time.

    References
    ----------
    H. W. Kuhn (1955), The Hungarian method for the assignment problem, Naval Research Logistics Quarterly 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.cluster import KMeans
    >>> from skmeta import WarmStartClusterer
    >>> rng = np.random.default_rng(0)
    >>> day, kind = np.repeat(np.arange(20), 30), rng.integers(3, size=600)
    >>> x = 5.0 + 10.0 * kind + rng.normal(size=600)
    >>> prior = WarmStartClusterer(KMeans(3, random_state=0), task=-1).fit(np.column_stack([x, day])).prior_
    >>> sorted(prior.centers.ravel().round().tolist())
    [5.0, 15.0, 25.0]
    """

    _prior_class, _own, _sparse = KMeansPrior, OwnKMeans, True

    def _learned(self, estimator: Any, numbers: Tasks, known: Any, n_jobs: int | None, progress: Any) -> KMeansPrior:
        unit = numbers.mean_weight if known is None else known.weight_unit
        rows = [rows_of_task(numbers, code, unit) for code in range(len(numbers))]
        n_past = 0.0 if known is None else known.n_tasks
        starts = (
            initial_priors(estimator, numbers, rows, self.max_tasks, n_jobs)
            if known is None
            else [known.clusters_prior]
        )
        ends = ends_of(starts, rows, PartsOfWork(progress, 1 + len(starts)), max_iter=estimator.max_iter, n_past=n_past)
        return _prior_of(max(ends, key=lambda each: each.objective), numbers, known, unit)


def _prior_of(learned: Learned, tasks: Tasks, known: Any, unit: float) -> KMeansPrior:
    prior = learned.prior
    n_tasks, n_rows = (0.0, 0.0) if known is None else (known.n_tasks, known.n_rows)
    return KMeansPrior(
        prior.centers.mean,
        prior.centers.shift_variance,
        prior.centers.center_variance,
        prior.variance,
        prior.shares,
        unit,
        n_tasks=n_tasks + len(tasks),
        n_rows=n_rows + tasks.n_rows,
    )
