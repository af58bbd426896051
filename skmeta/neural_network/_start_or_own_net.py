"""A learned start with the task's own net beside it, in case that the past misleads: the better one of them is taken."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skmeta._inference.mixture import learn_weights
from skmeta.base import AdaptedEstimators
from skmeta.compose._adapted_mixture import AdaptedMixture
from skmeta.compose._with_own_model import KnownScores, PriorWithOwnModel
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.neural_network._score import own_net_beside

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class StartOrOwnNet(PriorWithOwnModel):
    r"""A learned start and the plain net, which is trained from its own random weights; a task has one of them.

    It is the one under which

    .. math:: \log \omega_c + \sum_i \log p_c(y_i \mid y_{-i}, x)

    is the largest: how often held-out tasks were better off with it, and how well it predicts each of the task's rows from
    the others (from twenty-one rows on, each fifth of them). Weights of nets that started apart have no mean, and a vote of
    both would be no net. A task of one row or none has the start. So adapting trains a net twice for each row besides.

    Parameters
    ----------
    components : sequence of Prior
        A `ParametersPrior` and an `OwnModelPrior`.
    weights, names, weights_without_rows
        As in `MixturePrior`.

    References
    ----------
    M. Stone (1974), Cross-validatory choice and assessment of statistical predictions, JRSS B 36.
    """

    def beside(self, adapted: AdaptedEstimators, known: KnownScores | None = None) -> AdaptedEstimators:
        """Of nets that the start has led to, and own nets, that which predicts a task's rows better.

        Parameters
        ----------
        adapted : AdaptedEstimators
            Of the start.
        known : KnownScores, default=None
            What learning from the same tasks has found of some of them.

        Returns
        -------
        AdaptedEstimators
            Of the same tasks.
        """
        tasks, best = adapted.tasks, np.zeros(len(adapted.tasks), dtype=np.intp)
        asked = np.flatnonzero(tasks.labelled_rows().counts > 1)
        if len(asked):
            with np.errstate(divide="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # of trainings that nobody keeps
                best[asked] = np.argmax(self.log_scores(adapted, asked, known) + np.log(self.weights), axis=1)
        own = self.components[1].adapt_tasks(adapted.model, tasks)
        return AdaptedMixture(self, adapted.model, tasks, [adapted, own], np.eye(2)[best])


def start_or_own_net(start: ParametersPrior, scores: Array) -> StartOrOwnNet:
    """Put the task's own net beside a start.

    Parameters
    ----------
    start : ParametersPrior
        What was learned.
    scores : ndarray of shape (n_tasks, 2)
        Of held-out tasks under a start that other tasks taught, and under their own nets, each row's logarithm summed.

    Returns
    -------
    StartOrOwnNet
        Whose weights count one task of the start and three of the own net beside these.
    """
    return StartOrOwnNet(
        [start, own_net_beside(start)], learn_weights(scores), ("learned", "own net"), np.array([1.0, 0.0])
    )
