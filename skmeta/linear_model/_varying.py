"""Which coefficients vary between tasks: the word, or the columns, that a learner was given."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from skmeta.tasks._column_error import ColumnError
from skmeta.tasks._words import listed

SHOWN = 20  # columns told at once


def check_varying(varying: Any) -> None:
    """Raise unless it is a word or a list of names or of positions."""
    if isinstance(varying, str) and varying in ("all", "intercept"):
        return
    columns = isinstance(varying, Sequence | np.ndarray) and not isinstance(varying, str)
    if not columns or not all(isinstance(column, str | Integral) for column in varying):
        raise ValueError(
            "EmpiricalBayes(varying=...): wanted 'all', 'intercept' or a list of columns, by name or position, found "
            f"{varying!r}; of a single column give a list of one."
        )


def varying_coefficients(varying: Any, names: Sequence[str] | None, n_features: int) -> tuple[int, ...] | None:
    """Positions of the coefficients that vary, the intercept last, which always does; None where all do."""
    if isinstance(varying, str):
        return None if varying == "all" else (n_features,)
    found = {_position(column, names, n_features) for column in varying}
    return None if len(found) == n_features else (*sorted(found), n_features)


def _position(column: Any, names: Sequence[str] | None, n_features: int) -> int:
    if isinstance(column, str):
        wanted = f"EmpiricalBayes(varying=...): wanted columns of the model, found {column!r}"
        if names is None:
            places = [part for k in range(min(n_features, SHOWN)) for part in (f", {k} for ", (k,))]
            more = ", ..." if n_features > SHOWN else ""
            raise ColumnError(f"{wanted} and columns without names; give positions", *places, more, ".")
        if column not in names:
            raise ValueError(f"{wanted} and columns {listed(names)}.")
        return list(names).index(column)
    if not 0 <= column < n_features:
        raise ValueError(
            f"EmpiricalBayes(varying=...): wanted positions from 0 to {n_features - 1}, the task column not counted, "
            f"found {column}."
        )
    return int(column)
