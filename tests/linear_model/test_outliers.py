"""Robust estimators in collections with outliers: never worse than fits of their own, and what does not change the answer."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.linear_model import HuberRegressor, QuantileRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartRegressor
from skmeta._inference import mixture
from skmeta._inference.outliers import share_of_outliers
from skmeta.linear_model import SufficientStatistics, WorkingStatistics, _collection
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


@pytest.mark.statistics
@pytest.mark.parametrize("estimator", ROBUST, **ids)
@pytest.mark.parametrize("shift", [0, -20, 200])
def test_warm_is_no_worse_than_own(estimator, shift):
    # The penalty that is best for medians of one task is nearly none.
    alone = OwnModel(estimator.__class__(alpha=1e-4), task=-1)
    models, found = (WarmStartRegressor(estimator, task=-1), alone), []
    for table, y, truth in (dirty(shift, seed) for seed in range(8)):
        found.append([error(model.fit(table, y).predict(table), truth) for model in models])
    warm, own = np.mean(np.log(found), axis=0)  # no draw in which an own fit is lost outweighs the others
    assert warm <= own


@varied("weigh", [False, True])
@varied("shift", [20, 200])
def test_the_prior_is_nearly_that_of_the_rows_that_are_no_outliers(shift, weigh):
    table, y, truth = dirty(shift)
    clean, weight = np.abs(y - truth) < 0.5 * shift, np.ones(len(y))
    if weigh:  # some rows are ten times as precise as others
        weight[np.random.default_rng(1).random(len(y)) < 0.5] = 10.0
        y = np.where(clean, truth + (y - truth) / np.sqrt(weight / weight.mean()), y)
    found = EmpiricalBayes().learn(HuberRegressor(), tasks_of(table, y, weight)).components[0]
    wanted = EmpiricalBayes().learn(Ridge(), tasks_of(table[clean], y[clean], weight[clean])).components[0]
    assert_allclose(found.mean, wanted.mean, atol=0.05)
    assert_allclose(found.noise * found.weight_unit, wanted.noise * wanted.weight_unit, rtol=0.15)
    assert_allclose(found.n_rows, clean.sum(), rtol=0.03)


@varied("shift", [1e6, 20, 1e3])
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


def test_units_do_not_matter():
    table, y, _ = dirty(20, n=10)
    one, other = (
        EmpiricalBayes().learn(HuberRegressor(), tasks_of(table, target)).components[0] for target in (y, 7.0 * y + 3.0)
    )
    assert_allclose(other.mean, 7.0 * one.mean + np.r_[0, 0, 0, 3.0], rtol=1e-9)
    assert_allclose(other.noise, 49.0 * one.noise, rtol=1e-9)


@pytest.mark.parametrize("d", [3, 15], ids=["columns", "rows"])
def test_where_the_noise_is_known_weights_are_repeated_rows(d):
    X, y, _, prior = weighted(d)
    times = np.array([1, 3, 0, 2, 1, 1, 2, 1])
    again = np.repeat(np.arange(8), times)
    found, wanted = (
        known(replace(prior, weight_unit=None), HuberRegressor(), *of)
        for of in ((X, y, times.astype(float)), (X[again], y[again]))
    )
    assert_allclose(
        found.trusted_rows.count[times > 0], wanted.trusted_rows.count[np.r_[0, 1, 4, 6, 7, 8, 10]] * times[times > 0]
    )
    for name in ("coef", "weights", "log_evidence", "noise"):
        assert_allclose(getattr(found.posterior, name), getattr(wanted.posterior, name), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("d", [3, 15], ids=["columns", "rows"])
def test_a_weight_is_a_precision_to_which_outliers_are_relative(d):
    X, y, weight, prior = weighted(d)
    root, through_origin = np.sqrt(weight), HuberRegressor(fit_intercept=False, max_iter=1000)
    weighing, scaled = (known(prior, through_origin, *of) for of in ((X, y, weight), (X * root[:, None], y * root)))
    assert weighing.trusted_rows.count[2] < 1e-3  # the outlier is found, and
    assert_allclose(weighing.trusted_rows.count, scaled.trusted_rows.count, rtol=1e-9)
    assert_allclose(weighing.trusted_rows.n_rows, weighing.trusted_rows.count.sum())
    assert_allclose(weighing.posterior.coef, scaled.posterior.coef, rtol=1e-9)
    logs = [
        prior.log_evidence(through_origin, Tasks(*of[:2], np.zeros(8, np.intp), np.zeros(1), *of[2:]))
        for of in ((X, y, weight), (X * root[:, None], y * root))
    ]
    assert_allclose(logs[0], logs[1] + np.log(root).sum(), rtol=1e-9)


def weighted(d):
    """A task of eight rows, one of them an outlier, their weights, and a prior that is right about them."""
    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(8, d)), 10.0 ** rng.uniform(-1, 1, 8)
    y = X.sum(axis=1) + 0.3 * rng.normal(size=8) / np.sqrt(weight)
    y[2] += 9.0 / np.sqrt(weight[2])
    prior = GaussianPrior(np.r_[np.ones(d), 0.0], 0.1 * np.eye(d + 1), noise=0.09, noise_dof=20.0, weight_unit=1.0)
    return X, y, weight, prior


def known(prior, estimator, X, y, weight=None):
    """What is known of one task by a prior."""
    return prior.adapt_tasks(estimator, Tasks(X, y, np.zeros(len(y), np.intp), np.zeros(1), weight))._adaptation


def test_rows_are_trusted_alike_by_columns_and_by_rows(monkeypatch):
    table, y, _ = dirty(20, n=10)
    weight, found = 10.0 ** np.random.default_rng(0).uniform(-1, 1, len(y)), []
    for by_rows in (False, True):
        for module in (_collection, mixture):
            name = "cheaper_in_rows" if module is _collection else "work_by_rows"
            monkeypatch.setattr(module, name, lambda *_, answer=by_rows: answer)
        found.append(EmpiricalBayes().learn(HuberRegressor(), tasks_of(table, y, weight)).components[0])
    for name in ("mean", "covariance", "noise", "n_rows"):
        assert_allclose(*(getattr(one, name) for one in found), rtol=1e-9, err_msg=name)


@pytest.mark.variations
def test_threads_do_not_matter():
    tasks = tasks_of(*dirty(20)[:2])
    one, two = (EmpiricalBayes().learn(HuberRegressor(), tasks, n_jobs=n).components[0].mean for n in (1, 2))
    assert_allclose(one, two, rtol=1e-12)


def test_what_was_known_before_stays_robust():
    before = EmpiricalBayes().learn(HuberRegressor(), tasks_of(*dirty(20)[:2]))
    found = EmpiricalBayes().learn(HuberRegressor(), tasks_of(*dirty(200, seed=1)[:2]), before).components[0]
    assert_allclose(found.noise, 0.09, rtol=0.3)


@pytest.mark.variations
def test_outliers_are_found_where_columns_outnumber_rows():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(500, 104)), np.repeat(np.arange(20), 25)
    truth = X[:, :5].sum(axis=1) + rng.normal(size=20)[codes]
    y = truth + 0.3 * rng.normal(size=500)
    y[::11] += 20.0
    tasks = Tasks(X, y, codes, np.arange(20))
    clean = EmpiricalBayes().learn(Ridge(), replace(tasks, y=truth + 0.3 * rng.normal(size=500))).components[0]
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
