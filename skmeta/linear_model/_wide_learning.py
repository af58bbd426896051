"""Learning where a matrix of columns by columns would cost more than the data: a diagonal and a few factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta._inference.computation import in_cells
from skmeta._inference.held_out_weights import Weights
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_context import WideContext
from skmeta._inference.wide_em import learn_wide
from skmeta.compose import MixturePrior
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._laws import prior_of
from skmeta.linear_model._mixture import component_names, explained_before, known_weights, robust_mixture, weighed_by


def is_wide(learner: Any, n_features: int, n_rows: Any, past: GaussianPrior | None, *, coupled: bool = False) -> bool:
    """Whether no matrix of columns by columns is to be made of tasks whose rows weigh ``n_rows (n_tasks,)``.

    A dense past has one already, and one may be asked for, or what is learned of dense ones alone: blocks, slopes that do
    not vary, the weight of a hyper-prior. ``coupled`` outputs share a likelihood.
    """
    asked = learner.covariance == "full" or learner.blocks is not None or isinstance(learner.pseudo_tasks, str)
    asked = asked or not (isinstance(learner.varying, str) and learner.varying == "all")
    dense = asked or (past is not None and past.is_dense)
    return in_cells(n_rows, n_features, coupled=coupled, dense=dense)


def check_not_too_wide(asked: str, n_features: int) -> None:
    """Raise where a structure that is ``asked`` for (empty: any may be) has more columns than matrices are made of."""
    if asked:
        raise ValueError(
            f"{asked}: wanted at most 100 columns, or tasks of as many rows as columns, found {n_features} columns and fewer "
            "rows in every task; make fewer of them first, by make_pipeline(PCA(...), ...)."
        )


def learn_wide_prior(
    learner: Any, collection: Collection, past: GaussianPrior | None, prior: Any, n_jobs: int, progress: Any = None
) -> WidePrior:
    """What is known of a wide collection's next task, in units of the engine; the ``past`` is that of a ``prior``."""
    known = None if past is None else _wide_past(past, prior, collection)
    names = ("covariance", "rank", "noise", "pseudo_tasks", "tol")
    options = {name: getattr(learner, name) for name in names} | {
        "n_iter": learner.max_iter,
        "n_jobs": n_jobs,
        "progress": progress,
    }
    rows, task_weight = collection.tasks
    return learn_wide(rows, collection.likelihood, past=known, task_weight=task_weight, **options)


def wide_mixture(wide: WidePrior, collection: Collection, past: GaussianPrior | None) -> MixturePrior:
    """The same among what stands beside it, in units of the data."""
    laws = [wide.to_data(k, units) for k, units in enumerate(collection.units)]
    known = 0.0 if past is None else past.overdispersion  # which is not learned here
    learned = prior_of(laws, wide.noise_dof, wide.n_tasks, wide.n_rows, collection, known)
    found = Weights(np.asarray(wide.weights), wide.use, wide.n_tasks)
    return robust_mixture(*weighed_by(learned, found), wide.explained or 0.0)


def _wide_past(past: GaussianPrior, prior: Any, collection: Collection) -> WidePrior:
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
        weights=known_weights(prior, component_names(past)).of_components,
        use=past.use,
        explained=explained_before(prior),
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
