"""Plain models of counts expect as many as the posterior does; with nothing left open they are modes."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import PoissonRegressor

from skmeta import EmpiricalBayes, GaussianPrior
from skmeta.linear_model import Units
from skmeta.tasks import Tasks

D = 3
MEAN = np.array([0.3, -0.2, 0.1, 0.4])


def prior_of(*, correlated=True):
    units = Units(np.zeros(D), np.ones(D), correlation=np.eye(D) if correlated else None)
    return GaussianPrior(MEAN, 0.1 * np.eye(D + 1), units=units, likelihood="poisson")


def rows_of(n, coef=MEAN, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, D))
    return X, rng.poisson(np.exp(X @ coef[:-1] + coef[-1])).astype(float)


@pytest.mark.parametrize("n", [0, 3])
def test_new_tasks_have_as_many_counts_as_are_predicted(n):
    """Over tasks drawn from the prior: the mean error is none, to three standard errors; the mode's is clear."""
    rng, n_tasks, n_rows = np.random.default_rng(1), 400, 40
    coef = MEAN + np.sqrt(0.1) * rng.normal(size=(n_tasks, D + 1))
    drawn = [rows_of(n + n_rows, each, seed) for seed, each in enumerate(coef)]
    own = np.repeat(np.arange(n_tasks), n)
    tasks = Tasks(*(np.concatenate([each[k][:n] for each in drawn]) for k in (0, 1)), own, np.arange(n_tasks))
    models = prior_of().adapt_tasks(PoissonRegressor(), tasks)
    codes = np.arange(n_tasks) if n else np.full(n_tasks, -1)
    X, y = (np.concatenate([each[k][n:] for each in drawn]) for k in (0, 1))
    predicted = models.predict(X, np.repeat(codes, n_rows)).reshape(n_tasks, n_rows)
    shifts = [models.estimator(code).intercept_shift_ for code in codes.tolist()]
    off = (y.reshape(n_tasks, n_rows) - predicted).mean(axis=1)
    off_mode = off + (predicted * -np.expm1(-np.array(shifts))[:, None]).mean(axis=1)
    assert abs(off.mean()) < 3.0 * off.std() / np.sqrt(n_tasks) < off_mode.mean()


def test_a_prior_of_no_strength_shifts_nothing():
    X, y = rows_of(60)
    free = prior_of().adapt(PoissonRegressor(alpha=1e-13), X, y)
    assert_allclose(free.intercept_shift_, 0.0, atol=1e-10)


def test_rows_towards_infinity_shift_nothing():
    X, y = rows_of(40)
    shifts = [prior_of().adapt(PoissonRegressor(), X, y, np.full(40, w)).intercept_shift_ for w in (1.0, 1e2, 1e4)]
    assert shifts[0] > 1e-4 and abs(shifts[1]) < 1e-2 * shifts[0] and abs(shifts[2]) < 1e-2 * abs(shifts[1])


def test_who_does_not_know_what_rows_are_like_predicts_the_priors_mean_without_any():
    plain = prior_of(correlated=False).zero_shot(PoissonRegressor())
    assert_allclose(np.r_[plain.coef_, plain.intercept_], MEAN)
    assert plain.intercept_shift_ == 0.0


def test_without_an_intercept_nothing_is_shifted():
    X, y = rows_of(8)
    plain = prior_of().adapt(PoissonRegressor(fit_intercept=False), X, y)
    assert plain.intercept_ == 0.0 and plain.intercept_shift_ == 0.0


@pytest.mark.parametrize("by_rows", [False, True])
def test_by_rows_as_by_columns(by_rows, monkeypatch):
    X, y = rows_of(5)
    wanted = prior_of().adapt(PoissonRegressor(), X, y)
    for where in ("skmeta.linear_model._unknown", "skmeta._inference.mixture"):
        monkeypatch.setattr(f"{where}.work_by_rows", lambda *_: by_rows)
    found = prior_of().adapt(PoissonRegressor(), X, y)
    assert_allclose(found.intercept_shift_, wanted.intercept_shift_, rtol=1e-8)


def test_tasks_together_are_as_each_alone():
    X, y = rows_of(60)
    codes = np.repeat(np.arange(6), 10)
    prior = EmpiricalBayes().learn(PoissonRegressor(), Tasks(X, y, codes, np.arange(6)))
    some = codes % 2 == 0
    tasks = Tasks(X[some], y[some], codes[some] // 2, np.arange(3))
    together = prior.adapt_tasks(PoissonRegressor(), tasks)
    for t in range(3):
        alone = prior.adapt(PoissonRegressor(), X[codes == 2 * t], y[codes == 2 * t])
        assert_allclose(together.estimator(t).intercept_, alone.intercept_, rtol=1e-8)
        assert_allclose(together.predict(X[:4], np.full(4, t)), alone.predict(X[:4]), rtol=1e-8)
        assert_allclose(together.coefficients[t, 0], np.r_[alone.coef_, alone.intercept_], rtol=1e-8)
    unknown = together.predict(X[:4], np.full(4, -1))
    assert_allclose(unknown, prior.zero_shot(PoissonRegressor()).predict(X[:4]), rtol=1e-8)


def test_the_order_of_columns_and_rows_changes_nothing():
    X, y = rows_of(12)
    prior, order, turned = prior_of(), np.random.default_rng(0).permutation(12), [2, 0, 1]
    wanted = prior.adapt(PoissonRegressor(), X, y).intercept_
    assert_allclose(prior.adapt(PoissonRegressor(), X[order], y[order]).intercept_, wanted, rtol=1e-10)
    other = replace(prior, mean=MEAN[[*turned, 3]])
    assert_allclose(other.adapt(PoissonRegressor(), X[:, turned], y).intercept_, wanted, rtol=1e-10)
