"""What the prior of a whole table says of how its tasks belong together, and whether their order does."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta.base._in_order import InOrder, alike_in_order, left_by
from skmeta.report._collection import Collection
from skmeta.report._compare import features_of
from skmeta.report._warm import whole_table
from skmeta.tasks import TaskColumns
from skmeta.tasks._paths import index_levels


def in_words(collection: Collection, model: Any, warm: Any) -> list[str]:
    """Return sentences on how tasks belong together: those of the prior, and that they drift where they seem to.

    Parameters
    ----------
    collection : Collection
        The table.
    model : estimator
        What solves one task.
    warm : WarmStartRegressor or WarmStartClassifier
        Fitted to the whole table.

    Returns
    -------
    list of str
        Without full stops.
    """
    said = list(warm.prior_.in_words)
    order = None if collection.drift else tasks_in_order(collection, model, warm)
    if order is None or not order.is_alike:
        return said
    way_out = getattr(warm.learner_, "follows_drift", "")
    sentence = order.sentence(collection.names[0])
    return [*said, f"{sentence}: {way_out} follows drift, here --drift" if way_out else sentence]


def tasks_in_order(collection: Collection, model: Any, warm: Any) -> InOrder | None:
    """Return whether tasks in the order of their ids are more alike than chance; None where ids are text."""
    if collection.places is None:
        return None
    index = collection.index
    first = index.order[index.starts[:-1]]
    above = list(index.levels.items())[:-1]
    groups = index_levels(dict(above)).codes if above else None
    X = features_of(collection, [(np.arange(len(collection.y)), np.arange(0))])[:, :-1]
    table = whole_table(collection)
    rows, _ = TaskColumns.of_table(table, collection.task, collection.context).split(table)
    left = left_by(warm.prior_.zero_shot(model), rows, collection.y)
    return alike_in_order(left, X, index.codes, collection.places[first], groups)
