"""Noise that differs from task to task: what one collection says of the next task's noise.

Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3(1), section 6.2: sample variances
``s_t^2`` with ``dof_t`` degrees of freedom around ``sigma_t^2``, which has a scaled inverse chi-squared law with
``dof`` degrees of freedom and location ``level``. Moments of ``log s_t^2`` give both; ``dof = inf`` says that the
tasks' noises do not differ.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma
from scipy.stats import chi2

_WIDEST = 2.0  # fewer degrees of freedom would have noises differ by orders of magnitude
_SHARED = 200.0  # beyond so many degrees of freedom the tasks' noises differ by less than 10 %


def trigamma_inverse(value):
    """The ``x`` with ``trigamma(x) = value > 0``, by Newton's method on ``1 / trigamma`` (Smyth's appendix)."""
    x = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = polygamma(1, x)
        step = trigamma * (1.0 - trigamma / value) / polygamma(2, x)
        x += step
        if abs(step) < 1e-10 * x:
            break
    return float(x)


def fit_noise(variance, dof, counts=None):
    """``(level, dof)`` of the law of the tasks' noises from their estimates ``variance`` with ``dof`` each.

    ``counts (n_tasks,)`` is how often each task counts.
    """
    counts = np.ones_like(variance) if counts is None else counts
    useful = (dof >= 1.0) & (variance > 0) & (counts > 0)
    pooled = float(np.sum(counts * variance * dof) / np.sum(counts * dof))
    n = float(counts[useful].sum())
    if n < 3:
        return pooled, np.inf
    variance, half, counts = variance[useful], dof[useful] / 2.0, counts[useful]
    logs = np.log(variance) - digamma(half) + np.log(half)
    expected = polygamma(1, half)
    weight = counts / expected
    centre = np.average(logs, weights=weight)
    excess = np.average((logs - centre) ** 2 * n / (n - 1.0) - expected, weights=weight)
    chance = 2.0 * np.sqrt(2.0 / (n - 1.0)) * np.average(expected, weights=weight)  # two standard errors if none differ
    if excess <= max(polygamma(1, _SHARED / 2.0), chance):
        return pooled, np.inf
    prior_half = max(trigamma_inverse(excess), _WIDEST / 2.0)
    return float(np.exp(centre + digamma(prior_half) - np.log(prior_half))), 2.0 * prior_half


def squeeze_noise(variance, dof, level, prior_dof):
    """The tasks' noises shrunk towards the learned law (Smyth's equation 5)."""
    if np.isinf(prior_dof):
        return np.full_like(variance, level)
    return (prior_dof * level + dof * variance) / (prior_dof + dof)


@dataclass(frozen=True)
class NoiseLaw:
    """What the next task's noise may be: scaled inverse chi-squared around ``level`` with ``dof`` degrees of freedom."""

    level: float
    dof: float = np.inf

    def nodes(self, n_nodes=5):
        """Noise levels ``(m,)`` and their probabilities that stand for the law in sums; one node when shared."""
        if np.isinf(self.dof):
            return np.array([self.level]), np.ones(1)
        middle = (np.arange(n_nodes) + 0.5) / n_nodes
        return self.level * self.dof / chi2.ppf(middle, self.dof), np.full(n_nodes, 1.0 / n_nodes)

    def odd(self, n_nodes=4):
        """Levels ``(m,)`` of a task noisier than the law expects, by one to ``m`` of its spreads (of logarithms).

        None where noises are shared: there a task that looks noisy is rather one whose coefficients are unlike.
        """
        if np.isinf(self.dof):
            return np.empty(0)
        return self.level * np.exp(np.sqrt(polygamma(1, self.dof / 2.0)) * np.arange(1, n_nodes + 1))

    @property
    def mean(self):
        """Expected noise, at most four times ``level``: with few degrees of freedom it would be infinite."""
        return self.level if np.isinf(self.dof) else self.level * self.dof / max(self.dof - 2.0, _WIDEST / 4.0)
