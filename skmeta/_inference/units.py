"""From the units of the data to those of the engine and back: centred columns, scaled columns, scaled target."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Units:
    """Where the columns ``(d,)`` and one target lie and how wide they spread.

    In the engine, ``(y - target_centre) / target_scale`` is linear in ``(X - centre) / scale`` and an intercept, last.
    """

    centre: np.ndarray
    scale: np.ndarray
    target_centre: float = 0.0
    target_scale: float = 1.0

    def to_engine(self, coef):
        """Coefficients ``(..., d + 1)`` of the data in the units of the engine."""
        slopes = coef[..., :-1] * self.scale / self.target_scale
        level = (coef[..., -1] + coef[..., :-1] @ self.centre - self.target_centre) / self.target_scale
        return np.concatenate([slopes, level[..., None]], axis=-1)

    def to_data(self, coef):
        """Coefficients ``(..., d + 1)`` of the engine in the units of the data."""
        slopes = coef[..., :-1] * (self.target_scale / self.scale)
        level = coef[..., -1] * self.target_scale + self.target_centre - slopes @ self.centre
        return np.concatenate([slopes, level[..., None]], axis=-1)

    def spread_to_engine(self, factor):
        """Deviations of coefficients, the columns of ``(d + 1, k)``, in the units of the engine."""
        return self._deviations().to_engine(np.asarray(factor).T).T

    def spread_to_data(self, factor):
        """Deviations of coefficients, the columns of ``(d + 1, k)``, in the units of the data."""
        return self._deviations().to_data(np.asarray(factor).T).T

    def covariance_to_engine(self, covariance):
        """A covariance ``(p, p)``, or a diagonal ``(p,)`` where the columns are not centred."""
        if covariance.ndim == 1:
            return covariance * np.r_[self.scale, 1.0] ** 2 / self.target_scale**2
        return self.spread_to_engine(self.spread_to_engine(covariance).T)

    def covariance_to_data(self, covariance):
        """The way back from `covariance_to_engine`."""
        if covariance.ndim == 1:
            return covariance / np.r_[self.scale, 1.0] ** 2 * self.target_scale**2
        return self.spread_to_data(self.spread_to_data(covariance).T)

    def _deviations(self):
        return Units(self.centre, self.scale, 0.0, self.target_scale)


def identity(n_features):
    """The units of data that are taken as they come."""
    return Units(np.zeros(n_features), np.ones(n_features))
