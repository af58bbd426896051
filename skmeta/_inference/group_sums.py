"""Sums and means of rows by group."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]
Codes = NDArray[np.intp]


def group_sums(X: Any, group: Codes, n_groups: int, weight: NDArray[Any] | None = None) -> Array:
    """Sum of the rows of each group, times their weights.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_rows, n_columns)
        The rows.
    group : ndarray of int of shape (n_rows,)
        The group of each, from 0.
    n_groups : int
        How many there are.
    weight : ndarray of shape (n_rows,), default=None
        Of each row; None is one.

    Returns
    -------
    ndarray of shape (n_groups, n_columns)
        Zero of a group without rows.
    """
    weight = np.ones(len(group)) if weight is None else weight
    found = sparse.csr_array((weight, (group, np.arange(len(group)))), shape=(n_groups, len(group))) @ X
    return np.asarray(found.toarray() if sparse.issparse(found) else found)


def group_means(X: Any, group: Codes, size: NDArray[Any], weight: NDArray[Any] | None = None) -> Array:
    """Mean of the rows of each group.

    Parameters
    ----------
    X, group, weight
        As in `group_sums`.
    size : ndarray of shape (n_groups,)
        Number of rows of each group, or the sum of their weights.

    Returns
    -------
    ndarray of shape (n_groups, n_columns)
        Zero of a group without rows.
    """
    return group_sums(X, group, len(size), weight) / np.where(size > 0, size, 1)[:, None]
