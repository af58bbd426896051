"""Warnings that point at the line of the user's code from which skmeta was called."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

_PASSED = {"skmeta", "sklearn", "joblib", "contextlib"}  # whose lines tell a user nothing: they stand around ours


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first line of the stack that is none of this package or scikit-learn, however deep inside this is called."""
    frame: FrameType | None = sys._getframe()
    level = 1
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _PASSED:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
