"""Models of past tasks: what any past is, whatever its order, its units and its failures."""

import warnings
from dataclasses import fields, replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr, uniform
from sklearn.base import clone
from variations import varied

from skmeta.tuning import _past_tasks
from skmeta.tuning._past_tasks import PastTasks, learn_past
from skmeta.tuning._space import Space
from skmeta.tuning._suggester import Suggester
from skmeta.tuning._surrogates.gp import expected_scores, posterior_sd
from skmeta.tuning._surrogates.scores import normal_scores
from skmeta.tuning._surrogates.task_gp import FRACTIONS
from skmeta.tuning._trial import Trial

SPACE = Space.of({"a": uniform(0, 1), "b": uniform(0, 1)})
few = settings(deadline=None, max_examples=3)


def bowl(points, best=(0.7, 0.3), width=(0.5, 1.0)):
    """A score that is highest in one place."""
    return -np.square((np.asarray(points) - best) / width).sum(axis=1)


def task_of(name, points, scores, **more):
    return [
        Trial(name, {"a": float(a), "b": float(b)}, mean_test_score=float(score), **more)
        for (a, b), score in zip(points, scores, strict=True)
    ]


def related(n_tasks=6, n=15, seed=0, *, permuted=False):
    """Tasks whose best places lie near each other; or whose scores are of other trials than they say."""
    rng, trials = np.random.default_rng(seed), []
    for t in range(n_tasks):
        points = rng.uniform(size=(n, 2))
        scores = bowl(points, (0.7, 0.3) + 0.03 * rng.normal(size=2)) + 0.01 * rng.normal(size=n)
        trials += task_of(f"t{t}", points, rng.permutation(scores) if permuted else scores)
    return trials


def wave(rng):
    """A score that has nothing to do with any other."""
    slope, phase = rng.normal(size=2), rng.uniform(0, 6)
    return lambda points: np.sin(4 * np.asarray(points) @ slope + phase)


def unrelated(n_tasks=8, n=15, seed=0):
    rng = np.random.default_rng(seed)
    return [
        trial
        for t in range(n_tasks)
        for points, score in [(rng.uniform(size=(n, 2)), wave(rng))]
        for trial in task_of(f"t{t}", points, score(points))
    ]


def assert_same_past(one, two, tolerance=1e-10, but=()):
    assert one.names == two.names and one.encoder == two.encoder
    for field in fields(PastTasks):
        if field.name not in ("names", "encoder", *but):
            values = getattr(one, field.name), getattr(two, field.name)
            assert_allclose(*values, rtol=tolerance, atol=tolerance, err_msg=field.name)


def told(past, points):
    """Expected normal scores at points ``(n_tasks, m)``."""
    coordinates = past.encoder.encode([{"a": float(a), "b": float(b)} for a, b in points])
    return expected_scores(past.kernel, past.fitted, coordinates)


# What it is ---------------------------------------------------------------------------------------------


def test_trials_are_kept_by_task_in_normal_scores():
    rng = np.random.default_rng(0)
    points = {name: rng.uniform(size=(n, 2)) for name, n in (("long", 9), ("short", 4))}
    past = learn_past([trial for name, own in points.items() for trial in task_of(name, own, bowl(own))])
    assert past.names == ("long", "short") and past.encoder.names == ("a", "b")
    assert past.points.shape == (2, 9, 2) and past.log_weights.shape == (len(FRACTIONS) + 1,)
    assert_array_equal(past.known, np.arange(9) < np.array([[9], [4]]))
    assert_allclose(np.exp(past.log_weights).sum(), 1.0)
    for t, own in enumerate(points.values()):
        n = len(own)
        assert_allclose(past.scores[t, :n], np.sort(normal_scores(bowl(own))))
        in_order = own[np.argsort(bowl(own))]
        assert_allclose(past.points[t, :n], past.encoder.encode([{"a": a, "b": b} for a, b in in_order]))
        assert (past.scores[t, n:] == 0).all()


def test_a_model_knows_what_it_saw_and_foretells_the_rest():
    past = learn_past(related(n=30))
    new = np.random.default_rng(9).uniform(size=(50, 2))
    for expected in told(past, new):
        assert spearmanr(expected, bowl(new)).statistic > 0.9
    seen = past.points[0]
    assert np.abs(expected_scores(past.kernel, past.fitted, seen)[0] - past.scores[0]).mean() < 0.2
    far = past.encoder.encode([{"a": 99.0, "b": -99.0}])
    sds = posterior_sd(past.kernel, past.fitted, past.known, np.vstack([seen[:1], far]))
    assert sds[0, 0] < 0.5 * sds[0, 1]


def test_what_does_not_matter_has_the_longer_length():
    rng, trials = np.random.default_rng(0), []
    for t in range(4):
        points = rng.uniform(size=(20, 2))
        trials += task_of(f"t{t}", points, np.sin(7 * points[:, 0]))
    lengths = learn_past(trials).lengths
    assert lengths[1] > 3 * lengths[0]


def test_nothing_of_it_can_be_changed():
    past = learn_past(related(2, 4))
    arrays = [
        getattr(past, field.name) for field in fields(past) if field.type == "np.ndarray" or field.name == "points"
    ]
    for field in fields(past):
        value = getattr(past, field.name)
        if isinstance(value, np.ndarray):
            arrays.append(value)
            with pytest.raises(ValueError, match="read-only"):
                value[...] = 0
    assert len(arrays) >= 6
    assert clone(past) is past
    past.fitted, past.trials, past.kernel  # noqa: B018 - they are made anew, of arrays that are as they were
    assert_same_past(past, learn_past(related(2, 4)), 0)


# What changes nothing -----------------------------------------------------------------------------------


@few
@given(st.randoms(use_true_random=False))
def test_the_order_of_tasks_and_of_trials(random):
    rng = np.random.default_rng(1)
    trials = [
        replace(trial, std_test_score=0.1 + rng.uniform(), n_splits=5, n_rows=100 + 50 * (i % 2))
        for i, trial in enumerate(related(3, 8))
    ]
    trials += task_of(1, rng.uniform(size=(4, 2)), [0.0, 1.0, 1.0, 2.0]) + task_of(
        "1", rng.uniform(size=(3, 2)), range(3)
    )
    shuffled = random.sample(trials, len(trials))
    assert_same_past(learn_past(shuffled), learn_past(trials))


def test_the_order_of_repeated_trials_with_other_errors():
    points = np.repeat([[0.1, 0.2], [0.3, 0.9]], 20, axis=0)
    trials = [
        replace(trial, std_test_score=0.01 * (i + 1))
        for i, trial in enumerate(task_of("t", points, np.repeat([1.0, 2.0], 20)))
    ] + task_of("other", points[15:25], bowl(points[15:25]))
    assert_same_past(learn_past(trials[::-1]), learn_past(trials))


@pytest.mark.parametrize("units", [lambda s: 1e3 * s, lambda s: s - 5e4, np.exp, lambda s: np.arctan(100 * s)])
def test_what_a_task_scores_by(units):
    trials = related(3, 8)
    turned = [
        replace(trial, mean_test_score=float(units(trial.mean_test_score))) if trial.task == "t1" else trial
        for trial in trials
    ]
    assert_same_past(learn_past(turned), learn_past(trials), but=["log_scale"])


def test_how_much_scores_differ_within_a_task():
    trials = related(3, 8)
    level, spread = learn_past(trials).log_scale
    deviations = [np.std([t.mean_test_score for t in trials if t.task == f"t{i}"]) for i in range(3)]
    assert_allclose(level, np.median(np.log(deviations)))
    turned = learn_past([replace(trial, mean_test_score=7 - 1e3 * trial.mean_test_score) for trial in trials])
    assert_allclose(turned.log_scale, [level + np.log(1e3), spread])
    flat = task_of("flat", np.eye(2), [0.1, 0.1]) + task_of("lone", [[0.5, 0.5]], [0.3])  # which do not differ
    flat += task_of("flat too", np.random.default_rng(0).uniform(size=(3, 2)), np.full(3, 0.1))  # but for rounding
    assert_allclose(learn_past(trials + flat).log_scale, [level, spread])


def test_where_no_scores_differ_any_scale_is_as_likely():
    flat = task_of("flat", np.random.default_rng(0).uniform(size=(5, 2)), np.full(5, 0.3))
    assert_array_equal(learn_past(flat).log_scale, [0.0, np.inf])


def test_the_units_of_errors_and_the_number_of_splits_they_are_over():
    rng = np.random.default_rng(0)
    errors = rng.uniform(0.1, 0.3, 24)
    made = [
        learn_past(
            [
                replace(trial, std_test_score=scale * error * np.sqrt(n_splits), n_splits=n_splits)
                for trial, error in zip(related(3, 8), errors, strict=True)
            ]
        )
        for scale, n_splits in ((1.0, 1), (1.0, 10), (50.0, 3))
    ]
    assert np.ptp(made[0].errors[0]) > 0.5
    assert_same_past(made[1], made[0], 1e-6)
    assert_same_past(made[2], made[0], 1e-6)


def test_failed_trials():
    trials = related(3, 8)
    failed = task_of("t1", [[0.5, 55.0], [-7.0, 0.5]], [np.nan, np.inf])
    assert_same_past(learn_past(failed + trials), learn_past(trials))
    with pytest.warns(UserWarning, match="a score in each task, found none of 'broken'; nothing was learned there"):
        past = learn_past(trials + task_of("broken", [[0.5, 55.0]], [np.nan]))
    assert_same_past(past, learn_past(trials))
    with warnings.catch_warnings(action="error"):  # one of its numbers of rows has scores
        learn_past(trials + task_of("t1", [[0.5, 0.5]], [np.nan], n_rows=7))


def test_no_score_at_all():
    with pytest.raises(ValueError, match="history: wanted trials with scores, found 3 whose scores are all nan"):
        learn_past(task_of("a", np.zeros((1, 2)), [np.nan]) + task_of("b", np.zeros((2, 2)), [np.nan, -np.inf]))


# Any past is legal --------------------------------------------------------------------------------------


def few():
    rng = np.random.default_rng(0)
    yield "one trial", task_of("t", [[0.5, 0.5]], [1.0])
    yield "one trial a task", [trial for t in range(4) for trial in task_of(t, rng.uniform(size=(1, 2)), [0.0])]
    yield "two trials", task_of("t", [[0.5, 0.5], [0.1, 0.2]], [1.0, 2.0])
    yield "one task", related(1)
    yield "two tasks", related(2)
    yield "constant scores", [replace(trial, mean_test_score=0.1) for trial in related(3, 8)]
    yield "one task with constant scores", related(3) + task_of("flat", rng.uniform(size=(9, 2)), np.zeros(9))
    yield "a trial repeated", task_of("t", np.full((9, 2), 0.5), rng.normal(size=9)) + related(2)
    yield (
        "no parameter varies",
        [Trial(f"t{t}", {"a": 1}, mean_test_score=float(i)) for t in range(3) for i in range(5)],
    )
    yield "no parameter at all", [Trial(f"t{t}", {}, mean_test_score=float(i)) for t in range(3) for i in range(5)]
    yield "sizes from one to fifty", [t for n in (1, 2, 3, 12, 50) for t in task_of(n, *_bowl_of(rng, n))]
    yield "huge scores", [replace(trial, mean_test_score=1e140 * trial.mean_test_score) for trial in related(3, 8)]


def _bowl_of(rng, n):
    points = rng.uniform(size=(n, 2))
    return points, bowl(points)


@pytest.mark.parametrize("trials", [pytest.param(trials, id=name) for name, trials in few()])
def test_any_past_has_models(trials):
    past = learn_past(trials)
    for field in fields(PastTasks):
        if field.name not in ("names", "encoder"):
            values = getattr(past, field.name)
            assert np.isfinite(values[:1] if field.name == "log_scale" else values).all(), field.name
    expected = told(past, [[0.2, 0.8], [9.0, -9.0]])
    assert expected.shape == (len(past.names), 2) and np.abs(expected).max() < 5
    suggester = Suggester(SPACE, past, "auto", np.random.default_rng(0))
    scores = [1.0, 2.0, np.nan, 2.0, 5.0]
    for k in range(len(scores) + 1):
        (suggestion,) = suggester.suggest(1, scores[:k], [np.nan] * k)
    assert np.isfinite([suggestion.mean, suggestion.sd]).all()


def test_a_past_that_tells_nothing_of_how_well_it_foretells_is_as_likely_of_no_use():
    for trials in (related(1), task_of("a", np.eye(2), [0.0, 1.0]) + task_of("b", np.eye(2), [0.0, 1.0])):
        assert_allclose(np.exp(learn_past(trials).log_weights), [*np.full(len(FRACTIONS), 0.5 / len(FRACTIONS)), 0.5])


def test_of_many_trials_the_best_and_an_even_choice_are_kept():
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(300, 2))
    trials = task_of("long", points, bowl(points)) + related(2)
    past = learn_past(trials)
    n = past.known[0].sum()
    assert _past_tasks._MAX_TRIALS // 2 < n <= _past_tasks._MAX_TRIALS
    z = np.sort(normal_scores(bowl(points)))
    assert_array_equal(past.scores[0, -128:], z[-128:])
    assert (np.diff(np.searchsorted(z, past.scores[0, : n - 128])) == 2).all()
    spots = past.encoder.encode([{"a": a, "b": b} for a, b in points[np.argsort(bowl(points))]])
    assert_array_equal(past.points[0, :n], spots[np.searchsorted(z, past.scores[0, :n])])
    assert_same_past(learn_past([trials[i] for i in rng.permutation(len(trials))]), past)


def test_a_task_of_several_sizes_is_several_models():
    points = np.random.default_rng(0).uniform(size=(6, 2))
    trials = [
        t
        for rows in (None, 50, 100)
        for t in task_of("t", points[: rows and 3], bowl(points[: rows and 3]), n_rows=rows)
    ]
    past = learn_past(trials[::-1] + related(1))
    assert past.names == ("t", "t", "t", "t0")
    assert past.known.sum(axis=1).tolist() == [6, 3, 3, 15]


def test_a_task_of_several_sizes_is_held_out_as_a_whole():
    """Else its few rows predicted its many, and how little tasks have in common was never seen."""
    trials = [replace(trial, n_rows=rows) for trial in unrelated(4) for rows in (50, 100)]
    apart = [replace(trial, task=f"{trial.task} at {trial.n_rows}") for trial in trials]
    assert own_share(learn_past(trials)) > 0.8
    assert own_share(learn_past(apart)) < 0.3


# How often it held ---------------------------------------------------------------------------------------


def own_share(past):
    """How much of a new task is its own, on the mean: as a share, or wholly."""
    return np.exp(past.log_weights) @ np.append(FRACTIONS, 1.0)


@pytest.mark.parametrize("seed", range(2))
def test_tasks_of_one_kind_have_little_of_their_own(seed):
    assert own_share(learn_past(related(10, seed=seed))) < 0.2


@pytest.mark.parametrize("seed", range(2))
def test_tasks_that_have_nothing_to_do_with_each_other_are_their_own(seed):
    assert own_share(learn_past(unrelated(8, seed=seed))) > 0.8
    assert own_share(learn_past(related(10, seed=seed, permuted=True))) > 0.6


def regret(past, method, score, seed, n_trials):
    """How far the best so far is from the best there is, after each trial, in hundredths of the range."""
    suggester, scores = Suggester(SPACE, past, method, np.random.default_rng(seed)), []
    for _ in range(n_trials):
        (suggestion,) = suggester.suggest(1, scores, np.full(len(scores), np.nan))
        scores.append(float(score([[suggestion.params["a"], suggestion.params["b"]]])[0]))
    grid = score(np.stack(np.meshgrid(*[np.linspace(0, 1, 60)] * 2), axis=-1).reshape(-1, 2))
    return 100 * (grid.max() - np.maximum.accumulate(scores)) / np.ptp(grid)


def test_a_related_past_saves_trials():
    pairs = []
    for seed in range(3):
        past = learn_past(related(8, seed=seed))
        best = (0.7, 0.3) + 0.03 * np.random.default_rng(100 + seed).normal(size=2)
        pairs.append([regret(past, method, lambda p, best=best: bowl(p, best), seed, 7) for method in ("auto", "gp")])
    warm, cold = np.mean(pairs, axis=0)
    assert warm[0] < 2.0 and warm[0] < cold[4]  # one trial beats five
    assert warm[6] < 0.5


@varied("past_of", [unrelated, partial(related, permuted=True)], ids=["other tasks", "permuted scores"])
def test_an_unrelated_past_costs_little(past_of):
    pairs = []
    for seed in range(3):
        past, score = learn_past(past_of(8, seed=seed)), wave(np.random.default_rng(1000 + seed))
        pairs.append([regret(past, method, score, seed, 10) for method in ("auto", "gp")])
    warm, cold = np.mean(pairs, axis=0)
    assert warm[9] < 1.0
    assert (warm[6:] < cold[4:-2] + 3.0).all()  # about two trials
