"""A Gaussian process of scores over hyperparameters, for many tasks at once with one kernel.

``z_t(x) = a_t + f_t(x) + e``, ``f_t ~ GP(0, variance * matern(x, x'))``, noise ``noise * rel_i``, and an intercept
``a_t`` that is 0 or unknown. Each hyperparameter has one length scale, shared by the columns that encode it. Tasks are
padded to one number of trials; a row that is not ``known`` has no part in anything.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

_JITTER = 1e-6  # variance added to every trial, for equal ones
_MAX_STEPS = 30  # of Newton's method
_MAX_STEP = 2.0  # step of a logarithm
_MAX_COMMON = 512  # speed: points that the means of all tasks are told by
_MIN_GAIN = 0.01  # what a step must promise to gain, in log density
USUAL_VARIANCE = (0.0, 4.0)  # mean and precision of its logarithm, of standardized scores
_N_PAIRS = 4  # of kernels that stand for all that trials allow
FLAT = 1e3  # variance of an unknown intercept, in variances of the function or of the scores


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

    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    noise: NDArray[np.float64]
    known: NDArray[np.bool_]

    @classmethod
    def of_one(cls, points: NDArray[np.float64], scores: NDArray[np.float64], noise: NDArray[np.float64]) -> Trials:
        """Trials of one task."""
        return cls(points[None], scores[None], noise[None], np.ones((1, len(scores)), dtype=bool))


class Kernel(NamedTuple):
    """Length scale of each column ``(d,)``, variance of the function and of its noise."""

    lengths: NDArray[np.float64]
    variance: float
    noise: float


class KernelPosterior(NamedTuple):
    """What trials say of a kernel: the logarithms of lengths, variance and noise are normal, by Laplace's approximation.

    Parameters
    ----------
    mode : ndarray of shape (n_groups + 2,)
        The most probable logarithms.
    information : ndarray of shape (n_groups + 2, n_groups + 2)
        Their precision.
    groups : ndarray of int, shape (d,)
        The hyperparameter that each column belongs to.
    evidence : float
        Log evidence of the trials, all kernels considered.
    """

    mode: NDArray[np.float64]
    information: NDArray[np.float64]
    groups: NDArray[np.intp]
    evidence: float

    @property
    def kernel(self) -> Kernel:
        """The most probable kernel."""
        return self._kernel(self.mode)

    def draws(self) -> list[Kernel]:
        """Kernels that are as probable as others, the same ones every time, in pairs on both sides of the mode."""
        draws = np.random.default_rng(0).standard_normal((_N_PAIRS, len(self.mode))).T
        steps = solve_triangular(np.linalg.cholesky(self.information), draws, lower=True, trans="T").T
        return [self._kernel(self.mode + step) for step in np.concatenate([steps, -steps])]

    def _kernel(self, logs: NDArray[np.float64]) -> Kernel:
        lengths, (variance, noise) = np.exp(logs[:-2]), np.exp(logs[-2:])
        return Kernel(lengths[self.groups], float(variance), float(noise))


def matern(a: NDArray[np.float64], b: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
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
    a, b = a * (np.sqrt(5) / lengths), b * (np.sqrt(5) / lengths)
    # In place: this is where most of the time goes, and it goes into memory.
    r = (-2 * a) @ np.swapaxes(b, -1, -2)
    r += np.square(a).sum(-1)[..., :, None]
    r += np.square(b).sum(-1)[..., None, :]
    np.sqrt(np.maximum(r, 0.0, out=r), out=r)
    correlations = r / 3
    correlations += 1
    correlations *= r
    correlations += 1
    correlations *= np.exp(np.negative(r, out=r), out=r)
    return correlations


# Learning the kernel --------------------------------------------------------------------------------


def kernel_hyperprior(
    n_groups: int, log_variance: tuple[float, float] = USUAL_VARIANCE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is known of a kernel before any trial: means and precisions ``(n_groups + 2,)`` of its logarithms.

    More hyperparameters make points lie further apart, by the root of their number (C. Hvarfner, E. Hellsten
    and L. Nardi, 2024, Vanilla Bayesian optimization performs great in high dimensions, equation 6); last stand
    the variance, about 1 unless said, and the noise, about 0.02.
    """
    means = np.append(np.full(n_groups, np.log(0.4 * np.sqrt(max(n_groups, 1)))), [log_variance[0], np.log(0.02)])
    return means, np.append(np.ones(n_groups), [log_variance[1], 0.5])


def fit_kernel(
    trials: Trials,
    groups: NDArray[np.intp],
    start: Kernel | None = None,
    log_variance: tuple[float, float] = USUAL_VARIANCE,
    intercept_variance: float = 0.0,
) -> KernelPosterior:
    r"""Return what trials say of the kernel: the one of highest posterior density, and how far others may be from it.

    Newton steps with the average information :math:`H` for the second derivative, damped where they promise too
    much. The evidence is Laplace's approximation: with :math:`P` the precision of the kernel's logarithms before
    the trials, it is the log posterior density plus :math:`(\log |P| - \log |H|) / 2`, without the constant
    :math:`-n \log(2 \pi) / 2`.

    Parameters
    ----------
    trials : Trials
        Of one task or of many, which share the kernel.
    groups : ndarray of int, shape (d,)
        The hyperparameter that each column belongs to.
    start : Kernel, default=None
        Where to begin.
    log_variance : tuple of (float, float), default=(0.0, 4.0)
        Mean and precision of the logarithm of the function's variance, before the trials.
    intercept_variance : float, default=0.0
        Variance of the intercept. The evidence is that of an intercept of density 1 wherever it is unknown.

    Returns
    -------
    KernelPosterior
        Around the best.

    References
    ----------
    A. R. Gilmour, R. Thompson and B. R. Cullis (1995), Average information REML, equation 5; D. W. Marquardt
    (1963), An algorithm for least-squares estimation of nonlinear parameters; D. J. C. MacKay (1992), Bayesian
    interpolation, equation 2.9.
    """
    n_groups = groups.max(initial=-1) + 1
    means, precisions = kernel_hyperprior(n_groups, log_variance)
    fixed = intercept_variance * _both_known(trials.known) + _jitter(trials.known)
    spread = _spread_by_group(trials.points, groups, n_groups)
    density = partial(_negative_density, spread=spread, trials=trials, fixed=fixed, means=means, precisions=precisions)
    logs = means if start is None else _logarithms(start, groups, n_groups)
    (value, gradient, information), damping = density(logs), 0.0
    # Scores that are all equal say nothing of how they differ.
    for _ in range(_MAX_STEPS if trials.scores.any() else 0):
        damped = information + damping * np.diag(information.diagonal())
        step = np.clip(np.linalg.solve(damped, -gradient), -_MAX_STEP, _MAX_STEP)
        promised = -step @ (gradient + information @ step / 2)
        if promised < _MIN_GAIN:
            break
        there = density(logs + step)
        gained = value - there[0]
        if gained < 0.25 * promised:
            damping = max(4 * damping, 0.25)
        elif gained > 0.75 * promised:
            damping = damping / 4 if damping > 0.05 else 0.0
        if gained > 0:
            logs, (value, gradient, information) = logs + step, there
    evidence = 0.5 * (np.log(precisions).sum() - np.linalg.slogdet(information)[1]) - value
    if intercept_variance:
        evidence += 0.5 * len(trials.known) * np.log(intercept_variance)
    return KernelPosterior(logs, information, groups, float(evidence))


def _logarithms(kernel: Kernel, groups: NDArray[np.intp], n_groups: int) -> NDArray[np.float64]:
    lengths = np.ones(n_groups)
    lengths[groups] = kernel.lengths
    return np.log(np.append(lengths, [kernel.variance, kernel.noise]))


def _spread_by_group(points: NDArray[np.float64], groups: NDArray[np.intp], n_groups: int) -> NDArray[np.float64]:
    """Squared distances between the trials of each task, by hyperparameter ``(n_groups, n_tasks, n, n)``."""
    spread = np.zeros((n_groups, *points.shape[:2], points.shape[1]))
    for column, group in enumerate(groups):
        values = points[..., column]
        spread[group] += np.square(values[:, :, None] - values[:, None, :])
    return spread


def _negative_density(
    logs: NDArray[np.float64],
    spread: NDArray[np.float64],
    trials: Trials,
    fixed: NDArray[np.float64],
    means: NDArray[np.float64],
    precisions: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Minus the log posterior density, by the logarithms of lengths, variance and noise; its gradient and information.

    ``fixed`` is the part of the covariance that does not move.
    """
    inverse_squares, (variance, noise) = np.exp(-2 * logs[:-2]), np.exp(logs[-2:])
    r = np.sqrt(5 * np.tensordot(inverse_squares, spread, 1))
    fall = np.exp(-r) * _both_known(trials.known)
    moves = np.empty((len(logs), *r.shape))  # how the covariance moves with each logarithm
    moves[:-2] = inverse_squares[:, None, None, None] * spread * (variance * 5 / 3 * (1 + r) * fall)
    moves[-2] = variance * (1 + r + np.square(r) / 3) * fall
    moves[-1] = _noise(noise, trials)
    covariance = moves[-2] + moves[-1] + fixed
    factor, inverse = np.linalg.cholesky(covariance), np.linalg.inv(covariance)
    solved = inverse @ trials.scores[..., None]
    pulls = moves @ solved
    off = logs - means
    misfit = (solved[..., 0] * trials.scores).sum() + precisions @ np.square(off)
    return (
        0.5 * misfit + np.log(np.einsum("tii->ti", factor)).sum(),
        0.5 * (np.tensordot(moves, inverse, 3) - np.tensordot(pulls, solved, 3)) + precisions * off,
        0.5 * np.tensordot(pulls, inverse @ pulls, ((1, 2, 3), (1, 2, 3))) + np.diag(precisions),
    )


def _both_known(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return known[:, :, None] & known[:, None, :]


def _noise(noise: float, trials: Trials) -> NDArray[np.float64]:
    """Covariance of the trials' noise ``(n_tasks, n, n)``."""
    return (noise * trials.noise * trials.known)[:, :, None] * np.eye(trials.known.shape[1])


def _jitter(known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What keeps covariances positive ``(n_tasks, n, n)``; a row that is not known gets a one, and so changes nothing."""
    return np.where(known, _JITTER, 1.0)[:, :, None] * np.eye(known.shape[1])


def with_noise(covariance: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance ``(n, n)`` of one task's trials, with the variance of their noise ``(n,)``."""
    return covariance + np.diag(noise + _JITTER)


# What a task's trials say of other points --------------------------------------------------------------


class Fitted(NamedTuple):
    """Tasks whose trials have been seen: ``points``, solved scores ``(n_tasks, n)``, and the covariance's factor."""

    points: NDArray[np.float64]
    solved: NDArray[np.float64]
    factor: NDArray[np.float64]


def condition(kernel: Kernel, trials: Trials) -> Fitted:
    """Return the tasks as `Fitted`."""
    covariance = kernel.variance * matern(trials.points, trials.points, kernel.lengths) * _both_known(trials.known)
    covariance += _noise(kernel.noise, trials) + _jitter(trials.known)
    solved = np.linalg.solve(covariance, trials.scores[..., None])[..., 0]
    factor = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    return Fitted(trials.points, np.where(trials.known, solved, 0.0), factor)


def expected_scores(kernel: Kernel, fitted: Fitted, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Posterior means ``(n_tasks, m)`` at points ``(m, d)``."""
    means = np.empty((len(fitted.points), len(points)))
    block = max(1, 100_000 // max(fitted.points.shape[1] * len(points), 1))  # what stays in the cache
    for first in range(0, len(means), block):
        some = slice(first, first + block)
        cross = matern(fitted.points[some], points, kernel.lengths)
        means[some] = kernel.variance * np.einsum("tnm,tn->tm", cross, fitted.solved[some], optimize=True)
    return means


class CommonMeans(NamedTuple):
    """Posterior means of all tasks by the same points ``(k, d)``: weights ``(n_tasks, k)`` of correlations with them."""

    points: NDArray[np.float64]
    weights: NDArray[np.float64]


def common_means(kernel: Kernel, fitted: Fitted, known: NDArray[np.bool_]) -> CommonMeans:
    r"""Return the tasks' means as sums over the same points: :math:`m_t(x) = \sum_j w_{tj} c(x, x_j)`.

    The :math:`c` are correlations. The points are those of all trials if they are few, and then the means are as they
    were; else some of them, where the means are as they were, and between them the smoothest functions: those of least
    norm.
    """
    points, places = np.unique(fitted.points[known], axis=0, return_inverse=True)
    if len(points) <= _MAX_COMMON:
        sums = np.zeros((len(known), len(points)))
        np.add.at(sums, (np.nonzero(known)[0], places.ravel()), kernel.variance * fitted.solved[known])
        return CommonMeans(points, sums)
    points = points[np.sort(np.random.default_rng(0).permutation(len(points))[:_MAX_COMMON])]
    covariance = with_noise(kernel.variance * matern(points, points, kernel.lengths), np.zeros(len(points)))
    solved = np.linalg.solve(covariance, expected_scores(kernel, fitted, points).T)
    return CommonMeans(points, np.asarray(kernel.variance * solved.T, dtype=np.float64))


def means_at(kernel: Kernel, common: CommonMeans, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Posterior means ``(n_tasks, m)`` at points ``(m, d)``."""
    return common.weights @ matern(common.points, points, kernel.lengths)


def posterior_sd(
    kernel: Kernel, fitted: Fitted, known: NDArray[np.bool_], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Posterior standard deviations ``(n_tasks, m)`` of the function at points ``(m, d)``."""
    cross = kernel.variance * matern(fitted.points, points, kernel.lengths) * known[:, :, None]
    explained = np.square(np.linalg.solve(fitted.factor, cross)).sum(1)
    return np.sqrt(np.maximum(kernel.variance - explained, 1e-10))
