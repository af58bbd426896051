"""The law of mixtures from many tasks: their mixtures given the law, and the law given their mixtures, in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, multigammaln

from skmeta.cluster._adapt_clusters import ClustersLaw, starts_of
from skmeta.cluster._centers_law import learned_law, posterior
from skmeta.cluster._lloyd import rows_of
from skmeta.cluster._mixture_em import SHAPES, MixtureLaw, best_mixture, scatters

Array = NDArray[np.float64]

_ROUNDS = 10  # guard: the law settles after three to six rounds
_SETTLED = 1e-3  # relative change of the means' variances
_EM_STEPS = 10  # of the law of the means in each round
_WORTH = np.geomspace(1.0, 1e4, 25)  # rows that covariances, and weights, may be worth


def learned_mixtures(
    first: MixtureLaw, rows: Sequence[Array], kind: str, *, max_iter: int, tol: float, reg_covar: float, share: float
) -> MixtureLaw:
    """The law, from a first one on, until the means' variances settle; what was known before has a share."""
    law = first
    found: list[list[Array]] = [[] for _ in rows]
    for _ in range(_ROUNDS):
        mixtures = [
            best_mixture(Z, law, starts_of(law.clusters, rows_of(Z)) + own, SHAPES[kind], max_iter=max_iter, tol=tol)
            for Z, own in zip(rows, found, strict=True)
        ]
        found, before = [[each.centers] for each in mixtures], law.clusters.centers.own.mean()
        law = _law_of(law, first, rows, [each.responsibilities for each in mixtures], kind, reg_covar, share)
        if abs(law.clusters.centers.own.mean() - before) <= _SETTLED * before:
            break
    return law


def _law_of(
    law: MixtureLaw,
    past: MixtureLaw,
    rows: Sequence[Array],
    belongs: Sequence[Array],
    kind: str,
    reg_covar: float,
    share: float,
) -> MixtureLaw:
    """The law given which component each row is of."""
    counts = np.stack([each.sum(axis=0) for each in belongs])
    sums = np.stack([each.T @ Z for each, Z in zip(belongs, rows, strict=True)])
    centers = learned_law(law.clusters.centers, past.clusters.centers, counts, sums, 1.0, share, _EM_STEPS)
    at = posterior(centers, counts, sums)
    products = np.stack([scatters(*each) for each in zip(rows, belongs, at.centers(centers), strict=True)])
    uncertain = counts * at.center_variance(centers, counts)
    products += uncertain[:, :, None, None] * np.eye(products.shape[-1])
    covariances, worth = expected_covariances(products, counts, kind, reg_covar)
    concentration = share * past.concentration + (1.0 - share) * learned_concentration(counts)
    return MixtureLaw(
        ClustersLaw(centers, 1.0, concentration / concentration.sum()),
        share * past.covariances + (1.0 - share) * covariances,
        share * past.rows + (1.0 - share) * worth,
        concentration,
    )


def expected_covariances(products: Array, counts: Array, kind: str, reg_covar: float) -> tuple[Array, float]:
    """Covariances ``(K, p, p)`` from the sums of products ``(T, K, p, p)`` of tasks, and how many rows they are worth.

    Each component has as many rows of the average covariance as columns and one: one that hardly any task has is not flat.
    """
    p = products.shape[-1]
    average = products.sum(axis=(0, 1)) / counts.sum()
    total, n = products.sum(axis=0) + (p + 1.0) * average, counts.sum(axis=0) + p + 1.0
    expected = SHAPES[kind](total, n) + reg_covar * np.eye(p)
    density = [_log_marginal(worth, expected, products, counts, kind) for worth in _WORTH]
    return expected, float(_WORTH[int(np.argmax(density))])


def _log_marginal(worth: float, expected: Array, products: Array, counts: Array, kind: str) -> float:
    r"""Log density of tasks' products around centres, but for constants, their covariances inverse Wishart.

    With :math:`\nu = \lambda + p + 1` degrees of freedom and scale :math:`\lambda \bar\Sigma`, whose mean is
    :math:`\bar\Sigma`; diagonal and spherical ones column by column, or all columns as one.
    """
    if kind == "tied":
        expected, products, counts = (
            expected[:1],
            products.sum(axis=1, keepdims=True),
            counts.sum(axis=1, keepdims=True),
        )
    if kind in ("full", "tied"):
        p = expected.shape[-1]
        dof = worth + p + 1.0
        after = np.linalg.slogdet(worth * expected + products)[1]
        before = np.linalg.slogdet(worth * expected)[1]
        gamma = multigammaln((dof + counts) / 2.0, p) - multigammaln(dof / 2.0, p)
        return float((gamma + 0.5 * dof * before - 0.5 * (dof + counts) * after).sum())
    scale, squares = (np.diagonal(each, axis1=-2, axis2=-1) for each in (expected, products))
    n = counts[..., None]
    if kind == "spherical":
        n, scale, squares = (
            n * squares.shape[-1],
            scale.sum(axis=-1, keepdims=True),
            squares.sum(axis=-1, keepdims=True),
        )
    dof = worth + 2.0
    gamma = gammaln((dof + n) / 2.0) - gammaln(dof / 2.0)
    after = np.log(worth * scale + squares)
    return float((gamma + 0.5 * dof * np.log(worth * scale) - 0.5 * (dof + n) * after).sum())


def learned_concentration(counts: Array) -> Array:
    """Dirichlet law of the weights ``(K,)`` from tasks' counts ``(T, K)``: their mean, one row each beside, times its worth."""
    shares = (counts.sum(axis=0) + 1.0) / (counts.sum() + counts.shape[1])
    density = [_log_dirichlet_multinomial(worth * shares, counts) for worth in _WORTH]
    return np.asarray(_WORTH[int(np.argmax(density))] * shares)


def _log_dirichlet_multinomial(concentration: Array, counts: Array) -> float:
    total = concentration.sum()
    each = gammaln(concentration + counts) - gammaln(concentration)
    return float((gammaln(total) - gammaln(total + counts.sum(axis=1)) + each.sum(axis=1)).sum())
