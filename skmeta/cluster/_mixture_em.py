r"""Maximum a posteriori EM for a Gaussian mixture whose means, precisions and weights have a learned prior.

Rows are in coordinates in which the mean covariance within clusters is the identity. The prior of the means is that of
`ExpectedCenters` there; precisions and weights are

.. math:: \Sigma_k^{-1} \sim W(\lambda + p + 1, (\lambda \bar\Sigma_k)^{-1}), \qquad \pi \sim D(\alpha).

The most probable precisions, and log odds of the weights, are sought. Given the responsibilities these are, of the covariances
and weights, the means under the same law, :math:`E \Sigma_k = (\lambda \bar\Sigma_k + S_k) / (\lambda + n_k)` and
:math:`E \pi_k \propto \alpha_k + n_k`, as if :math:`\lambda` rows a cluster and :math:`\alpha_k` rows of each had been seen
before: a maximum depends on what the density is of (MacKay, 1998, Choice of basis for Laplace approximation, Machine
Learning 33).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from skmeta.cluster._adapt_clusters import ExpectedClusters
from skmeta.cluster._expected_centers import ExpectedCenters

Array = NDArray[np.float64]


class ExpectedMixture(NamedTuple):
    r"""What a new task's mixture is expected to be.

    Parameters
    ----------
    clusters : ExpectedClusters
        Of its means; the variance within clusters is one.
    covariances : ndarray of shape (n_components, n_features, n_features)
        Expected.
    covariance_dof : float
        How many rows a component these are worth, :math:`\lambda`.
    concentration : ndarray of shape (n_components,)
        How many rows of each component the expected weights are worth.
    """

    clusters: ExpectedClusters
    covariances: Array
    covariance_dof: float
    concentration: Array


class Mixture(NamedTuple):
    """A task's mixture, the responsibilities of its rows, its log posterior and log likelihood, and the steps it took."""

    weights: Array
    centers: Array
    covariances: Array
    responsibilities: Array
    objective: float
    log_likelihood: float
    n_iter: int
    converged: bool

    @property
    def labels(self) -> NDArray[np.int32]:
        """The most probable component of each row."""
        return self.responsibilities.argmax(axis=1).astype(np.int32)


def best_mixture(
    X: Array, prior: ExpectedMixture, starts: list[Array], shape: Shape, noise: Array, *, max_iter: int, tol: float
) -> Mixture:
    """The mixture of the highest posterior density that is reached from several means."""
    found = [map_em(X, prior, start, shape, noise, max_iter=max_iter, tol=tol) for start in starts]
    return max(found, key=lambda mixture: mixture.objective)


def map_em(
    X: Array, prior: ExpectedMixture, centers: Array, shape: Shape, noise: Array, *, max_iter: int, tol: float
) -> Mixture:
    """EM from some means on; it stops where the log posterior a row rises by less than ``tol``.

    Means and covariances are updated in turn, which raises the posterior too (Meng and Rubin, 1993); as in scikit-learn, not
    so the noise (``reg_covar``) that is added to covariances.

    References
    ----------
    C. Fraley and A. E. Raftery (2007), Bayesian regularization for normal mixture estimation and model-based
    clustering, Journal of Classification 24.
    """
    weights, covariances = prior.concentration / prior.concentration.sum(), prior.covariances
    before, n_iter, penalty = -np.inf, 0, -np.inf
    while True:
        joint = log_joint(X, weights, centers, covariances)
        highest = joint.max(axis=1, keepdims=True)
        responsibilities = np.exp(joint - highest)
        total = responsibilities.sum(axis=1, keepdims=True)
        responsibilities /= total
        likelihood = float((np.log(total) + highest).sum())
        converged = n_iter > 0 and likelihood + penalty - before < tol * len(X)
        if converged or n_iter == max_iter or not len(X):
            break
        before, n_iter = likelihood + penalty, n_iter + 1
        counts = responsibilities.sum(axis=0)
        sums = responsibilities.T @ X
        weights = (prior.concentration + counts) / (prior.concentration.sum() + counts.sum())
        centers, shift = updated_centers(prior.clusters.centers, counts, sums, covariances)
        scatter = scatters(X, responsibilities, centers, noise)
        covariances = shape(prior.covariance_dof * prior.covariances + scatter, prior.covariance_dof + counts)
        penalty = _log_prior(prior, weights, centers, shift, covariances)
    return Mixture(weights, centers, covariances, responsibilities, likelihood + penalty, likelihood, n_iter, converged)


def log_joint(X: Array, weights: Array, centers: Array, covariances: Array) -> Array:
    """Log density of each row with each component ``(n, K)``."""
    root = np.linalg.cholesky(covariances)
    z = np.linalg.solve(root, (X - centers[:, None, :]).transpose(0, 2, 1))
    half_log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    constant = half_log_det + 0.5 * X.shape[1] * np.log(2.0 * np.pi)
    return np.asarray(np.log(weights) - constant - 0.5 * np.square(z).sum(axis=1).T)


def scatters(X: Array, responsibilities: Array, centers: Array, noise: Array) -> Array:
    """Sums of the products of rows around each component's centre ``(K, p, p)``, each row with a covariance of noise."""
    around = X - centers[:, None, :]
    products = np.einsum("kni,nk,knj->kij", around, responsibilities, around, optimize=True)
    return np.asarray(products + responsibilities.sum(axis=0)[:, None, None] * noise)


def updated_centers(prior: ExpectedCenters, counts: Array, sums: Array, covariances: Array) -> tuple[Array, Array]:
    r"""The most probable means ``(K, p)``, and shift ``(p,)``, given responsibilities and covariances.

    With :math:`W_k = n_k (\Sigma_k + n_k \omega_k I)^{-1}`, the precision with which cluster :math:`k` shows the shift, and
    :math:`r_k` the mean of its rows less :math:`\mu_k`,

    .. math:: (I + \tau \sum_k W_k)\, a = \tau \sum_k W_k r_k, \qquad b_k = \omega_k W_k (r_k - a).
    """
    p = sums.shape[1]
    spread = (counts * prior.center_variance)[:, None, None] * np.eye(p)
    residual = np.divide(sums, counts[:, None], out=np.zeros_like(sums), where=counts[:, None] > 0) - prior.mean
    precision = np.linalg.solve(covariances + spread, counts[:, None, None] * np.eye(p))
    total = np.einsum("kij,kj->i", precision, residual)
    shift = np.linalg.solve(np.eye(p) + prior.shift_variance * precision.sum(axis=0), prior.shift_variance * total)
    deviation = prior.center_variance[:, None] * np.einsum("kij,kj->ki", precision, residual - shift)
    return prior.mean + shift + deviation, shift


def _log_prior(prior: ExpectedMixture, weights: Array, centers: Array, shift: Array, covariances: Array) -> float:
    """Log density of means, precisions and log odds of weights, but for constants; what cannot vary does not."""
    mean, common, own = prior.clusters.centers
    squares = np.square(centers - mean - shift).sum(axis=1)
    found = -0.5 * np.divide(squares, own, out=np.zeros_like(squares), where=own > 0).sum()
    found -= 0.5 * np.square(shift).sum() / common if common > 0 else 0.0
    found += xlogy(prior.concentration, weights).sum()
    log_det = np.linalg.slogdet(covariances)[1].sum()
    trace = np.trace(np.linalg.solve(covariances, prior.covariances), axis1=1, axis2=2).sum()
    return float(found - 0.5 * prior.covariance_dof * (log_det + trace))


Shape = Callable[[Array, Array], Array]  # covariances from sums of products (K, p, p), and how many rows each is of


def _full(products: Array, counts: Array) -> Array:
    return np.asarray(products / counts[:, None, None])


def _tied(products: Array, counts: Array) -> Array:
    return np.broadcast_to(products.sum(axis=0) / counts.sum(), products.shape).copy()


def _diag(products: Array, counts: Array) -> Array:
    return np.asarray(_full(products, counts) * np.eye(products.shape[-1]))


def _spherical(products: Array, counts: Array) -> Array:
    p = products.shape[-1]
    return np.asarray((np.trace(products, axis1=1, axis2=2) / (p * counts))[:, None, None] * np.eye(p))


SHAPES: dict[str, Shape] = {"full": _full, "tied": _tied, "diag": _diag, "spherical": _spherical}
