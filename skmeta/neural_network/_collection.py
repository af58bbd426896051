"""A collection as learners of a start see it: an estimator that is trained from some parameters on, task by task."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import has_fit_parameter

from skmeta.base._class_weight import check_class_weight, class_weight_of
from skmeta.base._in_turn import in_turn
from skmeta.base._matching import classifies
from skmeta.base._parts_of_work import each_told
from skmeta.compose import known_component
from skmeta.neural_network._adapted_parameters import one_of, training_rows
from skmeta.neural_network._other_packages import package_of
from skmeta.neural_network._parameters import Array, draws_weights, parameters_of
from skmeta.neural_network._parameters_prior import ParametersPrior, setting
from skmeta.neural_network._training import losses_of, start_at, succeeds, untrained
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._class_rates import class_shares, mean_class_shares

Index = NDArray[np.intp]
_SEEDS = 2**31 - 1  # guard: random states that every estimator takes


class Collection:
    """Tasks, and an estimator that is trained on them from some parameters on.

    Parameters
    ----------
    estimator : estimator
        The model of one task.
    tasks : Tasks
        The collection.
    prior : Prior, default=None
        What was known before: training starts there.
    random_state : int, RandomState or None, default=None
        Of what is drawn, and of a net's first weights and its training where the estimator has none of its own. None for
        that of the estimator.
    """

    def __init__(self, estimator: Any, tasks: Tasks, prior: Any = None, random_state: Any = None) -> None:
        own = clone(estimator).get_params(deep=False).get("random_state", 0)
        has_none = own is None
        self.rng = check_random_state(own if random_state is None else random_state)
        seed = int(self.rng.randint(_SEEDS))
        self.estimator = clone(estimator).set_params(random_state=seed) if has_none else estimator
        self.known = None if prior is None else known_component(prior, ParametersPrior)
        if self.known is not None:
            self.known.check_is_of(estimator)
            check_class_weight(self.known, estimator)
        self.tasks = tasks
        self.unit = tasks.mean_weight if self.known is None else self.known.weight_unit
        self.rows = training_rows(tasks, self.unit)
        self.classes = _labels_of(tasks, self.known, estimator)
        self.model = untrained(self.estimator, tasks.X.shape[1], self.classes, self._n_outputs)
        if self.known is not None:
            self.known.check_arrays(self.model)
        if package_of(self.model) is not None:
            self.model.verbose = 0  # a table or a bar for each of thousands of trainings that nobody keeps
        self.task_weight = tasks.task_weights
        self.with_rows = np.flatnonzero((self.rows.counts > 0) & (self.task_weight > 0.0))

    @property
    def _n_outputs(self) -> int:
        shape = np.asarray(self.tasks.y).shape
        return shape[1] if len(shape) > 1 else 1

    @property
    def start(self) -> dict[str, Array]:
        """Where training begins: what was known, the weights that a net draws for itself, or zeros."""
        if self.known is not None:
            return dict(self.known.parameters)
        own = parameters_of(self.model)
        return {
            name: array.copy() if draws_weights(self.model) else np.zeros(array.shape) for name, array in own.items()
        }

    def trained(
        self,
        parameters: Mapping[str, Array],
        codes: Index,
        n_shots: int | None = None,
        pool: Any = None,
        n_jobs: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> tuple[list[dict[str, Array] | None], list[float]]:
        """Train on some tasks, each from the same parameters on.

        Parameters
        ----------
        parameters : mapping of str to ndarray
            Where training starts.
        codes : ndarray of int
            The tasks; they have rows.
        n_shots : int, default=None
            Rows of each that are drawn for it; None for all of them.
        pool : Parallel, default=None
            Runs the trainings; None makes one.
        n_jobs : int, default=None
            Its parallel jobs.
        progress : callable, default=None
            Called as ``progress(done, total)`` after each training; of a pool that was given, after all.

        Returns
        -------
        parameters : list of dict or None
            Where it ended in each task; None where it diverged.
        losses : list of float
            The estimator's own, of its last epoch; nan where it tells none.
        """
        parts = [self._drawn(one_of(self.rows, int(code)), n_shots) for code in codes]
        jobs = [delayed(_trained)(self.model, parameters, part, self.rows.feature_names) for part in parts]
        with _not_converged():
            found = each_told(in_turn(jobs, n_jobs) if pool is None else pool(jobs), len(jobs), progress)
        return [each for each, _ in found], [loss for _, loss in found]

    def on_all_rows(self) -> dict[str, Array]:
        """Parameters after training on the rows of all tasks; where it began if that diverged, or there are none.

        A row counts by its weight times that of its task, in units of the mean of these; those of an estimator that takes no
        weights are all alike. Tasks of weight zero have no say.

        Returns
        -------
        dict of str to ndarray
            As `parameters_of` gives them.
        """
        rows = weighed_by_task(self.rows, self.task_weight)
        if not rows.n_rows:
            return self.start
        with _not_converged():
            found, _ = _trained(
                self.model, self.start, (rows.X, np.asarray(rows.y), rows.sample_weight), rows.feature_names
            )
        return self.start if found is None else found

    def _drawn(self, part: tuple[Any, Array, Any], n_shots: int | None) -> tuple[Any, Array, Any]:
        X, y, weight = part
        if n_shots is None or n_shots >= len(y):
            return part
        rows = np.sort(self.rng.choice(len(y), n_shots, replace=False))
        return take_rows(X, rows), y[rows], None if weight is None else weight[rows]

    def prior(self, parameters: Mapping[str, Array]) -> ParametersPrior:
        """The prior that has these parameters, and counts these tasks beside those known before."""
        known, package = self.known, package_of(self.model)
        names, arrays = tuple(parameters), tuple(parameters.values())
        if package is not None:  # means are of doubles; counts stay what they are on average
            own = [each.dtype for each in parameters_of(self.model).values()]
            arrays = tuple(
                array.astype(kind if kind.kind == "f" else float) for array, kind in zip(arrays, own, strict=True)
            )
        return ParametersPrior(
            names,
            arrays,
            type(self.estimator).__name__ if known is None else known.fits,
            out_activation=getattr(self.model, "out_activation_", ""),
            activation=setting(self.estimator, "activation"),
            loss=setting(self.estimator, "loss"),
            n_columns=0 if package is None else self.tasks.X.shape[1],
            step_sizes=() if known is None else known.step_sizes,
            weight_unit=self.unit,
            n_tasks=float(self.task_weight.sum()) + (0.0 if known is None else known.n_tasks),
            n_rows=float(self.tasks.n_rows) + (0.0 if known is None else known.n_rows),
            feature_names=self.tasks.feature_names if known is None else known.feature_names,
            classes=self.classes,
            class_prior=self._class_prior(),
            class_weight=class_weight_of(self.estimator, self.classes),
        )

    def _class_prior(self) -> Any:
        """The shares of classes, where the estimator takes the weights that honour them."""
        if self.classes is None or not has_fit_parameter(self.estimator, "sample_weight"):
            return None
        if self.known is not None and self.tasks.class_rates:
            return self.known.class_prior
        before, n_before = (None, 0.0) if self.known is None else (self.known.class_prior, self.known.n_tasks)
        return mean_class_shares(class_shares(self.tasks, self.classes), self.tasks.task_weight, before, n_before)


def weighed_by_task(rows: Tasks, task_weight: Array) -> Tasks:
    """Rows of tasks that weigh anything, each with its weight times ``task_weight (n_tasks,)``, of the same mean as before."""
    often = task_weight[rows.codes]
    rows, often = rows.where(often > 0.0), often[often > 0.0]
    if not len(often) or np.ptp(often) == 0.0:
        return rows
    own = np.ones(len(often)) if rows.sample_weight is None else rows.sample_weight
    return replace(rows, sample_weight=own * often * (own.sum() / (own @ often)))


def mean_parameters(arrays: Sequence[Mapping[str, Array]], weight: Array) -> dict[str, Array]:
    """The weighted mean of parameters of several models, array by array."""
    return {name: np.tensordot(weight / weight.sum(), [each[name] for each in arrays], 1) for name in arrays[0]}


def check_has_start(learner: Any, estimator: Any) -> None:
    """Raise for an estimator whose training cannot start at given arrays."""
    goes_on = "warm_start" in estimator.get_params(deep=False) or hasattr(estimator, "partial_fit")
    if not (goes_on and has_arrays(estimator)):
        raise _not_for(learner, estimator, ", and go on from them under warm_start or partial_fit")


def check_has_arrays(learner: Any, estimator: Any) -> None:
    """Raise for an estimator whose parameters are no arrays."""
    if not has_arrays(estimator):
        raise _not_for(learner, estimator, "")


def has_arrays(estimator: Any) -> bool:
    """Whether the parameters of an estimator are arrays: nothing but a fit to two rows can tell."""
    if not hasattr(estimator, "predict"):
        return False
    if package_of(estimator) is not None:
        return True
    try:
        parameters_of(untrained(estimator, 1, np.arange(2) if classifies(estimator) else None))
    except (TypeError, ValueError, AttributeError):  # of whatever class cannot be fitted to that
        return False
    return True


def _not_for(learner: Any, estimator: Any, more: str) -> TypeError:
    return TypeError(
        f"learner: wanted one for {type(estimator).__name__}, found {type(learner).__name__}, which learns priors of "
        f"estimators whose parameters are arrays, coefs_ or coef_{more}; leave learner out for that of the estimator's "
        "class, or give another one."
    )


def _trained(
    model: Any, parameters: Mapping[str, Array], rows: tuple[Any, Array, Any], names: Any
) -> tuple[dict[str, Array] | None, float]:
    """Parameters and loss after training on the rows of a task; None where it diverged."""
    X, y, weight = rows
    model = start_at(deepcopy(model), parameters, X, names)
    ends = succeeds(model, X, y, weight)
    return parameters_of(model) if ends else None, _last_loss(model)


def _last_loss(model: Any) -> float:
    losses = losses_of(model)
    return float(losses[-1]) if len(losses) else float(getattr(model, "loss_", np.nan))


@contextmanager
def _not_converged() -> Iterator[None]:
    """Trainings that are steps of another need not converge; scikit-learn's jobs have the filters of their caller."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _labels_of(tasks: Tasks, known: Any, estimator: Any) -> Any:
    """Labels of all tasks; ValueError for fewer than two."""
    if known is not None and known.classes is not None:
        return known.classes
    if tasks.classes is None:
        return None
    labels = np.unique(np.concatenate([*tasks.classes]))
    if len(labels) < 2:
        raise ValueError(
            f"y: wanted rows of two classes at least, found {labels.tolist()}; {type(estimator).__name__} has nothing to "
            "tell apart."
        )
    return labels
