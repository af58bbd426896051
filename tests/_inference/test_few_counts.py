"""Few counts: evidence around each component's own mode, and weights that tasks which say nothing do not move."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import logit
from scipy.stats import multivariate_normal

from skmeta._inference.components import Component, KnownNoise
from skmeta._inference.covariances import DenseCovariance
from skmeta._inference.few_counts import weights_at_few_rows
from skmeta._inference.glm import linearise
from skmeta._inference.likelihoods import GAUSSIAN, Tweedie
from skmeta._inference.mixture import learn_weights
from skmeta._inference.moments import Rows
from skmeta._inference.sums import read_sums
from skmeta._inference.working import RowsAtHand, RowsElsewhere

KNOWN = KnownNoise(np.ones(1), np.zeros(1))


def evidences(vague, n_vague=3):
    """Of tasks that are ``vague (n_tasks,)`` nats more probable under each of the vague components."""
    return np.column_stack([np.zeros(len(vague)), *n_vague * [vague]])


def test_tasks_that_say_nothing_are_not_taken_for_vague():
    found = weights_at_few_rows(evidences(np.zeros(96)), np.ones(96), use=1.0)
    assert_allclose(found, [0.97, 0.01, 0.01, 0.01])
    assert learn_weights(evidences(np.zeros(96)), n_iter=10_000)[0] < 0.5, "which these are by other weights"


@pytest.mark.parametrize("unlike", [0, 30, 96])
def test_tasks_that_tell_are_counted(unlike):
    vague = np.where(np.arange(96) < unlike, 50.0, -50.0)
    found = weights_at_few_rows(evidences(vague), np.ones(96), use=1.0)
    assert_allclose(found[0], np.clip(1.0 - unlike / 96, 0.01, 0.97), rtol=1e-6)


@given(st.integers(0, 10**6), st.integers(2, 60))
def test_the_share_is_the_most_probable_one_inside_its_bounds(seed, n_tasks):
    rng = np.random.default_rng(seed)
    vague, counts = rng.normal(scale=2.0, size=n_tasks), rng.uniform(0.5, 2.0, n_tasks)
    share = 1.0 - weights_at_few_rows(evidences(vague), counts, use=1.0)[0]
    total = counts.sum() + 4.0
    grid = np.r_[share, np.linspace(3.0 / total, 1.0 - 1.0 / total, 200)]
    likelihood = counts @ np.log1p(grid * np.expm1(vague)[:, None])
    assert 3.0 / total - 1e-9 <= share <= 1.0 - 1.0 / total + 1e-9
    assert likelihood[0] >= likelihood.max() - 1e-7


@pytest.mark.parametrize("gain", [-2.0, 0.0, 0.5, 4.0, 30.0])
def test_where_nothing_is_explained_a_typical_task_stays_where_it_is(gain):
    share = 1.0 - weights_at_few_rows(evidences(np.full(96, -gain)), np.ones(96), use=0.0)[0]
    if gain < 30.0:
        assert_allclose(logit(share) - max(gain, 0.0), logit(0.03))  # after its rows: that of the rule of three
    else:
        assert_allclose(share, 0.999)


@pytest.mark.parametrize("use", [0.0, 1.0])
def test_of_two_halves_it_does_not_matter_that_they_are_halves(use):
    vague = np.random.default_rng(0).normal(-1.0, 2.0, size=96)
    at_once = weights_at_few_rows(evidences(vague), np.ones(96), use)
    first = weights_at_few_rows(evidences(vague[::2]), np.ones(48), use)
    found = weights_at_few_rows(evidences(vague[1::2]), np.ones(48), use, 48.0, (1.0 - first[0], use))
    assert_allclose(found[0], at_once[0], atol=np.sqrt(at_once[0] * (1.0 - at_once[0]) / 48))  # an error of sampling


def test_evidence_is_taken_around_each_components_own_mode():
    """Of a single event, whose working response at the law's own mode lies far off."""
    x, w = np.ones((1, 1)), np.linspace(-12.0, 12.0, 4001)
    rows = Rows(x, np.array([[1.0]]), np.arange(1), np.array([0, 1]), np.zeros(1), np.ones(1), intercept=False)
    variances = (1e-4, 1.0)
    found = RowsAtHand(rows, Tweedie(1.0)).component_evidence(
        np.arange(1),
        np.zeros(1),
        [[Component(np.array([-3.0, 0.0]), DenseCovariance.of(v * np.eye(2)), KNOWN) for v in variances]],
    )
    density = [np.exp(w - np.exp(w) - 0.5 * (w + 3.0) ** 2 / v) / np.sqrt(2.0 * np.pi * v) for v in variances]
    exact = np.log([np.trapezoid(density[1], w)]) - (-3.0 - np.exp(-3.0))
    assert_allclose(found[0, 1] - found[0, 0], exact, atol=0.05)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_evidence_is_a_density_at_any_noise(elsewhere):
    """Components of noise one, two and four: for Gaussian rows normal densities in closed form."""
    rng = np.random.default_rng(0)
    X, y, starts = rng.normal(size=(12, 1)), rng.normal(size=(12, 1)), np.array([0, 5, 12])
    rows = Rows(X, y, np.arange(12), starts, np.zeros(1), np.ones(1))
    noises, covariance = (1.0, 2.0, 4.0), DenseCovariance.of(np.diag([0.5, 0.3]))
    components = [Component(np.array([0.2, 0.1]), covariance, KnownNoise(np.array([v]), np.zeros(1))) for v in noises]
    collection = RowsAtHand(rows, GAUSSIAN)
    if elsewhere:
        collection = RowsElsewhere(partial(said, rows), read_sums(X, y, np.arange(12), starts), np.ones(2), GAUSSIAN)
    found = collection.component_evidence(np.arange(2), np.zeros(2, dtype=int), [components])
    for t in range(2):
        own = slice(*starts[t : t + 2])
        Z = np.column_stack([X[own], np.ones(starts[t + 1] - starts[t])])
        laws = [Z @ np.diag([0.5, 0.3]) @ Z.T + v * np.eye(len(Z)) for v in noises]
        exact = [multivariate_normal.logpdf(y[own, 0], Z @ [0.2, 0.1], law) for law in laws]
        assert_allclose(np.diff(found[t]), np.diff(exact), atol=1e-9)


def said(rows, coef):
    """What rows say of coefficients ``(n_tasks, p)``: working responses, and the log-likelihood."""
    (moments,) = linearise(rows, coef[:, None], GAUSSIAN)
    value = [
        -GAUSSIAN.value(Z[0] @ own[:, None], Y[0]).sum() for own, (Z, Y) in zip(coef, one_by_one(rows), strict=True)
    ]
    return moments, np.array(value)


def one_by_one(rows):
    """The rows of one task after the other."""
    return [next(iter(rows.pick(np.array([t])).batches()))[1:3] for t in range(rows.n_tasks)]
