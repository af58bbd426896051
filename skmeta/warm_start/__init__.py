"""Estimators that start from what earlier fits taught."""

from skmeta.warm_start._classifier import WarmStartClassifier
from skmeta.warm_start._clusterer import WarmStartClusterer
from skmeta.warm_start._learn_prior import learn_prior
from skmeta.warm_start._regressor import WarmStartRegressor

__all__ = ["WarmStartClassifier", "WarmStartClusterer", "WarmStartRegressor", "learn_prior"]
