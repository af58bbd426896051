"""The methods of a search: how each makes a posterior of candidates' scores, a class each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._candidates import CandidateEncoder, Candidates
from skmeta.tuning._past_tasks import PastTasks
from skmeta.tuning._surrogates.gp import Kernel, matern
from skmeta.tuning._surrogates.posterior import Posterior, mixture_of
from skmeta.tuning._surrogates.ranking import ensemble_posterior, leave_one_out, ranking_weights
from skmeta.tuning._surrogates.task_gp import task_posterior, transfer_posterior


class Method:
    """How a search models scores; this one never does.

    Parameters
    ----------
    encoder : CandidateEncoder
        Makes coordinates of candidates, and knows what past tasks expect of them.
    rng : numpy.random.Generator
        All that is random comes from it.
    """

    n_unmodelled: float = np.inf  # trials before scores are asked
    uses_past = True

    def __init__(self, encoder: CandidateEncoder, rng: np.random.Generator) -> None:
        self._encoder = encoder
        self._rng = rng

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates.

        Parameters
        ----------
        tried, pool : Candidates
            What was tried, and what may be.
        scores, noise : ndarray of shape (n_tried,)
            Standardized scores of what was tried, and the relative variances of their noise.
        scale : float
            What the scores were divided by.

        Returns
        -------
        Posterior
            Of the standardized scores.
        """
        raise NotImplementedError(f"{type(self).__name__} models no scores")

    @property
    def _past(self) -> PastTasks:
        if self._encoder.past is None:
            raise ValueError(f"past: wanted models of past tasks for {type(self).__name__}, found none.")
        return self._encoder.past


class TaskAlone(Method):
    """A Gaussian process of the task's own trials."""

    n_unmodelled = 4
    uses_past = False

    def __init__(self, encoder: CandidateEncoder, rng: np.random.Generator) -> None:
        super().__init__(encoder, rng)
        self._kernel: Kernel | None = None  # the last one learned, from which the next starts

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates; see `Method`."""
        return self.with_kernel(tried, pool, scores, noise)[0]

    def with_kernel(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64]
    ) -> tuple[Posterior, Kernel]:
        """The posterior, and the kernel that was learned for it."""
        groups = self._encoder.space.groups
        posterior, kernel = task_posterior(scores, (tried.points, noise), pool.points, groups, self._kernel)
        self._kernel = kernel
        return posterior, kernel


class Transfer(Method):
    """The task as a draw around the mean of past tasks; see `transfer_posterior`."""

    n_unmodelled = 0

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


class TransferOrAlone(Method):
    """The mixture of both, by their evidence and by how often past tasks were explained by the others."""

    n_unmodelled = 0

    def __init__(self, encoder: CandidateEncoder, rng: np.random.Generator) -> None:
        super().__init__(encoder, rng)
        self._transfer, self._alone = Transfer(encoder, rng), TaskAlone(encoder, rng)

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


class RankingEnsemble(Method):
    """Past tasks' models and the task's own, weighted by how well each ranks the trials."""

    n_unmodelled = 4

    def __init__(self, encoder: CandidateEncoder, rng: np.random.Generator) -> None:
        super().__init__(encoder, rng)
        self._alone = TaskAlone(encoder, rng)

    def posterior(
        self, tried: Candidates, pool: Candidates, scores: NDArray[np.float64], noise: NDArray[np.float64], scale: float
    ) -> Posterior:
        """Of the scores of a pool of candidates; see `Method`."""
        alone, kernel = self._alone.with_kernel(tried, pool, scores, noise)
        left_out = leave_one_out(kernel, tried.points, scores, noise)
        weights = ranking_weights(scores, (tried.past_means, self._encoder.past_sds(tried)), left_out, self._rng)
        tasks = np.flatnonzero(weights[:-1])
        past = pool.past_means[tasks], self._encoder.past_sds(pool, tasks)
        return ensemble_posterior(weights[[*tasks, -1]], past, alone)


METHODS: dict[str, type[Method]] = {
    "auto": TransferOrAlone,
    "task_gp": Transfer,
    "rgpe": RankingEnsemble,
    "portfolio": Method,
    "gp": TaskAlone,
}
