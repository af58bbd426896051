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
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, zeta
from scipy.stats import chi2

from skmeta._inference.linalg import TINY
from skmeta._inference.typical import medians_of_rows

Array = NDArray[Any]

NOISE_FLOOR = 1e-7  # guard: of a target of unit variance: below it, sums with the prior's precision lose their digits
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
    return law_of_estimates(NoiseEstimates(variance, dof, np.ones_like(variance) if counts is None else counts))


@dataclass(frozen=True, eq=False)
class NoiseEstimates:
    """Estimates of the tasks' noises, ``variance (..., n_tasks)`` with ``dof`` each, which count ``counts`` times.

    Their law asks for sums over the tasks and for one median alone, so that they may lie anywhere.
    """

    variance: np.ndarray
    dof: np.ndarray
    counts: np.ndarray

    @cached_property
    def useful(self) -> Array:
        """How often each counts ``(..., n_tasks)``, of those that say something of their noise."""
        return np.where((self.dof >= 1.0) & (self.variance > 0), self.counts, 0.0)

    @cached_property
    def _half(self) -> Array:
        return np.where(self.useful > 0, self.dof / 2.0, 1.0)

    @cached_property
    def logs(self) -> Array:
        """Unbiased estimates of the noises' logarithms."""
        return np.log(np.where(self.useful > 0, self.variance, 1.0)) - digamma(self._half) + np.log(self._half)

    @cached_property
    def chance(self) -> Array:
        """The variances of `logs` around these logarithms."""
        return trigamma(self._half)

    @cached_property
    def outlying(self) -> tuple[Array, Array, Array]:
        """The density of the widest law, over that of anywhere: its factor, its exponent's, and what centres sum."""
        wide = trigamma(WIDEST / 2.0) + self.chance
        parts = np.stack([self.useful, self.useful / wide, self.useful / wide * self.logs], axis=-1)
        return 2.0 * _DECADES * np.log(10.0) / np.sqrt(2.0 * np.pi * wide), -0.5 / wide, parts

    def add(self, function: Any, *values: Any) -> Array:
        """The sums over the tasks ``(..., m)`` that a function of the estimates and of ``values`` gives."""
        found: Array = function(self, *values)
        return found

    def median(self) -> Array:
        """The median of `logs` ``(...)``."""
        flat = [each.reshape(-1, self.logs.shape[-1]) for each in (self.logs, self.useful)]
        return medians_of_rows(*flat).reshape(self.logs.shape[:-1])


def law_of_estimates(estimates: Any) -> tuple[Any, ...]:
    """``(level, dof)`` of the law of the tasks' noises from `NoiseEstimates` or what answers as they do."""
    square, freedom, n, weight = _columns(estimates.add(_totals))
    alike: tuple[Any, ...] = square / freedom, np.full(np.shape(n), np.inf)
    if np.max(n) < _FEWEST:
        return alike
    centre, weight = _centre(estimates, n), np.maximum(weight, TINY)
    excess = estimates.add(_spread_around, centre)[..., 0] / weight * n / np.maximum(n - 1.0, 1.0)
    by_chance = n / weight
    excess = excess - by_chance
    chance = _ERRORS * np.sqrt(2.0 / np.maximum(n - 1.0, 1.0)) * by_chance  # two standard errors if none differ
    differ = (n >= _FEWEST) & (excess > chance)
    if not np.any(differ):
        return alike
    half = np.maximum(trigamma_inverse(np.where(differ, excess, 1.0)), WIDEST / 2.0)
    level = np.exp(centre + digamma(half) - np.log(half))
    return np.where(differ, level, alike[0]), np.where(differ, 2.0 * half, np.inf)


def _columns(sums: Array) -> list[Array]:
    """What stands beside each other in the last axis."""
    return [sums[..., k] for k in range(sums.shape[-1])]


def _totals(own: NoiseEstimates) -> Array:
    """Squares, degrees of freedom, how many say something of their noise, and the weight of what they say."""
    freedom = own.counts * own.dof
    parts = own.counts * own.variance * own.dof, freedom, own.useful, own.useful / own.chance
    return np.stack([part.sum(axis=-1) for part in parts], axis=-1)


def _spread_around(own: NoiseEstimates, centre: Array) -> Array:
    return ((own.logs - centre[..., None]) ** 2 * (own.useful / own.chance)).sum(axis=-1)[..., None]


def _centre(estimates: Any, n: Array) -> Array:
    """The mean of the noises' logarithms ``(...)`` over tasks that are no outliers, of which there are ``n (...)``."""
    centre = estimates.median()
    odds = np.ones_like(centre)
    for _ in range(_ROUNDS):
        before = odds, centre
        inside, weight, sums = _columns(estimates.add(_sums_within, *before))
        odds = (inside + 1.0) / (n - inside + 1.0)
        centre = sums / np.maximum(weight, TINY)
        if np.abs(centre - before[1]).max() < _STILL:
            break
    weight, sums = _columns(estimates.add(_sums_of_inner, *before))
    return np.asarray(sums / np.maximum(weight, TINY))


def _within(own: NoiseEstimates, odds: Array, centre: Array) -> Array:
    """How probable it is that each task is no outlier."""
    law, half, _ = own.outlying
    ratio = odds[..., None] * law * np.exp(half * (own.logs - centre[..., None]) ** 2)
    return np.asarray(ratio / (1.0 + ratio))


def _sums_within(own: NoiseEstimates, odds: Array, centre: Array) -> Array:
    sums: Array = (_within(own, odds, centre)[..., None, :] @ own.outlying[2])[..., 0, :]
    return sums


def _sums_of_inner(own: NoiseEstimates, odds: Array, centre: Array) -> Array:
    weight = own.useful * (_within(own, odds, centre) >= 0.5) / own.chance
    return np.stack([weight.sum(axis=-1), (weight * own.logs).sum(axis=-1)], axis=-1)


class Residuals:
    """What a sweep leaves of the tasks' residuals: ``variance (..., n_tasks)``, its degrees of freedom, and tasks' counts."""

    def __init__(self, variance: Array, dof: Array, counts: Array) -> None:
        self.variance, self.dof, self.counts = np.maximum(variance, NOISE_FLOOR), dof, counts

    @property
    def dof_of_all(self) -> Array:
        """Degrees of freedom of all tasks ``(...)``."""
        return np.asarray((self.counts * self.dof).sum(axis=-1))

    @property
    def square_of_all(self) -> Array:
        """The residuals' squares of all tasks ``(...)``."""
        return np.asarray((self.counts * self.variance * self.dof).sum(axis=-1))

    def law(self, left: Array) -> tuple[Any, ...]:
        """``(level, dof)`` of the law of the noises, a share ``left (...)`` of the degrees of freedom being left."""
        return fit_noise(self.variance / left[..., None], self.dof * left[..., None], self.counts)

    def noises(self, level: Any, dof: Any) -> Array:
        """The tasks' noises ``(..., n_tasks)``, drawn to a law."""
        return squeeze_noise(self.variance, self.dof, level, dof)


def noise_step(residuals: Any, left: Array, n_rows: Array, before: Any, *, shared: bool) -> tuple[Array, Array]:
    """The noises' law ``(level, dof)``: EM's step ``E |y - Z w|^2 / n`` from the level ``before``.

    Squares of `Residuals` at posterior means over their degrees of freedom, of which a share ``left (...)`` is left (MacKay,
    1992, Neural Computation 4, equation 4.10) is where it leads; where coefficients outnumber rows these are few, and going
    there at once ends in no noise at all.
    """
    total = residuals.dof_of_all
    common = residuals.square_of_all / (left * total)
    law = np.full(common.shape, np.inf)
    if not shared:
        by_task, law = residuals.law(left)
        common = np.where(np.isinf(law), common, by_task)
    return before + left * total / np.maximum(n_rows, total) * (common - before), law


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
