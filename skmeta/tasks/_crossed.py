"""Ids of an inner level that stand under several outer ones: columns in the wrong order, nested groups, or crossed groups."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import as_list, unique_ids
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed, shown

_PARENTS = 2  # so many are named


def warn_of_crossed_ids(levels: Mapping[str, NDArray[Any]]) -> None:
    """Warn where an id of an inner level stands under several outer ones, and name some.

    Parameters
    ----------
    levels : mapping of str to ndarray of shape (n_tasks,)
        Ids of the tasks at every level, outermost first.
    """
    names, above = list(levels), np.zeros(len(next(iter(levels.values()), ())), np.intp)
    n_above = 1
    for outer, inner in pairwise([None, *names]):
        ids, codes = unique_ids(levels[str(inner)])
        pairs, first, path = np.unique(above * len(ids) + codes, return_index=True, return_inverse=True)
        parents = np.bincount(pairs % len(ids), minlength=len(ids))
        several = np.flatnonzero(parents > 1)
        if outer is not None and len(several) and len(pairs) == n_above and len(ids) > 1:
            _warn_of_order(str(outer), str(inner), names, len(ids), n_above)
        elif outer is not None and len(several):
            under = np.sort(first[pairs % len(ids) == several[0]])[:_PARENTS]
            _warn(inner, outer, ids[several], _paths(levels, names[: names.index(outer) + 1], under))
        above, n_above = path, len(pairs)


def _paths(levels: Mapping[str, NDArray[Any]], names: list[str], tasks: NDArray[np.intp]) -> list[Any]:
    """What stands above some tasks: an id, or a path of several."""
    columns = [as_list(levels[name][tasks]) for name in names]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


def _warn_of_order(outer: str, inner: str, names: list[str], n_inner: int, n_outer: int) -> None:
    swapped = [{outer: inner, inner: outer}.get(name, name) for name in names]
    warn_caller(
        f"task: wanted columns outermost first, found {n_outer} {outer!r} before {n_inner} {inner!r}, each of the first with "
        f"one of the second alone; did you mean task={swapped}?"
    )


def _warn(inner: Any, outer: str, ids: NDArray[Any], parents: list[Any]) -> None:
    warn_caller(
        f"task: wanted ids of {inner!r} that stand under one {outer!r} each, found {len(ids)} that stand under several "
        f"({listed(ids)}), such as {shown(ids[0])} under {' and '.join(map(shown, parents))}: these are taken for different "
        "tasks, as nested groups are. Crossed groups, where they are the same thing, are not nested: "
        "learner=EmpiricalBayes(crossed=True) learns them, of linear models; or give one column alone. Where nested ones are "
        f"meant, ids of their own say so, such as '{parents[0]}/{ids[0]}'."
    )
