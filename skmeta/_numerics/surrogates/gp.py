"""A Gaussian process of scores over hyperparameters, for many tasks at once with one kernel.

``z_t(x) = f_t(x) + e``, ``f_t ~ GP(0, variance * matern(x, x'))``, noise ``noise * rel_i``. Each hyperparameter has one
length scale, shared by the columns that encode it. Tasks are padded to one number of trials; a row that is not
``known`` has no part in anything.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

_JITTER = 1e-8


class Trials(NamedTuple):
    """Trials of tasks.

    Parameters
    ----------
    points : ndarray of shape (n_tasks, n, d)
        Encoded hyperparameters.
    scores : ndarray of shape (n_tasks, n)
        Scores, about 0, of about unit variance; 0 where not known.
    noise : ndarray of shape (n_tasks, n)
        Relative variance of their noise.
    known : ndarray of bool, shape (n_tasks, n)
        Which rows are trials.
    """

    points: np.ndarray
    scores: np.ndarray
    noise: np.ndarray
    known: np.ndarray

    @classmethod
    def of_one(cls, points, scores, noise):
        """Trials of one task."""
        return cls(points[None], scores[None], noise[None], np.ones((1, len(scores)), dtype=bool))


class Kernel(NamedTuple):
    """Length scale of each column ``(d,)``, variance of the function and of its noise."""

    lengths: np.ndarray
    variance: float
    noise: float


def matern(a, b, lengths):
    r"""Return :math:`(1 + r + r^2 / 3) e^{-r}`, :math:`r^2 = 5 \sum_j (a_j - b_j)^2 / \ell_j^2`.

    Parameters
    ----------
    a, b : ndarray of shape (..., n, d) and (..., m, d)
        Points.
    lengths : ndarray of shape (d,)
        Length scales.

    Returns
    -------
    ndarray of shape (..., n, m)
        Correlations.
    """
    a, b = a / lengths, b / lengths
    squares = np.square(a).sum(-1)[..., :, None] + np.square(b).sum(-1)[..., None, :] - 2 * a @ np.swapaxes(b, -1, -2)
    r = np.sqrt(5 * np.maximum(squares, 0.0))
    return (1 + r + np.square(r) / 3) * np.exp(-r)


# Learning the kernel --------------------------------------------------------------------------------


def usual_kernel(n_groups):
    """What is known of a kernel before any trial: means and precisions ``(n_groups + 2,)`` of its logarithms.

    More hyperparameters make points lie further apart, by the root of their number (C. Hvarfner, E. Hellsten
    and L. Nardi, 2024, Vanilla Bayesian optimization performs great in high dimensions, equation 6); last stand
    the variance, about 1, and the noise, about 0.05.
    """
    means = np.append(np.full(n_groups, np.log(0.5 * np.sqrt(max(n_groups, 1)))), [0.0, np.log(0.05)])
    return means, np.append(np.ones(n_groups), [4.0, 0.5])


def fit_kernel(trials, groups, start=None, max_iter=40):
    """Return the kernel of highest posterior density.

    Parameters
    ----------
    trials : Trials
        Of one task or of many, which share the kernel.
    groups : ndarray of int, shape (d,)
        The hyperparameter that each column belongs to.
    start : Kernel, default=None
        Where to begin.
    max_iter : int, default=40
        Steps of L-BFGS at most.

    Returns
    -------
    Kernel
        It.
    """
    n_groups = groups.max(initial=-1) + 1
    means, precisions = usual_kernel(n_groups)
    low = np.append(np.full(n_groups, np.log(0.02)), [-4.0, np.log(1e-5)])
    high = np.append(np.full(n_groups, np.log(100.0)), [3.0, 0.0])
    spread = _spread_by_group(trials.points, groups, n_groups)
    begin = means if start is None else _logarithms(start, groups, n_groups)
    found = minimize(
        _negative_density,
        np.clip(begin, low, high),
        args=(spread, trials, means, precisions),
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([low, high]),
        options={"maxiter": max_iter},
    )
    lengths, (variance, noise) = np.exp(found.x[:-2]), np.exp(found.x[-2:])
    return Kernel(lengths[groups], float(variance), float(noise))


def log_evidence(kernel, trials, groups, step=1e-3):
    r"""Return the log evidence of trials, all kernels considered, by Laplace's approximation around the best one.

    With :math:`P` the precision of the kernel's logarithms before the trials and :math:`H` after them, it is the
    log posterior density plus :math:`(\log |P| - \log |H|) / 2`, without the constant
    :math:`-n \log(2 \pi) / 2`.

    Parameters
    ----------
    kernel, trials, groups
        The best kernel, and what `fit_kernel` got.
    step : float, default=1e-3
        Of the differences that give :math:`H` from the gradient.

    Returns
    -------
    float
        It.

    References
    ----------
    D. J. C. MacKay (1992), Bayesian interpolation, equation 2.9.
    """
    n_groups = groups.max(initial=-1) + 1
    means, precisions = usual_kernel(n_groups)
    data = _spread_by_group(trials.points, groups, n_groups), trials, means, precisions
    logs = _logarithms(kernel, groups, n_groups)
    value, gradient = _negative_density(logs, *data)
    second = [(_negative_density(logs + move, *data)[1] - gradient) / step for move in step * np.eye(len(logs))]
    # At a bound, or where the likelihood bends the wrong way, no more is known than before.
    known = np.maximum(np.linalg.eigvalsh(np.add(second, np.transpose(second)) / 2), precisions.min())
    return 0.5 * (np.log(precisions).sum() - np.log(known).sum()) - value


def _logarithms(kernel, groups, n_groups):
    lengths = np.ones(n_groups)
    lengths[groups] = kernel.lengths
    return np.log(np.append(lengths, [kernel.variance, kernel.noise]))


def _spread_by_group(points, groups, n_groups):
    """Squared distances between the trials of each task, by hyperparameter ``(n_groups, n_tasks, n, n)``."""
    spread = np.zeros((n_groups, *points.shape[:2], points.shape[1]))
    for column, group in enumerate(groups):
        values = points[..., column]
        spread[group] += np.square(values[:, :, None] - values[:, None, :])
    return spread


def _negative_density(logs, spread, trials, means, precisions):
    """Minus the log posterior density, and its gradient by the logarithms of lengths, variance and noise."""
    inverse_squares, (variance, noise) = np.exp(-2 * logs[:-2]), np.exp(logs[-2:])
    r = np.sqrt(5 * np.tensordot(inverse_squares, spread, 1))
    both, fall = _both_known(trials.known), np.exp(-r)
    shape = (1 + r + np.square(r) / 3) * fall * both
    covariance = variance * shape
    _add_noise(covariance, noise, trials)
    factor = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(covariance)
    solved = (inverse @ trials.scores[..., None])[..., 0]
    off = logs - means
    value = 0.5 * (solved * trials.scores).sum() + np.log(np.diagonal(factor, axis1=1, axis2=2)).sum()
    # The density falls by half the trace of pull times what the covariance moves.
    pull = 0.5 * (inverse - solved[:, :, None] * solved[:, None, :]) * both
    by_distance = variance * 5 / 3 * (1 + r) * fall * pull
    diagonal = np.diagonal(pull, axis1=1, axis2=2)
    gradient = np.concatenate(
        [
            np.tensordot(spread, by_distance, 3) * inverse_squares,
            [(pull * shape).sum() * variance, (diagonal * trials.noise).sum() * noise],
        ]
    )
    return value + 0.5 * (precisions * np.square(off)).sum(), gradient + precisions * off


def _both_known(known):
    return known[:, :, None] & known[:, None, :]


def _add_noise(covariance, noise, trials):
    """Add the noise in place; a row that is not known gets a one, and so changes nothing."""
    diagonal = np.einsum("tii->ti", covariance)
    diagonal += np.where(trials.known, noise * trials.noise + _JITTER, 1.0)


def with_noise(covariance, noise):
    """Covariance ``(n, n)`` of one task's trials, with the variance of their noise ``(n,)``."""
    return covariance + np.diag(noise + _JITTER)


# What a task's trials say of other points --------------------------------------------------------------


class Fitted(NamedTuple):
    """Tasks whose trials have been seen: ``points``, solved scores ``(n_tasks, n)``, and the covariance's factor."""

    points: np.ndarray
    solved: np.ndarray
    factor: np.ndarray


def condition(kernel, trials):
    """Return the tasks as `Fitted`."""
    covariance = kernel.variance * matern(trials.points, trials.points, kernel.lengths) * _both_known(trials.known)
    _add_noise(covariance, kernel.noise, trials)
    solved = np.linalg.solve(covariance, trials.scores[..., None])[..., 0]
    return Fitted(trials.points, np.where(trials.known, solved, 0.0), np.linalg.cholesky(covariance))


def expected_scores(kernel, fitted, points):
    """Posterior means ``(n_tasks, m)`` at points ``(m, d)``."""
    means = np.empty((len(fitted.points), len(points)))
    block = max(1, 300_000 // max(fitted.points.shape[1] * len(points), 1))  # what stays in the cache
    for first in range(0, len(means), block):
        some = slice(first, first + block)
        cross = matern(fitted.points[some], points, kernel.lengths)
        means[some] = kernel.variance * np.einsum("tnm,tn->tm", cross, fitted.solved[some], optimize=True)
    return means


def posterior_sd(kernel, fitted, known, points):
    """Posterior standard deviations ``(n_tasks, m)`` of the function at points ``(m, d)``."""
    cross = kernel.variance * matern(fitted.points, points, kernel.lengths) * known[:, :, None]
    explained = np.square(np.linalg.solve(fitted.factor, cross)).sum(1)
    return np.sqrt(np.maximum(kernel.variance - explained, 1e-10))
