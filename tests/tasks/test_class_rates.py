"""How frequent classes are among rows, and how often each was drawn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import (
    class_shares,
    drawn_by_class,
    log_class_rates,
    mean_class_shares,
    representative_weights,
)

pytestmark = pytest.mark.quick

CLASSES = np.array(["ash", "birch", "cedar"])
Y = np.array(["ash", "birch", "birch", "cedar", "birch", "ash", "birch", "birch"], dtype=object)
CODES = np.array([0, 0, 0, 0, 1, 1, 1, 1])


def tasks(**options):
    return Tasks(np.zeros((8, 1)), Y.copy(), CODES, np.array([0, 1]), **options)


def test_shares_are_those_of_labelled_rows_by_their_weights():
    assert_allclose(class_shares(tasks(), CLASSES), [[0.25, 0.5, 0.25], [0.25, 0.75, 0.0]])
    some = tasks(labelled=np.arange(8) != 3)
    some.y[3] = None
    assert_allclose(class_shares(some, CLASSES)[0], [1 / 3, 2 / 3, 0.0])
    weighed = tasks(sample_weight=np.array([1.0, 0.5, 0.5, 2.0, 1.0, 1.0, 0.0, 0.0]))
    assert_allclose(class_shares(weighed, CLASSES), [[0.25, 0.25, 0.5], [0.5, 0.5, 0.0]])


def test_the_mean_is_of_tasks_as_often_as_they_count():
    shares = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]])  # the last one has no rows
    assert_allclose(mean_class_shares(shares), [0.75, 0.25])
    assert_allclose(mean_class_shares(shares, np.array([1.0, 3.0, 9.0])), [2.5 / 4, 1.5 / 4])
    assert_allclose(mean_class_shares(shares, None, [0.0, 1.0], 2.0), [1.5 / 4, 2.5 / 4])


def test_rates_stay_with_their_tasks():
    drawn = drawn_by_class(tasks(), CLASSES, np.array([0.5, 0.25, 0.25]))
    assert_allclose(drawn.class_rates["birch"], [2.0, 3.0])
    assert_array_equal(drawn.take(np.array([1, 0])).class_rates["birch"], [3.0, 2.0])
    shots, query = drawn.shots_and_query(2)
    assert shots.class_rates is drawn.class_rates and query.class_rates is drawn.class_rates
    others, _, _ = drawn.without_each_part()
    assert_array_equal(others.class_rates["birch"], [2.0] * 4 + [3.0] * 4)
    assert drawn.with_rows(np.zeros((8, 2)), drawn.y).class_rates is drawn.class_rates


def test_logarithms_are_around_their_mean_and_a_class_not_drawn_is_out_of_reach():
    assert log_class_rates(tasks(), CLASSES) is None
    logs = log_class_rates(drawn_by_class(tasks(), CLASSES, np.array([0.5, 0.25, 0.25])), CLASSES)
    assert_allclose(logs[0], np.log([0.5, 2.0, 1.0]) - np.log([0.5, 2.0, 1.0]).mean())
    assert logs[1, 2] == -50.0 and abs(logs[1, :2].sum()) < 1e-12


def test_rows_stand_for_as_many_as_were_not_drawn():
    assert representative_weights(tasks()) is None
    weight = representative_weights(drawn_by_class(tasks(), CLASSES, np.array([0.5, 0.25, 0.25])))
    assert_allclose(weight[:4], [2.0, 0.5, 0.5, 1.0])
    assert_allclose([weight[:4].mean(), weight[4:].mean()], 1.0)
    assert_allclose(weight[5] / weight[4], 2.0 * 3.0)
