r"""Grams with noise, each task's in the light of all: what it most likely was, and how far off that may be.

Where columns lie alike in all tasks, the others inform about a task's Gram. Entry by entry, the tasks differing by ``D_t`` per
row, with noise of variance ``v_t`` in the entry and of variance ``c_t`` in the number of rows ``n_t``,

.. math:: \tilde G_t = n_t (\bar G + D_t) + N_t, \quad \tilde n_t = n_t + e_t, \quad
    R_t = \tilde G_t - \tilde n_t \frac{\sum_s \tilde G_s}{\sum_s \tilde n_s}, \quad \operatorname{Var} D_t = b .

The difference from what all tasks have holds the noise of the number of rows too, ``n_t`` times the mean. Up to the noise of
the weights :math:`w_t = n_t / \sum_s n_s` it is :math:`(1 - w_t) h_t - w_t \sum_{s \ne t} h_s` of the independent
:math:`h_t = n_t D_t + N_t - e_t \bar G`, so that

.. math:: \operatorname{Var} R_t = (1 - w_t)^2 \eta_t + w_t^2 \sum_{s \ne t} \eta_s, \quad
    \eta_t = b n_t^2 + v_t + \bar G^2 c_t .

By moments, ``b`` is what the sum of :math:`R_t^2` has above that of noise. :math:`\operatorname{Cov}(N_t, R_t)` being
:math:`(1 - w_t) v_t`, the best linear estimate, an empirical Bayes one, and the variance of what it is off, are

.. math:: \hat G_t = \tilde G_t - s_t R_t, \quad s_t = \frac{(1 - w_t) v_t}{\operatorname{Var} R_t}, \quad
    \operatorname{Var}(\hat G_t - G_t) = v_t (1 - (1 - w_t) s_t) .

Coefficients that are learned from what is expected of columns, in place of what was measured of them, are not drawn to zero by
its noise (regression calibration: R. J. Carroll, D. Ruppert, L. A. Stefanski and C. M. Crainiceanu, 2006, Measurement error in
nonlinear models, chapter 4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import TINY

Array = NDArray[np.float64]


def expected_grams(G: Array, variances: Array, lacking: NDArray[np.bool_]) -> tuple[Array, Array]:
    """``(G, variances)``, both ``(T, p, p)``, of what is expected of Grams with noise of ``variances``; constant last.

    What a task lacks, by ``lacking (T, d)``, is left as it is, and so is ``n``: it says nothing of others.
    """
    has = np.pad(~lacking, ((0, 0), (0, 1)), constant_values=True)
    present = has[:, :, None] & has[:, None, :]
    n = np.where(present, np.maximum(G[:, -1:, -1:], 1.0), 0.0)
    weights = n / np.maximum(n.sum(axis=0), 1.0)
    pooled = (present * G).sum(axis=0) / np.maximum(n.sum(axis=0), 1.0)
    residual = present * G - n * pooled
    noise = present * (variances + pooled**2 * variances[:, -1:, -1:])
    between = variance_between(residual, n, noise)
    spread = variance_from_pooled(between * n**2 + noise, weights)
    shrinkage = (1.0 - weights) * present * variances / np.maximum(spread, TINY)
    shrinkage[:, -1, -1] = 0.0
    return G - shrinkage * residual, variances * (1.0 - (1.0 - weights) * shrinkage)


def variance_between(residual: Array, n: Array, noise: Array) -> Array:
    """``b (...)`` by moments of differences ``(T, ...)`` from the pooled mean, of ``n`` rows and variances of ``noise``."""
    weights = n / np.maximum(n.sum(axis=0), 1.0)
    excess = (residual**2 - variance_from_pooled(noise, weights)).sum(axis=0)
    # of two or more tasks, of a row at least each, the divisor is no less than one
    return np.asarray(np.maximum(excess, 0.0) / np.maximum(variance_from_pooled(n**2, weights).sum(axis=0), 1.0))


def variance_from_pooled(variances: Array, weights: Array) -> Array:
    """Of differences ``(T, ...)`` from the pooled mean, of numbers with independent ``variances``: the formula above."""
    return np.asarray((1.0 - weights) ** 2 * variances + weights**2 * (variances.sum(axis=0) - variances))
