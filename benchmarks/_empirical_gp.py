"""Empirical Gaussian processes: mean and covariance of a task's scores over all configs, from past tasks by EM.

J. A. Lin, S. Ament, L. C. Tiao, D. Eriksson, M. Balandat and E. Bakshy (2026), Empirical Gaussian Processes, ICML,
arXiv 2602.12082. No release of BoTorch has it, so it is written here from its equations, with the settings of its
authors' own searches (BoTorch, pull requests 3327 and 3350): EM begins with a Matérn kernel that all past tasks share,
takes 50 steps, and its noise is fixed. EM over all configs leaves those that no past task has tried as the kernel
interpolates them from the others, with its residual covariance: the paper's extension to new points.

Its authors scale the scores of all past tasks by one mean and deviation, and the new one's by the same. Here each past
task is standardized, as others' are, and level and scale of the new one are unknown: the level is flat, the scale is one
of past tasks'.
"""

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import erfcx, logsumexp, ndtr

N_STEPS = 50  # of EM
PAST_NOISE, NOISE = 1e-2, 1e-3  # variance of scores' noise, past and new, in units of a task's variance


# The base kernel -------------------------------------------------------------------------------------


def matern(squares):
    """Matérn correlations of smoothness 5/2 from squared distances in length scales."""
    r = np.sqrt(5 * squares)
    return (1 + r + r**2 / 3) * np.exp(-r)


def squared_differences(points):
    """By column ``(d, ..., n, n)``, of points ``(..., n, d)``."""
    columns = np.moveaxis(points, -1, 0)
    return np.square(columns[..., :, None] - columns[..., None, :])


def negative_log_likelihood(parameters, squares, scores):
    """Of all tasks' scores ``(T, n)`` with one kernel, and its gradient.

    Parameters are the logarithms of ``d`` lengths, of the variance and of the noise, and the mean.
    """
    inverse_squares, (variance, noise), mean = np.exp(-2 * parameters[:-3]), np.exp(parameters[-3:-1]), parameters[-1]
    r = np.sqrt(5 * np.tensordot(inverse_squares, squares, 1))
    smooth = variance * (1 + r + r**2 / 3) * np.exp(-r)
    covariance = smooth + noise * np.eye(scores.shape[1])
    inverse, solved = np.linalg.inv(covariance), np.linalg.solve(covariance, (scores - mean)[..., None])
    value = 0.5 * np.sum(solved[..., 0] * (scores - mean)) + 0.5 * np.linalg.slogdet(covariance)[1].sum()
    pull = 0.5 * (inverse - solved * np.swapaxes(solved, 1, 2))
    by_length = variance * 5 / 3 * (1 + r) * np.exp(-r) * pull
    gradient = [*(inverse_squares * np.tensordot(squares, by_length, 3)), np.sum(smooth * pull)]
    return value, np.array([*gradient, noise * np.einsum("tii->", pull), -solved.sum()])


def base_kernel(points, tried, scores):
    """``(mean, covariance)`` of all points by the kernel under which past tasks' scores ``(T, n)`` are likeliest."""
    n_columns = points.shape[1]
    start = np.append(np.zeros(n_columns + 1), [np.log(PAST_NOISE), 0.0])
    bounds = [np.log([0.01, 100.0])] * (n_columns + 1) + [np.log([1e-4, 1.0]), (None, None)]
    squares = squared_differences(points[tried])
    found = minimize(negative_log_likelihood, start, (squares, scores), "L-BFGS-B", jac=True, bounds=bounds).x
    distances = np.tensordot(np.exp(-2 * found[:-3]), squared_differences(points), 1)
    return np.full(len(points), found[-1]), np.exp(found[-3]) * matern(distances)


# EM --------------------------------------------------------------------------------------------------


def em_step(mean, covariance, tried, scores, noise):
    """``(mean, covariance, log likelihood of the old ones)``: averages of the past tasks' posterior moments."""
    expected, explained, log_likelihood = [], [], 0.0
    for seen, values in zip(tried, scores, strict=True):
        factor = np.linalg.cholesky(covariance[np.ix_(seen, seen)] + noise * np.eye(len(seen)))
        solved = solve_triangular(factor, np.column_stack([values - mean[seen], covariance[seen]]), lower=True)
        expected.append(mean + solved[:, 0] @ solved[:, 1:])
        explained.append(solved[:, 1:])
        log_likelihood -= 0.5 * (solved[:, 0] @ solved[:, 0] + len(seen) * np.log(2 * np.pi))
        log_likelihood -= np.log(factor.diagonal()).sum()
    mean, explained = np.mean(expected, axis=0), np.concatenate(explained)
    off = expected - mean
    return mean, covariance + (off.T @ off - explained.T @ explained) / len(tried), log_likelihood


# A search --------------------------------------------------------------------------------------------


def posterior(mean, covariance, tried, scores, scales):
    """``(log weights (k,), means (k, m), deviations (k, m))`` of all configs' scores, one for each of the scales."""
    factor = np.linalg.cholesky(covariance[np.ix_(tried, tried)] + NOISE * np.eye(len(tried)))
    columns = np.column_stack([np.ones(len(tried)), mean[tried], scores, covariance[tried]])
    solved = solve_triangular(factor, columns, lower=True)
    one, expected, found, cross = solved[:, 0], solved[:, 1], solved[:, 2], solved[:, 3:]
    scales, weight = scales[:, None], one @ one
    residuals = found / scales - expected
    levels = residuals @ one / weight
    residuals -= levels[:, None] * one
    log_weights = -0.5 * np.square(residuals).sum(axis=1) - (len(tried) - 1) * np.log(scales[:, 0])
    left = covariance.diagonal() - np.square(cross).sum(axis=0) + np.square(1 - one @ cross) / weight
    means = scales * (mean + levels[:, None] + residuals @ cross)
    return log_weights, means, scales * np.sqrt(np.maximum(left, 1e-12))


def log_expected_improvement(log_weights, means, deviations, best):
    """Of each config ``(m,)``; exact where the improvement is too small for a number.

    S. Ament et al. (2023), Unexpected improvements to expected improvement, equation 9.
    """
    u = np.maximum((means - best) / deviations, -1e4)
    density = -0.5 * u**2 - 0.5 * np.log(2 * np.pi)
    near, far = np.maximum(u, -1), np.minimum(u, -1)
    gains = np.where(
        u > -1,
        np.log(near * ndtr(near) + np.exp(-0.5 * near**2) / np.sqrt(2 * np.pi)),
        density + np.log1p(far * np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2))),
    )
    return logsumexp(log_weights[:, None] + np.log(deviations) + gains, axis=0)


def empirical_gp(table, target, sources, seed, n_trials):
    """The best by the mean of past tasks, then the largest expected improvements."""
    tried = np.array(list(sources.values()))
    scores = table.scores[np.array(list(sources))[:, None], tried]
    scales = scores.std(axis=1)
    tried, scores, scales = tried[scales > 0], scores[scales > 0], scales[scales > 0]
    scores = (scores - scores.mean(axis=1, keepdims=True)) / scales[:, None]
    mean, covariance = base_kernel(table.encoded, tried, scores)
    for _ in range(N_STEPS):
        mean, covariance, _ = em_step(mean, covariance, tried, scores, PAST_NOISE)
    picks = [int(np.argmax(mean))]
    while len(picks) < n_trials:
        found = table.scores[target, picks]
        gain = log_expected_improvement(*posterior(mean, covariance, picks, found, scales), found.max())
        gain[picks] = -np.inf
        picks.append(int(np.argmax(gain)))
    return picks
