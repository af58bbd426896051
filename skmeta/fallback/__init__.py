"""Any estimator: what tasks share is one model of all of them, what is a task's own is a linear correction under a prior."""

from skmeta.fallback._semi_supervised import SharedSemiSupervised
from skmeta.fallback._shared_model import SharedModel
from skmeta.fallback._shared_model_prior import CorrectedModels, SharedModelPrior

__all__ = ["CorrectedModels", "SharedModel", "SharedModelPrior", "SharedSemiSupervised"]
