"""Components of one output as a batch of nodes: one for each level of the noise of each component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Component

Array = NDArray[np.float64]


class Stack:
    """Components of one output as a batch of nodes, one for each level of the noise of each component.

    ``owner (J,)`` is the component of a node, ``law (J,)`` its place in ``laws``, components that stand for all that
    share their law.
    """

    def __init__(self, components: Sequence[Component]) -> None:
        self.components = list(components)
        counts = [len(c.noise.levels) for c in self.components]
        self.owner = np.repeat(np.arange(len(counts)), counts)
        self.levels = np.concatenate([c.noise.levels for c in self.components])
        self.log_probability = np.concatenate([c.noise.log_probability for c in self.components])
        self.extra = np.stack(np.broadcast_arrays(*(c.extra for c in self.components)))[self.owner]
        self.laws: list[Component] = []
        self.law = np.array([self._place(c) for c in self.components])[self.owner]

    @property
    def of_each_task(self) -> bool:
        """Whether tasks have laws of their own."""
        return any(law.mean.ndim > 1 for law in self.laws)

    def of_tasks(self, tasks: Any) -> Stack:
        """That of some tasks, where each has its own."""
        if not self.of_each_task:
            return self
        laws = [law.of_tasks(tasks) for law in self.laws]
        components = []
        for c, g in zip(self.components, self.law[self.starts], strict=True):
            extra = c.extra[tasks] if np.ndim(c.extra) else c.extra
            components.append(replace(c, mean=laws[g].mean, covariance=laws[g].covariance, extra=extra))
        return Stack(components)

    def _place(self, component: Component) -> int:
        for g, law in enumerate(self.laws):
            if component.shares_law(law):
                return g
        self.laws.append(component)
        return len(self.laws) - 1

    @cached_property
    def freer(self) -> Array:
        """Occam factors ``(J,)``, as logarithms."""
        return 0.5 * np.log([c.freer for c in self.components])[self.owner]

    @cached_property
    def factorisations(self) -> tuple[Array, NDArray[np.intp]]:
        """``(law, noise)`` of every matrix to factorise by rows ``(U, 2)``, and which one a node needs ``(J,)``."""
        pairs, place = np.unique(np.stack([self.law, self.levels], axis=1), axis=0, return_inverse=True)
        return pairs, place.ravel()

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Where the nodes of each component begin."""
        return np.flatnonzero(np.r_[True, np.diff(self.owner) > 0])

    def log_density(self, n_rows: Array, logdet: Array, misfit: Array, has_intercept: NDArray[np.bool_]) -> Array:
        """``log p(y, node | component)`` of every task and node ``(n_tasks, J)``."""
        parts = [
            c.noise.log_density(n_rows, logdet[:, self.owner == i], misfit[:, self.owner == i])
            for i, c in enumerate(self.components)
        ]
        return np.concatenate(parts, axis=1) + self.log_probability + self.freer * has_intercept[:, None]

    def expected_noise(self, n_rows: Array, misfit: Array) -> Array:
        """Noise of every task at every node ``(n_tasks, J)``."""
        parts = [c.noise.expected(n_rows, misfit[:, self.owner == i]) for i, c in enumerate(self.components)]
        return np.concatenate(parts, axis=1)

    def units(self, n_rows: Array, misfit: Array) -> Array:
        """What the coefficients' variances at every node are to be multiplied by ``(n_tasks, J)``."""
        noise = self.expected_noise(n_rows, misfit)
        parts = [c.noise.units_of(noise[:, self.owner == i]) for i, c in enumerate(self.components)]
        return np.concatenate(parts, axis=1)
