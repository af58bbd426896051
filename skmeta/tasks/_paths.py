"""Paths: a task of nested ones is known by its ids at all levels, from the outermost to its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import (
    TaskIndex,
    as_list,
    as_objects,
    hashed_lookup,
    index_of_codes,
    lookup_tasks,
    missing_rows,
    plain_ids,
    unique_ids,
)
from skmeta.tasks._words import is_missing

Levels = Mapping[str, NDArray[Any]]


def index_levels(levels: Levels) -> TaskIndex:
    """Return the tasks and the rows of each, from the ids of all rows at every level.

    Parameters
    ----------
    levels : mapping of str to ndarray of shape (n_rows,)
        Ids by the name of their column, outermost first: plain, as `TaskColumns.levels` makes them. Some may be missing.

    Returns
    -------
    TaskIndex
        Of one level as of `index_tasks`, rows without an id as those of one task more, the last. Of several, ids are tuples,
        sorted: the same inner id under two outer ones is two tasks.

    Examples
    --------
    >>> from skmeta.tasks._ids import as_objects
    >>> from skmeta.tasks._paths import index_levels
    >>> index = index_levels({"region": as_objects(["n", "s", "n"]), "store": as_objects([1, 1, 1])})
    >>> index.ids.tolist(), index.codes.tolist()
    ([('n', 1), ('s', 1)], [0, 1, 0])
    """
    if len(levels) == 1:
        ((name, values),) = levels.items()
        index = index_of_codes(*_unique_with_gaps(values))
        return replace(index, levels={name: index.ids})
    codes, first = np.zeros(len(next(iter(levels.values()))), dtype=np.intp), np.empty(0, np.intp)
    for values in levels.values():
        ids, place = codes_with_gaps(values)
        keys = codes * (len(ids) + 1) + place + 1
        _, first, codes = np.unique(keys, return_index=True, return_inverse=True)
    of_tasks = {name: _taken(values, first) for name, values in levels.items()}
    paths = as_objects(list(zip(*map(as_list, of_tasks.values()), strict=True)))
    return replace(index_of_codes(paths, codes), levels=of_tasks)


def _unique_with_gaps(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return what `unique_ids` does, rows without an id as those of one more, which comes last."""
    missing = missing_rows(values)
    if not len(missing):
        return unique_ids(values)
    ids, codes = codes_with_gaps(values)
    return np.append(ids, values[missing[:1]]), np.where(codes < 0, len(ids), codes)


def codes_with_gaps(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the ids of a column, each once and sorted, and of every row the position of its id; -1 where it is missing."""
    if values.dtype.kind == "O":
        known = [value for value in set(values.tolist()) if not is_missing(value)]
        ids, _ = unique_ids(plain_ids(as_objects(known), "ids"))
        return ids, hashed_lookup(ids, values)
    there = known_rows(values)
    ids, codes = unique_ids(values[there])
    found = np.full(len(values), -1, dtype=np.intp)
    found[there] = codes
    return ids, found


def known_rows(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the rows in which a column has a value."""
    there = np.ones(len(values), dtype=bool)
    there[missing_rows(values)] = False
    return there


def _taken(values: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[Any]:
    """Ids of some rows in their own dtype, as objects with None where some are missing."""
    taken = values[rows]
    there = known_rows(taken)
    known = plain_ids(taken[there], "ids")
    if there.all():
        return known
    found = np.full(len(taken), None, dtype=object)
    found[there] = as_objects(as_list(known))
    return found


def lookup_levels(known: Levels, asked: Levels) -> NDArray[np.intp]:
    """Return the position of every task among known ones, by its ids at all levels; -1 where it is unknown.

    Parameters
    ----------
    known : mapping of str to ndarray of shape (n_known,)
        Ids of the known tasks at every level, each task once, sorted.
    asked : mapping of str to ndarray of shape (n_asked,)
        Ids of the tasks to look up, at the same levels in the same order; some may be missing.

    Returns
    -------
    ndarray of shape (n_asked,), dtype intp
        Positions among the known tasks, or -1.

    Examples
    --------
    >>> from skmeta.tasks._ids import as_objects
    >>> from skmeta.tasks._paths import lookup_levels
    >>> known = {"region": as_objects(["n", "s"]), "store": as_objects([1, 1])}
    >>> lookup_levels(known, {"region": as_objects(["s", "n"]), "store": as_objects([1, 2])})
    array([ 1, -1])
    """
    n_asked = len(next(iter(asked.values())))
    codes, found = np.zeros(len(next(iter(known.values()))), np.intp), np.zeros(n_asked, np.intp)
    for own, other in zip(known.values(), asked.values(), strict=True):
        ids, of_known = unique_ids(own)
        place = _places(ids, other)
        keys = np.where((found < 0) | (place < 0), -1, found * len(ids) + place)
        prefixes, codes = np.unique(codes * len(ids) + of_known, return_inverse=True)
        found = lookup_tasks(prefixes, keys)
    return found


def _places(ids: NDArray[Any], asked: NDArray[Any]) -> NDArray[np.intp]:
    there = known_rows(asked)
    found = np.full(len(asked), -1, dtype=np.intp)
    found[there] = lookup_tasks(ids, asked[there])
    return found
