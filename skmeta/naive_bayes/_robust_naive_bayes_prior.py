"""A learned law with a vague one beside it, in case that the past misleads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.mixture import learn_weights
from skmeta.compose import MixturePrior, PriorWithOwnModel


@dataclass(frozen=True, eq=False, repr=False)
class RobustNaiveBayesPrior(PriorWithOwnModel):
    r"""A mixture of a learned law and a vague one, which stands for the task's own model.

    A task is as unlike the past as the larger of two differences between the laws, in favour of the vague one, says: of the
    marginal likelihood of its rows and labels, to which columns say much, and of the log score of its labels, each
    predicted from the other rows, which alone tells where past classes did not differ.

    Parameters
    ----------
    components : pair of NaiveBayesPrior
        The learned law and the vague one.
    weights, names, weights_without_rows
        As in `MixturePrior`.
    """

    def __repr__(self) -> str:
        return f"{self.components[0]!r}, vague {self.weights[1]:.2g}"

    def log_scores(self, adapted: Any, codes: NDArray[np.intp], known: Any = None) -> NDArray[np.float64]:
        """Log odds of the vague law beside those of the learned one, see `PriorWithOwnModel.log_scores`.

        Parameters
        ----------
        adapted : AdaptedNaiveBayes
            Of the learned law.
        codes : ndarray of int
            The tasks, from 0.
        known : None
            Not used.

        Returns
        -------
        ndarray of shape (n_codes, 2)
            The first are zero.
        """
        gain = adapted.vague_gain[codes]
        return np.column_stack([np.zeros(len(gain)), gain])

    def _joint(self, estimator: Any, tasks: Any) -> NDArray[np.float64]:
        """By densities, which both have."""
        return MixturePrior._joint(self, estimator, tasks)


def with_vague_component(learned: Any, gain: NDArray[np.float64], use: float) -> RobustNaiveBayesPrior:
    """The mixture whose weights are those under which past tasks are most probable.

    Parameters
    ----------
    learned : NaiveBayesPrior
        The learned law.
    gain : ndarray of shape (n_tasks,)
        Differences of log marginal likelihoods of tasks held out, in favour of the vague law.
    use : float
        Probability that the learned law is of any use for other tasks; tasks count by it, see `with_own_model`.

    Returns
    -------
    RobustNaiveBayesPrior
        A task without rows is of the learned law.
    """
    weights = learn_weights(np.column_stack([np.zeros(len(gain)), gain]), np.full(len(gain), use))
    return RobustNaiveBayesPrior([learned, learned.vague()], weights, ("learned", "vague"), [1.0, 0.0])
