"""A table of trials, of whatever kind, as columns with names, and which dataset each row is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from skmeta._dataframe import column_labels, column_lists, is_frame, levels_of_index
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import is_missing
from skmeta.tuning._written_values import whole_numbers

_PREFIXES = ("params.", "params_", "param_", "config/", "config.", "tags.", "user_attrs_")
KINDS = "a fitted search, its cv_results_, a study of Optuna or hyperopt, a frame or a list of dicts"


def columns_of_table(table: Any, task: str | int) -> dict[str, Any]:
    """Return the columns by name.

    Parameters
    ----------
    table : mapping, frame or list of dict
        The table; a mapping of columns, or of rows. A gap of a frame, or a key that a dict does not have, is a parameter
        that a trial did not have.
    task : str or int
        Name of the dataset, or of a column.

    Returns
    -------
    dict
        A sequence a column; names of several levels are joined, as Optuna does it.

    Raises
    ------
    TypeError
        If it is no table, or columns have no names.
    ValueError
        If two columns have one name, or the task is in the index.
    """
    if task in levels_of_index(table):
        raise ValueError(
            f"task: wanted a column {task!r}, found a level of the index; table.reset_index() makes one of it."
        )
    columns = _columns(table)
    if not all(isinstance(name, str) for name in columns):
        raise TypeError(
            f"search: wanted columns with names, found {[n for n in columns if not isinstance(n, str)]}; name them by their "
            "parameters and 'score'."
        )
    return columns


def _columns(table: Any) -> dict[Any, Any]:
    later = next((name for name in ("collect", "compute") if hasattr(table, name)), None)
    if later is not None:
        raise TypeError(f"search: wanted a frame in memory, found a {type(table).__name__}; .{later}() makes one.")
    if isinstance(table, Mapping) and table and all(isinstance(row, Mapping) for row in table.values()):
        table = list(table.values())  # rows by their numbers, as OpenML gives them
    if isinstance(table, Mapping):
        _check_sequences(table)
        return dict(table)
    if is_frame(table):
        labels = list(map(_as_name, column_labels(table) or []))
        _check_labels(labels)
        columns = zip(labels, column_lists(table).values(), strict=True)
        return {name: whole_numbers(_gaps_masked(map(_without_gaps, column))) for name, column in columns}
    if isinstance(table, Sequence) and not isinstance(table, str | bytes):
        wrong = [type(row).__name__ for row in table if not isinstance(row, Mapping)]
        if wrong:
            raise TypeError(f"search: wanted {KINDS}, found a list with {wrong[0]}.")
        names = dict.fromkeys(name for row in table for name in row)
        return {name: [row.get(name, np.ma.masked) for row in table] for name in names}
    raise TypeError(f"search: wanted {KINDS}, found {type(table).__name__}.")


def _check_sequences(table: Mapping[Any, Any]) -> None:
    single = [
        name for name, values in table.items() if isinstance(values, str | Mapping) or not hasattr(values, "__len__")
    ]
    if single:
        raise TypeError(
            f"search: wanted a column in {single[0]!r} of a dict, found {table[single[0]]!r:.40}; wrap a single trial in a "
            "list: [trial]."
        )


def _as_name(label: Any) -> Any:
    """A column's label without blanks around it; several levels joined."""
    if isinstance(label, tuple):
        return "_".join(filter(None, map(str, label)))
    return label.strip() if isinstance(label, str) else label


def _check_labels(labels: list[Any]) -> None:
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ValueError(
            f"search: wanted columns of different names, found {twice[0]!r} {labels.count(twice[0])} times; rename one."
        )


def _gaps_masked(values: Iterable[Any]) -> list[Any]:
    return [np.ma.masked if is_missing(v) and not isinstance(v, np.ndarray) else v for v in values]


def _without_gaps(value: Any) -> Any:
    """A struct of polars has every field in every row."""
    return {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value


def tell_of_other_column(columns: Mapping[str, Any], task: str | int) -> None:
    """Warn if no column has a name, and one is called nearly so or by it and a program's prefix: it might have been meant."""
    if not isinstance(task, str) or task in columns:
        return
    prefixed = [name for name in columns if name in {f"{prefix}{task}" for prefix in _PREFIXES}]
    close = prefixed or get_close_matches(task, columns, n=1, cutoff=0.8)
    if close:
        warn_caller(
            f"task: {task!r} is no column, so that it is taken for the name of the one dataset; pass task={close[0]!r} if that "
            "column was meant."
        )


def tasks_of_rows(columns: Mapping[str, Sequence[Any]], task: str | int, n: int) -> list[str | int]:
    """Return the dataset of each row: ``task`` names a column, or else the one dataset.

    Parameters
    ----------
    columns : mapping of str to sequence
        The table; gaps are masked.
    task : str or int
        The column, or the name of the one dataset.
    n : int
        Number of rows.

    Returns
    -------
    list of str or int
        Their names.

    Raises
    ------
    TypeError
        If a name is neither text nor a whole number.
    ValueError
        If a row has no name.
    """
    if not isinstance(task, str) or task not in columns:
        return [task] * n
    missing = sum(name is np.ma.masked or is_missing(name) for name in columns[task])
    if missing:
        raise ValueError(f"task: wanted a name in every row of {task!r}, found {missing} without; drop these rows.")
    if len(columns[task]) != n:
        raise ValueError(f"task: wanted one of {task!r} for each of {n} trials, found {len(columns[task])}.")
    return [_name(task, name) for name in columns[task]]


def _name(column: str, value: Any) -> str | int:
    if isinstance(value, str) and value:
        return str(value)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return int(value)
    raise TypeError(
        f"task: wanted names or whole numbers in {column!r}, found {value!r}; make them text: .astype(str)."
    )
