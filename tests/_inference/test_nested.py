"""What earlier tasks told, where a law hardly varies in some direction: exact, however little that is."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.nested import Before

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("small", [1.0, 1e-4, 1e-9, 1e-12])
def test_a_direction_that_hardly_varies_counts(small):
    known, n = np.array([[0.5, 0.1, 0.0], [0.1, 0.4, 0.0], [0.0, 0.0, 0.0]]), 30.0
    before = Before(known, 1.0, np.inf, n, 100.0)
    triangle = np.array([[1.0, 0.0], [0.3, small], [0.0, 0.0]])  # the last coefficient does not vary
    inverse = np.array([[1.0, 0.0], [-0.3 / small, 1.0 / small]])
    square = n * inverse @ known[:2, :2] @ inverse.T
    assert_allclose(before.square(triangle), square, rtol=1e-9)
    spread = np.trace(square) + n * 2.0 * np.log(small)
    assert_allclose(before.log_density(triangle, 1.0), -0.5 * (spread + 100.0), rtol=1e-9)


def test_where_nothing_varies_there_is_nothing_to_tell():
    before = Before(np.eye(2), 1.0, np.inf, 3.0, 10.0)
    assert before.square(np.zeros((2, 0))).shape == (0, 0)
    assert before.log_density(np.zeros((2, 0)), 2.0) == pytest.approx(-5.0 * (np.log(2.0) + 0.5))


@pytest.mark.parametrize("seed", range(5))
def test_squares_are_no_less_than_nothing(seed):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(6, 3))
    triangle = np.tril(rng.normal(size=(6, 6)))
    triangle[4, 4] = 1e-10
    square = Before(factor @ factor.T, 1.0, np.inf, 30.0, 100.0).square(triangle)
    values = np.linalg.eigvalsh(square)
    assert values[0] >= -1e-12 * values[-1] and np.diagonal(square).min() >= 0.0
