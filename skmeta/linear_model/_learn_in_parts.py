"""What a learner of linear models asks of a collection whose rows stay in partitions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.partitions import Engine
from skmeta.linear_model._collection import Collection, of_partitions
from skmeta.linear_model._data import check_all_labelled
from skmeta.linear_model._families import family_of
from skmeta.linear_model._law_learning import MANY
from skmeta.linear_model._partitioned_statistics import PartitionedStatistics
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.linear_model._wide_learning import is_wide
from skmeta.linear_model._working_statistics import WorkingStatistics
from skmeta.tasks import PartitionedTasks, Tasks


class WorkingStatisticsInParts:
    """`WorkingStatistics` of partitions as one part: each is asked where it is, and what all say comes here, added up."""

    def __init__(self, engine: Engine, parts: list[Any], classes: NDArray[Any] | None) -> None:
        self.engine, self.classes = engine, classes
        self._parts = engine.keep(parts)

    def __call__(self, coefficients: Mapping[str, Any] | None = None) -> SufficientStatistics:
        """The statistics of the working responses at some coefficients, of all partitions."""
        found = self.engine.gather(self.engine.map(partial(_asked, coefficients), self._parts))
        return _sum([part for part in found if part is not None])


def _sum(parts: list[Any]) -> Any:
    """In pairs, so that what has many tasks is added few times."""
    while len(parts) > 1:
        parts = [sum(parts[k : k + 2]) for k in range(0, len(parts), 2)]
    return parts[0]


def statistics_of(estimator: Any, tasks: PartitionedTasks) -> Any:
    """What `EmpiricalBayes.learn_statistics` takes: `PartitionedStatistics`, or of labels and counts a part that is asked."""
    family = family_of(estimator)
    if family.likelihood(estimator).quadratic:
        return PartitionedStatistics(tasks.map(SufficientStatistics.of_tasks).parts, tasks.engine)
    classes = _labels(estimator, tasks) if family.classifies else None
    make = partial(_working_statistics, estimator, classes)
    return [WorkingStatisticsInParts(tasks.engine, tasks.map(make).parts, classes)]


def collection_of_parts(
    learner: Any, found: PartitionedStatistics, estimator: Any, family: Any, past: Any
) -> Collection:
    """The collection of more tasks than one place is to hold; ValueError where they would be worked with in cells."""
    if is_wide(learner, found.n_features, found.count, past):
        raise ValueError(
            f"X: wanted tasks with more rows than columns in more than {MANY} tasks in parts, found {found.n_features} "
            f"columns and at most {found.count.max():.0f} rows; give fewer columns, or EmpiricalBayes(covariance='full')."
        )
    return of_partitions(found, estimator, family, past)


def _labels(estimator: Any, tasks: PartitionedTasks) -> NDArray[Any]:
    """The labels of all partitions, of two classes."""
    found = tasks.engine.gather(tasks.map(partial(_labels_of_part, estimator)).parts)
    labels = np.unique(np.concatenate([own for own in found if len(own)]))
    if len(labels) != 2:
        raise ValueError(
            f"y: wanted labels of two classes in partitions, found {len(labels)}; learn one prior a class, against the "
            "rest, or from a frame in memory, X.compute()."
        )
    return labels


def _labels_of_part(estimator: Any, tasks: Tasks) -> NDArray[Any]:
    check_all_labelled(tasks, estimator)
    return np.unique(tasks.y) if tasks.y is not None and len(tasks.y) else np.empty(0)


def _working_statistics(estimator: Any, classes: NDArray[Any] | None, tasks: Tasks) -> WorkingStatistics | None:
    return WorkingStatistics.of_tasks(tasks, estimator, classes) if tasks.n_rows else None


def _asked(coefficients: Mapping[str, Any] | None, part: WorkingStatistics | None) -> SufficientStatistics | None:
    return None if part is None else part(coefficients)
