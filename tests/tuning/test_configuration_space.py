"""Spaces of ConfigSpace with conditions and forbidden clauses, held against the plain reading of each clause."""

import operator
import pickle
from collections import Counter
from importlib import import_module
from importlib.util import find_spec

import configspace_like
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from variations import varied

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.tuning._domains import log_integers
from skmeta.tuning._space import Space

pytestmark = pytest.mark.quick

MODULES = [configspace_like, *([import_module("ConfigSpace")] if find_spec("ConfigSpace") else [])]
COMPARE = {
    "Equals": operator.eq,
    "NotEquals": operator.ne,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


# What clauses mean, one configuration at a time -------------------------------------------------------


def holds(clause, values):
    if hasattr(clause, "components"):
        return (any if "Or" in type(clause).__name__ else all)(holds(part, values) for part in clause.components)
    parameter = getattr(clause, "parent", None) or clause.hyperparameter
    kind = type(clause).__name__.removeprefix("Forbidden").removesuffix("Condition").removesuffix("Clause")
    if parameter.name not in values:
        return kind == "NotEquals"
    found = values[parameter.name]
    if kind == "In":
        return found in list(clause.values)
    wanted = clause.value
    if hasattr(parameter, "sequence"):
        found, wanted = (list(parameter.sequence).index(value) for value in (found, wanted))
    return COMPARE[kind](found, wanted)


def child_of(condition):
    return condition.child.name if hasattr(condition, "child") else child_of(condition.components[0])


def parents_of(condition):
    if hasattr(condition, "components"):
        return [name for part in condition.components for name in parents_of(part)]
    return [condition.parent.name]


def drawn(space, rng):
    """A configuration drawn by the book, parents first; None if it is forbidden."""
    conditions = {child_of(condition): condition for condition in space.conditions}
    names, values = [], {}

    def put(name):
        for parent in parents_of(conditions[name]) if name in conditions else []:
            put(parent)
        if name not in names:
            names.append(name)
            if name not in conditions or holds(conditions[name], values):
                values[name] = space[name].rvs(random_state=rng)

    for name in space:
        put(name)
    values = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    return None if any(holds(clause, values) for clause in space.forbidden_clauses) else values


def draws(space, n, seed=0):
    rng = np.random.RandomState(seed)
    found = (drawn(space, rng) for _ in range(20 * n))
    return [values for values, _ in zip((each for each in found if each is not None), range(n), strict=False)]


def is_legal(space, values):
    conditions = {child_of(condition): condition for condition in space.conditions}
    there = {name for name in space if name not in conditions or holds(conditions[name], values)}
    return there == set(values) and not any(holds(clause, values) for clause in space.forbidden_clauses)


# Spaces -----------------------------------------------------------------------------------------------


def of_a_kernel(cs):
    kernel = cs.Categorical("kernel", ["rbf", "poly", "linear", "sigmoid"])
    gamma, degree = cs.Float("gamma", (1e-4, 1.0), log=True), cs.Integer("degree", (2, 5))
    coef0, cost = (
        cs.Categorical("coef0", [0.0, 1.0, 2.0], weights=[0.5, 0.3, 0.2]),
        cs.Float("C", (0.1, 10.0), log=True),
    )
    space = cs.ConfigurationSpace(seed=0)
    space.add(gamma, degree, kernel, coef0, cost, cs.Constant("shrinking", True))
    space.add(cs.InCondition(gamma, kernel, ["rbf", "poly", "sigmoid"]), cs.EqualsCondition(degree, kernel, "poly"))
    poly, small = cs.ForbiddenEqualsClause(kernel, "poly"), cs.ForbiddenInClause(coef0, [1.0, 2.0])
    space.add(cs.ForbiddenAndConjunction(poly, small))
    return space


def nested(cs):
    a, b, f = cs.Categorical("a", ["x", "y"]), cs.Categorical("b", [1, 2, 3]), cs.Integer("f", (1, 10))
    d, e, h = (cs.Float(name, (0.0, 1.0)) for name in "deh")
    space = cs.ConfigurationSpace(seed=0)
    space.add(h, a, b, d, e, f)
    inner = cs.AndConjunction(cs.EqualsCondition(d, a, "y"), cs.GreaterThanCondition(d, f, 4))
    space.add(cs.OrConjunction(cs.EqualsCondition(d, b, 1), inner), cs.EqualsCondition(b, a, "x"))
    space.add(cs.NotEqualsCondition(e, b, 1))
    space.add(cs.AndConjunction(cs.LessThanCondition(h, f, 7), cs.NotEqualsCondition(h, a, "y")))
    space.add(cs.ForbiddenEqualsClause(f, 5))
    return space


def of_orders(cs):
    o, p = cs.OrdinalHyperparameter("o", ["low", "mid", "high", "top"]), cs.Float("p", (0.0, 1.0))
    q, r = cs.Float("q", (1.0, 100.0), log=True), cs.Integer("r", (0, 9))
    z = cs.Float("z", (0.0, 10.0), distribution=cs.Normal(3.0, 2.0))
    space = cs.ConfigurationSpace(seed=0)
    space.add(o, p, q, r, z)
    space.add(cs.GreaterThanCondition(q, o, "mid"), cs.GreaterThanCondition(r, p, 0.25), cs.LessThanCondition(z, r, 5))
    low = cs.ForbiddenAndConjunction(cs.ForbiddenLessThanClause(p, 0.5), cs.ForbiddenEqualsClause(o, "low"))
    space.add(low, cs.ForbiddenGreaterThanEqualsClause(q, 90.0))
    return space


def settings_of(values):
    """What of a configuration can be counted."""
    return tuple(sorted((name, "" if isinstance(value, float) else str(value)) for name, value in values.items()))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
@varied("make", [of_a_kernel, nested, of_orders], ids=lambda make: make.__name__)
def test_candidates_are_drawn_as_configurations_are(make, module):
    configurations = make(module)
    space = Space.of(configurations)
    ours, theirs = space.sample(3000, np.random.default_rng(0)), draws(configurations, 3000)
    assert all(is_legal(configurations, params) for params in ours)
    assert all(is_legal(configurations, params) for params in space.moved(ours[:300], np.random.default_rng(1)))
    known = [params for params in theirs[:300] if params.get("z", 0.0) < 8.0]  # a law without cdf is known by draws
    assert [space.adopt(params) for params in known] == known
    found, expected = Counter(map(settings_of, ours)), Counter(map(settings_of, theirs))
    cells = found.keys() | expected.keys()
    distances = [(found[cell] - expected[cell]) / np.sqrt(found[cell] + expected[cell]) for cell in cells]
    assert np.mean(np.square(distances)) < 1 + 4 * np.sqrt(2 / len(cells))  # of chi-squared: mean 1, variance 2
    for name in configurations:
        numbers = [[params[name] for params in some if isinstance(params.get(name), float)] for some in (ours, theirs)]
        assert not numbers[0] or ks_2samp(*numbers).pvalue > 1e-4


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_values_are_split_where_clauses_tell_them_apart_and_no_further(module):
    space = Space.of(of_a_kernel(module))
    kernels = [branch["kernel"].values for branch in space.branches]
    assert sorted(map(sorted, kernels)) == [["linear"], ["poly"], ["rbf", "sigmoid"]]
    np.testing.assert_allclose(sorted(space.weights), np.array([1 / 8, 1 / 4, 1 / 2]) / (7 / 8))


def test_in_a_list_of_spaces_each_is_as_likely():
    one, two = of_a_kernel(configspace_like), {"nu": [0.1, 0.2]}
    space = Space.of([one, two])
    assert sum(space.weights) == pytest.approx(1.0) and space.weights[-1] == pytest.approx(0.5)
    drawn = space.sample(400, np.random.default_rng(0))
    assert all(is_legal(one, params) for params in drawn if "nu" not in params)
    assert 150 < sum("nu" in params for params in drawn) < 250


values = st.sampled_from("xyz")


@st.composite
def clauses(draw, parts, join):
    """A clause, or clauses within clauses."""
    if draw(st.booleans()):
        return draw(parts)
    some = draw(st.lists(clauses(parts, join), min_size=2, max_size=2))
    return join(draw(st.booleans()))(*some)


@st.composite
def spaces(draw):
    """Five choices of three values, each with a condition on those before, and some forbidden clauses."""
    cs = configspace_like
    parameters = [cs.Categorical(name, ["x", "y", "z"]) for name in "abcde"]
    space = cs.ConfigurationSpace()
    space.add(*parameters)
    for at, child in enumerate(parameters):
        if at and draw(st.booleans()):
            kinds = st.sampled_from([cs.EqualsCondition, cs.NotEqualsCondition])
            parts = st.builds(
                lambda kind, p, v, child=child: kind(child, p, v), kinds, st.sampled_from(parameters[:at]), values
            )
            space.add(draw(clauses(parts, lambda every: cs.AndConjunction if every else cs.OrConjunction)))
    forbidden = st.builds(cs.ForbiddenEqualsClause, st.sampled_from(parameters), values)
    for _ in range(draw(st.integers(0, 3))):
        space.add(draw(clauses(forbidden, lambda _: cs.ForbiddenAndConjunction)))
    return space


def configurations_of(space):
    """All legal ones."""
    found = [{}]
    for name in space:
        conditions = {child_of(condition): condition for condition in space.conditions}
        found = [
            params | more
            for params in found
            for more in (
                [{name: value} for value in space[name].choices]
                if name not in conditions or holds(conditions[name], params)
                else [{}]
            )
        ]
    return [params for params in found if not any(holds(clause, params) for clause in space.forbidden_clauses)]


@pytest.mark.filterwarnings("ignore:param_distributions. wanted parameters that some configurations have:UserWarning")
@settings(deadline=None, max_examples=12)
@given(spaces())
def test_any_clauses_leave_what_they_say(configurations):
    legal = configurations_of(configurations)
    assume(legal)
    space = Space.of(configurations)
    assert space.size == len(legal)
    assert sorted(map(settings_of, space.all())) == sorted(map(settings_of, legal))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_choice_of_weight_0_is_never_tried(module):
    cs, space = module, module.ConfigurationSpace(seed=0)
    a, b = cs.Categorical("a", ["x", "y", "z"], weights=[0.0, 3.0, 1.0]), cs.Categorical("b", [1, 2])
    space.add(a, b, cs.NotEqualsCondition(b, a, "z"))
    found = Space.of(space)
    assert found.all() == [{"a": "y", "b": 1}, {"a": "y", "b": 2}, {"a": "z"}] and found.size == 3
    assert found.adopt({"a": "x", "b": 1}) is None
    np.testing.assert_allclose(found.weights, [3 / 4, 1 / 4])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
@pytest.mark.parametrize("kind", ["a float's value", "floats' values", "a choice of weight 0", "a forbidden value"])
def test_parameters_that_no_configuration_has_are_told(module, kind):
    cs, space = module, module.ConfigurationSpace(seed=0)
    p, child = cs.Float("p", (0.0, 1.0)), cs.Integer("child", (1, 3))
    a = cs.Categorical("a", ["x", "y", "z"], weights=[0.0, 3.0, 1.0])
    condition = {
        "a float's value": cs.EqualsCondition(child, p, 0.5),
        "floats' values": cs.InCondition(child, p, [0.25, 0.5]),
        "a choice of weight 0": cs.EqualsCondition(child, a, "x"),
        "a forbidden value": cs.EqualsCondition(child, a, "z"),
    }[kind]
    space.add(p, a, child, condition, cs.ForbiddenEqualsClause(a, "z"))
    with pytest.warns(UserWarning, match=r"found \['child'\] in none that is drawn"):
        found = Space.of(space)
    assert set(found.names) == {"p", "a"}


def test_parameters_that_no_configuration_has_are_told_where_a_search_begins():
    cs, space = configspace_like, configspace_like.ConfigurationSpace()
    C, degree = cs.Float("C", (0.1, 1.0)), cs.Integer("degree", (1, 3))
    space.add(C, degree, cs.EqualsCondition(degree, C, 0.5))
    search = WarmStartSearchCV(SVC(), space, n_iter=2, cv=2, random_state=0)
    with pytest.warns(UserWarning, match=r"found \['degree'\] in none") as caught:
        search.fit(*load_iris(return_X_y=True))
    assert len(caught) == 1
    assert all(params.keys() == {"C"} for params in search.cv_results_["params"])
    with pytest.warns(UserWarning, match=r"found \['degree'\] in none") as caught:
        search.prior_.suggest(space)
    assert [each.filename for each in caught] == [__file__]


def test_what_is_all_forbidden_is_told():
    space = configspace_like.ConfigurationSpace()
    a = configspace_like.Categorical("a", ["x", "y"])
    space.add(a, configspace_like.ForbiddenInClause(a, ["x", "y"]))
    with pytest.raises(ValueError, match="wanted a configuration that is not forbidden, found none"):
        Space.of(space)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_an_empty_space_is_one_clear_error(module):
    X, y = load_iris(return_X_y=True)
    history = TrialHistory().add([{"C": 1.0, "score": 0.1}], task="a")
    empty = module.ConfigurationSpace(seed=0)
    message = "param_distributions: wanted at least one parameter, found an empty ConfigurationSpace"
    with pytest.raises(ValueError, match=message):
        WarmStartSearchCV(SVC(), empty).fit(X, y)
    with pytest.raises(ValueError, match=message):
        HyperparameterPrior.from_history(history).suggest(empty)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_parameters_that_are_compared_with_each_other_are_told(module):
    space, (a, b) = module.ConfigurationSpace(seed=0), (module.Float(name, (0.0, 1.0)) for name in "ab")
    space.add(a, b)
    space.add(module.ForbiddenLessThanRelation(a, b))
    with pytest.raises(TypeError, match="compare a parameter with values, found ForbiddenLessThanRelation"):
        Space.of(space)


def test_a_condition_on_draws_that_are_not_uniform_is_told():
    space = configspace_like.ConfigurationSpace()
    a, b = (
        configspace_like.Float("a", (0, 1), distribution=configspace_like.Normal(0, 1)),
        configspace_like.Float("b", (0, 1)),
    )
    space.add(a, b, configspace_like.GreaterThanCondition(b, a, 0.5))
    with pytest.raises(TypeError, match="wanted listed or uniform values of 'a'"):
        Space.of(space)


def of_pairs(n, pairs):
    """Choices of three values, of which some pairs may not both be 2."""
    cs, space = configspace_like, configspace_like.ConfigurationSpace()
    parameters = [cs.Categorical(f"a{at}", [0, 1, 2]) for at in range(n)]
    space.add(*parameters)
    for pair in pairs:
        space.add(cs.ForbiddenAndConjunction(*(cs.ForbiddenEqualsClause(parameters[at], 2) for at in pair)))
    return space


@pytest.mark.parametrize("center", range(0, 12, 3))
def test_a_parameter_that_all_clauses_ask_for_makes_two_branches(center):
    space = Space.of(of_pairs(12, [sorted((at, center)) for at in range(12) if at != center]))
    assert sorted(len(branch[f"a{center}"].values) for branch in space.branches) == [1, 2]


@pytest.mark.parametrize("n", [3, 6, 10, 15])
def test_a_chain_of_clauses_makes_no_more_branches_than_splits_of_every_second_parameter(n):
    space = Space.of(of_pairs(n, [(at, at + 1) for at in range(n - 1)]))
    assert len(space.branches) <= 2 ** (n // 2)
    ending, other = 0, 1  # configurations of a chain whose last value is 2, and of which it is not
    for _ in range(n):
        ending, other = other, 2 * (ending + other)
    assert space.size == ending + other


def test_too_many_branches_are_told():
    cs, space = configspace_like, configspace_like.ConfigurationSpace()
    for at in range(15):
        a, b = cs.Categorical(f"a{at}", [0, 1]), cs.Categorical(f"b{at}", [0, 1])
        space.add(a, b, cs.ForbiddenAndConjunction(cs.ForbiddenEqualsClause(a, 1), cs.ForbiddenEqualsClause(b, 1)))
    with pytest.raises(ValueError, match="at most 1000 branches, found more"):
        Space.of(space)


def test_a_space_of_an_older_version_is_told():
    class Old:
        def sample_configuration(self):
            raise NotImplementedError

    with pytest.raises(TypeError, match="of another version; install ConfigSpace"):
        Space.of(Old())


# In a search ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_search_tries_legal_configurations_and_starts_from_past_ones(module):
    X, y = load_iris(return_X_y=True)
    configurations = of_a_kernel(module)
    table = [{"config": values, "score": at} for at, values in enumerate(draws(configurations, 8))]
    prior = HyperparameterPrior.from_history(TrialHistory().add(table, task="past"))
    assert prior.adopted(Space.of(configurations))[0] == table[-1]["config"]
    assert is_legal(configurations, prior.default(configurations))
    search = WarmStartSearchCV(SVC(), configurations, n_iter=5, cv=2, prior=prior, random_state=0).fit(X, y)
    assert all(is_legal(configurations, params) for params in search.cv_results_["params"])
    assert all(is_legal(configurations, params) for params in prior.suggest(configurations, table, n_suggestions=3))


def test_names_are_checked_as_ever():
    space = configspace_like.ConfigurationSpace()
    space.add(configspace_like.Float("Cost", (0.0, 1.0)))
    with pytest.raises(ValueError, match="wanted parameters of the estimator, found 'Cost'"):
        WarmStartSearchCV(SVC(), space).fit(*load_iris(return_X_y=True))


def test_whole_numbers_on_a_logarithmic_axis():
    law = log_integers(2, 30)
    numbers = np.arange(2, 31)
    assert law.support() == (2, 30)
    np.testing.assert_allclose(law.pmf(numbers), np.log((numbers + 1) / numbers) / np.log(31 / 2))
    np.testing.assert_allclose(np.cumsum(law.pmf(numbers)), law.cdf(numbers))
    np.testing.assert_array_equal(law.ppf(law.cdf(numbers)), numbers)
    np.testing.assert_array_equal(law.ppf(law.cdf(numbers[:-1]) + 1e-6), numbers[1:])
    assert pickle.loads(pickle.dumps(law)).cdf(5) == law.cdf(5)
    drawn = law.rvs(size=2000, random_state=0)
    assert np.bincount(drawn, minlength=31)[2:].min() > 0 and drawn.min() == 2
