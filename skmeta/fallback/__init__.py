"""Any estimator: what tasks share is one model of all of them, what is a task's own is a linear correction under a prior."""

from skmeta.fallback._shared_model import SharedModel
from skmeta.fallback._shared_model_prior import SharedModelPrior

__all__ = ["SharedModel", "SharedModelPrior"]
