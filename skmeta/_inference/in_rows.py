"""The tasks of one output as matrices of their own rows: ``(n, n)`` a task, whatever the number of its columns.

With ``B = W^{1/2} Z R / noise^{1/2}`` and ``L L' = I + B B'``, the matrix ``S = L^-1 B`` says all: ``I - V = S' S`` and
``v = S' L^-1 r`` for residuals ``r``. So sums over tasks are products of all tasks' stacked ``S``, and a task's own
``(p, p)`` matrix is never made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.expectation import AtHand, Expectation, Pooled, bounded_counts, joined
from skmeta._inference.grouped import Grouped
from skmeta._inference.linalg import TINY, cholesky, logdet_and_quadratic, triangular_inverse
from skmeta._inference.mixture import log_evidence_of_batch
from skmeta._inference.moments import Moments, Rows, standardise, take_rows, task_batches
from skmeta._inference.threads import run
from skmeta._inference.wide_rows import DenseBatch

Array = NDArray[Any]

_LOG_2PI = np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class InRows(AtHand):
    """Rows of one output: ``Z (N, p)`` standardised, task by task, ``y (N,)`` and the roots ``unit (N,)`` of weights.

    Task ``t`` has the ``count[t]`` rows from ``first[t]`` on, of total weight ``total[t]``. ``n_rows``, ``square``
    ``(n_tasks,)`` and ``context (n_tasks, p - 1)`` as in `Moments`, ``square_within (n_tasks,)`` the target's squares around
    each task's own level; ``task_weight (n_tasks,)`` is how much each task counts (None: once).
    """

    Z: np.ndarray
    y: np.ndarray
    unit: np.ndarray
    first: np.ndarray
    count: np.ndarray
    n_rows: np.ndarray
    total: np.ndarray
    square: np.ndarray
    square_within: np.ndarray
    context: np.ndarray
    task_weight: np.ndarray | None = None

    @property
    def n_tasks(self) -> int:
        return len(self.first)

    @property
    def width(self) -> int:
        return self.Z.shape[1]

    @property
    def counts(self) -> Array:
        """``(n_tasks,)`` how often each task counts."""
        return np.ones(self.n_tasks) if self.task_weight is None else self.task_weight

    def as_moments(self) -> Moments:
        """The tasks as matrices of their columns, which are larger."""
        gram, cross = np.empty((self.n_tasks, self.width, self.width)), np.empty((self.n_tasks, self.width))
        found = Moments(gram, cross, self.square, self.n_rows, self.context)
        for tasks in self._batches():
            Z, y, unit = self._read(tasks)
            weighted = np.swapaxes(Z * (unit**2)[..., None], 1, 2)
            found.gram[tasks], found.cross[tasks] = weighted @ Z, (weighted @ y[..., None])[..., 0]
        return found

    def take(self, tasks: Any) -> InRows:
        """Some tasks (an index array, mask or slice); the rows are shared."""
        names = ("first", "count", "n_rows", "total", "square", "square_within", "context")
        weight = None if self.task_weight is None else self.task_weight[tasks]
        return replace(self, task_weight=weight, **{name: getattr(self, name)[tasks] for name in names})

    def grouped(self, group: Array) -> Grouped:
        """The tasks as collections ``(n_groups, t)``, ``group (n_groups, t)`` listing the tasks of each, -1 for none."""
        return Grouped([self.take(own[own >= 0]) for own in group])

    @property
    def bounded(self) -> Array:
        """``(n_tasks,)`` how often each task counts among pooled rows (`bounded_counts`)."""
        size = self.square.copy()
        for tasks in self._batches():
            Z, _, unit = self._read(tasks)
            squares = ((Z[..., :-1] * unit[..., None]) ** 2).sum(axis=1)
            size[tasks] = np.maximum(size[tasks], squares.max(axis=-1, initial=0.0))
        return bounded_counts(self.counts, size, self.n_rows)

    def pooled(self, counts: Array | None = None) -> Pooled:
        """`Pooled` rows of all tasks, each as often as ``counts (n_tasks,)`` says (None: as it counts)."""
        p, counts = self.width, self.counts if counts is None else counts
        gram, cross = np.zeros((p, p)), np.zeros(p)
        for tasks in self._batches():
            Z, y, unit = self._read(tasks)
            weighted = (Z * (unit**2 * counts[tasks][:, None])[..., None]).reshape(-1, p).T
            gram, cross = gram + weighted @ Z.reshape(-1, p), cross + weighted @ y.ravel()
        return Pooled(gram, cross, counts @ self.square, counts @ self.n_rows)

    def expectation(
        self, law: CoefficientLaw, root: Array, noise: Array, spread: Array | None = None, n_jobs: int = 1
    ) -> Expectation:
        """`Expectation` of all tasks under a `CoefficientLaw` whose covariance is ``root root'``."""
        batches = self._batches()

        def sweep(tasks: Any) -> Expectation:
            design, residual = self._whitened(tasks, law, root, noise[tasks])
            return _expectation(design, residual, root, noise[tasks], self.n_rows[tasks], self.counts[tasks], spread)

        return joined(run(sweep, batches, n_jobs), batches)

    def deviance(self, law: CoefficientLaw, root: Array, noise: Array) -> Array:
        """``-2 log p(y_t)`` of every task for each of several noises ``(m,)``, in two parts ``(n_tasks, m, 2)``."""
        out = np.empty((self.n_tasks, len(noise), 2))
        for tasks in self._batches():
            design, residual = self._whitened(tasks, law, root, np.ones(len(tasks)))
            kernel, identity = design @ np.swapaxes(design, 1, 2), np.eye(design.shape[1])
            for j, one in enumerate(noise):
                logdet, quadratic = logdet_and_quadratic(kernel / one + identity, residual / np.sqrt(one))
                volume = self.n_rows[tasks] * (_LOG_2PI + np.log(one)) + logdet
                out[tasks, j] = np.stack([volume, quadratic], axis=-1)
        return out

    def component_evidence(self, components: Any) -> Array:
        """``log p(y_t)`` of every task under each component of a mixture ``(n_tasks, C)``."""
        out = np.empty((self.n_tasks, len(components)))
        for tasks in self._batches():
            Z, y, unit = self._read(tasks)
            batch = DenseBatch(tasks, tasks[:, None], Z, y[..., None], unit**2, np.ones(self.width - 1))
            out[tasks] = log_evidence_of_batch(batch, y, components, self.n_rows[tasks])
        return out

    def _batches(self) -> list[Array]:
        return task_batches(self.count, self.width)

    def _read(self, tasks: Array) -> tuple[Array, Array, Array]:
        """``Z (b, n, p)``, ``y (b, n)`` and the weights' roots ``(b, n)``, padded by rows of weight zero."""
        offsets = np.arange(max(self.count[tasks].max(initial=0), 1))
        real = offsets < self.count[tasks][:, None]
        rows = np.where(real, self.first[tasks][:, None] + offsets, 0)
        return self.Z[rows], self.y[rows], self.unit[rows] * real

    def _whitened(self, tasks: Any, law: CoefficientLaw, root: Array, noise: Array) -> tuple[Array, Array]:
        """``B (b, n, p)`` and ``r (b, n)``."""
        Z, y, unit = self._read(tasks)
        unit = unit / np.sqrt(noise)[:, None]
        design = (Z.reshape(-1, Z.shape[2]) @ root).reshape(Z.shape)
        design *= unit[..., None]
        return design, (y - (Z @ law.expected_of(self.context[tasks])[..., None])[..., 0]) * unit


def _expectation(
    design: Array, residual: Array, root: Array, noise: Array, n_rows: Rows, counts: Array, spread: Array | None
) -> Expectation:
    b, n, p = design.shape
    half = triangular_inverse(cholesky(design @ np.swapaxes(design, 1, 2) + np.eye(n)))
    S, u = half @ design, (half @ residual[..., None])[..., 0]
    left = (u[:, None, :] @ half)[:, 0]  # K^-1 r: the residuals at the posterior mean
    flat = S.reshape(b * n, p)
    weighted = flat if np.all(counts == 1.0) else (S * counts[:, None, None]).reshape(b * n, p)
    curbed = None
    if spread is not None:
        told = (flat @ spread).reshape(b, n, p) @ np.swapaxes(S, 1, 2)
        curbed = weighted.T @ (told @ S).reshape(b * n, p)
    dof = np.maximum(n_rows - (S * S).sum(axis=(1, 2)), 1e-6)
    intercept = (S[:, None, :, -1] @ S)[:, 0] / root[-1, -1]
    variance = noise * (left * left).sum(axis=1) / dof
    return Expectation(weighted.T @ flat, curbed, (u[:, None, :] @ S)[:, 0], intercept, variance, dof)


def read_in_rows(rows: Rows, task_weight: Array | None = None) -> list[InRows]:
    """One `InRows` an output; all share the standardised rows."""
    Z = standardised(rows)
    Y = rows.Y[rows.order]
    weight = np.ones(len(Z)) if rows.weight is None else rows.weight[rows.order]
    count, first = np.diff(rows.starts), rows.starts[:-1]
    ones = weight * Z[:, -1]
    total, square = _by_task(ones, rows), _by_task(weight[:, None] * Y**2, rows)
    held = np.maximum(total, TINY)[:, None]
    context = _by_task(ones[:, None] * Z[:, :-1], rows) / held
    within = square - _by_task(ones[:, None] * Y, rows) ** 2 / held
    n_rows, unit = rows.n_rows, np.sqrt(weight)
    return [
        InRows(Z, Y[:, k], unit, first, count, n_rows, total, square[:, k], within[:, k], context, task_weight)
        for k in range(Y.shape[1])
    ]


def standardised(rows: Rows) -> Array:
    """``Z (N, p)`` task by task, the intercept's ones last."""
    Z = np.empty((len(rows.order), rows.width))
    Z[:, :-1] = standardise(take_rows(rows.X, rows.order), rows.centre, rows.scale)
    Z[:, -1] = float(rows.intercept)
    return Z


def working_rows(rows: Rows, targets: Array, weights: Array, task_weight: Array | None = None) -> list[InRows]:
    """One `InRows` an output of working responses ``targets (n, K)`` with ``weights (n, K)``, as in the table."""
    Z, targets, weights = standardised(rows), targets[rows.order], weights[rows.order]
    count, first = np.diff(rows.starts), rows.starts[:-1]
    total = _by_task(np.ones(len(Z)) if rows.weight is None else rows.weight[rows.order], rows)
    square, context = _by_task(weights * targets**2, rows), np.zeros((rows.n_tasks, rows.width - 1))
    ones = weights * Z[:, -1:]
    within = square - _by_task(ones * targets, rows) ** 2 / np.maximum(_by_task(ones, rows), TINY)
    return [
        InRows(Z, y, np.sqrt(weight), first, count, rows.n_rows, total, own, its, context, task_weight)
        for y, weight, own, its in zip(targets.T, weights.T, square.T, within.T, strict=True)
    ]


def _by_task(values: Array, rows: Rows) -> Array:
    """Sums ``(n_tasks, ...)`` over each task's rows, which stand one after the other."""
    ones = np.ones(len(values))
    return sparse.csr_array((ones, np.arange(len(values)), rows.starts), shape=(rows.n_tasks, len(values))) @ values
