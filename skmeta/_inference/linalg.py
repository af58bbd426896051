"""Small symmetric matrices by the thousand: inverses, log-determinants and square roots, batched."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TINY = 1e-300  # guard: what a divisor is at least, where zero divided by it should be zero
_BIG = 1e100  # guard: above any quadratic form
_DIRECT = 6  # speed: below this width one LAPACK call a matrix is cheaper than blocks within blocks


diagonal = partial(np.diagonal, axis1=-2, axis2=-1)  # of (..., p, p) matrices
times = partial(np.einsum, "...ij,...j->...i")  # matrices (..., q, p) by vectors (..., p)


def symmetrize(matrix: Array) -> Array:
    """Remove the rounding asymmetry of ``(..., p, p)`` matrices."""
    return 0.5 * (matrix + np.swapaxes(matrix, -1, -2))


def triangular_inverse(matrix: Array) -> Array:
    """Inverses of lower triangular ``(..., p, p)`` matrices.

    By halves, because for small matrices the time of LAPACK is all in its per-matrix overhead, while batched products
    run at BLAS speed.
    """
    p = matrix.shape[-1]
    if p <= _DIRECT:
        return np.linalg.inv(matrix)
    h = p // 2
    inverse = np.zeros_like(matrix)
    inverse[..., :h, :h] = first = triangular_inverse(matrix[..., :h, :h])
    inverse[..., h:, h:] = last = triangular_inverse(matrix[..., h:, h:])
    inverse[..., h:, :h] = -last @ (matrix[..., h:, :h] @ first)
    return inverse


def spd_inverse(matrix: Array) -> Array:
    """Inverses of symmetric positive definite ``(..., p, p)`` matrices."""
    half = triangular_inverse(np.linalg.cholesky(matrix))
    return np.swapaxes(half, -1, -2) @ half


def inverse_and_solution(matrix: Array, vector: Array) -> tuple[Any, ...]:
    """``M^-1`` and ``M^-1 v`` for batched positive definite ``M``.

    The solution goes through the factor: an explicit inverse times a large vector would lose all digits where ``M`` is
    ill-conditioned, as it is for tasks almost without noise.
    """
    half = triangular_inverse(np.linalg.cholesky(matrix))
    back = np.swapaxes(half, -1, -2)
    return back @ half, (back @ (half @ vector[..., None]))[..., 0]


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
    factor = np.linalg.cholesky(bordered)
    logdet = 2.0 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)[..., :p]).sum(axis=-1)
    whitened = factor[..., p, :p]
    return logdet, np.einsum("...i,...i->...", whitened, whitened)


def cholesky_root(covariance: Any) -> Array:
    """Lower triangular ``R (..., p, p)`` with ``R R' = covariance``; directions without variance keep a trace of it."""
    scale = np.sqrt(np.maximum(diagonal(covariance), np.finfo(float).tiny))
    correlation = covariance / (scale[..., :, None] * scale[..., None, :])
    for jitter in (0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6):
        try:
            return scale[..., None] * np.linalg.cholesky(correlation + jitter * np.eye(scale.shape[-1]))
        except np.linalg.LinAlgError:
            if covariance.ndim > 2:  # one of them has such directions: the others keep their digits
                return np.stack([cholesky_root(each) for each in covariance])
    raise np.linalg.LinAlgError("the covariance is not positive semi-definite")


def square_root(covariance: Any) -> Array:
    """The symmetric square root of a positive semi-definite ``(p, p)`` matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def whiten(matrix: Array, root: Array) -> Array:
    """``R^-1 M R^-T`` for lower triangular ``R (..., p, p)``."""
    half = np.linalg.solve(root, matrix)
    return np.linalg.solve(root, np.swapaxes(half, -1, -2))
