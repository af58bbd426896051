"""What the prior of a whole table says of how its tasks belong together, and whether their order does."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skmeta.base._in_order import InOrder, alike_in_order
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
    said, order = list(warm.prior_.in_words), tasks_in_order(collection, model, warm)
    if order is None or not order.is_alike:
        return said
    return [*said, order.sentence(collection.names[0])]


def tasks_in_order(collection: Collection, model: Any, warm: Any) -> InOrder | None:
    """Return whether tasks in the order of their ids are more alike than chance; None where ids are text."""
    if collection.places is None:
        return None
    index = collection.index
    first = index.order[index.starts[:-1]]
    above = list(index.levels.items())[:-1]
    groups = index_levels(dict(above)).codes if above else None
    X = features_of(collection, [(np.arange(len(collection.y)), np.arange(0))])[:, :-1]
    return alike_in_order(_left(collection, model, warm), X, index.codes, collection.places[first], groups)


def _left(collection: Collection, model: Any, warm: Any) -> NDArray[np.float64]:
    """What the prior alone leaves of the targets; of labels, of their indicators."""
    table = whole_table(collection)
    columns = TaskColumns.of_table(table, collection.task, collection.context)
    X, fitted = columns.split(table)[0], warm.prior_.zero_shot(model)
    if not is_classifier(model):
        return np.asarray(collection.y - fitted.predict(X))
    labels = np.asarray(fitted.classes_)
    if not hasattr(fitted, "predict_proba"):
        return np.asarray((collection.y == fitted.predict(X)).astype(float))
    return np.asarray((collection.y[:, None] == labels) - fitted.predict_proba(X))
