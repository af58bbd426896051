"""What rows say of coefficients: posterior modes, working responses there and evidence, of rows at hand or elsewhere.

`RowsAtHand` reads them, `RowsElsewhere` asks for sums of them; Laplace's EM (`laplace_em`) takes either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.computation import working_tasks
from skmeta._inference.expectation import bounded_counts
from skmeta._inference.glm import GaussianPriors, posterior_modes
from skmeta._inference.in_columns import InColumns
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.moments import Moments
from skmeta._inference.newton import Modes, modes_by_asking

Array = NDArray[Any]

_SOME = 512  # tasks on which evidence is measured
_WEAK = 10.0  # standard deviation of the prior under which all tasks are fitted as one


def some_of(n_tasks: int) -> Array:
    """Positions of at most so many tasks as evidence is measured on, evenly spaced."""
    return np.linspace(0, n_tasks - 1, min(_SOME, n_tasks)).astype(int)


def as_priors(laws: Any) -> GaussianPriors:
    """The laws of all outputs as one prior of the Newton solver."""
    mean = np.stack([law.mean for law in laws])
    return GaussianPriors(mean[None], np.stack([cholesky_root(law.predictive().covariance) for law in laws])[None])


class RowsAtHand:
    """The rows of a collection, their likelihood, and how much each task counts (None: once)."""

    def __init__(self, rows: Any, likelihood: Any, task_weight: Array | None = None) -> None:
        self.rows, self.likelihood, self.task_weight = rows, likelihood, task_weight
        self.n_tasks, self.width = rows.n_tasks, rows.width
        tasks = some_of(rows.n_tasks)
        self._some, self._counts = rows.pick(tasks), None if task_weight is None else task_weight[tasks]

    def pooled(self) -> Any:
        """Coefficients ``(K, p)`` of all rows as one task, under a weak prior."""
        n_outputs, p = self.rows.Y.shape[1], self.rows.width
        weak = GaussianPriors(np.zeros((1, n_outputs, p)), np.tile(_WEAK * np.eye(p), (1, n_outputs, 1, 1)))
        everything = replace(self.rows, starts=np.array([0, len(self.rows.order)]), weight=self._pooled_weights())
        return posterior_modes(everything, weak, self.likelihood, 1.0).coef[0, 0]

    def responses(self, laws: Any) -> list[Any]:
        """The collection for the EM, one an output: working responses at every task's posterior mode."""
        coef = posterior_modes(self.rows, as_priors(laws), self.likelihood, laws[0].noise).coef[:, 0]
        return working_tasks(self.rows, coef, self.likelihood, self.task_weight)

    def evidence(self, laws: Any) -> Any:
        """Laplace's log-evidence of some tasks together, at a dispersion of one."""
        found = posterior_modes(self._some, as_priors(laws), self.likelihood, 1.0).evidence[:, 0]
        return float(found.sum() if self._counts is None else self._counts @ found)

    def _pooled_weights(self) -> Array:
        """The rows' weights in the table, each times how often its task counts among pooled rows."""
        rows, size = self.rows, np.zeros(self.n_tasks)
        for tasks, Z, _, weight in rows.batches():
            size[tasks] = np.einsum("tnp,tn->tp", Z[..., :-1] ** 2, weight).max(axis=1, initial=0.0)
        counts = np.ones(self.n_tasks) if self.task_weight is None else self.task_weight
        weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight.copy()
        weight[rows.order] *= np.repeat(bounded_counts(counts, size, rows.n_rows), np.diff(rows.starts))
        return weight


class RowsElsewhere:
    """Rows of one output that stay where they are: ``ask`` (see `newton`) is all that is known of them.

    ``n_rows (n_tasks,)`` is the number of each task's rows, ``size (n_tasks,)`` the largest of its columns' sums of squares.
    """

    def __init__(self, ask: Any, n_rows: Any, size: Any, width: int, likelihood: Any) -> None:
        self.ask, self.n_rows, self.width, self.likelihood = ask, n_rows, width, likelihood
        self.n_tasks, self._pooled = len(n_rows), bounded_counts(np.ones(len(n_rows)), size, n_rows)
        self._last = np.zeros((self.n_tasks, width))  # modes in whitened coordinates: where the next search starts

    def pooled(self) -> Any:
        """Coefficients ``(1, p)`` of all rows as one task, under a weak prior."""

        def ask_all(coef: Array) -> tuple[Any, ...]:
            moments, value = self.ask(np.repeat(coef, self.n_tasks, axis=0))
            parts = moments.gram, moments.cross, moments.square, self.n_rows, value
            gram, cross, square, n_rows, whole = (np.tensordot(self._pooled, part, 1)[None] for part in parts)
            return Moments(gram, cross, square, n_rows, moments.context[:1]), whole

        p = self.width
        return modes_by_asking(ask_all, np.zeros(p), _WEAK * np.eye(p), 1.0, np.zeros((1, p))).coef

    def responses(self, laws: Any) -> list[Any]:
        """The collection for the EM: working responses at every task's posterior mode."""
        return [InColumns(self._modes(laws[0], laws[0].noise).moments)]

    def evidence(self, laws: Any) -> Any:
        """Laplace's log-evidence of some tasks together, at a dispersion of one."""
        return float(self._modes(laws[0], 1.0).evidence[some_of(self.n_tasks)].sum())

    def _modes(self, law: Any, noise: Any) -> Modes:
        root = cholesky_root(law.predictive().covariance)
        found = modes_by_asking(self.ask, law.mean, root, noise, self._last)
        self._last = found.whitened
        return found
