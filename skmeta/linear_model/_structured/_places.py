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
from skmeta._inference.units import Law, Units
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._structured._adapted import AdaptedInPlaces
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

    ``tasks`` are the engine's, in whose units all of it is.
    """

    tasks: Any
    others: Beliefs
    deviation: np.ndarray
    noise: float
    noise_dof: float

    def law(self, code: int) -> CoefficientLaw:
        """The law of one task, as the others tell it."""
        covariance = self.deviation + self.others.covariance[code]
        return CoefficientLaw(self.others.mean[code], covariance, np.float64(self.noise), np.float64(self.noise_dof))

    def in_data(self, units: Units) -> tuple[Array, Array]:
        """Means ``(n_tasks, p)`` and covariances ``(n_tasks, p, p)`` that the others tell, in units of the data."""
        covariance = np.stack([units.covariance_to_data(each) for each in self.others.covariance])
        return units.to_data(self.others.mean), covariance

    def deviation_in_data(self, units: Units) -> Array:
        """How tasks deviate from that, in units of the data."""
        zero = np.zeros(len(self.deviation))
        return units.law_to_data(Law(zero, self.deviation, self.noise)).covariance


@dataclass(frozen=True, eq=False)
class PlacedLaw(LearnedLaw):
    """The law of a task of which nothing is known; held-out tasks are judged by what the others say of their place."""

    def held_out(self, beside: Beside) -> Any:
        """Log-evidence ``(n_tasks, C)`` of the tasks looked at, each held out from what the others say of its place."""
        codes = self.choice.tasks
        components = [beside.components(self.places.law(code)) for code in codes]
        if self.rows is not None:
            return self.rows.component_evidence(codes, np.arange(len(codes)), components)
        each = zip(codes, components, strict=True)
        return np.concatenate([self.tasks.take([code]).component_evidence(own) for code, own in each])


@dataclass(frozen=True, eq=False)
class LearnedPlaces:
    """The Gaussian priors of the tasks that were learned from, by id: what the others say of each."""

    place: dict[Any, int]
    mean: Array
    mean_covariance: Array
    deviation: Array

    @classmethod
    def of(cls, places: Sequence[Places], units: Sequence[Units], ids: NDArray[Any], of_outputs: Any) -> LearnedPlaces:
        """Those of all outputs."""
        mean, covariance = zip(*(each.in_data(own) for each, own in zip(places, units, strict=True)), strict=True)
        deviation = [each.deviation_in_data(own) for each, own in zip(places, units, strict=True)]
        position = {name: code for code, name in enumerate(ids.tolist())}
        return cls(position, of_outputs(list(mean)), of_outputs(list(covariance)), of_outputs(deviation))

    def adapted(self, mixture: Any, model: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedInPlaces:
        """Tasks that were learned from, each from the robust mixture around what the others say of it."""
        learned, context = mixture.learned, {**tasks.levels, **tasks.context}
        priors = []
        for code, name in enumerate(tasks.ids.tolist()):
            own = self.prior_of(name, learned)
            known = {each: context[each][code] for each in learned.context_names if each in context}
            priors.append(mixture.given(**known) if own is None else mixture.around(own))
        return AdaptedInPlaces(mixture, model, tasks, priors, np.arange(len(tasks)), n_jobs)

    def prior_of(self, name: Any, learned: StructuredPrior) -> GaussianPrior | None:
        """The prior of one task; None of one that was not learned from."""
        code = self.place.get(name)
        if code is None:
            return None
        return learned.plain(
            mean=self.mean[..., code, :].copy(),
            covariance=self.deviation.copy(),
            mean_covariance=self.mean_covariance[..., code, :, :].copy(),
        )
