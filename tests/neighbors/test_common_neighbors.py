"""Nearest neighbours do all that a family must."""

import pytest
from common import CHECKS, make_case, name_of
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

NUMBERS = {
    "a_prior_adapts_one_dataset_to_a_plain_estimator",
    "no_rows_are_the_prior",
    "the_order_of_rows_and_tasks_is_of_no_matter",
    "weights_are_taken_or_refused",
}


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_neighbours_do_all_that_a_family_must(check):
    check(make_case(KNeighborsClassifier(3)))


@pytest.mark.parametrize("check", [each for each in CHECKS if name_of(each) in NUMBERS], ids=name_of)
def test_regressors_adapt_in_the_same_ways(check):
    check(make_case(KNeighborsRegressor(3, weights="distance")))
