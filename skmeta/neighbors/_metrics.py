"""Linear maps of rows that scatter suggests: in their images rows are near whose targets past tasks would have alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skmeta._inference.scatter import shrunk
from skmeta.neighbors._scatter import Scatter

Array = NDArray[np.float64]

_RANKS = (1, 2, 3, 5, 8, 13)  # Fibonacci's numbers, some of all sizes

AS_GIVEN = "as given"


def linear_maps(scatter: Scatter | None) -> dict[str, Array | None]:
    r"""Matrices :math:`A` of candidates by name, simpler ones first; rows are compared as :math:`x^\top A`.

    None for rows as they are, columns in units of their spread within tasks, and for two kinds of scatter the directions
    in which targets differ: with :math:`W` the scatter that goes with equal targets, :math:`B` that which goes with
    different ones, :math:`B v_k = \lambda_k W v_k` and :math:`v_k^\top W v_k = 1`, the first :math:`r` of these directions,
    or all of them by what they gain beyond :math:`c`, which chance alone makes of :math:`\lambda`:

    .. math:: A = (v_1, \dots, v_r), \qquad A = (\sqrt{\lambda_1 - c}\, v_1, \sqrt{\lambda_2 - c}\, v_2, \dots),
              \quad A A^\top = W^{-1} (B - c W) W^{-1}.

    Under the last one, for linear targets, the squared distance of two rows is the mean over past tasks of the squared
    difference of their targets, but for a factor.

    Parameters
    ----------
    scatter : Scatter or None
        Of past tasks; None leaves rows as they are.

    Returns
    -------
    dict
        Name to matrix of shape (n_features, rank), or None.

    References
    ----------
    T. Hastie and R. Tibshirani (1996), Discriminant adaptive nearest neighbor classification, IEEE PAMI 18, equation 4.
    K.-C. Li (1991), Sliced inverse regression for dimension reduction, JASA 86.
    Y. Chen, A. Wiesel, Y. Eldar and A. Hero (2010), Shrinkage algorithms for MMSE covariance estimation, IEEE TSP
        58, equation 23.
    """
    found: dict[str, Array | None] = {AS_GIVEN: None}
    if scatter is None:
        return found
    units = scatter.spread
    found["standardised"] = np.diag(1.0 / units)
    n = scatter.within_dof
    if n > 0.0 and scatter.between_dof > 0.0:
        between = scatter.between / (n + scatter.between_dof)
        chance = scatter.between_dof / (n + scatter.between_dof)
        found |= _ranked("means", scatter.within / n, between, chance, n, units)
    pairs = scatter.n_near
    if pairs > 0.0:
        between, chance = scatter.near_weighted / pairs, scatter.weight_near / pairs
        found |= _ranked("near pairs", scatter.near / pairs, between, chance, n + scatter.between_dof, units)
    return found


def _ranked(name: str, within: Array, between: Array, chance: float, n: float, units: Array) -> dict[str, Array | None]:
    """Candidates of one kind of scatter, by their rank; no columns but those above chance."""
    p = len(units)
    scale = np.outer(units, units)
    values, vectors = eigh(between / scale, shrunk(within / scale, n))
    gain = values[::-1] - chance
    order = np.flatnonzero(gain > 0.0)
    if not len(order):
        return {}
    directions = vectors[:, ::-1][:, order] / units[:, None]
    cut = {f"{name}, rank {rank}": directions[:, :rank] for rank in _RANKS if rank <= min(len(order), p - 1)}
    return {**cut, f"{name}, weighted": directions * np.sqrt(gain[order])}
