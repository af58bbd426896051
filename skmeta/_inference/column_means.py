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
from skmeta._inference.linalg import TINY

Array = NDArray[Any]

_LEAST = 1e-9  # guard: precision of what others say of a task that has next to none


@dataclass(frozen=True, eq=False)
class Expected:
    """What is ``expected (n, d)`` of columns' means, and within-task variances over what is not known of them, ``ratio``."""

    expected: np.ndarray
    ratio: np.ndarray

    def followed_by(self, other: Expected) -> Expected:
        """These, and those of the others that come after as many."""
        n = len(self.ratio)
        return Expected(
            *(np.concatenate(pair) for pair in ((self.expected, other.expected[n:]), (self.ratio, other.ratio[n:])))
        )


@dataclass(frozen=True, eq=False)
class ColumnMeans:
    """What is expected below the nodes of every level but the last, ``below``, and of each task by the ``others``."""

    below: tuple[Expected, ...]
    others: Expected

    def continued(self, before: Sequence[Expected], parent: NDArray[np.intp]) -> ColumnMeans:
        """The same, but for what a past says of its nodes, which come first, and of tasks below these by their ``parent``."""
        below = tuple(old.followed_by(new) for old, new in zip(before, self.below, strict=True))
        known, last = (parent < len(before[-1].ratio))[:, None], below[-1]
        expected, ratio = (
            np.where(known, own[parent], new)
            for own, new in ((last.expected, self.others.expected), (last.ratio, self.others.ratio))
        )
        return ColumnMeans(below, Expected(expected, ratio))


@dataclass(frozen=True, eq=False)
class _Told:
    """What rows say of nodes of a level: where they are ``mean (n, d)``, how well ``precision``; how nodes ``vary (d,)``."""

    mean: Array
    precision: Array
    vary: Array

    @property
    def passed(self) -> Array:
        """The precision ``(n, d)`` of what each says of the node above, its own deviation integrated out."""
        return self.precision / (1.0 + self.precision * self.vary)


def column_means(parents: Sequence[NDArray[np.intp]], means: Array, n_rows: Array, ratio: Array) -> ColumnMeans:
    """What the tasks of a tree tell of their columns' means.

    Parameters
    ----------
    parents : sequence of ndarray of int
        As of `tree.Tree`.
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
    left = np.cumsum([each.vary for each in reversed(levels)], axis=0)[
        ::-1
    ]  # of nodes of each level and of those below
    known = np.maximum(levels[0].passed.sum(axis=0, keepdims=True), TINY)
    above, doubt = (levels[0].passed * levels[0].mean).sum(axis=0, keepdims=True) / known, 1.0 / known
    below: list[Expected] = []
    for depth, (told, parent) in enumerate(zip(levels, parents, strict=True)):
        if depth == len(levels) - 1:
            return ColumnMeans(tuple(below), _of_others(told, above[parent], doubt[parent], within))
        trust = told.precision * told.vary / (1.0 + told.precision * told.vary)
        above, doubt = (
            trust * told.mean + (1.0 - trust) * above[parent],
            (1.0 - trust) * told.vary + (1.0 - trust) ** 2 * doubt[parent],
        )
        below.append(Expected(above, bounded_ratio(within, doubt + left[depth + 1])))
    raise ValueError("column_means: wanted at least one level, found none; give the nodes above the tasks.")


def _upward(parents: Sequence[NDArray[np.intp]], mean: Array, precision: Array) -> list[_Told]:
    """What rows say of the nodes of every level, outermost first."""
    levels: list[_Told] = []
    for depth in reversed(range(len(parents))):
        n_above = len(parents[depth - 1]) if depth else 1
        told = _Told(mean, precision, _variance(mean, precision, parents[depth], n_above))
        levels.append(told)
        precision = _summed(told.passed, parents[depth], n_above)
        mean = _summed(told.passed * mean, parents[depth], n_above) / np.maximum(precision, TINY)
    return levels[::-1]


def _variance(mean: Array, precision: Array, parent: NDArray[np.intp], n_above: int) -> Array:
    """How nodes of a level vary around those above ``(d,)``, by the squares around their means; zero where none has others."""
    there = (precision > 0).astype(float)
    count = np.maximum(_summed(there, parent, n_above), 1.0)
    around = mean - (_summed(there * mean, parent, n_above) / count)[parent]
    noise = there * (1.0 - 1.0 / count[parent]) / np.where(there > 0, precision, 1.0)
    free = (there - there / count[parent]).sum(axis=0)
    return np.maximum((there * around**2 - noise).sum(axis=0), 0.0) / np.maximum(free, TINY) * (free > 0.5)


def _of_others(told: _Told, above: Array, doubt: Array, within: Array) -> Expected:
    """What the others of its place say of each task: what is known of the node above, less what the task itself said of it."""
    precision = np.maximum(1.0 / doubt - told.passed, _LEAST)
    mean = (above / doubt - told.passed * told.mean) / precision
    return Expected(mean, bounded_ratio(within, 1.0 / precision + told.vary))


def _summed(values: Array, parent: NDArray[np.intp], n_above: int) -> Array:
    found = np.zeros((n_above, values.shape[1]))
    np.add.at(found, parent, values)
    return found
