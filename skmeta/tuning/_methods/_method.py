"""What a method of a search is: a model of candidates' scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.tuning._candidates import CandidateEncoder, Candidates
from skmeta.tuning._past_tasks import PastTasks
from skmeta.tuning._surrogates.posterior import Posterior


class Method:
    """How a search models scores.

    Parameters
    ----------
    encoder : CandidateEncoder
        Makes coordinates of candidates, and knows what past tasks expect of them.
    rng : numpy.random.Generator
        All that is random comes from it.

    Attributes
    ----------
    n_unmodelled : float
        Trials before scores are modelled: a portfolio of the past or, without one, an initial design.
    uses_past : bool
        Whether it asks past tasks.
    explores : bool
        Whether the search also looks where neither past nor model point to; see `Suggester`.
    """

    n_unmodelled: float = 0
    uses_past = True
    explores = False

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
