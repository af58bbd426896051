"""Today's search space: what is drawn from it, and the numbers candidates are to a model."""

import copy
import pickle
import warnings
from itertools import pairwise, product

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skmeta.tuning._space import Space
from skmeta.tuning._trial import plain_value

pytestmark = pytest.mark.quick

PIPE = make_pipeline(StandardScaler(), SVC())
SCALERS = [StandardScaler(), MinMaxScaler()]
FLAT = {
    "svc__C": stats.loguniform(1e-3, 1e3),
    "svc__degree": stats.randint(2, 7),
    "svc__gamma": ["scale", "auto", 0.1, 1.0],
    "svc__shrinking": [True, False],
    "svc__class_weight": [None, "balanced", {0: 1.0, 1: 2.0}],
    "svc__tol": np.logspace(-4, -2, 3),
    "standardscaler": SCALERS,
    "svc__kernel": ["rbf"],
}
BRANCHES = [
    {"svc": [SVC()], "svc__C": stats.loguniform(1e-2, 1e2), "svc__kernel": ["rbf", "linear"]},
    {"svc": [LogisticRegression()], "svc__C": stats.loguniform(1e-2, 1e2), "svc__l1_ratio": [0.0, 0.5, 1.0]},
    {"svc": [RandomForestClassifier()], "svc__max_depth": [None, 3, 5, 10]},
    {},
]


class Drawn:
    """A distribution of the user's own, as scikit-learn wants it: ``rvs`` gives one value, and nothing else."""

    def __init__(self, draw):
        self.draw = draw

    def rvs(self, random_state=None):
        return self.draw(random_state)


def drawn(space, n=500, seed=0):
    return Space.of(space).sample(n, np.random.default_rng(seed))


def column(space, values, name="a"):
    """Encodings of values of the one parameter of a space."""
    return Space.of({name: space}).encode([{name: value} for value in values])


# What is drawn ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", [FLAT, BRANCHES], ids=["flat", "branches"])
def test_candidates_are_legal_in_scikit_learn(space):
    for candidate in drawn(space, 50):
        model = clone(PIPE).set_params(**clone(candidate, safe=False))
        params = model.get_params()
        for name, value in candidate.items():
            if name == "svc":
                assert type(params[name]) is type(value)  # its own parameters may be set too
            else:
                assert plain_value(params[name]) == plain_value(value)


def test_candidates_are_of_the_kinds_that_scikit_learn_draws():
    theirs = list(ParameterSampler(FLAT, 200, random_state=0))
    for name, choices in FLAT.items():
        types = {type(candidate[name]) for candidate in theirs}
        if hasattr(choices, "rvs"):
            types = {{np.float64: float, np.int64: int}.get(kind, kind) for kind in types}
        assert {type(candidate[name]) for candidate in drawn(FLAT, 200)} == types


def test_values_of_a_list_are_the_users_own_objects():
    assert {id(candidate["standardscaler"]) for candidate in drawn(FLAT)} == set(map(id, SCALERS))


@pytest.mark.parametrize("space", [FLAT, BRANCHES], ids=["flat", "branches"])
def test_the_same_candidates_given_the_same_generator(space):
    assert str(drawn(space, seed=3)) == str(drawn(space, seed=3)) != str(drawn(space, seed=4))
    rng = np.random.default_rng(3)
    made = Space.of(space)
    assert str(made.sample(20, rng)) != str(made.sample(20, rng))


def test_the_global_generator_is_left_alone():
    numbers = []
    for use in (lambda: None, lambda: drawn(FLAT), lambda: Space.of(FLAT).encode(drawn(FLAT))):
        np.random.seed(0)  # noqa: NPY002 -- the one that is meant
        use()
        numbers.append(np.random.random())  # noqa: NPY002
    assert len(set(numbers)) == 1


def test_the_order_of_names_changes_no_value():
    turned = dict(reversed(FLAT.items()))
    assert [plain_value(c) for c in drawn(FLAT)] == [plain_value(c) for c in drawn(turned)]


def test_branches_are_drawn_alike_and_not_in_turn():
    n = 4000
    names = [frozenset(candidate) for candidate in drawn(BRANCHES, n)]
    for branch in BRANCHES:
        assert abs(names.count(frozenset(branch)) / n - 0.25) < 0.03
    same = np.mean([one == two for one, two in pairwise(names)])
    assert abs(same - 0.25) < 0.03


def test_a_value_that_is_listed_twice_is_drawn_twice_as_often():
    share = np.mean([candidate["a"] == 1 for candidate in drawn({"a": [1, 1, 2]}, 4000)])
    assert abs(share - 2 / 3) < 0.03


@pytest.mark.parametrize("law", [stats.norm(3, 2), stats.poisson(4), stats.uniform, stats.randint(0, 5)])
def test_numbers_have_the_law_that_scikit_learn_draws_by(law):
    ours = [candidate["a"] for candidate in drawn({"a": law}, 2000)]
    theirs = [candidate["a"] for candidate in ParameterSampler({"a": law}, 2000, random_state=1)]
    assert stats.ks_2samp(ours, theirs).pvalue > 1e-3


@pytest.mark.parametrize(
    "draw",
    [
        lambda state: (state.randint(10, 100),) * state.randint(1, 3),
        lambda state: np.float64(state.uniform()),
        lambda state: SVC(C=state.uniform()),
        lambda state: None,
    ],
    ids=["tuples", "numbers", "estimators", "None"],
)
def test_a_distribution_that_only_gives_one_value_at_a_time(draw):
    state = np.random.RandomState(np.random.default_rng(0).integers(2**32, dtype=np.uint32))
    state.randint(1, size=5)  # the branches
    wanted = [plain_value(draw(state)) for _ in range(5)]
    found = [candidate["a"] for candidate in drawn({"a": Drawn(draw)}, 5)]
    assert [plain_value(value) for value in found] == wanted
    assert not any(isinstance(value, np.generic) for value in found)


def test_a_law_of_vectors_gives_one_vector_a_candidate():
    space = {"a": stats.dirichlet([1.0, 2.0, 3.0])}
    shapes = {candidate["a"].shape for candidate in drawn(space, 4)}
    assert shapes == {candidate["a"].shape for candidate in ParameterSampler(space, 4)}


def test_no_candidates_are_legal():
    for space in (FLAT, BRANCHES):
        assert drawn(space, 0) == []
        made = Space.of(space)
        assert made.encode([]).shape == (0, len(made.groups))


# Numbers ------------------------------------------------------------------------------------------------


def test_units_change_nothing():
    C = [candidate["a"] for candidate in drawn({"a": stats.loguniform(1e-3, 1e3)})]
    found = column(stats.loguniform(1e-3, 1e3), C)
    assert_allclose(found, column(stats.uniform(-3, 6), np.log10(C)), atol=1e-12)
    assert_allclose(found, column(stats.loguniform(1e-1, 1e5), np.multiply(C, 100)), atol=1e-12)


@pytest.mark.parametrize("law", [stats.loguniform(1e-3, 1e3), stats.norm(5, 2), stats.beta(0.5, 3), stats.expon()])
def test_continuous_draws_are_uniform_once_encoded(law):
    values = [candidate["a"] for candidate in drawn({"a": law}, 2000)]
    found = column(law, values)
    assert found.shape == (2000, 1)
    assert stats.kstest(found[:, 0], "uniform").pvalue > 1e-3
    assert_array_equal(found[:, 0], law.cdf(values))


def test_whole_numbers_lie_in_the_middle_of_their_share():
    assert_allclose(column(stats.randint(1, 5), [1, 2, 3, 4])[:, 0], [0.125, 0.375, 0.625, 0.875])
    assert_allclose(column(stats.rv_discrete(values=([1, 7], [0.8, 0.2])), [1, 7])[:, 0], [0.4, 0.9])


@pytest.mark.parametrize("law", [stats.poisson(3), stats.binom(9, 0.2), stats.geom(0.4), stats.randint(-4, 9)])
def test_the_mean_of_encoded_draws_is_one_half(law):
    support = np.arange(-10, 200)
    assert_allclose(law.pmf(support) @ column(law, support.tolist())[:, 0], 0.5, atol=1e-9)


def test_a_number_outside_is_clipped():
    assert_array_equal(column(stats.uniform(0, 1), [-3.0, 0.5, 7.0]), [[0.0], [0.5], [1.0]])
    assert_array_equal(column([1, 2, 4], [-3.0, 2, 7.0]), [[0.0], [0.5], [1.0]])


@pytest.mark.parametrize("value", [None, "auto", True, np.nan, np.inf, SVC()])
@pytest.mark.parametrize("law", [stats.uniform(0, 1), stats.randint(0, 5), [1, 2, 3]])
def test_what_is_no_number_lies_in_the_middle(law, value):
    assert_array_equal(column(law, [value, 0.5])[0], [0.5])


numbers = st.one_of(st.integers(-50, 50), st.floats(-1e6, 1e6)).map(lambda v: v + 0.0 if isinstance(v, float) else v)


@given(st.lists(numbers, min_size=2, max_size=8), st.randoms())
def test_listed_numbers_are_encoded_by_rank(values, random):
    distinct = sorted(set(values))
    if len(distinct) == 1:
        assert Space.of({"a": values}).groups.size == 0
        return
    shuffled = random.sample(values, len(values))
    wanted = np.array([distinct.index(value) for value in values]) / (len(distinct) - 1)
    assert_allclose(column(values, values)[:, 0], wanted, atol=1e-12)
    assert_array_equal(column(shuffled, values), column(values, values))  # the order of the list
    units = np.arctan(values)
    assume(len(set(units)) == len(distinct))  # numbers next to each other have one arctangent
    assert_allclose(column(units, units), column(values, values), atol=1e-12)


@pytest.mark.parametrize(
    "values",
    [[1.0, 2.0, 5.0], (1, 2, 5), np.array([1, 2, 5]), np.float32([1, 2, 5]), pd.Series([1, 2, 5], index=[5, 6, 7])],
    ids=lambda values: type(values).__name__,
)
def test_any_sequence_of_numbers(values):
    assert_array_equal(column(values, values), [[0.0], [0.5], [1.0]])
    assert_array_equal(column(values, [1, 2.0, np.int64(5)]), [[0.0], [0.5], [1.0]])
    assert_array_equal(column(range(3), [0, 1, 2]), [[0.0], [0.5], [1.0]])


def test_a_number_drawn_without_cdf_is_ranked_among_draws():
    law = stats.gamma(2.0)
    values = law.ppf([0.05, 0.3, 0.5, 0.9])
    own = Drawn(lambda state: law.rvs(random_state=state))
    assert_allclose(column(own, values), column(law, values), atol=0.05)
    assert_array_equal(column(own, values), column(own, values))
    whole = Drawn(lambda state: int(state.randint(3)))
    assert_allclose(column(whole, [0, 1, 2])[:, 0], [1 / 6, 0.5, 5 / 6], atol=0.04)


# Others -------------------------------------------------------------------------------------------------


def test_values_that_are_no_numbers_have_a_column_each():
    values = ["rbf", None, True, False, ("a", 1), {"b": [1]}, StandardScaler(), np.nan]
    assert_array_equal(column(values, values), np.eye(len(values)))
    assert_array_equal(column(values, ["poly", 3, SVC()]), np.zeros((3, len(values))))


def test_equal_estimators_are_one_value_whoever_made_them():
    choices = [SVC(C=1), SVC(C=2), make_pipeline(StandardScaler(), SVC())]
    others = copy.deepcopy(choices)
    assert_array_equal(column(choices, others), np.eye(3))
    assert_array_equal(column(choices, [plain_value(value) for value in others]), np.eye(3))
    assert_array_equal(column([SVC(C=1), SVC(C=1), SVC(C=2)], others), np.eye(3)[:, :2])


def test_a_list_that_mixes_numbers_and_others():
    wanted = [[0.5, 1.0], [0.0, 0.0], [0.5, 0.0], [1.0, 0.0]]
    assert_array_equal(column([None, 3, 5, 10], [None, 3, 5, 10]), wanted)
    assert_array_equal(column([10, 3, None, 5], [None, 3, 5, 10]), wanted)
    assert_array_equal(column([None, 3], [None, 3, 4]), [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])  # one number, no axis
    assert_array_equal(column([True, 1, 0], [True, 1, 0]), [[0.5, 1.0], [1.0, 0.0], [0.0, 0.0]])


def test_others_drawn_without_a_list():
    shape = Drawn(lambda state: ("a", "b", None)[state.randint(3)])
    found = column(shape, ["a", "b", None, "c"])
    assert_array_equal(found.sum(axis=1), [1.0, 1.0, 1.0, 0.0])
    assert_array_equal(found.sum(axis=0), np.ones(3))
    mixed = Drawn(lambda state: None if state.randint(2) else state.uniform(10))
    assert_array_equal(column(mixed, [None]), [[0.5, 1.0]])
    assert column(mixed, [5.0])[0, 1] == 0.0
    endless = Drawn(lambda state: tuple(state.randint(1000, size=2).tolist()))
    assert column(endless, [(1, 2)]).shape == (1, 0)


@pytest.mark.parametrize("choices", [["a"], [3], [SVC(), SVC()], [None, None], [0.5, 0.5], Drawn(lambda state: 7)])
def test_a_parameter_with_one_value_has_no_column(choices):
    space = Space.of({"a": choices, "b": [1, 2]})
    assert space.names == ("a", "b")
    assert_array_equal(space.groups, [0])
    assert_array_equal(space.encode(space.sample(50, np.random.default_rng(0))).shape, (50, 1))
    assert Space.of({"a": choices}).encode(drawn({"a": choices}, 3)).shape == (3, 0)


def test_groups_say_which_columns_belong_together():
    space = Space.of(FLAT)
    assert space.names == tuple(FLAT)
    widths = [1, 1, 3, 2, 3, 1, 2]  # svc__kernel has one value
    assert_array_equal(space.groups, np.repeat(range(7), widths))
    assert space.column_names == tuple(np.repeat(list(FLAT)[:7], widths))
    assert Space.of(BRANCHES).column_names[-5:] == ("svc__max_depth", "", "", "", "")
    assert space.encode(drawn(FLAT)).shape == (500, sum(widths))


# Branches -----------------------------------------------------------------------------------------------


def test_what_a_branch_does_not_have_is_half_way_or_nothing():
    space = Space.of(BRANCHES)
    assert space.names == ("svc", "svc__C", "svc__kernel", "svc__l1_ratio", "svc__max_depth")
    assert_array_equal(space.groups, [0, 0, 0, 1, 2, 2, 3, 4, 4, 5, 5, 5, 5])
    candidates = [
        {"svc": SVC(), "svc__C": 1.0, "svc__kernel": "linear"},
        {"svc": LogisticRegression(), "svc__C": 1e-2, "svc__l1_ratio": 1.0},
        {"svc__max_depth": None, "svc": RandomForestClassifier()},
        {},
        {"svc": SVC()},
    ]
    wanted = [
        [1, 0, 0, 0.5, 0, 1, 0.5, 0.5, 0, 1, 0, 0, 0],
        [0, 1, 0, 0.0, 0, 0, 1.0, 0.5, 0, 0, 1, 0, 0],
        [0, 0, 1, 0.5, 0, 0, 0.5, 0.5, 1, 0, 0, 1, 0],
        [0, 0, 0, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 1],
        [1, 0, 0, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0],  # of no branch
    ]
    assert_allclose(space.encode(candidates), wanted, atol=1e-12)


def branch_of(space, candidates):
    return Space.of(space).encode(candidates)[:, -len(space) :].argmax(axis=1).tolist()


def test_branches_with_the_same_names_are_told_apart_by_values():
    by_step = [{"clf": [SVC()], "C": [1, 2]}, {"clf": [LogisticRegression()], "C": [2, 3]}]
    assert branch_of(by_step, [{"clf": LogisticRegression(), "C": 2}, {"clf": SVC(), "C": 2}]) == [1, 0]
    by_number = [{"C": [1, 2]}, {"C": [2, 3]}, {"C": stats.uniform(10, 5)}, {"C": stats.norm()}]
    values = [1, 2, 3, 12.0, 0.5]
    assert branch_of(by_number, [{"C": value} for value in values]) == [0, 0, 1, 2, 3]
    by_kind = [{"C": [None, 3]}, {"C": ["a", 4]}, {"C": Drawn(lambda state: state.uniform())}]
    values = [None, 3, "a", 4, 0.3]
    assert branch_of(by_kind, [{"C": value} for value in values]) == [0, 0, 1, 1, 2]
    assert branch_of(by_kind[:2], [{"C": "of none of them"}]) == [0]


def test_every_candidate_is_of_the_branch_it_was_drawn_from():
    laws = [stats.uniform(i, 1) for i in range(4)]
    space = [{"a": law, "b": [0, 1], "c": [f"{i}", "all"]} for i, law in enumerate(laws)]
    candidates = drawn(space)
    assert branch_of(space, candidates) == [int(candidate["a"]) for candidate in candidates]


def test_branches_share_a_name_by_the_mean_of_their_functions():
    laws = [stats.uniform(0, 1), stats.loguniform(0.1, 10)]
    values = [0.05, 0.2, 0.9, 3.0]
    found = Space.of([{"a": law} for law in laws]).encode([{"a": value} for value in values])
    assert_allclose(found[:, 0], np.mean([law.cdf(values) for law in laws], axis=0), atol=1e-12)
    assert_array_equal(Space.of([{"a": laws[0]}, {"a": laws[0]}]).encode([{"a": 0.3}])[:, 0], [0.3])
    listed = Space.of([{"a": [1, 4]}, {"a": [2, 3]}]).encode([{"a": value} for value in (1, 2, 3, 4)])
    assert_allclose(listed[:, 0], [0, 1 / 3, 2 / 3, 1])
    both = Space.of([{"a": [1, 3, None]}, {"a": stats.uniform(0, 2)}]).encode([{"a": 1}, {"a": None}])
    assert_allclose(both[:, :2], [[0.25, 0.0], [0.5, 1.0]])
    thrice = Space.of([{"a": [1, 3]}, {"a": [1, 3]}, {"a": stats.uniform(0, 2)}]).encode([{"a": 1}])
    assert_allclose(thrice[0, :-3], [1 / 6])
    own = Space.of([{"a": [0, 4]}, {"a": Drawn(lambda state: state.uniform())}]).encode([{"a": 1}])
    assert_allclose(own[0, :-2], [0.625])
    fixed = Space.of([{"a": [1]}, {"a": stats.uniform(0, 4)}]).encode([{"a": 1}])
    assert_array_equal(fixed[0, :-2], [0.25])


def test_one_dict_is_one_branch():
    assert_array_equal(Space.of([FLAT]).encode(drawn([FLAT])), Space.of(FLAT).encode(drawn(FLAT)))


# Any space ----------------------------------------------------------------------------------------------

words = st.sampled_from(["a", "b", "", None, True, False, (1, 2), "é"])
lists = st.lists(
    st.one_of(st.integers(-3, 3), st.sampled_from([0.5, 1.0, np.inf, np.nan]), words), min_size=1, max_size=5
)
laws = st.sampled_from([stats.uniform(-1, 3), stats.randint(-1, 4), stats.norm(), Drawn(lambda state: state.rand())])
dicts = st.dictionaries(st.sampled_from("xyz"), st.one_of(lists, lists, laws), max_size=3)
spaces = st.lists(dicts, min_size=1, max_size=4).filter(any)
listed_spaces = st.lists(st.dictionaries(st.sampled_from("xyz"), lists, max_size=3), min_size=1, max_size=4).filter(any)


@settings(deadline=None, max_examples=20)
@given(spaces)
def test_any_space_encodes_what_it_draws(branches):
    space = Space.of(branches)
    candidates = space.sample(40, np.random.default_rng(0))
    found = space.encode(candidates)
    assert found.shape == (40, len(space.groups))
    assert np.all((found >= 0) & (found <= 1))
    for i, candidate in enumerate(candidates):  # each alone as among others
        assert_array_equal(space.encode([candidate])[0], found[i])
    if len(branches) > 1:
        of = found[:, -len(branches) :]
        assert_array_equal(of.sum(axis=1), np.ones(40))
        assert all(set(branches[b]) == set(c) for b, c in zip(of.argmax(axis=1), candidates, strict=True))
    again = pickle.loads(pickle.dumps([plain_value(candidate) for candidate in candidates]))
    assert_array_equal(space.encode(again), found)


def kinds(candidate):
    """A candidate as text that tells 1, 1.0 and True apart."""
    return repr(sorted(plain_value(candidate).items()))


@settings(deadline=None)
@given(listed_spaces)
def test_a_finite_space_has_every_candidate_once(branches):
    space = Space.of(branches)
    every = space.all()
    assert {kinds(c) for c in every} == {kinds(c) for c in ParameterGrid(branches)}
    assert len(every) == space.size == len({kinds(c) for c in every}) == len({space.key(c) for c in every})


@settings(deadline=None, max_examples=30)
@given(lists, lists)
def test_keys_are_equal_for_equal_candidates(one, two):
    space = Space.of({"x": one, "y": [SVC(C=1), SVC(C=2)]})
    values = [(x, y) for x, y in product([*one, *two], [*space.all()[0].values(), SVC(C=1), SVC(C=3)])]
    for (x, y), (v, w) in pairwise(values):
        a, b = {"x": x, "y": y}, {"y": w, "x": v}
        assert (space.key(a) == space.key(b)) == (kinds(a) == kinds(b))
        assert space.key(a) == space.key(plain_value(a)) == space.key(copy.deepcopy(a))


def test_how_many_candidates_a_space_has():
    assert Space.of({"a": [1, 2], "b": ["x", "y", "z"]}).size == 6
    assert Space.of({"a": [1, 1.0, True, 1]}).size == 3  # one sample, all samples, and true, for many a parameter
    assert Space.of([{"a": [1, 2]}, {"a": [2, 3]}, {"b": [1]}, {}, {}]).size == 5
    assert Space.of({name: range(1000) for name in "abcdefgh"}).size == 1000**8
    assert Space.of([{"a": range(100), "b": range(i, i + 50)} for i in range(30)]).size == 100 * 79
    space = Space.of({"a": [1, 2], "b": stats.uniform()})
    assert space.size == np.inf
    with pytest.raises(ValueError, match="all: wanted a space of lists, found a distribution"):
        space.all()


# Of the past ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", [FLAT, BRANCHES[:3]], ids=["flat", "branches"])
def test_what_it_draws_is_its_own_as_plain_values_too(space):
    made = Space.of(space)
    for candidate in made.sample(30, np.random.default_rng(0)):
        plain = made.plain(candidate)
        assert plain == plain_value(candidate) == made.plain(copy.deepcopy(candidate))
        again = made.adopt(plain | {"of": "no interest"})
        assert made.plain(again) == plain
        for name, value in again.items():
            assert isinstance(value, int | float) or value is candidate[name]


@pytest.mark.parametrize(
    ("choices", "value", "wanted"),
    [
        (stats.uniform(0, 1), 0.5, 0.5),
        (stats.uniform(0, 1), 1, 1.0),  # a share, as all that is drawn
        (stats.uniform(0, 1), 1.5, None),
        (stats.uniform(0, 1), "auto", None),
        (stats.uniform(0, 1), True, None),
        (stats.randint(1, 5), 4.0, 4),  # a column of floats is what a gap makes of whole numbers
        (stats.randint(1, 5), 2.5, None),
        (stats.randint(1, 5), 5, None),
        (Drawn(lambda state: int(state.randint(1, 5))), 3.0, 3),
        (Drawn(lambda state: int(state.randint(1, 5))), 3.5, None),
        (Drawn(lambda state: (None, 3, 8)[state.randint(3)]), 8, 8),
        (Drawn(lambda state: state.uniform()), 50.0, None),
        (Drawn(lambda state: "a"), 1.0, None),
        ([1, 1.0, True], 1, 1),
        ([1, 1.0, True], 1.0, 1.0),
        ([3, 5], 3.0, 3),
        ([3, 5], 4, None),
        ([3, None], "3", None),
        ([True, False], 1, None),
        (["rbf"], "rbf", "rbf"),
    ],
)
def test_only_a_past_value_that_today_may_have_is_adopted(choices, value, wanted):
    found = Space.of({"a": choices}).adopt({"a": value, "b": 1})
    assert repr(found) == repr(None if wanted is None else {"a": wanted})


def test_a_past_trial_is_adopted_whole_or_not_at_all():
    space = Space.of(BRANCHES[:3])
    assert space.adopt({"svc": plain_value(SVC()), "svc__C": 1.0}) is None
    assert space.adopt({"svc": plain_value(SVC(degree=2)), "svc__C": 1.0, "svc__kernel": "rbf"}) is None
    found = space.adopt({"svc": plain_value(SVC()), "svc__C": 1.0, "svc__kernel": "rbf", "svc__l1_ratio": 0.5})
    assert found == {"svc": BRANCHES[0]["svc"][0], "svc__C": 1.0, "svc__kernel": "rbf"}
    arrays = [np.array([0.3, 0.7]), np.array([0.5, 0.5])]  # whose == is no answer
    assert Space.of({"a": arrays}).adopt({"a": [0.5, 0.5]})["a"] is arrays[1]


# A value ------------------------------------------------------------------------------------------------


def through_joblib(value, path):
    joblib.dump(value, path / "space.joblib")
    return joblib.load(path / "space.joblib")


@pytest.mark.parametrize(
    "way",
    [lambda value, path: pickle.loads(pickle.dumps(value)), through_joblib, lambda value, path: copy.deepcopy(value)],
    ids=["pickle", "joblib", "deepcopy"],
)
@pytest.mark.parametrize("space", [FLAT, BRANCHES], ids=["flat", "branches"])
def test_a_space_comes_back_the_same(space, way, tmp_path):
    made = Space.of(space)
    candidates = made.sample(30, np.random.default_rng(0))
    wanted = made.encode(candidates)
    again = way(made, tmp_path)
    assert_array_equal(again.encode(candidates), wanted)
    assert_array_equal(again.encode(again.sample(30, np.random.default_rng(0))), wanted)
    assert [again.key(c) for c in candidates] == [made.key(c) for c in candidates]
    assert (again.names, again.size, repr(again)) == (made.names, made.size, repr(made))


def test_a_space_is_frozen_and_keeps_what_it_was_given():
    values = [1, 2, 3]
    space = Space.of({"a": values})
    values.append(4)
    assert space.size == 3 and clone(space) is space
    with pytest.raises(AttributeError):
        space.branches = ()
    assert repr(Space.of(BRANCHES)) == "Space(n_parameters=5, n_branches=4, size=inf)"


# Bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("space", "error", "words"),
    [
        (None, TypeError, r"param_distributions: wanted a dict of names .*, found a NoneType\."),
        ("C", TypeError, r"found a str\."),
        (3, TypeError, r"found a int\."),
        ([{"a": [1]}, "b"], TypeError, r"found a list with 'b'\."),
        ([["a", [1]]], TypeError, r"found a list with \['a', \[1\]\]\."),
        ({}, ValueError, r"found no parameter in \{\}; name at least one"),
        ([], ValueError, r"found no parameter in \[\]"),
        ([{}], ValueError, r"found no parameter in \[\{\}\]"),
        ({3: [1]}, TypeError, r"wanted names of parameters, found 3; write them as strings"),
        ({"a": "rbf"}, TypeError, r"param_distributions\['a'\]: wanted a list .*, found 'rbf'; .* wrap it in a list"),
        ({"a": 0.5}, TypeError, r"found 0.5; .* wrap it in a list"),
        ({"a": np.float64(0.5)}, TypeError, r"wrap it in a list"),
        ({"a": np.array(0.5)}, TypeError, r"wrap it in a list"),
        ({"a": None}, TypeError, r"wrap it in a list"),
        ({"a": SVC()}, TypeError, r"found SVC\(\); .* wrap it in a list"),
        ({"a": make_pipeline(StandardScaler(), SVC())}, TypeError, r"wrap it in a list"),
        ({"a": RandomForestClassifier}, TypeError, r"wrap it in a list"),
        ({"a": {"b": 1}}, TypeError, r"wrap it in a list"),
        ({"a": {1, 2}}, TypeError, r"wrap it in a list"),
        ({"a": (value for value in "ab")}, TypeError, r"wrap it in a list"),
        (
            {"b": [1], "a": []},
            ValueError,
            r"param_distributions\['a'\]: wanted at least one value, found none; leave 'a'",
        ),
        ({"a": np.array([])}, ValueError, r"wanted at least one value"),
    ],
)
def test_what_is_no_space_says_so(space, error, words):
    with pytest.raises(error, match=words), warnings.catch_warnings():
        warnings.simplefilter("error")
        Space.of(space)
