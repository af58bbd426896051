"""Families of linear estimators that take a Gaussian prior: a class each, in its own file."""

from skmeta.linear_model._families._base import FAMILIES, Adaptation, Family, family_of
from skmeta.linear_model._families._bayesian_ridge import BayesianRidgeFamily
from skmeta.linear_model._families._gradient_descent import SGDClassifierFamily, SGDRegressorFamily
from skmeta.linear_model._families._huber import HuberFamily
from skmeta.linear_model._families._linear_regression import LinearRegressionFamily
from skmeta.linear_model._families._logarithmic import GammaFamily, PoissonFamily, TweedieFamily
from skmeta.linear_model._families._logistic import LogisticFamily
from skmeta.linear_model._families._quantile import QuantileFamily
from skmeta.linear_model._families._ridge import RidgeFamily
from skmeta.linear_model._families._sparse_deviations import ElasticNetFamily, LassoFamily

__all__ = [
    "FAMILIES",
    "Adaptation",
    "BayesianRidgeFamily",
    "ElasticNetFamily",
    "Family",
    "GammaFamily",
    "HuberFamily",
    "LassoFamily",
    "LinearRegressionFamily",
    "LogisticFamily",
    "PoissonFamily",
    "QuantileFamily",
    "RidgeFamily",
    "SGDClassifierFamily",
    "SGDRegressorFamily",
    "TweedieFamily",
    "family_of",
]
