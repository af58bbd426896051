"""When the past misleads: a task's own rows say so, and what has no place is left to another learner."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from skmeta import DiscriminantLearner, SharedModel, WarmStartClassifier
from skmeta.discriminant_analysis._adapted_discriminants import OwnRows
from skmeta.discriminant_analysis._own_evidence import own_is_better
from skmeta.tasks import read_tasks
from skmeta.warm_start._learner_of_fit import learner_of_fit

pytestmark = pytest.mark.quick
BETWEEN, WITHIN = np.array([3.0, 3.0, 0.1, 0.1]), np.array([1.0, 1.0, 3.0, 3.0])


def drawn(seed, n_tasks, between, within, n_rows=10):
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(n_tasks * 4), n_rows)
    X = (rng.normal(size=(n_tasks * 4, 4)) * between)[label] + rng.normal(size=(len(label), 4)) * within
    return X, label, np.repeat(np.arange(n_tasks), 4 * n_rows)


def rows(X, y):
    return OwnRows(X, y, np.ones(len(y)), None)


@pytest.fixture(scope="module")
def opposite():
    """What was learned where class means differ in what today is noise."""
    X, y, task = drawn(0, 12, BETWEEN[::-1], WITHIN[::-1])
    learner = DiscriminantLearner(4)
    return WarmStartClassifier(NearestCentroid(), task=-1, learner=learner).fit(np.column_stack([X, task]), y).prior_


@pytest.mark.parametrize(
    "estimator",
    [NearestCentroid(), LinearDiscriminantAnalysis(), KNeighborsClassifier(1)],
    ids=lambda e: type(e).__name__,
)
def test_rows_that_speak_against_the_past_get_the_plain_estimator(opposite, estimator):
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)
    plain = opposite.adapt(estimator, X, y)
    assert_allclose(plain.predict_proba(X), estimator.fit(X, y).predict_proba(X))
    assert plain.n_features_in_ == 4


def test_one_row_of_each_class_cannot_tell(opposite):
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)
    assert not np.allclose(opposite.adapt(NearestCentroid(), X[::10], y[::10])[0].transform(X)[:, :3], X[:, :3])


def test_rows_that_agree_with_the_past_keep_it():
    A, b, task = drawn(0, 12, BETWEEN, WITHIN)
    shell = WarmStartClassifier(NearestCentroid(), task=-1, learner=DiscriminantLearner(4))
    shell.fit(np.column_stack([A, task]), b)
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN, n_rows=3)
    assert not np.array_equal(shell.adapt(X, y)[0].transform(X), X)


def test_neither_the_order_of_rows_nor_names_of_classes_say_which_is_better():
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)
    asked = []

    def learned(own):
        asked.append({(label, *row) for label, row in zip(own.y.tolist(), own.X.round(9).tolist(), strict=True)})
        return NearestCentroid().fit(own.X[:, ::-1], own.y)

    found = own_is_better(NearestCentroid(), learned, rows(X, y))
    mixed = np.random.default_rng(0).permutation(len(y))
    assert own_is_better(NearestCentroid(), learned, rows(X[mixed], y[mixed])) == found
    assert asked[:5] == asked[5:] and len(asked) == 10


def test_the_better_one_is_the_one_that_tells_more_rows_apart():
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)

    def same(own):
        return NearestCentroid().fit(own.X, own.y)

    assert not own_is_better(NearestCentroid(), same, rows(X, y))  # as many
    assert own_is_better(NearestCentroid(), lambda own: _Always(own.y[0]), rows(X, y))
    assert not own_is_better(
        NearestCentroid(), lambda own: _Always(own.y[0]), rows(X[::10], y[::10])
    )  # one row of each
    alone = np.r_[0, 10:20]  # naive Bayes of rows without one of its classes' priors cannot be fitted
    assert not own_is_better(GaussianNB(priors=[0.5, 0.3, 0.2]), lambda own: _Always(-1), rows(X[alone], y[alone]))


class _Always:
    """Takes all rows for one class."""

    def __init__(self, label):
        self.label = label

    def predict(self, X):
        return np.full(len(X), self.label)


def test_auto_leaves_what_has_no_place_to_the_next_learner_and_says_why():
    X, y, task = drawn(0, 4, BETWEEN, WITHIN)
    tasks = read_tasks(np.column_stack([X, task]), y % 4, task=-1, labels=True)
    said = r"shrink_threshold=None.*found 0\.1; so learner='auto' is SharedModel\(\) instead of DiscriminantLearner"
    with pytest.warns(UserWarning, match=said):
        assert isinstance(learner_of_fit("auto", NearestCentroid(shrink_threshold=0.1), None, tasks), SharedModel)
    assert isinstance(learner_of_fit("auto", NearestCentroid(), None, tasks), DiscriminantLearner)
