r"""How often tasks of few counts are to be taken for vague: as often as they say, where they say little.

A count or two are as probable under a law of any slopes, so tasks that say nothing must not be taken for tasks unlike
the others. With :math:`v_t` the evidence of the vague components and :math:`l_t` that of the learned law, and at least
:math:`\pi_0 = 3 / (T + 4)` of :math:`T` tasks being of the former, as in `mixture.assumed_tasks`, their share is

.. math:: \hat\pi = \arg\max_{\pi \ge \pi_0} \sum_t c_t \log \bigl( (1 - \pi) l_t + \pi v_t \bigr)

if the law is of use beyond the tasks' levels (`explained`). If it is not, nothing is known of the next task's slopes, and
the share is the one that leaves a typical past task where it is, so that the insurance is the firmer, the more rows tell:

.. math:: \log \frac{\pi}{1 - \pi} = \log \frac{\pi_0}{1 - \pi_0}
    + \max \Bigl( \frac1T \sum_t c_t \log \frac{l_t}{v_t}, 0 \Bigr) .

The second is a heuristic, with an ablation in ``benchmarks/sparse_counts.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from skmeta._inference.explained import OF_USE, most_probable_share
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import assumed_tasks

Array = NDArray[Any]


def weights_at_few_rows(
    log_evidence: Array, counts: Array, use: float, n_known: float = 0.0, known: tuple[float, float] = (0.0, 1.0)
) -> Array:
    """Weights ``(C,)`` of a learned law, the first, and of the vague ones after it, alike, from held-out tasks.

    The law is of ``use`` with that probability. Of ``n_known`` tasks that were held out before, the vague components' share
    and the probability of use are ``known``: they tell of the share of either case as much as that was the case.
    """
    n_vague = log_evidence.shape[1] - 1
    odds = np.logaddexp.reduce(log_evidence[:, 1:], axis=1) - np.log(n_vague) - log_evidence[:, 0]
    n_tasks, (before, used) = counts.sum(), known
    least, most = _bounds(n_tasks + n_known, n_vague)
    before, seen = float(np.clip(before, *_bounds(n_known, n_vague))), n_known * used
    found = most_probable_share(odds, counts, least, most, (seen * (1.0 - before), seen * before))
    unseen = n_known - seen
    gain = -counts @ odds
    if unseen:  # what it was known to leave a typical task
        gain += unseen * (logit(before) - logit(_bounds(n_known, n_vague)[0]))
    gain = max(gain / max(n_tasks + unseen, TINY), 0.0)
    unexplained = min(float(expit(logit(least) + gain)), 1.0 - OF_USE)
    share = use * found + (1.0 - use) * unexplained
    return np.r_[1.0 - share, np.full(n_vague, share / n_vague)]


def _bounds(n_tasks: float, n_vague: int) -> tuple[float, float]:
    """The least and the largest share of the vague components after so many tasks."""
    known = assumed_tasks(n_vague + 1, n_vague)
    total = n_tasks + known.sum()
    return known[1:].sum() / total, 1.0 - known[0] / total
