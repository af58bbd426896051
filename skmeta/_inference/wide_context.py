"""Contextual effects of wide tasks: columns of the task's own column means, of which coefficients have a mean alone.

The intercept of a task is expected to be ``mu_0 + gamma'(m_t - c)`` (see `contextual`). So the design of the mean gains,
before the others, the columns ``1 (m_t - c)'``: their coefficients are ``gamma``, the same in all tasks, under a variance
of their own. Only dense tables are so widened: of sparse ones a task's means are nearly as many numbers as its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.contextual import FEWEST_TASKS, bounded_ratio, variance_components
from skmeta._inference.linalg import TINY
from skmeta._inference.moments import Rows, take_rows
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_rows import DenseBatch
from skmeta._inference.wide_sweep import Output, State

Array = NDArray[Any]

_NEVER = 1e-10  # guard: variance of what all tasks have in common


@dataclass(frozen=True, eq=False)
class WideContext:
    """Of the columns' means in tasks: their ``centre (d,)``, ``between (d,)``, their variance, and the ``ratio (d,)``.

    That is the variance within tasks over that between them.
    """

    centre: np.ndarray
    between: np.ndarray
    ratio: np.ndarray

    @classmethod
    def read(cls, batches: Sequence[DenseBatch]) -> WideContext | None:
        """What the tasks say of it; None where they are too few, do not differ, or have no intercept."""
        means, total, square = (np.concatenate(part) for part in zip(*map(_means, batches), strict=True))
        n_rows = np.concatenate([batch.n_rows for batch in batches])
        counts = np.concatenate([batch.counts for batch in batches]) * (total > 0)
        if counts.sum() < FEWEST_TASKS:
            return None
        weight, n_tasks = counts * total, counts.sum()
        centre = weight @ means / weight.sum()
        squares = counts @ square - weight @ means**2, weight @ (means - centre) ** 2
        within, between = variance_components(*squares, weight.sum(), counts @ n_rows, n_tasks)
        between = np.maximum(between, 0.0)
        if not between.any():
            return None
        return cls(centre, between, bounded_ratio(within, between))

    def widen(self, batches: Sequence[DenseBatch]) -> list[DenseBatch]:
        """The same tasks with the columns of their means before the others."""
        return [self._widened(batch) for batch in batches]

    def _widened(self, batch: DenseBatch) -> DenseBatch:
        own = batch.Z[..., -1:] * np.where(_means(batch)[1] > 0, 1.0, 0.0)[:, None, None]
        effects = own * (_means(batch)[0] - self.centre)[:, None]
        nothing = np.zeros(len(self.centre))  # what the estimator's own prior has of them
        return replace(batch, Z=np.concatenate([effects, batch.Z], axis=2), scale=np.r_[nothing, batch.scale])

    def begin(self, state: State) -> State:
        """A state of the widened tasks: no effects yet, which may be as large as the intercept varies."""
        d = len(self.centre)
        return State([_widened_output(out, d, out.variance[-1] / d) for out in state.outputs], state.rows)

    def go_on(self, state: State, past: WidePrior) -> State:
        """The same from what is known of the effects."""
        d, outputs = len(self.centre), []
        for out, effects in zip(state.outputs, np.asarray(past.effects), strict=True):
            wider = _widened_output(out, d, float(effects @ effects) / d / max(past.n_tasks, 1.0))
            for array in (wider.loadings, wider.centre):
                array[:d, 0] = effects
                array[-1, 0] += effects @ self.centre
            outputs.append(wider)
        return State(outputs, state.rows)

    def narrow(self, prior: WidePrior) -> WidePrior:
        """The prior of the tasks as they are: what is unknown of the effects is so of the mean intercept."""
        d = len(self.centre)
        effects, own, unsure = prior.mean[:, :d], prior.mean[:, d:].copy(), np.asarray(prior.mean_variance)
        own[:, -1] -= effects @ self.centre
        return replace(
            prior,
            mean=own,
            variance=prior.variance[:, d:],
            mean_variance=unsure[:, d:] + (unsure[:, :d] @ self.between)[:, None] * np.eye(1, d + 1, d),
            factor=prior.factor[:, d:],
            effects=effects,
            context=self,
        )


def in_tables(rows: Rows) -> Rows:
    """The same rows, dense: those of tasks whose columns' means count."""
    return replace(rows, X=take_rows(rows.X, slice(None))) if sparse.issparse(rows.X) else rows


def _means(batch: DenseBatch) -> tuple[Array, Array, Array]:
    """Of every task: means ``(b, d)`` of its columns as the intercept's has them, its weight, and sums of squares."""
    own = batch.Z[..., -1]
    total = (batch.weight * own**2).sum(axis=1)
    means = batch.cells(batch.weight * own)[:, :-1] / np.maximum(total, TINY)[:, None]
    square = np.einsum("bn,bnd->bd", batch.weight, batch.Z[..., :-1] ** 2)
    return means, total, square


def _widened_output(output: Output, d: int, variance: float) -> Output:
    def before(value: float, part: Array) -> Array:
        return np.concatenate([np.full((d, *part.shape[1:]), value), part])

    loading_variance = before(_NEVER, output.loading_variance)
    loading_variance[:d, 0] = variance
    return replace(
        output,
        n_effects=d,
        loadings=before(0.0, output.loadings),
        variance=before(_NEVER, output.variance),
        loading_variance=loading_variance,
        centre=before(0.0, output.centre),
        information=before(0.0, output.information),
        by_task=None,
    )
