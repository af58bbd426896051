"""An ensemble of past tasks' models, weighted by how well each ranks the new task's trials.

M. Feurer, B. Letham, F. Hutter and E. Bakshy (2018), Practical transfer learning for Bayesian optimization: RGPE.
"""

from itertools import chain

import numpy as np

from skmeta.tuning._surrogates.belief import Belief
from skmeta.tuning._surrogates.gp import matern, with_noise

_N_DRAWS = 200


def ranking_weights(scores, past, own, rng):
    """Weights of the past tasks' models and, last, of the task's own.

    A model's weight is how often, in draws from what it believes of the trials, it misorders fewest pairs of
    them. A past model that misorders more, on the median, than 95 % of the own one's draws is left out (the
    paper's guard against dilution, section 4.3): else many bad ones would win now and then by their number.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Of the trials.
    past : ndarray of shape (n_tasks, n), twice
        Mean and standard deviation that past tasks' models believe of each trial.
    own : ndarray of shape (n,), twice
        What the task's own model believes of each from all others.
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
    # For the own model a pair is a prediction beside a score that was seen: its draws do not know of each other.
    own_order = (own[0] + own[1] * rng.standard_normal((_N_DRAWS, n)))[:, :, None] > scores
    wrong = [((order != above) & differ).sum((-1, -2)) for order in chain(orders, [own_order])]
    losses = np.column_stack(wrong).astype(float)
    guard = np.quantile(losses[:, -1], 0.95)
    losses[:, np.append(np.median(losses[:, :-1], axis=0) > guard, False)] = np.inf
    best = losses == losses.min(axis=1, keepdims=True)
    best[best[:, -1], :-1] = False  # the own model has what others can do as well
    return (best / best.sum(axis=1, keepdims=True)).mean(axis=0)


def left_out_scores(kernel, points, scores, noise):
    """Mean and standard deviation ``(n,)`` of each score given all others, by a Gaussian process.

    References
    ----------
    C. E. Rasmussen and C. K. I. Williams (2006), Gaussian processes for machine learning, equation 5.12.
    """
    covariance = kernel.variance * matern(points, points, kernel.lengths)
    inverse = np.linalg.inv(with_noise(covariance, kernel.noise * noise))
    variance = 1 / np.diagonal(inverse)
    return scores - inverse @ scores * variance, np.sqrt(variance)


def ensemble_belief(weights, past, own):
    """Belief in candidates: one Gaussian, whose mean and deviation are the models' by their weights.

    Parameters
    ----------
    weights : ndarray of shape (n_tasks + 1,)
        Of the past tasks' models and of the own one.
    past : ndarray of shape (n_tasks, m), twice
        Mean and standard deviation that past tasks' models believe of each candidate.
    own : Belief
        The own model's, of one component.

    Returns
    -------
    Belief
        Of one component (the paper's equation 4).
    """
    mean = weights[:-1] @ past[0] + weights[-1] * own.means[0]
    variance = np.square(weights[:-1]) @ np.square(past[1]) + np.square(weights[-1] * own.sds[0])
    return Belief(np.zeros(1), mean[None], np.sqrt(variance)[None])
