"""Columns in which a Gaussian process with a learned kernel is a linear model."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.kernel_approximation import Nystroem

from skmeta.gaussian_process._kernels import GivenKernel, LearnableKernel
from skmeta.gaussian_process._summed_likelihood import learned_hyperparameters
from skmeta.tasks import Tasks, spread_rows
from skmeta.tasks._row_order import ranks_of_rows

Array = NDArray[np.float64]


class Limits(NamedTuple):
    """How much is looked at, see `GaussianProcessLearner`: columns, rows of all tasks, rows of each."""

    columns: int = 60
    rows: int = 2000
    task_rows: int = 50


def kernel_columns(
    kernel: LearnableKernel | GivenKernel, X: Array, deviations: Array, tasks: Tasks, limits: Limits
) -> Nystroem | None:
    r"""Columns :math:`\varphi` whose inner products are the kernel of the tasks' deviations, learned from these.

    .. math:: \varphi(x) = K_{ZZ}^{-1/2} k(Z, x), \qquad b^\top \varphi(x) \sim GP(0, c k) \text{ for } b \sim N(0, c I),

    around centres :math:`Z` of the rows, as many of them as the kernel has eigenvalues that all rows together tell from the
    noise: :math:`N c \lambda_j > s`. A linear model of these columns may have any other covariance of :math:`b` too.

    Returns
    -------
    Nystroem or None
        Fitted; None where deviations are a level and noise.

    References
    ----------
    C. K. I. Williams and M. Seeger (2001), Using the Nystroem method to speed up kernel machines, NIPS 13.
    """
    if not np.any(deviations):
        return None
    parts = [(X[rows], deviations[rows]) for rows in _rows_to_learn_from(X, tasks, limits)]
    found = learned_hyperparameters(kernel.gram, parts, kernel.starts, kernel.bounds, kernel.optimizer)
    many = _centres(X, limits.columns)
    noise = found.noise + found.scale * kernel.noise_in(found.theta, many)
    columns = kernel.features(found.theta, len(many))
    eigenvalues = np.linalg.svd(columns.fit(many).normalization_, compute_uv=False) ** -2.0 / len(many)
    n = int(np.sum(len(X) * found.scale * eigenvalues > noise))
    if n == 0:
        return None
    columns = kernel.features(found.theta, n).fit(_centres(X, n))
    if tasks.feature_names is not None:
        columns.feature_names_in_ = np.asarray(tasks.feature_names, dtype=object)
    return columns


def _rows_to_learn_from(X: Array, tasks: Tasks, limits: Limits) -> list[NDArray[np.intp]]:
    """Of each of some tasks, of all sizes."""
    codes = np.flatnonzero(tasks.counts)
    mean = np.minimum(tasks.counts[codes], limits.task_rows).mean()
    some = tasks.some(max(int(limits.rows / mean), 1), codes)
    rows = [tasks.rows_of(code) for code in some.tolist()]
    return [own[spread_rows(X[own], limits.task_rows)] for own in rows]


def _centres(X: Array, n: int) -> Array:
    """Means of clusters of the rows, in columns of unit spread."""
    scale = X.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    points = np.unique(X / scale, axis=0)
    points = points[
        np.argsort(ranks_of_rows(points), kind="stable")
    ]  # neither the order of rows nor of columns matters
    if len(points) <= n:
        return np.asarray(points * scale)
    return np.asarray(KMeans(n, n_init=1, random_state=0).fit(points).cluster_centers_ * scale)
