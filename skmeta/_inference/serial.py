"""Serial correlation of vectors: whether neighbours are more alike than in another order, without permuting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import norm, rankdata

Array = NDArray[np.float64]

_FEWEST = 3  # guard: of two neighbours every order is the same


def serial_correlation(values: Array, groups: NDArray[np.intp]) -> tuple[float, float]:
    r"""Return the correlation of neighbours, and the probability of one as large if the order means nothing.

    With vectors :math:`x_i` in order the statistic is :math:`S = \sum_i x_i' x_{i+1}`, and the correlation
    :math:`S / \sum_i x_i' x_i`. If the order means nothing all orders are as probable, under which S has a mean and a variance
    in closed form; S itself is close to normal. Values are replaced by the normal scores of their ranks, so that none is far
    off.

    Parameters
    ----------
    values : ndarray of shape (n, k)
        The vectors, in order.
    groups : ndarray of int of shape (n,)
        Within each group vectors are taken around their mean and have neighbours.

    Returns
    -------
    correlation, p_value : float
        One-sided; 0 and 1 where nothing varies.

    References
    ----------
    A. Wald and J. Wolfowitz (1943), An exact test for randomness in the non-parametric case based on serial correlation, Annals
    of Mathematical Statistics 14.
    N. Mantel (1967), The detection of disease clustering and a generalized regression approach, Cancer Research 27, page 216
    (the moments).

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta._inference.serial import serial_correlation
    >>> rising = np.arange(30.0)[:, None]
    >>> r, p = serial_correlation(rising, np.zeros(30, int))
    >>> round(r, 2), p < 1e-6
    (0.85, True)
    """
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    scores = _normal_scores(np.concatenate([_centred(values[rows]) for rows in members]))
    parts = np.split(scores, np.cumsum([len(rows) for rows in members])[:-1])
    found = np.array([_moments(_centred(part)) for part in parts if len(part) >= _FEWEST]).reshape(-1, 4)
    square, statistic, mean, variance = found.sum(axis=0)
    if variance <= 0.0:
        return 0.0, 1.0
    return float(statistic / square), float(norm.sf((statistic - mean) / np.sqrt(variance)))


def _centred(values: Array) -> Array:
    return np.asarray(values - values.mean(axis=0))


def _normal_scores(values: Array) -> Array:
    """Van der Waerden's scores of each column."""
    return np.asarray(ndtri(rankdata(values, axis=0) / (len(values) + 1)))


def _moments(x: Array) -> tuple[float, float, float, float]:
    """Of centred vectors ``(n, k)``: their squares' sum, S, and the mean and variance of S over all orders."""
    n, own, gram = len(x), (x**2).sum(axis=1), x.T @ x
    statistic = float((x[1:] * x[:-1]).sum())
    total = -own.sum()  # of all products of two, whose sum with one vector is minus that vector's square
    squares = (gram**2).sum() - (own**2).sum()
    shared = (own**2).sum() - squares  # of products with one vector in common
    apart = total**2 - 4.0 * shared - 2.0 * squares  # with none
    mean = total / n
    second = squares / n + 2.0 * shared / (n * (n - 1))
    second += apart / (n * (n - 1)) if n > _FEWEST else 0.0
    return float(own.sum()), statistic, float(mean), float(second - mean**2)
