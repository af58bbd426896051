"""Learning where a matrix of columns by columns would cost more than the data: a diagonal and a few factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta._inference.computation import in_cells
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_context import WideContext
from skmeta._inference.wide_em import learn_wide
from skmeta.compose import MixturePrior
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._mixture import component_names, robust_mixture, with_past
from skmeta.linear_model._units import ContextualEffects


def is_wide(learner: Any, n_features: int, n_rows: Any, past: GaussianPrior | None, *, coupled: bool = False) -> bool:
    """Whether no matrix of columns by columns is to be made of tasks whose rows weigh ``n_rows (n_tasks,)``.

    A dense past has one already, and one may be asked for, or slopes that do not vary; ``coupled`` outputs share a
    likelihood.
    """
    asked = learner.covariance == "full" or not (isinstance(learner.varying, str) and learner.varying == "all")
    dense = asked or (past is not None and past.is_dense)
    return in_cells(n_rows, n_features, coupled=coupled, dense=dense)


def learn_wide_prior(learner: Any, collection: Collection, past: GaussianPrior | None, n_jobs: int) -> WidePrior:
    """What is known of a wide collection's next task, in units of the engine."""
    known = None if past is None else _wide_past(past, collection)
    names = ("covariance", "rank", "noise", "pseudo_tasks", "tol")
    options = {name: getattr(learner, name) for name in names} | {"n_iter": learner.max_iter, "n_jobs": n_jobs}
    rows, task_weight = collection.tasks
    return learn_wide(rows, collection.likelihood, past=known, task_weight=task_weight, **options)


def wide_mixture(wide: WidePrior, collection: Collection, past: GaussianPrior | None, prior: Any) -> MixturePrior:
    """The same among what stands beside it, in units of the data."""
    learned, n_new = _prior_of(wide, collection), wide.n_tasks - (0.0 if past is None else past.n_tasks)
    weights = with_past(component_names(learned), np.asarray(wide.weights), n_new, prior)
    return robust_mixture(learned, weights)


def _wide_past(past: GaussianPrior, collection: Collection) -> WidePrior:
    """What was known, in the units of the engine, without any ``(p, p)`` matrix."""
    likelihood, units = collection.likelihood, collection.units
    parts = [past.component(k, own, likelihood) for k, own in enumerate(units)]
    alone = [past.with_mean_known().component(k, own, likelihood) for k, own in enumerate(units)]
    whole, variance = (np.stack([c.covariance.variance for c in each]) for each in (parts, alone))  # type: ignore[attr-defined]
    intercept = np.broadcast_to(past.units.target_centre if past.units else 0.0, (len(units),))
    return WidePrior(
        mean=np.stack([c.mean for c in parts]),
        variance=variance,
        mean_variance=whole - variance,
        factor=np.stack([c.covariance.factor for c in parts]),  # type: ignore[attr-defined]
        noise=np.array([c.noise.centre for c in parts]),
        noise_dof=np.broadcast_to(np.asarray(past.noise_dof, dtype=float), (len(units),)),
        intercept=0.0 * intercept if likelihood.quadratic else intercept,
        n_tasks=past.n_tasks,
        n_rows=past.n_rows,
        **_known_context([c.effects for c in parts]),
    )


def _known_context(effects: list[Any]) -> dict[str, Any]:
    if effects[0] is None:
        return {}
    coef, ratio, centre = (np.stack(part) for part in zip(*effects, strict=True))
    # The ratio may differ between outputs in a prior that was written by hand; columns are in units of their spread.
    ratio = np.exp(np.log(ratio).mean(axis=0))
    return {"effects": coef, "context": WideContext(centre[0], 1.0 / (1.0 + ratio), ratio)}


def _effects_of(wide: WidePrior, units: list[Any], outputs: Any) -> ContextualEffects | None:
    if wide.effects is None:
        return None
    coef = [effects * own.target_scale / own.scale for own, effects in zip(units, wide.effects, strict=True)]
    ratio, centre = wide.context.ratio, units[0].centre + units[0].scale * wide.context.centre
    return ContextualEffects(outputs(coef), outputs([ratio] * len(coef)), centre)


def _prior_of(wide: WidePrior, collection: Collection) -> GaussianPrior:
    """What was learned, in the units of the data."""
    units, outputs = collection.units, collection.of_outputs
    unsure = np.asarray(wide.mean_variance)  # what is learned always says
    factor = [own.spread_to_data(f) for own, f in zip(units, wide.factor, strict=True)]
    return GaussianPrior(
        mean=outputs([own.to_data(m) for own, m in zip(units, wide.expected, strict=True)]),
        covariance=outputs([own.covariance_to_data(v) for own, v in zip(units, wide.variance, strict=True)]),
        mean_covariance=outputs([own.covariance_to_data(v) for own, v in zip(units, unsure, strict=True)]),
        factor=outputs(factor) if wide.factor.shape[2] else None,
        noise=outputs([np.asarray(s * own.target_scale**2) for own, s in zip(units, wide.noise, strict=True)]),
        noise_dof=outputs([np.asarray(dof) for dof in wide.noise_dof]),
        n_tasks=wide.n_tasks,
        n_rows=wide.n_rows,
        contextual_effects=_effects_of(wide, units, outputs),
        **collection.describe,
    )
