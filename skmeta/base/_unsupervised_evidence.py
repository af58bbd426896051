"""Evidence where rows have no targets: how well rows that were left out are described."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import gammaln
from sklearn.utils.extmath import row_norms

Array = NDArray[np.float64]

_DOF = 1.0  # degrees of freedom with which a task's noise is tied to the scale of its targets: a unit-information prior


def unsupervised_scores(
    adapted: Any, X: Any, codes: NDArray[np.intp], weight: Array, owner: NDArray[np.intp], n_tasks: int
) -> Array:
    r"""Log score ``(n_tasks,)`` of rows under estimators that have not seen them.

    Of models of the density its logarithm, `score_samples`. Of others the density of rows around the nearest centre, whose
    squared distances :math:`d_i^2` are the least that `transform` gives: k-means as a mixture of spheres of one size, that
    size integrated around the mean variance :math:`s^2` of the task's columns,

    .. math:: \log t_\nu(x - m(x) \mid 0, s^2 I_{n p}) \quad \text{with } \nu = 1,

    which is lower the higher the inertia of the rows left out is.
    """
    if hasattr(adapted.model, "score_samples"):
        return np.bincount(owner, weight * adapted.score_samples(X, codes), minlength=n_tasks).astype(float)
    squares = adapted.transform(X, codes).min(axis=1) ** 2
    Z = X if sparse.issparse(X) else np.asarray(X, dtype=float)
    belongs = sparse.csr_array((weight, (owner, np.arange(len(owner)))), shape=(n_tasks, len(owner)))
    n = np.maximum(belongs.sum(axis=1), np.finfo(float).tiny)
    centre = row_norms(belongs @ Z, squared=True) / n**2
    scale = belongs @ row_norms(Z, squared=True) / n - centre
    scale = np.where(scale > 0, scale, np.where(centre > 0, centre, 1.0)) / Z.shape[1]  # a single row, or rows alike
    return student_t(n * Z.shape[1], belongs @ squares, scale)


def student_t(n: Array, square: Array, scale: Array) -> Array:
    """Log density of ``n`` residuals whose squares sum to ``square``, their variance around ``scale`` integrated."""
    half = (_DOF + n) / 2.0
    constant = gammaln(half) - gammaln(_DOF / 2.0) - n / 2.0 * np.log(_DOF * np.pi * scale)
    return np.asarray(constant - half * np.log1p(square / (_DOF * scale)))
