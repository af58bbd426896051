"""Pictures of what was learned: how much new rows are worth, what tasks share, how a search went."""

from ._prior_display import PriorDisplay
from ._search_trace_display import SearchTraceDisplay
from ._shot_curve_display import ShotCurveDisplay

__all__ = ["PriorDisplay", "SearchTraceDisplay", "ShotCurveDisplay"]
