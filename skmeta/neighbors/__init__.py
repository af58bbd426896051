"""Nearest neighbours: under which linear metric a task's rows, or those of all tasks, are near."""

from skmeta.neighbors._learned_metric import LearnedMetric
from skmeta.neighbors._neighbors_prior import NeighborsPrior

__all__ = ["LearnedMetric", "NeighborsPrior"]
