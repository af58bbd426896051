r"""Newton's systems of a softmax: a block for each of its classes, less what couples them.

For a task of ``n`` rows of weights ``w``, with ``K`` classes of probabilities ``p`` and ``D_k`` the rows seen by class
``k``, the Hessian of the penalised loss is

.. math:: H = B - U U^\top, \quad B_k = s I + D_k^\top \mathrm{diag}(w p_k) D_k, \quad U_k = D_k^\top \mathrm{diag}(\sqrt w p_k)

so a product with it costs :math:`4 K n p` operations, and conjugate gradients with :math:`B` as preconditioner never make
a matrix of :math:`K p` columns. Newton's steps need it the less exactly the farther off they are (Dembo, Eisenstat and
Steihaug, 1982, SIAM Journal on Numerical Analysis 19, theorem 3.3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import cholesky, diagonal, log_determinant, spd_inverse

Array = NDArray[Any]

_LOOSEST = 0.1  # speed: relative residual of a step that is far off


class CoupledHessian:
    """``H`` of a batch of tasks: ``design (t, K, n, p)``, ``weight (t, n)``, probabilities ``mean (t, n, K)``."""

    def __init__(self, design: Array, weight: Array, mean: Array, strength: float) -> None:
        self.design, self.strength, self._turned = design, strength, np.swapaxes(design, 2, 3)
        self._mean = np.swapaxes(mean, 1, 2)
        self._curvature = weight[:, None] * self._mean
        self.blocks = (self._turned * self._curvature[:, :, None]) @ design + strength * np.eye(design.shape[3])

    def __matmul__(self, v: Array) -> Array:
        """The product with ``v (t, K, p)``."""
        eta = (self.design @ v[..., None])[..., 0]
        pull = self._curvature * (eta - (self._mean * eta).sum(axis=1, keepdims=True))
        return self.strength * v + (self._turned @ pull[..., None])[..., 0]

    def solve(self, gradient: Array) -> Array:
        """``H^-1 gradient``, by conjugate gradients: as exactly as a Newton step from where the gradient is this needs."""
        inverse = spd_inverse(self.blocks)

        def eased(residual: Array) -> tuple[Array, Array]:
            found = (inverse @ residual[..., None])[..., 0]
            return found, (found * residual).sum(axis=(1, 2))

        x, residual = np.zeros_like(gradient), gradient
        z, size = eased(residual)
        direction, enough = z, np.minimum(_LOOSEST**2, size) * size
        for _ in range(gradient[0].size):
            going = size > enough
            if not going.any():
                break
            moved = self @ direction
            length = np.where(going, size, 0.0) / np.where(going, (direction * moved).sum(axis=(1, 2)), 1.0)
            x = x + length[:, None, None] * direction
            residual = residual - length[:, None, None] * moved
            before, (z, size) = size, eased(residual)
            direction = z + (size / np.where(before > 0, before, 1.0))[:, None, None] * direction
        return x

    def log_determinant(self) -> Array:
        r"""``log |H|`` of every task: that of the blocks and of :math:`I - U^\top B^{-1} U`, a matrix of the rows."""
        half = cholesky(self.blocks)
        logdet = 2.0 * np.log(diagonal(half)).sum(axis=(1, 2))
        coupling = self._turned * np.sqrt(self._curvature * self._mean)[:, :, None]
        moved = np.linalg.solve(half, coupling)
        rows = np.einsum("tkpn,tkpm->tnm", moved, moved, optimize=True)
        return logdet + log_determinant(np.eye(rows.shape[1]) - rows)
