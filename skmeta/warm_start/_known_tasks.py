"""What a fitted model keeps: which tasks it knows, and what it answers for rows of these and of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._adapted_estimators import assembled
from skmeta.base._adapted_in_pieces import AdaptedInPieces
from skmeta.base._never_seen import telling_once
from skmeta.steps import AdaptedBehindSteps, Parts, telling_columns_behind
from skmeta.tasks import TaskColumns, TaskIndex, Tasks, take_rows
from skmeta.tasks._context import groups_of_rows, one_a_task
from skmeta.tasks._known_ids import check_same_type, known_codes
from skmeta.tasks._paths import index_levels, known_rows
from skmeta.tasks._words import listed
from skmeta.warm_start._asked import warn_of_other_tasks

Codes = NDArray[np.intp]


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
    tasks : Tasks
        What was fitted, behind the steps.
    pieces : AdaptedInPieces, default=None
        The tasks' estimators, once there are rows that came after the fit.
    one : mapping of str to ndarray of shape (1,), default={}
        Where there was one task, what was known of it before its rows.
    """

    columns: TaskColumns
    ids: NDArray[Any]
    levels: Mapping[str, NDArray[Any]]
    prior: Prior
    adapted: AdaptedBehindSteps
    n_features: int
    tasks: Tasks
    pieces: AdaptedInPieces | None = None
    one: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def parts(self) -> Parts:
        """The user's estimator, taken apart."""
        return self.adapted.parts

    def with_rows(
        self,
        tasks: Tasks,
        kept: Callable[[Tasks], Tasks],
        adapt: Callable[[Tasks], AdaptedEstimators],
        in_the_way: str,
    ) -> KnownTasks:
        """The same with more rows of its tasks, and with tasks that were not there before.

        Parameters
        ----------
        tasks : Tasks
            The new rows, behind the steps.
        kept : callable
            ``kept(tasks)`` are the rows that are kept of tasks.
        adapt : callable
            ``adapt(tasks)`` makes estimators of tasks, of the model.
        in_the_way : str
            Why tasks that were learned from cannot get rows; empty where they can.

        Returns
        -------
        KnownTasks
            A new one; this one stays as it is.

        Raises
        ------
        ValueError
            If something is in the way of rows of tasks that were learned from.
        """
        pieces = self.pieces or AdaptedInPieces.whole(self.tasks, self.adapted.inner)
        ids, levels, known, new = self._places_with(tasks)
        there = np.isin(known, new)
        if in_the_way and (learned := there & pieces.in_first(np.arange(len(known)))).any():
            raise ValueError(
                f"partial_fit: wanted rows of new tasks, found some of {listed(self.ids[learned])}, which the prior was "
                f"learned from: {in_the_way}. Fit anew with all rows."
            )
        pieces = pieces.with_rows(tasks, known, new, len(ids), kept, adapt)
        adapted = self.adapted.with_inner(pieces)
        return replace(self, ids=ids, levels=levels, adapted=adapted, pieces=pieces)

    def _places_with(self, tasks: Tasks) -> tuple[NDArray[Any], Mapping[str, NDArray[Any]], Codes, Codes]:
        """All ids and levels once tasks are added, sorted, and where the tasks known and those added are among them."""
        if not self.levels:
            return self.ids, self.levels, np.zeros(1, np.intp), np.zeros(1, np.intp)
        check_same_type(self.levels, tasks.levels)
        both = {name: np.concatenate([ids, tasks.levels[name]]) for name, ids in self.levels.items()}
        index = index_levels(both)
        return index.ids, index.levels, index.codes[: len(self.ids)], index.codes[len(self.ids) :]

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
