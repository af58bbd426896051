"""An estimator taken apart: the model, the steps before it, the transformation of its target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sklearn import get_config
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from skmeta._sklearn import check_parameters
from skmeta.base._matching import weights_if_taken


@dataclass(frozen=True, eq=False)
class Parts:
    """An estimator taken apart: the ``model``, the unfitted ``steps`` before it, the ``target`` that transforms ``y``.

    ``target_outside`` says whether the TransformedTargetRegressor holds the Pipeline or is its last step.
    """

    model: Any
    last_name: str = "model"
    steps: tuple[tuple[str, Any], ...] = ()
    target: Any = None
    target_outside: bool = True


def take_apart(estimator: Any) -> Parts:
    """The `Parts` of a Pipeline or TransformedTargetRegressor, or one in the other, or of a model."""
    if isinstance(estimator, TransformedTargetRegressor):
        inner = take_apart(estimator.regressor)
        if inner.target is not None:
            raise ValueError(
                "estimator: wanted one TransformedTargetRegressor, found one inside another; transform once, by a function "
                "that does both."
            )
        return replace(inner, target=estimator, target_outside=True)
    if isinstance(estimator, Pipeline):
        last, model = estimator.steps[-1]
        inner = take_apart(model)
        steps = (*estimator.steps[:-1], *inner.steps)
        return replace(inner, steps=steps, last_name=last, target_outside=inner.target is None)
    check_parameters(estimator)
    return Parts(estimator)


def unfitted_model(estimator: Any) -> Any:
    """The model at the end of an unfitted Pipeline or TransformedTargetRegressor."""
    if isinstance(estimator, Pipeline):
        return unfitted_model(estimator.steps[-1][1])
    return unfitted_model(estimator.regressor) if isinstance(estimator, TransformedTargetRegressor) else estimator


def last_model(estimator: Any) -> Any:
    """The model in a fitted Pipeline or TransformedTargetRegressor."""
    if isinstance(estimator, Pipeline):
        return last_model(estimator.steps[-1][1])
    if isinstance(estimator, TransformedTargetRegressor):
        return last_model(estimator.regressor_)
    return estimator


def weights_for(estimator: Any, sample_weight: Any) -> dict[str, Any]:
    """Keywords of ``fit`` that carry weights to the model, and to the steps before it that take them."""
    if isinstance(estimator, TransformedTargetRegressor):
        return weights_for(estimator.regressor, sample_weight)
    if not isinstance(estimator, Pipeline) or get_config()["enable_metadata_routing"]:
        return {} if sample_weight is None else {"sample_weight": sample_weight}
    before = {name: weights_if_taken(step, sample_weight) for name, step in estimator.steps[:-1]}
    last, model = estimator.steps[-1]
    parts = before | {last: weights_for(model, sample_weight)}
    return {f"{name}__{key}": weight for name, part in parts.items() for key, weight in part.items()}


def is_nothing(step: Any) -> bool:
    """Whether a step does nothing."""
    return step is None or (isinstance(step, str) and step == "passthrough")
