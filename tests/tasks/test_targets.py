"""Labels are labels, however many of them have one row alone."""

import numpy as np
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
