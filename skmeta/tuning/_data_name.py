"""A name for a dataset, made from its values: the same data are the same task."""

from __future__ import annotations

from typing import Any

import joblib
import numpy as np

from skmeta._dataframe import column_labels, values
from skmeta.tasks._tables import column_values


def name_data(X: Any, y: Any, scored_by: str | None) -> str:
    """Return a name that is the same whenever the same rows are scored in the same way.

    Parameters
    ----------
    X, y : table, array-like or None
        The rows and their targets.
    scored_by : str
        What is scored.

    Returns
    -------
    str
        ``data-`` and twelve hexadecimal digits.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tuning._data_name import name_data
    >>> X = np.arange(6.0).reshape(3, 2)
    >>> name_data(X, [0, 1, 1], "accuracy") == name_data(np.asfortranarray(X), [0, 1, 1], "accuracy")
    True
    """
    return f"data-{joblib.hash((_by_value(X), _by_value(y), scored_by), coerce_mmap=True)[:12]}"


def _by_value(data: Any) -> Any:
    """Columns of a frame as arrays, and arrays in one order: equal data may lie differently in memory."""
    labels = column_labels(data)
    if labels is not None:
        return labels, [_by_value(column_values(data, i)) for i in range(len(labels))]
    data = values(data)
    return np.ascontiguousarray(data) if isinstance(data, np.ndarray) else data


def shape_of(X: Any) -> tuple[int, int]:
    """Rows and columns; of a list of texts, or of whatever else a Pipeline may begin with, one column."""
    try:
        shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    except ValueError:  # rows of different lengths
        shape = (len(X),)
    return (*shape, 1)[:2]
