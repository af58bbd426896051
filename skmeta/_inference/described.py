r"""Tasks whose mean moves with what describes them, in a tree: ``m_t = mu + B z_t``, with ``B`` in common.

What is known of a node above the tasks is its state: its mean at ``z = 0``, then the columns of ``B``, one block of ``p``
numbers a column of the ``design`` ``(1, z_t)``. A task's message about its mean becomes one about the state by

.. math:: A_t \mapsto \tilde z_t \tilde z_t^\top \otimes A_t, \quad b_t \mapsto \tilde z_t \otimes b_t, \quad
    \tilde z_t = (1, z_t),

and a belief about the state one about the task's mean by the way back. So a descriptor that is constant below a node is
weighed against that node's own deviation, which its tasks have in common. The effects of a descriptor have one variance
around zero (MacKay, 1992, Neural Computation 4, equation 4.10), so that there may be more descriptors than tasks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference import messages as of
from skmeta._inference.gaussian_em import effect_variance
from skmeta._inference.levels import LevelsLaw
from skmeta._inference.linalg import diagonal
from skmeta._inference.messages import Beliefs, Messages
from skmeta._inference.tree import Tree

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, kw_only=True)
class DescribedTree(Tree):
    """A tree of tasks of ``design (n_tasks, q)``, ones first."""

    design: Array

    @property
    def z(self) -> Array:
        """What describes the tasks ``(n_tasks, q - 1)``."""
        return self.design[:, 1:]

    def gathered(self, level: int, told: Messages) -> Messages:
        """What the nodes of a level passed up, summed by the nodes above, of whose state it is."""
        if level < self.n_levels - 1:
            return super().gathered(level, told)
        p = told.pull.shape[1]
        q, parent = self.design.shape[1], self.parents[level]
        weighed = self.design * self.counts[:, None]
        precision, pull = np.empty((self.n_above(level), q * p, q * p)), np.empty((self.n_above(level), q * p))
        order = np.argsort(parent, kind="stable")
        for node, own in enumerate(np.split(order, np.searchsorted(parent[order], np.arange(1, len(pull))))):
            square = (self.design[own, :, None] * weighed[own, None, :]).reshape(len(own), q * q)
            blocks = square.T @ told.precision[own].reshape(len(own), p * p)
            precision[node] = blocks.reshape(q, q, p, p).transpose(0, 2, 1, 3).reshape(q * p, q * p)
            pull[node] = (weighed[own].T @ told.pull[own]).ravel()
        constant = np.bincount(parent, self.counts * told.constant, minlength=len(pull))
        found = Messages(precision, pull, constant)
        return found if self.before is None else found + self.before

    def handed_down(self, level: int, above: Beliefs) -> Beliefs:
        """What is known of the mean that each node of a level deviates from."""
        if level < self.n_levels - 1:
            return super().handed_down(level, above)
        return at_design(above, self.design, self.parents[level])

    def of_others(self, level: int, above: Messages, passed: Messages) -> Messages:
        """What the others say of that mean."""
        if level < self.n_levels - 1:
            return super().of_others(level, above, passed)
        return of.informed(self.handed_down(level, of.belief(above))) - passed

    def in_state(self, level: int, root: Array) -> Array:
        """A root of a level's covariance; nodes above the tasks deviate in their means at ``z = 0`` alone."""
        if level == self.n_levels - 1:
            return root
        return np.concatenate([root, np.zeros(((self.design.shape[1] - 1) * len(root), root.shape[1]))])


@dataclass(frozen=True, eq=False)
class DescribedLaw(LevelsLaw):
    """``effects`` are the variances of what each column of descriptors does to coefficients, one of a descriptor's columns.

    ``groups (q - 1,)`` says which columns are one descriptor's.
    """

    effects: tuple[float, ...] = ()
    groups: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))

    @classmethod
    def of(cls, law: LevelsLaw, effects: tuple[float, ...], groups: NDArray[np.intp]) -> DescribedLaw:
        """A law of the same levels, with effects."""
        return cls(**{each.name: getattr(law, each.name) for each in fields(LevelsLaw)}, effects=effects, groups=groups)

    @property
    def shrink(self) -> Array:
        """Precision ``(q p,)`` of the mean's coefficients around zero, then of the effects."""
        return np.r_[super().shrink, np.repeat(1.0 / np.array(self.effects), len(self.covariances[0]))]

    def swept(self, mean: Beliefs) -> Self:
        """The variances from what is known of the effects; infinite ones stay."""
        found, q = np.array(self.effects), 1 + len(self.effects)
        expected, doubt = (each.reshape(q, -1)[1:] for each in (mean.mean[0], diagonal(mean.covariance[0])))
        for group in np.unique(self.groups):
            own = self.groups == group
            if np.isfinite(found[own][0]):
                found[own] = effect_variance(expected[own].ravel(), doubt[own].ravel(), found[own][0])
        return replace(self, effects=tuple(found.tolist()))


def at_design(state: Beliefs, design: Array, node: NDArray[np.intp]) -> Beliefs:
    """What is known of the means of tasks of ``design (n, q)``, by what is known of the ``node`` above each of them."""
    q = design.shape[1]
    p = state.mean.shape[1] // q
    blocks = state.mean.reshape(-1, q, p)
    mean = np.einsum("tq,tqp->tp", design, blocks[node])
    covariance = np.empty((len(design), p, p))
    square = (design[:, :, None] * design[:, None, :]).reshape(-1, q * q)
    for each in np.unique(node):
        own = np.flatnonzero(node == each)
        of_blocks = state.covariance[each].reshape(q, p, q, p).transpose(0, 2, 1, 3).reshape(q * q, p * p)
        covariance[own] = (square[own] @ of_blocks).reshape(-1, p, p)
    return Beliefs(mean, covariance)
