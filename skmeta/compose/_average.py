"""The weighted mean of several fitted estimators as one plain fitted scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from operator import methodcaller
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder
from sklearn.utils import Bunch

from skmeta.base._registry import is_linear


def average_estimators(
    estimators: Sequence[Any], weights: NDArray[np.float64], names: Sequence[str], n_outputs: int | None = None
) -> Any:
    """One estimator that predicts the weighted mean of what several fitted ones predict.

    Linear regressors of one class are averaged by their coefficients, which is the same mean; others vote, or, as no
    VotingRegressor takes several outputs, are the columns of a linear regression. Estimators that are one and the same are
    that one.

    Parameters
    ----------
    estimators : sequence of fitted estimators
        Of one kind, regressors or classifiers.
    weights : ndarray of shape (n_estimators,)
        Positive.
    names : sequence of str
        A name each, for the Voting estimator.
    n_outputs : int, default=None
        Columns of what regressors predict; None where that is one number a row.

    Returns
    -------
    estimator
        Fitted.
    """
    if len(estimators) == 1:
        return estimators[0]
    if is_classifier(estimators[0]):
        return _voting_classifier(estimators, weights, names)
    if _are_one_linear_class(estimators):
        return mean_of_coefficients(estimators, weights / weights.sum())
    if n_outputs is not None:
        return _mean_of_outputs(estimators, weights / weights.sum(), names, n_outputs)
    return _voted(VotingRegressor(_frozen(estimators, names), weights=weights.tolist()), estimators)


def _are_one_linear_class(estimators: Sequence[Any]) -> bool:
    first = estimators[0]
    return is_linear(first) and all(type(each) is type(first) for each in estimators)


def mean_of_coefficients(estimators: Sequence[Any], weights: NDArray[np.float64]) -> Any:
    """One linear estimator with the means of the coefficients of several; what else was fitted is that of the weightiest.

    Parameters
    ----------
    estimators : sequence of fitted estimators
        Of one class, with coefficients of one shape.
    weights : ndarray of shape (n_estimators,)
        They sum to one.

    Returns
    -------
    estimator
        Fitted.
    """
    mean = copy(estimators[int(np.argmax(weights))])
    mean.coef_ = sum(w * each.coef_ for w, each in zip(weights, estimators, strict=True))
    mean.intercept_ = sum(w * each.intercept_ for w, each in zip(weights, estimators, strict=True))
    return mean


def _mean_of_outputs(
    estimators: Sequence[Any], weights: NDArray[np.float64], names: Sequence[str], n_outputs: int
) -> Any:
    """A Pipeline: the outputs of all side by side, and a linear regression that has the weights for coefficients."""
    answers = FeatureUnion([(name, _answers_of(each, n_outputs)) for name, each in zip(names, estimators, strict=True)])
    mean = LinearRegression()
    mean.coef_, mean.intercept_ = np.kron(weights, np.eye(n_outputs)), np.zeros(n_outputs)
    return Pipeline([("outputs", answers), ("mean", mean)])


def _answers_of(estimator: Any, n_outputs: int) -> Any:
    """What turns rows into the columns that a fitted estimator predicts."""
    step = FunctionTransformer(estimator.predict)
    if hasattr(estimator, "feature_names_in_"):
        step.feature_names_in_ = estimator.feature_names_in_
    return Pipeline([("predict", step), ("columns", FunctionTransformer(methodcaller("reshape", (-1, n_outputs))))])


def _voting_classifier(estimators: Sequence[Any], weights: NDArray[np.float64], names: Sequence[str]) -> Any:
    labels = estimators[0].classes_
    if not all(np.array_equal(each.classes_, labels) for each in estimators):
        raise ValueError(
            f"components: wanted estimators of one task with the same labels, found {[e.classes_.tolist() for e in estimators]}"
            "; learn the components from the same labels, or leave classes=None in all of them."
        )
    voting = VotingClassifier(_frozen(estimators, names), voting="soft", weights=weights.tolist())
    voting.le_ = LabelEncoder().fit(labels)
    voting.classes_ = voting.le_.classes_
    return _voted(voting, estimators)


def _frozen(estimators: Sequence[Any], names: Sequence[str]) -> list[tuple[str, Any]]:
    return [(name, FrozenEstimator(each)) for name, each in zip(names, estimators, strict=True)]


def _voted(voting: Any, estimators: Sequence[Any]) -> Any:
    voting.estimators_ = [frozen for _, frozen in voting.estimators]
    voting.named_estimators_ = Bunch(**dict(voting.estimators))
    if hasattr(estimators[0], "feature_names_in_"):
        voting.feature_names_in_ = estimators[0].feature_names_in_
    return voting
