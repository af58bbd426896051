"""What tasks' own rows make of a prior that may be wrong for them: kinds of tasks, weighed by evidence.

Fellows: ``w ~ N(mean, covariance)``, noise at each of the nodes of its law; odd ones by level or by noise (see
`believed`). Strangers: ``w ~ N(0, noise * R)`` for the plain estimator's own penalty, the noise itself integrated out
under an inverse gamma around the past tasks' (normal-inverse-gamma; Gelman et al., 2013, Bayesian Data Analysis,
section 14.8, with a proper prior). The answer is the evidence-weighted mean, so a prior that the rows contradict fades
without a threshold.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from skmeta._inference.believed import FELLOW, KINDS, STRANGER, level_bonus
from skmeta._inference.linalg import logdet_and_quadratic, spd_inverse
from skmeta._inference.moments import whitened

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
    laws = _Laws(moments, prior)
    shape, told = (moments.n_tasks, len(prior.levels)), prior.between is not None
    (logdet, misfit, left), means, covariances = np.zeros((3, *shape)), np.empty((*shape, laws.p)), []
    identity = np.eye(laws.p)
    for c, held in enumerate(strength * prior.caution):
        gram, score, wide, logdet[:, c], misfit[:, c] = laws.component(c)
        root = prior.roots[prior.law[c]]
        intercept = root[-1] * wide
        solved = np.linalg.solve(gram + held * identity, np.stack([score, intercept][: 1 + told], axis=2))
        means[:, c] = laws.means[prior.law[c]] + (wide * solved[..., 0]) @ root.T
        if told:
            left[:, c] = held * (solved[..., 1] * intercept).sum(axis=1) / (intercept**2).sum(axis=1)
        if with_covariance:
            V = prior.caution[c] * spd_inverse(gram + held * identity)
            covariances.append(root @ (wide[:, :, None] * V * wide[:, None, :]) @ root.T)
    means = prior.finish(means, moments.n_rows, moments.context, left)
    found = _weigh(prior, moments, logdet, misfit, means)
    return _with_covariance(prior, found, means, covariances, misfit, moments.n_rows) if covariances else found


class _Laws:
    """The tasks in coordinates where a law's coefficients are spherical; its components differ by two scales only.

    A component's noise divides the whole, and where its intercept varies more than its law's, the last coordinate is
    as many times as ``wide``: the root of a covariance is triangular, the intercept last.
    """

    def __init__(self, moments, prior):
        self.means = prior.means(moments.n_rows, moments.context)
        self.parts = [whitened(moments, mean, root, 1.0) for mean, root in zip(self.means, prior.roots, strict=True)]
        self.last = np.array([max(abs(root[-1, -1]), 1e-150) for root in prior.roots])
        self.prior, self.p = prior, len(prior.mean)
        self.wider = prior.wider_level(moments.n_rows, moments.context)

    def component(self, c):
        """``(gram, score, wide, logdet, misfit)`` of one component, at a noise of one."""
        law, level = self.prior.law[c], self.prior.levels[c]
        gram, score, square = self.parts[law]
        wide = np.ones_like(score)
        wide[:, -1] = np.sqrt(1.0 + self.wider[:, c] / self.last[law] ** 2)
        gram, score = gram * (wide[:, :, None] * wide[:, None, :] / level), score * wide / level
        logdet, quadratic = logdet_and_quadratic(gram + np.eye(self.p), score)
        return gram, score, wide, logdet, square / level - quadratic


def posterior_of_rows(Z, y, weight, moments, prior, *, strength=1.0):
    """The same posterior from padded rows ``Z (t, n, p)``, ``y (t, n)``, for tasks of fewer rows than columns.

    All components at once, and matrices only as wide as the task has rows: ``(I + K)^-1`` for ``K = Z R (Z R)'``.
    """
    n_rows, context, law = moments.n_rows, moments.context, prior.law
    unit = np.sqrt(weight[:, None] / prior.levels[:, None])
    level, wider = Z[:, None, :, -1] * unit, prior.wider_level(n_rows, context)[..., None]
    designs, expected = [Z @ root for root in prior.roots], prior.means(n_rows, context)
    kernel = np.stack([design @ np.swapaxes(design, 1, 2) for design in designs], axis=1)[:, law]
    kernel = kernel * (unit[..., :, None] * unit[..., None, :]) + level[..., None] * (wider * level)[..., None, :]
    residual = np.stack([y - (Z @ mean[..., None])[..., 0] for mean in expected], axis=1)[:, law] * unit
    identity, held = np.eye(Z.shape[1]), strength * prior.caution
    logdet, misfit = logdet_and_quadratic(kernel + identity, residual)
    solve = spd_inverse(kernel + held[:, None, None] * identity)
    pull = (solve @ residual[..., None])[..., 0]
    means = np.empty((len(Z), len(law), Z.shape[2]))
    for k, (design, root, mean) in enumerate(zip(designs, prior.roots, expected, strict=True)):
        own = law == k
        means[:, own] = mean[:, None] + (pull * unit)[:, own] @ design @ root.T
    means[..., -1] += (wider * level * pull).sum(axis=2)
    if prior.between is None:
        return _weigh(prior, moments, logdet, misfit, means)
    reach = np.stack([d @ root[-1] for d, root in zip(designs, prior.roots, strict=True)], axis=1)[:, law] * unit
    reach, variance = reach + wider * level, np.array([root[-1] @ root[-1] for root in prior.roots])[law]
    left = 1.0 - (reach * (solve @ reach[..., None])[..., 0]).sum(axis=2) / (variance + wider[..., 0])
    return _weigh(prior, moments, logdet, misfit, prior.finish(means, n_rows, context, left))


def _weigh(prior, moments, logdet, misfit, means):
    """The evidence-weighted mean of the components; without rows there is no saying that a task is odd."""
    n_rows = moments.n_rows
    logs = log_evidences(prior, n_rows, moments.gram[:, -1:, -1], logdet, misfit) + prior.log_shares
    logs = np.where((n_rows[:, None] > 0) | (prior.kind == FELLOW), logs, -np.inf)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    noise = np.exp((weights * np.log(_noises(prior, n_rows, misfit))).sum(axis=1))
    mean = (weights[:, None, :] @ means)[:, 0]
    return Posterior(mean, noise, None, weights, weights[:, : prior.n_learned].sum(axis=1))


def log_evidences(prior, n_rows, levels, logdet, misfit):
    """``log p(y_t)`` of every task under every component, ``(n_tasks, C)``.

    ``levels (n_tasks, 1)`` is the rows' weight on the intercept: none without one.
    """
    rows, strangers = n_rows[:, None], prior.kind == STRANGER
    logs = -0.5 * (rows * np.log(2.0 * np.pi * prior.levels) + logdet + misfit)
    logs += strangers * level_bonus(prior.level, levels, prior.free_level)
    if not prior.noise_known and strangers.any():
        a, b = NOISE_DOF / 2.0, NOISE_DOF / 2.0 * prior.level
        vague = np.maximum(misfit[:, strangers], 0.0)
        logs[:, strangers] += 0.5 * misfit[:, strangers] - (a + rows / 2.0) * np.log(b + vague / 2.0)
        logs[:, strangers] += a * np.log(b) + gammaln(a + rows / 2.0) - gammaln(a)
    return logs


def _noises(prior, n_rows, misfit):
    """Expected noise ``(n_tasks, C)`` under every component."""
    noises = np.broadcast_to(prior.levels, misfit.shape).copy()
    if not prior.noise_known:
        a, b = NOISE_DOF / 2.0, NOISE_DOF / 2.0 * prior.level
        vague = np.maximum(misfit[:, prior.n_learned :], 0.0)
        noises[:, prior.n_learned :] = (b + vague / 2.0) / np.maximum(a + n_rows[:, None] / 2.0 - 1.0, 0.5)
    return noises


def _with_covariance(prior, found, means, covariances, misfit, n_rows):
    """The covariance of the mixture: within the components, whose strangers are in units of noise, and between them."""
    scales = np.ones_like(found.weights)
    if not prior.noise_known:
        scales[:, prior.n_learned :] = _noises(prior, n_rows, misfit)[:, prior.n_learned :]
    shares = found.weights * scales
    covariance = sum(shares[:, c, None, None] * V for c, V in enumerate(covariances))
    off = (means - found.mean[:, None]) * np.sqrt(found.weights)[..., None]
    return replace(found, covariance=covariance + np.swapaxes(off, 1, 2) @ off)


def kind_evidence(moments, prior):
    """``log p(y_t)`` of every task under every kind ``(n_tasks, 4)``, whatever the kinds' probabilities."""
    prior = replace(prior, kinds=np.ones(len(KINDS)))
    laws, (logdet, misfit) = _Laws(moments, prior), np.empty((2, moments.n_tasks, len(prior.levels)))
    for c in range(len(prior.levels)):
        *_, logdet[:, c], misfit[:, c] = laws.component(c)
    return _by_kind(prior, log_evidences(prior, moments.n_rows, moments.gram[:, -1:, -1], logdet, misfit))


def kind_evidence_of_rows(Z, y, weight, n_rows, context, prior):
    """The same from padded rows ``Z (t, n, p)``, ``y (t, n)``, by matrices only as wide as a task has rows."""
    prior = replace(prior, kinds=np.ones(len(KINDS)))
    unit, wider, levels = np.sqrt(weight), prior.wider_level(n_rows, context), prior.levels[:, None]
    kernels, residuals = [], []
    for mean, root in zip(prior.means(n_rows, context), prior.roots, strict=True):
        design = Z @ root * unit[..., None]
        kernels.append(design @ np.swapaxes(design, 1, 2))
        residuals.append((y - (Z @ mean[..., None])[..., 0]) * unit)
    ones = Z[..., -1] * unit
    kernel = np.stack(kernels, axis=1)[:, prior.law] + wider[..., None, None] * (
        ones[:, None, :, None] * ones[:, None, None]
    )
    residual = np.stack(residuals, axis=1)[:, prior.law] / np.sqrt(levels)
    logdet, misfit = logdet_and_quadratic(kernel / levels[..., None] + np.eye(Z.shape[1]), residual)
    return _by_kind(prior, log_evidences(prior, n_rows, (ones**2).sum(axis=1, keepdims=True), logdet, misfit))


def _by_kind(prior, logs):
    logs = logs + prior.log_shares
    return np.stack([np.logaddexp.reduce(logs[:, prior.kind == kind], axis=1) for kind in KINDS], axis=1)


def learn_shares(evidence, n_iter=50):
    """How often held-out tasks were of each kind: EM for a mixture, one task of each kind assumed.

    ``evidence (n_tasks, K)`` are log-probabilities of the tasks; a kind that none looks like has about
    ``1 / (n_tasks + K)``.
    """
    n_tasks, n_kinds = evidence.shape
    shares = np.r_[n_tasks + 1.0, np.ones(n_kinds - 1)] / (n_tasks + n_kinds)
    odds = np.exp(np.clip(evidence - evidence.max(axis=1, keepdims=True), -700.0, 0.0))
    for _ in range(n_iter):
        belongs = odds * shares
        belongs /= belongs.sum(axis=1, keepdims=True)
        shares = (belongs.sum(axis=0) + 1.0) / (n_tasks + n_kinds)
    return shares
