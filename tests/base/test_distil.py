"""Distillation: a small model says what the prior does, at any rows; what is refused."""

import re

import numpy as np
import pandas as pd
import pytest
from common import assert_plain
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, PoissonRegressor, Ridge
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier, WarmStartRegressor
from skmeta.base import AdaptedEstimators, Prior, _distil, _prior
from skmeta.compose import MixturePrior
from skmeta.datasets import make_related_classification, make_related_regression

pytestmark = pytest.mark.quick

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(300, 3))
MEANS = np.array([[1.0, -2.0, 0.5], [-1.0, 0.5, 0.0], [0.0, 1.5, -0.5]])
BINARY = GaussianPrior([1.5, -1.0, 0.5], 0.3, classes=["no", "yes"])
THREE = GaussianPrior(MEANS, 0.3, classes=["a", "b", "c"])
WEAK = LogisticRegression(C=1e8, tol=1e-10, max_iter=1000)


class Says(Prior):
    """Hands out one fitted estimator, whatever the task is."""

    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        adapted = AdaptedEstimators(self, estimator, tasks)
        adapted.estimator = lambda code: estimator
        return adapted


@pytest.mark.parametrize(
    "student", [LinearRegression(), Ridge(1e-9), make_pipeline(StandardScaler(), LinearRegression())]
)
def test_a_linear_model_is_the_mean_of_a_linear_prior(student):
    prior = MixturePrior([GaussianPrior([2.0, -1.0, 3.0], 0.1), GaussianPrior([0.0, 1.0, 1.0], 0.1)], [0.75, 0.25])
    small = prior.distil(student, ROWS, teacher=Ridge())
    assert_allclose(small.predict(np.eye(3)), [1.5, -0.5, 2.5], atol=1e-6)


@pytest.mark.parametrize("prior", [BINARY, THREE], ids=["two classes", "three"])
def test_the_cross_entropy_of_a_model_of_the_same_kind_is_least_at_the_teacher(prior):
    plain = prior.zero_shot(LogisticRegression())
    small = prior.distil(WEAK, ROWS, teacher=LogisticRegression())
    assert_array_equal(small.classes_, prior.classes)
    assert_allclose(small.predict_proba(ROWS), plain.predict_proba(ROWS), atol=1e-4)


def test_means_are_those_of_the_scale_of_the_targets():
    prior = GaussianPrior([0.3, -0.2, 1.0], 0.1)
    small = prior.distil(PoissonRegressor(alpha=0.0, tol=1e-10, max_iter=1000), ROWS, teacher=PoissonRegressor())
    assert_allclose(small.coef_, prior.zero_shot(PoissonRegressor()).coef_, atol=1e-5)


def test_a_tree_learns_more_of_the_mixture_than_of_the_targets():
    """At rows of new tasks: near the mixture's loss, and below that of the same tree fitted to the past's targets."""
    X, y, _ = make_related_regression(n_tasks=30, n_samples=40, n_features=3, noise=3.0, random_state=0)
    past = X[:, -1] < 20
    model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes("diagonal")).fit(X[past], y[past])
    tree = DecisionTreeRegressor(max_leaf_nodes=200, random_state=0)
    small = model.prior_.distil(tree, X[past, :-1], teacher=Ridge())
    new, target = X[~past, :-1], y[~past]
    mixture, distilled, own = (
        np.mean((each.predict(new) - target) ** 2)
        for each in (model.prior_.zero_shot(Ridge()), small, tree.fit(X[past, :-1], y[past]))
    )
    assert abs(distilled - mixture) < 0.25 * (own - mixture)


def test_a_tree_learns_more_of_probabilities_than_of_labels():
    X, y, _ = make_related_classification(n_tasks=30, n_samples=40, n_features=3, n_classes=3, random_state=0)
    past = X[:, -1] < 20
    model = WarmStartClassifier(LogisticRegression(), task=-1, learner=EmpiricalBayes("diagonal")).fit(X[past], y[past])
    tree = DecisionTreeClassifier(max_leaf_nodes=60, random_state=0)
    small = model.prior_.distil(tree, X[past, :-1], teacher=LogisticRegression())
    new, target = X[~past, :-1], y[~past]
    mixture, distilled, own = (
        log_loss(target, each.predict_proba(new))
        for each in (model.prior_.zero_shot(LogisticRegression()), small, tree.fit(X[past, :-1], y[past]))
    )
    assert abs(distilled - mixture) < 0.25 * (own - mixture)


def test_weights_go_to_the_last_step_of_a_pipeline_and_rows_may_be_sparse():
    small = BINARY.distil(make_pipeline(StandardScaler(with_mean=False), WEAK), ROWS, teacher=LogisticRegression())
    other = BINARY.distil(WEAK, sparse.csr_array(ROWS), teacher=LogisticRegression())
    assert_allclose(small.predict_proba(ROWS), other.predict_proba(ROWS), atol=1e-4)


def test_a_class_that_is_never_expected_is_named():
    teacher = DecisionTreeClassifier(max_depth=1).fit([[0.0], [1.0], [1.0]], ["a", "b", "c"])
    with pytest.raises(ValueError, match=r"X: wanted rows with a probability .*found none for \['a'\].*add rows where"):
        Says().distil(DecisionTreeClassifier(), [[1.0], [2.0]], teacher=teacher)
    small = Says().distil(DecisionTreeClassifier(), [[0.0], [1.0], [2.0]], teacher=teacher)
    assert_array_equal(small.classes_, ["a", "b", "c"])
    assert_allclose(small.predict_proba([[1.0]]), [[0.0, 0.5, 0.5]])


def test_kinds_are_compared_once(monkeypatch):
    asked, check = [], _prior.check_kinds
    monkeypatch.setattr(_prior, "check_kinds", lambda *both: (asked.append(both), check(*both)))
    monkeypatch.setattr(_distil, "check_kinds", lambda *both: (asked.append(both), check(*both)))
    BINARY.distil(WEAK, ROWS, teacher=LogisticRegression())
    assert len(asked) == 1


@pytest.fixture(scope="module")
def shops():
    frame = pd.DataFrame(rng.normal(size=(120, 2)), columns=["price", "size"]).assign(
        shop=np.repeat(list("abcdef"), 20)
    )
    return frame, 2.0 * frame["price"] - frame["size"] + rng.normal(size=120)


def test_raw_rows_go_in_whatever_the_order_of_their_columns(shops):
    frame, y = shops
    pipeline = make_pipeline(StandardScaler(), Ridge())
    prior = WarmStartRegressor(pipeline, task="shop", learner=EmpiricalBayes("diagonal")).fit(frame, y).prior_
    features = frame[["size", "price"]]  # in another order
    small = prior.distil(DecisionTreeRegressor(), features, teacher=pipeline)
    assert_plain(small)
    assert list(small.feature_names_in_) == ["size", "price"]
    wanted = prior.zero_shot(pipeline).predict(frame[["price", "size"]])
    assert_allclose(small.predict(features), wanted)
    assert_allclose(prior.distil(DecisionTreeRegressor(), features, teacher=Ridge()).predict(features), wanted)


def test_columns_that_the_prior_reads_are_left_out(shops):
    frame, y = shops
    frame = frame.assign(region=np.where(frame["shop"] < "d", "north", "south"))
    prior = (
        WarmStartRegressor(Ridge(), task=["region", "shop"], learner=EmpiricalBayes("diagonal")).fit(frame, y).prior_
    )
    features = frame[["price", "size"]]
    for each in (prior, prior.given(region="north")):
        small = each.distil(DecisionTreeRegressor(), frame, teacher=Ridge())
        assert_allclose(small.predict(features), each.zero_shot(Ridge()).predict(features))


def test_what_was_passed_in_stays_as_it_was():
    tree, ridge = DecisionTreeRegressor(), Ridge()
    GaussianPrior([1.0, 2.0, 0.5], 0.1).distil(tree, ROWS, teacher=ridge)
    assert not hasattr(tree, "tree_") and not hasattr(ridge, "coef_")


BAD = [
    (BINARY, DecisionTreeRegressor(), ROWS, LogisticRegression(), TypeError, "estimator: wanted a classifier"),
    (
        GaussianPrior([1.0, 2.0, 0.5], 0.1),
        DecisionTreeClassifier(),
        ROWS,
        Ridge(),
        TypeError,
        "estimator: wanted a regressor",
    ),
    (BINARY, KNeighborsClassifier(), ROWS, LogisticRegression(), TypeError, "takes sample_weight"),
    (
        BINARY,
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
        ROWS,
        LogisticRegression(),
        TypeError,
        "sample_weight",
    ),
    (BINARY, DecisionTreeClassifier(), np.zeros((0, 3)), LogisticRegression(), ValueError, "X: wanted rows"),
    (Says(), KMeans(), ROWS, KMeans(), TypeError, "teacher: wanted a regressor or a classifier, found KMeans"),
    (
        Says(),
        DecisionTreeClassifier(),
        ROWS,
        Perceptron(),
        TypeError,
        "teacher: wanted a classifier with predict_proba",
    ),
    (
        GaussianPrior([1.0, 2.0, 0.5], 0.1, feature_names=["a", "b", "d"]),
        Ridge(),
        pd.DataFrame(ROWS, columns=["a", "c", "d"]),
        Ridge(),
        ValueError,
        "missing ['b'], unexpected ['c']",
    ),
]


@pytest.mark.parametrize(("prior", "student", "X", "teacher", "error", "message"), BAD)
def test_what_cannot_be_done_raises(prior, student, X, teacher, error, message):
    with pytest.raises(error, match=re.escape(message)):
        prior.distil(student, X, teacher=teacher)


@pytest.mark.parametrize(
    "ask",
    [
        lambda prior, table, y: prior.distil(DecisionTreeRegressor(), table, teacher=Ridge()),
        lambda prior, table, y: prior.adapt(Ridge(), table, y),
        lambda prior, table, y: WarmStartRegressor(Ridge(), prior=prior).fit(table, y),
    ],
)
def test_a_column_of_ids_left_in_raises_and_the_way_out_works(ask):
    prior = GaussianPrior([1.0, -2.0, 0.5], 0.3, feature_names=["a", "b", "c"])
    table, y = pd.DataFrame(ROWS[:9], columns=["a", "b", "c"]), ROWS[:9].sum(axis=1)
    with pytest.raises(
        ValueError, match=r"If 'Shop No.' says which task a row is of, leave it out, or name it: task='Shop"
    ):
        ask(prior, table.assign(**{"Shop No.": 7}), y)
    ask(prior, table, y)
