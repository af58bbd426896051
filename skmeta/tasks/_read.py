"""From a table with a task column, and columns that describe tasks, to the tasks in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._context import one_a_task
from skmeta.tasks._ids import TaskIndex, index_of_codes
from skmeta.tasks._known_ids import check_groups_rows, warn_of_standardised_ids
from skmeta.tasks._locate import locate_columns
from skmeta.tasks._numbers import column_names
from skmeta.tasks._paths import index_levels
from skmeta.tasks._tables import as_table, column_values, drop_columns, plain_table, take_rows
from skmeta.tasks._targets import read_targets, read_weights
from skmeta.tasks._task_columns import TaskColumns, task_list
from skmeta.tasks._tasks import Tasks, labels_of_tasks
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed


def read_tasks(
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    task: str | int | Sequence[str | int] | None = None,
    context: Sequence[str | int] = (),
    columns: TaskColumns | None = None,
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
    task : str, int or list of them, default=None
        The task column, or those of nested tasks, outermost first; None where all rows are of one task.
    context : sequence of str or int, default=()
        Columns that describe a task, constant within it.
    columns : TaskColumns, default=None
        All of these columns, where they have been found before; then neither ``task`` nor ``context`` is read.
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
    columns = TaskColumns.of_table(X, task, context) if columns is None else columns
    X, values = columns.split(X)
    levels = columns.levels(values)
    read = (y, X.shape[0], estimator_name)
    y, labelled = read_targets(*read, labels=labels, unlabelled=unlabelled) if targets else (None, None)
    _check_ids(levels, columns)
    weight = read_weights(sample_weight, X.shape[0])
    index = _index(levels, X.shape[0])
    kept = _rows_of_weighty_tasks(index, weight)
    if kept is not None:
        X, y, weight, labelled = (each if each is None else take_rows(each, kept) for each in (X, y, weight, labelled))
        values, levels = ({name: column[kept] for name, column in part.items()} for part in (values, levels))
        index = _index(levels, len(kept))
    described = {name: values[name] for name in columns.context if name in values}
    return Tasks(
        X,
        y,
        index.codes,
        index.ids,
        weight,
        context=one_a_task(described, index.codes, index.ids),
        labelled=labelled,
        feature_names=column_names(X),
        classes=labels_of_tasks(y, index.codes, index.n_tasks, labelled) if labels else None,
        levels=index.levels,
    )


def _check_ids(levels: dict[str, NDArray[Any]], columns: TaskColumns) -> None:
    """Raise for columns of ids that are measurements, and warn of those that were standardised."""
    for name, ids in levels.items():
        check_groups_rows(ids, columns.label(name))
        warn_of_standardised_ids(ids, columns.label(name))


def _index(levels: dict[str, NDArray[Any]], n_rows: int) -> TaskIndex:
    """The tasks and the rows of each; without a column of ids all rows are of one task."""
    if levels:
        return index_levels(levels)
    codes = np.zeros(n_rows, np.intp)
    return index_of_codes(codes[:1].astype(int), codes)


def _rows_of_weighty_tasks(index: TaskIndex, weight: NDArray[np.float64] | None) -> NDArray[np.intp] | None:
    """Rows of tasks in which some row weighs something; None if that is all of them."""
    if weight is None:
        return None
    nothing = np.bincount(index.codes, weight, minlength=index.n_tasks) == 0
    if not nothing.any():
        return None
    warn_caller(
        f"sample_weight: wanted a positive weight in every task, found none in {nothing.sum()} of {index.n_tasks} "
        f"task(s): {listed(index.ids[nothing])}. They are left out, as if they had no rows."
    )
    return np.flatnonzero(~nothing[index.codes])


def index_rows(X: Any, task: str | int | Sequence[str | int], *, complete: bool = True) -> TaskIndex:
    """Return the tasks of a table and the rows of each.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_rows, n_columns)
        The table.
    task : str, int or list of them
        The task column, or those of nested tasks, outermost first.
    complete : bool, default=True
        Whether ids of nested tasks must be there in all rows.

    Returns
    -------
    TaskIndex
        Its ids are those of the column, or tuples of ids: the same store in two regions is two tasks.

    Raises
    ------
    ValueError
        If there is no such column, or an id is missing.
    TypeError
        If numbers and text are mixed in a column, or ids are lists.

    Examples
    --------
    >>> import pandas as pd
    >>> from skmeta.tasks import index_rows
    >>> index_rows(pd.DataFrame({"region": ["n", "s", "n"], "store": [1, 1, 2]}), ["region", "store"]).ids.tolist()
    [('n', 1), ('n', 2), ('s', 1)]
    """
    X, _ = as_table(X)
    columns = TaskColumns.of_table(X, task)
    values = {name: column_values(X, place) for name, place in columns.places(X).items()}
    return index_levels(columns.levels(values, complete=complete))


def read_task_ids(X: Any, task: str | int | Sequence[str | int]) -> NDArray[Any]:
    """Return the task id of every row.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    task : str, int or list of them
        Name or position of the task column, see `locate_task`, or of those of nested tasks, outermost first.

    Returns
    -------
    ndarray of shape (n_samples,)
        Numbers and dates in their own dtype; strings (and categories of strings) as objects; of several columns tuples.

    Raises
    ------
    ValueError
        If the column is not there or an id is missing.
    TypeError
        If numbers and strings are mixed in the column, or ids are lists.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import read_task_ids
    >>> read_task_ids(np.array([[0.5, "north"], [0.1, "south"]], dtype=object), task=-1)
    array(['north', 'south'], dtype=object)
    """
    index = index_rows(X, task)
    return index.ids[index.codes]


def features_without(X: Any, task: str | int | Sequence[str | int]) -> Any:
    """Return `X` without its task column, or without those of nested tasks.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table.
    task : str, int or list of them
        Name or position of the task column, see `locate_task`, or of several.

    Returns
    -------
    table of shape (n_samples, n_columns - 1)
        The features, see `drop_column`.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import features_without
    >>> features_without(np.array([[1.0, 2.0, 7.0]]), task=-1)
    array([[1., 2.]])
    """
    X, _ = as_table(X)
    return drop_columns(X, locate_columns(X, task_list(task), "task"))
