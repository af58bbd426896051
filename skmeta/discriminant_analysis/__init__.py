"""Discriminant analysis: under which metric classes that were never seen are told apart, and where class means lie."""

from skmeta.discriminant_analysis._class_sums import ClassSums
from skmeta.discriminant_analysis._discriminant_learner import DiscriminantLearner
from skmeta.discriminant_analysis._discriminant_prior import DiscriminantPrior
from skmeta.discriminant_analysis._shift_sums import ShiftSums
from skmeta.discriminant_analysis._shifted_prior import ShiftedDiscriminantPrior

__all__ = ["ClassSums", "DiscriminantLearner", "DiscriminantPrior", "ShiftSums", "ShiftedDiscriminantPrior"]
