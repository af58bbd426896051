"""Where a search looks although neither the past nor its model points there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats.qmc import discrepancy

N_TRUSTED = 3  # trials where the past points to, before one where nothing was tried
_N_COVERED = 8  # trials after which each branch, and each value of a short list, has been tried


def evenness(tried: NDArray[np.float64], candidates: NDArray[np.float64]) -> NDArray[np.float64]:
    """How evenly the space is covered if a candidate ``(m,)`` joins the trials: minus the centred discrepancy.

    It wants every part of each axis alike; the point farthest from all trials would lie at the ends of the axes, where
    few good candidates are.

    Parameters
    ----------
    tried, candidates : ndarray of shape (n, d) and (m, d)
        Coordinates of the space's numbers, in [0, 1].

    Returns
    -------
    ndarray of shape (m,)
        The larger, the more even.

    References
    ----------
    F. J. Hickernell (1998), A generalized discrepancy and quadrature error bound.
    """
    if not candidates.size:
        return np.zeros(len(candidates))
    return np.array([-discrepancy(np.vstack([tried, candidate])) for candidate in candidates])


def untried_levels(
    tried: NDArray[np.float64], candidates: NDArray[np.float64], groups: NDArray[np.intp], is_level: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """How many values of lists each candidate ``(m,)`` has that no trial had; not of lists too long to be tried soon.

    Parameters
    ----------
    tried, candidates : ndarray of shape (n, d) and (m, d)
        Coordinates of the space.
    groups : ndarray of int, shape (d,)
        The parameter of each column.
    is_level : ndarray of bool, shape (d,)
        Which columns tell a value that is no number, or a branch, from all others.

    Returns
    -------
    ndarray of int, shape (m,)
        The numbers.
    """
    has = candidates > 0
    new = is_level & has.any(axis=0) & ~(tried > 0).any(axis=0)
    n_needed = np.bincount(groups[new], minlength=len(groups))  # by parameter, as a trial has one value of each
    return np.asarray((has & new & (n_needed[groups] <= _N_COVERED - len(tried))).sum(axis=1))
