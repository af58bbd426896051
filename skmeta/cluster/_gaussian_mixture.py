"""Gaussian mixtures whose parameters have a prior: how it is learned from tasks, and what their rows make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from skmeta.base import AdaptedEstimators, Prior, register
from skmeta.cluster._adapt_clusters import ClustersPrior, starts_of
from skmeta.cluster._adapted_clusters import AdaptedClusters
from skmeta.cluster._centers_prior import CentersPrior, posterior
from skmeta.cluster._cluster_learner import ClusterLearner
from skmeta.cluster._initial_priors import initial_priors, own_start
from skmeta.cluster._learn_clusters import learned_clusters
from skmeta.cluster._learn_mixture import expected_covariances, learned_concentration, learned_mixtures
from skmeta.cluster._lloyd import Rows, rows_of, sums_of
from skmeta.cluster._mixture_em import SHAPES, ComponentsPrior, Mixture, best_mixture, scatters
from skmeta.cluster._own_clusters import OwnMixture
from skmeta.cluster._plain_mixture import filled, write_posterior
from skmeta.cluster._tasks_of_rows import arrays_of, check_n_clusters
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixturePrior(Prior):
    r"""Means, covariances and weights of a task's mixture lie around expected ones.

    .. math:: m_k = \mu_k + a + b_k, \qquad a \sim N(0, \tau \bar\Sigma), \quad b_k \sim N(0, \omega_k \bar\Sigma)

    Covariances are inverse Wishart, as if from ``covariance_dof`` rows a component seen before, weights are Dirichlet. The
    adapted mixture is the most probable one; component k is the same kind in each task, fewer rows than components are legal.

    Parameters
    ----------
    centers : ndarray of shape (n_components, n_features)
        Mean means, :math:`\mu`.
    shift_variance : float
        Variance of a task's shift, :math:`\tau`, in units of ``covariance``.
    center_variance : ndarray of shape (n_components,)
        Variances of the means' own deviations, :math:`\omega`, in the same units.
    covariance : ndarray of shape (n_features, n_features)
        Of rows within components, on average, :math:`\bar\Sigma`.
    covariances : ndarray of shape (n_components, n_features, n_features)
        Expected, of each component.
    covariance_dof : float
        How many rows a component these are worth: degrees of freedom of the inverse Wishart beyond those of a flat one.
    concentration : ndarray of shape (n_components,)
        Of the Dirichlet prior of the weights.
    covariance_type : {"full", "tied", "diag", "spherical"}
        Of the estimator that it was learned with.

    References
    ----------
    C. Fraley and A. E. Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering, Journal of Classification 24.
    """

    centers: Array
    shift_variance: float
    center_variance: Array
    covariance: Array
    covariances: Array
    covariance_dof: float
    concentration: Array
    covariance_type: str

    weight_unit = 1.0  # mixtures take no weights

    def __repr__(self) -> str:
        return f"GaussianMixturePrior(n_components={len(self.centers)}, {self.covariance_type}, n_tasks={self.n_tasks:.0f})"

    @cached_property
    def root(self) -> Array:
        """Root ``R`` of ``covariance``: rows are ``R`` times what the prior speaks of."""
        return np.asarray(np.linalg.cholesky(self.covariance))

    @property
    def clusters_prior(self) -> ClustersPrior:
        """What the means of a new task are expected to be, in coordinates where ``covariance`` is the identity."""
        return self.components_prior.clusters

    @cached_property
    def components_prior(self) -> ComponentsPrior:
        """What a new task's mixture is expected to be, in these coordinates."""
        centers = CentersPrior(whitened(self.centers, self.root), self.shift_variance, self.center_variance)
        clusters = ClustersPrior(centers, 1.0, self.concentration / self.concentration.sum())
        back = np.linalg.inv(self.root)
        return ComponentsPrior(clusters, back @ self.covariances @ back.T, self.covariance_dof, self.concentration)

    def check_is_of(self, estimator: Any) -> None:
        """Raise for an estimator of another family clusters or covariances, see `Prior.check_is_of`."""
        check_n_clusters(self, estimator, "n_components", "GaussianMixture or BayesianGaussianMixture")
        if estimator.covariance_type != self.covariance_type:
            raise ValueError(
                f"estimator: wanted covariance_type={self.covariance_type!r}, as the prior was learned with, found "
                f"{estimator.covariance_type!r}; set it, or learn a prior with this estimator."
            )

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : GaussianMixture or BayesianGaussianMixture
            Its ``tol`` and ``max_iter`` stop the steps; what says where a fit starts has no effect, nor have priors of its
            own.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Not used: a task takes milliseconds.

        Returns
        -------
        AdaptedMixtures
            Plain fitted estimators.

        Raises
        ------
        ValueError
            If the estimator has another number of components or another kind of covariances.
        """
        self.check_is_of(estimator)
        return AdaptedMixtures(self, estimator, tasks, arrays_of(tasks, self.centers.shape[1]))


def whitened(X: Array, root: Array) -> Array:
    """Rows in coordinates where the mean covariance within components is the identity."""
    return np.asarray(np.linalg.solve(root, np.asarray(X).T).T)


class AdaptedMixtures(AdaptedClusters):
    """Plain fitted mixtures; the steps are done when one is asked for, once."""

    def _clusters(self, rows: Rows, prior: ClustersPrior) -> Mixture:
        starts = starts_of(prior, rows) + own_start(k_means_of(self.model), rows, prior)
        whole, shape = self.prior.components_prior._replace(clusters=prior), SHAPES[self.prior.covariance_type]
        return best_mixture(rows.X, whole, starts, shape, max_iter=self.model.max_iter, tol=self.model.tol)

    def _plain(self, rows: Rows, clusters: Mixture) -> Any:
        prior, root, n = self.prior, self.prior.root, max(len(rows.X), 1)
        covariances = root @ clusters.covariances @ root.T
        fitted = filled(self.model, clusters.weights, clusters.centers @ root.T, covariances, prior.feature_names)
        fitted.n_iter_, fitted.converged_ = clusters.n_iter, clusters.converged or not len(rows.X)
        fitted.lower_bound_ = clusters.log_likelihood / n - np.log(np.diagonal(root)).sum()
        if hasattr(fitted, "weight_concentration_prior_type"):
            counts = clusters.responsibilities.sum(axis=0)
            precision = counts + 1.0 / np.maximum(prior.center_variance, np.finfo(float).eps)
            dof = counts + prior.covariance_dof + prior.centers.shape[1] + 1.0
            write_posterior(fitted, prior.concentration + counts, precision, dof)
        return fitted

    def _rows(self, code: int) -> Rows:
        return rows_of(whitened(super()._rows(code).X, self.prior.root))


@register(GaussianMixture, BayesianGaussianMixture)
class GaussianMixtureLearner(ClusterLearner):
    """Learn how the mixtures of tasks lie around an expected one: `GaussianMixturePrior`.

    It begins where `KMeansLearner` ends, on standardised columns. Then the tasks' mixtures given the prior, and the prior
    given these, are found in turn. A task's own mixture stands beside the result in case that the past misleads: the
    density of rows that were left out decides between them.

    Parameters
    ----------
    max_tasks : int, default=30
        Tasks that are clustered alone for a start, of all sizes; it bounds the time.

    References
    ----------
    C. Fraley and A. E. Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering, Journal of Classification 24.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from skmeta import WarmStartClusterer
    >>> rng = np.random.default_rng(0)
    >>> day, kind = np.repeat(np.arange(20), 30), rng.integers(2, size=600)
    >>> x = 10.0 * kind + (1.0 + kind) * rng.normal(size=600)
    >>> prior = WarmStartClusterer(GaussianMixture(2, random_state=0), task=-1).fit(np.column_stack([x, day])).prior_
    >>> np.sort(np.sqrt(prior.covariances.ravel())).round().tolist()
    [1.0, 2.0]
    """

    _kind, _own = GaussianMixturePrior, OwnMixture

    def _learned(self, estimator: Any, numbers: Tasks, known: Any, n_jobs: int | None) -> GaussianMixturePrior:
        if known is None:
            start, root = initial_prior(estimator, numbers, self.max_tasks, n_jobs)
        else:
            start, root = known.components_prior, known.root
        rows = [whitened(X, root) for X, _, _ in numbers]
        share = 0.0 if known is None else known.n_tasks / (known.n_tasks + len(numbers))
        options = {"max_iter": estimator.max_iter, "tol": estimator.tol, "reg_covar": estimator.reg_covar}
        found = learned_mixtures(start, rows, estimator.covariance_type, share=share, **options)
        return _prior_of(found, root, numbers, known, estimator.covariance_type)


def initial_prior(estimator: Any, tasks: Tasks, max_tasks: int, n_jobs: int | None) -> tuple[ComponentsPrior, Array]:
    """A prior to begin with, from k-means on standardised columns, and the root of the covariance within its clusters."""
    kind = estimator.covariance_type
    scale = tasks.X.std(axis=0)
    scale = np.full_like(scale, np.sqrt(np.mean(scale**2))) if kind == "spherical" else scale
    scale = np.where(scale > 0, scale, 1.0)
    standard = tasks.with_rows(tasks.X / scale, None)
    rows = [rows_of(X) for X, _, _ in standard]
    priors = initial_priors(k_means_of(estimator), standard, rows, max_tasks, n_jobs)
    best = max((learned_clusters(prior, rows, max_iter=300) for prior in priors), key=lambda each: each.objective)
    centers, labels = best.prior.centers, [each.labels for each in best.clusters]
    K = len(centers.mean)
    belongs = [np.eye(K)[own] for own in labels]
    found = [sums_of(own, each, K) for own, each in zip(rows, labels, strict=True)]
    counts, sums = (np.stack(part) for part in zip(*found, strict=True))
    means = posterior(centers, counts, sums).centers(centers)
    products = np.stack([scatters(own.X, *each) for own, *each in zip(rows, belongs, means, strict=True)])
    within = products.sum(axis=(0, 1)) / counts.sum() + estimator.reg_covar * np.eye(len(scale))
    root = np.linalg.cholesky(SHAPES[kind](within[None], np.ones(1))[0])
    back = np.linalg.inv(root)
    covariances, worth = expected_covariances(back @ products @ back.T, counts, kind, estimator.reg_covar)
    clusters = ClustersPrior(centers._replace(mean=whitened(centers.mean, root)), 1.0, best.prior.shares)
    return ComponentsPrior(clusters, covariances, worth, learned_concentration(counts)), scale[:, None] * root


def _prior_of(prior: ComponentsPrior, root: Array, tasks: Tasks, known: Any, kind: str) -> GaussianMixturePrior:
    n_tasks, n_rows = (0.0, 0.0) if known is None else (known.n_tasks, known.n_rows)
    mean, common, own = prior.clusters.centers
    return GaussianMixturePrior(
        mean @ root.T,
        common,
        own,
        root @ root.T,
        root @ prior.covariances @ root.T,
        prior.covariance_dof,
        prior.concentration,
        kind,
        n_tasks=n_tasks + len(tasks),
        n_rows=n_rows + tasks.n_rows,
    )


def k_means_of(estimator: Any) -> KMeans:
    """Where a mixture starts: at k-means, as scikit-learn's own."""
    return KMeans(estimator.n_components, random_state=estimator.random_state)
