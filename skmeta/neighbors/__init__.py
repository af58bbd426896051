"""Nearest neighbours: under which linear metric a task's rows, or those of all tasks, are near."""

from skmeta.neighbors._neighbors_learner import NeighborsLearner
from skmeta.neighbors._neighbors_prior import NeighborsPrior

__all__ = ["NeighborsLearner", "NeighborsPrior"]
