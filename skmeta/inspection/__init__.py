"""Pictures of what was learned: how much new rows are worth, what tasks share, how a search went."""

from skmeta.inspection._prior_display import PriorDisplay
from skmeta.inspection._search_trace_display import SearchTraceDisplay
from skmeta.inspection._shot_curve_display import ShotCurveDisplay

__all__ = ["PriorDisplay", "SearchTraceDisplay", "ShotCurveDisplay"]
