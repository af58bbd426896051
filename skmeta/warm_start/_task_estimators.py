"""A mapping from task ids to plain estimators that are made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.tasks._ids import as_list, as_objects
from skmeta.tasks._paths import lookup_levels
from skmeta.tasks._words import is_missing, listed, shown


class TaskEstimators(Mapping[Any, Any]):
    """Read-only mapping id -> plain fitted estimator: many tasks do not mean many objects.

    Parameters
    ----------
    ids : ndarray of shape (n_tasks,)
        Names of the tasks, sorted; of nested tasks paths.
    levels : mapping of str to ndarray of shape (n_tasks,)
        Their ids at every level.
    adapted : AdaptedEstimators
        Of these tasks, in this order.
    """

    def __init__(self, ids: NDArray[Any], levels: Mapping[str, NDArray[Any]], adapted: AdaptedEstimators) -> None:
        self._ids = ids
        self._levels = levels
        self._adapted = adapted

    def __getitem__(self, task: Any) -> Any:
        code = self._position(task)
        if code < 0:
            raise KeyError(
                f"no task {shown(task)} among the {len(self._ids)} that were adapted to ({listed(self._ids)}); adapt(X, y) "
                "makes an estimator for a new one"
            )
        return self._adapted.estimator(code)

    def _position(self, task: Any) -> int:
        path = task if len(self._levels) > 1 else (task,)
        if not isinstance(path, tuple) or len(path) != len(self._levels) or any(map(is_missing, path)):
            return -1
        pairs = zip(self._levels.items(), path, strict=True)
        return int(lookup_levels(self._levels, {name: _one(ids, value) for (name, ids), value in pairs})[0])

    def __iter__(self) -> Iterator[Any]:
        return iter(as_list(self._ids))

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"TaskEstimators({len(self)} tasks, made when asked for)"


def _one(ids: NDArray[Any], value: Any) -> NDArray[Any]:
    """One id to look up among others."""
    one = np.array([value]) if isinstance(value, np.generic) else as_objects([value])
    # A date of the standard library or of pandas.
    return one.astype(ids.dtype) if hasattr(value, "isoformat") and ids.dtype.kind == "M" else one
