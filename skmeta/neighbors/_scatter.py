"""Scatter of rows within tasks, by their targets: sums over tasks, from which metrics are made."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from skmeta._inference.group_sums import group_means
from skmeta.base import FrozenValue
from skmeta.tasks import Tasks

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

_SLICES = 10  # of a task's targets, fewer where slices had less than two rows; answers hardly depend on it (Li, 1991)


@dataclass(frozen=True, eq=False, repr=False)
class Scatter(FrozenValue):
    r"""Sums over tasks; those of two collections add up.

    Rows of one label, or of one slice of neighbouring targets, make a group :math:`g` of a task, with the mean
    :math:`m_g`; :math:`d_{ij}` is the difference of two rows of a task that are near each other, and :math:`w_{ij}` the
    squared difference of their targets over twice the targets' variance in the task.

    Parameters
    ----------
    within, between : ndarray of shape (n_features, n_features)
        :math:`\sum_i (x_i - m_{g(i)})(x_i - m_{g(i)})^\top`, and that of the groups' means around the task's.
    within_dof, between_dof : float
        Degrees of freedom of both.
    near, near_weighted : ndarray of shape (n_features, n_features)
        :math:`\sum d_{ij} d_{ij}^\top` and :math:`\sum w_{ij} d_{ij} d_{ij}^\top`.
    n_near, weight_near : float
        Number of pairs, and sum of their weights.
    """

    within: Array
    between: Array
    within_dof: Any
    between_dof: Any
    near: Array
    near_weighted: Array
    n_near: Any
    weight_near: Any

    def __add__(self, other: Scatter) -> Scatter:
        return Scatter(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def spread(self) -> Array:
        """Standard deviation of each column within tasks; one for columns that are constant there."""
        total = np.diag(self.within + self.between) / max(self.within_dof + self.between_dof, 1.0)
        return np.where(total > 0.0, np.sqrt(total), 1.0)


def scatter_of(X: Array, tasks: Tasks, n_neighbors: int, max_task_rows: int = 500) -> Scatter:
    """The scatter of a collection of labelled rows.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The rows of ``tasks`` as numbers.
    tasks : Tasks
        Their targets, and which task each is of.
    n_neighbors : int
        How many rows near each are looked at.
    max_task_rows : int, default=500
        Of larger tasks so many rows, spread over the targets, are compared with each other.

    Returns
    -------
    Scatter
        Of all tasks.
    """
    targets = target_columns(tasks)
    groups = [_slices(each, tasks.codes) for each in targets.T] if tasks.classes is None else [_labels(tasks)]
    sums = [_within_and_between(X, tasks.codes, each, len(tasks)) for each in groups]
    within, between = np.mean([each[:2] for each in sums], axis=0)
    within_dof, between_dof = np.mean([each[2:] for each in sums], axis=0).tolist()
    total = np.diag(within + between)
    units = np.where(total > 0.0, np.sqrt(total), 1.0)
    near, weighted, n_near, weight_near = np.zeros_like(within), np.zeros_like(within), 0.0, 0.0
    for code in np.flatnonzero(tasks.counts > 1).tolist():
        rows = tasks.some_rows_of(code, max_task_rows)
        is_near, weight = _near(X[rows] / units, targets[rows], n_neighbors)
        near, weighted = near + _laplacian(X[rows], is_near), weighted + _laplacian(X[rows], weight)
        n_near, weight_near = n_near + float(is_near.sum()), weight_near + float(weight.sum())
    return Scatter(within, between, within_dof, between_dof, near, weighted, n_near, weight_near)


def target_columns(tasks: Tasks) -> Array:
    """Targets ``(n_rows, n_outputs)``, or indicators of the labels."""
    y: NDArray[Any] = np.asarray(tasks.y)
    if tasks.classes is None:
        return np.reshape(y.astype(float), (len(y), -1))
    return np.asarray(y[:, None] == np.unique(y), dtype=float)


def _labels(tasks: Tasks) -> Indices:
    """Number of each row's label, unique over tasks."""
    label = np.unique(np.asarray(tasks.y), return_inverse=True)[1]
    return np.unique(tasks.codes * (label.max(initial=0) + 1) + label, return_inverse=True)[1]


def _slices(y: Array, codes: Indices) -> Indices:
    """Number of each target's slice of its task, unique over tasks; equal targets are in one slice."""
    order = np.lexsort((y, codes))
    task, value, place = codes[order], y[order], np.arange(len(y))
    starts = np.r_[True, task[1:] != task[:-1]]
    first = np.maximum.accumulate(np.where(starts, place, 0))
    lowest = np.maximum.accumulate(np.where(starts | np.r_[True, value[1:] != value[:-1]], place, 0))
    counts = np.bincount(codes)[task]
    found = np.empty(len(y), dtype=np.intp)
    found[order] = task * _SLICES + (lowest - first) * np.clip(counts // 2, 1, _SLICES) // counts
    return np.unique(found, return_inverse=True)[1]


def _within_and_between(X: Array, codes: Indices, group: Indices, n_tasks: int) -> tuple[Array, Array, float, float]:
    n_groups = group.max(initial=-1) + 1
    size = np.bincount(group, minlength=n_groups)
    task = np.zeros(n_groups, dtype=np.intp)
    task[group] = codes
    mean = group_means(X, group, size)
    of_task = group_means(X, codes, np.bincount(codes, minlength=n_tasks))
    deviation, shift = X - mean[group], (mean - of_task[task]) * np.sqrt(size)[:, None]
    n_seen = len(np.unique(task))
    return deviation.T @ deviation, shift.T @ shift, float(len(X) - n_groups), float(n_groups - n_seen)


def _near(Z: Array, targets: Array, n_neighbors: int) -> tuple[Array, Array]:
    """Who is near whom among the rows of a task ``(n_rows, n_rows)``, and that times the pairs' weights."""
    variance = targets.var(axis=0).sum()
    if variance <= 0.0:  # nothing to tell rows apart by
        return np.zeros((len(Z),) * 2), np.zeros((len(Z),) * 2)
    distance = cdist(Z, Z)
    np.fill_diagonal(distance, np.inf)
    k = min(n_neighbors, len(Z) - 1)
    furthest = np.partition(distance, k - 1, axis=1)[:, [k - 1]]
    is_near = (distance <= furthest * (1.0 + 1e-12)).astype(float)  # all that are as near as the last one
    return is_near, is_near * cdist(targets, targets, "sqeuclidean") / (2.0 * variance)


def _laplacian(X: Array, weight: Array) -> Array:
    r""":math:`\sum_{ij} w_{ij} d_{ij} d_{ij}^\top = X^\top (\mathrm{diag}((w + w^\top) 1) - w - w^\top) X`."""
    both, centred = weight + weight.T, X - X.mean(axis=0)
    return np.asarray((centred * both.sum(axis=0)[:, None]).T @ centred - centred.T @ both @ centred)
