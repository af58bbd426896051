"""What linear models tell of all tasks, where these stand in several groups of estimators."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from skmeta.base._adapted_estimators import AdaptedEstimators

Array = NDArray[np.float64]


class GatheredEstimators(AdaptedEstimators):
    """Estimators of tasks that stand in several groups, which were adapted one after the other; a subclass knows where."""

    @abstractmethod
    def _gathered(self, name: str) -> Array:
        """What the groups have of each of their tasks by this name, in the order of all tasks."""

    @property
    def coef_(self) -> Array:
        """Coefficients of all tasks, where the family has such."""
        return self._gathered("coef_")

    @property
    def borrowed(self) -> Array:
        """Own rows that the prior was worth to each task."""
        return self._gathered("borrowed")

    @property
    def unlike_past(self) -> Array:
        """Probability, by its rows, that a task is unlike past ones."""
        return self._gathered("unlike_past")
