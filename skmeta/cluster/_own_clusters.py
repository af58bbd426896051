"""A task's own clusters, fitted without any past, under the labels that past ones have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta.base import AdaptedEstimators
from skmeta.cluster._alignment import alignment
from skmeta.compose import OwnModel
from skmeta.compose._own_model import OwnModels
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class OwnClusters(OwnModel):
    """The plain clusterer, fitted to a task's own rows; its labels are those that fit the mean centres of the past best.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        Mean centres.
    size : str
        The estimator's parameter that says how many clusters there are.
    relabel : callable
        ``relabel(fitted, permutation)`` puts the clusters of a fitted estimator in another order.
    """

    centers: Array
    size: str
    relabel: Callable[[Any, NDArray[np.intp]], None]

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Fit ``estimator`` to each of some tasks, when it is asked for, see `OwnModel.adapt_tasks`."""
        return _Relabelled(self, estimator, tasks)

    def _evidence_of_one(self, estimator: Any, task: Tasks) -> float:
        """As many rows as clusters, less one, make one cluster less."""
        if task.n_rows < len(self.centers):
            return -np.inf
        n_clusters = min(len(self.centers), task.n_rows - 1)
        return _PLAIN._evidence_of_one(clone(estimator).set_params(**{self.size: n_clusters}), task)


_PLAIN = OwnModel()


class _Relabelled(OwnModels):
    """Plain clones, each fitted once, with aligned labels."""

    def estimator(self, code: int) -> Any:
        """The clone fitted to the rows of one task."""
        known = code in self._fitted
        fitted = super().estimator(code)
        if not known:
            found = fitted.cluster_centers_ if hasattr(fitted, "cluster_centers_") else fitted.means_
            self.prior.relabel(fitted, alignment(found, self.prior.centers))
        return fitted
