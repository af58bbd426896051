"""The law of tasks that drift: a half-life of their states, besides covariances and noises."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.levels import LevelsLaw, Passed

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class DriftingLaw(LevelsLaw):
    """The last level but one is that of the tasks' states (`drift.Chains`), which have a ``half_life`` within ``half_lives``.

    The half-life is searched for, by its logarithm, with what is new in a short time held: the covariance of the states goes
    with it, so that a random walk is a long one. Limits that are the same, or None, are those of a half-life that is known.
    """

    half_life: float = np.inf
    half_lives: tuple[float, float] | None = None

    @classmethod
    def of(cls, law: LevelsLaw, half_life: float, half_lives: tuple[float, float]) -> DriftingLaw:
        """A law of the same levels, the states' among them, with a half-life."""
        same = {each.name: getattr(law, each.name) for each in fields(LevelsLaw)}
        return cls(**same, half_life=half_life, half_lives=half_lives)

    @property
    def own_bounds(self) -> list[tuple[float, float]]:
        """Of the logarithm of the half-life, in units of the present one."""
        if self.half_lives is None or self.half_lives[0] == self.half_lives[1]:
            return []
        low, high = np.log(np.array(self.half_lives) / self.half_life)
        return [(float(low), float(high))]

    def moved(self, own: Array) -> Self:
        """The law at another half-life."""
        return replace(self, half_life=self.half_life * float(np.exp(own.sum())))

    def scale_factors(self, own: Array) -> Array:
        """The states' variance goes with the half-life."""
        found = super().scale_factors(own)
        found[-2] = np.exp(0.5 * own.sum())
        return found

    def own_slopes(self, passed: Passed, of_scales: list[float]) -> Array:
        """How the evidence moves with the logarithm of the half-life, and with the states' covariance that goes with it."""
        return passed.own_slopes + of_scales[-2] if self.own_bounds else np.zeros(0)
