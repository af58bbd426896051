"""Steps before a model, fitted to a collection whose rows stay in partitions."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

from sklearn.base import clone

from skmeta.base._matching import weights_if_taken
from skmeta.steps._frozen_steps import FrozenSteps, fit_steps
from skmeta.steps._parts import Parts, is_nothing
from skmeta.tasks import Tasks
from skmeta.tasks._partitioned_tasks import PartitionedTasks


def fit_steps_in_parts(parts: Parts, tasks: PartitionedTasks, names: tuple[str, ...] | None) -> FrozenSteps:
    """Clones of an estimator's steps, each fitted behind those before it.

    A step that has ``partial_fit`` is given one partition after the other: all rows. Any other one, and what transforms the
    target, is fitted to whole tasks drawn by their ids (`PartitionedTasks.sample`), which come here.
    """
    frozen, sample = FrozenSteps(input_names=names, learned_with_prior=True), None
    if parts.target is not None:
        sample = tasks.sample()
        frozen = fit_steps(replace(parts, steps=()), sample)[0]
    for step in parts.steps:
        if hasattr(step[1], "partial_fit"):
            fitted = _fit_in_turn(step[1], tasks, frozen, transformed=parts.target_outside)
        elif is_nothing(step[1]):
            fitted = "passthrough"
        else:
            sample = tasks.sample() if sample is None else sample
            before = (
                frozen.apply(sample) if parts.target_outside else sample.with_rows(frozen.transform(sample.X), sample.y)
            )
            fitted = fit_steps(Parts(parts.model, steps=(("step", step[1]),)), before)[0].steps[0][1]
        frozen = replace(frozen, steps=(*frozen.steps, (step[0], fitted)))
    return frozen


def _fit_in_turn(step: Any, tasks: PartitionedTasks, before: FrozenSteps, *, transformed: bool) -> Any:
    """A step that partitions are shown to in turn: it goes to them, rows go nowhere."""
    state = clone(step)
    for part in tasks.parts:
        state = tasks.engine.map(partial(_shown, before, transformed), [state], [part])[0]
    return tasks.engine.gather([state])[0]


def _shown(before: FrozenSteps, transformed: bool, step: Any, tasks: Tasks) -> Any:
    """A copy of a step that has seen one partition more; what it was given may be asked for again."""
    if not tasks.n_rows:
        return step
    step = deepcopy(step)
    y = before.transform_target(tasks.y) if transformed else tasks.y
    return step.partial_fit(before.transform(tasks.X), y, **_weights_of(step, tasks))


def _weights_of(step: Any, tasks: Tasks) -> dict[str, Any]:
    """Of the step's ``partial_fit``, as a Pipeline gives them to ``fit``."""
    takes = tasks.sample_weight is not None and "sample_weight" in signature(step.partial_fit).parameters
    return {"sample_weight": tasks.sample_weight} if takes and weights_if_taken(step, tasks.sample_weight) else {}


def apply_in_part(steps: FrozenSteps, tasks: Tasks) -> Tasks:
    """The tasks of one partition as the model gets them; one without rows says what there would be in the others."""
    return steps.apply(tasks) if tasks.n_rows else tasks
