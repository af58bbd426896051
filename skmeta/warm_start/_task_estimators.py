"""A mapping from task ids to plain estimators that are made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.tasks import lookup_tasks
from skmeta.tasks._ids import as_list, as_objects
from skmeta.tasks._words import is_missing, listed, shown


class TaskEstimators(Mapping[Any, Any]):
    """Read-only mapping id -> plain fitted estimator: many tasks do not mean many objects.

    Parameters
    ----------
    ids : ndarray of shape (n_tasks,)
        Names of the tasks, sorted.
    adapted : AdaptedEstimators
        Of these tasks, in this order.
    """

    def __init__(self, ids: NDArray[Any], adapted: AdaptedEstimators) -> None:
        self._ids = ids
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
        if is_missing(task):
            return -1
        one = np.array([task]) if isinstance(task, np.generic) else as_objects([task])
        if hasattr(task, "isoformat") and self._ids.dtype.kind == "M":  # a date of the standard library or of pandas
            one = one.astype(self._ids.dtype)
        return int(lookup_tasks(self._ids, one)[0])

    def __iter__(self) -> Iterator[Any]:
        return iter(as_list(self._ids))

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"TaskEstimators({len(self)} tasks, made when asked for)"
