"""Which learner of a start fits an estimator's own training: gradients through few steps, or where long training ends."""

from __future__ import annotations

from typing import Any

from skmeta.base import Learner
from skmeta.neural_network._maml import MAML
from skmeta.neural_network._reptile import Reptile
from skmeta.neural_network._step_sizes import AUTO_BATCH
from skmeta.tasks import Tasks

_MOST_STEPS = 10  # guard: of gradients through more, memory and rounding grow with each
_MAML_ITERATIONS = 20  # iterations of MAML for one of Reptile, as their defaults have it: 20,000 and 1,000


def fitting_learner(estimator: Any, tasks: Tasks, n_iter: int, random_state: Any = None) -> Learner:
    """The learner of a start that suits how the estimator will be trained.

    `MAML` where that is at most ten steps of ``solver="sgd"``, exactly, or of "adam", in first order; each epoch is one step,
    as a task's rows are one batch. `Reptile` for "lbfgs", for longer training, for training that ``early_stopping`` ends, and
    where no task has two rows to part.

    Parameters
    ----------
    estimator : estimator
        The net.
    tasks : Tasks
        The collection.
    n_iter : int
        Iterations of Reptile; twenty times as many of MAML.
    random_state : int, RandomState or None, default=None
        Of the learner.

    Returns
    -------
    Learner
        Unfitted.
    """
    most_rows = int(tasks.labelled_rows().counts.max(initial=0))
    batch = AUTO_BATCH if estimator.batch_size == "auto" else estimator.batch_size
    few_steps = estimator.max_iter <= _MOST_STEPS and batch >= most_rows > 1
    if estimator.solver in ("sgd", "adam") and few_steps and not estimator.early_stopping:
        return MAML(
            estimator.max_iter,
            n_iter=_MAML_ITERATIONS * n_iter,
            first_order=estimator.solver == "adam",
            random_state=random_state,
        )
    return Reptile(n_iter, random_state=random_state)
