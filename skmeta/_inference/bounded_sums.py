r"""Sums of rows within bounds, in the units of the bounds, as they are released: with noise.

Columns and targets are measured from the middles of their bounds, in halves of their widths: ``z, q`` in ``[-1, 1]``. A row
whose columns are longer than ``R``, its norm's bound, is shrunk to it as a whole, target and constant too: it has the weight
:math:`\lambda^2 = \min(1, R^2 / |z|^2)`. The products ``M = sum u u'`` of a task, ``u = lambda (z, 1, q)``, ``(p + K, p + K)``
for ``p = d + 1``, hold all that squared errors are made of; released is each once, but for those of two targets.

The noise is that of a symmetric matrix, whose law no rotation changes, of ``lambda (z, tau, q)``: that of squares has twice
the variance of the others. One row moves the released numbers, in standard deviations, by no more than

.. math:: \Delta^2 = \tfrac12 \left((R^2 + \tau^2)^2 + 2 K (R^2 + \tau^2) + K\right),

half the square of :math:`|u|^2` for one target, whatever its direction: a row of norm ``R`` with its targets at their bounds
does. The constant counts as much as a column that is uniform within its bounds, ``tau^2 = 1 / 3``: it is known well in any
case, as all rows say the same of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY
from skmeta._inference.sums import Sums

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Box:
    """Bounds of ``d`` columns and, after them, ``K`` targets: ``middle (d + K,)`` and ``half`` their widths ``(d + K,)``.

    ``norm`` is that of the longest row of columns: that of a corner, or less where rows are shrunk.
    """

    middle: Array
    half: Array
    d: int
    norm: float

    @classmethod
    def of_bounds(cls, bounds: Array, d: int, data_norm: float | None = None) -> Box:
        """From lows and highs ``(d + K, 2)``; what has no width is measured as it is."""
        half, corner = 0.5 * (bounds[:, 1] - bounds[:, 0]), float(np.sqrt(d))
        norm = corner if data_norm is None else min(data_norm, corner)
        return cls(bounds.mean(axis=1), np.where(half > 0, half, 1.0), d, norm)

    @property
    def n_outputs(self) -> int:
        return len(self.half) - self.d

    @property
    def square_of_constant(self) -> float:
        """``tau^2``: the mean square of a column that is uniform within its bounds."""
        return 1.0 / 3.0

    @property
    def sensitivity(self) -> float:
        """The most that one row moves what is released, in standard deviations (the square root of the formula above)."""
        columns, k = self.norm**2 + self.square_of_constant, self.n_outputs
        return float(np.sqrt(0.5 * (columns**2 + 2.0 * columns * k + k)))

    @property
    def variances(self) -> Array:
        """``(p + K, p + K)`` of the noise in each of the products ``M``; one in those of two columns."""
        square = np.ones(len(self.half) + 1)
        square[self.d] = self.square_of_constant
        return np.asarray((1.0 + np.eye(len(square))) / np.outer(square, square))

    def weights(self, Z: Array) -> Array:
        """``(n,)`` of rows ``Z (n, d)``: by how much each is shrunk, squared; a column that is missing has no length."""
        z = np.nan_to_num((Z - self.middle[: self.d]) / self.half[: self.d])
        return np.asarray(1.0 / np.maximum((z**2).sum(axis=1) / max(self.norm**2, TINY), 1.0))

    def products(self, sums: Sums, centre: Array | None = None) -> Array:
        """``M (T, p + K, p + K)`` of every task; products of two targets are zero.

        Columns that a task lacks are constant, at the ``centre (d,)`` (None: the middle of the bounds).
        """
        d, k = self.d, self.n_outputs
        mean = np.where(np.isnan(sums.mean), self.middle[:d] if centre is None else centre, sums.mean)
        whole = np.zeros((len(sums.n), d + k, d + k))
        whole[:, :d, :d], whole[:, :d, d:] = sums.scatter, sums.cross
        whole[:, d:, :d] = np.swapaxes(sums.cross, 1, 2)
        whole[:, d:, d:] = sums.square[:, :, None] * np.eye(k)
        off = (np.concatenate([mean, sums.target], axis=1) - self.middle) / self.half
        pull = sums.n[:, None] * off
        whole = whole / np.outer(self.half, self.half) + pull[:, :, None] * off[:, None, :]
        M = np.insert(np.insert(whole, d, pull, axis=1), d, np.insert(pull, d, sums.n, axis=1), axis=2)
        return np.asarray(self._without_products_of_targets(M))

    def sums(self, M: Array, rows: Array, lacking: NDArray[np.bool_]) -> Sums:
        """The way back; ``rows (T,)`` is how many they are, and ``lacking (T, d)`` which columns a task lacks."""
        d, n = self.d, np.maximum(M[:, self.d, self.d], TINY)
        off = np.delete(M[:, d], d, axis=1) / n[:, None]
        whole = np.delete(np.delete(M, d, axis=1), d, axis=2) - n[:, None, None] * off[:, :, None] * off[:, None, :]
        whole = whole * np.outer(self.half, self.half)
        mean, square = self.middle + self.half * off, np.diagonal(whole, axis1=1, axis2=2)[:, d:].copy()
        mean[:, :d][lacking] = np.nan
        whole[:, :d][lacking] = 0.0
        np.swapaxes(whole, 1, 2)[:, :d][lacking] = 0.0
        return Sums(n, rows, mean[:, :d], mean[:, d:], whole[:, :d, :d], whole[:, :d, d:], square)

    def of_output(self, k: int) -> Box:
        """The columns and one target."""
        kept = [*range(self.d), self.d + k]
        return replace(self, middle=self.middle[kept], half=self.half[kept])

    def noise(self, n_tasks: int, scale: float, random: np.random.RandomState) -> Array:
        """What is added to ``M``: ``scale`` times independent numbers of `variances`, each on both sides of the diagonal."""
        m = len(self.half) + 1
        drawn = np.triu(scale * random.normal(size=(n_tasks, m, m)))
        found = (drawn + np.swapaxes(np.triu(drawn, 1), 1, 2)) * np.sqrt(self.variances)
        return np.asarray(self._without_products_of_targets(found))

    def _without_products_of_targets(self, M: Array) -> Array:
        M[:, self.d + 1 :, self.d + 1 :] *= np.eye(self.n_outputs)
        return M


def noise_of_products(second: Array, variances: Array) -> Array:
    """The covariance of ``N w`` for symmetric noise ``N`` of ``variances (..., m, m)``, over vectors of moments ``second``.

    Entry ``(i, j)`` of ``N`` is met twice, at ``w_j`` and ``w_i``; a square once.
    """
    square = np.diagonal(second, axis1=-2, axis2=-1)[..., None]
    own = (variances @ square)[..., 0] - np.diagonal(variances * second, axis1=-2, axis2=-1)
    return np.asarray(variances * second + own[..., None] * np.eye(variances.shape[-1]))


def noise_of_square(square: Array, variances: Array) -> Array:
    """The variance of ``w' N w`` for such noise, from the squares ``(..., m)`` of ``w``."""
    twice = 2.0 * np.einsum("...i,...ij,...j->...", square, variances, square)
    return np.asarray(twice - (np.diagonal(variances, axis1=-2, axis2=-1) * square**2).sum(axis=-1))


def signal_of_columns(M: Array, d: int, variance: Array) -> Array:
    r"""How far the columns' products stand above their noise ``(T,)``: one is the least that is of use.

    .. math:: \frac{\operatorname{tr} S_t / d}{2 \cdot 2 \sqrt{v_t (d + 1)}}

    for the products ``S_t`` of the columns around their means and noise of ``variance`` ``v_t (T,)``. A symmetric matrix of
    such noise has the norm ``2 sqrt(v (d + 1))`` (S. Geman, 1980, A limit theorem for the norm of random matrices, Annals of
    Probability 8; Z. Füredi and J. Komlós, 1981, Combinatorica 1); it takes as much from an eigenvalue (Weyl), of which as
    much again has to be left. Without columns it is ``n`` that has to.
    """
    n, norm = np.maximum(M[:, d, d], 1.0), 2.0 * np.sqrt(variance * (d + 1.0))
    if d == 0:
        return np.asarray(n / np.maximum(2.0 * norm, TINY))
    spread = np.einsum("tjj->t", M[:, :d, :d]) - (M[:, d, :d] ** 2).sum(axis=1) / n
    return np.asarray(spread / d / np.maximum(2.0 * norm, TINY))
