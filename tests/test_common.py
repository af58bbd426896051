"""Every registered family does all that a family must."""

import pytest
from common import CHECKS, make_case, name_of
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)

from skmeta.base._registry import registered_estimators

CASES = [
    make_case(Ridge()),
    make_case(Lasso(tol=1e-12)),
    make_case(ElasticNet(tol=1e-12)),
    make_case(HuberRegressor()),
    make_case(QuantileRegressor()),
    make_case(BayesianRidge()),
    make_case(LogisticRegression()),
    make_case(PoissonRegressor(), positive=True),
    make_case(GammaRegressor(), positive=True),
    make_case(TweedieRegressor(power=1.5), positive=True),
    make_case(SGDRegressor(random_state=0)),
    make_case(SGDClassifier("log_loss", learning_rate="constant", eta0=0.01, random_state=0)),
]


def test_every_registered_estimator_is_here():
    ours = {cls for cls in registered_estimators() if cls.__module__.startswith("sklearn.linear_model")}
    assert {type(case.estimator) for case in CASES} == ours


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case.estimator).__name__)
@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_the_family_does_all_that_a_family_must(case, check):
    check(case)
