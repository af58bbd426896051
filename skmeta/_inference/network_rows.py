"""Rows of many tasks as a network reads them: tasks of unequal sizes are padded by rows without weight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of some tasks, all in one type of float.

    ``X (n_tasks, n_rows, n_features + 1)``, ones last; ``Y (n_tasks, n_rows, n_outputs)``; ``share (n_tasks, n_rows, 1)`` of a
    row in its task's loss, which sum to one; ``total (n_tasks,)`` weight of a task's rows, beside which a penalty stands;
    ``counts (n_tasks,)`` of rows that are no padding.
    """

    X: Array
    Y: Array
    share: Array
    total: Array
    counts: NDArray[np.intp]

    def times(self, factor: Array) -> Rows:
        """The same with each task's objective, penalty included, times ``factor (n_tasks,)``, not zero."""
        factor = factor.astype(self.share.dtype)
        return replace(self, share=self.share * factor[:, None, None], total=self.total / factor)

    def among(self, chosen: Array) -> Rows:
        """The same rows, of which only those ``chosen (n_tasks, n_rows)`` weigh."""
        weight = self.share[..., 0] * self.total[:, None] * chosen
        share, total = _shares(weight)
        return replace(self, share=share, total=total)


@dataclass(frozen=True, eq=False)
class TaskTable:
    """Rows of a collection, task after task: ``X (n, n_features + 1)``, ones last, ``Y (n, n_outputs)``, ``weight (n,)``.

    Rows of task ``t`` are those from ``starts[t]`` to ``starts[t + 1]``.
    """

    X: Array
    Y: Array
    weight: Array
    starts: NDArray[np.intp]

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """Rows of each task."""
        return np.diff(self.starts)

    def rows(self, index: Array, real: Array) -> Rows:
        """The rows ``index (n_tasks, n_rows)``; what is not ``real`` is padding."""
        share, total = _shares(self.weight[index] * real)
        return Rows(self.X[index], self.Y[index], share, total, real.sum(axis=1))

    def all_rows(self, tasks: Array) -> Rows:
        """All rows of some tasks, by number."""
        counts = self.counts[tasks]
        places = np.arange(max(int(counts.max(initial=0)), 1))
        real = places < counts[:, None]
        return self.rows(np.where(real, self.starts[tasks][:, None] + places, 0), real)


def task_table(X: Array, Y: Array, weight: Array, starts: Array) -> TaskTable:
    """Of rows without the column of ones, in the type of ``X``."""
    ones = np.ones((len(X), 1), dtype=X.dtype)
    return TaskTable(np.hstack([X, ones]), Y.astype(X.dtype), weight.astype(X.dtype), np.asarray(starts, dtype=np.intp))


def _shares(weight: Array) -> tuple[Array, Array]:
    """Shares ``(n_tasks, n_rows, 1)`` and sums of weights; tasks without weight have shares of zero."""
    total = weight.sum(axis=1)
    return (weight / np.where(total > 0, total, 1)[:, None])[..., None], total


def split_at_random(table: TaskTable, tasks: Array, n_shots: Array, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Support and query rows of some tasks: ``n_shots (n_tasks,)`` at random, and the others."""
    counts = table.counts[tasks]
    width = int(counts.max())
    keys = rng.random((len(tasks), width))
    keys[np.arange(width) >= counts[:, None]] = 2.0  # padding comes last
    order = np.argsort(keys, axis=1)
    place = np.arange(width)
    index = np.where(place < counts[:, None], table.starts[tasks][:, None] + order, 0)
    most = int(n_shots.max())
    support = table.rows(index[:, :most], place[:most] < n_shots[:, None])
    fewest = int(n_shots.min())
    is_query = (place >= n_shots[:, None]) & (place < counts[:, None])
    return support, table.rows(index[:, fewest:], is_query[:, fewest:])
