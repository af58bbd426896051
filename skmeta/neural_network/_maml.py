"""The learner MAML: a start from which few steps of a net's own gradient descent predict the other rows of a task."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_scalar

from skmeta._inference.meta_gradients import MetaGradient
from skmeta._inference.meta_training import Found, Outer, meta_train
from skmeta._inference.network_rows import Rows, TaskTable
from skmeta._inference.networks import Network
from skmeta.base import Learner, Prior
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.neural_network._collection import Collection
from skmeta.neural_network._episodes import Episodes, Judge
from skmeta.neural_network._inner_loop import as_vector, by_name, check_is_net, network_of, table_of, training_of
from skmeta.neural_network._outer_loop import check_outer_loop
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.tasks import Tasks
from skmeta.tasks._warn_caller import warn_caller

Array = NDArray[Any]

SCHEDULES = ("cosine", "constant")
_LOOKS = 100  # of so many parts of n_iter, held-out tasks judge each
_FAR = 2.0  # guard: steps that make the loss so many times as large are said to lead astray; it changes no answer


class MAML(Learner):
    r"""Learn where a net's gradient descent should start, so that few steps on few rows predict a task's other rows.

    .. math::

        \min_\theta \sum_t L\big(U^k_t(\theta);\, \text{query}_t\big),
        \qquad U_t(\theta) = \theta - \eta \nabla L(\theta;\, \text{support}_t)

    by Adam on meta-batches of tasks, each split at random in every iteration. The gradient goes through the :math:`k` inner
    steps exactly, Hessians included. These are the steps of the estimator's own parameters: `learning_rate_init`,
    `learning_rate`, `momentum`, `nesterovs_momentum`, `alpha` and `batch_size` with ``solver="sgd"``; those of Adam with
    ``solver="adam"``, where the gradient is of first order. Inner steps differ from the estimator's training in three ways.
    They do not end early, by `tol` or the net's `early_stopping`. Under ``learning_rate="adaptive"`` the step stays constant.
    Rows are not shuffled again for each epoch: if there are more steps than a task has batches, these come around in the same
    order. A new task is trained by the estimator itself, for its `max_iter` epochs, which may be more than the inner steps.
    scikit-learn's squared loss is half the mean square: a step of 0.01 in the paper is one of 0.02 here.

    With ``early_stopping`` the start that is best for held-out tasks is kept; without it the last one. If a loss or gradient
    is no longer finite, learning stops with the best start so far (by the losses of the drawn tasks, if none are held out).
    A ``ConvergenceWarning`` says if steps from the learned start more than double the loss of query rows;
    ``learning_rate_init`` is too large then.

    Parameters
    ----------
    n_inner_steps : int, default=1
        :math:`k`, steps on the rows of a task that the gradient goes through.
    n_iter : int, default=20000
        Most iterations.
    meta_batch_size : int, default=25
        Tasks of an iteration (25: Finn et al., section 5.1).
    meta_learning_rate : float, default=1e-2
        Step of Adam at first. The paper's is a tenth of it, for 70,000 iterations; ``benchmarks/defaults_of_maml.py`` compares
        steps on four kinds of collections.
    schedule : {"cosine", "constant"}, default="cosine"
        Whether that step falls to zero as half a cosine, or stays.
    first_order : bool, default=False
        Whether Hessians are taken for zero.
    n_shots : int, default=None
        Rows of a task that are trained on, for example as many as a new task will have, or all but one of a task that has no
        more; the others are its query. None for half of them. A task of one row teaches nothing; if all tasks are such, that
        raises.
    early_stopping : bool, default=True
        Whether tasks are held out to judge the start a hundred times, and the best one is kept. A single task is not held out.
    validation_fraction : float, default=0.1
        Share of the tasks that is held out. If these would be fewer than five (by default below about 45 tasks), one odd task
        could decide. Then all tasks teach the start, and three other starts are learned from two thirds of the tasks each, and
        judged by the last third: that takes up to four times as long. If one of the four diverges, learning ends.
    n_iter_no_change : int, default=50
        Number of judgements, of a hundred, without a better start, after which learning stops. With the cosine a start still
        gains much when the step is small; a smaller number stops before that.
    random_state : int, RandomState or None, default=None
        Of tasks and rows drawn, and of the net's first weights where the estimator has no ``random_state``.

    Attributes
    ----------
    n_iter_ : int
        Iterations run.
    best_iter_ : int
        Iterations after which the start was the one that is kept.
    loss_curve_ : ndarray
        Loss of held-out tasks' query rows, the start's first, or of those drawn where none are held out; each look a number.

    References
    ----------
    C. Finn, P. Abbeel and S. Levine (2017), Model-agnostic meta-learning for fast adaptation of deep networks, ICML,
    algorithm 1.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta import MAML, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task, x = np.repeat(np.arange(40), 20), rng.uniform(0.0, 1.0, 800)
    >>> y = rng.normal(size=40)[task] * x  # lines of many slopes
    >>> net = MLPRegressor(hidden_layer_sizes=10, solver="sgd", learning_rate_init=0.1, max_iter=5, random_state=0)
    >>> learner = MAML(n_inner_steps=5, n_iter=200, n_shots=4, random_state=0)
    >>> shots = np.array([[0.1], [0.4], [0.6], [0.9]])
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # five epochs are few, as is meant
    ...     model = WarmStartRegressor(net, task=-1, learner=learner).fit(np.column_stack([x, task]), y)
    ...     line = model.prior_.adapt(net, shots, 2.0 * shots.ravel())
    >>> model.prior_
    ParametersPrior(MLPRegressor 1-10-1 relu, n_tasks=40)
    >>> line.predict([[0.5]]).round(1)
    array([1.])
    """

    takes_adam: ClassVar[bool] = True

    def __init__(
        self,
        n_inner_steps: int = 1,
        *,
        n_iter: int = 20000,
        meta_batch_size: int = 25,
        meta_learning_rate: float = 1e-2,
        schedule: str = "cosine",
        first_order: bool = False,
        n_shots: int | None = None,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 50,
        random_state: Any = None,
    ) -> None:
        self.n_inner_steps = n_inner_steps
        self.n_iter = n_iter
        self.meta_batch_size = meta_batch_size
        self.meta_learning_rate = meta_learning_rate
        self.schedule = schedule
        self.first_order = first_order
        self.n_shots = n_shots
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    check_takes = check_is_net

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
            As in `Learner.learn`; learning goes on from the parameters of a ``prior``. All tasks of a meta-batch are computed
            together: there is nothing for ``n_jobs`` to do.

        Returns
        -------
        ParametersPrior
            Of the learned start.

        Raises
        ------
        TypeError
            If the estimator is no net, or ``prior`` of another family.
        ValueError
            If its solver is one that no gradient goes through, the prior is of another build, there are fewer than two
            classes, or no task has two rows.
        """
        self._check_parameters()
        check_is_net(self, estimator)
        past = Collection(estimator, tasks, prior, self.random_state)
        network, parts = network_of(past.model), PartsOfWork(progress, 1)
        table = table_of(past.rows, network, past.classes, estimator)
        episodes = self._episodes(past, table)
        learned, fixed = self._scale(network, _known_scale(past, network))
        gradient = partial(
            MetaGradient,
            network,
            training_of(estimator, own_rate=learned is None and fixed is None),
            self.n_inner_steps,
            first_order=self.first_order,
            fixed_scale=None if fixed is None else fixed.astype(table.X.dtype),
            dtype=table.X.dtype,
        )
        judge = Judge(episodes, gradient(), past.task_weight) if episodes.held_out else None
        meta_gradient, start = gradient(), as_vector(network, past.start)
        begin = np.concatenate([start, start[:0] if learned is None else learned]).astype(table.X.dtype)
        found = meta_train(
            partial(episodes.objective, gradient=meta_gradient, size=self.meta_batch_size),
            np.tile(begin, len(episodes.teach)),
            self._outer(judge is not None),
            judge,
            parts.part(0),
        )
        parts.finish()
        kept = found.parameters[: len(begin)]
        self._tell(found, meta_gradient, kept, episodes)
        theta, scale = np.split(kept, [network.n_parameters])
        return _prior_of(past, network, theta, fixed if learned is None else scale)

    def _tell(self, found: Found, gradient: MetaGradient, kept: Array, episodes: Episodes) -> None:
        """What became of learning, as attributes, and as a warning where it went wrong."""
        self.n_iter_, self.best_iter_, self.loss_curve_ = found.n_iter, found.best_iter, found.loss_curve
        if found.diverged is not None:
            _say_diverged(found, gradient.inner_losses())
        else:
            self._check_steps_help(gradient, kept, episodes.draw(episodes.teach[0], self.meta_batch_size))

    def _scale(self, network: Network, known: Array | None) -> tuple[Array | None, Array | None]:
        """Scales of each weight's step: where those that are learned start, and those that stay."""
        return None, known

    def _episodes(self, past: Collection, table: TaskTable) -> Episodes:
        held_out = self.validation_fraction if self.early_stopping else 0.0
        rng = np.random.default_rng(past.rng.randint(2**31 - 1))
        episodes = Episodes(table, past.task_weight, self.n_shots, held_out, rng)
        if not len(episodes.teach[0]):
            raise ValueError(
                f"task: wanted one with two rows at least for {type(self).__name__}, which trains on some rows of a task and "
                f"predicts its others, found {table.counts.max(initial=0)} labelled row(s) of weight in the largest; give rows "
                "of one task the same id, or use Reptile(), which learns from single rows."
            )
        most = int(table.counts[past.task_weight > 0.0].max())
        if self.n_shots is not None and self.n_shots >= most:
            warn_caller(
                f"n_shots: wanted fewer than some task has rows, found {self.n_shots}, where the largest has {most}; all but "
                f"one row of each task are trained on. Set it to {most - 1} at most, or leave it out for half of them."
            )
        return episodes

    @np.errstate(over="ignore", invalid="ignore")  # of steps too large, which is told
    def _check_steps_help(self, gradient: MetaGradient, start: Array, split: tuple[Rows, Rows]) -> None:
        """Warn where inner steps from the learned start lead far away from what predicts a task's other rows."""
        before, after = (float(losses(start, *split).sum()) for losses in (gradient.losses_before, gradient.losses))
        if not after <= _FAR * before:
            warn_caller(
                "learning_rate_init: wanted inner steps that lead to what predicts a task's query rows, found a mean loss of "
                f"{after:.3g} after {self.n_inner_steps} of them from the learned start, and of {before:.3g} before; set a "
                "smaller learning_rate_init, or scale columns and targets.",
                ConvergenceWarning,
            )

    def _outer(self, judged: bool) -> Outer:
        every = max(self.n_iter // _LOOKS, 1)
        patience = self.n_iter_no_change * every if judged else np.inf
        return Outer(self.n_iter, self.meta_learning_rate, self.schedule, patience, every)

    def _check_parameters(self) -> None:
        check_outer_loop(self, ("n_inner_steps", "n_iter", "meta_batch_size", "n_iter_no_change"), SCHEDULES)
        check_scalar(self.meta_learning_rate, "meta_learning_rate", Real, min_val=0.0, include_boundaries="neither")


def _known_scale(past: Collection, network: Network) -> Array | None:
    """What a prior knows of each weight's step, in units of the estimator's; None for nothing."""
    if past.known is None or not past.known.step_sizes:
        return None
    return as_vector(network, past.known.named_step_sizes) / past.estimator.learning_rate_init


def _prior_of(past: Collection, network: Network, theta: Array, scale: Array | None) -> ParametersPrior:
    """Of a start, and of the scale of each weight's step, None for ones."""
    learned = past.prior(by_name(network, theta))
    if scale is None:
        return learned
    sizes = by_name(network, scale * past.estimator.learning_rate_init)
    return replace(learned, step_sizes=tuple(sizes.values()))


def _say_diverged(found: Found, inner: list[float]) -> None:
    """Which iteration it was, and where in it."""
    iteration, loss = found.diverged or (0, np.nan)
    bad = np.flatnonzero(~np.isfinite(inner))
    where = f"before inner step {bad[0] + 1}" if len(bad) else "on query rows"
    value = inner[bad[0]] if len(bad) else loss
    warn_caller(
        f"n_iter: learning stopped in iteration {iteration}, where training diverged {where}, with a loss of {value:.3g}; the "
        f"start of iteration {found.best_iter} is taken, the best so far. Scale columns and targets, or set a smaller "
        "learning_rate_init or meta_learning_rate.",
        ConvergenceWarning,
    )
