r"""Tasks in a tree: coefficients ``w = m_parent + u`` at every node, with one covariance of ``u`` a level.

Messages go up to the root, beliefs come down (`messages`). One pass gives the evidence, the posterior of every node, and
what EM needs of every level. What *others* say of a node, its own subtree left out, is its cavity: the prior of a task that is
held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference import messages as of
from skmeta._inference.linalg import diagonal, symmetrize
from skmeta._inference.messages import Beliefs, Deviation, Messages

Array = NDArray[Any]

HELD = 1e-6  # guard: precision of the root's coefficients, for directions that no task informs about

_COLLINEAR = 1e-11  # guard: least precision of a direction, each coefficient's own being one: what is less is rounding


@dataclass(frozen=True, eq=False)
class Tree:
    """``parents[l] (n_l,)``: the node above each node of level ``l``, outermost first; the tasks are the last level.

    Nodes of the first level all have the one root, 0. ``counts (n_tasks,)`` says how often each task counts. ``before`` is
    what earlier tasks said of the nodes above the tasks, of which some may have no others.
    """

    parents: tuple[NDArray[np.intp], ...]
    counts: np.ndarray
    before: Messages | None = None

    @property
    def n_levels(self) -> int:
        """Levels below the root."""
        return len(self.parents)

    def n_above(self, level: int) -> int:
        """Nodes in the level above one."""
        return 1 if level == 0 else len(self.parents[level - 1])

    def n_nodes(self, level: int) -> int:
        """Nodes of a level."""
        return len(self.parents[level])

    def rows_below(self, level: int, n_rows: Array) -> Array:
        """How many rows are below each node of a level, ``n_rows (n_tasks,)`` being those of the tasks."""
        for depth in range(self.n_levels - 1, level, -1):
            n_rows = np.bincount(self.parents[depth], n_rows, minlength=self.n_nodes(depth - 1))
        return n_rows

    def gathered(self, level: int, told: Messages) -> Messages:
        """What the nodes of a level passed up, summed by the nodes above."""
        found = told.summed(self.parents[level], self.n_above(level), self.weights(level))
        return found if self.before is None or level < self.n_levels - 1 else found + self.before

    def weights(self, level: int) -> Array | None:
        """How often the nodes of a level count; None for once."""
        return self.counts if level == self.n_levels - 1 else None

    def passed_up(self, leaves: Messages, law: Any) -> Upward:
        """The pass up of what the tasks say, ``leaves``, under a `levels.LevelsLaw`."""
        return pass_up(self, leaves, [self.in_state(level, root) for level, root in enumerate(law.roots)])

    def handed_down(self, level: int, above: Beliefs) -> Beliefs:
        """What is known of the mean that each node of a level deviates from, by what is known of the nodes above."""
        return above.take(self.parents[level])

    def of_others(self, level: int, above: Messages, passed: Messages) -> Messages:
        """What the others say of that mean: all that is said of the nodes above, but for what each node itself passed up."""
        return above.take(self.parents[level]) - passed

    def in_state(self, level: int, root: Array) -> Array:
        """A root of a level's covariance as one of what is known of its nodes, which may be more than coefficients."""
        return root


@dataclass(frozen=True, eq=False)
class Downward:
    """What a pass down tells: what is ``known`` of every level's nodes, tasks last, and ``E[v v']`` of their deviations.

    ``own_slopes`` are how the evidence moves with the numbers that a structure's law has of its own (`levels.LevelsLaw`).
    """

    known: list[Beliefs]
    squares: list[Array]
    own_slopes: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class Upward:
    """The messages of one pass up: the ``deviations`` of every level, and what all say of the ``root``."""

    tree: Tree
    deviations: list[Deviation]
    passed: list[Messages]
    root: Messages

    def evidence(self, shrink: Array) -> float:
        """``log p(y)``, the root's coefficients integrated out, flat but for a precision ``shrink (p,)`` around zero.

        Those that no row informs about are held, and columns that are others' sums, so that it is finite.
        """
        held = np.where(diagonal(self.root.precision[0]) > 0.0, 0.0, HELD)
        precision = _definite(self.root.precision[0] + np.diag(held + shrink))[None] - np.diag(shrink)
        return float(of.evidence(Messages(precision, self.root.pull, self.root.constant), shrink)[0])

    def belief_of_root(self, shrink: Array) -> Beliefs:
        """The posterior of the root's coefficients."""
        precision = _definite(self.root.precision[0] + np.diag(shrink + HELD))[None]
        return of.belief(Messages(precision, self.root.pull, self.root.constant))

    def down(self, root: Beliefs) -> Downward:
        """The way down, where ``root`` is known of the root."""
        return Downward(*pass_down(self, root))


def _definite(precision: Array) -> Array:
    """A precision ``(p, p)`` whose directions that rounding has taken away, as of collinear columns, are held."""
    size = np.sqrt(diagonal(precision))
    scaled = precision / size[:, None] / size
    # hardly any tree lacks a direction, and this is far cheaper than to compute the directions
    with suppress(np.linalg.LinAlgError):
        np.linalg.cholesky(scaled - _COLLINEAR * np.eye(len(scaled)))
        return precision
    values, vectors = np.linalg.eigh(scaled)
    root = size[:, None] * vectors * np.sqrt(np.maximum(values, _COLLINEAR))
    return np.asarray(root @ root.T)


def pass_up(tree: Tree, leaves: Messages, roots: Sequence[Array]) -> Upward:
    """Messages from the tasks' own, ``leaves``, to the root; ``roots`` are roots of the levels' covariances."""
    deviations, passed, told = [], [], leaves
    for level in reversed(range(tree.n_levels)):
        deviations.append(Deviation.of(told, roots[level]))
        passed.append(deviations[-1].integrated())
        told = tree.gathered(level, passed[-1])
    return Upward(tree, deviations[::-1], passed[::-1], told)


def pass_down(up: Upward, root: Beliefs) -> tuple[list[Beliefs], list[Array]]:
    """What is known of the nodes of every level, and ``E[v v']`` of their deviations."""
    known, squares, above = [], [], root
    for level, deviation in enumerate(up.deviations):
        above, square = deviation.around(up.tree.handed_down(level, above))
        known.append(above)
        squares.append(square)
    return known, squares


def flat_root(shrink: Array) -> Messages:
    """What is known of the root before any task, as a message."""
    return Messages(np.diag(shrink + HELD)[None], np.zeros((1, len(shrink))), np.zeros(1))


def cavities(up: Upward, shrink: Array, level: int | None = None) -> Beliefs:
    """What the others say of the mean that each node of a level (None: the tasks) deviates from.

    The message that a node itself passed up is taken out of all that its parent knows.
    """
    outside = flat_root(shrink)
    last = up.tree.n_levels - 1 if level is None else level
    for depth in range(last + 1):
        told = up.tree.gathered(depth, up.passed[depth])
        found = of.belief(up.tree.of_others(depth, outside + told, up.passed[depth]))
        if depth < last:
            root = up.deviations[depth].root
            outside = of.informed(Beliefs(found.mean, symmetrize(found.covariance + root @ root.T)))
    return found
