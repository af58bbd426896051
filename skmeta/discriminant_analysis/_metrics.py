"""Metrics that sums over classes suggest: the identity, whitening within classes in a subspace, and both side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skmeta._inference.scatter import shrunk
from skmeta.discriminant_analysis._class_sums import ClassSums

Array = NDArray[np.float64]

_COMPONENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233)  # Fibonacci's numbers, some of all sizes
_ROUNDING = 1e-10  # guard: components that rounding makes
_LEAST = 1e-6  # guard: class means that scatter by less are not told apart by them


class Kind(NamedTuple):
    """How many components a metric is made of, 0 for the identity alone, and whether the identity stands beside them."""

    n_components: int
    beside_identity: bool = False

    def __str__(self) -> str:
        if not self.n_components:
            return "identity metric"
        return f"{self.n_components} components{' beside the identity' if self.beside_identity else ''}"


class Metric(NamedTuple):
    """A linear map of rows, and what is known of classes in its image.

    Rows ``X @ matrix`` have the covariance ``within`` times the identity within classes, and class means
    ``within * diag(between)`` around what they start from.
    """

    kind: Kind
    matrix: Array | None
    within: float
    between: Array


def kinds_of(sums: ClassSums) -> list[Kind]:
    """The candidates without the identity beside them, simpler ones first; the identity alone where nothing else is known."""
    if not sums.is_full or not _tells(sums):
        return [Kind(0)]
    p = sums.n_features
    return [Kind(0), *(Kind(n) for n in _COMPONENTS if n < p), Kind(p)]


def metrics_of(sums: ClassSums, kinds: list[Kind]) -> Iterator[Metric]:
    """The metrics of these kinds; the identity where sums know no others.

    Parameters
    ----------
    sums : ClassSums
        Of past tasks.
    kinds : list of Kind
        Components are those that there are, where more are asked for.

    Yields
    ------
    Metric
        One a kind.
    """
    identity, basis = _identity(sums), None
    for kind in kinds:
        if not kind.n_components or not sums.is_full or not _tells(sums):
            yield identity
            continue
        basis = _principal_components(sums.total) if basis is None else basis
        alone = _in_subspace(sums, basis[:, : kind.n_components], kind)
        yield _beside(identity, alone) if kind.beside_identity else alone


def _principal_components(total: Array) -> Array:
    """Directions ``(n_features, rank)`` in which rows scatter within tasks, by how much."""
    values, vectors = eigh(total)
    return np.asarray(vectors[:, ::-1][:, values[::-1] > _ROUNDING * max(values[-1], np.finfo(float).tiny)])


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
        return Metric(Kind(0), None, w if w > 0.0 else max(total / max(sums.total_dof * p, 1.0), _LEAST), np.ones(1))
    d = (between / p - sums.noise * w) / sums.between_dof
    return Metric(Kind(0), None, w, np.array([max(d / w, _LEAST)]))


def _in_subspace(sums: ClassSums, basis: Array, kind: Kind) -> Metric:
    r"""Rows within classes are white, class means uncorrelated: :math:`D v = \psi W v`, :math:`v^\top W v = 1`."""
    W = basis.T @ (sums.within / sums.within_dof) @ basis
    D = (basis.T @ sums.between @ basis - sums.noise * W) / sums.between_dof
    values, vectors = eigh(D, shrunk(W, sums.within_dof))
    psi, vectors = values[::-1], vectors[:, ::-1]
    # Means of labels that all tasks have tell classes apart also where they do not move.
    kept = (psi > _LEAST * max(psi[0], 1.0)) | (sums.means is not None)
    kept[0] = True
    return Metric(kind, basis @ vectors[:, kept], 1.0, np.maximum(psi[kept], _LEAST))


def _beside(identity: Metric, components: Metric) -> Metric:
    r"""The mean of the log densities of two laws, the identity's counting as many columns as the other has.

    A logarithmic opinion pool: under the identity metric :math:`p` columns, which depend on each other, would be taken for
    as many independent ones. Maps stand side by side; each column keeps what is known of class means in it.

    References
    ----------
    C. Genest and J. V. Zidek (1986), Combining probability distributions, Statistical Science 1(1), section 3.
    """
    columns = np.asarray(components.matrix)
    p, r = columns.shape
    as_it_is = np.sqrt(r / (p * identity.within)) * np.eye(p)
    matrix = np.sqrt(0.5) * np.column_stack([as_it_is, columns])
    between = np.concatenate([np.broadcast_to(identity.between, p), components.between])
    return Metric(components.kind, matrix, 1.0, between)
