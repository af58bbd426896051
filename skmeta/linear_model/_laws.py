"""Between laws of the engine and priors of the user: one an output, and a `GaussianPrior`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.coefficient_law import ContextualEffects as EngineEffects
from skmeta._inference.units import Effects, Law
from skmeta._inference.units import Units as EngineUnits
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._units import ContextualEffects

Array = NDArray[np.float64]

_SAID = ("mean", "covariance", "mean_covariance", "factor", "noise")  # by a law and by a prior under the same names
_UNKNOWN = 10.0  # variance of an intercept of which nothing is known, in units of the target's variance


def laws_of(prior: GaussianPrior | None, collection: Collection) -> list[CoefficientLaw] | None:
    """What a prior says, as laws in the units of a collection; None where there is none."""
    return None if prior is None else [_law_of(prior, k, units, collection) for k, units in enumerate(collection.units)]


def _law_of(prior: GaussianPrior, k: int, units: EngineUnits, collection: Collection) -> CoefficientLaw:
    mean, covariance = prior.expected()[k], prior.dense_covariance(k)
    if not prior.knows_intercept:
        mean[-1] = units.target_centre - mean[:-1] @ units.centre
        covariance[-1, -1] = _UNKNOWN * units.target_scale**2
    own = prior.mean_covariance
    own = own if own is None or prior.one_target else own[k]
    own = np.diag(own) if own is not None and own.ndim == 1 else own
    law = units.law_to_engine(Law(mean, covariance, prior.noise_of(k), own, effects=prior.effects_of(k)))
    effects = None if law.effects is None else EngineEffects(*law.effects[:2], 1.0, law.effects[2])
    learning, noise = collection.likelihood.for_learning, law.noise
    return CoefficientLaw(
        law.mean if effects is None else law.mean - effects.without_rows,
        law.covariance,
        np.float64(learning.dispersion_like(collection.likelihood, noise, law.mean[-1])),
        np.broadcast_to(np.asarray(prior.noise_dof, dtype=float), (prior.n_outputs,))[k],
        np.float64(max(prior.n_tasks, 1.0)),
        np.float64(max(prior.n_rows, 1.0)),
        law.mean_covariance,
        contextual=effects,
        excess=np.float64(prior.overdispersion),
    )


def prior_of(
    laws: Sequence[Law],
    noise_dof: Iterable[Any],
    n_tasks: Any,
    n_rows: Any,
    collection: Collection,
    overdispersion: float = 0.0,
) -> GaussianPrior:
    """The laws of all outputs, in units of the data, and from how much they are known, as a prior."""
    outputs = collection.of_outputs
    known: dict[str, Any] = {
        name: outputs([getattr(law, name) for law in laws]) for name in _SAID if getattr(laws[0], name) is not None
    }
    return GaussianPrior(
        **known,
        noise_dof=outputs(list(noise_dof)),
        overdispersion=overdispersion,
        contextual_effects=_effects_of([law.effects for law in laws], outputs),
        n_tasks=float(n_tasks),
        n_rows=float(n_rows),
        **collection.describe,
    )


def prior_of_laws(laws: Sequence[CoefficientLaw], collection: Collection) -> GaussianPrior:
    """Laws of all outputs in units of the engine as a prior."""
    in_data = [law.to_data(units) for units, law in zip(collection.units, laws, strict=True)]
    first, noise_dof = laws[0], [law.noise_dof for law in laws]
    return prior_of(in_data, noise_dof, first.n_tasks, first.n_rows, collection, float(first.excess or 0.0))


def _effects_of(each: list[Effects | None], outputs: Any) -> ContextualEffects | None:
    """Contextual effects of all outputs, of which some may have none."""
    known = next((effects for effects in each if effects is not None), None)
    if known is None:
        return None
    none = np.zeros_like(known[0]), np.ones_like(known[1]), known[2]
    coef, ratio, _ = zip(*(effects or none for effects in each), strict=True)
    return ContextualEffects(outputs(list(coef)), outputs(list(ratio)), known[2])
