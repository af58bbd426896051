"""Rows whitened within classes and of unit length: what they are, what they do not depend on, when they are taken."""

import numpy as np
import pytest
from common import assert_plain
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import inv, sqrtm
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid

from skmeta import DiscriminantLearner, WarmStartClassifier
from skmeta.discriminant_analysis._choice import _Best
from skmeta.discriminant_analysis._metrics import Kind
from skmeta.discriminant_analysis._unit_length import Spectrum, unit_rows

pytestmark = pytest.mark.quick


def drawn(seed, n_tasks=12, n_classes=4, n_rows=6, n_columns=8):
    """Rows whose direction tells their class, and whose length does not; labels of each task's own."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(n_tasks * n_classes), n_rows)
    towards = rng.normal(size=(n_tasks * n_classes, n_columns))[label] + 0.3 * rng.normal(size=(len(label), n_columns))
    return rng.gamma(0.5, size=(len(label), 1)) * towards, label, np.repeat(np.arange(n_tasks), n_classes * n_rows)


def learn(X, y, task, estimator=None, **options):
    learner = DiscriminantLearner(**options)
    shell = WarmStartClassifier(NearestCentroid() if estimator is None else estimator, task=-1, learner=learner)
    return shell.fit(np.column_stack([X, task]), y)


@pytest.mark.parametrize("shrinkage", [0.01, 0.5, 1.0])
def test_the_whitening_is_the_root_of_the_inverse(shrinkage):
    A = np.random.default_rng(0).normal(size=(9, 4))
    W = A.T @ A
    wanted = sqrtm(inv((1.0 - shrinkage) * W + shrinkage * np.trace(W) / 4.0 * np.eye(4)))
    assert_allclose(Spectrum(W).whitening(shrinkage), wanted, rtol=1e-6, atol=1e-9)


def test_the_plain_pipeline_does_what_the_prior_says():
    X, y, task = drawn(0)
    model = learn(X, y, task, LogisticRegression(), shrinkage=0.1)
    A, b, _ = drawn(1, n_tasks=1)
    plain = model.prior_.adapt(LogisticRegression(), A[::2], b[::2])
    assert_plain(plain)
    Z = unit_rows(A, X.mean(axis=0), model.prior_.matrix)
    assert_allclose(np.linalg.norm(Z, axis=1), 1.0)
    mapped = plain[:-1].transform(A)
    assert_allclose(mapped / np.linalg.norm(mapped, axis=1, keepdims=True), Z, rtol=1e-6, atol=1e-9)
    assert_allclose(np.ptp(np.linalg.norm(mapped, axis=1)), 0.0, atol=1e-9)


def test_how_far_rows_lie_from_the_centre_and_their_unit_do_not_matter():
    X, y, task = drawn(0)
    prior = learn(X, y, task, shrinkage=0.1).prior_
    A, b, _ = drawn(1, n_tasks=1)
    shots = np.arange(len(b)) % 6 == 0  # one a class
    far = np.random.default_rng(0).uniform(0.1, 9.0, size=(len(b), 1))
    moved = prior.centre + far * (A - prior.centre)
    one = prior.adapt(NearestCentroid(), A[shots], b[shots]).predict_proba(A)
    assert_allclose(prior.adapt(NearestCentroid(), moved[shots], b[shots]).predict_proba(moved), one, rtol=1e-6)
    other = learn(1000.0 * X, y, task, shrinkage=0.1).prior_
    assert_allclose(
        other.adapt(NearestCentroid(), 1000.0 * A[shots], b[shots]).predict_proba(1000.0 * A), one, rtol=1e-6
    )


def test_learning_on_adds_up_exactly_where_the_map_stays():
    """The same rows under other names: their covariance within classes stays, so that all is as if learned at once."""
    X, y, task = drawn(0)
    one = learn(X, y, task, shrinkage=0.1).prior_
    twice = [np.concatenate(pair) for pair in ((X, X), (y, y + 1000), (task, task + 1000))]
    whole = learn(*twice, shrinkage=0.1).prior_
    on = (
        WarmStartClassifier(NearestCentroid(), task=-1, prior=one)
        .fit(np.column_stack([X, task + 1000]), y + 1000)
        .prior_
    )
    assert on.kind == whole.kind == Kind(shrinkage=0.1)
    for name in ("matrix", "centre", "within", "between"):
        assert_allclose(getattr(on, name), getattr(whole, name), rtol=1e-6, atol=1e-9)
    assert_allclose(on.image.within, 2.0 * one.image.within)


def test_labels_of_all_tasks_are_predicted_without_rows():
    X, y, task = drawn(0, n_tasks=30)
    common = 3.0 * np.random.default_rng(5).normal(size=(4, 8))
    prior = learn(X + common[y % 4], y % 4, task, shrinkage=0.5).prior_
    assert_array_equal(prior.zero_shot(NearestCentroid()).predict(common), np.arange(4))


def test_held_out_tasks_take_it_where_lengths_say_nothing():
    prior = learn(*drawn(0)).prior_
    assert prior.shrinkage is not None
    again = type(prior).from_dict(prior.to_dict())
    A, b, _ = drawn(1, n_tasks=1)
    assert_allclose(*(each.adapt(NearestCentroid(), A[::6], b[::6]).predict_proba(A) for each in (prior, again)))


def test_a_group_is_judged_by_tasks_that_did_not_choose_from_it():
    """Each of four kinds is right on one task alone: no kind is any good, and what the others choose scores nothing."""
    group = [Kind(k) for k in range(1, 5)]
    scores = {kind: np.eye(4)[k] for k, kind in enumerate(group)}
    folds = [(np.delete(np.arange(4), k), np.array([k])) for k in range(4)]
    assert_array_equal(_Best(group, scores, folds, np.ones(4)).held_out(scores), np.zeros(4))
