"""Columns of a table that are no features: those that say of which task a row is, and those that describe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from skmeta._dataframe import column_labels
from skmeta.tasks._context import differing_rows
from skmeta.tasks._ids import check_hashable, plain_ids
from skmeta.tasks._locate import locate_columns, split_columns
from skmeta.tasks._numbers import column_names
from skmeta.tasks._paths import known_rows
from skmeta.tasks._tables import as_table
from skmeta.tasks._words import is_missing, listed, shown


def task_list(task: str | int | Sequence[str | int] | None) -> tuple[str | int, ...]:
    """The parameter ``task`` as columns, outermost first: none, one, or those of a list.

    Examples
    --------
    >>> from skmeta.tasks._task_columns import task_list
    >>> task_list("store"), task_list(["region", "store"]), task_list(None)
    (('store',), ('region', 'store'), ())
    """
    if not isinstance(task, list | tuple):
        return () if task is None else (task,)  # type: ignore[return-value]
    if not task:
        raise ValueError(
            "task: wanted at least one column, found an empty list; write task='store', or None where there is one dataset."
        )
    return tuple(task)


@dataclass(frozen=True)
class TaskColumns:
    """Which columns of a table say of which task a row is, outermost first, and which describe the task.

    They are known by name, or in tables without names by position, which the number of columns must tell: a table has all
    of them, or lacks the task columns, or all.

    Parameters
    ----------
    task : tuple of str, default=()
        Names of the columns of ids: those of a frame, ``x3`` for position 3 of an array.
    context : tuple of str, default=()
        Names of the columns that describe a task.
    positions : tuple of int, default=()
        Where all of these stand in the whole table, those of ids first.
    width : int, default=0
        Number of columns of the whole table.
    by_name : bool, default=True
        Whether the names are those of a frame.

    Examples
    --------
    >>> import pandas as pd
    >>> from skmeta.tasks import TaskColumns
    >>> table = pd.DataFrame({"region": ["n", "n"], "store": [1, 2], "price": [0.5, 0.7], "size": [30, 40]})
    >>> columns = TaskColumns.of_table(table, ["region", "store"], ["size"])
    >>> features, values = columns.split(table)
    >>> list(features), list(values)
    (['price'], ['region', 'store', 'size'])
    """

    task: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()
    width: int = 0
    by_name: bool = True

    @classmethod
    def of_table(
        cls, X: Any, task: str | int | Sequence[str | int] | None, context: Sequence[str | int] = ()
    ) -> TaskColumns:
        """Those of a table.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            The whole table.
        task : str, int, list of them or None
            Columns of ids, outermost first, by name or position.
        context : sequence of str or int, default=()
            Columns that describe a task.

        Returns
        -------
        TaskColumns
            By name, where the table has names.

        Raises
        ------
        ValueError
            If there is no such column, or one is asked for twice.
        TypeError
            If one of them is neither a name nor a position.
        """
        X, _ = as_table(X)
        ids, described = task_list(task), tuple(context)
        places, others = locate_columns(X, ids, "task"), locate_columns(X, described, "context")
        for column, place in zip(described, others, strict=True):
            if place in places:
                raise ValueError(
                    f"context: wanted columns beside the task column, found {shown(column)}; leave it out."
                )
        labels = column_names(X)
        pairs = [*zip(ids, places, strict=True), *zip(described, others, strict=True)]
        names = tuple(column if isinstance(column, str) else labels[p] if labels else f"x{p}" for column, p in pairs)
        by_name = labels is not None or all(isinstance(column, str) for column, _ in pairs)
        return cls(names[: len(ids)], names[len(ids) :], (*places, *others), X.shape[1], by_name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all of them, those of ids first."""
        return (*self.task, *self.context)

    def __bool__(self) -> bool:
        return bool(self.names)

    def label(self, name: str) -> Any:
        """What the user calls one of them: its name or its position."""
        return name if self.by_name else self.positions[self.names.index(name)]

    def places(self, X: Any) -> dict[str, int]:
        """Where those of them stand that a table has.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            The whole table, or one that lacks some of them.

        Returns
        -------
        dict
            Positions by name.
        """
        labels = column_labels(X)
        if self.by_name and labels is not None:
            return {name: labels.index(name) for name in self.names if name in labels}
        where = dict(zip(self.names, self.positions, strict=True)) if self.positions else {}
        gone = [set(), {where[name] for name in self.task if where}, set(where.values())]
        absent = next((each for each in gone if X.shape[1] == self.width - len(each)), set(where.values()))
        return {name: p - sum(other < p for other in absent) for name, p in where.items() if p not in absent}

    def split(self, X: Any) -> tuple[Any, dict[str, NDArray[Any]]]:
        """A table without those of them that it has, and their values.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            The whole table, or one that lacks some of them.

        Returns
        -------
        features : table
            The other columns.
        values : dict
            Arrays of shape (n_rows,) by name.
        """
        places = self.places(X)
        if not places:
            return X, {}
        features, taken = split_columns(X, list(places.values()))
        return features, dict(zip(places, taken, strict=True))

    def labels(self, X: Any) -> list[Any]:
        """What the user calls the features of a table.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            As in `split`.

        Returns
        -------
        list
            Names, or positions among all columns.
        """
        names, taken = column_names(X), set(self.places(X).values())
        return [k if names is None else names[k] for k in range(X.shape[1]) if k not in taken]

    def with_context(self, X: Any, context: Sequence[str | int]) -> TaskColumns:
        """The same columns of ids beside other columns that describe a task.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            It need not have the columns of ids.
        context : sequence of str or int
            Columns that describe a task.

        Returns
        -------
        TaskColumns
            As they stand in ``X``.
        """
        own, places = TaskColumns.of_table(X, None, context), self.places(X)
        ids = tuple(places[name] for name in self.task if name in places)
        if self.by_name and own.by_name and len(ids) < len(self.task):
            return TaskColumns(self.task, own.context)
        return TaskColumns(self.task[: len(ids)], own.context, (*ids, *own.positions), X.shape[1], own.by_name)

    def without_task(self) -> TaskColumns:
        """The columns that describe a task alone, as they stand in a table without those of ids.

        Returns
        -------
        TaskColumns
            Without ``task``.
        """
        if not self.positions:
            return TaskColumns(context=self.context)
        n, (ids, others) = len(self.task), (self.positions[: len(self.task)], self.positions[len(self.task) :])
        moved = tuple(p - sum(other < p for other in ids) for p in others)
        return TaskColumns((), self.context, moved, self.width - n, self.by_name)

    def levels(self, values: Mapping[str, NDArray[Any]], *, complete: bool = True) -> dict[str, NDArray[Any]]:
        """Ids of rows at every level, checked.

        Parameters
        ----------
        values : mapping of str to ndarray of shape (n_rows,)
            What `split` took.
        complete : bool, default=True
            Whether ids must be there in all rows.

        Returns
        -------
        dict
            Ids by name, outermost first: numbers and dates in their own dtype, all else as objects.

        Raises
        ------
        ValueError
            If an id is missing that must be there.
        TypeError
            If numbers and text are mixed in a column.
        """
        return {name: self._checked(name, values[name], complete) for name in self.task}

    def _checked(self, name: str, values: NDArray[Any], complete: bool) -> NDArray[Any]:
        role = f"task={self.label(name)!r}"
        if complete:
            return plain_ids(values, role)
        check_hashable(values, role)
        there = known_rows(values)
        known = plain_ids(values[there], role)
        return known if there.all() else values

    def known(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of a task: values that are missing are left out, and so are ids below a level that is not known.

        Parameters
        ----------
        values : mapping of str to object
            Of some of the columns.

        Returns
        -------
        dict
            Keywords of `Prior.given`.
        """
        there = {name: value for name, value in values.items() if not is_missing(value)}
        first = next((level for level, name in enumerate(self.task) if name not in there), len(self.task))
        return {name: value for name, value in there.items() if name not in self.task[first:]}

    def of_one_task(self, X: Any) -> tuple[Any, dict[str, Any]]:
        """Rows of one task without these columns, and what they say of it.

        Parameters
        ----------
        X : table of shape (n_rows, n_columns)
            Of one task.

        Returns
        -------
        features : table
            The other columns.
        known : dict
            Keywords of `Prior.given`.

        Raises
        ------
        ValueError
            If one of the columns has several values.
        """
        features, values = self.split(X)
        for name, column in values.items():
            self._check_constant(name, column)
        return features, self.known({name: column[0] for name, column in values.items() if len(column)})

    def _check_constant(self, name: str, column: NDArray[Any]) -> None:
        other = differing_rows(column, column[:1])
        if not len(other):
            return
        pair = listed(column[[0, other[0]]])
        if name in self.task:
            raise ValueError(
                f"task: wanted rows of one task, found {shown(self.label(name))} with {pair}; give the rows of one, or fit "
                f"with task={self.label(name)!r}, which learns on from all of them."
            )
        raise ValueError(
            f"context: wanted columns that are constant within each task, found {shown(self.label(name))} with {pair} in the "
            "one task of this table; a column that varies from row to row is a feature, so leave it out of context."
        )
