"""What linear models read of a collection: numbers, complete columns, targets with labels encoded; once a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.moments import Moments, Rows
from skmeta._inference.sums import Sums, sums_in_room
from skmeta._inference.units import Units, same_units, standardised
from skmeta.base._matching import check_classes
from skmeta.linear_model._class_weight import row_weights
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import log_class_rates, representative_weights
from skmeta.tasks._numbers import (
    as_numbers,
    check_complete,
    check_finite_target,
    check_labels_known,
    numeric_features,
)
from skmeta.tasks._words import shown

_LARGEST = 1e140  # guard: squares of a million such numbers add up

# What was read of tasks for an estimator, as long as the tasks are there.
_READ: WeakKeyDictionary[Tasks, tuple[Any, LinearData]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class LinearData:
    """A collection ready for the engine: ``X (n, d)`` dense or CSR, ``Y (n, K)``, the rows' ``weight (n,)`` or None.

    ``n_targets`` is None where ``y`` was one-dimensional; ``classes`` is None for regressors. The rows of task ``t`` are
    ``order[starts[t]:starts[t + 1]]``. Weights are in the unit that they were read in; ``count (n,)`` says how many rows each
    row stands for, as `Rows` has it. What rows weigh by their class is in ``weight``, not in ``given_weight``. Of rows that
    were drawn by their class ``offset (n, K)`` is what that adds to their scores, and ``stands_for (n,)`` what such a row is
    worth among all, on average one.
    """

    X: Any
    Y: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    n_targets: int | None
    classes: NDArray[Any] | None
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    count: NDArray[np.float64] | None = None
    given_weight: NDArray[np.float64] | None = None
    offset: NDArray[np.float64] | None = None
    stands_for: NDArray[np.float64] | None = None
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_kept": {}}  # what is derived from the rows is derived again

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.X.shape[1])

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self.Y.shape[1]

    @property
    def missing_everywhere(self) -> NDArray[np.bool_]:
        """Which columns ``(n_features,)`` no task has."""
        if sparse.issparse(self.X) or np.isfinite(self.X.sum()):
            return np.zeros(self.n_features, dtype=bool)
        return np.isnan(self.X).all(axis=0)

    @property
    def one_target(self) -> bool:
        """Whether targets are one column, for which a prior has no axis of outputs."""
        return self.n_targets is None and self.Y.shape[1] == 1

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows of each task ``(n_tasks,)``."""
        return np.diff(self.starts)

    def per_task(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums ``(n_tasks,)`` of a value of every row."""
        counts = self.counts
        owner = np.repeat(np.arange(len(counts)), counts)
        return np.bincount(owner, values[self.order], minlength=len(counts)).astype(float)

    @property
    def n_rows(self) -> NDArray[np.float64]:
        """Number of rows of every task ``(n_tasks,)`` that weigh something."""
        return self.counts.astype(float) if self.weight is None else self.per_task((self.weight > 0).astype(float))

    def sums(self) -> tuple[Sums, Moments]:
        """Sums of every task, by the one pass over the rows, and the room that they are in."""
        return sums_in_room(self.X, self.Y, self.order, self.starts, self.weight, self.count)

    def moments(self, rows: Rows, units: Sequence[Units], found: tuple[Sums, Moments] | None = None) -> Moments:
        """What squared errors need of the tasks, in units of the engine; sums may be ``found`` already, and are used up.

        They are kept: after learning from tasks, adapting to them reads no rows.
        """
        kept = self._kept.get("moments")
        if kept is None or kept[1] != rows.intercept or not same_units(kept[0], units):
            sums, room = found or self.sums()
            kept = list(units), rows.intercept, standardised(sums, units, intercept=rows.intercept, room=room)
            self._kept["moments"] = kept
        return kept[2]

    def labels(self) -> NDArray[Any]:
        """The class labels that ``Y`` stands for, of a classifier's collection."""
        assert self.classes is not None
        if len(self.classes) == 2:
            return self.classes[(self.Y[:, 0] > 0.5).astype(int)]
        return self.classes[np.argmax(self.Y, axis=1)]


def read(
    tasks: Tasks, estimator: Any, family: Any, classes: NDArray[Any] | None = None, unit: float | None = None
) -> LinearData:
    """Check and encode a collection; ``classes`` are the labels that a prior knows, None takes those of all tasks.

    ``unit`` is what one row weighs; None counts weights as repeated rows. What was read is kept as long as the tasks
    are: learning from them and adapting to them reads them once.
    """
    asked = [repr(getattr(estimator, name, None)) for name in ("class_weight", "power")]  # all that reading looks at
    key = type(estimator), unit, *asked
    of, data = _READ.get(tasks, (None, None))
    if data is None or of != key or not (classes is None or _same(classes, data.classes)):
        data = _read(tasks, estimator, family, classes, unit)
        _READ[tasks] = key, data
    return data


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other)


def _read(tasks: Tasks, estimator: Any, family: Any, classes: NDArray[Any] | None, unit: float | None) -> LinearData:
    X, (Y, n_targets, classes) = checked_rows(tasks, estimator, family, classes)
    order, starts = tasks.order, tasks.starts
    weight, given = row_weights(tasks, estimator, classes), tasks.sample_weight
    weight, given = (each if each is None or unit is None else each / unit for each in (weight, given))
    count, drawn = weight if unit is None else tasks.row_counts, (None, None)
    if classes is not None and getattr(estimator, "class_weight", None) != "balanced":  # balanced rows have no shares
        drawn = _as_drawn(tasks, classes)
    return LinearData(X, Y, weight, n_targets, classes, order, starts, count, given, *drawn)


def checked_rows(
    tasks: Tasks, estimator: Any, family: Any, classes: NDArray[Any] | None = None
) -> tuple[Any, tuple[NDArray[np.float64], int | None, NDArray[Any] | None]]:
    """Columns as numbers, and the targets as `encode_target` has them; raises for rows that linear models have no use for."""
    if tasks.y is None:
        raise ValueError("y: requires y to be passed, but the target y is None.")
    check_all_labelled(tasks, estimator)
    X = numeric_features(tasks.X)
    check_complete(X, tasks, tasks.feature_names, tasks.row_counts)
    target = encode_target(tasks.y, estimator, family, classes)
    check_squares("X", X.data if sparse.issparse(X) else X)
    check_squares("y", target[0])
    return X, target


def check_all_labelled(tasks: Tasks, estimator: Any) -> None:
    """Raise for rows without a target, which linear models have no use for."""
    if tasks.labelled is None:
        return
    y: Any = tasks.y
    check_labels_known(y)
    check_finite_target(y)
    raise ValueError(
        f"y: wanted a label in every row for {type(estimator).__name__}, found none in {np.sum(~tasks.labelled)} of "
        f"{tasks.n_rows} row(s); leave these rows out."
    )


def _as_drawn(tasks: Tasks, classes: NDArray[Any]) -> tuple[Any, Any]:
    """``offset (n, K)`` and ``stands_for (n,)`` of rows that were drawn by their class; None for others."""
    logs = log_class_rates(tasks, classes)
    if logs is None:
        return None, None
    offset = logs[:, 1:] - logs[:, :1] if len(classes) == 2 else logs
    return offset[tasks.codes], representative_weights(tasks)


def check_squares(name: str, values: NDArray[np.float64]) -> None:
    """Raise where numbers are so large that sums of their squares are none."""
    with np.errstate(over="ignore"):
        if np.isfinite(np.vdot(values, values)):
            return
    largest = np.nanmax(np.abs(values), initial=0.0)
    if largest > _LARGEST:
        raise ValueError(
            f"{name}: wanted numbers whose squares can be added up, found one of size {largest:.3g}; give them in larger units."
        )


def encode_target(
    y: NDArray[Any], estimator: Any, family: Any, classes: NDArray[Any] | None = None
) -> tuple[NDArray[np.float64], int | None, NDArray[Any] | None]:
    """``(Y (n, K), n_targets, classes)``: numbers, or indicator columns of the classes for classifiers."""
    if family.classifies:
        return _encode_labels(y, classes)
    Y = as_numbers(y, estimator)
    if Y.ndim == 2 and not family.many_targets:
        raise ValueError(
            f"y: wanted one target for {type(estimator).__name__}, found {Y.shape[1]}; use Ridge, or one "
            "model a target (MultiOutputRegressor)."
        )
    family.check_target(Y, estimator)
    return Y.reshape(len(Y), -1), (None if Y.ndim == 1 else Y.shape[1]), None


def _encode_labels(y: NDArray[Any], classes: NDArray[Any] | None) -> tuple[NDArray[np.float64], None, NDArray[Any]]:
    found = np.unique(y) if len(y) else np.array([])
    classes = found if classes is None else classes
    check_classes(classes, found)
    if len(classes) < 2:
        raise ValueError(
            "y: This solver needs samples of at least 2 classes in the data, but the data contains only "
            f"one class: {shown(classes[0])}. (A task may have one class; a collection may not.)"
        )
    one_hot = (y[:, None] == classes[None, :]).astype(float) if len(y) else np.zeros((0, len(classes)))
    return (one_hot[:, 1:] if len(classes) == 2 else one_hot), None, classes


def weighs(tasks: Tasks, estimator: Any) -> bool:
    """Whether rows have weights, or the estimator gives them some by their class."""
    return tasks.sample_weight is not None or getattr(estimator, "class_weight", None) is not None


def mean_weight(tasks: Tasks, estimator: Any, classes: NDArray[Any] | None = None) -> float:
    """What a row weighs on average, of those that weigh anything: the unit of a prior that is learned from the tasks.

    Weights say how precise rows are against each other: the noise, which is learned, has the unit's precision. ``classes``
    are those that a prior knows.
    """
    known = classes is not None and tasks.y is not None and bool(np.isin(tasks.y, classes).all())
    weight = row_weights(tasks, estimator, classes if known else None)
    if weight is None:
        return 1.0
    often = tasks.task_weights
    often = often[tasks.codes] * (weight > 0)
    total = often.sum()
    return float(often @ weight / total) if total > 0 else 1.0
