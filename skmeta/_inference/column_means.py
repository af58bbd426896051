r"""Means of a task's columns in a tree: what is expected of them below each node, before the task's rows are seen.

Each column's means vary as coefficients do, :math:`m_t = c + a_{region} + b_{store}`, columns apart. Variances are those of
moments, level by level (Searle, Casella and McCulloch, 1992, Variance Components, section 3.6); what is known of a node is
drawn to the node above by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.contextual import bounded_ratio
from skmeta._inference.group_sums import group_sums
from skmeta._inference.linalg import TINY

Array = NDArray[Any]

_LEAST = 1e-9  # guard: precision of a cavity that has next to none


@dataclass(frozen=True, eq=False)
class Expected:
    """What is ``expected (n, d)`` of columns' means, and within-task variances over what is not known of them, ``ratio``."""

    expected: np.ndarray
    ratio: np.ndarray

    def followed_by(self, other: Expected) -> Expected:
        """These, and those of the others that come after as many."""
        n = len(self.ratio)
        expected = np.concatenate([self.expected, other.expected[n:]])
        return Expected(expected, np.concatenate([self.ratio, other.ratio[n:]]))


@dataclass(frozen=True, eq=False)
class ColumnMeans:
    """Of a new task below each node, ``predictive``, for every level but the last; of each task from all others, ``cavity``."""

    predictive: tuple[Expected, ...]
    cavity: Expected

    def continued(self, before: Sequence[Expected], parent: NDArray[np.intp]) -> ColumnMeans:
        """The same, but for what a past says of its nodes, which come first, and of tasks below these by their ``parent``."""
        predictive = tuple(old.followed_by(new) for old, new in zip(before, self.predictive, strict=True))
        in_past, last = (parent < len(before[-1].ratio))[:, None], predictive[-1]
        expected = np.where(in_past, last.expected[parent], self.cavity.expected)
        return ColumnMeans(predictive, Expected(expected, np.where(in_past, last.ratio[parent], self.cavity.ratio)))


@dataclass(frozen=True, eq=False)
class _Level:
    """What the rows below nodes of a level say of these: ``mean (n, d)``, ``precision (n, d)``; ``prior_variance (d,)``.

    The prior variance is that of a node around the one above.
    """

    mean: Array
    precision: Array
    prior_variance: Array

    @property
    def gain(self) -> Array:
        """How far ``(n, d)`` the mean of a node moves from that of the node above to its rows' (Kalman's, that one known)."""
        return self.precision * self.prior_variance / (1.0 + self.precision * self.prior_variance)

    @property
    def message(self) -> Array:
        """The precision ``(n, d)`` of what each says of the node above, its own deviation integrated out."""
        return self.precision / (1.0 + self.precision * self.prior_variance)


@dataclass(frozen=True, eq=False)
class _Posterior:
    """Of the nodes of a level given all rows: ``mean (n, d)`` and ``variance (n, d)``."""

    mean: Array
    variance: Array

    def take(self, nodes: NDArray[np.intp]) -> _Posterior:
        return _Posterior(self.mean[nodes], self.variance[nodes])


def column_means(parents: Sequence[NDArray[np.intp]], means: Array, n_rows: Array, ratio: Array) -> ColumnMeans:
    """What the tasks of a tree tell of their columns' means.

    Parameters
    ----------
    parents : sequence of ndarray of int
        As of `tree.Tree`, of one level at least.
    means : ndarray of shape (n_tasks, d)
        Of each task's columns, which have variance one over all rows.
    n_rows : ndarray of shape (n_tasks,)
        How many rows those are; tasks without any tell nothing.
    ratio : ndarray of shape (d,)
        Within-task over between-task variance of each column (`contextual.variance_ratio`).

    Returns
    -------
    ColumnMeans
        Of the nodes and the tasks.
    """
    within = ratio / (1.0 + ratio)
    levels = _upward(parents, means, n_rows[:, None] / within)
    posteriors = _downward(levels, parents)
    variances = np.array([level.prior_variance for level in levels])
    predictive = tuple(
        Expected(nodes.mean, bounded_ratio(within, nodes.variance + variances[depth + 1 :].sum(axis=0)))
        for depth, nodes in enumerate(posteriors[1:])
    )
    return ColumnMeans(predictive, _cavity(levels[-1], posteriors[-1].take(parents[-1]), within))


def _upward(parents: Sequence[NDArray[np.intp]], mean: Array, precision: Array) -> list[_Level]:
    """What rows say of the nodes of every level, outermost first."""
    levels: list[_Level] = []
    for depth in reversed(range(len(parents))):
        n_above = len(parents[depth - 1]) if depth else 1
        level = _Level(mean, precision, _variance(mean, precision, parents[depth], n_above))
        levels.append(level)
        precision = group_sums(level.message, parents[depth], n_above)
        mean = group_sums(level.message * mean, parents[depth], n_above) / np.maximum(precision, TINY)
    return levels[::-1]


def _downward(levels: Sequence[_Level], parents: Sequence[NDArray[np.intp]]) -> list[_Posterior]:
    """Of the root, of which nothing is known before, and of the nodes of every level but the last."""
    message = levels[0].message
    precision = np.maximum(message.sum(axis=0, keepdims=True), TINY)
    found = [_Posterior((message * levels[0].mean).sum(axis=0, keepdims=True) / precision, 1.0 / precision)]
    for level, parent in zip(levels[:-1], parents[:-1], strict=True):
        above, gain = found[-1].take(parent), level.gain
        mean = gain * level.mean + (1.0 - gain) * above.mean
        found.append(_Posterior(mean, (1.0 - gain) * level.prior_variance + (1.0 - gain) ** 2 * above.variance))
    return found


def _variance(mean: Array, precision: Array, parent: NDArray[np.intp], n_above: int) -> Array:
    """How nodes of a level vary around those above ``(d,)``, by the squares around their means; zero where none has others."""
    there = (precision > 0).astype(float)
    count = np.maximum(group_sums(there, parent, n_above), 1.0)
    around = mean - (group_sums(there * mean, parent, n_above) / count)[parent]
    noise = there * (1.0 - 1.0 / count[parent]) / np.where(there > 0, precision, 1.0)
    free = (there - there / count[parent]).sum(axis=0)
    return np.maximum((there * around**2 - noise).sum(axis=0), 0.0) / np.maximum(free, TINY) * (free > 0.5)


def _cavity(tasks: _Level, above: _Posterior, within: Array) -> Expected:
    """Of each task from the others: the posterior of the node above it without the task's own message."""
    message = tasks.message
    precision = np.maximum(1.0 / above.variance - message, _LEAST)
    mean = (above.mean / above.variance - message * tasks.mean) / precision
    return Expected(mean, bounded_ratio(within, 1.0 / precision + tasks.prior_variance))
