"""Kinds of tasks of any family: found by what models of tasks say of each other."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB

from skmeta import EmpiricalBayes, NaiveBayesLearner, WarmStartClassifier, WarmStartRegressor
from skmeta.compose import MixtureLearner, MixtureOfKinds

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
    X, y = labels(40, seed=1)
    one = WarmStartClassifier(GaussianNB(), task=-1, learner=NAIVE_BAYES).fit(*labels())
    losses = []
    for fitted in (model, one):
        each = [np.flatnonzero(X[:, -1] == task) for task in range(40)]
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
