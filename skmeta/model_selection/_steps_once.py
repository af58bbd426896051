"""Steps of a Pipeline before its model, fitted once to the rows of all tasks, as a prior carries them."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skmeta.tasks._told_columns import telling_columns


def steps_and_model(estimator: Any) -> tuple[Pipeline | None, Any]:
    """Return the steps of a Pipeline before its last, None for none, and the model."""
    if not isinstance(estimator, Pipeline):
        return None, estimator
    return estimator[:-1] if len(estimator) > 1 else None, estimator.steps[-1][1]


def fitted_steps(steps: Pipeline | None, X: Any, y: Any) -> Pipeline | None:
    """Return a clone of the steps, fitted to all rows."""
    if steps is None:
        return None
    with telling_columns(X):
        return clone(steps).fit(X, y)


def behind(steps: Pipeline | None, X: Any) -> Any:
    """Return rows as fitted steps make them."""
    return X if steps is None else steps.transform(X)
