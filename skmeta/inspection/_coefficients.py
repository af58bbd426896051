"""What a prior says of coefficients: their moments, names and unit, and how far their columns spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base._pictures import Spread
from skmeta.compose import first_component
from skmeta.steps._parts import is_nothing
from skmeta.tasks._words import shown


def coefficient_moments(prior: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean of every coefficient and its standard deviation between tasks, of one shape, intercept last.

    Raises
    ------
    TypeError
        If the prior is not about coefficients: it has no mean and covariance.
    """
    if not (hasattr(prior, "mean") and hasattr(prior, "covariance")):
        hint = "; pass its prior_, or use PriorDisplay.from_estimator" if hasattr(prior, "fit") else ""
        raise TypeError(
            "prior: wanted one with a mean and a covariance of coefficients, such as a GaussianPrior or a fitted linear "
            f"model's prior_, found {type(prior).__name__}{hint}."
        )
    mean, sd, _ = Spread.of_prior(prior)
    return mean, sd


def coefficient_names(prior: Any) -> list[str]:
    """Return the names of a prior's columns: its own, or what the steps before it call them, or x0, x1, ..."""
    n_features = prior.mean.shape[-1] - 1
    steps = getattr(prior, "steps", None)
    names = prior.feature_names if steps is None else (prior.prior.feature_names or _names_out(steps))
    return [f"x{j}" for j in range(n_features)] if names is None or len(names) != n_features else list(names)


def _names_out(steps: Any) -> Sequence[str] | None:
    """Return what the last of some `FrozenSteps` calls its columns, None if one of them cannot tell."""
    names = steps.input_names
    for _, step in steps.steps:
        if step is None or isinstance(step, str):  # "passthrough"
            continue
        try:
            names = step.get_feature_names_out(names)
        except (AttributeError, TypeError, ValueError):  # no such method here or further in, or names unknown to it
            return None
    return names


def spread_of_columns(prior: Any) -> NDArray[np.float64] | None:
    """Return the standard deviations of the columns over the collection that a prior was learned from; None if unknown."""
    units = getattr(prior, "units", None)
    return None if units is None else np.asarray(units.scale)


def unit_of(prior: Any) -> str:
    """Return what a coefficient is a change by, and of which of two classes the odds rise with it."""
    steps = [step for _, step in getattr(getattr(prior, "steps", None), "steps", ()) if not is_nothing(step)]
    behind = f" behind {type(steps[-1]).__name__}" if steps else ""
    two = prior.classes is not None and len(prior.classes) == 2
    return f"Coefficient per unit of the column{behind}{f', towards {shown(prior.classes[1])}' if two else ''}"


def unit_of_intercept(prior: Any) -> str:
    """Return what an intercept is a number of: the target, or what a link makes of it."""
    linked = prior.classes is not None or getattr(first_component(prior), "likelihood", None) not in (None, "gaussian")
    return f"Intercept: in units of the {'linear predictor' if linked else 'target'}"
