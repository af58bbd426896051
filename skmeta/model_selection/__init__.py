"""Splitting and scoring collections of tasks: new tasks of which a few rows are known."""

from ._baselines import OwnModel, PooledModel, ResidualModel
from ._n_shot_split import NShotSplit
from ._shot_curve import ShotCurve, shot_curve

__all__ = ["NShotSplit", "OwnModel", "PooledModel", "ResidualModel", "ShotCurve", "shot_curve"]
