"""What the past's tasks say of the next one: their mean, how they differ, and what is specific to it.

A new task's scores are ``y = a + b z``, with ``a`` and ``b`` unknown and

``z ~ N(m, (1 + 1/T) (1 - s) C + s K)``,

where ``m`` and ``C`` are mean and covariance of the ``T`` past tasks' expected scores over the candidates, ``K`` the
covariance of a task by itself, and ``s`` the fraction of a new task's variance that is specific to it. Both ``s`` and
``b`` lie on grids, ``a`` is flat; the past's held-out tasks give the weight of each ``s``, and of none being right: then
the new task's scores are a Gaussian process with a kernel of their own, as if there were no past.

A. Schwaighofer, V. Tresp and K. Yu (2005), Learning Gaussian process kernels via hierarchical Bayes, is the same
model with a conjugate prior for ``s``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from skmeta.tuning._surrogates.gp import FLAT, USUAL_VARIANCE, Kernel, Trials, fit_kernel, matern, with_noise
from skmeta.tuning._surrogates.posterior import Posterior
from skmeta.tuning._surrogates.scores import standardized

FRACTIONS = np.array([0.03, 0.1, 0.3, 1.0])  # of a task's variance that are specific to it
_SCALES = np.exp(np.linspace(np.log(0.1), np.log(50), 20))  # of standardized scores to normal scores
_MAX_LOG_GAP = 5.0  # guard: by how much scores may differ less or more than is usual, before digits are lost
_MAX_LOG_RATIO = 7.0  # of evidence to the best: what falls short by more is left out


def transfer_posterior(
    scores: NDArray[np.float64],
    noise: NDArray[np.float64],
    expected: NDArray[np.float64],
    specific: tuple[NDArray[np.float64], NDArray[np.float64]],
    log_weights: NDArray[np.float64],
    log_scale: NDArray[np.float64] | None = None,
) -> Posterior:
    """The posterior of candidates' scores if the task is one of the past's kind.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Standardized scores of the trials so far.
    noise : ndarray of shape (n,)
        Variance of their noise, in normal scores.
    expected : ndarray of shape (n_tasks, n + m)
        Expected normal scores on each past task, of the trials and of the candidates.
    specific : ndarray of shape (n, n + m), and of shape (n + m,)
        Covariance of a task by itself: of the trials with all, and everybody's variance.
    log_weights : ndarray of shape (n_fractions,)
        Log weight of each of `FRACTIONS`.
    log_scale : tuple of (float, float), default=None
        What the scale is expected to be: mean and spread of its logarithm. A scale far from it is possible, as
        the past may have been scored by something else.

    Returns
    -------
    Posterior
        A component for each of `FRACTIONS` and each scale that are likely.
    """
    n = len(scores)
    past, log_prior = _TransferPrior.of(expected, specific, n), _log_scale_prior(np.log(_SCALES), log_scale)
    # Most of the work is with candidates, so first it is seen what is likely, from the trials alone.
    seen = [_condition(scores, noise, *past.trials(fraction)) for fraction in FRACTIONS]
    weights = np.array([each.evidence for each in seen]) + log_prior + log_weights[:, None]
    likely = weights > weights.max() - _MAX_LOG_RATIO
    posteriors = [
        _predict(each, _SCALES[some], *past.candidates(fraction))
        for each, fraction, some in zip(seen, FRACTIONS, likely, strict=True)
        if some.any()
    ]
    means, sds = (np.concatenate(parts) for parts in zip(*posteriors, strict=True))
    return Posterior(weights[likely], means, sds)


def transfer_evidence(
    scores: NDArray[np.float64],
    noise: NDArray[np.float64],
    expected: NDArray[np.float64],
    specific: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Log evidence ``(n_fractions,)`` of trials, all scales alike; parameters as for `transfer_posterior`."""
    past, log_prior = _TransferPrior.of(expected, specific, len(scores)), _log_scale_prior(np.log(_SCALES), None)
    return np.array(
        [logsumexp(_condition(scores, noise, *past.trials(fraction)).evidence + log_prior) for fraction in FRACTIONS]
    )


def _log_scale_prior(log_scales: NDArray[np.float64], expected: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Log probabilities of scales: all alike, or those of a t with three degrees of freedom around the expected one."""
    if expected is None:
        return np.full(len(log_scales), -np.log(len(log_scales)))
    log_prior = -2 * np.log1p(np.square((log_scales - expected[0]) / expected[1]) / 3)
    return log_prior - logsumexp(log_prior)


class _TransferPrior(NamedTuple):
    """Mean over the past of n trials and m candidates; the common and the specific part of their covariances.

    Parameters
    ----------
    mean : ndarray of shape (n + m,)
        Expected normal scores.
    covariances : ndarray of shape (2, n, n + m)
        Common and specific, of the trials with all.
    variances : ndarray of shape (2, n + m)
        Common and specific.
    """

    mean: NDArray[np.float64]
    covariances: NDArray[np.float64]
    variances: NDArray[np.float64]

    @classmethod
    def of(
        cls, expected: NDArray[np.float64], specific: tuple[NDArray[np.float64], NDArray[np.float64]], n: int
    ) -> _TransferPrior:
        """From what each past task expects."""
        n_tasks, mean = len(expected), expected.mean(axis=0)
        factor = (expected - mean) * np.sqrt((1 + 1 / n_tasks) / max(n_tasks - 1, 1))
        common, common_variance = factor[:, :n].T @ factor, np.square(factor).sum(axis=0)
        return cls(mean, np.stack([common, specific[0]]), np.stack([common_variance, specific[1]]))

    def trials(self, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean ``(n,)`` and covariance ``(n, n)`` of the trials, for a specific fraction."""
        n = self.covariances.shape[1]
        return self.mean[:n], _mixed(fraction, self.covariances[..., :n])

    def candidates(self, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Mean ``(m,)``, covariance with the trials ``(n, m)`` and variance ``(m,)`` of the candidates."""
        n = self.covariances.shape[1]
        return self.mean[n:], _mixed(fraction, self.covariances[..., n:]), _mixed(fraction, self.variances[:, n:])


def _mixed(fraction: float, parts: NDArray[np.float64]) -> NDArray[np.float64]:
    return (1 - fraction) * parts[0] + fraction * parts[1]


class _Conditioned(NamedTuple):
    """Trials of which :math:`a + b z` was seen, for each of the scales b, in coordinates in which z is white.

    Parameters
    ----------
    factor : ndarray of shape (n, n)
        Cholesky factor of the covariance of z.
    one, scores, mean : ndarray of shape (n,)
        Ones, the scores and the mean of z; the last two centred.
    scores_center, mean_center : float
        Where they were: their means by generalized least squares.
    evidence : ndarray of shape (n_scales,)
        Log evidence of each scale.
    """

    factor: NDArray[np.float64]
    one: NDArray[np.float64]
    scores: NDArray[np.float64]
    mean: NDArray[np.float64]
    scores_center: float
    mean_center: float
    evidence: NDArray[np.float64]


def _condition(
    scores: NDArray[np.float64], noise: NDArray[np.float64], mean: NDArray[np.float64], covariance: NDArray[np.float64]
) -> _Conditioned:
    r"""Return what the trials say of intercept and scale.

    With :math:`P = V^{-1} - V^{-1} 1 1' V^{-1} / 1' V^{-1} 1`, the precision of the trials where their intercept is
    flat, a scale's log evidence is
    :math:`-(n - 1) \log b - ((y / b - m)' P (y / b - m) + \log |V| + \log 1' V^{-1} 1) / 2`, so one factorization
    serves all scales.
    """
    n = len(scores)
    factor = np.asarray(np.linalg.cholesky(with_noise(covariance, noise)), dtype=np.float64)
    one, scores, mean = solve_triangular(factor, np.column_stack([np.ones(n), scores, mean]), lower=True).T
    weight = one @ one
    scores_center, mean_center = one @ scores / weight, one @ mean / weight
    scores, mean = scores - one * scores_center, mean - one * mean_center
    inverse = 1 / _SCALES
    misfit = inverse**2 * (scores @ scores) - 2 * inverse * (scores @ mean) + mean @ mean
    evidence = -0.5 * (misfit + np.log(weight)) - (n - 1) * np.log(_SCALES) - np.log(factor.diagonal()).sum()
    return _Conditioned(factor, one, scores, mean, scores_center, mean_center, evidence)


def _predict(
    trials: _Conditioned,
    scales: NDArray[np.float64],
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and standard deviations ``(n_scales, m)`` of candidates' scores, given the trials."""
    scales, weight = scales[:, None], trials.one @ trials.one
    cross = solve_triangular(trials.factor, covariance, lower=True)
    means = scales * (mean - trials.mean @ cross - trials.mean_center) + trials.scores @ cross + trials.scores_center
    left = variance - np.square(cross).sum(axis=0) + np.square(1 - trials.one @ cross) / weight
    return means, scales * np.sqrt(np.maximum(left, 1e-10))


def task_posterior(
    scores: NDArray[np.float64],
    trials: tuple[NDArray[np.float64], NDArray[np.float64]],
    points: NDArray[np.float64],
    groups: NDArray[np.intp],
    start: Kernel | None = None,
    log_scale: NDArray[np.float64] | None = None,
) -> tuple[Posterior, Kernel]:
    """The posterior of candidates' scores from the task's own trials alone: :math:`y = a + f(x)`, ``a`` flat.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Standardized scores of the trials so far.
    trials : ndarray of shape (n, d), and of shape (n,)
        Their points, and the relative variance of their noise.
    points : ndarray of shape (m, d)
        The candidates.
    groups : ndarray of int, shape (d,)
        The hyperparameter that each column belongs to.
    start : Kernel, default=None
        Where to begin learning the kernel.
    log_scale : ndarray of shape (2,), default=None
        What the scale is expected to be, as for `transfer_posterior`: first trials that are alike do not say that all
        are. By default that of the scores.

    Returns
    -------
    Posterior
        A component for the most probable kernel and each of some draws: few trials say little of it, and one that is
        taken for granted may see nothing left to gain.
    kernel : Kernel
        The most probable.

    References
    ----------
    J. Snoek, H. Larochelle and R. P. Adams (2012), Practical Bayesian optimization of machine learning algorithms,
    section 3.2, by slice sampling where this is Laplace's approximation.
    """
    tried, noise = trials
    variance = _log_variance(log_scale)
    intercept = FLAT * max(1.0, np.exp(variance[0]))
    found = fit_kernel(Trials.of_one(tried, scores, noise), groups, start, variance, intercept)
    kernels = [found.kernel, *found.draws()]
    means, sds = zip(*(_moments(kernel, intercept, scores, trials, points) for kernel in kernels), strict=True)
    return Posterior(
        np.full(len(kernels), found.evidence - np.log(len(kernels))), np.array(means), np.array(sds)
    ), kernels[0]


def _moments(
    kernel: Kernel,
    intercept: float,
    scores: NDArray[np.float64],
    trials: tuple[NDArray[np.float64], NDArray[np.float64]],
    points: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means and standard deviations ``(m,)`` of the candidates' scores under one kernel."""
    tried, noise = trials
    n = len(scores)
    covariance = kernel.variance * matern(tried, np.concatenate([tried, points]), kernel.lengths) + intercept
    factor = np.linalg.cholesky(with_noise(covariance[:, :n], kernel.noise * noise))
    solved = solve_triangular(factor, np.column_stack([scores, covariance[:, n:]]), lower=True)
    seen, cross = solved[:, 0], solved[:, 1:]
    return seen @ cross, np.sqrt(np.maximum(kernel.variance + intercept - np.square(cross).sum(axis=0), 1e-10))


def _log_variance(log_scale: NDArray[np.float64] | None) -> tuple[float, float]:
    r"""Mean and precision of the logarithm of a task's variance, where the logarithm of its scale is about ``log_scale``.

    Around that it has a Student's :math:`t` with three degrees of freedom, as the past may have been scored by something
    else. The precision :math:`1 / (3 s^2 + g^2)`, of a gap :math:`g` and spread :math:`s` of the logarithm of the scale,
    is that of the normal law with the same slope where the scores are.
    """
    if log_scale is None or not np.isfinite(log_scale).all():
        return USUAL_VARIANCE
    gap, spread = map(float, log_scale)
    return 2 * float(np.clip(gap, -_MAX_LOG_GAP, _MAX_LOG_GAP)), 1 / (3 * spread**2 + gap**2)


# The weight of the past ---------------------------------------------------------------------------


def learn_mixture_weights(evidence: NDArray[np.float64], max_iter: int = 100) -> NDArray[np.float64]:
    """Return log weights ``(n_fractions + 1,)`` of explanations, from the log evidence of each ``(n_tasks, n_fractions + 1)``.

    Beside the tasks there is one of which nothing is known, so that few tasks do not settle it: it is as likely to be
    a task by itself as one of the past's kind.
    """
    n_tasks, n_fractions = len(evidence), evidence.shape[1] - 1
    unknown = np.append(np.full(n_fractions, 0.5 / n_fractions), 0.5)
    weights = unknown
    for _ in range(max_iter):
        weighted = np.log(weights) + evidence
        of_tasks = np.exp(weighted - logsumexp(weighted, axis=1, keepdims=True))
        weights = (of_tasks.sum(axis=0) + unknown) / (n_tasks + 1)
    return np.log(weights)


def held_out_evidence(
    scores: NDArray[np.float64],
    noise: tuple[float, NDArray[np.float64]],
    expected: NDArray[np.float64],
    specific: tuple[NDArray[np.float64], NDArray[np.float64]],
    points: NDArray[np.float64],
    groups: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Log evidence ``(n_fractions + 1,)`` of one past task's trials given the others: each of `FRACTIONS`, and alone.

    The parameters are those of `transfer_evidence`, and the points of the trials with the group of each column; the
    noise is its variance and the relative variances of the trials.
    """
    seen, _, _ = standardized(scores)
    alone = fit_kernel(Trials.of_one(points, seen, noise[1]), groups, intercept_variance=FLAT)
    return np.append(transfer_evidence(seen, noise[0] * noise[1], expected, specific), alone.evidence)
