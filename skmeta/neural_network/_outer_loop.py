"""What learners of starts have in common around a task's own training: their parameters, and which tasks are held out."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

from sklearn.utils import check_scalar

_ENOUGH_TO_HOLD_OUT = 4  # guard: fewer tasks teach and judge nothing


def check_outer_loop(learner: Any, counts: Sequence[str], schedules: Sequence[str]) -> None:
    """Raise for parameters out of range: ``counts`` are those that are whole numbers from one on."""
    for name in counts:
        check_scalar(getattr(learner, name), name, Integral, min_val=1)
    check_scalar(
        learner.validation_fraction,
        "validation_fraction",
        Real,
        min_val=0.0,
        max_val=1.0,
        include_boundaries="neither",
    )
    if learner.n_shots is not None:
        check_scalar(learner.n_shots, "n_shots", Integral, min_val=1)
    if learner.schedule not in schedules:
        raise ValueError(f"schedule: wanted one of {list(schedules)}, found {learner.schedule!r}.")


def n_held_out(n_tasks: int, share: float) -> int:
    """How many of some tasks are held out: that share of them, one at least; none for zero, or of few tasks."""
    return max(round(share * n_tasks), 1) if share and n_tasks >= _ENOUGH_TO_HOLD_OUT else 0
