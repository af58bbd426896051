"""Posterior modes of many tasks at once for likelihoods without a closed form: damped Newton in padded batches.

For task ``t`` with outputs ``k`` and ``w_k = mean_k + R_k v_k``: minimise ``sum_i weight_i loss(Z_i w + offset_i) / noise
+ strength/2 sum_k |v_k|^2``. The multinomial couples its classes, so its Hessian has ``K p`` columns, which many classes
never make (`coupled`); every other likelihood has one output. By rows (`dual`) its classes come apart but for one matrix
``(n, n)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coupled import CoupledHessian
from skmeta._inference.dual import DualProblem, along
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import log_determinant, solve
from skmeta._inference.moments import Moments, Rows
from skmeta._inference.newton import ROUNDS, falls_short, under_way

Array = NDArray[Any]

_WIDEST = 1e4  # guard: the kernel of coefficients of a larger standard deviation would cost all digits
_FAR = 10.0  # speed: from so far above an exponential each step comes down by one


@dataclass(frozen=True, eq=False)
class Modes:
    """``coef (n_tasks, C, K, p)`` and Laplace log-evidence ``(n_tasks, C)``, up to a constant, for each of C priors.

    ``whitened`` are the same coefficients where their prior is a standard normal.
    """

    coef: np.ndarray
    whitened: np.ndarray
    evidence: np.ndarray


@dataclass(frozen=True, eq=False)
class GaussianPriors:
    """C Gaussian priors, independent over outputs: ``mean (C, K, p)``, ``root (C, K, p, p)`` with covariance ``R R'``."""

    mean: np.ndarray
    root: np.ndarray


def posterior_modes(
    rows: Rows, priors: GaussianPriors, loss: Likelihood, noise: Any, *, strength: float = 1.0, start: Any = None
) -> Modes:
    """Modes and Laplace evidences of every task under every prior; ``start``, earlier ``whitened`` modes, saves steps."""
    shape = (rows.n_tasks, *priors.mean.shape)
    v = np.zeros(shape) if start is None else start.copy()
    evidence, known = np.empty(shape[:2]), np.abs(priors.root).max() < _WIDEST
    for tasks, Z, Y, weight in rows.batches():
        # Every task once for each prior, so that one Newton iteration serves them all.
        offset = np.einsum("tnp,ckp->tcnk", Z, priors.mean) + rows.offsets(tasks)[:, None]
        offset = offset.reshape(-1, Z.shape[1], shape[2])
        design = np.einsum("tnp,ckpq->tcknq", Z, priors.root, optimize=True).reshape(-1, *shape[2:3], *Z.shape[1:])
        Y, weight = (np.repeat(part, shape[1], axis=0) for part in (Y, weight / noise))
        size = Z.shape[1], Z.shape[2], shape[2]
        many = bool(known) and loss.coupled and _gradients(*size) < _columns(*size)
        problem = _Problem(design, offset, Y, weight, loss, strength, many)
        first, wild = _start_within_reach(problem, v[tasks].reshape(-1, *shape[2:]))
        search = _in_rows if known and not wild and _cheaper_in_rows(*size) else _in_columns
        found, logs = search(problem, first)
        v[tasks], evidence[tasks] = found.reshape(len(tasks), *shape[1:]), logs.reshape(-1, shape[1])
    coef = priors.mean + np.einsum("ckpq,tckq->tckp", priors.root, v)
    return Modes(coef, v, evidence)


def _start_within_reach(problem: _Problem, start: Array) -> tuple[Array, bool]:
    """The start, but of tasks of which it predicts what is orders of magnitude off: one step from their targets; if any.

    That is where scoring starts without a prior (P. McCullagh and J. A. Nelder, 1989, Generalized Linear Models, section
    2.5). On an exponential each step of Newton's method moves predictors by one; a wild cell has them off by thousands.
    """
    loss, Y = problem.loss, problem.Y
    if not loss.logarithmic:
        return start, False
    there = loss.link(np.where(problem.weight[..., None] > 0, Y, 1.0))
    off = np.where(problem.weight[..., None] > 0, np.abs(problem.eta(start) - there), 0.0)
    far = np.flatnonzero(off.max(axis=(1, 2), initial=0.0) > _FAR)
    if not len(far):
        return start, False
    design, curvature = problem.design[far, 0], loss.working_curvature(there[far], Y[far])[..., 0]
    weighted = np.swapaxes(design * (problem.weight[far] * curvature)[..., None], 1, 2)
    sides = weighted @ (there - problem.offset)[far]
    found = start.copy()
    found[far, 0] = solve(weighted @ design + problem.strength * np.eye(design.shape[-1]), sides)[..., 0]
    return found, True


def _cheaper_in_rows(n: int, p: int, K: int) -> bool:
    r"""Whether Newton's steps of tasks of ``n`` rows are cheaper by matrices of the rows than of the ``K p`` columns.

    By rows a step has about :math:`7 n^3` operations for each of ``K`` classes and for what couples them, in products
    of matrices, which are twice as fast as others; for a single output they are even where :math:`3 n = 2 p`.
    """
    if K == 1:
        return 3 * n < 2 * p
    return 3.5 * (K + 1) * n**3 < min(_columns(n, p, K), _gradients(n, p, K))


def _columns(n: int, p: int, K: int) -> float:
    """Operations of a step by a matrix of ``K p`` columns: made, and solved in products of matrices."""
    return K**2 * n * p**2 + (K * p) ** 3 / 3


def _gradients(n: int, p: int, K: int) -> float:
    """The same without that matrix: the blocks of ``K`` classes, and some thirty products of ``4 K n p``."""
    return K * (2 * n * p**2 + p**3 + 120 * n * p)


def _in_columns(problem: _Problem, start: Array) -> tuple[Array, Array]:
    """Modes ``(t, K, p)`` and Laplace log-evidences ``(t,)`` by matrices of the columns."""
    found = problem.solve(start)
    logdet = problem.log_determinant(found) - found[0].size * np.log(problem.strength)
    return found, -problem.objective(found) - 0.5 * logdet


def _in_rows(problem: _Problem, start: Array) -> tuple[Array, Array]:
    """The same by matrices of the rows: for tasks of fewer rows than columns."""
    design, strength, loss = problem.design, problem.strength, problem.loss
    kernel = design @ np.swapaxes(design, 2, 3) / strength
    dual = DualProblem(loss, problem.Y, problem.weight, np.ones(kernel.shape[1]), problem.offset, kernel)
    eta, a = dual.arrive(_dual_of(dual, problem.weight[..., None] * loss.residual(problem.eta(start), problem.Y)))
    found = (np.swapaxes(a, 1, 2)[:, :, None, :] @ design)[:, :, 0] / strength
    return found, dual.laplace_evidence(eta, a)


def _dual_of(dual: DualProblem, gradient: Array) -> Array:
    """Where Newton's method starts: the gradient at the start, which is the mode's if that is near, or the prior's mean."""
    near = dual.objective(dual.offset + along(dual.kernel, gradient), gradient)
    better = near < dual.objective(dual.offset, np.zeros_like(gradient))
    return np.where(better[:, None, None], gradient, 0.0)


def linearise(rows: Rows, coef: Array, loss: Likelihood) -> list[Moments]:
    """Working responses at ``coef (n_tasks, K, p)`` as `Moments`, one output after the other.

    A quadratic expansion of each task's likelihood: ``gram = Z'CZ`` and ``cross = Z'C(Z w + residual / C)`` with the
    working curvatures ``C`` at the linear predictor, ``Z w`` and the rows' offset; classes of a multinomial are taken one
    by one (Breslow and Clayton, 1993, JASA 88, section 2.4).
    """
    n_tasks, n_outputs, p = coef.shape
    context = np.zeros((n_tasks, p - 1))
    parts = [
        Moments(np.empty((n_tasks, p, p)), np.empty((n_tasks, p)), np.empty(n_tasks), rows.n_rows, context)
        for _ in range(n_outputs)
    ]
    for tasks, Z, Y, weight in rows.batches():
        own = Z @ np.swapaxes(coef[tasks], 1, 2)
        eta = own + rows.offsets(tasks)
        curvature = loss.working_curvature(eta, Y)
        target = own + loss.residual(eta, Y) / curvature
        for k, part in enumerate(parts):
            w = weight * curvature[..., k]
            weighted = np.swapaxes(Z * w[..., None], 1, 2)
            part.gram[tasks] = weighted @ Z
            part.cross[tasks] = (weighted @ target[..., k, None])[..., 0]
            part.square[tasks] = (w * target[..., k] ** 2).sum(axis=1)
    return parts


def places(rows: Rows, tasks: Array, n: int) -> tuple[Array, Array]:
    """Where the rows of a batch padded to ``n`` stand in the table, and which of them are no padding ``(t, n)``."""
    real = np.arange(n) < (rows.starts[tasks + 1] - rows.starts[tasks])[:, None]
    return rows.order[(rows.starts[tasks][:, None] + np.arange(n))[real]], real


def working_responses(rows: Rows, coef: Array, loss: Likelihood) -> tuple[Array, Array]:
    """The same expansion row by row: targets and weights ``(n, K)`` of the table's rows."""
    targets, weights = np.zeros(rows.Y.shape), np.zeros(rows.Y.shape)
    for tasks, Z, Y, weight in rows.batches():
        at, real = places(rows, tasks, Z.shape[1])
        own = Z @ np.swapaxes(coef[tasks], 1, 2)
        eta = own + rows.offsets(tasks)
        curvature = loss.working_curvature(eta, Y)
        targets[at], weights[at] = (
            (own + loss.residual(eta, Y) / curvature)[real],
            (weight[..., None] * curvature)[real],
        )
    return targets, weights


@dataclass(frozen=True, eq=False)
class _Problem:
    """A batch of penalised likelihoods in whitened coordinates ``v (t, K, p)``, and Newton's method for all of them.

    ``design (t, K, n, p)`` is ``Z R``, ``offset (t, n, K)`` is ``Z mean`` and the rows' own; with ``many_classes`` no matrix
    of ``K p`` columns is made.
    """

    design: np.ndarray
    offset: np.ndarray
    Y: np.ndarray
    weight: np.ndarray
    loss: Likelihood
    strength: float
    many_classes: bool = False

    def eta(self, v: Array) -> Array:
        return self.offset + np.moveaxis((self.design @ v[..., None])[..., 0], 1, 2)

    def objective(self, v: Array) -> Array:
        penalty = 0.5 * self.strength * (v * v).sum(axis=(1, 2))
        return (self.weight * self.loss.value(self.eta(v), self.Y)).sum(axis=1) + penalty

    def gradient(self, v: Array) -> Array:
        residual = self.weight[..., None] * self.loss.residual(self.eta(v), self.Y)
        return self.strength * v - (np.moveaxis(residual, 2, 1)[:, :, None, :] @ self.design)[:, :, 0]

    def hessian(self, v: Array) -> Array:
        """``(t, K p, K p)``."""
        eta = self.eta(v)
        t, K, p = v.shape
        blocks = np.zeros((t, K, p, K, p))
        mean, curvature = self.loss.mean(eta), self.loss.curvature(eta, self.Y)
        for k in range(K):
            blocks[:, k, :, k, :] = self._scatter(k, k, curvature[..., k]) + self.strength * np.eye(p)
            for other in range(k):
                cross = -self._scatter(k, other, mean[..., k] * mean[..., other])
                blocks[:, k, :, other, :] = cross
                blocks[:, other, :, k, :] = np.swapaxes(cross, 1, 2)
        return blocks.reshape(t, K * p, K * p)

    def _scatter(self, k: int, other: int, weight: Array) -> Array:
        weighted = self.design[:, k] * (self.weight * weight)[..., None]
        return np.swapaxes(weighted, 1, 2) @ self.design[:, other]

    def coupled(self, v: Array) -> CoupledHessian:
        """The Hessian of many classes, which it does not make."""
        return CoupledHessian(self.design, self.weight, self.loss.mean(self.eta(v)), self.strength)

    def newton_step(self, v: Array, gradient: Array) -> Array:
        """``(t, K p)``, downhill when taken off."""
        if self.many_classes:
            return self.coupled(v).solve(gradient.reshape(v.shape)).reshape(gradient.shape)
        found: Array = solve(self.hessian(v), gradient[..., None])[..., 0]
        return found

    def log_determinant(self, v: Array) -> Array:
        """Of the Hessian, of every task."""
        _, K, n, p = self.design.shape
        if self.many_classes and n < K * p:
            return self.coupled(v).log_determinant()
        return log_determinant(self.hessian(v))

    def solve(self, coef: Array) -> Array:
        """Newton steps, each halved until its task's objective falls; tasks that have arrived stand still.

        Objectives are compared where the prior's variances are one: the strength has the unit of the targets.
        """
        value = self.objective(coef)
        for _ in range(ROUNDS):
            gradient = self.gradient(coef).reshape(len(coef), -1)
            direction = self.newton_step(coef, gradient)
            decrement = (gradient * direction).sum(axis=1)
            moving = under_way(decrement / self.strength, value / self.strength)
            if not moving.any():
                return coef - direction.reshape(coef.shape)  # the last step is free, and doubles the digits
            coef, value = self._search(coef, value, direction.reshape(coef.shape), decrement, moving)
        return coef

    def _search(
        self, coef: Array, value: Array, direction: Array, decrement: Array, moving: Array
    ) -> tuple[Array, Array]:
        length = moving.astype(float)
        for _ in range(ROUNDS):
            trial = coef - length[:, None, None] * direction
            new = self.objective(trial)
            fails = moving & falls_short(*(each / self.strength for each in (new, value, length * decrement)))
            if not fails.any():
                break
            length = np.where(fails, 0.5 * length, length)
        return trial, new
