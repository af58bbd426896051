r"""How the centres of tasks lie around mean centres: a shift of the whole task, and a deviation of each centre.

.. math:: m_{tk} = \mu_k + a_t + b_{tk}, \qquad a_t \sim N(0, \tau \sigma^2 I), \quad b_{tk} \sim N(0, \omega_k \sigma^2 I)

with :math:`\sigma^2` the variance of rows around their centre. Given the rows of each cluster all is Gaussian, and no
coordinate of the space says anything of another one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class ExpectedCenters(NamedTuple):
    r"""The prior of a new task's centres.

    Parameters
    ----------
    mean : ndarray of shape (n_clusters, n_features)
        Of the centres, :math:`\mu`.
    shift_variance : float
        Variance of the task's shift, :math:`\tau`, in units of the variance within clusters.
    center_variance : ndarray of shape (n_clusters,)
        Variances of the centres' deviations, :math:`\omega`, in the same units. A centre's prior is worth
        ``1 / center_variance`` rows.
    """

    mean: Array
    shift_variance: float
    center_variance: Array

    def in_units(self, ratio: float) -> ExpectedCenters:
        """The same prior where the variance within clusters is another, ``ratio`` the old one over the new."""
        return ExpectedCenters(self.mean, self.shift_variance * ratio, self.center_variance * ratio)


class Posterior(NamedTuple):
    """Means and variances (a coordinate, in units of the variance within clusters) of the parts of tasks' centres.

    ``shift (..., p)``, ``shift_variance (...,)``, ``deviation (..., K, p)``, ``deviation_variance (..., K)``.
    """

    shift: Array
    shift_variance: Array
    deviation: Array
    deviation_variance: Array

    def centers(self, prior: ExpectedCenters) -> Array:
        """Mean centres ``(..., K, p)``."""
        return prior.mean + self.shift[..., None, :] + self.deviation

    def center_variance(self, prior: ExpectedCenters, counts: Array) -> Array:
        """Variances of the centres ``(..., K)``: a deviation is the less sure the less the shift is, and against it."""
        kept = 1.0 / (1.0 + counts * prior.center_variance)
        return np.asarray(prior.center_variance * kept + kept**2 * self.shift_variance[..., None])


def posterior(prior: ExpectedCenters, counts: Array, sums: Array) -> Posterior:
    r"""What the rows of clusters say of a task: ``counts (..., K)`` of rows or weights, ``sums (..., K, p)`` of rows.

    Deviations integrated out, cluster :math:`k` counts for the shift as
    :math:`w_k = n_k / (1 + n_k \omega_k)` rows (Lindley and Smith, 1972); given the shift, the deviation is drawn
    towards zero by :math:`n_k \omega_k / (1 + n_k \omega_k)`.
    """
    worth = counts / (1.0 + counts * prior.center_variance)
    drawn = worth * prior.center_variance
    residual = np.divide(sums, counts[..., None], out=np.zeros_like(sums), where=counts[..., None] > 0) - prior.mean
    total = 1.0 + prior.shift_variance * worth.sum(axis=-1)
    shift = prior.shift_variance * (worth[..., None] * residual).sum(axis=-2) / total[..., None]
    variance = prior.shift_variance / total
    deviation = drawn[..., None] * (residual - shift[..., None, :])
    return Posterior(shift, variance, deviation, prior.center_variance * (1.0 - drawn) + drawn**2 * variance[..., None])


def log_marginal(prior: ExpectedCenters, counts: Array, sums: Array) -> tuple[Array, Array]:
    """Of the clusters' means, their centres integrated out: log determinant ``(...,)`` a coordinate, and quadratic form.

    The density of a task's rows, given which cluster each is of, is that of independent rows around the clusters' means,
    with the quadratic form beside the sum of squares and half the log determinant taken away for each coordinate.
    """
    worth = counts / (1.0 + counts * prior.center_variance)
    residual = np.divide(sums, counts[..., None], out=np.zeros_like(sums), where=counts[..., None] > 0) - prior.mean
    total = 1.0 + prior.shift_variance * worth.sum(axis=-1)
    together = (worth[..., None] * residual).sum(axis=-2)
    quadratic = (worth * (residual**2).sum(axis=-1)).sum(axis=-1) - prior.shift_variance * (together**2).sum(
        axis=-1
    ) / total
    return np.log1p(counts * prior.center_variance).sum(axis=-1) + np.log(total), quadratic


def learned_centers(
    prior: ExpectedCenters,
    past: ExpectedCenters,
    counts: Array,
    sums: Array,
    variance: float,
    past_weight: float,
    n_iter: int,
) -> ExpectedCenters:
    """The prior by EM from the clusters of tasks, ``counts (T, K)`` and ``sums (T, K, p)``.

    What was known before, ``past``, has the ``past_weight``, the tasks the rest.

    Each centre's variance has one more task of the average kind: a cluster that hardly any task has borrows from the others.
    """
    p = sums.shape[-1]
    for _ in range(n_iter):
        found = posterior(prior, counts, sums)
        centers = prior.mean + found.deviation + found.shift[:, None, :]
        mean = past_weight * past.mean + (1.0 - past_weight) * (centers - found.shift[:, None, :]).mean(axis=0)
        level = found.shift.mean(axis=0) * (1.0 - past_weight)
        common = _second_moment(found.shift - level, found.shift_variance, variance, p).mean(axis=0)
        own = _second_moment(prior.mean + found.deviation - mean, found.deviation_variance, variance, p)
        own = (own.sum(axis=0) + own.mean()) / (len(counts) + 1.0)
        prior = ExpectedCenters(
            mean + level,
            float(past_weight * past.shift_variance + (1.0 - past_weight) * common),
            past_weight * past.center_variance + (1.0 - past_weight) * own,
        )
    return prior


def _second_moment(mean: Array, spread: Array, variance: float, p: int) -> Array:
    """A coordinate, in units of ``variance``."""
    return np.asarray((mean**2).sum(axis=-1) / (p * variance) + spread)
