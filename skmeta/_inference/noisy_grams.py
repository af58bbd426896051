r"""Grams with noise, each task's in the light of all: what it most likely was, and how far off that may be.

Tasks whose columns lie alike tell of each other's Gram. Entry by entry, noise of variance ``v_t`` on what tasks have a row,

.. math:: \tilde G_t = n_t (\bar G + D_t) + N_t, \quad \operatorname{Var} D_t = b, \qquad
    \hat G_t = k_t \tilde G_t + (1 - k_t) n_t \bar G, \quad k_t = \frac{b n_t^2}{b n_t^2 + v_t},

an empirical Bayes estimate, ``b`` from how much more the tasks differ than by noise. Coefficients that are learned from what
is expected of columns, in place of what was measured of them, are not drawn to zero by its noise (regression calibration:
R. J. Carroll, D. Ruppert, L. A. Stefanski and C. M. Crainiceanu, 2006, Measurement error in nonlinear models, chapter 4).
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
    n = np.maximum(G[:, -1:, -1:], 1.0)
    there = np.pad(~lacking, ((0, 0), (0, 1)), constant_values=True)
    both = there[:, :, None] & there[:, None, :]
    rows, count = np.maximum((both * n).sum(axis=0), 1.0), np.maximum(both.sum(axis=0), 1.0)
    pooled = (both * G).sum(axis=0) / rows
    free = np.maximum(1.0 - 1.0 / count, 1.0 / count)  # of the differences from a mean of their own
    excess = (both * ((G - n * pooled) ** 2 / free - variances)).sum(axis=0)
    differ = n**2 * np.maximum(excess, 0.0) / np.maximum((both * n**2).sum(axis=0), 1.0)
    shared = both * variances / np.maximum(differ + variances, TINY)  # one less k of the formula
    shared[:, -1, -1] = 0.0
    of_mean = n**2 * (both * variances).sum(axis=0) / rows**2 + pooled**2 * variances[:, -1:, -1:]
    return G + shared * (n * pooled - G), (1.0 - shared) * variances + shared**2 * of_mean
