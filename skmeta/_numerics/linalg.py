"""Small symmetric matrices by the thousand: inverses, log-determinants and square roots, batched."""

import numpy as np

_DIRECT = 6  # below this width one LAPACK call a matrix is cheaper than another level of blocks


def symmetrize(matrix):
    """Remove the rounding asymmetry of ``(..., p, p)`` matrices."""
    return 0.5 * (matrix + np.swapaxes(matrix, -1, -2))


def spd_inverse(matrix):
    """Inverses of symmetric positive definite ``(..., p, p)`` matrices.

    By halves (Schur complements), because for small matrices the time of ``numpy.linalg.inv`` is all in its
    per-matrix overhead, while batched products run at BLAS speed: about half the time at ``p = 20``.
    """
    p = matrix.shape[-1]
    if p <= _DIRECT:
        return np.linalg.inv(matrix)
    h = p // 2
    corner = spd_inverse(matrix[..., :h, :h])
    reach = matrix[..., h:, :h] @ corner
    schur = spd_inverse(matrix[..., h:, h:] - reach @ matrix[..., :h, h:])
    inverse = np.empty_like(matrix)
    inverse[..., h:, :h] = -schur @ reach
    inverse[..., :h, h:] = np.swapaxes(inverse[..., h:, :h], -1, -2)
    inverse[..., :h, :h] = corner - np.swapaxes(reach, -1, -2) @ inverse[..., h:, :h]
    inverse[..., h:, h:] = schur
    return inverse


def logdet_and_quadratic(matrix, vector):
    """``log|M|`` and ``v' M^-1 v`` for batched positive definite ``M``, from one Cholesky of the bordered matrix.

    The last row of the factor of ``[[M, v], [v', big]]`` is ``(L^-1 v)'``: no triangular solve is needed.
    """
    p = matrix.shape[-1]
    bordered = np.empty((*matrix.shape[:-2], p + 1, p + 1))
    bordered[..., :p, :p] = matrix
    bordered[..., p, :p] = vector
    bordered[..., :p, p] = vector
    # Any corner above v' M^-1 v will do; v'v / trace-free bounds are loose, so take one that cannot be too small.
    bordered[..., p, p] = np.finfo(float).max ** 0.25 + np.einsum("...i,...i->...", vector, vector)
    factor = np.linalg.cholesky(bordered)
    logdet = 2.0 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)[..., :p]).sum(axis=-1)
    whitened = factor[..., p, :p]
    return logdet, np.einsum("...i,...i->...", whitened, whitened)


def square_root(covariance):
    """A symmetric square root of a positive semi-definite ``(p, p)`` matrix (or of a ``(p,)`` diagonal)."""
    if covariance.ndim == 1:
        return np.sqrt(covariance)
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
