"""Rows of wide tasks, in batches whose cells are the columns a task touches.

A *cell* is a pair (task, column) with something in it: the only places where a wide table meets the coefficients of its
tasks. Dense batches have a cell for every column, ``(n_tasks, p)``; sparse ones a flat array of those with a nonzero
value. Both give the same few products, so that nothing above needs to know which one it has. The intercept is an
ordinary column, last: of ones, unless the rows are made from sums (`equivalent_rows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.moments import row_counts, standardise

Array = NDArray[Any]

_WORK = 1 << 22  # numbers held at once in a product of cells by rows: 32 MB
_MANY = 16.0  # speed: products of pairs are kept while they are no more than so many times the numbers
_PADDING = 1.25  # speed: tasks of one batch differ in length by no more


class _Batch:
    """What batches of both kinds know of how often their tasks, and their rows, count."""

    tasks: np.ndarray
    weight: np.ndarray
    task_weight: np.ndarray | None
    count: np.ndarray | None
    offset: Any

    @property
    def counts(self) -> Array:
        """``(b,)`` how often each task counts."""
        return np.ones(len(self.tasks)) if self.task_weight is None else self.task_weight

    @property
    def n_rows(self) -> Array:
        """``(b,)`` the number of rows of each task."""
        return row_counts(self.weight, self.count).sum(axis=1)


@dataclass(frozen=True, eq=False)
class DenseBatch(_Batch):
    """Tasks of similar length: ``Z (b, n, p)`` padded with rows of weight zero, ``Y (b, n, K)``, ``weight (b, n)``.

    ``index (b, n)`` is where a row stands in the table, -1 for padding; ``scale (p - 1,)`` is a unit of the engine in
    units of the table; ``task_weight (b,)`` is how often a task counts in sums over tasks (None: once); ``count (b, n)`` and
    ``offset (b, n, K)`` are those of `moments.Rows`.
    """

    tasks: np.ndarray
    index: np.ndarray
    Z: np.ndarray
    Y: np.ndarray
    weight: np.ndarray
    scale: np.ndarray
    task_weight: np.ndarray | None = None
    count: np.ndarray | None = None
    offset: Any = 0.0

    @property
    def width(self) -> int:
        """The number of columns ``p``, the intercept's among them."""
        return self.Z.shape[2]

    def times(self, V: Array) -> Array:
        """``Z_t V`` of every task: ``(p, k) -> (b, n, k)``."""
        return self.Z @ V

    def collect(self, A: Array) -> Array:
        """``sum_t Z_t' A_t``, each task as often as it counts: ``(b, n, k) -> (p, k)``."""
        return self.Z.reshape(-1, self.Z.shape[2]).T @ _counted(A, self.task_weight).reshape(-1, A.shape[2])

    def cells(self, a: Array) -> Array:
        """``Z_t' a_t`` of every task, by cell: ``(b, n) -> cells``."""
        return (a[:, None, :] @ self.Z)[:, 0]

    def kernel(self, variance: Array) -> Array:
        """``Z_t diag(variance) Z_t'`` for a variance of every cell: ``cells -> (b, n, n)``."""
        return (self.Z * variance[:, None, :]) @ np.swapaxes(self.Z, 1, 2)

    def along(self, table: Any) -> Array:
        """``Z_t v_t`` of every task: ``(b, p) -> (b, n)``."""
        return (self.Z @ table[..., None])[..., 0]

    def diagonal(self, matrix: Array) -> Array:
        """The diagonals of ``Z_t' M_t Z_t``: ``(b, n, n) -> cells``."""
        return np.einsum("bnp,bnp->bp", matrix @ self.Z, self.Z)

    def spread(self, columns: Array) -> Array:
        """A value of every column, by cell: ``(p,) -> cells``."""
        return np.broadcast_to(columns, (len(self.tasks), len(columns)))

    def spread_tasks(self, values: Array) -> Array:
        """A value of every task, by cell: ``(b,) -> cells``."""
        return np.broadcast_to(values[:, None], (len(values), self.Z.shape[2]))

    def total(self, cells: Array) -> Array:
        """The sum over tasks, each as often as it counts: ``cells -> (p,)``."""
        return _counted(cells, self.task_weight).sum(axis=0)

    def table(self, cells: Array) -> Array:
        """Cells as a table ``(b, p)``."""
        return cells


@dataclass(frozen=True, eq=False)
class SparseBatch(_Batch):
    """Tasks of similar length, sparse: see `DenseBatch` for the products.

    ``Z (b n, p)`` has the columns of the table, ``blocks (b n, c)`` the same numbers with a column for every cell (so
    that it is block diagonal), ``across`` is its transpose; ``column`` and ``task`` say where each cell lies. ``pairs
    (c, b n n)`` has the products of every two numbers of a cell, unless they are too many.
    """

    tasks: np.ndarray
    index: np.ndarray
    Z: sparse.csr_array
    blocks: sparse.csr_array
    across: sparse.csr_array
    pairs: sparse.csr_array | None
    column: np.ndarray
    task: np.ndarray
    Y: np.ndarray
    weight: np.ndarray
    scale: np.ndarray
    task_weight: np.ndarray | None = None
    count: np.ndarray | None = None
    offset: Any = 0.0

    @property
    def width(self) -> int:
        """The number of columns ``p``, the intercept's among them."""
        return self.Z.shape[1]

    def times(self, V: Array) -> Array:
        """``Z_t V`` of every task: ``(p, k) -> (b, n, k)``."""
        return (self.Z @ V).reshape(*self.weight.shape, V.shape[1])

    def collect(self, A: Array) -> Array:
        """``sum_t Z_t' A_t``, each task as often as it counts: ``(b, n, k) -> (p, k)``."""
        return self.Z.T @ _counted(A, self.task_weight).reshape(-1, A.shape[2])

    def cells(self, a: Array) -> Array:
        """``Z_t' a_t`` of every task, by cell: ``(b, n) -> cells``."""
        return self.across @ a.ravel()

    def kernel(self, variance: Array) -> Array:
        """``Z_t diag(variance) Z_t'`` for a variance of every cell: ``cells -> (b, n, n)``."""
        b, n = self.weight.shape
        if self.pairs is not None:
            return (self.pairs.T @ variance).reshape(b, n, n)
        weighted = sparse.csr_array(
            (self.blocks.data * variance[self.blocks.indices], self.blocks.indices, self.blocks.indptr),
            shape=self.blocks.shape,
        )
        product = weighted @ self.across
        out = np.zeros((b * n, n))
        out[np.repeat(np.arange(b * n), np.diff(product.indptr)), product.indices % n] = product.data
        return out.reshape(b, n, n)

    def along(self, table: Any) -> Array:
        """``Z_t v_t`` of every task: ``(b, p) -> (b, n)``."""
        return (self.blocks @ table[self.task, self.column]).reshape(self.weight.shape)

    def diagonal(self, matrix: Array) -> Array:
        """The diagonals of ``Z_t' M_t Z_t``: ``(b, n, n) -> cells``."""
        if self.pairs is not None:
            return self.pairs @ matrix.ravel()
        n = self.weight.shape[1]
        product = self.across @ matrix.reshape(-1, n)
        cell = np.repeat(np.arange(len(self.column)), np.diff(self.across.indptr))
        seen = product[cell, self.across.indices % n] * self.across.data
        return np.bincount(cell, seen, minlength=len(self.column))

    def spread(self, columns: Array) -> Array:
        """A value of every column, by cell: ``(p,) -> cells``."""
        return columns[self.column]

    def spread_tasks(self, values: Array) -> Array:
        """A value of every task, by cell: ``(b,) -> cells``."""
        return values[self.task]

    def total(self, cells: Array) -> Array:
        """The sum over tasks, each as often as it counts: ``cells -> (p,)``."""
        counted = cells if self.task_weight is None else cells * self.task_weight[self.task]
        return np.bincount(self.column, counted, minlength=self.Z.shape[1])

    def table(self, cells: Array) -> Array:
        """Cells as a sparse table ``(b, p)``."""
        return sparse.csr_array((cells, (self.task, self.column)), shape=(len(self.tasks), self.width))


def read_batches(rows: Any, task_weight: Array | None = None) -> list[Any]:
    """All tasks of a collection (`moments.Rows`), standardised, as batches; sparse tables stay sparse."""
    if task_weight is None:
        return list(each_batch(rows))
    return [replace(batch, task_weight=task_weight[batch.tasks]) for batch in each_batch(rows)]


def each_batch(rows: Any) -> Iterator[Any]:
    """The same batches, one after the other: only one of them is held."""
    read = _read_sparse if sparse.issparse(rows.X) else _read_dense
    return (_read(rows, tasks, read) for tasks in _similar_tasks(rows))


def _counted(values: Array, task_weight: Array | None) -> Array:
    """``values (b, ...)``, each task's times its weight."""
    return values if task_weight is None else values * task_weight.reshape(-1, *[1] * (values.ndim - 1))


def _similar_tasks(rows: Any) -> list[Array]:
    """Groups of tasks of similar length whose cells times rows fit in memory."""
    counts = np.maximum(np.diff(rows.starts), 1)
    per_row = rows.X.nnz / max(rows.X.shape[0], 1) + 1.0 if sparse.issparse(rows.X) else float(rows.width)
    order = np.argsort(counts, kind="stable")
    groups, start = [], 0
    while start < len(order):
        longest = int(_PADDING * counts[order[start]])
        cells = min(per_row * longest, rows.width) if sparse.issparse(rows.X) else rows.width
        similar = int(np.searchsorted(counts[order], longest, side="right"))
        stop = max(min(similar, start + int(_WORK / (cells * longest))), start + 1)
        groups.append(order[start:stop])
        start = stop
    return groups


def _read(rows: Any, tasks: Any, read: Any) -> Any:
    counts = rows.starts[tasks + 1] - rows.starts[tasks]
    n = max(int(counts.max(initial=0)), 1)
    real = np.arange(n) < counts[:, None]
    index = np.full(real.shape, -1)
    index[real] = rows.order[(rows.starts[tasks][:, None] + np.arange(n))[real]]
    weight, Y = np.zeros(real.shape), np.zeros((*real.shape, rows.Y.shape[1]))
    weight[real] = 1.0 if rows.weight is None else rows.weight[index[real]]
    Y[real] = rows.Y[index[real]]
    found = read(rows, tasks, index, Y, weight)
    if rows.offset is not None:
        found = replace(found, offset=rows.offsets(tasks))
    if rows.count is None:
        return found
    count = np.zeros(real.shape)
    count[real] = rows.count[index[real]]
    return replace(found, count=count)


def _read_dense(rows: Any, tasks: Any, index: Array, Y: Array, weight: Array) -> DenseBatch:
    real = index >= 0
    Z = np.zeros((*index.shape, rows.width))
    Z[real, :-1] = standardise(rows.X[index[real]], rows.centre, rows.scale)
    Z[real, -1] = _constant(rows)[index[real]]
    return DenseBatch(tasks, index, Z, Y, weight, rows.scale)


def _read_sparse(rows: Any, tasks: Any, index: Array, Y: Array, weight: Array) -> SparseBatch:
    if np.any(rows.centre):
        raise ValueError(
            "centre should be zero for sparse rows, which are scaled and never centred; found other values."
        )
    place = np.flatnonzero(index >= 0)  # where each row stands in the padded table
    X = sparse.csr_array(rows.X[index.ravel()[place]])
    X.sum_duplicates()
    p, n = rows.width, index.shape[1]
    row = np.r_[np.repeat(place, np.diff(X.indptr)), place]
    column = np.r_[X.indices, np.full(len(place), p - 1)].astype(np.int64)
    ones = _constant(rows)[index.ravel()[place]]
    value = np.r_[np.nan_to_num(X.data / rows.scale[X.indices], copy=False, nan=0.0), ones]
    cells, cell = np.unique(row // n * p + column, return_inverse=True)
    blocks = sparse.csr_array((value, (row, cell.astype(np.int32))), shape=(index.size, len(cells)))
    blocks.sort_indices()
    at = (cells % p).astype(np.int32)
    Z = sparse.csr_array((blocks.data, at[blocks.indices], blocks.indptr), shape=(index.size, p))
    across, task = blocks.T.tocsr(), (cells // p).astype(np.int32)
    return SparseBatch(tasks, index, Z, blocks, across, _pairs(across, n), at, task, Y, weight, rows.scale)


def _constant(rows: Any) -> Array:
    """The intercept's column ``(n,)``."""
    return np.broadcast_to(np.asarray(rows.intercept, dtype=float), len(rows.Y))


def _pairs(across: Any, n: int) -> Any:
    """Products of every two numbers of a row of ``across (c, b n)``, at their places in ``(b, n, n)``; None if many."""
    length = np.diff(across.indptr)
    if np.sum(length.astype(float) ** 2) > _MANY * (across.nnz + 1):
        return None
    times = np.repeat(length, length)  # how often each number is a pair's first
    first = np.repeat(np.arange(across.nnz), times)
    skip = np.repeat(across.indptr[:-1], length) - np.r_[0, np.cumsum(times)[:-1]]
    second = np.repeat(skip, times) + np.arange(len(first))
    place = across.indices.astype(np.int64)[first] * n + across.indices[second] % n
    value = across.data[first] * across.data[second]
    return sparse.csr_array(
        (value, place, np.r_[0, np.cumsum(length**2)]), shape=(across.shape[0], across.shape[1] * n)
    )
