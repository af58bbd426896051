"""What a collection is to a linear model: per task the sums that squared errors are made of, and nothing of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from skmeta._inference.sums import Sums, added, read_sums
from skmeta.base._frozen_value import FrozenValue
from skmeta.base._matching import check_names
from skmeta.linear_model._adding_parts import (
    added_values,
    all_ids,
    check_same_columns_missing,
    check_targets,
    same_columns,
)
from skmeta.tasks import Tasks, lookup_tasks
from skmeta.tasks._ids import plain_ids
from skmeta.tasks._numbers import as_numbers, check_complete, numeric_features
from skmeta.tasks._read import read_tasks
from skmeta.tasks._told_columns import telling_columns
from skmeta.tasks._words import listed, shown

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SufficientStatistics(FrozenValue):
    r"""What a collection is to a linear model: a few sums a task, made in one pass over its rows, that add up.

    .. math:: \bar x_t, \; \bar y_t, \quad S_t = \sum_i w_i (x_i - \bar x_t)(x_i - \bar x_t)^\top, \quad
       c_t = \sum_i w_i (x_i - \bar x_t)(y_i - \bar y_t), \quad q_t = \sum_i w_i (y_i - \bar y_t)^2

    With the total weight :math:`n_t` they say the same as :math:`X'X, X'y, y'y, n`, which are properties here, and
    columns far from zero (years, timestamps) lose no digits. `EmpiricalBayes.learn_statistics` learns from them what
    `EmpiricalBayes.learn` learns from the rows. Parts of a collection, from several files, machines or hospitals, are
    added: ``a + b`` or ``sum(parts)``; a task may be split over parts. It is a frozen value.

    Parameters
    ----------
    ids : array-like of shape (n_tasks,)
        Names of the tasks, each once, sorted.
    n : array-like of shape (n_tasks,)
        Total weight of each task's rows, without weights their number.
    mean : array-like of shape (n_tasks, n_features)
        Means of the columns; NaN where a task lacks a column.
    target_mean : array-like of shape (n_tasks,) or (n_tasks, n_outputs)
        Means of the targets.
    scatter : array-like of shape (n_tasks, n_features, n_features)
        Products of the columns' deviations from their means.
    cross : array-like of shape (n_tasks, n_features) or (n_tasks, n_features, n_outputs)
        Products of the columns' deviations and the targets'.
    square : array-like of shape (n_tasks,) or (n_tasks, n_outputs)
        Squares of the targets' deviations.
    feature_names : sequence of str, default=None
        Names of the columns; parts are matched by them.
    count : array-like of shape (n_tasks,), default=None
        Number of rows that weigh something; None for ``n``. A learner needs it: weights are relative, rows count.
    log_likelihood : array-like of shape (n_tasks,), default=None
        Of the rows that working responses are of, at the coefficients they were worked out at (`WorkingStatistics`);
        None for targets themselves.

    Raises
    ------
    ValueError
        If an array has another shape, or holds what is not finite.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque (1983), Algorithms for computing the sample variance: analysis and
    recommendations, The American Statistician 37(3), equation 2.1 (how parts add up).

    Examples
    --------
    >>> from skmeta import EmpiricalBayes, SufficientStatistics
    >>> from skmeta.datasets import make_related_regression
    >>> X, y, _ = make_related_regression(n_tasks=50, n_features=3, random_state=0)
    >>> morning = SufficientStatistics.from_table(X[:210], y[:210], task=-1)
    >>> evening = SufficientStatistics.from_table(X[210:], y[210:], task=-1)
    >>> morning + evening
    SufficientStatistics(n_tasks=50, n_rows=1000, n_features=3, n_outputs=1)
    >>> EmpiricalBayes().learn_statistics(morning + evening).n_tasks
    50.0

    They are stored as plain arrays by `numpy.savez`, or as text (dates as ids are first written as text):

    >>> import json
    >>> text = json.dumps({name: array.tolist() for name, array in morning.to_dict().items()})
    >>> SufficientStatistics.from_dict(json.loads(text))
    SufficientStatistics(n_tasks=11, n_rows=210, n_features=3, n_outputs=1)
    """

    ids: NDArray[Any]
    n: _Array
    mean: _Array
    target_mean: _Array
    scatter: _Array
    cross: _Array
    square: _Array
    feature_names: tuple[str, ...] | None = None
    log_likelihood: _Array | None = None
    count: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", plain_ids(self.ids, "SufficientStatistics(ids=...)"))
        for name in ("n", "mean", "target_mean", "scatter", "cross", "square"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        object.__setattr__(self, "count", self.n if self.count is None else np.asarray(self.count, dtype=float))
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(str(name) for name in self.feature_names))
        if self.log_likelihood is not None:
            object.__setattr__(self, "log_likelihood", np.asarray(self.log_likelihood, dtype=float))
        _check(self)
        super().__post_init__()

    def __repr__(self) -> str:
        counts = {"n_tasks": self.n_tasks, "n_rows": self.n_rows, "n_features": self.n_features}
        return (
            f"SufficientStatistics({', '.join(f'{k}={v:.0f}' for k, v in counts.items())}, n_outputs={self.n_outputs})"
        )

    @classmethod
    def from_table(cls, X: Any, y: Any, task: str | int, sample_weight: Any = None) -> Self:
        """The statistics of a table, its rows read once.

        Parameters
        ----------
        X : {array-like, frame, sparse matrix} of shape (n_rows, n_columns)
            Rows of the tasks, the task column included; all other columns, if there are any, are numbers. A task that
            lacks a column has NaN in all its rows.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Targets.
        task : str or int
            Name or position of the task column.
        sample_weight : array-like of shape (n_rows,), default=None
            Weights: how precise the rows are against each other; a task whose rows all weigh nothing is left out.

        Returns
        -------
        SufficientStatistics
            Its tasks sorted by id.

        Raises
        ------
        ValueError
            If there is no such column, an id is missing, a column holds no numbers or is missing in some rows of a
            task, or lengths differ.
        TypeError
            If ids are of several types, or lists.
        """
        tasks = read_tasks(X, y, sample_weight, task=task)
        with telling_columns(tasks.X, X, task):
            return cls.of_tasks(tasks)

    @classmethod
    def of_tasks(cls, tasks: Tasks) -> Self:
        """The statistics of tasks that were read, as they are behind the steps of a model.

        Parameters
        ----------
        tasks : Tasks
            Their columns numbers.

        Returns
        -------
        SufficientStatistics
            Of these tasks.
        """
        Z = numeric_features(tasks.X) if all(tasks.X.shape) else np.zeros(tasks.X.shape)
        if tasks.n_rows:
            check_complete(Z, tasks, tasks.feature_names)
        Y = as_numbers(tasks.y, Ridge())
        sums = read_sums(Z, Y[:, None] if Y.ndim == 1 else Y, tasks.order, tasks.starts, tasks.sample_weight)
        return cls.of_sums(sums, tasks.ids, tasks.feature_names, one_target=Y.ndim == 1)

    @classmethod
    def of_sums(cls, sums: Sums, ids: NDArray[Any], names: Sequence[str] | None, *, one_target: bool) -> Self:
        """The sums of the engine, which belong to it from now on, as a public value."""
        target, cross, square = sums.target, sums.cross, sums.square
        if one_target:
            target, cross, square = target[:, 0], cross[..., 0], square[:, 0]
        arrays = (ids, sums.n, sums.mean, target, sums.scatter, cross, square)
        for array in (*arrays[1:], sums.rows):
            array.flags.writeable = False  # they are new and nobody else's: no copy is needed
        return cls(*arrays, feature_names=None if names is None else tuple(names), count=sums.rows)

    def sums(self) -> Sums:
        """The same as the engine has it, with an axis of outputs."""
        k = self.n_outputs
        target, square = self.target_mean.reshape(-1, k), self.square.reshape(-1, k)
        cross = self.cross.reshape(*self.mean.shape, k)
        return Sums(self.n, self.count, self.mean, target, self.scatter, cross, square)

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return len(self.ids)

    @property
    def n_rows(self) -> float:
        """Number of rows that weigh something."""
        return float(self.count.sum())

    @property
    def mean_weight(self) -> float:
        """What such a row weighs on average."""
        return float(self.n.sum() / self.count.sum()) if self.count.sum() > 0 else 1.0

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.mean.shape[1]

    @property
    def n_outputs(self) -> int:
        """Number of targets."""
        return 1 if self.target_mean.ndim == 1 else self.target_mean.shape[1]

    @property
    def missing_everywhere(self) -> NDArray[np.bool_]:
        """Which columns no task has, of shape (n_features,)."""
        return np.asarray(np.isnan(self.mean).all(axis=0))

    @property
    def XtX(self) -> _Array:
        """``X'WX`` of every task, of shape (n_tasks, n_features, n_features), without an intercept's column."""
        mean = np.nan_to_num(self.mean, nan=0.0)
        return self.scatter + (self.n[:, None] * mean)[:, :, None] * mean[:, None, :]

    @property
    def Xty(self) -> _Array:
        """``X'Wy`` of every task, of shape (n_tasks, n_features) or (n_tasks, n_features, n_outputs)."""
        sums, mean = self.sums(), np.nan_to_num(self.mean, nan=0.0)
        product = sums.cross + (self.n[:, None] * mean)[:, :, None] * sums.target[:, None, :]
        return product.reshape(self.cross.shape)

    @property
    def yty(self) -> _Array:
        """``y'Wy`` of every task, of shape (n_tasks,) or (n_tasks, n_outputs)."""
        n = self.n if self.square.ndim == 1 else self.n[:, None]
        return self.square + n * self.target_mean**2

    def __add__(self, other: Any) -> SufficientStatistics:
        if not isinstance(other, SufficientStatistics):
            return NotImplemented
        check_targets(self, other)
        other = other if same_columns(self, other) else other.aligned(self.feature_names or ())
        ids = all_ids(self.ids, other.ids)
        whole = Sums.zeros(len(ids), self.n_features, self.n_outputs)
        whole.put(lookup_tasks(ids, self.ids), self.sums())
        tasks = lookup_tasks(ids, other.ids)
        check_same_columns_missing(whole.take(tasks), other)
        whole.put(tasks, added(whole.take(tasks), other.sums()))
        found = self.of_sums(whole, ids, self.feature_names, one_target=self.target_mean.ndim == 1)
        return found if self.log_likelihood is None else replace(found, log_likelihood=added_values(ids, self, other))

    def __radd__(self, other: Any) -> SufficientStatistics:
        return self if isinstance(other, int) and other == 0 else NotImplemented  # where sum(parts) starts

    def aligned(self, feature_names: Sequence[str]) -> Self:
        """The same statistics with their columns in another order.

        Parameters
        ----------
        feature_names : sequence of str
            All names, in the order wanted.

        Returns
        -------
        SufficientStatistics
            Itself where that is the order it has.

        Raises
        ------
        ValueError
            If a name is missing or new.
        """
        names = self.feature_names or ()
        check_names(names, feature_names, "The feature names should match those of the statistics")
        if tuple(feature_names) == names:
            return self
        order = np.array([names.index(name) for name in feature_names])
        return replace(
            self,
            mean=self.mean[:, order],
            scatter=self.scatter[:, order[:, None], order],
            cross=self.cross[:, order],
            feature_names=tuple(feature_names),
        )

    def take(self, tasks: Any) -> Self:
        """The statistics of some tasks (sorted positions, or a mask)."""
        names = ("ids", "n", "mean", "target_mean", "scatter", "cross", "square", "count", "log_likelihood")
        changed = {name: getattr(self, name)[tasks] for name in names if getattr(self, name) is not None}
        return replace(self, **changed)

    def with_constant_column(self) -> Self:
        """The statistics of the same rows with a column of zeros before the others, without names."""
        zeros = ((0, 0), (1, 0))
        return replace(
            self,
            mean=np.pad(self.mean, zeros),
            scatter=np.pad(self.scatter, (*zeros, (1, 0))),
            cross=np.pad(self.cross, (*zeros, *[(0, 0)] * (self.cross.ndim - 2))),
            feature_names=None,
        )

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Plain arrays that `from_dict` reads: numbers, and text for names.

        Returns
        -------
        dict
            Names and arrays, for `numpy.savez`; lists made of them, for JSON. Ids come back as they are, but dates,
            which JSON does not know.
        """
        state = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.ids.dtype.kind == "O":
            state["ids"] = self.ids.astype(str)
        return {name: np.array(value) for name, value in state.items() if value is not None}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Self:
        """Make statistics from what `to_dict` gave.

        Parameters
        ----------
        state : mapping
            Names and arrays or lists; what `numpy.load` gives will do.

        Returns
        -------
        SufficientStatistics
            The same statistics.

        Raises
        ------
        TypeError
            If ``state`` is no mapping.
        ValueError
            If a name is missing or unknown.
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"from_dict: wanted a mapping such as to_dict gives, found {type(state).__name__}.")
        known = [field.name for field in fields(cls)]
        missing = sorted({*known} - {*state, "feature_names", "log_likelihood", "count"})
        unknown = sorted({*state} - {*known})
        if missing or unknown:
            found = [f"{what} {names}" for what, names in (("missing", missing), ("unknown", unknown)) if names]
            raise ValueError(f"from_dict: wanted the names that to_dict gives, found {', '.join(found)}.")
        return cls(**{name: state[name] for name in state})


def _check(found: SufficientStatistics) -> None:
    """Raise unless all arrays have the shapes that ids, columns and targets ask for."""
    n_tasks, d = len(found.ids), found.mean.shape[-1] if found.mean.ndim else 0
    outputs = found.target_mean.shape[1:]
    shapes = {"n": (), "count": (), "mean": (d,), "scatter": (d, d), "cross": (d, *outputs), "square": outputs}
    shapes |= {} if found.log_likelihood is None else {"log_likelihood": ()}
    for name, shape in shapes.items():
        array = getattr(found, name)
        if array.shape != (n_tasks, *shape):
            _wrong(name, f"shape {(n_tasks, *shape)} for {n_tasks} ids", f"shape {array.shape}")
    if found.target_mean.shape[:1] != (n_tasks,) or len(outputs) > 1:
        _wrong("target_mean", f"shape ({n_tasks},) or ({n_tasks}, n_outputs)", f"shape {found.target_mean.shape}")
    if found.feature_names is not None and len(set(found.feature_names)) != d:
        _wrong("feature_names", f"{d} different names, one a column", f"{listed(found.feature_names)}")
    for name in ("n", "count", "target_mean", "scatter", "cross", "square"):
        if not np.isfinite(getattr(found, name).sum()):
            _wrong(name, "finite numbers", "some that are NaN or infinite")
    for name in ("n", "count"):
        if (getattr(found, name) < 0).any():
            _wrong(name, "numbers that are not negative", shown(getattr(found, name).min()))
    if n_tasks > 1 and not (found.ids[:-1] < found.ids[1:]).all():
        _wrong("ids", "each id once, in sorted order", f"{listed(found.ids)}")


def _wrong(name: str, wanted: str, found: str) -> None:
    raise ValueError(f"SufficientStatistics({name}=...): wanted {wanted}, found {found}.")
