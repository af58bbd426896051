"""Ids that are times: dates of many kinds count in days, numbers as they are."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skmeta.tasks._times import time_of, times_of

pytestmark = pytest.mark.quick

BERLIN = datetime.timezone(datetime.timedelta(hours=1))


def objects(*values):
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


@pytest.mark.parametrize(
    "dates",
    [
        np.array(["2024-03-01", "2024-03-03"], dtype="M8[D]"),
        np.array(["2024-03-01", "2024-03-03"], dtype="M8[ns]"),
        objects(datetime.date(2024, 3, 1), datetime.date(2024, 3, 3)),
        objects(datetime.datetime(2024, 3, 1), datetime.datetime(2024, 3, 3)),
        objects(pd.Timestamp("2024-03-01"), np.datetime64("2024-03-03")),
        objects(*pd.period_range("2024-03-01", periods=2, freq="2D")),
        objects(datetime.datetime(2024, 3, 1, 1, tzinfo=BERLIN), datetime.datetime(2024, 3, 3, 1, tzinfo=BERLIN)),
    ],
    ids=lambda dates: type(dates[0]).__name__,
)
def test_dates_are_days(dates):
    found, unit = times_of(dates, "date")
    np.testing.assert_array_equal(found, [19783.0, 19785.0])
    zoned = getattr(dates[0], "tzinfo", None) is not None
    assert unit == ("days of a time zone" if zoned else "days") and time_of(dates[1], "date", unit) == 19785.0


def test_dates_with_a_time_zone_and_without_are_told_apart():
    naive, zoned = datetime.datetime(2024, 3, 1), datetime.datetime(2024, 3, 1, tzinfo=BERLIN)
    with pytest.raises(ValueError, match=r"date: wanted dates with a time zone or without, found both"):
        times_of(objects(naive, zoned), "date")
    for known, asked in ((naive, zoned), (zoned, naive)):
        with pytest.raises(
            ValueError, match=r"date: wanted a date with.* a time zone, as the past has, found a date with"
        ):
            time_of(asked, "date", times_of(objects(known), "date")[1])


@given(st.lists(st.integers(-(2**40), 2**40) | st.floats(-1e12, 1e12), min_size=1, max_size=5))
def test_numbers_are_what_they_are(numbers):
    for values in (np.array(numbers), objects(*numbers)):
        found, unit = times_of(values, "t")
        np.testing.assert_array_equal(found, np.array(numbers, dtype=float))
        assert unit == ""


def test_order_and_distance_of_dates_are_kept():
    dates = pd.date_range("1871-04-01", "2024-03-01", freq="997h").to_numpy()
    np.testing.assert_allclose(np.diff(times_of(dates, "t")[0]), 997 / 24, rtol=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [objects(None, 1.0), objects("1"), objects(True), np.array([np.inf]), objects(1, datetime.date(2024, 3, 1))],
)
def test_what_is_no_time_raises_by_its_name(wrong):
    with pytest.raises(ValueError, match=r"^season: wanted"):
        times_of(wrong, "season")
