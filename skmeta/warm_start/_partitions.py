"""Frames of dask: rows stay in their partitions while a model learns from them and predicts them."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import validate_data

from skmeta import _dask, _dataframe
from skmeta._progress import telling_of_learning
from skmeta.base._learner import learn_partitions
from skmeta.base._matching import check_names, reads_targets
from skmeta.steps import (
    FrozenSteps,
    apply_in_part,
    checked_parts,
    fit_steps_in_parts,
    split_prior,
    take_apart,
    with_constant_column,
    with_steps,
)
from skmeta.tasks import PartitionedTasks, TaskColumns, features_without, locate_task, take_rows
from skmeta.tasks._numbers import column_names
from skmeta.tasks._partitioned_tasks import read_partition
from skmeta.tasks._words import listed
from skmeta.warm_start._given import check_takes_weights
from skmeta.warm_start._known_in_parts import KnownInParts
from skmeta.warm_start._learner_of_fit import learner_of_fit


def fit_partitions(model: Any, X: Any, y: Any, sample_weight: Any, progress: Any = None) -> dict[str, Any]:
    """What `fit` stores of a frame in partitions: as of one in memory, the tasks' own models being made when asked for."""
    check_frames(model, X, y, sample_weight)
    empty = _dask.empty_of(X)
    columns = TaskColumns.of_table(empty, model.task)
    parts = take_apart(model.estimator) if model.prior is None else checked_parts(model.estimator, model.prior)
    check_takes_weights(parts.model, sample_weight)
    learner = learner_of_fit(model.learner, parts.model, model.prior)
    features = features_without(empty, model.task)
    if features.shape[1] == 0 and model.prior is None:
        parts = with_constant_column(parts)
    tasks = read_partitions(model, parts.model, (X, y, sample_weight), features)
    if model.prior is None:
        steps, prior = fit_steps_in_parts(parts, tasks, column_names(features)), None
    else:
        steps, prior = split_prior(model.prior)
        _check_columns(steps, features)
        prior.check_is_of(parts.model)
    behind = tasks.map(partial(apply_in_part, steps))
    with telling_of_learning(model) as told:
        prior = learn_partitions(learner, parts.model, behind, prior, model.n_jobs, progress or told)
    if prior.n_tasks <= 1 and model.prior is None:
        raise ValueError(
            f"task: wanted a column that tells at least two tasks apart, found {model.task!r} with one value. One dataset is "
            "fitted in memory, with task=None."
        )
    known = KnownInParts(columns, tasks, prior, steps, parts, features.shape[1], model.n_jobs)
    classes = {} if prior.classes is None else {"classes_": prior.classes}
    return {"_known": known, "prior_": with_steps(steps, prior), "learner_": learner} | classes


def read_partitions(model: Any, estimator: Any, frames: tuple[Any, Any, Any], features: Any) -> PartitionedTasks:
    """The tasks of each partition, as raw rows; nothing is read yet."""
    engine = _dask.DaskEngine()
    options = {
        "task": model.task,
        "estimator_name": type(estimator).__name__,
        "labels": isinstance(model, ClassifierMixin),
        "unlabelled": model._unlabelled,
        "targets": reads_targets(model),
    }
    X, y, weights = (None if each is None else _dask.parts_of(each) for each in frames)
    assert X is not None
    columns = y or [None] * len(X), weights or [None] * len(X)
    read = partial(_read, options, (column_names(features), features.shape[1]))
    return PartitionedTasks(engine, engine.map(read, range(len(X)), X, *columns))


def _read(options: Any, names: Any, number: int, X: Any, y: Any, sample_weight: Any) -> Any:
    return read_partition(number, options, names, X, y, sample_weight)


def check_frames(model: Any, X: Any, y: Any, sample_weight: Any) -> None:
    """Raise for what is no frame of dask, or none that is parted as the frame of the rows is."""
    if model.task is None:
        raise ValueError(
            f"task: wanted a column of tasks for a frame in partitions, found None, where one dataset is fitted; X.compute() "
            f"makes one in memory of these {_dask.n_parts(X)} partition(s)."
        )
    if not isinstance(model.task, str | int):
        raise ValueError(
            f"task: wanted one column for a frame in partitions, found {list(model.task)}; X.compute() makes one in memory."
        )
    if model.context:
        raise ValueError(
            f"context: wanted none for a frame in partitions, found {list(model.context)}; X.compute() makes one in memory."
        )
    if model._class_prior != "rows":
        raise ValueError(
            f"class_prior: wanted 'rows' for a frame in partitions, found {model._class_prior!r}; X.compute() makes one in "
            "memory."
        )
    reads = () if model.prior is None else model.prior.context_names
    if reads:
        raise ValueError(
            f"prior: wanted one of tasks without a structure among them for a frame in partitions, found one that reads "
            f"{listed(reads)}; X.compute() makes a frame in memory."
        )
    for name, data in (("X", X), ("y", y), ("sample_weight", sample_weight)):
        if data is not None or (name == "y" and reads_targets(model)):
            _check_frame(name, data, X)
    unknown = [name for name in _dask.columns_of_unknown_categories(X) if name != model.task]
    if unknown:
        raise ValueError(
            f"X: wanted columns whose categories are known, found unknown ones in {listed(unknown)}; X.categorize(columns="
            f"{unknown}) looks for them."
        )
    locate_task(_dask.empty_of(X), model.task)


def _check_frame(name: str, data: Any, X: Any) -> None:
    if not _dask.is_frame(data):
        kind = "None" if data is None else f"{type(data).__module__.split('.')[0]}'s {type(data).__name__}"
        way_out = "dask.dataframe.from_dask_array makes one" if name == "X" else "take it from the frame that X is of"
        raise TypeError(f"{name}: wanted a frame or series of dask, found {kind}; {way_out}.")
    if name == "X":
        return
    n, wanted = _dask.n_parts(data), _dask.n_parts(X)
    one, other = _dask.divisions_of(data), _dask.divisions_of(X)
    if n != wanted or (one is not None and other is not None and one != other):
        found = f"{n} of them" if n != wanted else "others"
        raise ValueError(
            f"{name}: wanted the {wanted} partition(s) of X, found {found}; take both from one frame, or repartition one by "
            "the divisions of the other."
        )


def _check_columns(steps: FrozenSteps, features: Any) -> None:
    """Raise unless raw columns are those that a prior behind steps knows; of others families say so themselves."""
    names = column_names(features)
    if steps.input_names is not None and names is not None:
        check_names(steps.input_names, names)


def answer_partitions(model: Any, method: str, X: Any) -> Any:
    """What a fitted model says of a frame in partitions: a series, or a frame of several outputs, with the rows of ``X``."""
    _check_frame("X", X, X)
    empty = _dask.empty_of(X)
    if model._in_tasks:
        locate_task(empty, model.task)
    validate_data(model, empty, reset=False, skip_check_array=True)
    engine, parts = _dask.DaskEngine(), _dask.parts_of(X)
    example = _example(model, method, X)
    found = model._known.answers(engine, method, parts)
    return _dask.as_series(engine.map(partial(_with_index, example), found, parts), X, example)


def _example(model: Any, method: str, X: Any) -> Any:
    """An answer without rows, of the type of one for the first row."""
    first = _dask.first_row(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # whether its task is known is said of all rows
        answer = model._known.answer(method, first) if len(first) else np.empty(0)
    return take_rows(_dataframe.indexed_as(answer, first), slice(0))


def _with_index(example: Any, answer: NDArray[Any] | None, X: Any) -> Any:
    return example if answer is None else _dataframe.indexed_as(answer, X)
