"""Centres and scales of the typical task: medians, the same from rows and from sums, and no task's to bend."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skmeta._inference.moments import column_scales
from skmeta._inference.sums import read_sums
from skmeta._inference.typical import typical_of_rows, typical_of_sums, weighted_median


def table(seed=0, n_tasks=9, d=4, most=8):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most, n_tasks)
    codes = rng.permutation(np.repeat(np.arange(n_tasks), counts))
    X = rng.normal(size=(len(codes), d)) + rng.normal(size=(n_tasks, d))[codes]
    return X, codes, rng


def of_sums(X, codes, weight, often):
    order, starts = np.argsort(codes, kind="stable"), np.r_[0, np.cumsum(np.bincount(codes, minlength=len(often)))]
    return typical_of_sums(read_sums(X, X[:, :1] ** 2, order, starts, weight), often)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_rows_dense_or_sparse_and_sums_say_the_same(seed, weighted, lacking):
    X, codes, rng = table(seed)
    X[:, 2] *= rng.random(len(X)) < 0.5
    X[:, 3] = rng.random(len(X)) < 0.1  # mostly constant: as all rows have it
    weight = rng.uniform(0.0, 3.0, len(X)) * (rng.random(len(X)) < 0.9) if weighted else None
    if weight is not None:
        weight[np.unique(codes, return_index=True)[1]] = 1.0
    often = rng.uniform(0.5, 2.0, 9)
    if lacking:
        X[codes == 3, 0] = np.nan
    rows, sums = typical_of_rows(X, codes, weight, often), of_sums(X, codes, weight, often)
    for one, other in zip(rows, sums[:2], strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    targets = typical_of_rows(X[:, :1] ** 2, codes, weight, often)
    if not lacking:
        assert_allclose(np.ravel(targets), np.ravel(sums[2:]), rtol=1e-9, atol=1e-12)
        for one, other in zip(typical_of_rows(sparse.csr_array(X), codes, weight, often), rows, strict=True):
            assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_of_even_normal_tasks_it_is_the_standard_deviation():
    """To three standard errors of a median of 4000 variances of 9 degrees of freedom, and its bias (9 - 2/3)/9."""
    X = np.random.default_rng(0).normal(size=(40000, 2)) * [3.0, 0.2]
    scale = typical_of_rows(X, np.repeat(np.arange(4000), 10), None, np.ones(4000))[1]
    assert_allclose(scale, np.sqrt(1.0 + 0.1 - 2.0 / 27.0) * np.array([3.0, 0.2]), rtol=0.03)


@pytest.mark.parametrize("cell", [1e2, 1e6, 1e12])
def test_no_cell_moves_it_far(cell):
    X, codes, _ = table(n_tasks=30)
    clean = typical_of_rows(X, codes, None, np.ones(30))
    X[0, 0] = cell
    for one, other in zip(typical_of_rows(X, codes, None, np.ones(30)), clean, strict=True):
        assert_allclose(one, other, atol=0.2)
    assert column_scales(X)[1][0] > 0.05 * cell


def test_a_column_that_is_constant_in_most_tasks_keeps_all_rows_scale():
    X, codes, _ = table(n_tasks=30)
    X[:, 1] = codes < 5
    X[:, 2] = 1e9
    found, pooled = typical_of_rows(X, codes, None, np.ones(30)), column_scales(X)
    assert_allclose(np.array(found)[:, 1:3], np.array(pooled)[:, 1:3], rtol=1e-12)
    assert found[1][2] == 1.0


def test_of_one_task_it_is_its_own():
    X, _, _ = table()
    centre, scale = typical_of_rows(X, np.zeros(len(X), int), None, np.ones(1))
    assert_allclose(centre, X.mean(axis=0), rtol=1e-12)
    assert_allclose(scale, X.std(axis=0, ddof=1), rtol=1e-12)


def test_medians_by_weight_are_those_of_repeated_values():
    rng = np.random.default_rng(1)
    values, times = rng.normal(size=(7, 3)), rng.integers(0, 4, (7, 3))
    wanted = [np.median(np.repeat(v, k)) for v, k in zip(values.T, times.T, strict=True)]
    assert_allclose(weighted_median(values, times.astype(float)), wanted, rtol=1e-14)
    assert_array_equal(weighted_median(values, np.zeros((7, 3))), 0.0)
