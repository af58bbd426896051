"""Many classes cost as many times what one does: counted in factorisations, not in seconds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from skmeta import GaussianPrior, WarmStartClassifier
from skmeta.linear_model import Units
from skmeta.tasks import Tasks

N_TASKS, N_ROWS, D = 6, 12, 3


def labelled(n_classes, n_tasks=N_TASKS):
    """Rows and labels of some tasks, every label among them."""
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(n_tasks * N_ROWS, D)), rng.normal(size=(n_classes, D))
    y = np.argmax(X @ W.T + rng.gumbel(size=(len(X), n_classes)), axis=1)
    y[:n_classes] = np.arange(n_classes)
    return X, y, np.repeat(np.arange(n_tasks), N_ROWS)


@pytest.fixture
def factorised(monkeypatch):
    """Shapes of all matrices that were factorised."""
    seen = []

    def recorded(function):
        return lambda matrix, *rest: (seen.append(np.shape(matrix)), function(matrix, *rest))[1]

    for name in ("cholesky", "solve", "inv", "slogdet", "eigh"):
        monkeypatch.setattr(np.linalg, name, recorded(getattr(np.linalg, name)))
    return seen


def learn(n_classes):
    X, y, task = labelled(n_classes)
    return WarmStartClassifier(LogisticRegression(), task=-1).fit(np.c_[X, task], y)


def test_learning_factorises_at_most_in_proportion_to_the_classes(factorised):
    calls = []
    for n_classes in (8, 16):
        factorised.clear()
        learn(n_classes)
        calls.append(len(factorised))
    assert calls[1] <= 2.2 * calls[0]


def by_hand(n_classes):
    mean = np.random.default_rng(2).normal(size=(n_classes, D + 1))
    covariance = np.tile(np.eye(D + 1), (n_classes, 1, 1))
    units = Units(np.zeros(D), np.ones(D), correlation=np.eye(D))
    return GaussianPrior(mean, covariance, classes=np.arange(n_classes), units=units)


def test_adapting_factorises_hardly_oftener_for_more_classes(factorised):
    """All classes are in one batch: four times as many take no more than some steps of Newton's method more."""
    calls = []
    for n_classes in (15, 60):
        prior, (X, y, _) = by_hand(n_classes), labelled(n_classes)
        factorised.clear()
        prior.adapt(LogisticRegression(), X[:10], y[:10])
        calls.append(len(factorised))
        assert max(shape[-1] for shape in factorised) <= 10, "of the rows, whatever the classes"
    assert calls[1] <= 2.0 * calls[0]


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("n", [2, 12])
def test_tasks_together_are_the_tasks_alone(n_classes, n):
    """By rows and by columns: what is known of new rows is read off each task's own mode."""
    prior = learn(n_classes).prior_
    X, y, task = labelled(n_classes, 4)
    rows = np.concatenate([np.flatnonzero(task == t)[: n - t % 2] for t in range(4)])
    X, y, codes = X[rows], y[rows], task[rows]
    together = prior.adapt_tasks(LogisticRegression(), Tasks(X, y, codes, np.arange(4)))
    new = np.random.default_rng(1).normal(size=(20, D))
    for t in range(4):
        own = codes == t
        plain = prior.adapt(LogisticRegression(), X[own], y[own])
        assert_allclose(together.estimator(t).coef_, plain.coef_, rtol=1e-8, atol=1e-10)
        alone = WarmStartClassifier(LogisticRegression(), prior=prior).fit(X[own], y[own])
        found = together.predict_proba(new, np.full(20, t))
        assert_allclose(found, alone.predict_proba(new), rtol=1e-8, atol=1e-10)
