"""Adapting new tasks: the answer depends on a task's rows alone, not on how many are adapted or what else is asked for."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    HuberRegressor,
    Lasso,
    QuantileRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)

from skmeta import GaussianPrior, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model import Units
from skmeta.linear_model._families import FAMILIES
from skmeta.linear_model._plain import fresh
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick

ids = {"ids": lambda v: repr(v)[:40]}
OWN_SOLVERS = [
    Lasso(tol=1e-10),
    ElasticNet(tol=1e-10),
    QuantileRegressor(),
    BayesianRidge(tol=1e-10, max_iter=1000),
]
STEPS = SGDRegressor(tol=None, max_iter=5, random_state=0)


def collection(n_tasks=30, n=8, d=3, seed=0):
    """Tasks whose intercepts go with the means of their columns, against the slopes within."""
    rng = np.random.default_rng(seed)
    means = np.repeat(2.0 * rng.normal(size=(n_tasks, d)), n, axis=0)
    X = means + rng.normal(size=means.shape)
    y = 2.0 * means.sum(axis=1) - (X - means).sum(axis=1) + 0.3 * rng.normal(size=len(X))
    return np.c_[X, np.repeat(np.arange(n_tasks), n)], y


@cache
def learned():
    return WarmStartRegressor(Ridge(), task=-1).fit(*collection()).prior_


def whole(model):
    return np.r_[np.ravel(model.coef_), np.ravel(model.intercept_)]


@pytest.mark.parametrize("n", [2, 6], ids=["fewer rows than columns", "more"])
@pytest.mark.parametrize("estimator", [Ridge(), *OWN_SOLVERS, STEPS], **ids)
def test_many_tasks_at_once_are_each_of_them_alone(estimator, n):
    prior, (X, y) = learned(), collection(5, n, seed=1)
    weight = np.random.default_rng(2).uniform(0.3, 2.0, len(y))
    keep = np.arange(len(y)) != n  # tasks of different sizes
    X, y, weight = X[keep], y[keep], weight[keep]
    together = prior.adapt_tasks(estimator, read_tasks(X, y, weight, task=-1))
    for t in range(5):
        own = X[:, -1] == t
        alone = prior.adapt(estimator, X[own, :-1], y[own], weight[own])
        assert_allclose(whole(together.estimator(t)), whole(alone), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("estimator", [Ridge(), *OWN_SOLVERS], **ids)
def test_sparse_rows_and_weights_of_one_change_nothing(estimator):
    prior, (X, y) = learned(), collection(1, 3, seed=3)
    dense = whole(prior.adapt(estimator, X[:, :-1], y))
    assert_allclose(whole(prior.adapt(estimator, sparse.csr_matrix(X[:, :-1]), y)), dense, rtol=1e-9)
    assert_allclose(whole(prior.adapt(estimator, X[:, :-1], y, np.ones(3))), dense, rtol=1e-9)


@pytest.mark.parametrize("estimator", OWN_SOLVERS, **ids)
def test_where_the_noise_is_known_weights_count_as_repeated_rows(estimator):
    prior, (X, y) = learned(), collection(1, 6, seed=4)
    prior = replace(prior, components=[replace(each, weight_unit=None) for each in prior.components])
    times = np.array([1, 3, 1, 2, 1, 1])
    weighted = prior.adapt(estimator, X[:, :-1], y, times.astype(float))
    repeated = prior.adapt(estimator, np.repeat(X[:, :-1], times, axis=0), np.repeat(y, times))
    assert_allclose(whole(weighted), whole(repeated), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strength", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("n", [1, 2, 6])
def test_contextual_effects_count_for_classes_with_their_own_solver(n, strength):
    """An elastic net without l1 penalty is a ridge, whatever a task's columns say of its level."""
    prior = replace(learned().components[0], noise_dof=np.inf)
    assert prior.contextual_effects is not None
    X, y = collection(1, n, seed=5)
    weight = np.random.default_rng(6).uniform(0.3, 2.0, n)
    ridge = prior.adapt(Ridge(alpha=strength), X[:, :-1], y, weight)
    net = prior.adapt(ElasticNet(alpha=strength, l1_ratio=0.0, tol=1e-15, max_iter=10**6), X[:, :-1], y, weight)
    assert_allclose(whole(net), whole(ridge), atol=1e-6)
    blind = replace(prior, contextual_effects=None).adapt(Ridge(alpha=strength), X[:, :-1], y, weight)
    assert np.abs(whole(blind) - whole(ridge)).max() > 1e-3


@pytest.mark.parametrize("n", [2, 5])
def test_bayesian_ridge_is_not_told_by_few_rows_that_they_have_no_noise(n):
    """Rows fewer than coefficients can be met exactly, and its own evidence then says that they are."""
    d = 8
    rng = np.random.default_rng(7)
    prior = GaussianPrior(np.zeros(d + 1), np.eye(d + 1), noise=4.0, units=Units(np.zeros(d)))
    X = rng.normal(size=(n, d))
    y = X @ rng.normal(size=d) + 2.0 * rng.normal(size=n)
    found = prior.adapt(BayesianRidge(), X, y)
    assert_allclose(1.0 / found.alpha_, 4.0, rtol=1e-5)
    assert found.n_iter_ < 50 and np.abs(found.predict(X) - y).max() > 0.1


@pytest.mark.parametrize(
    ("estimator", "shell"),
    [(STEPS, WarmStartRegressor), (SGDClassifier("log_loss", random_state=0), WarmStartClassifier)],
    ids=["regressor", "classifier"],
)
def test_a_task_that_lacks_a_column_starts_with_it_at_the_centre(estimator, shell):
    X, y = collection()
    y = y if shell is WarmStartRegressor else y > 0
    prior = shell(estimator, task=-1).fit(X, y).prior_
    lacking, filled = X[:8, :-1].copy(), X[:8, :-1].copy()
    lacking[:, 1], filled[:, 1] = np.nan, prior.units.centre[1]
    assert_array_equal(whole(prior.adapt(estimator, lacking, y[:8])), whole(prior.adapt(estimator, filled, y[:8])))


# Plain estimators -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_a_fresh_copy_is_a_clone(kind):
    fitted = kind(fit_intercept=False)
    fitted.coef_ = np.zeros(2)
    one, two = fresh(fitted), clone(fitted)
    assert type(one) is kind and vars(one) == vars(two)
    assert fresh(fitted, fit_intercept=True).fit_intercept is True
    with config_context(enable_metadata_routing=True):
        asking = kind().set_fit_request(sample_weight=True)
        assert fresh(asking).get_metadata_routing().fit.requests["sample_weight"] is True


def test_a_generator_is_not_advanced():
    """As in a clone: the user's own random state stays where it is, and two calls agree."""
    state = np.random.RandomState(0)
    estimator = Lasso(selection="random", random_state=state)
    X, y = collection(1, 6, seed=8)
    one, two = (learned().adapt(estimator, X[:, :-1], y) for _ in range(2))
    assert_array_equal(one.coef_, two.coef_)
    assert state.randint(1000) == np.random.RandomState(0).randint(1000)


def test_a_gram_matrix_of_other_coordinates_is_not_used():
    X, y = collection(1, 8, seed=9)
    prior = learned()
    plain = prior.adapt(Lasso(tol=1e-12), X[:, :-1], y)
    given = prior.adapt(Lasso(tol=1e-12, precompute=X[:, :-1].T @ X[:, :-1]), X[:, :-1], y)
    assert_allclose(whole(given), whole(plain), rtol=1e-9)


def test_hubers_own_scale_is_reported_in_units_of_the_data():
    X, y = collection(1, 40, seed=10)
    found = learned().adapt(HuberRegressor(tol=1e-8, max_iter=10**4), X[:, :-1], y)
    assert 0.05 < found.scale_ < 1.0 and found.outliers_.shape == (40,)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_a_column_that_is_nowhere_borrows_nothing(kind, intercept):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 1)), rng.normal(size=9)
    one, two = (GaussianPrior(np.ones(n), 0.5, noise=1.0) for n in (1, 2))
    alone = WarmStartRegressor(Ridge(fit_intercept=intercept), prior=one).fit(X, y)
    beside = WarmStartRegressor(Ridge(fit_intercept=intercept), prior=two).fit(kind(np.c_[X, np.zeros(9)]), y)
    assert_allclose(alone.borrowing_, beside.borrowing_)
    if not intercept:  # one coefficient: noise over variance, in squares of the column
        assert_allclose(alone.borrowing_, 9.0 / (0.5 * np.sum(X**2)))
