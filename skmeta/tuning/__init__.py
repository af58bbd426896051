"""Hyperparameters: past trials, what they teach, and a search that starts from them."""

from skmeta.tuning._history import TrialHistory
from skmeta.tuning._hyperparameter import HyperparameterPrior
from skmeta.tuning._warm_start_search import WarmStartSearchCV

__all__ = ["HyperparameterPrior", "TrialHistory", "WarmStartSearchCV"]
