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


def a_box(rng, d, k):
    low = rng.normal(0.0, 10.0, d + k)
    return Box.of_bounds(np.column_stack([low, low + rng.uniform(0.1, 20.0, d + k)]), d)


def rows_in(rng, box, n):
    """Rows in the box, some of whose values are at its corners."""
    z = np.where(rng.random((n, len(box.half))) < 0.5, rng.choice([-1.0, 1.0], (n, len(box.half))), 0.0)
    return box.middle + box.half * np.where(z == 0.0, rng.uniform(-1.0, 1.0, z.shape), z)


def sums_of(box, rows):
    order = np.arange(len(rows))
    return read_sums(rows[:, : box.d].copy(), rows[:, box.d :].copy(), order, np.array([0, len(rows)]))


def released(box, M):
    """The vectors ``(T, ...)`` of what is released, each number once."""
    m, d = M.shape[-1], box.d
    upper = [(i, j) for i in range(m) for j in range(i + 1, m) if min(i, j) <= d]  # no products of targets
    squares = [i for i in range(m) if i != d]
    parts = [M[:, [d], [d]], M[:, squares, squares] - 0.5 * M[:, d, d, None]]
    return np.concatenate([*parts, np.stack([M[:, i, j] for i, j in upper], axis=1)], axis=1)


@settings(max_examples=60, deadline=None)
@given(seeds, widths, outputs, st.integers(1, 6))
def test_one_row_moves_what_is_released_by_no_more_than_the_sensitivity(seed, d, k, n):
    rng = np.random.default_rng(seed)
    box = a_box(rng, d, k)
    rows = rows_in(rng, box, n + 1)
    with_it, without = (released(box, box.products(sums_of(box, part))) for part in (rows, rows[:-1]))
    assert np.linalg.norm(with_it - without) <= box.sensitivity * (1.0 + 1e-9)


@pytest.mark.parametrize(("d", "k"), [(0, 1), (3, 1), (4, 2)])
def test_a_row_at_a_corner_moves_it_by_just_that(d, k):
    rng = np.random.default_rng(0)
    box = a_box(rng, d, k)
    rows = np.vstack([rows_in(rng, box, 4), box.middle + box.half * rng.choice([-1.0, 1.0], d + k)])
    with_it, without = (released(box, box.products(sums_of(box, part))) for part in (rows, rows[:-1]))
    assert_allclose(np.linalg.norm(with_it - without), box.sensitivity, rtol=1e-9)


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
def test_what_is_released_has_independent_noise_of_the_same_size(d, k):
    box = a_box(np.random.default_rng(0), d, k)
    parts = released(box, basis_of_noise(box))
    assert_allclose(parts.T @ parts, np.eye(parts.shape[1]), atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(seeds, widths)
def test_moments_of_the_noise_are_those_of_its_parts(seed, d):
    rng = np.random.default_rng(seed)
    box = a_box(rng, d, 1)
    N, w = basis_of_noise(box), rng.normal(size=(3, d + 2))
    products = N @ w[:, None, :, None]  # (3, parts, m, 1)
    wanted = (products * np.swapaxes(products, 2, 3)).sum(axis=1)
    second = w[:, :, None] * w[:, None, :]
    assert_allclose(noise_of_products(second, box.halves), wanted, atol=1e-12)
    assert_allclose(noise_of_products(second.mean(axis=0), box.halves), wanted.mean(axis=0), atol=1e-12)
    squares = (w[:, None, None] @ products)[..., 0, 0]
    assert_allclose(noise_of_square(w**2, box.halves), (squares**2).sum(axis=1), rtol=1e-10)


def test_the_signal_grows_with_rows_and_falls_with_noise():
    rng = np.random.default_rng(0)
    box = a_box(rng, 3, 1)
    M = box.products(sums_of(box, rows_in(rng, box, 30)))
    one = signal_of_columns(M, 3, np.ones(1))
    assert_allclose(signal_of_columns(4.0 * M, 3, np.ones(1)), 4.0 * one)
    assert_allclose(signal_of_columns(M, 3, np.full(1, 4.0)), 0.5 * one)
