"""What ids of a table have to be: no measurements where tasks are learned, and of one type with those known."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import TaskIndex, as_list, as_objects, plain_ids, type_of_ids
from skmeta.tasks._paths import known_rows, lookup_levels
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import is_missing, listed, shown

# guard: how far the mean of standardised ids is from 0 and their standard deviation from 1, as single precision leaves them.
# Ids that were standardised before a fold was taken of them have neither in that fold, and are not recognised there.
_STANDARDISED = 1e-4


def check_groups_rows(ids: NDArray[Any], label: Any) -> None:
    """Raise where ids are measurements: fractions, nearly as many as there are rows."""
    if ids.dtype.kind == "f" and np.mod(ids, 1).any() and 10 * len(np.unique(ids)) > 9 * max(len(ids), 9):
        raise ValueError(
            f"task: wanted a column of ids, each of which stands in several rows, found {len(np.unique(ids))} different "
            f"numbers such as {shown(ids[0])} in {len(ids)} rows of task={label!r}; name the column that says which task a row "
            "is of."
        )


def warn_of_standardised_ids(ids: NDArray[Any], label: Any) -> None:
    """Warn where ids have passed a scaler: fractions whose mean over rows is zero, and whose standard deviation one."""
    if ids.dtype.kind != "f" or not np.mod(ids, 1).any():
        return
    if abs(ids.mean()) < _STANDARDISED and abs(ids.std() - 1.0) < _STANDARDISED:
        warn_caller(
            f"task: wanted ids as they are, found standardised numbers such as {shown(ids[0])} in task={label!r}: no id can be "
            "told by its name any more. Put the scaler inside, where ids do not pass it: "
            "WarmStartRegressor(make_pipeline(StandardScaler(), estimator), task=...).",
        )


def check_same_type(known: Mapping[str, NDArray[Any]], asked: Mapping[str, NDArray[Any]]) -> None:
    """Raise where ids of a level are of another type than those known: text and numbers never match."""
    for own, other in zip(known.values(), asked.values(), strict=True):
        ids = plain_ids(other[known_rows(other)], "ids")
        if len(ids) and len(own) and type_of_ids(ids) != type_of_ids(own):
            kinds = type_of_ids(ids), type_of_ids(own)
            zones = all(kind.startswith("dates") for kind in kinds)
            way_out = "Give both one time zone, by .dt.tz_localize, or none." if zones else "Convert the column."
            raise TypeError(
                f"task: wanted ids like those learned ({shown(own[0])}), found {shown(ids[0])}; {' and '.join(kinds)} never "
                f"match. {way_out}"
            )


@contextmanager
def expecting_new_tasks() -> Iterator[None]:
    """Let nothing be said of rows none of whose tasks is known, where they are what is asked about."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "task: none of", UserWarning)  # scikit-learn's workers have the same filters
        yield


def check_types(known: Mapping[str, NDArray[Any]], asked: Mapping[str, Any]) -> None:
    """Raise where single ids are of another type than those known of their level; what is missing is of none."""
    there = [name for name in known if name in asked and not is_missing(asked[name])]
    check_same_type({name: known[name] for name in there}, {name: one_id(known[name], asked[name]) for name in there})


def one_id(ids: NDArray[Any], value: Any) -> NDArray[Any]:
    """One id as a column, to look up among others."""
    one = np.array([value]) if isinstance(value, np.generic) else as_objects([value])
    zoned = getattr(value, "tzinfo", None) is not None
    # A date of the standard library or of pandas.
    return one.astype(ids.dtype) if hasattr(value, "isoformat") and ids.dtype.kind == "M" and not zoned else one


def known_codes(known: Mapping[str, NDArray[Any]], index: TaskIndex, *, new_ones_warn: bool = True) -> NDArray[np.intp]:
    """Return the position of every task of an index among those known, -1 where it is not; warn if none is known.

    Parameters
    ----------
    known : mapping of str to ndarray of shape (n_known,)
        Ids of the known tasks at every level, sorted.
    index : TaskIndex
        With the same levels.
    new_ones_warn : bool, default=True
        Whether it is said that none is known.

    Returns
    -------
    ndarray of shape (n_tasks,), dtype intp
        Positions, or -1.

    Raises
    ------
    TypeError
        If the ids are of another type than those known.
    """
    check_same_type(known, index.levels)
    found = lookup_levels(known, index.levels)
    said = any(known_rows(ids).any() for ids in index.levels.values())
    if new_ones_warn and said and (found < 0).all():
        columns = [as_list(ids) for ids in known.values()]
        names = listed(columns[0] if len(columns) == 1 else zip(*columns, strict=True))
        warn_caller(
            f"task: none of {len(found)} id(s), such as {shown(index.ids[0])}, is known (there are {names}): all "
            "rows are predicted as those of new tasks.",
        )
    return found
