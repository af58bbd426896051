"""Ids that are times: dates, or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.tasks._ids import as_objects
from skmeta.tasks._words import is_missing, shown

DAYS = "days"
ZONED_DAYS = "days of a time zone"  # which those of dates without one cannot be compared with
_DAY = 86400.0
_START = datetime(1970, 1, 1, tzinfo=UTC)


def times_of(values: NDArray[Any], name: str) -> tuple[NDArray[np.float64], str]:
    """Return times as numbers: dates in days, numbers as they are.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Dates (of NumPy, of pandas or polars, of `datetime`, also with time zones; periods begin when they begin) or numbers.
    name : str
        What they are called, for messages.

    Returns
    -------
    times : ndarray of shape (n,)
        Numbers.
    unit : str
        "days", or "days of a time zone" for dates that have one; "" for numbers.

    Raises
    ------
    ValueError
        If a value is missing, is text, or if there are dates among numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks._times import times_of
    >>> times_of(np.array(["2024-03-01", "2024-03-02T12"], dtype="M8[h]"), "date")[0]
    array([19783. , 19784.5])
    """
    values = np.asarray(values)
    if values.dtype.kind in "iuf":
        return _present(values.astype(np.float64), values, name), ""
    if values.dtype.kind == "M":
        return _present(_of_dates(values), values, name), DAYS
    each = values.tolist() if values.dtype.kind != "O" else list(values)
    found = [_of_value(value, name) for value in each]
    if len({unit for _, unit in found}) > 1:
        zones = "" not in {unit for _, unit in found}
        wanted, way_out = (
            ("dates with a time zone or without", "give all of them one, by .dt.tz_localize")
            if zones
            else ("dates or numbers", "make all of them dates, by pandas.to_datetime")
        )
        raise ValueError(f"{name}: wanted {wanted}, found both; {way_out}.")
    return np.array([number for number, _ in found]), found[0][1] if found else ""


def check_time_is_last(levels: Mapping[str, NDArray[Any]]) -> None:
    """Raise where the ids of the innermost level are text and those of another are times: the order is wrong.

    Parameters
    ----------
    levels : mapping of str to ndarray of shape (n_tasks,)
        Ids of the tasks at every level, outermost first.
    """
    *above, last = levels
    times = [name for name in above if _are_times(levels[name])]
    if times and not _are_times(levels[last]):
        task = [name for name in levels if name != times[-1]] + [times[-1]]
        raise ValueError(
            f"{last}: wanted dates or numbers in the innermost column of task, which is the time, found "
            f"{shown(levels[last][0])}; did you mean task={task}?"
        )


def _are_times(values: NDArray[Any]) -> bool:
    try:
        times_of(values, "")
    except ValueError:
        return False
    return True


def dates_of_days(days: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Return days since 1970-01-01 as dates.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.tasks._times import dates_of_days
    >>> dates_of_days(np.array([19783.0]))
    array(['2024-03-01T00:00:00.000000'], dtype='datetime64[us]')
    """
    return np.round(np.asarray(days) * 1e6 * _DAY).astype("M8[us]")


def time_of(value: Any, name: str, unit: str) -> float:
    """Return one time as a number; ValueError where it is not of the ``unit`` of the others."""
    (found,), own = times_of(np.asarray(value)[None] if isinstance(value, np.generic) else as_objects([value]), name)
    if own != unit:
        kinds = _ZONES if unit and own else _KINDS
        raise ValueError(
            f"{name}: wanted {kinds[unit]}, as the past has, found {kinds[own]}: {shown(value)}; {_way_out(unit, own)}."
        )
    return float(found)


_KINDS = {"": "a number", DAYS: "a date", ZONED_DAYS: "a date"}
_ZONES = {DAYS: "a date without a time zone", ZONED_DAYS: "a date with a time zone"}


def _way_out(unit: str, own: str) -> str:
    if unit and own:
        return "give all dates one time zone, by .dt.tz_localize, or none, by .dt.tz_localize(None)"
    return "make it one, by pandas.to_datetime" if unit else "give the time as past tasks have it"


def _of_dates(values: NDArray[Any]) -> NDArray[np.float64]:
    micros = values.astype("M8[us]")
    return np.where(np.isnat(micros), np.nan, micros.astype(np.int64) / (1e6 * _DAY))


def _present(times: NDArray[np.float64], values: NDArray[Any], name: str) -> NDArray[np.float64]:
    wrong = np.flatnonzero(~np.isfinite(times))
    if len(wrong):
        raise ValueError(f"{name}: wanted a time for every task, found {shown(values[wrong[0]])}; drop it or fill it.")
    return times


def _of_value(value: Any, name: str) -> tuple[float, str]:
    if hasattr(value, "to_timestamp"):  # a period of pandas
        value = value.to_timestamp()
    if isinstance(value, np.datetime64):
        return float(_present(_of_dates(np.array([value])), np.array([value]), name)[0]), DAYS
    if is_missing(value):
        raise ValueError(f"{name}: wanted a time for every task, found {shown(value)}; drop it or fill it.")
    if isinstance(value, datetime):
        zoned = value.tzinfo is not None
        own = value if zoned else value.replace(tzinfo=UTC)
        return (own - _START).total_seconds() / _DAY, ZONED_DAYS if zoned else DAYS
    if isinstance(value, date):
        return (datetime.combine(value, time(), UTC) - _START).total_seconds() / _DAY, DAYS
    if not isinstance(value, bool) and isinstance(value, Real) and np.isfinite(float(value)):
        return float(value), ""
    raise ValueError(
        f"{name}: wanted dates or numbers, found {shown(value)}; make dates of text, by pandas.to_datetime, or numbers in "
        "the order of time."
    )
