"""The prior of mixtures from many tasks: their mixtures given the prior, and the prior given their mixtures, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, multigammaln

from skmeta.cluster._adapt_clusters import ExpectedClusters, starts_of
from skmeta.cluster._expected_centers import learned_centers, posterior
from skmeta.cluster._lloyd import rows_of
from skmeta.cluster._mixture_em import SHAPES, ExpectedMixture, best_mixture, scatters

Array = NDArray[np.float64]

_ROUNDS = 10  # guard: the prior settles after three to six rounds
_SETTLED = 1e-3  # relative change of the means' variances
_EM_STEPS = 10  # of the prior of the means in each round
_WORTH = np.geomspace(1.0, 1e4, 25)  # rows that covariances, and weights, may be worth


def learned_mixtures(
    first: ExpectedMixture,
    rows: Sequence[Array],
    kind: str,
    *,
    max_iter: int,
    tol: float,
    noise: Array,
    past_weight: float,
    progress: Any = None,
) -> ExpectedMixture:
    """The prior, from a first one on, until the means' variances settle; what was known before has a ``past_weight``.

    ``progress(done, total)`` is called after each round.
    """
    prior = first
    found: list[list[Array]] = [[] for _ in rows]
    for done in range(1, _ROUNDS + 1):
        mixtures = [
            best_mixture(
                Z, prior, starts_of(prior.clusters, rows_of(Z)) + own, SHAPES[kind], noise, max_iter=max_iter, tol=tol
            )
            for Z, own in zip(rows, found, strict=True)
        ]
        found, before = [[each.centers] for each in mixtures], prior.clusters.centers.center_variance.mean()
        prior = _prior_given(prior, first, rows, [each.responsibilities for each in mixtures], kind, noise, past_weight)
        if progress is not None:
            progress(done, _ROUNDS)
        if abs(prior.clusters.centers.center_variance.mean() - before) <= _SETTLED * before:
            break
    return prior


def _prior_given(
    prior: ExpectedMixture,
    past: ExpectedMixture,
    rows: Sequence[Array],
    belongs: Sequence[Array],
    kind: str,
    noise: Array,
    past_weight: float,
) -> ExpectedMixture:
    """The prior given which component each row is of."""
    counts = np.stack([each.sum(axis=0) for each in belongs])
    sums = np.stack([each.T @ Z for each, Z in zip(belongs, rows, strict=True)])
    centers = learned_centers(prior.clusters.centers, past.clusters.centers, counts, sums, 1.0, past_weight, _EM_STEPS)
    at = posterior(centers, counts, sums)
    means = at.centers(centers)
    products = np.stack([scatters(*each, noise) for each in zip(rows, belongs, means, strict=True)])
    uncertain = counts * at.center_variance(centers, counts)
    products += uncertain[:, :, None, None] * np.eye(products.shape[-1])
    covariances, worth = expected_covariances(products, counts, kind)
    concentration = past_weight * past.concentration + (1.0 - past_weight) * learned_concentration(counts)
    return ExpectedMixture(
        ExpectedClusters(centers, 1.0, concentration / concentration.sum()),
        past_weight * past.covariances + (1.0 - past_weight) * covariances,
        past_weight * past.covariance_dof + (1.0 - past_weight) * worth,
        concentration,
    )


def expected_covariances(products: Array, counts: Array, kind: str) -> tuple[Array, float]:
    """Covariances ``(K, p, p)`` from the sums of products ``(T, K, p, p)`` of tasks, and how many rows they are worth.

    Each component has as many rows of the average covariance as columns and one: one that hardly any task has is not flat.
    """
    p = products.shape[-1]
    average = products.sum(axis=(0, 1)) / counts.sum()
    total, n = products.sum(axis=0) + (p + 1.0) * average, counts.sum(axis=0) + p + 1.0
    expected = SHAPES[kind](total, n)
    density = [log_marginal_of_products(worth, expected, products, counts, kind).sum() for worth in _WORTH]
    return expected, float(_WORTH[int(np.argmax(density))])


def log_marginal_of_products(worth: float, expected: Array, products: Array, counts: Array, kind: str) -> Array:
    r"""Log density ``(T,)`` of tasks' products around centres, but for constants, their covariances integrated.

    They are inverse Wishart with :math:`\nu = \lambda + p + 1` degrees of freedom and scale :math:`\lambda \bar\Sigma`, so that
    the mean is :math:`\bar\Sigma`; diagonal ones are so column by column. One variance of all columns is known by
    :math:`\lambda p` numbers, one covariance of all components by :math:`\lambda K` rows.
    """
    p = expected.shape[-1]
    if kind in ("full", "tied"):
        if kind == "tied":
            worth, expected = worth * len(expected), expected[:1]
            products, counts = products.sum(axis=1, keepdims=True), counts.sum(axis=1, keepdims=True)
        dof = worth + p + 1.0
        after = np.linalg.slogdet(worth * expected + products)[1]
        before = np.linalg.slogdet(worth * expected)[1]
        gamma = multigammaln((dof + counts) / 2.0, p) - multigammaln(dof / 2.0, p)
        return np.asarray((gamma + 0.5 * dof * before - 0.5 * (dof + counts) * after).sum(axis=-1))
    scale, squares = (np.diagonal(each, axis1=-2, axis2=-1) for each in (expected, products))
    n = counts[..., None]
    if kind == "spherical":
        n, worth = n * p, worth * p
        scale, squares = scale.mean(axis=-1, keepdims=True), squares.sum(axis=-1, keepdims=True)
    dof = worth + 2.0
    gamma = gammaln((dof + n) / 2.0) - gammaln(dof / 2.0)
    after = np.log(worth * scale + squares)
    found = gamma + 0.5 * dof * np.log(worth * scale) - 0.5 * (dof + n) * after
    return np.asarray(found.sum(axis=(-2, -1)))


def learned_concentration(counts: Array) -> Array:
    r"""Dirichlet prior of the weights ``(K,)`` from tasks' counts ``(T, K)``.

    .. math:: \alpha = \lambda \bar\pi, \qquad \bar\pi_k = \frac{1 + \sum_t n_{tk}}{K + \sum_{tk} n_{tk}},

    with the :math:`\lambda` under which the counts of all tasks are most probable, their weights integrated.
    """
    shares = (counts.sum(axis=0) + 1.0) / (counts.sum() + counts.shape[1])
    density = [log_marginal_of_counts(worth * shares, counts).sum() for worth in _WORTH]
    return np.asarray(_WORTH[int(np.argmax(density))] * shares)


def log_marginal_of_counts(concentration: Array, counts: Array) -> Array:
    """Log probability ``(T,)`` of the components of tasks' rows, their weights integrated under a Dirichlet prior."""
    total = concentration.sum()
    each = gammaln(concentration + counts) - gammaln(concentration)
    return np.asarray(gammaln(total) - gammaln(total + counts.sum(axis=1)) + each.sum(axis=1))
