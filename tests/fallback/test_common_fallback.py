"""Estimators that nobody registered do all that a family must."""

import pytest
from common import CHECKS, make_case, name_of
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.tree import DecisionTreeRegressor

ESTIMATORS = [
    DecisionTreeRegressor(max_depth=3, random_state=0),
    DecisionTreeRegressor(criterion="poisson", max_depth=3, random_state=0),
    HistGradientBoostingClassifier(max_iter=3),
    RidgeClassifier(),
]


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_any_estimator_does_all_that_a_family_must(estimator, check):
    check(make_case(estimator, positive=getattr(estimator, "criterion", "") == "poisson"))
