"""When the past misleads: a task's own rows say so, and what has no place is left to another learner."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from skmeta import DiscriminantLearner, WarmStartClassifier
from skmeta.discriminant_analysis._adapted_discriminants import OwnRows
from skmeta.discriminant_analysis._own_evidence import own_is_better
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick
BETWEEN, WITHIN = np.array([3.0, 3.0, 0.1, 0.1]), np.array([1.0, 1.0, 3.0, 3.0])


def drawn(seed, n_tasks, between, within, n_rows=10):
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(n_tasks * 4), n_rows)
    X = (rng.normal(size=(n_tasks * 4, 4)) * between)[label] + rng.normal(size=(len(label), 4)) * within
    return X, label, np.repeat(np.arange(n_tasks), 4 * n_rows)


def plain_of(estimator, own):
    return clone(estimator).fit(own.X, own.y)


centroids = partial(plain_of, NearestCentroid())


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

    found = own_is_better(centroids, learned, rows(X, y))
    mixed = np.random.default_rng(0).permutation(len(y))
    assert own_is_better(centroids, learned, rows(X[mixed], y[mixed])) == found
    assert asked[:5] == asked[5:] and len(asked) == 10


def test_the_better_one_is_the_one_that_tells_more_rows_apart():
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)

    def same(own):
        return NearestCentroid().fit(own.X, own.y)

    assert not own_is_better(centroids, same, rows(X, y))  # as many
    assert own_is_better(centroids, lambda own: _Always(own.y[0]), rows(X, y))
    assert not own_is_better(
        NearestCentroid(), lambda own: _Always(own.y[0]), rows(X[::10], y[::10])
    )  # one row of each
    alone = np.r_[0, 10:20]  # naive Bayes of rows without one of its classes' priors cannot be fitted
    biased = partial(plain_of, GaussianNB(priors=[0.5, 0.3, 0.2]))
    assert not own_is_better(biased, lambda own: _Always(-1), rows(X[alone], y[alone]))


class _Always:
    """Takes all rows for one class."""

    def __init__(self, label):
        self.label = label

    def predict(self, X):
        return np.full(len(X), self.label)


def test_one_more_row_is_chance():
    """Of twenty rows one more is right: less than one standard error, which three more are not."""
    y = np.repeat([0, 1], 10)
    own = rows(np.arange(20.0)[:, None], y)

    def right_of(n):
        return lambda shots: _Knows(n)

    assert not own_is_better(right_of(18), right_of(17), own)
    assert own_is_better(right_of(18), right_of(15), own)


class _Knows:
    """Is right of the first rows."""

    def __init__(self, n):
        self.n = n

    def predict(self, X):
        right = (X[:, 0] >= 10).astype(int)
        return np.where(X[:, 0] < self.n, right, 1 - right)


def test_fewer_rows_than_neighbours_are_asked_too(opposite):
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)
    rest = np.r_[:2, 10:12]
    with pytest.warns(UserWarning, match="n_neighbors=5 and 1 task"):
        plain = opposite.adapt(KNeighborsClassifier(), X[rest], y[rest])
    assert plain[-1].n_neighbors == 4


def test_weights_that_the_plain_estimator_does_not_take_are_kept(opposite):
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN)
    tasks = read_tasks(np.column_stack([X, np.zeros(len(y))]), y, np.tile([1.0, 0.01], 20), task=-1, labels=True)
    weighed, even = (
        opposite.adapt_tasks(NearestCentroid(), replace(tasks, feature_names=None, sample_weight=w)).estimator(0)
        for w in (tasks.sample_weight, None)
    )
    assert_allclose(even[0].transform(X), X)  # the plain one, of rows as they are
    assert weighed[0].transform(X).shape[1] < X.shape[1]


def test_evidence_is_that_of_the_past_alone(opposite):
    X, y, _ = drawn(1, 1, BETWEEN, WITHIN, n_rows=3)
    tasks = replace(read_tasks(np.column_stack([X, np.zeros(len(y))]), y, task=-1, labels=True), feature_names=None)
    adapted = opposite.adapt_tasks(NearestCentroid(), tasks)
    assert_allclose(adapted.leave_one_out_scores(np.array([0])), opposite.log_evidence(NearestCentroid(), tasks))
