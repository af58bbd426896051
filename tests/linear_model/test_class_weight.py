"""Weights of rows by their class: those of each task for itself, whoever else is in the call."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.utils import compute_sample_weight

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier
from skmeta.linear_model import Units
from skmeta.linear_model._class_weight import row_weights
from skmeta.tasks import Tasks

D = 2
WEIGHTS = ["balanced", {"ash": 5.0}, {"ash": 5.0, "cedar": 2.0}]
EXACT = LogisticRegression(tol=1e-12, solver="newton-cholesky")


def task(n, share, seed, labels=("ash", "birch")):
    """Rows of one task, a share of which has the first label."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, D))
    return X, np.where(rng.uniform(size=n) < share, labels[0], labels[1])


TASKS = [task(40, 0.9, 0), task(30, 0.1, 1), task(25, 0.5, 2)]
TABLE = np.concatenate([np.c_[X, np.full(len(X), t)] for t, (X, _) in enumerate(TASKS)])
LABELS = np.concatenate([y for _, y in TASKS])


def whole(model):
    """Coefficients of the mode, before they are moderated to predict well."""
    return np.c_[model.coef_, model.intercept_] / getattr(model, "moderation_", 1.0)


@pytest.mark.parametrize("class_weight", ["balanced", {"ash": 5.0}], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_task_is_balanced_as_the_plain_estimator_balances_it(class_weight, weighted):
    """Under the prior that its own penalty amounts to, each of several tasks in one call is fitted as it is alone."""
    model = clone(EXACT).set_params(class_weight=class_weight)
    prior = GaussianPrior(np.zeros(D), np.ones(D), classes=["ash", "birch"])
    weight = np.random.default_rng(3).uniform(0.5, 2.0, size=len(TABLE)) if weighted else None
    together = WarmStartClassifier(model, task=-1).fit(TABLE, LABELS)
    tasks = Tasks(TABLE[:, :D], LABELS, TABLE[:, -1].astype(np.intp), np.arange(3), sample_weight=weight)
    adapted = prior.adapt_tasks(model, tasks)
    for t, (X, y) in enumerate(TASKS):
        own = None if weight is None else weight[TABLE[:, -1] == t]
        assert_allclose(whole(adapted.estimator(t)), whole(clone(model).fit(X, y, sample_weight=own)), atol=1e-7)
        if not weighted:
            assert_allclose(whole(together.estimators_[t]), whole(together.adapt(X, y)), atol=1e-9)


def test_each_task_learns_with_its_own_balance():
    """A prior that is learned by balanced weights is learned by these weights."""
    learner = EmpiricalBayes("diagonal", max_iter=20)
    balanced = WarmStartClassifier(LogisticRegression(class_weight="balanced"), task=-1, learner=learner)
    by_hand = np.concatenate([compute_sample_weight("balanced", y) for _, y in TASKS])
    wanted = WarmStartClassifier(LogisticRegression(), task=-1, learner=learner).fit(TABLE, LABELS, by_hand)
    found = balanced.fit(TABLE, LABELS)
    assert_allclose(found.coef_, wanted.coef_, rtol=1e-9)
    assert_allclose(found.predict_proba(TABLE), wanted.predict_proba(TABLE), rtol=1e-9)


@pytest.mark.parametrize("class_weight", WEIGHTS, ids=str)
@pytest.mark.parametrize("labels", [("ash", "ash"), ("birch", "birch"), ("ash", "cedar")], ids="-".join)
def test_a_task_that_lacks_classes_is_weighed_as_beside_others(class_weight, labels):
    """Neither what a task lacks nor which labels a dict names besides is an error, or of a matter."""
    model = LogisticRegression(class_weight=class_weight)
    known = {"units": Units(np.zeros(D)), "classes": ["ash", "birch", "cedar"]}  # the intercepts too: they have a law
    prior = GaussianPrior(np.zeros((3, D + 1)), np.ones((3, D + 1)), **known)
    X, y = task(20, 0.3, 4, labels)
    alone = prior.adapt(model, X, y)
    codes = np.r_[np.zeros(20, np.intp), TABLE[:, -1].astype(np.intp) + 1]
    tasks = Tasks(np.r_[X, TABLE[:, :D]], np.r_[y, LABELS], codes, np.arange(4))
    assert_allclose(whole(prior.adapt_tasks(model, tasks).estimator(0)), whole(alone), atol=1e-9)


def test_rows_without_weight_are_out_of_the_balance():
    X, y = task(30, 0.7, 5)
    weight = np.where(np.arange(30) % 3 == 0, 0.0, 2.0)
    weight[y == "birch"] = 0.0
    tasks = Tasks(X, y, np.zeros(30, np.intp), np.arange(1), sample_weight=weight)
    found = row_weights(tasks, LogisticRegression(class_weight="balanced"))
    assert_allclose(found, weight)
    for class_weight in WEIGHTS:
        assert row_weights(Tasks.none(n_features=D), LogisticRegression(class_weight=class_weight)) is None


@pytest.mark.parametrize("class_weight", WEIGHTS[:2], ids=str)
@pytest.mark.parametrize("further", [{}, {"average": True}, {"early_stopping": True}], ids=str)
def test_gradient_descent_takes_tasks_that_lack_classes_with_any_weights(class_weight, further):
    model = SGDClassifier(random_state=0, class_weight=class_weight, learning_rate="constant", eta0=0.01, **further)
    prior = GaussianPrior(np.zeros(D), np.ones(D), classes=["ash", "birch"])
    X = np.random.default_rng(6).normal(size=(20, D))
    found = prior.adapt(model, X, np.full(20, "birch"))
    assert_array_equal(found.classes_, ["ash", "birch"])
    assert np.mean(found.predict(X) == "birch") > 0.8
    assert found.get_params() == model.get_params()


def test_gradient_descent_weighs_a_class_once():
    """What rows weigh by their class is the class's own doing: it is not done twice."""
    X, y = TASKS[0]
    prior = GaussianPrior(np.zeros(D), np.ones(D), classes=["ash", "birch"])
    for class_weight in ("balanced", {"ash": 5.0}):
        model = SGDClassifier(random_state=0, class_weight=class_weight)
        assert_array_equal(prior.adapt(model, X, y).coef_, clone(model).fit(X, y).coef_)
