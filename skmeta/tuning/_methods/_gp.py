"""A Gaussian process of the task's own trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._candidates import CandidateEncoder, Candidates
from skmeta.tuning._methods._method import Method
from skmeta.tuning._surrogates.gp import Kernel
from skmeta.tuning._surrogates.posterior import Posterior
from skmeta.tuning._surrogates.task_gp import task_posterior


class TaskAlone(Method):
    """The task's own trials, as if there were no past; see `task_posterior`.

    Parameters
    ----------
    encoder, rng
        As for `Method`.
    log_scale : ndarray of shape (2,), default=None
        The logarithm of a task's scale, its mean and spread, where past tasks say so.
    """

    n_unmodelled = 4
    uses_past = False
    explores = True

    def __init__(
        self, encoder: CandidateEncoder, rng: np.random.Generator, log_scale: NDArray[np.float64] | None = None
    ) -> None:
        super().__init__(encoder, rng)
        self._log_scale = log_scale
        self._kernel: Kernel | None = None  # the last one learned, from which the next starts

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates; see `Method`."""
        return self.with_kernel(tried, pool, scores, noise, scale)[0]

    def with_kernel(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> tuple[Posterior, Kernel]:
        """The posterior, and the kernel that was learned for it."""
        trials, groups = (tried.points, noise), self._encoder.space.groups
        log_scale = None if self._log_scale is None else self._log_scale - [np.log(scale), 0.0]
        posterior, self._kernel = task_posterior(scores, trials, pool.points, groups, self._kernel, log_scale)
        return posterior, self._kernel
