"""skmeta: the next fit starts from what the earlier ones taught."""

from skmeta.ensemble import SharedBoosting
from skmeta.fallback import SharedModel
from skmeta.linear_model import EmpiricalBayes, GaussianPrior, SufficientStatistics
from skmeta.model_selection import NShotSplit, shot_curve
from skmeta.tasks import split_tasks, stack_tasks
from skmeta.tuning import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.warm_start import WarmStartClassifier, WarmStartRegressor

__version__ = "0.1.0"

__all__ = [
    "EmpiricalBayes",
    "GaussianPrior",
    "HyperparameterPrior",
    "NShotSplit",
    "SharedBoosting",
    "SharedModel",
    "SufficientStatistics",
    "TrialHistory",
    "WarmStartClassifier",
    "WarmStartRegressor",
    "WarmStartSearchCV",
    "__version__",
    "shot_curve",
    "split_tasks",
    "stack_tasks",
]
