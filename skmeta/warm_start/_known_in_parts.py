"""What a model keeps of tasks whose rows stay in partitions: their own models are made when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._matching import matched
from skmeta.steps import AdaptedBehindSteps, FrozenSteps, Parts
from skmeta.tasks import PartitionedTasks, TaskColumns, TaskIndex, Tasks, index_tasks
from skmeta.tasks._known_ids import known_codes
from skmeta.tasks._partitioned_tasks import joined_tasks
from skmeta.tasks._paths import index_levels, known_rows, lookup_levels
from skmeta.warm_start._known_tasks import KnownTasks


@dataclass(frozen=True, eq=False)
class KnownInParts:
    """The tasks of one fit in partitions.

    Parameters
    ----------
    columns : TaskColumns
        Which column of a table says of which task a row is.
    tasks : PartitionedTasks
        Raw rows, where they are.
    prior : Prior
        Of the model.
    steps : FrozenSteps
        What rows pass.
    parts : Parts
        The user's estimator, taken apart.
    n_features : int
        Number of raw columns.
    n_jobs : int or None
        Jobs over tasks.
    """

    columns: TaskColumns
    tasks: PartitionedTasks
    prior: Prior
    steps: FrozenSteps
    parts: Parts
    n_features: int
    n_jobs: int | None

    @property
    def ids(self) -> NDArray[Any]:
        """Names of all tasks, sorted."""
        return self.tasks.ids

    @property
    def levels(self) -> dict[str, NDArray[Any]]:
        """The same by the name of their column."""
        return dict.fromkeys(self.columns.task, self.ids)

    @cached_property
    def adapted(self) -> AdaptedInParts:
        """The tasks' estimators."""
        return AdaptedInParts(self)

    def answer(self, method: str, X: Any) -> NDArray[Any]:
        """What `KnownTasks` would answer for rows: the rows of the known tasks among them come here."""
        ids = self._told(_ids_of(self.columns, X))
        tasks = joined_tasks(self.tasks.engine.gather(self.tasks.handles_of(ids)))
        return self.without_rows().adapted_to(tasks)[0].answer(method, X)

    def answers(self, engine: Any, method: str, parts: Sequence[Any]) -> list[Any]:
        """The same of partitions, as handles: to each go the rows of the tasks in it, from where they are."""
        found, without = [], self.without_rows()
        asked = engine.gather(engine.map(partial(_ids_in, self.columns), parts))
        self._told(np.concatenate([ids for ids in asked if len(ids)] or [self.ids[:0]]))
        for part, ids in zip(parts, asked, strict=True):
            pieces = [[piece] for piece in self.tasks.handles_of(ids)]
            found += engine.map(partial(_answered, without, method), [part], *pieces)
        return found

    def with_rows(self, tasks: Tasks, adapt: Any, in_the_way: str) -> NoReturn:
        """Refused: rows are where the partitions are."""
        raise TypeError(
            "partial_fit: wanted a model that was fitted to a frame in memory, found one whose rows stay in partitions; fit "
            "anew with all partitions, or give new tasks to adapt(X, y)."
        )

    def _told(self, ids: NDArray[Any]) -> NDArray[Any]:
        """Ids that are asked about, each once; with a word if none is known, an error if none can be."""
        index = index_levels(dict.fromkeys(self.columns.task, ids))
        known_codes(self.levels, index, new_ones_warn=not self.prior.context_names)
        return index.ids

    def without_rows(self) -> _Without:
        """All that is to be known where tasks are adapted."""
        return _Without(self.columns, self.prior, self.steps, self.parts, self.n_features, self.n_jobs)


@dataclass(frozen=True, eq=False)
class _Without:
    """A fitted model without its tasks."""

    columns: TaskColumns
    prior: Prior
    steps: FrozenSteps
    parts: Parts
    n_features: int
    n_jobs: int | None

    def adapted_to(self, raw: Tasks) -> tuple[KnownTasks, AdaptedBehindSteps]:
        """Some tasks as `KnownTasks` has them."""
        tasks = (
            self.steps.apply(raw) if raw.n_rows else Tasks.none(self.prior.feature_names, self.prior.n_features_in or 0)
        )
        order = tasks.feature_names
        prior, tasks = matched(self.prior, tasks)
        inner = prior.adapt_tasks(self.parts.model, tasks, n_jobs=self.n_jobs)
        adapted = AdaptedBehindSteps(self.steps, self.parts, tasks.feature_names, inner, order)
        levels = dict.fromkeys(self.columns.task, tasks.ids)
        return _SomeTasks(self.columns, tasks.ids, levels, prior, adapted, tasks.X.shape[1], tasks), adapted


class _SomeTasks(KnownTasks):
    """Those of the known tasks that rows may be of: whether any is known was said of all."""

    def _places(self, index: TaskIndex, *, new_ones_warn: bool) -> NDArray[np.intp]:
        return lookup_levels(self.levels, index.levels)


def _answered(without: _Without, method: str, X: Any, *pieces: Tasks) -> NDArray[Any] | None:
    """What a model says of rows, adapted to what there is of their tasks; None of no rows."""
    if not len(X):
        return None
    return without.adapted_to(joined_tasks(pieces))[0].answer(method, X)


def _ids_of(columns: TaskColumns, X: Any) -> NDArray[Any]:
    """The id of every row that has one."""
    ids = next(iter(columns.levels(columns.split(X)[1], complete=False).values()))
    return ids[known_rows(ids)]


def _ids_in(columns: TaskColumns, X: Any) -> NDArray[Any]:
    return index_tasks(_ids_of(columns, X)).ids if len(X) else np.empty(0)


class AdaptedInParts(AdaptedEstimators):
    """The estimators of tasks that stay in partitions, each made from its rows when it is asked for.

    Parameters
    ----------
    known : KnownInParts
        The tasks.
    """

    def __init__(self, known: KnownInParts) -> None:
        self._known = known
        self.steps, self.parts, self.columns = known.steps, known.parts, known.prior.feature_names

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task, whose rows come here.

        Parameters
        ----------
        code : int
            The task, from 0.

        Returns
        -------
        estimator
            It takes raw rows.
        """
        return self._known.without_rows().adapted_to(self._rows_of(code))[1].estimator(0)

    def labels_of(self, code: int) -> NDArray[Any]:
        """The labels that the rows of one task show, see `AdaptedEstimators.labels_of`."""
        rows = self._rows_of(code)
        return np.empty(0) if rows.classes is None else rows.classes[0]

    def _rows_of(self, code: int) -> Any:
        return self._known.tasks.rows_of(self._known.ids[[code]])

    @property
    def classes(self) -> NDArray[Any] | None:
        """Labels that columns of probabilities belong to."""
        return self._known.prior.classes

    @property
    def coef_(self) -> NDArray[np.float64]:
        """Refused: coefficients of all tasks would need all rows."""
        _not_here("coef_", "coef_")

    @property
    def borrowed(self) -> NDArray[np.float64]:
        """Refused likewise."""
        _not_here("borrowing_", "")


def _not_here(name: str, attribute: str) -> NoReturn:
    one = f"estimators_[id].{attribute}" if attribute else "WarmStartRegressor(..., prior=model.prior_).fit(rows, y)"
    raise AttributeError(
        f"{name}: wanted tasks in memory, found some whose rows stay in partitions and whose models are made when they are "
        f"asked for; {one} has that of one task."
    )
