"""Rows made from sums: the same products as the tasks' own rows, so that learning in cells cannot tell them apart."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from variations import varied

from skmeta._inference.dual import definite
from skmeta._inference.equivalent_rows import equivalent_rows, pivoted_roots
from skmeta._inference.likelihoods import GAUSSIAN
from skmeta._inference.moments import Rows
from skmeta._inference.sums import read_sums
from skmeta._inference.units import Units
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_em import learn_wide
from skmeta._inference.wide_held_out import held_out
from skmeta._inference.wide_rows import read_batches
from skmeta._inference.wide_weights import wide_evidence


def collection(seed=0, counts=(3, 8, 1, 5), d=4, n_outputs=1, *, weighted=False, intercept=True, shift=0.0):
    """Rows in random order, with a constant column and one that is the sum of two; task 1 lacks column 0."""
    rng = np.random.default_rng(seed)
    n, codes = int(np.sum(counts)), rng.permutation(np.repeat(np.arange(len(counts)), counts))
    X = rng.normal(size=(n, d)) + shift
    X[:, -1] = X[:, 0] + X[:, 1]
    X[codes == 1, 0] = np.nan
    weight = rng.uniform(0.1, 1.0, n) if weighted else None
    order, starts = np.argsort(codes, kind="stable"), np.r_[0, np.cumsum(counts)]
    scale = rng.uniform(0.5, 2.0, d)
    return Rows(X, rng.normal(size=(n, n_outputs)), order, starts, np.zeros(d), scale, weight, intercept)


def from_sums(rows):
    found = read_sums(rows.X, rows.Y, rows.order, rows.starts, rows.weight)
    units = [Units(rows.centre, rows.scale) for _ in range(rows.Y.shape[1])]
    return equivalent_rows(found, units, intercept=rows.intercept)


def products(rows, k):
    """``[Z y]'W[Z y]`` of every task and the total weights, by task."""
    whole = np.zeros((rows.n_tasks, rows.width + 1, rows.width + 1))
    total = np.zeros(rows.n_tasks)
    for batch in read_batches(rows):
        bordered = np.concatenate([batch.Z, batch.Y[..., [k]]], axis=2)
        whole[batch.tasks] = np.swapaxes(bordered * batch.weight[..., None], 1, 2) @ bordered
        total[batch.tasks] = batch.weight.sum(axis=1)
    return whole, total


def nearest_dependence(rows):
    """The smallest singular value, but for those of zero, of a task's columns about their means, each in its own scale."""
    found = [1.0]
    for task in np.split(np.nan_to_num(rows.X[rows.order]), rows.starts[1:-1]):
        deviations = task - task.mean(axis=0)
        values = np.linalg.svd(deviations / np.maximum(np.linalg.norm(deviations, axis=0), 1e-9), compute_uv=False)
        found += [value for value in values if value > 1e-9]
    return min(found)


def assert_same_products(made, rows, k, tolerance):
    (one, n), (two, m) = products(rows, k), products(made, k)
    assert_allclose(m, n, rtol=1e-12)
    size = np.sqrt(np.diagonal(one, axis1=1, axis2=2))
    assert np.all(np.abs(two - one) <= tolerance * size[:, :, None] * size[:, None, :] + 1e-14)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 12), min_size=1, max_size=6),
    st.integers(2, 9),
    st.integers(1, 2),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.0, 1e5]),
)
def test_they_have_the_products_of_the_rows(seed, counts, d, n_outputs, weighted, intercept, shift):
    rows = collection(seed, counts, d, n_outputs, weighted=weighted, intercept=intercept, shift=shift)
    assume(nearest_dependence(rows) > 1e-3)
    made = from_sums(rows)
    for k in range(n_outputs):
        assert_same_products(made, rows, k, 1e-12)
    assert np.all(np.diff(made.starts) <= np.minimum(np.array(counts), d + 1) + 1), (
        "the rows of a task, and what is left"
    )


@pytest.mark.parametrize("gap", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
@pytest.mark.parametrize("seed", range(5))
def test_rows_of_nearly_dependent_columns_say_no_more_of_a_target_than_there_is(seed, gap):
    """The sums know the least square of a column to eps, so its row to eps over the root; the columns explain all of y."""
    rows = collection(seed, [7], 7, intercept=False)
    rows.X[:, 2] = rows.X[:, 0] + gap * rows.X[:, 2]
    assert_same_products(from_sums(rows), rows, 0, 1e-12 + 10 * np.finfo(float).eps / nearest_dependence(rows))


def test_tasks_without_weight_have_no_rows():
    rows = collection(counts=(3, 0, 4))
    assert_array_equal(np.diff(from_sums(rows).starts) > 0, [True, False, True])


def test_roots_of_columns_of_any_scale():
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(2, 30, 6)) * 10.0 ** np.array([-8, -3, 0, 3, 8, 0])
    Z[0, :, 5] = 0.0
    S, c = np.swapaxes(Z, 1, 2) @ Z, np.swapaxes(Z, 1, 2) @ rng.normal(size=(2, 30, 1))
    R, r = pivoted_roots(S, c)
    size = np.sqrt(np.diagonal(S, axis1=1, axis2=2))
    assert np.all(np.abs(np.swapaxes(R, 1, 2) @ R - S) <= 1e-13 * size[:, :, None] * size[:, None, :])
    assert np.all(np.abs(np.swapaxes(R, 1, 2) @ r - c) <= 1e-12 * size[:, :, None] * 30.0)


# Learning in cells ----------------------------------------------------------------------------------------


def turned(rows, seed=1):
    """The same tasks with the rows of each turned in a rotation, which no Gaussian likelihood can tell."""
    rng = np.random.default_rng(seed)
    X, Y, ones = rows.X.copy(), rows.Y.copy(), np.ones(len(rows.Y))
    for a, b in zip(rows.starts, rows.starts[1:], strict=False):
        own = rows.order[a:b]
        Q = np.linalg.qr(rng.normal(size=(len(own), len(own))))[0]
        X[own], Y[own], ones[own] = Q @ X[own], Q @ Y[own], Q @ ones[own]
    return replace(rows, X=X, Y=Y, intercept=ones)


def related(n_tasks=21, n=7, d=12, seed=0):
    rng = np.random.default_rng(seed)
    X, codes = rng.normal(size=(n_tasks * n, d)), np.repeat(np.arange(n_tasks), n)
    factor = rng.normal(size=(n_tasks, 2)) @ rng.normal(size=(2, d))
    y = np.einsum("nd,nd->n", X, (0.5 * factor + rng.normal(size=d))[codes]) + rng.normal(size=len(X))
    y = y + 2.0 * rng.normal(size=n_tasks)[codes] + rng.normal(size=len(X)) * (codes % 3)
    y = (y - y.mean()) / y.std()
    return Rows(X, y[:, None], np.arange(len(X)), np.arange(n_tasks + 1) * n, np.zeros(d), X.std(axis=0))


ARRAYS = ("mean", "variance", "mean_variance", "noise", "noise_dof", "weights", "n_tasks", "n_rows")


def assert_same_law(one, two, rtol):
    """To the tolerance that the iterations leave: conjugate gradients pass rounding on, about tenfold a sweep."""
    for name in ARRAYS:
        a, b = np.asarray(getattr(one, name)), np.asarray(getattr(two, name))
        size = np.abs(b[np.isfinite(b)]).max(initial=0.0)
        assert_allclose(a, b, rtol=rtol, atol=rtol * size, err_msg=name)
    together = [prior.factor @ np.swapaxes(prior.factor, 1, 2) for prior in (one, two)]
    assert_allclose(*together, rtol=rtol, atol=rtol * np.abs(together[1]).max(initial=0.0))
    assert one.structure == two.structure
    assert_allclose(list(one.scores.values()), list(two.scores.values()), rtol=rtol)


# Weights are read before any shape is learned: one shape tells them for each way of learning the noise.
LEARNED = [
    (covariance, noise, None)
    for covariance in ("auto", "factor", "diagonal", "spherical")
    for noise in ("task", "shared")
]
LEARNED += [("factor", "task", 1.0), ("factor", "task", 0.3), ("diagonal", "shared", 1.0), ("diagonal", "shared", 0.3)]


@varied(("covariance", "noise", "weight"), LEARNED, keep=4)
def test_learning_cannot_tell_rows_that_are_turned_or_made_from_sums(covariance, noise, weight):
    rows = related()
    rows = rows if weight is None else replace(rows, weight=np.full(len(rows.Y), weight))
    wanted = learn_wide(rows, GAUSSIAN, covariance=covariance, noise=noise)
    rtol = 1e-5 if covariance in ("auto", "factor") else 1e-6  # factors take more sweeps
    for other in (turned(rows), from_sums(rows)):
        assert_array_equal(held_out(other), held_out(rows))
        assert_same_law(learn_wide(other, GAUSSIAN, covariance=covariance, noise=noise), wanted, rtol=rtol)


def test_held_out_tasks_do_not_depend_on_rounding_where_targets_tie():
    rows = related()
    rows = replace(rows, Y=np.tile([[1.0], [0.0], [1.0], [0.0], [1.0], [1.0], [0.0]], (21, 1)) / 3.0)
    assert_array_equal(held_out(turned(rows)), held_out(rows))


def test_evidence_cannot_tell_them_either():
    rng, rows = np.random.default_rng(0), collection(weighted=True)
    prior = WidePrior(rng.normal(size=(1, 5)), np.ones((1, 5)), rng.normal(size=(1, 5, 1)), np.ones(1), np.full(1, 6.0),
                      np.zeros(1))  # fmt: skip
    one, two = (wide_evidence(read_batches(each), prior, GAUSSIAN) for each in (rows, from_sums(rows)))
    assert_allclose(two, one, rtol=1e-10)


def test_information_that_weights_made_too_small_has_an_inverse():
    A = np.random.default_rng(0).normal(size=(4, 3))
    good = A.T @ A
    assert_array_equal(definite(good), good)
    bad = good.copy()
    bad[-1, -1] = -5.0
    assert np.linalg.eigvalsh(definite(bad) + np.eye(3))[0] > 0
