"""Where a search looks although neither the past nor its model points there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.stats import loguniform, uniform
from variations import varied

from skmeta.tuning._exploration import untried_levels
from skmeta.tuning._past_tasks import learn_past
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import Suggester
from skmeta.tuning._trial import Trial

pytestmark = pytest.mark.quick
few = settings(deadline=None, max_examples=10)


def search(space, score, n, past=None, error=np.nan, seed=0, batch=1):
    """What is tried, in order."""
    suggester = Suggester(space, past, "auto", np.random.default_rng(seed))
    tried, scores = [], []
    while len(tried) < n:
        new = [each.params for each in suggester.suggest(batch, scores, np.full(len(scores), error))]
        tried += new
        scores += list(map(score, new))
    return tried, np.array(scores)


def past_of(space, score, n_tasks=4, n=25):
    """Models of past tasks that all score alike."""
    draws = ((t, each) for t in range(n_tasks) for each in space.sample(n, np.random.default_rng(t)))
    return learn_past([Trial(f"t{t}", space.plain(each), {}, float(score(each))) for t, each in draws])


def levels_of(space, tried):
    """Values that are no numbers, and sets of names, of candidates."""
    words = {(name, value) for each in tried for name, value in each.items() if isinstance(value, str | bool)}
    return words | {frozenset(each) for each in tried}


KERNELS = Space.of(
    [
        {"kernel": ["rbf"], "C": loguniform(1e-3, 1e3), "gamma": loguniform(1e-3, 1e3)},
        {"kernel": ["linear"], "C": loguniform(1e-3, 1e3)},
        {"kernel": ["poly"], "C": loguniform(1e-3, 1e3), "degree": [2, 3, 4]},
    ]
)
WORDS = Space.of({"x": uniform(0, 1), "a": ["p", "q", "r", "s"], "b": [True, False], "c": ["u", "v", "w"]})


@pytest.mark.parametrize("space", [KERNELS, WORDS], ids=["branches", "lists"])
@varied("batch", [1, 3])
@few
@given(warm=st.booleans(), seed=st.integers(0, 1000))
def test_each_branch_and_each_value_is_tried_soon(space, batch, warm, seed):
    def winner(params):  # the past, and today, know one branch or value that wins by far
        return 5.0 * (params.get("kernel", params.get("a")) in ("rbf", "p")) - abs(params.get("x", 0.5) - 0.3)

    tried, _ = search(space, winner, 8, past_of(space, winner) if warm else None, seed=seed, batch=batch)
    assert levels_of(space, tried[:8]) == levels_of(space, space.sample(200, np.random.default_rng(0)))


def test_a_long_list_is_not_tried_whole():
    space = Space.of({"x": uniform(0, 1), "word": [f"w{i}" for i in range(40)]})

    def score(params):
        return float(params["word"] == "w3") - abs(params["x"] - 0.3)

    past = past_of(space, score, n_tasks=6, n=120)
    tried, _ = search(space, score, 8, past)
    assert sum(params["word"] == "w3" for params in tried) >= 4


@few
@given(rng=st.integers(0, 2**32 - 1).map(np.random.default_rng), n=st.integers(0, 7))
def test_levels_are_counted_by_hand(rng, n):
    tried, candidates = rng.integers(0, 2, (n, 6)).astype(float), rng.integers(0, 2, (9, 6)).astype(float)
    is_level, groups = rng.uniform(size=6) < 0.7, np.array([0, 0, 0, 1, 1, 2])
    new = [j for j in range(6) if is_level[j] and candidates[:, j].any() and not tried[:, j].any()]
    soon = [j for j in new if sum(groups[k] == groups[j] for k in new) <= 8 - n]
    wanted = [sum(row[j] for j in soon) for row in candidates]
    assert_array_equal(untried_levels(tried, candidates, groups, is_level), wanted)


PLANE = Space.of({"a": uniform(0, 1), "b": uniform(0, 1)})


def bowl(params):
    return -((params["a"] - 0.7) ** 2) - (params["b"] - 0.3) ** 2


@varied("seed", range(5))
def test_a_flipped_past_costs_three_trials(seed):
    past = past_of(PLANE, lambda params: -bowl(params), n_tasks=8)
    _, scores = search(PLANE, bowl, 12, past, seed=seed)
    _, cold = search(PLANE, bowl, 12, seed=seed)
    assert scores[:3].max() < -0.3  # it sends to the corner that is farthest from the best
    assert scores[:4].max() > -0.3
    assert scores.max() > -0.03 and cold.max() > -0.03


@varied("batch", [1, 8, 3, 4, 5], keep=2)
@pytest.mark.parametrize("n_failed", [0, 3])
def test_the_fourth_goes_elsewhere_in_any_batch_and_after_failures(batch, n_failed):
    past, suggester_scores = past_of(PLANE, lambda params: -bowl(params), n_tasks=8), []
    suggester = Suggester(PLANE, past, "auto", np.random.default_rng(0))
    origins, points = [], []
    while len(origins) < 8:
        new = suggester.suggest(batch, suggester_scores, np.full(len(suggester_scores), np.nan))
        origins += [each.origin for each in new]
        points += [each.params for each in new]
        suggester_scores = [np.nan if i < n_failed else bowl(params) for i, params in enumerate(points)]
    explored = [i for i, origin in enumerate(origins) if origin == "exploration"]
    assert explored == [3] if n_failed == 0 else 3 in explored
    assert np.isfinite([bowl(params) for params in points]).all()


def test_a_long_list_delays_no_branch_and_no_short_list():
    words = [f"w{i}" for i in range(40)]
    space = Space.of(
        [
            {"kind": ["p"], "x": uniform(0, 1), "word": words},
            {"kind": ["q"], "x": uniform(0, 1)},
            {"kind": ["r"], "x": uniform(0, 1), "few": ["u", "v"]},
        ]
    )

    def winner(params):
        return 5.0 * (params["kind"] == "p") - abs(params["x"] - 0.3)

    for past in (None, past_of(space, winner)):
        tried, _ = search(space, winner, 8, past)
        assert {params["kind"] for params in tried} == {"p", "q", "r"}
        assert {params.get("few") for params in tried} >= {"u", "v"}


@varied("warm", [True, False])
@varied("batch", [1, 4])
def test_what_fails_today_is_left_soon(warm, batch):
    """What the past knows as the best cannot be fitted today: not its branch, or not where its numbers are."""

    def liked(params):
        return 0.8 - 0.1 * (params["booster"] != "gpu") - abs(params["x"] - 0.9)

    boosters = Space.of({"booster": ["gpu", "cpu", "dart"], "x": uniform(0, 1)})
    past = past_of(boosters, liked) if warm else None
    _, scores = search(boosters, lambda each: np.nan if each["booster"] == "gpu" else 0.7, 12, past, batch=batch)
    assert np.isfinite(scores[:9]).any() and np.isfinite(scores).sum() >= 6
    _, scores = search(boosters, lambda each: np.nan if each["x"] > 0.5 else 0.7, 12, past, batch=batch)
    assert np.isfinite(scores[:9]).any() and np.isfinite(scores).sum() >= 6
