"""Gaussian processes and kernel ridge: tasks share one process and deviate from it by another with a learned kernel."""

from skmeta.gaussian_process._gaussian_process_prior import GaussianProcessPrior
from skmeta.gaussian_process._kernel_deviations import KernelDeviations

__all__ = ["GaussianProcessPrior", "KernelDeviations"]
