"""How parts of a collection are matched before their sums are added: by names, ids and targets of one kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.sums import Sums
from skmeta.base._matching import check_names
from skmeta.tasks import index_tasks, lookup_tasks
from skmeta.tasks._ids import type_of_ids
from skmeta.tasks._words import shown

Array = NDArray[np.float64]
Part = Any  # SufficientStatistics, whose `+` asks here


def check_targets(one: Part, other: Part) -> None:
    """Raise unless the targets are of one shape and kind."""
    if one.target_mean.shape[1:] != other.target_mean.shape[1:]:
        shapes = [f"(n_rows, {', '.join(map(str, part.target_mean.shape[1:]))})" for part in (one, other)]
        raise ValueError(
            f"y: wanted targets of one shape in all parts, found {' and '.join(shapes)}; make each part from the same columns."
        )
    if (one.log_likelihood is None) != (other.log_likelihood is None):
        raise ValueError(
            "y: wanted the targets themselves in all parts, or working responses in all, found both; add what belongs to "
            "one round."
        )


def _named(part: Part) -> str:
    """A part, told from others by its tasks."""
    if not len(part.ids):
        return "the part without tasks"
    return f"the part with tasks {shown(part.ids[0])} to {shown(part.ids[-1])} ({part.n.sum():.0f} rows)"


def added_values(ids: NDArray[Any], one: Part, other: Part) -> Array:
    """The log-likelihoods of all tasks ``(n_tasks,)``, added up."""
    total = np.zeros(len(ids))
    for part in (one, other):
        assert part.log_likelihood is not None
        total[lookup_tasks(ids, part.ids)] += part.log_likelihood
    return total


def same_columns(one: Part, other: Part) -> bool:
    """Whether the other's columns are in the order of the first's, by position where neither has names; others raise."""
    if one.feature_names is not None and other.feature_names is not None:
        should = f"The feature names of {_named(other)} should match those of {_named(one)}"
        check_names(one.feature_names, other.feature_names, should)
        return one.feature_names == other.feature_names
    if (one.feature_names is None) != (other.feature_names is None):
        raise ValueError(
            "X: wanted columns with names in all parts or in none, found both; make all parts from frames, or all from "
            "arrays."
        )
    if one.mean.shape[1] != other.mean.shape[1]:
        raise ValueError(
            f"X: wanted the same columns in all parts, found {one.mean.shape[1]} in {_named(one)} and {other.mean.shape[1]} "
            f"in {_named(other)}; a part that lacks a column keeps it, filled with NaN."
        )
    return True


def all_ids(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """The ids of both parts, each once, sorted; ids of two types raise."""
    if not len(one) or not len(other):
        return one if len(one) else other
    if type_of_ids(one) != type_of_ids(other):
        raise TypeError(
            f"ids: wanted ids of one type in all parts, found {type_of_ids(one)} ({shown(one[0])}) and {type_of_ids(other)} "
            f"({shown(other[0])}), which never match; convert the task column of one."
        )
    return index_tasks(np.concatenate([one, other])).ids


def check_same_columns_missing(known: Sums, other: Part) -> None:
    """A column may be missing in all rows of a task, never in those of one part of it."""
    both = (known.n > 0) & (other.n > 0)
    apart = both[:, None] & (np.isnan(known.mean) != np.isnan(other.mean))
    if apart.any():
        task, column = np.argwhere(apart)[0]
        name = shown(int(column)) if other.feature_names is None else repr(other.feature_names[column])
        raise ValueError(
            f"X: wanted columns that are complete or missing for the whole of a task, found column {name} of task "
            f"{shown(other.ids[task])} missing in one part and not in another; put a SimpleImputer before the model."
        )
