"""skmeta: the next fit starts from what the earlier ones taught."""

import skmeta.cluster  # noqa: F401 - the room registers itself
from skmeta.discriminant_analysis import DiscriminantLearner
from skmeta.ensemble import BoostingLearner
from skmeta.fallback import SharedModel
from skmeta.gaussian_process import GaussianProcessLearner
from skmeta.linear_model import EmpiricalBayes, GaussianPrior, StateSpace, SufficientStatistics
from skmeta.model_selection import NShotSplit, NWaySplit, few_shot_score, shot_curve
from skmeta.naive_bayes import NaiveBayesLearner
from skmeta.neighbors import NeighborsLearner
from skmeta.neural_network import ANIL, MAML, MetaSGD, NeuralNetworkLearner, ParameterAverage, Reptile
from skmeta.tasks import pseudo_label_tasks, split_tasks, stack_tasks
from skmeta.tuning import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.warm_start import WarmStartClassifier, WarmStartClusterer, WarmStartRegressor, learn_prior

__version__ = "0.1.0"

__all__ = [
    "ANIL",
    "MAML",
    "BoostingLearner",
    "DiscriminantLearner",
    "EmpiricalBayes",
    "GaussianPrior",
    "GaussianProcessLearner",
    "HyperparameterPrior",
    "MetaSGD",
    "NShotSplit",
    "NWaySplit",
    "NaiveBayesLearner",
    "NeighborsLearner",
    "NeuralNetworkLearner",
    "ParameterAverage",
    "Reptile",
    "SharedModel",
    "StateSpace",
    "SufficientStatistics",
    "TrialHistory",
    "WarmStartClassifier",
    "WarmStartClusterer",
    "WarmStartRegressor",
    "WarmStartSearchCV",
    "__version__",
    "few_shot_score",
    "learn_prior",
    "pseudo_label_tasks",
    "shot_curve",
    "split_tasks",
    "stack_tasks",
]
