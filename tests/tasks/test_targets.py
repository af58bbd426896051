"""Labels are labels, however many of them have one row alone."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from skmeta.tasks._targets import read_targets

pytestmark = pytest.mark.quick


@pytest.mark.parametrize("dtype", [object, str])
def test_text_labels_of_one_row_each_are_not_taken_for_numbers(dtype):
    """scikit-learn warns of a regression problem where more than half of twenty rows and more have a label of their own."""
    y = np.array([f"character {k}" for k in range(30)], dtype=dtype)
    found, labelled = read_targets(y, 30, "a classifier", labels=True)
    assert labelled is None and list(found) == list(y)


def test_numbers_that_are_no_labels_are_refused_and_text_among_numbers_too():
    with pytest.raises(ValueError, match="y: wanted class labels"):
        read_targets(np.array([0.5, 1.25, 2.0], dtype=object), 3, "a classifier", labels=True)
    with pytest.raises(ValueError, match="all text or all numbers"):
        read_targets(np.array(["a", 1, 2], dtype=object), 3, "a classifier", labels=True)


NUMBERS, TRUTH, TEXT = pd.Series([0, 1, 1, 0]), pd.Series([False, True, True, False]), pd.Series(["n", "y", "y", "n"])
GAPPY = pd.Series([True, False, True, True])
PARTLY = {
    "numbers, None": NUMBERS.astype(object).where(GAPPY, None),
    "numbers, NaN": NUMBERS.astype(object).where(GAPPY, np.nan),
    "numbers, pandas.NA": NUMBERS.astype(object).where(GAPPY, pd.NA),
    "array": NUMBERS.astype(object).where(GAPPY, None).to_numpy(),
    "list": [0, None, 1, 0],
    "integers and fractions": [0, None, 1.0, np.int64(0)],
    "floats": NUMBERS.where(GAPPY),
    "Int64": NUMBERS.astype("Int64").where(GAPPY),
    "Float64": NUMBERS.astype("Float64").where(GAPPY),
    "boolean": TRUTH.astype("boolean").where(GAPPY),
    "truth, None": TRUTH.astype(object).where(GAPPY, None),
    "truth, NaN": TRUTH.astype(object).where(GAPPY, np.nan),
    "string": TEXT.astype("string").where(GAPPY),
    "text, None": TEXT.where(GAPPY, None),
    "text, NaN": TEXT.where(GAPPY, np.nan),
    "categories of text": TEXT.where(GAPPY, None).astype("category"),
    "categories of numbers": NUMBERS.where(GAPPY).astype("category"),
    "categories of truth": TRUTH.astype(object).where(GAPPY, None).astype("category"),
    "polars": pl.Series([0, None, 1, 0]),
    "polars truth": pl.Series([False, None, True, False]),
    "polars text": pl.Series(["n", None, "y", "n"]),
}


@pytest.mark.parametrize("kind", PARTLY)
@pytest.mark.parametrize("unlabelled", [None, -1])
def test_labels_with_gaps_are_read_whatever_their_type(kind, unlabelled):
    found, labelled = read_targets(PARTLY[kind], 4, "a classifier", labels=True, unlabelled=unlabelled)
    wanted = (TEXT if isinstance(found[0], str) else NUMBERS)[GAPPY].to_numpy()
    assert labelled.tolist() == GAPPY.tolist()
    assert found[labelled].tolist() == wanted.tolist()
    assert found.dtype.kind in "biuf" or isinstance(found[0], str)


def test_labels_none_of_which_are_there_and_such_as_are_no_numbers_stay_as_they_are():
    for nothing in ([None, None], [pd.NA, np.nan]):
        found, labelled = read_targets(np.array(nothing, dtype=object), 2, "a classifier", labels=True)
        assert not labelled.any() and len(found) == 2
