"""Fellow, odd or stranger: every evidence and posterior against brute force in the space of the rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t
from sklearn.linear_model import Ridge

from skmeta._inference.believed import KINDS, STRANGER, Believed, level_bonus, stranger_variance
from skmeta._inference.glm_mixture import glm_posterior
from skmeta._inference.likelihoods import GAUSSIAN
from skmeta._inference.mixture import (
    NOISE_DOF,
    kind_evidence,
    learn_shares,
    posterior,
    posterior_of_rows,
)
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.noise import NoiseLaw

D = 3


ALL = (0.5, 0.2, 0.1, 0.2)  # fellows, odd levels, odd noises, strangers
FELLOWS, VAGUE = (1.0, 0.0, 0.0, 0.0), (0.95, 0.0, 0.0, 0.05)


def prior_of(seed=0, kinds=ALL, dof=4.0, **more):
    rng = np.random.default_rng(seed)
    root = np.tril(0.4 * rng.normal(size=(D + 1, D + 1))) + 0.4 * np.eye(D + 1)
    mean, stranger = rng.normal(size=D + 1), 0.3 * rng.normal(size=D + 1)
    return Believed(mean, root, NoiseLaw(0.5, dof), np.array(kinds), stranger, **more)


def tasks(counts=(6, 2, 1, 12), seed=0, coef=None):
    rng = np.random.default_rng(seed)
    starts = np.r_[0, np.cumsum(counts)]
    X = rng.normal(size=(starts[-1], D))
    w = rng.normal(size=(len(counts), D + 1)) if coef is None else np.broadcast_to(coef, (len(counts), D + 1))
    y = np.einsum("nd,nd->n", X, w[np.repeat(np.arange(len(counts)), counts), :-1])
    y += np.repeat(w[:, -1], counts) + 0.7 * rng.normal(size=len(X))
    return Rows(X, y[:, None], np.arange(len(X)), starts, np.zeros(D), np.ones(D))


def moments_of(rows):
    return collect_moments(rows).output(0)


def designs(rows):
    for a, b in zip(rows.starts[:-1], rows.starts[1:], strict=True):
        yield np.c_[rows.X[a:b], np.ones(b - a)], rows.Y[a:b, 0]


def brute_force(Z, y, prior):
    """Log-weights, means, covariances and noises of all components, from dense matrices of the rows."""
    eye, parts, (nodes, _), odd = np.eye(len(y)), [], prior.noise.nodes(), prior.noise.odd()
    free = prior.covariance + prior.odd_level * np.outer(eye_of(D + 1), eye_of(D + 1))

    def solve(V, mean, covariance):
        gain = covariance @ Z.T @ np.linalg.inv(V)
        return mean + gain @ (y - Z @ mean), covariance - gain @ Z @ covariance

    def learned(kind, covariance, level, share):
        log = multivariate_normal.logpdf(y, Z @ prior.mean, Z @ covariance @ Z.T + level * eye)
        log += np.log(prior.kinds[kind] * share)
        held = max(level, prior.noise.mean)  # coefficients are as if the noise were at least the law's mean
        parts.append((log, *solve(Z @ covariance @ Z.T + held * eye, prior.mean, covariance), level))

    for kind, covariance, levels in zip(
        KINDS[:3], (prior.covariance, free, prior.covariance), (nodes, nodes, odd), strict=True
    ):
        share = 1.0 / max(len(levels), 1)
        for level in levels if prior.kinds[kind] else ():
            learned(kind, covariance, level, share)
    if prior.kinds[STRANGER]:
        vague = prior.stranger_root @ prior.stranger_root.T
        V = Z @ vague @ Z.T + eye
        mean, covariance = solve(V, prior.stranger_mean, vague)
        # Normal-inverse-gamma: Student's t for the rows, an inverse gamma for the noise.
        log = multivariate_t.logpdf(y, Z @ prior.stranger_mean, prior.level * V, df=NOISE_DOF)
        left = y - Z @ prior.stranger_mean
        b = 0.5 * (NOISE_DOF * prior.level + left @ np.linalg.solve(V, left))
        noise = b / max(0.5 * (NOISE_DOF + len(y)) - 1.0, 0.5)
        log += np.log(prior.kinds[STRANGER]) + level_bonus(prior.level, 1.0)
        parts.append((log, mean, noise * covariance, noise))
    logs, means, covariances, noises = zip(*parts, strict=True)
    weights = np.exp(np.array(logs) - logsumexp(logs))
    return weights, np.array(means), np.array(covariances), np.array(noises), np.array(logs)


def eye_of(p):
    """The intercept's unit vector."""
    return np.eye(p)[-1]


# Brute force ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kinds", [FELLOWS, VAGUE, ALL], ids=["fellows", "or strangers", "all kinds"])
@pytest.mark.parametrize("dof", [np.inf, 4.0], ids=["shared noise", "by task"])
def test_it_is_the_brute_force_posterior(kinds, dof):
    prior, rows = prior_of(kinds=kinds, dof=dof), tasks()
    found = posterior(moments_of(rows), prior, with_covariance=True)
    for t, (Z, y) in enumerate(designs(rows)):
        weights, means, covariances, noises, _ = brute_force(Z, y, prior)
        mean = weights @ means
        off = means - mean
        assert_allclose(found.weights[t], weights, rtol=1e-6, atol=1e-12)
        assert_allclose(found.mean[t], mean, rtol=1e-6, atol=1e-8)
        assert_allclose(found.noise[t], np.exp(weights @ np.log(noises)), rtol=1e-6)
        expected = np.einsum("c,cpq->pq", weights, covariances) + (weights * off.T) @ off
        assert_allclose(found.covariance[t], expected, rtol=1e-5, atol=1e-7)
        assert_allclose(found.trust[t], 1.0 - weights[prior.n_learned :].sum(), rtol=1e-8)


def test_evidence_by_kind_is_that_of_brute_force():
    prior, rows = prior_of(kinds=FELLOWS), tasks()
    found = kind_evidence(moments_of(rows), prior)
    full = prior_of(kinds=ALL)
    for t, (Z, y) in enumerate(designs(rows)):
        logs = brute_force(Z, y, full)[-1]
        expected = [logsumexp(logs[full.kind == kind]) - np.log(ALL[kind]) for kind in KINDS]
        assert_allclose(found[t], expected, rtol=1e-7)


@pytest.mark.parametrize("strength", [1.0, 0.1])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_and_moments_give_the_same_answer(strength, weighted):
    rows, prior = tasks(), prior_of()
    if weighted:
        rows = replace(rows, weight=np.random.default_rng(1).uniform(0.5, 2, len(rows.X)))
    moments = moments_of(rows)
    one = posterior(moments, prior, strength=strength)
    Z, Y, weight = rows.batch(np.arange(4))
    two = posterior_of_rows(Z, Y[..., 0], weight, moments, prior, strength=strength)
    for name in ("mean", "noise", "weights", "trust"):
        assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-6, atol=1e-9, err_msg=name)


def test_newtons_solver_gives_the_same_answer_where_the_noise_is_known():
    rows, prior = tasks(), prior_of(kinds=(0.8, 0.0, 0.0, 0.2), dof=np.inf, noise_known=True)
    one = posterior(moments_of(rows), prior)
    coef, weights = glm_posterior(rows, [prior], GAUSSIAN)
    assert_allclose(weights, one.weights, rtol=1e-5, atol=1e-9)
    assert_allclose(coef[:, 0], one.mean, rtol=1e-6, atol=1e-8)


# What it promises -------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.999), st.floats(1e-6, 1e6))
def test_weights_are_probabilities_whatever_the_data(seed, odd, size):
    rows, prior = tasks(seed=seed), prior_of(seed, (1.0 - odd, 0.3 * odd, 0.3 * odd, 0.4 * odd))
    found = posterior(moments_of(replace(rows, Y=size * rows.Y)), prior, with_covariance=True)
    assert_allclose(found.weights.sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(found.weights >= 0) and np.all(found.trust <= 1 + 1e-12)
    assert np.all(np.isfinite(found.mean)) and np.all(found.noise > 0)
    assert np.all(np.linalg.eigvalsh(found.covariance) > -1e-9 * np.abs(found.covariance).max())


def test_a_stranger_is_found_and_a_fellow_is_kept():
    prior = prior_of(kinds=VAGUE)
    fellow = posterior(moments_of(tasks((15,), coef=prior.mean)), prior)
    stranger = posterior(moments_of(tasks((15,), coef=prior.mean + 10.0)), prior)
    assert fellow.trust[0] > 0.95
    assert stranger.trust[0] < 1e-6
    rows = tasks((15,), coef=prior.mean + 10.0)
    ((Z, y),) = designs(rows)
    plain = Ridge(alpha=1.0).fit(Z[:, :-1], y - Z @ prior.stranger_mean)
    alone = prior.stranger_mean + np.r_[plain.coef_, plain.intercept_]
    assert_allclose(stranger.mean[0], alone, atol=2e-3)
    believing = posterior(moments_of(rows), replace(prior, kinds=np.array(FELLOWS)))
    assert np.abs(stranger.mean - alone).sum() < np.abs(believing.mean - alone).sum()


def test_doubt_grows_with_the_contradiction():
    prior = prior_of(kinds=VAGUE)
    trust = [posterior(moments_of(tasks((8,), coef=prior.mean + c)), prior).trust[0] for c in (0.0, 2.0, 4.0, 8.0)]
    assert np.all(np.diff(trust) < 0)


def test_without_rows_it_is_the_prior():
    rows, prior = tasks((0, 3)), prior_of()
    found = posterior(moments_of(rows).take([0]), prior, with_covariance=True)
    assert_allclose(found.mean[0], prior.mean, rtol=1e-12)
    assert_allclose(found.covariance[0], prior.covariance, rtol=1e-9, atol=1e-12)


def test_many_rows_outweigh_every_prior():
    prior, rows = prior_of(), tasks((20_000,), coef=np.arange(4.0))
    ((Z, y),) = designs(rows)
    assert_allclose(posterior(moments_of(rows), prior).mean[0], np.linalg.lstsq(Z, y, rcond=None)[0], atol=2e-3)


@pytest.mark.parametrize("strength", [0.01, 10.0])
def test_strength_divides_the_covariance_and_leaves_the_judgement(strength):
    rows, prior = tasks(), prior_of(kinds=FELLOWS, dof=np.inf)
    one = posterior(moments_of(rows), prior, strength=strength)
    two = posterior(moments_of(rows), replace(prior, root=prior.root / np.sqrt(strength)))
    assert_allclose(one.mean, two.mean, rtol=1e-8)
    mixed = prior_of()
    weights = [posterior(moments_of(rows), mixed, strength=s).weights for s in (1.0, strength)]
    assert_array_equal(*weights)


def test_strength_towards_zero_is_the_unpenalised_fit():
    rows = tasks((9, 12, 30))
    found = posterior(moments_of(rows), prior_of(), strength=1e-13)
    for t, (Z, y) in enumerate(designs(rows)):
        assert_allclose(found.mean[t], np.linalg.lstsq(Z, y, rcond=None)[0], rtol=1e-7, atol=1e-8)


def test_a_stranger_has_the_plain_estimators_penalty():
    """Ridge(alpha=1) in the units of the data, its intercept free."""
    scale = np.array([0.5, 2.0, 30.0])
    variance = stranger_variance(3, 0.5, scale)
    assert_allclose(variance[:-1], scale**2)
    assert variance[-1] >= 10.0


def test_a_free_level_is_judged_as_one_among_the_past_levels():
    """The bonus is Occam's factor: without it, a level that may be anywhere would count against strangers."""
    rng, variance = np.random.default_rng(0), stranger_variance(3, 0.5)[-1]
    y, ones = rng.normal(size=30) + 1.0, np.ones((30, 30))
    free, bounded = (multivariate_normal.logpdf(y, cov=np.eye(30) + v * ones) for v in (variance, 20.0))
    assert variance > 100 * 20.0
    assert_allclose(free + level_bonus(0.5, 30), bounded, atol=0.05)
    assert level_bonus(0.5, 0) == 0


def test_an_odd_level_leaves_the_slopes_what_they_are():
    """One row far off: its level is odd, and what is known of slopes stays known; a stranger's would be lost."""
    prior = prior_of(kinds=(0.98, 0.02, 0.0, 0.0), dof=np.inf)
    far = prior.mean + np.r_[np.zeros(D), 30.0]
    found = posterior(moments_of(tasks((1, 3), coef=far)), prior)
    assert np.all(np.abs(found.mean[:, :-1] - prior.mean[:-1]) < 3 * np.sqrt(np.diag(prior.covariance)[:-1]))
    assert_allclose(found.mean[:, -1], far[-1], atol=3.0)
    believing = posterior(moments_of(tasks((1, 3), coef=far)), replace(prior, kinds=np.array(FELLOWS)))
    assert np.all(np.abs(believing.mean[:, -1] - far[-1]) > np.abs(found.mean[:, -1] - far[-1]))


def test_rows_are_trusted_no_more_than_the_mean_noise_allows():
    """A task that looks noiseless: its slopes lie between the prior's and those of a noise law without spread."""
    rows = replace(tasks((6,)), weight=None)
    Z = np.c_[rows.X, np.ones(6)]
    prior = prior_of(kinds=FELLOWS, dof=3.0)
    w = prior.mean + prior.root @ np.full(D + 1, 2.0)
    exact = moments_of(replace(rows, Y=(Z @ w)[:, None]))
    distance = [
        np.linalg.norm(posterior(exact, replace(prior, noise=law)).mean[0] - w)
        for law in (NoiseLaw(prior.noise.mean), prior.noise, NoiseLaw(0.1))
    ]
    assert_allclose(distance[1], distance[0], rtol=0.2)
    assert distance[2] < 0.5 * distance[1]


# How often ---------------------------------------------------------------------------------------------


def test_shares_are_how_often_kinds_were_met():
    fellow, stranger = np.full(98, 50.0), np.full(98, -50.0)
    assert_allclose(learn_shares(np.c_[fellow, stranger])[1], 1 / 100, rtol=1e-3)
    assert_allclose(learn_shares(np.c_[stranger, fellow])[1], 99 / 100, rtol=1e-3)
    mixed = np.where(np.arange(98) < 30, -50.0, 50.0)
    assert_allclose(learn_shares(np.c_[mixed, np.zeros(98)])[1], 31 / 100, rtol=1e-3)
    assert_allclose(learn_shares(np.empty((0, 4))), 0.25)
    assert_allclose(
        learn_shares(np.c_[fellow, stranger, np.full(98, -np.inf)]), [99 / 101, 1 / 101, 1 / 101], rtol=1e-3
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200), st.integers(2, 4))
def test_shares_are_a_fixed_point_inside_their_bounds(seed, n_tasks, n_kinds):
    evidence = np.random.default_rng(seed).normal(scale=3.0, size=(n_tasks, n_kinds))
    shares = learn_shares(evidence, n_iter=3000)
    belongs = shares * np.exp(evidence)
    belongs /= belongs.sum(axis=1, keepdims=True)
    assert_allclose(shares, (belongs.sum(axis=0) + 1) / (n_tasks + n_kinds), rtol=1e-4)
    assert_allclose(shares.sum(), 1.0)
    assert np.all(shares >= 1 / (n_tasks + n_kinds))
