"""Models of scores over hyperparameters: against scikit-learn's, closed forms, brute force and quadrature."""

from itertools import combinations
from math import e

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.optimize import approx_fprime, minimize
from scipy.special import logsumexp, ndtr
from scipy.stats import multivariate_normal, norm, uniform
from scipy.stats import t as student
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from skmeta.tuning._surrogates import gp, task_gp
from skmeta.tuning._surrogates.gp import (
    Kernel,
    Trials,
    condition,
    expected_scores,
    fit_kernel,
    kernel_hyperprior,
    matern,
    posterior_sd,
)
from skmeta.tuning._surrogates.portfolio import greedy_portfolio
from skmeta.tuning._surrogates.posterior import Posterior, mixture_of
from skmeta.tuning._surrogates.ranking import ensemble_posterior, leave_one_out, ranking_weights
from skmeta.tuning._surrogates.scores import normal_scores, relative_noise, standardized
from skmeta.tuning._surrogates.task_gp import (
    FRACTIONS,
    held_out_evidence,
    learn_mixture_weights,
    task_posterior,
    transfer_evidence,
    transfer_posterior,
)

JITTER = 1e-6
SCALES = task_gp._SCALES
designs = st.integers(0, 10**6).map(np.random.default_rng)
quick = settings(deadline=None, max_examples=10)


def kernel_of(rng, d, groups=None):
    lengths = np.exp(rng.uniform(-1.5, 1.5, d if groups is None else groups.max() + 1))
    return Kernel(lengths if groups is None else lengths[groups], rng.uniform(0.3, 2.0), rng.uniform(0.01, 0.3))


def trials_of(rng, sizes, d):
    """Tasks of different sizes, what is beyond their trials filled with rubbish; and each by itself."""
    n = max(sizes)
    known = np.arange(n) < np.array(sizes)[:, None]
    points, noise = rng.uniform(size=(len(sizes), n, d)), rng.uniform(0.2, 3.0, (len(sizes), n))
    scores = np.where(known, rng.normal(size=(len(sizes), n)), 0.0)
    alone = [Trials.of_one(points[t, :k], scores[t, :k], noise[t, :k]) for t, k in enumerate(sizes)]
    return Trials(points, scores, noise, known), alone


def by_sklearn(kernel, trials):
    """scikit-learn's process with the same kernel, given the trials of one task."""
    shape = ConstantKernel(kernel.variance) * Matern(kernel.lengths, nu=2.5)
    model = GaussianProcessRegressor(shape, alpha=kernel.noise * trials.noise[0] + JITTER, optimizer=None)
    return model.fit(trials.points[0], trials.scores[0])


def density(logs, trials, groups, prior=True):
    """Minus the log density of trials and of the kernel's logarithms, its gradient and its information."""
    n_groups = groups.max(initial=-1) + 1
    means, precisions = kernel_hyperprior(n_groups)
    spread = gp._spread_by_group(trials.points, groups, n_groups)
    return gp._negative_density(logs, spread, trials, means, precisions if prior else 0 * precisions)


# One kernel, any number of tasks ------------------------------------------------------------------------


@quick
@given(rng=designs, n=st.integers(1, 6), m=st.integers(1, 6), d=st.integers(1, 5))
def test_correlations_are_those_of_scikit_learn(rng, n, m, d):
    a, b, lengths = rng.uniform(-1, 2, (n, d)), rng.uniform(-1, 2, (m, d)), np.exp(rng.uniform(-2, 2, d))
    assert_allclose(matern(a, b, lengths), Matern(lengths, nu=2.5)(a, b), rtol=1e-9, atol=1e-11)
    several = matern(np.stack([a, a + 1]), b, lengths)
    assert_allclose(several[1], matern(a + 1, b, lengths), atol=1e-12)
    assert_allclose(np.diagonal(matern(a, a, lengths)), 1.0, atol=1e-12)


def test_without_coordinates_all_points_are_one():
    assert_array_equal(matern(np.empty((2, 0)), np.empty((3, 0)), np.empty(0)), np.ones((2, 3)))


@quick
@given(rng=designs, n=st.integers(1, 12), d=st.integers(1, 4))
def test_posterior_and_likelihood_are_those_of_scikit_learn(rng, n, d):
    _, (trials,) = trials_of(rng, [n], d)
    kernel, points = kernel_of(rng, d), rng.uniform(-0.5, 1.5, (5, d))
    model = by_sklearn(kernel, trials)
    mean, sd = model.predict(points, return_std=True)
    fitted = condition(kernel, trials)
    assert_allclose(expected_scores(kernel, fitted, points)[0], mean, rtol=1e-8, atol=1e-8)
    assert_allclose(posterior_sd(kernel, fitted, trials.known, points)[0], sd, rtol=1e-8, atol=1e-8)
    logs = np.log([*kernel.lengths, kernel.variance, kernel.noise])
    value, _, _ = density(logs, trials, np.arange(d), prior=False)
    assert_allclose(-value - n * np.log(2 * np.pi) / 2, model.log_marginal_likelihood_value_, rtol=1e-8, atol=1e-8)


def test_noise_is_a_white_kernel():
    rng = np.random.default_rng(0)
    _, (trials,) = trials_of(rng, [9], 2)
    trials, kernel, points = trials._replace(noise=np.ones((1, 9))), kernel_of(rng, 2), rng.uniform(size=(5, 2))
    white = ConstantKernel(kernel.variance) * Matern(kernel.lengths, nu=2.5) + WhiteKernel(kernel.noise)
    model = GaussianProcessRegressor(white, alpha=JITTER, optimizer=None).fit(trials.points[0], trials.scores[0])
    mean, sd = model.predict(points, return_std=True)
    fitted = condition(kernel, trials)
    assert_allclose(expected_scores(kernel, fitted, points)[0], mean, atol=1e-8)
    # What scikit-learn expects is a score, noise and all; here it is the function.
    assert_allclose(np.square(posterior_sd(kernel, fitted, trials.known, points)[0]) + kernel.noise, sd**2, atol=1e-8)
    logs = np.log([*kernel.lengths, kernel.variance, kernel.noise])
    value, _, _ = density(logs, trials, np.arange(2), prior=False)
    assert_allclose(-value - 9 * np.log(2 * np.pi) / 2, model.log_marginal_likelihood_value_, rtol=1e-8)


@quick
@given(rng=designs, sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_the_gradient_is_that_of_finite_differences(rng, sizes):
    groups = np.array([0, 1, 1])
    trials, _ = trials_of(rng, sizes, 3)
    logs = kernel_hyperprior(2)[0] + rng.normal(size=4)
    _, gradient, _ = density(logs, trials, groups)
    wanted = approx_fprime(logs, lambda at: density(at, trials, groups)[0], 1e-6)
    assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-3)


def test_the_information_is_the_mean_of_observed_and_expected():
    """Of the variances, by which the covariance is linear: there nothing else is left out."""
    rng = np.random.default_rng(0)
    _, (trials,) = trials_of(rng, [6], 2)
    kernel = kernel_of(rng, 2)
    parts = kernel.variance * matern(trials.points[0], trials.points[0], kernel.lengths), kernel.noise * trials.noise[0]
    moves = np.array([parts[0], np.diag(parts[1])])
    inverse = np.linalg.inv(moves.sum(axis=0) + JITTER * np.eye(6))
    expected = 0.5 * np.einsum("pij,qji->pq", inverse @ moves, inverse @ moves)
    logs = np.log([*kernel.lengths, kernel.variance, kernel.noise])

    def slope_by_variances(at):
        return density(at, trials, np.arange(2), prior=False)[1][-2:] / np.exp(at[-2:])

    steps = 1e-6 * np.eye(4)[-2:]
    observed = [(slope_by_variances(logs + step) - slope_by_variances(logs - step)) / 2e-6 for step in steps]
    observed = np.array(observed) * np.exp(logs[-2:])
    information = density(logs, trials, np.arange(2), prior=False)[2][-2:, -2:]
    assert_allclose(information, (observed + expected) / 2, rtol=1e-4)


@quick
@given(rng=designs, sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5), d=st.integers(0, 3))
def test_what_is_beyond_a_tasks_trials_changes_nothing(rng, sizes, d):
    padded, alone = trials_of(rng, sizes, d)
    kernel, points, groups = kernel_of(rng, d), rng.uniform(size=(4, d)), np.arange(d)
    fitted = condition(kernel, padded)
    assert (fitted.solved[~padded.known] == 0).all()
    means, sds = expected_scores(kernel, fitted, points), posterior_sd(kernel, fitted, padded.known, points)
    for t, trials in enumerate(alone):
        own = condition(kernel, trials)
        assert_allclose(means[t], expected_scores(kernel, own, points)[0], rtol=1e-9, atol=1e-10)
        assert_allclose(sds[t], posterior_sd(kernel, own, trials.known, points)[0], rtol=1e-9, atol=1e-10)
    logs = np.log([*kernel.lengths, kernel.variance, kernel.noise])
    together, gradient, information = density(logs, padded, groups, prior=False)
    parts = [density(logs, trials, groups, prior=False) for trials in alone]
    assert_allclose(together, sum(value for value, _, _ in parts), rtol=1e-10, atol=1e-10)
    assert_allclose(gradient, sum(slope for _, slope, _ in parts), rtol=1e-8, atol=1e-9)
    assert_allclose(information, sum(own for _, _, own in parts), rtol=1e-8, atol=1e-9)


def test_tasks_in_blocks_are_the_same_tasks():
    rng = np.random.default_rng(0)
    trials, alone = trials_of(rng, [200, 150, 3, 200], 2)
    kernel, points = kernel_of(rng, 2), rng.uniform(size=(800, 2))
    means = expected_scores(kernel, condition(kernel, trials), points)  # more than a block holds
    for t, own in enumerate(alone):
        assert_allclose(means[t], expected_scores(kernel, condition(kernel, own), points)[0], atol=1e-9)


# Learning the kernel ------------------------------------------------------------------------------------


def posterior_by_sklearn(alone, groups):
    """Minus the log posterior density of a kernel's logarithms, of scikit-learn's likelihoods."""
    n_groups = groups.max(initial=-1) + 1
    means, precisions = kernel_hyperprior(n_groups)

    def objective(logs):
        kernel = Kernel(np.exp(logs[:-2])[groups], *np.exp(logs[-2:]))
        likelihood = sum(by_sklearn(kernel, own).log_marginal_likelihood_value_ for own in alone)
        return 0.5 * (precisions * np.square(logs - means)).sum() - likelihood

    return objective


def logs_of(kernel, groups):
    lengths = [kernel.lengths[groups == g][0] for g in range(groups.max(initial=-1) + 1)]
    return np.log([*lengths, kernel.variance, kernel.noise])


@pytest.mark.parametrize("seed", range(2))
def test_the_kernel_is_the_optimum_of_the_same_objective(seed):
    rng, groups = np.random.default_rng(seed), np.array([0, 1, 1])
    _, alone = trials_of(rng, [8, 5], 3)
    curved = [t._replace(scores=np.sin(4 * t.points[..., 0]) + 0.1 * t.scores) for t in alone]
    padded = Trials(*(np.zeros((2, 8, *np.shape(part)[2:]), part.dtype) for part in curved[0]))
    for t, own in enumerate(curved):
        for part, mine in zip(padded, own, strict=True):
            part[t, : mine.shape[1]] = mine[0]
    objective = posterior_by_sklearn(curved, groups)
    kernel, _ = fit_kernel(padded, groups)
    best = minimize(objective, kernel_hyperprior(2)[0], method="L-BFGS-B")
    assert objective(logs_of(kernel, groups)) <= best.fun + 0.01  # log density, of which the fit promises as much


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("n", [3, 10, 40])
def test_the_kernel_is_found_in_few_steps_wherever_it_begins(n, noise, monkeypatch):
    asked, real = [], gp._negative_density
    monkeypatch.setattr(gp, "_negative_density", lambda *args, **data: asked.append(1) or real(*args, **data))
    rng, groups = np.random.default_rng(n), np.arange(3)
    x = rng.uniform(size=(n, 3))
    scores = standardized(np.sin(4 * x[:, 0]) + x[:, 1] ** 2 + noise * rng.normal(size=n))[0]
    trials = Trials.of_one(x, scores, np.ones(n))
    values = []
    for start in (None, Kernel(np.full(3, 0.05), 0.2, 0.9), Kernel(np.full(3, 20.0), 5.0, 1e-4)):
        asked.clear()
        kernel, _ = fit_kernel(trials, groups, start)
        assert len(asked) < 30
        values.append(density(logs_of(kernel, groups), trials, groups)[0])
    assert np.ptp(values) < 0.1  # log density; each was ready to leave 0.01


def test_columns_of_one_hyperparameter_have_one_length():
    rng, groups = np.random.default_rng(0), np.array([1, 0, 1])
    trials, _ = trials_of(rng, [9, 4], 3)
    kernel, _ = fit_kernel(trials, groups)
    assert kernel.lengths[0] == kernel.lengths[2] != kernel.lengths[1]


@pytest.mark.parametrize("n", [1, 2, 30])
def test_equal_trials_and_equal_scores_have_a_kernel(n):
    one = Trials.of_one(np.full((n, 2), 0.5), np.zeros(n), np.ones(n))
    for trials in (one, one._replace(scores=np.linspace(-2, 2, n)[None])):
        kernel, evidence = fit_kernel(trials, np.arange(2))
        assert np.isfinite([*kernel.lengths, kernel.variance, kernel.noise, evidence]).all()


def test_equal_scores_say_nothing_of_a_kernel():
    rng, groups = np.random.default_rng(0), np.array([0, 1, 1])
    flat = Trials.of_one(rng.uniform(size=(7, 3)), np.zeros(7), np.ones(7))
    assert_allclose(logs_of(fit_kernel(flat, groups)[0], groups), kernel_hyperprior(2)[0])


def test_the_kernel_may_go_on_from_another():
    rng, groups = np.random.default_rng(1), np.arange(2)
    trials, _ = trials_of(rng, [12], 2)
    best, _ = fit_kernel(trials, groups)
    assert_array_equal(logs_of(fit_kernel(trials, groups, best)[0], groups), logs_of(best, groups))


@pytest.mark.parametrize("d", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_the_evidence_is_that_of_quadrature(d, seed):
    rng, groups, n = np.random.default_rng(seed), np.arange(d), 12
    x, noise = rng.uniform(size=(n, d)), rng.uniform(0.5, 2.0, n)
    scores, _, _ = standardized(np.sin(5 * x.sum(axis=1)) + 0.3 * rng.normal(size=n))
    trials = Trials.of_one(x, scores, noise)
    means, precisions = kernel_hyperprior(d)
    sds = 1 / np.sqrt(precisions)
    axes = [mean + sd * np.linspace(-4, 4, 25) for mean, sd in zip(means, sds, strict=True)]
    logs = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d + 2)
    r = np.sqrt(5.0) * np.abs(x[:, None] - x[None]).sum(-1) * np.exp(-logs[:, :1, None] if d else 0.0)
    covariance = np.exp(logs[:, -2, None, None]) * (1 + r + r**2 / 3) * np.exp(-r)
    covariance = covariance + np.exp(logs[:, -1, None, None]) * np.diag(noise) + JITTER * np.eye(n)
    likelihood = -0.5 * (
        np.linalg.slogdet(covariance)[1] + scores @ np.linalg.solve(covariance, scores[:, None])[..., 0].T
    )
    weight = norm.logpdf(logs, means, sds).sum(axis=1) + np.log(np.prod([axis[1] - axis[0] for axis in axes]))
    wanted = logsumexp(likelihood + weight)
    assert abs(fit_kernel(trials, groups)[1] - wanted) < 0.5


# What past tasks say of the next ------------------------------------------------------------------------


def past_of(rng, n_tasks=4, n=5, m=3, d=2):
    """Scores and noise of trials, what past tasks expect of them and of candidates, and a task's own covariance."""
    x = rng.uniform(size=(n + m, d))
    private = 0.8 * matern(x[:n], x, np.full(d, 0.7)), np.full(n + m, 0.8)
    return standardized(rng.normal(size=n))[0], rng.uniform(0.05, 0.4, n), rng.normal(size=(n_tasks, n + m)), private


def by_conditioning(scores, noise, mean, covariance, scale):
    """Log density of scores ``a + b z``, mean and sd of the others, where the level a has a very wide law."""
    n, wide = len(scores), 1e6 * scale**2
    joint = scale**2 * covariance + wide
    seen = joint[:n, :n] + np.diag(scale**2 * (noise + JITTER))
    weights = np.linalg.solve(seen, joint[:n, n:])
    density = multivariate_normal(scale * mean[:n], seen).logpdf(scores) + 0.5 * np.log(wide)
    left = np.diagonal(joint[n:, n:] - joint[n:, :n] @ weights)
    return density, scale * mean[n:] + (scores - scale * mean[:n]) @ weights, np.sqrt(left)


@quick
@given(rng=designs, n_tasks=st.integers(1, 6), n=st.integers(1, 7), m=st.integers(1, 4), expect=st.booleans())
def test_transfer_is_conditioning_for_each_share_and_scale(rng, n_tasks, n, m, expect):
    x, lengths, variance = rng.uniform(size=(n + m, 2)), np.array([0.4, 1.0]), 0.9
    scores, noise = rng.normal(size=n), rng.uniform(0.05, 0.4, n)
    expected, shares = rng.normal(size=(n_tasks, n + m)), rng.normal(size=len(FRACTIONS))
    own = variance * Matern(lengths, nu=2.5)(x)
    spread = np.cov(expected.T, ddof=1) if n_tasks > 1 else np.zeros((n + m, n + m))
    law = student(3, 0.5, 1.3) if expect else uniform(-10, 20)
    odds = law.logpdf(np.log(SCALES)) - logsumexp(law.logpdf(np.log(SCALES)))
    private = own[:n], np.diagonal(own)
    posterior = transfer_posterior(scores, noise, expected, private, shares, (0.5, 1.3) if expect else None)
    weights, means, sds, evidence = [], [], [], []
    for share, log_share in zip(FRACTIONS, shares, strict=True):
        covariance, mean = (1 + 1 / n_tasks) * (1 - share) * spread + share * own, expected.mean(axis=0)
        wanted = [by_conditioning(scores, noise, mean, covariance, scale) for scale in SCALES]
        evidence.append([density for density, _, _ in wanted])
        weights.append(log_share + odds + evidence[-1])
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
    found = transfer_evidence(scores, noise, expected, private)
    assert_allclose(np.diff(found), np.diff(logsumexp(evidence, axis=1)), atol=2e-3)


@quick
@given(rng=designs, shift=st.floats(-5, 5))
def test_the_order_of_tasks_and_trials_changes_no_belief(rng, shift):
    scores, noise, expected, (covariance, variance) = past_of(rng)
    shares = rng.normal(size=len(FRACTIONS))
    posterior = transfer_posterior(scores, noise, expected, (covariance, variance), shares)
    order = rng.permutation(5)
    both = np.r_[order, 5:8]
    private = covariance[order][:, both], variance[both]
    again = transfer_posterior(scores[order], noise[order], expected[::-1][:, both], private, shares)
    for one, two in zip(posterior, again, strict=True):
        assert_allclose(two, one, rtol=1e-10, atol=1e-10)
    # What all past tasks score by, and the new one, is of no matter; nor which candidates are asked beside one.
    moved = transfer_posterior(scores + shift, noise, expected + shift, (covariance, variance), shares)
    assert_allclose(moved.log_weights, posterior.log_weights, rtol=1e-8, atol=1e-8)
    assert_allclose(moved.means, posterior.means + shift, rtol=1e-8, atol=1e-8)
    some = [0, 1, 2, 3, 4, 7]
    less = transfer_posterior(scores, noise, expected[:, some], (covariance[:, some], variance[some]), shares)
    assert_allclose(less.means[:, 0], posterior.means[:, 2], rtol=1e-10, atol=1e-10)


def test_a_past_told_twice_has_the_same_mean_and_no_more_spread():
    scores, noise, expected, private = past_of(np.random.default_rng(0), n=1)
    for share in range(len(FRACTIONS)):
        only = np.where(np.arange(len(FRACTIONS)) == share, 0.0, -np.inf)
        once = transfer_posterior(scores, noise, expected, private, only)
        twice = transfer_posterior(scores, noise, np.tile(expected, (2, 1)), private, only)
        assert (twice.sds <= once.sds * (1 + 1e-12)).all()
    assert_allclose(twice.means, once.means, rtol=1e-10)  # all its own: the same covariance
    assert_allclose(twice.sds, once.sds, rtol=1e-10)


def test_one_trial_tells_nothing_of_the_scale():
    scores, noise, expected, private = past_of(np.random.default_rng(3), n=1)
    for share in range(len(FRACTIONS)):
        only = np.where(np.arange(len(FRACTIONS)) == share, 0.0, -np.inf)
        assert_allclose(transfer_posterior(scores, noise, expected, private, only).weights, 1 / len(SCALES))
        told = transfer_posterior(scores, noise, expected, private, only, (1.0, 0.5))
        assert told.weights.argmax() == np.abs(np.log(SCALES) - 1.0).argmin()


def test_a_new_task_like_the_past_is_foretold_and_another_is_not():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(20, 2))
    functions = rng.multivariate_normal(np.zeros(20), matern(x, x, np.full(2, 0.5)) + 1e-9 * np.eye(20))
    tasks = functions + 0.1 * rng.normal(size=(6, 20))
    private = matern(x[:12], x[:12], np.full(2, 0.5)), np.ones(12)
    own_share = {}
    for name, scores in {"like": tasks[0, :12], "other": rng.permutation(tasks[0])[:12]}.items():
        seen, noise, expected = standardized(scores)[0], np.full(12, 0.02), tasks[1:, :12]
        weights = transfer_evidence(seen, noise, expected, private)
        own_share[name] = np.exp(weights - logsumexp(weights)) @ FRACTIONS
        evidence = held_out_evidence(scores, (0.02, np.ones(12)), expected, private, x[:12], np.arange(2))
        assert evidence.shape == (len(FRACTIONS) + 1,)
        own_share[name, "alone"] = np.exp(evidence - logsumexp(evidence))[-1]
    assert own_share["like"] < 0.2 and own_share["other"] > 0.9
    assert own_share["like", "alone"] < 0.05 and own_share["other", "alone"] > 0.05


def test_evidence_held_out_is_that_of_both_explanations():
    rng = np.random.default_rng(5)
    x, scores = rng.uniform(size=(8, 2)), 3 + 7 * rng.normal(size=8)
    private, rel = (matern(x, x, np.ones(2)), np.ones(8)), rng.uniform(0.5, 2, 8)
    expected = rng.normal(size=(3, 8))
    found = held_out_evidence(scores, (0.1, rel), expected, private, x, np.arange(2))
    seen = standardized(scores)[0]
    densities = np.empty((len(FRACTIONS), len(SCALES)))
    for i, share in enumerate(FRACTIONS):
        covariance = (4 / 3) * (1 - share) * np.cov(expected.T) + share * private[0]
        mean = expected.mean(axis=0)
        densities[i] = [by_conditioning(seen, 0.1 * rel, mean, covariance, scale)[0] for scale in SCALES]
    wanted = logsumexp(densities, axis=1) - np.log(len(SCALES))
    assert_allclose(np.diff(found[:-1]), np.diff(wanted), atol=2e-3)
    posterior, _ = task_posterior(seen, (x, rel), x, np.arange(2))
    assert_allclose(found[-1], posterior.log_weights[0], rtol=1e-12)


@quick
@given(rng=designs, n=st.integers(1, 10), d=st.integers(1, 3))
def test_a_task_by_itself_is_scikit_learns_process(rng, n, d):
    tried, noise, points = rng.uniform(size=(n, d)), rng.uniform(0.3, 2.0, n), rng.uniform(size=(4, d))
    scores = standardized(rng.normal(size=n))[0]
    posterior, kernel = task_posterior(scores, (tried, noise), points, np.arange(d))
    mean, sd = by_sklearn(kernel, Trials.of_one(tried, scores, noise)).predict(points, return_std=True)
    assert_allclose(posterior.means[0], mean, rtol=1e-8, atol=1e-8)
    assert_allclose(posterior.sds[0], sd, rtol=1e-7, atol=1e-7)
    order = rng.permutation(n)
    again, _ = task_posterior(scores[order], (tried[order], noise[order]), points, np.arange(d))
    assert_allclose(again.means, posterior.means, atol=1e-4)  # the search for the kernel rounds otherwise


# How often the past was right ---------------------------------------------------------------------------


def unknown_shares(k):
    """Of a task of which nothing is known: as likely by itself, the last, as of the past's kind."""
    return np.append(np.full(k - 1, 0.5 / (k - 1)), 0.5)


def test_the_explanation_of_all_tasks_has_most_of_the_share():
    evidence = np.zeros((20, 3))
    evidence[:, 1] = 30.0
    shares = np.exp(learn_mixture_weights(evidence))
    assert_allclose(shares, [1 / 84, 20 / 21 + 1 / 84, 1 / 42], atol=1e-6)


@pytest.mark.parametrize("evidence", [np.empty((0, 4)), np.zeros((5, 4)), np.full((3, 4), -1e5), np.zeros((2, 2))])
def test_what_tells_nothing_leaves_the_shares_of_one_unknown(evidence):
    assert_allclose(np.exp(learn_mixture_weights(evidence)), unknown_shares(evidence.shape[1]))


@settings(quick, max_examples=8)
@given(rng=designs, n=st.integers(1, 8), k=st.integers(2, 5), size=st.sampled_from([1.0, 10.0, 1e4]))
def test_shares_are_the_likeliest(rng, n, k, size):
    evidence = size * rng.normal(size=(n, k))
    shares = learn_mixture_weights(evidence, max_iter=300)
    assert_allclose(np.exp(shares).sum(), 1.0)

    def likelihood(logs):  # with the one task more, of which nothing is known
        return logsumexp(evidence + logs[..., None, :], axis=-1).sum(axis=-1) + logs @ unknown_shares(k)

    others = np.log(rng.dirichlet(np.ones(k), 200) + 1e-12)
    assert likelihood(shares) >= likelihood(others).max() - 1e-3
    level = rng.normal(size=(n, 1))
    assert_allclose(learn_mixture_weights((evidence + level)[::-1], max_iter=300), shares, atol=1e-8)


# Beliefs ------------------------------------------------------------------------------------------------


def test_a_belief_may_be_given_another_weight():
    rng = np.random.default_rng(0)
    posterior = Posterior(rng.normal(size=3), rng.normal(size=(3, 2)), np.ones((3, 2)))
    other = posterior.of_total(np.log(0.2))
    assert_allclose(np.exp(other.log_weights).sum(), 0.2)
    assert_allclose(other.weights, posterior.weights)
    assert_allclose(mixture_of([other, posterior.of_total(np.log(0.8))]).weights[:3].sum(), 0.2)


def belief_of(rng, k, m):
    return Posterior(5 * rng.normal(size=k), rng.normal(size=(k, m)), rng.uniform(0.05, 2.0, (k, m)))


@quick
@given(rng=designs, k=st.integers(1, 5), m=st.integers(1, 4), level=st.floats(-1e4, 1e4))
def test_moments_of_a_mixture(rng, k, m, level):
    posterior = belief_of(rng, k, m)
    weights = np.exp(posterior.log_weights)
    weights /= weights.sum()
    mean = (weights[:, None] * posterior.means).sum(axis=0)
    second = (weights[:, None] * (posterior.sds**2 + posterior.means**2)).sum(axis=0)
    assert_allclose(posterior.weights, weights, rtol=1e-12)
    for i in range(m):
        assert_allclose(posterior.moments(i), [mean[i], np.sqrt(second[i] - mean[i] ** 2)], rtol=1e-9, atol=1e-12)
    moved = posterior._replace(log_weights=posterior.log_weights + level)
    assert_allclose(moved.weights, weights, rtol=1e-9)


@settings(quick, max_examples=8)
@given(rng=designs, k=st.integers(1, 4), best=st.floats(-3, 3))
def test_expected_improvement_is_that_of_numerical_integration(rng, k, best):
    posterior = belief_of(rng, k, 2)._replace(log_weights=rng.normal(size=k))

    def gain(j):
        def integrand(score):
            return (score - best) * posterior.weights @ norm.pdf(score, posterior.means[:, j], posterior.sds[:, j])

        top = (posterior.means[:, j] + 9 * posterior.sds[:, j]).max()
        places = sorted({best, *np.clip(posterior.means[:, j], best, max(top, best))})
        return quad(integrand, best, max(top, best), points=places, limit=300)[0]

    assert_allclose(posterior.expected_improvement(best), [gain(0), gain(1)], rtol=1e-5, atol=1e-7)


def test_expected_improvement_where_none_is_to_be_expected():
    posterior = Posterior(np.zeros(1), np.array([[-50.0, -5.0, 0.0, 5.0]]), np.full((1, 4), 0.1))
    gains = posterior.expected_improvement(0.0)
    assert (gains >= 0).all() and gains[0] == 0
    assert_allclose(gains[2:], [0.1 / np.sqrt(2 * np.pi), 5.0])


def test_a_component_without_weight_costs_nothing():
    rng = np.random.default_rng(0)
    posterior = belief_of(rng, 2, 3)
    hopeless = Posterior(np.array([posterior.log_weights.max() - 12.0]), np.full((1, 3), 2.0), np.ones((1, 3)))
    both = mixture_of([posterior, hopeless])
    assert both.means.shape == (3, 3)
    assert_allclose(both.expected_improvement(0.5), posterior.expected_improvement(0.5), rtol=1e-3, atol=1e-4)
    assert_allclose(both.weights[:2].sum(), 1.0, atol=1e-4)


def test_joined_beliefs_keep_their_weights():
    one, two = belief_of(np.random.default_rng(1), 2, 3), belief_of(np.random.default_rng(2), 1, 3)
    both = mixture_of([one, two])
    assert_array_equal(both.log_weights, np.r_[one.log_weights, two.log_weights])
    share = np.exp(one.log_weights).sum() / np.exp(both.log_weights).sum()
    for i in range(3):
        assert_allclose(both.moments(i)[0], share * one.moments(i)[0] + (1 - share) * two.means[0, i])


# A portfolio ----------------------------------------------------------------------------------------------


tables = st.tuples(st.integers(1, 5), st.integers(1, 7), st.integers(0, 10**6)).map(
    lambda made: np.random.default_rng(made[2]).normal(size=made[:2]).round(1)
)


def value_of(expected, places):
    """What the best of some candidates scores on the mean over tasks, from the worst there is of any task."""
    short = expected - expected.max(axis=1, keepdims=True)
    return (short[:, places].max(axis=1) - short.min()).mean()


@quick
@given(expected=tables)
def test_a_portfolio_of_one_is_best_on_the_mean(expected):
    (first,) = greedy_portfolio(expected, 1)
    assert_allclose(expected.mean(axis=0)[first], expected.mean(axis=0).max(), atol=1e-12)


@quick
@given(expected=tables)
def test_every_next_one_gains_most(expected):
    n = expected.shape[1]
    places = greedy_portfolio(expected, n + 3)
    assert sorted(places) == list(range(n))  # each once
    values = [value_of(expected, places[: k + 1]) for k in range(n)]
    assert (np.diff(values) >= -1e-12).all()
    assert (np.diff(values, 2) <= 1e-8).all()  # each gains less than the one before
    for k in range(1, n):
        most = max(value_of(expected, [*places[:k], other]) for other in range(n))
        assert values[k] >= most - 1e-8


@quick
@given(expected=tables, k=st.integers(1, 4))
def test_a_portfolio_is_within_its_bound_of_the_best_there_is(expected, k):
    k = min(k, expected.shape[1])
    best = max(value_of(expected, list(places)) for places in combinations(range(expected.shape[1]), k))
    assert value_of(expected, greedy_portfolio(expected, k)) >= (1 - 1 / e) * best - 1e-9


@quick
@given(expected=tables, level=st.floats(-10, 10))
def test_what_a_task_scores_by_is_of_no_matter_to_a_portfolio(expected, level):
    places = greedy_portfolio(expected, 3)
    raised = expected + level * np.arange(1, len(expected) + 1)[:, None]
    for changed in (raised, np.repeat(expected, 2, axis=0), expected[::-1], 3 * expected):
        again = greedy_portfolio(changed, 3)
        values = [[value_of(expected, some[: i + 1]) for i in range(len(some))] for some in (places, again)]
        assert_allclose(values[1], values[0], atol=1e-6)


@quick
@given(expected=tables, k=st.integers(1, 3))
def test_a_portfolio_goes_on_from_what_was_chosen(expected, k):
    assume(k < expected.shape[1])
    places = greedy_portfolio(expected, k + 1)
    left = np.setdiff1d(np.arange(expected.shape[1]), places[:k])
    (after,) = greedy_portfolio(expected[:, left], 1, expected[:, places[:k]])
    assert_allclose(value_of(expected, [*places[:k], left[after]]), value_of(expected, places), atol=1e-8)


def test_where_nothing_is_gained_the_best_by_itself_is_next():
    expected = np.array([[3.0, 0.5, 2.0, 1.0], [3.0, 2.0, 2.0, 1.0]])
    assert greedy_portfolio(expected, 4) == [0, 2, 1, 3]
    assert greedy_portfolio(expected, 0) == greedy_portfolio(expected[:, :0], 2) == []


# An ensemble ----------------------------------------------------------------------------------------------


def ranked(rng, n=12, n_tasks=3, sd=0.3):
    """Scores, a past task's view that is exact, others that are random, and a task's own that knows little."""
    scores = rng.normal(size=n)
    means = np.vstack([scores, rng.normal(size=(n_tasks - 1, n))])
    return scores, (means, np.full(means.shape, sd)), (np.zeros(n), np.ones(n))


def test_a_past_task_that_ranks_as_the_new_one_has_the_weight():
    scores, past, own = ranked(np.random.default_rng(0), sd=1e-3)
    weights = ranking_weights(scores, past, own, np.random.default_rng(0))
    assert_allclose(weights, [1.0, 0.0, 0.0, 0.0], atol=1e-12)


def test_past_tasks_that_rank_at_random_are_left_out():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=15)
    past = rng.normal(size=(60, 15)), np.full((60, 15), 1.0)
    knowing = scores + 0.1 * rng.normal(size=15), np.full(15, 0.3)
    assert ranking_weights(scores, past, knowing, rng)[-1] == 1.0
    # Without the guard some of so many would have won now and then over one that knows a little.
    weights = ranking_weights(scores, past, (0.5 * scores, np.ones(15)), rng)
    draws = past[0] + past[1] * rng.standard_normal((500, 60, 15))
    wrong = ((draws[..., :, None] > draws[..., None, :]) != (scores[:, None] > scores)).sum((-1, -2)).min(axis=1)
    little = (0.5 * scores + rng.standard_normal((500, 15)))[..., None] > scores
    assert (wrong < (little != (scores[:, None] > scores)).sum((-1, -2))).mean() > 0.1
    assert (weights[:-1] > 0).sum() < 10


def test_weights_are_how_often_fewest_pairs_are_misordered():
    rng = np.random.default_rng(4)
    scores, past, own = ranked(rng, n=6, sd=2.0)
    scores[3] = scores[2]  # a pair with no order
    found = ranking_weights(scores, past, own, np.random.default_rng(7))
    again = np.random.default_rng(7)
    draws = past[0] + past[1] * again.standard_normal((200, 3, 6))
    own_draws = own[0] + own[1] * again.standard_normal((200, 6))
    pairs = [(i, j) for i in range(6) for j in range(6) if scores[i] != scores[j]]
    losses = np.zeros((200, 4))
    for i, j in pairs:
        losses[:, :3] += (draws[:, :, i] > draws[:, :, j]) != (scores[i] > scores[j])
        losses[:, 3] += (own_draws[:, i] > scores[j]) != (scores[i] > scores[j])
    kept = np.median(losses, axis=0) <= np.quantile(losses[:, 3], 0.95)
    kept[3], wins = True, np.zeros(4)
    for row in losses:
        winners = [t for t in range(4) if kept[t] and row[t] == row[kept].min()]
        for t in [3] if 3 in winners else winners:
            wins[t] += 1 / len([3] if 3 in winners else winners)
    assert_allclose(found, wins / 200)
    assert_allclose(found.sum(), 1.0)


def test_scores_that_tell_nothing_leave_the_task_to_its_own_model():
    _, past, own = ranked(np.random.default_rng(0))
    assert_array_equal(ranking_weights(np.ones(12), past, own, np.random.default_rng(0)), [0.0, 0.0, 0.0, 1.0])
    none = np.empty((0, 12)), np.empty((0, 12))
    assert_array_equal(ranking_weights(np.arange(12.0), none, own, np.random.default_rng(0)), [1.0])


@quick
@given(rng=designs, n=st.integers(2, 8))
def test_left_out_scores_are_those_of_refitting(rng, n):
    _, (trials,) = trials_of(rng, [n], 2)
    kernel, (points, scores, noise) = kernel_of(rng, 2), (part[0] for part in trials[:3])
    mean, sd = leave_one_out(kernel, points, scores, noise)
    for i in range(n):
        others = np.delete(np.arange(n), i)
        refit = by_sklearn(kernel, Trials.of_one(points[others], scores[others], noise[others]))
        wanted, function_sd = refit.predict(points[[i]], return_std=True)
        assert_allclose(mean[i], wanted[0], rtol=1e-7, atol=1e-7)
        assert_allclose(sd[i] ** 2, function_sd[0] ** 2 + kernel.noise * noise[i] + JITTER, rtol=1e-7)


def test_an_ensemble_is_one_gaussian():
    rng = np.random.default_rng(0)
    past, own = (rng.normal(size=(2, 3)), rng.uniform(0.1, 1, (2, 3))), belief_of(rng, 1, 3)
    posterior = ensemble_posterior(np.array([0.2, 0.3, 0.5]), past, own)
    assert_allclose(posterior.means[0], 0.2 * past[0][0] + 0.3 * past[0][1] + 0.5 * own.means[0])
    assert_allclose(posterior.sds[0] ** 2, 0.04 * past[1][0] ** 2 + 0.09 * past[1][1] ** 2 + 0.25 * own.sds[0] ** 2)
    alone = ensemble_posterior(np.ones(1), (np.empty((0, 3)), np.empty((0, 3))), own)
    assert_allclose([*alone.means, *alone.sds], [*own.means, *own.sds])


# Scores ----------------------------------------------------------------------------------------------------


def test_normal_scores_are_quantiles_of_ranks():
    z = normal_scores(np.array([10.0, -3.0, 10.0, 99.0]))
    assert_allclose(ndtr(z), [0.5, 0.125, 0.5, 0.875])
    assert_array_equal(normal_scores(np.array([7.0])), [0.0])
    assert_array_equal(normal_scores(np.full(5, 0.1)), np.zeros(5))
    assert normal_scores(np.empty(0)).shape == (0,)


@quick
@given(scores=st.lists(st.integers(-100, 100), min_size=1, max_size=20), rng=designs)
def test_normal_scores_keep_the_order_alone(scores, rng):
    scores = np.array(scores, dtype=float)
    z, order = normal_scores(scores), rng.permutation(len(scores))
    assert_array_equal(np.sign(z[:, None] - z), np.sign(scores[:, None] - scores))
    assert_array_equal(normal_scores(scores[order]), z[order])
    assert_array_equal(normal_scores(np.exp(scores / 50)), z)
    assert_allclose(normal_scores(-scores), -z, atol=1e-12)


def test_noise_is_relative_to_its_mean():
    assert_allclose(relative_noise(np.array([1.0, 2.0, 3.0])), np.array([1, 4, 9]) * 3 / 14)
    assert_allclose(relative_noise(1e-5 * np.array([1.0, 2.0, 3.0])), np.array([1, 4, 9]) * 3 / 14)
    assert_allclose(relative_noise(np.array([np.nan, 2.0, 0.0, np.inf, 2.0])), np.ones(5))  # not known: as the mean
    assert_array_equal(relative_noise(np.array([1e-9, 1.0, 100.0]))[[0, 1]], [0.1, 0.1])
    for unknown in (np.full(3, np.nan), np.zeros(3), np.empty(0)):
        assert_array_equal(relative_noise(unknown), np.ones(len(unknown)))
    assert relative_noise(np.array([1e-9] * 99 + [1.0])).max() == 10.0


@quick
@given(rng=designs, center=st.sampled_from([0.0, -1e-3, 1e6]), scale=st.sampled_from([1e-3, 1.0, 1e5]))
def test_standardized_scores(rng, center, scale):
    scores = center + scale * rng.normal(size=7)
    seen, found, spread = standardized(scores)
    assert_allclose([seen.mean(), seen.std()], [0.0, 1.0], atol=1e-6)
    assert_allclose(found + spread * seen, scores)
    for level in (center, 0.1 + 0.2):
        seen, found, spread = standardized(np.full(4, level))
        assert spread == 1.0 and standardized(np.full(4, level), 7.0)[2] == 7.0
        assert abs(found - level) <= 1e-12 * abs(level) and np.abs(seen).max() <= 1e-9
