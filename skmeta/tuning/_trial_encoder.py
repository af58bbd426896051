"""The coordinates of past trials: made of what was tried, whatever today's space is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import FrozenValue
from skmeta.tuning._categories import ABSENT, Categories, distinct, one_hot, split_values, value_key
from skmeta.tuning._trial import Trial, encoded

_MIN_LOG_RATIO = 30.0  # largest over smallest number, from which on an axis may be a log
_MARGIN = 0.5  # how far a value of today may lie outside what was tried


@dataclass(frozen=True, eq=False, repr=False)
class TrialEncoder(FrozenValue):
    """How the models of past tasks see a trial: one axis for numbers, and a column for each other value.

    Every parameter that any trial searched and that differed between trials has its columns. The smallest number
    tried is 0 and the largest 1, on a logarithmic scale if numbers span decades and lie more evenly there; a
    value never tried may lie half as far outside. Values that are no numbers, and the lack of a value, have a
    column each (one-hot), and are 0.5 on the axis. Two are equal if they give the same coordinates.

    Parameters
    ----------
    names : tuple of str
        Parameters, sorted; made by `TrialEncoder.of`.
    scales : tuple of (bool, float, float) or None
        Whether it is a log, the smallest and the largest number; None where there is no axis.
    others : tuple of tuple
        The other values, plain; ``ABSENT`` if some trial had none.

    Examples
    --------
    >>> from skmeta.tuning._trial_encoder import TrialEncoder
    >>> from skmeta.tuning._trial import Trial
    >>> past = [{"C": 0.01, "kernel": "rbf"}, {"C": 1.0, "kernel": "rbf"}, {"C": 100.0, "kernel": "linear"}]
    >>> axes = TrialEncoder.of([Trial("old", params) for params in past])
    >>> axes
    TrialEncoder(C, kernel)
    >>> axes.encode([{"C": 1.0, "kernel": "rbf"}, {"C": 1e9, "kernel": "poly"}])
    array([[0.5, 0. , 1. ],
           [1.5, 0. , 0. ]])
    >>> axes.groups
    array([0, 1, 1])
    """

    names: tuple[str, ...]
    scales: tuple[tuple[bool, float, float] | None, ...]
    others: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, trials: list[Trial]) -> TrialEncoder:
        """Find the coordinates of trials; their order does not matter.

        Parameters
        ----------
        trials : list of Trial
            Past trials of all tasks.

        Returns
        -------
        TrialEncoder
            The coordinates.
        """
        tried = [trial.all_params for trial in trials]
        columns = []
        for name in sorted({name for trial in trials for name in trial.params}):
            values = distinct(params.get(name, ABSENT) for params in tried).values()
            numbers, others = split_values(values)
            if len(values) > 1:
                scale = (_is_log(numbers), float(numbers[0]), float(numbers[-1])) if len(numbers) else None
                columns.append((name, scale, tuple(sorted(others, key=_text))))
        return cls(*(tuple(parts) for parts in zip(*columns, strict=True))) if columns else cls((), (), ())

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """The parameter of each column, by its place in ``names``."""
        widths = [(scale is not None) + len(others) for scale, others in zip(self.scales, self.others, strict=True)]
        return np.repeat(np.arange(len(widths)), widths)

    def encode(self, params: list[dict[str, Any]]) -> NDArray[np.float64]:
        """Encode trials, or candidates.

        Parameters
        ----------
        params : list of dict
            All their parameters, as plain values. What has no axis is left out, a missing one is absent.

        Returns
        -------
        ndarray of shape (len(params), n_columns)
            In [0, 1] for what was tried, in [-0.5, 1.5] for all else.
        """
        blocks = [np.empty((len(params), 0))]
        for name, scale, categories in zip(self.names, self.scales, self._categories, strict=True):
            numbers, codes = categories.read([each.get(name, ABSENT) for each in params])
            if scale is not None:
                blocks.append(_place(numbers, *scale)[:, None])
            blocks.append(one_hot(codes, categories.n_codes))
        return np.hstack(blocks)

    def __eq__(self, other: object) -> bool:
        return self._content == other._content if isinstance(other, TrialEncoder) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._content)

    def __repr__(self) -> str:
        return f"TrialEncoder({', '.join(self.names)})"

    @cached_property
    def _categories(self) -> tuple[Categories, ...]:
        return tuple(map(Categories, self.others))

    @cached_property
    def _content(self) -> tuple[Any, ...]:
        return self.names, self.scales, value_key(self.others)


def _text(plain: Any) -> str:
    """Something to sort plain values of any kinds by."""
    return json.dumps(encoded(plain))


def _is_log(numbers: NDArray[np.float64]) -> bool:
    """Whether sorted numbers span decades and are spread more evenly over a logarithmic axis."""
    low, high = numbers[0], numbers[-1]
    if low <= 0 or high < low * _MIN_LOG_RATIO:
        return False
    return bool(_unevenness(np.log(numbers)) < _unevenness(numbers))


def _unevenness(sorted_points: NDArray[np.float64]) -> float:
    """Kolmogorov-Smirnov distance of points from a uniform law over their range."""
    n = len(sorted_points)
    rank = (sorted_points - sorted_points[0]) / (sorted_points[-1] - sorted_points[0])
    return max(np.max(np.arange(1, n + 1) / n - rank), np.max(rank - np.arange(n) / n))


def _place(numbers: NDArray[np.float64], is_log: bool, low: float, high: float) -> NDArray[np.float64]:
    """Numbers on an axis from 0 to 1; in the middle what is none."""
    with np.errstate(over="ignore", divide="ignore"):
        if is_log:
            # What a logarithm has no place for lies below everything.
            numbers, low, high = np.log(np.maximum(numbers, 0.0)), np.log(low), np.log(high)
        place = (numbers - low) / (high - low)
    return np.where(np.isnan(place), 0.5, np.clip(place, -_MARGIN, 1.0 + _MARGIN))
