"""What a law explains of tasks beyond their level: how much of their variance, and whether anything of held-out ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.noise import NoiseLaw, fit_noise

Array = NDArray[Any]

_CLEAR = 4.0  # nats of evidence
_STEPS = 50  # of EM for one share
_LARGEST = 700.0  # logarithm of a number


def law_of_variances(tasks: Any) -> NoiseLaw:
    """The law of the variances of a target within tasks, around each task's own level: the noise where no slope matters."""
    dof = np.maximum(tasks.n_rows - 1.0, 1e-6)
    return NoiseLaw(*map(float, fit_noise(tasks.square_within / dof, dof, tasks.counts)))


def share_explained(tasks: Any, law: CoefficientLaw) -> float:
    """The share of a target's variance within tasks that their coefficients explain: one minus noise over variance."""
    return float(np.clip(1.0 - law.noise / law_of_variances(tasks).level, 0.0, 1.0))


def explains(gain: Array, counts: Array) -> bool:
    r"""Whether a law makes some held-out tasks clearly more probable than their level alone does, by ``gain (n_tasks,)`` each.

    .. math:: \max_\omega \sum_t c_t \log (1 - \omega + \omega e^{g_t}) > 4

    with :math:`\omega` the share of the tasks that the law is right for, so that no single task decides. Evidence of four
    nats is strong (Kass and Raftery, 1995, JASA 90, section 3.2, call 3 to 5 so).
    """
    odds, share = np.exp(np.minimum(gain, _LARGEST)), 0.5
    for _ in range(_STEPS):
        share = counts @ (share * odds / (1.0 - share + share * odds)) / counts.sum()
    return bool(counts @ np.log1p(share * (odds - 1.0)) > _CLEAR)
