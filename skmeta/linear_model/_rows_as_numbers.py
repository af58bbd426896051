"""Rows of tasks as numbers: what sums are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from skmeta.tasks import Tasks
from skmeta.tasks._numbers import as_numbers, check_complete, numeric_features

Array = NDArray[np.float64]


def rows_as_numbers(tasks: Tasks) -> tuple[Array, Array, bool]:
    """Columns ``(n_rows, d)``, complete but for those that a task lacks, targets ``(n_rows, K)``, and if one was meant."""
    Z = numeric_features(tasks.X) if all(tasks.X.shape) else np.zeros(tasks.X.shape)
    if tasks.n_rows:
        check_complete(Z, tasks, tasks.feature_names)
    target = as_numbers(tasks.y, Ridge())
    return Z, target[:, None] if target.ndim == 1 else target, target.ndim == 1
