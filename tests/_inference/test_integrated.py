"""Integrated probabilities against brute force: the posterior of two coefficients summed on a fine grid."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit, log_expit
from sklearn.linear_model import LogisticRegression
from variations import varied

from skmeta import GaussianPrior, WarmStartClassifier
from skmeta._inference.integrated import integrated_probabilities, moderated_probabilities


def of_coefficients(rows, weight, modes, covariances, new):
    """The probabilities from modes and covariances of the coefficients."""
    covariance = np.stack([rows @ V @ new.T for V in covariances], axis=2)
    variance = np.stack([np.einsum("qp,pr,qr->q", new, V, new) for V in covariances], axis=1)
    return integrated_probabilities(rows @ modes.T, weight, new @ modes.T, variance, covariance)


def integrated_probability(rows, weight, mode, V, new):
    return of_coefficients(rows, weight, mode[None], [V], new)[:, 0]


GRID = np.linspace(-5.0, 5.0, 401)


def laplace(rows, y, root):
    """Mode and covariance of a logistic posterior under ``N(0, R R')``, by Newton's method."""
    w, precision = np.zeros(rows.shape[1]), np.linalg.inv(root @ root.T)
    for _ in range(100):
        mean = expit(rows @ w)
        V = np.linalg.inv(rows.T @ (rows * (mean * (1 - mean))[:, None]) + precision)
        w = w + V @ (rows.T @ (y - mean) - precision @ w)
    return w, V


def brute_force(rows, y, root, new):
    """``P(y_new = 1)``, from the prior's own grid."""
    u = np.stack(np.meshgrid(GRID, GRID, indexing="ij"), axis=-1).reshape(-1, 2)
    w = u @ root.T
    logs = -0.5 * (u**2).sum(axis=1) + log_expit((2 * y - 1)[:, None] * (rows @ w.T)).sum(axis=0)
    weight = np.exp(logs - logs.max())
    return expit(new @ w.T) @ weight / weight.sum()


def task(n, spread, seed, one_class):
    rng = np.random.default_rng(seed)
    rows = np.c_[rng.normal(size=n), np.ones(n)]
    y = np.ones(n) if one_class else (rows @ [1.0, 0.5] + rng.logistic(size=n) > 0).astype(float)
    return rows, y, np.array([[0.7, 0.0], [0.3, 1.0]]) * spread, np.c_[rng.normal(size=20), np.ones(20)]


@varied("seed", range(3))
@pytest.mark.parametrize(("n", "spread"), [(1, 1.0), (3, 3.0), (5, 10.0), (20, 3.0)])
def test_rows_of_one_class_leave_little_doubt(n, spread, seed):
    rows, y, root, new = task(n, spread, seed, one_class=True)
    mode, V = laplace(rows, y, root)
    found, exact = integrated_probability(rows, np.ones(n), mode, V, new), brute_force(rows, y, root, new)
    sure = exact > 0.5
    assert_allclose(found[sure], exact[sure], atol=0.12)
    gaussian = moderated_probabilities((new @ mode)[:, None], ((new @ V) * new).sum(axis=1)[:, None])[:, 0]
    if spread > 1:
        assert np.mean((found - exact) ** 2) < 0.5 * np.mean((gaussian - exact) ** 2), "nearer than a Gaussian"


@varied("seed", range(3))
@pytest.mark.parametrize(("n", "spread"), [(2, 1.0), (10, 2.0), (40, 2.0)])
def test_it_is_near_the_exact_integral(n, spread, seed):
    rows, y, root, new = task(n, spread, seed, one_class=False)
    mode, V = laplace(rows, y, root)
    found, exact = integrated_probability(rows, np.ones(n), mode, V, new), brute_force(rows, y, root, new)
    assert_allclose(found, exact, atol=0.04)
    assert np.all((found > 0.5) == (new @ mode > 0))


def test_without_rows_it_is_the_priors_own_integral():
    root, new = np.array([[2.0, 0.0], [0.5, 3.0]]), np.c_[np.linspace(-2, 2, 9), np.ones(9)]
    mean = np.array([0.4, -0.6])
    found = integrated_probability(new[:0], np.empty(0), mean, root @ root.T, new)
    nodes = np.linspace(-8, 8, 4001)
    spread = np.linalg.norm(new @ root, axis=1)
    exact = expit((new @ mean)[:, None] + spread[:, None] * nodes) @ np.exp(-0.5 * nodes**2)
    assert_allclose(found, exact / np.exp(-0.5 * nodes**2).sum(), atol=2e-3)


def test_weights_are_repeated_rows_and_order_does_not_matter():
    rows, y, root, new = task(6, 3.0, 0, one_class=False)
    mode, V = laplace(np.repeat(rows, 2, axis=0), np.repeat(y, 2), root)
    one = integrated_probability(rows, np.full(6, 2.0), mode, V, new)
    two = integrated_probability(np.repeat(rows, 2, axis=0)[::-1], np.ones(12), mode, V, new)
    assert_allclose(one, two, rtol=1e-12)


def test_the_shell_integrates_and_agrees_with_its_labels():
    rng = np.random.default_rng(0)
    prior = GaussianPrior(np.zeros(3), 25.0 * np.eye(3), classes=["no", "yes"])
    X = rng.normal(size=(5, 2))
    model = WarmStartClassifier(LogisticRegression(), prior=prior).fit(X, np.repeat("yes", 5))
    new = rng.normal(size=(200, 2))
    found = model.predict_proba(new)
    assert_allclose(found.sum(axis=1), 1.0)
    assert np.all(model.classes_[found.argmax(axis=1)] == model.predict(new))
    plain = model.estimator_.predict_proba(new)
    assert np.abs(found - plain).max() > 0.05
    assert found[np.abs(new).max(axis=1) < 0.3, 1].min() > 0.85, "five rows say yes, and none says no"


def test_two_of_several_classes_are_the_binary_answer():
    """A class that nobody has takes no part: what is left is binary, in the difference of two scores."""
    rows, y, root, new = task(4, 3.0, 1, one_class=False)
    mode, V = laplace(rows, y, root)
    binary = integrated_probability(rows, np.ones(4), mode, V, new)
    modes = np.stack([-mode / 2, mode / 2, [0.0, -60.0]])
    found = of_coefficients(rows, np.ones(4), modes, [V / 2, V / 2, 0 * V], new)
    assert_allclose(found.sum(axis=1), 1.0)
    assert_allclose(found[:, 2], 0.0, atol=1e-12)
    assert_allclose(found[:, 1], binary, atol=0.1)


def test_several_classes_agree_with_their_labels():
    rng = np.random.default_rng(3)
    prior = GaussianPrior(np.zeros((3, 3)), np.tile(16.0 * np.eye(3), (3, 1, 1)), classes=["a", "b", "c"])
    X = rng.normal(size=(6, 2))
    model = WarmStartClassifier(LogisticRegression(), prior=prior).fit(X, np.array(list("aabbbb")))
    new = rng.normal(size=(300, 2))
    found = model.predict_proba(new)
    assert_allclose(found.sum(axis=1), 1.0)
    assert np.all(model.classes_[found.argmax(axis=1)] == model.predict(new))


@pytest.mark.parametrize("K", [1, 3])
def test_scores_of_which_nothing_is_known_keep_their_numbers(K):
    """Where the exponential of a score is no number any more, probabilities still are."""
    rng = np.random.default_rng(0)
    rows, new = np.c_[rng.normal(size=4), np.ones(4)], np.c_[rng.normal(size=9), np.ones(9)]
    found = of_coefficients(rows, np.ones(4), rng.normal(size=(K, 2)), [1e8 * np.eye(2)] * K, new)
    assert np.all((found >= 0.0) & (found <= 1.0))
    if K > 1:
        assert_allclose(found.sum(axis=1), 1.0)
