"""What a shell around an estimator is given: an estimator of its kind, a table, and a method that the estimator has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import validate_data

from skmeta.base._matching import UNSUPERVISED
from skmeta.tasks._numbers import check_names_differ, column_names


def check_kind(shell: Any, estimator: Any) -> None:
    """Raise for a regressor in a classifier's place and the like; models of densities stand where clusterers do."""
    found, wanted = get_tags(estimator).estimator_type, get_tags(shell).estimator_type
    if found in (None, wanted) or {found, wanted} <= set(UNSUPERVISED):
        return
    shells = {"classifier": "WarmStartClassifier", "regressor": "WarmStartRegressor"}
    shells |= dict.fromkeys(UNSUPERVISED, "WarmStartClusterer")
    way_out = f"; use {shells[found]}" if found in shells else ""
    raise TypeError(
        f"estimator: {type(shell).__name__} wanted a {wanted}, found the {found} {type(estimator).__name__}{way_out}."
    )


def columns_of(X: Any) -> dict[str, Any]:
    """``n_features_in_`` and ``feature_names_in_`` of a table, which has names of its own for all columns."""
    if isinstance(X, Mapping) and not sparse.issparse(X):
        raise TypeError(
            f"X: wanted a table, found {type(X).__name__}; pandas.DataFrame(X) makes one of columns by name."
        )
    check_names_differ(column_names(X))
    recorder = BaseEstimator()
    validate_data(recorder, X, skip_check_array=True)
    return vars(recorder)


def estimator_has(method: str) -> Callable[[Any], Any]:
    """Whether a model fitted as a plain one, or the class of the estimator, has ``method``."""

    def check(self: Any) -> bool:
        if self.__dict__.get("_plain") is not None:
            return hasattr(self._plain, method)
        estimator = self.estimator
        return hasattr(estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator, method)

    return available_if(check)
