"""Which cluster of one task is which of another: labels aligned by the least sum of squared distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Array = NDArray[np.float64]

_ROUNDS = 10  # guard: means of aligned centres settle after two or three


def alignment(centers: Array, reference: Array) -> NDArray[np.intp]:
    r"""The permutation with which ``centers[permutation]`` lie nearest to ``reference``, but for a common shift.

    .. math:: \min_{\pi, a} \sum_k \lVert c_{\pi(k)} - r_k - a \rVert^2

    The best shift is the difference of the means, whatever the permutation is; the rest is an assignment problem.

    References
    ----------
    H. W. Kuhn (1955), The Hungarian method for the assignment problem, Naval Research Logistics Quarterly 2.
    """
    ours, theirs = (each - each.mean(axis=0) for each in (centers, reference))
    # Squares of the norms are the same for every permutation: the products decide.
    return np.asarray(linear_sum_assignment(theirs @ ours.T, maximize=True)[1], dtype=np.intp)


def mean_of_aligned(centers: Array) -> Array:
    """Mean centres ``(K, p)`` of tasks ``(T, K, p)`` whose labels are in no order: generalised Procrustes analysis.

    Labels are first those of the task that all others are nearest to, then those of the mean, until it stays the same.
    The mean is a median in each coordinate: a task may have found other clusters than the rest.
    """
    reference = _medoid(centers)
    for _ in range(_ROUNDS):
        aligned = np.stack([each[alignment(each, reference)] for each in centers])
        level = aligned.mean(axis=1, keepdims=True)
        found = np.median(aligned - level, axis=0) + np.median(level, axis=0)
        if np.allclose(found, reference):
            break
        reference = found
    return reference


def _medoid(centers: Array) -> Array:
    """The centres of the task to which those of the others are nearest, as each is aligned to it."""
    level = centers.mean(axis=1, keepdims=True)
    cost = [
        sum(np.square(each[alignment(each, one)] - one).sum() for each in centers - level) for one in centers - level
    ]
    found: Array = centers[int(np.argmin(cost))]
    return found
