"""Sums within bounds: what one row changes, what noise does to them, and the way there and back."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skmeta._inference.bounded_sums import Box, noise_of_products, noise_of_square, signal_of_columns
from skmeta._inference.sums import read_sums

pytestmark = pytest.mark.quick

seeds, widths, outputs = st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(1, 3)
norms = st.one_of(st.none(), st.floats(0.05, 3.0))


def a_box(rng, d, k, data_norm=None):
    low = rng.normal(0.0, 10.0, d + k)
    return Box.of_bounds(np.column_stack([low, low + rng.uniform(0.1, 20.0, d + k)]), d, data_norm)


def rows_in(rng, box, n):
    """Rows in the box, some of whose values are at its corners."""
    z = np.where(rng.random((n, len(box.half))) < 0.5, rng.choice([-1.0, 1.0], (n, len(box.half))), 0.0)
    return box.middle + box.half * np.where(z == 0.0, rng.uniform(-1.0, 1.0, z.shape), z)


def sums_of(box, rows):
    Z, order = rows[:, : box.d].copy(), np.arange(len(rows))
    return read_sums(Z, rows[:, box.d :].copy(), order, np.array([0, len(rows)]), box.weights(Z))


def released(box, M):
    """The vectors ``(T, ...)`` of what is released, each number once, in standard deviations of its noise."""
    m, d = M.shape[-1], box.d
    upper = [(i, j) for i in range(m) for j in range(i, m) if i == j or i <= d]  # no products of two targets
    return np.stack([M[:, i, j] / np.sqrt(box.variances[i, j]) for i, j in upper], axis=1)


def moved_by(box, row, others):
    """How far one row moves what is released."""
    with_it, without = (released(box, box.products(sums_of(box, part))) for part in (np.vstack([others, row]), others))
    return np.linalg.norm(with_it - without)


@settings(max_examples=60, deadline=None)
@given(seeds, widths, outputs, st.integers(1, 6), norms)
def test_one_row_moves_what_is_released_by_no_more_than_the_sensitivity(seed, d, k, n, data_norm):
    rng = np.random.default_rng(seed)
    box = a_box(rng, d, k, data_norm)
    rows = rows_in(rng, box, n + 1)
    assert moved_by(box, rows[-1], rows[:-1]) <= box.sensitivity * (1.0 + 1e-9)


@pytest.mark.parametrize("data_norm", [None, 0.4, 1.0, 9.0])
@pytest.mark.parametrize(("d", "k"), [(0, 1), (3, 1), (4, 2)])
def test_a_row_at_the_bound_moves_it_by_just_that_whatever_its_direction(d, k, data_norm):
    rng = np.random.default_rng(0)
    box = a_box(rng, d, k, data_norm)
    for direction in rng.normal(size=(5, d)) if box.norm < np.sqrt(d) else rng.choice([-1.0, 1.0], (5, d)):
        z = box.norm * direction / np.sqrt(np.sum(direction**2)) if d else direction
        if np.abs(z).max(initial=0.0) <= 1.0:
            row = box.middle + box.half * np.append(z, rng.choice([-1.0, 1.0], k))
            assert_allclose(moved_by(box, row, rows_in(rng, box, 4)), box.sensitivity, rtol=1e-9)


@pytest.mark.parametrize("shrunk", [0.9, 0.5, 0.1])
def test_a_row_that_is_shrunk_moves_it_by_less(shrunk):
    rng = np.random.default_rng(0)
    box = a_box(rng, 4, 1, 0.9 * shrunk)
    z = np.array([0.9, 0.0, 0.0, 0.0, 1.0])  # longer than the norm, its target at the bound
    assert moved_by(box, box.middle + box.half * z, rows_in(rng, box, 3)) < box.sensitivity * (1.0 - 1e-3)


def test_rows_are_shrunk_to_the_norm_and_no_further():
    rng = np.random.default_rng(0)
    box = a_box(rng, 3, 1, 0.7)
    Z = rows_in(rng, box, 50)[:, :3]
    length = np.linalg.norm((Z - box.middle[:3]) / box.half[:3], axis=1)
    assert_allclose(np.sqrt(box.weights(Z)) * length, np.minimum(length, 0.7))
    assert np.all(a_box(rng, 3, 1).weights(Z) <= 1.0)
    Z[:, 0] = np.nan  # a column that is missing has no length
    assert_allclose(box.weights(Z), box.weights(np.where(np.isnan(Z), box.middle[:3], Z)))


@settings(max_examples=30, deadline=None)
@given(seeds, widths, outputs, st.integers(1, 6))
def test_the_way_back_is_the_way_there(seed, d, k, n):
    rng = np.random.default_rng(seed)
    box = a_box(rng, d, k)
    found = sums_of(box, rows_in(rng, box, n))
    back = box.sums(box.products(found), found.rows, np.isnan(found.mean))
    for name in ("n", "rows", "mean", "target", "scatter", "cross", "square"):
        wanted = getattr(found, name)
        assert_allclose(getattr(back, name), wanted, rtol=1e-9, atol=1e-9 * 400.0 * n, err_msg=name)


def basis_of_noise(box):
    """The matrices ``(m, m)`` that independent standard normals are multiplied by."""
    m = len(box.half) + 1
    each = np.eye(m * m).reshape(-1, m, m)
    found = box.noise(len(each), 1.0, SimpleNamespace(normal=lambda size: each))
    return found[np.abs(found).sum(axis=(1, 2)) > 0]


@pytest.mark.parametrize(("d", "k"), [(0, 1), (3, 1), (2, 3)])
def test_what_is_released_has_independent_noise_of_the_size_that_it_is_measured_by(d, k):
    box = a_box(np.random.default_rng(0), d, k)
    parts = released(box, basis_of_noise(box))
    assert_allclose(parts.T @ parts, np.eye(parts.shape[1]), atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(seeds, widths)
def test_moments_of_the_noise_are_those_of_its_parts(seed, d):
    rng = np.random.default_rng(seed)
    box = a_box(rng, d, 1)
    variances = box.variances * rng.uniform(0.1, 1.0, (d + 2, d + 2))
    variances = np.maximum(variances, variances.T)  # of tasks that are known better than by the box's noise
    N, w = basis_of_noise(box) * np.sqrt(variances / box.variances), rng.normal(size=(3, d + 2))
    products = N @ w[:, None, :, None]  # (3, parts, m, 1)
    wanted = (products * np.swapaxes(products, 2, 3)).sum(axis=1)
    second = w[:, :, None] * w[:, None, :]
    assert_allclose(noise_of_products(second, variances), wanted, atol=1e-10)
    assert_allclose(noise_of_products(second.mean(axis=0), variances), wanted.mean(axis=0), atol=1e-10)
    squares = (w[:, None, None] @ products)[..., 0, 0]
    assert_allclose(noise_of_square(w**2, variances), (squares**2).sum(axis=1), rtol=1e-10)


def test_the_noise_of_columns_and_targets_is_the_same_in_all_directions():
    box = a_box(np.random.default_rng(0), 3, 1)
    scale = np.r_[np.ones(3), np.sqrt(box.square_of_constant), 1.0]
    N, q = basis_of_noise(box) * np.outer(scale, scale), np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    first, other = (np.einsum("kij,kab->ijab", each, each) for each in (N, q @ N @ q.T))
    assert_allclose(other, first, atol=1e-12)


def test_the_signal_grows_with_rows_and_falls_with_noise():
    rng = np.random.default_rng(0)
    box = a_box(rng, 3, 1)
    M = box.products(sums_of(box, rows_in(rng, box, 30)))
    one = signal_of_columns(M, 3, np.ones(1))
    assert_allclose(signal_of_columns(4.0 * M, 3, np.ones(1)), 4.0 * one)
    assert_allclose(signal_of_columns(M, 3, np.full(1, 4.0)), 0.5 * one)
