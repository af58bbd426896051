"""Draws of meta-training: tasks, each split at random in rows to train on and rows that judge."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.network_rows import Rows, TaskTable, split_at_random
from skmeta.neural_network._outer_loop import Index, hold_out

Array = NDArray[Any]


class Episodes:
    """Tasks that can be split, some of them held out.

    Parameters
    ----------
    table : TaskTable
        Rows of the collection.
    task_weight : ndarray of shape (n_tasks,)
        How much each task counts; those of zero, and those of one row, have no say.
    n_shots : int or None
        Rows to train on, all but one of a task that has no more; None for half of them.
    held_out : float
        Share of the tasks that is held out, one at least; zero for none.
    rng : numpy.random.Generator
        Draws all.
    """

    def __init__(
        self, table: TaskTable, task_weight: Array, n_shots: int | None, held_out: float, rng: np.random.Generator
    ) -> None:
        self._table, self._weight, self._n_shots, self._rng = table, task_weight, n_shots, rng
        codes = np.flatnonzero((table.counts > 1) & (task_weight > 0.0))
        self.teach, self.held_out = hold_out(codes, held_out, rng)

    def split(self, codes: Index) -> tuple[Rows, Rows]:
        """Rows of some tasks to train on, and those that judge, whose shares are those of the tasks' weights."""
        counts = self._table.counts[codes]
        shots = counts // 2 if self._n_shots is None else np.minimum(self._n_shots, counts - 1)
        support, query = split_at_random(self._table, codes, shots, self._rng)
        return support, query.times(self._weight[codes] / self._weight[codes].sum())

    def meta_batch(self, size: int) -> tuple[Rows, Rows]:
        """The same of tasks drawn among those that teach."""
        return self.split(self._rng.choice(self.teach, min(size, len(self.teach)), replace=False))
