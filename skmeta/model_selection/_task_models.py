"""Models of tasks, each fitted when it is first asked for: of many tasks, few may ever be predicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from skmeta.tasks import TaskIndex, take_rows
from skmeta.tasks._ids import as_list
from skmeta.tasks._words import listed, shown


def fit_clone(estimator: Any, X: Any, y: Any, sample_weight: Any) -> Any:
    """Return a clone of `estimator`, fitted; of a Pipeline the last step takes the weights."""
    weights = {} if sample_weight is None else {_weight_name(estimator): sample_weight}
    return clone(estimator).fit(X, y, **weights)


def _weight_name(estimator: Any) -> str:
    if not isinstance(estimator, Pipeline):
        return "sample_weight"
    name, last = estimator.steps[-1]
    return f"{name}__{_weight_name(last)}"


class TaskModels(Mapping[Any, Any]):
    """Read-only mapping of task id to a clone of one estimator, fitted to the rows of that task.

    What an estimator cannot take is told at once, by the first task: that one is fitted here.

    Parameters
    ----------
    estimator : estimator object
        The model; later changes of its parameters are of no matter.
    X, y, sample_weight : table, ndarray, ndarray or None
        The rows of all tasks, which are copied.
    index : TaskIndex
        Which of them are whose.
    """

    def __init__(self, estimator: Any, X: Any, y: NDArray[Any], sample_weight: Any, index: TaskIndex) -> None:
        self._estimator = clone(estimator)
        self._X, self._y = take_rows(X, index.order), y[index.order]
        self._weights = None if sample_weight is None else sample_weight[index.order]
        self._starts = index.starts
        self._codes = {task: code for code, task in enumerate(as_list(index.ids))}
        self._fitted: dict[Any, Any] = {}
        self[next(iter(self))]

    def __getitem__(self, task: Any) -> Any:
        if task not in self._codes:
            raise KeyError(f"no task {shown(task)} among the {len(self)} that were fitted ({listed(self)})")
        if task not in self._fitted:
            self._fitted[task] = self._fit(self._codes[task])
        return self._fitted[task]

    def _fit(self, code: int) -> Any:
        """Return the model of one task; a task that shows one class gets this class."""
        rows = slice(self._starts[code], self._starts[code + 1])
        lone_class = is_classifier(self._estimator) and len(np.unique(self._y[rows])) == 1
        estimator = DummyClassifier() if lone_class else self._estimator
        weights = None if self._weights is None else self._weights[rows]
        return fit_clone(estimator, take_rows(self._X, rows), self._y[rows], weights)

    def __contains__(self, task: Any) -> bool:
        return task in self._codes

    def __iter__(self) -> Iterator[Any]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)

    def __repr__(self) -> str:
        return f"TaskModels({len(self)} tasks, fitted when asked for)"
