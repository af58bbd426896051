"""Splitting and scoring collections of tasks, and searching hyperparameters from what past searches taught."""

from ._baselines import OwnModel, PooledModel, ResidualModel
from ._n_shot_split import NShotSplit
from ._shot_curve import ShotCurve, shot_curve
from ._warm_start_search import WarmStartSearchCV

__all__ = [
    "NShotSplit",
    "OwnModel",
    "PooledModel",
    "ResidualModel",
    "ShotCurve",
    "WarmStartSearchCV",
    "shot_curve",
]
