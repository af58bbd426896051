"""Nearest neighbours do all that a family must."""

import pytest
from common import CHECKS, make_case, name_of
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

ESTIMATORS = [KNeighborsClassifier(3), KNeighborsRegressor(3, weights="distance")]


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: type(each).__name__)
def test_neighbours_do_all_that_a_family_must(estimator, check):
    check(make_case(estimator))
