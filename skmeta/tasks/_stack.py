"""The way from many datasets to one table with a task column, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import as_list, as_objects, features_without, index_tasks, plain_ids, read_task_ids
from skmeta.tasks._tables import (
    append_column,
    as_table,
    concatenate_arrays,
    concatenate_frames,
    missing_values,
    table_kind,
    take_rows,
)
from skmeta.tasks._words import shown


def stack_tasks(tasks: Any, *, task: str = "task") -> tuple[Any, NDArray[Any]]:
    """Return one table of all tasks, with the task id as its last column, and the targets below each other.

    Frames are matched by column name. A column that a task's frame lacks is missing (NaN, null) in all rows
    of that task, which says "this task has no such column": learners then keep the prior's view of it.

    Parameters
    ----------
    tasks : sequence of (X, y), or mapping of id to (X, y)
        The datasets; in a sequence the ids are 0, 1, ... All `X` are frames of one library, or all arrays, or
        all sparse. `y` has shape (n_samples,) or (n_samples, n_outputs).
    task : str, default="task"
        Name of the task column in the frame. Arrays have no names: there it is column -1.

    Returns
    -------
    X : table of shape (n_samples, n_columns + 1)
        A frame, an array (of objects if the ids are strings) or a CSR matrix.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The targets.

    Raises
    ------
    ValueError
        If there are no tasks, a task has no rows or `X` and `y` of different lengths, arrays differ in width,
        a column stands twice in a frame, or the name `task` is taken.
    TypeError
        If frames and arrays, or ids of several types, are mixed, or `task` is no string.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import stack_tasks
    >>> X, y = stack_tasks([(np.array([[0.5], [0.7]]), [1, 2]), (np.array([[0.9]]), [3])])
    >>> X
    array([[0.5, 0. ],
           [0.7, 0. ],
           [0.9, 1. ]])
    >>> y
    array([1, 2, 3])
    """
    if not isinstance(task, str):
        raise TypeError(
            f"task must be the name of the column to append, found {shown(task)}. In arrays it is column -1."
        )
    named = _named_tasks(tasks)
    tables = {key: X for key, (X, _) in named.items()}
    targets = {key: y for key, (_, y) in named.items()}
    for key, y in targets.items():
        _check_lengths(tables[key], y, key)
    kinds = {table_kind(X) for X in tables.values()}
    if len(kinds) > 1:
        raise TypeError(f"tasks must hold tables of one kind, found {sorted(kinds)}. Convert all to one of them.")
    ids = np.repeat(plain_ids(as_objects(list(named)), "The keys of tasks"), [len(y) for y in targets.values()])
    X = _stack_frames(tables, task) if kinds <= {"pandas", "polars"} else _stack_arrays(tables)
    return append_column(X, task, ids), _stack_targets(targets)


def _named_tasks(tasks: Any) -> dict[Any, tuple[Any, NDArray[Any]]]:
    """Return id -> (table, target array), each pair having been checked by itself."""
    named = dict(tasks) if isinstance(tasks, Mapping) else dict(enumerate(tasks))
    if not named:
        raise ValueError("tasks must hold at least one (X, y), found none.")
    for key, pair in named.items():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"tasks must hold pairs (X, y), found {type(pair).__name__} as task {shown(key)}.")
    names = _column_names(next(iter(named.values()))[1])
    return {
        key: (as_table(X, f"X of task {shown(key)}")[0], _read_target(y, names, key)) for key, (X, y) in named.items()
    }


def _check_lengths(X: Any, y: NDArray[Any], key: Any) -> None:
    if not 0 < X.shape[0] == len(y):
        raise ValueError(
            f"X and y of task {shown(key)} must have the same number of rows, at least one; found {X.shape[0]} and {len(y)}."
        )


def _column_names(y: Any) -> list[Any] | None:
    return list(y.columns) if hasattr(y, "columns") else None


def _read_target(y: Any, names: list[Any] | None, key: Any) -> NDArray[Any]:
    """Return y as an array, its columns (if they have names) in the order of `names`."""
    found = _column_names(y)
    if sorted(map(str, found or [])) != sorted(map(str, names or [])):
        raise ValueError(f"y of task {shown(key)} must have the columns {names}, as the first task, found {found}.")
    y = y if names is None else y[names]
    y = np.asarray(y)
    if y.ndim not in (1, 2):
        raise ValueError(f"y of task {shown(key)} must have 1 or 2 dimensions, found {y.ndim}.")
    return y


def _stack_frames(tables: dict[Any, Any], task: str) -> Any:
    for key, X in tables.items():
        names = list(X.columns)
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise ValueError(f"X of task {shown(key)} must have each column once, found {twice} more often.")
        if task in names:
            raise ValueError(
                f"task={task!r} must be a new name, found a column of that name in X of task {shown(key)}. "
                f"Give the task column another name."
            )
    return concatenate_frames(list(tables.values()))


def _stack_arrays(tables: dict[Any, Any]) -> Any:
    _check_same("width of X", {key: X.shape[1] for key, X in tables.items()})
    return concatenate_arrays(list(tables.values()))


def _stack_targets(targets: dict[Any, NDArray[Any]]) -> NDArray[Any]:
    _check_same("shape of y but for its rows", {key: y.shape[1:] for key, y in targets.items()})
    _check_same("type of y", {key: "text" if _is_text(y) else "numbers" for key, y in targets.items()})
    return np.concatenate(list(targets.values()))


def _is_text(y: NDArray[Any]) -> bool:
    if y.dtype.kind == "O":
        return any(isinstance(value, str) for value in y.flat)
    return y.dtype.kind in "UTS"


def _check_same(what: str, found: dict[Any, Any]) -> None:
    """Raise where tasks differ, naming the first task and the first that differs from it."""
    first = next(iter(found))
    for key, value in found.items():
        if value != found[first]:
            raise ValueError(
                f"The {what} must be the same in all tasks, "
                f"found {found[first]} in task {shown(first)} and {value} in task {shown(key)}."
            )


def split_tasks(X: Any, y: Any, *, task: str | int) -> dict[Any, tuple[Any, Any]]:
    """Return the datasets of one table by task id, the way back from `stack_tasks`.

    Rows keep their order within a task and tables their kind. The task column goes, and so does, in frames,
    every column without a value in any row of that task.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    y : array-like, series or frame of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    task : str or int
        Name or position of the task column, see `locate_task`.

    Returns
    -------
    dict
        Task id to (X, y), sorted by id.

    Raises
    ------
    ValueError
        If `X` and `y` differ in length, the column is not there or an id is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import split_tasks
    >>> X = np.array([[0.5, "north"], [0.7, "south"], [0.9, "north"]], dtype=object)
    >>> X_north, y_north = split_tasks(X, [1, 2, 3], task=-1)["north"]
    >>> y_north
    array([1, 3])
    """
    X, kind = as_table(X)
    y = y if hasattr(y, "shape") else np.asarray(y)
    if X.shape[0] != y.shape[0]:
        raise ValueError(f"X and y must have the same number of rows, found {X.shape[0]} and {y.shape[0]}.")
    index = index_tasks(read_task_ids(X, task))
    features = take_rows(features_without(X, task), index.order)
    targets = take_rows(y, index.order)
    spans = [slice(*span) for span in pairwise(index.starts.tolist())]
    tables = [take_rows(features, span) for span in spans]
    if kind in ("pandas", "polars"):
        tables = _without_empty_columns(tables, missing_values(features), index.starts)
    keyed = zip(as_list(index.ids), tables, spans, strict=True)
    return {key: (table, take_rows(targets, span)) for key, table, span in keyed}


def _without_empty_columns(tables: list[Any], missing: NDArray[np.bool_], starts: NDArray[np.intp]) -> list[Any]:
    empty = np.logical_and.reduceat(missing, starts[:-1], axis=0)
    names = np.array(tables[0].columns, dtype=object)
    return [table[list(names[~gone])] if gone.any() else table for table, gone in zip(tables, empty, strict=True)]
