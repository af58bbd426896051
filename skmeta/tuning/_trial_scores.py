"""The scores of trials: which column they are, which direction is better, and that they are numbers."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from math import inf, nan
from typing import Any

import numpy as np

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._score_names import is_error, is_score
from skmeta.tuning._written_values import column_as_meant

_NAMELESS = re.compile(r"(values?_?)?\d*")  # what Optuna and OpenML call whatever was scored
_NEVER_NEGATIVE = ("rmse", "mse", "mae", "mape", "root_mean_squared_error", "mean_squared_error", "mean_absolute_error")


def pick_score(results: Mapping[str, Any], metric: str | None, scoring: str | None) -> str:
    """Return the metric asked for, or the only one.

    Raises
    ------
    ValueError
        If there is no such score, or if several are there and none was asked for.
    """
    scores = score_names(results)
    if len(scores) == 1 and (metric is None or (metric == scoring and scores == ["score"])):
        return scores[0]
    if metric not in scores:
        wanted = "the name of one score" if metric is None else f"a score {metric!r}"
        found = f"the scores {scores}" if scores else f"no score among the columns {list(results)}"
        mend = (
            f"pass metric={scores[0]!r} or another of these"
            if scores
            else "pass its column as metric, or name it 'score'"
        )
        raise ValueError(f"metric: wanted {wanted}, found {found}; {mend}.")
    return metric


def score_names(results: Mapping[str, Any]) -> list[str]:
    """Return the names of all scores, sorted."""
    return sorted(name.removeprefix("mean_test_") for name in map(str, results) if name.startswith("mean_test_"))


def sign_of(greater_is_better: bool | None, says: bool | None, results: Mapping[str, Any], metric: str | None) -> float:
    """Return 1 where a higher score is better, -1 where a lower one is.

    Parameters
    ----------
    greater_is_better : bool or None
        What the user says.
    says : bool or None
        What a study says.
    results : mapping of str to sequence
        Where the scores are.
    metric : str or None
        Which of them.

    Raises
    ------
    TypeError
        If the user says something else than True or False.
    ValueError
        If the user and the study differ, or if errors were turned already.

    Warns
    -----
    UserWarning
        If the name of the score says another thing.
    """
    if greater_is_better is not None and not isinstance(greater_is_better, bool | np.bool_):
        raise TypeError(
            f"greater_is_better: wanted True, False or None, found {greater_is_better!r}; pass False for an error."
        )
    if greater_is_better is not None and says is not None and greater_is_better != says:
        raise ValueError(
            f"greater_is_better: wanted what the study says, {says}, found {greater_is_better}; leave it out."
        )
    names = [metric] if metric else score_names(results)
    name = names[0] if len(names) == 1 else ""
    if says is None and greater_is_better is None and is_error(name):
        _warn(
            name, "an error, of which lower is better, and higher is taken to be; pass greater_is_better=False", "True"
        )
    if says is None and greater_is_better is None and _NAMELESS.fullmatch(name):
        warn_caller(
            f"metric: {name!r} does not say which direction is better, and higher is taken to be; pass greater_is_better=False "
            "if it was minimized, as a study of Optuna does by default, or True."
        )
    if says is None and greater_is_better is not None and not greater_is_better:
        _check_not_turned(results, name)
        if is_score(name):
            what = "a score, of which higher is better, and lower is taken to be; leave greater_is_better out"
            _warn(name, what, "call it by another name")
    better = says if greater_is_better is None else greater_is_better
    return -1.0 if better is not None and not better else 1.0


def _warn(name: str, what: str, if_none: str) -> None:
    warn_caller(f"metric: {name!r} looks like {what}, or {if_none} if it is none.")


def _check_not_turned(results: Mapping[str, Any], name: str) -> None:
    """Raise for errors below zero: what kept them has turned their sign, as scorers of scikit-learn do."""
    values = results.get(f"mean_test_{name}", ())
    known = [value for value in values if isinstance(value, int | float | np.number) and -inf < value < inf]
    if name.lower().removeprefix("val_").removeprefix("test_") in _NEVER_NEGATIVE and known and max(known) < 0:
        raise ValueError(
            f"greater_is_better: wanted errors {name!r} of at least 0 to turn, found {max(known)} as the largest: they are "
            "turned already; pass greater_is_better=True."
        )


def numbers(results: Mapping[str, Any], name: str, n: int) -> list[float]:
    """Return a column of numbers, one a trial; nan where it has none, or where there is no such column.

    Raises
    ------
    TypeError
        If one is no number.
    ValueError
        If there are more or fewer than trials, or if deviations or times are negative.
    """
    if name not in results:
        return [nan] * n
    if len(results[name]) != n:
        raise ValueError(f"search: wanted one of {name} for each of {n} trials, found {len(results[name])}.")
    found = [_number(name, at, value) for at, value in enumerate(_as_meant(name, results[name]))]
    if name.startswith(("std_", "mean_fit_time")) and min(found) < 0:
        raise ValueError(f"search: wanted no negative number in {name}, found {min(found)}; leave the column out.")
    return found


def _as_meant(name: str, values: Sequence[Any]) -> Sequence[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what is no number is an error here
        return column_as_meant(name, values) if any(isinstance(value, str) for value in values) else values


def _number(name: str, at: int, value: Any) -> float:
    if value is np.ma.masked or value is None or (isinstance(value, str) and not value.strip()):
        return nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        found = "a number of more than 300 digits" if isinstance(error, OverflowError) else f"{value!r:.60}"
        raise TypeError(
            f"search: wanted numbers in {name}, found {found} in trial {at}; leave the score of a failed trial empty."
        ) from error
