"""Which coefficients vary between tasks: the word, or the columns, that a learner was given."""

from __future__ import annotations

from typing import Any

from skmeta.linear_model._named_columns import NamedColumns, are_columns


def check_varying(varying: Any) -> None:
    """Raise unless it is a word or a list of names or of positions."""
    if isinstance(varying, str) and varying in ("all", "intercept"):
        return
    if not are_columns(varying):
        raise ValueError(
            "EmpiricalBayes(varying=...): wanted 'all', 'intercept' or a list of columns, by name or position, found "
            f"{varying!r}; of a single column give a list of one."
        )


def varying_coefficients(varying: Any, columns: NamedColumns) -> tuple[int, ...] | None:
    """Positions of the coefficients that vary, the intercept last, which always does; None where all do."""
    n_features = columns.n_features
    if isinstance(varying, str):
        return None if varying == "all" else (n_features,)
    found = {columns.position(column, "varying") for column in varying}
    return None if len(found) == n_features else (*sorted(found), n_features)
