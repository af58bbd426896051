"""Tasks made from rows without labels: clusters of random projections stand in for classes."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.utils import check_array, check_random_state, check_scalar

from skmeta.tasks._numbers import numeric_features
from skmeta.tasks._stack import stack_tasks
from skmeta.tasks._tables import as_table


def pseudo_label_tasks(
    X: Any,
    *,
    n_tasks: int = 6,
    n_clusters: int = 100,
    n_components: int = 16,
    task: str = "task",
    random_state: Any = None,
) -> tuple[Any, NDArray[np.intp]]:
    r"""Make classification tasks from rows without labels, so that a learner may learn what makes rows alike.

    Each task has all rows. Its labels are the clusters that k-means finds in a random projection of them,

    .. math:: z = x R, \quad R_{jk} \sim N(0, 1),

    whose columns are scaled to a variance of one. Rows that fall into one cluster are taken for rows of one class: a
    learner of what tells *new* classes apart, from a few examples of each, needs no more. It is worth what clusters have
    to do with the classes to come; held-out tasks of the collection cannot tell, as their labels are clusters too.

    Parameters
    ----------
    X : frame, sparse matrix or array-like of shape (n_rows, n_columns)
        Rows without labels, and without missing values. Columns of large variance have the most to say, as in k-means:
        bring them into comparable units first.
    n_tasks : int, default=6
        Number of projections, and of tasks; at least 2, as learners learn from several. The table that comes back has
        ``n_tasks * n_rows`` rows.
    n_clusters : int, default=100
        Clusters of a task, at least 2 and at most one for two rows.
    n_components : int, default=16
        Columns of a projection, where `X` has as many.
    task : str, default="task"
        Name of the task column that is appended to a frame; in arrays it is column -1.
    random_state : int, RandomState instance or None, default=None
        Seed of the projections and of k-means.

    Returns
    -------
    X : table of shape (n_tasks * n_rows, n_columns + 1)
        The rows, once for each task, and the number of the task.
    y : ndarray of shape (n_tasks * n_rows,), dtype int
        The clusters. No two tasks share a label: cluster 3 of one projection is nothing to cluster 3 of another.

    Raises
    ------
    ValueError
        If there are fewer than two rows for a cluster, a column is no number or a value is missing.

    References
    ----------
    K. Hsu, S. Levine, C. Finn (2019). Unsupervised learning via meta-learning. ICLR (CACTUs). There the columns of a
    learned embedding are weighted at random, here they are projected.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmeta import pseudo_label_tasks
    >>> images = load_digits().data
    >>> X, y = pseudo_label_tasks(images, n_tasks=3, n_clusters=50, random_state=0)
    >>> images.shape, X.shape, len(set(y))
    ((1797, 64), (5391, 65), 150)
    """
    least = {"n_tasks": (n_tasks, 2), "n_clusters": (n_clusters, 2), "n_components": (n_components, 1)}
    for name, (value, smallest) in least.items():
        check_scalar(value, name, Integral, min_val=smallest)
    X, _ = as_table(X)
    features = check_array(numeric_features(X), accept_sparse="csr", input_name="X")
    if 2 * n_clusters > features.shape[0]:
        raise ValueError(
            f"n_clusters: wanted at least two rows for a cluster, found n_clusters={n_clusters} for {features.shape[0]} "
            "rows; pass a smaller one."
        )
    rng = check_random_state(random_state)
    labels = [clusters_of_projection(features, n_clusters, n_components, rng) + k * n_clusters for k in range(n_tasks)]
    return stack_tasks([(X, each) for each in labels], task=task)


def clusters_of_projection(features: Any, n_clusters: int, n_components: int, rng: RandomState) -> NDArray[np.intp]:
    """Return the cluster of every row in a random projection, whose columns have a variance of one."""
    n_columns = features.shape[1]
    projected = np.asarray(features @ rng.normal(size=(n_columns, min(n_components, n_columns))))
    scale = projected.std(axis=0)
    projected /= np.where(scale > 0, scale, 1.0)
    return KMeans(n_clusters, n_init=1, random_state=rng).fit_predict(projected).astype(np.intp)
