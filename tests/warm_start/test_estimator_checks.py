"""scikit-learn's estimator checks of every public estimator without task and prior, none skipped by us."""

import pytest
from sklearn.base import is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    QuantileRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skmeta import WarmStartClassifier, WarmStartRegressor, WarmStartSearchCV
from skmeta.linear_model._families import FAMILIES

# What the checks set by themselves on a plain estimator but cannot reach inside ours.
SETTINGS = {
    SGDRegressor: {"random_state": 0},
    SGDClassifier: {"random_state": 0},
    Lasso: {"alpha": 0.01},
    ElasticNet: {"alpha": 0.01},
    QuantileRegressor: {"alpha": 0.01, "solver": "highs"},
}
# Where scikit-learn's own solver fails its own check, so does the same solver in ours (proved below).
OWN_FAILURES = {
    cls: {
        f"check_sample_weight_equivalence_on_{kind}_data": f"{cls.__name__} fails it alone"
        for kind in ("dense", "sparse")
    }
    for cls in (HuberRegressor, SGDRegressor, SGDClassifier)
}
FAMILY_MODELS = [cls(**SETTINGS.get(cls, {})) for cls in FAMILIES]
COMPOSED_MODELS = [
    LinearRegression(),  # takes no prior, but is a good plain estimator
    make_pipeline(StandardScaler(), Ridge()),
    make_pipeline(StandardScaler(), LogisticRegression()),
    TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    HistGradientBoostingClassifier(max_iter=5),
]


def shell(estimator):
    return (WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor)(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some checks stop solvers early
@parametrize_with_checks(
    [shell(model) for model in FAMILY_MODELS + COMPOSED_MODELS],
    expected_failed_checks=lambda ours: OWN_FAILURES.get(type(ours.estimator), {}),
    xfail_strict=True,
)
def test_estimator_checks(estimator, check):
    check(estimator)


SEARCHES = [
    WarmStartSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=3),
    WarmStartSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, n_iter=2, cv=2),
    WarmStartSearchCV(
        make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]}, n_iter=2, cv=2, error_score="raise"
    ),
]


@pytest.mark.filterwarnings("ignore")  # GridSearchCV warns in its checks too: of splits with one class, of failed fits
@parametrize_with_checks(SEARCHES)
def test_estimator_checks_of_searches(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore")  # from solvers that the checks stop early
@pytest.mark.parametrize("cls", OWN_FAILURES, ids=lambda cls: cls.__name__)
def test_expected_failures_are_those_of_the_plain_estimator(cls):
    results = check_estimator(cls(**SETTINGS.get(cls, {})), on_skip=None, on_fail=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert failed == set(OWN_FAILURES[cls])
