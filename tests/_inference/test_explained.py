"""What a law explains of tasks beyond their level."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.components import Component, KnownNoise, intercept_alone
from skmeta._inference.covariances import DenseCovariance
from skmeta._inference.explained import law_of_variances, probability_of_use, share_explained
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
    found = intercept_alone(law, NoiseLaw(2.0, 3.0)).noise.levels
    assert_allclose(found, np.maximum(NoiseLaw(2.0, 3.0).nodes()[0], 1.0))
    assert found.min() == 1.0 < found.max()


def test_a_law_is_of_no_use_where_no_held_out_task_gains():
    ones = np.ones(50)
    for gain in (0.0, -1.0):
        assert_allclose(probability_of_use(np.full(50, gain), ones), 0.001)
    assert probability_of_use(np.full(50, 1.0), ones) > 0.999


def test_weak_gains_of_many_tasks_add_up():
    use = probability_of_use(np.full(512, 0.02), np.ones(512))
    assert_allclose(np.log(use / (1.0 - use)), np.log(0.001 / 0.999) + 511 * 0.02, atol=1e-6)


def test_learning_on_starts_at_what_was_known():
    """Of two halves whose tasks are all of the law only the task that says most is taken off twice."""
    gain, ones = np.full(20, 0.5), np.ones(20)
    first = probability_of_use(gain, ones)
    both = probability_of_use(gain, ones, first)
    assert_allclose(np.log(both / (1.0 - both)), np.log(0.001 / 0.999) + 38 * 0.5, atol=1e-6)
    assert probability_of_use(gain, ones, 1.0) == 1.0
    assert probability_of_use(gain[:0], ones[:0], 0.3) == 0.3


def test_odds_of_use_are_a_likelihood_ratio_times_those_of_a_thousandth():
    """Where all tasks gain, all are of the law: the evidence of all but one adds up, and no threshold is involved."""
    for total in np.linspace(0.0, 20.0, 9):
        use = probability_of_use(np.full(4, total / 3.0), np.ones(4))
        assert_allclose(np.log(use / (1.0 - use)), np.log(0.001 / 0.999) + total, atol=1e-6)


def test_a_task_unlike_the_others_has_no_veto():
    assert probability_of_use(np.r_[np.full(9, 2.0), -400.0], np.ones(10)) > 0.99


def test_one_task_alone_does_not_say_what_tasks_share():
    assert probability_of_use(np.r_[np.zeros(49), 40.0], np.ones(50)) < 0.01
    assert probability_of_use(np.r_[np.zeros(48), 40.0, 40.0], np.ones(50)) > 0.99


def test_a_task_that_counts_twice_is_two_tasks():
    gain = np.array([3.0, -1.0, 0.5])
    twice = probability_of_use(gain, np.array([2.0, 1.0, 1.0]))
    assert_allclose(twice, probability_of_use(np.r_[gain, gain[0]], np.ones(4)))
