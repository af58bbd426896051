"""What one past trial is: plain data, in which what is no data is kept by its description."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from fractions import Fraction
from inspect import isclass, isfunction, isroutine
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


@dataclass(frozen=True, repr=False)
class Described:
    """A value that is no plain data (an estimator, a function), by a text that is the same in every session."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Trial:
    """One candidate of one past search, and how it did.

    Parameters
    ----------
    task : str or int
        The dataset that was searched on.
    params : dict
        What was searched: names and values, as `plain_value` makes them.
    other_params : dict
        The estimator's other parameters, with the values they had.
    mean_test_score, std_test_score, mean_fit_time : float
        Over the splits; seconds; nan where not known, or where the fit failed.
    n_splits : int or None
        Number of splits.
    scoring : str or None
        What was scored.
    n_rows, n_columns : int or None
        Size of the dataset.
    """

    task: str | int
    params: dict[str, Any]
    other_params: dict[str, Any] = field(default_factory=dict)
    mean_test_score: float = math.nan
    std_test_score: float = math.nan
    mean_fit_time: float = math.nan
    n_splits: int | None = None
    scoring: str | None = None
    n_rows: int | None = None
    n_columns: int | None = None

    @property
    def is_scored(self) -> bool:
        """Whether it has a score; it failed, or was scored by no number, if not."""
        return math.isfinite(self.mean_test_score)

    @property
    def standard_error(self) -> float:
        """Of the mean score, over the splits."""
        return self.std_test_score / math.sqrt(self.n_splits or 1)

    @property
    def all_params(self) -> dict[str, Any]:
        """Every parameter with its value in this trial, searched or not."""
        return self.other_params | self.params

    @property
    def identity(self) -> Hashable:
        """What makes it this trial: all but the seconds, which differ whenever the same fit is repeated."""
        params = (
            frozenset((name, type(v), value_key(v)) for name, v in p.items()) for p in (self.params, self.other_params)
        )
        scores = map(value_key, (self.mean_test_score, self.std_test_score))
        return *params, *scores, self.n_splits, self.scoring, self.n_rows, self.n_columns


def plain_value(value: Any) -> Any:
    """The value as plain data; compare values of today with those of a history through this.

    Parameters
    ----------
    value : object
        A parameter's value.

    Returns
    -------
    None, bool, int, float, str, tuple, list, dict or Described
        NumPy's scalars as Python's, arrays as lists, anything that is no data as its `Described`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> from skmeta.tuning._trial import plain_value
    >>> plain_value({"a": np.float32(0.5), "b": (SVC(C=2), None)})
    {'a': 0.5, 'b': (SVC(C=2), None)}
    >>> plain_value(SVC(C=2)) == plain_value(SVC(C=2.0)), plain_value(SVC(C=2)) == plain_value(SVC(C=2))
    (False, True)
    """
    if type(value) in (float, int, str):  # most are
        return value
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.floating | Decimal | Fraction):  # decimals are what databases have
        value = float(value)  # item() of a long double is a long double
    elif isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | Described):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind.__str__(value) if kind is str else kind(value)
    if isinstance(value, tuple | list):
        return (tuple if isinstance(value, tuple) else list)(plain_value(part) for part in value)
    if isinstance(value, Mapping):
        return {plain_value(key): plain_value(part) for key, part in value.items()}
    return Described(_description(value))


def _description(value: Any) -> str:
    if isclass(value) or isroutine(value):
        name = f"{value.__module__}.{getattr(value, '__qualname__', value.__name__)}"
        # All lambdas of a module have one name.
        return f"{name}:{value.__code__.co_firstlineno}" if isfunction(value) and "<lambda>" in name else name
    if isinstance(value, BaseEstimator):
        with config_context(print_changed_only=True):
            text = value.__repr__(N_CHAR_MAX=10**9)  # else the middle of a long one is left out
    else:
        text = repr(value)
    return " ".join(_ADDRESS.sub("", text).split())


def value_key(plain: Any) -> Hashable:
    """Something hashable that is equal for equal plain values, and for no others.

    Python has ``True == 1`` and ``nan != nan``; here it is the other way round. 1 and 1.0 are equal.
    """
    kind = type(plain)
    if kind is str or kind is int:  # most are
        return plain
    if kind is float:
        return ("float", "nan") if math.isnan(plain) else plain
    if kind is bool:
        return ("bool", plain)
    if isinstance(plain, tuple | list):
        return (type(plain).__name__, tuple(map(value_key, plain)))
    if isinstance(plain, dict):
        return ("dict", frozenset((value_key(name), value_key(part)) for name, part in plain.items()))
    return plain


def holds_described(value: Any) -> bool:
    """Whether a plain value is a container with something in it that is no data, such as a Pipeline's steps."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return isinstance(value, tuple | list) and any(isinstance(v, Described) or holds_described(v) for v in value)


# As JSON: an object that stands for a value always has one key, which says what it is. ----------------


def encoded(value: Any) -> Any:
    """A plain value in JSON's own kinds."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, Described):
        return {"repr": value.text}
    if isinstance(value, tuple):
        return {"tuple": [encoded(part) for part in value]}
    if isinstance(value, list):
        return [encoded(part) for part in value]
    if isinstance(value, dict):
        return {"dict": [[encoded(key), encoded(part)] for key, part in value.items()]}
    return value


def decoded(data: Any) -> Any:
    """The plain value that `encoded` wrote.

    Raises
    ------
    ValueError
        If an object has a key that `encoded` does not write.
    """
    if isinstance(data, list):
        return [decoded(part) for part in data]
    if not isinstance(data, dict):
        return data
    match data:
        case {"float": str(text)} if len(data) == 1:
            return float(text)
        case {"repr": str(text)} if len(data) == 1:
            return Described(text)
        case {"tuple": list(parts)} if len(data) == 1:
            return tuple(decoded(part) for part in parts)
        case {"dict": list(pairs)} if len(data) == 1:
            return {decoded(key): decoded(part) for key, part in pairs}
    raise ValueError(f"an object for a value has one key of float, repr, tuple and dict, found {list(data)}")


def encoded_trial(trial: Trial) -> dict[str, Any]:
    """A trial in JSON's own kinds, without its task, which stands above."""
    data = {f.name: getattr(trial, f.name) for f in fields(trial) if f.name != "task"}
    return {
        name: {key: encoded(part) for key, part in value.items()} if isinstance(value, dict) else encoded(value)
        for name, value in data.items()
    }


_WANTED = {"params": dict, "other_params": dict, "n_splits": int, "scoring": str, "n_rows": int, "n_columns": int}


def decoded_trial(task: str | int, data: Any) -> Trial:
    """The trial that `encoded_trial` wrote.

    Raises
    ------
    ValueError
        If a field is missing, unknown or of the wrong kind.
    """
    names = {f.name for f in fields(Trial)} - {"task"}
    if not isinstance(data, dict) or set(data) != names:
        found = f"the fields {sorted(data)}" if isinstance(data, dict) else type(data).__name__
        raise ValueError(f"a trial has the fields {sorted(names)}, found {found}")
    return Trial(task, **{name: _field(name, part) for name, part in data.items()})


def _field(name: str, data: Any) -> Any:
    wanted = _WANTED.get(name, float)
    if wanted is dict and isinstance(data, dict):
        return {key: decoded(part) for key, part in data.items()}
    value = None if wanted is dict else decoded(data)
    if value is None and wanted in (int, str):
        return None
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise ValueError(f"{name} of a trial is of kind {wanted.__name__}, found {data!r:.40}")
    return value
