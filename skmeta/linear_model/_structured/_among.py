"""Which structure there is among the tasks of a collection, and what a learner makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from skmeta.compose import MixturePrior
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._mixture import robust_mixture
from skmeta.linear_model._structured._mixture import structured_mixture
from skmeta.linear_model._structured._nested_learning import NestedTasks
from skmeta.linear_model._structured._places import LearnedPlaces, PlacedLaw
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks


class Among(Protocol):
    """A structure among tasks of some ``ids``: how it is learned, given the laws of tasks without any."""

    @property
    def ids(self) -> Any:
        """Names of the tasks."""

    def learn(
        self, learning: LawLearning, collection: Collection, found: Sequence[LearnedLaw]
    ) -> tuple[StructuredPrior, list[PlacedLaw]]:
        """The prior of all outputs, and what the others say of each task."""


def structure_among(tasks: Tasks) -> Among | None:
    """What is known of how tasks belong together; None where nothing is."""
    return NestedTasks.of(tasks) if len(tasks.levels) > 1 else None


def places_of(found: Sequence[Any], collection: Collection, among: Among | None) -> LearnedPlaces | None:
    """What the others say of each task that was learned from, where there is a structure."""
    if among is None:
        return None
    return LearnedPlaces.of([each.places for each in found], collection.units, among.ids, collection.of_outputs)


def mixture_of(learned: Any, weights: Mapping[str, float], explained: float) -> MixturePrior:
    """A learned prior among what stands beside it."""
    make = structured_mixture if isinstance(learned, StructuredPrior) else robust_mixture
    return make(learned, weights, explained)
