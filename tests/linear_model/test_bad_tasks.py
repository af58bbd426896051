"""What a bad task does to the others: a wild cell, a table in other units, one data set under several ids."""

import warnings
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartClassifier, WarmStartRegressor

# Columns, rows (more columns than a task has rows) and cells (more than a hundred).
SHAPES = {"columns": (30, 20, 4), "rows": (30, 10, 20), "cells": (30, 20, 110)}
SEEDS = (0, 1)
A_FEW_PER_CENT = 0.05


def draw(rng, n_tasks, n, d):
    mean = np.r_[1.5, -1.0, 2.0, 0.5, np.zeros(d - 4)]
    X, W = rng.normal(size=(n_tasks, n, d)), mean + 0.8 / np.sqrt(d) * rng.normal(size=(n_tasks, d))
    return X, W, np.einsum("tnd,td->tn", X, W) + rng.normal(size=(n_tasks, n))


def column(size):
    def spoil(X, y):
        X[0, 0, 0] = size

    return spoil


def target(size):
    def spoil(X, y):
        y[0, 0] = size

    return spoil


def units(factor):
    def spoil(X, y):
        X[0] *= factor

    return spoil


@cache
def error(shape, spoil, n=10):
    """Root mean squared error of predictions for new tasks of ``n`` rows, the noise included."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        X, _, y = draw(rng, *SHAPES[shape])
        new = draw(rng, 30, n, X.shape[2])
        if spoil is not None:
            spoil(X, y)
        table = np.c_[X.reshape(-1, X.shape[2]), np.repeat(np.arange(len(X)), X.shape[1])]
        prior = WarmStartRegressor(Ridge(), task=-1).fit(table, y.ravel()).prior_
        found += [((prior.adapt(Ridge(), A, b).coef_ - w) ** 2).sum() for A, w, b in zip(*new, strict=True)]
    return np.sqrt(np.mean(found) + 1.0)


BAD = {"column 1e6": column(1e6), "target 1e6": target(1e6), "units 1e3": units(1e3)}
MORE = {f"column {size:g}": column(size) for size in (1e2, 1e4)}
MORE |= {f"target {size:g}": target(size) for size in (1e2, 1e4)} | {"units 1e-3": units(1e-3)}


WIDE = [pytest.param(shape, marks=pytest.mark.statistics) for shape in SHAPES if shape != "columns"]


@varied("bad", BAD | MORE, keep=3)
@pytest.mark.parametrize("shape", ["columns", *WIDE])
def test_one_bad_task_costs_the_others_a_few_per_cent(shape, bad):
    assert error(shape, (BAD | MORE)[bad]) < (1.0 + A_FEW_PER_CENT) * error(shape, None)


@varied("cell", [1e6, 1e4])
@pytest.mark.parametrize("estimator", [PoissonRegressor(), GammaRegressor()], ids=repr)
def test_one_bad_cell_does_not_flatten_the_slopes_of_counts(estimator, cell):
    """All slopes were taken for none, or what no digits can hold was found."""
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(30, 20, 4)), np.array([0.4, -0.3, 0.5, 0.1]) + 0.1 * rng.normal(size=(30, 4))
    mean = np.exp(1.0 + np.einsum("tnd,td->tn", X, W))
    noise = rng.gamma(2.0, 0.5, mean.shape)
    y = rng.poisson(mean).astype(float) if isinstance(estimator, PoissonRegressor) else mean * noise
    clean = shell(estimator).fit(*flat(X, y)).prior_.components[0]
    X[0, 0, 0] = cell
    learned = shell(estimator).fit(*flat(X, y)).prior_.components[0]
    # One task of thirty says that it has no slope: three standard errors of the mean of thirty.
    assert_allclose(learned.mean[:4], clean.mean[:4], atol=3 * 0.1 / np.sqrt(30))
    assert np.all(np.sqrt(np.diag(learned.covariance))[:4] < 2 * 0.1)


# Copies -----------------------------------------------------------------------------------------------


def flat(X, y):
    return np.c_[X.reshape(-1, X.shape[2]), np.repeat(np.arange(len(X)), X.shape[1])], y.ravel()


def shell(estimator):
    return (WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor)(
        estimator, task=-1
    )


@pytest.mark.parametrize("estimator", [Ridge(), LogisticRegression()], ids=repr)
@varied("shape", SHAPES)
def test_one_data_set_under_several_ids_counts_once(estimator, shape):
    _, n, d = SHAPES[shape]
    rng = np.random.default_rng(0)
    X, _, y = draw(rng, 8, n, d)
    y = y > 0 if isinstance(estimator, LogisticRegression) else y
    once = shell(estimator).fit(*flat(X, y))
    turned = rng.permutation(n)  # rows in any order
    again = np.concatenate([X, X[:5][:, turned], X[2:4]]), np.concatenate([y, y[:5][:, turned], y[2:4]])
    with pytest.warns(UserWarning, match=r"found 7 task\(s\) with the statistics of another: 8.0 of 0.0, 9.0 of 1.0"):
        copied = shell(estimator).fit(*flat(*again))
    assert copied.prior_.n_tasks == 8
    for name in ("mean", "covariance", "noise", "weights"):
        assert_allclose(getattr(copied.prior_, name), getattr(once.prior_, name), rtol=1e-6, atol=1e-9)
    assert len(copied.estimators_) == 15
    assert_allclose(copied.coef_[8], copied.coef_[0], rtol=1e-6, atol=1e-9)


def test_copies_are_seen_in_sums():
    X, _, y = draw(np.random.default_rng(0), 8, 20, 4)
    table, target = flat(np.concatenate([X, X[:3]]), np.concatenate([y, y[:3]]))
    with pytest.warns(UserWarning, match=r"found 3 task\(s\) with the statistics of another"):
        found = EmpiricalBayes().learn_statistics(SufficientStatistics.from_table(table, target, task=-1))
    once = EmpiricalBayes().learn_statistics(SufficientStatistics.from_table(*flat(X, y), task=-1))
    assert_allclose(found.mean, once.mean, rtol=1e-10)


def by_chance():
    """Tables whose tasks agree without being copies."""
    rng = np.random.default_rng(0)
    X, _, y = draw(rng, 40, 4, 4)
    yield "four rows of yes and no", (X > 0).astype(float), (y > 0).astype(float)
    yield "one design, few values", np.tile(X[:1] > 0, (40, 1, 1)).astype(float), (y > np.median(y)).astype(float)
    yield "nothing was sold", np.tile(X[:1], (40, 1, 1)), np.where(np.arange(40)[:, None] < 20, 0.0, y)
    yield "one row", np.tile(X[:1, :1], (40, 1, 1)), np.round(y[:, :1])
    yield "no feature varies", np.ones((40, 4, 2)), y


@pytest.mark.parametrize(("X", "y"), [pytest.param(X, y, id=name) for name, X, y in by_chance()])
@varied("estimator", [Ridge(), LogisticRegression()], ids=repr)
def test_tasks_that_agree_by_chance_are_no_copies(estimator, X, y):
    if isinstance(estimator, LogisticRegression):
        y = y > y.mean()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert shell(estimator).fit(*flat(X, y)).prior_.n_tasks == 40
