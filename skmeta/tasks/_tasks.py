"""A collection of tasks as families of models get it: rows, targets, weights, and which task each row belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._numbers import column_names
from skmeta.tasks._parts import PartsOfTasks
from skmeta.tasks._tables import columns_in_order, take_rows


@dataclass(frozen=True, eq=False)
class Tasks(PartsOfTasks):
    """The tasks of a collection: what a learner learns from, and what a prior adapts to.

    ``for X, y, weight in tasks`` gives one task after the other, its labelled rows; ``len(tasks)`` is their number.

    Parameters
    ----------
    X : frame, sparse matrix or ndarray of shape (n_rows, n_features)
        Rows as the model of one task would get them: the task column is gone, the steps before the model are done.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs), or None
        Targets; None where there are none at all (unsupervised). In unlabelled rows they mean nothing.
    codes : ndarray of shape (n_rows,), dtype intp
        Which task each row belongs to, from 0; a task may have no rows.
    ids : ndarray of shape (n_tasks,)
        Names of the tasks, as the user wrote them; of nested tasks paths.
    sample_weight : ndarray of shape (n_rows,), default=None
        Weights of rows; None for ones.
    task_weight : ndarray of shape (n_tasks,), default=None
        How much each task counts in learning, such as the probability that it is of the kind learned; None for ones.
    context : mapping of str to ndarray of shape (n_tasks,), default={}
        What is known of a task beside its rows, by column name: a time, a size, the region it lies in.
    labelled : ndarray of bool of shape (n_rows,), default=None
        Which rows have a target; None for all of them.
    feature_names : tuple of str, default=None
        Names of the columns, where they have names.
    classes : tuple of ndarray, default=None
        Labels of each task, sorted; None for regressors.
    class_rates : mapping of label to ndarray of shape (n_tasks,), default={}
        How many times as often as at random rows of a class were drawn in each task: the share of the class among the rows
        of the task over the share that it has there; zero where it was not drawn. None said: rows are drawn at random.
    levels : mapping of str to ndarray of shape (n_tasks,), default={}
        Ids of each task at every level of its task columns, by column name, outermost first: the region it lies in, then its
        own. Where there are several, ``ids`` are paths, tuples of these. Empty where there is no task column.
    row_counts : ndarray of shape (n_rows,), default=None
        How many rows each row stands for, where it was made of several; None for one. What rows weigh is ``sample_weight``.
    positions_behind : callable, default=None
        Gives the positions of columns by what they are called behind steps, whether or not ``X`` has names; None where there
        are no steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks import Tasks
    >>> tasks = Tasks(np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0, 3.0]), np.array([0, 1, 0]), np.array(["a", "b"]))
    >>> len(tasks), [y.tolist() for X, y, weight in tasks]
    (2, [[1.0, 3.0], [2.0]])
    """

    X: Any
    y: NDArray[Any] | None
    codes: NDArray[np.intp]
    ids: NDArray[Any]
    sample_weight: NDArray[np.float64] | None = None
    task_weight: NDArray[np.float64] | None = None
    context: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    labelled: NDArray[np.bool_] | None = None
    feature_names: tuple[str, ...] | None = None
    classes: tuple[NDArray[Any], ...] | None = None
    class_rates: Mapping[Any, NDArray[np.float64]] = field(default_factory=dict)
    levels: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    row_counts: NDArray[np.float64] | None = None
    positions_behind: Callable[[], Mapping[str, int]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The state without what is computed from it: worker processes get the rows, not copies of them.

        What names columns behind steps is for learning alone, which is done by then.
        """
        return {each.name: getattr(self, each.name) for each in fields(self)} | {"positions_behind": None}

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[tuple[Any, Any, NDArray[np.float64] | None]]:
        for code in range(len(self)):
            rows = self.rows_of(code)
            rows = rows if self.labelled is None else rows[self.labelled[rows]]
            y = None if self.y is None else self.y[rows]
            yield take_rows(self.X, rows), y, None if self.sample_weight is None else self.sample_weight[rows]

    @property
    def n_rows(self) -> int:
        """Number of rows of all tasks together."""
        return len(self.codes)

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Rows sorted by task, of shape (n_rows,); rows of one task stay in their order."""
        # NumPy sorts integers of 16 bits by radix, many times faster, and most collections have no more tasks.
        return np.argsort(self.codes.astype(np.min_scalar_type(max(len(self), 1))), kind="stable")

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Where each task begins in ``order``, of shape (n_tasks + 1,)."""
        return np.concatenate([[0], np.cumsum(np.bincount(self.codes, minlength=len(self)))]).astype(np.intp)

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows of each task, of shape (n_tasks,)."""
        return np.diff(self.starts)

    @property
    def mean_weight(self) -> float:
        """What a row weighs on average, of those that weigh anything."""
        weighs = None if self.sample_weight is None else self.sample_weight[self.sample_weight > 0.0]
        return 1.0 if weighs is None or not len(weighs) else float(weighs.mean())

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """What each row weighs ``(n_rows,)``, one where nothing is said."""
        return np.ones(self.n_rows) if self.sample_weight is None else self.sample_weight

    @property
    def task_weights(self) -> NDArray[np.float64]:
        """What each task weighs ``(n_tasks,)``, one where nothing is said."""
        return np.ones(len(self)) if self.task_weight is None else self.task_weight

    def rows_of(self, code: int) -> NDArray[np.intp]:
        """Positions of the rows of one task.

        Parameters
        ----------
        code : int
            The task, from 0.

        Returns
        -------
        ndarray of int
            Positions in ``X``, in their order.
        """
        return self.order[self.starts[code] : self.starts[code + 1]]

    def context_of(self, code: int) -> dict[str, Any]:
        """What is known of one task beside its rows, by name: keywords of `Prior.given`.

        Parameters
        ----------
        code : int
            The task, from 0.

        Returns
        -------
        dict
            One value a name.
        """
        return {name: values[code] for name, values in self.context.items()}

    def take(self, codes: NDArray[np.intp]) -> Self:
        """Some of the tasks, in the order asked for.

        Parameters
        ----------
        codes : array-like of int
            The tasks, from 0; one asked for twice is there twice, as two tasks.

        Returns
        -------
        Tasks
            Their rows, task by task.
        """
        codes = np.asarray(codes, dtype=np.intp)
        rows = [self.rows_of(code) for code in codes]
        counts = [len(each) for each in rows]
        return self._of_rows(
            np.concatenate([*rows, np.empty(0, np.intp)]),
            codes=np.repeat(np.arange(len(codes)), counts),
            ids=self.ids[codes],
            task_weight=None if self.task_weight is None else self.task_weight[codes],
            context={name: values[codes] for name, values in self.context.items()},
            classes=None if self.classes is None else tuple(self.classes[code] for code in codes),
            class_rates={label: rates[codes] for label, rates in self.class_rates.items()},
            levels={name: ids[codes] for name, ids in self.levels.items()},
        )

    def some(self, n_tasks: int, of: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
        """Some of the tasks, of all sizes.

        Parameters
        ----------
        n_tasks : int
            How many, at most.
        of : ndarray of int, default=None
            The tasks to choose from; None for all.

        Returns
        -------
        ndarray of int
            Their codes, ascending.
        """
        of = np.arange(len(self)) if of is None else of
        by_size = of[np.argsort(self.counts[of], kind="stable")]
        places = np.linspace(0, max(len(of) - 1, 0), min(n_tasks, len(of))).round().astype(np.intp)
        return np.sort(by_size[np.unique(places)])

    def labelled_rows(self) -> Self:
        """The same tasks without their unlabelled rows.

        Returns
        -------
        Tasks
            Itself where there are none.
        """
        return self if self.labelled is None else replace(self.where(self.labelled), labelled=None)

    def weighty_rows(self) -> Self:
        """The same tasks without rows that weigh nothing.

        Returns
        -------
        Tasks
            Itself where there are none.
        """
        return self if self.sample_weight is None or self.sample_weight.all() else self.where(self.sample_weight > 0.0)

    def with_labels(self, labels: Sequence[Any] | NDArray[Any]) -> Self:
        """The same tasks with those rows alone whose label is one of some.

        Parameters
        ----------
        labels : array-like
            Those that are wanted.

        Returns
        -------
        Tasks
            Itself for targets that are numbers.
        """
        return self if self.classes is None else self.where(np.isin(np.asarray(self.y), labels))

    def where(self, kept: NDArray[np.bool_]) -> Self:
        """The same tasks with some of their rows.

        Parameters
        ----------
        kept : ndarray of bool of shape (n_rows,)
            Which.

        Returns
        -------
        Tasks
            Their rows in their order; tasks may be left without any.
        """
        rows = np.flatnonzero(kept)
        some = self._of_rows(rows, codes=self.codes[rows])
        if some.classes is None:
            return some
        return replace(some, classes=labels_of_tasks(np.asarray(some.y), some.codes, len(some), some.labelled))

    def with_rows(
        self, X: Any, y: NDArray[Any] | None, positions_behind: Callable[[], Mapping[str, int]] | None = None
    ) -> Self:
        """The same tasks with other columns and targets: what a step made of each row.

        Parameters
        ----------
        X : table of shape (n_rows, n_features)
            One row for each of the old ones.
        y : ndarray of shape (n_rows,) or (n_rows, n_outputs), or None
            Likewise.
        positions_behind : callable, default=None
            Gives the positions of columns by what steps call them.

        Returns
        -------
        Tasks
            Named by the columns of ``X``.
        """
        return replace(self, X=X, y=y, feature_names=column_names(X), positions_behind=positions_behind)

    def weighed_in(self, unit: float) -> Self:
        """The same tasks with their weights in another unit.

        Parameters
        ----------
        unit : float
            What weighs one in the new unit.

        Returns
        -------
        Tasks
            Itself where rows have no weights.
        """
        return self if self.sample_weight is None else replace(self, sample_weight=self.sample_weight / unit)

    def with_columns(self, names: Sequence[str]) -> Self:
        """The same rows with the columns of a frame in another order.

        Parameters
        ----------
        names : sequence of str
            All names, in the order wanted.

        Returns
        -------
        Tasks
            Itself where that is the order it has.
        """
        names, before = tuple(names), self.feature_names
        if names == before:
            return self
        known = self.positions_behind
        behind = None if known is None or before is None else partial(_moved, known, before, names)
        return replace(self, X=columns_in_order(self.X, names), feature_names=names, positions_behind=behind)

    def _of_rows(self, rows: NDArray[np.intp], **changed: Any) -> Self:
        """The same columns of some rows."""
        return replace(
            self,
            X=take_rows(self.X, rows),
            y=None if self.y is None else self.y[rows],
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
            labelled=None if self.labelled is None else self.labelled[rows],
            row_counts=None if self.row_counts is None else self.row_counts[rows],
            **changed,
        )

    @classmethod
    def none(cls, feature_names: Sequence[str] | None = None, n_features: int = 0) -> Self:
        """No tasks at all: what a prior is adapted to for an estimator of a task without rows.

        Parameters
        ----------
        feature_names : sequence of str, default=None
            Names of the columns.
        n_features : int, default=0
            Number of columns, where they have no names.

        Returns
        -------
        Tasks
            Without rows.
        """
        names = None if feature_names is None else tuple(feature_names)
        nothing = np.empty((0, n_features if names is None else len(names)))
        return cls(nothing, np.empty(0), np.empty(0, np.intp), np.empty(0, int), feature_names=names)


def _moved(known: Callable[[], Mapping[str, int]], before: Sequence[str], after: Sequence[str]) -> dict[str, int]:
    """Positions of columns whose names are in another order."""
    place = {name: k for k, name in enumerate(after)}
    return {name: place[before[k]] for name, k in known().items()}


def labels_of_tasks(
    y: NDArray[Any], codes: NDArray[np.intp], n_tasks: int, labelled: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], ...]:
    """The labels of each task, sorted, among its labelled rows."""
    known = np.arange(len(y)) if labelled is None else np.flatnonzero(labelled)
    labels, place = np.unique(y[known], return_inverse=True) if len(known) else (y[:0], known)
    there = np.zeros((n_tasks, len(labels)), dtype=bool)
    there[codes[known], place] = True
    return tuple(labels[own] for own in there)
