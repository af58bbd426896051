"""Several collections behind each other, for tasks whose collections cannot be one array: asked one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.expectation import AtHand, Expectation, Pooled

Array = NDArray[Any]


class Grouped(AtHand):
    """Collections ``(n_groups, t)`` of tasks of one output; shorter ones are padded by tasks that do not count."""

    def __init__(self, parts: Any) -> None:
        self.parts, self.width = parts, parts[0].width
        self.n_tasks = max(part.n_tasks for part in parts)
        names = ("counts", "bounded", "n_rows", "total", "context")
        self.counts, self.bounded, self.n_rows, self.total, self.context = (
            np.stack([self._padded(getattr(part, name)) for part in parts]) for name in names
        )

    def pooled(self, counts: Array | None = None) -> Any:
        """`Pooled` rows of each collection, its tasks as often as ``counts (n_groups, t)`` says (None: as they count)."""
        own = [None if counts is None else counts[k, : part.n_tasks] for k, part in enumerate(self.parts)]
        found = [part.pooled(each) for part, each in zip(self.parts, own, strict=True)]
        return Pooled(*(np.stack([getattr(p, n) for p in found]) for n in ("gram", "cross", "square", "n_rows")))

    def expectation(
        self, law: Any, root: Array, noise: Any, spread: Array | None = None, n_jobs: int = 1
    ) -> Expectation:
        """`Expectation` of each collection under its own laws ``(..., n_groups)``."""

        def one(where: Any) -> Array:
            part, own = self.parts[where[-1]], None if spread is None else spread[where]
            return part.expectation(law.at(where), root[where], noise[where][: part.n_tasks], own, n_jobs)

        shape = np.shape(law.noise)
        found = [one(where) for where in np.ndindex(shape)]
        sums = (_stacked([getattr(part, name) for part in found], shape) for name in ("information", "curbed"))
        names = ("v", "intercept", "variance", "dof")
        each = (_stacked([self._padded(getattr(part, name)) for part in found], shape) for name in names)
        return Expectation(*sums, *each)

    def deviance(self, law: Any, root: Array, noise: Any) -> Array:
        """``-2 log p(y_t)`` of every task for each of several noises ``(..., n_groups, m)``: ``(..., n_groups, t, m, 2)``."""
        shape = np.shape(law.noise)
        found = [self.parts[w[-1]].deviance(law.at(w), root[w], noise[w]) for w in np.ndindex(shape)]
        return _stacked([self._padded(part) for part in found], shape)

    def _padded(self, values: Array) -> Array:
        room = np.zeros((self.n_tasks - len(values), *values.shape[1:]))
        return np.concatenate([values, room]) if len(room) else values


def _stacked(parts: Any, shape: Any) -> Any:
    return None if parts[0] is None else np.stack(parts).reshape(*shape, *parts[0].shape)
