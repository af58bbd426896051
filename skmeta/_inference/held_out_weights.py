"""Weights of a robust mixture's components, from tasks held out and from what earlier ones told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import n_own
from skmeta._inference.explained import ENOUGH_TO_TELL, OF_USE, probability_of_use
from skmeta._inference.few_counts import weights_at_few_rows
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import assumed_tasks, learn_weights, weights_by_use, weights_of_use

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Tasks that were held out: their ``log_evidence (n_tasks, C)``, the same under an ``intercept_alone (n_tasks,)``.

    They count ``counts (n_tasks,)`` times, and are a ``share`` of the tasks learned from: what was known before counts
    by as much less.
    """

    log_evidence: Array
    intercept_alone: Array
    counts: Array
    share: float = 1.0

    def of_common_slopes(self, likelihood: Likelihood) -> HeldOut:
        """The same where slopes are known to be in common: no task tells of slopes of its own."""
        evidence = self.log_evidence.copy()
        evidence[:, -n_own(likelihood) :] = -np.inf
        return replace(self, log_evidence=evidence)


@dataclass(frozen=True, eq=False)
class Weights:
    """How often a task is of each component ``(C,)``, as ``n_tasks`` told, the law being of ``use`` with that probability.

    NaN is the weight of a component that is new.
    """

    of_components: Array
    use: float = 1.0
    n_tasks: float = 0.0


def held_out_weights(
    tasks: HeldOut, likelihood: Likelihood, past: Weights | None, *, poissons: bool, judged: bool = True
) -> Weights:
    """`Weights` of the components, of counts ``poissons`` if they scatter no more than Poisson's (`few_counts`).

    Learning on starts at the ``past``'s probability of use, and its tasks count. Where none is ``judged``, or too few tasks
    tell, the law is taken to be of use: what one task alone teaches is too little for more than its intercept.
    """
    past = None if past is None or past.n_tasks <= 0.0 else past
    use = _use(tasks, past) if judged else 1.0
    if poissons:
        given: Any = () if past is None else (tasks.share * past.n_tasks, (_vague_share(past), past.use))
        weights = weights_at_few_rows(tasks.log_evidence, tasks.counts, use, *given)
    else:
        often = learn_weights(tasks.log_evidence, tasks.counts, _known(tasks, past, likelihood))
        weights = weights_by_use(often, use, likelihood)
    return Weights(weights, use, float(tasks.counts.sum()))


def _use(tasks: HeldOut, past: Weights | None) -> float:
    """The probability that the law is of use; one where fewer tasks than can tell were ever held out."""
    told = past is not None and past.n_tasks >= ENOUGH_TO_TELL
    if not told and len(tasks.counts) < ENOUGH_TO_TELL:
        return 1.0
    before = past.use if past is not None and told else OF_USE
    return probability_of_use(tasks.log_evidence[:, 0] - tasks.intercept_alone, tasks.counts, before)


def _known(tasks: HeldOut, past: Weights | None, likelihood: Likelihood) -> Array:
    """How many tasks of each component ``(C,)`` were known before: those assumed, and a share of the past's."""
    assumed = assumed_tasks(tasks.log_evidence.shape[1], n_own(likelihood))
    if past is None:
        return assumed
    new = np.isnan(past.of_components)
    often = weights_of_use(np.where(new, 0.0, past.of_components), past.use, likelihood)
    known = (tasks.share * past.n_tasks + assumed.sum()) * often
    return np.maximum(np.where(new, assumed, known), TINY)


def _vague_share(past: Weights) -> float:
    return float(1.0 - past.of_components[0])
