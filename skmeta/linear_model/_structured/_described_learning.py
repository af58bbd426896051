"""Learning from described tasks: whether their descriptors tell anything, and the law around what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.contextual import FEWEST_TASKS
from skmeta._inference.described import DescribedLaw, DescribedTree
from skmeta._inference.levels import LevelsLaw
from skmeta._inference.linalg import diagonal
from skmeta._inference.messages import Messages
from skmeta._inference.selection import clearly_positive
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._described_maps import FittedMap, LinearMap, second_moment
from skmeta.linear_model._structured._described_output import DescribedOutput, explained_shares
from skmeta.linear_model._structured._described_prior import DescribedPrior, ModelMap
from skmeta.linear_model._structured._describer import Describer
from skmeta.linear_model._structured._nested_learning import (
    NestedOutput,
    NestedTasks,
    even_law,
    flat_law,
    law_before,
    learned_output,
    output_under,
)
from skmeta.linear_model._structured._places import OutputTasks
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.linear_model._structured._state import StateUnits, padded
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DescribedTasks:
    """Tasks of descriptors ``z (n_tasks, q)`` in a tree, which may be flat; ``model`` is the map, None the linear one.

    A ``past`` has said whether the descriptors are taken.
    """

    in_words: ClassVar[str] = "described tasks"
    without: ClassVar[str] = "leave context out and drop its columns"
    never_wide: ClassVar[str] = "context"
    nested: NestedTasks
    describer: Describer
    z: Array
    counts: Array
    model: Any = None
    past: DescribedPrior | None = None

    @classmethod
    def of(cls, tasks: Tasks, past: GaussianPrior | None, model: Any) -> DescribedTasks:
        """What is known of some tasks beside their rows."""
        counts = tasks.task_weights
        known = checked_past(past, tasks.context, model)
        describer = Describer.of(tasks.context, counts) if known is None else known.describer
        assert describer is not None
        z, _ = describer.encoded(tasks.context, len(tasks))
        in_levels = len(tasks.levels) > 1 or isinstance(getattr(known, "inner", None), StructuredPrior)
        nested = NestedTasks.of(tasks, known.inner if known is not None and in_levels else None)
        return cls(nested, describer, z, counts, model, known)

    @property
    def ids(self) -> NDArray[Any]:
        """Names of the tasks."""
        return self.nested.ids

    @property
    def spread(self) -> Array:
        """The mean of ``z z'``, earlier tasks among them."""
        own, n_tasks, past = second_moment(self.z, self.counts), self.counts.sum(), self.past
        if past is None or past.spread is None:
            return own
        return (n_tasks * own + past.n_tasks * past.spread) / (n_tasks + past.n_tasks)

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> DescribedOutput:
        """What is learned of one output, see `Among.output`."""
        if self.past is not None and self.past.taken:
            return self._learned_on(self.past, learning, of, before, noise)
        flat, counts = (None, np.ones(self.nested.n_first)) if self.nested.inner else (of.flat.law, of.tasks.counts)
        asked = self.past is None and self.z.shape[1] > 0 and self.nested.n_first >= FEWEST_TASKS
        if not asked and flat is not None:  # the law there is stays: nothing is compared with it
            plain = output_under(of, self.nested.tree(counts), flat_law(of))
            return DescribedOutput(plain, None, flat, counts, np.zeros(len(counts)), decided=False)
        plain = self._plain(learning, of, before, noise)
        if not asked:
            return DescribedOutput(plain, None, flat, counts, np.zeros(len(counts)), decided=False)
        described = self._map(learning, of, plain, before, noise)
        gain = described.evidence - plain.evidence_of_nodes - described.fitted / len(counts)
        found = DescribedOutput(plain, described, flat, counts, gain)
        if before is None and found.taken:
            return replace(found, described=described.reshaped(learning, of, noise))
        return found

    def _plain(self, learning: LawLearning, of: OutputTasks, before: Any, noise: str) -> NestedOutput:
        """What is learned without descriptors; of tasks in no levels there is a law already."""
        if before is not None or self.nested.inner:
            return self.nested.output(learning, of, None if before is None else before.plain, noise=noise)
        return learned_output(learning, of, self.nested.tree(of.tasks.counts), noise, flat_law(of), settle=True)

    def _map(
        self, learning: LawLearning, of: OutputTasks, plain: NestedOutput, before: Any, noise: str
    ) -> LinearMap | FittedMap:
        """The map of one output, the law around it in the shapes that it had ``before``, or has without descriptors."""
        if self.model is not None:
            return FittedMap.learned(learning, of, self.nested, self.z, self.model, plain, noise)
        law = self._first_law(of, plain.law) if before is None else before.described.output.law
        return LinearMap.learned(learning, of, self._tree(of.tasks.counts), law, noise)

    def _first_law(self, of: OutputTasks, law: LevelsLaw) -> DescribedLaw:
        """Before anything is known of them, effects are as large as what tasks deviate by, dealt out evenly."""
        groups = self.describer.owner
        each = float(diagonal(of.flat.law.covariance).mean()) / len(groups)
        return DescribedLaw.of(law, (each,) * len(groups), groups)

    def _tree(self, counts: Array, said: Messages | None = None) -> DescribedTree:
        design = np.c_[np.ones(len(self.z)), self.z]
        return DescribedTree(self.nested.parents, counts, said, design=design)

    def _learned_on(
        self, past: DescribedPrior, learning: LawLearning, of: OutputTasks, before: Any, noise: str
    ) -> DescribedOutput:
        """The past's map and law with what these tasks add."""
        units: Any = StateUnits(of.units, self.z.shape[1] + 1)
        in_state = replace(of, units=units)
        if self.nested.past is not None:
            past_law, said = self.nested.before(in_state), self.nested.said_before(in_state)
        else:
            past_law = law_before(past, past.inner_covariance(of.k), in_state)
            said = past.said(of.k).moved(*units.affine_to_data)
        tree = self._tree(of.tasks.counts, said)
        if before is None:
            effects = past.variances_of_effects(of.k), self.describer.owner
            start = DescribedLaw.of(even_law(of, tree.n_levels), *effects)
        else:
            start = before.described.output.law
        output = learned_output(learning, of, tree, noise, start, past_law)
        counts = np.ones(self.nested.n_first)
        return DescribedOutput(output, LinearMap(output, self.spread), None, counts, counts, decided=True)

    def settled(self, outputs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """All outputs take the descriptors, or none: as held-out tasks, or nodes of the first level, say of all together."""
        if outputs[0].decided is not None:
            return self, outputs
        taken = clearly_positive(np.sum([each.gain for each in outputs], axis=0), outputs[0].counts)
        return self, [replace(each, decided=bool(taken)) for each in outputs]

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs, see `Among.prior`."""
        taken = outputs[0].taken
        known: dict[str, Any] = {"describer": self.describer, "taken": taken, "spread": self.spread}
        if taken:
            known |= explained_shares(self.describer, [each.described for each in outputs])
            make = self._around_linear if self.model is None else self._around_model
            known |= make(plain, collection, [each.described for each in outputs])
        else:
            known["inner"] = self._inner(plain, collection, [each.plain for each in outputs])
        return DescribedPrior.beyond(plain, **known)

    def _inner(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[NestedOutput]) -> GaussianPrior:
        return self.nested.prior(plain, collection, outputs) if self.nested.inner else plain

    def _around_linear(self, plain: GaussianPrior, collection: Collection, maps: Sequence[LinearMap]) -> dict[str, Any]:
        units: Any = [StateUnits(each, self.z.shape[1] + 1) for each in collection.units]
        of_outputs, found = collection.of_outputs, [each.output for each in maps]
        law, messages = [each.law_of_root for each in found], [each.passed.up.root for each in found]
        moved = [each.moved(*own.affine_to_engine) for each, own in zip(messages, units, strict=True)]
        size = found[0].passed.mean.mean.shape[1]
        pairs = list(zip(units, law, strict=True))
        state = GaussianPrior(
            mean=of_outputs([own.to_data(each.mean) for own, each in pairs]),
            covariance=of_outputs([own.covariance_to_data(padded(each.covariance, size)) for own, each in pairs]),
            mean_covariance=of_outputs([own.covariance_to_data(each.mean_covariance) for own, each in pairs]),
            noise=plain.noise,
            noise_dof=plain.noise_dof,
            n_tasks=plain.n_tasks,
            n_rows=plain.n_rows,
        )
        return {
            "inner": self._inner(state, replace(collection, units=units), found),
            "precision": of_outputs([each.precision[0] for each in moved]),
            "pull": of_outputs([each.pull[0] for each in moved]),
            "effect_variance": of_outputs([np.array(each.law.effects) for each in found]),
        }

    def _around_model(self, plain: GaussianPrior, collection: Collection, maps: Sequence[FittedMap]) -> dict[str, Any]:
        of_outputs, pairs = collection.of_outputs, list(zip(collection.units, maps, strict=True))
        mean = of_outputs([own.affine_to_data[0] @ each.mean_shift for own, each in pairs])
        covariance = of_outputs([own.covariance_to_data(each.explained) for own, each in pairs])
        to_data = of_outputs([own.affine_to_data[0].T for own in collection.units])
        inner = plain.plain() if isinstance(plain, StructuredPrior) else plain
        inner = inner._with(mean=plain.mean - mean, covariance=plain.covariance - covariance)
        found = [each.output for each in maps]
        models = ModelMap(tuple(each.model for each in maps), to_data, mean, covariance, type(self.model).__name__)
        return {"inner": self._inner(inner, collection, found), "model_map": models}


def checked_past(past: GaussianPrior | None, context: Mapping[str, Any], model: Any) -> DescribedPrior | None:
    """A past of the same descriptors, whose map can be learned on from; ValueError for another."""
    if past is None:
        return None
    names = getattr(getattr(past, "describer", None), "names", np.empty(0)).tolist()
    if sorted(names) != sorted(context):
        raise ValueError(
            f"prior: wanted one that was learned with context={list(context)}, found "
            f"{f'context={names}' if names else repr(past)}; learn it anew, or leave prior out."
        )
    found: DescribedPrior = past  # type: ignore[assignment]
    if found.model_map is not None or (model is not None and found.taken):
        name = type(model).__name__ if found.model_map is None else found.model_map.name
        raise ValueError(
            f"prior: wanted a linear map to learn on from, found {name}, which is fitted anew to all tasks at once; fit "
            "without prior to the old tasks and the new, or learn with context_model=None from the first on."
        )
    return found
