"""Slope outliers: tasks that share the level of past ones, their slopes those of the estimator's own penalty."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_t
from sklearn.linear_model import Ridge

from skmeta import WarmStartRegressor
from skmeta._inference.components import KnownNoise, law_of_intercept
from skmeta._inference.likelihoods import GAUSSIAN
from skmeta._inference.mixture import assumed_tasks, learn_weights, weights_by_use, weights_of_use
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.stack import Stack
from skmeta.linear_model import ContextualEffects, GaussianPrior, OwnPrior, Units
from skmeta.linear_model._adapt import components_of
from skmeta.linear_model._likelihood_names import likelihood_named
from skmeta.linear_model._mixture import own_prior, robust_mixture, slope_outlier
from skmeta.tasks import Tasks

UNITS = Units(np.array([0.5, -1.0]), np.array([2.0, 0.5]), 0.3, 2.0)


def learned(**more):
    root = np.random.default_rng(0).normal(size=(3, 3))
    return GaussianPrior([1.0, -2.0, 0.7], root @ root.T, noise=1.5, units=UNITS, n_tasks=20, **more)


def collection(counts=(1, 3, 7)):
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(len(counts)), counts)
    return Tasks(rng.normal(size=(len(codes), 2)), 2.0 * rng.normal(size=len(codes)), codes, np.arange(len(counts)))


def test_their_evidence_is_students_t():
    """Slopes of the penalty, a level known but for its law and for what one row tells, a noise of ten degrees of freedom."""
    prior = OwnPrior(noise=0.7, noise_dof=10.0, units=UNITS, intercept=-0.4, intercept_variance=1.9)
    tasks = collection()
    found = prior.log_evidence(Ridge(), tasks)
    for t, (X, y, _) in enumerate(tasks):
        A = np.c_[X - UNITS.centre, np.ones(len(X))]
        R = A @ np.diag([1.0, 1.0, 1.9 / 0.7 + 1.0]) @ A.T + np.eye(len(y))
        assert_allclose(found[t], multivariate_t.logpdf(y, np.full(len(y), -0.4), 0.7 * R, df=10.0), rtol=1e-9)


@pytest.mark.parametrize("explained", [0.0, 0.3, 0.99])
def test_tasks_vary_within_as_past_ones_did(explained):
    """The penalty expects slopes of variance one, in units of the noise, of columns that spread by 2 and 0.5."""
    prior = learned()
    found, within = slope_outlier(prior, explained), 1.5 / (1.0 - explained)
    assert_allclose(found.noise, min(within / (1.0 + 2.0**2 + 0.5**2), 1.5))
    at = np.r_[UNITS.centre, 1.0]
    assert_allclose(found.intercept, at @ prior.mean)
    assert_allclose(found.intercept_variance, at @ prior.covariance @ at)
    assert_allclose(found.expected()[0], [0.0, 0.0, at @ prior.mean])
    assert_allclose(found.variance(), np.r_[found.noise, found.noise, found.intercept_variance])


def test_contextual_effects_are_part_of_the_levels_spread():
    """Where columns' means are not known: each varies between tasks by one over one plus its ratio of variances."""
    effects = ContextualEffects([0.8, -0.6], [1.0, 3.0], [0.5, -1.0])
    without, whole = learned(), learned(contextual_effects=effects)
    units = whole.engine_units(0, GAUSSIAN)
    own, other = (law_of_intercept(prior.component(0, units, GAUSSIAN)) for prior in (without, whole))
    coef = np.array([0.8 * 2.0, -0.6 * 0.5]) / 2.0
    assert_allclose(other[1] - own[1], np.sum(coef**2 / (1.0 + np.array([1.0, 3.0]))))


def test_slopes_are_those_of_the_plain_estimator():
    """Beside many rows nothing is left of the level's law; slopes are penalised as Ridge does it."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 2)) * [2.0, 0.5]
    y = X @ [1.0, -1.0] + 0.4 + rng.normal(size=4000)
    found, plain = slope_outlier(learned()).adapt(Ridge(), X, y), Ridge().fit(X, y)
    assert_allclose(np.r_[found.coef_, found.intercept_], np.r_[plain.coef_, plain.intercept_], atol=1e-3)


def test_they_move_with_their_columns_and_lend_no_rows():
    found = slope_outlier(replace(learned(), feature_names=("a", "b")))
    turned = found.aligned(("b", "a"))
    assert_allclose(turned.units.centre, UNITS.centre[::-1])
    assert turned.intercept == found.intercept and not found.borrows
    assert own_prior(learned()).intercept is None


def test_one_factorisation_serves_them_and_the_vague_component():
    mixture = robust_mixture(learned(), {"slope outlier": 0.3, "vague": 0.3})
    units = [mixture.components[0].engine_units(0, GAUSSIAN)]
    (components,) = components_of(mixture.components, units, GAUSSIAN)
    assert len(Stack(components).laws) == 2
    alone = mixture.components[-1].component(0, units[0], GAUSSIAN)
    assert_allclose(
        components[-1].covariance.intercept_variance + components[-1].extra, alone.covariance.intercept_variance
    )
    assert_allclose(components[-1].mean, alone.mean)


@pytest.mark.statistics
@pytest.mark.parametrize("unit", [1.0, 10.0])
def test_intervals_hold_where_only_levels_are_shared(unit):
    """New tasks have slopes that no past one had, in any unit of columns: at most 2 % short of nine in ten."""
    covered = []
    for seed in range(2):
        rng = np.random.default_rng(seed)
        X, task = rng.normal(size=(1200, 6)), np.repeat(np.arange(60), 20)
        y = rng.normal(size=60)[task] + np.sqrt(3.25) * rng.normal(size=1200)
        prior = WarmStartRegressor(Ridge(), task=-1).fit(np.c_[unit * X, task], y).prior_
        W, levels = 1.5 / np.sqrt(6.0) * rng.normal(size=(25, 6)), rng.normal(size=25)
        for w, level in zip(W, levels, strict=True):
            Z = rng.normal(size=(70, 6))
            target = Z @ w + level + rng.normal(size=70)
            for n in (5, 10, 20):
                model = WarmStartRegressor(Ridge(), prior=prior).fit(unit * Z[:n], target[:n])
                mean, std = model.predict(unit * Z[20:], return_std=True)
                covered.append(np.mean(np.abs(target[20:] - mean) < 1.6449 * std))
    assert np.all(np.mean(np.reshape(covered, (-1, 3)), axis=0) >= 0.88)


# How often they are met -------------------------------------------------------------------------------


OFTEN = learn_weights(np.random.default_rng(0).normal(size=(30, 5)), None, assumed_tasks(5, 2))
POISSON = likelihood_named("poisson")


def test_a_law_of_use_is_met_as_often_as_held_out_tasks_say():
    assert_allclose(weights_by_use(OFTEN, 1.0, GAUSSIAN), OFTEN)
    assert_allclose(assumed_tasks(5, 2), [1.0, 1.0, 1.0, 1.5, 1.5])


def test_a_law_of_no_use_leaves_its_levels():
    found = weights_by_use(OFTEN, 0.0, GAUSSIAN)
    assert_allclose(found, [0.0, 0.0, 0.0, OFTEN[0] + OFTEN[2] + OFTEN[3], OFTEN[1] + OFTEN[4]], atol=1e-12)
    assert_allclose(weights_by_use(OFTEN[:4], 0.0, POISSON), [0.0, 1 / 3, 1 / 3, 1 / 3], atol=1e-12)


@pytest.mark.parametrize("use", [0.001, 0.3, 0.8])
def test_between_the_two_weights_move_with_the_evidence(use):
    none, some, all_of_it = (weights_by_use(OFTEN, u, GAUSSIAN) for u in (0.0, use, 1.0))
    assert_allclose(some, use * all_of_it + (1.0 - use) * none)
    assert_allclose(some.sum(), 1.0)


@pytest.mark.parametrize("use", [0.001, 0.3, 1.0])
@pytest.mark.parametrize(
    ("n", "likelihood"), [(4, GAUSSIAN), (5, GAUSSIAN), (4, POISSON), (2, likelihood_named("binomial"))]
)
def test_from_weights_it_is_known_how_often_a_law_of_use_is_met(use, n, likelihood):
    often = OFTEN[:n] / OFTEN[:n].sum()
    assert_allclose(weights_of_use(weights_by_use(often, use, likelihood), use, likelihood), often, rtol=1e-9)


def test_one_row_of_a_task_whose_features_are_of_no_use_finds_its_level():
    """More than half of what knowing the law of levels, and that slopes are zero, gains over Ridge's own target alone."""
    rng, d, n_new = np.random.default_rng(0), 6, 400
    X, task = rng.normal(size=(1200, d)), np.repeat(np.arange(60), 20)
    y = rng.normal(size=60)[task] + rng.normal(size=1200)
    prior = WarmStartRegressor(Ridge(), task=-1).fit(np.c_[X, task], y).prior_
    assert prior.named_weights["learned"] < 0.01
    assert prior.named_weights["slope outlier"] > 0.5
    levels, Z = rng.normal(size=n_new), rng.normal(size=(n_new, d))
    target = levels + rng.normal(size=n_new)
    coef = prior.adapt_tasks(Ridge(), Tasks(Z, target, np.arange(n_new), np.arange(n_new))).coefficients[:, 0]
    warm = np.mean((coef[:, :-1] ** 2).sum(axis=1) + (coef[:, -1] - levels) ** 2)
    alone, own = (np.mean((each - levels) ** 2) for each in (0.5 * target, target))
    assert own - warm > 0.5 * (own - alone)


def test_its_noise_stands_for_all_nodes_of_the_past_ones():
    """The noise that the component is tied to is the geometric mean of a law's nodes, where noises differ."""
    prior = learned(noise_dof=6.0)
    centre = KnownNoise.of(NoiseLaw(1.5, 6.0)).centre
    assert_allclose(slope_outlier(prior).noise, centre / 5.25)
