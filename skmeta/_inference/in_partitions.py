"""The tasks of one output whose sums stay in parts: a sweep is a map over the parts and one sum of fixed size.

Here are, of every task, the part that it is in and five numbers, by which tasks to look at are picked. What a sweep makes
of single tasks, their noises, stays in the parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.expectation import ContextSums, Pooled, Sweep
from skmeta._inference.in_columns import InColumns
from skmeta._inference.moments import Moments
from skmeta._inference.noise import NoiseEstimates
from skmeta._inference.noise_of_parts import ResidualsInPartitions
from skmeta._inference.partitions import Engine, added, total
from skmeta._inference.sums import Sums
from skmeta._inference.threads import blocks_of
from skmeta._inference.units import Units, standardised

Array = NDArray[Any]

_TASKS = 1024  # of a part, standardised at once
_KEYS = ("n_rows", "square", "square_within", "context_total", "bounded")


@dataclass(frozen=True, eq=False)
class View:
    """How the engine sees the sums of a part: output ``k`` in its units, weights in a ``unit``."""

    units: list[Units]
    unit: float
    intercept: bool
    k: int

    def of(self, sums: Sums) -> InColumns:
        """The tasks of some sums."""
        moments = standardised(sums.in_unit(self.unit), self.units, intercept=self.intercept)
        return InColumns(moments.output(self.k))

    def blocks(self, sums: Sums) -> Iterator[tuple[slice, InColumns]]:
        """The tasks of a part, some at a time."""
        for block in blocks_of(len(sums.n), _TASKS) or [slice(0, 0)]:
            yield block, self.of(sums.take(block))


class InPartitions:
    """Tasks of one output, ``parts`` being handles of their `Sums`, in which ``codes`` lists the tasks of each part."""

    def __init__(self, engine: Engine, parts: list[Any], codes: list[NDArray[np.intp]], view: View, width: int) -> None:
        self.engine, self.parts, self.codes, self.view, self.width = engine, parts, codes, view, width
        self.n_tasks = sum(map(len, codes))
        self.counts = np.broadcast_to(1.0, self.n_tasks)
        keys = np.empty((len(_KEYS), self.n_tasks))
        for own, found in zip(codes, engine.gather(engine.map(partial(_keys, view), parts)), strict=True):
            keys[:, own] = found
        self.n_rows, self.square, self.square_within, self.context_total, self.bounded = keys
        self._taken: tuple[Any, Any] = (None, None)

    def common_noise(self, level: Any) -> list[float]:
        """One noise for all tasks."""
        return [float(level)] * len(self.parts)

    def take(self, tasks: NDArray[np.intp]) -> InColumns:
        """Some tasks (an index array), here; those that were taken last are kept."""
        if self._taken[0] is None or not np.array_equal(self._taken[0], tasks):
            self._taken = tasks, self._take(tasks)
        found: InColumns = self._taken[1]
        return found

    def _take(self, tasks: NDArray[np.intp]) -> InColumns:
        wanted = np.full(self.n_tasks, -1)
        wanted[tasks] = np.arange(len(tasks))
        where = [np.flatnonzero(wanted[own] >= 0) for own in self.codes]
        some = [k for k, own in enumerate(where) if len(own)]
        parts, places = ([each[k] for k in some] for each in (self.parts, where))
        found = self.engine.gather(self.engine.map(partial(_taken, self.view), parts, places))
        order = np.argsort(np.concatenate([wanted[self.codes[k][where[k]]] for k in some]))
        names = [field.name for field in fields(Moments)]
        return InColumns(Moments(*(np.concatenate([getattr(part, name) for part in found])[order] for name in names)))

    def pooled(self, counts: Array | None = None) -> Pooled:
        """`Pooled` rows of all tasks, each as often as ``counts (n_tasks,)`` says (None: once)."""
        counts = self.counts if counts is None else counts
        return Pooled(*total(self.engine, partial(_pooled, self.view), self.parts, [counts[own] for own in self.codes]))

    def sweep(
        self, law: CoefficientLaw, root: Array, noise: list[Any], spread: Array | None = None, n_jobs: int = 1
    ) -> Sweep:
        """`Sweep` over all tasks, whose ``noise`` is in parts; how many are computed at once is for the engine to say."""
        found = self.engine.keep(self.engine.map(partial(_sweep, self.view, law, root, spread), self.parts, noise))
        sums, (dof, square), context = total(self.engine, _first, found)
        residuals = ResidualsInPartitions(self.engine, self.engine.map(_second, found), dof, square)
        information, curbed, scatter, pull, n_tasks, n_rows = sums
        effects = None if context is None else ContextSums(*context)
        return Sweep(information, curbed, scatter, pull, n_tasks, n_rows, residuals, effects)


def _keys(view: View, sums: Sums) -> Array:
    """``(5, t)`` what is known of every task elsewhere."""
    return np.concatenate([[getattr(tasks, name) for name in _KEYS] for _, tasks in view.blocks(sums)], axis=1)


def _taken(view: View, sums: Sums, places: NDArray[np.intp]) -> Moments:
    return view.of(sums.take(places)).moments


def _pooled(view: View, sums: Sums, counts: Array) -> tuple[Array, ...]:
    found = [tasks.pooled(counts[block]) for block, tasks in view.blocks(sums)]
    return tuple(added([(part.gram, part.cross, part.square, part.n_rows) for part in found]))


def _sweep(view: View, law: CoefficientLaw, root: Array, spread: Array | None, sums: Sums, noise: Any) -> Any:
    """The sums over a part, and the `NoiseEstimates` of its tasks."""
    found = []
    for block, tasks in view.blocks(sums):
        own = tasks.common_noise(noise) if np.ndim(noise) == 0 else noise[block]
        found.append(tasks.sweep(law, root, own, spread))
    variance, dof, counts = (
        np.concatenate([getattr(part.residuals, name) for part in found]) for name in ("variance", "dof", "counts")
    )
    return added([_plain(part) for part in found]), NoiseEstimates(variance, dof, counts)


def _plain(found: Sweep) -> tuple[Any, ...]:
    """What adds up: arrays in tuples."""
    sums = found.information, found.curbed, found.scatter, found.pull, found.n_tasks, found.n_rows
    context = None if found.context is None else (found.context.cross, found.context.own, found.context.pull)
    return sums, (found.residuals.dof_of_all, found.residuals.square_of_all), context


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def _second(pair: tuple[Any, Any]) -> Any:
    return pair[1]
