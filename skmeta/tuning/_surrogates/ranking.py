"""An ensemble of past tasks' models, weighted by how well each ranks the new task's trials.

M. Feurer, B. Letham, F. Hutter and E. Bakshy (2018), Practical transfer learning for Bayesian optimization: RGPE.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._surrogates.gp import FLAT, Kernel, matern, with_noise
from skmeta.tuning._surrogates.posterior import Posterior

_N_DRAWS = 200  # from the posteriors of the trials


def ranking_weights(
    scores: NDArray[np.float64],
    past: tuple[NDArray[np.float64], NDArray[np.float64]],
    alone: tuple[NDArray[np.float64], NDArray[np.float64]],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Weights of the past tasks' models and, last, of the task's alone.

    A model's weight is how often, in draws from its posterior of the trials, it misorders fewest pairs of
    them. A past model that misorders more, on the median, than 95 % of the task's own is left out (the
    paper's guard against dilution, section 4.3): else many bad ones would win now and then by their number.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Of the trials.
    past : ndarray of shape (n_tasks, n), twice
        Posterior mean and standard deviation of each trial by past tasks' models.
    alone : ndarray of shape (n,), twice
        Those of the task's own model, of each from all others.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    ndarray of shape (n_tasks + 1,)
        Weights, of sum 1.
    """
    n = len(scores)
    above = scores[:, None] > scores
    differ = scores[:, None] != scores
    draws = past[0] + past[1] * rng.standard_normal((_N_DRAWS, *past[0].shape))
    # One task at a time: the pairs of all may not fit into memory.
    orders = (drawn[:, :, None] > drawn[:, None, :] for drawn in np.swapaxes(draws, 0, 1))
    # For the alone model a pair is a prediction beside a score that was seen: its draws do not know of each other.
    alone_order = (alone[0] + alone[1] * rng.standard_normal((_N_DRAWS, n)))[:, :, None] > scores
    wrong = [((order != above) & differ).sum((-1, -2)) for order in chain(orders, [alone_order])]
    losses = np.column_stack(wrong).astype(float)
    guard = np.quantile(losses[:, -1], 0.95)
    losses[:, np.append(np.median(losses[:, :-1], axis=0) > guard, False)] = np.inf
    best = losses == losses.min(axis=1, keepdims=True)
    best[best[:, -1], :-1] = False  # the alone model has what others can do as well
    return (best / best.sum(axis=1, keepdims=True)).mean(axis=0)


def leave_one_out(
    kernel: Kernel, points: NDArray[np.float64], scores: NDArray[np.float64], noise: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation ``(n,)`` of each score given all others, by a Gaussian process with an intercept.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams (2006), Gaussian processes for machine learning, equation 5.12.
    """
    covariance = kernel.variance * matern(points, points, kernel.lengths) + FLAT
    inverse = np.linalg.inv(with_noise(covariance, kernel.noise * noise))
    variance = 1 / np.diagonal(inverse)
    return scores - inverse @ scores * variance, np.sqrt(variance)


def ensemble_posterior(
    weights: NDArray[np.float64], past: tuple[NDArray[np.float64], NDArray[np.float64]], alone: Posterior
) -> Posterior:
    """Posterior in candidates: one Gaussian, whose mean and deviation are the models' by their weights.

    Parameters
    ----------
    weights : ndarray of shape (n_tasks + 1,)
        Of the past tasks' models and of the alone one.
    past : ndarray of shape (n_tasks, m), twice
        Posterior mean and standard deviation of each candidate by past tasks' models.
    alone : Posterior
        The alone model's.

    Returns
    -------
    Posterior
        Of one component (the paper's equation 4).
    """
    mean = weights[:-1] @ past[0] + weights[-1] * alone.total_means
    variance = np.square(weights[:-1]) @ np.square(past[1]) + np.square(weights[-1] * alone.total_sds)
    return Posterior(np.zeros(1), mean[None], np.sqrt(variance)[None])
