"""The tasks of one output as matrices of their columns: ``(p, p)`` a task, whatever the number of its rows."""

from dataclasses import dataclass

import numpy as np

from skmeta._inference.expectation import Expectation, Pooled, joined
from skmeta._inference.linalg import inverse_and_solution, logdet_and_quadratic
from skmeta._inference.mixture import kind_evidence
from skmeta._inference.moments import Moments, whitened
from skmeta._inference.threads import blocks_of, run

_NUMBERS = 1 << 20  # held at once of the tasks' matrices: 8 MB
_LOG_2PI = np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class InColumns:
    """Sufficient statistics of one output, and how much each task counts ``(n_tasks,)`` (None: once)."""

    moments: Moments
    task_weight: np.ndarray | None = None

    @property
    def n_tasks(self):
        return self.moments.n_tasks

    @property
    def width(self):
        return self.moments.cross.shape[1]

    @property
    def n_rows(self):
        return self.moments.n_rows

    @property
    def context(self):
        return self.moments.context

    @property
    def square(self):
        return self.moments.square

    @property
    def counts(self):
        """``(n_tasks,)`` how often each task counts."""
        return np.ones(self.n_tasks) if self.task_weight is None else self.task_weight

    def take(self, tasks):
        """Some tasks (an index array, mask or slice)."""
        weight = None if self.task_weight is None else self.task_weight[tasks]
        return InColumns(self.moments.take(tasks), weight)

    def pooled(self):
        """`Pooled` rows of all tasks."""
        part, counts = self.moments, self.counts
        gram = np.tensordot(counts, part.gram, 1)
        return Pooled(gram, counts @ part.cross, float(counts @ part.square), float(counts @ part.n_rows))

    def expectation(self, law, root, noise, spread=None, n_jobs=1):
        """`Expectation` of all tasks under a `CoefficientLaw` whose covariance is ``root root'``."""
        blocks = self._blocks()
        parts = run(lambda b: _expectation(self.take(b), law, root, noise[b], spread), blocks, n_jobs)
        return joined(parts, [np.arange(self.n_tasks)[b] for b in blocks])

    def log_evidence(self, law, root, noise):
        """``log p(y_t)`` of every task for each of several noises ``(m,)``: ``(n_tasks, m)``."""
        return np.concatenate([_log_evidence(self.moments.take(b), law, root, noise) for b in self._blocks()])

    def kind_evidence(self, prior):
        """``log p(y_t)`` of every task under each component of a mixture."""
        return np.concatenate([kind_evidence(self.moments.take(b), prior) for b in self._blocks()])

    def _blocks(self):
        return blocks_of(self.n_tasks, max(_NUMBERS // self.width**2, 1)) or [slice(0, 0)]


def _expectation(part, law, root, noise, spread):
    moments, identity = part.moments, np.eye(len(root))
    gram, score, square = whitened(moments, law.expected_of(moments.context), root, noise)
    V, v = inverse_and_solution(gram + identity, score)
    square = square - 2.0 * np.einsum("ti,ti->t", v, score) + np.einsum("ti,ti->t", v, (gram @ v[..., None])[..., 0])
    dof = np.maximum(moments.n_rows - len(root) + np.trace(V, axis1=1, axis2=2), 1e-6)
    found = identity - V
    weighted = found if part.task_weight is None else part.task_weight[:, None, None] * found
    curbed = None if spread is None else ((weighted @ spread) @ found).sum(axis=0)
    return Expectation(weighted.sum(axis=0), curbed, v, found[:, :, -1] / root[-1, -1], noise * square / dof, dof)


def _log_evidence(moments, law, root, noise):
    out = np.empty((moments.n_tasks, len(noise)))
    identity = np.eye(len(root))
    gram, score, square = whitened(moments, law.expected_of(moments.context), root, 1.0)
    for j, one in enumerate(noise):
        logdet, quadratic = logdet_and_quadratic(gram / one + identity, score / one)
        out[:, j] = -0.5 * (moments.n_rows * (_LOG_2PI + np.log(one)) + logdet + square / one - quadratic)
    return out
