"""Small symmetric matrices by the thousand: inverses, log-determinants and square roots, batched."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtri

Array = NDArray[Any]

TINY = 1e-300  # guard: what a divisor is at least, where zero divided by it should be zero
_BIG = 1e100  # guard: above any quadratic form
_ROUNDED = 1e-5  # guard: share of its diagonal entry that no rounding takes from a direction
_DIRECT = 6  # speed: up to this width one batched LAPACK call is cheaper than blocks within blocks
_ONE_BY_ONE = 16  # speed: from this width on, so is one that knows a triangle, matrix by matrix


diagonal = partial(np.diagonal, axis1=-2, axis2=-1)  # of (..., p, p) matrices
times = partial(np.einsum, "...ij,...j->...i")  # matrices (..., q, p) by vectors (..., p)


def symmetrize(matrix: Array) -> Array:
    """Remove the rounding asymmetry of ``(..., p, p)`` matrices."""
    return 0.5 * (matrix + np.swapaxes(matrix, -1, -2))


def cholesky(matrix: Array) -> Array:
    """Lower factors of symmetric ``(..., p, p)`` matrices that are positive definite but for rounding.

    Numbers far apart (dollars beside shares, a wild cell) leave a matrix with directions that rounding has made negative.
    Those are held: each entry of such a matrix' diagonal gets the least share of itself that makes it definite, beginning
    with the rounding of a factorisation (N. J. Higham, 2002, Accuracy and Stability of Numerical Algorithms, section 10.3.1).
    """
    try:
        return np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        each = matrix.reshape(-1, *matrix.shape[-2:])
        return np.stack([_held(one) for one in each]).reshape(matrix.shape)


def _held(matrix: Array) -> Array:
    """The same for one matrix; ValueError where a number is not finite."""
    if not np.isfinite(matrix).all():
        raise ValueError(
            "X, y: wanted numbers whose squares can be added up, found columns or targets that are too large or too far "
            "apart; give them in larger units."
        )
    p, size = len(matrix), np.maximum(np.diagonal(matrix), np.finfo(float).tiny)
    share = 0.0
    while share < _ROUNDED:
        try:
            return np.linalg.cholesky(matrix + np.diag(share * size))
        except np.linalg.LinAlgError:
            share = max(10.0 * share, p * np.finfo(float).eps)
    raise ValueError(
        "X: wanted columns and targets whose covariance of coefficients is positive to the digits that numbers have, found one "
        "that is not; columns hundreds of millions of times as far from zero as they spread ask for more: centre them first, "
        "by make_pipeline(StandardScaler(), ...)."
    )


def solve(matrix: Array, sides: Array) -> Array:
    """``M^-1 sides`` for symmetric positive definite ``M``, held as in `cholesky` where rounding has made it singular."""
    try:
        return np.linalg.solve(matrix, sides)
    except np.linalg.LinAlgError:
        half = triangular_inverse(cholesky(matrix))
        return np.swapaxes(half, -1, -2) @ (half @ sides)


def triangular_inverse(matrix: Array) -> Array:
    """Inverses of lower triangular ``(..., p, p)`` matrices.

    Small ones by halves, because the time of LAPACK is all in its per-matrix overhead there, while batched products run at
    BLAS speed.
    """
    p = matrix.shape[-1]
    if p <= _DIRECT:
        return np.linalg.inv(matrix)
    if p >= _ONE_BY_ONE:
        return np.array([_one_triangular_inverse(each) for each in matrix.reshape(-1, p, p)]).reshape(matrix.shape)
    h = p // 2
    inverse = np.zeros_like(matrix)
    inverse[..., :h, :h] = first = triangular_inverse(matrix[..., :h, :h])
    inverse[..., h:, h:] = last = triangular_inverse(matrix[..., h:, h:])
    inverse[..., h:, :h] = -last @ (matrix[..., h:, :h] @ first)
    return inverse


def _one_triangular_inverse(matrix: Array) -> Array:
    """The same of one; LinAlgError, as NumPy's, where an entry of the diagonal is zero."""
    inverse, info = dtrtri(matrix.T)  # an upper one, which is stored as LAPACK does
    if info:
        raise np.linalg.LinAlgError("Singular matrix")
    return np.asarray(inverse.T)


def spd_inverse(matrix: Array) -> Array:
    """Inverses of symmetric positive definite ``(..., p, p)`` matrices."""
    half = triangular_inverse(cholesky(matrix))
    return np.swapaxes(half, -1, -2) @ half


def inverse_and_logdet(matrix: Array) -> tuple[Array, Array]:
    """``M^-1`` and ``log|M|`` of symmetric positive definite ``(..., p, p)`` matrices, from one factor."""
    half = triangular_inverse(cholesky(matrix))
    return np.swapaxes(half, -1, -2) @ half, -2.0 * np.log(diagonal(half)).sum(axis=-1)


def inverse_and_solution(matrix: Array, vector: Array) -> tuple[Any, ...]:
    """``M^-1`` and ``M^-1 v`` for batched positive definite ``M``.

    The solution goes through the factor: an explicit inverse times a large vector would lose all digits where ``M`` is
    ill-conditioned, as it is for tasks almost without noise.
    """
    half = triangular_inverse(cholesky(matrix))
    back = np.swapaxes(half, -1, -2)
    return back @ half, (back @ (half @ vector[..., None]))[..., 0]


def log_determinant(matrix: Array) -> Array:
    """``log|M|`` of symmetric positive definite ``(..., p, p)`` matrices, held as in `cholesky`: it is finite."""
    return np.asarray(2.0 * np.log(diagonal(cholesky(matrix))).sum(axis=-1))


def logdet_and_quadratic(matrix: Array, vector: Array) -> tuple[Any, ...]:
    """``log|M|`` and ``v' M^-1 v`` for batched positive definite ``M``, from one Cholesky of the bordered matrix.

    The last row of the factor of ``[[M, v], [v', big]]`` is ``(L^-1 v)'``: no triangular solve is needed.
    """
    p = matrix.shape[-1]
    bordered = np.empty((*matrix.shape[:-2], p + 1, p + 1))
    bordered[..., :p, :p] = matrix
    bordered[..., p, :p] = vector
    bordered[..., :p, p] = vector
    bordered[..., p, p] = _BIG  # any number above v' M^-1 v
    factor = cholesky(bordered)
    logdet = 2.0 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)[..., :p]).sum(axis=-1)
    whitened = factor[..., p, :p]
    return logdet, np.einsum("...i,...i->...", whitened, whitened)


def cholesky_root(covariance: Any) -> Array:
    """Lower triangular ``R (..., p, p)`` with ``R R' = covariance``; directions without variance keep a trace of it."""
    scale = np.sqrt(np.maximum(diagonal(covariance), np.finfo(float).tiny))
    return scale[..., None] * cholesky(covariance / (scale[..., :, None] * scale[..., None, :]))


def square_root(covariance: Any) -> Array:
    """The symmetric square root of a positive semi-definite ``(p, p)`` matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def whiten(matrix: Array, root: Array) -> Array:
    """``R^-1 M R^-T`` for lower triangular ``R (..., p, p)``."""
    half = np.linalg.solve(root, matrix)
    return np.linalg.solve(root, np.swapaxes(half, -1, -2))
