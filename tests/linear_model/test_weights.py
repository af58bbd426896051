"""Weights of rows are relative where the noise is learned, and repeated rows where it is known."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn.linear_model import (
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDRegressor,
)
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model import WorkingStatistics

# Columns, rows (more columns than a task has rows) and cells (more than a hundred).
SHAPES = {"columns": (20, 8, 3), "rows": (10, 5, 20), "cells": (10, 6, 110)}


def collection(n_tasks=30, n=12, d=3, seed=0):
    """Features, the task of each row, its linear predictor, and weights over three decades."""
    rng = np.random.default_rng(seed)
    X, task = rng.normal(size=(n_tasks * n, d)), np.repeat(np.arange(n_tasks), n)
    W = (0.5 + 0.3 * rng.normal(size=(n_tasks, d))) / np.sqrt(d)
    return (
        X,
        task,
        (X * W[task]).sum(axis=1) + 0.2 * rng.normal(size=n_tasks)[task],
        10.0 ** rng.uniform(-1.5, 1.5, len(X)),
    )


def targets(estimator, eta, seed=1):
    rng = np.random.default_rng(seed)
    if isinstance(estimator, LogisticRegression):
        noisy = eta + rng.logistic(size=len(eta))
        return np.array(["a", "b", "c"])[np.digitize(noisy, [-0.5, 0.7])] if estimator.C == 1.0 else noisy > 0
    return rng.poisson(np.exp(eta)) if isinstance(estimator, PoissonRegressor) else eta + rng.normal(size=len(eta))


def learn(estimator, X, task, y, weight=None, prior=None):
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    return shell(estimator, task=-1, prior=prior).fit(np.c_[X, task], y, sample_weight=weight)


def whole(model):
    return np.r_[np.ravel(model.coef_), np.ravel(model.intercept_)]


def assert_same_prior(one, two, rtol=1e-10):
    for name in ("mean", "covariance", "mean_covariance", "noise", "noise_dof", "weights", "n_tasks", "n_rows"):
        assert_allclose(getattr(two, name), getattr(one, name), err_msg=name, rtol=rtol, atol=1e-10)


MODELS = [Ridge(), LogisticRegression(), LogisticRegression(C=0.9), PoissonRegressor(), QuantileRegressor()]
MODELS += [Lasso(tol=1e-12), HuberRegressor(max_iter=1000), SGDRegressor(tol=None, max_iter=3, random_state=0)]


# The priors of the other classes are learned as Ridge's: one shape tells all of them.
IN_ALL_SHAPES = (Ridge, LogisticRegression, PoissonRegressor)
SCALED = [
    (model, shape) for model in MODELS for shape in SHAPES if shape == "columns" or isinstance(model, IN_ALL_SHAPES)
]


@varied(("estimator", "shape"), SCALED, keep=3)
def test_the_scale_of_weights_changes_nothing(estimator, shape):
    X, task, eta, weight = collection(*SHAPES[shape])
    y, new = targets(estimator, eta), task == 0
    one = learn(estimator, X, task, y, weight)
    assert one.prior_.weight_unit == pytest.approx(weight.mean())
    # An iterative solver may end a step earlier by rounding: powers of two have none.
    scale = 1e-6 if isinstance(estimator, IN_ALL_SHAPES) else 2.0**-20
    other = learn(estimator, X, task, y, scale * weight)
    assert_same_prior(one.prior_, other.prior_)
    alone = [model.adapt(X[new], y[new], s * weight[new]) for model, s in ((one, 1.0), (other, scale))]
    assert_allclose(whole(alone[1]), whole(alone[0]), rtol=1e-10, atol=1e-10)
    assert_allclose(other.coef_, one.coef_, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("days", [1.0, 365.0])
def test_the_dispersion_of_rates_is_that_of_counts_over_the_mean_exposure(days):
    X, task, eta, _ = collection(60, 25)
    rng = np.random.default_rng(0)
    years = rng.uniform(0.2, 20.0, len(X))
    rates = rng.poisson(years * np.exp(1.0 + eta)) / years
    prior = learn(PoissonRegressor(), X, task, rates, days * years).prior_
    assert prior.noise * years.mean() == pytest.approx(1.0, rel=0.1)  # the standard error is .04


@varied("estimator", [Ridge(), LogisticRegression(C=0.9), PoissonRegressor()], ids=repr)
def test_rows_without_weights_weigh_one_unit(estimator):
    X, task, eta, weight = collection()
    y, own = targets(estimator, eta), task == 3
    model = learn(estimator, X, task, y, 7.0 * weight)
    units = np.full(own.sum(), model.prior_.weight_unit)
    assert_allclose(whole(model.adapt(X[own], y[own], units)), whole(model.adapt(X[own], y[own])), rtol=1e-10)
    equal, none = (learn(estimator, X, task, y, w) for w in (np.full(len(y), 10.0), None))
    assert_same_prior(none.prior_, equal.prior_)


@pytest.mark.parametrize("shape", SHAPES)
@varied("estimator", [Ridge(), LogisticRegression(C=0.9), PoissonRegressor()], ids=repr)
def test_a_row_without_weight_is_left_out(estimator, shape):
    X, task, eta, weight = collection(*SHAPES[shape])
    y, gone = targets(estimator, eta), np.arange(len(X)) % 4 == 1
    zero, without = learn(estimator, X, task, y, np.where(gone, 0.0, weight)), None
    without = learn(estimator, X[~gone], task[~gone], y[~gone], weight[~gone])
    assert_same_prior(without.prior_, zero.prior_, rtol=1e-6)
    own = task == 2
    with_zero = zero.adapt(X[own], y[own], np.where(gone[own], 0.0, weight[own]))
    kept = own & ~gone
    assert_allclose(whole(with_zero), whole(zero.adapt(X[kept], y[kept], weight[kept])), rtol=1e-7, atol=1e-9)


def test_weights_are_precisions_of_rows_that_count_once():
    """The noise of a row of mean weight is found, to three standard errors of the variance of as many rows."""
    X, task, eta, weight = collection(200, 12)
    unit = weight.mean()
    y = eta + np.random.default_rng(2).normal(size=len(eta)) * np.sqrt(unit / weight)
    prior = learn(Ridge(), X, task, y, weight).prior_
    assert prior.n_rows == len(y)
    assert_allclose(prior.noise, 1.0, atol=3.0 * np.sqrt(2.0 / (len(y) - 4 * 200)))


def test_statistics_read_weights_as_rows_do():
    X, task, eta, weight = collection()
    y = targets(Ridge(), eta)
    rows = learn(Ridge(), X, task, y, weight).prior_
    for scale in (1.0, 2.0**10):
        parts = [
            SufficientStatistics.from_table(np.c_[X, task][k::2], y[k::2], task=-1, sample_weight=scale * weight[k::2])
            for k in (0, 1)
        ]
        again = sum(SufficientStatistics.from_dict(part.to_dict()) for part in parts)
        found = EmpiricalBayes().learn_statistics(again)
        assert_same_prior(rows, found, rtol=1e-7)
        assert found.weight_unit == pytest.approx(scale * rows.weight_unit)


@varied("estimator", [LogisticRegression(C=0.9), PoissonRegressor()], ids=repr)
def test_rows_elsewhere_read_weights_as_rows_do(estimator):
    X, task, eta, weight = collection()
    y = targets(estimator, eta)
    rows = learn(estimator, X, task, y, weight).prior_
    parts = [
        WorkingStatistics(np.c_[X, task][k::2], y[k::2], task=-1, estimator=estimator, sample_weight=8.0 * weight[k::2])
        for k in (0, 1)
    ]
    found = EmpiricalBayes().learn_statistics(parts, estimator)
    assert_same_prior(rows, found, rtol=1e-5)


def test_the_unit_travels_with_the_prior():
    X, task, eta, weight = collection()
    y = targets(Ridge(), eta)
    prior = learn(Ridge(), X, task, y, weight).prior_
    units = [each.weight_unit for each in prior.components]
    assert_allclose(units, weight.mean(), rtol=1e-14)
    first = prior.components[0]
    assert GaussianPrior.from_dict(first.to_dict()).weight_unit == first.weight_unit
    assert first.reorder([2, 0, 1]).weight_unit == first.weight_unit
    on = learn(Ridge(), X, task, y, 100.0 * weight, prior=prior).prior_
    assert on.weight_unit == prior.weight_unit


def test_evidence_is_the_density_of_the_weighted_rows():
    X, task, eta, weight = collection()
    prior = replace(
        learn(Ridge(), X, task, targets(Ridge(), eta), weight).prior_.components[0], contextual_effects=None
    )
    prior = replace(prior, noise_dof=np.inf)
    own, y = np.c_[X[:6], np.ones(6)], targets(Ridge(), eta)[:6]
    covariance = prior.dense_covariance() + prior.mean_covariance
    noise = np.diag(prior.noise * prior.weight_unit / weight[:6])
    wanted = multivariate_normal(own @ prior.mean, own @ covariance @ own.T + noise).logpdf(y)
    assert_allclose(evidence(prior, X[:6], y, weight[:6]), wanted, rtol=1e-9)


def evidence(prior, X, y, weight=None):
    from skmeta.tasks import read_tasks

    return prior.log_evidence(Ridge(), read_tasks(X, y, weight))[0]


@pytest.mark.parametrize("d", [2, 9], ids=["columns", "rows"])
def test_where_the_noise_is_known_weights_are_repeated_rows(d):
    rng = np.random.default_rng(0)
    X, y, times = rng.normal(size=(6, d)), rng.normal(size=6), np.array([1, 3, 0, 2, 1, 1])
    prior = GaussianPrior(rng.normal(size=d + 1), np.eye(d + 1), noise=0.7)
    again = np.repeat(X, times, axis=0), np.repeat(y, times)
    assert_allclose(whole(prior.adapt(Ridge(), X, y, times)), whole(prior.adapt(Ridge(), *again)), rtol=1e-9)
    assert_allclose(evidence(prior, X, y, times.astype(float)), evidence(prior, *again), rtol=1e-9)


@pytest.mark.parametrize("unit", [0.0, -1.0, np.nan, "heavy", [1.0, 2.0]])
def test_a_unit_that_is_none_is_refused(unit):
    with pytest.raises(ValueError, match="weight_unit"):
        GaussianPrior(mean=[1.0, 0.0], covariance=1.0, weight_unit=unit)


def test_class_weights_count_as_weights_of_rows():
    X, task, eta, _ = collection()
    y = targets(LogisticRegression(C=0.9), eta)
    by_class = learn(LogisticRegression(class_weight={True: 3.0, False: 1.0}), X, task, y)
    by_row = learn(LogisticRegression(), X, task, y, np.where(y, 3.0, 1.0))
    assert_same_prior(by_row.prior_, by_class.prior_)
    assert_allclose(by_row.coef_, by_class.coef_, rtol=1e-10)
