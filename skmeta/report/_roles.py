"""What columns of a user's table are for, as the command line says: ids of tasks, target, order, descriptions of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.report._columns import read_column
from skmeta.tasks import read_task_ids
from skmeta.tasks._times import dates_of_days
from skmeta.tasks._words import shown


@dataclass(frozen=True)
class Roles:
    """Names of columns by what they are for.

    Parameters
    ----------
    task : tuple of str
        Columns of ids, outermost first.
    target : str
        What to predict.
    order : str, default=None
        What orders the rows of a task.
    context : tuple of str, default=()
        What describes tasks.
    drift : bool, default=False
        Whether the tasks' own ids are times.
    """

    task: tuple[str, ...]
    target: str
    order: str | None = None
    context: tuple[str, ...] = ()
    drift: bool = False

    @property
    def needed(self) -> tuple[str, ...]:
        """Those without which a row is of no use, tasks first."""
        return (*self.task, self.target, *(() if self.order is None else (self.order,)))

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, tasks first."""
        return (*self.needed, *self.context)

    @property
    def column(self) -> str | list[str]:
        """The task column, or a list where more is known of tasks than one id."""
        return list(self.task) if len(self.task) > 1 or self.context or self.drift else self.task[0]

    def check(self, columns: list[str]) -> None:
        """Raise unless a table has all of them, each for one thing."""
        options = ["--task"] * len(self.task) + ["--target"] + ["--order"] * (self.order is not None)
        for option, name in zip([*options, *["--context"] * len(self.context)], self.names, strict=True):
            check_column(name, option, columns)
        if len(set(self.names)) < len(self.names):
            said = ", ".join(["--task", "--target", "--order", *["--context"] * bool(self.context)])
            raise ValueError(f"{said}: wanted different columns, found {', '.join(self.names)}.")

    def of_tasks(self, frame: Any, codes: NDArray[np.intp], decimal: str) -> dict[str, Any]:
        """The columns of a frame that describe tasks, then those of ids: as they are, or of a single one ``codes``."""
        described = {name: read_column(frame[name], decimal).values for name in self.context}
        if not isinstance(self.column, list):
            return {self.column: codes}
        ids = {name: read_task_ids(frame, name) for name in self.task}
        return described | ids | ({self.task[-1]: times_of(frame[self.task[-1]], decimal)} if self.drift else {})


def times_of(ids: Any, decimal: str) -> NDArray[Any]:
    """Return ids as numbers or dates; ValueError where one of them is neither."""
    places = places_of(ids, decimal)
    if places is None:
        column = read_column(ids, decimal)
        found = (*column.slips, *column.words, *ids.tolist())[0]
        raise ValueError(f"--drift: wanted numbers or dates in {ids.name}, found {shown(found)}.")
    return dates_of_days(places) if read_column(ids, decimal).kind == "date" else places


def places_of(ids: Any, decimal: str) -> NDArray[np.float64] | None:
    """Return ids as numbers, or as days if they are dates; None where one of them is neither."""
    column = read_column(ids, decimal)
    return None if column.kind == "category" or column.values.isna().any() else column.values.to_numpy(dtype=float)


def check_column(name: str, option: str, columns: list[str]) -> None:
    """Raise unless `name`, given as `option`, is one of the columns; names that are close are shown."""
    if name in columns:
        return
    raise ValueError(f"{option}: wanted the name of a column, found {name}. {columns_like(name, columns)}")


def columns_like(name: str, columns: list[str]) -> str:
    """Return the columns that are nearly called so, or the first ones, as a sentence."""
    close = get_close_matches(name, columns)
    return f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(columns[:20])}."
