"""What others say of each task: the law of its coefficients before its own rows, and how often tasks are unlike it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.components import Beside
from skmeta._inference.in_columns import InColumns
from skmeta._inference.messages import Beliefs
from skmeta._inference.mixture import Mixture
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

    All of it is in units of the engine.
    """

    others: Beliefs
    deviation: np.ndarray
    noise: float
    noise_dof: float

    def law_of(self, tasks: NDArray[np.intp]) -> CoefficientLaw:
        """The laws of some tasks, as the others tell them: the mean and the covariance have a leading axis of the tasks."""
        covariance = self.deviation + self.others.covariance[tasks]
        return CoefficientLaw(self.others.mean[tasks], covariance, np.float64(self.noise), np.float64(self.noise_dof))


@dataclass(frozen=True, eq=False)
class PlacedLaw(LearnedLaw):
    """The law of a task of which nothing is known; held-out tasks are judged by what the others say of their place."""

    places: Any = None

    def held_out(self, beside: Beside) -> Any:
        """Log-evidence ``(n_tasks, C)`` of the tasks looked at, each held out from what the others say of its place."""
        codes = self.choice.tasks
        if self.rows is None:
            return self.tasks.take(codes).component_evidence(beside.components(self.places.law_of(codes)))
        components = [beside.components(self.places.law_of(code)) for code in codes]
        return self.rows.component_evidence(codes, np.arange(len(codes)), components)


@dataclass(frozen=True, eq=False)
class LearnedPlaces:
    """What the others say of each task that was learned from, of every output: its prior when it is adapted to.

    ``position`` is where a task stands, by its id.
    """

    position: dict[Any, int]
    outputs: Sequence[Places]
    units: Sequence[Units]
    one_target: bool

    def adapted(self, mixture: Any, model: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedInPlaces:
        """Tasks that were learned from, each from the robust mixture around what the others say of it."""
        codes = np.array([self.position.get(name, -1) for name in tasks.ids.tolist()])
        family = family_of(model)
        known, unknown = np.flatnonzero(codes >= 0), np.flatnonzero(codes < 0)
        nowhere = without_rows(mixture, model, tasks)
        if family.by_posterior and family.likelihood(model, len(self.outputs)).quadratic:
            groups = [(known, self._together(mixture, model, tasks.take(known), codes[known], n_jobs))]
        else:
            priors = [(k, mixture.around(self._prior_of(int(codes[k]), mixture.learned))) for k in known]
            groups = [
                (np.array([k]), own.adapt_tasks(model, tasks.take(np.array([k])), n_jobs=n_jobs)) for k, own in priors
            ]
        if len(unknown):  # copies of others, which nothing was learned from
            groups.append((unknown, mixture.adapt_tasks(model, tasks.take(unknown), n_jobs=n_jobs)))
        return AdaptedInPlaces(mixture, model, tasks, groups, nowhere)

    def _together(
        self, mixture: Any, model: Any, tasks: Tasks, codes: NDArray[np.intp], n_jobs: int | None
    ) -> LinearAdapted:
        """All tasks in one batch: laws of their own beside what stands beside them."""
        learned, family, components = mixture.learned, family_of(model), []
        for k, places in enumerate(self.outputs):
            stands_beside = beside(learned, k, explained_before(mixture) or 0.0, None)
            components.append(stands_beside.components(places.law_of(codes))[:-1])
        likelihood = family.likelihood(model, len(self.outputs))
        engine = Mixture(components, mixture.weights, likelihood, mixture.weights_without_rows)
        data = read(tasks, model, family, learned.classes, learned.weight_unit)
        return adapt_in_engine(mixture.components, engine, list(self.units), data, model, tasks, n_jobs)

    def _prior_of(self, code: int, learned: StructuredPrior) -> GaussianPrior:
        """The prior of one task, in units of the data."""
        laws = [
            units.law_to_data(Law(own.others.mean[code], own.deviation, own.noise, own.others.covariance[code]))
            for own, units in zip(self.outputs, self.units, strict=True)
        ]
        each = {name: [getattr(law, name) for law in laws] for name in ("mean", "covariance", "mean_covariance")}
        return learned.plain(**{name: own[0] if self.one_target else np.stack(own) for name, own in each.items()})
