"""Likelihoods: derivatives, densities and variances against finite differences and SciPy."""

import numpy as np
import pytest
from drawn_targets import LOSSES, targets
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import bernoulli, gamma, nbinom, norm, poisson

from skmeta._inference.likelihoods import Tweedie

every_loss = pytest.mark.parametrize("name", LOSSES)


@every_loss
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_residuals_and_curvatures_are_the_derivatives(name, seed):
    rng, loss = np.random.default_rng(seed), LOSSES[name]
    eta = rng.normal(size=(5, 3 if name == "multinomial" else 1))
    y = targets(name, rng, eta)
    h = 1e-5
    slope, bend = np.empty_like(eta), np.empty_like(eta)
    for k in range(eta.shape[1]):
        step = h * np.eye(eta.shape[1])[k]
        up, middle, down = (loss.value(eta + s * step, y) for s in (1, 0, -1))
        slope[:, k], bend[:, k] = (up - down) / (2 * h), (up - 2 * middle + down) / h**2
    assert_allclose(loss.residual(eta, y), -slope, rtol=1e-5, atol=1e-7)
    observed = bend > 1e-3 if name == "tweedie 3" else np.ones_like(bend, dtype=bool)  # elsewhere Fisher's stands in
    assert_allclose(loss.curvature(eta, y)[observed], bend[observed], rtol=1e-3, atol=2e-4)
    assert np.all(loss.curvature(eta, y) > 0)


@pytest.mark.parametrize("name", ["gaussian", "binomial", "multinomial", "poisson", "gamma", "negative binomial"])
def test_values_are_negative_log_likelihoods(name):
    """Up to what does not depend on the linear predictor: differences between two of them are exact."""
    rng, loss = np.random.default_rng(0), LOSSES[name]
    one, two = rng.normal(size=(2, 6, 3 if name == "multinomial" else 1))
    y = targets(name, rng, one)

    def log_density(eta):
        mean = loss.mean(eta)
        laws = {
            "gaussian": lambda: norm.logpdf(y, mean), "binomial": lambda: bernoulli.logpmf(y, mean),
            "multinomial": lambda: y * np.log(mean), "poisson": lambda: poisson.logpmf(y, mean),
            "gamma": lambda: gamma.logpdf(y, 1.0, scale=mean),
            "negative binomial": lambda: nbinom.logpmf(y, 2.0, 2.0 / (2.0 + mean)),
        }  # fmt: skip
        return laws[name]().sum(axis=1)

    assert_allclose(loss.value(one, y) - loss.value(two, y), log_density(two) - log_density(one), rtol=1e-10)
    if name == "multinomial":
        assert_allclose(loss.mean(one).sum(axis=1), 1.0)


@every_loss
def test_wild_linear_predictors_stay_finite(name):
    loss, y = LOSSES[name], np.ones((2, 3 if name == "multinomial" else 1))
    eta = np.stack([np.full(y.shape[1], 1e4), np.full(y.shape[1], -1e4)])
    for found in (loss.mean(eta), loss.value(eta, y), loss.residual(eta, y), loss.curvature(eta, y)):
        assert np.all(np.isfinite(found))


def test_counts_of_more_scatter_compare_with_poissons():
    """All constants kept but those of a Poisson whose mean is the count, which both lack."""
    eta, y = np.array([[0.3], [1.2]]), np.array([[0.0], [4.0]])
    saturated = poisson.logpmf(y, y)[:, 0]
    assert_allclose(saturated - LOSSES["poisson"].value(eta, y), poisson.logpmf(y, np.exp(eta))[:, 0])
    for excess in (1e-5, 0.5, 30.0):
        wanted = nbinom.logpmf(y, 1 / excess, 1 / (1 + excess * np.exp(eta)))[:, 0]
        assert_allclose(saturated - Tweedie(1.0).overdispersed(excess).value(eta, y), wanted, rtol=1e-6)
    assert Tweedie(1.0).overdispersed(0.0) == Tweedie(1.0)


@pytest.mark.parametrize("name", ["binomial", "poisson", "gamma", "negative binomial"])
def test_variance_functions_are_those_of_the_laws(name):
    loss, mean = LOSSES[name], np.array([0.1, 0.5, 0.9])
    laws = {"binomial": bernoulli(mean), "poisson": poisson(mean), "gamma": gamma(1.0, scale=mean)}
    laws["negative binomial"] = nbinom(2.0, 2.0 / (2.0 + mean))
    assert_allclose(loss.variance_function(mean), laws[name].var())


@every_loss
def test_a_link_undoes_the_mean(name):
    loss, eta = LOSSES[name], np.array([[-2.0, 0.5, 1.5]])
    assert_allclose(loss.mean(loss.link(loss.mean(eta))), loss.mean(eta), rtol=1e-12)


@every_loss
def test_curvature_at_the_expected_target_is_fishers_information(name):
    """``(d mean / d eta)^2 / variance``: what the working responses' weights are made of."""
    loss, eta, h = LOSSES[name], np.array([[-0.7], [0.0], [1.2]]), 1e-6
    if loss.coupled:
        eta = eta * np.array([1.0, -0.5, 0.2])
        slope = loss.mean(eta) * (1.0 - loss.mean(eta))
    else:
        slope = (loss.mean(eta + h) - loss.mean(eta - h)) / (2 * h)
    mean = loss.mean(eta)
    assert_allclose(loss.curvature(eta, mean), slope**2 / loss.variance_function(mean), rtol=1e-6)
