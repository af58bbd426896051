"""What the past's tasks say of the next one: their mean, how they differ, and what is its own.

A new task's scores are ``y = a + b z``, with ``a`` and ``b`` unknown and

``z ~ N(m, (1 + 1/T) (1 - s) C + s K)``,

where ``m`` and ``C`` are mean and covariance of the ``T`` past tasks' expected scores over the candidates, ``K`` the
covariance of a task by itself, and ``s`` how much of a new task is its own. Both ``s`` and ``b`` lie on grids, ``a`` is
flat; the past's held-out tasks say how often each ``s`` was right, and how often none was: then the new task's scores are
a Gaussian process with a kernel of their own, as if there were no past.

A. Schwaighofer, V. Tresp and K. Yu (2005), Learning Gaussian process kernels via hierarchical Bayes, is the same
model with a conjugate prior for ``s``.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from skmeta.tuning._surrogates.belief import Belief
from skmeta.tuning._surrogates.gp import Trials, fit_kernel, matern, with_noise
from skmeta.tuning._surrogates.scores import standardized

OWN = np.array([0.03, 0.1, 0.3, 1.0])  # shares of a task that are its own
_SCALES = np.exp(np.linspace(np.log(0.1), np.log(50), 20))  # of standardized scores to normal scores
_UNLIKELY = 7.0  # in log evidence: what falls short of the best by more is left out


def transfer_belief(scores, noise, expected, private, log_shares, log_scale=None):
    """What is believed of candidates if the task is one of the past's kind.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Standardized scores of the trials so far.
    noise : ndarray of shape (n,)
        Variance of their noise, in normal scores.
    expected : ndarray of shape (n_tasks, n + m)
        Expected normal scores on each past task, of the trials and of the candidates.
    private : ndarray of shape (n, n + m), and of shape (n + m,)
        Covariance of a task by itself: of the trials with all, and everybody's variance.
    log_shares : ndarray of shape (n_own,)
        Log of how often each of `OWN` was right.
    log_scale : tuple of (float, float), default=None
        What the scale is expected to be: mean and spread of its logarithm. A scale far from it is possible, as
        the past may have been scored by something else.

    Returns
    -------
    Belief
        A component for each of `OWN` and each scale that are likely.
    """
    n = len(scores)
    past, odds = _Past.of(expected, private, n), _log_odds(np.log(_SCALES), log_scale)
    # Most of the work is with candidates, so first it is seen what is likely, from the trials alone.
    seen = [_seen(scores, noise, *past.trials(own)) for own in OWN]
    weights = np.array([each.evidence for each in seen]) + odds + log_shares[:, None]
    likely = weights > weights.max() - _UNLIKELY
    beliefs = [
        _foretold(each, _SCALES[some], *past.candidates(own))
        for each, own, some in zip(seen, OWN, likely, strict=True)
        if some.any()
    ]
    means, sds = (np.concatenate(parts) for parts in zip(*beliefs, strict=True))
    return Belief(weights[likely], means, sds)


def transfer_evidence(scores, noise, expected, private):
    """Log evidence ``(n_own,)`` of trials for each of `OWN`, all scales alike; parameters as for `transfer_belief`."""
    past, odds = _Past.of(expected, private, len(scores)), _log_odds(np.log(_SCALES), None)
    return np.array([logsumexp(_seen(scores, noise, *past.trials(own)).evidence + odds) for own in OWN])


def _log_odds(log_scales, expected):
    """Log probabilities of scales: all alike, or those of a t with three degrees of freedom around the expected one."""
    if expected is None:
        return np.full(len(log_scales), -np.log(len(log_scales)))
    odds = -2 * np.log1p(np.square((log_scales - expected[0]) / expected[1]) / 3)
    return odds - logsumexp(odds)


class _Past(NamedTuple):
    """Mean over the past of n trials and m candidates; what is shared and what is a task's own, of their covariances.

    Parameters
    ----------
    mean : ndarray of shape (n + m,)
        Expected normal scores.
    covariances : ndarray of shape (2, n, n + m)
        Shared and own, of the trials with all.
    variances : ndarray of shape (2, n + m)
        Shared and own.
    """

    mean: np.ndarray
    covariances: np.ndarray
    variances: np.ndarray

    @classmethod
    def of(cls, expected, private, n):
        """From what each past task expects."""
        n_tasks, mean = len(expected), expected.mean(axis=0)
        factor = (expected - mean) * np.sqrt((1 + 1 / n_tasks) / max(n_tasks - 1, 1))
        shared, shared_variance = factor[:, :n].T @ factor, np.square(factor).sum(axis=0)
        return cls(mean, np.stack([shared, private[0]]), np.stack([shared_variance, private[1]]))

    def trials(self, own):
        """Mean ``(n,)`` and covariance ``(n, n)`` of the trials, if so much of a task is its own."""
        n = self.covariances.shape[1]
        return self.mean[:n], _mixed(own, self.covariances[..., :n])

    def candidates(self, own):
        """Mean ``(m,)``, covariance with the trials ``(n, m)`` and variance ``(m,)`` of the candidates."""
        n = self.covariances.shape[1]
        return self.mean[n:], _mixed(own, self.covariances[..., n:]), _mixed(own, self.variances[:, n:])


def _mixed(own, parts):
    return (1 - own) * parts[0] + own * parts[1]


class _Seen(NamedTuple):
    """Trials of which :math:`a + b z` was seen, for each of the scales b, in coordinates in which z is white.

    Parameters
    ----------
    factor : ndarray of shape (n, n)
        Cholesky factor of the covariance of z.
    one, seen, known : ndarray of shape (n,)
        Ones, the scores and the mean of z; the last two without their level.
    level_seen, level_known : float
        Their levels.
    evidence : ndarray of shape (n_scales,)
        Log evidence of each scale.
    """

    factor: np.ndarray
    one: np.ndarray
    seen: np.ndarray
    known: np.ndarray
    level_seen: float
    level_known: float
    evidence: np.ndarray


def _seen(scores, noise, mean, covariance):
    r"""Return what the trials say of level and scale.

    With :math:`P = V^{-1} - V^{-1} 1 1' V^{-1} / 1' V^{-1} 1`, the precision of the trials where their level is
    flat, a scale's log evidence is
    :math:`-(n - 1) \log b - ((y / b - m)' P (y / b - m) + \log |V| + \log 1' V^{-1} 1) / 2`, so one factorization
    serves all scales.
    """
    n = len(scores)
    factor = np.linalg.cholesky(with_noise(covariance, noise))
    one, seen, known = solve_triangular(factor, np.column_stack([np.ones(n), scores, mean]), lower=True).T
    weight = one @ one
    level_seen, level_known = one @ seen / weight, one @ known / weight
    seen, known = seen - one * level_seen, known - one * level_known
    inverse = 1 / _SCALES
    misfit = inverse**2 * (seen @ seen) - 2 * inverse * (seen @ known) + known @ known
    evidence = -0.5 * (misfit + np.log(weight)) - (n - 1) * np.log(_SCALES) - np.log(factor.diagonal()).sum()
    return _Seen(factor, one, seen, known, level_seen, level_known, evidence)


def _foretold(trials, scales, mean, covariance, variance):
    """Means and standard deviations ``(n_scales, m)`` of candidates' scores, given the trials."""
    scales, weight = scales[:, None], trials.one @ trials.one
    cross = solve_triangular(trials.factor, covariance, lower=True)
    means = scales * (mean - trials.known @ cross - trials.level_known) + trials.seen @ cross + trials.level_seen
    left = variance - np.square(cross).sum(axis=0) + np.square(1 - trials.one @ cross) / weight
    return means, scales * np.sqrt(np.maximum(left, 1e-10))


def own_belief(scores, trials, points, groups, start=None):
    """What is believed of candidates from the task's own trials alone.

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

    Returns
    -------
    Belief
        Of one component.
    kernel : Kernel
        The task's own.
    """
    tried, noise = trials
    n, known = len(scores), Trials.of_one(tried, scores, noise)
    kernel, evidence = fit_kernel(known, groups, start)
    covariance = kernel.variance * matern(tried, np.concatenate([tried, points]), kernel.lengths)
    factor = np.linalg.cholesky(with_noise(covariance[:, :n], kernel.noise * noise))
    solved = solve_triangular(factor, np.column_stack([scores, covariance[:, n:]]), lower=True)
    seen, cross = solved[:, 0], solved[:, 1:]
    sd = np.sqrt(np.maximum(kernel.variance - np.square(cross).sum(axis=0), 1e-10))
    return Belief(np.array([evidence]), (seen @ cross)[None], sd[None]), kernel


# How often the past was right ---------------------------------------------------------------------------


def learn_shares(evidence, max_iter=100):
    """Return log shares ``(n_own + 1,)`` of explanations, each task ``(n_tasks, n_own + 1)`` having the log evidence of each.

    Beside the tasks there is one of which nothing is known, so that few tasks do not settle it: it is as likely to be
    a task by itself as one of the past's kind.
    """
    n_tasks, n_own = len(evidence), evidence.shape[1] - 1
    unknown = np.append(np.full(n_own, 0.5 / n_own), 0.5)
    shares = unknown
    for _ in range(max_iter):
        weighted = np.log(shares) + evidence
        of_tasks = np.exp(weighted - logsumexp(weighted, axis=1, keepdims=True))
        shares = (of_tasks.sum(axis=0) + unknown) / (n_tasks + 1)
    return np.log(shares)


def held_out_evidence(scores, noise, expected, private, points, groups):
    """Log evidence ``(n_own + 1,)`` of one past task's trials, given the other tasks: each of `OWN`, and by itself.

    The parameters are those of `transfer_evidence`, and the points of the trials with the group of each column; the
    noise is its level and the relative variances.
    """
    seen, _, _ = standardized(scores)
    _, own = fit_kernel(Trials.of_one(points, seen, noise[1]), groups)
    return np.append(transfer_evidence(seen, noise[0] * noise[1], expected, private), own)
