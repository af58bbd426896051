"""Parts of each task's rows in which targets are spread as in the whole: rows to adapt to, rows left out, some rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta.tasks._ranks_of_tasks import dense_ranks, ranks_in_tasks
from skmeta.tasks._row_order import as_numbers, by_frequency, evenly, ranks_of_rows

_LEFT_OUT_ONE_BY_ONE = 20  # speed: rows of larger tasks are left out in parts
_PARTS = 5


def _of_labels(rank: NDArray[np.intp], scores: NDArray[np.intp], codes: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    """The least rank of the rows of each row's label in its task, and their mean."""
    if not len(rank):
        return []
    label = np.unique(codes * (rank.max() + 1) + rank, return_inverse=True)[1]
    least = np.full(label.max() + 1, np.inf)
    np.minimum.at(least, label, scores)
    return [least[label], (np.bincount(label, scores) / np.bincount(label))[label]]


class PartsOfTasks:
    """What of `Tasks` says which rows of a task stand for it, whatever order rows and columns came in."""

    X: Any
    y: NDArray[Any] | None
    codes: NDArray[np.intp]
    sample_weight: NDArray[np.float64] | None
    labelled: NDArray[np.bool_] | None
    ids: NDArray[Any]
    context: Mapping[str, NDArray[Any]]
    classes: tuple[NDArray[Any], ...] | None
    class_rates: Mapping[Any, NDArray[np.float64]]
    levels: Mapping[str, NDArray[Any]]

    def some_rows_of(self, code: int, n_rows: int) -> NDArray[np.intp]:
        """Some labelled rows of one task, in which targets are spread as in the whole.

        Parameters
        ----------
        code : int
            The task, from 0.
        n_rows : int
            How many, at most.

        Returns
        -------
        ndarray of int
            Positions in ``X``, ascending.
        """
        own = self._labelled_rows_of(code)
        return own if len(own) <= n_rows else np.sort(evenly(self.by_target(own), n_rows))

    def shots_and_query(self, n_shots: int) -> tuple[Self, Self]:
        """A part of each task's rows to adapt to, and the others to be predicted: what a new task is like.

        Parameters
        ----------
        n_shots : int
            Rows of a task to adapt to, half of them where there are fewer than twice as many.

        Returns
        -------
        shots, query : Tasks
            The same tasks, without unlabelled rows; targets of both are spread as in the whole.
        """
        chosen = self.are_shots(n_shots)
        known = np.ones(len(self.codes), dtype=bool) if self.labelled is None else self.labelled
        first, second = (
            self._of_rows(rows, codes=self.codes[rows]) for rows in map(np.flatnonzero, (chosen, known & ~chosen))
        )
        return first, second

    def are_shots(self, n_shots: int) -> NDArray[np.bool_]:
        """Which rows are those to adapt to in `shots_and_query`.

        Parameters
        ----------
        n_shots : int
            As there.

        Returns
        -------
        ndarray of bool of shape (n_rows,)
            False of unlabelled rows.
        """
        rows, codes = self._in_order()
        size = np.bincount(codes, minlength=len(self.ids))
        n = np.minimum(n_shots, size // 2)
        starts, firsts = (np.concatenate([[0], np.cumsum(each)])[:-1] for each in (size, n))
        task = np.repeat(np.arange(len(n)), n)
        nth = np.arange(len(task)) - firsts[task]
        chosen = np.zeros(len(self.codes), dtype=bool)
        chosen[rows[starts[task] + ((nth + 0.5) * size[task] / n[task]).astype(np.intp)]] = True
        return chosen

    def _in_order(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The labelled rows, task after task, each in the order of `by_target`, and the task of each."""
        known = np.arange(len(self.codes)) if self.labelled is None else np.flatnonzero(self.labelled)
        codes = self.codes[known]
        numbers, is_name = self._numbers
        if sparse.issparse(numbers):  # ranked task by task, as a table of ranks would not be sparse
            own = [self.by_target(self._labelled_rows_of(code)) for code in range(len(self.ids))]
            rows = np.concatenate([*own, np.empty(0, np.intp)])
            return rows, self.codes[rows]
        scores = ranks_in_tasks(numbers[known], is_name, codes, len(self.ids))
        weight = np.zeros(len(known)) if self.sample_weight is None else self.sample_weight[known]
        keys = [weight, scores]
        if self.y is not None:
            target = self.y[known] if self.y.ndim == 1 else self.y[known, 0]
            rank = dense_ranks(np.unique(target, return_inverse=True)[1], codes)
            keys.append(rank)
            if self.classes is not None:
                keys += _of_labels(rank, scores, codes)
        order = np.lexsort((*keys, codes))
        return known[order], codes[order]

    def without_each_part(self, n_folds: int | None = None) -> tuple[Self, NDArray[np.intp], NDArray[np.intp]]:
        """For every labelled row its task without it: what predicts that row from the task's other rows.

        Tasks of more than twenty rows lack a fifth of them at a time, in which targets are spread as in the whole.

        Parameters
        ----------
        n_folds : int, default=None
            Into how many such parts at most the rows of any task go; None for parts of one row, and a fifth of many.

        Returns
        -------
        tasks : Tasks
            The tasks, each as often as it has parts that leave others.
        rows : ndarray of int
            Positions of the labelled rows in ``X``.
        codes : ndarray of int
            The task in ``tasks`` that lacks each of ``rows``; -1 where no other row is left.
        """
        kept: list[NDArray[np.intp]] = []
        rows: list[NDArray[np.intp]] = []
        codes: list[NDArray[np.intp]] = []
        owners: list[int] = []
        for code in range(len(self.ids)):
            own = self._labelled_rows_of(code)
            for part in self._parts(own, n_folds):
                others = np.setdiff1d(own, part)
                rows.append(part)
                codes.append(np.full(len(part), len(kept) if len(others) else -1))
                if len(others):
                    kept.append(others)
                    owners.append(code)
        nothing, owner = np.empty(0, np.intp), np.array(owners, dtype=np.intp)
        expanded = self._of_rows(
            np.concatenate([*kept, nothing]),
            codes=np.repeat(np.arange(len(kept)), [len(each) for each in kept]),
            ids=np.arange(len(kept)),
            task_weight=None,
            context={name: values[owner] for name, values in self.context.items()},
            classes=None if self.classes is None else tuple(self.classes[code] for code in owners),
            class_rates={label: rates[owner] for label, rates in self.class_rates.items()},
            levels={name: ids[owner] for name, ids in self.levels.items()},
        )
        return expanded, np.concatenate([*rows, nothing]), np.concatenate([*codes, nothing])

    def _parts(self, own: NDArray[np.intp], n_folds: int | None) -> list[NDArray[np.intp]]:
        """Rows of one task that are left out together."""
        if len(own) <= (n_folds or _LEFT_OUT_ONE_BY_ONE):
            return [own[[place]] for place in range(len(own))]
        ranked, n_parts = self.by_target(own), n_folds or _PARTS
        return [np.sort(ranked[first::n_parts]) for first in range(n_parts)]

    def by_target(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows in the order of their targets, of the first of several, whatever order they stand in; else of `ranks_of_rows`.

        Labels stand in the order of their rows: their names have none.

        Parameters
        ----------
        rows : ndarray of int
            Positions of some rows in ``X``.

        Returns
        -------
        ndarray of int
            The same positions.
        """
        if not len(rows):
            return rows
        scores = self._ranks(rows)
        weight = np.zeros(len(rows)) if self.sample_weight is None else self.sample_weight[rows]
        if self.y is None:
            return rows[np.lexsort((weight, scores))]
        rank = np.unique(self.y[rows].reshape(len(rows), -1)[:, 0], return_inverse=True)[1]
        if self.classes is None:
            return rows[np.lexsort((weight, scores, rank))]
        typical = np.bincount(rank, scores) / np.bincount(rank)
        np.minimum.at(first := np.full(len(typical), len(rows)), rank, scores)
        return rows[np.lexsort((weight, scores, rank, first[rank], typical[rank]))]

    def _ranks(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Ranks of some rows among these by their values."""
        numbers, is_name = self._numbers
        values = numbers[rows]
        for column in np.flatnonzero(is_name):
            values[:, column] = by_frequency(values[:, column])
        return ranks_of_rows(values)

    @cached_property
    def _numbers(self) -> tuple[Any, NDArray[np.bool_]]:
        return as_numbers(self.X)

    def _labelled_rows_of(self, code: int) -> NDArray[np.intp]:
        own = self.rows_of(code)
        return own if self.labelled is None else own[self.labelled[own]]

    def rows_of(self, code: int) -> NDArray[np.intp]:
        """Positions of the rows of one task, see `Tasks`."""
        raise NotImplementedError

    def _of_rows(self, rows: NDArray[np.intp], **changed: Any) -> Self:
        """The same columns of some rows, see `Tasks`."""
        raise NotImplementedError
