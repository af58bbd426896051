"""Metrics that sums over classes suggest: the identity, and whitening within classes in a subspace of few components."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skmeta._inference.scatter import shrunk
from skmeta.discriminant_analysis._class_sums import ClassSums

Array = NDArray[np.float64]

_COMPONENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610)  # Fibonacci's numbers, some of all sizes
_ROUNDING = 1e-10  # guard: components that rounding makes
_LEAST = 1e-6  # guard: class means that scatter by less are not told apart by them


class Metric(NamedTuple):
    """A linear map of rows by how many components it is made of, 0 for the identity, and what is known of classes in its image.

    Rows ``X @ matrix`` have the covariance ``within`` times the identity within classes, and class means
    ``within * diag(between)`` around what they start from.
    """

    n_components: int
    matrix: Array | None
    within: float
    between: Array


def metrics_of(sums: ClassSums, n_components: str | int) -> list[Metric]:
    """The candidates, simpler ones first; one where a number of components is asked for.

    Parameters
    ----------
    sums : ClassSums
        Of past tasks.
    n_components : "auto" or int
        0 for the identity; "auto" for that, some numbers of components, and all of them.

    Returns
    -------
    list of Metric
        The identity alone where there are traces alone.
    """
    if n_components == 0 or not sums.is_full or not _tells(sums):
        return [_identity(sums)]
    values, vectors = eigh(sums.total)
    there = values[::-1] > _ROUNDING * max(values[-1], np.finfo(float).tiny)
    vectors = vectors[:, ::-1][:, there]
    rank = vectors.shape[1]
    if n_components != "auto":
        return [_in_subspace(sums, vectors[:, : int(n_components)])]
    some = [n for n in _COMPONENTS if n < rank] + [rank] * (rank > 0)
    return [_identity(sums), *(_in_subspace(sums, vectors[:, :n]) for n in some)]


def _tells(sums: ClassSums) -> bool:
    """Whether rows of one class, and class means, can be compared at all."""
    return sums.within_dof > 0.0 and sums.between_dof > 0.0 and float(np.trace(sums.within)) > 0.0


def _identity(sums: ClassSums) -> Metric:
    p, within, between, total = (
        sums.n_features,
        *(float(np.trace(part)) for part in (sums.within, sums.between, sums.total)),
    )
    w = within / max(sums.within_dof * p, 1.0)
    if sums.between_dof <= 0.0 or w <= 0.0:  # class means are taken to vary as rows do
        return Metric(0, None, w if w > 0.0 else max(total / max(sums.total_dof * p, 1.0), _LEAST), np.ones(1))
    d = (between / p - sums.noise * w) / sums.between_dof
    return Metric(0, None, w, np.array([max(d / w, _LEAST)]))


def _in_subspace(sums: ClassSums, basis: Array) -> Metric:
    r"""Rows within classes are white, class means uncorrelated: :math:`D v = \psi W v`, :math:`v^\top W v = 1`."""
    W = basis.T @ (sums.within / sums.within_dof) @ basis
    D = (basis.T @ sums.between @ basis - sums.noise * W) / sums.between_dof
    values, vectors = eigh(D, shrunk(W, sums.within_dof))
    psi, vectors = values[::-1], vectors[:, ::-1]
    kept = psi > _LEAST * max(psi[0], 1.0)
    kept[0] = True
    return Metric(basis.shape[1], basis @ vectors[:, kept], 1.0, np.maximum(psi[kept], _LEAST))
