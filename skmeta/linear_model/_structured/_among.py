"""A structure among the tasks of a collection: which there is, and how it is learned of any kind of target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from sklearn.base import is_regressor

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.in_columns import InColumns
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.compose import MixturePrior
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._laws import prior_of_laws
from skmeta.linear_model._mixture import robust_mixture
from skmeta.linear_model._structured._crossed_learning import CrossedTasks
from skmeta.linear_model._structured._described_learning import DescribedTasks
from skmeta.linear_model._structured._drifting_learning import DriftingTasks
from skmeta.linear_model._structured._drifting_prior import DriftingPrior
from skmeta.linear_model._structured._mixture import structured_mixture
from skmeta.linear_model._structured._nested_learning import NestedTasks
from skmeta.linear_model._structured._places import LearnedPlaces, OutputTasks, PlacedLaw, Places
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks
from skmeta.tasks._warn_caller import warn_caller

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
    def places(self) -> Places | None:
        """What the others say of each task; None where all tasks are in one place."""

    @property
    def law_of_root(self) -> CoefficientLaw:
        """The law of a task of which nothing is known."""


class Among(Protocol):
    """A structure among tasks of some ``ids``."""

    in_words: ClassVar[str]  # what such tasks are
    without: ClassVar[str]  # what to do, to learn without the structure
    never_wide: ClassVar[str]  # what asks for it, where it is not learned of more than a hundred columns; else empty

    @property
    def ids(self) -> Any:
        """Names of the tasks."""

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> Any:
        """An `Output`; ``before`` is what was learned of nearly the same tasks, ``noise`` what is learned of that."""

    def settled(self, outputs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """The structure that the outputs make probable, itself, another or None for none, and what is learned under it."""

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs; ``plain`` is that of a task of which nothing is known."""


def structure_among(
    tasks: Tasks, past: GaussianPrior | None, *, crossed: bool = False, context_model: Any = None
) -> Among | None:
    """What is known of how tasks belong together; None where nothing is. What was known before has the same structure.

    ``context_model`` is the map from what describes a task to its coefficients; None is linear.
    """
    if crossed:
        check_no_context_model(context_model, "with crossed=True", "leave one of the two out")
        return CrossedTasks.of(tasks, past)
    if isinstance(past, DriftingPrior):
        check_no_context_model(context_model, "with a prior of tasks in time", "leave one of the two out")
        return DriftingTasks.of(tasks, past)
    if tasks.context:
        return DescribedTasks.of(tasks, past, context_model)
    check_no_context_model(
        context_model,
        "without context",
        "name the columns that describe a task, WarmStartRegressor(..., context=[...])",
    )
    if len(tasks.levels) > 1:
        return NestedTasks.of(tasks, past)
    check_is_flat(past, tasks)
    return None


def check_is_flat(past: GaussianPrior | None, tasks: Tasks) -> None:
    """Raise for a past that tells tasks apart by what nobody says of these."""
    if isinstance(past, StructuredPrior):
        raise ValueError(
            f"prior: wanted one of tasks that {list(tasks.levels) or 'nothing'} alone tells apart, found one that reads "
            f"{list(past.context_names)}; name these columns in task= or context=, as when it was learned, or go on from "
            "prior.with_inner(prior.learned.plain()), which knows no places."
        )


def drift_among(tasks: Tasks, past: GaussianPrior | None, half_life: float | None) -> Among | None:
    """Tasks of which the last level is a time. What did not drift before does not now; without a gap there is no drift."""
    if past is not None and not isinstance(past, DriftingPrior):
        warn_caller(
            f"prior: wanted one that knows when tasks were, found {past!r}, from which no drift can be learned on; tasks are "
            "taken to be in no order. Learn from old rows and new ones with prior=None to look for drift."
        )
        return structure_among(tasks, past)
    found = DriftingTasks.of(tasks, past, half_life=half_life)
    return found if found.has_gaps else structure_among(tasks, past)


def check_context_model(model: Any) -> None:
    """Raise for what is no regressor."""
    if model is not None and not (hasattr(model, "get_params") and is_regressor(model)):
        raise TypeError(
            f"EmpiricalBayes(context_model=...): wanted a regressor such as RandomForestRegressor(), or None for a linear map, "
            f"found {model!r}; give one that is not fitted."
        )


def check_no_context_model(model: Any, where: str, way_out: str) -> None:
    """Raise for a map of descriptors where there are none that it could read."""
    if model is not None:
        raise ValueError(f"EmpiricalBayes(context_model=...): wanted None {where}, found {model!r}; {way_out}.")


def learn_among(
    among: Among, learning: LawLearning, collection: Collection, found: Sequence[LearnedLaw], progress: Any = None
) -> tuple[Among, StructuredPrior, list[LearnedLaw]] | None:
    """The structure, the prior of all outputs, and what the others say of each task; None where there turns out to be none.

    ``found`` are the laws without it. ``progress(done, total)`` is called after each output, or each expansion.
    """
    if collection.likelihood.quadratic:
        tasks = [InColumns(each.moments, each.counts) for each in collection.tasks]
        noise = learning.learner.noise
        outputs, parts = [], PartsOfWork(progress, len(tasks))
        for each in _outputs(tasks, found, collection):
            outputs.append(among.output(learning, each, noise=noise))
            parts.did(len(outputs))
    else:
        outputs = _by_working_responses(among, learning, collection, found, progress)
    settled, known = among.settled(outputs)
    if settled is None:
        return None
    prior = settled.prior(prior_of_laws([each.law_of_root for each in known], collection), collection, known)
    placed = [_placed(each, flat) for each, flat in zip(known, found, strict=True)]
    return settled, prior, placed


def _placed(output: Output, flat: LearnedLaw) -> LearnedLaw:
    """The law of one output: where no task has a place of its own, that without the structure."""
    places = output.places
    if places is None:
        return flat
    return PlacedLaw(output.law_of_root, places.judged(flat.choice), output.tasks, flat.rows, places=places)


def _by_working_responses(
    among: Among, learning: LawLearning, collection: Collection, found: Sequence[LearnedLaw], progress: Any
) -> list[Any]:
    """Each expansion of the likelihood around the tasks' modes is learned from as squared errors of known noise.

    The posterior means under the structure are the next modes (Breslow and Clayton, 1993, JASA 88, section 2).
    """
    rows = found[0].rows or collection.tasks
    outputs: list[Any] = [None] * len(found)
    coefficients = rows.modes([flat.law for flat in found])
    parts_of_work = PartsOfWork(progress, learning.learner.max_iter)
    for done in range(1, learning.learner.max_iter + 1):
        parts = zip(_outputs(rows.responses_at(coefficients), found, collection), outputs, strict=True)
        outputs = [among.output(learning, each, before, noise="known") for each, before in parts]
        before, coefficients = coefficients, np.stack([each.coefficients for each in outputs], axis=1)
        parts_of_work.did(done)
        if np.abs(coefficients - before).max() < _STILL:
            break
    return outputs


def _outputs(tasks: Sequence[InColumns], found: Sequence[LearnedLaw], collection: Collection) -> list[OutputTasks]:
    parts = zip(tasks, found, collection.units, strict=True)
    return [OutputTasks(k, own, flat, units) for k, (own, flat, units) in enumerate(parts)]


def places_of(found: Sequence[Any], collection: Collection, among: Among | None) -> LearnedPlaces | None:
    """What the others say of each task that was learned from, where there is a structure."""
    if among is None or found[0].places is None:
        return None
    position = {name: code for code, name in enumerate(among.ids.tolist())}
    return LearnedPlaces(position, [each.places for each in found], collection.units, collection.one_target)


def mixture_of(learned: Any, weights: Mapping[str, float], explained: float) -> MixturePrior:
    """A learned prior among what stands beside it."""
    make = structured_mixture if isinstance(learned, StructuredPrior) else robust_mixture
    return make(learned, weights, explained)
