"""Posterior modes by Newton's method where the rows are elsewhere: each round asks once for what the rows say.

For every task minimise ``-loglik(w) / noise + |v|^2 / 2`` with ``w = mean + R v``. What the rows say at ``w`` are
`Moments` of working responses, whose score ``Z'W(z - Z w)`` is the gradient and whose gram ``Z'WZ`` the curvature of the
log-likelihood there, and its value (iteratively reweighted least squares; P. J. Green, 1984, JRSS B 46, section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import solve
from skmeta._inference.moments import Moments, whitened

Array = NDArray[np.float64]
Ask = Callable[[Array], tuple[Moments, Array]]  # coefficients (n_tasks, p) -> Moments of one output, values (n_tasks,)

_ROUNDS = 100
_TOL = 1e-12  # squared Newton decrement, relative to the objective's scale
_SUFFICIENT = 1e-4  # share of the expected fall that a step must bring (Armijo)
_ROUNDING = 1e-14  # which can hide the last tiny gains


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


def modes_by_asking(ask: Ask, mean: Array, root: Array, noise: float, start: Array) -> Modes:
    """Modes of all tasks under ``N(mean, root root')``, from ``start (n_tasks, p)`` in whitened coordinates."""

    def look(v: Array) -> _Point:
        moments, value = ask(mean + v @ root.T)
        gram, score, _ = whitened(moments, mean, root, noise)
        penalty = 0.5 * (v * v).sum(axis=1)
        gradient = v - score + (gram @ v[..., None])[..., 0]
        return _Point(v, penalty - value / noise, gradient, gram + np.eye(v.shape[1]), moments)

    at = look(start)
    for _ in range(_ROUNDS):
        step = at.newton_step
        decrement = (at.gradient * step).sum(axis=1)
        moving = decrement > _TOL * (1.0 + np.abs(at.value))
        if not moving.any():
            break
        at = _search(look, at, np.where(moving[:, None], step, 0.0), decrement)
    at = look(at.v - at.newton_step)  # the last step is free, and doubles the digits
    evidence = -at.value - 0.5 * np.linalg.slogdet(at.hessian)[1]
    return Modes(mean + at.v @ root.T, at.v, evidence, at.moments)


def _search(look: Callable[[Array], _Point], at: _Point, step: Array, decrement: Array) -> _Point:
    """A step of every task, halved until its objective falls."""
    length = np.ones(len(step))
    for _ in range(_ROUNDS):
        new = look(at.v - length[:, None] * step)
        allowed = at.value - _SUFFICIENT * length * decrement * step.any(axis=1) + _ROUNDING * (1.0 + np.abs(at.value))
        fails = ~(new.value <= allowed)
        if not fails.any():
            return new
        length[fails] *= 0.5
    return at
