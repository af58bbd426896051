"""Numbers far apart: columns in any units, weights over decades, targets without noise. Answers are finite; no LinAlgError."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.linear_model import BayesianRidge, Lasso, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta._inference.linalg import cholesky

# Tasks, rows of each, columns: more rows than columns, fewer, and cells.
SHAPES = [(10, 8, 3), (10, 4, 7), (6, 5, 104)]
MODELS = [Ridge(), LogisticRegression(), PoissonRegressor()]


def learn(estimator, table, y, weight=None, learner="auto"):
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    return shell(estimator, task=-1, learner=learner).fit(table, y, sample_weight=weight)


def collection(shape, seed, noise=1.0):
    n_tasks, n, d = shape
    rng = np.random.default_rng(seed)
    X, task = rng.normal(size=(n_tasks * n, d)), np.repeat(np.arange(n_tasks), n)
    W = (1.0 + 0.3 * rng.normal(size=(n_tasks, d))) / np.sqrt(d)
    return X, task, (X * W[task]).sum(axis=1) + noise * rng.normal(size=len(X)), rng


def of_kind(estimator, eta, rng):
    if isinstance(estimator, LogisticRegression):
        return eta > np.median(eta)
    return (
        rng.poisson(np.exp(np.clip(eta, -5.0, 3.0))).astype(float) if isinstance(estimator, PoissonRegressor) else eta
    )


def check(estimator, X, task, y, weight=None, learner="auto"):
    """Learning, adapting to one task's first rows and predicting give finite numbers."""
    model = learn(estimator, np.c_[X, task], y, weight, learner)
    own = np.flatnonzero(task == task[0])[:3]
    plain = model.adapt(X[own], y[own], None if weight is None else weight[own])
    for found in (model.coef_, plain.coef_, plain.intercept_, model.prior_.noise, model.prior_.weights):
        assert np.isfinite(found).all()
    assert np.isfinite(np.asarray(model.predict(np.c_[X, task]), dtype=float)).all()
    return model


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from(SHAPES),
    estimator=st.sampled_from(MODELS),
    decades=st.lists(st.integers(-12, 12), min_size=3, max_size=3),
    shift=st.sampled_from([0.0, 1.0, 1e4]),
    weighted=st.booleans(),
    doubled=st.booleans(),
    intercept=st.booleans(),
)
@example(  # doubled columns so far from zero that rounding leaves Newton's matrix without a determinant
    seed=0,
    shape=(12, 8, 3),
    estimator=LogisticRegression(),
    decades=[4, 0, 4],
    shift=1e4,
    weighted=False,
    doubled=True,
    intercept=False,
)
def test_any_units_any_weights_any_columns(seed, shape, estimator, decades, shift, weighted, doubled, intercept):
    X, task, eta, rng = collection(shape, seed)
    y = of_kind(estimator, eta, rng)
    if doubled:
        X[:, 2] = X[:, 0]
    # Far from zero without an intercept, a logarithmic link's means differ by more powers of ten than numbers have.
    assume(intercept or shift < 1e4 or not isinstance(estimator, PoissonRegressor))
    X[:, :3] = (X[:, :3] + shift) * 10.0 ** np.array(decades)
    weight = 10.0 ** rng.uniform(-6.0, 0.0, len(X)) if weighted else None
    check(type(estimator)(fit_intercept=intercept), X, task, y, weight)


@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from(SHAPES),
    same=st.booleans(),
    intercept=st.booleans(),
    covariance=st.sampled_from(["auto", "full", "factor", "diagonal", "spherical"]),
)
def test_targets_without_noise(seed, shape, same, intercept, covariance):
    X, task, y, _ = collection(shape, seed, noise=0.0)
    y = X @ np.ones(shape[2]) if same else y
    check(Ridge(fit_intercept=intercept), X, task, y, learner=EmpiricalBayes(covariance))


# The priors of Lasso and BayesianRidge are learned as Ridge's, and units are taken off before any shape is known.
UNITS = [(estimator, shape, 1e12) for shape in SHAPES for estimator in MODELS]
UNITS += [(estimator, SHAPES[0], big) for estimator in (Lasso(), BayesianRidge()) for big in (1e8, 1e12)]
UNITS += [(estimator, SHAPES[0], 1e8) for estimator in MODELS]


@varied(("estimator", "shape", "big"), UNITS, ids=str, keep=3)
def test_the_learned_component_has_no_units(estimator, shape, big):
    """Its predictions are those in other units; the estimator's own prior beside it has units, as the estimator does."""
    X, task, eta, rng = collection(shape, 0)
    y, own = of_kind(estimator, eta, rng), task == 1
    scores = []
    for unit in (1.0, 2.0 ** np.round(np.log2(big))):
        A = X * np.r_[unit, np.ones(shape[2] - 1)]
        prior = learn(estimator, np.c_[A, task], y).prior_
        plain = prior.components[0].adapt(estimator, A[own][:3], y[own][:3])
        scores.append(A @ plain.coef_.ravel() + plain.intercept_)
    assert_allclose(scores[1], scores[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("estimator", MODELS, ids=repr)
@varied("shape", SHAPES, ids=str)
def test_a_task_whose_weights_are_all_zero_is_left_out(estimator, shape):
    X, task, eta, rng = collection(shape, 0)
    y, weight = of_kind(estimator, eta, rng), np.where(task == 2, 0.0, 1.0)
    with pytest.warns(UserWarning, match=r"sample_weight: .* 1 of .* task\(s\): 2"):
        model = check(estimator, X, task, y, weight)
    without = learn(estimator, np.c_[X, task][task != 2], y[task != 2])
    assert_allclose(model.prior_.mean, without.prior_.mean, rtol=1e-8, atol=1e-8)
    assert 2 not in model.estimators_


def test_statistics_in_big_units():
    X, task, y, _ = collection((12, 4, 7), 0)
    X[:, 0] *= 1e10
    found = EmpiricalBayes().learn_statistics(SufficientStatistics.from_table(np.c_[X, task], y, task=-1))
    rows = learn(Ridge(), np.c_[X, task], y).prior_
    unit = np.r_[1e10, np.ones(7)]
    assert_allclose(found.mean * unit, rows.mean * unit, rtol=1e-6, atol=1e-6)


def test_a_prior_written_by_hand_takes_big_units():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(3, 6)) * np.r_[1e9, np.ones(5)], rng.normal(size=3)
    for estimator in (Ridge(), Lasso()):
        prior = GaussianPrior(np.zeros(7), np.eye(7))
        assert np.isfinite(prior.adapt(estimator, X, y).coef_).all()
    prior = replace(
        prior, likelihood="binomial", classes=[False, True], mean=np.zeros((1, 7)), covariance=np.eye(7)[None]
    )
    assert np.isfinite(prior.adapt(LogisticRegression(), X, y > y.mean()).coef_).all()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 8), st.floats(0.0, 18.0))
def test_a_factor_holds_what_rounding_took(seed, p, decades):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(3, 4, p)) * 10.0 ** rng.uniform(0.0, decades, p)
    M = np.swapaxes(A, 1, 2) @ A + np.eye(p)
    L, size = cholesky(M), np.sqrt(np.diagonal(M, axis1=1, axis2=2))
    scale = size[:, :, None] * size[:, None, :]
    assert_allclose(L @ np.swapaxes(L, 1, 2) / scale, M / scale, atol=1e-12)


def test_numbers_that_are_not_finite_are_named():
    with pytest.raises(ValueError, match="X, y: wanted numbers whose squares"):
        cholesky(np.array([[[-1.0, np.nan], [np.nan, 1.0]]]))
