"""What boosting libraries name alike or otherwise: their new trees on residuals, and a sum with these as a plain estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import StackingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression

from skmeta.base._matching import weights_if_taken

Array = NDArray[np.float64]

# By library: scikit-learn's two, LightGBM, XGBoost; CatBoost has four names for one number.
_NUMBER_OF_TREES = ("max_iter", "n_estimators", "iterations", "num_boost_round", "num_trees")
_ROWS_IN_A_LEAF = ("min_samples_leaf", "min_child_samples", "min_child_weight")
_STOP_EARLY: tuple[dict[str, Any], ...] = (
    {"early_stopping": False},
    {"n_iter_no_change": None},
    {"early_stopping_rounds": None},
)
_FEW_ROWS = 5  # in a leaf; of regression trees: L. Breiman (2001), Random forests, as in his program


def boosters(estimator: Any, n_trees: Sequence[int]) -> list[Any]:
    """Unfitted clones that grow few trees: of each number, with leaves as they are, and as small ones as few rows allow."""
    names = estimator.get_params(deep=False).keys()
    # CatBoost lists the parameters that were given, and refuses a number by two of its names.
    number = next((name for name in _NUMBER_OF_TREES if name in names), "n_estimators")
    leaf = [name for name in _ROWS_IN_A_LEAF if name in names][:1]
    off = next((way for way in _STOP_EARLY if way.keys() <= names), {})
    off = off | ({"init": "zero"} if "init" in names else {})
    leaves = [{}, *({name: _FEW_ROWS} for name in leaf if estimator.get_params(deep=False)[name] != _FEW_ROWS)]
    return [clone(estimator).set_params(**off, **each, **{number: n}) for each in leaves for n in n_trees]


def grown(booster: Any, X: Any, residual: Array, weight: Array | None) -> Any:
    """A clone fitted to residuals less their mean: how high a task lies was for the correction to say.

    So all libraries start from zero, though some begin with the mean of what they are fitted to.
    """
    return clone(booster).fit(X, residual - np.average(residual, weights=weight), **weights_if_taken(booster, weight))


def with_trees(corrected: Any, trees: Any, strength: float, X: Any, y: Array) -> Any:
    """The plain fitted estimator that predicts ``corrected + strength * trees``; some rows tell it its columns."""
    parts = [("corrected", FrozenEstimator(corrected)), ("trees", FrozenEstimator(trees))]
    plain = StackingRegressor(parts, LinearRegression(), cv="prefit").fit(X, y)
    plain.final_estimator_.coef_ = np.array([1.0, strength])
    plain.final_estimator_.intercept_ = 0.0
    return plain
