"""Ids of tasks that were given beside the table, where scikit-learn has its groups: they stand in a column here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skmeta._dataframe import column_labels
from skmeta.tasks._words import shown

WORDS = ("groups", "group", "task", "tasks")  # what they are called


def refuse_ids_beside(others: Mapping[str, Any], task: str | int | Sequence[str | int] | None) -> None:
    """Raise for keywords that ``fit`` does not take, and say of ids how they are given.

    Predictions need them too, and scikit-learn hands groups to splitters and to ``fit`` alone.

    Parameters
    ----------
    others : mapping of str to object
        Keywords of ``fit`` that have no meaning.
    task : str, int, list of them or None
        The parameter of the estimator.

    Raises
    ------
    TypeError
        If there are any.
    """
    if not others:
        return
    name = next(iter(others))
    if name not in WORDS:
        raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
    column = getattr(others[name], "name", None)
    column = column if isinstance(column, str) else "task"
    way_out = f"X.assign({column}=...) and the parameter task={column!r}" if task is None else "leave them out"
    already = "" if task is None else f", where task={task!r} names a column already"
    raise TypeError(
        f"{name}: wanted the ids of tasks in a column of X, as predictions need them too, found "
        f"{np.size(others[name])} value(s) beside X{already}; {way_out}. In cross_validate(..., groups=...) the splitter alone "
        "gets them."
    )


def not_a_name(column: Any, names: Sequence[Any], role: str) -> TypeError:
    """The error for what is no name: of the column itself it says the name to give."""
    labels: Sequence[Any] = column_labels(column) or [getattr(column, "name", None)]
    name = labels[0] if len(labels) == 1 and isinstance(labels[0], str) else "name"
    is_column = getattr(column, "ndim", 0) > 0
    into = f"X.assign({name}=...) and " if is_column and name not in names else ""
    return TypeError(
        f"{role}: wanted the name or the position of a column of X, found "
        f"{f'{len(column)} values, which have to stand in X' if is_column else shown(column)}; write {into}{role}={name!r} "
        f"for a frame, {role}=-1 for the last column of an array."
    )
