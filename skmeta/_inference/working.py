"""What rows say of coefficients: posterior modes, working responses there and evidence, of rows at hand or elsewhere.

`RowsAtHand` reads them, `RowsElsewhere` asks for sums of them; Laplace's EM (`laplace_em`) takes either.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.computation import working_tasks
from skmeta._inference.expectation import bounded_counts
from skmeta._inference.glm import GaussianPriors, linearise, posterior_modes
from skmeta._inference.in_columns import InColumns
from skmeta._inference.kinds_evidence import FromModes
from skmeta._inference.laplace import laplace_columns
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.moments import Moments
from skmeta._inference.newton import Modes, modes_by_asking
from skmeta._inference.selection import SOME_TASKS
from skmeta._inference.sums import Sums

Array = NDArray[Any]

_ALL = 1e12  # guard: an excess of counts of mean one beyond which their variance is all in the squared mean
_WILD = 100.0  # guard: as many times its unit, squared, no pooled task may be: an exponential knows no small weight
_EQUAL = 1e-9  # guard: weights that differ by less are equal, but for rounding
_WEAK = 10.0  # standard deviation of the prior under which all tasks are fitted as one


def some_of(n_tasks: int) -> Array:
    """Positions of at most so many tasks as evidence is measured on, evenly spaced."""
    return np.linspace(0, n_tasks - 1, min(SOME_TASKS, n_tasks)).astype(int)


def as_priors(laws: Any) -> GaussianPriors:
    """The laws of all outputs as one prior of the Newton solver."""
    mean = np.stack([law.mean for law in laws])
    return GaussianPriors(mean[None], np.stack([cholesky_root(law.predictive().covariance) for law in laws])[None])


def _centre(likelihood: Likelihood, level: Any, width: int, intercept: bool) -> Array:
    """``(K, p)`` coefficients of models that predict a logarithmic link's ``level`` throughout; zeros for others."""
    centre = np.zeros((len(level), width))
    if likelihood.logarithmic and intercept:
        centre[:, -1] = likelihood.link(level)
    return centre


def _of_dispersion(n_rows: Array, group: Array, components: Any) -> Array:
    r"""What log-densities are less at each component's dispersion ``(t, C)``: :math:`\tfrac{n}{2} \log \phi`.

    That of an extended quasi-likelihood, whose tasks have ``n_rows (t,)`` (Nelder and Pregibon, 1987, equation 4).
    """
    logs = np.log([[component.noise.centre for component in each] for each in components])
    found: Array = 0.5 * n_rows[:, None] * logs[group.astype(int)]
    return found


def _wild(size: Array, n_rows: Array, likelihood: Likelihood) -> NDArray[np.bool_]:
    """Which tasks, of columns' largest sums of squares ``size (n_tasks,)``, a start is better without."""
    wild: NDArray[np.bool_] = size > _WILD * np.maximum(n_rows, 1.0)
    return wild & likelihood.logarithmic & ~wild.all()


def _pooled_dispersion(likelihood: Likelihood, level: Any, square: Any, n_rows: float, *, weighted: bool) -> float:
    """Where searches for a dispersion start: Pearson's of targets of squares ``square`` around one ``level (K,)``.

    So a start is in the unit of the targets: rates whose rows are of a thousand years each scatter by a thousandth. Counts
    without weights scatter no less than Poisson's; where weights say how precise rows are, nothing is known but that.
    """
    if not likelihood.dispersed:
        return 1.0
    found = float(np.mean(square / likelihood.variance_function(level))) / n_rows if np.all(level > 0.0) else 0.0
    found = found if found > 0.0 else 1.0
    return min(found, 1.0) if likelihood.counts and not weighted else found


class RowsAtHand:
    """The rows of a collection, their likelihood, and how much each task counts (None: once)."""

    def __init__(self, rows: Any, own: Any, task_weight: Array | None = None) -> None:
        self.rows, self.own, self.likelihood, self.task_weight = rows, own, own.for_learning, task_weight
        self.n_tasks, self.width = rows.n_tasks, rows.width
        often = 1.0 if task_weight is None else task_weight
        self.total_rows = float((often * rows.n_rows).sum())
        tasks = some_of(rows.n_tasks)
        self._some, self._counts = rows.pick(tasks), None if task_weight is None else task_weight[tasks]
        self._last: dict[bool, Any] = {}  # modes in whitened coordinates, of all tasks or of some: where searches start
        given = None if rows.weight is None else rows.weight[rows.weight > 0]
        self.weighted = given is not None and bool(np.ptp(given) > _EQUAL * given.max())

    def pooled(self) -> tuple[Any, float]:
        """Coefficients ``(K, p)`` of all rows as one task, under a weak prior, and their dispersion around one level."""
        n_outputs, p = self.rows.Y.shape[1], self.rows.width
        weight, n_rows = self._pooled_weights()
        everything = replace(self.rows, starts=np.array([0, len(self.rows.order)]), weight=weight)
        level = np.average(self.rows.Y, axis=0, weights=weight)
        square = weight @ (self.rows.Y - level) ** 2
        noise = _pooled_dispersion(self.likelihood, level, square, n_rows, weighted=self.weighted)
        weak = GaussianPriors(
            _centre(self.likelihood, level, p, everything.intercept)[None],
            np.tile(_WEAK * np.eye(p), (1, n_outputs, 1, 1)),
        )
        return posterior_modes(everything, weak, self.likelihood, noise).coef[0, 0], noise

    def responses(self, laws: Any) -> list[Any]:
        """The collection for the EM, one an output: working responses at every task's posterior mode."""
        return working_tasks(self.rows, self._modes(laws).coef[:, 0], self.likelihood, self.task_weight)

    def modes(self, laws: Any) -> Array:
        """Posterior modes ``(n_tasks, K, p)`` of the tasks."""
        found: Array = self._modes(laws).coef[:, 0]
        return found

    def responses_at(self, coef: Array) -> list[InColumns]:
        """The collection by columns, one an output: working responses at coefficients ``(n_tasks, K, p)`` of the tasks."""
        return [InColumns(each, self.task_weight) for each in linearise(self.rows, coef, self.likelihood)]

    def evidence(self, laws: Any) -> Any:
        """Laplace's log-evidence of some tasks together, up to a constant of the targets."""
        found = self._modes(laws, some=True).evidence[:, 0]
        found = found - 0.5 * np.log(laws[0].noise) * self._some.n_rows
        return float(found.sum() if self._counts is None else self._counts @ found)

    def component_evidence(self, tasks: Array, group: Array, components: Any) -> Array:
        """Laplace's log-evidence ``(t, C)`` of some ``tasks``, around the mode under each component of their group's.

        One output; ``components[g]`` are those of the tasks whose ``group (t,)`` is ``g``. Up to a constant of the targets.
        """
        found = np.empty((len(tasks), len(components[0])))
        for g, each in enumerate(components):
            own = np.flatnonzero(group == g)
            found[own] = laplace_columns(self.rows.pick(tasks[own]), [each], self.likelihood, 1.0)[0]
        return found - _of_dispersion(self.rows.n_rows[tasks], group, components)

    def at_modes(self, tasks: Array) -> FromModes:
        """Some tasks under many laws at once."""
        return FromModes(self.rows.pick(tasks), self.likelihood)

    def relative_errors(self, laws: Any) -> Any:
        """``(y - mean) / mean`` at every task's posterior mode, summed over its rows ``(n_tasks,)``."""
        coef, found = self._modes(laws).coef[:, 0], np.zeros(self.n_tasks)
        for tasks, Z, Y, weight in self.rows.batches():
            mean = self.likelihood.mean(Z @ np.swapaxes(coef[tasks], 1, 2))
            found[tasks] = (weight * ((Y - mean) / mean).sum(axis=-1)).sum(axis=1)
        return found

    def deviances(self, laws: Any) -> Any:
        """Their own likelihood's deviance at every task's posterior mode ``(n_tasks,)``."""
        coef, found = self._modes(laws).coef[:, 0], np.zeros(self.n_tasks)
        for tasks, Z, Y, weight in self.rows.batches():
            each = self.own.deviance(Z @ np.swapaxes(coef[tasks], 1, 2), np.where(weight[..., None] > 0, Y, 1.0))
            found[tasks] = (weight * each).sum(axis=1)
        return found

    def overdispersed(self, excess: float) -> RowsAtHand:
        """The same rows, counts of another `Likelihood.overdispersed`."""
        found = copy(self)
        found.likelihood, found._last = self.likelihood.overdispersed(excess), dict(self._last)
        return found

    def _modes(self, laws: Any, *, some: bool = False) -> Any:
        rows, start = self._some if some else self.rows, self._last.get(some)
        found = posterior_modes(rows, as_priors(laws), self.likelihood, laws[0].noise, start=start)
        self._last[some] = found.whitened
        return found

    def _pooled_weights(self) -> tuple[Array, float]:
        """The rows' weights in the table, each times how often its task counts among pooled rows, and how many these are."""
        rows, size = self.rows, np.zeros(self.n_tasks)
        for tasks, Z, _, weight in rows.batches():
            size[tasks] = np.einsum("tnp,tn->tp", Z[..., :-1] ** 2, weight).max(axis=1, initial=0.0)
        counts = np.ones(self.n_tasks) if self.task_weight is None else self.task_weight
        weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight.copy()
        often = np.where(_wild(size, rows.n_rows, self.likelihood), 0.0, bounded_counts(counts, size, rows.n_rows))
        weight[rows.order] *= np.repeat(often, np.diff(rows.starts))
        return weight, float(often @ rows.n_rows)


class RowsElsewhere:
    """Rows of one output that stay where they are: ``ask`` (see `newton`) is all that is known of them.

    ``sums`` are those of the targets themselves, ``size (n_tasks,)`` the largest of each task's columns' sums of squares.
    """

    def __init__(self, ask: Any, sums: Sums, size: Any, own: Any, *, intercept: bool = True) -> None:
        self.ask, self.n_rows, self.width = ask, sums.rows, sums.mean.shape[1] + 1
        self.own, self.likelihood, self.intercept = own, own.for_learning, intercept
        self.n_tasks, self.total_rows = len(self.n_rows), float(np.sum(self.n_rows))
        often = bounded_counts(np.ones(self.n_tasks), size, self.n_rows)
        self._pooled = np.where(_wild(size, self.n_rows, own), 0.0, often)
        self._level = np.average(sums.target, axis=0, weights=self._pooled * sums.n)
        self._square = self._pooled @ (sums.square + sums.n[:, None] * (sums.target - self._level) ** 2)
        self.weighted = bool(np.any(np.abs(sums.n - sums.rows) > _EQUAL * sums.rows))
        self._last = np.zeros((self.n_tasks, self.width))  # modes in whitened coordinates: where the next search starts

    def pooled(self) -> tuple[Any, float]:
        """Coefficients ``(1, p)`` of all rows as one task, under a weak prior, and their dispersion around one level."""
        given = self.likelihood, self._level, self._square, float(self._pooled @ self.n_rows)
        noise = _pooled_dispersion(*given, weighted=self.weighted)

        def ask_all(coef: Array) -> tuple[Any, ...]:
            moments, value = self.ask(np.repeat(coef, self.n_tasks, axis=0))
            parts = moments.gram, moments.cross, moments.square, self.n_rows, value
            gram, cross, square, n_rows, whole = (np.tensordot(self._pooled, part, 1)[None] for part in parts)
            return Moments(gram, cross, square, n_rows, moments.context[:1]), whole

        p, centre = self.width, _centre(self.likelihood, self._level, self.width, self.intercept)[0]
        return modes_by_asking(ask_all, centre, _WEAK * np.eye(p), noise, np.zeros((1, p))).coef, noise

    def responses(self, laws: Any) -> list[Any]:
        """The collection for the EM: working responses at every task's posterior mode."""
        return [InColumns(self._modes(laws[0], laws[0].noise).moments)]

    def evidence(self, laws: Any) -> Any:
        """Laplace's log-evidence of some tasks together, up to a constant of the targets."""
        some, noise = some_of(self.n_tasks), laws[0].noise
        found = self._modes(laws[0], noise).evidence - 0.5 * np.log(noise) * self.n_rows
        return float(found[some].sum())

    def component_evidence(self, tasks: Array, group: Array, components: Any) -> Array:
        """As that of `RowsAtHand`; all tasks are asked at once, each under the laws of its own group."""
        of, found = np.zeros(self.n_tasks, dtype=int), np.empty((len(tasks), len(components[0])))
        of[tasks] = group
        for c, each in enumerate(zip(*components, strict=True)):
            mean, root = np.stack([law.mean for law in each]), np.stack([law.root for law in each])
            start, noise = np.zeros((self.n_tasks, self.width)), np.array([law.noise.centre for law in each])
            found[:, c] = modes_by_asking(self.ask, mean[of], root[of], noise[of], start).evidence[tasks]
        return found - _of_dispersion(self.n_rows[tasks], group, components)

    def at_modes(self, tasks: Array) -> FromModes:
        """Under many laws at once each task would be asked for each."""
        raise ValueError(
            "EmpiricalBayes(n_components=...): wanted 1 for parts that hold their rows, found more: each round would ask every "
            "part under every kind of tasks; learn the kinds where the rows are, or from squared errors' sums."
        )

    def relative_errors(self, laws: Any) -> Any:
        """``(y - mean) / mean`` at every task's posterior mode, summed over its rows ``(n_tasks,)``.

        These are the scores of the intercepts where the variance is all in the squared mean.
        """
        coef = self._modes(laws[0], laws[0].noise).coef
        excess = _ALL / float(self._level[0] or 1.0)
        moments, _ = self.ask(coef, excess=excess)
        return excess * (moments.cross[:, -1] - (moments.gram[:, -1] * coef).sum(axis=1))

    def deviances(self, laws: Any) -> Any:
        """Their own likelihood's deviance at every task's posterior mode ``(n_tasks,)``."""
        return -2.0 * self.ask(self._modes(laws[0], laws[0].noise).coef, deviance=True)[1]

    def overdispersed(self, excess: float) -> RowsElsewhere:
        """The same rows, counts of another `Likelihood.overdispersed`."""
        found = copy(self)
        found.ask = partial(self.ask, excess=excess)
        found.likelihood = self.likelihood.overdispersed(excess)
        return found

    def _modes(self, law: Any, noise: Any) -> Modes:
        root = cholesky_root(law.predictive().covariance)
        found = modes_by_asking(self.ask, law.mean, root, noise, self._last)
        self._last = found.whitened
        return found
