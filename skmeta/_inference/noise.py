"""Noise that differs from task to task: what one collection says of the next task's noise.

Smyth (2004), Statistical Applications in Genetics and Molecular Biology 3(1), section 6.2: sample variances
``s_t^2`` with ``dof_t`` degrees of freedom around ``sigma_t^2``, which has a scaled inverse chi-squared law with
``dof`` degrees of freedom and location ``level``. Moments of ``log s_t^2`` give both; ``dof = inf`` says that the
tasks' noises do not differ.

Tasks whose noise no law makes likely have no say in where the law lies, only in how wide it is: the logarithms are normal
around their centre, as wide as the widest law, or anywhere within six decades (Banfield and Raftery, 1993, Model-based
Gaussian and non-Gaussian clustering, Biometrics 49, section 5). The wider the law, the further its location is below the
logarithms' centre: one noise far off among sixty equal ones moves ``level``, though not the centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, zeta
from scipy.stats import chi2

from skmeta._inference.linalg import TINY
from skmeta._inference.typical import weighted_median

Array = NDArray[Any]

_FEWEST = 3  # tasks from which noises are compared
_ERRORS = 2.0  # standard errors by which they have to differ
N_NODES = 5  # that stand for the law, at least
_NODES_A_UNIT = (
    8.0  # of the standard deviation of the noises' logarithms, so that wide laws leave no task between two nodes
)
WIDEST = 2.0  # fewer degrees of freedom would have noises differ by orders of magnitude
_DECADES = 6.0  # that the noises of outlying tasks may lie off, up or down
_ROUNDS = 20  # guard: EM for one centre and one share has settled
_STILL = 1e-7  # guard: a centre that moves by no more has settled, as tasks are asked on which side of a half they are
_SETTLED = 1e12  # guard: degrees of freedom that are as good as infinitely many


def trigamma(x: Any) -> Array:
    """The second derivative of ``log Gamma`` at ``x > 0``, which is Hurwitz' zeta function of order two."""
    return zeta(2.0, x)


def trigamma_inverse(value: Any) -> Array:
    """The ``x`` with ``trigamma(x) = value > 0``, by Newton's method on ``1 / trigamma`` (Smyth's appendix); or several."""
    x = 0.5 + 1.0 / value
    for _ in range(50):
        found = trigamma(x)
        step = found * (1.0 - found / value) / (-2.0 * zeta(3.0, x))
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
    expected = trigamma(half)
    weight = useful / expected
    centre = _centre(logs, expected, useful)
    weight = weight / np.maximum(weight.sum(axis=-1, keepdims=True), TINY)
    excess = ((logs - centre[..., None]) ** 2 * weight).sum(axis=-1) * n / np.maximum(n - 1.0, 1.0)
    by_chance = (weight * expected).sum(axis=-1)
    excess = excess - by_chance
    chance = _ERRORS * np.sqrt(2.0 / np.maximum(n - 1.0, 1.0)) * by_chance  # two standard errors if none differ
    differ = (n >= _FEWEST) & (excess > chance)
    half = np.maximum(trigamma_inverse(np.where(differ, excess, 1.0)), WIDEST / 2.0)
    level = np.exp(centre + digamma(half) - np.log(half))
    return np.where(differ, level, pooled), np.where(differ, 2.0 * half, np.inf)


def _centre(logs: Array, chance: Array, counts: Array) -> Array:
    """The mean of the noises' logarithms ``(..., n_tasks)``, of variance ``chance`` each, over tasks that are no outliers."""
    wide = trigamma(WIDEST / 2.0) + chance
    law, half = 2.0 * _DECADES * np.log(10.0) / np.sqrt(2.0 * np.pi * wide), -0.5 / wide  # over that of anywhere
    flat = [np.moveaxis(each, -1, 0).reshape(logs.shape[-1], -1) for each in (logs, counts)]
    centre = weighted_median(*flat).reshape(*logs.shape[:-1], 1)
    n, parts = counts.sum(axis=-1, keepdims=True), np.stack([counts, counts / wide, counts / wide * logs], axis=-1)
    odds, within = np.ones_like(centre), np.ones_like(logs)
    for _ in range(_ROUNDS):
        ratio = odds * law * np.exp(half * (logs - centre) ** 2)
        within = ratio / (1.0 + ratio)
        sums, before = (within[..., None, :] @ parts)[..., 0, :], centre
        odds = (sums[..., :1] + 1.0) / (n - sums[..., :1] + 1.0)
        centre = sums[..., 2:] / np.maximum(sums[..., 1:2], TINY)
        if np.abs(centre - before).max() < _STILL:
            break
    weight = counts * (within >= 0.5) / chance
    return np.asarray((weight * logs).sum(axis=-1) / np.maximum(weight.sum(axis=-1), TINY))


def noise_step(
    variance: Array, dof: Array, counts: Array, n_rows: Array, before: Any, *, shared: bool
) -> tuple[Array, Array]:
    """The noises' law ``(level, dof)``: EM's step ``E |y - Z w|^2 / n`` from the level ``before``.

    ``variance (..., n_tasks)`` of residuals at posterior means over ``dof (..., n_tasks)`` (MacKay, 1992, Neural Computation
    4, equation 4.10) is where it leads; where coefficients outnumber rows these are few, and going there at once ends in no
    noise at all.
    """
    total = (counts * dof).sum(axis=-1)
    common = (counts * variance * dof).sum(axis=-1) / total
    law = np.full(common.shape, np.inf)
    if not shared:
        by_task, law = fit_noise(variance, dof, counts)
        common = np.where(np.isinf(law), common, by_task)
    return before + total / np.maximum(n_rows, total) * (common - before), law


def pooled_dof(dof: Any, n_tasks: Any, other: Any, n_other: Any) -> Array:
    """Degrees of freedom of two experiences' tasks together: the variances of ``log sigma_t^2`` by their tasks."""
    dof, other = np.asarray(dof, dtype=float), np.asarray(other, dtype=float)
    varies = [np.where(np.isinf(d), 0.0, trigamma(np.where(np.isinf(d), 1.0, d) / 2.0)) for d in (dof, other)]
    together = (n_tasks * varies[0] + n_other * varies[1]) / (n_tasks + n_other)
    differ = together > 0
    return np.where(differ, 2.0 * trigamma_inverse(np.where(differ, together, 1.0)), np.inf)


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

    def nodes(self, n_nodes: int | None = None) -> tuple[Array, Array]:
        """Noise levels ``(m,)`` and their probabilities that stand for the law in sums; one node when shared.

        The wider the law, the more there are (``n_nodes`` None): between two levels far apart a task's noise would fit
        neither, and what leaves its noise free would look more probable.
        """
        if np.all(np.isinf(self.dof)):
            return np.asarray(self.level)[..., None], np.ones(1)
        level, dof = np.asarray(self.level)[..., None], np.asarray(self.dof)[..., None]
        if n_nodes is None:
            n_nodes = max(N_NODES, int(np.ceil(_NODES_A_UNIT * np.max(self.log_spread))))
        middle, finite = (np.arange(n_nodes) + 0.5) / n_nodes, np.minimum(dof, _SETTLED)
        spread = np.where(np.isinf(dof), 1.0, finite / chi2.ppf(middle, finite))
        return level * spread, np.full(n_nodes, 1.0 / n_nodes)

    @property
    def log_spread(self) -> Array:
        """Standard deviation of the noises' logarithms; zero where the tasks' noises do not differ."""
        return np.sqrt(np.where(np.isinf(self.dof), 0.0, trigamma(np.minimum(self.dof, _SETTLED) / 2.0)))
