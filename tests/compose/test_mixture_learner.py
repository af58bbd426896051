"""Kinds of tasks of any family: found by what models of tasks say of each other."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeRegressor
from variations import varied

from skmeta import (
    EmpiricalBayes,
    NaiveBayesLearner,
    NeighborsLearner,
    SharedModel,
    StateSpace,
    WarmStartClassifier,
    WarmStartRegressor,
)
from skmeta.base import learner_for
from skmeta.cluster import KMeansLearner
from skmeta.compose import MixtureLearner, MixtureOfKinds
from skmeta.tasks import Tasks

NAIVE_BAYES = NaiveBayesLearner(unlabelled_weight=1.0, compare_with_fallback=False, cv=2)


def labels(n_tasks=20, seed=0):
    """Five rows a task; in every other one the classes stand the other way round."""
    rng = np.random.default_rng(seed)
    task, y = np.repeat(np.arange(n_tasks), 5), np.tile([0, 1, 0, 1, 1], n_tasks)
    X = rng.normal(size=(len(y), 2)) + 2.0 * y[:, None] * np.where(task % 2, 1.0, -1.0)[:, None]
    return np.column_stack([X, task]), y


def targets(n_tasks=20, seed=0):
    rng = np.random.default_rng(seed)
    task, x = np.repeat(np.arange(n_tasks), 5), rng.normal(size=5 * n_tasks)
    return np.column_stack([x, task]), np.where(task % 2, 2.0, -2.0) * x + 0.3 * rng.normal(size=len(x))


@pytest.fixture(scope="module")
def model():
    learner = MixtureLearner(NAIVE_BAYES, n_components=2)
    return WarmStartClassifier(GaussianNB(), task=-1, learner=learner).fit(*labels())


def test_kinds_of_a_family_that_is_not_linear_are_found(model):
    assert isinstance(model.prior_, MixtureOfKinds)
    assert model.prior_.kinds_in_words == "2 kinds of tasks (10, 10)"
    found = model.learner_.memberships_.argmax(axis=1)
    assert_array_equal(found, found[0] ^ (np.arange(20) % 2))


def test_new_tasks_of_two_rows_are_more_probable_by_their_kind(model):
    X, y = labels(20, seed=1)
    one = WarmStartClassifier(GaussianNB(), task=-1, learner=NAIVE_BAYES).fit(*labels())
    losses = []
    for fitted in (model, one):
        each = [np.flatnonzero(X[:, -1] == task) for task in range(20)]
        parts = [fitted.adapt(X[r[:2], :-1], y[r[:2]]).predict_proba(X[r[2:], :-1])[range(3), y[r[2:]]] for r in each]
        losses.append(-np.mean(np.log(parts)))
    assert losses[0] < 0.9 * losses[1]


def test_the_order_of_tasks_is_of_no_matter():
    X, y = targets()
    order = np.argsort(np.random.default_rng(0).permutation(20)[X[:, -1].astype(int)], kind="stable")
    learner = MixtureLearner(EmpiricalBayes("diagonal"), n_components=2)
    one, other = (WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X[o], y[o]) for o in (slice(None), order))
    assert_allclose(one.prior_.weights, other.prior_.weights)
    assert_allclose(one.predict(X), other.predict(X), atol=1e-8)


@pytest.mark.parametrize(("slope", "n_kinds"), [(1.0, 2), (0.0, 0)])
def test_held_out_tasks_say_how_many_kinds_there_are(slope, n_kinds):
    X, y = targets()
    y = y if slope else np.random.default_rng(1).normal(size=len(y))
    learner = MixtureLearner(EmpiricalBayes("diagonal"))
    fitted = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X, y)
    assert getattr(fitted.prior_, "n_kinds", 0) == n_kinds
    assert fitted.learner_.memberships_.shape == (20, n_kinds)


def test_kinds_known_before_are_learned_on():
    learner = MixtureLearner(EmpiricalBayes("diagonal"), n_components=2)
    first = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(*targets())
    again = WarmStartRegressor(Ridge(), task=-1, learner=learner, prior=first.prior_).fit(*targets(8, seed=2))
    assert again.prior_.kinds_in_words == "2 kinds of tasks (14, 14)"


@pytest.mark.parametrize(
    ("learner", "message"),
    [
        (MixtureLearner(EmpiricalBayes(), n_components=11), "wanted at least 22 tasks, two a kind, found 20"),
        (MixtureLearner(n_components="some"), "wanted 'auto' or a whole number, found 'some'"),
        (MixtureLearner(max_iter=0), "max_iter == 0"),
    ],
)
def test_what_cannot_be_asked_for(learner, message):
    with pytest.raises(ValueError, match=message):
        WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(*targets())


# What the learner of one kind offers ----------------------------------------------------------------------


def tasks_of(kind="two slopes", levels=None):
    """Eight tasks of two columns, of two slopes in turn, of one, of labels or of nothing to predict."""
    rng = np.random.default_rng(3)
    codes, X = np.repeat(np.arange(8), 8), rng.normal(size=(64, 2))
    y = np.where((codes % 2) | (kind == "one slope"), 2.0, -2.0) * X[:, 0] + 0.3 * rng.normal(size=64)
    if kind == "labels":
        return Tasks(X, (y > 0).astype(int), codes, np.arange(8), classes=(np.arange(2),) * 8)
    return Tasks(X, None if kind == "no targets" else y, codes, np.arange(8), levels=levels or {})


NESTED = {"region": np.arange(8) // 4, "store": np.arange(8)}
CASES = {
    "linear": (Ridge(), EmpiricalBayes("diagonal"), tasks_of()),
    "linear, nested": (Ridge(), EmpiricalBayes("diagonal"), tasks_of(levels=NESTED)),
    "neighbors": (KNeighborsRegressor(2), NeighborsLearner(max_tasks=2), tasks_of("one slope")),
    "naive Bayes": (GaussianNB(), NAIVE_BAYES, tasks_of("labels")),
    "cluster": (KMeans(2, random_state=0), KMeansLearner(max_tasks=2), tasks_of("no targets")),
    "shared model": (
        DecisionTreeRegressor(random_state=0),
        SharedModel(max_rounds=1, cv=2),
        tasks_of("one slope"),
    ),
}
KEEP = {"linear, nested", "neighbors", "shared model"}  # of seen tasks what changes their answers


@cache
def learned_from(family):
    """A mixture's learner and prior, its learner's answers to the tasks it has seen, and those of the same learner alone."""
    estimator, inner, tasks = CASES[family]
    learner, alone = MixtureLearner(clone(inner), n_components=1, max_iter=1), clone(inner)
    prior, whole = learner.learn(estimator, tasks), alone.learn(estimator, tasks)
    known = learner.adapt_learned(prior, estimator, tasks), alone.adapt_learned(whole, estimator, tasks)
    return prior, *(each.predict for each in (known[0], known[0].adapted[0], known[1])), tasks


@varied("family", CASES, keep=2)
def test_under_the_prior_of_all_tasks_seen_ones_are_adapted_as_their_learner_does(family):
    _, _, first, alone, tasks = learned_from(family)
    assert_array_equal(first(tasks.X, tasks.codes), alone(tasks.X, tasks.codes))


@varied("family", CASES, keep=2)
def test_what_a_learner_keeps_of_seen_tasks_is_used_and_else_they_are_as_any_others(family):
    prior, found, first, _, tasks = learned_from(family)
    as_others = prior.adapt_tasks(CASES[family][0], tasks)
    same = np.array_equal(first(tasks.X, tasks.codes), as_others.adapted[0].predict(tasks.X, tasks.codes))
    assert same is (family not in KEEP)
    if same:
        assert_array_equal(found(tasks.X, tasks.codes), as_others.predict(tasks.X, tasks.codes))


@pytest.mark.parametrize("family", CASES)
def test_it_takes_the_estimators_that_its_learner_takes(family):
    estimator, inner, _ = CASES[family]
    assert learner_for(estimator, MixtureLearner(inner)).learner is inner
    others = [each for each, *_ in CASES.values() if type(each) is not type(estimator)]
    for other in others:
        messages = [_refusal(other, each) for each in (inner, MixtureLearner(inner))]
        assert messages[0] == messages[1]


def _refusal(estimator, learner):
    try:
        learner_for(estimator, learner)
    except TypeError as error:
        return str(error)
    return None


def test_a_learner_of_another_family_is_refused():
    with pytest.raises(TypeError, match=r"wanted one for Ridge, found NeighborsLearner"):
        WarmStartRegressor(Ridge(), task=-1, learner=MixtureLearner(NeighborsLearner())).fit(*targets())
    with pytest.raises(TypeError, match=r"make an instance of one"):
        MixtureLearner(NeighborsLearner).check_takes(Ridge())


@pytest.mark.parametrize("inner", [EmpiricalBayes(), StateSpace(), NeighborsLearner(), SharedModel()])
def test_what_it_says_of_itself_is_what_its_learner_says(inner):
    for name in ("strengths", "follows_drift", "in_time"):
        assert getattr(MixtureLearner(inner), name) == getattr(inner, name)


def test_the_learner_of_the_family_is_known_once_it_has_learned():
    learner = MixtureLearner(n_components=1, max_iter=1)
    assert learner.strengths == ()
    learner.learn(Ridge(), tasks_of())
    assert learner.strengths == ("alpha", "C")


def test_a_task_of_clusters_is_of_one_component():
    estimator, _, tasks = CASES["cluster"]
    prior = learned_from("cluster")[0]
    assert isinstance(prior.adapt(estimator, tasks.X[:3]), KMeans)
    assert isinstance(prior.zero_shot(estimator), KMeans)
    adapted = prior.adapt_tasks(estimator, tasks)
    assert_array_equal(np.sort(adapted.responsibilities, axis=1), np.tile([0.0, 1.0], (8, 1)))
    assert_array_equal(adapted.responsibilities.argmax(axis=1), prior.responsibilities(estimator, tasks).argmax(axis=1))
