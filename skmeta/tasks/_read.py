"""From a table with a task column, and columns that describe tasks, to the tasks in it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._context import context_name, one_a_task, split_context
from skmeta.tasks._ids import (
    features_without,
    index_tasks,
    locate_column,
    locate_task,
    read_task_ids,
)
from skmeta.tasks._known_ids import check_groups_rows
from skmeta.tasks._numbers import column_names
from skmeta.tasks._tables import plain_table, take_rows
from skmeta.tasks._targets import read_targets, read_weights
from skmeta.tasks._tasks import Tasks, labels_of_tasks
from skmeta.tasks._words import listed


def read_tasks(
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    task: str | int | None = None,
    context: Sequence[str | int] = (),
    estimator_name: str = "a regressor",
    labels: bool = False,
    unlabelled: Any = None,
    targets: bool = True,
) -> Tasks:
    """The tasks of a table, as raw rows.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_rows, n_columns)
        The table.
    y : array-like of shape (n_rows,) or (n_rows, n_outputs)
        Targets; NaN or None in rows without one. Not read where there are no ``targets``.
    sample_weight : array-like of shape (n_rows,), default=None
        Weights of rows. A task whose rows all weigh nothing is left out, and named in a warning.
    task : str or int, default=None
        The task column; None where all rows are of one task.
    context : sequence of str or int, default=()
        Columns that describe a task, constant within it.
    estimator_name : str, default="a regressor"
        For messages.
    labels : bool, default=False
        Whether targets are class labels.
    unlabelled : object, default=None
        What stands in ``y``, beside NaN and None, in rows without a label.
    targets : bool, default=True
        Whether rows have targets at all; those of clusterers have none.

    Returns
    -------
    Tasks
        Without the task column and the context columns.
    """
    X = plain_table(X)
    ids = np.zeros(X.shape[0], int) if task is None else read_task_ids(X, task)
    if task is not None:
        check_groups_rows(ids, task)
    read = (y, X.shape[0], estimator_name)
    y, labelled = read_targets(*read, labels=labels, unlabelled=unlabelled) if targets else (None, None)
    weight = read_weights(sample_weight, X.shape[0])
    kept = None if weight is None else _rows_of_weighty_tasks(ids, weight)
    if weight is not None and kept is not None:
        X, ids, y, weight = take_rows(X, kept), ids[kept], y if y is None else y[kept], weight[kept]
        labelled = None if labelled is None else labelled[kept]
    codes, names = (np.zeros(len(ids), np.intp), ids[:1]) if task is None else _index(ids)
    places = context_places(X, task, context)
    X, values = split_context(X if task is None else features_without(X, task), places)
    return Tasks(
        X,
        y,
        codes,
        names,
        weight,
        context=one_a_task(values, codes, names) if values else {},
        labelled=labelled,
        feature_names=column_names(X),
        classes=labels_of_tasks(y, codes, len(names), labelled) if labels else None,
    )


def _index(ids: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
    index = index_tasks(ids)
    return index.codes, index.ids


def context_places(X: Any, task: str | int | None, context: Sequence[str | int]) -> tuple[str | int, ...]:
    """Context columns as they stand in the table without its task column: names stay, positions move."""
    if task is not None and any(locate_column(X, c, "context") == locate_task(X, task) for c in context):
        raise ValueError(f"context: wanted columns beside the task column, found {task!r}; leave it out.")
    if task is None or all(isinstance(column, str) for column in context):
        return tuple(context)
    gap = locate_task(X, task)
    places = [column if isinstance(column, str) else int(column) % X.shape[1] for column in context]
    return tuple(p if isinstance(p, str) or p < gap else p - 1 for p in places)


def _rows_of_weighty_tasks(ids: NDArray[Any], weight: NDArray[np.float64]) -> NDArray[np.intp] | None:
    """Rows of tasks in which some row weighs something; None if that is all of them."""
    index = index_tasks(ids)
    nothing = np.bincount(index.codes, weight, minlength=index.n_tasks) == 0
    if not nothing.any():
        return None
    warnings.warn(
        f"sample_weight: wanted a positive weight in every task, found none in {nothing.sum()} of {index.n_tasks} "
        f"task(s): {listed(index.ids[nothing])}. They are left out, as if they had no rows.",
        UserWarning,
        stacklevel=4,
    )
    return np.flatnonzero(~nothing[index.codes])


__all__ = ["context_name", "context_places", "read_tasks"]
