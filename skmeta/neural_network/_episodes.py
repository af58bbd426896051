"""Draws of meta-training: tasks that teach a start, tasks held out from it, and a random split of each one's rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.meta_gradients import MetaGradient
from skmeta._inference.network_rows import Rows, TaskTable, split_at_random
from skmeta.neural_network._outer_loop import Index, hold_out

Array = NDArray[Any]

_ENOUGH_JUDGES = 5  # guard: a mean over fewer held-out tasks is that of one odd task
_FOLDS = 3  # guard: of few tasks two thirds teach still, for three starts more; with the one that is kept, four in all


class Episodes:
    """Tasks that can be split, from which one start or several are learned side by side; the first is the one to keep.

    Where the tasks held out are five or more, they judge the one start, which all others teach. Of fewer tasks all teach it,
    and beside it three starts are learned from all but a third each: that third judges, so that every task judges once. All
    starts have had as many iterations at any time, so these losses tell after how many the first one is best. They move by one
    gradient: where one of them diverges, learning of all ends.

    Parameters
    ----------
    table : TaskTable
        Rows of the collection.
    task_weight : ndarray of shape (n_tasks,)
        How much each task counts; those of zero, and those of one row, have no say.
    n_shots : int or None
        Rows to train on, all but one of a task that has no more; None for half of them.
    held_out : float
        Share of the tasks that is held out; zero for none.
    rng : numpy.random.Generator
        Draws all.

    Attributes
    ----------
    teach : list of ndarray of int
        Tasks that each of the starts is learned from.
    held_out : list of ndarray of int
        Tasks that judge the last of these starts, as many as there are lists.
    """

    def __init__(
        self, table: TaskTable, task_weight: Array, n_shots: int | None, held_out: float, rng: np.random.Generator
    ) -> None:
        self._table, self._weight, self._n_shots, self._rng = table, task_weight, n_shots, rng
        codes = np.flatnonzero((table.counts > 1) & (task_weight > 0.0))
        teach, judge = hold_out(codes, held_out, rng)
        self.teach, self.held_out = [teach], [judge]
        if len(judge) < _ENOUGH_JUDGES:
            n_folds = min(_FOLDS, len(codes)) if held_out and len(codes) > 1 else 0
            self.held_out = np.array_split(rng.permutation(codes), n_folds) if n_folds else []
            self.teach = [codes, *(np.setdiff1d(codes, fold) for fold in self.held_out)]

    def split(self, codes: Index) -> tuple[Rows, Rows]:
        """Rows of some tasks to train on, and those that judge, whose shares are those of the tasks' weights."""
        counts = self._table.counts[codes]
        shots = counts // 2 if self._n_shots is None else np.minimum(self._n_shots, counts - 1)
        support, query = split_at_random(self._table, codes, shots, self._rng)
        return support, query.times(self._weight[codes] / self._weight[codes].sum())

    def draw(self, codes: Index, size: int) -> tuple[Rows, Rows]:
        """A split of ``size`` of some tasks, at random, or of all where these are no more."""
        return self.split(self._rng.choice(codes, min(size, len(codes)), replace=False))

    def objective(self, starts: Array, gradient: MetaGradient, size: int) -> tuple[float, Array]:
        """Sum of the starts' losses in ``size`` tasks drawn for each, and its gradient; up to one that is not finite."""
        losses, gradients = [], []
        for start, teach in zip(np.split(starts, len(self.teach)), self.teach, strict=True):
            loss, by_start = gradient(start, *self.draw(teach, size))
            losses.append(loss)
            gradients.append(by_start)
            if not (np.isfinite(loss) and np.isfinite(by_start).all()):
                break
        return float(np.sum(losses)), np.concatenate(gradients)


class Judge:
    """The loss of tasks held out, by the starts that these did not teach; each task is split once."""

    def __init__(self, episodes: Episodes, gradient: MetaGradient, task_weight: Array) -> None:
        self._gradient, self._n_starts = gradient, len(episodes.teach)
        self._splits = [episodes.split(codes) for codes in episodes.held_out]
        weight = np.array([task_weight[codes].sum() for codes in episodes.held_out])
        self._share = weight / weight.sum()

    def __call__(self, starts: Array) -> float:
        """Mean over the tasks."""
        judged = np.split(starts, self._n_starts)[-len(self._splits) :]
        losses = [self._gradient.losses(start, *split).sum() for start, split in zip(judged, self._splits, strict=True)]
        return float(self._share @ losses)
