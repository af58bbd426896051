"""Rows that were drawn by their class, for whatever estimator: the correction's offset, and an own model's weights."""

from copy import deepcopy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from skmeta import WarmStartClassifier
from skmeta.base._evidence import leave_one_out_scores
from skmeta.compose import OwnModelPrior
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import drawn_by_class

pytestmark = pytest.mark.quick

BOOSTING = HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5, random_state=0)


def tasks_of(n_tasks, n_rows, rng):
    """A shared threshold, tasks with a level of their own, one row in ten of the second class."""
    found = []
    for level in rng.normal(size=n_tasks):
        X = rng.normal(size=(n_rows, 2))
        eta = 3.0 * (X[:, 0] > 0.5) + 0.5 * X[:, 1] - 3.5 + level
        found.append((X, (rng.uniform(size=n_rows) < expit(eta)).astype(int)))
    return found


def five_each(y, n_classes=2):
    return np.concatenate([np.flatnonzero(y == c)[:5] for c in range(n_classes)])


@pytest.fixture(scope="module")
def warm():
    past = tasks_of(25, 60, np.random.default_rng(0))
    table = np.concatenate([np.c_[X, np.full(len(X), t)] for t, (X, _) in enumerate(past)])
    return WarmStartClassifier(BOOSTING, task=-1).fit(table, np.concatenate([y for _, y in past]))


@pytest.mark.statistics
def test_five_rows_of_each_class_need_the_past_for_how_frequent_classes_are(warm):
    difference = []
    for X, y in tasks_of(30, 1500, np.random.default_rng(1)):
        shots = five_each(y)
        rest = np.setdiff1d(np.arange(len(y)), shots)
        found = []
        for name in ("rows", "past"):
            model = WarmStartClassifier(BOOSTING, prior=warm.prior_, class_prior=name)
            P = model.fit(X[shots], y[shots]).estimator_.predict_proba(X[rest])
            found.append([-np.log(P[np.arange(len(rest)), y[rest]]).mean(), (P.argmax(axis=1) != y[rest]).mean()])
        difference.append(np.subtract(*found))
    difference = np.array(difference)
    assert np.all(difference.mean(axis=0) > 2.0 * difference.std(axis=0, ddof=1) / np.sqrt(len(difference)))


def test_many_tasks_are_each_as_alone(warm):
    parts = [(X[rows], y[rows]) for X, y in tasks_of(3, 400, np.random.default_rng(2)) for rows in [five_each(y)]]
    table = np.concatenate([np.c_[X, np.full(len(X), 100 + t)] for t, (X, _) in enumerate(parts)])
    model = deepcopy(warm).set_params(class_prior="past")
    together = model.adapt(table, np.concatenate([y for _, y in parts]))
    for t, (X, y) in enumerate(parts):
        assert_allclose(together[100 + t].predict_proba(X), model.adapt(X, y).predict_proba(X), atol=1e-7)


def test_rows_that_have_the_shares_of_the_past_are_rows_drawn_at_random(warm):
    X, y = next(iter(tasks_of(1, 400, np.random.default_rng(3))))
    rare = np.flatnonzero(y == 1)
    prior = warm.prior_
    weight = np.where(y == 1, prior.class_prior[1] / len(rare), prior.class_prior[0] / (len(y) - len(rare))) * len(y)
    tasks = Tasks(X, y, np.zeros(len(y), np.intp), np.zeros(1), sample_weight=weight, classes=(np.arange(2),))
    drawn = drawn_by_class(tasks, prior.classes, prior.class_prior)
    found, wanted = (prior.adapt_tasks(BOOSTING, each).predict_proba(X, tasks.codes) for each in (drawn, tasks))
    assert_allclose(found, wanted, rtol=1e-10)


# A task's own model ------------------------------------------------------------------------------------


def drawn_task(n_each=(6, 6), shares=(0.9, 0.1)):
    rng = np.random.default_rng(4)
    y = np.repeat(np.arange(2), n_each)
    X = rng.normal(size=(len(y), 2)) + y[:, None]
    tasks = Tasks(X, y, np.zeros(len(y), np.intp), np.zeros(1), classes=(np.arange(2),))
    return drawn_by_class(tasks, np.arange(2), np.array(shares))


def test_an_own_model_takes_each_row_for_those_that_it_stands_for():
    tasks, model = drawn_task(), DecisionTreeClassifier(max_leaf_nodes=3, random_state=0)
    plain = OwnModelPrior().adapt_tasks(model, tasks).estimator(0)
    weighed = clone(model).fit(tasks.X, tasks.y, np.array([1.8, 0.2])[tasks.y])
    assert_allclose(plain.predict_proba(tasks.X), weighed.predict_proba(tasks.X))


def test_an_own_model_that_takes_no_weights_is_left_out_unless_it_needs_none():
    prior, model = OwnModelPrior(classes=np.arange(2)), KNeighborsClassifier(2)
    assert_array_equal(prior.log_evidence(model, drawn_task()), -np.inf)
    even = drawn_task(shares=(0.5, 0.5))
    bare = Tasks(even.X, even.y, even.codes, even.ids, classes=even.classes)
    assert_allclose(prior.log_evidence(model, even), prior.log_evidence(model, bare))


def test_a_left_out_row_is_judged_among_rows_drawn_like_it():
    """By hand: the chance of each class times the rate at which it was drawn."""
    tasks, model = drawn_task((3, 2)), DecisionTreeClassifier(max_leaf_nodes=2, min_samples_leaf=2, random_state=0)
    rates = np.array([0.6 / 0.9, 0.4 / 0.1])
    wanted = 0.0
    for i, label in enumerate(tasks.y):
        others = np.arange(5) != i
        weight = 1.0 / rates[tasks.y[others]]
        P = clone(model).fit(tasks.X[others], tasks.y[others], weight).predict_proba(tasks.X[[i]])[0]
        wanted += np.log((4.0 * (P * rates / (P @ rates))[label] + 0.5) / 5.0)
    assert_allclose(leave_one_out_scores(OwnModelPrior(classes=np.arange(2)), model, tasks), wanted)


def test_a_shared_model_that_goes_on_knows_the_shares(warm):
    X, y = next(iter(tasks_of(1, 60, np.random.default_rng(5))))
    table = np.c_[X, np.zeros(len(X))]
    on = WarmStartClassifier(BOOSTING, task=-1, prior=warm.prior_).fit(table, y).prior_
    assert_allclose(on.class_prior, (25 * warm.prior_.class_prior + [1 - y.mean(), y.mean()]) / 26)
