"""scikit-learn's estimator checks of every public estimator without task and prior, none skipped by us."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.cluster import KMeans, MiniBatchKMeans
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
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

from skmeta import WarmStartClassifier, WarmStartClusterer, WarmStartRegressor, WarmStartSearchCV
from skmeta.base._matching import reads_targets
from skmeta.linear_model._families import FAMILIES
from skmeta.steps import unfitted_model

# What the checks set by themselves on a plain estimator but cannot reach inside ours.
SETTINGS = {
    SGDRegressor: {"random_state": 0},
    SGDClassifier: {"random_state": 0},
    Lasso: {"alpha": 0.01},
    ElasticNet: {"alpha": 0.01},
    QuantileRegressor: {"alpha": 0.01, "solver": "highs"},
    KMeans: {"n_clusters": 3, "random_state": 0},
    MiniBatchKMeans: {"n_clusters": 3, "random_state": 0},
}
# Where scikit-learn's own solver fails its own check, so does the same solver in ours (proved below).
OWN_FAILURES = {
    cls: {
        f"check_sample_weight_equivalence_on_{kind}_data": f"{cls.__name__} fails it alone"
        for kind in ("dense", "sparse")
    }
    for cls in (HuberRegressor, SGDRegressor, SGDClassifier, KMeans, MiniBatchKMeans)
}
# What is asked of estimators that take weights: a mixture's fit takes none, and says so (proved below).
WITHOUT_WEIGHTS = {
    f"check_{name}": "the mixture takes no weights"
    for name in (
        "all_zero_sample_weights_error",
        "sample_weight_equivalence_on_dense_data",
        "sample_weights_list",
        "sample_weights_not_an_array",
        "sample_weights_not_overwritten",
        "sample_weights_pandas_series",
        "sample_weights_shape",
    )
}
FAMILY_MODELS = [cls(**SETTINGS.get(cls, {})) for cls in FAMILIES]
COMPOSED_MODELS = [
    LinearRegression(),  # takes no prior, but is a good plain estimator
    make_pipeline(StandardScaler(), Ridge()),
    make_pipeline(StandardScaler(), LogisticRegression()),
    TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    HistGradientBoostingClassifier(max_iter=5),
]
CLUSTERERS = [
    KMeans(3, random_state=0),
    MiniBatchKMeans(3, random_state=0),
    GaussianMixture(2, random_state=0),
    BayesianGaussianMixture(n_components=2, random_state=0),
    make_pipeline(StandardScaler(), KMeans(3, random_state=0)),
]


def expected_failures(estimator):
    model = unfitted_model(estimator)
    if not reads_targets(model) and not has_fit_parameter(model, "sample_weight"):
        return WITHOUT_WEIGHTS
    found = OWN_FAILURES.get(type(model), {})
    return {
        name: why for name, why in found.items() if estimator is model or "dense" in name
    }  # no steps for sparse rows


def shell(estimator):
    if not reads_targets(estimator):
        return WarmStartClusterer(estimator)
    return (WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor)(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some checks stop solvers early
@parametrize_with_checks(
    [shell(model) for model in FAMILY_MODELS + COMPOSED_MODELS + CLUSTERERS],
    expected_failed_checks=lambda ours: expected_failures(ours.estimator),
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


@pytest.mark.parametrize("mixture", [GaussianMixture(2), BayesianGaussianMixture(n_components=2)], ids=str)
def test_a_mixture_takes_no_weights(mixture):
    X, weight = np.arange(12.0).reshape(6, 2), np.ones(6)
    for estimator in (mixture, shell(mixture)):
        with pytest.raises(TypeError, match="sample_weight"):
            estimator.fit(X, sample_weight=weight)
