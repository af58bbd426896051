"""The tasks of one output as matrices of their columns: ``(p, p)`` a task, whatever the number of its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.expectation import AtHand, Expectation, Pooled, bounded_counts, joined
from skmeta._inference.linalg import TINY, diagonal, inverse_and_solution, logdet_and_quadratic
from skmeta._inference.mixture import log_evidence_of_moments
from skmeta._inference.moments import Moments, whitened
from skmeta._inference.threads import blocks_of, run

Array = NDArray[Any]

_NUMBERS = 1 << 17  # held at once of the tasks' matrices: 1 MB, near the processor
_TASKS = 1024  # whose matrices are held at once under all components
_LOG_2PI = np.log(2.0 * np.pi)


def each_output(moments: Moments, task_weight: Array | None = None) -> list[InColumns]:
    """`InColumns` of every output of some statistics."""
    return [InColumns(moments.output(k), task_weight) for k in range(moments.n_outputs)]


class InColumns(AtHand):
    """Sufficient statistics of one output, and how much each task counts ``(n_tasks,)`` (None: once).

    They may be of several collections, such as the folds of one: all arrays then have a leading axis.
    """

    def __init__(self, moments: Moments, task_weight: Array | None = None) -> None:
        self.moments = moments
        self.counts = np.ones(moments.n_rows.shape) if task_weight is None else task_weight
        self.n_tasks, self.width = moments.n_rows.shape[-1], moments.cross.shape[-1]
        self.n_rows, self.context, self.square = moments.n_rows, moments.context, moments.square

    @property
    def total(self) -> Array:
        """``(n_tasks,)`` what the rows weigh together: the square of the intercept's ones."""
        return self.moments.gram[..., -1, -1]

    @property
    def square_within(self) -> Array:
        """The sum of the target's squares around each task's own level ``(n_tasks,)``; around zero without an intercept."""
        return self.square - self.moments.cross[..., -1] ** 2 / np.maximum(self.total, TINY)

    def as_moments(self) -> Moments:
        """The statistics."""
        return self.moments

    def take(self, tasks: Any) -> InColumns:
        """Some tasks (an index array, mask or slice)."""
        return InColumns(self.moments.take(tasks), self.counts[tasks])

    def grouped(self, group: Array) -> Any:
        """The tasks as collections ``(n_groups, t)``, ``group (n_groups, t)`` listing the tasks of each, -1 for none."""
        found = self.take(group)
        return InColumns(found.moments, np.where(group < 0, 0.0, found.counts))

    @property
    def bounded(self) -> Array:
        """``(n_tasks,)`` how often each task counts among pooled rows (`bounded_counts`)."""
        size = np.maximum(diagonal(self.moments.gram)[..., :-1].max(axis=-1, initial=0.0), self.square)
        return bounded_counts(self.counts, size, self.n_rows)

    def pooled(self, counts: Array | None = None) -> Pooled:
        """`Pooled` rows of all tasks, each as often as ``counts (n_tasks,)`` says (None: as it counts)."""
        part, p, counts = self.moments, self.width, (self.counts if counts is None else counts)[..., None, :]
        gram = (counts @ part.gram.reshape(*part.square.shape, p * p)).reshape(*part.square.shape[:-1], p, p)
        total = (counts @ np.stack([part.square, part.n_rows], axis=-1))[..., 0, :]
        return Pooled(gram, (counts @ part.cross)[..., 0, :], total[..., 0], total[..., 1])

    def expectation(
        self, law: CoefficientLaw, root: Array, noise: Array, spread: Array | None = None, n_jobs: int = 1
    ) -> Expectation:
        """`Expectation` of all tasks under a `CoefficientLaw` whose covariance is ``root root'``."""
        blocks = self._blocks(law)
        if len(blocks) == 1:
            return _expectation(self.moments, self.counts, law, root, noise, spread)

        def sweep(b: Any) -> Expectation:
            return _expectation(self.moments.take(b), self.counts[..., b], law, root, noise[..., b], spread)

        return joined(run(sweep, blocks, n_jobs))

    def deviance(self, law: CoefficientLaw, root: Array, noise: Array) -> Array:
        """``-2 log p(y_t)`` of every task for each of several noises ``(..., m)``, in two parts ``(..., n_tasks, m, 2)``.

        ``log |2 pi V_t|`` and the squares ``r_t' V_t^-1 r_t`` for targets of covariance ``V_t``.
        """
        blocks = self._blocks(law)
        parts = [_deviance(self.moments.take(b), law, root, noise) for b in blocks]
        return np.concatenate(parts, axis=-3)

    def component_evidence(self, components: Any) -> Array:
        """``log p(y_t)`` of every task under each component of a mixture ``(n_tasks, C)``."""
        blocks = blocks_of(self.n_tasks, _TASKS)
        return np.concatenate([log_evidence_of_moments(self.moments.take(b), components) for b in blocks])

    def _blocks(self, law: CoefficientLaw) -> list[slice]:
        at_once = self.width**2 * np.size(law.noise)
        return blocks_of(self.n_tasks, max(_NUMBERS // at_once, 1)) or [slice(0, 0)]


def _expectation(
    moments: Moments, counts: Array, law: CoefficientLaw, root: Array, noise: Array, spread: Array | None
) -> Expectation:
    identity = np.eye(root.shape[-1])
    gram, score, square = whitened(moments, law.expected_of(moments.context), root[..., None, :, :], noise)
    V, v = inverse_and_solution(gram + identity, score)
    square = square - ((2.0 * score - (gram @ v[..., None])[..., 0]) * v).sum(axis=-1)
    dof = np.maximum(moments.n_rows - len(identity) + diagonal(V).sum(axis=-1), 1e-6)
    found = identity - V
    weighted = found if np.all(counts == 1.0) else counts[..., None, None] * found
    curbed = None if spread is None else ((weighted @ spread[..., None, :, :]) @ found).sum(axis=-3)
    intercept = found[..., -1] / root[..., -1:, -1:]
    return Expectation(weighted.sum(axis=-3), curbed, v, intercept, noise * square / dof, dof)


def _deviance(moments: Moments, law: CoefficientLaw, root: Array, noise: Array) -> Array:
    identity, out = np.eye(root.shape[-1]), []
    gram, score, square = whitened(moments, law.expected_of(moments.context), root[..., None, :, :], 1.0)
    for one in np.moveaxis(noise, -1, 0)[..., None]:
        logdet, quadratic = logdet_and_quadratic(gram / one[..., None, None] + identity, score / one[..., None])
        volume = moments.n_rows * (_LOG_2PI + np.log(one)) + logdet
        out.append(np.stack([volume, square / one - quadratic], axis=-1))
    return np.stack(out, axis=-2)
