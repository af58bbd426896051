"""Robust estimators in collections with outliers: never worse than fits of their own, and what does not change the answer."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.linear_model import HuberRegressor, QuantileRegressor, Ridge

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta._inference.outliers import share_of_outliers
from skmeta.linear_model import SufficientStatistics, WorkingStatistics
from skmeta.model_selection import OwnModel
from skmeta.tasks import Tasks

ROBUST = [HuberRegressor(), QuantileRegressor()]
ids = {"ids": lambda v: repr(v)[:20]}


def dirty(shift, seed=0, n_tasks=20, n=20):
    """A table with its tasks' column, targets of which every eleventh is shifted, and the truth."""
    rng = np.random.default_rng(seed)
    g, X = np.repeat(np.arange(n_tasks), n), rng.normal(size=(n_tasks * n, 3))
    w = rng.normal([1, -1, 0.5, 5], 0.5, size=(n_tasks, 4))
    truth = (X * w[g, :3]).sum(axis=1) + w[g, 3]
    y = truth + rng.normal(0, 0.3, len(g))
    y[::11] += shift
    return np.column_stack([X, g]), y, truth


def tasks_of(table, y, weight=None):
    return Tasks(table[:, :-1], y, table[:, -1].astype(np.intp), np.unique(table[:, -1]), weight)


def error(found, truth):
    return np.sqrt(np.mean((found - truth) ** 2))


@pytest.mark.parametrize("estimator", ROBUST, **ids)
@pytest.mark.parametrize("shift", [0, 20, -20, 200])
def test_warm_is_no_worse_than_own(estimator, shift):
    # The penalty that is best for medians of one task is nearly none.
    alone = OwnModel(estimator.__class__(alpha=1e-4), task=-1)
    models, found = (WarmStartRegressor(estimator, task=-1), alone), []
    for table, y, truth in (dirty(shift, seed) for seed in range(4)):
        found.append([error(model.fit(table, y).predict(table), truth) for model in models])
    warm, own = np.mean(found, axis=0)
    assert warm <= 1.02 * own


@pytest.mark.parametrize("shift", [20, 200])
def test_the_prior_is_nearly_that_of_the_rows_that_are_no_outliers(shift):
    table, y, truth = dirty(shift)
    clean = np.abs(y - truth) < 0.5 * shift
    found = EmpiricalBayes().learn(HuberRegressor(), tasks_of(table, y)).components[0]
    wanted = EmpiricalBayes().learn(Ridge(), tasks_of(table[clean], y[clean])).components[0]
    assert_allclose(found.mean, wanted.mean, atol=0.05)
    assert_allclose(found.noise, wanted.noise, rtol=0.15)


@pytest.mark.parametrize("shift", [20, 1e3, 1e6])
def test_what_is_known_of_a_task_does_not_depend_on_how_far_an_outlier_lies(shift):
    table, y, _ = dirty(0)
    prior = EmpiricalBayes().learn(HuberRegressor(), tasks_of(table, y))
    new, y_new, _ = dirty(0, seed=1, n_tasks=1, n=12)

    def known(off):
        moved = y_new.copy()
        moved[5] += off
        found = prior.adapt_tasks(HuberRegressor(), tasks_of(new, moved))
        assert np.isfinite(found.borrowed).all()
        return found.std(new[:, :-1], np.zeros(12, np.intp)), found._adaptation.posterior.weights

    for found, wanted in zip(known(shift), known(50.0), strict=True):
        assert_allclose(found, wanted, rtol=1e-2, atol=1e-2)


def test_repeated_rows_are_weights_and_units_do_not_matter():
    table, y, _ = dirty(20, n=10)
    weight = np.random.default_rng(0).integers(1, 4, len(y))
    learn = EmpiricalBayes().learn
    found = learn(HuberRegressor(), tasks_of(table, y, weight.astype(float))).components[0]
    again = np.repeat(np.arange(len(y)), weight)
    assert_allclose(found.mean, learn(HuberRegressor(), tasks_of(table[again], y[again])).components[0].mean, rtol=1e-9)
    one, other = (learn(HuberRegressor(), tasks_of(table, target)).components[0] for target in (y, 7.0 * y + 3.0))
    assert_allclose(other.mean, 7.0 * one.mean + np.r_[0, 0, 0, 3.0], rtol=1e-9)
    assert_allclose(other.noise, 49.0 * one.noise, rtol=1e-9)


def test_threads_do_not_matter():
    tasks = tasks_of(*dirty(20)[:2])
    one, two = (EmpiricalBayes().learn(HuberRegressor(), tasks, n_jobs=n).components[0].mean for n in (1, 2))
    assert_allclose(one, two, rtol=1e-12)


def test_what_was_known_before_stays_robust():
    before = EmpiricalBayes().learn(HuberRegressor(), tasks_of(*dirty(20)[:2]))
    found = EmpiricalBayes().learn(HuberRegressor(), tasks_of(*dirty(200, seed=1)[:2]), before).components[0]
    assert_allclose(found.noise, 0.09, rtol=0.3)


def test_outliers_are_found_where_columns_outnumber_rows():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(900, 110)), np.repeat(np.arange(30), 30)
    truth = X[:, :5].sum(axis=1) + rng.normal(size=30)[codes]
    y = truth + 0.3 * rng.normal(size=900)
    y[::11] += 20.0
    tasks = Tasks(X, y, codes, np.arange(30))
    clean = EmpiricalBayes().learn(Ridge(), replace(tasks, y=truth + 0.3 * rng.normal(size=900))).components[0]
    found = EmpiricalBayes().learn(HuberRegressor(), tasks).components[0]
    assert error(found.mean[:-1], clean.mean[:-1]) < 0.05


@pytest.mark.parametrize("estimator", ROBUST, **ids)
@pytest.mark.parametrize("parts", [False, True])
def test_sums_do_not_say_which_rows_are_outliers(estimator, parts):
    table, y, _ = dirty(20)
    sums = SufficientStatistics.from_table(table, y, task=-1)
    found = [WorkingStatistics(table, y, task=-1, estimator=estimator)] if parts else sums
    with pytest.raises(ValueError, match=f"estimator: wanted .*{type(estimator).__name__}.*learn from the rows"):
        EmpiricalBayes().learn_statistics(found, estimator)


@pytest.mark.parametrize("share", [0.01, 0.0571, 0.2])
def test_the_share_is_that_for_which_hubers_loss_is_the_safest(share):
    def worst(k):  # the asymptotic variance at its least favourable law, Huber (1964), equation 3.8
        square = 1.0 - 2.0 * k * norm.pdf(k) - 2.0 * norm.cdf(-k) + 2.0 * k**2 * norm.cdf(-k)
        return ((1 - share) * square + share * k**2) / ((1 - share) * (1.0 - 2.0 * norm.cdf(-k))) ** 2

    safest = minimize_scalar(worst, bounds=(0.3, 4.0), method="bounded", options={"xatol": 1e-8}).x
    assert_allclose(share_of_outliers(safest), share, rtol=1e-4)
