"""Linear models: what coefficients past tasks had, and how a new task starts from them."""

from skmeta.linear_model._empirical_bayes import EmpiricalBayes
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._sufficient_statistics import SufficientStatistics

__all__ = ["EmpiricalBayes", "GaussianPrior", "SufficientStatistics"]
