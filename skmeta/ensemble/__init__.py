"""Boosting: a shared model that is corrected for each task, and new trees of the task's own on top."""

from skmeta.ensemble._shared_boosting import SharedBoosting
from skmeta.ensemble._shared_boosting_prior import SharedBoostingPrior

__all__ = ["SharedBoosting", "SharedBoostingPrior"]
