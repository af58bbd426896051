"""Which rows come first: by numbers, dates and ordered categories, never by the alphabet."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skmeta.tasks._order import places_by

pytestmark = pytest.mark.quick

DAYS = pd.to_datetime(["2023-12-31", "2024-01-01", "2024-02-02", "2024-01-01"])
SORTS = {
    "numbers": [9.0, 10.0, 100.0, 10.0],
    "dates": DAYS,
    "ISO dates": DAYS.strftime("%Y-%m-%d"),
    "ISO months": ["2023-12", "2024-01", "2024-02", "2024-01"],
    "ISO times": DAYS.strftime("%Y-%m-%dT%H:%M:%S"),
    "ISO times of two kinds": ["2023-12-31 09:00", "2024-01-01T08:00", "2024-02-02 07:00", "2024-01-01 08:00"],
    "ordered": pd.Categorical(["Mon", "Tue", "Fri", "Tue"], ["Mon", "Tue", "Fri"], ordered=True),
}


@pytest.mark.parametrize("kind", SORTS)
def test_rows_are_sorted_by_what_the_values_mean(kind):
    frame = pd.DataFrame({"a": 0.0, "o": SORTS[kind]})
    np.testing.assert_array_equal(places_by(frame, "o"), [0, 1, 2, 1])


def test_an_enum_of_polars_has_an_order():
    frame = pl.DataFrame({"o": pl.Series(["Mon", "Tue", "Fri"], dtype=pl.Enum(["Mon", "Tue", "Fri"]))})
    np.testing.assert_array_equal(places_by(frame, "o"), [0, 1, 2])


TEXTS = {
    "day first": ["31.12.2023", "01.01.2024"],
    "month first": ["12/31/2023", "01/01/2024"],
    "words": ["Mon", "Tue"],
    "numbers as text": ["9", "10"],
    "dates of two lengths": ["2024-01", "2024-01-02"],
    "unordered": pd.Categorical(["Mon", "Tue"], ["Mon", "Tue"]),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_that_sorts_by_the_alphabet_raises(kind):
    with pytest.raises(
        TypeError, match=r"order: wanted numbers, dates or an ordered categorical in order='o', found text"
    ):
        places_by(pd.DataFrame({"o": TEXTS[kind]}), "o")
