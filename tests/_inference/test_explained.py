"""What a law explains of tasks beyond their level."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.components import Component, KnownNoise, level_alone
from skmeta._inference.covariances import DenseCovariance
from skmeta._inference.explained import explains, law_of_variances, share_explained
from skmeta._inference.in_columns import each_output
from skmeta._inference.in_rows import read_in_rows
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.noise import NoiseLaw


def made_rows(seed=0, weighted=False, intercept=True):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, 12)
    n = counts.sum()
    weight = rng.uniform(0.5, 2.0, n) if weighted else None
    starts = np.r_[0, np.cumsum(counts)]
    X, Y = rng.normal(size=(n, 3)), rng.normal(3.0, 1.0, size=(n, 2))
    return Rows(X, Y, rng.permutation(n), starts, np.zeros(3), np.ones(3), weight, intercept)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
def test_squares_around_the_own_level_are_those_of_the_rows(weighted, intercept):
    rows = made_rows(weighted=weighted, intercept=intercept)
    weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight
    for k, both in enumerate(zip(each_output(collect_moments(rows)), read_in_rows(rows), strict=True)):
        expected = []
        for own in np.split(rows.order, rows.starts[1:-1]):
            w, y = weight[own], rows.Y[own, k]
            expected.append(w @ (y - intercept * np.average(y, weights=w)) ** 2)
        for tasks in both:
            assert_allclose(tasks.square_within, expected, rtol=1e-9, atol=1e-9)


def test_a_law_explains_what_its_noise_leaves():
    assert share_explained(0.25, NoiseLaw(1.0)) == 0.75
    assert share_explained(2.0, NoiseLaw(1.0)) == 0.0


def test_variances_within_tasks_have_the_law_that_made_them():
    rng = np.random.default_rng(0)
    n_rows = np.full(2000, 30.0)
    variance = 4.0 * 10.0 / rng.chisquare(10, 2000)
    law = law_of_variances(variance * rng.chisquare(29, 2000), n_rows, np.ones(2000))
    assert_allclose([law.level, law.dof], [4.0, 10.0], rtol=0.15)


def test_around_their_level_alone_tasks_scatter_no_less_than_the_law_has_it():
    """Counts of which most are zero are nearer to a level of their own than Poisson's are."""
    law = Component(np.zeros(2), DenseCovariance.of(np.eye(2)), KnownNoise.of(NoiseLaw(1.0)))
    found = level_alone(law, NoiseLaw(2.0, 3.0)).noise.levels
    assert_allclose(found, np.maximum(NoiseLaw(2.0, 3.0).nodes()[0], 1.0))
    assert found.min() == 1.0 < found.max()


def test_nothing_is_explained_where_no_held_out_task_gains():
    ones = np.ones(50)
    assert not explains(np.zeros(50), ones)
    assert not explains(np.full(50, -1.0), ones)
    assert explains(np.full(50, 1.0), ones)


def test_a_task_unlike_the_others_has_no_veto():
    assert explains(np.r_[np.full(9, 2.0), -400.0], np.ones(10))


def test_one_task_alone_does_not_say_what_tasks_share():
    assert not explains(np.r_[np.zeros(49), 40.0], np.ones(50))
    assert explains(np.r_[np.zeros(48), 40.0, 40.0], np.ones(50))


def test_a_task_that_counts_twice_is_two_tasks():
    gain = np.array([3.0, -1.0, 0.5])
    for margin in (0.0, 1.0, 2.0):
        twice = explains(gain - margin, np.array([2.0, 1.0, 1.0]))
        assert twice == explains(np.r_[gain, gain[0]] - margin, np.ones(4))
