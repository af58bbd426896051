"""Gaussian processes and kernel ridge: what tasks share is a process, what is a task's own is another with a kernel."""

from skmeta.gaussian_process._gaussian_process_prior import GaussianProcessPrior
from skmeta.gaussian_process._kernel_deviations import KernelDeviations

__all__ = ["GaussianProcessPrior", "KernelDeviations"]
