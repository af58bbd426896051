"""Small symmetric matrices, batched: every routine against NumPy's plain one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skmeta._inference.linalg import (
    cholesky_root,
    inverse_and_logdet,
    inverse_and_solution,
    logdet_and_quadratic,
    spd_inverse,
    square_root,
    symmetrize,
    triangular_inverse,
    whiten,
)

pytestmark = pytest.mark.quick

widths, seeds = st.integers(1, 30), st.integers(0, 2**32 - 1)


def definite(seed, p, batch=3):
    root = np.random.default_rng(seed).normal(size=(batch, p, p + 2))
    return root @ np.swapaxes(root, 1, 2) + 0.1 * np.eye(p)


@settings(max_examples=40, deadline=None)
@given(seeds, widths)
def test_inverses_are_numpys(seed, p):
    matrix = definite(seed, p)
    lower = np.linalg.cholesky(matrix)
    inverse = np.linalg.inv(matrix)
    assert_allclose(triangular_inverse(lower) @ lower, np.broadcast_to(np.eye(p), matrix.shape), atol=1e-10)
    assert np.abs(np.triu(triangular_inverse(lower), 1)).max() < 1e-12
    scale = np.abs(inverse).max()
    assert_allclose(spd_inverse(matrix), inverse, atol=1e-9 * scale)
    assert_array_equal(spd_inverse(matrix[0]).shape, (p, p))
    found, logdet = inverse_and_logdet(matrix)
    assert_array_equal(found, spd_inverse(matrix))
    assert_allclose(logdet, np.linalg.slogdet(matrix)[1], atol=1e-10)
    assert triangular_inverse(lower[:0]).shape == (0, p, p)
    vector = np.random.default_rng(seed).normal(size=(3, p))
    both = inverse_and_solution(matrix, vector)
    assert_allclose(both[0], inverse, atol=1e-9 * scale)
    assert_allclose((matrix @ both[1][..., None])[..., 0], vector, atol=1e-9)


@pytest.mark.parametrize("p", [1, 5, 9, 15, 16, 20])
@pytest.mark.parametrize("at", [0, -1])
def test_a_triangle_with_a_zero_on_its_diagonal_has_no_inverse(p, at):
    lower = np.linalg.cholesky(definite(0, p))
    lower[1, at, at] = 0.0
    with pytest.raises(np.linalg.LinAlgError):
        triangular_inverse(lower)


@settings(max_examples=40, deadline=None)
@given(seeds, widths)
def test_log_determinant_and_quadratic_form_are_numpys(seed, p):
    matrix, vector = definite(seed, p), np.random.default_rng(seed).normal(size=(3, p))
    logdet, quadratic = logdet_and_quadratic(matrix, vector)
    assert_allclose(logdet, np.linalg.slogdet(matrix)[1], rtol=1e-10, atol=1e-10)
    expected = np.einsum("ti,ti->t", vector, np.linalg.solve(matrix, vector[..., None])[..., 0])
    assert_allclose(quadratic, expected, rtol=1e-9)


def test_the_solution_keeps_its_digits_where_an_explicit_inverse_loses_them():
    """A task almost without noise: information of 1e14 in most directions, one in the others."""
    rng = np.random.default_rng(0)
    design = rng.normal(size=(4, 12))
    truth = np.linalg.pinv(design) @ rng.normal(size=4)
    gram = 1e12 * design.T @ design + np.eye(12)
    _, solution = inverse_and_solution(gram, gram @ truth)
    # Backward stable: what remains is of the size of rounding in the matrix, not of its condition number.
    assert np.abs(gram @ solution - gram @ truth).max() < 1e-13 * np.abs(gram).max() * np.abs(truth).max()


@pytest.mark.parametrize("p", [1, 2, 7, 20])
def test_a_lower_root_of_a_covariance_squares_back_whatever_the_units(p):
    covariance, units = definite(1, p)[0], 10.0 ** np.linspace(-8, 8, p)
    root = cholesky_root(covariance)
    assert_array_equal(np.triu(root, 1), 0.0)
    assert_allclose(root @ root.T, covariance, rtol=1e-10, atol=1e-12)
    assert_allclose(cholesky_root(np.outer(units, units) * covariance), units[:, None] * root, rtol=1e-9)


@pytest.mark.parametrize("rank", [0, 1, 3])
def test_directions_without_variance_are_legal(rank):
    factor = np.random.default_rng(2).normal(size=(5, rank))
    covariance = factor @ factor.T
    root = cholesky_root(covariance)
    assert_allclose(root @ root.T, covariance, atol=1e-6 * max(np.abs(covariance).max(), 1e-300))
    assert np.all(np.diag(root) > 0), "a root without inverse"
    half = square_root(covariance)
    assert_allclose(half, half.T, atol=1e-12)
    assert_allclose(half @ half, covariance, atol=1e-10)


def test_what_is_no_covariance_is_refused():
    with pytest.raises(ValueError, match="positive to the digits"):
        cholesky_root(np.array([[1.0, 2.0], [2.0, 1.0]]))


def test_whitening_is_the_inverse_of_colouring():
    root = np.linalg.cholesky(definite(3, 6)[0])
    inner = definite(4, 6)[0]
    assert_allclose(whiten(root @ inner @ root.T, root), inner, rtol=1e-9, atol=1e-9)


def test_symmetrizing_keeps_what_is_symmetric_and_averages_the_rest():
    matrix = np.random.default_rng(5).normal(size=(2, 4, 4))
    even = symmetrize(matrix)
    assert_array_equal(even, np.swapaxes(even, 1, 2))
    assert_array_equal(symmetrize(even), even)
    assert_allclose(even[0, 0, 1], (matrix[0, 0, 1] + matrix[0, 1, 0]) / 2)
