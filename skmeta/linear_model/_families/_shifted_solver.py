"""Families that are fitted by their own solver, after a change of variables: where the prior has unit variance.

With ``w = mean + L v`` and ``v`` of unit variance, the class is fitted to ``Z L`` and ``y - Z mean`` without intercept.
For squared error this is the posterior mean; for l1 penalties what shrinks to zero are the task's deviations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import config_context

from skmeta._inference.components import Component
from skmeta._inference.contextual import intercept_shift, new_row_effects
from skmeta._inference.linalg import TINY
from skmeta._inference.moments import Rows, standardise, take_rows
from skmeta._inference.units import Units
from skmeta.linear_model._families._base import Adaptation, Array, Family, Fitted, in_parallel
from skmeta.linear_model._plain import fresh

_NEGLIGIBLE = 0.05  # a component of less weight, beside the likeliest's, is not worth a call of the solver


@dataclass(frozen=True, eq=False)
class OwnRows:
    """The rows of one task and output in the units of the engine: ``Z (n, p)``, sparse where they were, ``y (n,)``."""

    Z: Any
    y: Array
    weight: Array | None
    n_rows: float

    @property
    def total(self) -> float:
        """What they weigh together."""
        return float(len(self.y) if self.weight is None else self.weight.sum())

    @property
    def context(self) -> Array:
        """Means ``(p - 1,)`` of the columns."""
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        return np.asarray(weight @ self.Z).ravel()[:-1] / max(self.total, TINY)


class ShiftedSolver(Family):
    """The mean of the class's own solutions under the components that a task may be of, by their evidence.

    The evidence is that of Gaussian noise, and so is the noise of the task under each of them.
    """

    def engine_strength(self, strength: Array) -> Array:
        """Noise and evidence are those of the prior as learned."""
        return np.ones_like(strength)

    def inner(self, estimator: Any, strength: float, noise: float, total: float, units: Units) -> dict[str, Any]:
        """Parameters that make the class's penalty the prior's, for coordinates of unit variance."""
        return {}

    def solve(self, inner: Any, design: Any, target: Array, weight: Array | None) -> None:
        """Fit."""
        inner.fit(design, target, **({} if weight is None else {"sample_weight": weight}))

    def fitted(self, inner: Any, slopes: Array, units: Units) -> dict[str, Any]:
        """Fitted attributes beside the coefficients, in units of the data; ``slopes`` are ``slopes @ v``."""
        return {name: getattr(inner, name) for name in ("n_iter_", "dual_gap_") if hasattr(inner, name)}

    def adapt(self, adaptation: Adaptation) -> tuple[Array, Fitted]:
        """Coefficients and fitted attributes of every task, each by calls of the class's own solver."""
        found, rows = adaptation.posterior, adaptation.rows
        K, n = len(adaptation.units), rows.n_tasks
        there = np.flatnonzero(np.diff(rows.starts)).tolist()  # the tasks that have rows
        jobs = [
            (
                adaptation.estimator,
                adaptation.strength[k],
                adaptation.mixture.components[k],
                found.weights[t],
                found.noise[t, :, k],
                own_rows(rows, t, k),
                adaptation.units[k],
            )
            for t in there
            for k in range(K)
        ]
        solved = in_parallel(self.solve_task, jobs, adaptation.n_jobs)
        found_there = np.array([own for own, _ in solved]).reshape(len(there), K, rows.width)
        coef = np.tile(adaptation.start, (n, 1, 1))
        coef[there] = adaptation.in_data_units(found_there)
        fitted: list[dict[str, Any]] = [{} for _ in range(n)]
        for i, t in enumerate(there):
            of_outputs = [attributes for _, attributes in solved[i * K : (i + 1) * K]]
            fitted[t] = of_outputs[0] if adaptation.data.n_targets is None else _stacked(of_outputs)
        return coef, fitted

    def solve_task(
        self,
        estimator: Any,
        strength: float,
        components: list[Component],
        weights: Array,
        noises: Array,
        task: OwnRows,
        units: Units,
    ) -> tuple[Array, dict[str, Any]]:
        """``(coef (p,), fitted)`` of one task: the mean over the components that matter; ``fitted`` is of the likeliest."""
        kept = np.where(weights < _NEGLIGIBLE * weights.max(), 0.0, weights)
        solved = {
            c: self._under(estimator, strength, components[c], float(noises[c]), task, units)
            for c in np.flatnonzero(kept).tolist()
        }
        coef = sum((kept[c] * own for c, (own, _) in solved.items()), np.zeros(len(components[0].mean)))
        return coef / kept.sum(), solved[int(np.argmax(kept))][1]

    def _under(
        self, estimator: Any, strength: float, component: Component, noise: float, task: OwnRows, units: Units
    ) -> tuple[Array, dict[str, Any]]:
        """The solution under one component, at the noise that the task has there."""
        free = component.free_intercept and bool(estimator.fit_intercept)
        unit = np.sqrt(component.noise.units_of(np.array(noise)))
        mean, extra = component.mean.copy(), component.extra
        if component.effects is not None:
            shift, unknown = intercept_shift(*component.effects, np.array([task.n_rows]), task.context[None])
            mean[-1] += shift[0]
            extra += float(unknown[0])
        mean[-1] += self.intercept_shift(estimator, noise)
        directions = component.covariance.directions(extra, slopes_only=free)
        design = directions.design(task.Z) * unit
        inner = fresh(estimator, **self.inner(estimator, strength, noise, task.total, units), fit_intercept=free)
        with config_context(assume_finite=True, skip_parameter_validation=True):  # both were checked as they came in
            self.solve(inner, design, task.y - np.ravel(task.Z @ mean), task.weight)
        moved = unit * directions.back(np.ravel(inner.coef_))
        coef = mean + np.concatenate([moved, np.ravel(inner.intercept_)] if free else [moved])
        if component.effects is not None and not free:
            left = np.array([_left(design, directions.intercept, strength, noise, task.weight)])
            coef += new_row_effects(*component.effects, np.array([task.n_rows]), task.context[None], left)[0]
        return coef, self.fitted(inner, unit * directions.slopes, units)


def _stacked(of_outputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Fitted attributes of several targets, one a target."""
    return {name: np.array([one[name] for one in of_outputs]) for name in of_outputs[0]}


def own_rows(rows: Rows, t: int, k: int) -> OwnRows:
    """The rows of one task, for one output."""
    own = rows.order[rows.starts[t] : rows.starts[t + 1]]
    weight, n_rows = None if rows.weight is None else rows.weight[own], float(rows.counted[own].sum())
    intercept = np.full((len(own), 1), float(rows.intercept))
    if sparse.issparse(rows.X) and not np.any(rows.centre):
        scaled = sparse.csr_array(rows.X[own]) @ sparse.diags_array(1.0 / rows.scale)
        return OwnRows(sparse.hstack([scaled, intercept], format="csr"), rows.Y[own, k], weight, n_rows)
    Z = standardise(take_rows(rows.X, own), rows.centre, rows.scale)
    return OwnRows(np.concatenate([Z, intercept], axis=1), rows.Y[own, k], weight, n_rows)


def _left(design: Any, intercept: Array, strength: float, noise: float, weight: Array | None) -> float:
    """Share of the intercept's variance that Gaussian rows leave; ``intercept`` is its row of the directions."""
    dense = design.toarray() if sparse.issparse(design) else design
    root = np.sqrt((1.0 if weight is None else weight[:, None]) / noise)
    _, values, vectors = np.linalg.svd(dense * root, full_matrices=False)
    return float(1.0 - (values**2 / (values**2 + strength)) @ (vectors @ intercept) ** 2 / (intercept @ intercept))
