"""Rows of tasks as arrays of numbers, weighed in the unit of what was learned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from skmeta.base._matching import not_for
from skmeta.cluster._lloyd import Rows, rows_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


def arrays_of(tasks: Tasks, n_features: int | None = None, *, accept_sparse: bool = False) -> Tasks:
    """The tasks with rows that are finite numbers, dense or, where allowed, sparse; ValueError for other columns."""
    if not tasks.n_rows:
        return tasks
    X = check_array(tasks.X, accept_sparse="csr" if accept_sparse else False, dtype=float, input_name="X")
    if n_features is not None and X.shape[1] != n_features:
        raise ValueError(
            f"X: X has {X.shape[1]} features, but the prior is expecting {n_features} features as input. Give it the columns "
            "it was learned from."
        )
    return tasks.with_rows(X, None)


def rows_of_task(tasks: Tasks, code: int, unit: float) -> Rows:
    """The rows of one task, their weights in a unit."""
    X, _, weight = next(iter(tasks.take(np.array([code]))))
    return rows_of(X, None if weight is None else weight / unit)


def check_n_clusters(prior: Any, estimator: Any, name: str, kinds: str) -> None:
    """Raise unless an estimator is like those of some ``kinds`` and has as many clusters as its prior."""
    wanted, found = len(prior.centers), estimator.get_params(deep=False).get(name)
    if found is None:
        raise not_for(prior, kinds, estimator)
    if wanted != found:
        raise ValueError(
            f"estimator: wanted {name}={wanted}, as many clusters as the prior has, found {found}; set {name}={wanted}, or "
            "learn a prior with this estimator."
        )
