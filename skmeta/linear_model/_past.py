"""What was known before a collection: which part of it can be learned on from, checked against what is learned now."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skmeta.base._class_weight import check_class_weight
from skmeta.linear_model._adapt import check_likelihood
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.tasks._column_error import ColumnError


def learned_component(prior: Any, estimator: Any) -> GaussianPrior | None:
    """The `GaussianPrior` that a prior is or, in a mixture, has first; TypeError for priors of other families."""
    first = getattr(prior, "components", [prior])[0]
    if first is None or isinstance(first, GaussianPrior):
        return first
    raise TypeError(
        f"prior: wanted a GaussianPrior, or a mixture whose first component is one, for {type(estimator).__name__}, found "
        f"{type(prior).__name__}"
        + (f" of {type(first).__name__}" if first is not prior else "")
        + "; a prior is learned on from by the learner of its own family, of several learned ones from one: "
        "prior=mixture.components[0]."
    )


def unit_of(past: GaussianPrior | None, mean_weight: float) -> float:
    """What a row weighs: what it did in the past, or in the mean of a collection where there is none that says."""
    return mean_weight if past is None or past.weight_unit is None else past.weight_unit


class Described(Protocol):
    """What is asked of rows, or of sums of them."""

    @property
    def n_features(self) -> int:
        """Number of columns."""

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""

    @property
    def missing_everywhere(self) -> NDArray[np.bool_]:
        """Which columns no task has."""


def checked_past(
    past: GaussianPrior | None, estimator: Any, family: Any, found: Described, names: tuple[str, ...] | None
) -> GaussianPrior | None:
    """The past with its columns in the order of those found; without one, a column that no task has teaches nothing."""
    if past is None:
        nowhere = np.flatnonzero(found.missing_everywhere)
        if len(nowhere):
            wanted = "; wanted at least one task that has them. Leave them out."
            raise ColumnError(
                "X: Input X contains NaN in every row of column(s) ", tuple(nowhere), wanted, labels=names
            )
        return None
    check_likelihood(past, estimator, family)
    check_class_weight(past, estimator)
    if past.n_outputs != found.n_outputs:
        raise ValueError(
            f"prior: wanted coefficients for {found.n_outputs} output(s), found {past.n_outputs}; give the targets that it was "
            "learned from, or learn without prior."
        )
    return past.for_columns(names, found.n_features)
