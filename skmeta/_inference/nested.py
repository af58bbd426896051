"""Tasks in a tree, or in chains, as a model of levels: what a pass up and down tells of their covariances and the noises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from skmeta._inference.gaussian_em import NOISE_FLOOR
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LawT, LevelsLaw
from skmeta._inference.linalg import cholesky_root, diagonal
from skmeta._inference.messages import Beliefs, of_rows, trace_of_products
from skmeta._inference.noise import Residuals, noise_step, pooled_dof, squeeze_noise
from skmeta._inference.tree import Downward

Array = NDArray[Any]
SweptT = TypeVar("SweptT", bound=LevelsLaw)


@dataclass(frozen=True, eq=False)
class Before:
    """The ``covariance (p, p)`` of deviations and the noise of ``n_tasks`` earlier tasks, of ``n_rows`` together."""

    covariance: np.ndarray
    noise: float
    noise_dof: float
    n_tasks: float
    n_rows: float

    def square(self, root: Array) -> Array:
        """Their sum of squares ``(k, k)`` in the coordinates of a root ``(p, k)`` of how tasks deviate.

        The root is a triangle where it is not zero. The square is made of a factor, so that it is none of less than nothing:
        in directions that hardly vary, what the earlier tasks told is all that keeps a law from being singular.
        """
        vary = np.flatnonzero(root.any(axis=1))
        triangle, known = root[vary], self.covariance[np.ix_(vary, vary)]
        if not len(vary):
            return np.zeros((0, 0))
        half = solve_triangular(triangle, cholesky_root(known), lower=True)
        return np.asarray(self.n_tasks * half @ half.T)

    def with_noise(self, noise: Array, dof: Array, n_rows: float, n_tasks: float) -> tuple[Array, Array]:
        """The noises' law of both, each counting by its rows and by its tasks."""
        logs = (n_rows * np.log(noise) + self.n_rows * np.log(self.noise)) / (n_rows + self.n_rows)
        return np.exp(logs), pooled_dof(dof, n_tasks, self.noise_dof, self.n_tasks)

    def log_density(self, root: Array, noise: float) -> float:
        r"""Of the earlier tasks' deviations and noises, known by their scatter.

        .. math:: -\tfrac{T}{2} (\log |S| + \mathrm{tr}\, S^{-1} S_0) - \tfrac{n}{2} (\log \sigma^2 + \sigma_0^2 / \sigma^2)
        """
        logdet = 2.0 * np.log(diagonal(root[root.any(axis=1)])).sum()
        spread = np.trace(self.square(root)) + self.n_tasks * logdet
        return -0.5 * float(spread + self.n_rows * (np.log(noise) + self.noise / noise))


@dataclass(frozen=True, eq=False)
class NestedModel:
    """The ``tasks`` of one output, their `tree.Tree` or `drift.Chains`, and the law of a ``past``.

    The tree holds the past's messages about nodes.
    """

    tasks: InColumns
    tree: Any
    past: Before | None = None

    @property
    def weights(self) -> list[Array]:
        """How often the nodes of each level count."""
        found = [self.tree.weights(level) for level in range(self.tree.n_levels)]
        return [np.ones(self.tree.n_nodes(k)) if counts is None else counts for k, counts in enumerate(found)]

    @property
    def counts(self) -> list[float]:
        """How many nodes there are of each level."""
        found = [float(weights.sum()) for weights in self.weights]
        return found if self.past is None else [*found[:-1], found[-1] + self.past.n_tasks]

    @property
    def n_rows(self) -> float:
        """How many rows there are."""
        return float(self.tasks.counts @ self.tasks.n_rows) + (0.0 if self.past is None else self.past.n_rows)

    @property
    def informed(self) -> NDArray[np.bool_]:
        """Which of the root's coefficients any row informs about."""
        found: NDArray[np.bool_] = diagonal(self.tasks.pooled().gram) > 0.0
        return found

    def passed(self, law: LawT) -> NestedPass[LawT]:
        """A pass under a law, see `levels.Model`."""
        return NestedPass(self, law, self.tree.passed_up(of_rows(self.tasks.moments, law.own_noise), law))


@dataclass(frozen=True, eq=False)
class NestedPass(Generic[LawT]):
    """A pass ``up`` the tree of a model under a law, and down again where that is asked for (`levels.Passed`)."""

    model: NestedModel
    law: LawT
    up: Any

    @property
    def evidence(self) -> float:
        """``log p(y)`` of all tasks, and of the past's."""
        found, past = self.up.evidence(self.law.shrink), self.model.past
        return found if past is None else found + past.log_density(self.law.roots[-1], self.law.noise)

    @cached_property
    def mean(self) -> Beliefs:
        """What is known of the root."""
        return self.up.belief_of_root(self.law.shrink)

    @cached_property
    def _down(self) -> Downward:
        found: Downward = self.up.down(self.mean)
        return found

    @property
    def known(self) -> list[Beliefs]:
        """What is known of the nodes of every level."""
        return self._down.known

    @property
    def squares(self) -> list[Array]:
        """The sums of ``E[v v'] (k, k)`` over a level's nodes."""
        weighed = zip(self.model.weights, self._down.squares, strict=True)
        found, past = [np.tensordot(counts, square, axes=1) for counts, square in weighed], self.model.past
        return found if past is None else [*found[:-1], found[-1] + past.square(self.law.roots[-1])]

    @property
    def own_slopes(self) -> Array:
        """How the evidence moves with the own numbers of a structure's law, the covariances being fixed."""
        return self._down.own_slopes

    @property
    def misfit(self) -> float:
        """The rows' squares around their tasks' coefficients in units of the noise, expected, less the number of rows."""
        tasks, known = self.model.tasks, self.known[-1]
        _, square = tasks.moments.residual(known.mean)
        expected = square + trace_of_products(tasks.moments.gram, known.covariance)
        found, past = float(tasks.counts @ (expected / self.law.own_noise - tasks.moments.n_rows)), self.model.past
        return found if past is None else found + past.n_rows * (past.noise / self.law.noise - 1.0)

    def with_noise(self, law: SweptT, *, shared: bool) -> SweptT:
        """The noises by the tasks' residuals at their posterior means, over the degrees of freedom that these leave."""
        tasks, past, known = self.model.tasks, self.model.past, self.known[-1]
        moments, counts = tasks.moments, tasks.counts
        _, square = moments.residual(known.mean)
        spent = trace_of_products(moments.gram, known.covariance) / law.own_noise
        dof = np.maximum(moments.n_rows - spent, NOISE_FLOOR)
        variance = np.maximum(square / dof, NOISE_FLOOR)
        n_rows = (counts * moments.n_rows).sum()
        residuals = Residuals(variance, dof, counts)
        common, noise_dof = noise_step(residuals, np.ones(()), n_rows, np.asarray(law.noise), shared=shared)
        common = np.maximum(common, NOISE_FLOOR)
        if past is not None:
            common, noise_dof = past.with_noise(common, noise_dof, n_rows, counts.sum())
        own = squeeze_noise(variance, dof, common, noise_dof)
        return replace(law, noise=float(common), noise_dof=float(noise_dof), own_noise=own)
