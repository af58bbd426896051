"""What adapted tasks say of new rows, from matrices of rows by rows: the linear predictor and its spread.

New rows stand among those of their task with weight zero: they learn from them and teach them nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.laplace import DualModes
from skmeta._inference.mixture import Mixture, Posterior, node_weights
from skmeta._inference.moments import Rows
from skmeta._inference.posterior_rows import RowPosterior, row_batches

Array = NDArray[np.float64]

_AT_ONCE = 64  # speed: new rows of a task that are predicted together, at least


def variance_of_rows(rows: Rows, mixture: Mixture, strength: Array, known: Posterior, new: Rows) -> Array:
    """Variance ``(n_new, K)`` of the linear predictor at the rows of ``new``, another `Rows` of the same tasks.

    ``known`` is the posterior of ``rows``.
    """
    n_old = rows.X.shape[0]
    found = np.empty((new.X.shape[0], mixture.shape[1]))
    for tasks, fresh in _slices(rows, new):
        for batch in row_batches(_joint(rows, new, tasks, fresh)):
            which = batch.index >= n_old
            found[batch.index[which] - n_old] = _variance(batch, mixture, strength, known)[which]
    return found


def variance_of_own_rows(
    rows: Rows, mixture: Mixture, strength: Array, known: Posterior
) -> Iterator[tuple[Any, Array]]:
    """Batches of the tasks' own rows, each with the variance ``(b, n, K)`` of the linear predictor there."""
    for batch in row_batches(rows):
        yield batch, _variance(batch, mixture, strength, known)


def _variance(batch: Any, mixture: Mixture, strength: Array, known: Posterior) -> Array:
    weights = known.weights[batch.tasks]
    if mixture.likelihood.quadratic:
        return np.stack([_of_output(batch, mixture, k, strength[k], weights) for k in range(mixture.shape[1])], axis=2)
    return _modes_among(batch, mixture, float(strength[0]), known).variances(weights)


def _modes_among(batch: Any, mixture: Mixture, strength: float, known: Posterior) -> DualModes:
    """The modes of a batch in which new rows follow the old ones, whose duals are known; those of new rows are zero."""
    assert known.duals is not None
    old = (batch.index >= 0) & (batch.index < len(known.duals))
    duals = np.zeros((*old.shape, *known.duals.shape[1:]))
    duals[old] = known.duals[batch.index[old]]
    return DualModes(batch, mixture.components, mixture.likelihood, strength, np.moveaxis(duals, 2, 0))


@dataclass(frozen=True, eq=False)
class NewRows:
    """What one task's rows leave open at new ones under one component: where both stand in their tables, and scores.

    ``scores (n, K)`` of the task's own rows, with their offset, and ``centre (q, K)`` of the new ones are those of the mode;
    ``variance (q, K)`` is that of the new rows, ``covariance (n, q, K)`` that of the own ones with them.
    """

    task: int
    component: int
    own: NDArray[np.intp]
    new: NDArray[np.intp]
    scores: Array
    centre: Array
    variance: Array
    covariance: Array


def components_of_rows(rows: Rows, mixture: Mixture, strength: float, known: Posterior, new: Rows) -> Iterator[NewRows]:
    """`NewRows` of every task that has any, for other likelihoods than squared error's; a task may come in parts."""
    n_old = rows.X.shape[0]
    for tasks, fresh in _slices(rows, new):
        for batch in row_batches(_joint(rows, new, tasks, fresh)):
            modes = _modes_among(batch, mixture, strength, known)
            whole = np.moveaxis(modes.covariances(), 2, -1)
            for b, (index, task) in enumerate(zip(batch.index, batch.tasks.tolist(), strict=True)):
                old, added = np.flatnonzero((index >= 0) & (index < n_old)), np.flatnonzero(index >= n_old)
                for c in range(len(whole) if len(added) else 0):
                    V, eta = whole[c, b], modes.eta[b, c]
                    variance, where = np.maximum(V[added, added], 0.0), (index[old], index[added] - n_old)
                    yield NewRows(task, c, *where, eta[old], eta[added], variance, V[np.ix_(old, added)])


def _of_output(batch: Any, mixture: Mixture, k: int, strength: float, weights: Array) -> Array:
    solver = RowPosterior(batch, batch.Y[..., k], mixture.stacks[k], strength)
    return solver.at_rows(node_weights(solver, weights))[1]


def _slices(rows: Rows, new: Rows) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """New rows in parts of about as many rows a task as it has old ones: their tasks and places in ``new.X``."""
    counts = np.diff(new.starts)
    task = np.repeat(np.arange(new.n_tasks), counts)
    turn = np.arange(len(task)) - new.starts[task]
    turn //= max(int(np.diff(rows.starts).max(initial=0)), _AT_ONCE)
    for part in range(int(turn.max(initial=-1)) + 1):
        yield task[turn == part], new.order[turn == part]


def _joint(rows: Rows, new: Rows, tasks: NDArray[np.intp], fresh: NDArray[np.intp]) -> Rows:
    """The old rows of some tasks followed by new ones of weight zero, as one collection."""
    owner = np.repeat(np.arange(rows.n_tasks), np.diff(rows.starts))
    old = np.isin(owner, tasks)
    owner = np.r_[owner[old], tasks]
    order = np.r_[rows.order[old], rows.X.shape[0] + fresh][np.argsort(owner, kind="stable")]
    weight = np.ones(rows.X.shape[0]) if rows.weight is None else rows.weight
    stack: Any = sparse.vstack if sparse.issparse(rows.X) else np.concatenate
    return replace(
        rows,
        X=stack([rows.X, new.X]),
        Y=np.concatenate([rows.Y, np.zeros((new.X.shape[0], rows.Y.shape[1]))]),
        weight=np.r_[weight, np.zeros(new.X.shape[0])],
        count=None if rows.count is None else np.r_[rows.count, np.zeros(new.X.shape[0])],
        offset=None
        if rows.offset is None
        else np.concatenate([rows.offset, np.zeros((new.X.shape[0], rows.Y.shape[1]))]),
        order=order,
        starts=np.r_[0, np.cumsum(np.bincount(owner, minlength=rows.n_tasks))],
    )
