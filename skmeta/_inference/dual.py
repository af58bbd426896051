"""Modes and evidences of tasks from kernels of their own rows: matrices of rows by rows, never of the columns.

The linear predictor of a task has the law ``N(offset, kernel)``. At its mode it is ``offset + kernel a``, ``a`` being
the gradient of the log-likelihood, found by Newton's method (Rasmussen and Williams, 2006, Gaussian Processes for
Machine Learning, algorithms 3.1 and 3.3; one step is exact for Gaussian rows). Where coefficients outnumber rows, the
mode says little of how much probability lies around it, so evidences are taken from expectation propagation (section
3.6), which starts at the mode. Arrays are ``(b, n, K)`` for ``b`` tasks of ``n`` rows (padded by rows of weight zero)
and ``K`` outputs, kernels ``(b, K, n, n)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import log_determinant, solve, spd_inverse
from skmeta._inference.moments import row_counts

Array = NDArray[Any]

SCALE_SPREAD = 1.0  # prior standard deviation of the logarithm of a scale, and the longest step of one: a factor of e
_NEWTON_STEPS = 50  # guard: Newton's method arrives long before
_HALVINGS = 12  # guard: of a Newton step that makes things worse
_LONGEST = 30.0  # guard: move of a linear predictor in a step, whose exponential would soon be no number
_ARRIVED = 1e-9  # guard: last move of a linear predictor; the next would be its square
ROUNDING = 1e-12  # guard: rounding can hide the last tiny gains
_N_NODES = 15
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(_N_NODES)
_FLOOR = 1e-10  # guard: least variance and curvature of a row


@dataclass(frozen=True, eq=False)
class Dual:
    """``(kernel + W^-1)^-1`` with ``W`` the Hessian of the loss: a block an output, less what a softmax couples."""

    blocks: np.ndarray
    coupling: np.ndarray | None

    def apply(self, v: Array) -> Array:
        """The product with ``(b, n, K)``."""
        v = along(self.blocks, v)
        if self.coupling is None:
            return v
        return v - along(self.blocks, (self.coupling @ v.sum(axis=2, keepdims=True)) * np.ones(v.shape[2]))

    def block(self, k: int) -> Array:
        """The square block of one output ``(b, n, n)``."""
        E = self.blocks[:, k]
        return E if self.coupling is None else E - E @ self.coupling @ E


@dataclass(frozen=True, eq=False)
class DualPosterior:
    """A Gaussian posterior of the linear predictor.

    Its centre ``eta`` and dual ``a``, and the ``curvature`` of the Gaussians ``exp(pull eta - curvature eta^2 / 2)``
    that stand for the rows' likelihoods; ``dual`` is that of the problem with these.
    """

    eta: np.ndarray
    a: np.ndarray
    curvature: np.ndarray
    dual: Dual

    @property
    def pull(self) -> Array:
        """The linear terms of the rows' Gaussians."""
        return self.a + self.curvature * self.eta


@dataclass(frozen=True, eq=False)
class DualProblem:
    """A batch of tasks: targets, rows' ``weight (b, n)``, and the law of the linear predictor.

    ``count (b, n)`` is that of `moments.Rows`; ``noise`` is ``(K,)`` where tasks have it in common, or ``(b, 1, K)``.
    """

    loss: Any
    Y: np.ndarray
    weight: np.ndarray
    noise: np.ndarray
    offset: np.ndarray
    kernel: np.ndarray
    count: np.ndarray | None = None

    @property
    def counted(self) -> Array:
        """How many rows each row stands for ``(b, n)``."""
        return row_counts(self.weight, self.count)

    def curvature(self, eta: Array) -> Array:
        """The loss' second derivatives (for a softmax, the part of them without the coupling)."""
        weight = self.weight[..., None] / self.noise
        return weight * (self.loss.mean(eta) if self.loss.coupled else self.loss.curvature(eta, self.Y))

    def noise_kernel(self, k: int) -> list[Array]:
        """The noise of one output as a part of the kernel, where it is one: a list of one matrix or none."""
        if not self.loss.quadratic:
            return []
        real = self.weight > 0
        rows = np.where(real, self.noise[..., k] / np.where(real, self.weight, 1.0), 0.0)
        return [rows[:, :, None] * np.eye(rows.shape[1])]

    def add_repetitions(self, gradient: Array, information: Array, counts: Array) -> None:
        """Add what rows that stand for several say of the noise, last: their repetitions agree exactly.

        Only rows that are made from sums do, and those that are trusted by half are half a row; see `definite`.
        """
        if self.loss.quadratic:
            repeated = 0.5 * counts @ np.where(self.weight > 0, self.counted - 1.0, 0.0).sum(axis=1)
            gradient[-1] -= repeated
            information[-1, -1] += repeated

    def inverse(self, curvature: Array) -> Dual:
        """`Dual` for the rows' curvature."""
        root = np.sqrt(np.swapaxes(curvature, 1, 2))
        blocks = root[..., :, None] * spd_inverse(_whitened(self.kernel, root)) * root[..., None, :]
        return Dual(blocks, spd_inverse(_summed(blocks, curvature)) if self.loss.coupled else None)

    def around(self, curvature: Array, pull: Array) -> DualPosterior:
        """The `DualPosterior` of given Gaussians for the rows."""
        dual, target = self.inverse(curvature), pull - curvature * self.offset
        a = target - dual.apply(along(self.kernel, target))
        return DualPosterior(self.offset + along(self.kernel, a), a, curvature, dual)

    def mode(self, a: Array | None = None) -> DualPosterior:
        """`DualPosterior` at the mode, by Newton's method from the dual ``a``, all tasks at once."""
        eta, a = self.arrive(a)
        curvature = self.curvature(eta)
        return DualPosterior(eta, a, curvature, self.inverse(curvature))

    def arrive(self, a: Array | None = None) -> tuple[Array, Array]:
        """The linear predictor at the mode and its dual.

        A step is that of the gap between ``a`` and the gradient, so that rounding does not grow with a wide kernel.
        """
        a = np.zeros_like(self.offset) if a is None else a
        eta = self.offset + along(self.kernel, a)
        value = self.objective(eta, a)
        for _ in range(2 if self.loss.quadratic else _NEWTON_STEPS):
            gap = self.weight[..., None] / self.noise * self.loss.residual(eta, self.Y) - a
            step = gap - self._inverse_times(self.curvature(eta), along(self.kernel, gap))
            a, moved, value = self._line_search(eta, a, step, along(self.kernel, step), value)
            eta = eta + moved
            if np.abs(moved).max(initial=0.0) < _ARRIVED * (1.0 + np.abs(eta).max()):
                break
        return eta, a

    def _inverse_times(self, curvature: Array, v: Array) -> Array:
        """`Dual` for the rows' curvature times ``(b, n, K)``; one product needs no inverse unless a softmax couples."""
        if self.loss.coupled:
            return self.inverse(curvature).apply(v)
        root = np.sqrt(np.swapaxes(curvature, 1, 2))
        sides = root * np.swapaxes(v, 1, 2)
        solved = root * solve(_whitened(self.kernel, root), sides[..., None])[..., 0]
        return np.swapaxes(solved, 1, 2)

    def _line_search(
        self, eta: Array, a: Array, step: Array, moved: Array, before: Array
    ) -> tuple[Array, Array, Array]:
        """Halve the step of each task until its objective does not rise above that ``before``.

        The new ``a``, how far ``eta`` moves, and the objective there.
        """
        if self.loss.quadratic:
            return a + step, moved, before
        furthest = np.abs(moved).max(axis=(1, 2), keepdims=True)
        size, enough = (
            np.minimum(1.0, _LONGEST / np.maximum(furthest, _LONGEST)),
            before + ROUNDING * (1.0 + np.abs(before)),
        )
        for _ in range(_HALVINGS):
            value = self.objective(eta + size * moved, a + size * step)
            worse = ~(value <= enough)
            if not worse.any():
                return a + size * step, size * moved, value
            size[worse] *= 0.5
        a, moved = a + size * step, size * moved
        return a, moved, self.objective(eta + moved, a)

    def objective(self, eta: Array, a: Array) -> Array:
        """What the mode makes smallest, of every task: the loss and the penalty."""
        return self.misfit(eta) + 0.5 * (a * (eta - self.offset)).sum(axis=(1, 2))

    def misfit(self, eta: Array) -> Array:
        """The loss of every task ``(b,)``, by the rows' weights and the outputs' noise."""
        if self.loss.coupled:
            return (self.weight * self.loss.value(eta, self.Y)).sum(axis=1)
        if eta.shape[2] == 1:
            return (self.weight / self.noise[..., 0] * self.loss.value(eta, self.Y)).sum(axis=1)
        one = np.stack([self.loss.value(eta[..., [k]], self.Y[..., [k]]) for k in range(eta.shape[2])], axis=2)
        return (self.weight[..., None] / self.noise * one).sum(axis=(1, 2))

    @property
    def modal(self) -> bool:
        """Whether the mode is all there is: exact for Gaussian rows, while a softmax does not come apart by rows."""
        return self.loss.quadratic or self.loss.coupled

    def resumed(self, before: DualPosterior | None) -> DualPosterior:
        """`DualPosterior` one step on from that of a similar problem, or from the mode if there is none."""
        if before is None or self.modal:
            before = self.mode(None if before is None else before.a)
        else:
            before = self.around(before.curvature, before.pull)
        return self.matched(before)

    def matched(self, posterior: DualPosterior, *, n_steps: int = 1) -> DualPosterior:
        """`DualPosterior` whose moments agree with those of every single row's likelihood (expectation propagation).

        A step is one for all rows at once. One is as good as many: what calls it moves on, and comes again.
        """
        if self.modal:
            return posterior
        real = self.weight[..., None] > 0
        for _ in range(n_steps):
            before = self._own_variance(posterior)
            _, mean, variance = self._tilted(posterior, before)
            known = real & (np.minimum(before, variance) > _FLOOR)
            variance, before = np.where(known, variance, 1.0), np.where(known, before, 1.0)
            sharper = np.where(known, 1.0 / variance - 1.0 / before, 0.0)
            pulled = np.where(known, mean / variance - posterior.eta / before, 0.0)
            curvature = np.where(real, np.maximum(posterior.curvature + sharper, _FLOOR), 0.0)
            posterior = self.around(curvature, posterior.pull + pulled)
        return posterior

    def _own_variance(self, posterior: DualPosterior) -> Array:
        """Posterior variances where rows have weight, from ``C = W - W V W``."""
        C = np.swapaxes(np.diagonal(posterior.dual.blocks, axis1=2, axis2=3), 1, 2)
        W = np.where(posterior.curvature > 0, posterior.curvature, 1.0)
        return np.where(posterior.curvature > 0, np.maximum(W - C, 0.0) / W**2, 0.0)

    def _tilted(self, posterior: DualPosterior, variance: Array) -> tuple[Array, Array, Array]:
        """Log-mass, mean and variance with each row's own likelihood in place of its Gaussian."""
        eta = posterior.eta[..., None] + np.sqrt(variance)[..., None] * _NODES
        loss = (
            self.loss.value(eta[..., None], self.Y[..., None, None]) * (self.weight[..., None] / self.noise)[..., None]
        )
        logs = -loss - posterior.pull[..., None] * eta + 0.5 * posterior.curvature[..., None] * eta**2
        top = logs.max(axis=-1)
        mass = np.exp(logs - top[..., None]) * _NODE_WEIGHTS / _NODE_WEIGHTS.sum()
        total = mass.sum(axis=-1)
        mean = (mass * eta).sum(axis=-1) / total
        spread = (mass * (eta - mean[..., None]) ** 2).sum(axis=-1) / total
        return np.log(total) + top, mean, spread

    def evidence(self, posterior: DualPosterior) -> Array:
        """``log p(y_t)`` of every task, up to a constant of the targets; exact for Gaussian rows."""
        gaussian = self._prior_evidence(posterior)
        if self.loss.quadratic:
            gaussian -= 0.5 * np.log(2.0 * np.pi * self.noise).sum(axis=-1).reshape(-1) * self.counted.sum(axis=1)
        if self.modal:
            return gaussian - self.misfit(posterior.eta)
        rows = posterior.pull * posterior.eta - 0.5 * posterior.curvature * posterior.eta**2
        return gaussian + (rows + self._tilted(posterior, self._own_variance(posterior))[0]).sum(axis=(1, 2))

    def laplace_evidence(self, eta: Array, a: Array) -> Array:
        """The same by Laplace's approximation around a mode, without what the noise alone says."""
        return -self.objective(eta, a) - 0.5 * self.log_determinant(self.curvature(eta)).sum(axis=1)

    def pearson(self, posterior: DualPosterior, k: int) -> tuple[Array, Array]:
        """Pearson's statistic of every task ``(b,)`` in one output, and the degrees of freedom that are left for it."""
        mean, real = self.loss.mean(posterior.eta), self.weight > 0
        variance = np.maximum(self.loss.variance_function(mean), _FLOOR)
        square = (self.weight * ((self.Y - mean) ** 2 / variance)[..., k]).sum(axis=1)
        own = np.diagonal(posterior.dual.block(k), axis1=1, axis2=2) / np.where(real, posterior.curvature[..., k], 1.0)
        left = np.where(real, own + self.counted - 1.0, 0.0).sum(axis=1)
        return square, np.maximum(left, _FLOOR)

    def _prior_evidence(self, posterior: DualPosterior) -> Array:
        penalty = 0.5 * (posterior.a * (posterior.eta - self.offset)).sum(axis=(1, 2))
        return -penalty - 0.5 * self.log_determinant(posterior.curvature).sum(axis=1)

    def log_determinant(self, curvature: Array) -> Array:
        """``log |I + kernel W|`` of every task and output (a softmax: of the first, for all)."""
        root = np.sqrt(np.swapaxes(curvature, 1, 2))
        B = _whitened(self.kernel, root)
        logdet = log_determinant(B)
        if self.loss.coupled:
            blocks = root[..., :, None] * spd_inverse(B) * root[..., None, :]
            weight = np.where(self.weight > 0, self.weight, 1.0)
            logdet[:, 0] += log_determinant(_summed(blocks, curvature)) - np.log(weight).sum(axis=1)
        return logdet

    def variance(self, posterior: DualPosterior) -> Array:
        """Posterior variances of the linear predictor."""
        out = np.empty_like(posterior.eta)
        for k in range(out.shape[2]):
            K = self.kernel[:, k]
            out[..., k] = np.diagonal(K, axis1=1, axis2=2) - np.einsum("bij,bij->bi", K @ posterior.dual.block(k), K)
        return np.maximum(out, 0.0)


def evidence_slopes(
    C: Array, a: Array, offsets: list[Array], kernels: list[Array], counts: Array
) -> tuple[Array, Array]:
    """How the evidence of one output changes with parts of its offset and of its kernel.

    The gradient ``(c,)`` and Fisher's information ``(c, c)`` in the logarithm of the scale of each of ``offsets (b, n)``
    and ``kernels (b, n, n)``, summed over tasks as often as they count, ``counts (b,)``; ``C`` is ``(K + W^-1)^-1``. The
    rows' Gaussians may be held still: expectation propagation's evidence is stationary in them.
    """
    n = len(offsets)
    pushed = [part @ a[..., None] for part in kernels]
    pulled = [C @ part for part in kernels]
    gradient = [counts @ (a * part).sum(axis=1) for part in offsets]
    gradient += [
        0.5 * counts @ ((a * v[..., 0]).sum(axis=1) - np.trace(M, axis1=1, axis2=2))
        for v, M in zip(pushed, pulled, strict=True)
    ]
    information = np.zeros((n + len(kernels), n + len(kernels)))
    for i, one in enumerate(offsets):
        for j, other in enumerate(offsets):
            information[i, j] = counts @ np.einsum("bi,bij,bj->b", one, C, other)
    for i, one in enumerate(pulled):
        for j, other in enumerate(pulled):
            information[n + i, n + j] = 0.5 * counts @ np.einsum("bij,bji->b", one, other)
    return np.array(gradient), information


def definite(information: Array) -> Array:
    """Information ``(..., c, c)`` whose last entry may be too small, of rows that weigh little, as large as it has to be.

    That is ``b' (A + I)^-1 b`` for the others' ``A`` and ``b``: with a standard normal prior it has an inverse.
    """
    others, last = information[..., :-1, :-1], information[..., :-1, -1:]
    least = np.swapaxes(last, -1, -2) @ solve(others + np.eye(others.shape[-1]), last)
    found = information.copy()
    found[..., -1, -1] = np.maximum(found[..., -1, -1], least[..., 0, 0])
    return found


def along(matrices: Array, v: Array) -> Array:
    """``(b, K, n, n)`` times ``(b, n, K)``, output by output."""
    return np.swapaxes((matrices @ np.swapaxes(v, 1, 2)[..., None])[..., 0], 1, 2)


def _whitened(kernel: Array, root: Array) -> Array:
    B = root[..., :, None] * kernel * root[..., None, :]
    rows = np.arange(B.shape[-1])
    B[..., rows, rows] += 1.0
    return B


def _summed(blocks: Array, curvature: Array) -> Array:
    """The sum over classes that a softmax needs, made invertible for rows of weight zero."""
    total = blocks.sum(axis=1)
    rows = np.arange(total.shape[-1])
    total[..., rows, rows] += curvature.sum(axis=2) == 0
    return total
