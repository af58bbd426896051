"""The coordinates of past trials: what they keep apart, in any order, units and process."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from round_trips import WAYS
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta.tuning._categories import value_key
from skmeta.tuning._trial import Described, Trial, decoded, encoded, plain_value
from skmeta.tuning._trial_encoder import TrialEncoder
from skmeta.tuning._written_values import written_value

pytestmark = pytest.mark.quick


def axes_of(*params, others=({},)):
    """The coordinates of trials with these parameters, and of as many others that were not searched."""
    fill = [others[0]] * len(params) if len(others) == 1 else others
    return TrialEncoder.of([Trial("old", p, o) for p, o in zip(params, fill, strict=True)])


def axis(values, today=None):
    """Today's values of the one parameter, encoded by past values of it."""
    made = axes_of(*({"a": value} for value in values))
    return made.encode([{"a": value} for value in (values if today is None else today)])


# Which parameters ---------------------------------------------------------------------------------------


def test_what_was_searched_and_differed_has_an_axis():
    trials = [
        Trial("one", {"C": 1.0, "same": 3}, {"gamma": 0.1, "never": 1}),
        Trial("two", {"gamma": 0.2, "same": 3}, {"C": 1.0, "never": 2}),
        Trial("two", {"gamma": 0.1, "same": 3}, {"C": 1.0, "never": 2}),
    ]
    made = TrialEncoder.of(trials)
    assert made.names == ("gamma",)  # C was always 1.0, and nobody searched what differed in `never`
    assert_array_equal(made.encode([t.all_params for t in trials]), [[0.0], [1.0], [0.0]])


def test_a_parameter_left_alone_has_the_value_it_then_had():
    trials = [Trial("one", {"C": 1.0}, {"gamma": 5.0}), Trial("two", {"gamma": 1.0}, {"C": 3.0})]
    made = TrialEncoder.of(trials)
    assert made.names == ("C", "gamma")
    assert_array_equal(made.encode([t.all_params for t in trials]), [[0.0, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize("trials", [[], [Trial("one", {"C": 1.0})], [Trial("one", {}), Trial("two", {}, {"C": 1})]])
def test_without_a_difference_there_are_no_coordinates(trials):
    made = TrialEncoder.of(trials)
    assert made.names == () and made.groups.shape == (0,) and repr(made) == "TrialEncoder()"
    assert made.encode([{"C": 1.0}, {}]).shape == (2, 0)
    assert made.encode([]).shape == (0, 0)


def test_groups_say_which_columns_belong_together():
    made = axes_of(
        {"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": None, "b": "z"}, {"b": "z", "c": 1}, {"b": "x", "c": 1}
    )
    assert made.names == ("a", "b", "c")
    assert_array_equal(made.groups, [0, 0, 0, 1, 1, 1, 2, 2])  # a: axis, absent, None; c: absent, 1
    assert made.encode([{}]).shape == (1, 8)


# Numbers ------------------------------------------------------------------------------------------------


def test_numbers_lie_between_the_smallest_and_the_largest():
    assert_allclose(axis([1, 3, 11])[:, 0], [0.0, 0.2, 1.0])
    assert_allclose(axis([-5.0, 0.0, 5.0])[:, 0], [0.0, 0.5, 1.0])
    assert_allclose(axis([0.01, 1.0, 100.0])[:, 0], [0.0, 0.5, 1.0])
    assert_allclose(axis([1, 10, 100])[:, 0], [0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("values", "is_log"),
    [
        (np.linspace(1, 29, 5), False),
        (np.geomspace(1, 29, 5), False),  # too narrow to matter
        (np.linspace(1, 31, 5), False),
        (np.geomspace(1, 31, 5), True),
        (np.linspace(10, 500, 9), False),
        (np.geomspace(10, 500, 9), True),
        (np.linspace(1, 1000, 9), False),
        (np.geomspace(1, 1000, 9), True),
        (np.r_[0.0, np.geomspace(1, 1000, 9)], False),
        (-np.geomspace(1, 1000, 9), False),
        (np.r_[5e-324, 1e-162, 1.0], True),
        (np.r_[1e-300, 1.0, 1e300], True),
        (np.r_[5e-324, 1e-323], False),
        (np.r_[-1e300, 0.0, 1e300], False),
    ],
)
def test_an_axis_is_a_log_where_numbers_are_more_evenly_spread_on_one(values, is_log):
    made = axes_of(*({"a": float(value)} for value in values))
    assert [scale[0] for scale in made.scales] == [is_log]
    found = made.encode([{"a": float(value)} for value in np.sort(values)])[:, 0]
    assert found[0] == 0.0 and found[-1] == 1.0 and np.all(np.diff(found) > 0)


def test_values_of_today_may_lie_a_little_outside():
    assert_allclose(axis([0, 10], [-1, -4, -6, -1e300, 12, 20, 1e300])[:, 0], [-0.1, -0.4, -0.5, -0.5, 1.2, 1.5, 1.5])
    found = axis([0.1, 1.0, 10.0, 100.0], [0.01, 1e-9, 0, -3.0, 1000.0, 1e99])[:, 0]
    assert_allclose(found, [-1 / 3, -0.5, -0.5, -0.5, 4 / 3, 1.5])


@pytest.mark.parametrize("today", [None, "auto", True, Described("f"), float("nan"), float("inf"), 10**400, 1.5e300])
def test_what_is_no_number_lies_in_the_middle(today):
    assert_array_equal(axis([1.0, 2.0], [today, 2.0]), [[0.5], [1.0]])
    assert_array_equal(axis([1.0, 10.0, 1e4], [today, 1e4]), [[0.5], [1.0]])
    assert_array_equal(axis([1.0, 2.0, "other"], [today, 2.0]), [[0.5, 0.0], [1.0, 0.0]])


finite = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
positive = st.floats(-6, 6).map(lambda exponent: float(f"{10**exponent:.3g}"))


@given(st.lists(positive, min_size=2, max_size=12, unique=True), st.floats(-3, 3))
def test_units_change_nothing(values, exponent):
    assume(abs(max(values) / min(values) / 30.0 - 1.0) > 1e-9)
    assert_allclose(axis(np.multiply(values, 10**exponent).tolist()), axis(values), atol=1e-6)


@given(st.lists(finite, min_size=2, max_size=12))
def test_more_is_always_further(values):
    found = axis(values)
    if len(set(values)) == 1:
        assert found.shape == (len(values), 0)
        return
    assert found.shape == (len(values), 1)
    order = np.argsort(values)
    assert np.all(np.diff(found[order, 0]) >= 0)
    assert found.min() == 0.0 and found.max() == 1.0
    assert axis([*values, "a"])[:-1, :1] == pytest.approx(found)


def test_how_often_a_value_was_tried_changes_nothing():
    values = np.geomspace(1, 100, 5).tolist()
    assert_array_equal(axis(values + [100.0] * 50, values), axis(values))


# Others -------------------------------------------------------------------------------------------------


def test_other_values_have_a_column_each():
    values = [None, "a", True, (1, 2), Described("f"), {"b": 1}]
    found = axis(values)
    assert_array_equal(np.sort(found, axis=0), np.sort(np.eye(len(values)), axis=0))
    assert_array_equal(found.sum(axis=1), np.ones(len(values)))
    assert_array_equal(axis(values, ["never seen", False, 1, 1.0, "none", [1, 2]]), np.zeros((6, len(values))))


@pytest.mark.parametrize("texts", [("True", "False"), ("None", "sqrt"), ("(1, 2)", "[1, 2]"), ("1", "2.5")])
def test_text_of_today_is_what_a_table_of_the_past_has_for_it(texts):
    values = [written_value(text) for text in texts]
    assert_array_equal(axis(values, list(texts)), axis(values))
    assert_array_equal(axis(list(texts), values), axis(list(texts)))


def test_equal_estimators_are_one_value_whoever_made_them():
    past = [plain_value(value) for value in (SVC(C=2), StandardScaler(), SVC(C=2), None)]
    found = axis(past)
    assert found.shape == (4, 3)
    assert_array_equal(found[0], found[2])
    assert_array_equal(axis(past, [decoded(json.loads(json.dumps(encoded(value)))) for value in past]), found)
    assert_array_equal(axis(past, [SVC(C=2), StandardScaler(), SVC(C=2), None]), found)


def test_numbers_and_others_of_one_parameter():
    assert_array_equal(axis([None, 3, 5, 11]), [[0.5, 1.0], [0.0, 0.0], [0.25, 0.0], [1.0, 0.0]])
    assert_array_equal(axis([None, 3], [None, 3, 4]), [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])  # one number, no axis
    assert_array_equal(axis([True, 1, 0]), [[0.5, 1.0], [1.0, 0.0], [0.0, 0.0]])
    assert axis([1, 1.0]).shape == (2, 0)


def test_an_absent_parameter_has_its_own_column():
    made = axes_of({"a": 1, "b": "x"}, {"a": 3, "b": "y"}, {"b": "x"})
    assert_array_equal(made.encode([{"a": 1}, {"a": 3}, {}])[:, :2], [[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])
    assert_array_equal(made.encode([{"a": None}, {"a": "new"}])[:, :2], [[0.5, 0.0], [0.5, 0.0]])
    assert_array_equal(made.encode([{"b": "x"}, {"b": "y"}, {}])[:, 2:], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])


# Any past -----------------------------------------------------------------------------------------------

others = st.one_of(
    st.booleans(),
    st.none(),
    st.text(max_size=2),
    st.tuples(st.integers(0, 1)),
    st.sampled_from([Described("f"), Described("SVC(C=2)"), [1.0], {"a": None}, 10**400, np.nan, np.inf]),
)


def histories(numbers):
    params = st.dictionaries(st.sampled_from("abc"), st.one_of(numbers, others), max_size=3)
    return st.lists(st.builds(Trial, st.sampled_from(["one", "two"]), params), max_size=12)


@settings(deadline=None)
@given(histories(st.floats() | st.integers()), st.randoms())
def test_any_past_has_coordinates_that_do_not_depend_on_its_order(trials, random):
    made, past = TrialEncoder.of(trials), [trial.all_params for trial in trials]
    found = made.encode(past)
    assert found.shape == (len(trials), len(made.groups))
    assert np.all((found >= 0) & (found <= 1))
    turned = TrialEncoder.of(random.sample(trials, len(trials)))
    assert turned == made and hash(turned) == hash(made) and turned.encode(past).tolist() == found.tolist()
    for i, params in enumerate(past):  # each alone as among others
        assert_array_equal(made.encode([params])[0], found[i])


@settings(deadline=None)
@given(histories(st.integers(-3, 1000) | st.sampled_from([0.001, 0.01, 0.1, 1.0])))
def test_trials_that_differ_have_different_coordinates(trials):
    past = [trial.all_params for trial in trials]
    found = TrialEncoder.of(trials).encode(past)
    for i, one in enumerate(past):
        for j, two in enumerate(past[:i]):
            if value_key(one) == value_key(two):
                assert_array_equal(found[i], found[j])
            else:
                assert not np.array_equal(found[i], found[j])


# A value ------------------------------------------------------------------------------------------------


def test_coordinates_are_equal_by_content():
    one, two = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], [{"a": 2, "b": "y"}, {"a": 1, "b": "x"}]
    assert axes_of(*one) == axes_of(*two) and hash(axes_of(*one)) == hash(axes_of(*two))
    assert axes_of(*one) == axes_of(*one, {"a": 1.5, "b": "y"})  # nothing new
    for more in ({"a": 3, "b": "x"}, {"a": 1, "b": "z"}, {"a": 1}, {"a": 1, "b": "x", "c": 1}, {"a": None, "b": "x"}):
        assert axes_of(*one) != axes_of(*one, more)
    assert axes_of({"a": True}, {"a": None}) != axes_of({"a": 1}, {"a": None})
    assert axes_of({"a": float("nan")}, {"a": None}) == axes_of({"a": float("nan")}, {"a": None})
    assert axes_of(*one) != "TrialEncoder(a, b)"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_coordinates_come_back_the_same(way, tmp_path):
    past = [
        {"C": 0.01, "step": plain_value(SVC()), "n": 3, "flag": True, "shape": (5, 5), "weight": {"a": 1.0}},
        {"C": 100.0, "step": plain_value(StandardScaler()), "n": None, "flag": False, "shape": [5]},
        {"C": 1.0, "n": float("nan"), "weight": None},
        {},
    ]
    made = axes_of(*past)
    for used in (False, True):  # what is derived is derived again
        if used:
            made.encode(past)
        again = way(made, tmp_path)
        assert again == made and hash(again) == hash(made) and repr(again) == repr(made)
        assert_array_equal(again.encode(past), made.encode(past))
        assert_array_equal(again.groups, made.groups)


def test_coordinates_are_frozen_and_shared():
    made = axes_of({"a": 1}, {"a": 2})
    assert clone(made) is made
    with pytest.raises(AttributeError):
        made.names = ()
    assert repr(made) == "TrialEncoder(a)"
