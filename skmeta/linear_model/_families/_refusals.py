"""Why an estimator takes no Gaussian prior, and the way out: one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sklearn.base import is_classifier


def why_not(estimator: Any, known: Iterable[type]) -> str:
    """The message for an estimator that is of no linear family."""
    name, names = type(estimator).__name__, ", ".join(sorted(cls.__name__ for cls in known))
    return (
        f"estimator: wanted one of {names}, alone or as the last step of a Pipeline, found {name}, which "
        f"{reason(estimator, tuple(known))}."
    )


def is_called_linear(estimator: Any) -> bool:
    """Whether a class says by its name or module that it is linear, whatever it takes."""
    return "linear_model" in type(estimator).__module__ or type(estimator).__name__.startswith("Linear")


def reason(estimator: Any, known: tuple[type, ...]) -> str:
    """Why a class is not among ``known``, and what to use in its place: the end of a sentence."""
    name = type(estimator).__name__
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return "is no estimator, such as Ridge()"
    params, classifies = estimator.get_params(deep=False), is_classifier(estimator)
    use, strength, shell = ("LogisticRegression", "C", "Classifier") if classifies else ("Ridge", "alpha", "Regressor")
    linear = is_called_linear(estimator)
    if "estimator" in params:
        return f"belongs around the warm-started model, not into it: {name}(WarmStart{shell}({use}(), ...))"
    if linear and name.endswith("CV"):
        plain = next((cls.__name__ for cls in known if cls.__name__ == name.removesuffix("CV")), use)
        return (
            "chooses the strength of its penalty itself, by a cross-validation that knows no prior; use "
            f"{plain} and let GridSearchCV choose {strength} (estimator__{strength})"
        )
    if isinstance(estimator, known):
        return "is a subclass of one of them with a constructor, an output or a method of its own; use the class itself"
    if not linear:
        return _not_linear(estimator, use)
    without = "a penalty that no prior can replace" if {"alpha", "C"} & params.keys() else _NO_PENALTY
    return f"has {without}; use {use}, whose {strength}=1 takes the prior as learned"


def _not_linear(estimator: Any, use: str) -> str:
    if not type(estimator).__module__.startswith("sklearn."):
        return f"is of no linear family; use {use}, or pass learner= with a learner for it"
    return (
        f"has no coefficients that a prior could speak of; for what is not linear put a transformer before {use}: "
        f"make_pipeline(SplineTransformer(), {use}()), or RandomTreesEmbedding() or Nystroem() as first step; "
        "or pass learner= with a learner for it"
    )


_NO_PENALTY = "no penalty that a learned prior could act on"
