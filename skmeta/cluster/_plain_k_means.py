"""Plain fitted k-means estimators around centres that were found elsewhere."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta.cluster._lloyd import Clusters

Array = NDArray[np.float64]


def template(model: Any, n_features: int, feature_names: tuple[str, ...] | None, dtype: Any) -> Any:
    """A fitted clone with any centres: scikit-learn itself writes all that its methods need beside these."""
    apart = np.zeros((model.n_clusters, n_features), dtype=dtype)
    apart[:, :1] = np.arange(model.n_clusters)[:, None]
    fitted = clone(model).set_params(init=apart, n_init=1, max_iter=1).fit(apart)
    fitted.set_params(init=model.init, n_init=model.n_init, max_iter=model.max_iter)
    if feature_names is not None:
        fitted.feature_names_in_ = np.array(feature_names, dtype=object)
    return fitted


def filled(model: Any, clusters: Clusters, inertia: float) -> Any:
    """A copy of the template with these clusters."""
    fitted = deepcopy(model)
    fitted.cluster_centers_ = np.ascontiguousarray(clusters.centers, dtype=model.cluster_centers_.dtype)
    fitted.labels_, fitted.inertia_, fitted.n_iter_ = clusters.labels, inertia, clusters.n_iter
    return fitted


def relabel(fitted: Any, permutation: NDArray[np.intp]) -> None:
    """Put the clusters of a fitted estimator in another order."""
    fitted.cluster_centers_ = np.ascontiguousarray(fitted.cluster_centers_[permutation])
    fitted.labels_ = np.argsort(permutation).astype(fitted.labels_.dtype)[fitted.labels_]
