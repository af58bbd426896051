r"""How often tasks of few counts are to be taken for vague: as often as they say, where they say little.

A count or two are as probable under a law of any slopes, so tasks that say nothing must not be taken for tasks unlike
the others. With :math:`v_t` the evidence of the vague components and :math:`l_t` that of the learned law, the share of
tasks that are of the former is at least :math:`\pi_0 = 3 / (T + 4)`, as in `mixture.assumed_tasks`, and

.. math:: \hat\pi = \arg\max_{\pi \ge \pi_0} \sum_t c_t \log \bigl( (1 - \pi) l_t + \pi v_t \bigr) .
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from skmeta._inference.mixture import assumed_tasks, learn_weights

Array = NDArray[Any]

_SURE = 0.999  # share of the vague components beyond which no law would be found again


def weights_of_few(log_evidence: Array, counts: Array, n_vague: int, use: float) -> Array:
    r"""Weights ``(C,)`` of a learned law, the first, and the ``n_vague`` vague ones after it, from held-out tasks.

    The law is of ``use`` beyond the tasks' levels with that probability (`explained`). Where it is not, nothing is known of
    the next task's slopes. Then the vague
    components have as much weight as leaves a typical past task where it is, so that the insurance is the firmer, the more
    rows tell: its log-odds are :math:`\log \frac{\pi_0}{1 - \pi_0} + \frac1T \sum_t c_t \log \frac{l_t}{v_t}`.
    """
    known = assumed_tasks(log_evidence.shape[1], n_vague)
    inside = learn_weights(log_evidence, counts, known)[1:]
    inside /= inside.sum()
    odds = np.logaddexp.reduce(log_evidence[:, 1:] + np.log(inside), axis=1) - log_evidence[:, 0]
    total = counts.sum() + known.sum()
    least, most = known[1:].sum() / total, 1.0 - known[0] / total
    unexplained = min(float(expit(logit(least) - counts @ odds / counts.sum())), _SURE)
    share = use * _most_probable(odds, counts, least, most) + (1.0 - use) * unexplained
    return np.r_[1.0 - share, share * inside]


def _most_probable(odds: Array, counts: Array, least: float, most: float) -> float:
    """The share of largest likelihood between two bounds: the likelihood is concave in it."""

    def slope(log_odds: float) -> float:
        return float(counts @ (expit(log_odds + odds) - expit(log_odds)))

    low, high = logit(least), logit(most)
    if slope(low) <= 0.0 or slope(high) >= 0.0:
        return least if slope(low) <= 0.0 else most
    return float(expit(brentq(slope, low, high, xtol=1e-9)))
