"""What columns tell of the tasks of rows: one value a task, or the rows of which the same is known in one group."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._paths import known_rows
from skmeta.tasks._words import shown


def one_a_task(
    values: Mapping[str, NDArray[Any]], codes: NDArray[np.intp], ids: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Context ``(n_tasks,)`` by name from that of the rows; ValueError where it varies within a task."""
    first = np.full(len(ids), -1)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last writing of each task is its first row
    return {name: _of_tasks(name, column, column[first][codes], codes, ids)[first] for name, column in values.items()}


def _of_tasks(
    name: str, column: NDArray[Any], expected: NDArray[Any], codes: NDArray[np.intp], ids: NDArray[Any]
) -> NDArray[Any]:
    differs = differing_rows(column, expected)
    if len(differs):
        row = int(differs[0])
        raise ValueError(
            f"context: wanted columns that are constant within each task, found {name!r} with {shown(expected[row])} and "
            f"{shown(column[row])} in task {shown(ids[codes[row]])}; a column that varies from row to row is a feature, "
            "so leave it out of context."
        )
    return column


def differing_rows(column: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows of a column that are not as expected; values that are missing in both are alike."""
    expected = np.broadcast_to(expected, column.shape) if len(column) else column
    there, wanted = known_rows(column), known_rows(expected)
    differs = there != wanted
    differs[there & wanted] = column[there & wanted] != expected[there & wanted]
    return np.flatnonzero(differs)


def groups_of_rows(
    values: Mapping[str, NDArray[Any]], read: Collection[str], nested: Collection[str], n_rows: int
) -> tuple[NDArray[np.intp], list[dict[str, Any]]]:
    """Rows in groups of which the same is known.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n_rows,)
        Columns that say or describe tasks, those of ids first, outermost first.
    read : collection of str
        Names of those that count.
    nested : collection of str
        Names of those that mean nothing without the ones before them.
    n_rows : int
        Number of rows.

    Returns
    -------
    codes : ndarray of shape (n_rows,), dtype intp
        Group of each row.
    known : list of dict
        What is known of each group by name; what is missing is left out.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks._context import groups_of_rows
    >>> values = {"region": np.array(["n", "n", None], object), "store": np.array([1, 2, 1])}
    >>> codes, known = groups_of_rows(values, ["region"], ["region", "store"], 3)
    >>> codes.tolist(), known
    ([1, 1, 0], [{}, {'region': 'n'}])
    """
    codes, above, there = np.zeros(n_rows, np.intp), np.ones(n_rows, bool), {}
    for name, column in values.items():
        known = known_rows(column)
        if name in nested:
            known = above = known & above
        if name in read:
            there[name], place = known, np.zeros(n_rows, np.intp)
            place[known] = 1 + _codes(column[known])
            codes = np.unique(codes * (place.max(initial=0) + 1) + place, return_inverse=True)[1]
    first = np.unique(codes, return_index=True)[1]
    return codes, [{name: values[name][row] for name, known in there.items() if known[row]} for row in first]


def _codes(column: NDArray[Any]) -> NDArray[np.intp]:
    """A number for each value, the same where they are equal."""
    if column.dtype.kind != "O":
        return np.unique(column, return_inverse=True)[1].astype(np.intp)
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in column.tolist()], dtype=np.intp)
