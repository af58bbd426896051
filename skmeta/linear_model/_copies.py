"""One data set under several ids teaches once: copies are left out of what is learned from, with a warning."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.copies import distinct_of_rows, distinct_of_sums
from skmeta.linear_model._data import LinearData, read
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.tasks import Tasks
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import shown

_NAMED = 5  # pairs of ids that a warning names at once


def without_copies(
    tasks: Tasks, data: LinearData, estimator: Any, family: Any, unit: float
) -> tuple[Tasks, LinearData]:
    """The tasks, and what was read of them, that are no copies of an earlier one."""
    quadratic = family.likelihood(estimator, data.n_outputs).quadratic
    first = distinct_of_rows(data.X, data.Y, tasks.codes, len(tasks), data.weight, targets_tell=quadratic)
    kept = kept_of(first, tasks.ids)
    if len(kept) == len(tasks):
        return tasks, data
    tasks = tasks.take(kept)
    return tasks, read(tasks, estimator, family, data.classes, unit)


def statistics_without_copies(found: SufficientStatistics) -> SufficientStatistics:
    """The same of sums."""
    kept = kept_of(distinct_of_sums(found.sums(), targets_tell=True), found.ids)
    return found if len(kept) == len(found.ids) else found.take(kept)


def kept_of(first: NDArray[np.intp], ids: NDArray[Any]) -> NDArray[np.intp]:
    """Which tasks are no copies, each task's ``first`` being the same data set; a warning names the others."""
    copies = np.flatnonzero(first != np.arange(len(first)))
    if len(copies):
        pairs = [f"{shown(ids[copy])} of {shown(ids[first[copy]])}" for copy in copies[:_NAMED]]
        more = f" and {len(copies) - _NAMED} more" if len(copies) > _NAMED else ""
        warn_caller(
            f"task: wanted each data set under one id, found {len(copies)} task(s) with the statistics of another: "
            f"{', '.join(pairs)}{more}. They count once; give copies one id, or leave them out."
        )
    return np.flatnonzero(first == np.arange(len(first)))
