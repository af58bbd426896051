"""What others say of each task: the law of its coefficients before its own rows, and how often tasks are unlike it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.components import Beside
from skmeta._inference.in_columns import InColumns
from skmeta._inference.messages import Beliefs
from skmeta._inference.mixture import Mixture
from skmeta._inference.selection import Choice
from skmeta._inference.units import Law, Units
from skmeta.linear_model._adapt import adapt_in_engine
from skmeta.linear_model._adapted import LinearAdapted
from skmeta.linear_model._data import read
from skmeta.linear_model._families import family_of
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._mixture import beside, explained_before
from skmeta.linear_model._structured._adapted import AdaptedInPlaces, without_rows
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OutputTasks:
    """The tasks of output ``k`` as the engine has them, their law without a structure, and the engine's units."""

    k: int
    tasks: InColumns
    flat: LearnedLaw
    units: Units


@dataclass(frozen=True, eq=False)
class Places:
    """Of one output: the mean of each task as the others tell it, how tasks ``deviate (p, p)`` from it, and the noises' law.

    All of it is in units of the engine, but for the ``evidence`` of all tasks, which is in units of the data, if it is known.
    """

    others: Beliefs
    deviation: np.ndarray
    noise: float
    noise_dof: float
    evidence: float | None = None
    effects: ContextualEffects | None = None

    @property
    def judging(self) -> Places:
        """What tasks are judged by: what the others say."""
        return self

    def judged(self, choice: Choice) -> Choice:
        """A choice in which those tasks alone are looked at that can be judged: all."""
        return choice

    @classmethod
    def of_priors(cls, priors: Sequence[GaussianPrior], k: int, units: Units) -> Places:
        """What priors of tasks, which differ in mean and covariance, say of output ``k``, in these units."""
        mean, covariance, first, effects = [], [], priors[0], effects_of_priors(priors, k, units)
        for prior in priors:
            mean.append(units.to_engine(prior.expected()[k]))
            covariance.append(units.covariance_to_engine(prior.dense_covariance(k) + prior.dense_doubt(k)))
        noise, dof = first.noise_of(k) / units.target_scale**2, np.broadcast_to(first.noise_dof, (first.n_outputs,))[k]
        nothing = np.zeros_like(covariance[0])
        known = np.stack(mean) if effects is None else np.stack(mean) - effects.without_rows
        return cls(Beliefs(known, np.stack(covariance)), nothing, noise, float(dof), effects=effects)

    def take(self, tasks: NDArray[np.intp]) -> Places:
        """Those of some tasks."""
        return replace(self, others=self.others.take(tasks), effects=self.effects_of(tasks))

    def effects_of(self, tasks: Any) -> ContextualEffects | None:
        """The contextual effects of some tasks."""
        return None if self.effects is None else self.effects.take(tasks)

    def law_of(self, tasks: NDArray[np.intp]) -> CoefficientLaw:
        """The laws of some tasks, as the others tell them: the mean and the covariance have a leading axis of the tasks."""
        covariance = self.deviation + self.others.covariance[tasks]
        noise, dof = np.float64(self.noise), np.float64(self.noise_dof)
        return CoefficientLaw(self.others.mean[tasks], covariance, noise, dof, contextual=self.effects_of(tasks))


def effects_of_priors(priors: Sequence[GaussianPrior], k: int, units: Units) -> ContextualEffects | None:
    """The contextual effects on output ``k`` of priors of tasks, which differ in what is expected of columns' means."""
    each = [effects for effects in (prior.effects_of(k) for prior in priors) if effects is not None]
    if not each:
        return None
    coef, ratio, centre = zip(*map(units.effects_to_engine, each), strict=True)
    return ContextualEffects(coef[0], np.stack(ratio), centre=np.stack(centre))


@dataclass(frozen=True, eq=False)
class PlacedLaw(LearnedLaw):
    """The law of a task of which nothing is known; held-out tasks are judged by what the others say of their place."""

    def held_out(self, beside: Beside) -> Any:
        """Log-evidence ``(n_tasks, C)`` of the tasks looked at, each held out from what the others say of its place."""
        codes, judging = self.choice.tasks, self.places.judging
        if self.rows is None:
            return self.tasks.take(codes).component_evidence(beside.components(judging.law_of(codes)))
        components = [beside.components(judging.law_of(code)) for code in codes]
        return self.rows.component_evidence(codes, np.arange(len(codes)), components)


def adapted_together(
    mixture: Any, model: Any, tasks: Tasks, outputs: Sequence[Places], n_jobs: int | None
) -> LinearAdapted:
    """Tasks of squared errors in one batch: laws of their own, a place each, beside what stands beside them."""
    learned, family, components = mixture.learned, family_of(model), []
    for k, places in enumerate(outputs):
        stands_beside = beside(learned, k, explained_before(mixture) or 0.0, None)
        components.append(stands_beside.components(places.law_of(np.arange(len(tasks))))[:-1])
    units = [learned.working_units.of_output(k) for k in range(len(outputs))]
    engine = Mixture(components, mixture.weights, family.likelihood(model, len(outputs)), mixture.weights_without_rows)
    data = read(tasks, model, family, learned.classes, learned.weight_unit)
    return adapt_in_engine(mixture.components, engine, units, data, model, tasks, n_jobs)


def together(model: Any, n_outputs: int) -> bool:
    """Whether tasks of a model may be adapted in one batch though each has a law of its own."""
    family = family_of(model)
    return bool(family.by_posterior and family.likelihood(model, n_outputs).quadratic)


@dataclass(frozen=True, eq=False)
class LearnedPlaces:
    """What the others say of each task that was learned from, of every output: its prior when it is adapted to.

    ``position`` is where a task stands, by its id.
    """

    position: dict[Any, int]
    outputs: Sequence[Places]
    units: Sequence[Units]
    one_target: bool

    @property
    def evidence(self) -> float | None:
        """Log-evidence of all tasks together, of all outputs; None where it is not known."""
        each = [own.evidence for own in self.outputs if own.evidence is not None]
        return sum(each) if len(each) == len(self.outputs) else None

    def adapted(self, mixture: Any, model: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedInPlaces:
        """Tasks that were learned from, each from the robust mixture around what the others say of it."""
        codes = np.array([self.position.get(name, -1) for name in tasks.ids.tolist()])
        known, unknown = np.flatnonzero(codes >= 0), np.flatnonzero(codes < 0)
        nowhere = without_rows(mixture, model, tasks)
        if together(model, len(self.outputs)):
            places = [own.take(codes[known]) for own in self.outputs]
            groups = [(known, adapted_together(mixture, model, tasks.take(known), places, n_jobs))]
        else:
            priors = [(k, mixture.around(self._prior_of(int(codes[k]), mixture.learned))) for k in known]
            groups = [
                (np.array([k]), own.adapt_tasks(model, tasks.take(np.array([k])), n_jobs=n_jobs)) for k, own in priors
            ]
        if len(unknown):  # copies of others, which nothing was learned from
            groups.append((unknown, mixture.adapt_tasks(model, tasks.take(unknown), n_jobs=n_jobs)))
        return AdaptedInPlaces(mixture, model, tasks, groups, nowhere)

    def _prior_of(self, code: int, learned: StructuredPrior) -> GaussianPrior:
        """The prior of one task, in units of the data."""
        laws = []
        for own, units in zip(self.outputs, self.units, strict=True):
            law, effects = own.law_of(np.array([code])), own.effects_of(code)
            told = None if effects is None else effects.as_tuple()
            known = Law(law.expected[0], own.deviation, own.noise, own.others.covariance[code], effects=told)
            laws.append(units.law_to_data(known))
        each = {name: [getattr(law, name) for law in laws] for name in ("mean", "covariance", "mean_covariance")}
        found: dict[str, Any] = {name: own[0] if self.one_target else np.stack(own) for name, own in each.items()}
        said = next((law.effects for law in laws if law.effects is not None), None)
        if said is not None and learned.contextual_effects is not None:
            found["contextual_effects"] = learned.contextual_effects.around(*said[1:])
        return learned.plain(**found)
