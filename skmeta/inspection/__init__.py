"""Pictures of what was learned: what new rows are worth, what tasks share, what probabilities promise, how searches went."""

from skmeta.inspection._prior_display import PriorDisplay
from skmeta.inspection._search_trace_display import SearchTraceDisplay
from skmeta.inspection._shot_calibration_display import ShotCalibrationDisplay
from skmeta.inspection._shot_curve_display import ShotCurveDisplay

__all__ = ["PriorDisplay", "SearchTraceDisplay", "ShotCalibrationDisplay", "ShotCurveDisplay"]
