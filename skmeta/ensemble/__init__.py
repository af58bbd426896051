"""Boosting: a shared model that is corrected for each task, and new trees of the task's own on top."""

from skmeta.ensemble._boosting_learner import BoostingLearner
from skmeta.ensemble._boosting_prior import BoostingPrior

__all__ = ["BoostingLearner", "BoostingPrior"]
