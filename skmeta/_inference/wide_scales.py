"""What tasks that a wide prior never saw ask of its scales.

A prior's mean, its variances and its noise are each multiplied by one number, so that the tasks held out are most
probable. Whatever approximations made the prior, the evidence of tasks it never saw is honest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.dual import ROUNDING, SCALE_SPREAD, DualProblem, definite, evidence_slopes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import solve
from skmeta._inference.noise import squeeze_noise
from skmeta._inference.wide import WidePrior

Array = NDArray[Any]

N_SCALES = 5  # guard: no choice: the mean's slopes, the variances of slopes, factors and intercept, and the noise
_STEPS = 8  # of Fisher scoring
_HELD = 1e300  # guard: information that keeps a scale where it is


def scaled(prior: WidePrior, scales: Array) -> WidePrior:
    """A prior multiplied by ``scales (K, 5)``."""
    mean, slopes, factor, intercept, noise = scales.T

    def times(values: Array, by: Array, last: Any) -> Array:
        return np.concatenate([values[:, :-1] * by[:, None], values[:, -1:] * np.reshape(last, (-1, 1))], axis=1)

    return replace(
        prior,
        mean=times(prior.mean, mean, 1.0),
        variance=times(prior.variance, slopes, intercept),
        mean_variance=None if prior.mean_variance is None else times(prior.mean_variance, slopes, intercept),
        factor=prior.factor * np.sqrt(factor)[:, None, None],
        noise=prior.noise * noise,
    )


def fit_scales(batches: Sequence[Any], prior: WidePrior, loss: Likelihood) -> tuple[Array, float]:
    """The ``scales (K, 5)`` that tasks held out ask for, and their evidence with a penalty for scales far from one.

    Fisher scoring, each step halved until it helps.
    """
    logs, best = np.zeros((len(prior.noise), N_SCALES)), -np.inf
    step = np.zeros_like(logs)
    laws = [_Law.read(batch, prior, loss) for batch in batches]
    posteriors: Any = [None] * len(batches)
    for _ in range(_STEPS):
        trial = logs + step
        climbed = [law.climb(np.exp(trial), loss, posterior) for law, posterior in zip(laws, posteriors, strict=True)]
        *sums, posteriors = zip(*climbed, strict=True)
        value, slopes, fisher = (sum(part) for part in sums)
        value -= 0.5 * np.sum(trial**2) / SCALE_SPREAD**2
        if value < best - ROUNDING * (1.0 + abs(best)):
            step = 0.5 * step
        else:
            logs, best = trial, value
            step = _step(fisher, slopes, logs, prior)
    return np.exp(logs), float(best)


def _step(fisher: Array, slopes: Array, logs: Array, prior: WidePrior) -> Array:
    matrix = definite(fisher) + np.eye(N_SCALES) / SCALE_SPREAD**2
    # Where tasks' noises differ their law is known better from estimates than from evidence at these.
    matrix[:, -1, -1] = np.where(np.isinf(prior.noise_dof), matrix[:, -1, -1], _HELD)
    found: Array = solve(matrix, (slopes - logs / SCALE_SPREAD**2)[..., None])[..., 0]
    return np.clip(found, -SCALE_SPREAD, SCALE_SPREAD)


@dataclass(frozen=True, eq=False)
class _Law:
    """What a prior says of a batch, in parts: for each output, of the offset ``(b, n)`` and of the kernel ``(b, n, n)``."""

    batch: Any
    noise: np.ndarray
    intercept: list
    mean: list
    kernels: list

    @classmethod
    def read(cls, batch: Any, prior: WidePrior, loss: Likelihood) -> Any:
        """The parts, as the prior has them."""
        last = np.eye(1, prior.mean.shape[1], prior.mean.shape[1] - 1)[0]
        ones = batch.times(last[:, None])[..., 0]
        kernels = []
        for variance, factor in zip(prior.expected_variance, prior.factor, strict=True):
            U = batch.times(factor)
            slopes = batch.kernel(batch.spread(variance * (1.0 - last)))
            kernels.append([slopes, U @ np.swapaxes(U, 1, 2), variance[-1] * ones[:, :, None] * ones[:, None, :]])
        mean = [batch.times((m * (1.0 - last))[:, None])[..., 0] for m in prior.mean]
        kernel = np.stack([sum(parts) for parts in kernels], axis=1)
        offset = batch.times(prior.mean.T) + batch.offset
        noise = _own_noise(DualProblem(loss, batch.Y, batch.weight, prior.noise, offset, kernel, batch.count), prior)
        return cls(batch, noise, [m[-1] * ones for m in prior.mean], mean, kernels)

    def climb(self, scales: Array, loss: Likelihood, before: Any) -> tuple[Any, ...]:
        """Evidence, its gradient ``(K, 5)`` and information ``(K, 5, 5)`` in the scales' logarithms, and the posterior."""
        means = [s[0] * mean for s, mean in zip(scales, self.mean, strict=True)]
        kernels = [
            [s * K for s, K in zip(row[1:4], parts, strict=True)]
            for row, parts in zip(scales, self.kernels, strict=True)
        ]
        problem = DualProblem(
            loss,
            self.batch.Y,
            self.batch.weight,
            self.noise * scales[:, 4],
            np.stack([mean + own for mean, own in zip(means, self.intercept, strict=True)], axis=2) + self.batch.offset,
            np.stack([sum(parts) for parts in kernels], axis=1),
            self.batch.count,
        )
        posterior = problem.resumed(before)
        slopes, fisher = np.zeros(scales.shape), np.zeros((*scales.shape, N_SCALES))
        for k, mean in enumerate(means):
            parts = kernels[k] + problem.noise_kernel(k)
            found = evidence_slopes(posterior.dual.block(k), posterior.a[..., k], [mean], parts, self.batch.counts)
            n = len(found[0])
            slopes[k, :n], fisher[k, :n, :n] = found
            problem.add_repetitions(slopes[k], fisher[k], self.batch.counts)
        return float(self.batch.counts @ problem.evidence(posterior)), slopes, fisher, posterior


def _own_noise(problem: DualProblem, prior: WidePrior) -> Array:
    """The noises of tasks held out: the common ones ``(K,)``, or ``(b, 1, K)``, each drawn to the law by its own rows."""
    if not problem.loss.quadratic or np.all(np.isinf(prior.noise_dof)):
        return prior.noise
    posterior, own = problem.mode(), []
    for k, (noise, dof) in enumerate(zip(prior.noise, prior.noise_dof, strict=True)):
        square, left = problem.pearson(posterior, k)
        own.append(squeeze_noise(square / left, left, noise, dof))
    return np.stack(own, axis=1)[:, None]
