"""Scores of one task on the scale of all: their normal scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata


def normal_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the quantile of the standard normal that belongs to each rank, equal scores the same.

    :math:`z_i = \Phi^{-1}((r_i - 1/2) / n)`: what a task scores by, and how far its worst trials fall, is gone;
    which were better than which stays.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Finite scores.

    Returns
    -------
    ndarray of shape (n,)
        Normal scores.

    References
    ----------
    G. Blom (1958), Statistical estimates and transformed beta-variables; D. Salinas, H. Shen and V. Perrone
    (2020), A quantile-based approach for hyperparameter transfer learning, section 4.1.
    """
    return ndtri((rankdata(scores) - 0.5) / max(len(scores), 1))


def relative_noise(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return noise variances ``(n,)`` relative to their mean, from standard errors; unknown ones as the mean.

    Errors of cross-validation hold what makes a split hard for every candidate alike, so only how they compare
    is taken from them, within a factor of ten; their size is learned.
    """
    squares = np.square(errors)
    known = np.isfinite(squares) & (squares > 0)
    if not known.any():
        return np.ones(len(squares))
    return np.clip(np.where(known, squares / squares[known].mean(), 1.0), 0.1, 10.0)


def standardized(scores: NDArray[np.float64], usual: float = 1.0) -> tuple[NDArray[np.float64], float, float]:
    """Return finite scores ``(n,)`` with mean 0 and standard deviation 1; their mean, their scale.

    The scale of scores that do not differ is the usual one.
    """
    unit = np.exp2(np.frexp(np.abs(scores).max(initial=0.0))[1] - 1.0)  # exact, and no square is too large
    center, spread = unit * (scores / unit).mean(), unit * (scores / unit).std()
    scale = spread if spread > 1e-12 * max(abs(center), 1e-300) else usual
    return (scores - center) / scale, center, scale
