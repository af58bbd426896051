"""Columns that describe a task and are none of its features: taken out of a table, one value a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import missing_rows, split_columns
from skmeta.tasks._words import shown


def context_name(column: str | int) -> str:
    """Name of a context column, the keyword of `Prior.given`: that of a frame, ``x3`` for position 3 of an array."""
    return column if isinstance(column, str) else f"x{column}"


def split_context(X: Any, columns: Sequence[str | int]) -> tuple[Any, dict[str, NDArray[Any]]]:
    """A table without its context columns, and their values ``(n_rows,)`` by name."""
    if not columns:
        return X, {}
    rest, taken = split_columns(X, columns, "context")
    return rest, dict(zip(map(context_name, columns), taken, strict=True))


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
    differs = column != expected
    differs[np.intersect1d(missing_rows(column), missing_rows(expected))] = False
    if differs.any():
        row = int(np.flatnonzero(differs)[0])
        raise ValueError(
            f"context: wanted columns that are constant within each task, found {name!r} with {shown(expected[row])} and "
            f"{shown(column[row])} in task {shown(ids[codes[row]])}; a column that varies from row to row is a feature, "
            "so leave it out of context."
        )
    return column
