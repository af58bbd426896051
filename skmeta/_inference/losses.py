"""Likelihoods by their canonical or logarithmic link: value, residual and curvature in the linear predictor.

A loss is the negative log-likelihood of one row up to a constant; with dispersion ``phi`` it counts ``1 / phi`` times.
``eta`` and ``y`` have shape ``(..., n_outputs)``; binary targets are one column of 0 and 1, multinomial ones one column
a class (one-hot).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, log_expit, softmax

_ETA = 30.0  # exp of a linear predictor beyond this is a wild step, not a mean


@dataclass(frozen=True)
class Loss:
    """One likelihood. ``dispersed`` says that its dispersion is learned; otherwise it is one."""

    name: str
    dispersed: bool = True
    power: float = 0.0

    def mean(self, eta):
        """The expected target."""
        if self.name == "gaussian":
            return eta
        if self.name == "binomial":
            return expit(eta)
        if self.name == "multinomial":
            return softmax(eta, axis=-1)
        return np.exp(np.clip(eta, -_ETA, _ETA))

    def value(self, eta, y):
        """Negative log-likelihood of every row ``(...)``, up to a constant in ``eta``."""
        if self.name == "gaussian":
            return 0.5 * ((y - eta) ** 2).sum(axis=-1)
        if self.name == "binomial":
            return -(y * log_expit(eta) + (1.0 - y) * log_expit(-eta)).sum(axis=-1)
        if self.name == "multinomial":
            return -(y * (eta - np.logaddexp.reduce(eta, axis=-1, keepdims=True))).sum(axis=-1)
        return self._deviance(np.clip(eta, -_ETA, _ETA), y).sum(axis=-1)

    def _deviance(self, eta, y):
        """Tweedie's half deviance without the terms free of ``eta``; powers 1 and 2 are Poisson and gamma."""
        p = self.power
        first = eta if p == 1.0 else np.exp((1.0 - p) * eta) / (1.0 - p)
        second = eta if p == 2.0 else np.exp((2.0 - p) * eta) / (2.0 - p)
        return second - y * first

    def residual(self, eta, y):
        """Minus the gradient in ``eta``: what Newton's method drives to zero."""
        if self.name == "gaussian":
            return y - eta
        mean = self.mean(eta)
        return (y - mean) * mean ** (1.0 - self.power) if self._logarithmic else y - mean

    def curvature(self, eta, y):
        """Positive second derivative in every ``eta`` (for the multinomial, the diagonal of its matrix)."""
        if self.name == "gaussian":
            return np.ones_like(eta)
        mean = self.mean(eta)
        if self._logarithmic:
            return np.maximum(self._tweedie_curvature(mean, y), 1e-10)
        return np.maximum(mean * (1.0 - mean), 1e-10)

    def _tweedie_curvature(self, mean, y):
        # Expected where the observed one may be negative (powers below 1 cannot be; above 2 may be for small y).
        p = self.power
        observed = (2.0 - p) * mean ** (2.0 - p) + (p - 1.0) * y * mean ** (1.0 - p)
        return np.where(observed > 0, observed, mean ** (2.0 - p))

    @property
    def _logarithmic(self):
        return self.name == "tweedie"


GAUSSIAN = Loss("gaussian")
BINOMIAL = Loss("binomial", dispersed=False)
MULTINOMIAL = Loss("multinomial", dispersed=False)


def tweedie(power):
    """Tweedie's family with a logarithmic link: 1 is Poisson's, 2 gamma's."""
    return Loss("tweedie", power=float(power))
