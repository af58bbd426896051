"""The robust mixture around a prior with structure: around the Gaussian of a place, once that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.compose import MixturePrior
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._mixture import explained_before, robust_mixture
from skmeta.linear_model._structured._adapted import AdaptedInPlaces, without_rows
from skmeta.linear_model._structured._places import Places, adapted_together, together
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks


@dataclass(frozen=True, eq=False, repr=False)
class StructuredMixture(MixturePrior):
    """A robust mixture whose first component has a structure; what stands beside it follows the place of a task.

    Parameters
    ----------
    components : sequence of Prior
        The learned `StructuredPrior` first.
    weights, names, weights_without_rows
        As in `MixturePrior`.
    """

    @property
    def learned(self) -> StructuredPrior:
        """The first component."""
        first: Any = self.components[0]
        return first

    def __repr__(self) -> str:
        return repr(self.learned) + super().__repr__().removeprefix("MixturePrior")

    def around(self, learned: GaussianPrior) -> MixturePrior:
        """The mixture with another Gaussian in the place of the learned one, and what stands beside that."""
        return robust_mixture(learned, self.named_weights, explained_before(self) or 0.0)

    def given(self, **context: Any) -> MixturePrior:
        """The robust mixture of a task of which ``context`` is known.

        Parameters
        ----------
        **context : dict
            What is known of the task, by the names in ``context_names``.

        Returns
        -------
        MixturePrior
            Around the Gaussian prior of its place.

        Raises
        ------
        TypeError
            If it reads no such name.
        """
        return self.around(self.learned.given(**context))

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks, from the robust mixture of its place.

        Parameters
        ----------
        estimator, tasks, n_jobs
            As in `StructuredPrior.adapt_tasks`.

        Returns
        -------
        AdaptedEstimators
            A group of tasks a place; squared errors in one batch.
        """
        if not self.learned.known_of(tasks):
            return super().adapt_tasks(estimator, tasks, n_jobs=n_jobs)
        places = self.learned.in_places(tasks)
        if len(places) > 1 and tasks.n_rows and together(estimator, self.learned.n_outputs):
            units = [self.learned.working_units.of_output(k) for k in range(self.learned.n_outputs)]
            place, learned = np.empty(len(tasks), dtype=np.intp), [prior for _, prior in places]
            for k, (codes, _) in enumerate(places):
                place[codes] = k
            outputs = [Places.of_priors(learned, k, own).take(place) for k, own in enumerate(units)]
            every = np.arange(len(tasks)), adapted_together(self, estimator, tasks, outputs, n_jobs)
            return AdaptedInPlaces(self, estimator, tasks, [every], without_rows(self, estimator, tasks))
        around = [(codes, self.around(prior)) for codes, prior in places]
        return AdaptedInPlaces.of_priors(self, estimator, tasks, around, n_jobs)

    def _joint(self, estimator: Any, tasks: Tasks) -> NDArray[np.float64]:
        found = np.empty((len(tasks), len(self.components)))
        for codes, prior in self.learned.in_places(tasks):
            found[codes] = self.around(prior)._joint(estimator, tasks.take(codes))
        return found


def structured_mixture(learned: StructuredPrior, weights: Mapping[str, float], explained: float) -> StructuredMixture:
    """A prior with structure among what stands beside it, as in `robust_mixture`."""
    plain = robust_mixture(learned.plain(), weights, explained)
    beside: Any = plain.components[0]
    first = learned._with(overdispersion=beside.overdispersion)
    return StructuredMixture([first, *plain.components[1:]], plain.weights, plain.names, plain.weights_without_rows)
