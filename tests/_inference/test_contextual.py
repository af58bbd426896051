"""Contextual effects: the formula against Gaussian conditioning, and Simpson's paradox."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression, Ridge

from skmeta import GaussianPrior, WarmStartRegressor
from skmeta._inference.components import Component, KnownNoise
from skmeta._inference.contextual import intercept_shift, new_row_effects, variance_ratio, without_effects
from skmeta._inference.covariances import DenseCovariance
from skmeta._inference.in_columns import InColumns
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.posterior_columns import ColumnPosterior
from skmeta._inference.stack import Stack
from skmeta.linear_model import ContextualEffects, Units

NOISE = 0.2


def paradox(n_tasks=60, n=8, seed=0, noise=0.3):
    """Within a task one more x is one less y; tasks with more x have more y."""
    rng = np.random.default_rng(seed)
    centre = 3.0 * rng.normal(size=n_tasks)
    x = centre[:, None] + rng.normal(size=(n_tasks, n))
    y = 2.0 * centre[:, None] - (x - centre[:, None]) + noise * rng.normal(size=(n_tasks, n))
    return np.c_[x.ravel(), np.repeat(np.arange(n_tasks), n)], y.ravel()


def law(d, seed, coef, ratio, spread=0.5):
    rng = np.random.default_rng(seed)
    root = np.tril(0.3 * rng.normal(size=(d + 1, d + 1))) + spread * np.eye(d + 1)
    return Component(
        rng.normal(size=d + 1),
        DenseCovariance(root),
        KnownNoise.of(NoiseLaw(NOISE)),
        effects=(coef, ratio, np.zeros(d)),
    )


def mean_of(moments, component):
    """The posterior mean of every task, under one component."""
    return ColumnPosterior(moments, Stack([component])).means(np.ones((moments.n_tasks, 1)))


def test_without_effects_are_the_statistics_of_targets_less_what_columns_say():
    X, y = paradox(n_tasks=5, n=4)
    rows = Rows(X[:, :1], y[:, None], np.arange(20), np.arange(0, 21, 4), np.zeros(1), np.ones(1))
    found, coef = collect_moments(rows).output(0), np.array([1.7])
    shifted = y - 1.7 * X[:, 0].reshape(5, 4).mean(axis=1).repeat(4)
    wanted = collect_moments(replace(rows, Y=shifted[:, None])).output(0)
    less = without_effects(found, coef)
    assert_allclose(less.cross, wanted.cross, atol=1e-9)
    assert_allclose(less.square, wanted.square, atol=1e-9)


def own_rows(n, prior, seed):
    """Columns and targets of one task of the prior's law, and their moments (of a task without rows too)."""
    rng, d = np.random.default_rng(seed), len(prior.mean) - 1
    coef, ratio, centre = prior.effects
    within = ratio / (1.0 + ratio)
    means = centre + np.sqrt(1.0 - within) * rng.normal(size=d)
    X = means + np.sqrt(within) * rng.normal(size=(n, d))
    w = prior.mean + prior.covariance.root @ rng.normal(size=d + 1)
    y = X @ w[:-1] + w[-1] + means @ coef + np.sqrt(NOISE) * rng.normal(size=n)
    rows = Rows(X, y[:, None], np.arange(n), np.array([0, n]), np.zeros(d), np.ones(d))
    return X, y, collect_moments(rows).output(0)


def conditional_target(prior, X, y, new):
    """``E[y_new | x_1, y_1, ..., x_n, y_n, x_new]``: coefficients and means of the columns as one Gaussian.

    Columns have unit variance in all, ``1 / (1 + ratio)`` of it between tasks.
    """
    d, n = len(new), len(y)
    coef, ratio, centre = prior.effects
    vb = 1.0 / (1.0 + ratio)
    covariance = np.zeros((2 * d + 1, 2 * d + 1))
    covariance[: d + 1, : d + 1] = prior.covariance.matrix
    covariance[d, d] += coef**2 @ vb
    covariance[d, d + 1 :] = covariance[d + 1 :, d] = coef * vb
    covariance[d + 1 :, d + 1 :] = np.diag(vb)
    at_means = np.hstack([np.zeros((d, d + 1)), np.eye(d)])
    design = np.vstack([np.hstack([X, np.ones((n, 1)), np.zeros((n, d))]), *[at_means] * (n + 1)])
    noise = np.diag(np.r_[np.full(n, NOISE), np.tile(ratio * vb, n + 1)])
    mean = np.r_[prior.mean[:-1], prior.mean[-1] + centre @ coef, centre]
    seen = np.r_[y, X.ravel(), new]
    gain = covariance @ design.T @ np.linalg.inv(design @ covariance @ design.T + noise)
    return np.r_[new, 1.0] @ (mean + gain @ (seen - design @ mean))[: d + 1]


@pytest.mark.parametrize("d", [1, 3])
def test_without_rows_the_expected_target_is_the_conditional_one(d):
    rng = np.random.default_rng(d)
    prior = law(d, 0, rng.normal(size=d), rng.uniform(0.2, 5.0, d))
    X, y, moments = own_rows(0, prior, 1)
    (w,) = mean_of(moments, prior)
    for new in rng.normal(size=(5, d)):
        assert_allclose(np.r_[new, 1.0] @ w, conditional_target(prior, X, y, new), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 5, 20])
@pytest.mark.parametrize("spread", [0.02, 0.5], ids=["tight", "wide"])
def test_with_rows_it_is_near_the_conditional_one(n, spread):
    """What the targets say of the columns' means is left out: less than the noise even at one row."""
    left, doubt = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        prior = law(2, seed, rng.normal(size=2), rng.uniform(0.2, 5.0, 2), spread)
        X, y, moments = own_rows(n, prior, seed)
        new = rng.normal(size=2)
        exact = conditional_target(prior, X, y, new)
        left.append(np.r_[new, 1.0] @ mean_of(moments, prior)[0] - exact)
        alone = replace(prior, effects=None)
        doubt.append(np.r_[new, 1.0] @ mean_of(moments, alone)[0] - exact)
    assert np.sqrt(np.mean(np.square(left))) < (0.25 if n == 1 else 0.12)
    assert np.mean(np.square(left)) < 0.25 * np.mean(np.square(doubt)), "better than no contextual effects"


def test_columns_need_not_be_centred():
    """Means of columns that are not zero over the tasks: the conditional expectation without rows."""
    rng = np.random.default_rng(0)
    coef, ratio = rng.normal(size=3), rng.uniform(0.2, 5.0, 3)
    prior, moved = law(3, 0, coef, ratio), np.array([5.0, -2.0, 0.0])
    away = replace(prior, effects=(coef, ratio, moved))
    X, y, moments = own_rows(0, away, 1)
    (w,) = mean_of(moments, away)
    for new in moved + rng.normal(size=(3, 3)):
        assert_allclose(np.r_[new, 1.0] @ w, conditional_target(away, X, y, new), rtol=1e-8)


def test_units_change_no_answer():
    """A prior whose units are centred elsewhere expects the same of a task without rows."""
    rng, root = np.random.default_rng(0), np.random.default_rng(1).normal(size=(4, 4))
    effects = ContextualEffects(rng.normal(size=3), rng.uniform(0.2, 5.0, 3), centre=[5.0, -2.0, 0.0])
    prior = GaussianPrior(rng.normal(size=4), root @ root.T, contextual_effects=effects, units=Units(np.zeros(3)))
    centred = replace(prior, units=Units([4.0, 1.0, 3.0]))
    empty = np.empty((0, 3)), np.empty(0)
    one, two = (each.adapt(Ridge(), *empty) for each in (prior, centred))
    assert_allclose(two.coef_, one.coef_, rtol=1e-9)
    assert_allclose(two.intercept_, one.intercept_, rtol=1e-9)
    assert_allclose(one.coef_, prior.mean[:-1], rtol=1e-9)


def test_effects_of_zero_change_nothing():
    prior = law(2, 0, np.zeros(2), np.ones(2))
    _, _, moments = own_rows(4, prior, 0)
    assert_allclose(mean_of(moments, prior), mean_of(moments, replace(prior, effects=None)), rtol=1e-10)


def test_it_goes_from_the_pooled_regression_to_the_one_within():
    coef, context = np.array([3.0]), np.array([[2.0]])
    ratio, centre = np.array([0.2]), np.zeros(1)
    none, many = np.array([0.0]), np.array([1e9])
    assert_allclose(new_row_effects(coef, ratio, centre, none, context, np.ones(1)), [[3.0 / 1.2, 0.0]])
    assert_allclose(new_row_effects(coef, ratio, centre, many, context, np.ones(1)), [[0.0, 0.0]], atol=1e-8)
    assert_allclose(new_row_effects(coef, ratio, centre, none + 3, context, np.zeros(1)), [[0.0, 0.0]])
    shift, unknown = intercept_shift(coef, ratio, centre, none, context)
    assert_allclose((shift, unknown), ([0.0], [9.0 / 1.2]))
    shift, unknown = intercept_shift(coef, ratio, centre, many, context)
    assert_allclose((shift, unknown), ([6.0], [0.0]), atol=1e-7)


def test_the_ratio_of_variances_is_found():
    rng, n_tasks, n = np.random.default_rng(0), 3000, 5
    X = np.sqrt([2.0, 0.5, 1.0]) * rng.normal(size=(n_tasks * n, 3))
    X += np.repeat(rng.normal(size=(n_tasks, 3)) * [1.0, 1.0, 0.0], n, axis=0)
    starts = n * np.arange(n_tasks + 1)
    rows = Rows(X, np.zeros((len(X), 1)), np.arange(len(X)), starts, np.zeros(3), np.ones(3))
    tasks = InColumns(collect_moments(rows).output(0))
    ratio = variance_ratio(tasks, tasks.pooled())
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
    new_X, new_y = paradox(n_tasks=100, n=40, seed=1)
    prior = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_
    pooled = LinearRegression().fit(X[:, :1], y)

    def error(shots):
        left = []
        for t in range(100):
            rows = np.flatnonzero(new_X[:, -1] == t)
            own, rest = rows[:shots], rows[20:]
            left.append(new_y[rest] - prior.adapt(Ridge(), new_X[own, :1], new_y[own]).predict(new_X[rest, :1]))
        return np.sqrt(np.mean(np.square(left)))

    at_pooled = np.sqrt(np.mean((new_y - pooled.predict(new_X[:, :1])) ** 2))
    errors = [error(shots) for shots in (0, 1, 2, 10)]
    assert errors[0] < 1.05 * at_pooled
    assert errors[1] < 0.5 * at_pooled, "with the slope within, one row tells the intercept"
    assert np.all(np.diff(errors) < 0)
    assert errors[-1] < 0.4, "the noise is 0.3"


@pytest.mark.parametrize("first", [0, 1])
def test_outputs_may_differ_in_whether_they_have_such_effects(first):
    """Each output gets what it would get alone, wherever it stands."""
    X, y = paradox()
    rng = np.random.default_rng(1)
    straight = 0.7 * X[:, 0] + rng.normal(size=60)[X[:, -1].astype(int)] + 0.3 * rng.normal(size=len(X))
    targets = [y, straight][:: 1 - 2 * first]
    alone = [WarmStartRegressor(Ridge(), task=-1).fit(X, target).prior_ for target in targets]
    assert [prior.contextual_effects is None for prior in alone] == [first == 1, first == 0]
    both = WarmStartRegressor(Ridge(), task=-1).fit(X, np.column_stack(targets)).prior_
    for k, prior in enumerate(alone):
        assert_allclose(both.mean[k], prior.mean, rtol=1e-6)
        effects = prior.contextual_effects
        assert_allclose(both.contextual_effects.coef[k], 0.0 if effects is None else effects.coef, rtol=1e-6)
