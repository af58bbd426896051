"""Noise that differs from task to task: what one collection says of the next task's noise.

Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3(1), section 6.2: sample variances
``s_t^2`` with ``dof_t`` degrees of freedom around ``sigma_t^2``, which has a scaled inverse chi-squared law with
``dof`` degrees of freedom and location ``level``. Moments of ``log s_t^2`` give both; ``dof = inf`` says that the
tasks' noises do not differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma
from scipy.stats import chi2

Array = NDArray[Any]

WIDEST = 2.0  # fewer degrees of freedom would have noises differ by orders of magnitude
_SHARED = 200.0  # beyond so many degrees of freedom the tasks' noises differ by less than 10 %
_SAME = float(polygamma(1, _SHARED / 2.0))
_SETTLED = 1e12  # degrees of freedom that are as good as infinitely many
_TINY = float(np.finfo(float).tiny)


def trigamma_inverse(value: Any) -> Array:
    """The ``x`` with ``trigamma(x) = value > 0``, by Newton's method on ``1 / trigamma`` (Smyth's appendix); or several."""
    x = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = polygamma(1, x)
        step = trigamma * (1.0 - trigamma / value) / polygamma(2, x)
        x += step
        if np.all(np.abs(step) < 1e-10 * x):
            break
    return x


def fit_noise(variance: Array, dof: Array, counts: Array | None = None) -> tuple[Any, ...]:
    """``(level, dof)`` of the law of the tasks' noises from their estimates ``variance (..., n_tasks)`` with ``dof`` each.

    ``counts (..., n_tasks)`` is how often each task counts. Of several collections there are several laws.
    """
    counts = np.ones_like(variance) if counts is None else counts
    pooled = (counts * variance * dof).sum(axis=-1) / (counts * dof).sum(axis=-1)
    useful = np.where((dof >= 1.0) & (variance > 0), counts, 0.0)
    n = useful.sum(axis=-1)
    known = useful > 0
    half = np.where(known, dof / 2.0, 1.0)
    logs = np.log(np.where(known, variance, 1.0)) - digamma(half) + np.log(half)
    expected = polygamma(1, half)
    weight = useful / expected
    weight = weight / np.maximum(weight.sum(axis=-1, keepdims=True), _TINY)
    centre = (weight * logs).sum(axis=-1)
    excess = ((logs - centre[..., None]) ** 2 * weight).sum(axis=-1) * n / np.maximum(n - 1.0, 1.0)
    by_chance = (weight * expected).sum(axis=-1)
    excess = excess - by_chance
    chance = 2.0 * np.sqrt(2.0 / np.maximum(n - 1.0, 1.0)) * by_chance  # two standard errors if none differ
    differ = (n >= 3) & (excess > np.maximum(_SAME, chance))
    half = np.maximum(trigamma_inverse(np.where(differ, excess, 1.0)), WIDEST / 2.0)
    level = np.exp(centre + digamma(half) - np.log(half))
    return np.where(differ, level, pooled), np.where(differ, 2.0 * half, np.inf)


def squeeze_noise(variance: Array, dof: Array, level: Any, prior_dof: Any) -> Array:
    """The tasks' noises shrunk towards the learned law (Smyth's equation 5), each collection's towards its own."""
    level, prior_dof = np.asarray(level)[..., None], np.asarray(prior_dof)[..., None]
    shared = np.isinf(prior_dof)
    prior_dof = np.where(shared, 1.0, prior_dof)
    return np.where(shared, level, (prior_dof * level + dof * variance) / (prior_dof + dof))


@dataclass(frozen=True)
class NoiseLaw:
    """What the next task's noise may be: scaled inverse chi-squared around ``level`` with ``dof`` degrees of freedom."""

    level: float | np.ndarray
    dof: float | np.ndarray = np.inf

    def nodes(self, n_nodes: int = 5) -> tuple[Array, Array]:
        """Noise levels ``(m,)`` and their probabilities that stand for the law in sums; one node when shared."""
        if np.all(np.isinf(self.dof)):
            return np.asarray(self.level)[..., None], np.ones(1)
        level, dof = np.asarray(self.level)[..., None], np.asarray(self.dof)[..., None]
        middle, finite = (np.arange(n_nodes) + 0.5) / n_nodes, np.minimum(dof, _SETTLED)
        spread = np.where(np.isinf(dof), 1.0, finite / chi2.ppf(middle, finite))
        return level * spread, np.full(n_nodes, 1.0 / n_nodes)

    @property
    def log_spread(self) -> float:
        """Standard deviation of the noises' logarithms; zero where the tasks' noises do not differ."""
        return 0.0 if np.isinf(self.dof) else float(np.sqrt(polygamma(1, self.dof / 2.0)))
