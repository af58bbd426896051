"""The learner Reptile: a start that moves, task by task, towards where the estimator's own training ends."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_scalar
from sklearn.utils.parallel import Parallel

from skmeta.base import Learner, Prior
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.neural_network._collection import Collection, check_has_start, mean_parameters
from skmeta.neural_network._outer_loop import check_outer_loop, hold_out
from skmeta.neural_network._parameters import Array, are_finite
from skmeta.neural_network._score import mean_score
from skmeta.tasks import Tasks
from skmeta.tasks._warn_caller import warn_caller

SCHEDULES = ("linear", "constant")


class Reptile(Learner):
    r"""Learn where the estimator's own training should start, so that it ends well in a new task after few steps.

    .. math::

        \theta \leftarrow \theta + \epsilon_k \Big(\frac{1}{|B|} \sum_{t \in B} \mathrm{train}(\theta; X_t, y_t) - \theta\Big)

    In each iteration a meta-batch :math:`B` of tasks is trained on, by whatever solver, learning rate and number of
    iterations the estimator has, and the start moves towards the mean of where they end. What is learned is thus a start of
    the training that will be run: adapt with the same parameters as were learned with. Passes through the tasks are in
    random order. The last start is kept, or the best one where tasks are held out. Trainings that diverge move nothing; where
    all of a meta-batch do, learning stops, and keeps likewise.

    It takes every estimator with ``coefs_`` or ``coef_`` that goes on from there under ``warm_start`` or ``partial_fit``: nets,
    `SGDRegressor`, `SGDClassifier`, `Perceptron`; and nets of skorch and scikeras. Inner trainings are not meant to converge,
    so there is no warning of it.

    Parameters
    ----------
    n_iter : int, default=1000
        Iterations.
    meta_batch_size : int, default=5
        Tasks of an iteration (5: Nichol et al., table 4).
    meta_learning_rate : float, default=1.0
        :math:`\epsilon_0`, in (0, 1]; one is the mean of where trainings end (1 as there).
    schedule : {"linear", "constant"}, default="linear"
        Whether :math:`\epsilon_k` falls to zero in a line, as there, or stays.
    n_shots : int, default=None
        Rows of a task that are drawn for each training on it, as many as a new task will have, say; None for all.
    early_stopping : bool, default=False
        Whether some tasks are held out to judge the start after each pass through the others, and the best one is kept.
    validation_fraction : float, default=0.1
        Share of the tasks that is held out, one at least.
    n_iter_no_change : int, default=10
        Passes without a better start, after which learning stops.
    random_state : int, RandomState or None, default=None
        Of the order of tasks, of rows drawn, and of the estimator's first weights and its training where that has none of
        its own. None for that of the estimator.

    Attributes
    ----------
    n_iter_ : int
        Iterations run.
    loss_curve_ : list of float
        Mean of the estimator's own loss at the end of the trainings of each iteration; nan where it tells none.
    validation_scores_ : list of float
        Minus the loss of held-out tasks, ten rows of each given, after each pass; empty without early stopping.

    References
    ----------
    A. Nichol, J. Achiam and J. Schulman (2018), On first-order meta-learning algorithms, arXiv 1803.02999.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from skmeta import Reptile, WarmStartRegressor
    >>> rng = np.random.default_rng(0)
    >>> task, x = np.repeat(np.arange(20), 20), rng.uniform(-1.0, 1.0, 400)
    >>> y = np.abs(x) + rng.normal(size=20)[task]
    >>> net = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=3, random_state=0)
    >>> model = WarmStartRegressor(net, task=-1, learner=Reptile(n_iter=50, random_state=0))
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")  # three iterations are few, as is meant
    ...     model = model.fit(np.column_stack([x, task]), y)
    >>> model.prior_
    ParametersPrior(MLPRegressor 1-8-1 relu, n_tasks=20)
    """

    def __init__(
        self,
        n_iter: int = 1000,
        *,
        meta_batch_size: int = 5,
        meta_learning_rate: float = 1.0,
        schedule: str = "linear",
        n_shots: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        random_state: Any = None,
    ) -> None:
        self.n_iter = n_iter
        self.meta_batch_size = meta_batch_size
        self.meta_learning_rate = meta_learning_rate
        self.schedule = schedule
        self.n_shots = n_shots
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    check_takes = check_has_start

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
            As in `Learner.learn`; learning starts at the parameters of a ``prior``. The jobs are trainings of a meta-batch.

        Returns
        -------
        ParametersPrior
            Of the learned start.

        Raises
        ------
        TypeError
            If ``prior`` is of another family.
        ValueError
            If it is of another build, or there are fewer than two classes.
        """
        self._check_parameters()
        past = Collection(estimator, tasks, prior, self.random_state)
        parts = PartsOfWork(progress, 1)
        learned = self._learned(past, past.start, n_jobs, parts.part(0))
        parts.finish()
        return past.prior(learned)

    def _learned(
        self, past: Collection, start: dict[str, Array], n_jobs: int | None, progress: Any
    ) -> dict[str, Array]:
        """The start after all iterations, or the best one."""
        share = self.validation_fraction if self.early_stopping else 0.0
        teach, judge = hold_out(past.with_rows, share, past.rng)
        self.loss_curve_: list[float] = []
        self.validation_scores_: list[float] = []
        self.n_iter_ = 0
        theta = best = start
        if not len(teach):
            return start
        per_pass = -(-len(teach) // self.meta_batch_size)
        with Parallel(n_jobs=n_jobs) as pool:
            for step in range(self.n_iter):
                if step % per_pass == 0:
                    order = past.rng.permutation(teach)
                first = step % per_pass * self.meta_batch_size
                moved = self._step(past, theta, order[first : first + self.meta_batch_size], step, pool)
                if moved is None:
                    break
                theta, self.n_iter_ = moved, step + 1
                if progress is not None:
                    progress(step + 1, self.n_iter)
                if (step + 1) % per_pass and step + 1 < self.n_iter:
                    continue
                if len(judge):
                    best = self._better(past, best, theta, judge, n_jobs)
                if self._has_stopped():
                    break
        return best if len(judge) else theta

    def _step(
        self, past: Collection, theta: dict[str, Array], codes: Any, step: int, pool: Any
    ) -> dict[str, Array] | None:
        """The start after one iteration; None where it diverged."""
        found, losses = past.trained(theta, codes, self.n_shots, pool)
        self.loss_curve_.append(float(np.mean(losses)))
        ended = np.array([each is not None for each in found])
        weight = past.task_weight[codes] * ended
        if not weight.any() and ended.any():
            return theta  # of tasks that count nothing
        rate = self.meta_learning_rate * (1.0 - step / self.n_iter if self.schedule == "linear" else 1.0)
        if ended.any():
            mean = mean_parameters([theta if each is None else each for each in found], weight)
            moved = {name: array + rate * (mean[name] - array) for name, array in theta.items()}
            if are_finite(moved):
                return moved
        warn_caller(
            f"n_iter: learning stopped in iteration {step + 1}, where training diverged in all of {len(codes)} tasks (loss "
            f"{self.loss_curve_[-1]:.3g}); the start so far is taken. Scale columns and targets, or let the estimator "
            "take smaller steps.",
            ConvergenceWarning,
        )
        return None

    def _better(self, past: Collection, best: Any, theta: Any, judge: Any, n_jobs: int | None) -> dict[str, Array]:
        """The newer start, unless held-out tasks prefer an older one."""
        score = mean_score(past.prior(theta), past.estimator, past.tasks.take(judge), n_jobs)
        so_far = max(self.validation_scores_, default=-np.inf)
        self.validation_scores_.append(score)
        return theta if score > so_far else best

    def _has_stopped(self) -> bool:
        scores = self.validation_scores_
        return bool(scores) and len(scores) - 1 - int(np.argmax(scores)) >= self.n_iter_no_change

    def _check_parameters(self) -> None:
        check_outer_loop(self, ("n_iter", "meta_batch_size", "n_iter_no_change"), SCHEDULES)
        check_scalar(
            self.meta_learning_rate, "meta_learning_rate", Real, min_val=0.0, max_val=1.0, include_boundaries="right"
        )
