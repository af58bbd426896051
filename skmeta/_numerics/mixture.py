"""What tasks' own rows make of a prior that may be wrong for them: learned and vague components, weighed by evidence.

Learned: ``w ~ N(mean, covariance)``, noise at each of the nodes of its law. Vague: ``w ~ N(0, noise * R_g)`` for the
plain estimator's own penalty and a small grid of signal-to-noise ratios, the noise itself integrated out under an
inverse gamma around the past tasks' (normal-inverse-gamma; Gelman et al., 2013, Bayesian Data Analysis, section 14.8,
with a proper prior). The answer is the evidence-weighted mean, so a prior that the rows contradict fades without a
threshold.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from skmeta._numerics.believed import level_bonus
from skmeta._numerics.linalg import logdet_and_quadratic, spd_inverse
from skmeta._numerics.moments import whitened

NOISE_DOF = 1.0  # how firmly a stranger's noise is tied to the past tasks'


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of ``n_tasks`` tasks after their own rows.

    ``mean (n_tasks, p)``; ``noise (n_tasks,)``; ``covariance (n_tasks, p, p)`` or None; ``weights (n_tasks, C)`` of
    the components, the vague ones last; ``trust (n_tasks,)`` is what the learned ones have together.
    """

    mean: np.ndarray
    noise: np.ndarray
    covariance: np.ndarray | None
    weights: np.ndarray
    trust: np.ndarray


def joined(parts):
    """One `Posterior` of the tasks of several, without covariances."""
    if len(parts) == 1:
        return parts[0]
    mean, noise, weights, trust = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "noise", "weights", "trust")
    )
    return Posterior(mean, noise, None, weights, trust)


def posterior(moments, prior, *, strength=1.0, with_covariance=False):
    """Posterior of every task of one output, with the prior ``strength`` times as strong as learned.

    Whether a task belongs to the collection is judged at strength one: it does not depend on how much is borrowed.
    """
    n_rows, context = moments.n_rows, moments.context
    means, roots = prior.means(n_rows, context), prior.roots_of_tasks(n_rows, context)
    logdet, misfit, left, covariances = *np.empty((3, *means.shape[:2])), []
    for c, level in enumerate(prior.levels):
        root = roots[:, c] if len(roots) > 1 else roots[0, c]
        gram, score, square = whitened(moments, means[:, c], root, level)
        logdet[:, c], quadratic = logdet_and_quadratic(gram + np.eye(gram.shape[-1]), score)
        misfit[:, c] = square - quadratic
        intercept = np.broadcast_to(root[..., -1, :], score.shape)
        solved = np.linalg.solve(gram + strength * np.eye(gram.shape[-1]), np.stack([score, intercept], axis=2))
        left[:, c] = strength * (solved[..., 1] * intercept).sum(axis=1) / (intercept**2).sum(axis=1)
        means[:, c] += (root @ solved[..., :1])[..., 0]
        if with_covariance:
            V = spd_inverse(gram + strength * np.eye(gram.shape[-1]))
            covariances.append(root @ V @ np.swapaxes(root, -1, -2))
    means = prior.finish(means, n_rows, context, left)
    found = _weigh(prior, n_rows, logdet, misfit, means)
    return _with_covariance(prior, found, means, covariances, misfit, n_rows) if covariances else found


def posterior_of_rows(Z, y, weight, moments, prior, *, strength=1.0):
    """The same posterior from padded rows ``Z (t, n, p)``, ``y (t, n)``, for tasks of fewer rows than columns.

    All components at once, and matrices only as wide as the task has rows: ``(I + D D')^-1`` for ``D = Z R``.
    """
    n_rows, context = moments.n_rows, moments.context
    means, roots = prior.means(n_rows, context), prior.roots_of_tasks(n_rows, context)
    unit = np.sqrt(weight[:, None, :] / prior.levels[:, None])
    design = (Z[:, None] @ roots) * unit[..., None]
    residual = (y[:, None, :] - (Z[:, None] @ means[..., None])[..., 0]) * unit
    kernel, identity = design @ np.swapaxes(design, 2, 3), np.eye(Z.shape[1])
    logdet = 2.0 * np.log(np.diagonal(np.linalg.cholesky(kernel + identity), axis1=2, axis2=3)).sum(axis=2)
    intercept = roots[..., -1, :]
    reach = (design @ intercept[..., None])[..., 0]
    pull = np.linalg.solve(kernel + identity, np.stack([residual, reach], axis=3))
    misfit = (residual * pull[..., 0]).sum(axis=2)
    if strength != 1.0:
        pull = np.linalg.solve(kernel + strength * identity, np.stack([residual, reach], axis=3))
    left = 1.0 - (reach * pull[..., 1]).sum(axis=2) / (intercept**2).sum(axis=2)
    means += (roots @ (np.swapaxes(design, 2, 3) @ pull[..., :1]))[..., 0]
    return _weigh(prior, n_rows, logdet, misfit, prior.finish(means, n_rows, context, left))


def _weigh(prior, n_rows, logdet, misfit, means):
    """The evidence-weighted mean of the components."""
    logs = log_evidences(prior, n_rows, logdet, misfit) + prior.log_shares
    logs = np.where(n_rows[:, None] > 0, logs, np.where(np.arange(logs.shape[1]) < len(prior.noise), logs, -np.inf))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    noise = (weights * _noises(prior, n_rows, misfit)).sum(axis=1)
    mean = (weights[:, None, :] @ means)[:, 0]
    return Posterior(mean, noise, None, weights, weights[:, : len(prior.noise)].sum(axis=1))


def log_evidences(prior, n_rows, logdet, misfit):
    """``log p(y_t)`` of every task under every component, ``(n_tasks, C)``."""
    n_learned, rows = len(prior.noise), n_rows[:, None]
    logs = -0.5 * (rows * np.log(2.0 * np.pi * prior.levels) + logdet + misfit)
    logs[:, n_learned:] += level_bonus(prior.level, rows, prior.free_level)
    if not prior.noise_known and n_learned < logs.shape[1]:
        a, b = NOISE_DOF / 2.0, NOISE_DOF / 2.0 * prior.level
        vague = np.maximum(misfit[:, n_learned:], 0.0)
        logs[:, n_learned:] += 0.5 * misfit[:, n_learned:] - (a + rows / 2.0) * np.log(b + vague / 2.0)
        logs[:, n_learned:] += a * np.log(b) + gammaln(a + rows / 2.0) - gammaln(a)
    return logs


def _noises(prior, n_rows, misfit):
    """Expected noise ``(n_tasks, C)`` under every component."""
    n_learned = len(prior.noise)
    noises = np.broadcast_to(prior.levels, misfit.shape).copy()
    if not prior.noise_known:
        a, b = NOISE_DOF / 2.0, NOISE_DOF / 2.0 * prior.level
        vague = np.maximum(misfit[:, n_learned:], 0.0)
        noises[:, n_learned:] = (b + vague / 2.0) / np.maximum(a + n_rows[:, None] / 2.0 - 1.0, 0.5)
    return noises


def _with_covariance(prior, found, means, covariances, misfit, n_rows):
    """The covariance of the mixture: within the components, whose strangers are in units of noise, and between them."""
    scales = np.ones_like(found.weights)
    if not prior.noise_known:
        scales[:, len(prior.noise) :] = _noises(prior, n_rows, misfit)[:, len(prior.noise) :]
    shares = found.weights * scales
    covariance = sum(shares[:, c, None, None] * V for c, V in enumerate(covariances))
    off = (means - found.mean[:, None]) * np.sqrt(found.weights)[..., None]
    return replace(found, covariance=covariance + np.swapaxes(off, 1, 2) @ off)


def stranger_evidence(moments, prior):
    """``log p(y_t)`` of every task under the vague components together."""
    deviations, shares = prior.strangers
    n_learned = len(prior.noise)
    logdet, misfit = (
        np.zeros((moments.n_tasks, n_learned + len(shares))),
        np.zeros((moments.n_tasks, n_learned + len(shares))),
    )
    for c, deviation in enumerate(deviations, start=n_learned):
        gram, score, square = whitened(moments, prior.stranger_mean, np.diag(deviation), prior.levels[c])
        logdet[:, c], quadratic = logdet_and_quadratic(gram + np.eye(len(deviation)), score)
        misfit[:, c] = square - quadratic
    logs = log_evidences(prior, moments.n_rows, logdet, misfit)[:, n_learned:] + np.log(shares)
    return np.logaddexp.reduce(logs, axis=1)


def learn_vague_weight(learned, stranger, n_iter=50):
    """How often held-out tasks looked like strangers: EM for a two-part mixture, one stranger and one fellow assumed.

    ``learned`` and ``stranger`` are the log-evidences ``(n_tasks,)``; with nothing but fellows the weight is about
    ``1 / (n_tasks + 2)``.
    """
    n_tasks = len(learned)
    weight = 1.0 / (n_tasks + 2.0)
    odds = np.clip(stranger - learned, -700.0, 700.0)
    for _ in range(n_iter):
        share = weight / (weight + (1.0 - weight) * np.exp(-odds))
        weight = (share.sum() + 1.0) / (n_tasks + 2.0)
    return float(weight)
