"""Tasks in order are said to be alike where they drift, and one time in a thousand where they do not."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binom

from skmeta._inference.serial import _moments, serial_correlation
from skmeta.base._in_order import SIGNIFICANCE, alike_in_order

pytestmark = pytest.mark.quick

ONE = np.zeros(40, dtype=np.intp)


@pytest.mark.parametrize("n", [3, 4, 6])
def test_moments_are_those_over_all_orders(n):
    x = np.random.default_rng(n).normal(size=(n, 2))
    x -= x.mean(axis=0)
    orders = [x[list(order)] for order in permutations(range(n))]
    each = [(own[1:] * own[:-1]).sum() for own in orders]
    np.testing.assert_allclose(_moments(x)[1:], [each[0], np.mean(each), np.var(each)])


@pytest.mark.statistics
@pytest.mark.parametrize(("n", "k"), [(10, 1), (40, 5)])
def test_false_alarms_are_as_rare_as_said(n, k):
    """Of heavy tails too: ranks know none."""
    rng, significance, n_draws = np.random.default_rng(0), 0.02, 2000
    found = [serial_correlation(rng.standard_t(2, size=(n, k)), ONE[:n])[1] for _ in range(n_draws)]
    assert np.sum(np.array(found) < significance) <= binom.ppf(0.9999, n_draws, significance)


def test_a_walk_is_seen_and_not_its_shuffle():
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(size=(40, 2)), axis=0)
    assert serial_correlation(walk, ONE)[1] < SIGNIFICANCE
    assert serial_correlation(rng.permutation(walk), ONE)[1] > SIGNIFICANCE


def test_units_and_monotone_changes_do_not_matter():
    values = np.random.default_rng(0).normal(size=(40, 3))
    np.testing.assert_allclose(
        serial_correlation(np.exp(values) * [1.0, 1e9, 1e-9], ONE), serial_correlation(values, ONE)
    )


def test_nothing_that_varies_is_no_finding():
    assert serial_correlation(np.ones((40, 2)), ONE) == (0.0, 1.0)
    assert serial_correlation(np.arange(2.0)[:, None], ONE[:2]) == (0.0, 1.0)


def rows(levels, slopes, seed=0, n_rows=6):
    """Residuals, columns and codes of tasks with these levels and slopes."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(levels)), n_rows)
    x = rng.normal(3.0, 1.0, size=(len(codes), 1))
    return levels[codes] + slopes[codes] * x[:, 0] + 0.3 * rng.normal(size=len(codes)), x, codes


def test_levels_or_slopes_that_drift_are_seen_in_the_order_of_their_places():
    rng, still, place = np.random.default_rng(0), np.zeros(40), np.random.default_rng(1).permutation(40)
    walk = np.cumsum(rng.normal(size=40))[place]
    for levels, slopes in ((walk, still), (-3.0 * walk, walk)):  # the second's means do not drift, as x is around 3
        assert alike_in_order(*rows(levels, slopes), place).is_alike
        assert not alike_in_order(*rows(levels, slopes), np.arange(40)).is_alike


def test_regions_are_no_order():
    """Stores numbered by region are alike for another reason; within regions they may drift all the same."""
    rng, region = np.random.default_rng(0), np.repeat(np.arange(5), 8)
    levels, slopes = 3.0 * rng.normal(size=5)[region] + rng.normal(size=40), np.zeros(40)
    assert alike_in_order(*rows(levels, slopes), np.arange(40)).is_alike
    assert not alike_in_order(*rows(levels, slopes), np.arange(40), region).is_alike
    drift = np.concatenate([np.cumsum(rng.normal(size=8)) for _ in range(5)])
    assert alike_in_order(*rows(levels + 3.0 * drift, slopes), np.arange(40), region).is_alike
