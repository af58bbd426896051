"""Tasks in a tree as a model of levels: what one pass up and down the tree tells of the levels' covariances and the noises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.gaussian_em import NOISE_FLOOR
from skmeta._inference.levels import LevelsLaw
from skmeta._inference.messages import Beliefs, of_rows, trace_of_products
from skmeta._inference.noise import noise_step, squeeze_noise
from skmeta._inference.tree import Tree, Upward, pass_down, pass_up

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class NestedModel:
    """The ``tasks`` of one output (`in_columns.InColumns`) and their tree."""

    tasks: Any
    tree: Tree

    @property
    def weights(self) -> list[Array]:
        """How often the nodes of each level count."""
        found = [self.tree.weights(level) for level in range(self.tree.n_levels)]
        return [np.ones(self.tree.n_nodes(k)) if counts is None else counts for k, counts in enumerate(found)]

    @property
    def counts(self) -> list[float]:
        """How many nodes there are of each level."""
        return [float(weights.sum()) for weights in self.weights]

    @property
    def n_rows(self) -> float:
        """How many rows there are."""
        return float(self.tasks.counts @ self.tasks.n_rows)

    def passed(self, law: LevelsLaw) -> NestedPass:
        """A pass under a law, see `levels.Model`."""
        return NestedPass(self, law, pass_up(self.tree, of_rows(self.tasks.moments, law.own_noise), law.roots))

    def with_noise(self, law: LevelsLaw, passed: NestedPass, *, shared: bool) -> LevelsLaw:
        """The noises by the tasks' residuals at their posterior means, over the degrees of freedom that these leave."""
        moments, counts, known = self.tasks.moments, self.tasks.counts, passed.known[-1]
        _, square = moments.residual(known.mean)
        spent = trace_of_products(moments.gram, known.covariance) / law.own_noise
        dof = np.maximum(moments.n_rows - spent, NOISE_FLOOR)
        variance = np.maximum(square / dof, NOISE_FLOOR)
        n_rows = (counts * moments.n_rows).sum()
        common, noise_dof = noise_step(variance, dof, counts, n_rows, np.asarray(law.noise), shared=shared)
        common = np.maximum(common, NOISE_FLOOR)
        own = squeeze_noise(variance, dof, common, noise_dof)
        return replace(law, noise=float(common), noise_dof=float(noise_dof), own_noise=own)


@dataclass(frozen=True, eq=False)
class NestedPass:
    """A pass ``up`` the tree of a model under a law, and down again where that is asked for (`levels.Passed`)."""

    model: NestedModel
    law: LevelsLaw
    up: Upward

    @property
    def evidence(self) -> float:
        """``log p(y)`` of all tasks."""
        return self.up.evidence(self.law.shrink)

    @cached_property
    def mean(self) -> Beliefs:
        """What is known of the root."""
        return self.up.belief_of_root(self.law.shrink)

    @cached_property
    def _down(self) -> tuple[list[Beliefs], list[Array]]:
        return pass_down(self.up, self.mean)

    @property
    def known(self) -> list[Beliefs]:
        """What is known of the nodes of every level."""
        return self._down[0]

    @property
    def squares(self) -> list[Array]:
        """The sums of ``E[v v'] (k, k)`` over a level's nodes."""
        weighed = zip(self.model.weights, self._down[1], strict=True)
        return [np.tensordot(counts, square, axes=1) for counts, square in weighed]

    @property
    def misfit(self) -> float:
        """The rows' squares around their tasks' coefficients in units of the noise, expected, less the number of rows."""
        tasks, known = self.model.tasks, self.known[-1]
        _, square = tasks.moments.residual(known.mean)
        expected = square + trace_of_products(tasks.moments.gram, known.covariance)
        return float(tasks.counts @ (expected / self.law.own_noise - tasks.moments.n_rows))
