"""Columns that describe tasks: a table that is asked about has them, and among tasks that are learned from they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from skmeta._dataframe import column_labels
from skmeta.tasks._ids import as_list
from skmeta.tasks._paths import known_rows
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed


def check_described(model: Any, X: Any) -> None:
    """Raise for a frame without a column that described tasks when a model was fitted; the message says the way out."""
    labels, fitted = column_labels(X), getattr(model, "feature_names_in_", ())
    gone = [name for name in model._known.columns.context if labels and name in fitted and name not in labels]
    if gone and model._in_tasks:
        nothing = ", ".join(f"{name}=np.nan" for name in gone)
        raise ValueError(
            f"context: wanted the columns that describe tasks, as fit had, found none named {listed(gone)}; what is not known "
            f"is missing in its column: X.assign({nothing})[model.feature_names_in_]."
        )


def warn_of_same_context(context: Mapping[str, NDArray[Any]]) -> None:
    """Warn of columns ``(n_tasks,)`` that tell no task from another, as they have one value in all of them, or none."""
    known = {name: set(as_list(values[known_rows(values)])) for name, values in context.items()}
    same = [f"{name!r} the same in all ({listed(values)})" for name, values in known.items() if len(values) == 1]
    none = [f"{name!r} missing in all" for name, values in known.items() if not values]
    if same or none:
        warn_caller(
            f"context: wanted columns that differ between tasks, found {', '.join([*same, *none])}, which tells nothing of how "
            "tasks differ; leave it out of context and of X."
        )
