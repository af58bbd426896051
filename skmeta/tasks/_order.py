"""Which rows of a table come first, by a column that says so."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta import _dataframe
from skmeta.tasks._ids import index_tasks, missing_rows, plain_ids
from skmeta.tasks._locate import locate_column
from skmeta.tasks._tables import as_table, column_values
from skmeta.tasks._words import listed, shown

# Text in which years come before months, these before days and hours, sorts as the dates do: ISO 8601.
ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?)?)?")


def places_by(X: Any, order: str | int) -> NDArray[np.intp]:
    """Return the place of every row of a table, sorted by a column; equal values have one place.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_rows, n_columns)
        The table.
    order : str or int
        A column of numbers, dates (also as text, such as 2024-01-31), or of a categorical whose order is known.

    Returns
    -------
    ndarray of shape (n_rows,)
        0, 1, ...

    Raises
    ------
    TypeError
        If the column holds other text, which sorts by the alphabet.
    ValueError
        If there is no such column, or a value is missing.
    """
    table, _ = as_table(X)
    position = locate_column(table, order, "order")
    values = _ordered_values(table, position)
    missing = missing_rows(values)
    if len(missing):
        raise ValueError(
            f"order: wanted a value in every row of order={order!r}, found {len(missing)} missing, in row(s) "
            f"{listed(missing)}; drop these rows or fill them."
        )
    values = plain_ids(values, f"order={order!r}")
    _check_sorts(values, order)
    if values.dtype.kind == "O":  # text, in which T and a blank mean the same
        values = np.array([value.replace("T", " ") if isinstance(value, str) else value for value in values], object)
    return index_tasks(values).codes


def _ordered_values(table: Any, position: int) -> NDArray[Any]:
    """Return a column's values; of an ordered categorical the places of its categories."""
    ranks = _dataframe.ranks_of_ordered(table, position) if _dataframe.is_frame(table) else None
    return column_values(table, position) if ranks is None else ranks


def _check_sorts(values: NDArray[Any], order: str | int) -> None:
    """Raise for text, but for dates in ISO 8601 that are all written to the same unit."""
    texts = {value for value in values.tolist() if isinstance(value, str)} if values.dtype.kind == "O" else set()
    if not texts or (all(map(ISO_DATE.fullmatch, texts)) and len({len(text) for text in texts}) == 1):
        return
    raise TypeError(
        f"order: wanted numbers, dates or an ordered categorical in order={order!r}, found text such as "
        f"{shown(min(texts))}, which sorts by the alphabet; make dates of it (pandas.to_datetime), numbers, or a "
        "categorical with ordered=True."
    )
