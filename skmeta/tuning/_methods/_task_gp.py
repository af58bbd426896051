"""The task as a draw around the mean of past tasks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._candidates import Candidates
from skmeta.tuning._methods._method import Method
from skmeta.tuning._surrogates.gp import matern
from skmeta.tuning._surrogates.posterior import Posterior
from skmeta.tuning._surrogates.task_gp import transfer_posterior


class Transfer(Method):
    """Mean and covariance of past tasks, and something specific to this one; see `transfer_posterior`."""

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates; see `Method`."""
        past, both = self._past, tried + pool
        covariance = past.variance * matern(tried.joint_points, both.joint_points, self._encoder.joint_lengths)
        specific = covariance, np.full(len(both.params), past.variance)
        log_scale = past.log_scale - [np.log(scale), 0.0]
        noise = past.noise * noise
        return transfer_posterior(scores, noise, both.past_means, specific, past.log_weights[:-1], log_scale)
