"""The clusters of one task from a prior of its centres: Lloyd's algorithm from where centres are expected."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmeta.cluster._expected_centers import ExpectedCenters
from skmeta.cluster._lloyd import Clusters, Rows, lloyd

Array = NDArray[np.float64]


class ExpectedClusters(NamedTuple):
    """What a new task is expected to be: the prior of its centres, the variance within clusters, and their shares."""

    centers: ExpectedCenters
    variance: float
    shares: Array


def starts_of(prior: ExpectedClusters, rows: Rows) -> list[Array]:
    r"""Centres to start from: the mean ones, and these shifted as the mean row says, whatever cluster each row is of.

    The mean of :math:`n` rows lies around that of the centres with the task's shift, and with the variance of rows between
    clusters and within them, over :math:`n`.
    """
    mean, n = prior.centers.mean, rows.weight.sum()
    if n <= 0:
        return [mean]
    row_mean = np.asarray(rows.weight @ rows.X) / n
    drawn = prior.centers.shift_variance / (prior.centers.shift_variance + (1.0 + between(prior)) / n)
    return [mean, mean + drawn * (row_mean - prior.shares @ mean)]


def between(prior: ExpectedClusters) -> float:
    """Variance of a column between the mean centres, in units of the variance within clusters."""
    mean = prior.centers.mean
    return float(prior.shares @ np.square(mean - prior.shares @ mean).sum(axis=1) / (mean.shape[1] * prior.variance))


def diffuse(prior: ExpectedClusters) -> ExpectedClusters:
    """The prior of a task whose centres lie anywhere among the rows of past tasks: a deviation as wide as these lie apart."""
    mean, common, own = prior.centers
    return prior._replace(centers=ExpectedCenters(mean, common, own + between(prior)))


def adapt_clusters(prior: ExpectedClusters, rows: Rows, more: list[Array], *, max_iter: int, tol: float) -> Clusters:
    """The best of the local minima that are reached from `starts_of` and from ``more`` centres."""
    starts = starts_of(prior, rows) + more
    found = [lloyd(rows, prior.centers, start, max_iter=max_iter, tol=tol) for start in starts]
    return min(found, key=lambda clusters: clusters.objective)
