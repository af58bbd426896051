"""What the E step leaves of some tasks: all that the M step needs, whichever way it was computed.

In coordinates ``w = mean + R v`` with ``R R' = covariance`` the coefficients of task ``t`` have the posterior
``N(v_t, V_t)`` with ``V_t = (I + R' Z_t' Z_t R / noise_t)^-1``. ``I - V_t`` is what the task's rows tell of them; it is
what both computations find first (`in_columns`, `in_rows`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.linalg import times
from skmeta._inference.noise import Residuals

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Expectation:
    """Of ``t`` tasks, each counted by its weight; under several laws, whose leading axes ``(...)`` all arrays have.

    ``information (..., p, p)`` is the sum of ``I - V_t`` and ``curbed (..., p, p)`` that of ``(I - V_t) Q (I - V_t)`` for
    the mean's uncertainty ``Q`` in these coordinates (None where the mean is known); ``v (..., t, p)``; ``intercept (...,
    t, p)`` is ``(I - V_t)`` times the intercept's direction; ``variance`` and ``dof (..., t)`` are those of the residuals.
    """

    information: np.ndarray
    curbed: np.ndarray | None
    v: np.ndarray
    intercept: np.ndarray
    variance: np.ndarray
    dof: np.ndarray


def joined(parts: Any, order: Any = None) -> Expectation:
    """One `Expectation` of the tasks of several; ``order`` lists, part by part, where each task stands."""
    if len(parts) == 1 and order is None:
        return parts[0]
    information = sum(part.information for part in parts)
    curbed = None if parts[0].curbed is None else sum(part.curbed for part in parts)
    per_task = ((part.v, part.intercept, part.variance[..., None], part.dof[..., None]) for part in parts)
    v, intercept, variance, dof = (np.concatenate(some, axis=-2) for some in zip(*per_task, strict=True))
    if order is not None:
        place = np.argsort(np.concatenate(order))
        v, intercept, variance, dof = (each[..., place, :] for each in (v, intercept, variance, dof))
    return Expectation(information, curbed, v, intercept, variance[..., 0], dof[..., 0])


@dataclass(frozen=True, eq=False)
class ContextSums:
    """What contextual effects ask: ``cross (..., p - 1, p)``, ``own (..., p - 1, p - 1)`` and ``pull (..., p - 1)``."""

    cross: np.ndarray
    own: np.ndarray
    pull: np.ndarray


@dataclass(frozen=True, eq=False)
class Sweep:
    """What the M step needs of all tasks, each counted by its weight: sums of fixed size, and the residuals' variances.

    ``information`` and ``curbed (..., p, p)`` as of `Expectation`; ``scatter (..., p, p)`` is the sum of ``v_t v_t'`` and
    ``pull (..., p)`` that of ``v_t``; ``n_tasks`` and ``n_rows (...)``. The residuals stay where they were made.
    """

    information: np.ndarray
    curbed: np.ndarray | None
    scatter: np.ndarray
    pull: np.ndarray
    n_tasks: np.ndarray
    n_rows: np.ndarray
    residuals: Any
    context: ContextSums | None = None


class AtHand:
    """Tasks whose numbers are in memory, for the E step: collections derive from it and give `expectation`."""

    @property
    def context_total(self: Any) -> Array:
        """The sum of the means of a task's columns ``(..., n_tasks)``."""
        total: Array = self.context.sum(axis=-1)
        return total

    def common_noise(self: Any, level: Any) -> Array:
        """One noise for all tasks ``(..., n_tasks)``."""
        return np.asarray(level)[..., None] * np.ones_like(self.n_rows)

    def sweep(
        self: Any, law: CoefficientLaw, root: Array, noise: Array, spread: Array | None = None, n_jobs: int = 1
    ) -> Sweep:
        """`Sweep` over all tasks under a `CoefficientLaw` whose covariance is ``root root'``."""
        found, counts = self.expectation(law, root, noise, spread, n_jobs), self.counts
        context = None
        if law.contextual is not None:
            context = _context_sums(np.swapaxes(self.context * counts[..., None], -1, -2), self.context, found, root)
        return Sweep(
            found.information,
            found.curbed,
            np.swapaxes(found.v * counts[..., None], -1, -2) @ found.v,
            (counts[..., None, :] @ found.v)[..., 0, :],
            counts.sum(axis=-1),
            (counts * self.n_rows).sum(axis=-1),
            Residuals(found.variance, found.dof, counts),
            context,
        )


def _context_sums(counted: Array, context: Array, found: Expectation, root: Array) -> ContextSums:
    last = root[..., -1:, -1]
    own = counted @ (context * (found.intercept[..., -1] / last)[..., None])
    return ContextSums(counted @ found.intercept, own, times(counted, found.v[..., -1] / last))


def bounded_counts(counts: Array, size: Array, n_rows: Array) -> Array:
    """How often tasks count where their rows are pooled: none pulls harder than one whose values are as far off as units are.

    ``size (..., t)`` is the largest sum of squares of a task's columns and target: a start, not an answer, depends on it.
    """
    return counts / np.maximum(size / np.maximum(n_rows, 1.0), 1.0)


@dataclass(frozen=True, eq=False)
class Pooled:
    """All rows of all tasks as one, each task counted by a weight: ``gram (..., p, p)``, ``cross (..., p)``, ``square``."""

    gram: np.ndarray
    cross: np.ndarray
    square: np.ndarray
    n_rows: np.ndarray

    def residual_square(self, coef: Array) -> Array:
        """The sum of the squared residuals at ``coef (..., p)``."""
        return self.square - (coef * (2.0 * self.cross - (self.gram @ coef[..., None])[..., 0])).sum(axis=-1)
