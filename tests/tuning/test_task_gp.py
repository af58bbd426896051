"""What past tasks say of the next one: against conditioning by hand, and the weights of explanations."""

import numpy as np
import pytest
from gaussian_processes import JITTER, SCALES, by_sklearn, designs, few
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, uniform
from scipy.stats import t as student
from sklearn.gaussian_process.kernels import Matern

from skmeta.tuning._surrogates.gp import (
    FLAT,
    Trials,
    matern,
)
from skmeta.tuning._surrogates.scores import standardized
from skmeta.tuning._surrogates.task_gp import (
    FRACTIONS,
    held_out_evidence,
    learn_mixture_weights,
    task_posterior,
    transfer_evidence,
    transfer_posterior,
)

# What past tasks say of the next ------------------------------------------------------------------------


def past_of(rng, n_tasks=4, n=5, m=3, d=2):
    """Scores and noise of trials, what past tasks expect of them and of candidates, and a task's own covariance."""
    x = rng.uniform(size=(n + m, d))
    specific = 0.8 * matern(x[:n], x, np.full(d, 0.7)), np.full(n + m, 0.8)
    return standardized(rng.normal(size=n))[0], rng.uniform(0.05, 0.4, n), rng.normal(size=(n_tasks, n + m)), specific


def by_conditioning(scores, noise, mean, covariance, scale):
    """Log density of scores ``a + b z``, mean and sd of the others, where the level a has a very wide law."""
    n, wide = len(scores), 1e6 * scale**2
    joint = scale**2 * covariance + wide
    seen = joint[:n, :n] + np.diag(scale**2 * (noise + JITTER))
    weights = np.linalg.solve(seen, joint[:n, n:])
    density = multivariate_normal(scale * mean[:n], seen).logpdf(scores) + 0.5 * np.log(wide)
    left = np.diagonal(joint[n:, n:] - joint[n:, :n] @ weights)
    return density, scale * mean[n:] + (scores - scale * mean[:n]) @ weights, np.sqrt(left)


@few
@given(rng=designs, n_tasks=st.integers(1, 6), n=st.integers(1, 7), m=st.integers(1, 4), expect=st.booleans())
def test_transfer_is_conditioning_for_each_fraction_and_scale(rng, n_tasks, n, m, expect):
    x, lengths, variance = rng.uniform(size=(n + m, 2)), np.array([0.4, 1.0]), 0.9
    scores, noise = rng.normal(size=n), rng.uniform(0.05, 0.4, n)
    expected, log_weights = rng.normal(size=(n_tasks, n + m)), rng.normal(size=len(FRACTIONS))
    own = variance * Matern(lengths, nu=2.5)(x)
    spread = np.cov(expected.T, ddof=1) if n_tasks > 1 else np.zeros((n + m, n + m))
    law = student(3, 0.5, 1.3) if expect else uniform(-10, 20)
    odds = law.logpdf(np.log(SCALES)) - logsumexp(law.logpdf(np.log(SCALES)))
    specific = own[:n], np.diagonal(own)
    posterior = transfer_posterior(scores, noise, expected, specific, log_weights, (0.5, 1.3) if expect else None)
    weights, means, sds, evidence = [], [], [], []
    for fraction, log_weight in zip(FRACTIONS, log_weights, strict=True):
        covariance, mean = (1 + 1 / n_tasks) * (1 - fraction) * spread + fraction * own, expected.mean(axis=0)
        wanted = [by_conditioning(scores, noise, mean, covariance, scale) for scale in SCALES]
        evidence.append([density for density, _, _ in wanted])
        weights.append(log_weight + odds + evidence[-1])
        means.append([mean for _, mean, _ in wanted])
        sds.append([sd for _, _, sd in wanted])
    weights = np.array(weights)
    kept = weights.ravel() >= np.sort(weights, axis=None)[-len(posterior.log_weights)]
    assert weights.ravel()[~kept].max(initial=-np.inf) < weights.max() - 6.9  # the others are unlikely
    scales = np.tile(SCALES, len(FRACTIONS))[kept, None]
    assert_allclose(posterior.means / scales, np.concatenate(means)[kept] / scales, rtol=1e-3, atol=1e-3)
    assert_allclose(posterior.sds, np.concatenate(sds)[kept], rtol=1e-3)
    gaps = posterior.log_weights - weights.ravel()[kept]  # log weights are known up to a constant
    assert_allclose(gaps, gaps[0], rtol=1e-4, atol=2e-3)
    found = transfer_evidence(scores, noise, expected, specific)
    assert_allclose(np.diff(found), np.diff(logsumexp(evidence, axis=1)), atol=2e-3)


@few
@given(rng=designs, shift=st.floats(-5, 5))
def test_the_order_of_tasks_and_trials_changes_no_posterior(rng, shift):
    scores, noise, expected, (covariance, variance) = past_of(rng)
    weights = rng.normal(size=len(FRACTIONS))
    posterior = transfer_posterior(scores, noise, expected, (covariance, variance), weights)
    order = rng.permutation(5)
    both = np.r_[order, 5:8]
    specific = covariance[order][:, both], variance[both]
    again = transfer_posterior(scores[order], noise[order], expected[::-1][:, both], specific, weights)
    for one, two in zip(posterior, again, strict=True):
        assert_allclose(two, one, rtol=1e-10, atol=1e-10)
    # What all past tasks score by, and the new one, is of no matter; nor which candidates are asked beside one.
    moved = transfer_posterior(scores + shift, noise, expected + shift, (covariance, variance), weights)
    assert_allclose(moved.log_weights, posterior.log_weights, rtol=1e-8, atol=1e-8)
    assert_allclose(moved.means, posterior.means + shift, rtol=1e-8, atol=1e-8)
    some = [0, 1, 2, 3, 4, 7]
    less = transfer_posterior(scores, noise, expected[:, some], (covariance[:, some], variance[some]), weights)
    assert_allclose(less.means[:, 0], posterior.means[:, 2], rtol=1e-10, atol=1e-10)


def test_a_past_counted_twice_has_the_same_mean_and_no_more_spread():
    scores, noise, expected, specific = past_of(np.random.default_rng(0), n=1)
    for fraction in range(len(FRACTIONS)):
        only = np.where(np.arange(len(FRACTIONS)) == fraction, 0.0, -np.inf)
        once = transfer_posterior(scores, noise, expected, specific, only)
        twice = transfer_posterior(scores, noise, np.tile(expected, (2, 1)), specific, only)
        assert (twice.sds <= once.sds * (1 + 1e-12)).all()
    assert_allclose(twice.means, once.means, rtol=1e-10)  # all its own: the same covariance
    assert_allclose(twice.sds, once.sds, rtol=1e-10)


def test_one_trial_tells_nothing_of_the_scale():
    scores, noise, expected, specific = past_of(np.random.default_rng(3), n=1)
    for fraction in range(len(FRACTIONS)):
        only = np.where(np.arange(len(FRACTIONS)) == fraction, 0.0, -np.inf)
        assert_allclose(transfer_posterior(scores, noise, expected, specific, only).weights, 1 / len(SCALES))
        told = transfer_posterior(scores, noise, expected, specific, only, (1.0, 0.5))
        assert told.weights.argmax() == np.abs(np.log(SCALES) - 1.0).argmin()


def test_a_new_task_like_the_past_is_predicted_and_another_is_not():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(20, 2))
    functions = rng.multivariate_normal(np.zeros(20), matern(x, x, np.full(2, 0.5)) + 1e-9 * np.eye(20))
    tasks = functions + 0.1 * rng.normal(size=(6, 20))
    specific = matern(x[:12], x[:12], np.full(2, 0.5)), np.ones(12)
    own_share = {}
    for name, scores in {"like": tasks[0, :12], "other": rng.permutation(tasks[0])[:12]}.items():
        seen, noise, expected = standardized(scores)[0], np.full(12, 0.02), tasks[1:, :12]
        weights = transfer_evidence(seen, noise, expected, specific)
        own_share[name] = np.exp(weights - logsumexp(weights)) @ FRACTIONS
        evidence = held_out_evidence(scores, (0.02, np.ones(12)), expected, specific, x[:12], np.arange(2))
        assert evidence.shape == (len(FRACTIONS) + 1,)
        own_share[name, "alone"] = np.exp(evidence - logsumexp(evidence))[-1]
    assert own_share["like"] < 0.2 and own_share["other"] > 0.9
    assert own_share["like", "alone"] < 0.05 and own_share["other", "alone"] > 0.05


def test_evidence_held_out_is_that_of_both_explanations():
    rng = np.random.default_rng(5)
    x, scores = rng.uniform(size=(8, 2)), 3 + 7 * rng.normal(size=8)
    specific, rel = (matern(x, x, np.ones(2)), np.ones(8)), rng.uniform(0.5, 2, 8)
    expected = rng.normal(size=(3, 8))
    found = held_out_evidence(scores, (0.1, rel), expected, specific, x, np.arange(2))
    seen = standardized(scores)[0]
    densities = np.empty((len(FRACTIONS), len(SCALES)))
    for i, fraction in enumerate(FRACTIONS):
        covariance = (4 / 3) * (1 - fraction) * np.cov(expected.T) + fraction * specific[0]
        mean = expected.mean(axis=0)
        densities[i] = [by_conditioning(seen, 0.1 * rel, mean, covariance, scale)[0] for scale in SCALES]
    wanted = logsumexp(densities, axis=1) - np.log(len(SCALES))
    assert_allclose(np.diff(found[:-1]), np.diff(wanted), atol=2e-3)
    posterior, _ = task_posterior(seen, (x, rel), x, np.arange(2))
    assert_allclose(found[-1], logsumexp(posterior.log_weights), rtol=1e-12)


@few
@given(rng=designs, n=st.integers(1, 10), d=st.integers(1, 3))
def test_a_task_by_itself_is_scikit_learns_process(rng, n, d):
    tried, noise, points = rng.uniform(size=(n, d)), rng.uniform(0.3, 2.0, n), rng.uniform(size=(4, d))
    scores = standardized(rng.normal(size=n))[0]
    posterior, kernel = task_posterior(scores, (tried, noise), points, np.arange(d))
    mean, sd = by_sklearn(kernel, Trials.of_one(tried, scores, noise), FLAT).predict(points, return_std=True)
    assert_allclose(posterior.means[0], mean, rtol=1e-8, atol=1e-8)
    assert_allclose(posterior.sds[0], sd, rtol=1e-7, atol=1e-7)
    order = rng.permutation(n)
    again, _ = task_posterior(scores[order], (tried[order], noise[order]), points, np.arange(d))
    assert_allclose(again.means, posterior.means, atol=1e-4)  # the search for the kernel rounds otherwise


def test_few_trials_leave_more_open_than_their_most_probable_kernel():
    """The doubt about the kernel goes with the trials."""
    rng, points = np.random.default_rng(0), np.linspace(0, 1, 50)[:, None]
    more = []
    for n in (4, 12, 100):
        tried = rng.uniform(size=(n, 1))
        scores = standardized(np.sin(6 * tried[:, 0]) + 0.1 * rng.normal(size=n))[0]
        posterior, _ = task_posterior(scores, (tried, np.ones(n)), points, np.arange(1))
        more.append((posterior.total_sds / posterior.sds[0]).mean())
    assert more[0] > more[1] > more[2] > 1.0


@pytest.mark.parametrize("gap", [-700.0, -5.0, -2.0, 0.0, 3.0, 12.0, 700.0])
@pytest.mark.parametrize("spread", [0.5, 2.0, np.inf])
def test_first_trials_that_are_alike_do_not_say_that_all_are(gap, spread):
    """By so much the logarithm of a task's usual scale is above that of the scores."""
    rng = np.random.default_rng(0)
    tried, points = 0.5 + 0.02 * rng.uniform(size=(3, 1)), np.array([[0.0], [0.51]])
    scores, groups = standardized(rng.normal(size=3))[0], np.arange(1)
    plain, _ = task_posterior(scores, (tried, np.ones(3)), points, groups)
    usual, _ = task_posterior(scores, (tried, np.ones(3)), points, groups, log_scale=np.array([gap, spread]))
    assert np.isfinite(usual.means).all() and np.isfinite(usual.sds).all() and np.isfinite(usual.log_weights).all()
    if spread == np.inf:
        assert_allclose(usual.sds, plain.sds)
    elif gap == 3.0:
        assert usual.sds[0, 0] > plain.sds[0, 0]  # far from what was tried


# The weight of the past ------------------------------------------------------------------------------------


def unknown_weights(k):
    """Of a task of which nothing is known: as likely by itself, the last, as of the past's kind."""
    return np.append(np.full(k - 1, 0.5 / (k - 1)), 0.5)


def test_the_explanation_of_all_tasks_has_most_of_the_weight():
    evidence = np.zeros((20, 3))
    evidence[:, 1] = 30.0
    weights = np.exp(learn_mixture_weights(evidence))
    assert_allclose(weights, [1 / 84, 20 / 21 + 1 / 84, 1 / 42], atol=1e-6)


@pytest.mark.parametrize("evidence", [np.empty((0, 4)), np.zeros((5, 4)), np.full((3, 4), -1e5), np.zeros((2, 2))])
def test_what_tells_nothing_leaves_the_weights_of_one_unknown(evidence):
    assert_allclose(np.exp(learn_mixture_weights(evidence)), unknown_weights(evidence.shape[1]))


@settings(few, max_examples=8)
@given(rng=designs, n=st.integers(1, 8), k=st.integers(2, 5), size=st.sampled_from([1.0, 10.0, 1e4]))
def test_weights_are_the_likeliest(rng, n, k, size):
    evidence = size * rng.normal(size=(n, k))
    weights = learn_mixture_weights(evidence, max_iter=300)
    assert_allclose(np.exp(weights).sum(), 1.0)

    def likelihood(logs):  # with the one task more, of which nothing is known
        return logsumexp(evidence + logs[..., None, :], axis=-1).sum(axis=-1) + logs @ unknown_weights(k)

    others = np.log(rng.dirichlet(np.ones(k), 200) + 1e-12)
    assert likelihood(weights) >= likelihood(others).max() - 1e-3
    level = rng.normal(size=(n, 1))
    assert_allclose(learn_mixture_weights((evidence + level)[::-1], max_iter=300), weights, atol=1e-8)
