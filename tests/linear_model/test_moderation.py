"""Plain classifiers predict nearly as well as integrated probabilities; with nothing to moderate they are modes."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from variations import varied

from skmeta import GaussianPrior, WarmStartClassifier
from skmeta._inference.integrated import moderation
from skmeta._inference.moments import column_scales, correlation_of_rows
from skmeta._inference.sums import correlation_of_sums
from skmeta.compose import MixturePrior
from skmeta.linear_model import Units
from skmeta.tasks import Tasks

D = 4


def prior_of(K=1, spread=2.0, correlation=None, centre=0.0):
    rng = np.random.default_rng(3)
    mean, units = rng.normal(size=(K, D + 1)), Units(np.full(D, centre), np.ones(D), correlation=correlation)
    covariance = np.tile(spread**2 * np.eye(D + 1), (K, 1, 1))
    classes = np.arange(max(K, 2))
    return GaussianPrior(*((mean[0], covariance[0]) if K == 1 else (mean, covariance)), classes=classes, units=units)


def rows_of(n, K=1, seed=0):
    rng = np.random.default_rng(seed)
    X, W = rng.normal(size=(n, D)), rng.normal(size=(max(K, 2), D))
    return X, np.argmax(X @ W.T + rng.gumbel(size=(n, max(K, 2))), axis=1)


def whole(model):
    return np.c_[model.coef_, model.intercept_]


# One number -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 4])
@pytest.mark.parametrize("scale", [1e-3, 0.3, 1.0, 7.0])
def test_the_scale_that_made_the_probabilities_is_found(K, scale):
    rng = np.random.default_rng(0)
    eta = rng.normal(size=(50, K))
    P = expit(scale * eta) if K == 1 else np.exp(scale * eta) / np.exp(scale * eta).sum(axis=1, keepdims=True)
    assert_allclose(moderation(eta, P, rng.uniform(0.5, 2.0, 50)), scale, rtol=1e-9)


def test_where_no_scale_is_better_it_is_one():
    assert moderation(np.zeros((3, 1)), np.full((3, 1), 0.5), np.ones(3)) == 1.0
    assert moderation(np.full((3, 1), 1e4), np.ones((3, 1)), np.ones(3)) == 1.0


# What it is for ---------------------------------------------------------------------------------------


def speakers(n_tasks, K=5, d=6, n=40, seed=0):
    """Tasks whose classes lie elsewhere in each, in correlated columns: few rows leave much open."""
    rng = np.random.default_rng(seed)
    mix, at = rng.normal(size=(d, d)) / np.sqrt(d), rng.normal(size=(K, d))
    y = np.argsort(rng.random((n_tasks, n)), axis=1) % K
    moved = at + 0.9 * rng.normal(size=(n_tasks, K, d)) + rng.normal(size=(n_tasks, 1, d))
    X = (moved[np.arange(n_tasks)[:, None], y] + 0.5 * rng.normal(size=(n_tasks, n, d))) @ mix
    return X, y


@varied("K", [2, 5])
def test_plain_probabilities_are_hardly_worse_than_integrated_ones(K):
    """Over new tasks: at least half of what the mode's lose on the integrated ones is won back."""
    X, y = speakers(32, K)
    past, new = X[:16], range(16, 32)
    table = np.c_[past.reshape(-1, X.shape[2]), np.repeat(np.arange(16), X.shape[1])]
    prior = WarmStartClassifier(LogisticRegression(), task=-1).fit(table, y[:16].ravel()).prior_
    found, n = [], 2
    for t in new:
        model = WarmStartClassifier(LogisticRegression(), prior=prior).fit(X[t, :n], y[t, :n])
        plain, rest, target = model.estimator_, X[t, n:], y[t, n:]
        mode = deepcopy(plain)
        mode.coef_, mode.intercept_ = plain.coef_ / plain.moderation_, plain.intercept_ / plain.moderation_
        found.append([log_loss(target, each.predict_proba(rest), labels=np.arange(K)) for each in (model, plain, mode)])
        assert_array_equal(model.predict(rest), plain.predict(rest))
        assert_array_equal(mode.predict(rest), plain.predict(rest))
        assert_allclose(model.decision_function(rest), plain.decision_function(rest), rtol=1e-9)
    integrated, plain, mode = np.mean(found, axis=0)
    assert integrated < mode and plain - integrated < 0.5 * (mode - integrated)


# Where it ends ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 3])
def test_a_prior_of_no_strength_moderates_nothing(K):
    X, y = rows_of(60, K)
    free = prior_of(K).adapt(LogisticRegression(C=1e13), X, y)
    assert_allclose(free.moderation_, 1.0, atol=1e-8)
    own = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cg").fit(X, y)
    assert_allclose(free.predict_proba(X), own.predict_proba(X), atol=1e-6)


def test_rows_towards_infinity_moderate_nothing():
    X, y = rows_of(40)
    away = [1.0 - prior_of().adapt(LogisticRegression(), X, y, np.full(40, w)).moderation_ for w in (1.0, 1e3, 1e6)]
    assert away[0] > 0.01 and away[1] < 1e-2 * away[0] and away[2] < 1e-2 * away[1]


def test_zero_rows_are_the_priors_mean():
    prior = prior_of()
    plain = prior.zero_shot(LogisticRegression())
    assert_array_equal(whole(plain)[0], prior.mean)
    assert plain.moderation_ == 1.0


# What changes nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 3])
def test_order_of_rows_and_columns_and_signs_do_not_matter(K):
    rng = np.random.default_rng(1)
    A = rng.normal(size=(D, D))
    correlation = np.corrcoef(A @ A.T + D * np.eye(D))
    prior, (X, y), order = prior_of(K, correlation=correlation), rows_of(9, K), np.array([2, 0, 3, 1])
    one = prior.adapt(LogisticRegression(), X, y)
    rows = rng.permutation(9)
    assert_allclose(whole(prior.adapt(LogisticRegression(), X[rows], y[rows])), whole(one), rtol=1e-9)
    turned = prior.reorder(order).adapt(LogisticRegression(), X[:, order], y)
    assert_allclose(turned.coef_, one.coef_[:, order], rtol=1e-8)
    sign = np.r_[-np.ones(2), np.ones(D - 1)]
    flipped = replace(
        prior,
        mean=prior.mean * sign,
        units=replace(prior.units, correlation=correlation * np.outer(sign[:-1], sign[:-1])),
    )
    mirrored = flipped.adapt(LogisticRegression(), X * sign[:-1], y)
    assert_allclose(whole(mirrored), whole(one) * sign, rtol=1e-8)


def test_a_mixture_integrates_each_component():
    """A component that is sure of itself counts by its weight, not by its width."""
    narrow, wide = prior_of(spread=0.5), prior_of(spread=100.0)
    X, y = rows_of(5)
    mixture, new = MixturePrior([narrow, wide], [0.7, 0.3]), rows_of(50, seed=1)[0]
    tasks = Tasks(X, y, codes=np.zeros(5, dtype=np.intp), ids=np.array([0]), classes=(np.unique(y),))
    weights = mixture.responsibilities(LogisticRegression(), tasks)[0]
    codes = np.zeros(50, dtype=np.intp)
    each = [p.adapt_tasks(LogisticRegression(), tasks).predict_proba(new, codes)[:, 1] for p in (narrow, wide)]
    together = mixture.adapt_tasks(LogisticRegression(), tasks)
    wanted, score = weights @ np.stack(each), together.decision_function(new, codes)
    found = together.predict_proba(new, codes)[:, 1]
    assert_allclose(found, np.where(score > 0, np.maximum(wanted, 0.5), np.minimum(wanted, 0.5)), rtol=1e-6)


def test_correlations_of_rows_and_of_sums_are_the_same():
    from skmeta._inference.sums import Sums

    rng = np.random.default_rng(0)
    X, weight = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 3)) + 5.0, rng.uniform(0.5, 2.0, 30)
    parts = [slice(0, 12), slice(12, 30)]
    sums = Sums.zeros(2, 3, 1)
    for t, part in enumerate(parts):
        sums.n[t], sums.mean[t] = weight[part].sum(), np.average(X[part], axis=0, weights=weight[part])
        off = X[part] - sums.mean[t]
        sums.scatter[t] = (off * weight[part, None]).T @ off
    where = column_scales(X, weight)
    found = correlation_of_rows(X, weight, *where)
    assert_allclose(np.diagonal(found), 1.0)
    assert_allclose(correlation_of_sums(sums, np.ones(2), *where), found, rtol=1e-10)
