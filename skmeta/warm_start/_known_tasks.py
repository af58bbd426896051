"""What a fitted model keeps: which tasks it knows, and what it answers for rows of these and of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import Prior
from skmeta.base._adapted_estimators import assembled
from skmeta.steps import AdaptedBehindSteps, Parts, telling_columns_behind
from skmeta.tasks import TaskIndex, Tasks, features_without, index_tasks, read_task_ids, take_rows
from skmeta.tasks._context import one_a_task, split_context
from skmeta.tasks._known_ids import known_codes
from skmeta.tasks._told_columns import feature_labels


@dataclass(frozen=True, eq=False)
class KnownTasks:
    """The tasks of one fit, after adaptation.

    Parameters
    ----------
    task : str, int or None
        The task column; None where there was one task.
    ids : ndarray of shape (n_tasks,)
        Names of the tasks, sorted.
    prior : Prior
        Of the model.
    adapted : AdaptedBehindSteps
        Of the tasks.
    n_features : int
        Number of columns behind the steps.
    """

    task: str | int | None
    ids: NDArray[Any]
    prior: Prior
    adapted: AdaptedBehindSteps
    n_features: int

    @property
    def parts(self) -> Parts:
        """The user's estimator, taken apart."""
        return self.adapted.parts

    def answer(self, method: str, X: Any) -> NDArray[Any]:
        """What the adapted estimators say of rows: known tasks by their own, others by the prior given their context.

        Parameters
        ----------
        method : str
            Of `AdaptedEstimators`, such as "predict".
        X : table of shape (n_rows, n_columns)
            Raw rows, with the task column where there is one.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            In the user's units.
        """
        codes, ids = self._codes(X)
        features = X if self.task is None else features_without(X, self.task)
        features, context = split_context(features, self.adapted.steps.context)
        steps = self.adapted.steps
        with telling_columns_behind(steps, features, lambda: feature_labels(X, self.task, steps.context)):
            return self._answer(method, features, codes, ids, context)

    def answers(self, engine: Any, method: str, parts: Sequence[Any]) -> list[Any]:
        """The same of the partitions of a frame, None of those without rows, as handles of the engine that has them.

        Parameters
        ----------
        engine : Engine
            What runs functions beside the partitions.
        method : str
            Of `AdaptedEstimators`.
        parts : sequence
            Handles of frames.

        Returns
        -------
        list
            Handles of arrays.
        """
        handles: list[Any] = engine.map(partial(_answered, self, method), parts)
        return handles

    def _answer(
        self, method: str, X: Any, codes: NDArray[np.intp], ids: NDArray[Any], context: dict[str, NDArray[Any]]
    ) -> NDArray[Any]:
        unknown = np.flatnonzero(codes < 0)
        if not context or not len(unknown):
            return getattr(self.adapted, method)(X, codes)
        known = np.flatnonzero(codes >= 0)
        parts = [(known, getattr(self.adapted, method)(take_rows(X, known), codes[known]))] if len(known) else []
        index = index_tasks(ids[unknown])
        described = one_a_task({name: values[unknown] for name, values in context.items()}, index.codes, index.ids)
        for code in range(index.n_tasks):
            rows = unknown[index.codes == code]
            one = {name: values[code] for name, values in described.items()}
            parts.append((rows, self._of_new_task(method, take_rows(X, rows), one)))
        return assembled(parts)

    def _of_new_task(self, method: str, X: Any, context: Mapping[str, Any]) -> NDArray[Any]:
        prior = self.prior.given(**context)
        nothing = Tasks.none(self.adapted.columns, self.n_features)
        adapted = prior.adapt_tasks(self.parts.model, nothing)
        behind = AdaptedBehindSteps(self.adapted.steps, self.parts, self.adapted.columns, adapted)
        return getattr(behind, method)(X, np.full(X.shape[0], -1))

    def _codes(self, X: Any) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Task of each row, -1 for one never seen, and its id."""
        if self.task is None:
            return np.zeros(X.shape[0], dtype=np.intp), np.zeros(X.shape[0], dtype=int)
        ids = read_task_ids(X, self.task)
        index = index_tasks(ids)
        return self._places(index)[index.codes], ids

    def _places(self, index: TaskIndex) -> NDArray[np.intp]:
        """Where each task of an index is among those known, -1 where it is not; with a word if none is."""
        return known_codes(self.ids, index)


def _answered(known: KnownTasks, method: str, X: Any) -> NDArray[Any] | None:
    return known.answer(method, X) if len(X) else None
