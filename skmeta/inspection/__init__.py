"""Pictures of what was learned: how much new rows are worth, what tasks share."""

from ._prior_display import PriorDisplay
from ._shot_curve_display import ShotCurveDisplay

__all__ = ["PriorDisplay", "ShotCurveDisplay"]
