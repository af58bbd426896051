"""The learner of nets: a start trained on all rows, one that MAML or Reptile moved on, or the fallback, as tasks say."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils import check_scalar

from skmeta.base import AdaptedEstimators, Learner, Prior, register
from skmeta.base._fingerprint import fingerprint
from skmeta.base._keeps_seen_tasks import KeepsSeenTasks
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.base._registry import check_registered
from skmeta.compose import first_component, with_first
from skmeta.fallback import SharedModel
from skmeta.fallback._may_take_fallback import MayTakeFallback
from skmeta.neural_network._comparison import ALL_ROWS, FALLBACK, Fallback, Starts
from skmeta.neural_network._fitting_learner import fitting_learner
from skmeta.neural_network._maml import MAML
from skmeta.neural_network._parameter_average import ParameterAverage
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.neural_network._reptile import Reptile
from skmeta.neural_network._start_or_own_net import StartOrOwnNet, start_or_own_net
from skmeta.tasks import Tasks
from skmeta.tasks._words import shown

_OF_STARTS = (MAML, Reptile, ParameterAverage)
_PARTS = 4  # shown: of the work: the fallback, two halves of the tasks, and the start that is taken


@register(MLPRegressor, MLPClassifier)
class NeuralNetworkLearner(MayTakeFallback):
    r"""Learn where the training of a net starts in each task, or take one corrected net for all if that predicts better.

    Three things are compared on held-out tasks, each given ten rows: the fallback, one net of all tasks and a linear
    correction of it for each (`SharedModel`); the weights of a net trained on the rows of all tasks, from which the
    training of each task goes on; and these weights moved on by the learner that suits the net's own training. With "auto"
    that is

    * `MAML` for training of at most ten steps, through all of which its gradient goes: ``max_iter`` of ten or fewer, where
      a task's rows are one batch. It is exact with ``solver="sgd"``, of first order with "adam".
    * `Reptile` for longer training, for ``solver="lbfgs"`` and ``early_stopping``, and where no task has two rows.

    A start is taken where held-out tasks gain from it by more than one standard error; the start that was trained further has
    to gain over the other one as well. Otherwise the fallback is taken. Each half of the tasks judges what is learned from the
    other half, by as many passes through its tasks as through all. A candidate that falls behind on average in the first half
    is not tried in the second. Weights trained on all rows are not trained further where the fallback is better than these by
    more than one standard error. With fewer than four tasks no comparison is possible.

    Beside a start stands a new task's own net, in case the past misleads. A cross-validation of the task's rows, with at most
    five folds, compares both; the net trained from random weights is taken where it is better by more than one standard error.
    So adapting to a new task takes up to eleven trainings of the net in place of one. A learner of starts by itself, such as
    `Reptile`, gives the start alone. Tasks that the start was learned from have the start.

    Parameters
    ----------
    n_iter : int, default=50
        Iterations of Reptile, of five tasks each, or a twentieth of those of MAML, where ``learner="auto"``. Where a moved
        start comes near, the comparison takes as many again.
    compare_with_fallback : bool, default=True
        Whether the fallback is learned too. Else a start is taken in any case.
    learner : "auto" or Learner, default="auto"
        "auto" as above, or a `MAML`, `ANIL`, `MetaSGD`, `Reptile` or `ParameterAverage`, which then learns the start alone,
        as it does by itself: the weights trained on all rows are no choice, and it is only compared with the fallback.
    random_state : int, RandomState or None, default=None
        As in `Reptile`.

    Attributes
    ----------
    scores_ : dict
        Minus the mean loss of held-out tasks, ten rows of each given (root mean squared error; mean log loss or deviance of a
        row), of what was compared: "fallback", "all rows", and the name of the learner, nan of what was not asked.
    chosen_ : str
        Which of them was taken. Where learning goes on from a prior, nothing is compared, and it is not there.
    learner_ : Learner
        That which moved the start on, fitted; only where it did.
    fallback_ : SharedModel
        Fitted; only where it was taken.

    References
    ----------
    A. Nichol, J. Achiam and J. Schulman (2018), On first-order meta-learning algorithms, arXiv 1803.02999.
    C. Finn, P. Abbeel and S. Levine (2017), Model-agnostic meta-learning for fast adaptation of deep networks, ICML.

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
    >>> model = WarmStartRegressor(net, task=-1, learner=learner).fit(np.column_stack([x, task]), y)
    >>> list(model.learner_.scores_)
    ['all rows', 'Reptile']
    >>> model.prior_.components[0]
    ParametersPrior(MLPRegressor 1-8-1 relu, n_tasks=8)
    """

    def __init__(
        self,
        n_iter: int = 50,
        *,
        compare_with_fallback: bool = True,
        learner: Any = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_iter = n_iter
        self.compare_with_fallback = compare_with_fallback
        self.learner = learner
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
            As in `Learner.learn`; from a ``prior`` that is a start its learner goes on, from any other the fallback.

        Returns
        -------
        Prior
            A `StartOrOwnNet`, or what the fallback learned.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If it is of another build, ``learner`` is none of those, there are fewer than two classes, or ``learning_rate_init``
            is so large that the net cannot be trained on the rows of all tasks.
        """
        check_scalar(self.n_iter, "n_iter", Integral, min_val=1)
        self._forget()
        moves = self._moving_learner(estimator, tasks)
        if prior is not None:
            return self._learned_on(moves, estimator, tasks, prior, n_jobs, progress)
        is_auto = isinstance(self.learner, str)
        starts = Starts(estimator, moves, self.random_state, after_all_rows=is_auto, n_jobs=n_jobs)
        parts = PartsOfWork(progress, _PARTS)
        fallback = Fallback(estimator, tasks, n_jobs, parts.part(0)) if self.compare_with_fallback else None
        found = starts.compared(tasks, None if fallback is None else fallback.scores, parts)
        self.scores_, self.chosen_ = found.means, found.choice
        learned = self._chosen(starts, fallback, tasks, parts.part(_PARTS - 1))
        parts.finish()
        return learned

    def _forget(self) -> None:
        """What an earlier call has found, so that two are as the second alone."""
        for name in ("scores_", "chosen_", "learner_", "fallback_", "_seen"):
            self.__dict__.pop(name, None)

    def _moving_learner(self, estimator: Any, tasks: Tasks) -> Any:
        if isinstance(self.learner, str) and self.learner == "auto":
            return fitting_learner(estimator, tasks, self.n_iter, self.random_state)
        if not isinstance(self.learner, _OF_STARTS):
            raise ValueError(
                f"learner: wanted 'auto' or a learner of starts, such as Reptile(), found {shown(self.learner)}; give one of "
                "MAML(), ANIL(), MetaSGD(), Reptile() and ParameterAverage(), or leave it out."
            )
        return clone(self.learner)

    def _chosen(self, starts: Starts, fallback: Fallback | None, tasks: Tasks, progress: Any) -> Prior:
        if fallback is not None and self.chosen_ == FALLBACK:
            self.fallback_ = fallback.learner
            return fallback.finished(progress)
        start = starts.learned(self.chosen_, tasks, progress)
        if self.chosen_ != ALL_ROWS:
            self.learner_ = starts.moves
        self._seen = fingerprint(self._learned_rows(tasks))
        return start_or_own_net(start)

    def _learned_on(
        self, moves: Learner, estimator: Any, tasks: Tasks, prior: Any, n_jobs: int | None, progress: Any
    ) -> Prior:
        """A start by its learner, with the own net beside it as before; what the fallback learned by that."""
        found: Prior
        if isinstance(first_component(prior), ParametersPrior):
            found = with_first(prior, moves.learn(estimator, tasks, prior, n_jobs=n_jobs, progress=progress))
            return found
        # It was better for the past.
        found = SharedModel().learn(estimator, tasks.labelled_rows(), prior, n_jobs=n_jobs)
        if progress is not None:
            progress(1, 1)
        return found

    def has_seen(self, tasks: Tasks) -> bool:
        """As the fallback or the start that was taken says, see `KeepsSeenTasks.has_seen`."""
        return super().has_seen(tasks) or KeepsSeenTasks.has_seen(self, tasks)

    def _learned_rows(self, tasks: Tasks) -> Tasks:
        return tasks.weighty_rows().labelled_rows()

    def _adapt_seen(self, prior: Prior, estimator: Any, tasks: Tasks, n_jobs: int | None) -> AdaptedEstimators:
        """As the fallback does; from a start all of them, which it was learned from."""
        if not isinstance(prior, StartOrOwnNet):
            return super()._adapt_seen(prior, estimator, tasks, n_jobs)
        return prior.adapt_chosen(estimator, tasks, np.zeros(len(tasks), dtype=bool), n_jobs)
