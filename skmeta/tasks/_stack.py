"""The way from many datasets to one table with a task column, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._dataframe import column_labels, columns, concatenate, missing_values
from skmeta.tasks._ids import as_list, as_objects, plain_ids
from skmeta.tasks._read import features_without, index_rows
from skmeta.tasks._tables import (
    append_column,
    as_table,
    concatenate_arrays,
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
            f"task: wanted the name of the column to append, found {shown(task)}; in arrays it is column -1, by any name."
        )
    named = _named_tasks(tasks)
    tables = {key: X for key, (X, _) in named.items()}
    targets = {key: y for key, (_, y) in named.items()}
    for key, y in targets.items():
        _check_lengths(tables[key], y, key)
    kinds = {table_kind(X) for X in tables.values()}
    if len(kinds) > 1:
        raise TypeError(f"tasks: wanted tables of one kind, found {sorted(kinds)}; convert all to one of them.")
    ids = np.repeat(plain_ids(as_objects(list(named)), "tasks"), [len(y) for y in targets.values()])
    X = _stack_frames(tables, task) if kinds <= {"pandas", "polars"} else _stack_arrays(tables)
    return append_column(X, task, ids), _stack_targets(targets)


def _named_tasks(tasks: Any) -> dict[Any, tuple[Any, NDArray[Any]]]:
    """Return id -> (table, target array), each pair having been checked by itself."""
    named = dict(tasks) if isinstance(tasks, Mapping) else dict(enumerate(tasks))
    if not named:
        raise ValueError("tasks: wanted at least one (X, y), found none; pass those that there are.")
    for key, pair in named.items():
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(
                f"tasks: wanted pairs (X, y), found {type(pair).__name__} as task {shown(key)}; write [(X, y)] for one."
            )
    names = column_labels(next(iter(named.values()))[1])
    return {key: (as_table(X, f"tasks[{shown(key)}]")[0], _read_target(y, names, key)) for key, (X, y) in named.items()}


def _check_lengths(X: Any, y: NDArray[Any], key: Any) -> None:
    if not 0 < X.shape[0] == len(y):
        raise ValueError(
            f"tasks[{shown(key)}]: wanted X and y with the same number of rows, at least one, found {X.shape[0]} and "
            f"{len(y)}; leave empty tasks out."
        )


def _read_target(y: Any, names: list[Any] | None, key: Any) -> NDArray[Any]:
    """Return y as an array, its columns (if they have names) in the order of `names`."""
    found = column_labels(y)
    if sorted(map(str, found or [])) != sorted(map(str, names or [])):
        raise ValueError(
            f"tasks[{shown(key)}]: wanted a y of the columns {names}, as the first task has, found {found}; rename them."
        )
    y = y if names is None else y[names]
    y = np.asarray(y)
    if y.ndim not in (1, 2):
        raise ValueError(
            f"tasks[{shown(key)}]: wanted a y of one column or several, found {y.ndim} dimension(s); reshape it."
        )
    return y


def _stack_frames(tables: dict[Any, Any], task: str) -> Any:
    for key, X in tables.items():
        names = column_labels(X) or []
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise ValueError(
                f"tasks[{shown(key)}]: wanted each column of X once, found {twice} more often; rename all but one."
            )
        if task in names:
            raise ValueError(
                f"task: wanted a new name, found task={task!r}, a column of X in task {shown(key)}; pass task='another name'."
            )
    return concatenate(list(tables.values()))


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
                f"tasks: wanted the same {what} in all of them, found {found[first]} in task {shown(first)} and {value} in "
                f"task {shown(key)}; frames may differ in their columns."
            )


def split_tasks(X: Any, y: Any, *, task: str | int | Sequence[str | int]) -> dict[Any, tuple[Any, Any]]:
    """Return the datasets of one table by task id, the way back from `stack_tasks`.

    Rows keep their order within a task and tables their kind. The task column goes, and so does, in frames,
    every column without a value in any row of that task.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    y : array-like, series or frame of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    task : str, int or list of them
        Name or position of the task column, see `locate_task`, or of those of nested tasks, outermost first.

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
        raise ValueError(f"y: wanted as many rows as X, found {y.shape[0]} and {X.shape[0]}; pass the targets of X.")
    index = index_rows(X, task)
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
    kept = [np.flatnonzero(~gone) for gone in empty]
    return [
        table if len(own) == table.shape[1] else columns(table, own.tolist())
        for table, own in zip(tables, kept, strict=True)
    ]
