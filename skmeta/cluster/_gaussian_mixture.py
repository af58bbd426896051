"""Gaussian mixtures whose parameters have a prior: how it is learned from tasks, and what their rows make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.cluster import KMeans
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from skmeta.base import AdaptedEstimators, Prior, register
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.cluster._adapt_clusters import ExpectedClusters, starts_of
from skmeta.cluster._adapted_clusters import AdaptedClusters
from skmeta.cluster._cluster_learner import ClusterLearner
from skmeta.cluster._expected_centers import ExpectedCenters, posterior
from skmeta.cluster._initial_priors import initial_priors, own_start
from skmeta.cluster._learn_clusters import ends_of
from skmeta.cluster._learn_mixture import (
    expected_covariances,
    learned_concentration,
    learned_mixtures,
    log_marginal_of_counts,
    log_marginal_of_products,
)
from skmeta.cluster._lloyd import Rows, rows_of, sums_of
from skmeta.cluster._mixture_em import SHAPES, ExpectedMixture, Mixture, best_mixture, scatters
from skmeta.cluster._own_clusters import OwnMixture
from skmeta.cluster._plain_mixture import filled, write_posterior
from skmeta.cluster._tasks_of_rows import arrays_of, check_n_clusters
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixturePrior(Prior):
    r"""Means, covariances and weights of a task's mixture lie around expected ones.

    .. math:: m_k = \mu_k + a + b_k, \qquad a \sim N(0, \tau \bar\Sigma), \quad b_k \sim N(0, \omega_k \bar\Sigma)

    Precisions are Wishart, weights Dirichlet, with :math:`\lambda` the ``covariance_dof`` and :math:`\alpha` the
    ``concentration``:

    .. math:: \Sigma_k^{-1} \sim W(\lambda + p + 1, (\lambda \bar\Sigma_k)^{-1}), \qquad \pi \sim D(\alpha)

    The adapted mixture has the most probable means, precisions and log odds of the weights: as if :math:`\lambda` rows a
    component of the expected covariance, and :math:`\alpha_k` rows of each, had been seen before. Component k is the same kind
    in each task, fewer rows than components are legal.

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
        Expected, of each component, with the ``reg_covar`` of the estimator that it was learned with.
    covariance_dof : float
        How many rows a component these are worth.
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
    def clusters_prior(self) -> ExpectedClusters:
        """What the means of a new task are expected to be, in coordinates where ``covariance`` is the identity."""
        return self.components_prior.clusters

    @cached_property
    def components_prior(self) -> ExpectedMixture:
        """What a new task's mixture is expected to be, in these coordinates."""
        centers = ExpectedCenters(whitened(self.centers, self.root), self.shift_variance, self.center_variance)
        clusters = ExpectedClusters(centers, 1.0, self.concentration / self.concentration.sum())
        covariances = whitened_covariances(self.covariances, self.root)
        return ExpectedMixture(clusters, covariances, self.covariance_dof, self.concentration)

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
            Its ``tol`` and ``max_iter`` stop the steps, its ``reg_covar`` is added to the variances of a task's own rows; what
            says where a fit starts has no effect, nor have priors of its own.
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


def whitened_covariances(covariances: Array, root: Array) -> Array:
    """Covariances, or sums of products, ``(..., p, p)`` in these coordinates."""
    return np.asarray(np.linalg.solve(root, np.linalg.solve(root, covariances).swapaxes(-1, -2)))


class AdaptedMixtures(AdaptedClusters):
    """Plain fitted mixtures; the steps are done when one is asked for, once."""

    def _clusters(self, rows: Rows, prior: ExpectedClusters) -> Mixture:
        starts = starts_of(prior, rows) + own_start(k_means_of(self.model), rows, prior)
        whole, shape = self.prior.components_prior._replace(clusters=prior), SHAPES[self.prior.covariance_type]
        options = {"max_iter": self.model.max_iter, "tol": self.model.tol}
        return best_mixture(rows.X, whole, starts, shape, self._noise, **options)

    @cached_property
    def _noise(self) -> Array:
        root = self.prior.root
        return whitened_covariances(self.model.reg_covar * np.eye(len(root)), root)

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

    @property
    def unlike_past(self) -> Array:
        """Probability, by its rows, that a task's centres lie anywhere, or that its covariances or weights are any."""
        odds = self._log_odds_of_any - np.log(max(self.prior.n_tasks, 1.0))
        return 1.0 - (1.0 - super().unlike_past) * expit(-odds).prod(axis=1)

    @cached_property
    def _log_odds_of_any(self) -> Array:
        """Of laws that are worth a row each over the learned ones ``(n_tasks, 2)``: covariances, and weights."""
        prior, kind = self.prior.components_prior, self.prior.covariance_type
        expected, concentration = prior.covariances, prior.concentration
        found = [self._products(code) for code in range(len(self.tasks))]
        counts = np.array([n for n, _ in found]).reshape(-1, len(expected))
        products = np.array([each for _, each in found]).reshape(-1, *expected.shape)
        covariances, learned = (
            log_marginal_of_products(worth, expected, products, counts, kind) for worth in (1.0, prior.covariance_dof)
        )
        shares = concentration / concentration.sum()
        weights = log_marginal_of_counts(shares, counts) - log_marginal_of_counts(concentration, counts)
        return np.column_stack([covariances - learned, weights])

    def _products(self, code: int) -> tuple[Array, Array]:
        """How many rows of a task each of its components has, and their products around its centre."""
        mixture = self._clusters_of(code)
        belongs = mixture.responsibilities
        return belongs.sum(axis=0), scatters(self._rows(code).X, belongs, mixture.centers, self._noise)

    def _rows(self, code: int) -> Rows:
        return rows_of(whitened(super()._rows(code).X, self.prior.root))


@register(GaussianMixture, BayesianGaussianMixture)
class GaussianMixtureLearner(ClusterLearner):
    """Learn how the mixtures of tasks lie around an expected one: `GaussianMixturePrior`.

    It begins where `KMeansLearner` ends, on standardised columns. Then the tasks' mixtures given the prior, and the prior
    given these, are found in turn. The estimator's ``reg_covar`` is added to variances once, in the units of the columns, as
    scikit-learn does. A task's own mixture stands beside the result in case that the past misleads: the
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

    _prior_class, _own = GaussianMixturePrior, OwnMixture

    def _learned(
        self, estimator: Any, numbers: Tasks, known: Any, n_jobs: int | None, progress: Any
    ) -> GaussianMixturePrior:
        parts = PartsOfWork(progress, 2)
        if known is None:
            start, root = initial_prior(estimator, numbers, self.max_tasks, n_jobs, parts.part(0))
        else:
            start, root = known.components_prior, known.root
        rows = [whitened(X, root) for X, _, _ in numbers]
        past_weight = 0.0 if known is None else known.n_tasks / (known.n_tasks + len(numbers))
        noise = whitened_covariances(estimator.reg_covar * np.eye(len(root)), root)
        options = {"max_iter": estimator.max_iter, "tol": estimator.tol, "noise": noise}
        options["progress"] = parts.part(1)
        found = learned_mixtures(start, rows, estimator.covariance_type, past_weight=past_weight, **options)
        return _prior_of(found, root, numbers, known, estimator.covariance_type)


def initial_prior(
    estimator: Any, tasks: Tasks, max_tasks: int, n_jobs: int | None, progress: Any = None
) -> tuple[ExpectedMixture, Array]:
    """A prior to begin with, from k-means on standardised columns, and the root of the covariance within its clusters."""
    kind = estimator.covariance_type
    scale = tasks.X.std(axis=0)
    scale = np.full_like(scale, np.sqrt(np.mean(scale**2))) if kind == "spherical" else scale
    scale = np.where(scale > 0, scale, 1.0)
    standard = tasks.with_rows(tasks.X / scale, None)
    rows = [rows_of(X) for X, _, _ in standard]
    priors = initial_priors(k_means_of(estimator), standard, rows, max_tasks, n_jobs)
    ends = ends_of(priors, rows, PartsOfWork(progress, 1 + len(priors)), max_iter=300)
    best = max(ends, key=lambda each: each.objective)
    centers, labels = best.prior.centers, [each.labels for each in best.clusters]
    K = len(centers.mean)
    belongs = [np.eye(K)[own] for own in labels]
    found = [sums_of(own, each, K) for own, each in zip(rows, labels, strict=True)]
    counts, sums = (np.stack(part) for part in zip(*found, strict=True))
    means = posterior(centers, counts, sums).centers(centers)
    noise = estimator.reg_covar * np.diag(scale**-2.0)
    products = np.stack([scatters(own.X, b, m, noise) for own, b, m in zip(rows, belongs, means, strict=True)])
    root = _root_of(SHAPES[kind](products.sum(axis=(0, 1))[None], np.array([counts.sum()]))[0], estimator)
    covariances, worth = expected_covariances(whitened_covariances(products, root), counts, kind)
    clusters = ExpectedClusters(centers._replace(mean=whitened(centers.mean, root)), 1.0, best.prior.shares)
    return ExpectedMixture(clusters, covariances, worth, learned_concentration(counts)), scale[:, None] * root


def _root_of(within: Array, estimator: Any) -> Array:
    """Lower triangular root of the covariance within clusters; ValueError where a direction has no variance."""
    values = np.linalg.eigvalsh(within)
    if values[0] <= len(within) * np.finfo(float).eps * values[-1]:
        raise ValueError(
            f"reg_covar: wanted so much that no combination of columns is constant within clusters, found "
            f"{estimator.reg_covar}; increase it, drop constant and doubled columns, or scale them."
        )
    return np.asarray(np.linalg.cholesky(within))


def _prior_of(prior: ExpectedMixture, root: Array, tasks: Tasks, known: Any, kind: str) -> GaussianMixturePrior:
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
