"""A mapping from task ids to plain estimators that are made when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.tasks._ids import as_list
from skmeta.tasks._known_ids import one_id
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
        return self._adapted.estimator(self._code(task))

    def labels_of(self, task: Any) -> NDArray[Any]:
        """The labels that the rows of a task showed; its estimator may know more, where labels are those of all tasks.

        Parameters
        ----------
        task : object
            Its id; of nested tasks a tuple of ids.

        Returns
        -------
        ndarray of shape (n_labels,)
            Sorted; none where targets are numbers.

        Raises
        ------
        KeyError
            If there is no such task.
        """
        return self._adapted.labels_of(self._code(task))

    def _code(self, task: Any) -> int:
        code = self._position(task)
        if code < 0 and self._is_inner(task):
            raise KeyError(
                f"no task {shown(task)}: ids of nested tasks are paths, {tuple(self._levels)}, such as {shown(self._ids[0])}"
            )
        if code < 0:
            raise KeyError(
                f"no task {shown(task)} among the {len(self._ids)} that were adapted to ({listed(self._ids)}); adapt(X, y) "
                "makes an estimator for a new one"
            )
        return code

    def _is_inner(self, task: Any) -> bool:
        """Whether it is no path though tasks are nested."""
        return len(self._levels) > 1 and not (isinstance(task, tuple) and len(task) == len(self._levels))

    def _position(self, task: Any) -> int:
        path = task if len(self._levels) > 1 else (task,)
        if not isinstance(path, tuple) or len(path) != len(self._levels) or any(map(is_missing, path)):
            return -1
        pairs = zip(self._levels.items(), path, strict=True)
        return int(lookup_levels(self._levels, {name: one_id(ids, value) for (name, ids), value in pairs})[0])

    def __iter__(self) -> Iterator[Any]:
        return iter(as_list(self._ids))

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"TaskEstimators({len(self)} tasks, made when asked for)"
