"""Estimates of the noises of tasks that lie in parts: their law is found by sums of fixed size."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.medians import weighted_median_of_parts
from skmeta._inference.noise import NoiseEstimates, law_of_estimates, squeeze_noise
from skmeta._inference.partitions import Engine, total

Array = NDArray[Any]


class EstimatesInPartitions:
    """`NoiseEstimates` of parts, asked as one."""

    def __init__(self, engine: Engine, parts: list[Any]) -> None:
        self.engine, self.parts = engine, parts

    def add(self, function: Any, *values: Any) -> Array:
        """The sums over the tasks that a function of the estimates and of ``values`` gives."""
        found: Array = total(self.engine, partial(_asked, function, values), self.parts)
        return found

    def median(self) -> Array:
        """The median of the estimates' logarithms."""
        return np.asarray(weighted_median_of_parts(self.engine, self.engine.map(_logs, self.parts))[0])


class ResidualsInPartitions:
    """`noise.Residuals` of parts: ``estimates`` stay there, the sums over all tasks are here."""

    def __init__(self, engine: Engine, estimates: list[Any], dof_of_all: Array, square_of_all: Array) -> None:
        self.engine, self._estimates = engine, estimates
        self.dof_of_all, self.square_of_all = dof_of_all, square_of_all

    def law(self, left: Array) -> tuple[Any, ...]:
        """``(level, dof)`` of the law of the noises, a share ``left`` of the degrees of freedom being left."""
        scaled = self.engine.keep(self.engine.map(partial(_scaled, left), self._estimates))
        return law_of_estimates(EstimatesInPartitions(self.engine, scaled))

    def noises(self, level: Any, dof: Any) -> list[Any]:
        """The tasks' noises, drawn to a law, in parts."""
        return self.engine.keep(self.engine.map(partial(_noises, level, dof), self._estimates))


def _asked(function: Any, values: tuple[Any, ...], own: NoiseEstimates) -> Array:
    found: Array = function(own, *values)
    return found


def _logs(own: NoiseEstimates) -> tuple[Array, Array]:
    return own.logs[:, None], own.useful[:, None]


def _scaled(left: Array, own: NoiseEstimates) -> NoiseEstimates:
    return NoiseEstimates(own.variance / left, own.dof * left, own.counts)


def _noises(level: Any, dof: Any, own: NoiseEstimates) -> Array:
    return squeeze_noise(own.variance, own.dof, level, dof)
