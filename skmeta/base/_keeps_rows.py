"""Whether a fitted estimator keeps the rows that it was fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_ROWS_KEPT_IN = ("_fit_X", "X_fit_", "X_train_", "support_vectors_", "X_")  # where scikit-learn's estimators keep rows


def keeps_rows(model: Any) -> bool:
    """Whether a fitted estimator, or one that it is made of, keeps the rows that it was fitted to."""
    if isinstance(model, Mapping):
        return any(map(keeps_rows, model.values()))
    if isinstance(model, list | tuple) or (isinstance(model, np.ndarray) and model.dtype == object):
        return any(map(keeps_rows, np.ravel(model).tolist() if isinstance(model, np.ndarray) else model))
    if not hasattr(model, "get_params") or isinstance(model, type):
        return False
    return any(hasattr(model, name) for name in _ROWS_KEPT_IN) or any(map(keeps_rows, vars(model).values()))
