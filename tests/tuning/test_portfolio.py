"""A portfolio: greedy, within its bound of the best, and indifferent to what tasks are scored by."""

from itertools import combinations
from math import e

import numpy as np
import pytest
from gaussian_processes import few
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skmeta.tuning._surrogates.portfolio import greedy_portfolio

pytestmark = pytest.mark.quick

tables = st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(0, 10**6)).map(
    lambda made: np.random.default_rng(made[2]).normal(size=made[:2]).round(1)
)


def value_of(expected, places):
    """What the best of some candidates scores on the mean over tasks, from the worst there is of any task."""
    short = expected - expected.max(axis=1, keepdims=True)
    return (short[:, places].max(axis=1) - short.min()).mean()


@few
@given(expected=tables)
def test_a_portfolio_of_one_is_best_on_the_mean(expected):
    (first,) = greedy_portfolio(expected, 1)
    assert_allclose(expected.mean(axis=0)[first], expected.mean(axis=0).max(), atol=1e-12)


@few
@given(expected=tables)
def test_every_next_one_gains_most(expected):
    n = expected.shape[1]
    places = greedy_portfolio(expected, n + 3)
    assert sorted(places) == list(range(n))  # each once
    values = [value_of(expected, places[: k + 1]) for k in range(n)]
    assert (np.diff(values) >= -1e-12).all()
    assert (np.diff(values, 2) <= 1e-8).all()  # each gains less than the one before
    for k in range(1, n):
        most = max(value_of(expected, [*places[:k], other]) for other in range(n))
        assert values[k] >= most - 1e-8


@few
@given(expected=tables, k=st.integers(1, 4))
def test_a_portfolio_is_within_its_bound_of_the_best_there_is(expected, k):
    k = min(k, expected.shape[1])
    best = max(value_of(expected, list(places)) for places in combinations(range(expected.shape[1]), k))
    assert value_of(expected, greedy_portfolio(expected, k)) >= (1 - 1 / e) * best - 1e-9


@few
@given(expected=tables, level=st.floats(-10, 10))
@example(
    expected=np.random.default_rng(66693).normal(size=(5, 6)).round(1), level=0.0
)  # two equal candidates come first
def test_what_a_task_scores_by_is_of_no_matter_to_a_portfolio(expected, level):
    places = greedy_portfolio(expected, 3)
    raised = expected + level * np.arange(1, len(expected) + 1)[:, None]
    for changed in (raised, np.repeat(expected, 2, axis=0), expected[::-1], 3 * expected):
        assert greedy_portfolio(changed, 3) == places


@few
@given(expected=tables, k=st.integers(1, 3))
def test_a_portfolio_goes_on_from_what_was_chosen(expected, k):
    assume(k < expected.shape[1])
    places = greedy_portfolio(expected, k + 1)
    left = np.setdiff1d(np.arange(expected.shape[1]), places[:k])
    (after,) = greedy_portfolio(expected[:, left], 1, expected[:, places[:k]])
    assert_allclose(value_of(expected, [*places[:k], left[after]]), value_of(expected, places), atol=1e-8)


def test_where_nothing_is_gained_the_best_by_itself_is_next():
    expected = np.array([[3.0, 0.5, 2.0, 1.0], [3.0, 2.0, 2.0, 1.0]])
    assert greedy_portfolio(expected, 4) == [0, 2, 1, 3]
    assert greedy_portfolio(expected, 0) == greedy_portfolio(expected[:, :0], 2) == []
