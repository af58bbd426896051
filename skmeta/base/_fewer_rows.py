"""What is kept of the rows of known tasks, for the day when more come: all of them, or fewer that say the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.same_sums import rows_of_same_sums
from skmeta.tasks import Tasks
from skmeta.tasks._joined_rows import counts_of_rows
from skmeta.tasks._numbers import as_numbers, numeric_features

Array = NDArray[np.float64]


def fewer_rows(estimator: Any, tasks: Tasks) -> Tasks:
    """The same tasks; a dense one of more than ``q + 1`` rows, for q columns and targets, gets ``q + 1`` of the same sums.

    Rows as they are stay what cannot be summed up, such as columns that are missing in some rows of a task: it is for the
    reader of the rows to say what is wrong with them.

    Parameters
    ----------
    estimator : regressor
        The model of one task.
    tasks : Tasks
        With numbers as targets.

    Returns
    -------
    Tasks
        Their columns an array, where they were a frame; rows that are made of several have ``row_counts``.
    """
    X = numeric_features(tasks.X)
    if sparse.issparse(X) or tasks.y is None or tasks.labelled is not None:
        return tasks
    Y = as_numbers(tasks.y, estimator)
    Z = np.column_stack([X, Y]).astype(float, copy=False)
    tasks = replace(tasks, X=X, y=Y)
    large = np.flatnonzero(_can_be_summed(Z, tasks))
    return tasks if not len(large) else _condensed(Z, tasks, large)


def _can_be_summed(Z: Array, tasks: Tasks) -> NDArray[np.bool_]:
    """Which tasks ``(n_tasks,)`` have more than ``q + 1`` rows of ``q`` numbers, some of weight, and whole columns."""
    weight, counts = tasks.row_weights, tasks.counts
    lacking = np.zeros((len(tasks), Z.shape[1]))
    np.add.at(lacking, tasks.codes, np.isnan(Z))
    whole = ((lacking == 0) | (lacking == counts[:, None])).all(axis=1)
    total = np.bincount(tasks.codes, weight, minlength=len(tasks))
    return np.asarray((counts > Z.shape[1] + 1) & (total > 0.0) & whole)


def _condensed(Z: Array, tasks: Tasks, large: NDArray[np.intp]) -> Tasks:
    """The tasks, the ``large`` ones by few rows each, which stand after those of the others."""
    weight, count = tasks.row_weights, counts_of_rows(tasks)
    ends = [tasks.order[tasks.starts[code] : tasks.starts[code + 1]] for code in large]
    order, starts = np.concatenate(ends), np.cumsum([0, *map(len, ends)])
    few = rows_of_same_sums(Z, order, starts, weight, count)
    n_each, q = few.Z.shape[1:]
    rest = np.flatnonzero(~np.isin(tasks.codes, large))
    whole = np.concatenate([Z[rest], few.Z.reshape(-1, q)])
    X, Y = np.split(whole, [tasks.X.shape[1]], axis=1)
    return replace(
        tasks,
        X=X,
        y=Y.reshape(len(whole), *np.asarray(tasks.y).shape[1:]),
        codes=np.concatenate([tasks.codes[rest], np.repeat(large, n_each)]),
        sample_weight=np.concatenate([weight[rest], np.repeat(few.weight, n_each)]),
        row_counts=np.concatenate([count[rest], np.repeat(few.n_rows, n_each)]),
    )
