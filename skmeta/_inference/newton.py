"""Posterior modes by Newton's method where the rows are elsewhere: each round asks once for what the rows say.

For every task minimise ``-loglik(w) / noise + |v|^2 / 2`` with ``w = mean + R v``. What the rows say at ``w`` are
`Moments` of working responses, whose score ``Z'W(z - Z w)`` is the gradient and whose gram ``Z'WZ`` the curvature of the
log-likelihood there, and its value (iteratively reweighted least squares; P. J. Green, 1984, JRSS B 46, section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import log_determinant, solve
from skmeta._inference.moments import Moments, whitened

Array = NDArray[np.float64]
Ask = Callable[[Array], tuple[Moments, Array]]  # coefficients (n_tasks, p) -> Moments of one output, values (n_tasks,)

ROUNDS = 100  # guard: Newton's method arrives long before
_ARRIVED = 1e-12  # guard: squared Newton decrement, relative to the objective's scale
_ARRIVED_BY_SCORING = 1e-18  # guard: the same of Fisher's, which falls but linearly
_SUFFICIENT = 1e-4  # guard: share of the expected fall that a step must bring (Nocedal and Wright, 2006, section 3.1)
_ROUNDING = 1e-14  # guard: rounding can hide the last tiny gains


@dataclass(frozen=True, eq=False)
class Modes:
    """``coef (n_tasks, p)``, the same ``whitened``; Laplace's ``evidence (n_tasks,)`` and what rows say there."""

    coef: Array
    whitened: Array
    evidence: Array
    moments: Moments


@dataclass(frozen=True, eq=False)
class _Point:
    """Objective ``(t,)``, gradient ``(t, p)`` and Hessian ``(t, p, p)`` at ``v (t, p)``."""

    v: Array
    value: Array
    gradient: Array
    hessian: Array
    moments: Moments

    @property
    def newton_step(self) -> Array:
        """``(t, p)``, downhill when taken off."""
        return np.asarray(solve(self.hessian, self.gradient[..., None])[..., 0], dtype=float)


def under_way(decrement: Array, value: Array, *, scoring: bool = False) -> NDArray[np.bool_]:
    """Which tasks ``(t,)`` of the objectives ``value`` have a Newton step worth taking, by their squared decrements.

    That of Fisher ``scoring`` is one by the expected curvature.
    """
    arrived = _ARRIVED_BY_SCORING if scoring else _ARRIVED
    found: NDArray[np.bool_] = decrement > arrived * (1.0 + np.abs(value))
    return found


def falls_short(new: Array, value: Array, expected: Array) -> NDArray[np.bool_]:
    """Which steps ``(t,)`` do not lower the objectives enough, ``expected`` being the fall of the linear model."""
    return ~np.asarray(new <= value - _SUFFICIENT * expected + _ROUNDING * (1.0 + np.abs(value)))


def modes_by_asking(ask: Ask, mean: Array, root: Array, noise: Any, start: Array) -> Modes:
    """Modes of all tasks under ``N(mean, root root')``, from ``start (n_tasks, p)`` in whitened coordinates.

    Prior and noise are one for all tasks or have one more axis, of the tasks.
    """

    def unwhitened(v: Array) -> Array:
        return np.asarray(mean + (root @ v[..., None])[..., 0])

    def look(v: Array) -> _Point:
        moments, value = ask(unwhitened(v))
        gram, score, _ = whitened(moments, mean, root, noise)
        penalty = 0.5 * (v * v).sum(axis=1)
        gradient = v - score + (gram @ v[..., None])[..., 0]
        return _Point(v, penalty - value / noise, gradient, gram + np.eye(v.shape[1]), moments)

    at = look(start)
    for _ in range(ROUNDS):
        step = at.newton_step
        decrement = (at.gradient * step).sum(axis=1)
        moving = under_way(decrement, at.value, scoring=True)
        if not moving.any():
            break
        at = _search(look, at, np.where(moving[:, None], step, 0.0), decrement)
    at = look(at.v - at.newton_step)  # the last step is free, and doubles the digits
    evidence = -at.value - 0.5 * log_determinant(at.hessian)
    return Modes(unwhitened(at.v), at.v, evidence, at.moments)


def _search(look: Callable[[Array], _Point], at: _Point, step: Array, decrement: Array) -> _Point:
    """A step of every task, halved until its objective falls."""
    length = np.ones(len(step))
    for _ in range(ROUNDS):
        new = look(at.v - length[:, None] * step)
        fails = falls_short(new.value, at.value, length * decrement * step.any(axis=1))
        if not fails.any():
            return new
        length[fails] *= 0.5
    return at
