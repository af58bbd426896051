"""Between laws of the engine and priors of the user: one `CoefficientLaw` an output, and a `GaussianPrior`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.coefficient_law import ContextualEffects as EngineEffects
from skmeta._inference.units import Units as EngineUnits
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._units import ContextualEffects

Array = NDArray[np.float64]

_UNKNOWN = 10.0  # variance of an intercept of which nothing is known, in units of the target's variance


def laws_of(prior: GaussianPrior | None, collection: Collection) -> list[CoefficientLaw] | None:
    """What a prior says, as laws in the units of a collection; None where there is none."""
    return None if prior is None else [_law_of(prior, k, units, collection) for k, units in enumerate(collection.units)]


def _law_of(prior: GaussianPrior, k: int, units: EngineUnits, collection: Collection) -> CoefficientLaw:
    mean, covariance = prior.expected()[k], prior.dense_covariance(k)
    if not prior.knows_intercept:
        mean[-1] = units.target_centre - mean[:-1] @ units.centre
        covariance[-1, -1] = _UNKNOWN * units.target_scale**2
    own, effects = prior.mean_covariance, prior.contextual_effects
    own = own if own is None or prior.one_target else own[k]
    own = np.diag(own) if own is not None and own.ndim == 1 else own
    known = None if effects is None else _engine_effects(effects, k, units)
    within, noise = units.to_engine(mean), prior.noise_of(k) / units.target_scale**2
    learning = collection.likelihood.for_learning
    return CoefficientLaw(
        within if known is None else within - known.without_rows,
        units.covariance_to_engine(covariance),
        np.float64(learning.dispersion_like(collection.likelihood, noise, within[-1])),
        np.broadcast_to(np.asarray(prior.noise_dof, dtype=float), (len(prior.expected()),))[k],
        np.float64(max(prior.n_tasks, 1.0)),
        np.float64(max(prior.n_rows, 1.0)),
        None if own is None else units.covariance_to_engine(own),
        contextual=known,
        excess=np.float64(prior.overdispersion),
    )


def _engine_effects(effects: ContextualEffects, k: int, units: EngineUnits) -> EngineEffects:
    coef, ratio, centre = effects.of_output(k, units)
    return EngineEffects(coef, ratio, 1.0, centre)


def prior_of(laws: Sequence[CoefficientLaw], collection: Collection) -> GaussianPrior:
    """The laws of all outputs as a prior in units of the data."""
    pairs = list(zip(collection.units, laws, strict=True))
    outputs = collection.of_outputs
    return GaussianPrior(
        mean=outputs([units.to_data(law.expected) for units, law in pairs]),
        covariance=outputs([units.covariance_to_data(law.covariance) for units, law in pairs]),
        mean_covariance=outputs([units.covariance_to_data(np.asarray(law.mean_covariance)) for units, law in pairs]),
        noise=outputs([np.asarray(law.noise * units.target_scale**2) for units, law in pairs]),
        noise_dof=outputs([np.asarray(law.noise_dof) for _, law in pairs]),
        overdispersion=float(laws[0].excess or 0.0),
        contextual_effects=_effects_of(pairs, outputs),
        n_tasks=float(laws[0].n_tasks),
        n_rows=float(laws[0].n_rows),
        **collection.describe,
    )


def _effects_of(pairs: list[tuple[EngineUnits, CoefficientLaw]], outputs: Any) -> ContextualEffects | None:
    """Contextual effects in units of the data; of several outputs, some may have none."""
    known = [law.contextual for _, law in pairs if law.contextual is not None]
    if not known:
        return None
    none = EngineEffects(np.zeros_like(pairs[0][0].scale), np.ones_like(pairs[0][0].scale))
    each = [(units, law.contextual or none) for units, law in pairs]
    coef = outputs([effects.coef * units.target_scale / units.scale for units, effects in each])
    units = pairs[0][0]
    centre = units.centre + units.scale * np.asarray(known[0].centre)
    return ContextualEffects(coef, outputs([effects.variance_ratio for _, effects in each]), centre)
