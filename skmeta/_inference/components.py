"""Where a task's coefficients may come from: Gaussian components, each with a law of the noise, of one output.

Arrays are in the units of the engine; the intercept is the last of the ``p`` coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.contextual import intercept_shift, without_rows
from skmeta._inference.covariances import Covariance, DenseCovariance, LowRankCovariance
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.units import Law

Array = NDArray[np.float64]

# Degrees of freedom by which a noise that is integrated out is tied to the past's: one row's where the past's coefficients
# explain nothing, and what is called noise there is none, and ten rows' where they explain all: with one, a few smooth rows in
# the order of time look like a task of nearly no noise.
NOISE_DOF, TIED_NOISE_DOF = 1.0, 10.0
PENALTIES = 1.0, 4.0, 16.0  # rows, whose mean loss the penalty of a logarithmic link stands beside
WIDER_INTERCEPT = 10.0  # standard deviations of the intercept that an intercept outlier may lie off
NOISIER = 2.5  # standard deviations of the noises' logarithms that a noise outlier is above them
INTERCEPT_VARIANCE = 10.0  # that evidence takes an estimator's own intercept to have, in units of the target's variance
LOG_INTERCEPT_VARIANCE = 1.0  # the same of a logarithm: what one row of mean one tells of it (Kass and Wasserman, 1995)
_FREER = 1e3  # how many times wider that intercept is left: as good as free
_NO_VARIANCE = 1e-12  # guard: as good as none, and a covariance keeps its root


@dataclass(frozen=True, eq=False)
class KnownNoise:
    """Noise of given ``levels (m,)`` with given probabilities: the nodes of a `NoiseLaw`."""

    levels: Array
    log_probability: Array

    @classmethod
    def of(cls, law: NoiseLaw) -> KnownNoise:
        """The nodes of a law."""
        levels, probability = law.nodes()
        return cls(levels, np.log(probability))

    @property
    def centre(self) -> float:
        """One variance that stands for all: the geometric mean."""
        return float(np.exp(np.exp(self.log_probability) @ np.log(self.levels)))

    def log_density(self, n_rows: Array, logdet: Array, misfit: Array) -> Array:
        r"""``log p(y | level)`` of every task and level, from ``log |I + K|`` and ``r'(I + K)^-1 r``."""
        return -0.5 * (n_rows[:, None] * np.log(2.0 * np.pi * self.levels) + logdet + misfit)

    def expected(self, n_rows: Array, misfit: Array) -> Array:
        """The noise of every task at every level."""
        return np.broadcast_to(self.levels, misfit.shape)

    def units_of(self, noise: Array) -> Array:
        """What variances of coefficients are to be multiplied by where the noise is expected to be so large: nothing."""
        return np.ones_like(noise)


@dataclass(frozen=True, eq=False)
class IntegratedNoise:
    r"""A noise of which little is known, integrated out: the coefficients' variances are in its units.

    .. math:: \sigma^2 \sim IG(a, b), \quad a = \nu / 2, \; b = \nu \sigma_0^2 / 2, \quad w | \sigma^2 \sim N(m, \sigma^2 R)

    Normal-inverse-gamma (Gelman et al., 2013, Bayesian Data Analysis, section 14.8, with a proper prior). Predictions
    take its law to be ``predicted`` (None: the same), as where ``level`` is less than what is known of noises.
    """

    level: float
    dof: float = NOISE_DOF
    predicted: IntegratedNoise | None = None

    @property
    def levels(self) -> Array:
        """One, the unit."""
        return np.ones(1)

    @property
    def log_probability(self) -> Array:
        """Of one, certain."""
        return np.zeros(1)

    @property
    def centre(self) -> float:
        """One variance that stands for all."""
        return self.level

    def log_density(self, n_rows: Array, logdet: Array, misfit: Array) -> Array:
        r"""Student's t of every task.

        .. math:: \log \frac{\Gamma(a + n/2)}{\Gamma(a)} + a \log b - (a + \tfrac{n}{2}) \log(b + \tfrac{q}{2})
            - \tfrac{n}{2} \log 2\pi - \tfrac12 \log |V|
        """
        a, b, half = self.dof / 2.0, self.dof / 2.0 * self.level, n_rows[:, None] / 2.0
        square = np.maximum(misfit, 0.0)
        logs = -half * np.log(2.0 * np.pi) - 0.5 * logdet - (a + half) * np.log(b + square / 2.0)
        return logs + a * np.log(b) + gammaln(a + half) - gammaln(a)

    def expected(self, n_rows: Array, misfit: Array) -> Array:
        """The noise's posterior mean, where it has one."""
        law = self.predicted or self
        a, b = law.dof / 2.0, law.dof / 2.0 * law.level
        return (b + np.maximum(misfit, 0.0) / 2.0) / np.maximum(a + n_rows[:, None] / 2.0 - 1.0, 0.5)

    def units_of(self, noise: Array) -> Array:
        """What variances of coefficients are to be multiplied by where the noise is expected to be so large: by it."""
        return noise


@dataclass(frozen=True, eq=False)
class Component:
    r"""One Gaussian law of coefficients: ``w ~ N(mean, covariance + extra e e')`` with ``e`` the intercept's unit vector.

    Tasks may have laws of their own, which then have a leading axis of the tasks; they are worked with by columns.
    ``effects`` are contextual effects ``(coef, variance_ratio, centre)`` (see `contextual`), the last two perhaps of
    each task. The intercept of a component that leaves it ``freer`` than it should count in the evidence gets
    :math:`\tfrac12 \log` of that factor back: the factor by which its evidence is too small (Occam's).
    """

    mean: Array
    covariance: Covariance
    noise: KnownNoise | IntegratedNoise
    extra: Any = 0.0
    effects: tuple[Array, Array, Array] | None = None
    freer: float = 1.0
    free_intercept: bool = False

    @classmethod
    def of(cls, law: Law, noise_dof: float, *, extra: float = 0.0, free_intercept: bool = False) -> Component:
        """That of a law in units of the engine; its mean here is the one of tasks whose columns' means are known."""
        mean = law.mean if law.effects is None else law.mean - without_rows(*law.effects)
        if law.covariance.ndim == 2:
            covariance: Covariance = DenseCovariance.of(law.covariance)
        else:
            covariance = LowRankCovariance(
                law.covariance, np.zeros((len(mean), 0)) if law.factor is None else law.factor
            )
        noise = KnownNoise.of(NoiseLaw(law.noise, noise_dof))
        return cls(mean, covariance, noise, extra, law.effects, free_intercept=free_intercept)

    @cached_property
    def root(self) -> Array:
        """A lower triangular root of ``covariance + extra e e'``: the last entry alone has what is extra."""
        root = self.covariance.root
        if np.all(self.extra == 0.0):
            return root
        root = root.copy()
        root[..., -1, -1] = np.sqrt(root[..., -1, -1] ** 2 + self.extra)
        return root

    def of_tasks(self, tasks: Any) -> Component:
        """That of some tasks, where each has its own."""
        if self.mean.ndim == 1:
            return self
        extra = self.extra[tasks] if np.ndim(self.extra) else self.extra
        effects, covariance = self.effects, self.covariance.of_tasks(tasks)
        if effects is not None and effects[1].ndim > 1:
            effects = effects[0], effects[1][tasks], effects[2][tasks]
        return replace(self, mean=self.mean[tasks], covariance=covariance, extra=extra, effects=effects)

    def shares_law(self, other: Component) -> bool:
        """Whether two differ in noise and in the intercept's variance alone, so that one factorisation serves both."""
        return self.mean is other.mean and self.covariance is other.covariance and self.effects is other.effects


def sharing(components: Sequence[Component]) -> list[Component]:
    """The same components, those that differ from an earlier diagonal one in the intercept's variance alone sharing its law."""
    found: list[Component] = []
    for component in components:
        like = next((other for other in found if _narrower(other, component)), None)
        if like is not None:
            more = component.covariance.intercept_variance - like.covariance.intercept_variance
            extra = component.extra + more
            component = replace(component, mean=like.mean, covariance=like.covariance, extra=extra)
        found.append(component)
    return found


def _narrower(one: Component, other: Component) -> bool:
    """Whether two diagonal laws differ in the intercept's variance alone, which is the smaller in ``one``."""
    pair = one.covariance, other.covariance
    if one.covariance is other.covariance or not all(
        isinstance(c, LowRankCovariance) and not c.factor.size for c in pair
    ):
        return False
    mine, its = (np.asarray(c.variance) for c in pair)  # type: ignore[attr-defined]
    same = np.array_equal(mine[:-1], its[:-1]) and np.array_equal(one.mean, other.mean)
    return same and one.effects is other.effects is None and bool(mine[-1] <= its[-1])


def intercept_outlier(component: Component) -> Component:
    """The component of tasks whose intercept alone is unlike the others': `WIDER_INTERCEPT` times as far off."""
    more = WIDER_INTERCEPT**2 * (component.covariance.intercept_variance + component.extra)
    return replace(component, extra=component.extra + more)


def noise_outlier(component: Component, law: NoiseLaw) -> Component:
    """The component of tasks whose noise alone is unlike the others': `NOISIER` standard deviations above ``law``."""
    return replace(component, noise=KnownNoise.of(outlying_noise(law)))


def outlying_noise(law: NoiseLaw) -> NoiseLaw:
    """The law of noises that are larger; that of ``law`` itself where tasks do not differ in noise."""
    return replace(law, level=law.level * float(np.exp(NOISIER * law.log_spread)))


def tied_dof(explained: float) -> float:
    """How firmly a noise is tied to the past's, of whose tasks' variance coefficients have ``explained`` so large a share."""
    return NOISE_DOF + (TIED_NOISE_DOF - NOISE_DOF) * explained


def explained_of(dof: float) -> float:
    """The share of the variance that coefficients have ``explained`` where a noise is so firmly tied: `tied_dof` undone."""
    return (dof - NOISE_DOF) / (TIED_NOISE_DOF - NOISE_DOF)


def intercept_alone(law: Component, noise: NoiseLaw) -> Component:
    """The law of tasks of which nothing but the intercept is known: that of ``law``; what slopes explain is ``noise``.

    It is nowhere below the least noise of ``law``, as of sparse counts around an intercept of their own it would be.
    """
    slopes = np.zeros(law.mean.shape[-1] - 1)
    variance = _ending(slopes + _NO_VARIANCE, law.covariance.intercept_variance + law.extra)
    nodes = KnownNoise.of(noise)
    nodes = replace(nodes, levels=np.maximum(nodes.levels, law.noise.levels.min()))
    return Component(_ending(slopes, law.mean[..., -1]), _diagonal(variance), nodes, effects=law.effects)


def _ending(slopes: Array, last: Any) -> Array:
    """``(p,)`` values of the slopes and of the intercept; where the ``last`` is each task's own, ``(n_tasks, p)``."""
    last = np.asarray(last)
    return np.concatenate([np.broadcast_to(slopes, (*last.shape, len(slopes))), last[..., None]], axis=-1)


def _diagonal(variance: Array) -> LowRankCovariance:
    return LowRankCovariance(variance, np.zeros((variance.shape[-1], 0)))


def law_of_intercept(law: Component) -> tuple[Any, Any]:
    """Mean and variance of a task's intercept under a law, where the means of its columns are not known."""
    mean, variance = law.mean[..., -1], law.covariance.intercept_variance + law.extra
    if law.effects is not None:
        shift, unknown = intercept_shift(*law.effects, np.zeros(1), np.zeros((1, law.mean.shape[-1] - 1)))
        shift, unknown = (shift, unknown) if np.ndim(mean) else (shift[0], unknown[0])
        mean, variance = mean + shift, variance + unknown
    return mean, variance


def penalised_noise(noise: float, scale: Array, explained: float) -> float:
    r"""The noise of a task that varies as much within as past ones did, if slopes are what its penalty expects.

    A penalty expects :math:`\sigma^2 (1 + \sum_j s_j^2)` of the variance within tasks, with ``scale`` :math:`s_j`; it was
    :math:`\sigma_0^2 / (1 - R^2)` in the past. Where the noise alone was less, it is that one. It
    follows the unit of the columns, as the estimator's own penalty does.
    """
    return noise / max((1.0 - explained) * (1.0 + float(np.sum(scale**2))), 1.0)


def slope_outlier(
    scale: Array, noise: float, intercept: Any, variance: Any, predicted: IntegratedNoise | None = None
) -> Component:
    """The component of tasks whose slopes alone are unlike the others': those of `vague_component`.

    The intercept has that mean and a ``variance``, at a `penalised_noise` that is firmly tied to the past's: if it were not, an
    intercept far off would pass for noise, and slopes that are expected, but are not there, for the cause of one. None is
    surer than by one row (Kass and Wasserman, 1995): where intercepts did not seem to differ at all, they may by a little.
    Predictions scatter by the law ``predicted``, that of the vague component: what a penalty expects of slopes is no noise.
    """
    covariance = _diagonal(_ending(scale**2, variance / noise + 1.0))
    return Component(_ending(0.0 * scale, intercept), covariance, IntegratedNoise(noise, TIED_NOISE_DOF, predicted))


def slope_outlier_beside(law: Component, scale: Array, explained: float) -> Component:
    """That of tasks whose intercepts have the law that they have in ``law``."""
    noise = law.noise.centre
    predicted = IntegratedNoise(noise, tied_dof(explained))
    return slope_outlier(scale, penalised_noise(noise, scale, explained), *law_of_intercept(law), predicted)


def own_variances(likelihood: Likelihood) -> tuple[float, ...]:
    """Variances of slopes that stand for an estimator's own penalty.

    One; but scikit-learn's models with a logarithmic link penalise the *mean* loss of ``n`` rows, which is a variance of
    ``1 / n``: a grid of some, the rows choose.
    """
    return tuple(1.0 / rows for rows in PENALTIES) if likelihood.logarithmic else (1.0,)


def n_own(likelihood: Likelihood) -> int:
    """How many components have an estimator's own penalty: vague ones, and beside those of squared errors slope outliers."""
    return len(own_variances(likelihood)) + int(likelihood.quadratic)


def vague_components(
    scale: Array, level: float, intercept: float, likelihood: Likelihood, noise_dof: float
) -> list[Component]:
    """The laws that an estimator may have of its own, one for each of `own_variances`: see `vague_component`."""
    given = scale, level, intercept, likelihood, noise_dof
    return [vague_component(*given, slopes) for slopes in own_variances(likelihood)]


def vague_component(
    scale: Array,
    level: float,
    intercept: float,
    likelihood: Likelihood,
    noise_dof: float = NOISE_DOF,
    slopes: float = 1.0,
) -> Component:
    """The law that an estimator has of its own: a penalty on slopes in units of the data, the intercept free.

    ``scale (p - 1,)`` are the columns' scales there, ``slopes`` is the variance. Of squared errors the variances are in units
    of the noise, which is integrated out around ``level`` under a law of ``noise_dof``; of others the noise is known, and
    rows of a single class may not tell a free intercept: it varies around ``intercept``.
    """
    freer, free = _FREER if likelihood.quadratic else 1.0, INTERCEPT_VARIANCE / min(level, 1.0)
    free = LOG_INTERCEPT_VARIANCE if likelihood.logarithmic else free
    variances, mean = np.r_[slopes * scale**2, freer * free], np.zeros(len(scale) + 1)
    mean[-1] = 0.0 if likelihood.quadratic else intercept
    noise = IntegratedNoise(level, noise_dof) if likelihood.quadratic else KnownNoise(np.array([level]), np.zeros(1))
    return Component(mean, _diagonal(variances), noise, freer=freer, free_intercept=True)


@dataclass(frozen=True, eq=False)
class Beside:
    """What stands beside a learned law in a robust mixture: outliers in intercept, noise and slopes, vague, in this order.

    ``scale (p - 1,)`` and ``intercept`` say what the estimator's own law is in units of the engine (`vague_component`),
    ``explained`` is the share of the variance within tasks that coefficients explain; ``within`` is the law of the
    variances of squared errors' targets within tasks.
    """

    scale: Array
    intercept: float
    likelihood: Likelihood
    outliers: bool
    noise_outliers: bool
    explained: float = 0.0
    within: NoiseLaw | None = None

    def components(self, law: CoefficientLaw) -> list[Component]:
        """A law, what stands beside it, and at the end what it has to beat: the intercept alone."""
        effects = None if law.contextual is None else law.contextual.as_tuple()
        noise = law.noise_law
        own = Component(law.mean, DenseCovariance.of(law.covariance), KnownNoise.of(noise), effects=effects)
        found = [own, intercept_outlier(own)] if self.outliers else [own]
        found += [noise_outlier(own, noise)] if self.noise_outliers else []
        found += [slope_outlier_beside(own, self.scale, self.explained)] if self.outliers else []
        dof = tied_dof(self.explained)
        vague = vague_components(self.scale, own.noise.centre, self.intercept, self.likelihood, dof)
        return [*found, *vague, intercept_alone(own, self.within or noise)]
