"""Rows of the same tasks from several collections, as one collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._context import differing_rows
from skmeta.tasks._tables import stacked
from skmeta.tasks._tasks import Tasks, labels_of_tasks
from skmeta.tasks._words import shown

Part = tuple[Tasks, NDArray[np.intp]]


def joined_rows(parts: Sequence[Part], n_tasks: int) -> Tasks:
    """The tasks of several collections as one, the rows of each task together.

    Parameters
    ----------
    parts : sequence of (Tasks, ndarray of int)
        Collections of the same columns, and which task of the whole each of their tasks is.
    n_tasks : int
        How many tasks there are together; each is in some part.

    Returns
    -------
    Tasks
        Rows in the order of the parts. Rows of parts without weights weigh one, where others have some.

    Raises
    ------
    ValueError
        If a task is not described alike in all parts, or targets have several shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import Tasks
    >>> from skmeta.tasks._joined_rows import joined_rows
    >>> old = Tasks(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]), np.array([0, 1]), np.array(["a", "b"]))
    >>> new = Tasks(np.array([[3.0]]), np.array([3.0]), np.array([0]), np.array(["b"]))
    >>> [y.tolist() for X, y, weight in joined_rows([(old, np.array([0, 1])), (new, np.array([1]))], 2)]
    [[1.0], [2.0, 3.0]]
    """
    all_tasks, places = [tasks for tasks, _ in parts], np.concatenate([place for _, place in parts])
    codes = np.concatenate([place[tasks.codes] for tasks, place in parts])
    first = np.unique(places, return_index=True)[1]
    ids = np.concatenate([tasks.ids for tasks in all_tasks])[first]
    y = _targets(all_tasks)
    labelled = _or_ones([tasks.labelled for tasks in all_tasks], all_tasks, bool)
    whole = replace(
        all_tasks[-1],
        X=stacked([tasks.X for tasks in all_tasks]),
        y=y,
        codes=codes,
        ids=ids,
        sample_weight=_or_ones([tasks.sample_weight for tasks in all_tasks], all_tasks, float),
        labelled=labelled,
        row_counts=_row_counts(all_tasks),
        context=_described(all_tasks, places, first, ids),
        class_rates={},
        levels={
            name: np.concatenate([tasks.levels[name] for tasks in all_tasks])[first] for name in all_tasks[-1].levels
        },
    )
    if y is None or whole.classes is None:
        return whole
    return replace(whole, classes=labels_of_tasks(y, codes, n_tasks, labelled))


def _targets(parts: Sequence[Tasks]) -> NDArray[Any] | None:
    targets = [tasks.y for tasks in parts if tasks.y is not None]
    if not targets:
        return None
    before, after = targets[0].shape[1:], targets[-1].shape[1:]
    if before != after:
        raise ValueError(f"y: wanted targets of the shape that fit had, {_named(before)}, found {_named(after)}.")
    return np.concatenate(targets)


def _named(shape: tuple[int, ...]) -> str:
    return f"(n_rows, {shape[0]})" if shape else "(n_rows,)"


def _or_ones(found: Sequence[Any], parts: Sequence[Tasks], dtype: type) -> Any:
    """One array of rows from those of the parts, ones where a part has none; None if no part has any."""
    if all(each is None for each in found):
        return None
    return np.concatenate(
        [np.ones(tasks.n_rows, dtype) if each is None else each for each, tasks in zip(found, parts, strict=True)]
    )


def _row_counts(parts: Sequence[Tasks]) -> NDArray[np.float64] | None:
    """How many rows each row stands for; one that was given stands for itself, if it weighs something."""
    if all(tasks.row_counts is None for tasks in parts):
        return None
    return np.concatenate([counts_of_rows(tasks) for tasks in parts])


def counts_of_rows(tasks: Tasks) -> NDArray[np.float64]:
    """How many rows each row of a collection stands for, of shape (n_rows,)."""
    if tasks.row_counts is not None:
        return tasks.row_counts
    return np.ones(tasks.n_rows) if tasks.sample_weight is None else (tasks.sample_weight > 0.0).astype(float)


def _described(
    parts: Sequence[Tasks], places: NDArray[np.intp], first: NDArray[np.intp], ids: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """What is known of each task beside its rows, which is the same in all parts."""
    found = {}
    for name in parts[-1].context:
        column = np.concatenate([tasks.context[name] for tasks in parts])
        differs = differing_rows(column, column[first][places])
        if len(differs):
            place = places[differs[0]]
            raise ValueError(
                f"context: wanted {name}={shown(column[first][place])} for task {shown(ids[place])}, as its rows had before, "
                f"found {shown(column[differs[0]])}; a task that is another now needs another id."
            )
        found[name] = column[first]
    return found
