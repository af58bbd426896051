"""Effects between tasks: the formula against Gaussian conditioning, and Simpson's paradox."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression, Ridge

from skmeta import WarmStartRegressor
from skmeta._numerics.between import expected_mean, variance_ratio
from skmeta._numerics.moments import Rows, collect_moments


def paradox(n_tasks=60, n=8, seed=0, noise=0.3):
    """Within a task one more x is one less y; tasks with more x have more y."""
    rng = np.random.default_rng(seed)
    centre = 3.0 * rng.normal(size=n_tasks)
    x = centre[:, None] + rng.normal(size=(n_tasks, n))
    y = 2.0 * centre[:, None] - (x - centre[:, None]) + noise * rng.normal(size=(n_tasks, n))
    return np.c_[x.ravel(), np.repeat(np.arange(n_tasks), n)], y.ravel()


def test_without_effects_between_tasks_every_task_expects_the_mean():
    mean = np.arange(3.0)
    assert expected_mean(mean, None, None, np.array([4.0]), np.ones((1, 2))) is mean
    expected = expected_mean(mean, np.zeros(2), np.ones(2), np.array([4.0]), np.ones((1, 2)))
    assert_array_equal(expected, mean[None])


@pytest.mark.parametrize("n", [0, 1, 5])
def test_the_expected_target_is_the_conditional_one(n):
    """``E[y_new | x_1 ... x_n, x_new]`` where tasks' means have variance 1 and rows vary by ``ratio`` around them."""
    rng, mean, between, ratio = np.random.default_rng(n), np.array([0.7, -0.4, 2.0]), np.array([1.5, -3.0]), np.array([0.5, 4.0])
    rows = rng.normal(size=(n + 1, 2))
    context = rows[:n].mean(axis=0, keepdims=True) if n else np.zeros((1, 2))
    w = expected_mean(mean, between, ratio, np.array([float(n)]), context)[0]
    # Every column's mean given its n + 1 values, by the general formula for jointly normal variables.
    level = [np.ones(n + 1) @ np.linalg.solve(np.ones((n + 1, n + 1)) + r * np.eye(n + 1), rows[:, j]) for j, r in enumerate(ratio)]
    assert_allclose(np.r_[rows[n], 1.0] @ w, np.r_[rows[n], 1.0] @ mean + between @ level, rtol=1e-10)


def test_it_goes_from_the_pooled_regression_to_the_one_within():
    mean, between, ratio, context = np.array([-1.0, 5.0]), np.array([3.0]), np.array([0.2]), np.array([[2.0]])
    none = expected_mean(mean, between, ratio, np.array([0.0]), context)[0]
    assert_allclose(none, [-1.0 + 3.0 / 1.2, 5.0])
    many = expected_mean(mean, between, ratio, np.array([1e9]), context)[0]
    assert_allclose(many, [-1.0, 5.0 + 3.0 * 2.0], rtol=1e-8)


def test_the_ratio_of_variances_is_found():
    rng, n_tasks, n = np.random.default_rng(0), 3000, 5
    X = np.sqrt([2.0, 0.5, 1.0]) * rng.normal(size=(n_tasks * n, 3))
    X += np.repeat(rng.normal(size=(n_tasks, 3)) * [1.0, 1.0, 0.0], n, axis=0)
    starts = n * np.arange(n_tasks + 1)
    rows = Rows(X, np.zeros((len(X), 1)), np.arange(len(X)), starts, np.zeros(3), np.ones(3))
    ratio = variance_ratio(collect_moments(rows))
    assert_allclose(ratio[:2], [2.0, 0.5], rtol=0.08)
    assert ratio[2] > 50, "a column whose mean does not vary"


def test_simpsons_paradox_is_resolved():
    X, y = paradox()
    model = WarmStartRegressor(Ridge(), task=-1).fit(X, y)
    pooled = LinearRegression().fit(X[:, :1], y)
    assert pooled.coef_[0] > 1.5
    assert_allclose(model.coef_[:, 0], -1.0, atol=0.25)
    zero_shot = model.prior_.zero_shot(Ridge())
    assert_allclose(zero_shot.coef_, pooled.coef_, rtol=0.1)
    assert_allclose(zero_shot.intercept_, pooled.intercept_, atol=0.3)


def test_few_rows_of_a_new_task_go_from_pooled_to_within():
    X, y = paradox()
    new_X, new_y = paradox(n_tasks=200, n=40, seed=1)
    prior = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_
    pooled = LinearRegression().fit(X[:, :1], y)

    def error(shots):
        left = []
        for t in range(200):
            rows = np.flatnonzero(new_X[:, -1] == t)
            own, rest = rows[:shots], rows[20:]
            left.append(new_y[rest] - prior.adapt(Ridge(), new_X[own, :1], new_y[own]).predict(new_X[rest, :1]))
        return np.sqrt(np.mean(np.square(left)))

    at_pooled = np.sqrt(np.mean((new_y - pooled.predict(new_X[:, :1])) ** 2))
    errors = [error(shots) for shots in (0, 1, 2, 10)]
    assert errors[0] < 1.05 * at_pooled
    assert errors[1] < 0.5 * at_pooled, "with the slope within, one row tells the level"
    assert np.all(np.diff(errors) < 0)
    assert errors[-1] < 0.4, "the noise is 0.3"
