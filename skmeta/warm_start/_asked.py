"""What a fitted model is asked about: a table with the columns of fit, of the tasks that it was fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from skmeta._dataframe import column_labels, is_frame
from skmeta.tasks import TaskColumns
from skmeta.tasks._context import differing_rows
from skmeta.tasks._ids import as_list
from skmeta.tasks._locate import locate_columns
from skmeta.tasks._numbers import check_rows
from skmeta.tasks._paths import known_rows
from skmeta.tasks._task_columns import task_list
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed, shown


class _Known(Protocol):
    @property
    def columns(self) -> TaskColumns: ...


class Fitted(Protocol):
    """A fitted model, as far as it is asked here."""

    task: Any

    @property
    def _in_tasks(self) -> bool: ...

    @property
    def _known(self) -> _Known: ...


def check_asked(model: Fitted, X: Any) -> None:
    """Raise for a table that has other columns than fit had, or no rows; of columns of ids the message says the way out."""
    check_has_columns(model, X)
    check_rows(X, "there is nothing to predict")


def check_has_columns(model: Fitted, X: Any) -> None:
    """Raise for a table that has other columns than fit had; of columns of ids the message says the way out."""
    _check_said(model, column_labels(X) or [])
    if model._in_tasks:
        locate_columns(X, task_list(model.task), "task")
        _check_width(model, X)
    validate_data(model, X, reset=False, skip_check_array=True)


def _check_width(model: Any, X: Any) -> None:
    """Raise for an array that has fewer columns than fit had: it may be that of ids that was left out."""
    if not is_frame(X) and X.shape[1] < model.n_features_in_:
        raise ValueError(
            f"X: wanted {model.n_features_in_} columns, ids of tasks in column {listed(task_list(model.task))} among them, "
            f"found {X.shape[1]}; give the columns that fit had: a new task has any id that fit did not see."
        )


def _check_said(model: Fitted, labels: list[Any]) -> None:
    """Raise where columns that say or describe tasks are missing from a frame, whose columns have these ``labels``."""
    columns, fitted = model._known.columns, getattr(model, "feature_names_in_", ())
    gone = [name for name in columns.names if labels and name in fitted and name not in labels]
    if gone and not model._in_tasks:
        raise ValueError(
            f"X: wanted the columns that fit had, found none named {listed(gone)}, which say of which task rows are or "
            "describe it; give them as in fit, or ask estimator_, which takes the features alone."
        )
    ids = [name for name in gone if name in columns.task]
    slips = [str(label) for label in labels if label not in fitted]  # what fit had is meant as it is written
    if ids and not any(get_close_matches(name, slips) for name in ids):
        as_keywords = all(name.isidentifier() for name in ids)
        nothing = ", ".join(f"{name}=None" if as_keywords else f"{name!r}: None" for name in ids)
        raise ValueError(
            f"task: wanted the columns of ids that fit had, found none named {listed(ids)}; an id that is not known is None "
            f"in its column: X.assign({nothing if as_keywords else f'**{{{nothing}}}'})[model.feature_names_in_]. adapt and "
            f"prior_.given do without. X has {len(labels)} columns: {listed(labels, 20)}."
        )


def warn_of_other_tasks(fitted: Mapping[str, NDArray[Any]], values: Mapping[str, NDArray[Any]]) -> None:
    """Warn of rows that are of another task than the one that was fitted.

    Parameters
    ----------
    fitted : mapping of str to ndarray of shape (1,)
        What was known of that task.
    values : mapping of str to ndarray of shape (n_rows,)
        What the rows say; what is missing says nothing.
    """
    others = []
    for name in fitted.keys() & values.keys():
        column = values[name][known_rows(values[name])]
        differs = np.unique(differing_rows(column, fitted[name]))
        if len(differs):
            others.append(f"{name}={listed(dict.fromkeys(as_list(column[differs])))}")
    if others:
        one = ", ".join(f"{name}={shown(value[0])}" for name, value in fitted.items())
        warn_caller(
            f"task: wanted rows of the one task that was fitted ({one}), found some with {' and '.join(sorted(others))}; they "
            "are predicted as rows of that one. A model with task=... knows several tasks; of a new one prior_.given(...) "
            "tells."
        )
