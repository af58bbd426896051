"""Estimators adapted under every component of a mixture, and their averages by what a task's rows say of these."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.base._adapted_estimators import assembled
from skmeta.base._matching import reads_targets
from skmeta.compose._average import average_estimators
from skmeta.tasks import Tasks, take_rows


class AdaptedMixture(AdaptedEstimators):
    """Estimators adapted under every component, averaged by the components' probabilities for each task.

    Clusters have no average: a task then has the estimator of its most probable component.
    """

    def __init__(
        self,
        prior: Any,
        model: Any,
        tasks: Tasks,
        adapted: Sequence[AdaptedEstimators],
        responsibilities: NDArray[np.float64],
    ) -> None:
        super().__init__(prior, model, tasks)
        self.adapted = adapted
        weights = np.vstack([responsibilities, prior.unseen_weights])
        # Of the components for each task, those of a task without rows last.
        self._weights = weights if reads_targets(model) else np.eye(len(adapted))[weights.argmax(axis=1)]
        self.responsibilities = self._weights[:-1]

    def estimator(self, code: int) -> Any:
        """One plain fitted estimator: the mean of the components'."""
        weights = self._weights[code]
        used = np.flatnonzero(weights)
        estimators = [self.adapted[int(c)].estimator(code) for c in used]
        return average_estimators(estimators, weights[used], [self.prior.names[c] for c in used], self._n_outputs)

    @property
    def _n_outputs(self) -> int | None:
        """Columns of the targets, None where they are no matrix."""
        return None if self.tasks.y is None or self.tasks.y.ndim == 1 else self.tasks.y.shape[1]

    def std(self, X: Any, codes: NDArray[np.intp]) -> NDArray[np.float64]:
        """Standard deviation of the mixture: that of the components, and of their means around each other."""
        weights = self._weights[codes]
        parts = []
        for c in np.flatnonzero(weights.any(axis=0)):
            rows = np.flatnonzero(weights[:, c])
            asked = take_rows(X, rows), codes[rows]
            parts.append(
                (rows, weights[rows, c], self.adapted[int(c)].predict(*asked), self.adapted[int(c)].std(*asked))
            )
        mean, square = np.zeros((2, len(codes), *np.shape(parts[0][2])[1:]))
        for rows, weight, found, spread in parts:
            own = weight.reshape(-1, *[1] * (found.ndim - 1))  # of one output or several
            mean[rows] += own * found
            square[rows] += own * (spread**2 + found**2)
        return np.sqrt(np.maximum(square - mean**2, 0.0))

    def _by_task(self, method: str, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        """A task that is of one component for certain is answered by that, with others of its own."""
        weights = self._weights[codes]
        component = np.where(weights.max(axis=1) == 1.0, weights.argmax(axis=1), -1)
        parts = []
        for c in np.unique(component):
            rows = np.flatnonzero(component == c)
            ask = partial(super()._by_task, method) if c < 0 else getattr(self.adapted[int(c)], method)
            parts.append((rows, ask(take_rows(X, rows), codes[rows])))
        return assembled(parts)

    @property
    def borrowed(self) -> NDArray[np.float64]:
        """Own rows that the components were worth, their mean."""
        return (self.responsibilities * np.column_stack([each.borrowed for each in self.adapted])).sum(axis=1)
