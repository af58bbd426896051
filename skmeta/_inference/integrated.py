"""Probabilities integrated over what a task's rows leave open of its coefficients.

A score ``z = x'w`` of a task with coefficients ``N(mode, V)`` moves along the line ``w = mode + V x (z - x'mode) /
x'Vx``. Where all rows so far have one class, Laplace's Gaussian leaves a third of its mass on the other side, which the
rows exclude: so on that line their exact likelihood takes the place of its expansion (Rue, Martino and Chopin, 2009,
JRSS B 71, section 3.2.2, without the determinant). Scores of several classes move together.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtri

Array = NDArray[Any]

_NARROW = 0.3  # below this standard deviation of the scores a Gaussian is as good
_LEAST = 1e-10  # guard: curvature of a score, as the likelihoods have it
_FLAT = 1e-14  # guard: slope, as a share of its terms, that is rounding
_FURTHEST = 150.0  # guard: standard deviation of an own score; the exponential of four of them is still a number
_DOUBLINGS = 40  # guard: scales beyond 2^40 are as good as this
_CELLS = 1 << 17  # speed: numbers held at once, near the processor
_WIDTH, _N_LINE, _N_CLOUD = 4.0, 33, 128


def moderated_probabilities(eta: Array, variance: Array) -> Array:
    """``E[mean(z)]`` for scores ``z (n, K) ~ N(eta, variance)``, nearly (MacKay, 1992, Neural Computation 4, eq. 10).

    One variance for all classes keeps the largest score the largest probability.
    """
    eta = eta / np.sqrt(1.0 + np.pi / 8.0 * variance.mean(axis=1, keepdims=True))
    return _probabilities(eta)


def integrated_probabilities(eta: Array, weight: Array, centre: Any, variance: Array, covariance: Any) -> Array:
    """Probabilities ``(q, K)`` of the classes at new rows; ``(q, 1)`` of the second of two.

    Of the task's own rows ``eta (n, K)`` are the scores at the mode, which knows their labels, and ``weight (n,)``; of the
    new ones ``centre (q, K)`` the scores at the mode and ``variance (q, K)`` what is not known of them; ``covariance (n, q,
    K)`` is that of both. The class of the largest score keeps the largest probability.
    """
    found, nodes = moderated_probabilities(centre, variance), _nodes(centre.shape[1])
    wide = np.flatnonzero(variance.max(axis=1) > _NARROW**2)
    step = max(_CELLS // (max(len(eta), 1) * nodes[0].size), 1)
    for some in np.split(wide, range(step, len(wide), step)):
        spread = np.sqrt(np.maximum(variance[some], 1e-12))
        moves = covariance[:, some] / spread
        found[some] = _along_the_lines(eta, moves, weight, centre[some], spread, *nodes)
    return agreeing(np.minimum(found, 1.0), centre)


@cache
def _nodes(n_outputs: int) -> tuple[Any, ...]:
    """Points ``(m, K)`` in standard deviations and their log-weights: a grid for one score, a lattice for several."""
    if n_outputs == 1:
        line = np.linspace(-_WIDTH, _WIDTH, _N_LINE)
        return line[:, None], -0.5 * line**2
    ratio = 2.0  # of the generalised golden lattice: the root of x^(K + 1) = x + 1
    for _ in range(30):
        ratio = (1.0 + ratio) ** (1.0 / (n_outputs + 1.0))
    even = (0.5 + np.arange(1, _N_CLOUD + 1)[:, None] * ratio ** -np.arange(1.0, n_outputs + 1)) % 1.0
    return ndtri(even), np.zeros(_N_CLOUD)


def _along_the_lines(
    eta: Array, moves: Array, weight: Array, centre: Any, spread: Array, nodes: Any, logs: Array
) -> Array:
    r"""``eta (n, K)`` at the mode moves by ``moves (n, q, K)`` while the scores ``centre`` move by ``spread (q, K)``.

    Where the scores of a row of probabilities :math:`p` move by :math:`s`, its log-likelihood has more than its expansion

    .. math:: p^\top s + \tfrac12 \sum_k c_k s_k^2 - \log \sum_k p_k e^{s_k}

    with the curvatures :math:`c`, whatever its label. Of two classes the first has the score zero, which does not move.
    """
    moves, p = np.clip(moves, -_FURTHEST, _FURTHEST), _probabilities(eta)
    stays = expit(-eta) if eta.shape[1] == 1 else np.zeros((len(eta), 1))
    curvature = np.maximum(p * (1.0 - p), _LEAST)
    logs = logs + np.einsum("nk,nqk->qk", weight[:, None] * p, moves) @ nodes.T
    logs += 0.5 * np.einsum("nk,nqk->qk", weight[:, None] * curvature, moves**2) @ (nodes**2).T
    logs -= np.einsum("n,nqm->qm", weight, _log_mass(stays, p, moves, nodes))
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    scores = centre.T[..., None] + spread.T[..., None] * nodes.T[:, None]
    return np.einsum("kqm,qm->qk", _probabilities(scores, axis=0), shares)


def _probabilities(scores: Array, axis: int = 1) -> Array:
    """Of the classes, which are along an axis; of the second of two where there is one score."""
    if scores.shape[axis] == 1:
        return np.asarray(expit(scores))
    found = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(found / found.sum(axis=axis, keepdims=True))


def _log_mass(stays: Array, p: Array, moves: Array, nodes: Array) -> Array:
    """``log(stays + sum_k p_k exp(s_k))`` for ``p (n, K)`` and shifts ``s``: ``moves (n, q, K)`` times ``nodes (m, K)``."""
    grown = np.swapaxes(moves, 1, 2)[..., None] * nodes.T[:, None]
    np.exp(grown, out=grown)
    n, K, *shape = grown.shape
    mass = (p[:, None] @ grown.reshape(n, K, shape[0] * shape[1]))[:, 0]
    return np.log(mass + stays).reshape(n, *shape)


def moderation(eta: Any, P: Any, often: Array) -> float:
    r"""The :math:`\kappa` whose probabilities :math:`p(\kappa \eta)` of scores ``(m, K)`` have the least log-loss under ``P``.

    Rows count ``often (m,)``. The loss is convex: its slope :math:`\sum_{ik} o_i \eta_{ik} (p_{ik} - P_{ik})` has one zero,
    which is bracketed by doubling and halving from one. Where no scale is better than another it is one.
    """
    weighted = often[:, None] * eta

    def slope(log_scale: float) -> float:
        return float((weighted * (_probabilities(np.exp(log_scale) * eta) - P)).sum())

    first = slope(0.0)
    if abs(first) <= _FLAT * np.abs(weighted).sum():
        return 1.0
    step = -np.sign(first) * np.log(2.0)
    for i in range(1, _DOUBLINGS + 1):
        if slope(i * step) * first <= 0:
            return float(np.exp(brentq(slope, (i - 1) * step, i * step, xtol=1e-12)))
    return float(np.exp(_DOUBLINGS * step))


def agreeing(found: Any, scores: Array) -> Array:
    """Probabilities on the side that the scores are on: the largest for the largest."""
    if scores.shape[1] == 1:
        return np.where(scores > 0, np.maximum(found, 0.5), np.minimum(found, 0.5))
    each, best, largest = np.arange(len(found)), scores.argmax(axis=1), found.argmax(axis=1)
    found[each, best], found[each, largest] = found[each, largest], found[each, best]
    return found
