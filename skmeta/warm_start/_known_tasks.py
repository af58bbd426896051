"""What a fitted model keeps: which tasks it knows, and what it answers for rows of these and of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import Prior
from skmeta.base._adapted_estimators import assembled
from skmeta.base._never_seen import telling_once
from skmeta.steps import AdaptedBehindSteps, Parts, telling_columns_behind
from skmeta.tasks import TaskColumns, TaskIndex, Tasks, take_rows
from skmeta.tasks._context import groups_of_rows, one_a_task
from skmeta.tasks._known_ids import known_codes
from skmeta.tasks._paths import index_levels, known_rows
from skmeta.warm_start._asked import warn_of_other_tasks


@dataclass(frozen=True, eq=False)
class KnownTasks:
    """The tasks of one fit, after adaptation.

    Parameters
    ----------
    columns : TaskColumns
        Which columns of a table say or describe its tasks.
    ids : ndarray of shape (n_tasks,)
        Names of the tasks, sorted.
    levels : mapping of str to ndarray of shape (n_tasks,)
        Their ids at every level; empty where there was one task.
    prior : Prior
        Of the model.
    adapted : AdaptedBehindSteps
        Of the tasks.
    n_features : int
        Number of columns behind the steps.
    one : mapping of str to ndarray of shape (1,), default={}
        Where there was one task, what was known of it before its rows.
    """

    columns: TaskColumns
    ids: NDArray[Any]
    levels: Mapping[str, NDArray[Any]]
    prior: Prior
    adapted: AdaptedBehindSteps
    n_features: int
    one: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        """The user's estimator, taken apart."""
        return self.adapted.parts

    def answer(self, method: str, X: Any) -> NDArray[Any]:
        """What the adapted estimators say of rows: known tasks by their own, others by the prior given what is known of them.

        Parameters
        ----------
        method : str
            Of `AdaptedEstimators`, such as "predict".
        X : table of shape (n_rows, n_columns)
            Raw rows, with the columns that say and describe tasks.

        Returns
        -------
        ndarray of shape (n_rows, ...)
            In the user's units.
        """
        features, values = self.columns.split(X)
        warn_of_other_tasks(self.one, values)
        codes = self._codes(values, X.shape[0])
        with telling_once(), telling_columns_behind(self.adapted.steps, features, lambda: self.columns.labels(X)):
            return self._answer(method, features, codes, values)

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

    def _codes(self, values: Mapping[str, NDArray[Any]], n_rows: int) -> NDArray[np.intp]:
        """Task of each row, -1 for one never seen."""
        if not self.levels:
            return np.zeros(n_rows, dtype=np.intp)
        index = index_levels(self.columns.levels(values, complete=False))
        # New tasks of which something is known before their rows are what such a prior is for.
        return self._places(index, new_ones_warn=not self.prior.context_names)[index.codes]

    def _places(self, index: TaskIndex, *, new_ones_warn: bool) -> NDArray[np.intp]:
        """Where each task of an index is among those known, -1 where it is not; with a word if none is."""
        return known_codes(self.levels, index, new_ones_warn=new_ones_warn)

    def _answer(self, method: str, X: Any, codes: NDArray[np.intp], values: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        unknown = np.flatnonzero(codes < 0)
        read = [name for name in self.prior.context_names if name in values]
        if not read or not len(unknown):
            return getattr(self.adapted, method)(X, codes)
        known = np.flatnonzero(codes >= 0)
        parts = [(known, getattr(self.adapted, method)(take_rows(X, known), codes[known]))] if len(known) else []
        of_unknown = {name: column[unknown] for name, column in values.items()}
        self._check_context(of_unknown)
        groups, given = groups_of_rows(of_unknown, read, self.columns.task, len(unknown))
        for group, known_of_it in enumerate(given):
            rows = unknown[groups == group]
            parts.append((rows, self._of_new_task(method, take_rows(X, rows), known_of_it)))
        return assembled(parts)

    def _check_context(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Raise where what describes a task varies within one of those that are known by all their ids."""
        ids = {name: values[name] for name in self.columns.task}
        rows = np.logical_and.reduce([known_rows(column) for column in ids.values()])
        if rows.any():
            index = index_levels({name: column[rows] for name, column in ids.items()})
            described = {name: values[name][rows] for name in self.columns.context if name in values}
            one_a_task(described, index.codes, index.ids)

    def _of_new_task(self, method: str, X: Any, known: Mapping[str, Any]) -> NDArray[Any]:
        nobody = np.full(X.shape[0], -1)
        if not known:
            return getattr(self.adapted, method)(X, nobody)
        nothing = Tasks.none(self.adapted.columns, self.n_features)
        adapted = self.prior.given(**known).adapt_tasks(self.parts.model, nothing)
        behind = AdaptedBehindSteps(self.adapted.steps, self.parts, self.adapted.columns, adapted)
        return getattr(behind, method)(X, nobody)


def _answered(known: KnownTasks, method: str, X: Any) -> NDArray[Any] | None:
    return known.answer(method, X) if len(X) else None
