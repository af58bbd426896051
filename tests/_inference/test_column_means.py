"""What is expected of columns' means below nodes is the posterior of a dense Gaussian, and its variances those of moments."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.column_means import _upward, column_means

pytestmark = pytest.mark.quick

FLAT = 1e8  # variance of the root, as good as not known


def tree(rng, n_first=5):
    """Three levels of unequal numbers of children."""
    second = np.repeat(np.arange(n_first), rng.integers(1, 4, n_first))
    third = np.repeat(np.arange(len(second)), rng.integers(1, 5, len(second)))
    return (np.zeros(n_first, np.intp), second, third)


def paths(parents):
    """Positions ``(n_tasks,)`` of the nodes above every task, and of itself."""
    found = [np.arange(len(parents[-1]))]
    for parent in reversed(parents[1:]):
        found.append(parent[found[-1]])
    return found[::-1]


def dense(parents, vary, means, noise, asked, depth, *, without=None):
    """Posterior mean and variance of a node of level ``depth`` (-1: the root), one task perhaps left out."""
    at = paths(parents)
    same = [own[:, None] == own[None] for own in at]
    prior = FLAT + sum(v * s for v, s in zip(vary, same, strict=True))
    with_node = np.full(len(means), FLAT)
    for level in range(depth + 1):
        node = np.flatnonzero(at[depth] == asked)[0]
        with_node = with_node + vary[level] * (at[level] == at[level][node])
    kept = np.arange(len(means)) != without
    gain = np.linalg.solve((prior + np.diag(noise))[np.ix_(kept, kept)], with_node[kept])
    return gain @ means[kept], FLAT + sum(vary[: depth + 1]) - gain @ with_node[kept]


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_posterior_of_a_dense_gaussian(seed):
    rng = np.random.default_rng(seed)
    parents = tree(rng)
    n_tasks, ratio = len(parents[-1]), np.array([0.7, 3.0])
    at = paths(parents)
    means = sum(rng.normal(size=(own.max() + 1, 2))[own] for own in at)
    n_rows = rng.integers(1, 9, n_tasks).astype(float)
    found, within = column_means(parents, means, n_rows, ratio), ratio / (1.0 + ratio)
    levels = _upward(parents, means, n_rows[:, None] / within)
    for j in range(2):
        vary, noise = [level.prior_variance[j] for level in levels], within[j] / n_rows
        for depth, below in enumerate(found.predictive):
            for node in range(len(below.ratio)):
                mean, variance = dense(parents, vary, means[:, j], noise, node, depth)
                left = sum(vary[depth + 1 :])
                assert_allclose(below.expected[node, j], mean, rtol=1e-5, atol=1e-5)
                assert_allclose(below.ratio[node, j], within[j] / (variance + left), rtol=1e-5)
        for task in (0, n_tasks - 1):
            above = at[-2] == at[-2][task]
            if above.sum() > 1:  # else the node above is not among the others'
                mean, variance = dense(parents, vary, means[:, j], noise, at[-2][task], 1, without=task)
                assert_allclose(found.cavity.expected[task, j], mean, rtol=1e-4, atol=1e-4)
                assert_allclose(found.cavity.ratio[task, j], within[j] / (variance + vary[-1]), rtol=1e-4)


def test_variances_are_those_of_analysis_of_variance():
    """Of a balanced table, in closed form (Searle, Casella and McCulloch, 1992, section 3.3)."""
    rng, k, n = np.random.default_rng(0), 4, 6.0
    parents = np.zeros(7, np.intp), np.repeat(np.arange(7), k)
    means, within = 2.0 * rng.normal(size=7)[parents[1]] + rng.normal(size=28), 0.4
    outer, inner = _upward(parents, means[:, None], np.full((28, 1), n / within))
    table = means.reshape(7, k)
    own = table.var(axis=1, ddof=1).mean()
    assert_allclose(inner.prior_variance, own - within / n)
    assert_allclose(outer.prior_variance, table.mean(axis=1).var(ddof=1) - own / k)


def test_tasks_without_rows_tell_nothing_and_their_order_changes_nothing():
    rng = np.random.default_rng(1)
    parents, ratio = (np.zeros(3, np.intp), np.array([0, 0, 1, 1, 2, 2])), np.ones(1)
    means, n_rows = rng.normal(size=(6, 1)), np.array([3.0, 4.0, 5.0, 6.0, 0.0, 0.0])
    found = column_means(parents, means, n_rows, ratio)
    far = column_means(parents, np.r_[means[:4], [[9e9], [-9e9]]], n_rows, ratio)
    turned = column_means((parents[0], parents[1][::-1]), means[::-1], n_rows[::-1], ratio)
    for one, other in ((found, far), (found, turned)):
        assert_allclose(one.predictive[0].expected, other.predictive[0].expected)
        assert_allclose(one.predictive[0].ratio, other.predictive[0].ratio)
    assert_allclose(turned.cavity.expected[::-1], found.cavity.expected)
    told = found.predictive[0].expected[:2].mean()
    assert_allclose(found.predictive[0].expected[2], told, atol=0.5 * np.ptp(found.predictive[0].expected[:2]))
