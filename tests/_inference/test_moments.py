"""Sufficient statistics: they are the plain sums over each task's rows, however the rows are read."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skmeta._inference import moments as room
from skmeta._inference.moments import Moments, Rows, collect_moments, column_scales, task_batches, whitened

pytestmark = pytest.mark.quick

seeds = st.integers(0, 2**32 - 1)


def make_rows(counts, d=3, n_outputs=2, seed=0, *, weighted=True, intercept=True, kind=np.asarray):
    """Rows in random order, with irregular tasks."""
    rng = np.random.default_rng(seed)
    n = int(np.sum(counts))
    X = rng.normal(size=(n, d)) * (rng.uniform(size=(n, d)) < 0.7)
    order = rng.permutation(n)
    weight = rng.uniform(0.1, 3.0, n) if weighted else None
    centre = rng.normal(size=d) if kind is np.asarray else np.zeros(d)
    starts = np.r_[0, np.cumsum(counts)].astype(int)
    return Rows(
        kind(X),
        rng.normal(size=(n, n_outputs)),
        order,
        starts,
        centre,
        rng.uniform(0.5, 2, d),
        weight,
        intercept,
    )


def by_hand(rows):
    """One task after the other, one row after the other."""
    dense = rows.X.toarray() if sparse.issparse(rows.X) else rows.X
    for t in range(rows.n_tasks):
        own = rows.order[rows.starts[t] : rows.starts[t + 1]]
        Z = np.c_[(dense[own] - rows.centre) / rows.scale, np.full(len(own), float(rows.intercept))]
        w = np.ones(len(own)) if rows.weight is None else rows.weight[own]
        yield Z, rows.Y[own], w


def assert_same(one, other, **tolerance):
    for field in fields(Moments):
        assert_allclose(getattr(one, field.name), getattr(other, field.name), err_msg=field.name, **tolerance)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=12).filter(any),
    seeds, st.booleans(), st.booleans(), st.sampled_from([np.asarray, sparse.csr_matrix]),
)  # fmt: skip
def test_they_are_the_sums_over_each_tasks_rows(counts, seed, weighted, intercept, kind):
    rows = make_rows(counts, seed=seed, weighted=weighted, intercept=intercept, kind=kind)
    found = collect_moments(rows)
    assert (found.n_tasks, found.n_outputs) == (len(counts), 2)
    for t, (Z, Y, w) in enumerate(by_hand(rows)):
        assert_allclose(found.gram[t], Z.T @ (w[:, None] * Z), atol=1e-12)
        assert_allclose(found.cross[t], Z.T @ (w[:, None] * Y), atol=1e-12)
        assert_allclose(found.square[t], w @ Y**2, atol=1e-12)
        assert found.n_rows[t] == len(w)
        if len(Z) and intercept:
            assert_allclose(found.context[t], np.average(Z[:, :-1], axis=0, weights=w), atol=1e-12)


def test_weights_count_as_repeated_rows_where_they_are_counts():
    rows = make_rows([4, 6, 1], weighted=False)
    times = np.random.default_rng(1).integers(0, 4, rows.X.shape[0])
    weighted = replace(rows, weight=times.astype(float), count=times)
    repeated = [np.repeat(o, times[o]) for o in np.split(rows.order, rows.starts[1:-1])]
    starts = np.r_[0, np.cumsum([len(r) for r in repeated])]
    assert_same(
        collect_moments(weighted),
        collect_moments(replace(rows, order=np.concatenate(repeated), starts=starts)),
        atol=1e-12,
    )


def test_neither_the_size_of_batches_nor_a_tasks_neighbours_matter(monkeypatch):
    rows = make_rows(np.random.default_rng(0).integers(1, 40, 60))
    whole = collect_moments(rows)
    assert_same(collect_moments(rows.pick([7])), whole.take([7]), rtol=1e-12, atol=1e-12)
    monkeypatch.setattr(room, "_CELLS", 50)
    assert_same(collect_moments(rows), whole, rtol=1e-12, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60), st.integers(1, 50))
def test_batches_hold_every_task_once_and_stay_small(counts, width):
    counts = np.array(counts)
    batches = task_batches(counts, width)
    assert_array_equal(np.sort(np.concatenate(batches)), np.arange(len(counts)))
    for tasks in batches:
        longest = max(counts[tasks].max(), 1)
        assert len(tasks) == 1 or len(tasks) * longest * width <= room._CELLS
        assert longest <= 2 * max(counts[tasks].min(), 1), "more padding than rows"


def test_residual_moments_are_those_of_the_residuals():
    rows = make_rows([5, 8, 3], n_outputs=1)
    part = collect_moments(rows).output(0)
    for mean in (np.array([1.0, -2.0, 0.5, 3.0]), np.random.default_rng(3).normal(size=(3, 4))):
        score, square = part.residual(mean)
        for t, (Z, Y, w) in enumerate(by_hand(rows)):
            left = Y[:, 0] - Z @ (mean if mean.ndim == 1 else mean[t])
            assert_allclose(score[t], Z.T @ (w * left), atol=1e-10)
            assert_allclose(square[t], w @ left**2, rtol=1e-10)


def test_whitened_moments_are_those_of_the_whitened_design():
    rows, mean = make_rows([5, 8, 3], n_outputs=1), np.array([1.0, -2.0, 0.5, 3.0])
    root, noise = np.tril(np.random.default_rng(4).normal(size=(4, 4))), np.array([0.5, 1.0, 2.0])
    gram, score, square = whitened(collect_moments(rows).output(0), mean, root, noise)
    for t, (Z, Y, w) in enumerate(by_hand(rows)):
        A, left = Z @ root, Y[:, 0] - Z @ mean
        assert_allclose(gram[t], A.T @ (w[:, None] * A) / noise[t], atol=1e-10)
        assert_allclose(score[t], A.T @ (w * left) / noise[t], atol=1e-10)
        assert_allclose(square[t], w @ left**2 / noise[t], rtol=1e-10)


def test_a_diagonal_root_is_a_root_as_any_other():
    part, noise = collect_moments(make_rows([5, 8, 3], n_outputs=1)).output(0), np.array([0.5, 1.0, 2.0])
    mean, root = np.array([1.0, -2.0, 0.5, 3.0]), np.diag([0.5, 2.0, 0.0, 1e3])
    nearly = root + 1e-300 * np.tri(4, k=-1)  # no diagonal
    for one, other in zip(whitened(part, mean, root, noise), whitened(part, mean, nearly, noise), strict=True):
        assert_allclose(one, other, rtol=1e-13, atol=1e-250)  # of the trace below the diagonal


def test_some_tasks_are_spread_evenly_and_keep_their_rows():
    rows = make_rows(np.arange(1, 21))
    assert rows.some(20) is rows
    some = rows.some(5)
    assert some.n_tasks == 5
    picked = collect_moments(rows).take(np.linspace(0, 19, 5).astype(int))
    assert_same(collect_moments(some), picked, rtol=1e-12, atol=1e-12)


def test_a_missing_value_sits_at_the_centre_and_says_nothing():
    rows = make_rows([4, 5], weighted=False)
    lacking = rows.X.copy()
    own = rows.order[rows.starts[1] :]
    lacking[own, 1] = np.nan
    at_centre = np.where(np.isnan(lacking), rows.centre, lacking)
    found = collect_moments(replace(rows, X=lacking))
    assert_same(found, collect_moments(replace(rows, X=at_centre)), atol=1e-13)
    assert_array_equal(found.gram[1, 1], 0.0)


# Scales ------------------------------------------------------------------------------------------


def test_scales_are_weighted_means_and_standard_deviations():
    rng = np.random.default_rng(0)
    X, times = rng.normal(3.0, 2.0, size=(50, 4)), rng.integers(1, 4, 50)
    for weight, table in ((None, X), (times.astype(float), np.repeat(X, times, axis=0))):
        centre, scale = column_scales(X, weight)
        assert_allclose(centre, table.mean(axis=0), rtol=1e-12)
        assert_allclose(scale, table.std(axis=0), rtol=1e-12)


def test_scales_are_stable_far_from_zero_and_over_blocks(monkeypatch):
    X = np.random.default_rng(1).normal(size=(1000, 2))
    assert_allclose(column_scales(X + 1e8)[1], X.std(axis=0), rtol=1e-6)
    whole = room.sum_of_squares(X, X.mean(axis=0), np.ones(1000))
    assert_allclose(room.sum_of_squares(X, X.mean(axis=0), np.ones(1000), block=7), whole, rtol=1e-12)


@pytest.mark.parametrize("value", [0.0, 1.0, -1e9, 0.1])
def test_constant_columns_keep_their_values(value):
    X = np.c_[np.full(30, value), np.arange(30.0)]
    centre, scale = column_scales(X)
    assert scale[0] == 1.0
    assert_allclose(centre[0], value, rtol=1e-12)


def test_missing_values_are_left_out_of_the_scales():
    X = np.random.default_rng(2).normal(size=(40, 3))
    X[10:25, 1] = np.nan
    centre, scale = column_scales(X)
    assert_allclose(centre, np.nanmean(X, axis=0), rtol=1e-12)
    assert_allclose(scale, np.nanstd(X, axis=0), rtol=1e-12)


def test_sparse_columns_are_centred_as_dense_ones_or_kept_sparse():
    X = sparse.random(60, 5, 0.3, format="csr", random_state=0)
    weight = np.random.default_rng(0).uniform(0.5, 2, 60)
    for w in (None, weight):
        for found, wanted in zip(column_scales(X, w), column_scales(X.toarray(), w), strict=True):
            assert_allclose(found, wanted, rtol=1e-12)
        centre, scale = column_scales(X, w, centred=False)
        assert_array_equal(centre, 0.0)
        assert_allclose(scale, column_scales(X.toarray(), w)[1], rtol=1e-12)
    empty = sparse.csr_matrix((4, 2))
    assert_array_equal(column_scales(empty)[1], 1.0)
