"""What tasks' own rows make of a prior that may be wrong for them: learned and vague components, weighed by evidence.

Learned: ``w ~ N(mean, covariance)``, noise at each of the nodes of its law. Vague: ``w ~ N(0, noise * R_g)`` for a
small grid of signal-to-noise ratios ``g``, the noise itself integrated out under an inverse gamma around the past
tasks' (normal-inverse-gamma; Gelman et al., 2013, Bayesian Data Analysis, section 14.8, with a proper prior). The
answer is the evidence-weighted mean, so a prior that the rows contradict fades without a threshold.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from skmeta._numerics.gaussian_em import log_evidence
from skmeta._numerics.linalg import logdet_and_quadratic, spd_inverse

SIGNAL_TO_NOISE = np.array([0.03, 1.0, 30.0, 1000.0])  # of all slopes together, in units of the noise variance
_INTERCEPT = 10.0  # variance of a stranger's level, in units of the target's variance over the collection
_NOISE_DOF = 4.0  # how firmly a stranger's noise is tied to the past tasks'


@dataclass(frozen=True, eq=False)
class Believed:
    """A prior in the units of the engine: ``precision`` may be singular (flat directions) when ``vague_weight`` is 0."""

    mean: np.ndarray
    precision: np.ndarray
    covariance: np.ndarray | None
    noise: np.ndarray
    noise_probability: np.ndarray
    vague_weight: float
    stranger_mean: np.ndarray
    noise_known: bool = False

    @property
    def level(self):
        """One noise variance that stands for all."""
        return float(np.exp(self.noise_probability @ np.log(self.noise)))


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of ``n_tasks`` tasks after their own rows.

    ``mean (n_tasks, p)``; ``noise (n_tasks,)``; ``covariance (n_tasks, p, p)`` or None; ``weights (n_tasks, c)`` of
    the components, the vague ones last; ``trust (n_tasks,)`` is what the learned ones have together.
    """

    mean: np.ndarray
    noise: np.ndarray
    covariance: np.ndarray | None
    weights: np.ndarray
    trust: np.ndarray


def posterior(moments, prior, *, strength=1.0, with_covariance=False):
    """Posterior of every task of one output, with the prior ``strength`` times as strong as learned.

    Whether a task belongs to the collection is judged at strength one: it does not depend on how much is borrowed.
    """
    n_nodes = len(prior.noise)
    ratios = vague_ratios(prior) if prior.vague_weight > 0 else []
    logs = np.empty((moments.n_tasks, n_nodes + len(ratios)))
    solutions, noises = [], np.empty_like(logs)
    if logs.shape[1] == 1:
        logs[:] = 0.0
    else:
        evidence = log_evidence(moments, prior.mean, prior.covariance, prior.noise)
        logs[:, :n_nodes] = evidence + np.log(prior.noise_probability * (1.0 - prior.vague_weight))
    for j, level in enumerate(prior.noise):
        solutions.append(_learned(moments, prior, level, strength, with_covariance))
        noises[:, j] = level
    for g, ratio in enumerate(ratios, start=n_nodes):
        logs[:, g], noises[:, g] = _stranger_evidence(moments, ratio, prior)
        logs[:, g] += np.log(prior.vague_weight / len(ratios))
        solutions.append(_stranger(moments, prior, ratio, strength, noises[:, g], with_covariance))
    return _mix(solutions, noises, np.exp(logs - logsumexp(logs, axis=1, keepdims=True)), n_nodes)


def vague_ratios(prior):
    """The grid ``R_g``: slopes share a signal-to-noise ratio evenly, the intercept is as good as free."""
    p = len(prior.mean)
    level = _INTERCEPT / prior.level
    return [np.r_[np.full(p - 1, snr / max(p - 1, 1)), max(level, _INTERCEPT)] for snr in SIGNAL_TO_NOISE]


def _learned(moments, prior, level, strength, with_covariance):
    score, _ = moments.residual(prior.mean)
    matrix = moments.gram / level + strength * prior.precision
    step, V = _solve(matrix, score / level, with_covariance)
    return prior.mean + step, V


def _stranger(moments, prior, ratio, strength, noise, with_covariance):
    score, _ = moments.residual(prior.stranger_mean)
    step, V = _solve(moments.gram + strength * np.diag(1.0 / ratio), score, with_covariance)
    return prior.stranger_mean + step, V * noise[:, None, None] if with_covariance else None


def _solve(matrix, vector, with_inverse):
    if with_inverse:
        inverse = spd_inverse(matrix)
        return (inverse @ vector[..., None])[..., 0], inverse
    return np.linalg.solve(matrix, vector[..., None])[..., 0], None


def _stranger_evidence(moments, ratio, prior):
    """Log-evidence and expected noise of every task if it has nothing to do with the collection."""
    level = prior.level
    if prior.noise_known:
        logs = log_evidence(moments, prior.stranger_mean, np.diag(level * ratio), np.array([level]))[:, 0]
        return logs, np.full(moments.n_tasks, level)
    score, square = moments.residual(prior.stranger_mean)
    logdet, quadratic = logdet_and_quadratic(moments.gram + np.diag(1.0 / ratio), score)
    misfit = np.maximum(square - quadratic, 0.0)
    a, b = _NOISE_DOF / 2.0, _NOISE_DOF / 2.0 * level
    rows = moments.n_rows / 2.0
    logs = (
        -rows * np.log(2.0 * np.pi)
        - 0.5 * (np.log(ratio).sum() + logdet)
        + (a * np.log(b) + gammaln(a + rows) - gammaln(a))
        - (a + rows) * np.log(b + misfit / 2.0)
    )
    return logs, (b + misfit / 2.0) / (a + rows - 1.0)


def stranger_evidence(moments, prior):
    """``log p(y_t)`` of every task under the vague components together."""
    logs = [_stranger_evidence(moments, ratio, prior)[0] for ratio in vague_ratios(prior)]
    return logsumexp(logs, axis=0) - np.log(len(logs))


def _mix(solutions, noises, weights, n_learned):
    means = np.stack([mean for mean, _ in solutions], axis=1)
    mean = np.einsum("tc,tcp->tp", weights, means)
    covariance = None
    if solutions[0][1] is not None:
        off = means - mean[:, None]
        covariance = sum(weights[:, c, None, None] * V for c, (_, V) in enumerate(solutions))
        covariance = covariance + np.einsum("tc,tcp,tcq->tpq", weights, off, off, optimize=True)
    noise = np.einsum("tc,tc->t", weights, noises)
    return Posterior(mean, noise, covariance, weights, weights[:, :n_learned].sum(axis=1))


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


def worth_in_rows(prior, moments):
    """Own rows that would predict as well as the prior alone: ``p noise / trace(covariance E[zz'])`` per task.

    Least squares on ``n`` rows errs by about ``noise p / n``, the prior mean by ``trace(covariance E[zz'])``.
    """
    p = len(prior.mean)
    rows = np.maximum(moments.n_rows, 1e-12)
    own = np.einsum("tij,ij->t", moments.gram, prior.covariance) / rows
    error = np.where(moments.n_rows > 0, own, np.trace(prior.covariance))
    return p * prior.level / np.maximum(error, 1e-300)
