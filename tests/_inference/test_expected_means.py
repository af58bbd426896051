"""Expected counts are those of the exact posterior, and an intercept is shifted by what they are more than the mode's."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.expected_means import SeenRows, log_expected_over_mode, shift_of_intercept
from skmeta._inference.likelihoods import NegativeBinomial, Tweedie

pytestmark = pytest.mark.quick

X = np.c_[[-1.0, 0.3, 0.8, 1.2], np.ones(4)]
NEW = np.c_[[-1.0, 0.0, 1.0], np.ones(3)]
MEAN = np.array([0.5, 0.2])


def mode_of(likelihood, y, variance):
    """The mode and Laplace's covariance of two coefficients ``N(MEAN, variance)``, by Newton's method."""
    w = MEAN.copy()
    for _ in range(100):
        eta = (X @ w)[:, None]
        curvature = likelihood.curvature(eta, y[:, None])[:, 0]
        V = np.linalg.inv(np.eye(2) / variance + (X.T * curvature) @ X)
        step = V @ (X.T @ likelihood.residual(eta, y[:, None])[:, 0] - (w - MEAN) / variance)
        w += step / max(1.0, np.abs(step).max())
    return w, V


def by_quadrature(likelihood, y, variance):
    """``log E[exp(z)]`` at new rows, on a grid of both coefficients."""
    slope, level = np.meshgrid(np.linspace(-15, 12, 901), np.linspace(-15, 12, 901), indexing="ij")
    logs = -0.5 * ((slope - MEAN[0]) ** 2 + (level - MEAN[1]) ** 2) / variance
    for (x, _), target in zip(X, y, strict=True):
        logs -= likelihood.value((x * slope + level)[..., None], np.array([target]))
    density = np.exp(logs - logs.max())
    return np.array([np.log((density * np.exp(x * slope + level)).sum() / density.sum()) for x, _ in NEW])


def ours(likelihood, y, variance):
    w, V = mode_of(likelihood, y, variance)
    seen = SeenRows(likelihood, (X @ w)[:, None], y[:, None], np.ones(4), np.einsum("np,pq,nq->n", X, V, X))
    return NEW @ w, log_expected_over_mode(seen, np.einsum("np,pq,nq->n", NEW, V, NEW), X @ V @ NEW.T)


@pytest.mark.parametrize("likelihood", [Tweedie(1.0), NegativeBinomial(0.5)], ids=lambda each: each.name)
@pytest.mark.parametrize("y", [[0, 1, 3, 0], [0, 0, 0, 0], [0, 2, 9, 30]], ids=str)
@pytest.mark.parametrize("variance", [0.01, 0.3, 2.0])
def test_expected_counts_are_those_of_the_exact_posterior(likelihood, y, variance):
    """Laplace's own :math:`s^2 / 2` is off by many times as much, or nothing is to be told."""
    y = np.array(y, dtype=float)
    mode, found = ours(likelihood, y, variance)
    wanted, (_, V) = by_quadrature(likelihood, y, variance) - mode, mode_of(likelihood, y, variance)
    laplace = 0.5 * np.einsum("np,pq,nq->n", NEW, V, NEW)
    assert np.abs(found - wanted).max() < max(0.2 * np.abs(laplace - wanted).max(), 1e-4)


def test_narrow_and_wide_scores_meet(monkeypatch):
    """What is between the second order and the integral is of the fourth order of the spread: at a half, a sixteenth."""
    y, gaps = np.array([0.0, 1.0, 3.0, 0.0]), []
    for variance in (0.02, 0.005):
        found = []
        for narrow in (0.0, 10.0):
            monkeypatch.setattr("skmeta._inference.expected_means._NARROW", narrow)
            found.append(ours(Tweedie(1.0), y, variance)[1])
        gaps.append(np.abs(found[0] - found[1]).max())
    assert gaps[1] < gaps[0] / 10.0 < 1e-5


def test_without_rows_of_its_own_the_mean_is_that_of_a_lognormal():
    nothing = SeenRows(Tweedie(1.0), *np.zeros((2, 0, 1)), *np.zeros((2, 0)))
    assert_allclose(log_expected_over_mode(nothing, np.array([0.0, 0.5, 4.0]), np.zeros((0, 3))), [0.0, 0.25, 2.0])


def test_the_shift_keeps_the_sum_of_expected_counts():
    rng = np.random.default_rng(0)
    scores, excess, often = rng.normal(size=20), rng.uniform(0.0, 0.3, 20), rng.uniform(0.0, 2.0, 20)
    shift = shift_of_intercept(scores, excess, often)
    assert_allclose(often @ np.exp(scores + shift), often @ np.exp(scores + excess))
    assert shift_of_intercept(scores, excess, np.zeros(20)) == 0.0
