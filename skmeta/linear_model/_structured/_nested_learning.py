"""Learning from nested tasks: the tree that ids make, the shape of each level's covariance, and the law of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import opened
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LevelsLaw, fit_levels
from skmeta._inference.messages import Beliefs, Messages
from skmeta._inference.moments import Moments
from skmeta._inference.nested import NestedModel, NestedPass
from skmeta._inference.structure import Structure
from skmeta._inference.tree import Tree, cavities
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._structured._nested_prior import NestedPrior, Nodes
from skmeta.linear_model._structured._places import Places
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks, index_tasks

Array = NDArray[np.float64]

_SWEEPS = 5  # speed: of EM between searches for the levels' scales


@dataclass(frozen=True, eq=False)
class NestedTasks:
    """The tree of tasks whose ids are paths: names of the levels, outermost first, and the node above every node.

    ``inner`` are the ids of the nodes of every level but the last.
    """

    ids: NDArray[Any]
    levels: tuple[str, ...]
    parents: tuple[NDArray[np.intp], ...]
    inner: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, tasks: Tasks) -> NestedTasks:
        """The tree of some tasks, each of which is a node of its own."""
        above = np.zeros(len(tasks), dtype=np.intp)
        parents, inner = [], []
        for values in list(tasks.levels.values())[:-1]:
            own = index_tasks(values)
            pairs, first, node = np.unique(
                np.column_stack([above, own.codes]), axis=0, return_index=True, return_inverse=True
            )
            parents.append(pairs[:, 0].astype(np.intp))
            inner.append(values[first])
            above = node.ravel().astype(np.intp)
        return cls(tasks.ids, tuple(tasks.levels), (*parents, above), tuple(inner))

    def output(
        self, learning: LawLearning, tasks: InColumns, flat: LearnedLaw, before: Any = None, *, noise: str
    ) -> NestedOutput:
        """What is learned of one output, see `Among.output`."""
        model = NestedModel(tasks, Tree(self.parents, tasks.counts))
        law = _fitted(learning, model, flat, noise) if before is None else _refitted(model, before, noise)
        passed = model.passed(law)
        return NestedOutput(tasks, law, passed.mean, passed.known, cavities(passed.up, law.shrink))

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs, see `Among.prior`."""
        levels = [
            [units.covariance_to_data(each) for each in output.law.covariances]
            for units, output in zip(collection.units, outputs, strict=True)
        ]
        covariance = collection.of_outputs([np.stack(each) for each in levels])
        nodes = tuple(self._nodes(depth, collection, outputs) for depth in range(len(self.inner)))
        return NestedPrior.beyond(plain, levels=self.levels, level_covariance=covariance, nodes=nodes)

    def _nodes(self, depth: int, collection: Collection, outputs: Sequence[NestedOutput]) -> Nodes:
        mean, covariance = [], []
        for units, output in zip(collection.units, outputs, strict=True):
            known = output.nodes[depth]
            mean.append(units.to_data(known.mean))
            covariance.append(np.stack([units.covariance_to_data(each) for each in known.covariance]))
        of_outputs = collection.of_outputs
        return Nodes(self.inner[depth], self.parents[depth], of_outputs(mean), of_outputs(covariance))


@dataclass(frozen=True, eq=False)
class NestedOutput:
    """What was learned of one output: its law, what is known of the root and of the ``nodes`` of every level."""

    tasks: InColumns
    law: LevelsLaw
    root: Beliefs
    nodes: list[Beliefs]
    others: Beliefs

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.nodes[-1].mean

    @property
    def places(self) -> Places:
        """What the others say of each task."""
        law = self.law
        return Places(self.tasks, self.others, law.covariances[-1], law.noise, law.noise_dof)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        counts, n_rows = self.tasks.counts, self.tasks.n_rows
        return CoefficientLaw(
            self.root.mean[0],
            np.sum(self.law.covariances, axis=0),
            np.float64(self.law.noise),
            np.float64(self.law.noise_dof),
            counts.sum(),
            (counts * n_rows).sum(),
            self.root.covariance[0],
        )


def _fitted(learning: LawLearning, model: NestedModel, flat: LearnedLaw, noise: str) -> LevelsLaw:
    """A law without constraint first; of its scatters the levels' shapes are chosen; then the law of these shapes."""
    tasks, n_levels, law = model.tasks, model.tree.n_levels, opened(flat.law, model.tasks)
    own, even = np.full(tasks.n_tasks, float(law.noise)), (law.covariance / n_levels,) * n_levels
    start = LevelsLaw(even, float(law.noise), float(law.noise_dof), own, float(law.mean_variance))
    shapes = tuple(learning.free(tasks.width, model.tree.n_nodes(level)) for level in range(n_levels))
    options: dict[str, Any] = {"tol": learning.learner.tol * tasks.n_tasks, "noise": noise, "n_iter": _SWEEPS}
    start = fit_levels(model, replace(start, shapes=shapes), **options)
    passed = model.passed(start)
    shapes = tuple(_shape(learning, passed, level) for level in range(n_levels))
    return fit_levels(model, replace(start, shapes=shapes, uniques=()), **options)


def _refitted(model: NestedModel, before: NestedOutput, noise: str) -> LevelsLaw:
    """One round from where the tasks' working responses were a little different."""
    return fit_levels(model, before.law, n_iter=_SWEEPS, tol=np.inf, noise=noise)


def _shape(learning: LawLearning, passed: NestedPass, level: int) -> Structure:
    """The shape of one level's covariance, by the evidence of its nodes that are held out: nodes as tasks of noise one."""
    tasks, tree, law = passed.model.tasks, passed.model.tree, passed.law
    above = passed.mean if level == 0 else passed.known[level - 1]
    n_rows = tree.rows_below(level, tasks.n_rows)
    nodes = _as_tasks(passed.up.deviations[level].messages, above.mean[tree.parents[level]], n_rows)
    counts = tree.weights(level)
    start = CoefficientLaw(np.zeros(tasks.width), law.covariances[level], np.float64(1.0), np.float64(np.inf))
    return learning.choice(InColumns(nodes, counts), start=start, noise="known").structure


def _as_tasks(told: Messages, mean: Array, n_rows: Array) -> Moments:
    """Messages about nodes as the statistics of tasks around a mean, of noise one."""
    nothing = np.zeros((len(n_rows), mean.shape[1] - 1))
    moments = Moments(told.precision, told.pull, told.constant, n_rows, nothing)
    score, square = moments.residual(mean)
    return replace(moments, cross=score, square=square)
