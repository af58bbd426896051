"""An order of rows that their values alone make: whatever order rows and columns came in, in whatever units."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta.tasks._tables import column_values

Array = NDArray[np.float64]
Index = NDArray[np.intp]

SYMMETRIC = 1e-9  # guard: skewness of a column that rounding makes
DRAWN = 2**20  # guard: integers that tell columns apart; one of a million pairs of rows of one sum is taken as alike


def ranks_of_rows(X: Any) -> Index:
    r"""Dense ranks of rows, from 0, by the sum of the ranks of their values within each column.

    With the rank :math:`r_{ij}` of row :math:`i` in column :math:`j`, ties at their mean, rows stand in the order of
    :math:`s_i = \sum_j r_{ij}`; those with the same sum in the order of :math:`\sum_j c_j r_{ij}`, where :math:`c_j` is an
    integer drawn for the place of column :math:`j` by :math:`\sum_i r_{ij} s_i^2`, which tells columns apart by what they
    hold. Columns are turned so that they are skewed to the right: a column and its negative say the same. Sums of ranks and
    integers are exact, in whatever order they are added.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Numbers, see `as_numbers`.

    Returns
    -------
    ndarray of int of shape (n_rows,)
        Rows that are alike share a rank.
    """
    if not X.shape[0] or not X.shape[1]:
        return np.zeros(X.shape[0], dtype=np.intp)
    turned = _orientation(X)  # gaps come before all numbers, whatever their column
    X = X @ sparse.diags(turned) if sparse.issparse(X) else np.where(np.isfinite(X), X * turned, X)
    above, zero = _ranks_above_zero(X) if sparse.issparse(X) else (_mean_ranks(X), np.zeros(X.shape[1]))
    total = np.asarray(above.sum(axis=1)).ravel() + zero.sum()
    place = np.unique(above.T @ total**2 + zero * np.sum(total**2), return_inverse=True)[1]
    second = above @ np.random.default_rng(0).integers(DRAWN, size=len(zero))[place]
    order = np.lexsort((second, total))
    new = (np.diff(total[order]) != 0.0) | (np.diff(second[order]) != 0.0)
    found = np.empty(len(order), dtype=np.intp)
    found[order] = np.r_[0, np.cumsum(new)]
    return found


def _orientation(X: Any) -> Array:
    """One, or minus one for columns that are skewed to the left ``(n_columns,)``; gaps have no say."""
    if sparse.issparse(X):
        mean, square, cube = (np.asarray(X.power(k).mean(axis=0)).ravel() for k in (1, 2, 3))
        variance, third = square - mean**2, cube - 3.0 * mean * square + 2.0 * mean**3
    else:
        there = np.isfinite(X)
        apart = np.where(there, X, 0.0) - np.where(there, X, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        apart = np.where(there, apart, 0.0)
        apart = apart / np.maximum(np.abs(apart).max(axis=0), np.finfo(float).tiny)
        variance, third = (apart**2).mean(axis=0), (apart**3).mean(axis=0)
    return np.where(third < -SYMMETRIC * np.maximum(variance, 0.0) ** 1.5, -1.0, 1.0)


def _mean_ranks(X: Array) -> Array:
    """Ranks within columns, from 1, ties at their mean: `scipy.stats.rankdata`, which takes thrice as long for few rows."""
    n, order = len(X), np.argsort(X, axis=0, kind="stable")
    values, place = np.take_along_axis(X, order, axis=0), np.arange(n)[:, None]
    starts = np.ones(X.shape, dtype=bool)
    starts[1:] = values[1:] != values[:-1]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=0)
    ends = np.roll(starts, -1, axis=0)
    last = np.minimum.accumulate(np.where(ends, place, n)[::-1], axis=0)[::-1]
    found = np.empty(X.shape)
    np.put_along_axis(found, order, (first + last) / 2.0 + 1.0, axis=0)
    return found


def _ranks_above_zero(X: Any) -> tuple[Any, Array]:
    """Ranks of a sparse matrix less that of a zero in the same column, sparse, and the ranks of zeros ``(n_columns,)``."""
    X = X.tocsc(copy=True)
    X.sum_duplicates()
    X.eliminate_zeros()
    n, counts = X.shape[0], np.diff(X.indptr)
    column = np.repeat(np.arange(X.shape[1]), counts)
    order = np.lexsort((X.data, column))
    value, of = X.data[order], column[order]
    starts = np.flatnonzero(np.r_[True, (value[1:] != value[:-1]) | (of[1:] != of[:-1])][: len(value)])
    size = np.diff(np.r_[starts, len(value)])
    rank = np.empty(len(value))
    rank[order] = np.repeat(starts - X.indptr[of[starts]] + (size + 1) / 2.0, size)
    rank += np.where(X.data > 0.0, (n - counts)[column], 0)  # zeros stand between
    zero = np.bincount(column[X.data < 0.0], minlength=X.shape[1]) + (n - counts + 1) / 2.0
    return sparse.csc_matrix((rank - zero[column], X.indices, X.indptr), shape=X.shape).tocsr(), zero


def as_numbers(X: Any) -> tuple[Any, NDArray[np.bool_]]:
    """Columns of a table as numbers, and which of them hold names, whose numbers mean nothing.

    Names are numbered in their order, gaps come before all numbers. What is no table of columns has none.
    """
    if len(X.shape) != 2:
        return np.empty((X.shape[0], 0)), np.zeros(0, dtype=bool)
    if sparse.issparse(X):
        return X.tocsr(), np.zeros(X.shape[1], dtype=bool)
    found, is_name = np.empty(X.shape), np.zeros(X.shape[1], dtype=bool)
    for k in range(X.shape[1]):
        values = column_values(X, k)
        is_name[k] = values.dtype.kind not in "biuf"
        if is_name[k]:
            found[:, k] = np.unique(values.astype(str), return_inverse=True)[1]
        else:
            found[:, k] = np.nan_to_num(values.astype(float), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    return found, is_name


def by_frequency(codes: Array) -> Array:
    """Names of one column as numbers in the order of their frequency, those that are as frequent in the order they had."""
    _, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    return np.argsort(np.argsort(counts, kind="stable"))[place].astype(float)


def evenly(ranked: Index, n: int) -> Index:
    """So many of some rows, evenly spread over the order in which they stand."""
    return ranked[((np.arange(n) + 0.5) * len(ranked) / max(n, 1)).astype(np.intp)]


def spread_rows(X: Any, n: int) -> Index:
    """So many of the rows of an array, spread over `ranks_of_rows`: their positions, ascending; all where there are no more.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        Numbers.
    n : int
        How many, at most.

    Returns
    -------
    ndarray of int
        Positions.
    """
    if X.shape[0] <= n:
        return np.arange(X.shape[0])
    return np.sort(evenly(np.argsort(ranks_of_rows(X), kind="stable"), n))
