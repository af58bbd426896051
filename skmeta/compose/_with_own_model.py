"""A learned prior with the task's own model beside it, in case that the past misleads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from skmeta._inference.mixture import learn_weights
from skmeta.base import AdaptedEstimators, Prior
from skmeta.compose._adapted_mixture import AdaptedMixture
from skmeta.compose._mixture_prior import MixturePrior
from skmeta.compose._own_model import OwnModel
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

_LOOKED_AT = 12  # speed: past tasks whose own models are fitted, to learn how often these are the better ones


@dataclass(frozen=True, eq=False, repr=False)
class PriorWithOwnModel(MixturePrior):
    r"""A mixture of a learned prior and the task's own model, which is fitted only where it may matter.

    Both are judged by how well they predict each of a task's rows from its others. An own model that costs many fits is
    asked where past tasks say that it is the better one for most, or where a task's rows say that it is more likely
    unlike the past than not: where the probability that either holds exceeds one half.

    Parameters
    ----------
    components : pair of Prior
        The learned prior, and an `OwnModel`.
    weights, names, weights_without_rows
        As in `MixturePrior`.
    """

    def __repr__(self) -> str:
        return f"{self.components[0]!r}, own model {self.weights[1]:.2g}"

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Adapt ``estimator`` to each of some tasks.

        Parameters
        ----------
        estimator : estimator
            The model of one task.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Parallel jobs over tasks.

        Returns
        -------
        AdaptedEstimators
            Those of the learned prior, averaged with own models where these were asked.
        """
        return self.beside(self.components[0].adapt_tasks(estimator, tasks, n_jobs=n_jobs))

    def beside(self, adapted: AdaptedEstimators) -> AdaptedEstimators:
        """The mixture of estimators that the learned prior has adapted already and of own models.

        Parameters
        ----------
        adapted : AdaptedEstimators
            Of the learned prior.

        Returns
        -------
        AdaptedEstimators
            Of the same tasks.
        """
        own, tasks, estimator = self.components[1], adapted.tasks, adapted.model
        weights = np.tile([1.0, 0.0], (len(tasks), 1))
        asked = np.flatnonzero((tasks.counts > 0) & (np.maximum(self.weights[1], adapted.unlike_past) > 0.5))
        if len(asked):
            evidence = own.log_evidence(estimator, tasks.take(asked))
            known = asked[np.isfinite(evidence)]
            difference = evidence[np.isfinite(evidence)] - adapted.leave_one_out_scores(known)
            odds = expit(difference + logit(self.weights[1]))
            weights[known] = np.column_stack([1.0 - odds, odds])
        return AdaptedMixture(self, estimator, tasks, [adapted, own.adapt_tasks(estimator, tasks)], weights)


def with_own_model(
    prior: Prior, estimator: Any, tasks: Tasks, scores: Callable[[NDArray[np.intp]], Array] | None = None
) -> PriorWithOwnModel:
    """A learned prior with the task's own model beside it, as often as past tasks were better off with that.

    Parameters
    ----------
    prior : Prior
        What was learned.
    estimator : estimator
        The model of one task.
    tasks : Tasks
        What it was learned from.
    scores : callable, default=None
        ``scores(codes)`` are the log scores of some past tasks, each row predicted from the others; None for those of
        ``prior.adapt_tasks``. It is for priors that have seen the rows.

    Returns
    -------
    PriorWithOwnModel
        Whose weights count one task of the learned kind, and three of the other, beside those looked at.
    """
    looked_at = spread_out(tasks, _LOOKED_AT)
    own = OwnModel(classes=prior.classes, feature_names=prior.feature_names)
    if scores is None:
        scores = prior.adapt_tasks(estimator, tasks).leave_one_out_scores
    evidence = np.column_stack([scores(looked_at), own.log_evidence(estimator, tasks.take(looked_at))])
    each = np.full(len(looked_at), len(tasks) / len(looked_at))
    return PriorWithOwnModel([prior, own], learn_weights(evidence, each), ("learned", "own model"), [1.0, 0.0])


def spread_out(tasks: Tasks, n_tasks: int) -> NDArray[np.intp]:
    """Some tasks, of all sizes.

    Parameters
    ----------
    tasks : Tasks
        The past.
    n_tasks : int
        How many, at most.

    Returns
    -------
    ndarray of int
        Their codes, ascending.
    """
    by_size = np.argsort(tasks.counts, kind="stable")
    places = np.unique(np.linspace(0, len(tasks) - 1, min(n_tasks, len(tasks))).round().astype(np.intp))
    return np.sort(by_size[places])
