"""Whether labels mean the same in all tasks, or each task has labels of its own: other characters, other products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._tasks import Tasks

MIN_LABEL_SHARE = 0.5  # of all labels that a task shows on average where they are those of all


def all_labels(tasks: Tasks) -> NDArray[Any] | None:
    """The labels of all tasks together, sorted; None where targets are numbers."""
    return None if tasks.classes is None else np.unique(np.concatenate(tasks.classes))


def labels_are_shared(tasks: Tasks, min_share: float = MIN_LABEL_SHARE) -> bool:
    """Whether tasks show at least that share of all labels on average; else each has its own.

    Labels that no two tasks have in common are of their own too, unless each task has a single one: of two tasks each
    shows half of all labels.
    """
    labels = all_labels(tasks)
    if labels is None:
        return True
    n_own = [len(own) for own in tasks.classes or ()]
    apart = sum(n_own) == len(labels) and len(labels) > np.count_nonzero(n_own) > 1
    return not apart and bool(np.mean(n_own) >= len(labels) * min_share)


def no_own_rows() -> ValueError:
    """The error of a task without rows where past tasks had labels of their own each."""
    return ValueError(
        "X: wanted rows of the task, as past tasks had labels of their own each, found none; give at least one row a label."
    )
