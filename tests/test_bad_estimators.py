"""Estimators that cannot be, in every family: one error says what was wanted, found, and the way out."""

import re

import numpy as np
import pytest
from families import in_one_round
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Lars, LogisticRegression, Ridge
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from variations import varied

from skmeta import SharedModel, WarmStartClassifier, WarmStartClusterer, WarmStartRegressor

rng = np.random.default_rng(0)
TASK = np.repeat(np.arange(6), 10)
X = rng.normal(size=(60, 2))
Y = X[:, 0] + rng.normal(size=6)[TASK] + 0.1 * rng.normal(size=60)
LABELS = np.where(np.median(Y) < Y, "high", "low")
TABLE = np.column_stack([X, TASK])
BOOSTED = {"max_iter": 3, "random_state": 0}
REGRESSORS = [
    Ridge(),
    HistGradientBoostingRegressor(**BOOSTED),
    KNeighborsRegressor(),
    GaussianProcessRegressor(alpha=0.1, optimizer=None),
    KernelRidge(),
    DecisionTreeRegressor(max_depth=2, random_state=0),
    SVR(),
]
CLASSIFIERS = [
    LogisticRegression(),
    GaussianNB(),
    HistGradientBoostingClassifier(**BOOSTED),
    KNeighborsClassifier(),
    DecisionTreeClassifier(max_depth=2, random_state=0),
    SVC(),
]


def name_of(value):
    return value.__name__ if isinstance(value, type) else type(value).__name__


each_regressor = varied("estimator", REGRESSORS, ids=name_of)
each_classifier = varied("estimator", CLASSIFIERS, keep=2, ids=name_of)


def refused(model, error, words, table=TABLE, y=Y, **options):
    """The message of the error that a fit raises, which leaves nothing behind."""
    with pytest.raises(error, match=words) as found:
        model.fit(table, y, **options)
    assert not [name for name in vars(model) if name.endswith("_")]
    return found


class Mean(RegressorMixin, BaseEstimator):
    """A regressor whose parts may be spoilt."""

    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


# What is no estimator, or one of another kind ----------------------------------------------------------


class Bare:
    def fit(self, X, y): ...
    def predict(self, X): ...


class CannotPredict(RegressorMixin, BaseEstimator):
    def fit(self, X, y): ...


NONE = [
    (None, "found None; give an instance of a class that has fit"),
    ("ridge", "found 'ridge'; give an instance"),
    (Ridge, "found <class 'sklearn.linear_model._ridge.Ridge'>; give an instance"),
    ([Ridge()], r"found \[Ridge\(\)\]; give an instance"),
    (Bare(), "found Bare, which has no parameters or tags of scikit-learn's; subclass BaseEstimator"),
    (StandardScaler(), "with fit and predict, .* found StandardScaler; a transformer belongs before it"),
    (CannotPredict(), "with fit and predict, .* found CannotPredict"),
    (make_pipeline(StandardScaler()), r"found Pipeline that ends in StandardScaler\(\); a transformer belongs before it"),
    (make_pipeline(StandardScaler(), "passthrough"), "found Pipeline that ends in 'passthrough'"),
]  # fmt: skip


@pytest.mark.parametrize("task", [-1, None])
@pytest.mark.parametrize("shell", [WarmStartRegressor, WarmStartClassifier])
@pytest.mark.parametrize(("estimator", "words"), NONE, ids=[str(k) for k in range(len(NONE))])
def test_what_is_no_estimator_is_refused(shell, estimator, words, task):
    refused(shell(estimator, task=task), TypeError, f"estimator: wanted an estimator .*{words}", y=LABELS)


KINDS = [
    (WarmStartRegressor, KMeans(), "a regressor, found the clusterer KMeans; use WarmStartClusterer"),
    (WarmStartClassifier, KMeans(), "a classifier, found the clusterer KMeans; use WarmStartClusterer"),
    (WarmStartRegressor, make_pipeline(StandardScaler(), KMeans()), "found the clusterer Pipeline; use WarmStartClusterer"),
    (WarmStartRegressor, GaussianMixture(), "found the density_estimator GaussianMixture; use WarmStartClusterer"),
    (WarmStartRegressor, HistGradientBoostingClassifier(), "found the classifier .*; use WarmStartClassifier"),
    (WarmStartClassifier, KNeighborsRegressor(), "found the regressor KNeighborsRegressor; use WarmStartRegressor"),
    (WarmStartClusterer, Ridge(), "a clusterer, found the regressor Ridge; use WarmStartRegressor"),
    (WarmStartRegressor, IsolationForest(), "found the outlier_detector IsolationForest; give a regressor"),
    (WarmStartClassifier, OneClassSVM(), "found the outlier_detector OneClassSVM; give a classifier"),
]  # fmt: skip


@pytest.mark.parametrize("task", [-1, None])
@pytest.mark.parametrize(("shell", "estimator", "words"), KINDS, ids=[f"{k}" for k in range(len(KINDS))])
def test_an_estimator_of_another_kind_is_refused(shell, estimator, words, task):
    refused(shell(estimator, task=task), TypeError, f"estimator: {shell.__name__} wanted .*{words}")


class Silent(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize("estimator", [Silent(), make_pipeline(StandardScaler(), Silent())], ids=["alone", "pipeline"])
def test_a_classifier_has_to_tell_probabilities_or_scores(estimator):
    words = "wanted a classifier with predict_proba or decision_function, found Silent, .*put a BaggingClassifier"
    refused(WarmStartClassifier(estimator, task=-1), TypeError, words, y=LABELS)


# Classes that do not say what they are -------------------------------------------------------------------


class CountsLabels:
    """A classifier of another package, in parts: its bases come with the test."""

    _estimator_type = "classifier"

    def fit(self, X, y, sample_weight=None):
        self.classes_, n = np.unique(y, return_counts=True)
        self.shares_ = n / n.sum()
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[self.shares_.argmax()])

    def predict_proba(self, X):
        return np.tile(self.shares_, (len(X), 1))


class Tagged(CountsLabels, ClassifierMixin, BaseEstimator): ...


class Untagged(CountsLabels, BaseEstimator): ...


class WrongOrder(CountsLabels, BaseEstimator, ClassifierMixin): ...


class OnlyPredicts(BaseEstimator):
    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


QUICK = {"task": -1, "learner": SharedModel(None, max_rounds=1, cv=2)}


@pytest.mark.parametrize(
    ("untagged", "labels"),
    [(Untagged(), LABELS), (WrongOrder(), np.where(LABELS == "low", 0, 1))],
    ids=["text", "numbers"],
)
def test_a_classifier_without_a_tag_is_known_by_its_probabilities(untagged, labels):
    models = [WarmStartClassifier(each, **QUICK).fit(TABLE, labels) for each in (untagged, Tagged())]
    np.testing.assert_allclose(*(model.predict_proba(TABLE) for model in models))
    np.testing.assert_array_equal(*(model.predict(TABLE) for model in models))
    np.testing.assert_allclose(*(model.adapt(X[:8], labels[:8]).predict_proba(X) for model in models))
    for each in (untagged, make_pipeline(StandardScaler(), untagged)):
        refused(WarmStartRegressor(each, task=-1), TypeError, "found the classifier .*; use WarmStartClassifier")


def test_what_does_not_say_that_it_classifies_is_refused():
    words = "wanted a classifier, found OnlyPredicts, which is not tagged .* put ClassifierMixin before BaseEstimator"
    refused(WarmStartClassifier(OnlyPredicts(), task=-1), TypeError, words, y=LABELS)


class UntaggedMean(Mean):
    def __sklearn_tags__(self):
        tags = BaseEstimator.__sklearn_tags__(self)
        tags.estimator_type = None
        return tags


def test_a_regressor_without_a_tag_is_one():
    found, expected = (
        WarmStartRegressor(each, **QUICK).fit(TABLE, Y).predict(TABLE) for each in (UntaggedMean(), Mean())
    )
    np.testing.assert_allclose(found, expected)


def test_around_one_that_tells_neither_a_bagging_classifier_is_a_way_out():
    model = WarmStartClassifier(BaggingClassifier(Silent(), n_estimators=3, random_state=0), **QUICK).fit(TABLE, LABELS)
    np.testing.assert_allclose(model.predict_proba(TABLE).sum(axis=1), 1.0)
    assert set(model.adapt(X[:8], LABELS[:8]).predict(X)) <= {"low", "high"}


# Classifiers that take numbered labels alone -----------------------------------------------------------


class WantsNumbers(Tagged):
    """As XGBoost's does, it refuses labels that are not 0, 1, ..., whatever rows it is fitted to."""

    def fit(self, X, y, sample_weight=None):
        found = np.unique(y)
        if found.tolist() != list(range(len(found))):
            raise ValueError(f"Expected {np.arange(len(found))}, got {found}")
        return super().fit(X, y)


@pytest.mark.parametrize("names", [["high", "low"], [5, 6]], ids=["text", "numbers"])
def test_labels_that_a_classifier_refuses_for_their_names_are_said_to_be_the_reason(names):
    labels = np.array(names)[(LABELS == "low").astype(int)]
    words = f"y: wanted the labels 0, 1, ... for WantsNumbers, .* found '?{names[0]}'?, '?{names[1]}'?; give VotingClassifier"
    found = refused(WarmStartClassifier(WantsNumbers(), **QUICK), ValueError, words, y=labels)
    assert not hasattr(found.value, "__notes__")
    around = VotingClassifier([("model", WantsNumbers())], voting="soft")
    model, plain = (WarmStartClassifier(each, **QUICK).fit(TABLE, labels) for each in (around, Tagged()))
    np.testing.assert_allclose(model.predict_proba(TABLE), plain.predict_proba(TABLE))
    np.testing.assert_array_equal(model.adapt(X[:8], labels[:8]).predict(X), plain.adapt(X[:8], labels[:8]).predict(X))


# Tasks with one row or one class -----------------------------------------------------------------------


@each_regressor
def test_a_task_may_have_one_row(estimator):
    place = np.arange(60) % 10
    rows = np.flatnonzero((place == 0) | (TASK < 4) & (place < 5))
    model = WarmStartRegressor(estimator, task=-1, learner=in_one_round(estimator)).fit(TABLE[rows], Y[rows])
    assert np.isfinite(model.predict(TABLE)).all()
    assert np.isfinite(model.adapt(X[:1], Y[:1]).predict(X)).all()


@each_classifier
def test_a_task_may_have_one_class_and_a_collection_may_not(estimator):
    labels = np.where(TASK == 0, "low", np.where(TASK == 1, "high", LABELS))
    rows = np.arange(60) % 10 < 6
    model = WarmStartClassifier(estimator, task=-1, learner=in_one_round(estimator)).fit(TABLE[rows], labels[rows])
    assert set(model.predict(TABLE)) <= {"low", "high"}
    assert set(model.adapt(X[:3], ["low"] * 3).predict(X)) <= {"low", "high"}
    words = "y: wanted at least two classes in the collection, found the one class 'low'; a task may have one"
    refused(WarmStartClassifier(estimator, task=-1), ValueError, words, y=np.full(60, "low"))


# Weights that nobody takes ------------------------------------------------------------------------------


WEIGHTLESS = [KNeighborsRegressor(), GaussianProcessRegressor(), Lars(), Mean()]
WEIGHTLESS += [KNeighborsClassifier(), GaussianProcessClassifier()]


@pytest.mark.parametrize("task", [-1, None])
@pytest.mark.parametrize("piped", [False, True], ids=["alone", "pipeline"])
@pytest.mark.parametrize("estimator", WEIGHTLESS, ids=name_of)
def test_weights_for_an_estimator_that_takes_none_are_refused(estimator, piped, task):
    shell, y = (WarmStartRegressor, Y) if isinstance(estimator, RegressorMixin) else (WarmStartClassifier, LABELS)
    model = shell(make_pipeline(StandardScaler(), estimator) if piped else estimator, task=task)
    words = (
        f"sample_weight: wanted an estimator whose fit takes weights, found {name_of(estimator)}; leave the weights out"
    )
    refused(model, TypeError, words, y=y, sample_weight=np.ones(60))


# Estimators that change what they are given, or fail -----------------------------------------------------


class ChangesRows(Mean):
    def fit(self, X, y):
        X[:] = 0.0
        return super().fit(X, y)


class ChangesTargets(Mean):
    def fit(self, X, y):
        y -= 5.0
        return super().fit(X, y)


@pytest.mark.parametrize("estimator", [ChangesRows(), ChangesTargets()], ids=name_of)
def test_an_estimator_that_changes_its_input_changes_nothing_of_the_users(estimator):
    table, y = TABLE.copy(), Y.copy()
    model = WarmStartRegressor(estimator, **QUICK).fit(table, y)
    model.predict(table)
    model.adapt(table[:4, :-1], y[:4])
    np.testing.assert_array_equal(table, TABLE)
    np.testing.assert_array_equal(y, Y)


class FailsInFolds(Mean):
    def fit(self, X, y):
        if len(y) < 60:
            raise RuntimeError("no luck")
        return super().fit(X, y)


class FailsAtLast(Mean):
    def fit(self, X, y):
        if len(y) == 60:
            raise RuntimeError("no luck")
        return super().fit(X, y)


@pytest.mark.parametrize(
    ("estimator", "where"),
    [(FailsInFolds(), r"fold 1 of 5, on the rows of 4 task\(s\)"), (FailsAtLast(), r"the whole collection, on the rows of 6")],
    ids=name_of,
)  # fmt: skip
def test_a_fit_that_fails_names_fold_and_tasks(estimator, where):
    found = refused(WarmStartRegressor(estimator, task=-1), RuntimeError, "no luck")
    (note,) = found.value.__notes__
    assert note.startswith(f"{name_of(estimator)}.fit raised this in ")
    assert re.search(where, note)


class NotNumbers(Mean):
    def predict(self, X):
        return np.full(len(X), np.nan)


class TooMany(Mean):
    def predict(self, X):
        return np.zeros(len(X) + 1)


@pytest.mark.parametrize(
    ("estimator", "words"),
    [(NotNumbers(), "found some that are NaN or infinite, in fold 1 of 5"), (TooMany(), "found 21, in fold 1 of 5")],
    ids=name_of,
)
def test_answers_that_cannot_be_are_told(estimator, words):
    words = f"estimator: wanted 20 finite answers of {name_of(estimator)}.predict for as many rows, {words}; correct"
    refused(WarmStartRegressor(estimator, task=-1), ValueError, words)


# Priors of another family --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def priors():
    """Of each family, learned from two small tasks: what they know is of no matter here."""
    rows = np.arange(14, 26)
    labels = np.where(np.arange(12) % 2, "high", "low")

    def prior_of(shell, estimator, y):
        return shell(estimator, task=-1, learner=in_one_round(estimator)).fit(TABLE[rows], y).prior_

    found = {name_of(each): prior_of(WarmStartRegressor, each, Y[rows]) for each in REGRESSORS}
    return found | {name_of(each): prior_of(WarmStartClassifier, each, labels) for each in CLASSIFIERS}


@pytest.mark.parametrize("task", [-1, None], ids=["learns on", "adapts"])
@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS], ids=name_of)
def test_a_prior_of_another_family_is_refused(priors, estimator, task):
    shell, y = (WarmStartRegressor, Y) if isinstance(estimator, RegressorMixin) else (WarmStartClassifier, LABELS)
    table = X if task is None else TABLE
    for name, prior in priors.items():
        if name != name_of(estimator):
            with pytest.raises((TypeError, ValueError), match=r"(prior|estimator): wanted ") as found:
                shell(estimator, task=task, prior=prior).fit(table[:20], y[:20])
            assert ";" in str(found.value) or "Use " in str(found.value), (name, str(found.value))
