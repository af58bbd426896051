"""What the next task's classes start from where all tasks have the same labels: class means that move together."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigh, solve_triangular

from skmeta._inference.group_sums import group_means
from skmeta._inference.scatter import shrunk
from skmeta.base._plain import Reader, reader
from skmeta.discriminant_analysis._adapted_discriminants import AdaptedDiscriminants, OwnRows
from skmeta.discriminant_analysis._discriminant_prior import DiscriminantPrior
from skmeta.discriminant_analysis._shift_sums import ShiftSums

Array = NDArray[np.float64]

_LEAST = 1e-6  # guard: variance of class means, in that of rows, where past tasks show none


class _AdaptedShifted(AdaptedDiscriminants):
    """Plain Pipelines: those of a prior that knows the class means of the task."""

    def learned(self, own: OwnRows, *, drawn_by_class: bool = False) -> Any:
        """What such rows make of the prior."""
        known = AdaptedDiscriminants(_given(self.prior, own), self.model, self.tasks)
        return known.learned(own, drawn_by_class=drawn_by_class)


@dataclass(frozen=True, eq=False, repr=False)
class ShiftedDiscriminantPrior(DiscriminantPrior):
    r"""A linear map of rows, the past means of labels in its image, and how those of a task move.

    With :math:`z = A^\top x`, a row of class :math:`c` in task :math:`t` is

    .. math:: z \sim N(m_{tc}, I), \qquad m_{tc} = \mu_c + s_t + d_{tc}, \qquad s_t \sim N(0, S), \quad
              d_{tc} \sim N(0, \operatorname{diag}(\psi)).

    A shift :math:`s_t` of all rows of a task, such as a person's way to carry a phone, is told by rows of any class: class
    means without rows of their own move along. All directions of the rows are kept, as in those in which class means do not
    move labels are told apart best.

    Parameters
    ----------
    shift : ndarray of shape (n_columns, n_columns)
        Covariance :math:`S` in the image. As past means are those of :math:`T` tasks, a new task is as far from them as
        :math:`(1 + 1 / T) S` and :math:`(1 + 1 / T) \psi` say, which is what is kept.
    shift_sums : ShiftSums
        That it was made from.
    """

    _adapted: ClassVar[type[AdaptedDiscriminants]] = _AdaptedShifted
    _nested: ClassVar[dict[str, Reader]] = {**DiscriminantPrior._nested, "shift_sums": reader(ShiftSums)}

    shift: Any = None
    shift_sums: Any = None


def with_shift(prior: DiscriminantPrior, shift_sums: ShiftSums) -> DiscriminantPrior:
    """The same prior with class means that move together; as it is, where nothing tells how rows of a class scatter."""
    sums = prior.sums
    if not sums.within_dof > 0.0 or not sums.between_dof > 0.0 or not np.trace(sums.within) > 0.0:
        return prior
    W = sums.within / sums.within_dof
    root = cholesky(shrunk(W, sums.within_dof), lower=True)
    moves = _whitened(root, (sums.between - sums.noise * W) / sums.between_dof)
    S = _positive(_whitened(root, shift_sums.covariance))
    D = _positive(moves - S)
    psi, V = eigh(shrunk(D, sums.between_dof) if np.trace(D) > 0.0 else D)
    matrix = solve_triangular(root, V, trans="T", lower=True)
    known = {field.name: getattr(prior, field.name) for field in fields(DiscriminantPrior)}
    more = 1.0 + float(np.mean(1.0 / sums.n_means[sums.n_means > 0.0]))  # past means are those of so many tasks
    found = {
        "n_components": sums.n_features,
        "within": 1.0,
        "between": np.maximum(more * psi, _LEAST),
        "matrix": matrix,
        "means": sums.known_means @ matrix,
        "class_precision": shift_sums.class_precision,
    }
    return ShiftedDiscriminantPrior(**(known | found), shift=more * V.T @ S @ V, shift_sums=shift_sums)


def _whitened(root: Array, C: Array) -> Array:
    """A covariance where the one with that root is the identity."""
    half = solve_triangular(root, C, lower=True)
    found: Array = solve_triangular(root, half.T, lower=True)
    return (found + found.T) / 2.0


def _positive(C: Array) -> Array:
    """The nearest covariance: directions of negative variance, which chance makes, have none."""
    values, vectors = eigh(C)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


class ShiftedMeans(NamedTuple):
    """Posterior class means ``(n_classes, n_columns)``, and the covariance of a new row around its class's."""

    means: Array
    covariance: Array


def posterior_shifted_means(means: Array, n_rows: Array, between: Array, shift: Array, start: Array) -> ShiftedMeans:
    r"""Class means of a task where rows of one class have unit variance in each column.

    With :math:`\Lambda_c = \operatorname{diag}(n_c / (n_c \psi + 1))`, what class :math:`c` tells of the shift,

    .. math:: V = \Big(S^{-1} + \sum_c \Lambda_c\Big)^{-1}, \quad \hat s = V \sum_c \Lambda_c (\bar z_c - \mu_c), \quad
              \hat m_c = \mu_c + \hat s + K_c (\bar z_c - \mu_c - \hat s), \quad K_c = \psi \Lambda_c,

    and a new row has the covariance :math:`I + (I - K_c) \psi + (I - K_c) V (I - K_c)`, of which the mean over classes is
    taken, so that scores of classes are linear.

    Parameters
    ----------
    means : ndarray of shape (n_classes, n_columns)
        Of the rows of each class; of a class without rows anything finite.
    n_rows : ndarray of shape (n_classes,)
        How many rows.
    between : ndarray of shape (n_columns,)
        Variances :math:`\psi`.
    shift : ndarray of shape (n_columns, n_columns)
        Covariance :math:`S`.
    start : ndarray of shape (n_classes, n_columns)
        Past means :math:`\mu_c`.

    Returns
    -------
    ShiftedMeans
        Of all classes.

    References
    ----------
    S. R. Searle, G. Casella and C. E. McCulloch (1992), Variance components, chapter 7: prediction of random effects.
    """
    n = n_rows[:, None]
    tells = n / (n * between + 1.0)
    values, vectors = eigh(shift)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    inner = np.eye(len(root)) + root.T @ (tells.sum(axis=0)[:, None] * root)
    V = root @ np.linalg.solve(inner, root.T)
    s = V @ np.sum(tells * (means - start), axis=0)
    left = 1.0 - between * tells
    covariance = np.diag(1.0 + np.mean(between * left, axis=0)) + V * (left.T @ left) / len(n)
    return ShiftedMeans(start + s + (1.0 - left) * (means - start - s), covariance)


def _given(prior: Any, own: OwnRows) -> DiscriminantPrior:
    """The prior under which class means are the posterior ones and do not move, and rows scatter as new ones do."""
    place, (n_classes, n_columns) = np.searchsorted(prior.classes, own.y), prior.means.shape
    n: Array = np.bincount(place, own.weight, minlength=n_classes).astype(float)
    means = group_means(own.X @ prior.matrix, place, n, own.weight)
    found = posterior_shifted_means(means, n, prior.between, prior.shift, prior.means)
    root = cholesky(found.covariance, lower=True)
    return DiscriminantPrior.like(
        prior,
        matrix=solve_triangular(root, prior.matrix.T, lower=True).T,
        means=solve_triangular(root, found.means.T, lower=True).T,
        between=np.zeros(n_columns),
    )
