"""The clusters of one task from a law of its centres: Lloyd's algorithm from where centres are expected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmeta.cluster._centers_law import CentersLaw
from skmeta.cluster._lloyd import Clusters, Rows, lloyd

Array = NDArray[np.float64]


class ClustersLaw(NamedTuple):
    """What a new task is expected to be: the law of its centres, the variance within clusters, and their shares."""

    centers: CentersLaw
    variance: float
    shares: Array


def starts_of(law: ClustersLaw, rows: Rows) -> list[Array]:
    r"""Centres to start from: the mean ones, and these shifted as the mean row says, whatever cluster each row is of.

    The mean of :math:`n` rows lies around that of the centres with the task's shift, and with the variance of rows between
    clusters and within them, over :math:`n`.
    """
    mean, n = law.centers.mean, rows.weight.sum()
    if n <= 0:
        return [mean]
    row_mean = np.asarray(rows.weight @ rows.X) / n
    drawn = law.centers.common / (law.centers.common + (1.0 + between(law)) / n)
    return [mean, mean + drawn * (row_mean - law.shares @ mean)]


def between(law: ClustersLaw) -> float:
    """Variance of a column between the mean centres, in units of the variance within clusters."""
    mean = law.centers.mean
    return float(law.shares @ np.square(mean - law.shares @ mean).sum(axis=1) / (mean.shape[1] * law.variance))


def wide(law: ClustersLaw) -> ClustersLaw:
    """The law of a task whose centres lie anywhere among the rows of past tasks: a deviation as wide as these lie apart."""
    mean, common, own = law.centers
    return law._replace(centers=CentersLaw(mean, common, own + between(law)))


def adapt_clusters(law: ClustersLaw, rows: Rows, more: list[Array], *, max_iter: int, tol: float) -> Clusters:
    """The best of the local minima that are reached from `starts_of` and from ``more`` centres."""
    starts = starts_of(law, rows) + more
    found = [lloyd(rows, law.centers, start, max_iter=max_iter, tol=tol) for start in starts]
    return min(found, key=lambda clusters: clusters.objective)
