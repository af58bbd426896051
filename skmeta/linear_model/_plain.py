"""Plain scikit-learn estimators from others: copies without their fit, for solvers and for what is handed back."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from sklearn import get_config
from sklearn.base import clone

_CONSTANT = (bool, int, float, str, type(None))  # need no copy
_PARAMETERS: dict[type, tuple[str, ...]] = {}  # names by class, looked up once


def fresh(estimator: Any, **changed: Any) -> Any:
    """An unfitted copy with some parameters changed: `clone`, without asking for the class's signature each time."""
    if get_config()["enable_metadata_routing"]:  # requests travel with a clone too
        return clone(estimator).set_params(**changed)
    cls = type(estimator)
    if cls not in _PARAMETERS:
        _PARAMETERS[cls] = tuple(estimator.get_params(deep=False))
    kept = {name: getattr(estimator, name) for name in _PARAMETERS[cls] if name not in changed}
    kept = {name: value if isinstance(value, _CONSTANT) else deepcopy(value) for name, value in kept.items()}
    return cls(**kept, **changed)
