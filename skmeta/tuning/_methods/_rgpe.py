"""Past tasks' models and the task's own, weighted by how well each ranks the trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._candidates import CandidateEncoder, Candidates
from skmeta.tuning._methods._gp import TaskAlone
from skmeta.tuning._methods._method import Method
from skmeta.tuning._surrogates.posterior import Posterior
from skmeta.tuning._surrogates.ranking import ensemble_posterior, leave_one_out, ranking_weights


class RankingEnsemble(Method):
    """The ranking-weighted ensemble of Gaussian processes; see `ranking_weights`."""

    n_unmodelled = 4

    def __init__(self, encoder: CandidateEncoder, rng: np.random.Generator) -> None:
        super().__init__(encoder, rng)
        self._alone = TaskAlone(encoder, rng)

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates; see `Method`."""
        alone, kernel = self._alone.with_kernel(tried, pool, scores, noise, scale)
        left_out = leave_one_out(kernel, tried.points, scores, noise)
        weights = ranking_weights(scores, (tried.past_means, self._encoder.past_sds(tried)), left_out, self._rng)
        tasks = np.flatnonzero(weights[:-1])
        past = pool.past_means[tasks], self._encoder.past_sds(pool, tasks)
        return ensemble_posterior(weights[[*tasks, -1]], past, alone)
