"""Tasks held out: each is predicted by the prior that tasks of other folds teach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.explained import probability_of_use
from skmeta.base._evidence import leave_one_out_scores
from skmeta.base._held_out import SHOTS, folds_of, held_out_losses, mean_of_tasks
from skmeta.naive_bayes._learned import learn_prior
from skmeta.naive_bayes._naive_bayes_prior import SharesAlone
from skmeta.tasks import Tasks, take_rows

Array = NDArray[np.float64]


class HeldOut:
    """A collection whose tasks are predicted by what the other folds teach.

    Parameters
    ----------
    estimator : estimator
        A naive Bayes model.
    tasks : Tasks
        The collection.
    learned : NaiveBayesPrior
        From all of it, which stands for the others where there is one task alone.
    cv : int
        Folds of whole tasks.
    """

    def __init__(self, estimator: Any, tasks: Tasks, learned: Any, cv: int) -> None:
        self.estimator, self.tasks = estimator, tasks
        self._folds = [
            (learn_prior(estimator, tasks.take(teach), like=learned) if len(teach) else learned, judge)
            for teach, judge in folds_of(tasks, cv)
        ]

    @property
    def vague_gain(self) -> Array:
        """Log marginal likelihood of each task under a vague prior, less that under the prior that the others teach."""

        def score(prior: Any, part: Tasks, places: NDArray[np.intp]) -> Array:
            priors = [each.log_marginal_likelihood(self.estimator, part) for each in (prior.vague(), prior)]
            return np.asarray(priors[0] - priors[1])

        return self._of_each(self.tasks, score)

    @property
    def use(self) -> float:
        """Probability that the prior is of any use for the labels of other tasks, beyond the classes' shares."""

        def gain(prior: Any, part: Tasks, places: NDArray[np.intp]) -> Array:
            scores = [leave_one_out_scores(each, self.estimator, part) for each in (prior, SharesAlone(prior))]
            return np.asarray(scores[0] - scores[1]) / prior.weight_unit

        weight = self.tasks.task_weights
        return probability_of_use(self._of_each(self.tasks, gain), weight)

    @cached_property
    def scores_of_new(self) -> Array:
        """Minus the log loss of a row of each task, ten of its rows given."""
        return self._of_query(*self.tasks.shots_and_query(SHOTS))

    def scores_with_unlabelled(self, weight: float) -> Array:
        """The same with one row a class given, the labels of the others hidden, which count so much."""
        numbered = self.tasks.with_rows(np.arange(self.tasks.n_rows)[:, None], self.tasks.y)
        shots, query = numbered.shots_and_query(len(self._folds[0][0].classes))
        labelled = np.zeros(self.tasks.n_rows, dtype=bool)
        labelled[shots.X[:, 0]] = True
        query = query.with_rows(take_rows(self.tasks.X, query.X[:, 0]), query.y)
        return self._of_query(replace(self.tasks, labelled=labelled), query, unlabelled_weight=weight)

    def _of_query(self, shots: Tasks, query: Tasks, **changed: Any) -> Array:
        def score(prior: Any, part: Tasks, places: NDArray[np.intp]) -> Array:
            asked = query.take(places)
            adapted = replace(prior, **changed).adapt_tasks(self.estimator, part)
            return -mean_of_tasks(held_out_losses(adapted, asked), asked)

        return self._of_each(shots, score)

    def _of_each(self, tasks: Tasks, score: Callable[..., Array]) -> Array:
        found = np.empty(len(tasks))
        for prior, codes in self._folds:
            found[codes] = score(prior, tasks.take(codes), codes)
        return found
