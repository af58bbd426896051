"""Where columns stand in a table that are given by name or by position, and the table without them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._dataframe import column_labels, levels_of_index
from skmeta.tasks._ids_beside import not_a_name
from skmeta.tasks._tables import as_table, column_values, drop_columns
from skmeta.tasks._words import listed, shown


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
    positions = locate_columns(X, columns, role)
    return drop_columns(X, positions), [column_values(X, position) for position in positions]


def locate_columns(X: Any, columns: Sequence[str | int], role: str | Sequence[str]) -> list[int]:
    """Return the positions of some columns of `X`, each of which may be asked for once."""
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
    return positions
