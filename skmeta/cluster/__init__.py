"""Clusters: k-means and Gaussian mixtures whose centres start from those of earlier tasks, and mean the same in each."""

from skmeta.cluster._gaussian_mixture import GaussianMixtureLearner, GaussianMixturePrior
from skmeta.cluster._k_means import KMeansLearner, KMeansPrior
from skmeta.cluster._own_clusters import OwnKMeans, OwnMixture

__all__ = ["GaussianMixtureLearner", "GaussianMixturePrior", "KMeansLearner", "KMeansPrior", "OwnKMeans", "OwnMixture"]
