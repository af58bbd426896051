r"""How frequent classes are among the rows of tasks, and how often each was drawn where rows were chosen by their class.

Rows that are drawn by their class have

.. math:: p(y = c \mid x, \text{drawn}) \propto s_c \, p(y = c \mid x), \qquad s_c = \frac{r_c}{\pi_c},

with the share :math:`r_c` of a class among them and :math:`\pi_c` of it where they were drawn from: so the scores of the
classes have the known offset :math:`\log s_c` in such rows, and without it are those of all rows (Scott and Wild, 1986,
JRSS B 48(2); King and Zeng, 2001, Political Analysis 9(2), section 4.1). A class that no row has was not drawn, :math:`s_c
= 0`: rows then tell which of the others they are of, and of this class nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._tasks import Tasks

Array = NDArray[np.float64]

_RAREST = 1e-12  # guard: share of a class of which no row weighs anything
_NEVER = -50.0  # guard: logarithm of the rate of a class that was not drawn, which no score makes up for


def class_shares(tasks: Tasks, classes: NDArray[Any]) -> Array:
    """Share ``(n_tasks, n_classes)`` of each class among the labelled rows of each task, by their weights."""
    total = np.zeros((len(tasks), len(classes)))
    rows, place = _places(tasks, classes)
    weight = tasks.row_weights
    np.add.at(total, (tasks.codes[rows], place), weight[rows])
    return total / np.maximum(total.sum(axis=1, keepdims=True), np.finfo(float).tiny)


def _places(tasks: Tasks, classes: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The labelled rows whose labels are among ``classes``, and where there."""
    rows = np.arange(tasks.n_rows) if tasks.labelled is None else np.flatnonzero(tasks.labelled)
    y = np.asarray(tasks.y)[rows]
    place = np.searchsorted(classes, y).clip(max=len(classes) - 1)
    known = classes[place] == y
    return rows[known], place[known]


def mean_class_shares(
    shares: Array, task_weight: Array | None = None, known: Any = None, n_known: float = 0.0
) -> Array:
    """Mean ``(n_classes,)`` over tasks of ``shares (n_tasks, n_classes)``; what is ``known`` counts as so many tasks.

    Tasks without rows have no shares, and do not count.
    """
    often = np.ones(len(shares)) if task_weight is None else task_weight
    total = (often * (shares.sum(axis=1) > 0.0)) @ shares
    total = total if known is None else total + n_known * np.asarray(known)
    shares = np.maximum(total / total.sum(), _RAREST)
    found: Array = shares / shares.sum()
    return found


def drawn_by_class(tasks: Tasks, classes: NDArray[Any], class_prior: Array) -> Tasks:
    """The tasks, their rows taken to be drawn by their class where classes have the shares ``class_prior (n_classes,)``."""
    rates = class_shares(tasks, classes) / class_prior
    return replace(tasks, class_rates=dict(zip(classes.tolist(), rates.T, strict=True)))


def log_class_rates(tasks: Tasks, classes: NDArray[Any]) -> Array | None:
    """Logarithms ``(n_tasks, n_classes)`` of the rates at which classes were drawn, less their mean; None where all are one."""
    if not tasks.class_rates:
        return None
    rates = np.stack([tasks.class_rates.get(label, np.ones(len(tasks))) for label in classes.tolist()], axis=1)
    drawn = rates > 0.0
    logs = np.log(np.where(drawn, rates, 1.0))
    centre = logs.sum(axis=1, keepdims=True) / np.maximum(drawn.sum(axis=1, keepdims=True), 1)
    found: Array = np.where(drawn, logs - centre, _NEVER)
    return found


def representative_weights(tasks: Tasks) -> Array | None:
    r"""Weights ``(n_rows,)`` by which rows that were drawn by their class stand for all, of mean one in each task.

    They are in the ratio of :math:`1 / s_c` (Manski and Lerman, 1977, Econometrica 45(8)); None where rows are drawn at random.
    """
    if not tasks.class_rates or tasks.y is None:
        return None
    labels = np.array(sorted(tasks.class_rates))
    rates = np.stack([tasks.class_rates[label] for label in labels.tolist()])
    weight = np.ones(tasks.n_rows)
    rows, place = _places(tasks, labels)
    weight[rows] = 1.0 / rates[place, tasks.codes[rows]]
    mean = np.bincount(tasks.codes, weight, minlength=len(tasks)) / np.maximum(tasks.counts, 1)
    found: Array = weight / mean[tasks.codes]
    return found
