"""Covariances that few rows tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_RIDGE = 1e-8  # guard: columns that are exact combinations of others


def shrunk(S: Array, n: float) -> Array:
    """A covariance of ``n`` degrees of freedom, drawn to a multiple of the identity as by `sklearn.covariance.oas`.

    References
    ----------
    Y. Chen, A. Wiesel, Y. Eldar and A. Hero (2010), Shrinkage algorithms for MMSE covariance estimation, IEEE TSP
        58, equation 23.
    """
    p = len(S)
    square, trace = float(np.sum(S * S)), float(np.trace(S))
    spread = (n + 1.0) * (square - trace**2 / p)
    share = min(1.0, (square + trace**2) / spread) if spread > 0.0 else 1.0
    return (1.0 - share) * S + (share * trace / p + _RIDGE) * np.eye(p)
