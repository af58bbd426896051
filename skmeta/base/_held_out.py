"""Tasks held out: halves of a collection that teach and judge, and when one choice predicts held-out tasks better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks import Tasks

Array = NDArray[np.float64]

SHOTS = 10  # rows to which the model of a held-out task is adapted, before it predicts the others
_ENOUGH_FOR_HALVES = 4  # guard: of fewer tasks no half teaches a prior


def gains(difference: Array) -> bool:
    """Whether tasks gain on average, by more than one standard error; a single task by any gain."""
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else 0.0
    return bool(difference.mean() > error)


def halves_of(tasks: Tasks, *, same_labels: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Two halves of alike tasks, by size; None where they are few, or where one half lacks a label that it should have."""
    if len(tasks) < _ENOUGH_FOR_HALVES:
        return None
    order = np.argsort(tasks.counts, kind="stable")
    halves = np.sort(order[::2]), np.sort(order[1::2])
    if same_labels and tasks.classes is not None:
        seen = [set().union(*(tasks.classes[code].tolist() for code in half)) for half in halves]
        if seen[0] != seen[1]:
            return None
    return halves
