"""What is learned of one output of described tasks: with descriptors, without, and which of both held-out tasks take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.in_columns import InColumns
from skmeta._inference.linalg import TINY
from skmeta._inference.selection import clearly_positive
from skmeta.linear_model._structured._described_maps import FittedMap, LinearMap
from skmeta.linear_model._structured._describer import Describer
from skmeta.linear_model._structured._nested_learning import NestedOutput
from skmeta.linear_model._structured._places import Places

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DescribedOutput:
    """What was learned of one output without descriptors, ``plain``, and with them, ``described``.

    ``flat`` is its law where no task is nested; ``counts`` how often each node of the first level counts, and ``gain`` by how
    much descriptors make it more probable, held out, levels varying in the same shapes.
    """

    plain: NestedOutput
    described: LinearMap | FittedMap | None
    flat: CoefficientLaw | None
    counts: Array
    gain: Array
    decided: bool | None = None

    @property
    def tasks(self) -> InColumns:
        """The tasks themselves."""
        return self.plain.tasks

    @property
    def taken(self) -> bool:
        """Whether descriptors count."""
        return bool(clearly_positive(self.gain, self.counts)) if self.decided is None else self.decided

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self._found.coefficients

    @property
    def places(self) -> Places | None:
        """What the others say of each task; None where that is the same of all."""
        return self._found.places if self.taken or self.flat is None else None

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        return self._found.law_of_root if self.taken or self.flat is None else self.flat

    @property
    def _found(self) -> LinearMap | FittedMap | NestedOutput[Any]:
        """What was learned with descriptors, or without, as they are taken."""
        if not self.taken:
            return self.plain
        assert self.described is not None
        return self.described


def explained_shares(describer: Describer, maps: Sequence[Any]) -> dict[str, Any]:
    """Share of what differs between tasks that descriptors explain, in the engine's units, all coefficients together.

    What descriptors that go together explain is divided between them as each explains alone.
    """
    rest = sum(float(np.trace(sum(each.output.law.covariances))) for each in maps)
    explained = sum(float(np.trace(each.explained)) for each in maps)
    found: dict[str, Any] = {"share": explained / (explained + rest)}
    if hasattr(maps[0], "effects"):
        own = [np.flatnonzero(describer.owner == k) for k in range(len(describer.names))]
        parts = np.array([sum(_part(each.effects[at], each.spread[np.ix_(at, at)]) for each in maps) for at in own])
        found["shares"] = found["share"] * parts / max(parts.sum(), TINY)
    return found


def _part(effects: Array, spread: Array) -> float:
    return float(np.trace(effects.T @ spread @ effects))
