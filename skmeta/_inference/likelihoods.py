"""Likelihoods of one row: a class each, by their canonical or logarithmic link.

``value`` is the negative log-likelihood up to a constant; with dispersion ``phi`` it counts ``1 / phi`` times. ``eta``,
the linear predictor, and ``y`` have shape ``(..., n_outputs)``; binary targets are one column of 0 and 1, multinomial
ones one column a class (one-hot).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, log_expit, logit, softmax, xlogy

Array = NDArray[Any]

_ETA = 150.0  # guard: linear predictors whose exponential, times any variance of a column, is still a number
_LEAST = 1e-100  # guard: curvature of a logarithmic link, so that it can be divided by
_EDGE = 1e-3  # means nearer than this to where the link is infinite are taken for this


@dataclass(frozen=True)
class Likelihood(ABC):
    """What the engine asks of a likelihood.

    ``dispersed``: its dispersion is learned, otherwise it is one. ``quadratic``: ``value`` is quadratic in ``eta``, so
    posteriors have a closed form. ``coupled``: the outputs of a row share one likelihood. ``logarithmic``: its link.
    """

    name: ClassVar[str]  # for messages
    dispersed: ClassVar[bool] = False
    quadratic: ClassVar[bool] = False
    coupled: ClassVar[bool] = False
    logarithmic: ClassVar[bool] = False

    @property
    def counts(self) -> bool:
        """Whether targets are counts: without more reasons, their dispersion is one."""
        return False

    @abstractmethod
    def mean(self, eta: Array) -> Array:
        """The expected target: the inverse link."""

    @abstractmethod
    def link(self, mean: Array) -> Array:
        """The linear predictor of a mean, which is kept away from where it would be infinite."""

    @abstractmethod
    def value(self, eta: Array, y: Array) -> Array:
        """Negative log-likelihood of every row ``(...)``, up to a constant in ``eta``."""

    @abstractmethod
    def variance_function(self, mean: Array) -> Array:
        """Variance of a target of that mean, at a dispersion of one."""

    def residual(self, eta: Array, y: Array) -> Array:
        """Minus the gradient in ``eta``: what Newton's method drives to zero."""
        return y - self.mean(eta)

    def curvature(self, eta: Array, y: Array) -> Array:
        """Positive second derivative in every ``eta`` (for the multinomial, the diagonal of its matrix)."""
        return np.maximum(self.variance_function(self.mean(eta)), 1e-10)

    def working_curvature(self, eta: Array, y: Array) -> Array:
        """Weights of working responses, whose scatter around ``eta`` is the dispersion."""
        return self.curvature(eta, y)

    def overdispersed(self, excess: float) -> Likelihood:
        """The same with ``excess mean^2`` more variance, where it is one of counts; others as they are."""
        return self

    @property
    def for_learning(self) -> Likelihood:
        """The likelihood that laws of coefficients are learned under."""
        return self

    def deviance(self, eta: Array, y: Array) -> Array:
        """Twice what ``value`` lacks of its least, that of the mean ``y``; of every row ``(...)``."""
        return 2.0 * (self.value(eta, y) - self.value(self.link(y), y))

    def dispersion_like(self, other: Likelihood, noise: Any, level: Any) -> Any:
        """The dispersion at which targets of mean ``exp(level)`` vary as under ``other`` at a dispersion of ``noise``."""
        return noise

    @property
    def each_against_the_rest(self) -> Likelihood:
        """The likelihood of one output, the others counted as one: itself, where they do not share one."""
        return self


class Gaussian(Likelihood):
    """``y ~ N(eta, phi)``."""

    name = "gaussian"
    dispersed = True
    quadratic = True

    def mean(self, eta: Array) -> Array:
        return eta

    def link(self, mean: Array) -> Array:
        return mean

    def value(self, eta: Array, y: Array) -> Array:
        return 0.5 * ((y - eta) ** 2).sum(axis=-1)

    def variance_function(self, mean: Array) -> Array:
        return np.ones_like(mean)


class Binomial(Likelihood):
    """``y ~ Bernoulli(expit(eta))``."""

    name = "binomial"

    def mean(self, eta: Array) -> Array:
        return expit(eta)

    def link(self, mean: Array) -> Array:
        return logit(np.clip(mean, _EDGE, 1.0 - _EDGE))

    def value(self, eta: Array, y: Array) -> Array:
        return -(y * log_expit(eta) + (1.0 - y) * log_expit(-eta)).sum(axis=-1)

    def variance_function(self, mean: Array) -> Array:
        return mean * (1.0 - mean)


class Multinomial(Likelihood):
    """One of ``K`` classes with probabilities ``softmax(eta)``."""

    name = "multinomial"
    coupled = True

    def mean(self, eta: Array) -> Array:
        return softmax(eta, axis=-1)

    def link(self, mean: Array) -> Array:
        return np.log(np.maximum(mean, _EDGE))

    def value(self, eta: Array, y: Array) -> Array:
        return -(y * (eta - np.logaddexp.reduce(eta, axis=-1, keepdims=True))).sum(axis=-1)

    def variance_function(self, mean: Array) -> Array:
        return mean * (1.0 - mean)

    @property
    def each_against_the_rest(self) -> Likelihood:
        return BINOMIAL


@dataclass(frozen=True)
class Tweedie(Likelihood):
    """Mean ``exp(eta)`` and variance ``phi mean^power``: power 1 is Poisson's, 2 gamma's."""

    name = "tweedie"
    dispersed = True
    logarithmic = True
    power: float

    @property
    def counts(self) -> bool:
        return self.power == 1.0

    def _clipped(self, eta: Array) -> Array:
        limit = _ETA / max(1.0, abs(1.0 - self.power), abs(2.0 - self.power))
        return np.clip(eta, -limit, limit)

    def mean(self, eta: Array) -> Array:
        return np.exp(self._clipped(eta))

    def link(self, mean: Array) -> Array:
        return _logarithm(mean)

    def value(self, eta: Array, y: Array) -> Array:
        """Half the deviance, of other than counts without the terms free of ``eta``."""
        eta, p = self._clipped(eta), self.power
        if p == 1.0:
            return (np.exp(eta) - y * (1.0 + eta) + xlogy(y, y)).sum(axis=-1)
        first = np.exp((1.0 - p) * eta) / (1.0 - p)
        second = eta if p == 2.0 else np.exp((2.0 - p) * eta) / (2.0 - p)
        return (second - y * first).sum(axis=-1)

    def residual(self, eta: Array, y: Array) -> Array:
        mean = self.mean(eta)
        return (y - mean) * mean ** (1.0 - self.power)

    def curvature(self, eta: Array, y: Array) -> Array:
        """The observed one where it is positive (below power 1 and above 2 it may not be), else the expected one."""
        mean, p = self.mean(eta), self.power
        observed = (2.0 - p) * mean ** (2.0 - p) + (p - 1.0) * y * mean ** (1.0 - p)
        return np.maximum(np.where(observed > 0, observed, mean ** (2.0 - p)), _LEAST)

    def working_curvature(self, eta: Array, y: Array) -> Array:
        """The expected one: by it the working responses' squared residuals are Pearson's statistic."""
        return np.maximum(self.mean(eta) ** (2.0 - self.power), _LEAST)

    def variance_function(self, mean: Array) -> Array:
        return mean**self.power

    @property
    def for_learning(self) -> Likelihood:
        """Beyond gamma's power the means are all that is learned, and gamma's weights are enough for them.

        Higher powers believe rows of small mean so firmly that their scatter would be taken for that of coefficients
        (quasi-likelihood: Wedderburn, 1974, Biometrika 61, whatever the variance function the mean is consistent).
        """
        return Tweedie(2.0) if self.power > 2.0 else self

    def dispersion_like(self, other: Likelihood, noise: Any, level: Any) -> Any:
        return noise if other == self else noise * np.exp((other.power - self.power) * level)  # type: ignore[attr-defined]

    def overdispersed(self, excess: float) -> Likelihood:
        """Counts whose variance has ``excess mean^2`` more than Poisson's; others as they are."""
        return NegativeBinomial(excess) if excess and self.power == 1.0 else self


@dataclass(frozen=True)
class NegativeBinomial(Likelihood):
    """Counts of mean ``exp(eta)`` and variance ``mean + excess mean^2``: Poisson's, whose means are gamma distributed.

    J. M. Hilbe (2011), Negative Binomial Regression, 2nd edition, section 8.2; Poisson's as ``excess`` goes to zero.
    """

    name = "negative binomial"
    logarithmic = True
    excess: float

    def mean(self, eta: Array) -> Array:
        return np.exp(np.clip(eta, -_ETA, _ETA))

    def link(self, mean: Array) -> Array:
        return _logarithm(mean)

    def value(self, eta: Array, y: Array) -> Array:
        """Less the log-likelihood of a Poisson whose mean is ``y``, as in `Tweedie`, so that both compare."""
        mean, k, shape = self.mean(eta), self.excess, 1.0 / self.excess
        # Around the mean y, whose terms are large and cancel; what is left near it is of second order.
        off = (y + shape) * np.log1p(k * (mean - y) / (1.0 + k * y)) + xlogy(y, y / mean)
        there = (y + shape) * np.log1p(k * y) - y - gammaln(y + shape) + gammaln(shape) - y * np.log(k)
        return (off + there).sum(axis=-1)

    def residual(self, eta: Array, y: Array) -> Array:
        mean = self.mean(eta)
        return (y - mean) / (1.0 + self.excess * mean)

    def curvature(self, eta: Array, y: Array) -> Array:
        """The observed one, which is positive."""
        mean = self.mean(eta)
        share = mean / (1.0 + self.excess * mean)
        return np.maximum(share * (1.0 + self.excess * y) / (1.0 + self.excess * mean), _LEAST)

    def variance_function(self, mean: Array) -> Array:
        return mean * (1.0 + self.excess * mean)

    def overdispersed(self, excess: float) -> Likelihood:
        """Of another ``excess``."""
        return NegativeBinomial(excess) if excess else Tweedie(1.0)


def _logarithm(mean: Array) -> Array:
    """The logarithmic link; what was zero throughout is taken for `_EDGE`."""
    return np.log(np.where(mean > 0, mean, _EDGE))


GAUSSIAN, BINOMIAL, MULTINOMIAL = Gaussian(), Binomial(), Multinomial()
