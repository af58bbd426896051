r"""Sums of rows within bounds, in the units of the bounds, as they are released: with noise.

Columns and targets are measured from the middles of their bounds, in halves of their widths: ``u = (z, 1, q)`` with ``z, q``
in ``[-1, 1]``. The products ``M = sum u u'`` of a task, ``(p + K, p + K)`` for ``p = d + 1``, hold all that squared errors are
made of. Released are ``n``, the sums of ``z`` and of ``q``, the products ``z_i z_j`` (``i < j``) and ``z_i q_k``, each once,
and the squares less half of ``n``: a square lies in ``[0, 1]``, so that a row moves it by half at most. One row moves them
all by no more than

.. math:: \Delta^2 = 1 + m + \tbinom{m}{2} - \tbinom{K}{2} + \tfrac{m}{4}, \quad m = d + K,

which a row at a corner of the bounds does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY
from skmeta._inference.sums import Sums

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Box:
    """Bounds of ``d`` columns and, after them, ``K`` targets: ``middle (d + K,)`` and ``half`` their widths ``(d + K,)``."""

    middle: Array
    half: Array
    d: int

    @classmethod
    def of_bounds(cls, bounds: Array, d: int) -> Box:
        """From lows and highs ``(d + K, 2)``; what has no width is measured as it is."""
        half = 0.5 * (bounds[:, 1] - bounds[:, 0])
        return cls(bounds.mean(axis=1), np.where(half > 0, half, 1.0), d)

    @property
    def n_outputs(self) -> int:
        return len(self.half) - self.d

    @property
    def sensitivity(self) -> float:
        """The most that one row moves what is released, as a vector (the square root of the formula above)."""
        m, k = len(self.half), self.n_outputs
        products, squares = (m * (m - 1) - k * (k - 1)) / 2.0, m * 0.5**2
        return float(np.sqrt(1.0 + m + products + squares))

    @property
    def halves(self) -> Array:
        """``(p + K,)`` how much of the noise of ``n`` the squares take on: half of it, and ``n`` all."""
        return np.where(np.arange(len(self.half) + 1) == self.d, 1.0, 0.5)

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
        return Box(self.middle[kept], self.half[kept], self.d)

    def noise(self, n_tasks: int, scale: float, random: np.random.RandomState) -> Array:
        """What is added to ``M``: each sum that is released has an independent part of standard deviation ``scale``."""
        m = len(self.half) + 1
        drawn = np.triu(scale * random.normal(size=(n_tasks, m, m)))
        found = drawn + np.swapaxes(np.triu(drawn, 1), 1, 2)
        squares = np.delete(np.arange(m), self.d)
        found[:, squares, squares] += 0.5 * drawn[:, self.d, self.d, None]
        return np.asarray(self._without_products_of_targets(found))

    def _without_products_of_targets(self, M: Array) -> Array:
        M[:, self.d + 1 :, self.d + 1 :] *= np.eye(self.n_outputs)
        return M


def noise_of_products(second: Array, halves: Array) -> Array:
    """The covariance of ``N w`` for noise ``N`` of variance one, on average over vectors of moments ``second (..., m, m)``.

    Entry ``(i, j)`` of ``N`` is met twice, at ``w_j`` and ``w_i``; the noise of ``n`` is in all squares by ``halves (m,)``.
    """
    square = np.diagonal(second, axis1=-2, axis2=-1)
    own = square.sum(axis=-1, keepdims=True) - np.where(halves < 1.0, 1.0, 2.0) * square
    return np.asarray(second * (1.0 + np.outer(halves, halves)) + own[..., None] * np.eye(len(halves)))


def noise_of_square(square: Array, halves: Array) -> Array:
    """The variance of ``w' N w`` for noise ``N`` of variance one, from the squares ``(..., m)`` of ``w``."""
    total, fourth = square.sum(axis=-1), square**2
    own = np.where(halves < 1.0, fourth, 0.0).sum(axis=-1)
    return np.asarray(2.0 * (total**2 - fourth.sum(axis=-1)) + own + (square @ halves) ** 2)


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
