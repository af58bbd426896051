"""Tasks that count less the older they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from skmeta.tasks import Tasks
from skmeta.tasks._times import times_of
from skmeta.tasks._words import shown


def aged(tasks: Tasks, half_life: float | None) -> Tasks:
    """The same tasks, each counting half as often as one that is a half-life younger; None: all as they are.

    Their own ids are dates, whose half-life is in days, or numbers; those of nested tasks are dates, as numbers would rather
    be stores than times.
    """
    if half_life is None:
        return tasks
    name, ids = list(tasks.levels.items())[-1] if tasks.levels else ("task", tasks.ids)
    time, unit = times_of(ids, name)
    if len(tasks.levels) > 1 and not unit:
        raise ValueError(
            f"half_life: wanted dates as the innermost ids of nested tasks, found numbers such as {name}={shown(ids[0])}, "
            "which need not be times; make them dates, by pandas.to_datetime, the half-life being in days, or leave half_life "
            "out."
        )
    weight = np.exp2((time - time.max(initial=-np.inf)) / half_life)
    return replace(tasks, task_weight=weight if tasks.task_weight is None else weight * tasks.task_weight)


def check_no_age(half_life: float | None) -> None:
    """Raise for sums, which do not say when."""
    if half_life is not None:
        raise ValueError(
            f"half_life: wanted None for statistics, found {half_life!r}; learn from the rows, of a frame of dask "
            "X.compute(), or leave old tasks out of the sums."
        )
