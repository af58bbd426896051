"""Shapes of the covariances of a structure: what nodes deviate by as tasks whose shape is chosen, and shapes that are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY, diagonal
from skmeta._inference.messages import Messages
from skmeta._inference.moments import Moments

Array = NDArray[np.float64]


def as_tasks(told: Messages, mean: Array, n_rows: Array, width: int) -> Moments:
    """Messages about nodes as the statistics of tasks of noise one around a mean; of a state, its first coefficients."""
    whole = Moments(told.precision, told.pull, told.constant, n_rows, np.zeros((len(n_rows), width - 1)))
    score, square = whole.residual(mean)
    return replace(whole, gram=told.precision[:, :width, :width], cross=score[:, :width], square=square)


@dataclass(frozen=True, eq=False)
class Kept:
    """The shape of a covariance that was learned before, of which the scale alone is learned: a `structure.CovarianceShape`."""

    covariance: Array

    @property
    def varying(self) -> tuple[int, ...]:
        """The coefficients that vary."""
        return tuple(map(int, np.flatnonzero(diagonal(self.covariance) > 0)))

    @property
    def shape(self) -> tuple[Any, ...]:
        """Its correlations and the ratios of its variances."""
        return ("kept", *np.ravel(self.covariance / max(float(np.trace(self.covariance)), TINY)))

    def fit(self, scatter: Array, n_tasks: Any, unique: Any = None) -> tuple[Array, Array]:
        """That covariance times the mean of what the scatter has of it."""
        vary = diagonal(self.covariance) > 0
        some = np.ix_(vary, vary)
        ratio = np.trace(np.linalg.solve(self.covariance[some], scatter[some])) / max(vary.sum(), 1)
        return self.covariance * ratio, diagonal(scatter)

    def free_entries(self, k: int) -> None:
        """None: its scale alone."""

    def tightened(self, factor: float) -> Kept:
        """Itself: no hyper-prior holds it."""
        return self

    def held_part(self, covariance: Array, n_tasks: float, unique: Array) -> tuple[Array, Array]:
        """Nothing, and no entry may move but with all others."""
        return np.zeros_like(covariance), np.zeros(covariance.shape, dtype=bool)

    def n_parameters(self, p: int, n_tasks: float) -> float:
        """Its scale."""
        return 1.0
