"""The one verb of priors: the rows of some tasks turn a mixture of them, or one alone, into fitted models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import sharing
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.mixture import Mixture, posterior
from skmeta._inference.moments import Rows, row_counts
from skmeta._inference.outliers import trust_rows
from skmeta._inference.units import Units
from skmeta.linear_model._adapted import LinearAdapted
from skmeta.linear_model._data import LinearData, read
from skmeta.linear_model._families import Adaptation, Family, family_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


def adapt_mixture(
    priors: Sequence[Any],
    weights: Array,
    estimator: Any,
    tasks: Tasks,
    n_jobs: int | None,
    without_rows: Array | None = None,
) -> LinearAdapted:
    """Adapt ``estimator`` to every task under linear priors of the given probabilities; the first stands for all."""
    family = family_of(estimator)
    check_likelihood(priors[0], estimator, family)
    data, priors = _read(priors, estimator, family, tasks)
    if not estimator.fit_intercept:
        priors = [prior.through_origin() for prior in priors]
    units, mixture = in_engine(priors, weights, likelihood_under(priors[0], estimator, family), without_rows)
    return adapt_in_engine(priors, mixture, units, data, estimator, tasks, n_jobs)


def adapt_in_engine(
    priors: Sequence[Any],
    mixture: Mixture,
    units: list[Units],
    data: LinearData,
    estimator: Any,
    tasks: Tasks,
    n_jobs: int | None,
) -> LinearAdapted:
    """The same from a mixture in the units of the engine, and what was read of the tasks."""
    family = family_of(estimator)
    start = starting_coefficients(priors, mixture.unseen, estimator, family)
    rows = engine_rows(data, units, estimator)
    adaptation = Adaptation(family, estimator, mixture, units, rows, data, start, n_jobs)
    coef, fitted = family.adapt(adaptation)
    if not rows.intercept:
        coef[..., -1] = 0.0
    return LinearAdapted(priors, tasks, adaptation, coef, fitted)


def log_evidence(prior: Any, estimator: Any, tasks: Tasks) -> Array:
    """``log p(y_t)`` of every task, in the targets' own units."""
    family = family_of(estimator)
    check_likelihood(prior, estimator, family)
    data, (prior,) = _read([prior], estimator, family, tasks)
    prior = prior if estimator.fit_intercept else prior.through_origin()
    likelihood = likelihood_under(prior, estimator, family)
    units, mixture = in_engine([prior], np.ones(1), likelihood)
    rows = engine_rows(data, units, estimator)
    share = family.share_of_outliers(estimator)
    if share > 0.0:
        found = trust_rows(rows, mixture, share).log_evidence
    else:
        found = posterior(rows, mixture, np.ones(len(units))).log_evidence[:, 0]
    return found + _constants(prior, data, units, likelihood)


def likelihood_under(prior: Any, estimator: Any, family: Family) -> Likelihood:
    """That of an estimator's rows, with what a prior knows of how counts scatter."""
    return family.likelihood(estimator, prior.n_outputs).overdispersed(prior.overdispersion)


def _constants(prior: Any, data: LinearData, units: list[Units], likelihood: Likelihood) -> Array:
    r"""What the engine's evidence lacks of a log density of the targets as they are, by task.

    The change of units, and for Tweedie's densities the saddlepoint approximation around the mean :math:`y`,
    :math:`-\tfrac12 \log(2 \pi \phi V(y))` (Jorgensen, 1997, The Theory of Dispersion Models, section 3.5; at zero
    :math:`V` is taken at 1/6: Nelder and Pregibon, 1987, Biometrika 74). A row of weight :math:`\omega` that is one row
    has :math:`\phi / \omega` in place of :math:`\phi` (`moments.Rows`).
    """
    weight = np.ones(len(data.Y)) if data.weight is None else data.weight
    count = row_counts(weight, data.count)
    real = count > 0
    sharper = 0.5 * count * np.log(np.where(real, weight, 1.0) / np.where(real, count, 1.0))
    likelihood = likelihood.overdispersed(0.0)  # counts of more scatter are compared with Poisson's
    if likelihood.quadratic:
        each = len(units) * sharper - sum(np.log(unit.target_scale) for unit in units) * count
    elif likelihood.dispersed:
        y, noise = data.Y[:, :1], prior.noise_of(0)
        mean = np.maximum(y, 1.0 / 6.0)
        saturated = likelihood.value(likelihood.link(np.maximum(y, 1e-300)), y) / noise
        variance = 2.0 * np.pi * noise * likelihood.variance_function(mean[:, 0])
        each = weight * saturated - 0.5 * count * np.log(variance) + sharper
    else:
        each = 0.0 * weight
    return data.per_task(each)


def in_engine(
    priors: Sequence[Any], weights: Array, likelihood: Likelihood, without_rows: Array | None = None
) -> tuple[list[Units], Mixture]:
    """The units of the first prior, and all of them there; kept with it, as one prior adapts many tasks one by one.

    What is kept is one tuple, written at once: threads that share a prior see the old one or the new one.
    """
    first = priors[0]
    key = likelihood, weights.tobytes(), b"" if without_rows is None else without_rows.tobytes()
    kept = vars(first).get("_in_engine")
    same = kept is not None and kept[0] == key and len(kept[1]) == len(priors)
    if not (same and all(a is b for a, b in zip(kept[1], priors, strict=True))):
        units = [first.engine_units(k, likelihood) for k in range(first.n_outputs)]
        components = components_of(priors, units, likelihood)
        mixture = Mixture(components, weights / weights.sum(), likelihood, without_rows)
        kept = vars(first)["_in_engine"] = (key, tuple(priors), units, mixture)
    return kept[2], kept[3]


def components_of(priors: Sequence[Any], units: list[Units], likelihood: Likelihood) -> list[list[Any]]:
    """The priors as components of every output, in common units."""
    first, found = priors[0], []
    for k, own in enumerate(units):
        its = first.component(k, own, likelihood)
        found.append(sharing([its, *(prior.component_beside(first, its, k, own, likelihood) for prior in priors[1:])]))
    return found


def starting_coefficients(priors: Sequence[Any], weights: Array, estimator: Any, family: Family) -> Array:
    """``(K, d + 1)`` coefficients of a task without rows, in units of the data: the priors' mean by ``weights``."""
    total = np.zeros((priors[0].n_outputs, priors[0].n_features + 1))
    for c in np.flatnonzero(weights).tolist():
        coef = priors[c].expected()
        for k in range(len(coef)):
            coef[k, -1] += family.intercept_shift(estimator, priors[c].noise_of(k))
        total += weights[c] * coef
    return total


def check_likelihood(prior: Any, estimator: Any, family: Family) -> None:
    """A prior speaks of one kind of target; raises if the estimator's is another."""
    wanted = family.kind_of(estimator, prior.n_outputs)
    if prior.likelihood not in (None, wanted):
        raise ValueError(
            f"prior: wanted one learned for {wanted} targets ({type(estimator).__name__}), found one for "
            f"{prior.likelihood} targets; learn it anew with this estimator."
        )
    if family.classifies and prior.classes is None:
        raise ValueError(
            "prior: wanted GaussianPrior(classes=...) for a classifier, found no classes; coefficients belong to labels."
        )


def _read(priors: Sequence[Any], estimator: Any, family: Family, tasks: Tasks) -> tuple[LinearData, list[Any]]:
    """The tasks' rows, and the priors with their columns in the order of the rows'."""
    first = priors[0]
    if tasks.n_rows == 0:
        return _no_rows(first, family, tasks), list(priors)
    data = read(tasks, estimator, family, first.classes, first.weight_unit)
    if first.n_outputs != data.Y.shape[1]:
        raise ValueError(
            f"prior: wanted coefficients for {data.Y.shape[1]} output(s), found {first.n_outputs}; give the targets "
            "that it was learned from."
        )
    return data, [prior.for_columns(tasks.feature_names, data.X.shape[1]) for prior in priors]


def _no_rows(prior: Any, family: Family, tasks: Tasks) -> LinearData:
    n_targets = None if prior.one_target or family.classifies else prior.n_outputs
    X, Y = np.empty((0, prior.n_features)), np.empty((0, prior.n_outputs))
    return LinearData(X, Y, None, n_targets, prior.classes, tasks.order, tasks.starts)


def engine_rows(data: LinearData, units: list[Units], estimator: Any) -> Rows:
    """The rows in the units of the engine."""
    centre, scale = (np.array([getattr(unit, name) for unit in units]) for name in ("target_centre", "target_scale"))
    first = units[0]
    return Rows(
        data.X,
        (data.Y - centre) / scale,
        data.order,
        data.starts,
        first.centre,
        first.scale,
        data.weight,
        bool(estimator.fit_intercept),
        data.count,
        data.offset,
    )
