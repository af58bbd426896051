"""What is known before a task's own rows are seen: frozen values, and adapting to a task."""

from skmeta.priors._gaussian import GaussianPrior
from skmeta.priors._history import TrialHistory
from skmeta.priors._hyperparameter import HyperparameterPrior

__all__ = ["GaussianPrior", "HyperparameterPrior", "TrialHistory"]
