"""Estimators of some tasks, each trained by its own rules from the learned parameters on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.parallel import delayed

from skmeta.base import AdaptedEstimators
from skmeta.base._adaptation_progress import each_adapted
from skmeta.base._in_turn import in_turn
from skmeta.neural_network._other_packages import package_of
from skmeta.neural_network._parameters import Array
from skmeta.neural_network._training import start_at, train, untrained
from skmeta.tasks import Tasks, take_rows
from skmeta.tasks._class_rates import representative_weights
from skmeta.tasks._warn_caller import warn_caller


class AdaptedParameters(AdaptedEstimators):
    """Trained estimators; that of a task without rows has the learned parameters.

    Parameters
    ----------
    prior : ParametersPrior
        Where training starts.
    model : estimator
        Of the prior's class.
    tasks : Tasks
        The tasks.
    n_jobs : int, default=None
        Parallel jobs over tasks.
    """

    def __init__(self, prior: Any, model: Any, tasks: Tasks, n_jobs: int | None = None) -> None:
        super().__init__(prior, model, tasks)
        rows = training_rows(tasks, prior.weight_unit)
        if package_of(model) is None:  # nets of other packages say themselves how many they have
            _check_outputs(prior, rows)
        jobs = [
            delayed(trained)(self._untrained, prior.parameters, part, self._names, prior.named_step_sizes)
            for part in (one_of(rows, code) for code in range(len(rows)))
            if len(part[1])
        ]
        ended = each_adapted(in_turn(jobs, n_jobs), len(jobs))
        found, diverged = zip(*ended, strict=True) if jobs else ((), ())
        self._models = dict(zip(np.flatnonzero(rows.counts).tolist(), found, strict=True))
        _warn_of_divergence(type(model).__name__, diverged)

    @cached_property
    def _names(self) -> Any:
        return self.tasks.feature_names

    @cached_property
    def _untrained(self) -> Any:
        model = untrained(self.model, self.prior.n_features_in, self.prior.classes, self.prior.n_outputs)
        self.prior.check_arrays(model)
        return model

    @cached_property
    def _start(self) -> Any:
        return start_at(deepcopy(self._untrained), self.prior.parameters, self.tasks.X, self._names)

    def estimator(self, code: int) -> Any:
        """The plain fitted estimator of one task, see `AdaptedEstimators.estimator`."""
        return self._models.get(code, self._start)


def training_rows(tasks: Tasks, unit: float) -> Tasks:
    """The labelled rows of some tasks, with weights in a unit; those drawn by their class stand for all."""
    tasks = tasks.weighed_in(unit).weighty_rows().labelled_rows()
    stands_for = representative_weights(tasks)
    if stands_for is None:
        return tasks
    weight = stands_for if tasks.sample_weight is None else stands_for * tasks.sample_weight
    return replace(tasks, sample_weight=weight)


def one_of(tasks: Tasks, code: int) -> tuple[Any, Array, Array | None]:
    """Rows, targets and weights of one task."""
    rows = tasks.rows_of(code)
    weight = None if tasks.sample_weight is None else tasks.sample_weight[rows]
    return take_rows(tasks.X, rows), np.asarray(tasks.y)[rows], weight


def trained(
    model: Any, parameters: Mapping[str, Array], rows: tuple[Any, Array, Any], names: Any = None, step_sizes: Any = None
) -> tuple[Any, str]:
    """A copy of an untrained estimator, trained on rows from some parameters on, and where that diverged, see `train`."""
    X, y, weight = rows
    return train(start_at(deepcopy(model), parameters, X, names), X, y, weight, step_sizes)


def _warn_of_divergence(name: str, diverged: Sequence[str]) -> None:
    """Say once in how many trainings that was, and where in the first."""
    wrong = [each for each in diverged if each]
    if wrong:
        how_many = f" in {len(wrong)} of {len(diverged)} tasks, of the first" if len(diverged) > 1 else ""
        warn_caller(
            f"{name}: training from the learned parameters diverged{how_many} {wrong[0]}. Scale columns and targets, or take "
            "smaller steps.",
            ConvergenceWarning,
        )


def _check_outputs(prior: Any, tasks: Tasks) -> None:
    if prior.classes is not None or not tasks.n_rows:
        return
    shape = np.asarray(tasks.y).shape
    found = shape[1] if len(shape) > 1 else 1
    if found != prior.n_outputs:
        raise ValueError(
            f"y: wanted {prior.n_outputs} targets a row, as the prior was learned with, found {found}; give these, or "
            "learn a prior anew."
        )
