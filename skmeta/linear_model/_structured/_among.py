"""A structure among the tasks of a collection: which there is, and how it is learned of any kind of target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.in_columns import InColumns
from skmeta.compose import MixturePrior
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._laws import prior_of_laws
from skmeta.linear_model._mixture import robust_mixture
from skmeta.linear_model._structured._mixture import structured_mixture
from skmeta.linear_model._structured._nested_learning import NestedTasks
from skmeta.linear_model._structured._places import LearnedPlaces, OutputTasks, PlacedLaw, Places
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks

_EXPANSIONS = 20  # guard: of the likelihood around the tasks' modes, which settle in a few
_STILL = 1e-3  # guard: coefficients that move by less have settled


class Output(Protocol):
    """What is learned of one output under a structure."""

    @property
    def tasks(self) -> InColumns:
        """What it was learned from."""

    @property
    def coefficients(self) -> Any:
        """Posterior means ``(n_tasks, p)`` of the tasks' coefficients."""

    @property
    def places(self) -> Places:
        """What the others say of each task."""

    @property
    def law_of_root(self) -> CoefficientLaw:
        """The law of a task of which nothing is known."""


class Among(Protocol):
    """A structure among tasks of some ``ids``."""

    @property
    def ids(self) -> Any:
        """Names of the tasks."""

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> Any:
        """An `Output`; ``before`` is what was learned of nearly the same tasks, ``noise`` what is learned of that."""

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs; ``plain`` is that of a task of which nothing is known."""


def structure_among(tasks: Tasks, past: GaussianPrior | None) -> Among | None:
    """What is known of how tasks belong together; None where nothing is. What was known before has the same structure."""
    return NestedTasks.of(tasks, past) if len(tasks.levels) > 1 else None


def learn_among(
    among: Among, learning: LawLearning, collection: Collection, found: Sequence[LearnedLaw]
) -> tuple[StructuredPrior, list[PlacedLaw]]:
    """The prior of all outputs, and what the others say of each task; ``found`` are the laws without the structure."""
    if collection.likelihood.quadratic:
        tasks = [InColumns(each.moments, each.counts) for each in collection.tasks]
        noise = learning.learner.noise
        outputs = [among.output(learning, each, noise=noise) for each in _outputs(tasks, found, collection)]
    else:
        outputs = _by_working_responses(among, learning, collection, found)
    prior = among.prior(prior_of_laws([each.law_of_root for each in outputs], collection), collection, outputs)
    placed = [
        PlacedLaw(each.law_of_root, flat.choice, each.tasks, flat.rows, each.places)
        for each, flat in zip(outputs, found, strict=True)
    ]
    return prior, placed


def _by_working_responses(
    among: Among, learning: LawLearning, collection: Collection, found: Sequence[LearnedLaw]
) -> list[Any]:
    """Each expansion of the likelihood around the tasks' modes is learned from as squared errors of known noise.

    The posterior means under the structure are the next modes (Breslow and Clayton, 1993, JASA 88, section 2).
    """
    rows = found[0].rows or collection.tasks
    outputs: list[Any] = [None] * len(found)
    coefficients = rows.modes([flat.law for flat in found])
    for _ in range(_EXPANSIONS):
        parts = zip(_outputs(rows.responses_at(coefficients), found, collection), outputs, strict=True)
        outputs = [among.output(learning, each, before, noise="known") for each, before in parts]
        before, coefficients = coefficients, np.stack([each.coefficients for each in outputs], axis=1)
        if np.abs(coefficients - before).max() < _STILL:
            break
    return outputs


def _outputs(tasks: Sequence[InColumns], found: Sequence[LearnedLaw], collection: Collection) -> list[OutputTasks]:
    parts = zip(tasks, found, collection.units, strict=True)
    return [OutputTasks(k, own, flat, units) for k, (own, flat, units) in enumerate(parts)]


def places_of(found: Sequence[Any], collection: Collection, among: Among | None) -> LearnedPlaces | None:
    """What the others say of each task that was learned from, where there is a structure."""
    if among is None:
        return None
    position = {name: code for code, name in enumerate(among.ids.tolist())}
    return LearnedPlaces(position, [each.places for each in found], collection.units, collection.one_target)


def mixture_of(learned: Any, weights: Mapping[str, float], explained: float) -> MixturePrior:
    """A learned prior among what stands beside it."""
    make = structured_mixture if isinstance(learned, StructuredPrior) else robust_mixture
    return make(learned, weights, explained)
