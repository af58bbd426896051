"""What tasks' own rows make of a prior that may be wrong for them: learned and vague components, weighed by evidence.

Learned: ``w ~ N(mean, covariance)``, noise at each of the nodes of its law. Vague: ``w ~ N(0, noise * R_g)`` for a
small grid of signal-to-noise ratios ``g``, the noise itself integrated out under an inverse gamma around the past
tasks' (normal-inverse-gamma; Gelman et al., 2013, Bayesian Data Analysis, section 14.8, with a proper prior). The
answer is the evidence-weighted mean, so a prior that the rows contradict fades without a threshold.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, logsumexp

from skmeta._numerics.between import expected_mean
from skmeta._numerics.linalg import inverse_and_solution, logdet_and_quadratic
from skmeta._numerics.moments import whitened

SIGNAL_TO_NOISE = np.array([0.03, 1.0, 30.0, 1000.0])  # of all slopes together, in units of the noise variance
_INTERCEPT = 10.0  # variance of a stranger's level, in units of the target's variance over the collection
_NOISE_DOF = 4.0  # how firmly a stranger's noise is tied to the past tasks'


@dataclass(frozen=True, eq=False)
class Believed:
    """A prior in the units of the engine: ``N(mean, R R')`` with ``root`` R, and the nodes of the noise's law."""

    mean: np.ndarray
    root: np.ndarray
    noise: np.ndarray
    noise_probability: np.ndarray
    vague_weight: float
    stranger_mean: np.ndarray
    noise_known: bool = False
    flat_intercept: bool = False
    between: np.ndarray | None = None
    ratio: np.ndarray | None = None

    def expected(self, n_rows, context):
        """Expected coefficients of tasks with so many rows around ``context``."""
        return expected_mean(self.mean, self.between, self.ratio, n_rows, context)

    @property
    def covariance(self):
        """``(p, p)``."""
        return self.root @ self.root.T

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
    parts = [_learned(moments, prior, j, strength, with_covariance) for j in range(len(prior.noise))]
    if prior.vague_weight > 0:
        parts += [_stranger(moments, prior, ratio, strength, with_covariance) for ratio in vague_ratios(prior)]
    return _mix(parts, len(prior.noise))


def vague_ratios(prior):
    """The grid ``R_g``: slopes share a signal-to-noise ratio evenly, the intercept is as good as free."""
    p = len(prior.mean)
    level = _INTERCEPT / prior.level
    return [np.r_[np.full(p - 1, snr / max(p - 1, 1)), max(level, _INTERCEPT)] for snr in SIGNAL_TO_NOISE]


def _learned(moments, prior, j, strength, with_covariance):
    """``(log weight, noise, mean, covariance)`` of the learned component at noise node ``j``."""
    level, expected = prior.noise[j], prior.expected(moments.n_rows, moments.context)
    whole = whitened(moments, expected, prior.root, level)
    logs = _evidence(moments, whole, level) + np.log((1.0 - prior.vague_weight) * prior.noise_probability[j])
    mean, V = _solve(whole, prior.root, strength, with_covariance)
    return logs, np.full(len(logs), level), expected + mean, V


def _stranger(moments, prior, ratio, strength, with_covariance):
    """The same for a task that has nothing to do with the collection, at one signal-to-noise ratio."""
    root = np.diag(np.sqrt(ratio))
    logs, noise, whole = _stranger_evidence(moments, prior, root)
    mean, V = _solve(whole, root, strength, with_covariance)
    if with_covariance and not prior.noise_known:
        V = V * noise[:, None, None]
    return logs + np.log(prior.vague_weight / len(SIGNAL_TO_NOISE)), noise, prior.stranger_mean + mean, V


def _evidence(moments, whole, level):
    gram, score, square = whole
    logdet, quadratic = logdet_and_quadratic(gram + np.eye(gram.shape[-1]), score)
    return -0.5 * (moments.n_rows * np.log(2.0 * np.pi * level) + logdet + square - quadratic)


def _solve(whole, root, strength, with_covariance):
    gram, score, _ = whole
    matrix = gram + strength * np.eye(len(root))
    if with_covariance:
        V, v = inverse_and_solution(matrix, score)
        return v @ root.T, root @ V @ root.T
    return np.linalg.solve(matrix, score[..., None])[..., 0] @ root.T, None


def _stranger_evidence(moments, prior, root):
    """Log-evidence and expected noise of every task, the noise integrated out unless it is known."""
    if prior.noise_known:
        whole = whitened(moments, prior.stranger_mean, root, prior.level)
        return _evidence(moments, whole, prior.level), np.full(moments.n_tasks, prior.level), whole
    whole = whitened(moments, prior.stranger_mean, root, 1.0)
    gram, score, square = whole
    logdet, quadratic = logdet_and_quadratic(gram + np.eye(len(root)), score)
    misfit = np.maximum(square - quadratic, 0.0)
    a, b = _NOISE_DOF / 2.0, _NOISE_DOF / 2.0 * prior.level
    rows = moments.n_rows / 2.0
    logs = -rows * np.log(2.0 * np.pi) - 0.5 * logdet + a * np.log(b) + gammaln(a + rows) - gammaln(a)
    logs = logs - (a + rows) * np.log(b + misfit / 2.0)
    return logs, (b + misfit / 2.0) / (a + rows - 1.0), whole


def stranger_evidence(moments, prior):
    """``log p(y_t)`` of every task under the vague components together."""
    logs = [_stranger_evidence(moments, prior, np.diag(np.sqrt(ratio)))[0] for ratio in vague_ratios(prior)]
    return logsumexp(logs, axis=0) - np.log(len(logs))


def _mix(parts, n_learned):
    """The evidence-weighted mean of the components, and the covariance of their mixture."""
    logs, noises, means = (np.stack(column, axis=1) for column in list(zip(*parts, strict=True))[:3])
    weights = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    mean = np.einsum("tc,tcp->tp", weights, means)
    covariance = None
    if parts[0][3] is not None:
        off = means - mean[:, None]
        covariance = sum(weights[:, c, None, None] * part[3] for c, part in enumerate(parts))
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
