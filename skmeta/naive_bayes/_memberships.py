"""Which class of which task each row belongs to, in part where it has no label; sums over these groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta.base._matching import check_classes
from skmeta.tasks import Tasks

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Memberships:
    """Rows in groups, a group a class of a task; the last task has no rows.

    Parameters
    ----------
    row, group : ndarray of int of shape (n_entries,)
        A row is in as many groups as it has entries.
    weight : ndarray of shape (n_entries,)
        How much of it is.
    shape : tuple of int
        Tasks, that without rows included, and classes.
    n_rows : int
        Of the table.
    """

    row: Index
    group: Index
    weight: Array
    shape: tuple[int, int]
    n_rows: int

    @property
    def totals(self) -> Array:
        """Rows ``(n_tasks, n_classes)`` of each group."""
        found = np.bincount(self.group, self.weight, minlength=int(np.prod(self.shape))).astype(float)
        return found.reshape(self.shape)

    @cached_property
    def _matrix(self) -> Any:
        """Groups by rows."""
        size = int(np.prod(self.shape)), self.n_rows
        return sparse.csr_matrix((self.weight, (self.group, self.row)), shape=size)

    def sums(self, values: Any) -> Array:
        """Sums ``(n_tasks, n_classes, n_columns)`` of rows of values, which may be sparse."""
        found = self._matrix @ values
        found = found.toarray() if sparse.issparse(found) else np.asarray(found)
        return found.reshape(*self.shape, -1)

    def squares(self, values: Array, mean: Array) -> Array:
        """Sums of squares around the groups' means ``(n_tasks, n_classes, n_columns)``."""
        apart = values[self.row] - mean.reshape(-1, mean.shape[-1])[self.group]
        entries = sparse.csr_matrix(
            (self.weight, (self.group, np.arange(len(self.row)))), shape=(int(np.prod(self.shape)), len(self.row))
        )
        return np.asarray(entries @ apart**2).reshape(mean.shape)

    def with_shares(self, row: Index, code: Index, shares: Array) -> Self:
        """The same, and rows without labels that belong to each class of their task in part ``(n_rows, n_classes)``."""
        n_classes = self.shape[1]
        return replace(
            self,
            row=np.concatenate([self.row, np.repeat(row, n_classes)]),
            group=np.concatenate([self.group, (code[:, None] * n_classes + np.arange(n_classes)).ravel()]),
            weight=np.concatenate([self.weight, shares.ravel()]),
        )


def labelled_rows(tasks: Tasks) -> Index:
    """Positions of the rows that have a label."""
    return np.arange(tasks.n_rows) if tasks.labelled is None else np.flatnonzero(tasks.labelled)


def row_weights(tasks: Tasks, unit: float) -> Array:
    """What each row weighs, in the unit that the prior knows; one where no weights are given."""
    return np.ones(tasks.n_rows) if tasks.sample_weight is None else np.asarray(tasks.sample_weight) / unit


def memberships(tasks: Tasks, classes: NDArray[Any], weight: Array) -> Memberships:
    """The groups of labelled rows.

    Raises
    ------
    ValueError
        If a label is not among ``classes``.
    """
    rows = labelled_rows(tasks)
    y = np.asarray([] if tasks.y is None else tasks.y)[rows] if len(rows) else classes[:0]
    found = np.unique(y)
    check_classes(classes, found)
    place = np.searchsorted(classes, found)[np.searchsorted(found, y)]
    group = tasks.codes[rows] * len(classes) + place
    return Memberships(rows, group, weight[rows], (len(tasks) + 1, len(classes)), tasks.n_rows)
