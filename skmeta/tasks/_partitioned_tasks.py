"""A collection whose rows stay in partitions: its tasks, some of its rows, and what is made of each partition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta import _dataframe
from skmeta._inference.partitions import Engine
from skmeta.tasks._ids import as_list, index_tasks, lookup_tasks, type_of_ids
from skmeta.tasks._read import read_tasks
from skmeta.tasks._tables import stacked
from skmeta.tasks._tasks import Tasks, labels_of_tasks
from skmeta.tasks._words import shown

SAMPLE_ROWS = 200_000  # what a step without partial_fit is fitted to: as many as KBinsDiscretizer takes by default


@dataclass(frozen=True, eq=False)
class PartitionedTasks:
    """Tasks that lie in parts; a task may be in several.

    Parameters
    ----------
    engine : Engine
        What runs functions beside the parts.
    parts : list
        Handles of `Tasks`, one a partition, some perhaps without rows.
    """

    engine: Engine
    parts: list[Any]

    def map(self, function: Callable[[Tasks], Any]) -> PartitionedTasks:
        """The same collection, each part changed by a function.

        Parameters
        ----------
        function : callable
            From `Tasks` to `Tasks`.

        Returns
        -------
        PartitionedTasks
            Nothing is computed yet.
        """
        return replace(self, parts=self.engine.map(function, self.parts))

    @cached_property
    def _heads(self) -> list[tuple[NDArray[Any], NDArray[np.intp]]]:
        """The ids of every part, and their numbers of rows."""
        return self.engine.gather(self.engine.map(_ids_and_counts, self.parts))

    @cached_property
    def ids(self) -> NDArray[Any]:
        """Names of all tasks, sorted: the parts are read for them once, when they are asked for."""
        return self._index[0]

    @cached_property
    def _index(self) -> tuple[NDArray[Any], list[NDArray[np.intp]]]:
        """The names of all tasks, and which of them are in each part."""
        each = [ids for ids, _ in self._heads]
        filled = [ids for ids in each if len(ids)]
        for other in filled[1:]:
            _check_same_type(filled[0], other)
        if not filled:
            return np.empty(0), [np.empty(0, np.intp)] * len(each)
        index = index_tasks(np.concatenate(filled))
        return index.ids, np.split(index.codes, np.cumsum([len(ids) for ids in each])[:-1])

    def rows_of(self, ids: NDArray[Any]) -> Tasks:
        """Rows of some tasks, from all parts that have any, here.

        Parameters
        ----------
        ids : ndarray of shape (n,)
            Names of tasks.

        Returns
        -------
        Tasks
            Those of them that there are, sorted by id.
        """
        return joined_tasks(self.engine.gather(self.handles_of(ids)))

    def handles_of(self, ids: NDArray[Any]) -> list[Any]:
        """The same as handles of `Tasks`, one for each part that has any.

        Parameters
        ----------
        ids : ndarray of shape (n,)
            Names of tasks.

        Returns
        -------
        list
            Handles; nothing is computed yet.
        """
        names, held = self._index
        codes, asked = lookup_tasks(names, ids), np.zeros(len(names), dtype=bool)
        asked[codes[codes >= 0]] = True
        some = [k for k, own in enumerate(held) if asked[own].any()]
        return self.engine.map(partial(_only, names[asked]), [self.parts[k] for k in some])

    def sample(self) -> Tasks:
        """Whole tasks of about `SAMPLE_ROWS` rows, drawn by their ids, so that it does not matter how rows are parted.

        Returns
        -------
        Tasks
            Their rows, sorted by id; all tasks where there are fewer rows.
        """
        n_rows = np.zeros(len(self.ids), dtype=np.intp)
        for own, (_, counts) in zip(self._index[1], self._heads, strict=True):
            n_rows[own] += counts
        order = np.argsort([_drawn(name) for name in as_list(self.ids)], kind="stable")
        last = int(np.searchsorted(np.cumsum(n_rows[order]), SAMPLE_ROWS)) + 1
        return in_order(self.rows_of(self.ids[np.sort(order[:last])]))


def read_partition(
    number: int, options: dict[str, Any], names: tuple[Sequence[str] | None, int], X: Any, y: Any, sample_weight: Any
) -> Tasks:
    """The `Tasks` of one partition of a table, ``options`` being those of `read_tasks`; a partition may have no rows."""
    for name, values in (("y", y), ("sample_weight", sample_weight)):
        if values is not None and not _dataframe.same_rows(X, values):
            raise ValueError(
                f"{name}: wanted the rows of X in every partition, found others in partition {number} ({len(values)} beside "
                f"{len(X)} of X); take both from one frame."
            )
    if not len(X) or (sample_weight is not None and not np.any(sample_weight)):
        return replace(Tasks.none(*names), y=np.empty(np.shape(y)))
    try:
        return read_tasks(X, y, sample_weight, **options)
    except (TypeError, ValueError) as error:
        error.add_note(
            f"This is said of partition {number} alone, whose rows are counted from its first; others may have more. "
            "X.compute() makes a frame in memory, of which all is said at once."
        )
        raise


def joined_tasks(parts: Sequence[Tasks]) -> Tasks:
    """Tasks of several parts as one collection, sorted by id; rows stay in the order of the parts."""
    filled = [part for part in parts if part.n_rows]
    if len(filled) < 2:
        return filled[0] if filled else parts[0] if parts else Tasks.none()
    for other in filled[1:]:
        _check_same_type(filled[0].ids, other.ids)
    index, first = index_tasks(np.concatenate([part.ids[part.codes] for part in filled])), filled[0]
    X = [part.X for part in filled]
    y: Any = None if first.y is None else np.concatenate([part.y for part in filled])
    weights: list[Any] = [part.sample_weight for part in filled]
    return Tasks(
        stacked(X),
        y,
        index.codes,
        index.ids,
        None if weights[0] is None else np.concatenate(weights),
        feature_names=first.feature_names,
        classes=None if first.classes is None else labels_of_tasks(y, index.codes, index.n_tasks, None),
        levels=dict.fromkeys(first.levels, index.ids),
    )


def in_order(tasks: Tasks) -> Tasks:
    """The same with rows sorted by task."""
    return tasks._of_rows(tasks.order, codes=tasks.codes[tasks.order])


def _check_same_type(one: NDArray[Any], other: NDArray[Any]) -> None:
    if type_of_ids(one) != type_of_ids(other):
        raise TypeError(
            f"task: wanted ids of one type in all partitions, found {type_of_ids(one)} ({shown(one[0])}) and "
            f"{type_of_ids(other)} ({shown(other[0])}), which never match; convert the task column."
        )


def _ids_and_counts(tasks: Tasks) -> tuple[NDArray[Any], NDArray[np.intp]]:
    return tasks.ids, tasks.counts


def _only(ids: NDArray[Any], tasks: Tasks) -> Tasks:
    """Those of some tasks that a part has; without rows where it has none."""
    if not len(tasks):
        return tasks
    return tasks.take(np.flatnonzero(lookup_tasks(ids, tasks.ids) >= 0))


def _drawn(name: Any) -> bytes:
    """A number that an id has by chance, the same on every machine."""
    return blake2b(repr(name).encode(), digest_size=8).digest()
