"""Modes and evidences of tasks from kernels of their own rows: matrices of rows by rows, never of the columns.

The linear predictor of a task has the law ``N(offset, kernel)``. At its mode it is ``offset + kernel a``, ``a`` being
the gradient of the log-likelihood, found by Newton's method (Rasmussen and Williams, 2006, Gaussian Processes for
Machine Learning, algorithms 3.1 and 3.3; one step is exact for Gaussian rows). Arrays are ``(b, n, K)`` for ``b``
tasks of ``n`` rows (padded by rows of weight zero) and ``K`` outputs, kernels ``(b, K, n, n)``.
"""

from dataclasses import dataclass

import numpy as np

from skmeta._numerics.linalg import spd_inverse

_HALVINGS = 12  # of a Newton step that makes things worse
_NUDGE = 1e-4  # step of a central difference


@dataclass(frozen=True, eq=False)
class Dual:
    """``(kernel + W^-1)^-1`` with ``W`` the Hessian of the loss: a block an output, less what a softmax couples."""

    blocks: np.ndarray
    coupling: np.ndarray | None

    def apply(self, v):
        """The product with ``(b, n, K)``."""
        v = along(self.blocks, v)
        if self.coupling is None:
            return v
        return v - along(self.blocks, (self.coupling @ v.sum(axis=2, keepdims=True)) * np.ones(v.shape[2]))

    def block(self, k):
        """The square block of one output ``(b, n, n)``."""
        E = self.blocks[:, k]
        return E if self.coupling is None else E - E @ self.coupling @ E


@dataclass(frozen=True, eq=False)
class Mode:
    """The most probable linear predictor ``eta``, its dual ``a`` and the loss' ``curvature`` there."""

    eta: np.ndarray
    a: np.ndarray
    curvature: np.ndarray


@dataclass(frozen=True, eq=False)
class DualProblem:
    """A batch of tasks: targets, rows' ``weight (b, n)``, ``noise (K,)``, and the law of the linear predictor."""

    loss: object
    Y: np.ndarray
    weight: np.ndarray
    noise: np.ndarray
    offset: np.ndarray
    kernel: np.ndarray

    @property
    def coupled(self):
        """Whether the outputs of a row have one likelihood together."""
        return self.loss.name == "multinomial"

    def curvature(self, eta):
        """The loss' second derivatives (for a softmax, the part of them without the coupling)."""
        weight = self.weight[..., None] / self.noise
        return weight * (self.loss.mean(eta) if self.coupled else self.loss.curvature(eta, self.Y))

    def inverse(self, mode, kernel=None):
        """`Dual` at a mode, for the problem's own kernel or another."""
        kernel = self.kernel if kernel is None else kernel
        root = np.sqrt(np.swapaxes(mode.curvature, 1, 2))
        blocks = root[..., :, None] * spd_inverse(_whitened(kernel, root)) * root[..., None, :]
        return Dual(blocks, spd_inverse(_summed(blocks, mode.curvature)) if self.coupled else None)

    def mode(self, a=None, *, n_steps=50, tol=1e-10):
        """`Mode` by Newton's method from the dual ``a``, all tasks at once."""
        a = np.zeros_like(self.offset) if a is None else a
        eta = self.offset + along(self.kernel, a)
        for _ in range(n_steps):
            here = Mode(eta, a, self.curvature(eta))
            gradient = self.weight[..., None] / self.noise * self.loss.residual(eta, self.Y)
            target = self._hessian_times(here.curvature, eta - self.offset) + gradient
            target -= self.inverse(here).apply(along(self.kernel, target))
            a, moved = self._line_search(here, target - a, along(self.kernel, target - a))
            eta = eta + moved
            if self.loss.name == "gaussian" or np.abs(moved).max(initial=0.0) < tol * (1.0 + np.abs(eta).max()):
                break
        return Mode(eta, a, self.curvature(eta))

    def _hessian_times(self, curvature, v):
        if not self.coupled:
            return curvature * v
        total = curvature.sum(axis=2, keepdims=True)
        share = curvature / np.where(total > 0, total, 1.0)
        return curvature * (v - (share * v).sum(axis=2, keepdims=True))

    def _line_search(self, here, step, moved):
        """Halve the step of each task until its objective does not rise: the new ``a``, and how far ``eta`` moves."""
        if self.loss.name == "gaussian":
            return here.a + step, moved
        size, before = np.ones((len(step), 1, 1)), self.objective(here.eta, here.a)
        for _ in range(_HALVINGS):
            after = self.objective(here.eta + size * moved, here.a + size * step)
            worse = ~(after <= before + 1e-12 * (1.0 + np.abs(before)))
            if not worse.any():
                break
            size[worse] *= 0.5
        return here.a + size * step, size * moved

    def objective(self, eta, a):
        """What the mode makes smallest, of every task: the loss and the penalty."""
        return self.misfit(eta) + 0.5 * (a * (eta - self.offset)).sum(axis=(1, 2))

    def misfit(self, eta):
        """The loss of every task ``(b,)``, by the rows' weights and the outputs' noise."""
        if self.coupled:
            return (self.weight * self.loss.value(eta, self.Y)).sum(axis=1)
        one = np.stack([self.loss.value(eta[..., [k]], self.Y[..., [k]]) for k in range(eta.shape[2])], axis=2)
        return (self.weight[..., None] / self.noise * one).sum(axis=(1, 2))

    def evidence(self, mode):
        """Laplace's ``log p(y_t)`` of every task (exact for Gaussian rows; up to a constant of the targets else)."""
        constant = 0.0
        if self.loss.name == "gaussian":
            constant = 0.5 * np.log(2.0 * np.pi * self.noise).sum() * self.weight.sum(axis=1)
        return -self.objective(mode.eta, mode.a) - 0.5 * self.log_determinant(mode).sum(axis=1) - constant

    def log_determinant(self, mode):
        """``log |I + kernel W|`` of every task and output (a softmax: of the first, for all)."""
        root = np.sqrt(np.swapaxes(mode.curvature, 1, 2))
        B = _whitened(self.kernel, root)
        logdet = 2.0 * np.log(np.diagonal(np.linalg.cholesky(B), axis1=-2, axis2=-1)).sum(axis=2)
        if self.coupled:
            blocks = root[..., :, None] * spd_inverse(B) * root[..., None, :]
            weight = np.where(self.weight > 0, self.weight, 1.0)
            logdet[:, 0] += np.linalg.slogdet(_summed(blocks, mode.curvature))[1] - np.log(weight).sum(axis=1)
        return logdet

    def variance(self, mode):
        """Posterior variances of the linear predictor."""
        dual, out = self.inverse(mode), np.empty_like(mode.eta)
        for k in range(out.shape[2]):
            K = self.kernel[:, k]
            out[..., k] = np.diagonal(K, axis1=1, axis2=2) - np.einsum("bij,bij->bi", K @ dual.block(k), K)
        return np.maximum(out, 0.0)

    def slopes(self, mode, k, C, offsets, kernels):
        """How the evidence of output ``k`` changes with parts of its offset and of its kernel ``K``.

        The gradient ``(c,)`` and Fisher's information ``(c, c)``, summed over tasks, for the logarithm of the scale of
        each of ``offsets (b, n)`` and ``kernels (b, n, n)``; ``C`` is ``(K + W^-1)^-1``. The mode moves with the
        scales, which is the term by ``drift`` (Rasmussen and Williams, algorithm 5.1).
        """
        K, a = self.kernel[:, k], mode.a[..., k]
        drift = self._drift(mode, k, K, C)
        push = [a + drift] * len(offsets) + [0.5 * a + drift] * len(kernels)
        moved = [*offsets, *((part @ a[..., None])[..., 0] for part in kernels)]
        gradient = np.array([np.sum(p * m) for p, m in zip(push, moved, strict=True)])
        gradient[len(offsets) :] -= [0.5 * np.sum(C * part) for part in kernels]
        information = np.zeros((len(moved), len(moved)))
        columns = np.stack(offsets, axis=2) if offsets else np.zeros((*a.shape, 0))
        information[: len(offsets), : len(offsets)] = np.einsum("bni,bnj->ij", columns, C @ columns)
        pulled = [C @ part for part in kernels]
        for i, one in enumerate(pulled):
            for j, other in enumerate(pulled[: i + 1]):
                value = 0.5 * np.sum(one * np.swapaxes(other, 1, 2))
                information[len(offsets) + i, len(offsets) + j] = information[len(offsets) + j, len(offsets) + i] = value
        return gradient, information

    def _drift(self, mode, k, K, C):
        """The evidence's derivative in the offset, beyond that at a fixed curvature."""
        if self.loss.name == "gaussian":
            return np.zeros(mode.a.shape[:2])
        up, down = (self.loss.curvature(mode.eta + e, self.Y)[..., k] for e in (_NUDGE, -_NUDGE))
        third = self.weight / self.noise[k] * (up - down) / (2.0 * _NUDGE)
        covariance = np.diagonal(K, axis1=1, axis2=2) - np.einsum("bij,bij->bi", K @ C, K)
        pull = -0.5 * covariance * third
        return pull - (C @ (K @ pull[..., None]))[..., 0]


def along(matrices, v):
    """``(b, K, n, n)`` times ``(b, n, K)``, output by output."""
    return np.swapaxes((matrices @ np.swapaxes(v, 1, 2)[..., None])[..., 0], 1, 2)


def _whitened(kernel, root):
    B = root[..., :, None] * kernel * root[..., None, :]
    rows = np.arange(B.shape[-1])
    B[..., rows, rows] += 1.0
    return B


def _summed(blocks, curvature):
    """The sum over classes that a softmax needs, made invertible for rows of weight zero."""
    total = blocks.sum(axis=1)
    rows = np.arange(total.shape[-1])
    total[..., rows, rows] += curvature.sum(axis=2) == 0
    return total
