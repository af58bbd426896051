"""What a law explains of tasks beyond their level: how much of their variance, and whether anything of held-out ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from skmeta._inference.gaussian_em import NOISE_FLOOR
from skmeta._inference.noise import NoiseLaw, fit_noise

Array = NDArray[Any]

ENOUGH_TO_TELL = 3  # tasks, of which each can be held out from two
_OF_USE = 1e-3  # probability that a law explains anything of other tasks, before any was held out
_STEPS = 50  # guard: EM for one share has settled
_LARGEST = 700.0  # guard: logarithm of a number
_NO_ROWS = 1e-6  # guard: degrees of freedom of a single row


def law_of_variances(square: Array, n_rows: Array, counts: Array) -> NoiseLaw:
    """The law of a target's variances within tasks: the law of the noise where no slope matters.

    ``square (n_tasks,)`` are its squares around each task's own level, summed; a task counts ``counts (n_tasks,)`` times.
    """
    dof = np.maximum(n_rows - 1.0, _NO_ROWS)
    level, law_dof = fit_noise(square / dof, dof, counts)
    return NoiseLaw(max(float(level), NOISE_FLOOR), float(law_dof))


def share_explained(noise: Any, within: NoiseLaw) -> float:
    """The share of a target's variance within tasks that their coefficients explain: one minus noise over variance."""
    return float(np.clip(1.0 - noise / within.level, 0.0, 1.0))


def probability_of_use(gain: Array, counts: Array) -> float:
    r"""How probable it is that a law explains anything of held-out tasks, their evidence being ``gain (n_tasks,)`` more.

    It is more than that under the level alone. Bayes' rule for two laws, prior odds and Bayes factor (Kass and Raftery, 1995,
    JASA 90, section 1):

    .. math:: \frac{p}{1 - p} = \frac{p_0}{1 - p_0} \exp \Bigl( \sum_t c_t h_t - \max_t h_t \Bigr), \quad
        h_t = \log (1 - \omega + \omega e^{g_t})

    with :math:`\omega` the share of the tasks that the law is right for, of largest :math:`\sum_t c_t h_t`: those unlike the
    others have no veto, and one task alone does not say what tasks share.
    """
    odds, share = np.exp(np.minimum(gain, _LARGEST)), 0.5
    for _ in range(_STEPS):
        share = counts @ (share * odds / (1.0 - share + share * odds)) / counts.sum()
    each = np.log1p(share * (odds - 1.0))
    factor = max(float(counts @ each - (np.minimum(counts, 1.0) * each).max()), 0.0)
    return float(expit(logit(_OF_USE) + factor))
