"""scikit-learn's estimator checks of every public estimator without task and prior, none skipped by us."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    Lasso,
    LogisticRegression,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter
from variations import varied

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
    for cls in (KMeans, HuberRegressor, SGDRegressor, SGDClassifier, MiniBatchKMeans)
}
# What is asked of estimators that take weights, of a fit that takes none and says so (proved below).
OF_WEIGHTS = (
    "check_all_zero_sample_weights_error",
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    "check_sample_weights_shape",
)
FAMILY_MODELS = [cls(**SETTINGS.get(cls, {})) for cls in FAMILIES]
COMPOSED_MODELS = [
    make_pipeline(StandardScaler(), Ridge()),
    make_pipeline(StandardScaler(), LogisticRegression()),
    TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    HistGradientBoostingClassifier(max_iter=5),
]
OTHER_FAMILIES = [
    DecisionTreeRegressor(max_depth=3, random_state=0),
    RidgeClassifier(),
    HistGradientBoostingRegressor(max_iter=5),
    KNeighborsClassifier(),
    KNeighborsRegressor(),
    GaussianNB(),
    MultinomialNB(),
    BernoulliNB(),
    CategoricalNB(min_categories=10),
    GaussianProcessRegressor(),
    KernelRidge(),
]
CLUSTERERS = [
    KMeans(3, random_state=0),
    MiniBatchKMeans(3, random_state=0),
    GaussianMixture(2, random_state=0),
    BayesianGaussianMixture(n_components=2, random_state=0),
    make_pipeline(StandardScaler(), KMeans(3, random_state=0)),
]
# Without a prior a public estimator is the model in it: one of each shows it, and one of more than a step.
OF_EACH_SHELL = [Ridge(), LogisticRegression(), KMeans(3, random_state=0), make_pipeline(StandardScaler(), Ridge())]
SHOWN = {repr(model) for model in OF_EACH_SHELL}
MORE_MODELS = FAMILY_MODELS + COMPOSED_MODELS + OTHER_FAMILIES + CLUSTERERS
MORE_MODELS = [model for model in MORE_MODELS if repr(model) not in SHOWN]


def expected_failures(estimator):
    model = unfitted_model(estimator)
    if not has_fit_parameter(model, "sample_weight"):
        return dict.fromkeys(weight_checks(model), "its fit takes no weights")
    found = OWN_FAILURES.get(type(model), {})
    return {
        name: why for name, why in found.items() if estimator is model or "sparse" not in name
    }  # no steps for sparse rows


def weight_checks(model):
    found = list(OF_WEIGHTS)
    if get_tags(model).input_tags.sparse:
        found.append("check_sample_weight_equivalence_on_sparse_data")
    if is_classifier(model):
        found.append("check_classifiers_one_label_sample_weights")
    return found


def shell(estimator):
    if not reads_targets(estimator):
        return WarmStartClusterer(estimator)
    return (WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor)(estimator)


def estimator_checks(models):
    """`parametrize_with_checks` of the public estimator that each of some models stands in."""
    return parametrize_with_checks(
        [shell(model) for model in models],
        expected_failed_checks=lambda ours: expected_failures(ours.estimator),
        xfail_strict=True,
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some checks stop solvers early
@estimator_checks(OF_EACH_SHELL)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.variations
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:divide by zero encountered in log:RuntimeWarning")  # of GaussianNB after one label
@estimator_checks(MORE_MODELS)
def test_estimator_checks_of_more_models(estimator, check):
    check(estimator)


SEARCHES = [
    WarmStartSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=3),
    WarmStartSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, n_iter=2, cv=2),
    WarmStartSearchCV(
        make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]}, n_iter=2, cv=2, error_score="raise"
    ),
]


@pytest.mark.filterwarnings("ignore")  # GridSearchCV warns in its checks too: of splits with one class, of failed fits
@parametrize_with_checks(SEARCHES[:1])
def test_estimator_checks_of_searches(estimator, check):
    check(estimator)


@pytest.mark.variations
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(SEARCHES[1:])
def test_estimator_checks_of_more_searches(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore")  # from solvers that the checks stop early
@varied("cls", OWN_FAILURES, ids=lambda cls: cls.__name__)
def test_expected_failures_are_those_of_the_plain_estimator(cls):
    results = check_estimator(cls(**SETTINGS.get(cls, {})), on_skip=None, on_fail=None)
    failed = {result["check_name"] for result in results if result["status"] == "failed"}
    assert failed == set(OWN_FAILURES[cls])


@pytest.mark.parametrize(
    "model",
    [
        GaussianMixture(2),
        BayesianGaussianMixture(n_components=2),
        KNeighborsClassifier(),
        KNeighborsRegressor(),
        GaussianProcessRegressor(),
    ],
    ids=str,
)
def test_what_takes_no_weights_says_so(model):
    X, y, weight = np.arange(12.0).reshape(6, 2), np.arange(6) % 2, np.ones(6)
    for estimator in (model, shell(model)):
        with pytest.raises(TypeError, match="sample_weight"):
            estimator.fit(X, y, sample_weight=weight)
