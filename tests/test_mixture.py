"""Learned prior or stranger: every evidence and posterior against brute force in the space of the rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t

from skmeta._numerics.believed import Believed, level_bonus, stranger_variances
from skmeta._numerics.glm_mixture import glm_posterior
from skmeta._numerics.losses import GAUSSIAN
from skmeta._numerics.mixture import (
    NOISE_DOF,
    learn_vague_weight,
    posterior,
    posterior_of_rows,
    stranger_evidence,
)
from skmeta._numerics.moments import Rows, collect_moments

D = 3


def prior_of(seed=0, vague_weight=0.2, noise=(0.4, 0.9), **more):
    rng = np.random.default_rng(seed)
    root = np.tril(0.4 * rng.normal(size=(D + 1, D + 1))) + 0.4 * np.eye(D + 1)
    shares = np.full(len(noise), 1.0 / len(noise))
    return Believed(
        rng.normal(size=D + 1),
        root,
        np.array(noise),
        shares,
        vague_weight,
        0.3 * rng.normal(size=D + 1),
        **more,
    )


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
    eye, parts = np.eye(len(y)), []

    def solve(V, mean, covariance):
        gain = covariance @ Z.T @ np.linalg.inv(V)
        return mean + gain @ (y - Z @ mean), covariance - gain @ Z @ covariance

    for level, share in zip(prior.noise, prior.noise_probability, strict=True):
        V = Z @ prior.covariance @ Z.T + level * eye
        log = multivariate_normal.logpdf(y, Z @ prior.mean, V) + np.log((1 - prior.vague_weight) * share)
        parts.append((log, *solve(V, prior.mean, prior.covariance), level))
    deviations, shares = prior.strangers
    for deviation, share in zip(deviations, shares, strict=True):
        V = Z @ np.diag(deviation**2) @ Z.T + eye
        mean, covariance = solve(V, prior.stranger_mean, np.diag(deviation**2))
        # Normal-inverse-gamma: Student's t for the rows, an inverse gamma for the noise.
        log = multivariate_t.logpdf(y, Z @ prior.stranger_mean, prior.level * V, df=NOISE_DOF)
        left = y - Z @ prior.stranger_mean
        b = 0.5 * (NOISE_DOF * prior.level + left @ np.linalg.solve(V, left))
        noise = b / max(0.5 * (NOISE_DOF + len(y)) - 1.0, 0.5)
        log += np.log(prior.vague_weight * share) + level_bonus(prior.level, 1.0)
        parts.append((log, mean, noise * covariance, noise))
    logs, means, covariances, noises = zip(*parts, strict=True)
    weights = np.exp(np.array(logs) - logsumexp(logs))
    return weights, np.array(means), np.array(covariances), np.array(noises), np.array(logs)


# Brute force ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vague_weight", [0.0, 0.2, 0.95])
@pytest.mark.parametrize("noise", [(0.5,), (0.1, 0.5, 2.0)], ids=["shared", "by task"])
def test_it_is_the_brute_force_posterior(vague_weight, noise):
    prior, rows = prior_of(vague_weight=vague_weight, noise=noise), tasks()
    found = posterior(moments_of(rows), prior, with_covariance=True)
    for t, (Z, y) in enumerate(designs(rows)):
        weights, means, covariances, noises, _ = brute_force(Z, y, prior)
        mean = weights @ means
        off = means - mean
        assert_allclose(found.weights[t], weights, rtol=1e-6, atol=1e-12)
        assert_allclose(found.mean[t], mean, rtol=1e-6, atol=1e-8)
        assert_allclose(found.noise[t], weights @ noises, rtol=1e-6)
        expected = np.einsum("c,cpq->pq", weights, covariances) + (weights * off.T) @ off
        assert_allclose(found.covariance[t], expected, rtol=1e-5, atol=1e-7)
        assert_allclose(found.trust[t], weights[: len(noise)].sum(), rtol=1e-8)


def test_a_strangers_evidence_is_students_t():
    prior, rows = prior_of(), tasks()
    found = stranger_evidence(moments_of(rows), prior)
    for t, (Z, y) in enumerate(designs(rows)):
        logs = brute_force(Z, y, prior)[-1][len(prior.noise) :] - np.log(prior.vague_weight)
        assert_allclose(found[t], logsumexp(logs), rtol=1e-7)


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
    rows, prior = tasks(), prior_of(noise=(0.5,), noise_known=True)
    one = posterior(moments_of(rows), prior)
    coef, weights = glm_posterior(rows, [replace(prior, noise=np.array([0.5]))], GAUSSIAN)
    assert_allclose(weights, one.weights, rtol=1e-5, atol=1e-9)
    assert_allclose(coef[:, 0], one.mean, rtol=1e-6, atol=1e-8)


# What it promises -------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 0.999), st.floats(1e-6, 1e6))
def test_weights_are_probabilities_whatever_the_data(seed, vague_weight, size):
    rows = tasks(seed=seed)
    found = posterior(moments_of(replace(rows, Y=size * rows.Y)), prior_of(seed, vague_weight), with_covariance=True)
    assert_allclose(found.weights.sum(axis=1), 1.0, rtol=1e-12)
    assert np.all(found.weights >= 0) and np.all(found.trust <= 1 + 1e-12)
    assert np.all(np.isfinite(found.mean)) and np.all(found.noise > 0)
    assert np.all(np.linalg.eigvalsh(found.covariance) > -1e-9 * np.abs(found.covariance).max())


def test_a_stranger_is_found_and_a_fellow_is_kept():
    prior = prior_of(vague_weight=0.05)
    fellow = posterior(moments_of(tasks((15,), coef=prior.mean)), prior)
    stranger = posterior(moments_of(tasks((15,), coef=prior.mean + 10.0)), prior)
    assert fellow.trust[0] > 0.95
    assert stranger.trust[0] < 1e-6
    rows = tasks((15,), coef=prior.mean + 10.0)
    ((Z, y),) = designs(rows)
    alone = np.linalg.lstsq(Z, y, rcond=None)[0]
    assert_allclose(stranger.mean[0], alone, atol=0.8)
    believing = posterior(moments_of(rows), replace(prior, vague_weight=0.0))
    assert np.abs(stranger.mean - alone).sum() < np.abs(believing.mean - alone).sum()


def test_doubt_grows_with_the_contradiction():
    prior = prior_of(vague_weight=0.05)
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
    rows, prior = tasks(), prior_of(vague_weight=0.0, noise=(0.5,))
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


def test_the_plain_estimator_is_among_the_strangers():
    """Ridge(alpha=1) in the units of the data, its intercept free: the first vague component."""
    scale = np.array([0.5, 2.0, 30.0])
    variances, shares = stranger_variances(3, 0.5, scale)
    assert_allclose(shares.sum(), 1.0)
    assert_allclose(variances[0, :-1], scale**2)
    assert np.all(variances[:, -1] >= 10.0)
    assert_allclose(variances[1:, :-1].sum(axis=1), [0.03, 1.0, 30.0, 1000.0])


def test_a_free_level_is_judged_as_one_among_the_past_levels():
    """The bonus is Occam's factor: without it, a level that may be anywhere would count against strangers."""
    rng, (variances, _) = np.random.default_rng(0), stranger_variances(3, 0.5)
    y, ones = rng.normal(size=30) + 1.0, np.ones((30, 30))
    free, bounded = (multivariate_normal.logpdf(y, cov=np.eye(30) + v * ones) for v in (variances[0, -1], 20.0))
    assert variances[0, -1] > 100 * 20.0
    assert_allclose(free + level_bonus(0.5, 30), bounded, atol=0.05)
    assert level_bonus(0.5, 0) == 0


# How often ---------------------------------------------------------------------------------------------


def test_the_weight_of_strangers_is_how_often_they_were_met():
    fellow, stranger = np.full(98, 50.0), np.full(98, -50.0)
    assert_allclose(learn_vague_weight(fellow, stranger), 1 / 100, rtol=1e-3)
    assert_allclose(learn_vague_weight(stranger, fellow), 99 / 100, rtol=1e-3)
    mixed = np.where(np.arange(98) < 30, -50.0, 50.0)
    assert_allclose(learn_vague_weight(mixed, np.zeros(98)), 31 / 100, rtol=1e-3)
    assert learn_vague_weight(np.empty(0), np.empty(0)) == 0.5


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200))
def test_that_weight_is_a_fixed_point_inside_its_bounds(seed, n_tasks):
    learned, stranger = np.random.default_rng(seed).normal(scale=3.0, size=(2, n_tasks))
    weight = learn_vague_weight(learned, stranger, n_iter=1500)
    share = weight / (weight + (1 - weight) * np.exp(learned - stranger))
    assert_allclose(weight, (share.sum() + 1) / (n_tasks + 2), rtol=1e-4)
    assert 1 / (n_tasks + 2) <= weight <= (n_tasks + 1) / (n_tasks + 2)
