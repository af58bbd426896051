"""From errors to a verdict: what noise hides is not claimed, and what is seen is not denied."""

from dataclasses import replace
from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp
from shops import make_collection
from sklearn.linear_model import Ridge

from skmeta import report
from skmeta.model_selection import ShotCurve
from skmeta.report import _verdict
from skmeta.report._verdict import beats, best_of_others, choose, judge, relative_gain, rows_to_match

pytestmark = pytest.mark.quick


def errors_of(own, pooled, warm, residual=None, boosted=None, n_tasks=40, noise=0.05, seed=0):
    """Errors (n_shots, n_tasks) around given means; tasks that are hard are hard for every strategy."""
    rng = np.random.default_rng(seed)
    hard = rng.lognormal(0, 0.5, n_tasks)
    means = {"own": own, "pooled": pooled, "residual": own if residual is None else residual, "warm": warm}
    means |= {} if boosted is None else {"boosted": boosted}
    return {
        name: np.array(mean)[:, None] * hard * rng.lognormal(0, noise, (len(mean), n_tasks))
        for name, mean in means.items()
    }


VERDICTS = {
    "warm": ([4, 3, 2, 1.5], [2.9, 2.9, 2.9, 2.9], [2.9, 2, 1.2, 1]),
    "pooled": ([4, 3, 2, 1.5], [1, 1, 1, 1], [1, 1, 1, 1]),
    "residual": ([4, 4, 3, 2], [3, 3, 3, 3], [3, 1.5, 1.2, 1.1], [3, 1.5, 1.2, 1.1]),
    "boosted": ([4, 4, 3, 2], [3, 3, 3, 3], [3, 1.5, 1.2, 1.1], [4, 4, 4, 4], [2, 1.5, 1.2, 1.1]),
    "nothing": ([2, 2.5, 1.5, 1], [2, 2, 2, 2], [2, 2, 1.5, 1]),
}


@pytest.mark.parametrize("choice", VERDICTS)
@pytest.mark.parametrize("seed", range(5))
def test_the_verdict_is_what_the_errors_say(choice, seed):
    assert choose(errors_of(*VERDICTS[choice], seed=seed)) == choice


def test_what_noise_hides_is_not_claimed():
    assert choose(errors_of(*VERDICTS["warm"], n_tasks=3, noise=1.0, seed=1)) == "unclear"


@given(arrays(float, (4, 3, 6), elements=st.floats(0.1, 10)), st.permutations(range(6)), st.floats(1e-3, 1e3))
def test_the_verdict_knows_no_order_of_tasks_and_no_unit(scores, order, unit):
    names = ("own", "pooled", "residual", "warm")

    def verdict(values):
        return judge(ShotCurve(-values, names, (0, 1, 5), "neg_log_loss", n_tasks=6))

    one, other = verdict(scores), verdict(unit * scores[:, :, order])
    assert one.rival == other.rival
    np.testing.assert_allclose(one.gain, other.gain, atol=1e-9)
    np.testing.assert_allclose(one.noise, other.noise, atol=1e-6)


def test_of_rivals_as_good_as_each_other_rounding_does_not_choose():
    own, pooled = np.full(6, 0.7), np.full(6, 0.7)
    own[1] = pooled[4] = 0.1  # one mean, but summed in another order
    for order in map(list, permutations(range(6))):
        errors = {"own": own[None, order], "pooled": pooled[None, order], "warm": own[None, order]}
        assert best_of_others(errors)[0] == ["own"]


def test_noise_is_that_of_a_paired_t_test():
    """Where all others have one error, the gain is a mean over tasks, and its interval scipy's."""
    ours = np.random.default_rng(0).normal(0.8, 0.1, 12)
    gain, noise = relative_gain(np.ones(12), ours)
    interval = ttest_1samp(1 - ours, 0).confidence_interval(0.95)
    np.testing.assert_allclose((gain - noise, gain + noise), interval)


def test_the_interval_covers_the_gain():
    rng = np.random.default_rng(0)
    hard = rng.lognormal(0, 0.5, (2000, 30))
    others, ours = hard * rng.lognormal(0, 0.3, hard.shape), 0.8 * hard * rng.lognormal(0, 0.3, hard.shape)
    gain, noise = relative_gain(others, ours)
    assert 0.92 < np.mean(np.abs(gain - 0.2) < noise) < 0.97


@given(st.lists(st.floats(0.01, 100), min_size=4, max_size=4, unique=True))
def test_rows_to_match_reads_the_own_curve_backwards(values):
    own, shots = np.sort(values)[::-1], (0, 1, 5, 20)
    np.testing.assert_allclose(rows_to_match(shots, own, own), shots)
    assert np.isinf(rows_to_match(shots, own, 0.99 * own[-1:])).all()
    assert rows_to_match(shots, own, 1.01 * own[:1]) == [0.0]


def test_more_own_rows_never_count_as_a_loss():
    rows = rows_to_match((0, 1, 5), np.array([2.0, 3.0, 1.0]), np.array([2.5, 1.5, 1.0]))
    np.testing.assert_allclose(rows, [0.0, 3.0, 5.0])


def test_errors_of_nothing_are_equal():
    scores = -np.array([[[1.0, 2.0]], [[1.0, 2.0]], [[1e-30, 0.0]]])
    curve = ShotCurve(scores, ("own", "pooled", "warm"), (0,), "neg_log_loss", n_tasks=2)
    np.testing.assert_array_equal(_verdict.floored(curve)["warm"], 1.5e-6)


@pytest.mark.parametrize("choice", ["warm", "pooled", "residual", "nothing", "unclear"])
def test_advice_is_one_sentence_about_the_user_s_tasks(choice):
    means = VERDICTS.get(choice, VERDICTS["warm"])
    errors = errors_of(*means)
    curve = ShotCurve(-np.stack(list(errors.values())), tuple(errors), (0, 1, 5, 20), "neg_log_loss", n_tasks=40)
    sentence = report._text.advice(make_collection(), Ridge(), replace(judge(curve), choice=choice))
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert sentence.count(". ") == 0
    assert ("share nothing worth using" in sentence) == (choice == "nothing")


def curve_of(errors, n_shots=(0, 1, 5, 20)):
    return ShotCurve(-np.stack(list(errors.values())), tuple(errors), n_shots, "neg_log_loss", n_tasks=40)


def test_a_gain_that_the_table_shows_is_not_denied_by_the_sentence():
    """A residual model that fails one task is hard to beat beyond noise, though not the best of the others."""
    errors = errors_of([4, 2, 1.6, 1.2], [4, 4, 4, 4], [4, 1.7, 1, 1], [4, 1.7, 1, 1])
    errors["residual"][1, 0] *= 10
    verdict = judge(curve_of(errors))
    assert verdict.clear.tolist() == [False, True, False, False]
    assert verdict.rival[1:] == ["own", "residual", "residual"]
    assert not beats(errors["warm"][1:], errors["residual"][1:])
    assert verdict.choice == "warm"
    sentence = report._text.advice(make_collection(), Ridge(), verdict)
    assert "with 1 row its error is" in sentence
    assert sentence.endswith("and its gain is more than noise with 1 row.")


@pytest.mark.parametrize("choice", ["pooled", "residual", "nothing", "unclear"])
def test_where_another_is_advised_the_gains_of_warm_are_told(choice):
    verdict = replace(judge(curve_of(errors_of(*VERDICTS["warm"]))), choice=choice)
    assert verdict.clear.tolist() == [False, True, True, True]
    assert "(except with 1, 5 and 20 rows)" in report._text.advice(make_collection(), Ridge(), verdict)


@pytest.mark.parametrize(("borrowed", "own_rows", "told"), [(30.0, 9.0, True), (0.1, 9.0, False), (30.0, 5.2, False)])
def test_borrowing_is_told_where_it_agrees_with_the_errors(borrowed, own_rows, told):
    verdict = replace(judge(curve_of(errors_of(*VERDICTS["warm"]))), own_rows=np.array([0, 5, own_rows, 40]))
    verdict = replace(verdict, gain=np.array([0, 0, 0.5, 0]), noise=np.full(4, 0.1))
    warm = SimpleNamespace(borrowing_=dict.fromkeys(range(3), borrowed))
    worth = report._text._worth(make_collection(), Ridge(), verdict, warm)
    assert worth.startswith(f"With 5 rows of a new site, warm is as good as a model of its own with {own_rows}.")
    assert ("borrowing_" in worth) == told


def test_rows_beyond_those_tried_are_no_sentence():
    verdict = replace(judge(curve_of(errors_of(*VERDICTS["warm"]))), own_rows=np.array([0, 5, np.inf, 40]))
    verdict = replace(verdict, gain=np.array([0, 0, 0.5, 0]), noise=np.full(4, 0.1))
    worth = report._text._worth(make_collection(), Ridge(), verdict, SimpleNamespace(borrowing_={0: 30.0}))
    assert worth.startswith(
        "By its own account (borrowing_), in a fit to all rows the prior stands for 30 further rows"
    )
    silent = report._text._worth(make_collection(), Ridge(), verdict, SimpleNamespace(borrowing_={0: float("nan")}))
    assert silent == ""


def test_where_own_models_beat_nothing_they_are_not_advised():
    errors = errors_of([1, 1.3, 1.1, 1.05], [1, 1, 1, 1], [1, 1, 1, 1])
    curve = ShotCurve(-np.stack(list(errors.values())), tuple(errors), (0, 1, 5, 20), "neg_log_loss", n_tasks=40)
    verdict = judge(curve)
    assert verdict.choice == "nothing"
    assert "nor is a Ridge of its own any better" in report._text.advice(make_collection(), Ridge(), verdict)
