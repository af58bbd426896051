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
from skmeta._inference.messages import Beliefs, Messages
from skmeta._inference.moments import Moments
from skmeta._inference.nested import Before, NestedLaw, fit_nested, up
from skmeta._inference.structure import CovarianceShape, Structure
from skmeta._inference.tree import Tree, Upward, cavities, pass_down
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._nested_prior import NestedPrior, Nodes
from skmeta.linear_model._structured._places import OutputTasks, Places
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks, index_tasks

Array = NDArray[np.float64]

_SWEEPS = 5  # speed: of EM between searches for the levels' scales


@dataclass(frozen=True, eq=False)
class NestedTasks:
    """The tree of tasks whose ids are paths: names of the levels, outermost first, and the node above every node.

    ``inner`` are the ids of the nodes of every level but the last; those that a ``past`` knows come first, in its order.
    """

    ids: NDArray[Any]
    levels: tuple[str, ...]
    parents: tuple[NDArray[np.intp], ...]
    inner: tuple[NDArray[Any], ...]
    past: NestedPrior | None = None

    @classmethod
    def of(cls, tasks: Tasks, past: GaussianPrior | None = None) -> NestedTasks:
        """The tree of some tasks, each of which is a node of its own."""
        levels, known = tuple(tasks.levels), checked_past(past, tuple(tasks.levels))
        above, parents, inner = np.zeros(len(tasks), dtype=np.intp), [], []
        for depth, values in enumerate(list(tasks.levels.values())[:-1]):
            nodes = None if known is None else known.nodes[depth]
            ids, parent, above = numbered(values, above, nodes)
            inner.append(ids)
            parents.append(parent)
        return cls(tasks.ids, levels, (*parents, above), tuple(inner), known)

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> NestedOutput:
        """What is learned of one output, see `Among.output`."""
        tasks, past = of.tasks, None if self.past is None else self._before(of)
        tree = Tree(self.parents, tasks.counts, None if self.past is None else self._said_before(of))
        if before is None:
            law = _fitted(learning, of, tree, noise, past)
        else:
            law = fit_nested(tasks, tree, before.law, n_iter=_SWEEPS, tol=np.inf, noise=noise, past=past)
        messages = up(tasks, tree, law)
        root = messages.belief_of_root(law.shrink)
        known = pass_down(messages, root)[0]
        return NestedOutput(tasks, law, messages, root, known, cavities(messages, law.shrink), past)

    def _before(self, of: OutputTasks) -> Before:
        assert self.past is not None
        past, covariance = self.past, self.past.covariances[self.levels[-1]]
        covariance = of.units.covariance_to_engine(covariance if past.one_target else covariance[of.k])
        noise = past.noise_of(of.k) / of.units.target_scale**2
        dof = float(np.broadcast_to(past.noise_dof, (past.n_outputs,))[of.k])
        return Before(covariance, noise, dof, max(past.n_tasks, 1.0), max(past.n_rows, 1.0))

    def _said_before(self, of: OutputTasks) -> Messages:
        """What earlier tasks said of the nodes above the tasks, in units of the engine; of new nodes nothing."""
        assert self.past is not None
        nodes, p = self.past.nodes[-1], self.past.n_features + 1
        assert nodes.precision is not None and nodes.pull is not None
        precision, pull = (each if self.past.one_target else each[of.k] for each in (nodes.precision, nodes.pull))
        new = len(self.inner[-1]) - len(pull)
        told = Messages(precision, pull, np.zeros(len(pull))).moved(*of.units.affine_to_data)
        nothing = Messages(np.zeros((new, p, p)), np.zeros((new, p)), np.zeros(new))
        return told.followed_by(nothing)

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
        found: dict[str, list[Array]] = {"mean": [], "mean_covariance": []}
        for units, output in zip(collection.units, outputs, strict=True):
            known = output.nodes[depth]
            found["mean"].append(units.to_data(known.mean))
            found["mean_covariance"].append(np.stack([units.covariance_to_data(each) for each in known.covariance]))
            if depth == len(self.inner) - 1:
                told = output.messages.deviations[depth].messages.moved(*units.affine_to_engine)
                found.setdefault("precision", []).append(told.precision)
                found.setdefault("pull", []).append(told.pull)
        of_outputs = {name: collection.of_outputs(each) for name, each in found.items()}
        return Nodes(self.inner[depth], self.parents[depth], **of_outputs)


def checked_past(past: GaussianPrior | None, levels: tuple[str, ...]) -> NestedPrior | None:
    """A past of the same levels; ValueError for another."""
    if past is None:
        return None
    found = getattr(past, "levels", ())
    if found != levels:
        raise ValueError(
            f"prior: wanted one that was learned with task={list(levels)}, found "
            f"{f'task={list(found)}' if found else repr(past)}; learn it anew, or leave prior out."
        )
    return past  # type: ignore[return-value]


def numbered(
    values: NDArray[Any], above: NDArray[np.intp], known: Nodes | None
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[np.intp]]:
    """Ids and parents of the nodes of a level, those ``known`` first, and the node of every task.

    ``values`` are the tasks' ids at this level, ``above`` their nodes in the level above.
    """
    pairs, first, node = np.unique(
        np.column_stack([above, index_tasks(values).codes]), axis=0, return_index=True, return_inverse=True
    )
    ids, parent = values[first], pairs[:, 0].astype(np.intp)
    if known is None:
        return ids, parent, node.ravel().astype(np.intp)
    place, n_known = np.empty(len(ids), dtype=np.intp), len(known.ids)
    for i, (name, own) in enumerate(zip(ids.tolist(), parent.tolist(), strict=True)):
        found = known.position(name, own)
        place[i] = -1 if found is None else found
    new = np.flatnonzero(place < 0)
    place[new] = n_known + np.arange(len(new))
    return np.concatenate([known.ids, ids[new]]), np.r_[known.parent, parent[new]], place[node.ravel()]


@dataclass(frozen=True, eq=False)
class NestedOutput:
    """What was learned of one output: its law, what is known of the root and of the ``nodes`` of every level."""

    tasks: InColumns
    law: NestedLaw
    messages: Upward
    root: Beliefs
    nodes: list[Beliefs]
    others: Beliefs
    past: Before | None

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.nodes[-1].mean

    @property
    def places(self) -> Places:
        """What the others say of each task."""
        law = self.law
        return Places(self.others, law.covariances[-1], law.noise, law.noise_dof)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        counts, n_rows, past = self.tasks.counts, self.tasks.n_rows, self.past
        return CoefficientLaw(
            self.root.mean[0],
            np.sum(self.law.covariances, axis=0),
            np.float64(self.law.noise),
            np.float64(self.law.noise_dof),
            counts.sum() + (past.n_tasks if past else 0.0),
            (counts * n_rows).sum() + (past.n_rows if past else 0.0),
            self.root.covariance[0],
        )


def _fitted(learning: LawLearning, of: OutputTasks, tree: Tree, noise: str, past: Before | None) -> NestedLaw:
    """A law without constraint first; of its scatters the levels' shapes are chosen; then the law of these shapes.

    Of a past, the tasks' covariance has the shape already.
    """
    tasks, n_levels, law = of.tasks, tree.n_levels, opened(of.flat.law, of.tasks)
    own, even = np.full(tasks.n_tasks, float(law.noise)), (law.covariance / n_levels,) * n_levels
    start = NestedLaw(even, float(law.noise), float(law.noise_dof), own, float(law.mean_variance))
    shapes = [learning.free(tasks.width, tree.n_nodes(level)) for level in range(n_levels)]
    options: dict[str, Any] = {"tol": learning.learner.tol * tasks.n_tasks, "noise": noise, "n_iter": _SWEEPS}
    start = fit_nested(tasks, tree, replace(start, shapes=tuple(shapes)), past=past, **options)
    messages = up(tasks, tree, start)
    shapes = [_shape(learning, tasks, messages, start, level) for level in range(n_levels)]
    shapes[-1] = shapes[-1] if past is None else Structure("full", None, strength=0.0)
    return fit_nested(tasks, tree, replace(start, shapes=tuple(shapes), uniques=()), past=past, **options)


def _shape(learning: LawLearning, tasks: InColumns, messages: Upward, law: NestedLaw, level: int) -> CovarianceShape:
    """The shape of one level's covariance, by the evidence of its nodes that are held out: nodes as tasks of noise one."""
    tree, told = messages.tree, messages.deviations[level].messages
    root = messages.belief_of_root(law.shrink)
    above = root if level == 0 else pass_down(messages, root)[0][level - 1]
    n_rows = tree.rows_below(level, tasks.n_rows)
    nodes = _as_tasks(told, above.mean[tree.parents[level]], n_rows)
    counts = tree.weights(level)
    start = CoefficientLaw(np.zeros(tasks.width), law.covariances[level], np.float64(1.0), np.float64(np.inf))
    return learning.choice(InColumns(nodes, counts), start=start, noise="known").structure


def _as_tasks(told: Messages, mean: Array, n_rows: Array) -> Moments:
    """Messages about nodes as the statistics of tasks around a mean, of noise one."""
    nothing = np.zeros((len(n_rows), mean.shape[1] - 1))
    moments = Moments(told.precision, told.pull, told.constant, n_rows, nothing)
    score, square = moments.residual(mean)
    return replace(moments, cross=score, square=square)
