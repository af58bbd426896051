"""Splitting and scoring collections of tasks, and the baselines they are scored against."""

from skmeta.model_selection._baselines import OwnModel, PooledModel, ResidualModel
from skmeta.model_selection._boosted import BoostedModel
from skmeta.model_selection._few_shot_score import EpisodeScores, few_shot_score
from skmeta.model_selection._make_baselines import make_baselines
from skmeta.model_selection._n_shot_split import NShotSplit
from skmeta.model_selection._n_way_split import NWaySplit
from skmeta.model_selection._shot_curve import ShotCurve, shot_curve

__all__ = [
    "BoostedModel",
    "EpisodeScores",
    "NShotSplit",
    "NWaySplit",
    "OwnModel",
    "PooledModel",
    "ResidualModel",
    "ShotCurve",
    "few_shot_score",
    "make_baselines",
    "shot_curve",
]
