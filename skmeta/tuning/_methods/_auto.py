"""The past's tasks and the task alone, each by its evidence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._candidates import CandidateEncoder, Candidates
from skmeta.tuning._methods._gp import TaskAlone
from skmeta.tuning._methods._method import Method
from skmeta.tuning._methods._task_gp import Transfer
from skmeta.tuning._surrogates.posterior import Posterior, mixture_of


class TransferOrAlone(Method):
    """The mixture of both, by their evidence and by how often past tasks were explained by the others."""

    explores = True

    def __init__(self, encoder: CandidateEncoder, rng: np.random.Generator) -> None:
        super().__init__(encoder, rng)
        self._transfer, self._alone = Transfer(encoder, rng), TaskAlone(encoder, rng, self._past.log_scale)

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates; see `Method`."""
        transfer = self._transfer.posterior(tried, pool, scores, noise, scale)
        if len(scores) < 2:  # one does not say how much trials differ
            return transfer
        alone = self._alone.posterior(tried, pool, scores, noise, scale)
        log_weight = float(self._past.log_weights[-1])
        if np.ptp(scores) > 0:
            return mixture_of([transfer, alone.times(log_weight)])
        # Equal scores speak for what predicts the least differences, without end: not for who is right.
        return mixture_of([transfer.of_total(np.log1p(-np.exp(log_weight))), alone.of_total(log_weight)])
