"""Metrics that sums over classes suggest: the identity, whitening within classes in a subspace, or before unit length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from skmeta._inference.scatter import shrunk
from skmeta.discriminant_analysis._class_sums import ClassSums, class_sums
from skmeta.discriminant_analysis._unit_length import SHRINKAGES, Spectrum, unit_rows
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

_COMPONENTS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233)  # Fibonacci's numbers, some of all sizes
_ROUNDING = 1e-10  # guard: components that rounding makes
_LEAST = 1e-6  # guard: class means that scatter by less are not told apart by them


class Kind(NamedTuple):
    """How many components a metric is made of, 0 for the identity; or how whitening shrinks, where rows have unit length."""

    n_components: int = 0
    shrinkage: float | None = None

    def __str__(self) -> str:
        if self.shrinkage is not None:
            return f"unit length, shrinkage {self.shrinkage:g}"
        return f"{self.n_components} components" if self.n_components else "identity metric"


class Metric(NamedTuple):
    """A map of rows, and what is known of classes in its image.

    Rows ``X @ matrix``, or ``unit_rows(X, centre, matrix)`` where there is a centre, have the covariance ``within`` times the
    identity within classes, and class means ``within * diag(between)`` around what they start from.
    """

    kind: Kind
    matrix: Array | None
    within: float
    between: Array
    centre: Array | None = None

    def image(self, X: Any) -> Any:
        """The mapped rows."""
        if self.matrix is None:
            return X
        return X @ self.matrix if self.centre is None else unit_rows(X, self.centre, self.matrix)

    def with_law_of(self, image: ClassSums) -> Metric:
        """The same map, and what sums over classes in its image say of these."""
        found = _identity(image)
        return self._replace(within=found.within, between=found.between)


def kinds_of(sums: ClassSums) -> list[list[Kind]]:
    """The candidates in groups, simpler ones first; the identity alone where nothing else is known."""
    identity = [Kind()]
    if not sums.is_full or not _tells(sums):
        return [identity]
    p = sums.n_features
    components = [*(Kind(n) for n in _COMPONENTS if n < p), Kind(p)]
    return [identity, components, [Kind(shrinkage=share) for share in SHRINKAGES] if p > 1 else []]


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
        One a kind. Where rows have unit length nothing is known of classes yet, see `Metric.with_law_of`.
    """
    identity, basis, spectrum = _identity(sums), None, None
    for kind in kinds:
        if kind == Kind() or not sums.is_full or not _tells(sums):
            yield identity
        elif kind.shrinkage is not None:
            spectrum = Spectrum(sums.within / sums.within_dof) if spectrum is None else spectrum
            yield Metric(kind, spectrum.whitening(kind.shrinkage), 1.0, np.ones(1), sums.centre)
        else:
            basis = _principal_components(sums.total) if basis is None else basis
            yield _in_subspace(sums, basis[:, : kind.n_components], kind)


def image_sums(metric: Metric, X: Any, tasks: Tasks, classes: NDArray[Any] | None) -> ClassSums | None:
    """Traces over classes of rows of unit length; None where those of rows as they are tell all of their image."""
    return None if metric.centre is None else class_sums(metric.image(X), tasks, classes, full=False)


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
        return Metric(Kind(), None, w if w > 0.0 else max(total / max(sums.total_dof * p, 1.0), _LEAST), np.ones(1))
    d = (between / p - sums.noise * w) / sums.between_dof
    return Metric(Kind(), None, w, np.array([max(d / w, _LEAST)]))


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
