"""What a law explains of tasks beyond their level: how much of their variance, and whether anything of held-out ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from skmeta._inference.noise import NOISE_FLOOR, NoiseLaw, fit_noise

Array = NDArray[Any]

ENOUGH_TO_TELL = 3  # tasks, of which each can be held out from two
OF_USE = 1e-3  # probability that a law explains anything of other tasks, before any was held out
_NONE = 1e-9  # guard: a share of none, whose log-odds are finite
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


def probability_of_use(gain: Array, counts: Array, before: float = OF_USE) -> float:
    r"""How probable it is that a law explains anything of held-out tasks, their evidence being ``gain (n_tasks,)`` more.

    It is more than that under the level alone. What was known ``before`` moves with a profile likelihood ratio, :math:`\omega`
    being the share of the tasks that the law is right for:

    .. math:: \log \frac{p}{1 - p} = \log \frac{p_0}{1 - p_0} + \sum_t c_t h_t - \max_t h_t, \quad
        h_t = \log (1 - \hat\omega + \hat\omega e^{g_t}), \quad \hat\omega = \arg\max_\omega \sum_t c_t h_t .

    Those unlike the others have no veto, and one task alone does not say what tasks share. The largest ratio is no smaller than
    a Bayes factor, the ratio's mean; the small :math:`p_0` has to make up for it.
    """
    if not len(gain):
        return before
    share = most_probable_share(gain, counts)
    each = np.logaddexp(np.log1p(-share), np.log(share) + gain)
    ratio = max(float(counts @ each - (np.minimum(counts, 1.0) * each).max()), 0.0)
    return float(expit(logit(before) + ratio))


def useless_at_even_odds(use: float) -> float:
    r"""How probable it is that a law explains nothing, by the ratio in `probability_of_use`, had both been as probable before.

    .. math:: 1 - p' = \Big(1 + \frac{p}{1 - p} \Big/ \frac{p_0}{1 - p_0}\Big)^{-1}
    """
    with np.errstate(divide="ignore"):  # a law that is surely of use
        return float(expit(logit(OF_USE) - logit(use)))


def most_probable_share(
    gain: Array, counts: Array, least: float = _NONE, most: float = 1.0 - _NONE, known: tuple[float, float] = (0.0, 0.0)
) -> float:
    r"""The share :math:`\omega` of two laws' tasks that are of the first, between two bounds.

    .. math:: \arg\max_\omega \sum_t c_t \log (1 - \omega + \omega e^{g_t}) + k_0 \log (1 - \omega) + k_1 \log \omega

    where the first makes tasks more probable by ``gain (n_tasks,)``, tasks count ``counts (n_tasks,)`` times, and so many of
    the second and of the first are ``known``. It is concave in :math:`\omega`, so that its slope has one root.
    """

    def slope(log_odds: float) -> float:
        share = expit(log_odds)
        return float(counts @ (expit(log_odds + gain) - share) + known[1] * expit(-log_odds) - known[0] * share)

    low, high = logit(least), logit(most)
    if slope(low) <= 0.0 or slope(high) >= 0.0:
        return least if slope(low) <= 0.0 else most
    return float(expit(brentq(slope, low, high, xtol=1e-9)))
