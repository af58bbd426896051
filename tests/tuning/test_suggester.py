"""What to try next: candidates, how the past sees them, and which of them is chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import loguniform, randint, uniform
from scipy.stats.qmc import discrepancy
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from variations import varied

from skmeta import HyperparameterPrior, TrialHistory
from skmeta.tuning import _pool
from skmeta.tuning._candidates import CandidateEncoder
from skmeta.tuning._methods import METHODS
from skmeta.tuning._past_tasks import learn_past
from skmeta.tuning._pool import Pool
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import Suggester, suggester_for
from skmeta.tuning._surrogates.gp import expected_scores, posterior_sd
from skmeta.tuning._surrogates.portfolio import greedy_portfolio
from skmeta.tuning._trial import Trial, plain_value

pytestmark = pytest.mark.quick

PLANE = Space.of({"a": uniform(0, 1), "b": uniform(0, 1)})
few = settings(deadline=None, max_examples=8)
seeds = st.integers(0, 10**6)


def bowl(params, best=(0.7, 0.3)):
    return -((params["a"] - best[0]) ** 2) - (params["b"] - best[1]) ** 2


def plane(n, seed=0):
    """So many candidates of the plane."""
    return PLANE.sample(n, np.random.default_rng(seed))


def past_of(space=PLANE, score=bowl, n_tasks=3, n=10, others=None):
    """Models of past tasks that are alike."""
    trials = []
    for t in range(n_tasks):
        for own in space.sample(n, np.random.default_rng(t)):
            trials.append(Trial(f"t{t}", space.plain(own), others or {}, float(score(own))))
    return learn_past(trials)


PAST = past_of()


def suggester_of(space=PLANE, past=PAST, method="auto", seed=0, **more):
    return Suggester(space, past, method, np.random.default_rng(seed), **more)


def run(suggester, score, n, batch=1, errors=np.nan):
    """Proposals of a search, and their scores."""
    suggestions, scores = [], []
    while len(suggestions) < n:
        new = suggester.suggest(min(batch, n - len(suggestions)), scores, np.full(len(scores), errors))
        if not new:
            break
        suggestions += new
        scores += [score(suggestion.params) for suggestion in new]
    return suggestions, np.array(scores)


def keys_of(space, suggestions):
    return [space.key(suggestion.params) for suggestion in suggestions]


# Candidates, and how they are seen --------------------------------------------------------------------------


def test_candidates_are_seen_by_today_and_by_the_past():
    space = Space.of({"new": ["x", "y"], "b": loguniform(0.01, 1.0)})
    params = [{"new": "x", "b": 0.1}, {"new": "y", "b": 0.5}]
    encoder = CandidateEncoder(space, PAST)
    seen = encoder.encode(params)
    assert_array_equal(seen.points, space.encode(params))
    coordinates = PAST.encoder.encode(params)  # the past's a is absent today
    assert_array_equal(seen.joint_points, np.hstack([coordinates, space.encode(params)[:, :2]]))
    assert_allclose(seen.past_means, expected_scores(PAST.kernel, PAST.fitted, coordinates), rtol=1e-12)
    assert len(encoder.joint_lengths) == seen.joint_points.shape[1] == 4
    assert_array_equal(encoder.joint_lengths[:2], PAST.lengths)
    assert (encoder.joint_lengths[2:] > 0.3).all()
    sds = posterior_sd(PAST.kernel, PAST.fitted, PAST.known, coordinates)
    assert_allclose(encoder.past_sds(seen), sds, rtol=1e-12)
    assert_allclose(encoder.past_sds(seen, np.array([2, 0])), sds[[2, 0]], rtol=1e-12)


def test_without_a_past_there_is_today_alone():
    seen = CandidateEncoder(PLANE, None).encode(plane(3))
    assert seen.past_means.shape == (0, 3)
    assert_array_equal(seen.joint_points, seen.points)


def test_some_candidates_and_others_after_them():
    encoder, params = CandidateEncoder(PLANE, PAST), plane(5)
    whole = encoder.encode(params)
    for one, two in ((whole.take([3, 1]), encoder.encode([params[3], params[1]])), (whole, whole.take([]) + whole)):
        assert one.params == two.params
        for a, b in ((one.points, two.points), (one.joint_points, two.joint_points), (one.past_means, two.past_means)):
            assert_allclose(a, b, rtol=1e-12)
    both = encoder.encode(params[:2]) + encoder.encode(params[2:])
    assert both.params == params and both.past_means.shape == (3, 5)
    assert_allclose(both.past_means, whole.past_means, rtol=1e-10)


def test_what_today_does_not_search_has_todays_value():
    past = past_of(Space.of({"C": loguniform(0.01, 100), "gamma": loguniform(0.01, 100)}), lambda p: np.log(p["gamma"]))
    space, params = Space.of({"C": loguniform(0.01, 100)}), [{"C": 1.0}]
    for gamma in (0.1, 10.0):
        seen = CandidateEncoder(space, past, SVC(gamma=gamma)).encode(params)
        assert_array_equal(seen.joint_points, past.encoder.encode([{"C": 1.0, "gamma": gamma}]))
    unknown = CandidateEncoder(space, past).encode(params)
    assert_array_equal(unknown.joint_points, past.encoder.encode([{"C": 1.0}]))
    high = CandidateEncoder(space, past, SVC(gamma=50.0)).encode(params).past_means
    assert (high > unknown.past_means).all() and (
        unknown.past_means > CandidateEncoder(space, past, SVC(gamma=0.02)).encode(params).past_means
    ).all()


STEPS = [SVC(C=5.0), LogisticRegression(C=0.2)]
MODEL = make_pipeline(StandardScaler(), SVC())


def test_a_step_that_is_chosen_brings_its_own_parameters():
    searched = Space.of({"svc__C": loguniform(0.01, 100), "standardscaler": [StandardScaler(), MinMaxScaler()]})
    past = past_of(searched, lambda p: np.log(p["svc__C"]))
    space = Space.of({"svc": STEPS})
    seen = CandidateEncoder(space, past, MODEL).encode([{"svc": step} for step in (*STEPS, "passthrough")])
    scaler = plain_value(StandardScaler())
    wanted = [
        {"svc__C": 5.0, "standardscaler": scaler},
        {"svc__C": 0.2, "standardscaler": scaler},
        {"standardscaler": scaler},
    ]
    assert_array_equal(seen.joint_points[:, : len(past.lengths)], past.encoder.encode(wanted))


def test_steps_that_are_drawn_are_told_apart_although_they_are_thrown_away():
    class Steps:
        def rvs(self, random_state=None):
            return SVC(C=float(random_state.uniform(1, 50)))

    past = past_of(Space.of({"svc__C": loguniform(0.01, 100)}), lambda p: np.log(p["svc__C"]))
    space, rng = Space.of({"svc": Steps()}), np.random.default_rng(0)
    encoder = CandidateEncoder(space, past, MODEL)
    for _ in range(12):
        (own,) = space.sample(1, rng)
        assert_array_equal(encoder.encode([own]).joint_points[:, :1], past.encoder.encode([{"svc__C": own["svc"].C}]))


# The pool ---------------------------------------------------------------------------------------------------


def pool_of(space=PLANE, extra=(), only=None, seed=0):
    return Pool(space, CandidateEncoder(space, None), np.random.default_rng(seed), list(extra), only)


def test_a_finite_space_is_looked_at_whole():
    space = Space.of({"n": [1, 2, 3], "kind": ["x", "y", "x"]})
    pool = pool_of(space)
    assert pool.candidates.params == space.all() and len(pool) == 6
    pool.refresh(space.all()[:2], np.array([1.0, 2.0]))
    assert pool.candidates.params == space.all()


def test_a_pool_holds_none_twice_nor_what_was_tried():
    space = Space.of({"n": randint(0, 60), "x": [1, 1.0]})
    pool = pool_of(space, extra=[{"n": 3, "x": 1}, {"n": 99, "x": 1}, {"n": 3, "x": 1}])
    assert pool.candidates.params[:2] == [{"n": 3, "x": 1}, {"n": 99, "x": 1}]
    (first,) = pool.take(1).params
    pool.remove([{"n": 3, "x": 1}, {"n": -5, "x": 2}])
    for _ in range(5):
        keys = [space.key(own) for own in pool.candidates.params]
        assert len(set(keys)) == len(keys) == len(pool)
        assert not {space.key(first), space.key({"n": 3, "x": 1})} & set(keys)
        assert_array_equal(pool.candidates.points, space.encode(pool.candidates.params))
        pool.refresh([first, {"n": 3, "x": 1}], np.array([1.0, 2.0]))


def test_half_of_the_candidates_near_the_best_are_new_every_time():
    pool = pool_of()
    n, drawn = len(pool), list(pool.candidates.params)
    tried = [{"a": 0.111, "b": 0.222}, {"a": 0.333, "b": 0.444}, {"a": 0.555, "b": 0.666}, {"a": 0.777, "b": 0.888}]
    newest: list = []
    for _ in range(4):
        pool.refresh(tried, np.array([1.0, 4.0, 3.0, 2.0]))
        assert pool.candidates.params[:n] == drawn
        older, near = pool.candidates.params[n : n + len(newest)], pool.candidates.params[n + len(newest) :]
        assert older == newest and 15 < len(near) <= 24  # what came last stays once
        assert not {0.111, 0.222} & {value for own in near for value in own.values()}  # the worst is no parent
        for own in near:  # one value of the three best, or all near theirs
            kept = [own[name] == best[name] for best in tried[1:] for name in own]
            apart = [max(abs(own[name] - best[name]) for name in own) for best in tried[1:]]
            assert sum(kept) == 1 or min(apart) < 0.6
            assert PLANE.adopt(own) is not None
        assert sum(min(max(abs(own[n] - b[n]) for n in own) for b in tried[1:]) < 0.1 for own in near) > len(near) / 4
        assert not any(own in older for own in near)
        newest = near[1:] if not older else near
        pool.take(n)
        pool.take(0)
        n, drawn = n - 1, drawn[1:]


BRANCHES = [{"kind": ["x"], "a": uniform(0, 1), "b": uniform(0, 1)}, {"kind": ["y"], "c": randint(0, 50)}, {}]


def test_what_is_crossed_stays_in_its_branch():
    space = Space.of(BRANCHES)
    pool = pool_of(space)
    tried = space.sample(9, np.random.default_rng(5))
    pool.refresh(tried, np.arange(9.0))
    assert all(space.adopt(space.plain(own)) is not None for own in pool.candidates.params if own)
    assert {frozenset(own) for own in pool.candidates.params} == {frozenset(branch) for branch in BRANCHES}


def test_only_some_candidates():
    only = [{"a": 0.1, "b": 0.2}, {"a": 0.3, "b": 0.4}, {"a": 0.1, "b": 0.2}]
    pool = pool_of(only=only)
    assert pool.candidates.params == only[:2]
    pool.take(0)
    pool.refresh(only, np.zeros(3))
    assert pool.candidates.params == [only[1]] and pool.fill()
    pool.take(0)
    assert not pool.fill() and not pool_of(only=[]).fill()


def test_an_empty_pool_is_filled_again(monkeypatch):
    monkeypatch.setattr(_pool, "_N_DRAWN", 4)
    suggestions, _ = run(suggester_of(method="portfolio"), bowl, 19)
    assert len(set(keys_of(PLANE, suggestions))) == 19
    suggestions, _ = run(suggester_of(past=None), lambda params: np.nan, 19)
    assert len(set(keys_of(PLANE, suggestions))) == 19
    monkeypatch.setattr(_pool, "_MAX_LISTED", 3)
    space = Space.of({"n": list(range(20)), "kind": ["x", "y"]})
    assert len(set(keys_of(space, run(suggester_of(space, None), lambda params: np.nan, 99)[0]))) == 40


@pytest.mark.parametrize("space", [PLANE, Space.of({"n": list(range(30)), "m": list(range(50))})], ids=repr)
def test_the_first_cover_the_space(space):
    pool = pool_of(space, seed=1)
    before = {space.key(own) for own in pool.candidates.params}
    usual = np.median([discrepancy(pool.candidates.points[i : i + 5]) for i in range(0, len(pool), 5)])
    pool.lead_with_design(5)
    first = pool.candidates.points[:5]
    assert discrepancy(first) < 0.5 * usual
    assert_allclose(first.mean(axis=0), 0.5, atol=0.15)
    assert {space.key(own) for own in pool.candidates.params} == before and len(pool) == len(before)
    assert_array_equal(pool.candidates.points, space.encode(pool.candidates.params))
    places = {repr(own): i for i, own in enumerate(pool_of(space, seed=1).candidates.params)}
    assert (np.diff([places[repr(own)] for own in pool.candidates.params[5:]]) > 0).all()  # the others as they were


def test_fewer_than_are_to_lead():
    pool = pool_of(only=plane(3))
    pool.lead_with_design(7)
    assert sorted(map(repr, pool.candidates.params)) == sorted(map(repr, plane(3)))
    for nothing in (pool_of(only=[]), pool_of(Space.of({"a": [1]}))):
        nothing.lead_with_design(4)


# None twice -----------------------------------------------------------------------------------------------


values = st.lists(st.sampled_from([1, 2, 3.5, 1.0, "x", None, True, (1, 2)]), min_size=1, max_size=3)
small_spaces = st.lists(st.dictionaries(st.sampled_from("abc"), values, min_size=1, max_size=2), min_size=1, max_size=2)


@few
@given(
    branches=small_spaces,
    method=st.sampled_from(list(METHODS)),
    batch=st.integers(1, 4),
    seed=seeds,
    warm=st.booleans(),
)
def test_a_finite_space_is_tried_to_its_end_and_nothing_twice(branches, method, batch, seed, warm):
    space, rng = Space.of(branches), np.random.default_rng(seed)
    past = past_of(space, lambda params: rng.normal(), n_tasks=2, n=4) if warm else None
    suggester = suggester_of(space, past, method, seed)
    suggestions, scores = run(suggester, lambda params: rng.choice([np.nan, 0.0, 1.0, rng.normal()]), 99, batch)
    assert len(suggestions) == space.size
    assert set(keys_of(space, suggestions)) == {space.key(own) for own in space.all()}
    assert suggester.suggest(3, scores, scores) == []


@varied("method", METHODS, keep=2)
def test_nothing_twice_in_an_infinite_space(method):
    space = Space.of({"n": randint(0, 6), "m": randint(0, 4)})
    suggestions, _ = run(
        suggester_of(space, past_of(space, lambda p: p["n"]), method), lambda p: p["n"] - p["m"], 24, 5
    )
    assert len(set(keys_of(space, suggestions))) == 24


# The same again -------------------------------------------------------------------------------------------


@varied("method", METHODS, keep=2)
def test_the_same_generator_gives_the_same_proposals(method):
    one, two, other = (run(suggester_of(method=method, seed=seed), bowl, 7, 2)[0] for seed in (3, 3, 4))
    assert repr(one) == repr(two) != repr(other)


def test_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run(suggester_of(method="rgpe"), bowl, 6)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@varied("method", METHODS, keep=2)
def test_the_units_of_scores_change_no_choice(method):
    """Those of all tasks: how much a task's scores differ is something the past tells of the next."""

    def turned(params):
        return 12.5 + 0.003 * bowl(params)

    (one, scores), (two, _) = (run(suggester_of(past=past_of(score=s), method=method), s, 7) for s in (bowl, turned))
    assert keys_of(PLANE, one) == keys_of(PLANE, two)
    for a, b in zip(one, two, strict=True):
        assert a.origin == b.origin
        assert_allclose([12.5 + 0.003 * a.mean, 0.003 * a.sd], [b.mean, b.sd], rtol=1e-4)
    assert scores.max() > -0.1


@varied("method", METHODS, keep=2)
def test_the_level_of_scores_changes_no_choice(method):
    one, two = (run(suggester_of(method=method), lambda p, level=level: bowl(p) + level, 6)[0] for level in (0.0, 40.0))
    assert keys_of(PLANE, one) == keys_of(PLANE, two)


@varied("method", METHODS, keep=2)
def test_the_units_of_errors_change_no_choice(method):
    pairs = [run(suggester_of(method=method), bowl, 6, errors=errors)[0] for errors in (np.nan, 0.01, 5.0)]
    assert keys_of(PLANE, pairs[0]) == keys_of(PLANE, pairs[1]) == keys_of(PLANE, pairs[2])


def after(errors, **settings):
    """What is expected of the candidate that comes next."""
    suggester = suggester_of(candidates=plane(40), **settings)
    suggester.suggest(5, [], [])
    return suggester.suggest(1, [0.0, 0.1, 0.2, 0.15, 3.0], errors)[0].mean


def test_a_score_with_a_large_error_counts_for_less():
    sure, alike, unsure = [1.0, 1.0, 1.0, 1.0, 0.01], [1.0] * 5, [0.01, 0.01, 0.01, 0.01, 1.0]
    assert after(sure, past=None) > after(alike, past=None) > after(unsure, past=None)
    for method in list(METHODS)[:3]:
        assert after(sure, method=method) != after(alike, method=method) == after([np.nan] * 5, method=method)


# The first ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "task_gp", "rgpe", "portfolio"])
def test_the_first_are_a_portfolio(method):
    suggester = suggester_of(method=method)
    pool = suggester._pool.candidates
    wanted = [pool.params[i] for i in greedy_portfolio(pool.past_means, 3)]
    suggestions = suggester.suggest(3, [], [])
    assert [suggestion.params for suggestion in suggestions] == wanted
    assert {suggestion.origin for suggestion in suggestions} == {"portfolio"}
    assert np.isnan([[suggestion.mean, suggestion.sd] for suggestion in suggestions]).all()
    assert bowl(suggestions[0].params) > -0.05


@pytest.mark.parametrize("past", [PAST, None], ids=["gp", "no past"])
def test_without_a_past_the_first_cover_the_space(past):
    suggestions, _ = run(suggester_of(past=past, method="gp" if past else "auto"), bowl, 5)
    assert [suggestion.origin for suggestion in suggestions] == ["random"] * 4 + ["model"]
    points = np.array([[p.params["a"], p.params["b"]] for p in suggestions[:4]])
    drawn = np.random.default_rng(0).uniform(size=(200, 4, 2))
    assert discrepancy(points) < np.quantile([discrepancy(other) for other in drawn], 0.1)


def test_gp_knows_of_no_past():
    one, two = (run(suggester_of(past=past, method="gp"), bowl, 7)[0] for past in (PAST, None))
    assert repr(one) == repr(two) == repr(run(suggester_of(past=None, method="task_gp"), bowl, 7)[0])


@pytest.mark.parametrize(
    ("method", "origins"),
    [
        ("auto", ["portfolio", "model", "model", "exploration", "model", "model"]),
        ("task_gp", ["portfolio"] + ["model"] * 5),
        ("rgpe", ["portfolio"] * 4 + ["model"] * 2),
        ("portfolio", ["portfolio"] * 6),
        ("gp", ["random"] * 4 + ["model"] * 2),
    ],
)
def test_where_proposals_come_from(method, origins):
    suggestions, _ = run(suggester_of(method=method), bowl, 6)
    assert [suggestion.origin for suggestion in suggestions] == origins
    for suggestion in suggestions:
        assert np.isfinite([suggestion.mean, suggestion.sd]).all() == (suggestion.origin == "model")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_what_is_good(method):
    _, scores = run(suggester_of(method=method), lambda params: bowl(params, (0.75, 0.25)), 14)
    assert scores.max() > -0.01


@pytest.mark.parametrize("seed", range(3))
def test_where_all_is_equal_that_the_past_was_best_at_it_is_looked_elsewhere(seed):
    def plateau(params):
        return float(params["a"] < 0.4)  # the past is best at 0.7, where nothing is to be had today

    _, scores = run(suggester_of(seed=seed), plateau, 9)
    assert max(scores) == 1.0
    _, scores = run(suggester_of(seed=seed, method="task_gp"), plateau, 9)
    assert max(scores) == 0.0  # the past by itself stays: so the plateau is one


def test_a_past_of_the_wrong_sign_is_left_at_ties():
    """Errors told as scores: the past sends to two corners, where nothing differs, and would polish them for long."""
    past = past_of(score=lambda params: -bowl(params), n_tasks=5, n=20)

    def corner_of_nothing(params):
        return float(np.clip(0.5 + bowl(params), 0.3, None))

    for seed in range(3):
        _, scores = run(suggester_of(past=past, seed=seed), corner_of_nothing, 10)
        assert list(scores[:2]) == [0.3, 0.3] and max(scores) > 0.4


def test_what_was_expected_is_what_came():
    suggestions, scores = run(suggester_of(past=None), lambda params: np.sin(5 * params["a"]) + params["b"], 16)
    means, sds = np.array([[p.mean, p.sd] for p in suggestions[6:]]).T
    assert (np.abs(scores[6:] - means) < 4 * sds).all()
    assert sds.max() < 1.0


# What failed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_while_all_failed_nothing_is_known(method):
    suggestions, _ = run(suggester_of(method=method), lambda params: np.nan, 9, 2)
    wanted = {"gp": {"random", "exploration"}, "auto": {"portfolio", "exploration"}}.get(method, {"portfolio"})
    assert {suggestion.origin for suggestion in suggestions} == wanted
    assert len(set(keys_of(PLANE, suggestions))) == 9


@pytest.mark.parametrize("failed", [np.nan, -np.inf, np.inf])
@pytest.mark.parametrize("method", METHODS)
def test_what_failed_counts_as_the_worst(method, failed):
    told = []
    for score in (failed, 1.0):
        suggester = suggester_of(method=method, candidates=plane(30))
        suggester.suggest(6, [], [])
        told.append(suggester.suggest(2, [2.0, score, 3.0, 1.0, 2.5, score], np.full(6, np.nan)))
    assert repr(told[0]) == repr(told[1])


# Several at a time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_of_several_each_takes_the_others_to_be_as_expected(method):
    together, in_turn = (suggester_of(method=method, candidates=plane(30)) for _ in range(2))
    scores = [bowl(suggestion.params) for suggestion in together.suggest(4, [], [])]
    in_turn.suggest(4, [], [])
    both = together.suggest(3, scores, np.full(4, np.nan))
    one_by_one = []
    for _ in range(3):
        one_by_one += in_turn.suggest(1, scores, np.full(len(scores), np.nan))
        scores = np.append(scores, one_by_one[-1].mean if method != "portfolio" else 0.0)
    assert [p.params for p in both] == [p.params for p in one_by_one]
    if method != "rgpe":  # which draws
        assert_allclose([(p.mean, p.sd) for p in both], [(p.mean, p.sd) for p in one_by_one], rtol=1e-6)
    assert len(set(keys_of(PLANE, both))) == 3


def test_fewer_than_asked_for_where_there_are_no_more():
    suggester = suggester_of(candidates=plane(5))
    assert [len(suggester.suggest(n, np.zeros(told), np.zeros(told))) for n, told in ((2, 0), (7, 2), (1, 5))] == [
        2,
        3,
        0,
    ]
    assert suggester_of(candidates=[]).suggest(2, [], []) == []


# What was tried elsewhere -----------------------------------------------------------------------------------


def test_trials_from_elsewhere_count_and_are_not_proposed():
    space = Space.of({"n": [1, 2, 3], "kind": ["x", "y"]})
    told = [
        Trial("now", {"n": 2.0, "kind": "x"}),
        Trial("now", {"n": 3, "kind": "y"}),
        Trial("now", {"n": 7, "kind": "x"}),
    ]
    suggester = suggester_of(space, None)
    suggester.update(told)
    suggestions = suggester.suggest(9, [1.0, 2.0, np.nan], [np.nan] * 3)
    assert [p.params for p in suggestions] != []
    wanted = {space.key(own) for own in space.all()} - {
        space.key({"n": 2, "kind": "x"}),
        space.key({"n": 3, "kind": "y"}),
    }
    assert set(keys_of(space, suggestions)) == wanted and len(suggestions) == 4


def test_what_lies_outside_the_space_is_known_but_never_proposed():
    told = [Trial("now", {"a": 0.5 + 0.1 * i, "b": 9.0}) for i in range(6)]
    suggester = suggester_of(past=None)
    suggester.update(told)
    (best,) = suggester.suggest(1, np.arange(6.0), np.full(6, np.nan))
    assert best.params["a"] > 0.8  # where scores rose
    suggester = suggester_of(past=None)
    suggester.update([*told, Trial("now", {"a": 0.123, "b": 0.456})])
    suggestions = suggester.suggest(9, np.arange(7.0), np.full(7, np.nan))
    seen = [suggestion.params for suggestion in suggestions] + suggester._pool.candidates.params
    assert all(PLANE.adopt(own) is not None for own in seen)
    assert sum(0.123 in own.values() or 0.456 in own.values() for own in seen) > 10  # a start for others


def test_a_search_that_was_broken_off_goes_on():
    space = Space.of({"n": list(range(12))})
    trials = [Trial("now", {"n": n}, {}, float(-abs(n - 5)), 0.1, n_splits=4) for n in (2, 4, 9)]
    trials.append(Trial("now", {"n": 77}, {}, 3.0, 0.2))  # better, but no longer possible
    suggester = suggester_of(space, None)
    (again,) = suggester.resume_from(trials)
    assert (again.params, again.origin, again.mean, again.sd) == ({"n": 4}, "portfolio", -1.0, 0.05)
    one = suggester.suggest(9, [-1.5], [0.05])  # what the best scores this time
    assert {suggestion.params["n"] for suggestion in one} == set(range(12)) - {2, 4, 9}
    assert {suggestion.origin for suggestion in one} == {"model"}  # as four are known
    remembering = suggester_of(space, None)
    remembering.update([trials[2], trials[0], trials[3], trials[1]])
    assert repr(remembering.suggest(9, [-4.0, -3.0, 3.0, -1.5], [0.05, 0.05, 0.2, 0.05])) == repr(one)


def test_nothing_of_a_broken_search_may_be_possible_any_more():
    suggester = suggester_of()
    assert suggester.resume_from([Trial("now", {"a": 5.0, "b": 5.0}, {}, 1.0)]) == []
    (suggestion,) = suggester.suggest(1, [], [])
    assert suggestion.origin == "model"


def test_a_trial_is_of_the_branch_with_its_names():
    space = Space.of([{"a": [1, 2]}, {"a": [1, 2], "b": [1, 2]}])
    suggester = suggester_of(space, None)
    suggester.update([Trial("now", {"a": 1, "b": 2}), Trial("now", {"a": 2}, {"b": 1})])
    left = [suggestion.params for suggestion in suggester.suggest(9, [1.0, 2.0], [np.nan] * 2)]
    assert {space.key(own) for own in left} == {
        space.key(own) for own in ({"a": 1}, {"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 2, "b": 2})
    }


# Spaces of every kind ---------------------------------------------------------------------------------------


@varied("method", METHODS, keep=2)
def test_branches(method):
    def score(params):
        return bowl(params) if "a" in params else params.get("c", -50) / 50

    space = Space.of(BRANCHES)
    suggestions, scores = run(suggester_of(space, past_of(space, score, n=20), method), score, 12)
    for suggestion in suggestions:
        assert space.adopt(space.plain(suggestion.params)) == space.plain(suggestion.params)
    assert scores.max() > 0.8 if method != "gp" else scores.max() > 0.2
    assert len({frozenset(suggestion.params) for suggestion in run(suggester_of(space, None), score, 12)[0]}) > 1


@pytest.mark.parametrize("method", METHODS)
def test_estimators_as_values(method):
    space = Space.of({"svc": STEPS, "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"]})

    def score(params):
        return isinstance(params["svc"], SVC) + 0.5 * isinstance(params["standardscaler"], MinMaxScaler)

    past = past_of(space, score, others={"memory": None})
    suggestions, scores = run(suggester_of(space, past, method, estimator=MODEL), score, 6)
    assert all(any(p.params["svc"] is step for step in STEPS) for p in suggestions)  # the user's own
    assert len(set(keys_of(space, suggestions))) == 6
    if method != "gp":
        assert scores[0] == 1.5
    pipe = make_pipeline(StandardScaler(), SVC())
    for suggestion in suggestions:
        pipe.set_params(**suggestion.params)


def test_one_value_each():
    space = Space.of({"a": [1], "b": ["x"]})
    for past in (None, past_of(space, lambda params: 1.0)):
        suggestions, _ = run(suggester_of(space, past), lambda params: 1.0, 5)
        assert [suggestion.params for suggestion in suggestions] == [{"a": 1, "b": "x"}]


# The suggester of a search ----------------------------------------------------------------------------------


def prior_of(space, score, n=12, n_tasks=3, seed=0):
    history = TrialHistory()
    for t in range(n_tasks):
        drawn = space.sample(n, np.random.default_rng([seed, t]))
        history.add([space.plain(own) | {"score": float(score(own))} for own in drawn], task=f"t{t}")
    return HyperparameterPrior.from_history(history)


def test_past_bests_are_candidates():
    """A draw would never have met them."""
    space = Space.of({name: uniform(0, 1) for name in "abcdef"})
    target = dict.fromkeys("abcdef", 0.7)
    history = TrialHistory()
    for t in range(4):
        drawn = [target, *space.sample(20, np.random.default_rng(t))]
        rows = [own | {"score": -sum((value - 0.7) ** 2 for value in own.values())} for own in drawn]
        history.add(rows, task=f"t{t}")
    prior = HyperparameterPrior.from_history(history)
    (first,) = suggester_for(space, prior, "auto", np.random.default_rng(0), None).suggest(1, [], [])
    assert first.params == target and first.origin == "portfolio"
    half = Space.of({name: uniform(0, 0.5) for name in "abcdef"})  # the old best is no longer possible
    suggestions, _ = run(suggester_for(half, prior, "auto", np.random.default_rng(0), None), lambda p: p["a"], 5)
    assert all(max(suggestion.params.values()) <= 0.5 for suggestion in suggestions)


def test_nothing_in_common_is_said_and_is_as_without_a_past():
    prior = prior_of(PLANE, bowl)
    space = Space.of({"alpha": loguniform(0.01, 100), "depth": [1, 2, 3]})
    with pytest.warns(
        UserWarning,
        match=r"prior: wanted .*'alpha', 'depth'.*found one that knows \['a', 'b'\]; the search starts cold",
    ):
        warned = suggester_for(space, prior, "auto", np.random.default_rng(0), None)
    cold = suggester_for(space, None, "auto", np.random.default_rng(0), None)

    def score(params):
        return -abs(np.log(params["alpha"])) + params["depth"]

    assert repr(run(warned, score, 7)) == repr(run(cold, score, 7))


def test_a_search_without_transfer_has_no_candidates_of_the_past_either():
    prior = prior_of(PLANE, bowl)
    one, two = (
        run(suggester_for(PLANE, known, "gp", np.random.default_rng(0), None), bowl, 6) for known in (prior, None)
    )
    assert repr(one) == repr(two)


def test_one_name_in_common_is_something():
    prior = prior_of(PLANE, bowl)
    space = Space.of({"a": uniform(0, 1), "alpha": loguniform(0.01, 100)})
    (first,) = suggester_for(space, prior, "auto", np.random.default_rng(0), None).suggest(1, [], [])
    assert first.origin == "portfolio" and abs(first.params["a"] - 0.7) < 0.15


def test_only_some_candidates_with_a_past():
    prior, only = prior_of(PLANE, bowl), plane(20, seed=5)
    for past in (prior, None):
        suggestions, _ = run(suggester_for(PLANE, past, "auto", np.random.default_rng(0), None, only), bowl, 99)
        assert sorted(map(repr, (p.params for p in suggestions))) == sorted(map(repr, only))
