"""Ranks of the rows of every task by their values, those of all tasks at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.group_sums import group_sums
from skmeta.tasks._row_order import DRAWN, SYMMETRIC

Array = NDArray[np.float64]
Index = NDArray[np.intp]


def ranks_in_tasks(X: Array, is_name: NDArray[np.bool_], codes: Index, n_tasks: int) -> Index:
    """Of each row `ranks_of_rows` among the rows of its task, names as numbers by their frequency there.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Numbers, see `as_numbers`.
    is_name : ndarray of bool of shape (n_columns,)
        Columns whose numbers mean nothing.
    codes : ndarray of int of shape (n_rows,)
        Task of each row.
    n_tasks : int
        How many there are.

    Returns
    -------
    ndarray of int of shape (n_rows,)
        From 0 in each task; rows that are alike share a rank.
    """
    n, d = X.shape
    if not n or not d:
        return np.zeros(n, dtype=np.intp)
    sizes, above = np.bincount(codes, minlength=n_tasks), np.empty((n, d))
    for j in range(d):
        column = _by_frequency(X[:, j], codes) if is_name[j] else X[:, j]
        above[:, j] = _mean_ranks(_turned(column, codes, sizes), codes, sizes)
    total = above.sum(axis=1)
    held = group_sums(above, codes, n_tasks, total**2)
    place = dense_ranks(held.ravel(), np.repeat(np.arange(n_tasks), d)).reshape(held.shape)
    drawn = np.random.default_rng(0).integers(DRAWN, size=len(is_name))
    second = np.zeros(n)
    for j in range(d):
        second += above[:, j] * drawn[place[codes, j]]
    return dense_ranks(total, codes, second)


def dense_ranks(values: NDArray[np.generic], codes: Index, second: Array | None = None) -> Index:
    """Ranks from 0 of values within each task, those of the same value by a second one; equal ones share a rank."""
    keys = (values,) if second is None else (second, values)
    order = np.lexsort((*keys, codes))
    new_task = np.r_[True, np.diff(codes[order]) != 0][: len(order)]
    new = new_task.copy()
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    level = np.cumsum(new)
    first = np.maximum.accumulate(np.where(new_task, level, 0))
    found = np.empty(len(order), dtype=np.intp)
    found[order] = level - first
    return found


def _by_frequency(column: Array, codes: Index) -> Array:
    """As `by_frequency` within each task."""
    name = dense_ranks(column, codes)
    pairs = codes * (name.max() + 1) + name
    kinds, place, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    of = kinds // (name.max() + 1)
    order = np.lexsort((kinds, counts, of))
    found = np.empty(len(kinds))
    found[order] = np.arange(len(kinds)) - np.searchsorted(of[order], of[order])
    return np.asarray(found[place])


def _turned(column: Array, codes: Index, sizes: Index) -> Array:
    """The column with its sign changed in tasks where it is skewed to the left; gaps come before all numbers."""
    there, n_tasks = np.isfinite(column), len(sizes)
    known = np.where(there, column, 0.0)
    total, count = (np.bincount(codes, part, minlength=n_tasks) for part in (known, there))
    apart = np.where(there, known - (total / np.maximum(count, 1))[codes], 0.0)
    most = np.zeros(n_tasks)
    np.maximum.at(most, codes, np.abs(apart))
    apart = apart / np.maximum(most, np.finfo(float).tiny)[codes]
    variance, third = (np.bincount(codes, apart**k, minlength=n_tasks) / np.maximum(sizes, 1) for k in (2, 3))
    sign = np.where(third < -SYMMETRIC * np.maximum(variance, 0.0) ** 1.5, -1.0, 1.0)
    return np.where(there, column * sign[codes], column)


def _mean_ranks(column: Array, codes: Index, sizes: Index) -> Array:
    """Ranks from 1 within each task, ties at their mean."""
    order = np.lexsort((column, codes))
    value, of = column[order], codes[order]
    new = np.r_[True, (value[1:] != value[:-1]) | (of[1:] != of[:-1])]
    starts = np.flatnonzero(new)
    length = np.diff(np.r_[starts, len(value)])
    begin = np.concatenate([[0], np.cumsum(sizes)])[of[starts]]
    found = np.empty(len(column))
    found[order] = np.repeat(starts - begin + (length + 1) / 2.0, length)
    return found
