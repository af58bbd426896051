"""What a law explains of tasks beyond their level: how much of their variance, and whether anything of held-out ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.gaussian_em import NOISE_FLOOR
from skmeta._inference.noise import NoiseLaw, fit_noise

Array = NDArray[Any]

ENOUGH_TO_TELL = 3  # tasks, of which each can be held out from two
CLEAR = 4.0  # nats of evidence
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


def explains(gain: Array, counts: Array) -> bool:
    r"""Whether a law makes some held-out tasks clearly more probable than their level alone does, by ``gain (n_tasks,)`` each.

    .. math:: \max_\omega \sum_t c_t \log (1 - \omega + \omega e^{g_t}) > 4

    with :math:`\omega` the share of the tasks that the law is right for: those unlike the others have no veto. Evidence of
    four nats is strong (Kass and Raftery, 1995, JASA 90, section 3.2, call 3 to 5 so).
    """
    odds, share = np.exp(np.minimum(gain, _LARGEST)), 0.5
    for _ in range(_STEPS):
        share = counts @ (share * odds / (1.0 - share + share * odds)) / counts.sum()
    return bool(counts @ np.log1p(share * (odds - 1.0)) > CLEAR)
