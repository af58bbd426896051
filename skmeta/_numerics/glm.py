"""Posterior modes of many tasks at once for likelihoods without a closed form: damped Newton in padded batches.

For task ``t`` with outputs ``k``: minimise ``sum_i weight_i loss(Z_i w) / noise + strength/2 sum_k (w_k - mean_k)'
precision_k (w_k - mean_k)``. The multinomial couples its classes, so its Hessian has ``K p`` columns; every other
likelihood has one output.
"""

from dataclasses import dataclass

import numpy as np

from skmeta._numerics.moments import Moments

_MAX_ITER = 100
_TOL = 1e-12  # squared Newton decrement, relative to the objective's scale
_HALVINGS = 30


@dataclass(frozen=True, eq=False)
class Modes:
    """``coef (n_tasks, C, K, p)`` and Laplace log-evidence ``(n_tasks, C)``, up to a constant, for each of C priors."""

    coef: np.ndarray
    evidence: np.ndarray


@dataclass(frozen=True, eq=False)
class Bells:
    """C Gaussian priors, independent over outputs: ``mean (C, K, p)``, ``precision (C, K, p, p)``."""

    mean: np.ndarray
    precision: np.ndarray


def posterior_modes(rows, bells, loss, noise, *, strength=1.0, start=None):
    """Modes and Laplace evidences of every task under every prior; ``start (n_tasks, C, K, p)`` saves steps."""
    shape = (rows.n_tasks, *bells.mean.shape)
    coef = np.broadcast_to(bells.mean, shape).copy() if start is None else start.copy()
    evidence = np.empty(shape[:2])
    precision = strength * bells.precision
    determined = np.linalg.slogdet(precision)[1].sum(axis=-1) if strength > 0 else -np.inf
    n_priors = shape[1]
    for tasks, Z, Y, weight in rows.batches():
        # Every task once for each prior, so that one Newton iteration serves them all.
        Z, Y, weight = (np.repeat(part, n_priors, axis=0) for part in (Z, Y, weight / noise))
        mean, penalty = (np.tile(part, (len(tasks), *[1] * (part.ndim - 1))) for part in (bells.mean, precision))
        problem = _Problem(Z, Y, weight, loss, mean, penalty)
        found = problem.solve(coef[tasks].reshape(mean.shape))
        _, logdet = np.linalg.slogdet(problem.hessian(found))
        coef[tasks] = found.reshape(len(tasks), *shape[1:])
        evidence[tasks] = (-problem.objective(found) - 0.5 * logdet).reshape(-1, n_priors) + 0.5 * determined
    return Modes(coef, evidence)


def linearise(rows, coef, loss):
    """Working responses at ``coef (n_tasks, K, p)`` as `Moments`, one output after the other.

    The quadratic expansion of each task's likelihood: ``gram = Z'CZ`` and ``cross = Z'C(eta + residual / C)`` with the
    curvatures ``C``; classes of a multinomial are taken one by one (Breslow and Clayton, 1993, JASA 88, section 2.4).
    """
    n_tasks, n_outputs, p = coef.shape
    parts = [Moments(np.empty((n_tasks, p, p)), np.empty((n_tasks, p)), np.empty(n_tasks), np.empty(n_tasks))
             for _ in range(n_outputs)]
    for tasks, Z, Y, weight in rows.batches():
        eta = Z @ np.swapaxes(coef[tasks], 1, 2)
        curvature = loss.curvature(eta, Y)
        target = eta + loss.residual(eta, Y) / curvature
        for k, part in enumerate(parts):
            w = weight * curvature[..., k]
            weighted = np.swapaxes(Z * w[..., None], 1, 2)
            part.gram[tasks] = weighted @ Z
            part.cross[tasks] = (weighted @ target[..., k, None])[..., 0]
            part.square[tasks] = (w * target[..., k] ** 2).sum(axis=1)
            part.n_rows[tasks] = weight.sum(axis=1)
    return parts


@dataclass(frozen=True, eq=False)
class _Problem:
    """A batch of penalised likelihoods and Newton's method for all of them together."""

    Z: np.ndarray
    Y: np.ndarray
    weight: np.ndarray
    loss: object
    mean: np.ndarray
    precision: np.ndarray

    def eta(self, coef):
        return self.Z @ np.swapaxes(coef, 1, 2)

    def objective(self, coef):
        off = coef - self.mean
        penalty = 0.5 * (off * self._pull(off)).sum(axis=(1, 2))
        return (self.weight * self.loss.value(self.eta(coef), self.Y)).sum(axis=1) + penalty

    def _pull(self, off):
        return (self.precision @ off[..., None])[..., 0]

    def gradient(self, coef):
        residual = self.weight[..., None] * self.loss.residual(self.eta(coef), self.Y)
        return self._pull(coef - self.mean) - np.swapaxes(residual, 1, 2) @ self.Z

    def hessian(self, coef):
        """``(t, K p, K p)``."""
        eta = self.eta(coef)
        t, K, p = coef.shape
        blocks = np.zeros((t, K, p, K, p))
        mean = self.loss.mean(eta) if K > 1 else None
        for k in range(K):
            diagonal = self.weight * self.loss.curvature(eta, self.Y)[..., k]
            blocks[:, k, :, k, :] = self._scatter(diagonal) + self.precision[:, k]
            for other in range(k):
                cross = -self._scatter(self.weight * mean[..., k] * mean[..., other])
                blocks[:, k, :, other, :] = blocks[:, other, :, k, :] = cross
        return blocks.reshape(t, K * p, K * p)

    def _scatter(self, weight):
        return np.swapaxes(self.Z * weight[..., None], 1, 2) @ self.Z

    def solve(self, coef):
        """Newton steps, each halved until its task's objective falls; tasks that have arrived stand still."""
        value = self.objective(coef)
        for _ in range(_MAX_ITER):
            gradient = self.gradient(coef).reshape(len(coef), -1)
            direction = np.linalg.solve(self.hessian(coef), gradient[..., None])[..., 0]
            decrement = (gradient * direction).sum(axis=1)
            moving = decrement > _TOL * (1.0 + np.abs(value))
            if not moving.any():
                return coef
            coef, value = self._search(coef, value, direction.reshape(coef.shape), decrement, moving)
        return coef

    def _search(self, coef, value, direction, decrement, moving):
        length = moving.astype(float)
        for _ in range(_HALVINGS):
            trial = coef - length[:, None, None] * direction
            new = self.objective(trial)
            # Rounding can hide the last tiny gains: allow a fall that is level to fifteen digits.
            fails = moving & ~(new <= value - 1e-4 * length * decrement + 1e-14 * (1.0 + np.abs(value)))
            if not fails.any():
                break
            length = np.where(fails, 0.5 * length, length)
        return trial, new
