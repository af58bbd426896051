"""What is known before a task's own rows are seen: frozen values, and adapting to a task."""

from skmeta.priors._gaussian import GaussianPrior

__all__ = ["GaussianPrior"]
