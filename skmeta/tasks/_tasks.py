"""A collection of tasks as families of models get it: rows, targets, weights, and which task each row belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta.tasks._numbers import column_names
from skmeta.tasks._tables import column_values, columns_in_order, take_rows

_LEFT_OUT_ONE_BY_ONE = 20  # speed: rows of larger tasks are left out in parts
_PARTS = 5


@dataclass(frozen=True, eq=False)
class Tasks:
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
        Names of the tasks, as the user wrote them.
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
        )

    def shots_and_query(self, n_shots: int) -> tuple[Self, Self]:
        """A part of each task's rows to adapt to, and the others to be predicted: what a new task is like.

        Parameters
        ----------
        n_shots : int
            Rows of a task to adapt to, half of them where there are fewer than twice as many.

        Returns
        -------
        shots, query : Tasks
            The same tasks, without unlabelled rows; targets of both are spread as in the whole.
        """
        shots, query = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
        for code in range(len(self)):
            own = self.rows_of(code)
            own = self.by_target(own if self.labelled is None else own[self.labelled[own]])
            n = min(n_shots, len(own) // 2)
            chosen = np.zeros(len(own), dtype=bool)
            chosen[((np.arange(n) + 0.5) * len(own) / max(n, 1)).astype(np.intp)] = True
            shots.append(np.sort(own[chosen]))
            query.append(np.sort(own[~chosen]))
        parts = [np.concatenate(part) for part in (shots, query)]
        first, second = (self._of_rows(rows, codes=self.codes[rows]) for rows in parts)
        return first, second

    def labelled_rows(self) -> Self:
        """The same tasks without their unlabelled rows.

        Returns
        -------
        Tasks
            Itself where there are none.
        """
        if self.labelled is None:
            return self
        rows = np.flatnonzero(self.labelled)
        return replace(self._of_rows(rows, codes=self.codes[rows]), labelled=None)

    def with_rows(self, X: Any, y: NDArray[Any] | None) -> Self:
        """The same tasks with other columns and targets: what a step made of each row.

        Parameters
        ----------
        X : table of shape (n_rows, n_features)
            One row for each of the old ones.
        y : ndarray of shape (n_rows,) or (n_rows, n_outputs), or None
            Likewise.

        Returns
        -------
        Tasks
            Named by the columns of ``X``.
        """
        return replace(self, X=X, y=y, feature_names=column_names(X))

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
        names = tuple(names)
        return (
            self
            if names == self.feature_names
            else replace(self, X=columns_in_order(self.X, names), feature_names=names)
        )

    def without_each_part(self) -> tuple[Self, NDArray[np.intp], NDArray[np.intp]]:
        """For every labelled row its task without it: what predicts that row from the task's other rows.

        Tasks of more than twenty rows lack a fifth of them at a time, in which targets are spread as in the whole.

        Returns
        -------
        tasks : Tasks
            The tasks, each as often as it has parts that leave others.
        rows : ndarray of int
            Positions of the labelled rows in ``X``.
        codes : ndarray of int
            The task in ``tasks`` that lacks each of ``rows``; -1 where no other row is left.
        """
        kept: list[NDArray[np.intp]] = []
        rows: list[NDArray[np.intp]] = []
        codes: list[NDArray[np.intp]] = []
        owners: list[int] = []
        for code in range(len(self)):
            own = self.rows_of(code)
            own = own if self.labelled is None else own[self.labelled[own]]
            for part in self._parts(own):
                others = np.setdiff1d(own, part)
                rows.append(part)
                codes.append(np.full(len(part), len(kept) if len(others) else -1))
                if len(others):
                    kept.append(others)
                    owners.append(code)
        nothing, owner = np.empty(0, np.intp), np.array(owners, dtype=np.intp)
        expanded = self._of_rows(
            np.concatenate([*kept, nothing]),
            codes=np.repeat(np.arange(len(kept)), [len(each) for each in kept]),
            ids=np.arange(len(kept)),
            task_weight=None,
            context={name: values[owner] for name, values in self.context.items()},
            classes=None if self.classes is None else tuple(self.classes[code] for code in owners),
            class_rates={label: rates[owner] for label, rates in self.class_rates.items()},
        )
        return expanded, np.concatenate([*rows, nothing]), np.concatenate([*codes, nothing])

    def _parts(self, own: NDArray[np.intp]) -> list[NDArray[np.intp]]:
        """Rows of one task that are left out together."""
        if len(own) <= _LEFT_OUT_ONE_BY_ONE:
            return [own[[place]] for place in range(len(own))]
        ranked = self.by_target(own)
        return [np.sort(ranked[first::_PARTS]) for first in range(_PARTS)]

    def by_target(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Rows in the order of their targets, of the first of several, whatever order they stand in.

        Parameters
        ----------
        rows : ndarray of int
            Positions of some rows in ``X``.

        Returns
        -------
        ndarray of int
            The same positions.
        """
        if self.y is None:
            return rows
        y, scores = self.y[rows].reshape(len(rows), -1)[:, 0], self._row_scores[rows]
        rank = np.unique(y, return_inverse=True)[1]
        if self.classes is None:
            return rows[np.lexsort((scores, rank))]
        typical = np.bincount(rank, scores) / np.bincount(
            rank
        )  # labels stand in the order of their rows: names have none
        return rows[np.lexsort((scores, typical[rank]))]

    @cached_property
    def _row_scores(self) -> NDArray[np.float64]:
        """A number a row, of the sizes of its numbers, that tells rows of one target apart."""
        scores = np.zeros(self.n_rows)
        if len(self.X.shape) != 2:
            return scores
        direction = np.random.default_rng(0).uniform(0.5, 1.5, self.X.shape[1])
        if sparse.issparse(self.X):
            return np.asarray(abs(self.X) @ direction, dtype=float)
        for k, own in enumerate(direction):
            values = column_values(self.X, k)
            if values.dtype.kind in "biuf":
                scores += own * np.abs(np.nan_to_num(values.astype(float)))
        return scores

    def _of_rows(self, rows: NDArray[np.intp], **changed: Any) -> Self:
        """The same columns of some rows."""
        return replace(
            self,
            X=take_rows(self.X, rows),
            y=None if self.y is None else self.y[rows],
            sample_weight=None if self.sample_weight is None else self.sample_weight[rows],
            labelled=None if self.labelled is None else self.labelled[rows],
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


def labels_of_tasks(
    y: NDArray[Any], codes: NDArray[np.intp], n_tasks: int, labelled: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], ...]:
    """The labels of each task, sorted, among its labelled rows."""
    known = np.arange(len(y)) if labelled is None else np.flatnonzero(labelled)
    labels, place = np.unique(y[known], return_inverse=True) if len(known) else (y[:0], known)
    there = np.zeros((n_tasks, len(labels)), dtype=bool)
    there[codes[known], place] = True
    return tuple(labels[own] for own in there)
