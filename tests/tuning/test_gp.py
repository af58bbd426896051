"""Gaussian processes with one kernel for many tasks: against scikit-learn, finite differences and quadrature."""

import numpy as np
import pytest
from gaussian_processes import JITTER, by_sklearn, density, designs, few, kernel_of, trials_of
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import approx_fprime, minimize
from scipy.special import logsumexp
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from skmeta.tuning._surrogates import gp
from skmeta.tuning._surrogates.gp import (
    Kernel,
    Trials,
    common_means,
    condition,
    expected_scores,
    fit_kernel,
    kernel_hyperprior,
    matern,
    means_at,
    posterior_sd,
)
from skmeta.tuning._surrogates.scores import standardized

# One kernel, any number of tasks ------------------------------------------------------------------------


@few
@given(rng=designs, n=st.integers(1, 6), m=st.integers(1, 6), d=st.integers(1, 5))
def test_correlations_are_those_of_scikit_learn(rng, n, m, d):
    a, b, lengths = rng.uniform(-1, 2, (n, d)), rng.uniform(-1, 2, (m, d)), np.exp(rng.uniform(-2, 2, d))
    assert_allclose(matern(a, b, lengths), Matern(lengths, nu=2.5)(a, b), rtol=1e-9, atol=1e-11)
    several = matern(np.stack([a, a + 1]), b, lengths)
    assert_allclose(several[1], matern(a + 1, b, lengths), atol=1e-12)
    assert_allclose(np.diagonal(matern(a, a, lengths)), 1.0, atol=1e-12)


def test_without_coordinates_all_points_are_one():
    assert_array_equal(matern(np.empty((2, 0)), np.empty((3, 0)), np.empty(0)), np.ones((2, 3)))


@few
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


@few
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


@few
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


@few
@given(rng=designs, sizes=st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_means_by_common_points_are_those_of_each_task(rng, sizes):
    padded, _ = trials_of(rng, sizes, 2)
    kernel, points = kernel_of(rng, 2), rng.uniform(size=(5, 2))
    fitted = condition(kernel, padded)
    found = means_at(kernel, common_means(kernel, fitted, padded.known), points)
    assert_allclose(found, expected_scores(kernel, fitted, points), rtol=1e-9, atol=1e-10)


def test_means_by_some_of_many_points_miss_less_than_a_task_does_not_know():
    rng = np.random.default_rng(0)
    padded, _ = trials_of(rng, [90] * 8, 2)
    kernel, points = Kernel(np.array([0.3, 0.6]), 1.0, 0.05), rng.uniform(size=(200, 2))
    fitted = condition(kernel, padded)
    common = common_means(kernel, fitted, padded.known)
    assert len(common.points) == gp._MAX_COMMON < 8 * 90
    off = means_at(kernel, common, points) - expected_scores(kernel, fitted, points)
    assert np.abs(off).max() < 0.1 * posterior_sd(kernel, fitted, padded.known, points).mean()
    there = means_at(kernel, common, common.points) - expected_scores(kernel, fitted, common.points)
    assert np.abs(there).max() < 1e-3


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
    kernel = fit_kernel(padded, groups).kernel
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
        kernel = fit_kernel(trials, groups, start).kernel
        assert len(asked) < 30
        values.append(density(logs_of(kernel, groups), trials, groups)[0])
    assert np.ptp(values) < 0.1  # log density; each was ready to leave 0.01


def test_columns_of_one_hyperparameter_have_one_length():
    rng, groups = np.random.default_rng(0), np.array([1, 0, 1])
    trials, _ = trials_of(rng, [9, 4], 3)
    kernel = fit_kernel(trials, groups).kernel
    assert kernel.lengths[0] == kernel.lengths[2] != kernel.lengths[1]


@pytest.mark.parametrize("n", [1, 2, 30])
def test_equal_trials_and_equal_scores_have_a_kernel(n):
    one = Trials.of_one(np.full((n, 2), 0.5), np.zeros(n), np.ones(n))
    for trials in (one, one._replace(scores=np.linspace(-2, 2, n)[None])):
        found = fit_kernel(trials, np.arange(2))
        kernel, evidence = found.kernel, found.evidence
        assert np.isfinite([*kernel.lengths, kernel.variance, kernel.noise, evidence]).all()


def test_equal_scores_say_nothing_of_a_kernel():
    rng, groups = np.random.default_rng(0), np.array([0, 1, 1])
    flat = Trials.of_one(rng.uniform(size=(7, 3)), np.zeros(7), np.ones(7))
    assert_allclose(logs_of(fit_kernel(flat, groups).kernel, groups), kernel_hyperprior(2)[0])


def test_the_kernel_may_go_on_from_another():
    rng, groups = np.random.default_rng(1), np.arange(2)
    trials, _ = trials_of(rng, [12], 2)
    best = fit_kernel(trials, groups).kernel
    assert_array_equal(logs_of(fit_kernel(trials, groups, best).kernel, groups), logs_of(best, groups))


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
    assert abs(fit_kernel(trials, groups).evidence - wanted) < 0.5


@few
@given(rng=designs, d=st.integers(1, 3))
def test_draws_of_a_kernel_lie_around_the_most_probable(rng, d):
    _, (trials,) = trials_of(rng, [8], d)
    groups = np.arange(d)
    found = fit_kernel(trials, groups)
    draws = [logs_of(kernel, groups) for kernel in found.draws()]
    assert_allclose(np.mean(draws, axis=0), logs_of(found.kernel, groups), atol=1e-9)
    assert_array_equal(draws, [logs_of(kernel, groups) for kernel in fit_kernel(trials, groups).draws()])
    steps = np.array(draws) - found.mode  # standard normal where the information is the identity
    whitened = steps @ np.linalg.cholesky(found.information)
    drawn = np.random.default_rng(0).standard_normal((len(steps) // 2, d + 2))
    assert_allclose(whitened, np.concatenate([drawn, -drawn]), rtol=1e-6, atol=1e-8)
