r"""Normal-inverse-gamma priors of means and variances that differ by task: learned from statistics, their evidence.

.. math:: \sigma^2_t \sim \mathrm{Inv}\text{-}\chi^2(\nu, s^2), \qquad \mu_t \mid \sigma^2_t \sim N(m, \sigma^2_t / \kappa)

A prior and the posterior of a task are of one form: ``mean`` :math:`m`, ``n_mean`` :math:`\kappa`, ``variance`` :math:`s^2`
and ``n_variance`` :math:`\nu`: a guess of each and the rows that it is worth (Gelman et al. 2013, section 3.3).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma

from skmeta.naive_bayes._accelerated import fixed_point

Array = NDArray[np.float64]

_UNIT_ROWS = 1.0  # a task that is worth one row, and counts as one task, is the prior of kappa and nu before any tasks
_LEAST, _MOST = 1e-6, 1e8  # guard: of kappa and nu
_LOG_VARIANCES = (-600.0, 600.0)  # guard: in units of the column
_NEWTON = 30  # guard: steps for nu


class NormalGamma(NamedTuple):
    """Priors or posteriors, one for each column (of each class, of each task)."""

    mean: Array
    n_mean: Array
    variance: Array
    n_variance: Array


class Statistics(NamedTuple):
    """Of rows in groups: their number ``n (..., 1)``, ``mean`` and ``square (..., n_features)`` around it."""

    n: Array
    mean: Array
    square: Array


def posterior(prior: NormalGamma, rows: Statistics) -> NormalGamma:
    """The prior after some rows (Gelman et al. 2013, equation 3.8)."""
    kappa, nu = prior.n_mean + rows.n, prior.n_variance + rows.n
    share = rows.n / np.maximum(kappa, np.finfo(float).tiny)
    between = prior.n_mean * share * (rows.mean - prior.mean) ** 2
    total = prior.n_variance * prior.variance + rows.square + between
    return NormalGamma(
        prior.mean + share * (rows.mean - prior.mean), kappa, total / np.maximum(nu, np.finfo(float).tiny), nu
    )


def log_evidence(prior: NormalGamma, rows: Statistics) -> Array:
    r"""Log density of the rows, mean and variance integrated, with all constants.

    .. math:: \log \frac{\Gamma(\nu_n / 2)}{\Gamma(\nu / 2)} + \tfrac12 \log \frac{\kappa}{\kappa_n}
              + \tfrac{\nu}{2} \log(\nu s^2) - \tfrac{\nu_n}{2} \log(\nu_n s_n^2) - \tfrac{n}{2} \log \pi
    """
    after = posterior(prior, rows)
    gammas = gammaln(after.n_variance / 2.0) - gammaln(prior.n_variance / 2.0)
    scales = prior.n_variance * np.log(prior.n_variance * prior.variance) - after.n_variance * np.log(
        after.n_variance * after.variance
    )
    found: Array = gammas + 0.5 * (np.log(prior.n_mean / after.n_mean) + scales - rows.n * np.log(np.pi))
    return found


def learn_normal_gamma(
    rows: Statistics, weight: Array, past: NormalGamma | None = None, n_past: Array | float = 0.0
) -> NormalGamma:
    r"""The most probable priors ``(n_classes, n_features)`` from which the tasks' means and variances were drawn.

    EM with closed forms: the E step has each task's posterior, the M step

    .. math:: m = \frac{\sum m_t / s_t^2}{\sum 1 / s_t^2}, \quad s^{-2} = \overline{1 / s_t^2}, \quad
              \kappa^{-1} = \overline{1 / \kappa_t + (m_t - m)^2 / s_t^2}, \quad
              \log\tfrac{\nu}{2} - \psi(\tfrac{\nu}{2}) = \overline{\mathrm{E} \log \sigma_t^2} - \log s^2.

    One more task stands in the means for :math:`\kappa` and :math:`\nu`: the mean over all classes and columns, which is
    learned first, itself beside a task that is worth one row. Past tasks count in all means by what their prior expects.

    Parameters
    ----------
    rows : Statistics
        Of each task and class: ``n (n_tasks, n_classes, 1)``; tasks without rows of a class say nothing of it.
    weight : ndarray of shape (n_tasks,)
        How much each task counts.
    past : NormalGamma of shape (n_classes, n_features), default=None
        Priors of earlier tasks.
    n_past : float or ndarray of shape (n_classes, 1), default=0
        How many there were.

    Returns
    -------
    NormalGamma
        Of shape (n_classes, n_features).

    References
    ----------
    A. Gelman et al. (2013), Bayesian Data Analysis, section 3.3.
    """
    counts = weight[:, None, None] * (rows.n > 0.0)
    if past is not None:
        return _learn(rows, counts, past, np.asarray(n_past) * np.ones_like(past.mean), past, together=False)
    none = np.zeros(rows.mean.shape[1:])
    start = _start(rows, counts)
    unit = NormalGamma(start.mean, none + _UNIT_ROWS, start.variance, none + _UNIT_ROWS)
    shared = _learn(rows, counts, unit, none, start, together=True)
    return _learn(rows, counts, shared, none, shared, together=False)


def _start(rows: Statistics, counts: Array) -> NormalGamma:
    """Pooled means and variances, classes without rows as all classes; as firm as one row."""
    n = (counts * rows.n).sum(axis=0)
    mean = (counts * rows.n * rows.mean).sum(axis=0) / np.maximum(n, 1e-300)
    overall = (n * mean).sum(axis=0) / n.sum()
    mean = np.where(n > 0.0, mean, overall)
    square = (counts * (rows.square + rows.n * (rows.mean - mean) ** 2)).sum(axis=0)
    pooled = square.sum(axis=0) / n.sum()
    variance = (square + pooled) / (n + 1.0)
    one = np.ones_like(mean)
    return NormalGamma(mean, one * _UNIT_ROWS, variance, one * _UNIT_ROWS)


def _learn(
    rows: Statistics, counts: Array, known: NormalGamma, n_known: Array, start: NormalGamma, *, together: bool
) -> NormalGamma:
    """EM from ``start``; ``known`` priors count ``n_known`` tasks, and one more in the means for kappa and nu."""

    def step(theta: Array) -> Array:
        return _packed(_maximise(_unpacked(theta), rows, counts, known, n_known, together))

    def objective(theta: Array) -> Array:
        prior = _unpacked(theta)
        found = (counts * log_evidence(prior, rows)).sum(axis=0) + n_known * _expected_location(prior, known)
        shape = _expected_shape(prior, known)
        return np.asarray(found.sum() + shape.mean() if together else found + (n_known + 1.0) * shape)

    total = (lambda x: np.asarray(x.sum())) if together else partial(np.sum, axis=0)
    return _unpacked(fixed_point(step, objective, _packed(start), total, lambda x: x))


def _maximise(
    prior: NormalGamma, rows: Statistics, counts: Array, known: NormalGamma, n_known: Array, together: bool
) -> NormalGamma:
    """One EM step."""
    task = posterior(prior, rows)
    precision = counts / task.variance
    all_precision = precision.sum(axis=0) + n_known / known.variance
    n = counts.sum(axis=0) + n_known
    seen = all_precision > 0.0
    safe = np.where(seen, all_precision, 1.0)
    mean = np.where(
        seen, ((precision * task.mean).sum(axis=0) + n_known * known.mean / known.variance) / safe, prior.mean
    )
    variance = np.where(seen, n / safe, prior.variance)
    apart = (counts / task.n_mean + precision * (task.mean - mean) ** 2).sum(axis=0)
    apart = apart + n_known * (known.mean - mean) ** 2 / known.variance
    half = task.n_variance / 2.0
    log_variance = (counts * (np.log(half * task.variance) - digamma(half))).sum(axis=0)
    log_variance = log_variance + n_known * np.log(known.variance) - n * np.log(variance)
    if together:  # of all classes and columns, beside one task
        n, apart, log_variance = (np.full_like(mean, each.sum()) for each in (n, apart, log_variance))
    inverse = (apart + (n_known + 1.0) / known.n_mean) / (n + 1.0)
    excess = (log_variance + (n_known + 1.0) * _excess(known.n_variance)) / (n + 1.0)
    return NormalGamma(mean, np.clip(1.0 / inverse, _LEAST, _MOST), variance, _inverse_excess(excess))


def _expected_location(prior: NormalGamma, known: NormalGamma) -> Array:
    """What known priors expect of the log density, as far as it is about mean and variance."""
    ratio = prior.variance / known.variance
    about_mean = prior.n_mean * (known.mean - prior.mean) ** 2 / known.variance
    return np.asarray(0.5 * (prior.n_variance * (np.log(ratio) - ratio + 1.0) - about_mean))


def _expected_shape(prior: NormalGamma, known: NormalGamma) -> Array:
    """The same, as far as it is about kappa and nu."""
    half = prior.n_variance / 2.0
    about_nu = half * np.log(half) - gammaln(half) - half * (_excess(known.n_variance) + 1.0)
    return np.asarray(0.5 * (np.log(prior.n_mean) - prior.n_mean / known.n_mean) + about_nu)


def _excess(nu: Array) -> Array:
    """How far the mean of log variances is above the log of their harmonic mean, under nu degrees of freedom."""
    return np.asarray(np.log(nu / 2.0) - digamma(nu / 2.0))


def _inverse_excess(excess: Array) -> Array:
    """The degrees of freedom under which there is that excess, by Newton steps in the logarithm (Minka 2002)."""
    excess = np.maximum(excess, _excess(np.asarray(_MOST)))
    x = np.log((3.0 - excess + np.sqrt((excess - 3.0) ** 2 + 24.0 * excess)) / (12.0 * excess))
    for _ in range(_NEWTON):
        half = np.exp(x)
        slope = 1.0 - half * polygamma(1, half)
        move = np.clip((np.log(half) - digamma(half) - excess) / -slope, -1.0, 1.0)
        x = x + move
        if np.abs(move).max(initial=0.0) < 1e-10:
            break
    return np.clip(2.0 * np.exp(x), _LEAST, _MOST)


def _packed(prior: NormalGamma) -> Array:
    return np.stack([prior.mean, np.log(prior.n_mean), np.log(prior.variance), np.log(prior.n_variance)])


def _unpacked(theta: Array) -> NormalGamma:
    n_mean, n_variance = np.exp(np.clip(theta[[1, 3]], *np.log([_LEAST, _MOST])))
    return NormalGamma(theta[0], n_mean, np.exp(np.clip(theta[2], *_LOG_VARIANCES)), n_variance)
