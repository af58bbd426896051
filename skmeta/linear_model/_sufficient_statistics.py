"""What a collection is to a linear model: per task the sums that squared errors are made of, and nothing of the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.sums import Sums, added, read_sums
from skmeta.base._frozen_value import FrozenValue
from skmeta.base._matching import check_names
from skmeta.linear_model import _adding_parts
from skmeta.linear_model._bounds import bounded_rows
from skmeta.linear_model._privacy import added_noise, privatised
from skmeta.linear_model._rows_as_numbers import rows_as_numbers
from skmeta.linear_model._statistics_arrays import (
    check_arrays,
    check_one_column,
    names_in,
    of_tasks,
    plain_state,
    zeros_before,
)
from skmeta.tasks import Tasks, lookup_tasks
from skmeta.tasks._ids import plain_ids
from skmeta.tasks._read import read_tasks
from skmeta.tasks._told_columns import telling_columns

_Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SufficientStatistics(FrozenValue):
    r"""What a linear model needs of a collection: a few sums per task, made in one pass over its rows, that add up.

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
        For working responses, the log likelihood of their rows at the coefficients where they were computed
        (`WorkingStatistics`); None for the targets themselves.
    bounds : array-like of shape (n_features + n_outputs, 2), default=None
        Lows and highs that all rows lie between, of the columns and, after them, the targets; None where none were declared.
    noise_variance : array-like of shape (n_tasks,), default=None
        Variance of the noise in each product of two columns (`privatise`), in halves of the bounds' widths; None for no noise.
    data_norm : float, default=None
        Upper bound of the norm of a row's columns, as in `from_table`; None where none was declared.

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
    >>> SufficientStatistics.from_dict(json.loads(text)).n_rows
    210.0
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
    bounds: _Array | None = None
    noise_variance: _Array | None = None
    data_norm: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", plain_ids(self.ids, "SufficientStatistics(ids=...)"))
        for name in ("n", "mean", "target_mean", "scatter", "cross", "square"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        object.__setattr__(self, "count", self.n if self.count is None else np.asarray(self.count, dtype=float))
        if self.data_norm is not None:
            object.__setattr__(self, "data_norm", float(self.data_norm))
        if self.feature_names is not None:
            object.__setattr__(self, "feature_names", tuple(str(name) for name in self.feature_names))
        for name in ("log_likelihood", "bounds", "noise_variance"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=float))
        check_arrays(self)
        super().__post_init__()

    def __repr__(self) -> str:
        counts = ("n_tasks", "n_rows", "n_features", "n_outputs")
        return f"SufficientStatistics({', '.join(f'{name}={getattr(self, name):.0f}' for name in counts)})"

    @classmethod
    def from_table(
        cls,
        X: Any,
        y: Any,
        task: str | int,
        sample_weight: Any = None,
        bounds: Any = None,
        data_norm: float | None = None,
    ) -> Self:
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
        bounds : mapping, default=None
            A pair (low, high) for each column, by name (of arrays by position, the task column left out), and for the target
            as ``"y"``, declared from what is known of them, not read from the rows. What lies outside is clipped, with a
            warning. `privatise` needs them; rows then have no weights, since a row's share would have no bound.
        data_norm : float, default=None
            Bound on the norm of a row's columns, measured from the middles of their bounds in halves of the widths (a corner
            has ``sqrt(n_features)``). A longer row is shrunk as a whole, target and intercept too: it has the weight
            ``(data_norm / norm) ** 2``. `privatise` adds less noise; ``sqrt(n_features) / 2`` does well. None shrinks no row.

        Returns
        -------
        SufficientStatistics
            Its tasks sorted by id.

        Raises
        ------
        ValueError
            If there is no such column, an id is missing, a column holds no numbers or is missing in some rows of a
            task, or lengths differ; if bounds are missing, or weights stand beside them.
        TypeError
            If ids are of several types, or lists.
        """
        check_one_column(task)
        tasks = read_tasks(X, y, sample_weight, task=task)
        with telling_columns(tasks.X, X, task):
            return cls.of_tasks(tasks, bounds, data_norm)

    @classmethod
    def of_tasks(cls, tasks: Tasks, bounds: Any = None, data_norm: float | None = None) -> Self:
        """The statistics of tasks that were read, all columns numbers; ``bounds`` and ``data_norm`` as in `from_table`."""
        Z, Y, one_target = rows_as_numbers(tasks)
        names, weight = tasks.feature_names, tasks.sample_weight
        more: dict[str, Any] = {}
        if bounds is not None or data_norm is not None:
            Z, Y, weight, more = bounded_rows(Z, Y, names, weight, bounds, data_norm)
        sums = read_sums(Z, Y, tasks.order, tasks.starts, weight)
        return cls.of_sums(sums, tasks.ids, names, one_target=one_target, **more)

    @classmethod
    def of_sums(
        cls, sums: Sums, ids: NDArray[Any], names: Sequence[str] | None, *, one_target: bool, **more: Any
    ) -> Self:
        """The sums of the engine, which belong to it from now on, as a public value; ``more`` are further fields."""
        target, cross, square = sums.target, sums.cross, sums.square
        if one_target:
            target, cross, square = target[:, 0], cross[..., 0], square[:, 0]
        arrays = (ids, sums.n, sums.mean, target, sums.scatter, cross, square)
        for array in (*arrays[1:], sums.rows):
            array.flags.writeable = False  # they are new and nobody else's: no copy is needed
        return cls(*arrays, feature_names=None if names is None else tuple(names), count=sums.rows, **more)

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
        _adding_parts.check_targets(self, other)
        other = other if _adding_parts.same_columns(self, other) else other.aligned(self.feature_names or ())
        ids = _adding_parts.all_ids(self.ids, other.ids)
        whole = Sums.zeros(len(ids), self.n_features, self.n_outputs)
        whole.put(lookup_tasks(ids, self.ids), self.sums())
        tasks = lookup_tasks(ids, other.ids)
        _adding_parts.check_same_columns_missing(whole.take(tasks), other)
        whole.put(tasks, added(whole.take(tasks), other.sums()))
        more = added_noise(ids, self, other)
        if self.log_likelihood is not None:
            more["log_likelihood"] = _adding_parts.added_values(ids, self, other)
        return self.of_sums(whole, ids, self.feature_names, one_target=self.target_mean.ndim == 1, **more)

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
            bounds=None if self.bounds is None else np.r_[self.bounds[order], self.bounds[len(order) :]],
        )

    def privatise(
        self, epsilon: float, delta: float, bounds: Mapping[Any, Any] | None = None, *, random_state: Any = None
    ) -> Self:
        r"""The statistics with noise that hides every single row: what may leave a site.

        Adding or removing one row changes the probability of any outcome by no more than the factor
        :math:`e^\epsilon`, but for :math:`\delta`, by the analytic Gaussian mechanism; replacing one moves sums by up to twice.
        Of a task it hides the number of rows and all sums; not its id, nor which columns it lacks. A learner knows the noise.

        Parameters
        ----------
        epsilon : float
            How much a row may tell, above zero; what is released of the same rows adds up.
        delta : float
            Between zero and one; well below one over the number of rows.
        bounds : mapping, default=None
            As of `from_table`, not narrower than those of the rows, and with a ``data_norm`` the same; None takes those.
        random_state : int, RandomState instance or None, default=None
            For tests alone: who knows the seed can take the noise away again. None draws from the operating system's
            randomness, whatever the state of NumPy's own.

        Returns
        -------
        SufficientStatistics
            With noise. A warning says where the columns do not stand out of it.

        Raises
        ------
        ValueError
            If the parameters are out of range, bounds do not hold for the rows, or there is noise already.

        References
        ----------
        B. Balle and Y.-X. Wang (2018), Improving the Gaussian mechanism for differential privacy: analytical calibration
        and optimal denoising, ICML, theorem 8.
        """
        return privatised(self, epsilon, delta, bounds, random_state)

    def take(self, tasks: Any) -> Self:
        """The statistics of some tasks (sorted positions, or a mask)."""
        return replace(self, **of_tasks(self, tasks))

    def with_constant_column(self) -> Self:
        """The statistics of the same rows with a column of zeros before the others, without names."""
        return replace(self, **zeros_before(self))

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Plain arrays that `from_dict` reads: numbers, and text for names.

        Returns
        -------
        dict
            Names and arrays, for `numpy.savez`; lists made of them, for JSON. Ids come back as they are, but dates,
            which JSON does not know. "names" are all others: of private sums without their noise nobody could tell it.
        """
        return plain_state(self)

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
        return cls(**{name: state[name] for name in names_in(state, [field.name for field in fields(cls)])})
