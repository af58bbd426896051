"""Gaussian processes and kernel ridge: tasks share one process and deviate from it by another with a learned kernel."""

from skmeta.gaussian_process._gaussian_process_learner import GaussianProcessLearner
from skmeta.gaussian_process._gaussian_process_prior import GaussianProcessPrior

__all__ = ["GaussianProcessLearner", "GaussianProcessPrior"]
