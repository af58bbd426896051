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
from scipy.special import expit, log_expit, logit, softmax

Array = NDArray[Any]

_ETA = 30.0  # guard: exp of a linear predictor beyond this is a wild step, not a mean
_EDGE = 1e-3  # means nearer than this to where the link is infinite are taken for this


@dataclass(frozen=True)
class Likelihood(ABC):
    """What the engine asks of a likelihood.

    ``dispersed``: its dispersion is learned, otherwise it is one. ``quadratic``: ``value`` is quadratic in ``eta``, so
    posteriors have a closed form. ``coupled``: the outputs of a row share one likelihood.
    """

    name: ClassVar[str]  # for messages
    dispersed: ClassVar[bool] = False
    quadratic: ClassVar[bool] = False
    coupled: ClassVar[bool] = False

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
    power: float

    def mean(self, eta: Array) -> Array:
        return np.exp(np.clip(eta, -_ETA, _ETA))

    def link(self, mean: Array) -> Array:
        return np.log(np.maximum(mean, _EDGE))

    def value(self, eta: Array, y: Array) -> Array:
        """Half the deviance, without the terms free of ``eta``."""
        eta, p = np.clip(eta, -_ETA, _ETA), self.power
        first = eta if p == 1.0 else np.exp((1.0 - p) * eta) / (1.0 - p)
        second = eta if p == 2.0 else np.exp((2.0 - p) * eta) / (2.0 - p)
        return (second - y * first).sum(axis=-1)

    def residual(self, eta: Array, y: Array) -> Array:
        mean = self.mean(eta)
        return (y - mean) * mean ** (1.0 - self.power)

    def curvature(self, eta: Array, y: Array) -> Array:
        """The observed one where it is positive (below power 1 and above 2 it may not be), else the expected one."""
        mean, p = self.mean(eta), self.power
        observed = (2.0 - p) * mean ** (2.0 - p) + (p - 1.0) * y * mean ** (1.0 - p)
        return np.maximum(np.where(observed > 0, observed, mean ** (2.0 - p)), 1e-10)

    def variance_function(self, mean: Array) -> Array:
        return mean**self.power


GAUSSIAN, BINOMIAL, MULTINOMIAL = Gaussian(), Binomial(), Multinomial()
