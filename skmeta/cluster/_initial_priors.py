"""Where learning begins: clusters of all rows together, and those of single tasks with their labels aligned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from skmeta.cluster._adapt_clusters import ExpectedClusters
from skmeta.cluster._alignment import alignment
from skmeta.cluster._expected_centers import ExpectedCenters
from skmeta.cluster._learn_clusters import prior_of_aligned
from skmeta.cluster._lloyd import Rows
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


def initial_priors(
    estimator: Any, tasks: Tasks, rows: list[Rows], max_tasks: int, n_jobs: int | None
) -> list[ExpectedClusters]:
    """Priors to begin with: of the clusters of all rows, and of those of large tasks, if there are such."""
    place = np.argsort(tasks.order)  # where each row is, task by task
    together = repeatable(estimator).fit(tasks.X, sample_weight=np.concatenate([each.weight for each in rows])[place])
    K, p = together.cluster_centers_.shape
    variance = max(together.inertia_ / (tasks.n_rows * p), np.finfo(float).tiny)
    shares = (np.bincount(together.labels_, minlength=K) + 1.0) / (tasks.n_rows + K)
    priors = [ExpectedClusters(ExpectedCenters(together.cluster_centers_, 1.0, np.ones(K)), variance, shares)]
    large = tasks.some(max_tasks, np.flatnonzero(tasks.counts > 2 * K))
    if len(large) > 1:
        alone = Parallel(n_jobs=n_jobs)(delayed(fitted_alone)(estimator, rows[code]) for code in large)
        inside = sum(each.inertia_ for each in alone) / ((tasks.counts[large] - K).sum() * p)
        priors.append(prior_of_aligned(np.stack([e.cluster_centers_ for e in alone]), inside or variance, shares))
    return priors


def own_start(estimator: Any, rows: Rows, prior: ExpectedClusters) -> list[Array]:
    r"""Centres by k-means++ of the rows, one more start where those of the prior are worth less than a row each.

    That is where :math:`\bar\omega > 1`: a start changes which local minimum is found, never what is minimised.
    """
    if prior.centers.center_variance.mean() <= 1.0 or np.count_nonzero(rows.weight) < len(prior.shares):
        return []
    own = fitted_alone(estimator, rows).cluster_centers_
    return [own[alignment(own, prior.centers.mean)]]


def fitted_alone(estimator: Any, rows: Rows) -> Any:
    """The plain clusterer of the rows of one task."""
    return repeatable(estimator).fit(rows.X, sample_weight=rows.weight)


def repeatable(estimator: Any) -> Any:
    """An unfitted clone that starts at the same places each time."""
    return clone(estimator) if estimator.random_state is not None else clone(estimator).set_params(random_state=0)
