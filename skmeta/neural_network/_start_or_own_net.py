"""A learned start with the task's own net beside it, in case that the past misleads: the better one of them is taken."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.parallel import delayed

from skmeta.base import AdaptedEstimators
from skmeta.base._adaptation_progress import adaptation_told, each_adapted, who_listens
from skmeta.base._evidence import losses_out_of_fold
from skmeta.base._held_out import gains
from skmeta.base._in_turn import in_turn
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.compose import MixturePrior, OwnModelPrior
from skmeta.compose._adapted_mixture import AdaptedMixture
from skmeta.fallback._link import link_of
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.tasks import Tasks

Array = NDArray[np.float64]
Marks = NDArray[np.bool_]

_FOLDS = 5  # speed: as cross_val_score has by default, or as many as there are rows, where these are fewer


@dataclass(frozen=True, eq=False, repr=False)
class StartOrOwnNet(MixturePrior):
    r"""A learned start and the plain net, which is trained from its own random weights; a task has one of them.

    It has its own net if its rows, in five folds at most, each predicted from the others, gain by that beside the start, on
    average by more than one standard error; a row counts by its weight, in units of their mean. The rows judge as held-out
    tasks do in every choice: the start is the simpler one. Weights of nets that started apart have no mean, and a vote of both
    would be no net. A task has the start without being asked where it has fewer than two rows of weight, where the net cannot
    be fitted to some of its folds, as these lack a class, and under ``class_prior="past"``: of rows that were drawn by their
    class a mean is none of new rows. Adapting takes up to ten trainings more than the start alone.

    Parameters
    ----------
    components : sequence of Prior
        A `ParametersPrior` and an `OwnModelPrior`.
    weights, names, weights_without_rows
        As in `MixturePrior`.

    Raises
    ------
    TypeError
        If the components are others.

    References
    ----------
    M. Stone (1974), Cross-validatory choice and assessment of statistical predictions, JRSS B 36.
    L. Breiman, J. Friedman, R. Olshen and C. Stone (1984), Classification and regression trees, section 3.4.3 (the rule of
    one standard error).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta.compose import OwnModelPrior
    >>> from skmeta.neural_network import ParametersPrior, StartOrOwnNet
    >>> x = np.linspace(-1.0, 1.0, 40)[:, None]
    >>> old = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=0).fit(x, 3.0 * np.abs(x.ravel()))
    >>> prior = StartOrOwnNet([ParametersPrior.from_estimator(old), OwnModelPrior()])
    >>> prior
    ParametersPrior(MLPRegressor 1-8-1 relu, written by hand), or own net
    >>> net = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=20, tol=1.0, random_state=0)
    >>> type(prior.adapt(net, x[::8], -3.0 * np.abs(x[::8].ravel()))).__name__
    'MLPRegressor'
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        kinds = [type(each) for each in self.components]
        if kinds != [ParametersPrior, OwnModelPrior]:
            raise TypeError(
                "components: wanted a ParametersPrior and an OwnModelPrior, found "
                f"{', '.join(kind.__name__ for kind in kinds)}; give these two, or use MixturePrior for others."
            )

    def __repr__(self) -> str:
        return f"{self.components[0]!r}, or own net"

    def adapt_tasks(self, estimator: Any, tasks: Tasks, *, n_jobs: int | None = None) -> AdaptedEstimators:
        """Train a clone of ``estimator`` on each of some tasks, from the start or from its own weights.

        Parameters
        ----------
        estimator : estimator
            The net.
        tasks : Tasks
            The tasks.
        n_jobs : int, default=None
            Parallel jobs: over tasks, or where there is one, over the trainings from the start that it is asked by.

        Returns
        -------
        AdaptedEstimators
            Plain fitted nets.
        """
        each = [tasks.take(np.array([code])) for code in range(len(tasks))]
        inner = n_jobs if len(each) == 1 else None
        asked = in_turn([delayed(self._prefers_own)(estimator, one, inner) for one in each], None if inner else n_jobs)
        parts = PartsOfWork(who_listens(), 2)
        with adaptation_told(parts.part(0)):
            own = each_adapted(asked, len(each))
        with adaptation_told(parts.part(1)):
            return self.adapt_chosen(estimator, tasks, np.array(own, dtype=bool), n_jobs)

    def adapt_chosen(self, estimator: Any, tasks: Tasks, own: Marks, n_jobs: int | None = None) -> AdaptedEstimators:
        """The same where it is known which tasks have their own net, ``own (n_tasks,)``."""
        start, beside = self.components
        made = [start.adapt_tasks(estimator, tasks, n_jobs=n_jobs), beside.adapt_tasks(estimator, self._in_unit(tasks))]
        return AdaptedMixture(self, estimator, tasks, made, np.eye(2)[own.astype(np.intp)])

    def _in_unit(self, tasks: Tasks) -> Tasks:
        """Weights as the start reads them, so that those of own nets mean no more."""
        return tasks.weighed_in(self.weight_unit)

    def _prefers_own(self, estimator: Any, task: Tasks, n_jobs: int | None = None) -> bool:
        start: Any
        beside: Any
        start, beside = self.components
        task = task.labelled_rows().weighty_rows()
        if task.n_rows < 2 or task.class_rates or not beside.can_vote(estimator, task):
            return False
        asked: dict[str, Any] = {"of_rows": link_of(estimator).of_rows, "n_folds": _FOLDS, "n_jobs": n_jobs}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of trainings that nobody keeps
            try:
                own = losses_out_of_fold(beside, estimator, self._in_unit(task), **asked)
            except ValueError:  # others that lack a class
                return False
            known = losses_out_of_fold(start, estimator, task, **asked)
        weight = task.sample_weight
        return gains(known - own, None if weight is None else weight / weight.mean())


def start_or_own_net(start: ParametersPrior) -> StartOrOwnNet:
    """Put the task's own net beside a start.

    Parameters
    ----------
    start : ParametersPrior
        What was learned.

    Returns
    -------
    StartOrOwnNet
        A task without rows has the start.
    """
    own = OwnModelPrior(classes=start.classes, class_prior=start.class_prior, feature_names=start.feature_names)
    return StartOrOwnNet([start, own], None, ("learned", "own net"), np.array([1.0, 0.0]))
