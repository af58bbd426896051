"""The learner of nets: a start trained on all rows, one that Reptile moved on, or the fallback, as held-out tasks say."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils import check_scalar

from skmeta.base import Prior, register
from skmeta.base._held_out import ENOUGH_FOR_HALVES, halves_of, simplest
from skmeta.base._registry import check_registered
from skmeta.compose import first_component
from skmeta.fallback import SharedModel
from skmeta.fallback._may_take_fallback import MayTakeFallback
from skmeta.neural_network._collection import Collection
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.neural_network._reptile import Reptile
from skmeta.neural_network._score import scores_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

FALLBACK, ALL_ROWS, REPTILE = "fallback", "all rows", "Reptile"


@register(MLPRegressor, MLPClassifier)
class NeuralNetworkLearner(MayTakeFallback):
    r"""Learn what a net starts from in each task, or that one net for all, corrected, predicts better.

    Three things are compared on tasks held out, each given ten rows: the fallback, one net of all tasks and a linear
    correction of it for each (`SharedModel`); the weights of a net trained on the rows of all tasks, from which the
    training of each task goes on; and these weights moved on by `Reptile`. A start is taken where held-out tasks gain
    from it by more than one standard error, Reptile's where they gain beside the other as well; where they do not tell, it
    is the fallback, which has a task's own net beside it in case that the past misleads. A start has no such brake but the
    net's own ``max_iter`` and learning rate. Of fewer than four tasks there are none to ask.

    Parameters
    ----------
    n_iter : int, default=50
        Iterations of Reptile, of five tasks each; the comparison takes two rounds of them, which is most of the time of
        learning where nets train long.
    compare_with_fallback : bool, default=True
        Whether the fallback is learned too. Else a start is taken in any case.
    random_state : int, RandomState or None, default=None
        As in `Reptile`.

    Attributes
    ----------
    scores_ : dict
        Minus the mean loss of held-out tasks, ten rows of each given (root mean squared error; mean log loss or deviance of a
        row), of what was compared.
    chosen_ : {"fallback", "all rows", "Reptile"}
        What was taken. Where learning goes on from a prior, nothing is compared.
    fallback_ : SharedModel
        Fitted; only where it was taken.

    References
    ----------
    A. Nichol, J. Achiam and J. Schulman (2018), On first-order meta-learning algorithms, arXiv 1803.02999.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta import NeuralNetworkLearner, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task, x = np.repeat(np.arange(8), 12), rng.uniform(-1.0, 1.0, 96)
    >>> y = np.abs(x) * rng.choice([-1.0, 1.0], size=8)[task]
    >>> net = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=10, tol=1.0, random_state=0)
    >>> learner = NeuralNetworkLearner(n_iter=5, compare_with_fallback=False)
    >>> WarmStartRegressor(net, task=-1, learner=learner).fit(np.column_stack([x, task]), y).prior_
    ParametersPrior(MLPRegressor 1-8-1 relu, n_tasks=8)
    """

    def __init__(self, n_iter: int = 50, *, compare_with_fallback: bool = True, random_state: Any = None) -> None:
        self.n_iter = n_iter
        self.compare_with_fallback = compare_with_fallback
        self.random_state = random_state

    check_takes = check_registered

    def learn(
        self,
        estimator: Any,
        tasks: Tasks,
        prior: Prior | None = None,
        *,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Prior:
        """Learn a prior from a collection, see `Learner.learn`.

        Parameters
        ----------
        estimator, tasks, prior, n_jobs, progress
            As in `Learner.learn`; from a ``prior`` that is a start Reptile goes on, from any other the fallback.

        Returns
        -------
        Prior
            A `ParametersPrior`, or what the fallback learned.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If it is of another build.
        """
        check_scalar(self.n_iter, "n_iter", Integral, min_val=1)
        self.__dict__.pop("fallback_", None)
        if prior is not None:
            return self._learned_on(estimator, tasks, prior, n_jobs)
        scores = self._held_out(estimator, tasks, n_jobs)
        found: Prior | None = None
        if self.compare_with_fallback:
            fallback = SharedModel()
            found = fallback.learn(estimator, tasks.labelled_rows(), n_jobs=n_jobs)
            judged = np.where(np.isnan(scores[ALL_ROWS]), np.nan, fallback.held_out_scores_)
            scores = {FALLBACK: judged} | scores
        self.scores_ = {name: _mean(each) for name, each in scores.items()}
        self.chosen_ = simplest(scores.items())
        if progress is not None:
            progress(1, 1)
        if found is not None and self.chosen_ == FALLBACK:
            self.fallback_ = fallback
            return found
        start = self._on_all_rows(estimator, tasks)
        return start if self.chosen_ == ALL_ROWS else self._moved_on(start, estimator, tasks, n_jobs)

    def _learned_on(self, estimator: Any, tasks: Tasks, prior: Any, n_jobs: int | None) -> Prior:
        if isinstance(first_component(prior), ParametersPrior):
            return self._reptile.learn(estimator, tasks, prior, n_jobs=n_jobs)
        return SharedModel().learn(estimator, tasks.labelled_rows(), prior, n_jobs=n_jobs)  # it was better for the past

    @property
    def _reptile(self) -> Reptile:
        return Reptile(self.n_iter, random_state=self.random_state)

    def _on_all_rows(self, estimator: Any, tasks: Tasks) -> ParametersPrior:
        past = Collection(estimator, tasks, None, self.random_state)
        return past.prior(past.on_all_rows())

    def _moved_on(self, start: ParametersPrior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> Prior:
        """By Reptile, through the tasks that the start was learned from, which count once."""
        return self._reptile.learn(estimator, tasks, replace(start, n_tasks=0.0, n_rows=0.0), n_jobs=n_jobs)

    def _held_out(self, estimator: Any, tasks: Tasks, n_jobs: int | None) -> dict[str, Array]:
        """Scores ``(n_tasks,)`` by what the other half of the tasks teaches; nan where that has no two labels, or no rows."""
        scores = {name: np.full(len(tasks), np.nan) for name in (ALL_ROWS, REPTILE)}
        known = tasks.weighty_rows().labelled_rows()
        if np.count_nonzero(known.counts) < ENOUGH_FOR_HALVES:
            return scores
        for teach, judge in halves_of(known):
            taught, asked = known.take(teach), known.take(judge)
            if taught.classes is not None and len(np.unique(np.concatenate([*taught.classes]))) < 2:
                continue
            start = self._on_all_rows(estimator, taught)
            scores[ALL_ROWS][judge] = scores_of(start, estimator, asked, n_jobs)
            scores[REPTILE][judge] = scores_of(
                self._moved_on(start, estimator, taught, n_jobs), estimator, asked, n_jobs
            )
        return scores


def _mean(scores: Array) -> float:
    judged = ~np.isnan(scores)
    return float(scores[judged].mean()) if judged.any() else float("nan")
