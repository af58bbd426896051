"""A task's own clusters, fitted without any past, under the labels that past ones have."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import AdaptedEstimators
from skmeta.cluster import _plain_k_means, _plain_mixture
from skmeta.cluster._alignment import alignment
from skmeta.compose import OwnModelPrior
from skmeta.compose._own_model import OwnModels
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OwnClusters(OwnModelPrior):
    """The plain clusterer, fitted to a task's own rows; its labels are those that fit the mean centres of the past best.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        Mean centres.
    """

    centers: Array

    @abstractmethod
    def align(self, fitted: Any) -> None:
        """Put the clusters of a fitted estimator in the order of ``centers``, in place."""

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Fit ``estimator`` to each of some tasks, when it is asked for, see `OwnModelPrior.adapt_tasks`."""
        return _Aligned(self, estimator, tasks)


class OwnKMeans(OwnClusters):
    """The plain k-means of a task."""

    def align(self, fitted: Any) -> None:
        """Put its clusters in the order of ``centers``."""
        _plain_k_means.relabel(fitted, alignment(fitted.cluster_centers_, self.centers))


class OwnMixture(OwnClusters):
    """The plain Gaussian mixture of a task."""

    def align(self, fitted: Any) -> None:
        """Put its components in the order of ``centers``."""
        _plain_mixture.relabel(fitted, alignment(fitted.means_, self.centers))


class _Aligned(OwnModels):
    """Plain clones, each fitted once, with aligned labels."""

    def estimator(self, code: int) -> Any:
        """The clone fitted to the rows of one task."""
        known = code in self._fitted
        fitted = super().estimator(code)
        if not known:
            self.prior.align(fitted)
        return fitted
