"""Newton's systems of many classes without their matrix: against the matrix itself, and what they cost."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.glm import GaussianPriors, _columns, _gradients, _Problem, posterior_modes
from skmeta._inference.likelihoods import MULTINOMIAL
from skmeta._inference.moments import Rows

pytestmark = pytest.mark.quick


def problem(K=6, n=9, p=4, strength=0.7, seed=0):
    rng = np.random.default_rng(seed)
    Y = np.eye(K)[rng.integers(K, size=(5, n))]
    design, offset = rng.normal(size=(5, K, n, p)), rng.normal(size=(5, n, K))
    weight = rng.uniform(0.0, 2.0, (5, n)) * (rng.random((5, n)) > 0.2)  # some rows are padding
    return _Problem(design, offset, Y, weight, MULTINOMIAL, strength)


@pytest.mark.parametrize("n", [2, 9, 60])
def test_it_is_the_matrix(n):
    dense = problem(n=n)
    v = np.random.default_rng(1).normal(size=(5, 6, 4))
    H, coupled = dense.hessian(v), dense.coupled(v)
    flat = v.reshape(5, -1, 1)
    assert_allclose((coupled @ v).reshape(5, -1), (H @ flat)[..., 0], rtol=1e-10, atol=1e-10)
    assert_allclose(coupled.log_determinant(), np.linalg.slogdet(H)[1], rtol=1e-9)
    near = 1e-7 * v  # from here Newton's step is wanted to seven digits
    assert_allclose(coupled.solve(near).reshape(5, -1), np.linalg.solve(H, 1e-7 * flat)[..., 0], atol=1e-13)


@pytest.mark.parametrize("strength", [1.0, 1e-4, 1e3])
def test_modes_and_evidence_are_those_of_the_matrix(strength):
    dense = problem(strength=strength, n=30)
    many, start = replace(dense, many_classes=True), np.zeros((5, 6, 4))
    assert_allclose(many.solve(start), dense.solve(start), rtol=1e-8, atol=1e-9)
    at = dense.solve(start)
    assert_allclose(many.log_determinant(at), dense.log_determinant(at), rtol=1e-8)


def peak(K, T=4, n=40, p=7):
    """Most bytes held while the modes of tasks of ``K`` classes are found."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(T * n, p - 1)), np.eye(K)[rng.integers(K, size=T * n)]
    rows = Rows(X, Y, np.arange(T * n), np.arange(T + 1) * n, np.zeros(p - 1), np.ones(p - 1))
    tracemalloc.start()
    posterior_modes(rows, GaussianPriors(np.zeros((1, K, p)), np.tile(np.eye(p), (1, K, 1, 1))), MULTINOMIAL, 1.0)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_what_many_classes_cost_is_linear_in_them():
    assert peak(60) < 3.1 * peak(20), "a matrix of all classes' columns would be nine times as large"
    assert _gradients(30, 7, 40) == 2 * _gradients(30, 7, 20)
    assert all(_gradients(n, 7, 40) < _columns(n, 7, 40) for n in (10, 30, 200, 1000))
    assert all(_columns(n, 7, 3) < _gradients(n, 7, 3) for n in (10, 30, 200, 1000)), "three classes are few"
