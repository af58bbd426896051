"""The coefficients of single tasks, of a fitted model, as dots around the typical ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.steps._parts import last_model

MAX_TASKS = 200  # that are drawn


def coefficients_of_tasks(model: Any, mean: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the coefficients of tasks, of many some drawn at random, the intercept last, as a prior with this `mean` has them.

    They are those that the prior and a task's rows make most probable, as only these lie around the prior's mean: what a plain
    classifier has is them times its ``moderation_``, nearer to zero, for probabilities that are right on average.

    Parameters
    ----------
    model : WarmStartRegressor or WarmStartClassifier
        Fitted.
    mean : ndarray of shape (n_coefs,) or (n_outputs, n_coefs)
        That of its prior.

    Returns
    -------
    ndarray of shape (n_tasks, n_coefs) or (n_outputs, n_tasks, n_coefs), or None
        None for a model of one dataset, and where no task has such coefficients: a task whose rows show one class has none.
    """
    models = getattr(model, "estimators_", {})
    drawn = np.random.default_rng(0).permutation(len(models))[:MAX_TASKS]  # the first ones by id may be the oldest
    ids = list(models)
    found = [_row(last_model(models[ids[i]]), mean.shape) for i in np.sort(drawn)]
    rows = [row for row in found if row is not None]
    return np.stack(rows, axis=-2) if rows else None


def _row(model: Any, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    coef = getattr(model, "coef_", None)
    if coef is None or np.size(coef) + np.size(model.intercept_) != np.prod(shape):
        return None
    n_outputs = np.prod(shape[:-1], dtype=int)
    parts = np.reshape(coef, (n_outputs, -1)), np.reshape(model.intercept_, (n_outputs, 1))
    return np.asarray(np.hstack(parts).reshape(shape) / getattr(model, "moderation_", 1.0))
