"""Estimators of tasks that start from priors of their own each: groups of them, adapted one group after the other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.base._adapted_estimators import assembled
from skmeta.tasks import Tasks, take_rows

Codes = NDArray[np.intp]


class AdaptedInPlaces(AdaptedEstimators):
    """Estimators of tasks in places ``place (n_tasks,)``, each place with a prior of its own in ``priors``.

    Tasks without rows, -1, start from ``prior``.
    """

    def __init__(
        self, prior: Any, model: Any, tasks: Tasks, priors: Sequence[Any], place: Codes, n_jobs: int | None = None
    ) -> None:
        super().__init__(prior, model, tasks)
        self._members = [np.flatnonzero(place == k) for k in range(len(priors))]
        pairs = zip(priors, self._members, strict=True)
        self._groups = [own.adapt_tasks(model, tasks.take(codes), n_jobs=n_jobs) for own, codes in pairs]
        self._nowhere = prior.adapt_tasks(model, Tasks.none(tasks.feature_names, tasks.X.shape[1]), n_jobs=n_jobs)
        # Group and place in it of every task; the last is that of a task without rows.
        self._place = np.r_[place, len(priors)]
        self._within = np.full(len(tasks) + 1, -1)
        for codes in self._members:
            self._within[codes] = np.arange(len(codes))

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        return self._nowhere.classes

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task; -1 is a task without rows."""
        return [*self._groups, self._nowhere][self._place[code]].estimator(int(self._within[code]))

    def _by_task(self, method: str, X: Any, codes: Codes) -> NDArray[Any]:
        groups, place = [*self._groups, self._nowhere], self._place[codes]
        parts = []
        for k in np.unique(place):
            rows = np.flatnonzero(place == k)
            parts.append((rows, getattr(groups[k], method)(take_rows(X, rows), self._within[codes[rows]])))
        return assembled(parts)

    @cached_property
    def coef_(self) -> NDArray[np.float64]:
        """Coefficients of all tasks, as the groups have them."""
        return self._gathered("coef_")

    @property
    def borrowed(self) -> NDArray[np.float64]:
        """Own rows that the priors were worth to each task."""
        return self._gathered("borrowed")

    @property
    def unlike_past(self) -> NDArray[np.float64]:
        """Probability, by its rows, that a task is unlike past ones."""
        return self._gathered("unlike_past")

    def covariance_of(self, code: int) -> NDArray[np.float64]:
        """What is not known of one task's coefficients, of the first output; -1 is a task without rows."""
        group: Any = [*self._groups, self._nowhere][self._place[code]]
        return np.asarray(group.covariance_of(int(self._within[code])))

    def _gathered(self, name: str) -> NDArray[np.float64]:
        pairs = zip(self._members, self._groups, strict=True)
        return assembled([(codes, np.asarray(getattr(group, name))) for codes, group in pairs])
