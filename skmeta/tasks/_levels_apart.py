"""Levels of nested tasks that no data can tell apart: those of one id alone, and those of which each has one below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._crossed import warn_of_crossed_ids
from skmeta.tasks._ids import unique_ids
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import shown


def alike_levels(names: Sequence[str], counts: Sequence[float]) -> list[tuple[str, str]]:
    """Return pairs of neighbouring levels that change together, from the number of nodes of each, outermost first.

    Examples
    --------
    >>> from skmeta.tasks._levels_apart import alike_levels
    >>> alike_levels(["country", "region", "store"], [3, 12, 12])
    [('region', 'store')]
    """
    pairs = zip(pairwise(names), pairwise(counts), strict=True)
    return [named for named, (outer, inner) in pairs if outer == inner and inner > 1]


def nodes_of(levels: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.intp]]:
    """Return the node of every task at each level, by the ids of the tasks at all levels, outermost first."""
    found, above = {}, np.zeros(len(next(iter(levels.values()), ())), np.intp)
    for name, values in levels.items():
        ids, codes = unique_ids(values)
        _, above = np.unique(above * len(ids) + codes, return_inverse=True)
        found[name] = above
    return found


def warn_of_levels(levels: Mapping[str, NDArray[Any]], *, goes_on: bool) -> None:
    """Warn of levels in the wrong order, of ids under several others, and of levels that cannot be told apart.

    Parameters
    ----------
    levels : mapping of str to ndarray of shape (n_tasks,)
        Ids of the tasks at every level, outermost first.
    goes_on : bool
        Whether what is learned goes on from other tasks, which may have told levels apart.
    """
    warn_of_crossed_ids(levels)
    names = list(levels)
    if goes_on or not names or len(levels[names[-1]]) < 2:
        return
    counts = [len(np.unique(node)) for node in nodes_of(levels).values()]
    one = [name for name, count in zip(names[:-1], counts, strict=False) if count == 1]
    for name in one:
        found = f"the one {name!r} {shown(levels[name][0])}: nothing tells how one {name!r} differs from another"
        _warn(f"several ids of {name!r}", found, name, [other for other in names if other not in one])
    for outer, inner in alike_levels(names, counts):
        if len(unique_ids(levels[inner])[0]) < counts[names.index(inner)]:
            continue  # several outer ones have the same: the order is wrong, or ids number from one
        found = f"one each: what differs between them cannot be told apart as of {outer!r} or of {inner!r}"
        rest = [name for name in names if name not in (*one, outer)]
        _warn(f"several {inner!r} under some {outer!r}", found, outer, rest)


def _warn(wanted: str, found: str, out: str, rest: list[str]) -> None:
    task = repr(rest[0] if len(rest) == 1 else rest)
    warn_caller(f"task: wanted {wanted}, found {found}; leave {out!r} out: task={task}.")
