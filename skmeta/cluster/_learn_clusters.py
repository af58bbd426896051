"""The prior of clusters from many tasks: their clusters given the prior, and the prior given their clusters, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skmeta.base._parts_of_work import PartsOfWork
from skmeta.cluster._adapt_clusters import ExpectedClusters, adapt_clusters
from skmeta.cluster._alignment import alignment, mean_of_aligned
from skmeta.cluster._expected_centers import ExpectedCenters, learned_centers, log_marginal
from skmeta.cluster._lloyd import Clusters, Rows, sums_of

Array = NDArray[np.float64]

_ROUNDS = 20  # guard: labels settle after three to six rounds
_EM_STEPS = 10  # of the prior in each round, which begins where the last one ended
_LEAST = 1e-2  # guard: EM never leaves a variance of zero
_ALTERNATIONS = 2  # guard: of prior and variance in each round; rounds go on until neither moves
_ROUNDING = 1e-12  # guard: rows that lie on their centres leave a variance of rounding
_SETTLED = 1e-6  # relative change of the objective


class Learned(NamedTuple):
    """A prior, the log density of all rows with their labels under it, and the clusters of each task."""

    prior: ExpectedClusters
    objective: float
    clusters: list[Clusters]


def prior_of_aligned(centers: Array, variance: float, shares: Array) -> ExpectedClusters:
    """A first prior from centres ``(T, K, p)`` that tasks found on their own, whose labels are in no order."""
    mean = mean_of_aligned(centers)
    aligned = np.stack([each[alignment(each, mean)] for each in centers])
    shift = (aligned - mean).mean(axis=1)
    own = np.square(aligned - mean - shift[:, None]).mean() / variance
    common = max(float(np.square(shift).mean() / variance), _LEAST)
    return ExpectedClusters(ExpectedCenters(mean, common, np.full(len(mean), max(own, _LEAST))), variance, shares)


def ends_of(
    starts: Sequence[ExpectedClusters], tasks: Sequence[Rows], parts: PartsOfWork, **options: Any
) -> list[Learned]:
    """Where learning leads from each of several priors; making these was the first of the ``parts`` of the work."""
    parts.did(1)
    return [
        learned_clusters(start, tasks, progress=parts.part(number), **options)
        for number, start in enumerate(starts, start=1)
    ]


def learned_clusters(
    prior: ExpectedClusters, tasks: Sequence[Rows], *, max_iter: int, n_past: float = 0.0, progress: Any = None
) -> Learned:
    """The prior, from a first one on, until the density of the rows and their labels rises no more; the past counts.

    ``progress(done, total)`` is called after each round.
    """
    past, objective, K = prior, -np.inf, len(prior.shares)
    clusters: list[Any] = [None] * len(tasks)
    for done in range(1, _ROUNDS + 1):
        clusters = [
            adapt_clusters(prior, rows, [] if own is None else [own.centers], max_iter=max_iter, tol=0.0)
            for rows, own in zip(tasks, clusters, strict=True)
        ]
        statistics = statistics_of(tasks, [own.labels for own in clusters], K)
        prior = _prior_of_labels(prior, past, statistics, n_past)
        before, objective = objective, log_density(prior, statistics)
        if progress is not None:
            progress(done, _ROUNDS)
        if objective - before <= _SETTLED * abs(objective):
            break
    return Learned(prior, objective, clusters)


class Statistics(NamedTuple):
    """Of the clusters of tasks: weights ``(T, K)``, sums of rows ``(T, K, p)``, sums of squares about zero ``(T,)``."""

    counts: Array
    sums: Array
    about_zero: Array

    @property
    def within(self) -> Array:
        """Sums of squares around the clusters' means ``(T,)``."""
        squares = np.square(self.sums).sum(axis=-1)
        n = self.counts
        return self.about_zero - np.divide(squares, n, out=np.zeros_like(squares), where=n > 0).sum(axis=-1)


def statistics_of(tasks: Sequence[Rows], labels: Sequence[NDArray[np.int32]], n_clusters: int) -> Statistics:
    """What the prior needs to know of tasks whose rows have these labels."""
    sums = [sums_of(rows, own, n_clusters) for rows, own in zip(tasks, labels, strict=True)]
    about_zero = np.array([rows.weight @ rows.norms for rows in tasks])
    return Statistics(np.stack([n for n, _ in sums]), np.stack([s for _, s in sums]), about_zero)


def _prior_of_labels(
    prior: ExpectedClusters, past: ExpectedClusters, found: Statistics, n_past: float
) -> ExpectedClusters:
    """The prior given which cluster each row is of."""
    T, p, n = len(found.counts), found.sums.shape[-1], found.counts.sum()
    centers, variance, past_weight = prior.centers, prior.variance, n_past / (n_past + T)
    for _ in range(_ALTERNATIONS):
        known = past.centers.in_units(past.variance / variance)
        centers = learned_centers(centers, known, found.counts, found.sums, variance, past_weight, _EM_STEPS)
        _, quadratic = log_marginal(centers, found.counts, found.sums)
        new = max(float((found.within + quadratic).sum()), _ROUNDING * float(found.about_zero.sum())) / (n * p)
        new = past_weight * past.variance + (1.0 - past_weight) * (new or 1.0)
        centers, variance = centers.in_units(variance / new), new
    shares = (found.counts.sum(axis=0) + 1.0) / (
        n + found.counts.shape[1]
    )  # one more row each: no cluster is impossible
    return ExpectedClusters(centers, variance, past_weight * past.shares + (1.0 - past_weight) * shares)


def log_density(prior: ExpectedClusters, found: Statistics) -> float:
    """Of all rows and their labels, centres integrated out."""
    p, n = found.sums.shape[-1], found.counts.sum()
    determinant, quadratic = log_marginal(prior.centers, found.counts, found.sums)
    rows = n * p * np.log(2.0 * np.pi * prior.variance) + (found.within + quadratic).sum() / prior.variance
    return float(found.counts.sum(axis=0) @ np.log(prior.shares) - 0.5 * (rows + p * determinant.sum()))
