"""From the units of the data to those of the engine and back: centred columns, scaled columns, scaled target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.moments import Moments
from skmeta._inference.sums import Sums
from skmeta._inference.threads import blocks_of

_Array = NDArray[np.float64]
Effects = tuple[_Array, _Array, _Array]

_BLOCK = 256  # tasks standardised at once: they stay near the processor


@dataclass(frozen=True, eq=False)
class Law:
    """What is known of the ``p = d + 1`` coefficients of one output, in units of the data or of the engine.

    ``mean (p,)`` is that of a task without rows. Tasks vary by ``covariance + factor factor'``, and ``mean_covariance`` is
    the uncertainty of the mean; both are matrices ``(p, p)``, or diagonals ``(p,)`` where the columns are not centred.
    ``noise`` is a variance; ``effects`` are contextual ones, ``(coef, variance_ratio, centre)``.
    """

    mean: _Array
    covariance: _Array
    noise: float
    mean_covariance: _Array | None = None
    factor: _Array | None = None
    effects: Effects | None = None


@dataclass(frozen=True, eq=False)
class Units:
    """Where the columns ``(d,)`` and one target lie and how wide they spread.

    In the engine, ``(y - target_centre) / target_scale`` is linear in ``(X - centre) / scale`` and an intercept, last.
    """

    centre: _Array
    scale: _Array
    target_centre: float = 0.0
    target_scale: float = 1.0

    def to_engine(self, coef: _Array) -> _Array:
        """Coefficients ``(..., d + 1)`` of the data in the units of the engine."""
        slopes = coef[..., :-1] * self.scale / self.target_scale
        intercept = (coef[..., -1] + coef[..., :-1] @ self.centre - self.target_centre) / self.target_scale
        return np.concatenate([slopes, intercept[..., None]], axis=-1)

    def to_data(self, coef: _Array) -> _Array:
        """Coefficients ``(..., d + 1)`` of the engine in the units of the data."""
        slopes = coef[..., :-1] * (self.target_scale / self.scale)
        intercept = coef[..., -1] * self.target_scale + self.target_centre - slopes @ self.centre
        return np.concatenate([slopes, intercept[..., None]], axis=-1)

    def spread_to_engine(self, factor: _Array) -> _Array:
        """Deviations of coefficients, the columns of ``(d + 1, k)``, in the units of the engine."""
        return self._deviations().to_engine(np.asarray(factor).T).T

    def spread_to_data(self, factor: _Array) -> _Array:
        """Deviations of coefficients, the columns of ``(d + 1, k)``, in the units of the data."""
        return self._deviations().to_data(np.asarray(factor).T).T

    def covariance_to_engine(self, covariance: _Array) -> _Array:
        """A covariance ``(p, p)``, or a diagonal ``(p,)`` where the columns are not centred."""
        if covariance.ndim == 1:
            return covariance * np.r_[self.scale, 1.0] ** 2 / self.target_scale**2
        return self.spread_to_engine(self.spread_to_engine(covariance).T)

    def covariance_to_data(self, covariance: _Array) -> _Array:
        """The way back from `covariance_to_engine`."""
        if covariance.ndim == 1:
            return covariance / np.r_[self.scale, 1.0] ** 2 * self.target_scale**2
        return self.spread_to_data(self.spread_to_data(covariance).T)

    def effects_to_engine(self, effects: Effects) -> Effects:
        """Contextual effects of the data in the units of the engine."""
        coef, ratio, centre = effects
        return coef * self.scale / self.target_scale, ratio, (centre - self.centre) / self.scale

    def effects_to_data(self, effects: Effects) -> Effects:
        """The way back from `effects_to_engine`."""
        coef, ratio, centre = effects
        return coef * self.target_scale / self.scale, ratio, self.centre + self.scale * centre

    def law_to_engine(self, law: Law) -> Law:
        """All that a law of the data says, in the units of the engine."""
        return Law(
            self.to_engine(law.mean),
            self.covariance_to_engine(law.covariance),
            law.noise / self.target_scale**2,
            None if law.mean_covariance is None else self.covariance_to_engine(law.mean_covariance),
            None if law.factor is None else self.spread_to_engine(law.factor),
            None if law.effects is None else self.effects_to_engine(law.effects),
        )

    def law_to_data(self, law: Law) -> Law:
        """The way back from `law_to_engine`."""
        return Law(
            self.to_data(law.mean),
            self.covariance_to_data(law.covariance),
            law.noise * self.target_scale**2,
            None if law.mean_covariance is None else self.covariance_to_data(law.mean_covariance),
            None if law.factor is None else self.spread_to_data(law.factor),
            None if law.effects is None else self.effects_to_data(law.effects),
        )

    @property
    def affine_to_data(self) -> tuple[_Array, _Array]:
        """``(p, p)`` and ``(p,)``: coefficients of the data are the one times the engine's, plus the other."""
        offset = self.to_data(np.zeros(len(self.scale) + 1))
        return self.to_data(np.eye(len(offset))).T - offset[:, None], offset

    @property
    def affine_to_engine(self) -> tuple[_Array, _Array]:
        """The way back from `affine_to_data`."""
        offset = self.to_engine(np.zeros(len(self.scale) + 1))
        return self.to_engine(np.eye(len(offset))).T - offset[:, None], offset

    def _deviations(self) -> Units:
        return Units(self.centre, self.scale, 0.0, self.target_scale)


def same_units(one: Sequence[Units], other: Sequence[Units]) -> bool:
    """Whether the units of all outputs are the same."""
    names = ("target_centre", "target_scale", "centre", "scale")
    pairs = zip(one, other, strict=True)
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for a, b in pairs for name in names)


def standardised(sums: Sums, units: Sequence[Units], *, intercept: bool = True, room: Moments | None = None) -> Moments:
    """The sums of every task as `Moments` of standardised columns and targets, which have their columns' units in common.

    What a task lacks sits at the centre and says nothing. Without an intercept its column is zero. They are written to
    ``room``, if there is some; it may be that which the sums are in, which are gone then.
    """
    n, (d, n_outputs) = sums.n, sums.cross.shape[1:]
    whole = Moments.zeros(len(n), d + 1, n_outputs) if room is None else room
    for block in blocks_of(len(n), _BLOCK):
        _standardise(sums.take(block), units, whole.take(block), float(intercept))
    return whole


def _standardise(sums: Sums, units: Sequence[Units], out: Moments, intercept: float) -> None:
    """Write some tasks' `Moments` to ``out``: ``sum w z z' = scatter + n mean mean'`` in the units of the engine."""
    scale, n, d = units[0].scale, sums.n[:, None], sums.mean.shape[1]
    spread = np.array([each.target_scale for each in units])
    mean = np.nan_to_num((sums.mean - units[0].centre) / scale, nan=0.0) * (n > 0)
    target = (sums.target - np.array([each.target_centre for each in units])) / spread
    pull = n * mean
    out.gram[:, :d, :d] = sums.scatter / np.outer(scale, scale) + pull[:, :, None] * mean[:, None, :]
    out.gram[:, :d, d] = out.gram[:, d, :d] = intercept * pull
    out.gram[:, d, d] = intercept * sums.n
    out.cross[:, :d] = sums.cross / (scale[:, None] * spread) + pull[:, :, None] * target[:, None, :]
    out.cross[:, d] = intercept * n * target
    out.square[:] = sums.square / spread**2 + n * target**2
    out.n_rows[:] = sums.rows
    out.context[:] = intercept * mean
