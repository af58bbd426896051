"""Where a column stands that a parameter of the learner names."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from skmeta.tasks._column_error import ColumnError
from skmeta.tasks._words import listed

SHOWN = 20  # columns told at once


def are_columns(columns: Any) -> bool:
    """Whether it is a list of names or of positions."""
    is_list = isinstance(columns, Sequence | np.ndarray) and not isinstance(columns, str)
    return is_list and all(isinstance(column, str | Integral) for column in columns)


def position_of(column: Any, names: Sequence[str] | None, n_features: int, parameter: str) -> int:
    """Position of a column among the model's; ``parameter`` is what an error tells of."""
    if isinstance(column, str):
        wanted = f"EmpiricalBayes({parameter}=...): wanted columns of the model, found {column!r}"
        if names is None:
            places = [part for k in range(min(n_features, SHOWN)) for part in (f", {k} for ", (k,))]
            more = ", ..." if n_features > SHOWN else ""
            raise ColumnError(f"{wanted} and columns without names; give positions", *places, more, ".")
        if column not in names:
            raise ValueError(f"{wanted} and columns {listed(names)}.")
        return list(names).index(column)
    if not 0 <= column < n_features:
        raise ValueError(
            f"EmpiricalBayes({parameter}=...): wanted positions from 0 to {n_features - 1}, the task column not counted, "
            f"found {column}."
        )
    return int(column)
