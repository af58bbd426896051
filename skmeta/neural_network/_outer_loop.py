"""What learners of starts have in common around a task's own training: their parameters, and which tasks are held out."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_scalar

from skmeta.base._held_out import ENOUGH_FOR_HALVES

Index = NDArray[np.intp]


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


def hold_out(codes: Index, share: float, rng: Any) -> tuple[Index, Index]:
    """Tasks that teach, and at random those held out: a share of them, one at least; none for zero, or of few tasks."""
    n = max(round(share * len(codes)), 1) if share and len(codes) >= ENOUGH_FOR_HALVES else 0
    held_out = np.sort(rng.permutation(codes)[:n])
    return np.setdiff1d(codes, held_out), held_out
