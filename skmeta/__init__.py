"""skmeta: the next fit starts from what the earlier ones taught."""

import skmeta.cluster  # noqa: F401 - the room registers itself
from skmeta.ensemble import SharedBoosting
from skmeta.fallback import SharedModel
from skmeta.gaussian_process import KernelDeviations
from skmeta.linear_model import EmpiricalBayes, GaussianPrior, SufficientStatistics
from skmeta.model_selection import NShotSplit, shot_curve
from skmeta.naive_bayes import ConjugateEmpiricalBayes
from skmeta.neighbors import LearnedMetric
from skmeta.tasks import split_tasks, stack_tasks
from skmeta.tuning import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.warm_start import WarmStartClassifier, WarmStartClusterer, WarmStartRegressor

__version__ = "0.1.0"

__all__ = [
    "ConjugateEmpiricalBayes",
    "EmpiricalBayes",
    "GaussianPrior",
    "HyperparameterPrior",
    "KernelDeviations",
    "LearnedMetric",
    "NShotSplit",
    "SharedBoosting",
    "SharedModel",
    "SufficientStatistics",
    "TrialHistory",
    "WarmStartClassifier",
    "WarmStartClusterer",
    "WarmStartRegressor",
    "WarmStartSearchCV",
    "__version__",
    "shot_curve",
    "split_tasks",
    "stack_tasks",
]
