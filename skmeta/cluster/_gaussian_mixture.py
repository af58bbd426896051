"""Gaussian mixtures whose parameters have a prior: how it is learned from tasks, and what their rows make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from skmeta.base import AdaptedEstimators, Learner, Prior, register
from skmeta.cluster._adapt_clusters import ClustersLaw, starts_of
from skmeta.cluster._adapted_clusters import AdaptedClusters
from skmeta.cluster._centers_law import CentersLaw, posterior
from skmeta.cluster._first_laws import first_laws, own_start
from skmeta.cluster._learn_clusters import learned_clusters
from skmeta.cluster._learn_mixture import expected_covariances, learned_concentration, learned_mixtures
from skmeta.cluster._lloyd import Rows, rows_of, sums_of
from skmeta.cluster._mixture_em import SHAPES, Mixture, MixtureLaw, best_mixture, scatters
from skmeta.cluster._own_clusters import OwnClusters
from skmeta.cluster._plain_mixture import filled, relabel, write_laws
from skmeta.cluster._tasks_of_rows import arrays_of, check_n_clusters
from skmeta.compose import MixturePrior, first_component, with_own_model
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixturePrior(Prior):
    r"""Means, covariances and weights of a task's mixture lie around expected ones.

    .. math:: m_k = \mu_k + a + b_k, \qquad a \sim N(0, \tau \bar\Sigma), \quad b_k \sim N(0, \omega_k \bar\Sigma)

    Covariances are inverse Wishart, as if from ``rows`` rows a component seen before, weights are Dirichlet. The adapted
    mixture is the most probable one; component k is the same kind in each task, fewer rows than components are legal.

    Parameters
    ----------
    centers : ndarray of shape (n_components, n_features)
        Mean means, :math:`\mu`.
    common : float
        Variance of a task's shift, :math:`\tau`, in units of ``covariance``.
    own : ndarray of shape (n_components,)
        Variances of the means' own deviations, :math:`\omega`, in the same units.
    covariance : ndarray of shape (n_features, n_features)
        Of rows within components, on average, :math:`\bar\Sigma`.
    covariances : ndarray of shape (n_components, n_features, n_features)
        Expected, of each component.
    rows : float
        How many rows a component these are worth.
    concentration : ndarray of shape (n_components,)
        Of the Dirichlet law of the weights.
    covariance_type : {"full", "tied", "diag", "spherical"}
        Of the estimator that it was learned with.

    References
    ----------
    C. Fraley and A. E. Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering, Journal of Classification 24.
    """

    centers: Array
    common: float
    own: Array
    covariance: Array
    covariances: Array
    rows: float
    concentration: Array
    covariance_type: str

    weight_unit = 1.0  # mixtures take no weights

    def __repr__(self) -> str:
        return f"GaussianMixturePrior(n_components={len(self.centers)}, {self.covariance_type}, n_tasks={self.n_tasks:.0f})"

    @cached_property
    def root(self) -> Array:
        """Root ``R`` of ``covariance``: rows are ``R`` times what the law speaks of."""
        return np.asarray(np.linalg.cholesky(self.covariance))

    @property
    def law(self) -> ClustersLaw:
        """What the means of a new task are expected to be, in coordinates where ``covariance`` is the identity."""
        return self.mixture_law.clusters

    @cached_property
    def mixture_law(self) -> MixtureLaw:
        """What a new task's mixture is expected to be, in these coordinates."""
        centers = CentersLaw(whitened(self.centers, self.root), self.common, self.own)
        clusters = ClustersLaw(centers, 1.0, self.concentration / self.concentration.sum())
        back = np.linalg.inv(self.root)
        return MixtureLaw(clusters, back @ self.covariances @ back.T, self.rows, self.concentration)

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
        check_n_clusters(len(self.centers), estimator, "n_components")
        if estimator.covariance_type != self.covariance_type:
            raise ValueError(
                f"estimator: wanted covariance_type={self.covariance_type!r}, as the prior was learned with, found "
                f"{estimator.covariance_type!r}; set it, or learn a prior with this estimator."
            )
        return AdaptedMixtures(self, estimator, tasks, arrays_of(tasks, self.centers.shape[1]))


def whitened(X: Array, root: Array) -> Array:
    """Rows in coordinates where the mean covariance within components is the identity."""
    return np.asarray(np.linalg.solve(root, np.asarray(X).T).T)


class AdaptedMixtures(AdaptedClusters):
    """Plain fitted mixtures; the steps are done when one is asked for, once."""

    def _clusters(self, rows: Rows, law: ClustersLaw) -> Mixture:
        starts = starts_of(law, rows) + own_start(k_means_of(self.model), rows, law)
        whole, shape = self.prior.mixture_law._replace(clusters=law), SHAPES[self.prior.covariance_type]
        return best_mixture(rows.X, whole, starts, shape, max_iter=self.model.max_iter, tol=self.model.tol)

    def _plain(self, rows: Rows, clusters: Mixture) -> Any:
        prior, root, n = self.prior, self.prior.root, max(len(rows.X), 1)
        covariances = root @ clusters.covariances @ root.T
        fitted = filled(self.model, clusters.weights, clusters.centers @ root.T, covariances, prior.feature_names)
        fitted.n_iter_, fitted.converged_ = clusters.n_iter, clusters.converged or not len(rows.X)
        fitted.lower_bound_ = clusters.log_likelihood / n - np.log(np.diagonal(root)).sum()
        if hasattr(fitted, "weight_concentration_prior_type"):
            counts = clusters.responsibilities.sum(axis=0)
            precision = counts + 1.0 / np.maximum(prior.own, np.finfo(float).eps)
            dof = counts + prior.rows + prior.centers.shape[1] + 1.0
            write_laws(fitted, prior.concentration + counts, precision, dof)
        return fitted

    def _rows(self, code: int) -> Rows:
        return rows_of(whitened(super()._rows(code).X, self.prior.root))


@register(GaussianMixture, BayesianGaussianMixture)
class GaussianMixtureLearner(Learner):
    """Learn how the mixtures of tasks lie around an expected one: `GaussianMixturePrior`.

    It begins where `KMeansLearner` ends, on standardised columns. Then the tasks' mixtures given the law, and the law
    given these, are found in turn. A task's own mixture stands beside the result in case that the past misleads: the
    density of rows that were left out decides between them.

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

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection.

        Parameters
        ----------
        estimator : GaussianMixture or BayesianGaussianMixture
            Its ``random_state``, or 0 where it has none, says where its components start.
        tasks : Tasks
            The collection.
        prior : GaussianMixturePrior, default=None
            What was known before.
        n_jobs : int, default=None
            Parallel jobs over the fits of single tasks; the answer does not depend on it.
        progress : callable, default=None
            Not used.

        Returns
        -------
        Prior
            What is known now.
        """
        numbers = arrays_of(tasks)
        known = first_component(prior)
        if known is not None and not isinstance(known, GaussianMixturePrior):
            raise TypeError(f"prior: wanted a GaussianMixturePrior, found {prior!r}; learn one with this estimator.")
        if known is not None:
            known.adapt_tasks(estimator, Tasks.none())  # raises where the estimator is another one
        law, root = first_law(estimator, numbers, n_jobs) if known is None else (known.mixture_law, known.root)
        rows = [whitened(X, root) for X, _, _ in numbers]
        share = 0.0 if known is None else known.n_tasks / (known.n_tasks + len(tasks))
        options = {"max_iter": estimator.max_iter, "tol": estimator.tol, "reg_covar": estimator.reg_covar}
        law = learned_mixtures(law, rows, estimator.covariance_type, share=share, **options)
        found = _prior_of(law, root, tasks, known, estimator.covariance_type)
        if isinstance(prior, MixturePrior):
            own: Any = prior.components[1]
            return replace(prior, components=[found, replace(own, centers=found.centers)])
        alone = OwnClusters(
            centers=found.centers, size="n_components", relabel=relabel, feature_names=found.feature_names
        )
        return with_own_model(found, estimator, tasks, own=alone)


def first_law(estimator: Any, tasks: Tasks, n_jobs: int | None) -> tuple[MixtureLaw, Array]:
    """A law to begin with, from k-means on standardised columns, and the root of the covariance within its clusters."""
    kind = estimator.covariance_type
    scale = tasks.X.std(axis=0)
    scale = np.full_like(scale, np.sqrt(np.mean(scale**2))) if kind == "spherical" else scale
    scale = np.where(scale > 0, scale, 1.0)
    standard = tasks.with_rows(tasks.X / scale, None)
    rows = [rows_of(X) for X, _, _ in standard]
    laws = first_laws(k_means_of(estimator), standard, rows, n_jobs)
    best = max((learned_clusters(law, rows, max_iter=300) for law in laws), key=lambda each: each.objective)
    centers, labels = best.law.centers, [each.labels for each in best.clusters]
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
    clusters = ClustersLaw(centers._replace(mean=whitened(centers.mean, root)), 1.0, best.law.shares)
    return MixtureLaw(clusters, covariances, worth, learned_concentration(counts)), scale[:, None] * root


def _prior_of(law: MixtureLaw, root: Array, tasks: Tasks, known: Any, kind: str) -> GaussianMixturePrior:
    n_tasks, n_rows = (0.0, 0.0) if known is None else (known.n_tasks, known.n_rows)
    mean, common, own = law.clusters.centers
    return GaussianMixturePrior(
        mean @ root.T,
        common,
        own,
        root @ root.T,
        root @ law.covariances @ root.T,
        law.rows,
        law.concentration,
        kind,
        n_tasks=n_tasks + len(tasks),
        n_rows=n_rows + tasks.n_rows,
        feature_names=tasks.feature_names,
    )


def k_means_of(estimator: Any) -> KMeans:
    """Where a mixture starts: at k-means, as scikit-learn's own."""
    return KMeans(estimator.n_components, random_state=estimator.random_state)
