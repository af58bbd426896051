"""Estimators of tasks that start from priors of their own each: groups of them, adapted one group after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.base._adapted_estimators import assembled
from skmeta.base._gathered import GatheredEstimators
from skmeta.tasks import Tasks, take_rows

Codes = NDArray[np.intp]


class AdaptedInPlaces(GatheredEstimators):
    """Estimators of tasks in places, each place with a prior of its own.

    ``groups`` are pairs of the tasks in a place and what they were adapted to; tasks without rows, -1, start from ``prior``.
    """

    def __init__(
        self,
        prior: Any,
        model: Any,
        tasks: Tasks,
        groups: Sequence[tuple[Codes, AdaptedEstimators]],
        nowhere: AdaptedEstimators,
    ) -> None:
        super().__init__(prior, model, tasks)
        self._members, self._groups = [codes for codes, _ in groups], [*(group for _, group in groups), nowhere]
        # Group of every task and its place there; the last is that of a task without rows.
        self._group, self._within = np.full((2, len(tasks) + 1), -1)
        for k, codes in enumerate(self._members):
            self._group[codes], self._within[codes] = k, np.arange(len(codes))

    @classmethod
    def of_priors(
        cls, prior: Any, model: Any, tasks: Tasks, places: Sequence[tuple[Codes, Any]], n_jobs: int | None
    ) -> AdaptedInPlaces:
        """Tasks adapted from the priors of ``places``, pairs of the tasks in a place and its prior."""
        groups = [(codes, own.adapt_tasks(model, tasks.take(codes), n_jobs=n_jobs)) for codes, own in places]
        return cls(prior, model, tasks, groups, without_rows(prior, model, tasks))

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        return self._groups[-1].classes

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task; -1 is a task without rows."""
        return self._groups[self._group[code]].estimator(int(self._within[code]))

    def _by_task(self, method: str, X: Any, codes: Codes) -> NDArray[Any]:
        of, parts = self._group[codes], []
        for k in np.unique(of):
            rows = np.flatnonzero(of == k)
            parts.append((rows, getattr(self._groups[k], method)(take_rows(X, rows), self._within[codes[rows]])))
        return assembled(parts)

    def covariance_of(self, code: int) -> NDArray[np.float64]:
        """What is not known of one task's coefficients, of the first output; -1 is a task without rows."""
        group: Any = self._groups[self._group[code]]
        return np.asarray(group.covariance_of(int(self._within[code])))

    def _gathered(self, name: str) -> NDArray[np.float64]:
        pairs = zip(self._members, self._groups[:-1], strict=True)
        return assembled([(codes, np.asarray(getattr(group, name))) for codes, group in pairs])


def without_rows(prior: Any, model: Any, tasks: Tasks) -> AdaptedEstimators:
    """What a prior makes of no rows, of tasks with these columns."""
    found: AdaptedEstimators = prior.adapt_tasks(model, Tasks.none(tasks.feature_names, tasks.X.shape[1]))
    return found
