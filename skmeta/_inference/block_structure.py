"""The shape of a covariance whose columns come in blocks: no covariance between blocks, each has a shape of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import diagonal
from skmeta._inference.structure import CovarianceShape, Structure

Array = NDArray[Any]

_SAME = 1e-6  # guard: of variances and correlations, what is rounding


@dataclass(frozen=True)
class BlockStructure:
    """A rule ``S -> Sigma`` that is block diagonal: a `Structure` for the columns of each block, the intercept alone.

    ``blocks`` are pairs of a name and a `Structure`, whose ``varying`` are the block's columns and that has no intercept.
    There are ``n_coefficients`` with the intercept, which is last.
    """

    blocks: tuple[tuple[str, Structure], ...]
    n_coefficients: int

    def __str__(self) -> str:
        named: dict[str, list[str]] = {}
        for name, one in self.blocks:
            named.setdefault(str(replace(one, varying=None)), []).append(name)
        return "blocks: " + "; ".join(f"{', '.join(names)} {shape}" for shape, names in named.items())

    @property
    def varying(self) -> tuple[int, ...] | None:
        """The coefficients that vary, the intercept last; None if all do."""
        slopes = self._slopes
        return None if len(slopes) == self.n_coefficients - 1 else (*sorted(slopes), self.n_coefficients - 1)

    @property
    def shape(self) -> tuple[Any, ...]:
        """What tells it from others."""
        return "blocks", frozenset(one.shape for _, one in self.blocks)

    @property
    def _slopes(self) -> list[int]:
        return [column for _, one in self.blocks for column in one.varying or ()]

    def fit(self, scatter: Array, n_tasks: Array, unique: Array | None = None) -> tuple[Array, Array]:
        """As of one `Structure`: ``(Sigma, unique)``."""
        covariance, parts = np.zeros_like(scatter), diagonal(scatter).copy()
        covariance[..., -1, -1] = np.maximum(scatter[..., -1, -1], 1e-10)
        for _, one in self.blocks:
            columns = np.array(one.varying)
            own, own_parts = one.fit(scatter, n_tasks, unique)
            covariance += own
            parts[..., columns] = own_parts[..., columns]
        return covariance, parts

    def free_entries(self, k: int) -> tuple[Array, Array] | None:
        """None: of several blocks their scale alone."""
        return None

    def n_parameters(self, p: int, n_tasks: float) -> float:
        """As of one `Structure`: those of all blocks, and the intercept's variance."""
        return 1.0 + sum(one.n_parameters(p, n_tasks) for _, one in self.blocks)

    def tightened(self, factor: float) -> BlockStructure:
        """The same under hyper-priors of ``factor`` times the weight within its blocks."""
        return replace(self, blocks=tuple((name, one.tightened(factor)) for name, one in self.blocks))

    def held_part(self, covariance: Array, n_tasks: float, unique: Array) -> tuple[Array, Array]:
        """As of one `Structure`: all that its blocks hold."""
        found = [one.held_part(covariance, n_tasks, unique) for _, one in self.blocks]
        part = sum((np.where(free, own, 0.0) for own, free in found), np.zeros_like(covariance))
        return part, np.any([free for _, free in found], axis=0)


def with_blocks(
    structures: Sequence[CovarianceShape],
    blocks: Mapping[str, tuple[int, ...]],
    p: int,
    pseudo_tasks: float | None = None,
    past: Array | None = None,
) -> list[CovarianceShape]:
    """The structures, simplest first, behind those of columns in ``blocks`` of the first ``p - 1`` coefficients.

    All blocks have one shape here, see `with_mixed_blocks`: one variance, or full. Who gives blocks knows something, so
    what knows of none must be clearly better. A ``past (p, p)`` covariance is a candidate more, in the shape that its
    blocks have; of one that has covariances between blocks, what keeps these stays the first.
    """
    shapes = list(zip(*(_shapes(columns, pseudo_tasks) for columns in blocks.values()), strict=True))
    found = [BlockStructure(tuple(zip(blocks, each, strict=True)), p) for each in shapes]
    first = 0
    if past is not None and pseudo_tasks is None:
        same = tuple((name, _shape_of(past, columns)) for name, columns in blocks.items())
        found.insert(0, BlockStructure(same, p))
        first = min(int(not _is_of(past, found[0])), len(structures))
    found = list({one.shape: one for one in reversed(found)}.values())[::-1]
    return [*structures[:first], *found, *structures[first:]]


def _shapes(columns: tuple[int, ...], pseudo_tasks: float | None) -> list[Structure]:
    """One variance, and full with the two hyper-priors that "auto" tries, or the one given; of a column these are the same."""
    one = Structure("spherical", 0, equal=True, varying=columns, intercept=False)
    evens = (False, True) if pseudo_tasks is None else (False,)
    strength = float(len(columns)) if pseudo_tasks is None else pseudo_tasks
    full = [replace(one, name="full", rank=None, equal=even, strength=strength) for even in evens]
    return [one, *(full if len(columns) > 1 else [one] * len(full))]


def _shape_of(past: Array, columns: tuple[int, ...]) -> Structure:
    """The shape that a block of a past has, in which no hyper-prior holds it a second time."""
    own, one = past[np.ix_(columns, columns)], Structure("spherical", 0, True, 0.0, columns, intercept=False)
    even = np.allclose(own, np.eye(len(columns)) * own[0, 0], rtol=_SAME, atol=_SAME * own[0, 0])
    return one if even else replace(one, name="full", rank=None, equal=False)


def _is_of(past: Array, one: BlockStructure) -> bool:
    """Whether a past has no covariance but those within blocks."""
    scale = np.sqrt(np.maximum(diagonal(past), np.finfo(float).tiny))
    within = np.eye(len(past), dtype=bool)
    for _, part in one.blocks:
        within[np.ix_(part.varying or (), part.varying or ())] = True
    return bool(np.all(within | (np.abs(past) <= _SAME * np.outer(scale, scale))))


def with_mixed_blocks(
    structures: Sequence[CovarianceShape], evidence_of: Callable[[list[CovarianceShape]], Array], choose: Any
) -> list[CovarianceShape]:
    """The structures, and the one in which each block has the shape that is best for it.

    ``evidence_of`` structures is ``(n_structures, n_tasks)``; ``choose(evidence)`` is the index of one of them. A block's
    shape is chosen while all others have the shape that is best for all, so the order of blocks does not matter.
    """
    alike = [one for one in structures if isinstance(one, BlockStructure)]
    if len(alike) < 2:
        return list(structures)
    best, picked = alike[choose(evidence_of(list(alike)))], []
    for k in range(len(best.blocks)):
        options = list({one.blocks[k][1].shape: one.blocks[k] for one in alike}.values())
        tried = [replace(best, blocks=(*best.blocks[:k], own, *best.blocks[k + 1 :])) for own in options]
        picked.append(options[choose(evidence_of(list(tried))) if len(options) > 1 else 0])
    mixed = replace(best, blocks=tuple(picked))
    if mixed.shape in [one.shape for one in alike]:
        return list(structures)
    place = structures.index(alike[0]) + 1
    return [*structures[:place], mixed, *structures[place:]]
