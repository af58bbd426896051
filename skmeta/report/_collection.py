"""A table of tasks, ready for models: features, target, and which task a row belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.report._columns import Column
from skmeta.tasks import TaskIndex, index_rows


@dataclass(frozen=True, eq=False)
class Collection:
    """A table of tasks, ready for models.

    Parameters
    ----------
    name : str
        What the table is called.
    X : frame or ndarray of shape (n_rows, n_columns)
        The features, the columns that describe tasks, then the task column, whose ids are replaced by 0, 1, ...; of nested
        tasks all their columns, with the ids as they are.
    y : ndarray of shape (n_rows,)
        The target.
    task : str, int or list of str
        The task column of `X`; of nested tasks all, outermost first.
    names : tuple of str
        Names of the tasks' own column and of the target.
    numbers, categories : list of str or int
        The features of `X`, by kind.
    order : str or int, default=None
        The column of `X` that says which rows of a task come first.
    order_name : str, default=None
        Its name.
    notes : tuple of str
        What a reader should know of how the table was read.
    written : frame, default=None
        The columns as they are written in the file, and the task column of `X`, if they differ from `X`.
    read : dict of str to Column
        The columns of `written` that are made numbers first.
    unit : str, default=""
        Currency or unit of the target.
    context : list of str, default=[]
        The columns of `X` that describe tasks.
    places : ndarray of shape (n_rows,), default=None
        The ids of the tasks' own column as numbers, or days of dates; None where they are neither.
    drift : bool, default=False
        Whether tasks drift along these.
    """

    name: str
    X: Any
    y: NDArray[Any]
    task: str | int | list[str]
    names: tuple[str, str]
    numbers: list[Any]
    categories: list[Any]
    order: str | int | None = None
    order_name: str | None = None
    notes: tuple[str, ...] = ()
    written: Any = None
    read: Mapping[str, Column] = field(default_factory=dict)
    unit: str = ""
    context: list[str] = field(default_factory=list)
    places: NDArray[np.float64] | None = None
    drift: bool = False

    @property
    def index(self) -> TaskIndex:
        """The tasks, and the rows of each."""
        return index_rows(self.X, self.task)

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows of each task."""
        return self.index.counts

    @property
    def of_tasks(self) -> list[str]:
        """The columns of `X`, a frame, that say or describe tasks; none where there is but one, whose ids are numbers."""
        return [*self.task, *self.context] if isinstance(self.task, list) else []
