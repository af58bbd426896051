"""Maps from what describes a task to its coefficients, learned of one output: a linear one, and any regressor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.described import DescribedLaw, DescribedTree
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LawT
from skmeta._inference.linalg import symmetrize
from skmeta._inference.messages import Beliefs
from skmeta.base._matching import weights_if_taken
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._nested_learning import NestedOutput, NestedTasks, in_best_shapes, learned_output
from skmeta.linear_model._structured._places import OutputTasks, Places
from skmeta.linear_model._structured._state import blocks_of

Array = NDArray[np.float64]

_FOLDS = 5  # of nodes of the first level, whose tasks a regressor is asked about and has not seen


@dataclass(frozen=True, eq=False)
class LinearMap:
    """A linear map, with all else that was learned of the tasks."""

    output: NestedOutput[DescribedLaw]
    spread: Array

    @classmethod
    def learned(
        cls, learning: LawLearning, of: OutputTasks, tree: DescribedTree, start: DescribedLaw, noise: str
    ) -> LinearMap:
        """The map and the law around it, in the shapes that a law has at the ``start``."""
        output = learned_output(learning, of, tree, noise, start, settle=True)
        return cls(output, second_moment(tree.z, tree.counts))

    def reshaped(self, learning: LawLearning, of: OutputTasks, noise: str) -> LinearMap:
        """The same with shapes chosen of what the map leaves."""
        return replace(self, output=reshaped(learning, of, self.output, noise))

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.output.coefficients

    @property
    def places(self) -> Places:
        """What the others say of each task."""
        return self.output.places

    @property
    def evidence(self) -> Array:
        """How probable each node of the first level is, by what the others say of it."""
        return self.output.evidence_of_nodes

    @property
    def fitted(self) -> float:
        """Nats by which held-out tasks look more probable than they are, as the effects' variances were fitted to them too.

        A variance that is zero is on its boundary, and gains by chance in one case of two: half a nat each (Self and Liang,
        1987, JASA 82, case 5; Akaike, 1974).
        """
        return 0.5 * len(np.unique(self.output.law.groups))

    @property
    def effects(self) -> Array:
        """Expected effects ``(q, p)`` of the columns of descriptors."""
        return blocks_of(self.output.passed.mean.mean[0], self.output.tasks.width)[1:]

    @property
    def explained(self) -> Array:
        """Covariance ``(p, p)`` of the tasks' means, which the descriptors explain."""
        return symmetrize(self.effects.T @ self.spread @ self.effects)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        law, p = self.output.law_of_root, self.output.tasks.width
        assert law.mean_covariance is not None
        covariance = law.covariance[:p, :p] + self.explained
        return replace(law, mean=law.mean[:p], covariance=covariance, mean_covariance=law.mean_covariance[:p, :p])


@dataclass(frozen=True, eq=False)
class FittedMap:
    """A regressor, with all else that was learned of the tasks once its predictions are taken off.

    ``shift (n_tasks, p)`` are its predictions of tasks that it has not seen; ``model`` has seen all.
    """

    of: OutputTasks
    output: NestedOutput
    shift: Array
    model: Any

    @classmethod
    def learned(
        cls,
        learning: LawLearning,
        of: OutputTasks,
        nested: NestedTasks,
        z: Array,
        model: Any,
        plain: NestedOutput,
        noise: str,
    ) -> FittedMap:
        """The map and the law around it, in the shapes of ``plain``, what was learned without descriptors.

        The regressor's targets are the coefficients that ``plain`` expects of the tasks by their rows: less noisy than a task's
        own fit, which few rows do not have.
        """
        fold, counts = folds_of_nodes(of.tasks, nested.nodes_of_tasks), of.tasks.counts
        target = plain.coefficients - plain.passed.mean.mean
        shift = np.empty_like(target)
        for own in (fold == each for each in np.unique(fold)):
            model_of_others = fitted(model, z[~own], target[~own], counts[~own])
            shift[own] = np.reshape(model_of_others.predict(z[own]), (own.sum(), -1))
        some = replace(of, tasks=shifted(of.tasks, shift))
        found = learned_output(learning, some, nested.tree(counts), noise, plain.law, settle=True)
        return cls(of, found, shift, FrozenEstimator(fitted(model, z, target, counts)))

    def reshaped(self, learning: LawLearning, of: OutputTasks, noise: str) -> FittedMap:
        """The same with shapes chosen of what the map leaves."""
        return replace(self, output=reshaped(learning, replace(of, tasks=self.output.tasks), self.output, noise))

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.output.coefficients + self.shift

    @property
    def places(self) -> Places:
        """What the others say of each task."""
        places = self.output.places
        others = Beliefs(places.others.mean + self.shift, places.others.covariance)
        return replace(places, others=others)

    @property
    def evidence(self) -> Array:
        """How probable each node of the first level is, by what the others say of it."""
        return self.output.evidence_of_nodes

    @property
    def fitted(self) -> float:
        """Nats by which held-out tasks look more probable than they are: the regressor has not seen them."""
        return 0.0

    @property
    def mean_shift(self) -> Array:
        """The regressor's mean prediction ``(p,)``."""
        return np.average(self.shift, axis=0, weights=self.of.tasks.counts)

    @property
    def explained(self) -> Array:
        """Covariance ``(p, p)`` of the regressor's predictions."""
        return second_moment(self.shift - self.mean_shift, self.of.tasks.counts)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        law = self.output.law_of_root
        return replace(law, mean=law.mean + self.mean_shift, covariance=law.covariance + self.explained)


def reshaped(learning: LawLearning, of: OutputTasks, output: NestedOutput[LawT], noise: str) -> NestedOutput[LawT]:
    """What was learned, once more in the shapes that are best now."""
    start = in_best_shapes(learning, output.passed)
    return learned_output(learning, of, output.passed.model.tree, noise, start, settle=True)


def second_moment(values: Array, counts: Array) -> Array:
    """The mean ``(k, k)`` of ``v v'`` of tasks' ``values (n_tasks, k)``, which count ``counts (n_tasks,)`` times."""
    return (values * counts[:, None]).T @ values / counts.sum()


def shifted(tasks: InColumns, shift: Array) -> InColumns:
    """The tasks with targets less what coefficients ``shift (n_tasks, p)`` make of their rows."""
    score, square = tasks.moments.residual(shift)
    return InColumns(replace(tasks.moments, cross=score, square=np.maximum(square, 0.0)), tasks.counts)


def folds_of_nodes(tasks: InColumns, node: NDArray[np.intp]) -> NDArray[np.intp]:
    """The fold of each task, a node's tasks being in one: dealt out in order of the targets' mean square."""
    square, n_rows = (np.bincount(node, values) for values in (tasks.square, tasks.n_rows))
    order = np.argsort(np.argsort(square / np.maximum(n_rows, 1.0), kind="stable"))
    return (order % min(_FOLDS, len(order)))[node]


def fitted(model: Any, z: Array, target: Array, counts: Array) -> Any:
    """A clone fitted to targets of tasks, which count ``counts (n,)`` times where it takes weights.

    One that takes a single target is fitted to each coefficient. Tags do not tell: those of networks deny what they can do.
    """
    weights = {} if np.all(counts == 1.0) else weights_if_taken(model, counts)
    try:
        return clone(model).fit(z, target, **weights)
    except ValueError:
        if get_tags(model).target_tags.multi_output:
            raise
        return MultiOutputRegressor(clone(model)).fit(z, target, **weights)
