"""Which task a row belongs to: the task column, the ids in it, and their index."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmeta._dataframe import column_labels, levels_of_index
from skmeta.tasks._ids_beside import not_a_name
from skmeta.tasks._tables import as_table, column_values, drop_column, drop_columns
from skmeta.tasks._words import is_missing, listed, shown


def locate_task(X: Any, task: str | int) -> int:
    """Return the position of the task column in `X`.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table (pandas, polars, SciPy sparse, NumPy).
    task : str or int
        A column name of a frame, or the position of a column (negative positions count from the end).

    Returns
    -------
    int
        A position from 0 to ``n_columns - 1``.

    Raises
    ------
    ValueError
        If `X` has no such column, has it twice, or has no names at all.
    TypeError
        If `task` is neither a name nor a position.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import locate_task
    >>> locate_task(np.zeros((4, 3)), -1)
    2
    """
    return locate_column(X, task, "task")


def locate_column(X: Any, column: str | int, role: str) -> int:
    """Return the position of a column of `X` that was given as the parameter `role`."""
    X, _ = as_table(X)
    if isinstance(column, str):
        return _locate_name(X, column, role)
    if isinstance(column, bool) or not isinstance(column, int | np.integer):
        raise not_a_name(column, column_labels(X) or (), role)
    width = X.shape[1]
    if not -width <= column < width:
        raise ValueError(
            f"{role}: wanted the position of a column of X, found {role}={column}; X has {width} columns (0 to {width - 1})."
        )
    return int(column) % width


def _locate_name(X: Any, name: str, role: str) -> int:
    names = column_labels(X)
    if names is None:
        raise ValueError(
            f"{role}: wanted the position of a column, as X ({type(X).__name__}) has no column names, found {role}={name!r}; "
            f"give the position (-1 for the last) or pass a pandas or polars frame."
        )
    if names.count(name) == 1:
        return names.index(name)
    if name in names:
        raise ValueError(
            f"{role}: wanted the name of one column of X, found {names.count(name)} named {name!r}; rename all but one."
        )
    if name in levels_of_index(X):
        raise ValueError(
            f"{role}: wanted the name of a column of X, found {name!r} in its index; use X.reset_index({name!r})."
        )
    close = get_close_matches(name, [each for each in names if isinstance(each, str)])
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ValueError(
        f"{role}: wanted the name of a column of X, found {role}={name!r}.{hint} X has {len(names)} columns: "
        f"{listed(names, 20)}."
    )


def split_columns(
    X: Any, columns: Sequence[str | int], role: str | Sequence[str] = "task"
) -> tuple[Any, list[NDArray[Any]]]:
    """Return `X` without some columns, and those columns.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    columns : sequence of str or int
        Names of columns of a frame, or positions (negative ones count from the end); each once.
    role : str or sequence of str, default="task"
        The parameter that named the columns, or the one that named each: messages begin with it.

    Returns
    -------
    rest : table of shape (n_samples, n_columns - len(columns))
        The other columns, see `drop_column`.
    taken : list of ndarray of shape (n_samples,)
        The columns, in the order asked for.

    Raises
    ------
    ValueError
        If `X` has no such column, has it twice, or has no names at all; or if one is asked for twice.
    TypeError
        If one of them is neither a name nor a position.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import split_columns
    >>> rest, (store, size) = split_columns(np.array([[1.0, 7.0, 30.0], [2.0, 8.0, 40.0]]), [1, -1], ["task", "context"])
    >>> rest, store, size
    (array([[1.],
           [2.]]), array([7., 8.]), array([30., 40.]))
    """
    X, _ = as_table(X)
    roles = [role] * len(columns) if isinstance(role, str) else list(role)
    positions: list[int] = []
    for column, name in zip(columns, roles, strict=True):
        position = locate_column(X, column, name)
        if position in positions:
            other = roles[positions.index(position)]
            raise ValueError(
                f"{name}: wanted each column once, found {shown(column)} twice"
                f"{'' if other == name else f' (it is {other} too)'}; leave it out of one."
            )
        positions.append(position)
    return drop_columns(X, positions), [column_values(X, position) for position in positions]


def missing_rows(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows in which a column has no value."""
    if values.dtype.kind in "fmM":
        return np.flatnonzero(values != values)  # noqa: PLR0124 - NaN and NaT
    if values.dtype.kind == "O" and any(map(is_missing, set(values.tolist()))):
        return np.flatnonzero([is_missing(value) for value in values])
    return np.empty(0, dtype=np.intp)


def _check_hashable(values: NDArray[Any], name: str) -> None:
    if values.ndim != 1:
        raise ValueError(f"{name}: wanted one id a row, found an array of shape {values.shape}; pass one column.")
    others = [row for row, value in enumerate(values) if not isinstance(value, Hashable)]
    if others:
        raise TypeError(
            f"{name}: wanted ids that are text, numbers or dates, found {type(values[others[0]]).__name__}s in row(s) "
            f"{listed(others)}; write each as one text, such as 'north/7'."
        )


def _check_none_missing(values: NDArray[Any], name: str) -> None:
    missing = missing_rows(values)
    if len(missing):
        raise ValueError(
            f"{name}: wanted an id in every row, found {len(missing)} missing id(s), in row(s) {listed(missing)}; drop "
            "these rows or give them an id of their own."
        )


def plain_ids(values: ArrayLike, name: str) -> NDArray[Any]:
    """Return numbers and dates in their own dtype, all else as objects; missing and mixed ids raise."""
    values = np.asarray(values)
    if values.dtype.kind == "O" or values.ndim != 1:
        _check_hashable(values, name)
    _check_none_missing(values, name)
    if values.dtype.kind == "O":
        return _plain_objects(values, name)
    return values.astype(object) if values.dtype.kind in "UTS" else values


def _plain_objects(values: NDArray[Any], name: str) -> NDArray[Any]:
    unique = set(values.tolist())
    n_numbers = sum(isinstance(value, Real) for value in unique)
    if 0 < n_numbers < len(unique):
        raise TypeError(
            f"{name}: wanted ids of one type, found {n_numbers} that are numbers and {len(unique) - n_numbers} that are "
            "not; write all of them as text."
        )
    return np.array(values.tolist()) if n_numbers else values


def read_task_ids(X: Any, task: str | int) -> NDArray[Any]:
    """Return the task id of every row.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    task : str or int
        Name or position of the task column, see `locate_task`.

    Returns
    -------
    ndarray of shape (n_samples,)
        Numbers and dates in their own dtype; strings (and categories of strings) as objects.

    Raises
    ------
    ValueError
        If the column is not there or an id is missing.
    TypeError
        If numbers and strings are mixed in the column, or ids are lists.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import read_task_ids
    >>> read_task_ids(np.array([[0.5, "north"], [0.1, "south"]], dtype=object), task=-1)
    array(['north', 'south'], dtype=object)
    """
    X, _ = as_table(X)
    return plain_ids(column_values(X, locate_task(X, task)), f"task={task!r}")


@dataclass(frozen=True, eq=False)
class TaskIndex:
    """The tasks of a table and the rows of each.

    Parameters
    ----------
    ids : ndarray of shape (n_tasks,)
        Ids as the user wrote them, each once, sorted.
    codes : ndarray of shape (n_samples,), dtype intp
        Position in `ids` of every row's task.
    order : ndarray of shape (n_samples,), dtype intp
        Rows sorted by task; rows of one task stay in their order.
    starts : ndarray of shape (n_tasks + 1,), dtype intp
        The rows of task ``k`` are ``order[starts[k]:starts[k + 1]]``.

    Examples
    --------
    >>> from skmeta.tasks import index_tasks
    >>> index = index_tasks(["b", "a", "b"])
    >>> index.ids, index.counts, index.order
    (array(['a', 'b'], dtype=object), array([1, 2]), array([1, 0, 2]))
    """

    ids: NDArray[Any]
    codes: NDArray[np.intp]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.ids)

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows of each task, of shape (n_tasks,)."""
        return np.diff(self.starts)


def index_tasks(ids: ArrayLike) -> TaskIndex:
    """Return the tasks and the rows of each, from the ids of all rows.

    Parameters
    ----------
    ids : array-like of shape (n_samples,)
        One id a row, as `read_task_ids` returns them.

    Returns
    -------
    TaskIndex
        Ids sorted, codes of rows, rows by task.

    Examples
    --------
    >>> from skmeta.tasks import index_tasks
    >>> index_tasks([30, 10, 30]).codes
    array([1, 0, 1])
    """
    ids = plain_ids(ids, "ids")
    if ids.dtype.kind == "O":
        unique = as_objects(_sorted(set(ids.tolist())))
        codes = _hashed_lookup(unique, ids)
    else:
        unique, codes = np.unique(ids, return_inverse=True)
    # NumPy sorts integers of 16 bits by radix, many times faster, and most collections have no more tasks.
    order = np.argsort(codes.astype(np.min_scalar_type(len(unique))), kind="stable")
    starts = np.zeros(len(unique) + 1, dtype=np.intp)
    np.cumsum(np.bincount(codes, minlength=len(unique)), out=starts[1:])
    return TaskIndex(ids=unique, codes=codes, order=order, starts=starts)


def _sorted(ids: set[Any]) -> list[Any]:
    try:
        return sorted(ids)
    except TypeError as error:
        one = next(iter(ids))
        what = f"ids: wanted text, numbers or dates, found a {type(one).__name__}, {shown(one)}; use X[task].map(str)."
        raise TypeError(what) from error


def lookup_tasks(index_ids: NDArray[Any], ids: ArrayLike) -> NDArray[np.intp]:
    """Return the position of every id among known ids, -1 where it is unknown.

    Ids are compared by value, numbers with numbers (``3 == 3.0``) and strings with strings: ``"3"`` is
    not ``3``.

    Parameters
    ----------
    index_ids : ndarray of shape (n_tasks,)
        Known ids, each once and sorted (`TaskIndex.ids`).
    ids : array-like of shape (n_samples,)
        Ids to look up.

    Returns
    -------
    ndarray of shape (n_samples,), dtype intp
        Positions in `index_ids`, or -1.

    Examples
    --------
    >>> from skmeta.tasks import index_tasks, lookup_tasks
    >>> known = index_tasks(["b", "a"]).ids
    >>> lookup_tasks(known, ["b", "z", "a"])
    array([ 1, -1,  0])
    """
    ids = plain_ids(ids, "ids")
    kinds = {index_ids.dtype.kind, ids.dtype.kind}
    if kinds & {"m", "M"} and len(kinds) > 1:
        return np.full(len(ids), -1, dtype=np.intp)  # hashed, dates in nanoseconds would be integers
    if "O" in kinds or len(kinds) > 1 or not len(index_ids):
        return _hashed_lookup(index_ids, ids)
    position = np.searchsorted(index_ids, ids)
    position[position == len(index_ids)] = 0
    return np.where(index_ids[position] == ids, position, -1)


def _hashed_lookup(index_ids: NDArray[Any], ids: NDArray[Any]) -> NDArray[np.intp]:
    # Python compares numbers of all types exactly; int64 and uint64 would meet in float64, where large ids
    # fall together.
    codes = {known: code for code, known in enumerate(index_ids.tolist())}
    return np.fromiter((codes.get(value, -1) for value in ids.tolist()), dtype=np.intp, count=len(ids))


def type_of_ids(ids: NDArray[Any]) -> str:
    """What an array of ids holds, in words: ids of two types never match."""
    return {"O": "text", "m": "durations", "M": "dates"}.get(ids.dtype.kind, "numbers")


def as_objects(values: list[Any]) -> NDArray[Any]:
    """Return a 1-D array of objects, whatever the values are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def as_list(ids: NDArray[Any]) -> list[Any]:
    """Return ids as the keys of a dict: plain numbers and text, dates as they are (NumPy would make them integers)."""
    return list(ids) if ids.dtype.kind in "mM" else ids.tolist()


def features_without(X: Any, task: str | int) -> Any:
    """Return `X` without its task column.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    task : str or int
        Name or position of the task column, see `locate_task`.

    Returns
    -------
    table of shape (n_samples, n_columns - 1)
        The features, see `drop_column`.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import features_without
    >>> features_without(np.array([[1.0, 2.0, 7.0]]), task=-1)
    array([[1., 2.]])
    """
    return drop_column(X, locate_task(X, task))
