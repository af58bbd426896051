"""Learning from nested tasks: the tree that ids make, the shape of each level's covariance, and the law of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.column_means import ColumnMeans, Expected, column_means
from skmeta._inference.contextual import without_effects
from skmeta._inference.gaussian_em import opened
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LawT, LevelsLaw, evidence_in_data, fit_levels
from skmeta._inference.messages import Beliefs, Messages, evidence_under
from skmeta._inference.nested import Before, NestedModel, NestedPass
from skmeta._inference.structure import CovarianceShape
from skmeta._inference.tree import Tree, cavities
from skmeta.linear_model._blas_threads import for_matrices_of
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._nested_prior import NestedPrior, Nodes
from skmeta.linear_model._structured._places import OutputTasks, Places
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.linear_model._structured._shapes import as_tasks
from skmeta.linear_model._structured._state import padded
from skmeta.tasks import Tasks, index_tasks

Array = NDArray[np.float64]

_SWEEPS = 5  # speed: of EM between searches for the levels' scales


@dataclass(frozen=True, eq=False)
class NestedTasks:
    """The tree of tasks whose ids are paths: names of the levels, outermost first, and the node above every node.

    ``inner`` are the ids of the nodes of every level but the last; those that a ``past`` knows come first, in its order.
    """

    in_words: ClassVar[str] = "nested tasks"
    without: ClassVar[str] = "give one task column and drop the others"
    never_wide: ClassVar[str] = ""
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

    @property
    def n_first(self) -> int:
        """Number of nodes of the first level."""
        return len(self.parents[0])

    @property
    def nodes_of_tasks(self) -> NDArray[np.intp]:
        """The node of the first level that each task is below, or is."""
        node = np.arange(len(self.parents[-1]))
        for parent in reversed(self.parents[1:]):
            node = parent[node]
        return node

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> NestedOutput:
        """What is learned of one output, see `Among.output`; contextual effects are those of tasks without a tree."""
        contextual = None if noise == "known" else of.flat.law.contextual
        past = None if self.past is None else self.before(of)
        tree = self.tree(of.tasks.counts, None if self.past is None else self.said_before(of))
        start: LevelsLaw = even_law(of, tree.n_levels) if before is None else before.law
        means = None if contextual is None else self.column_means(of, contextual)
        return learned_output(learning, of, tree, noise, start, past, contextual=contextual, means=means)

    def column_means(self, of: OutputTasks, effects: ContextualEffects) -> ColumnMeans:
        """What is known of columns' means among the tasks that count; of nodes that a past knows what it says."""
        n_rows = np.where(of.tasks.counts > 0.0, of.tasks.n_rows, 0.0)
        found = column_means(self.parents, of.tasks.context, n_rows, np.asarray(effects.variance_ratio))
        if self.past is None:
            return found
        return found.continued([self._before(nodes, of, effects) for nodes in self.past.nodes], self.parents[-1])

    def _before(self, nodes: Nodes, of: OutputTasks, effects: ContextualEffects) -> Expected:
        """What a past says of columns' means below its nodes, in units of the engine."""
        if nodes.centre is None or nodes.variance_ratio is None:
            _, ratio, centre = effects.as_tuple()
            return Expected(np.tile(centre, (len(nodes.ids), 1)), np.tile(ratio, (len(nodes.ids), 1)))
        return Expected((nodes.centre - of.units.centre) / of.units.scale, nodes.variance_ratio)

    def tree(self, counts: Array, said: Messages | None = None) -> Tree:
        """The tree of tasks that count ``counts (n_tasks,)`` times; ``said`` is what earlier ones said of the nodes above."""
        return Tree(self.parents, counts, said)

    def before(self, of: OutputTasks) -> Before:
        """The past's covariance of deviations and its noise, in units of the engine."""
        assert self.past is not None
        past, covariance = self.past, self.past.covariances[self.levels[-1]]
        return law_before(past, covariance if past.one_target else covariance[of.k], of)

    def said_before(self, of: OutputTasks) -> Messages:
        """What earlier tasks said of the nodes above the tasks, in units of the engine; of new nodes nothing."""
        assert self.past is not None
        nodes, p = self.past.nodes[-1], self.past.n_features + 1
        assert nodes.precision is not None and nodes.pull is not None
        precision, pull = (each if self.past.one_target else each[of.k] for each in (nodes.precision, nodes.pull))
        new = len(self.inner[-1]) - len(pull)
        told = Messages(precision, pull, np.zeros(len(pull))).moved(*of.units.affine_to_data)
        nothing = Messages(np.zeros((new, p, p)), np.zeros((new, p)), np.zeros(new))
        return told.followed_by(nothing)

    def settled(self, outputs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """It is what ids say, see `Among.settled`."""
        return self, outputs

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs, see `Among.prior`."""
        levels = [
            [units.covariance_to_data(each) for each in output.covariances]
            for units, output in zip(collection.units, outputs, strict=True)
        ]
        covariance = collection.of_outputs([np.stack(each) for each in levels])
        nodes = tuple(self._nodes(depth, collection, outputs) for depth in range(len(self.inner)))
        own: dict[str, Any] = {"levels": self.levels, "level_covariance": covariance, "nodes": nodes}
        return NestedPrior.beyond(plain, **own, one_task_each=self._one_task_each)

    @property
    def _one_task_each(self) -> bool:
        """Whether no node above the tasks has two, those of the past among them."""
        above = self.parents[-1]
        alone = len(np.unique(above)) == len(above)
        past = self.past
        return alone and (past is None or (past.one_task_each and bool(np.all(above >= len(past.nodes[-1].ids)))))

    def _nodes(self, depth: int, collection: Collection, outputs: Sequence[NestedOutput]) -> Nodes:
        found = in_data([output.nodes_of(depth) for output in outputs], collection)
        means = next((output.means for output in outputs if output.means is not None), None)
        if means is not None:
            units, known = collection.units[0], means.predictive[depth]
            found |= {"centre": units.centre + units.scale * known.expected, "variance_ratio": known.ratio}
        if depth == len(self.inner) - 1:
            pairs = zip(collection.units, outputs, strict=True)
            told = [out.passed.up.deviations[depth].messages.moved(*units.affine_to_engine) for units, out in pairs]
            found |= {
                name: collection.of_outputs([getattr(each, name) for each in told]) for name in ("precision", "pull")
            }
        return Nodes(self.inner[depth], self.parents[depth], **found)


def in_data(known: Sequence[Beliefs], collection: Collection) -> dict[str, Any]:
    """What is known of some nodes in every output, in units of the data: their ``mean`` and ``mean_covariance``."""
    pairs = list(zip(collection.units, known, strict=True))
    covariance = [np.stack([units.covariance_to_data(each) for each in own.covariance]) for units, own in pairs]
    mean = collection.of_outputs([units.to_data(own.mean) for units, own in pairs])
    return {"mean": mean, "mean_covariance": collection.of_outputs(covariance)}


def law_before(past: GaussianPrior, covariance: Array, of: OutputTasks) -> Before:
    """The past's ``covariance`` of deviations, given in units of the data, and its noise, in units of the engine."""
    covariance, width = of.units.covariance_to_engine(covariance), of.tasks.width
    noise = past.noise_of(of.k) / of.units.target_scale**2
    dof = float(np.broadcast_to(past.noise_dof, (past.n_outputs,))[of.k])
    return Before(covariance[:width, :width], noise, dof, max(past.n_tasks, 1.0), max(past.n_rows, 1.0))


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


def flat_law(of: OutputTasks) -> LevelsLaw:
    """The law without a structure as that of a tree of one level."""
    law, own = of.flat.law, np.full(of.tasks.n_tasks, float(of.flat.law.noise))
    shapes = (of.flat.choice.structure,)
    return LevelsLaw(
        (law.covariance,), float(law.noise), float(law.noise_dof), own, float(law.mean_variance), shapes=shapes
    )


def learned_output(
    learning: LawLearning,
    of: OutputTasks,
    tree: Tree,
    noise: str,
    start: LawT,
    past: Before | None = None,
    *,
    settle: bool = False,
    contextual: ContextualEffects | None = None,
    means: ColumnMeans | None = None,
) -> NestedOutput[LawT]:
    """What is learned of the tasks of one output in a tree, beginning at the law ``start``.

    One without shapes, such as `even_law`, gets them. Shapes that there are stay: one round is then enough, if it is of nearly
    the same tasks, unless it is to ``settle``. What ``contextual`` effects make of the tasks is taken off first; ``means`` is
    what is known of those of their columns.
    """
    model = NestedModel(less(of.tasks, contextual), tree, past)
    with for_matrices_of(len(start.shrink)):
        if not start.shapes:
            law = _fitted(learning, of, model, noise, start)
        else:
            tol = learning.learner.tol * of.tasks.n_tasks if settle else np.inf
            law = fit_levels(model, start, n_iter=_SWEEPS, tol=tol, noise=noise, max_iter=learning.learner.max_iter)
        passed = model.passed(law)
        others = cavities(passed.up, law.shrink)
    # Working responses are no targets, and effects of descriptors are held by what is learned of them.
    has_evidence = noise != "known" and past is None and len(law.shrink) == of.tasks.width
    evidence = evidence_in_data(model, law, passed.evidence, of.units) if has_evidence else None
    return NestedOutput(of.tasks, passed, others, contextual, evidence, means)


def output_under(of: OutputTasks, tree: Tree, law: LevelsLaw) -> NestedOutput:
    """What the tasks of one output in a tree tell under a law that is given."""
    passed = NestedModel(of.tasks, tree, None).passed(law)
    return NestedOutput(of.tasks, passed, cavities(passed.up, law.shrink), None, None)


@dataclass(frozen=True, eq=False)
class NestedOutput(Generic[LawT]):
    """What was learned of one output: what its tasks tell under its law, and what the others say of each of them."""

    tasks: InColumns
    passed: NestedPass[LawT]
    others: Beliefs
    effects: ContextualEffects | None
    evidence: float | None
    means: ColumnMeans | None = None

    @property
    def law(self) -> LawT:
        """How the nodes of each level deviate, and the noises' law."""
        return self.passed.law

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.passed.known[-1].mean

    @property
    def covariances(self) -> list[Array]:
        """How the nodes of every level vary, outermost first; of states, all of them."""
        size = self.passed.mean.mean.shape[1]
        return [padded(each, size) for each in self.law.covariances]

    @property
    def evidence_of_nodes(self) -> Array:
        """How probable each node of the first level is, by what the others say of it ``(n_nodes,)``."""
        return evidence_under(self.passed.up.passed[0], cavities(self.passed.up, self.law.shrink, 0))

    @property
    def places(self) -> Places:
        """What the others say of each task."""
        law, effects = self.law, None if self.means is None else self.effects_among(self.means.cavity)
        return Places(self.others, law.covariances[-1], law.noise, law.noise_dof, self.evidence, effects)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        model, law, root = self.passed.model, self.law, self.passed.mean
        return CoefficientLaw(
            root.mean[0],
            np.sum(law.covariances, axis=0),
            np.float64(law.noise),
            np.float64(law.noise_dof),
            model.counts[-1],
            model.n_rows,
            root.covariance[0],
            contextual=self.effects,
        )

    def nodes_of(self, depth: int) -> Beliefs:
        """What is known of the nodes of a level, of whose tasks no columns' means are known."""
        effects = self.effects if self.means is None else self.effects_among(self.means.predictive[depth])
        return with_effects(self.passed.known[depth], effects)

    def effects_among(self, known: Expected) -> ContextualEffects | None:
        """The contextual effects where that is known of columns' means."""
        if self.effects is None:
            return None
        return replace(self.effects, variance_ratio=known.ratio, centre=known.expected)


def with_effects(known: Beliefs, effects: ContextualEffects | None) -> Beliefs:
    """What is known of nodes, of whose tasks no columns' means are known."""
    return known if effects is None else Beliefs(known.mean + effects.without_rows, known.covariance)


def less(tasks: InColumns, effects: ContextualEffects | None) -> InColumns:
    """The tasks less what contextual effects, if there are any, make of them."""
    if effects is None:
        return tasks
    return InColumns(without_effects(tasks.moments, effects.coef), tasks.counts)


def even_law(of: OutputTasks, n_levels: int) -> LevelsLaw:
    """The law without a structure, with what tasks deviate by dealt out evenly to the levels."""
    law = opened(of.flat.law, of.tasks)
    own, even = np.full(of.tasks.n_tasks, float(law.noise)), (law.covariance / n_levels,) * n_levels
    return LevelsLaw(even, float(law.noise), float(law.noise_dof), own, float(law.mean_variance))


def _fitted(learning: LawLearning, of: OutputTasks, model: NestedModel, noise: str, start: LawT) -> LawT:
    """A law without constraint first; of its scatters the levels' shapes are chosen; then the law of these shapes.

    Of a past, the tasks' covariance has a shape already.
    """
    tasks, n_levels = model.tasks, model.tree.n_levels
    shapes = [learning.free(tasks.width, model.tree.n_nodes(level)) for level in range(n_levels)]
    options: dict[str, Any] = {"tol": learning.learner.tol * tasks.n_tasks, "noise": noise, "n_iter": _SWEEPS}
    options["max_iter"] = learning.learner.max_iter
    free = fit_levels(model, replace(start, shapes=tuple(shapes)), **options)
    found = in_best_shapes(learning, model.passed(free))
    if model.past is not None:
        found = replace(found, shapes=(*found.shapes[:-1], kept_shape(learning, tasks, model.past)))
    return fit_levels(model, found, **options)


def in_best_shapes(learning: LawLearning, passed: NestedPass[LawT]) -> LawT:
    """A law to start from whose levels have the shapes under which their nodes, held out, are most probable."""
    shapes = tuple(_shape(learning, passed, level) for level in range(passed.model.tree.n_levels))
    return replace(passed.law, shapes=shapes, uniques=())


def kept_shape(learning: LawLearning, tasks: InColumns, past: Before) -> CovarianceShape:
    """The shape of how tasks deviate, which a past has told."""
    law = CoefficientLaw(
        np.zeros(tasks.width),
        past.covariance,
        np.float64(past.noise),
        np.float64(past.noise_dof),
        np.float64(past.n_tasks),
        np.float64(past.n_rows),
    )
    return learning.kept(tasks, law)


def _shape(learning: LawLearning, passed: NestedPass, level: int) -> CovarianceShape:
    """The shape of one level's covariance, by the evidence of its nodes that are held out: nodes as tasks of noise one."""
    tasks, tree, law = passed.model.tasks, passed.model.tree, passed.law
    above = passed.mean if level == 0 else passed.known[level - 1]
    n_rows = tree.rows_below(level, tasks.n_rows)
    mean = tree.handed_down(level, above).mean
    nodes = as_tasks(passed.up.deviations[level].messages, mean, n_rows, tasks.width)
    counts = tree.weights(level)
    start = CoefficientLaw(np.zeros(tasks.width), law.covariances[level], np.float64(1.0), np.float64(np.inf))
    return learning.choice(InColumns(nodes, counts), start=start, noise="known").structure
