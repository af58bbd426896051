"""A table of tasks, ready for models: features, target, and which task a row belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.report._columns import Column
from skmeta.tasks import index_tasks, read_task_ids


@dataclass(frozen=True, eq=False)
class Collection:
    """A table of tasks, ready for models.

    Parameters
    ----------
    name : str
        What the table is called.
    X : frame or ndarray of shape (n_rows, n_features + 1)
        The features, then the task column, whose ids are replaced by 0, 1, ...
    y : ndarray of shape (n_rows,)
        The target.
    task : str or int
        The task column of `X`.
    names : tuple of str
        Names of task column and target.
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
    """

    name: str
    X: Any
    y: NDArray[Any]
    task: str | int
    names: tuple[str, str]
    numbers: list[Any]
    categories: list[Any]
    order: str | int | None = None
    order_name: str | None = None
    notes: tuple[str, ...] = ()
    written: Any = None
    read: Mapping[str, Column] = field(default_factory=dict)
    unit: str = ""

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows of each task."""
        return index_tasks(read_task_ids(self.X, self.task)).counts
