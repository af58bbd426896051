"""What a collection says of the next task's coefficients and noise: the state of the EM.

A law may be several, of several collections: then every array has the same leading axes ``(...)`` before those named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.contextual import without_rows
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.units import Law, Units

Array = NDArray[Any]

Number = float | np.ndarray  # one, or one a law


@dataclass(frozen=True, eq=False)
class ContextualEffects:
    """How a task's intercept moves with the means of its columns: ``coef (p - 1,)`` (Mundlak; see `contextual`).

    ``variance`` is the variance of its entries around zero, ``variance_ratio (p - 1,)`` the within-task over the
    between-task variance of each column, ``centre (p - 1,)`` the means that a task's are drawn to (one: of all columns).
    Where tasks have places of their own (`column_means`), these two have a leading axis of the tasks.
    """

    coef: np.ndarray
    variance_ratio: np.ndarray
    variance: Number = 0.1
    centre: Number = 0.0

    @property
    def without_rows(self) -> Array:
        """``(p,)`` what the expected coefficients of a task gain whose columns' means are not known at all."""
        return without_rows(*self.as_tuple())

    def as_tuple(self) -> tuple[Any, Any, Any]:
        """``(coef, variance_ratio, centre)``, as a `Component` has them."""
        return self.coef, self.variance_ratio, np.broadcast_to(self.centre, np.shape(self.variance_ratio))

    def take(self, tasks: Any) -> ContextualEffects:
        """Those of some tasks, where each has a place of its own."""
        if np.ndim(self.variance_ratio) == 1:
            return self
        return replace(self, variance_ratio=self.variance_ratio[tasks], centre=np.asarray(self.centre)[tasks])


@dataclass(frozen=True, eq=False)
class CoefficientLaw:
    """``w_t ~ N(mean, covariance)`` of one output, the noises' law, and from how many tasks they are known.

    ``mean (p,)``, ``covariance (p, p)``; the noises' law ``(noise, noise_dof)``; ``mean_covariance`` is the uncertainty
    of ``mean`` itself, whose slopes have ``mean_variance`` around zero. ``contextual`` effects may move the tasks'
    intercepts. ``excess`` is how much of the squared mean counts vary beyond Poisson's. ``unique`` and ``scatter`` start
    the next sweep.
    """

    mean: np.ndarray
    covariance: np.ndarray
    noise: Number
    noise_dof: Number = np.inf
    n_tasks: Number = 0.0
    n_rows: Number = 0.0
    mean_covariance: np.ndarray | None = None
    mean_variance: Number = np.inf
    contextual: ContextualEffects | None = None
    unique: np.ndarray | None = None
    scatter: np.ndarray | None = None
    excess: Number | None = None

    @property
    def noise_law(self) -> NoiseLaw:
        """What the next task's noise may be."""
        return NoiseLaw(self.noise, self.noise_dof)

    def to_data(self, units: Units) -> Law:
        """What it says, in units of the data."""
        effects = None if self.contextual is None else self.contextual.as_tuple()
        law = Law(self.expected, self.covariance, float(self.noise), self.mean_covariance, effects=effects)
        return units.law_to_data(law)

    def at(self, which: Any) -> CoefficientLaw:
        """Some of several laws, by an index of their leading axes."""
        return _mapped(self, itemgetter(which))

    def repeated(self, *shape: Any) -> CoefficientLaw:
        """The law as several: ``shape`` goes before the axes there are."""
        return _mapped(self, lambda array: np.broadcast_to(array, (*shape, *np.shape(array))))

    def reshaped(self, *shape: int) -> CoefficientLaw:
        """The same laws with other leading axes."""
        n = np.ndim(self.noise)
        return _mapped(self, lambda array: array.reshape(*shape, *array.shape[n:]))

    @property
    def expected(self) -> Array:
        """``(p,)`` coefficients of a task without rows: `mean` is that of tasks whose columns' means are known."""
        if self.contextual is None:
            return self.mean
        return self.mean + self.contextual.without_rows

    def expected_of(self, context: Array) -> Array:
        """Every task's expected coefficients: ``(1, p)`` if they are the same, ``(n_tasks, p)`` otherwise."""
        mean = self.mean[..., None, :]
        if self.contextual is None:
            return mean
        intercept = mean[..., -1:] + context @ self.contextual.coef[..., None]
        return np.concatenate(
            [np.broadcast_to(mean[..., :-1], (*intercept.shape[:-1], context.shape[-1])), intercept], axis=-1
        )

    def predictive(self) -> CoefficientLaw:
        """What a *new* task should expect: the tasks' covariance plus the uncertainty of their mean."""
        if self.mean_covariance is None:
            return self
        return replace(self, covariance=self.covariance + self.mean_covariance)


def side_by_side(laws: Sequence[CoefficientLaw], axis: int = 0) -> CoefficientLaw:
    """Several laws as one, along one of the leading axes that all have; without what one of them lacks."""
    return _mapped(laws[0], lambda *arrays: np.concatenate(arrays, axis=axis), *laws[1:])


def _mapped(value: Any, change: Any, *others: Any) -> Any:
    """The same value with every array in it changed, together with those of ``others`` in its place."""
    found: dict[str, Any] = {}
    for field in fields(value):
        parts = [getattr(each, field.name) for each in (value, *others)]
        if any(part is None for part in parts):
            found[field.name] = None
        elif isinstance(parts[0], ContextualEffects):
            found[field.name] = _mapped(parts[0], change, *parts[1:])
        else:
            found[field.name] = change(*parts)
    return replace(value, **found)
