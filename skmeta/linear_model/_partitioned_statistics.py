"""Sufficient statistics of more tasks than one place holds: they stay in parts, wherever these are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.copies import Signatures, first_of_same, signatures_of_sums
from skmeta._inference.partitions import Engine, InProcess
from skmeta._inference.sums import Sums
from skmeta._inference.typical_of_parts import places_of, pooled_scale
from skmeta.linear_model._adding_parts import all_ids, check_targets, same_columns
from skmeta.linear_model._copies import kept_of
from skmeta.linear_model._sufficient_statistics import SufficientStatistics
from skmeta.tasks import index_tasks
from skmeta.tasks._words import shown

Array = NDArray[np.float64]


class PartitionedStatistics:
    """Parts of a collection as `SufficientStatistics` that stay where they are; `EmpiricalBayes` learns from them all.

    It equals what is learned from their sum, however they are parted: a sweep of the learner is a function that is
    mapped over the parts and one sum of fixed size. Tasks that are in several parts are added up in one of these, so that
    their statistics, never their rows, move. Here are the tasks' ids and a few numbers of each.

    Parameters
    ----------
    parts : sequence of SufficientStatistics, or of handles of such
        Handles are the engine's own: of dask, delayed values.
    engine : Engine, default=None
        What runs functions beside the parts: ``map(function, *parts)`` gives handles, ``keep(parts)`` has them computed
        once, ``gather(parts)`` gives values. None: the parts are here.

    Attributes
    ----------
    ids : ndarray of shape (n_tasks,)
        Of all parts, each once, sorted.
    parts : list
        Handles, each task in one of them.
    codes : list of ndarray
        Of each part, the places of its tasks among ``ids``.
    count : ndarray of shape (n_tasks,)
        Number of rows that weigh something.
    missing_everywhere : ndarray of shape (n_features,)
        Which columns no task has.

    Raises
    ------
    TypeError
        If parts are no statistics, or ids are of two types.
    ValueError
        If there are no tasks, or parts have other columns or targets than the first.

    Examples
    --------
    >>> from skmeta import EmpiricalBayes, SufficientStatistics
    >>> from skmeta.datasets import make_related_regression
    >>> from skmeta.linear_model import PartitionedStatistics
    >>> X, y, _ = make_related_regression(n_tasks=50, n_features=3, random_state=0)
    >>> halves = [SufficientStatistics.from_table(X[k::2], y[k::2], task=-1) for k in range(2)]
    >>> parts = PartitionedStatistics(halves)
    >>> parts
    PartitionedStatistics(n_tasks=50, n_rows=1000, n_features=3, n_outputs=1, n_parts=2)
    >>> EmpiricalBayes().learn_statistics(parts).n_tasks
    50.0
    """

    def __init__(self, parts: Sequence[Any], engine: Engine | None = None) -> None:
        self.engine = InProcess() if engine is None else engine
        parts = self.engine.keep(parts)
        known = zip(parts, self.engine.gather(self.engine.map(_head, parts)), strict=True)
        filled = [(part, head) for part, head in known if len(head.ids)]
        if not filled:
            raise ValueError("X: wanted tasks in some part, found none in any of them; give parts with rows.")
        parts, heads = ([pair[k] for pair in filled] for k in (0, 1))
        first = heads[0]
        for head in heads[1:]:
            _check_alike(first, head)
        self.missing_everywhere = np.all([head.missing for head in heads], axis=0)
        self.feature_names, self.one_target = first.feature_names, first.target_mean.ndim == 1
        self.n_features, self.n_outputs = first.mean.shape[1], int(np.prod(first.target_mean.shape[1:]))
        self.ids, held = _ids_of_all([head.ids for head in heads])
        self.count, weight = np.zeros(len(self.ids)), 0.0
        for own, head in zip(held, heads, strict=True):
            self.count[own] += head.count
            weight += float(head.n.sum())
        self.mean_weight = weight / self.count.sum() if self.count.sum() > 0 else 1.0
        self.parts, self.codes = _each_task_in_one(self.engine, parts, held, len(self.ids))

    def __repr__(self) -> str:
        counts = {"n_tasks": self.n_tasks, "n_rows": self.count.sum(), "n_features": self.n_features}
        counts |= {"n_outputs": self.n_outputs, "n_parts": len(self.parts)}
        return f"PartitionedStatistics({', '.join(f'{k}={v:.0f}' for k, v in counts.items())})"

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.ids)

    @cached_property
    def places(self) -> list[Any]:
        """Handles of where the columns and targets of each task lie, which are kept."""
        return places_of(self.engine, self.sums)

    @property
    def sums(self) -> list[Any]:
        """Handles of the parts as the engine of the learner has them."""
        return self.engine.map(_sums, self.parts)

    def collected(self) -> SufficientStatistics:
        """All of them here, for collections that are small enough.

        Returns
        -------
        SufficientStatistics
            The sum of the parts.
        """
        found: Any = sum(self.engine.gather(self.parts))
        return found

    def without_copies(self) -> PartitionedStatistics:
        """The tasks that are no copies of an earlier one, a warning naming the others.

        Returns
        -------
        PartitionedStatistics
            Itself where there are no copies.
        """
        scale = pooled_scale(self.engine, self.places)[1][: self.n_features]
        found = self.engine.gather(self.engine.map(partial(signatures_of_sums, scale), self.sums))
        order = np.argsort(np.concatenate(self.codes))
        names = [field.name for field in fields(Signatures)]
        whole = Signatures(*(np.concatenate([getattr(part, name) for part in found])[order] for name in names))
        kept = kept_of(first_of_same(whole, targets_tell=True), self.ids)
        if len(kept) == self.n_tasks:
            return self
        stays = np.zeros(self.n_tasks, dtype=bool)
        stays[kept] = True
        masks = [stays[own] for own in self.codes]
        return PartitionedStatistics(self.engine.map(SufficientStatistics.take, self.parts, masks), self.engine)


@dataclass(frozen=True, eq=False)
class _Head:
    """What is to be known of a part elsewhere: its tasks and what they weigh, and of means no row, but their shape."""

    ids: NDArray[Any]
    n: Array
    count: Array
    mean: Array
    target_mean: Array
    feature_names: tuple[str, ...] | None
    log_likelihood: Any
    missing: NDArray[np.bool_]


def _head(part: Any) -> _Head:
    if not isinstance(part, SufficientStatistics):
        raise TypeError(f"statistics: wanted SufficientStatistics in every part, found {type(part).__name__}.")
    no_means = part.mean[:0], part.target_mean[:0]
    return _Head(
        part.ids, part.n, part.count, *no_means, part.feature_names, part.log_likelihood, part.missing_everywhere
    )


def _check_alike(first: Any, head: Any) -> None:
    """Raise unless a part has the columns, in their order, and the targets of the first one."""
    check_targets(first, head)
    if not same_columns(first, head):
        raise ValueError(
            f"X: wanted the columns of all parts in one order, found {shown(first.feature_names)} and "
            f"{shown(head.feature_names)}; parts have a method aligned(feature_names)."
        )


def _ids_of_all(each: list[NDArray[Any]]) -> tuple[NDArray[Any], list[NDArray[np.intp]]]:
    """The ids of all parts, each once, sorted, and where those of each part are among them."""
    for other in each[1:]:
        all_ids(each[0][:1], other[:1])  # raises where they are of two types
    index = index_tasks(np.concatenate(each))
    return index.ids, np.split(index.codes, np.cumsum([len(ids) for ids in each])[:-1])


def _each_task_in_one(
    engine: Engine, parts: list[Any], held: list[NDArray[np.intp]], n_tasks: int
) -> tuple[list[Any], list[NDArray[np.intp]]]:
    """Parts in which no task is twice, and the tasks of each: those that straddle parts are added up in one of them.

    They are dealt out to those that have them, so that none gets more than its share.
    """
    times = np.bincount(np.concatenate(held), minlength=n_tasks)
    if times.max() <= 1:
        return parts, held
    codes, part = np.concatenate(held), np.repeat(np.arange(len(held)), [len(own) for own in held])
    order = np.lexsort((part, codes))
    starts = np.cumsum(times) - times
    owner = part[order][starts + np.arange(n_tasks) % times]
    found = []
    for j, own in enumerate(held):
        pieces = [
            engine.map(SufficientStatistics.take, [parts[i]], [np.flatnonzero(owner[other] == j)])
            for i, other in enumerate(held)
            if i != j and (owner[other] == j).any()
        ]
        mine = [np.flatnonzero(owner[own] == j)]
        found += engine.map(_merged, [parts[j]], mine, *pieces)
    return engine.keep(found), [np.flatnonzero(owner == j) for j in range(len(held))]


def _merged(own: SufficientStatistics, mine: NDArray[np.intp], *pieces: SufficientStatistics) -> SufficientStatistics:
    found: Any = sum(pieces, own.take(mine))
    return found


def _sums(part: SufficientStatistics) -> Sums:
    return part.sums()
