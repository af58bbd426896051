"""Sums of tasks: read once they hold what standardised rows would give, and parts of a task add up to it."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skmeta._inference import moments as room
from skmeta._inference.moments import Moments, Rows, collect_moments
from skmeta._inference.sums import Sums, added, centre_and_scale, read_sums
from skmeta._inference.typical import where_rows_lie, where_sums_lie
from skmeta._inference.units import Units, standardised

pytestmark = pytest.mark.quick

seeds = st.integers(0, 2**32 - 1)


def make_rows(counts, d=3, n_outputs=2, seed=0, *, weighted=True, lacking=(), kind=np.asarray):
    """``(X, Y, order, starts, weight)`` of irregular tasks in random order; those ``lacking`` have no column 1."""
    rng = np.random.default_rng(seed)
    n = int(np.sum(counts))
    X, order, starts = rng.normal(3.0, 2.0, size=(n, d)), rng.permutation(n), np.r_[0, np.cumsum(counts)].astype(int)
    for t in lacking:
        X[order[starts[t] : starts[t + 1]], 1] = np.nan
    weight = rng.uniform(0.1, 3.0, n) if weighted else None
    return kind(X), rng.normal(5.0, 3.0, size=(n, n_outputs)), order, starts, weight


def assert_same(one, other, kind=Sums, **tolerance):
    for field in fields(kind):
        assert_allclose(getattr(one, field.name), getattr(other, field.name), err_msg=field.name, **tolerance)


def many_counts():
    return st.lists(st.integers(0, 9), min_size=1, max_size=12).filter(any)


@settings(max_examples=40, deadline=None)
@given(many_counts(), seeds, st.booleans(), st.sampled_from([np.asarray, sparse.csr_matrix]))
def test_they_are_means_and_products_of_deviations(counts, seed, weighted, kind):
    X, Y, order, starts, weight = make_rows(counts, seed=seed, weighted=weighted, kind=kind)
    found, dense = read_sums(X, Y, order, starts, weight), X.toarray() if sparse.issparse(X) else X
    for t in np.flatnonzero(counts):
        own = order[starts[t] : starts[t + 1]]
        w = np.ones(len(own)) if weight is None else weight[own]
        Z, y = dense[own] - np.average(dense[own], axis=0, weights=w), Y[own] - np.average(Y[own], axis=0, weights=w)
        wanted = w.sum(), np.average(dense[own], axis=0, weights=w), np.average(Y[own], axis=0, weights=w)
        for name, value in zip(("n", "mean", "target"), wanted, strict=True):
            assert_allclose(getattr(found, name)[t], value, rtol=1e-12)
        assert_allclose(found.scatter[t], (Z.T * w) @ Z, atol=1e-11)
        assert_allclose(found.cross[t], (Z.T * w) @ y, atol=1e-11)
        assert_allclose(found.square[t], w @ y**2, atol=1e-11)


@settings(max_examples=40, deadline=None)
@given(many_counts(), seeds, st.booleans(), st.booleans(), st.booleans())
def test_standardised_they_are_the_moments_of_standardised_rows(counts, seed, weighted, intercept, lacks):
    lacking = [0] if lacks and counts[0] and sum(map(bool, counts)) > 1 else []
    X, Y, order, starts, weight = make_rows(counts, seed=seed, weighted=weighted, lacking=lacking)
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=3), rng.uniform(0.5, 2.0, 3)
    units = [Units(*columns, rng.normal(), rng.uniform(0.5, 2.0)) for _ in range(2)]
    targets = (Y - [u.target_centre for u in units]) / [u.target_scale for u in units]
    rows = Rows(X, targets, order, starts, *columns, weight, intercept)
    found = standardised(read_sums(X, Y, order, starts, weight), units, intercept=intercept)
    assert_same(found, collect_moments(rows), Moments, atol=1e-10)
    room = Moments.zeros(len(counts), 4, 2)
    again = standardised(read_sums(X, Y, order, starts, weight, room), units, intercept=intercept, room=room)
    assert again is room
    assert_same(again, found, Moments, rtol=0, atol=0)


def lie(sums, often=None):
    """Where columns and targets lie, and how columns vary together."""
    return list(vars(where_sums_lie(sums, often, correlated=not np.isnan(sums.mean).any())).values())


@pytest.mark.parametrize("lacking", [(), (1, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_collection_lies_where_its_rows_lie(weighted, lacking):
    X, Y, order, starts, weight = make_rows([5, 9, 1, 7], weighted=weighted, lacking=lacking)
    found = lie(read_sums(X, Y, order, starts, weight))
    codes = np.empty(len(Y), int)
    codes[order] = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    for one, other in zip(
        found, vars(where_rows_lie(X, Y, codes, weight, None, len(starts) - 1)).values(), strict=True
    ):
        assert_allclose(one, other, rtol=1e-12)


def test_tasks_lie_there_as_often_as_they_count():
    X, Y, order, starts, weight = make_rows([5, 9, 1, 7])
    often = np.array([2.0, 0.0, 1.0, 3.0])
    sums = read_sums(X, Y, order, starts, weight)
    for one, other in zip(lie(sums, often), lie(sums.take([0, 0, 2, 3, 3, 3])), strict=True):
        assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 1.0, -1e9, 0.1])
def test_constant_columns_keep_their_values(value):
    rng = np.random.default_rng(0)
    X, Y = np.c_[np.full(30, value), np.arange(30.0)], rng.normal(size=(30, 1))
    centre, scale, *_ = lie(read_sums(X, Y, rng.permutation(30), np.array([0, 7, 30])))
    assert scale[0] == 1.0
    assert_allclose(centre[0], value, rtol=1e-12)


def test_scales_far_from_zero_are_those_near_it():
    rng = np.random.default_rng(1)
    mean, n, square, often = rng.normal(size=(50, 2)), np.full(50, 7.0), rng.uniform(1, 2, size=(50, 2)), np.ones(50)
    near, far = centre_and_scale(n, mean, square, often), centre_and_scale(n, mean + 1e9, square, often)
    assert_allclose(far[1], near[1], rtol=1e-6)
    assert_allclose(far[0] - 1e9, near[0], atol=2e-7)


@settings(max_examples=40, deadline=None)
@given(many_counts(), seeds, st.booleans())
def test_two_parts_of_tasks_add_up(counts, seed, weighted):
    X, Y, order, starts, weight = make_rows(counts, seed=seed, weighted=weighted)
    mine = np.random.default_rng(seed).uniform(size=len(order)) < 0.5
    ends = [np.r_[0, np.cumsum(mask)][starts] for mask in (mine, ~mine)]
    one, other = (read_sums(X, Y, order[m], s, weight) for m, s in zip((mine, ~mine), ends, strict=True))
    assert_same(added(one, other), read_sums(X, Y, order, starts, weight), rtol=1e-11, atol=1e-10)
    assert_same(added(one, other), added(other, one), rtol=1e-11, atol=1e-10)


def test_rows_of_weight_zero_are_not_there():
    X, Y, order, starts, _ = make_rows([4, 6, 3], weighted=False)
    weight = np.ones(13)
    weight[order[starts[1] : starts[2]]] = 0.0
    found = read_sums(X, Y, order, starts, weight)
    assert found.n[1] == 0.0 and not found.scatter[1].any()
    left = np.r_[order[:4], order[10:]]
    assert_same(found.take([0, 2]), read_sums(X, Y, left, np.array([0, 4, 7])), rtol=1e-12)
    assert_same(added(found, found).take([1]), found.take([1]), rtol=0)


def test_neither_the_size_of_batches_nor_a_tasks_neighbours_matter(monkeypatch):
    table = make_rows(np.random.default_rng(0).integers(1, 40, 60), lacking=(3, 8))
    whole = read_sums(*table)
    monkeypatch.setattr(room, "_CELLS", 50)
    assert_same(read_sums(*table), whole, rtol=1e-12, atol=1e-11)


def test_the_rows_are_not_changed():
    X, Y, order, starts, weight = make_rows([4, 6], lacking=(1,))
    before = X.copy(), Y.copy()
    read_sums(X, Y, order, starts, weight)
    assert_array_equal(X, before[0])
    assert_array_equal(Y, before[1])
    whole = read_sums(X, Y, order, starts, weight)
    assert np.isnan(whole.mean[1, 1]) and not whole.scatter[1, 1].any() and not whole.cross[1, 1].any()
