"""What ids of a table have to be: no measurements where tasks are learned, and of one type with those known."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import TaskIndex, lookup_tasks, type_of_ids
from skmeta.tasks._words import listed, shown


def check_groups_rows(ids: NDArray[Any], task: str | int) -> None:
    """Raise where ids are measurements: fractions, nearly as many as there are rows."""
    if ids.dtype.kind == "f" and np.mod(ids, 1).any() and 10 * len(np.unique(ids)) > 9 * max(len(ids), 9):
        raise ValueError(
            f"task: wanted a column of ids, each of which stands in several rows, found {len(np.unique(ids))} different "
            f"numbers such as {shown(ids[0])} in {len(ids)} rows of task={task!r}; name the column that says which task a row "
            "is of."
        )


def check_same_type(known: NDArray[Any], ids: NDArray[Any]) -> None:
    """Raise where ids are of another type than those known: text and numbers never match."""
    if len(ids) and len(known) and type_of_ids(ids) != type_of_ids(known):
        raise TypeError(
            f"task: wanted ids like those learned ({shown(known[0])}), found {shown(ids[0])}; {type_of_ids(ids)} "
            f"and {type_of_ids(known)} never match. Convert the column."
        )


def known_codes(known: NDArray[Any], index: TaskIndex) -> NDArray[np.intp]:
    """Return the position of every task of an index among those known, -1 where it is not; warn if none is known.

    Raises
    ------
    TypeError
        If the ids are of another type than those known.
    """
    check_same_type(known, index.ids)
    found = lookup_tasks(known, index.ids)
    if len(found) and (found < 0).all():
        warnings.warn(
            f"task: none of {len(found)} id(s), such as {shown(index.ids[0])}, is known (there are {listed(known)}): all "
            "rows are predicted as those of new tasks.",
            UserWarning,
            stacklevel=4,
        )
    return found
