"""Mixtures of linear priors: in one batch as each component alone, weighed by Bayes' rule; evidences are densities."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import expit, log_expit, softmax
from scipy.stats import multivariate_normal, multivariate_t, norm, poisson
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDRegressor,
)
from variations import varied

from skmeta import WarmStartRegressor
from skmeta.base import Prior
from skmeta.compose import MixturePrior
from skmeta.linear_model import ContextualEffects, EmpiricalBayes, GaussianPrior, OwnPrior, Units, _data
from skmeta.linear_model._adapted import LinearAdapted
from skmeta.linear_model._linear_prior import LinearPrior
from skmeta.linear_model._mixture import component_names, intercept_outlier, noise_outlier, own_prior, robust_mixture
from skmeta.tasks import Tasks

WEIGHTS = {"intercept outlier": 0.2, "noise outlier": 0.1, "slope outlier": 0.1, "vague": 0.2}


def learned(d=3, seed=0, *, outputs=None, diagonal=False, effects=False, **more):
    """A prior as if it were learned: units, noises that differ, uncertainty of the mean."""
    rng = np.random.default_rng(seed)
    shape = (d + 1,) if outputs is None else (outputs, d + 1)
    root = 0.5 * rng.normal(size=(*shape, d + 1))
    covariance = rng.uniform(0.1, 0.6, shape) if diagonal else root @ np.swapaxes(root, -1, -2) + 0.2 * np.eye(d + 1)
    contextual = ContextualEffects(rng.normal(size=shape)[..., :-1], rng.uniform(0.3, 3.0, (*shape[:-1], d)))
    options = {
        "noise": 0.5 if outputs is None else rng.uniform(0.3, 1.0, outputs),
        "noise_dof": 5.0,
        "factor": 0.3 * rng.normal(size=(*shape, 2)) if diagonal else None,
        "mean_covariance": None if diagonal else 0.05 * np.eye(d + 1) + np.zeros((*shape, d + 1)),
        "contextual_effects": contextual if effects else None,
        "units": Units(np.zeros(d) if diagonal else rng.normal(size=d), rng.uniform(0.5, 2.0, d), 0.4, 3.0),
        "n_tasks": 20,
    }
    return GaussianPrior(rng.normal(size=shape), covariance, **(options | more))


def collection(d=3, counts=(1, 2, 4, 9), seed=1, outputs=None):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(counts)), counts)
    X = rng.normal(size=(len(codes), d)) + 0.5
    y = rng.normal(size=len(codes) if outputs is None else (len(codes), outputs)) * 2.0
    return Tasks(X, y, codes, np.arange(len(counts)), sample_weight=rng.integers(1, 3, len(codes)).astype(float))


def by_bayes_rule(mixture, estimator, tasks):
    """Weights ``(n_tasks, C)`` and every component's estimators."""
    evidence = np.column_stack([component.log_evidence(estimator, tasks) for component in mixture.components])
    adapted = [component.adapt_tasks(estimator, tasks) for component in mixture.components]
    return softmax(evidence + np.log(mixture.weights), axis=1), adapted


def whole(model):
    return np.c_[np.atleast_2d(model.coef_), np.reshape(model.intercept_, (-1, 1))]


CASES = {
    "dense": (learned(), collection(), Ridge(alpha=2.0)),
    "contextual": (learned(effects=True), collection(), Ridge()),
    "more columns than rows": (learned(20), collection(20), Ridge()),
    "contextual, more columns than rows": (learned(20, effects=True), collection(20), Ridge(alpha=0.3)),
    "diagonal and factors": (learned(20, diagonal=True), collection(20), Ridge()),
    "two targets": (learned(outputs=2), collection(outputs=2), Ridge(alpha=[1.0, 3.0])),
    "through the origin": (learned(), collection(), Ridge(fit_intercept=False)),
    "own solver": (learned(), collection(counts=(2, 3)), ElasticNet(tol=1e-13, max_iter=10**5)),
}


@pytest.mark.parametrize(("prior", "tasks", "estimator"), CASES.values(), ids=CASES)
def test_in_one_batch_as_each_component_alone(prior, tasks, estimator, monkeypatch):
    monkeypatch.setattr("skmeta.linear_model._families._shifted_solver._NEGLIGIBLE", 0.0)
    mixture = robust_mixture(prior, WEIGHTS)
    assert mixture.names == component_names(prior) and mixture.weights[0] == pytest.approx(0.4)
    together = mixture.adapt_tasks(estimator, tasks)
    assert isinstance(together, LinearAdapted)
    weights, alone = by_bayes_rule(mixture, estimator, tasks)
    for t in range(len(tasks)):
        wanted = sum(w * whole(each.estimator(t)) for w, each in zip(weights[t], alone, strict=True))
        assert_allclose(whole(together.estimator(t)), wanted, rtol=1e-8, atol=1e-8)
    lent = weights[:, :-2].sum(axis=1)  # of the past, not of an estimator's own penalty
    assert np.all(together.borrowed <= 1e9 * lent) and np.all(together.borrowed >= 0)


@pytest.mark.parametrize("d", [3, 20])
def test_standard_deviations_are_those_of_the_mixture(d):
    prior, tasks = learned(d), collection(d)
    mixture = robust_mixture(prior, WEIGHTS)
    X, codes = np.random.default_rng(0).normal(size=(12, d)), np.arange(12) % 4
    together = mixture.adapt_tasks(Ridge(), tasks)
    weights, alone = by_bayes_rule(mixture, Ridge(), tasks)
    means = np.array([each.predict(X, codes) for each in alone])
    inside = np.array([each.std(X, codes) ** 2 - each.noise[codes, 0] for each in alone])
    w = weights[codes].T
    noise = np.exp((w * np.log([each.noise[codes, 0] for each in alone])).sum(axis=0))
    variance = (w * (inside + (means - (w * means).sum(axis=0)) ** 2)).sum(axis=0)
    assert_allclose(together.std(X, codes), np.sqrt(variance + noise), rtol=1e-7)


@pytest.mark.parametrize("estimator", [LogisticRegression(C=0.5), PoissonRegressor()], ids=["labels", "counts"])
@pytest.mark.parametrize("d", [3, 20])
def test_other_likelihoods_in_one_batch_as_each_component_alone(estimator, d):
    labels = isinstance(estimator, LogisticRegression)
    kind = {"classes": [0, 1], "likelihood": "binomial", "noise": 1.0} if labels else {"likelihood": "poisson"}
    prior = learned(d, units=Units(np.zeros(d), target_centre=0.3), noise_dof=np.inf, **kind)
    tasks = collection(d)
    y = (tasks.y > 0).astype(int) if labels else np.floor(np.abs(tasks.y))
    tasks = replace(tasks, y=y, classes=tuple(np.unique(y[tasks.codes == t]) for t in range(4)) if labels else None)
    mixture = robust_mixture(prior, {"vague": 0.2} if labels else {"vague": 0.1, "vague / 4": 0.1, "vague / 16": 0.1})
    assert mixture.names[:2] == ("learned", "vague")
    together = mixture.adapt_tasks(estimator, tasks)
    weights, alone = by_bayes_rule(mixture, estimator, tasks)
    for t in range(4):
        wanted = sum(w * at_mode(each.estimator(t)) for w, each in zip(weights[t], alone, strict=True))
        assert_allclose(at_mode(together.estimator(t)), wanted, rtol=1e-7, atol=1e-8)


def at_mode(model):
    return whole(model) / getattr(model, "moderation_", 1.0)


def test_priors_of_another_family_go_the_general_way():
    mixture = MixturePrior([learned(), Prior()])
    assert LinearPrior.adapt_mixture(mixture, Ridge(), collection()) is NotImplemented
    narrower = MixturePrior([learned(3), learned(2)])
    assert LinearPrior.adapt_mixture(narrower, Ridge(), collection()) is NotImplemented


def test_a_task_without_rows_is_of_the_first_component():
    prior = learned()
    plain = robust_mixture(prior, WEIGHTS).zero_shot(Ridge())
    assert_allclose(whole(plain)[0], prior.mean)


EVERY = [Ridge(), Lasso(), ElasticNet(), HuberRegressor(), QuantileRegressor(), BayesianRidge()]


@varied("estimator", [*EVERY, SGDRegressor(random_state=0)], ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("effects", [False, True], ids=["", "contextual"])
def test_some_tasks_of_many_may_have_no_rows(estimator, effects):
    prior, tasks = robust_mixture(learned(effects=effects), WEIGHTS), collection(counts=(4, 0, 3))
    adapted = prior.adapt_tasks(estimator, tasks)
    assert_allclose(whole(adapted.estimator(1)), whole(prior.zero_shot(estimator)), rtol=1e-9)
    alone = prior.adapt(estimator, tasks.X[4:], tasks.y[4:], tasks.sample_weight[4:])
    assert_allclose(adapted.estimator(2).coef_, alone.coef_, rtol=1e-7)
    assert np.all(np.isfinite(adapted.borrowed)) and adapted.borrowed[1] == 0.0


# Evidence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [3, 20])
def test_evidence_is_the_density_of_the_targets(d):
    """In their own units, whatever units the prior is worked with in; noises that differ are summed over."""
    prior = learned(d, noise_dof=np.inf)
    tasks = replace(collection(d), sample_weight=None)
    found = prior.log_evidence(Ridge(alpha=7.0), tasks)
    covariance = prior.covariance + prior.mean_covariance
    for t, (X, y, _) in enumerate(tasks):
        Z = np.c_[X, np.ones(len(X))]
        wanted = multivariate_normal.logpdf(y, Z @ prior.mean, Z @ covariance @ Z.T + prior.noise * np.eye(len(y)))
        assert_allclose(found[t], wanted, rtol=1e-9)
    assert_allclose(replace(prior, units=None, feature_names=[f"x{j}" for j in range(d)]).log_evidence(
        Ridge(), replace(tasks, feature_names=tuple(f"x{j}" for j in range(d)))), found, rtol=1e-9)  # fmt: skip


def test_evidence_of_noises_that_differ_is_students_t():
    """Without coefficients, ``y ~ t``: five nodes stand for the noises' law."""
    prior = GaussianPrior(np.zeros(2), 1e-12, noise=2.0, noise_dof=6.0, units=Units([0.0]))
    y = np.array([0.3, -1.1, 1.7])
    tasks = Tasks(np.zeros((3, 1)), y, np.zeros(3, np.intp), np.zeros(1))
    wanted = multivariate_t.logpdf(y, np.zeros(3), 2.0 * np.eye(3), df=6.0)
    assert_allclose(prior.log_evidence(Ridge(), tasks), wanted, atol=0.05)


def test_evidence_of_an_estimators_own_prior_is_students_t():
    units = Units(np.array([0.5, -1.0]), np.array([2.0, 0.5]), 0.3, 2.0)
    own = OwnPrior(noise=0.7, units=units)
    tasks = replace(collection(2), sample_weight=None)
    found = own.log_evidence(Ridge(), tasks)
    for t, (X, y, _) in enumerate(tasks):
        A = np.c_[X - units.centre, np.ones(len(X))]
        R = A @ np.diag([1.0, 1.0, 1e3 * 10.0 * 4.0 / 0.7]) @ A.T + np.eye(
            len(y)
        )  # 10 of the target's variances, freer
        wanted = multivariate_t.logpdf(y, np.full(len(y), 0.3), 0.7 * R, df=1.0) + 0.5 * np.log(1e3)
        assert_allclose(found[t], wanted, rtol=1e-8)


def test_laplaces_evidence_of_labels_is_near_the_integral():
    prior = GaussianPrior([0.4, -0.2], [1e-9, 0.8], classes=["a", "b"], units=Units([0.0]))
    y = np.array(["a", "b", "b", "b"])
    tasks = Tasks(np.ones((4, 1)), y, np.zeros(4, np.intp), np.zeros(1), classes=(np.unique(y),))

    def density(z):
        return expit(z) ** 3 * expit(-z) * norm.pdf(z, 0.2, np.sqrt(0.8))

    assert_allclose(prior.log_evidence(LogisticRegression(), tasks), np.log(quad(density, -9, 9)[0]), atol=0.03)


def test_laplaces_evidence_of_counts_is_near_the_sum():
    prior = GaussianPrior([0.0, 1.0], [1e-9, 0.3], likelihood="poisson", units=Units([0.0]))
    y = np.array([3.0, 5.0, 2.0])
    tasks = Tasks(np.ones((3, 1)), y, np.zeros(3, np.intp), np.zeros(1))

    def density(z):
        return np.prod(poisson.pmf(y, np.exp(z))) * norm.pdf(z, 1.0, np.sqrt(0.3))

    assert_allclose(prior.log_evidence(PoissonRegressor(), tasks), np.log(quad(density, -5, 6)[0]), atol=0.15)


# What stands beside a learned prior -------------------------------------------------------------------


@pytest.mark.parametrize("diagonal", [False, True])
def test_outliers_are_plain_priors(diagonal):
    prior = learned(diagonal=diagonal)
    off, noisy, own = intercept_outlier(prior), noise_outlier(prior), own_prior(prior)
    assert type(off) is type(noisy) is GaussianPrior and type(own) is OwnPrior
    at = np.r_[prior.units.centre, 1.0]  # the intercept of the columns' centre
    extra = 0.0 if prior.mean_covariance is None else prior.mean_covariance
    before, after = (at @ (p.dense_covariance() + extra) @ at for p in (prior, off))
    assert_allclose(after, 101.0 * before)
    assert_allclose(noisy.noise, prior.noise * np.exp(2.5 * np.sqrt(0.490358)), rtol=1e-3)  # trigamma(2.5)
    for name in ("mean", "factor", "mean_covariance", "noise_dof"):
        assert_array_equal(getattr(noisy, name), getattr(prior, name))
    assert repr(own) == "OwnPrior(n_features=3)" and not np.any(own.zero_shot(Ridge()).coef_)


def test_no_noise_outliers_where_noises_do_not_differ():
    assert component_names(learned(noise_dof=np.inf)) == ("learned", "intercept outlier", "slope outlier", "vague")


def test_an_estimators_own_prior_is_the_plain_estimator():
    """With the intercept as good as free: Ridge(alpha=1) in the units of the data."""
    tasks = replace(collection(3, (30,)), sample_weight=None)
    own = OwnPrior(noise=1.0, units=Units(np.array([0.5, 0.2, -0.3]), np.array([2.0, 0.5, 1.0]), 0.3, 2.0))
    found, plain = own.adapt(Ridge(), tasks.X, tasks.y), Ridge().fit(tasks.X, tasks.y)
    assert_allclose(whole(found), whole(plain), rtol=1e-3, atol=1e-3)


def test_columns_are_matched_by_name_in_all_components():
    names = ("a", "b", "c")
    mixture = robust_mixture(learned(feature_names=names, effects=True), WEIGHTS)
    turned = mixture.aligned(("c", "a", "b"))
    assert all(component.feature_names == ("c", "a", "b") for component in turned.components)
    X, y = collection().X[:5], collection().y[:5]
    straight = replace_names(mixture).adapt(Ridge(), X, y)
    permuted = replace_names(turned).adapt(Ridge(), X[:, [2, 0, 1]], y)
    assert_allclose(permuted.coef_, straight.coef_[[2, 0, 1]], rtol=1e-8)


def replace_names(mixture):
    return MixturePrior([c._with(feature_names=None) for c in mixture.components], mixture.weights, mixture.names)


# Subclasses of the user's -----------------------------------------------------------------------------


class CheckedRidge(Ridge):
    """A ridge with a method and a parameter more."""

    def __init__(self, alpha=1.0, *, limit=10.0, fit_intercept=True, copy_X=True, max_iter=None, tol=1e-4,
                 solver="auto", positive=False, random_state=None):  # fmt: skip
        super().__init__(alpha, fit_intercept=fit_intercept, copy_X=copy_X, max_iter=max_iter, tol=tol, solver=solver,
                         positive=positive, random_state=random_state)  # fmt: skip
        self.limit = limit

    def within(self, X):
        return np.abs(self.predict(X)) <= self.limit


def test_a_subclass_of_ridge_that_keeps_its_constructor_is_a_ridge():
    prior, tasks = learned(), collection()
    X, y = tasks.X[:6], tasks.y[:6]
    mine, plain = prior.adapt(CheckedRidge(2.0, limit=0.1), X, y), prior.adapt(Ridge(2.0), X, y)
    assert type(mine) is CheckedRidge and mine.limit == 0.1
    assert_array_equal(whole(mine), whole(plain))
    assert_array_equal(mine.within(X), np.abs(plain.predict(X)) <= 0.1)


def test_a_subclass_of_ridge_learns_like_one():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(60, 2)), np.repeat(np.arange(10.0), 6)
    y = X @ [3.0, -2.0] + codes + 0.1 * rng.normal(size=60)
    table = np.c_[X, codes]
    mine, plain = (WarmStartRegressor(each, task=-1).fit(table, y) for each in (CheckedRidge(limit=0.5), Ridge()))
    assert_allclose(mine.predict(table), plain.predict(table))
    assert type(mine.estimators_[3.0]) is CheckedRidge


def test_what_does_otherwise_in_predict_is_no_ridge():
    class Clipped(Ridge):
        def predict(self, X):
            return np.clip(super().predict(X), 0.0, None)

    with pytest.raises(TypeError, match="subclass of one of them"):
        learned().adapt(Clipped(), collection().X, collection().y)


@varied(("d", "n"), [(3, 30), (20, 8), (300, 30)], keep=2)
def test_an_unknown_intercept_of_labels_is_free(d, n):
    """Written by hand without an entry for it: the objective has no penalty on it, by columns and by rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d))
    y = X[:, 0] + 0.7 + rng.logistic(size=n) > 0
    found = GaussianPrior(np.zeros(d), 0.1, classes=[False, True]).adapt(LogisticRegression(), X, y)
    sign = np.where(y, 1.0, -1.0)

    def objective(w):
        return -log_expit(sign * (X @ w[:-1] + w[-1])).sum() + 0.5 * (w[:-1] ** 2).sum() / 0.1

    best = minimize(objective, np.zeros(d + 1), method="BFGS", options={"gtol": 1e-8}).fun
    assert_allclose(objective(at_mode(found)[0]), best, atol=1e-6)


def test_sparse_rows_are_read_in_one_way():
    prior, tasks = learned(20, diagonal=True), collection(20)
    thin = replace(tasks, X=sparse.csr_array(tasks.X))
    mixture = robust_mixture(prior, WEIGHTS)
    one, two = (mixture.adapt_tasks(Ridge(), each) for each in (tasks, thin))
    assert_allclose(two.coef_, one.coef_, rtol=1e-8, atol=1e-10)
    assert_allclose(two.std(thin.X, thin.codes), one.std(tasks.X, tasks.codes), rtol=1e-7)


def test_rows_are_read_once(monkeypatch):
    """Learning from tasks and adapting to them share what was read."""
    calls, real = [], _data.numeric_features
    monkeypatch.setattr(_data, "numeric_features", lambda X: calls.append(1) or real(X))
    estimator, tasks = Ridge(), collection(counts=(9,) * 12)
    prior = EmpiricalBayes("diagonal", max_iter=2).learn(estimator, tasks)
    prior.adapt_tasks(estimator, tasks)
    prior.components[0].log_evidence(estimator, tasks)
    assert len(calls) == 1


@pytest.mark.parametrize("labels", [2, 3])
def test_probabilities_by_columns_and_by_rows_agree(labels, monkeypatch):
    """Also where all rows of a task have one class: what they exclude is excluded on both sides."""
    rng = np.random.default_rng(0)
    outputs = None if labels == 2 else labels
    prior = learned(3, outputs=outputs, noise=1.0, noise_dof=np.inf, classes=np.arange(labels),
                    units=Units(np.zeros(3)))  # fmt: skip
    tasks = collection(3, (1, 3, 4, 9))
    y = np.where(tasks.codes < 2, 1, rng.integers(0, labels, len(tasks.y)))
    tasks = replace(tasks, y=y, classes=tuple(np.unique(y[tasks.codes == t]) for t in range(4)))
    X, codes = 3.0 * rng.normal(size=(30, 3)), np.arange(30) % 5 - 1
    found = []
    for by_rows in (False, True):
        for room in ("skmeta._inference.mixture", "skmeta.linear_model._unknown"):
            monkeypatch.setattr(f"{room}.work_by_rows", lambda *_, by_rows=by_rows: by_rows)
        mixture = robust_mixture(prior, {"vague": 0.1})
        found.append(mixture.adapt_tasks(LogisticRegression(), tasks).predict_proba(X, codes))
    assert_allclose(found[0].sum(axis=1), 1.0)
    assert_allclose(found[1], found[0], rtol=1e-6, atol=1e-8)
