"""Lloyd's algorithm where centres have a prior: each step lowers one sum of squares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from skmeta.cluster._expected_centers import ExpectedCenters, posterior

Array = NDArray[np.float64]


class Rows(NamedTuple):
    """Rows of one task, their weights, and their squared norms."""

    X: Any
    weight: Array
    norms: Array


class Clusters(NamedTuple):
    """A task's clusters: centres and shift, label of each row, the sum of squares, and the steps it took."""

    centers: Array
    shift: Array
    labels: NDArray[np.int32]
    objective: float
    n_iter: int


def rows_of(X: Any, weight: Any = None) -> Rows:
    """Rows with ones for weights where there are none."""
    return Rows(X, np.ones(X.shape[0]) if weight is None else weight, row_norms(X, squared=True))


def lloyd(rows: Rows, prior: ExpectedCenters, centers: Array, *, max_iter: int, tol: float) -> Clusters:
    r"""A local minimum of a sum of squares with the prior's, from ``centers`` on.

    .. math:: \sum_i w_i \lVert x_i - m_{z_i} \rVert^2 + \sum_k \lVert m_k - \mu_k - a \rVert^2 / \omega_k
              + \lVert a \rVert^2 / \tau.

    Given the shift :math:`a` this is k-means on the rows and one more row in each cluster, :math:`\mu_k + a` of weight
    :math:`1 / \omega_k`. It stops where no label changes, or the centres move by no more than ``tol`` in squares.

    References
    ----------
    S. P. Lloyd (1982), Least squares quantization in PCM, IEEE Transactions on Information Theory 28.
    """
    labels, n_iter = np.full(rows.X.shape[0], -1, dtype=np.int32), 0
    shift = np.zeros(prior.mean.shape[1])
    while n_iter < max_iter:
        n_iter += 1  # the last step, in which no label changes, counts as in scikit-learn
        found = nearest(rows, centers)[0]
        if np.array_equal(found, labels):
            break
        labels = found
        at = posterior(prior, *sums_of(rows, labels, len(centers)))
        before, centers, shift = centers, at.centers(prior), at.shift
        if np.square(centers - before).sum() <= tol:
            break
    labels, squares = nearest(rows, centers)
    objective = float(rows.weight @ squares) + _penalty(prior, centers, shift)
    return Clusters(centers, shift, labels, objective, n_iter)


def nearest(rows: Rows, centers: Array) -> tuple[NDArray[np.int32], Array]:
    """The nearest centre of each row, and the squared distance to it."""
    partial = np.square(centers).sum(axis=1) - 2.0 * safe_sparse_dot(rows.X, centers.T, dense_output=True)
    labels = partial.argmin(axis=1).astype(np.int32)
    return labels, np.maximum(rows.norms + partial[np.arange(len(labels)), labels], 0.0)


def sums_of(rows: Rows, labels: NDArray[np.int32], n_clusters: int) -> tuple[Array, Array]:
    """Weight ``(K,)`` and weighted sum of the rows ``(K, p)`` of each cluster."""
    belongs = np.zeros((n_clusters, len(labels)))  # no larger than the distances that `nearest` compares
    belongs[labels, np.arange(len(labels))] = rows.weight
    return belongs.sum(axis=1), np.asarray(belongs @ rows.X)


def _penalty(prior: ExpectedCenters, centers: Array, shift: Array) -> float:
    """Of centres and shift; what cannot vary does not."""
    squares = np.square(centers - prior.mean - shift).sum(axis=1)
    own = np.divide(squares, prior.center_variance, out=np.zeros_like(squares), where=prior.center_variance > 0).sum()
    return float(own + (np.square(shift).sum() / prior.shift_variance if prior.shift_variance > 0 else 0.0))
