"""Ids of tasks: what they have to be, the index of the rows of each, and their lookup among known ones."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skmeta.tasks._words import is_missing, listed, shown


def missing_rows(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return the rows in which a column has no value."""
    if values.dtype.kind in "fmM":
        return np.flatnonzero(values != values)  # noqa: PLR0124 - NaN and NaT
    if values.dtype.kind == "O" and any(map(is_missing, set(values.tolist()))):
        return np.flatnonzero([is_missing(value) for value in values])
    return np.empty(0, dtype=np.intp)


def check_hashable(values: NDArray[Any], name: str) -> None:
    """Raise for what is no column of ids."""
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
        check_hashable(values, name)
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
    levels : mapping of str to ndarray of shape (n_tasks,), default={}
        Ids of each task at every level of its task columns, by column name, outermost first; None where one is not known.

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
    levels: Mapping[str, NDArray[Any]] = field(default_factory=dict)

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
    return index_of_codes(*unique_ids(plain_ids(ids, "ids")))


def unique_ids(ids: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return ids that are plain, each once and sorted, and the position of every row's among them."""
    if ids.dtype.kind == "O":
        unique = as_objects(_sorted(set(ids.tolist())))
        return unique, hashed_lookup(unique, ids)
    return np.unique(ids, return_inverse=True)


def index_of_codes(ids: NDArray[Any], codes: NDArray[np.intp]) -> TaskIndex:
    """Return the index of tasks whose rows have these codes."""
    # NumPy sorts integers of 16 bits by radix, many times faster, and most collections have no more tasks.
    order = np.argsort(codes.astype(np.min_scalar_type(len(ids))), kind="stable")
    starts = np.zeros(len(ids) + 1, dtype=np.intp)
    np.cumsum(np.bincount(codes, minlength=len(ids)), out=starts[1:])
    return TaskIndex(ids=ids, codes=codes, order=order, starts=starts)


def _sorted(ids: set[Any]) -> list[Any]:
    try:
        return sorted(ids)
    except TypeError as error:
        one = next(iter(ids))
        if all(hasattr(value, "tzinfo") for value in ids):
            raise TypeError(
                "ids: wanted dates with a time zone or without, found both; give all of them one, by .dt.tz_localize."
            ) from error
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
        return hashed_lookup(index_ids, ids)
    position = np.searchsorted(index_ids, ids)
    position[position == len(index_ids)] = 0
    return np.where(index_ids[position] == ids, position, -1)


def hashed_lookup(index_ids: NDArray[Any], ids: NDArray[Any]) -> NDArray[np.intp]:
    """Return what `lookup_tasks` does, by the hash of each id: text, numbers of several types, and values that are missing."""
    # Python compares numbers of all types exactly; int64 and uint64 would meet in float64, where large ids
    # fall together.
    codes = {known: code for code, known in enumerate(index_ids.tolist())}
    return np.fromiter((codes.get(value, -1) for value in ids.tolist()), dtype=np.intp, count=len(ids))


def type_of_ids(ids: NDArray[Any]) -> str:
    """What an array of ids holds, in words: ids of two types never match."""
    if ids.dtype.kind == "O" and len(ids) and hasattr(ids[0], "isoformat"):
        return "dates with a time zone" if getattr(ids[0], "tzinfo", None) is not None else "dates"
    return {"O": "text", "U": "text", "m": "durations", "M": "dates"}.get(ids.dtype.kind, "numbers")


def as_objects(values: list[Any]) -> NDArray[Any]:
    """Return a 1-D array of objects, whatever the values are."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def as_list(ids: NDArray[Any]) -> list[Any]:
    """Return ids as the keys of a dict: plain numbers and text, dates as they are (NumPy would make them integers)."""
    return list(ids) if ids.dtype.kind in "mM" else ids.tolist()
