r"""Means behind a logarithmic link, expected over what a task's rows leave open of its coefficients.

A score :math:`z = x^\top w` of a task with coefficients :math:`N(\hat w, V)` is :math:`\hat z + s u` where :math:`u` is
standard normal and :math:`s^2 = x^\top V x`; scores of the task's own rows then move by :math:`m_i u`. Of the density of
:math:`u` more is known than Laplace's,

.. math:: \log p(u) = -\tfrac12 u^2 + \sum_i r_i(m_i u) - \tfrac12 u \sum_i t_i \, (v_i - m_i^2) \, m_i

with what the rows' log-likelihoods have beyond their expansions, :math:`r_i`, and the first order of how the determinant
moves: :math:`t_i` is the third derivative of the negative log-likelihood, :math:`v_i` the variance of the row's score (Rue,
Martino and Chopin, 2009, JRSS B 71, section 3.2). Where :math:`s` is small that is to second order

.. math:: \log E[e^z] \approx \hat z + \tfrac12 s^2 - \tfrac12 s \sum_i t_i v_i m_i
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from skmeta._inference.likelihoods import Likelihood

Array = NDArray[Any]

_STEP = 1e-4  # guard: of a central difference, whose error is its square
_NARROW = 0.3  # speed: below this standard deviation of a score the second order is as good as the integral
_WIDTH = 5.0  # standard deviations of the grid beyond zero and beyond where the expected mean has its mass
_NODES = 65
_AT_ONCE = 1 << 17  # speed: numbers held at once, near the processor


@dataclass(frozen=True, eq=False)
class SeenRows:
    """A task's own rows of one output at its mode: scores ``eta (n, 1)``, targets ``y (n, 1)``, ``weight (n,)``.

    ``variance (n,)`` is that of their scores.
    """

    likelihood: Likelihood
    eta: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    variance: np.ndarray

    @property
    def skewness(self) -> Array:
        """Third derivatives ``(n,)`` of the rows' negative log-likelihoods."""
        ahead, behind = (self.likelihood.curvature(self.eta + step, self.y)[:, 0] for step in (_STEP, -_STEP))
        return self.weight * (ahead - behind) / (2.0 * _STEP)

    def beyond_expansion(self, moves: Array, u: Array) -> Array:
        """What the rows' log-likelihoods have beyond their expansions ``(q, m)``; scores move by ``moves (n, q) u (q, m)``."""
        by, of = moves[:, :, None] * u, self.likelihood
        n, shape = len(self.eta), by.shape[1:]
        there = (self.eta[:, :, None] + by).reshape(n * shape[0] * shape[1], 1)
        value = of.value(there, np.repeat(self.y, shape[0] * shape[1], axis=0)).reshape(by.shape)
        slope, bend = (each(self.eta, self.y)[:, :, None] for each in (of.residual, of.curvature))
        beyond = of.value(self.eta, self.y)[:, None, None] - value - slope * by + 0.5 * bend * by**2
        return np.asarray(np.tensordot(self.weight, beyond, 1))


def log_expected_over_mode(rows: SeenRows, variance: Array, covariance: Array) -> Array:
    """``log E[exp(z)]`` less the score at the mode ``(q,)``, of new rows of ``variance (q,)``.

    ``covariance (n, q)`` is that of the scores of the task's own rows with them.
    """
    spread = np.sqrt(np.maximum(variance, 0.0))
    moves = covariance / np.where(spread > 0.0, spread, 1.0)
    pull = rows.skewness[:, None] * moves
    found = 0.5 * spread**2 - 0.5 * spread * (rows.variance @ pull)
    turn = -0.5 * (np.maximum(rows.variance[:, None] - moves**2, 0.0) * pull).sum(axis=0)
    wide = np.flatnonzero(spread > _NARROW)
    step = max(_AT_ONCE // (_NODES * max(len(rows.eta), 1)), 1)
    for some in np.split(wide, range(step, len(wide), step)) if len(rows.eta) else ():
        u = np.linspace(-_WIDTH, _WIDTH + spread[some], _NODES, axis=1)
        logs = turn[some, None] * u - 0.5 * u**2 + rows.beyond_expansion(moves[:, some], u)
        found[some] = logsumexp(logs + spread[some, None] * u, axis=1) - logsumexp(logs, axis=1)
    return np.asarray(found)


def shift_of_intercept(scores: Array, excess: Array, often: Array) -> float:
    r"""What an intercept must gain so that rows of ``scores (m,)`` expect as many counts as they do with an ``excess (m,)``.

    .. math:: \log \sum_i o_i e^{z_i + e_i} - \log \sum_i o_i e^{z_i}

    Poisson's expected deviance is least there, of rows that count ``often (m,)``; without any it is zero.
    """
    if not often.sum() > 0.0:
        return 0.0
    return float(logsumexp(scores + excess, b=often) - logsumexp(scores, b=often))
