"""What describes tasks as numbers."""

import datetime

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.linear_model._structured._describer import Describer

pytestmark = pytest.mark.quick

CONTEXT = {
    "size": np.array([1.0, 3.0, np.nan, 5.0]),
    "city": np.array(["Bern", "Chur", None, "Bern"], dtype=object),
    "open": np.array([True, False, True, True]),
    "since": np.array(["2020-01-01", "2020-01-03", "NaT", "2020-01-05"], dtype="datetime64[D]"),
    "country": np.full(4, "CH"),
}


def made(context=None, counts=None):
    context = CONTEXT if context is None else context
    return Describer.of(context, np.ones(4) if counts is None else counts)


def test_numbers_are_standardised_and_levels_are_columns_around_their_shares():
    found = made()
    assert found.numeric.tolist() == [True, False, False, True, False]
    assert found.owner.tolist() == [0, 1, 1, 2, 2, 3] and found.level.tolist() == [
        "",
        "Bern",
        "Chur",
        "False",
        "True",
        "",
    ]
    z, known = found.encoded(CONTEXT, 4)
    spread = np.sqrt(8.0 / 3.0)
    assert_allclose(z[:, 0], np.array([-2.0, 0.0, 0.0, 2.0]) / spread)
    assert_allclose(z[:, 1], [1 / 3, -2 / 3, 0.0, 1 / 3])
    assert_allclose(z[:, 4], [0.25, -0.75, 0.25, 0.25])
    assert_allclose(z[:, 5], z[:, 0])  # as far apart in days as sizes are
    assert_array_equal(known[2], [False, False, False, True, True, False])


def test_dates_of_any_kind_are_the_same_numbers():
    found = made()
    dates = np.empty(1, dtype=object)
    for value in (datetime.date(2020, 1, 5), datetime.datetime(2020, 1, 5), np.datetime64("2020-01-05T00")):
        dates[0] = value
        assert_allclose(found.encoded({"since": dates}, 1)[0][0, 5], 2.0 / np.sqrt(8.0 / 3.0))


def test_a_task_that_counts_twice_is_two_tasks():
    twice = {name: values[[0, 1, 1, 2, 3]] for name, values in CONTEXT.items()}
    one, two = made(counts=np.array([1.0, 2.0, 1.0, 1.0])), Describer.of(twice, np.ones(5))
    assert_allclose(one.centre, two.centre)
    assert_allclose(one.scale, two.scale)


def test_numbers_in_columns_of_objects_and_names_left_out():
    context = {"floors": np.array([1, None, 3, 2], dtype=object), "size": CONTEXT["size"]}
    found = made(context)
    assert found.numeric.all()
    z, known = found.encoded({"size": np.array([3.0])}, 1)
    assert_array_equal(known, [[False, True]])
    assert_array_equal(z[:, 0], [0.0])
    with pytest.raises(ValueError, match="floors: wanted a number"):
        found.encoded({"floors": np.array(["two"])}, 1)
