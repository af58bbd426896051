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

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from skmeta._numerics.surrogates.belief import Belief
from skmeta._numerics.surrogates.gp import Trials, fit_kernel, log_evidence, matern, with_noise
from skmeta._numerics.surrogates.scores import standardized

OWN = np.array([0.03, 0.1, 0.3, 1.0])  # shares of a task that are its own
_SCALES = np.exp(np.linspace(np.log(0.1), np.log(50), 20))  # of standardized scores to normal scores
_UNLIKELY = 12.0  # in log evidence: a scale that falls short of the best by more is left out


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
    list of Belief
        One for each of `OWN`, of which each component has a scale.
    """
    n_tasks, n = len(expected), len(scores)
    covariance, variance = private
    mean = expected.mean(axis=0)
    factor = (expected - mean) * np.sqrt((1 + 1 / n_tasks) / max(n_tasks - 1, 1))
    shared, shared_variance = factor[:, :n].T @ factor, np.square(factor).sum(axis=0)
    scales = _SCALES, _log_odds(np.log(_SCALES), log_scale)
    beliefs = []
    for own, share in zip(OWN, log_shares, strict=True):
        both = (1 - own) * shared + own * covariance
        belief = _known_up_to_scale(scores, noise, mean, both, (1 - own) * shared_variance + own * variance, scales)
        beliefs.append(belief._replace(log_weights=belief.log_weights + share))
    return beliefs


def _log_odds(log_scales, expected):
    """Log probabilities of scales: all alike, or those of a t with three degrees of freedom around the expected one."""
    if expected is None:
        return np.full(len(log_scales), -np.log(len(log_scales)))
    odds = -2 * np.log1p(np.square((log_scales - expected[0]) / expected[1]) / 3)
    return odds - logsumexp(odds)


def _known_up_to_scale(scores, noise, mean, covariance, variance, scales):
    r"""Belief in candidates whose :math:`z` is Gaussian and of which :math:`a + b z` was seen, for each likely b.

    With :math:`P = V^{-1} - V^{-1} 1 1' V^{-1} / 1' V^{-1} 1`, the precision of the trials where their level is
    flat, a scale's log evidence is
    :math:`-(n - 1) \log b - ((y / b - m)' P (y / b - m) + \log |V| + \log 1' V^{-1} 1) / 2`, so one factorization
    serves all scales.
    """
    n = len(scores)
    factor = np.linalg.cholesky(with_noise(covariance[:, :n], noise))
    targets = np.column_stack([np.ones(n), scores, mean[:n]])
    solved = solve_triangular(factor, np.column_stack([targets, covariance[:, n:]]), lower=True)
    one, seen, known, cross = solved[:, 0], solved[:, 1], solved[:, 2], solved[:, 3:]
    weight = one @ one
    level_seen, level_known = one @ seen / weight, one @ known / weight
    seen, known = seen - one * level_seen, known - one * level_known
    scales, log_odds = scales
    inverse = 1 / scales
    misfit = inverse**2 * (seen @ seen) - 2 * inverse * (seen @ known) + known @ known
    evidence = log_odds - 0.5 * (misfit + np.log(weight)) - (n - 1) * np.log(scales) - np.log(factor.diagonal()).sum()
    likely = evidence > evidence.max() - _UNLIKELY
    scales = scales[likely, None]
    unexplained = 1 - one @ cross  # of the level
    means = scales * (mean[n:] - known @ cross - level_known) + seen @ cross + level_seen
    left = variance[n:] - np.square(cross).sum(axis=0) + np.square(unexplained) / weight
    return Belief(evidence[likely], means, scales * np.sqrt(np.maximum(left, 1e-10)))


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
    kernel = fit_kernel(known, groups, start, max_iter=10)
    covariance = kernel.variance * matern(tried, np.concatenate([tried, points]), kernel.lengths)
    factor = np.linalg.cholesky(with_noise(covariance[:, :n], kernel.noise * noise))
    solved = solve_triangular(factor, np.column_stack([scores, covariance[:, n:]]), lower=True)
    seen, cross = solved[:, 0], solved[:, 1:]
    sd = np.sqrt(np.maximum(kernel.variance - np.square(cross).sum(axis=0), 1e-10))
    return Belief(np.array([log_evidence(kernel, known, groups)]), (seen @ cross)[None], sd[None]), kernel


# How often the past was right ---------------------------------------------------------------------------


def learn_shares(evidence, max_iter=100):
    """Return log shares ``(k,)`` of explanations, each task ``(n_tasks, k)`` having the log evidence of each.

    Beside the tasks there is one in which all are as likely, so that few tasks do not settle it.
    """
    n_tasks, k = evidence.shape
    shares = np.full(k, 1 / k)
    for _ in range(max_iter):
        weighted = np.log(shares) + evidence
        of_tasks = np.exp(weighted - logsumexp(weighted, axis=1, keepdims=True))
        shares = (of_tasks.sum(axis=0) + 1 / k) / (n_tasks + 1)
    return np.log(shares)


def held_out_evidence(scores, noise, expected, private, points, groups):
    """Log evidence ``(n_own + 1,)`` of one past task's trials, given the other tasks: each of `OWN`, and by itself.

    The parameters are those of `transfer_belief` and `own_belief` without candidates.
    """
    seen, _, _ = standardized(scores)
    beliefs = transfer_belief(seen, noise[0] * noise[1], expected, private, np.zeros(len(OWN)))
    own, _ = own_belief(seen, (points, noise[1]), points[:0], groups)
    return np.array([logsumexp(belief.log_weights) for belief in [*beliefs, own]])
