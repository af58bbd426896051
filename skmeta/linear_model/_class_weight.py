"""What rows weigh by their class, each task for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import compute_class_weight

from skmeta._inference.linalg import TINY
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


def row_weights(tasks: Tasks, estimator: Any, classes: NDArray[Any] | None = None) -> Array | None:
    """Weights ``(n,)`` of the rows, a classifier's ``class_weight`` included, or None for ones.

    A dict may name any of ``classes``, those that are known (None: those of the rows); which of them a task lacks is of no
    matter.
    """
    weight, by_class = tasks.sample_weight, getattr(estimator, "class_weight", None)
    if by_class is None or tasks.y is None or not tasks.n_rows:
        return weight
    classes = np.unique(tasks.y) if classes is None else classes
    label = np.searchsorted(classes, tasks.y)
    if not isinstance(by_class, str):
        balance = compute_class_weight(by_class, classes=classes, y=classes)[label]
        return balance if weight is None else weight * balance
    return balanced(np.ones(tasks.n_rows) if weight is None else weight, tasks.codes, label, (len(tasks), len(classes)))


def balanced(weight: Array, task: NDArray[np.intp], label: NDArray[np.intp], shape: tuple[int, int]) -> Array:
    """Weights ``(n,)`` by which the labels that a task has weigh alike, and its rows together what they did.

    ``shape`` are the numbers of tasks and labels. As the class balances the rows of one task: G. King and L. Zeng (2001),
    Logistic regression in rare events data, Political Analysis 9(2).
    """
    by_label = np.bincount(task * shape[1] + label, weight, minlength=shape[0] * shape[1]).reshape(shape)
    share = by_label.sum(axis=1) / np.maximum((by_label > 0).sum(axis=1), 1)
    return weight * share[task] / np.maximum(by_label[task, label], TINY)
