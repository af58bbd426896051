"""Learning from rows of which some are outliers: learn, ask how far each row is to be trusted, and learn again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from skmeta._inference.mixture import Mixture, posterior
from skmeta._inference.moments import Rows
from skmeta._inference.outliers import MONOTONE_ROUNDS, monotone_weights, residuals, trust_rows, trusted
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.compose import MixturePrior
from skmeta.linear_model._adapt import engine_rows, in_engine
from skmeta.linear_model._data import LinearData
from skmeta.linear_model._families import family_of
from skmeta.linear_model._structured import check_no_context_model

Array = NDArray[np.float64]
Learn = Callable[[LinearData, Any], MixturePrior]  # of rows; what it is to tell of its progress

_ROUNDS = 10  # guard: at most
_SETTLED = 0.01  # mean change of the rows' trust at which the prior stands still
_STARTED = 0.05  # the same of a start


def learn_from_trusted(
    start: Learn,
    learn: Learn,
    data: LinearData,
    estimator: Any,
    family: Any,
    n_jobs: int | None,
    progress: Any = None,
) -> MixturePrior:
    """What ``learn`` makes of the rows, each counting by the probability that it is no outlier.

    The first rounds, by ``start``, trust as Huber does, so that it does not matter how far outliers lie; then the prior,
    the share of outliers and what rows are trusted are learned in turn, which is EM. Each ends where trust stands still.
    """
    parts = PartsOfWork(progress, MONOTONE_ROUNDS + 1 + _ROUNDS)
    prior, trust = _monotone(start, data, estimator, family, parts)
    share = family.share_of_outliers(estimator)
    for done in range(_ROUNDS):
        rows, mixture = _in_engine(prior, data, estimator, family)
        new = trust_rows(rows, mixture, share, effective_n_jobs(n_jobs)).weight
        moved, trust = _moved(new, trust, rows), new
        prior = learn(trusted(data, trust), parts.part(MONOTONE_ROUNDS + 1 + done))
        share = _share_of_outliers(trust, rows)
        if moved < _SETTLED:
            break
    parts.finish()
    return prior


def check_sums_suffice(estimator: Any, *, crossed: bool = False, context_model: Any = None) -> None:
    """Raise where sums say too little: which rows are outliers, more than one id of a task, or what describes it."""
    check_no_context_model(
        context_model, "for statistics, which know nothing that describes a task", "learn from the rows, with context"
    )
    if isinstance(estimator, Pipeline | TransformedTargetRegressor):
        raise TypeError(
            f"estimator: wanted the model alone, such as Ridge(), found a {type(estimator).__name__}; sums are of columns as "
            "the model sees them: transform the rows before they are summed up."
        )
    if crossed:
        raise ValueError(
            "EmpiricalBayes(crossed=True): wanted rows with two task columns or more, found statistics, which know a task by "
            "one id; learn from the rows, of a frame of dask X.compute(), or leave crossed out."
        )
    if family_of(estimator).share_of_outliers(estimator) > 0.0:
        raise ValueError(
            f"estimator: wanted one that trusts all rows alike for statistics, such as Ridge(), found "
            f"{type(estimator).__name__}, which asks of each row whether it is an outlier; learn from the rows, "
            f"WarmStartRegressor({type(estimator).__name__}(), task=...)."
        )


def _monotone(
    start: Learn, data: LinearData, estimator: Any, family: Any, parts: PartsOfWork
) -> tuple[MixturePrior, Array]:
    """The prior under Huber's weights, which never let go of a row, and those weights."""
    trust = np.ones(len(data.Y))
    for done in range(MONOTONE_ROUNDS):
        prior = start(trusted(data, trust), parts.part(done))
        rows, mixture = _in_engine(prior, data, estimator, family)
        found = posterior(trusted(rows, trust), mixture, np.ones(1))
        new = monotone_weights(rows, residuals(rows, found.coef))
        moved, trust = _moved(new, trust, rows), new
        if moved < _STARTED:
            break
    return start(trusted(data, trust), parts.part(MONOTONE_ROUNDS)), trust


def _in_engine(prior: MixturePrior, data: LinearData, estimator: Any, family: Any) -> tuple[Rows, Mixture]:
    """All rows and the prior in the units of the engine."""
    components: list[Any] = list(prior.components)
    if not estimator.fit_intercept:
        components = [component.through_origin() for component in components]
    units, mixture = in_engine(components, prior.weights, family.likelihood(estimator), prior.weights_without_rows)
    return engine_rows(data, units, estimator), mixture


def _moved(new: Array, old: Array, rows: Rows) -> float:
    """The mean change of the rows' trust."""
    return float(np.average(np.abs(new - old), weights=rows.counted))


def _share_of_outliers(trust: Array, rows: Rows) -> float:
    """Of rows that are trusted so far, one of each kind assumed."""
    return float((rows.counted @ (1.0 - trust) + 1.0) / (rows.counted.sum() + 2.0))
