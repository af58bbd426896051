"""The analytic Gaussian mechanism: its noise keeps the promise of privacy, and less noise does not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import norm

from skmeta._inference.gaussian_mechanism import noise_multiplier, privacy_profile

pytestmark = pytest.mark.quick

epsilons, deltas = st.floats(0.01, 20.0), st.floats(1e-8, 0.5)


def hockey_stick(epsilon, multiplier):
    """The definition: the most by which one outcome's probability exceeds ``e^epsilon`` times its neighbour's."""

    def excess(x):
        return norm.pdf(x, 1.0, multiplier) - np.exp(epsilon) * norm.pdf(x, 0.0, multiplier)

    start = 0.5 + epsilon * multiplier**2  # where the ratio of the densities is e^epsilon
    return integrate.quad(excess, start, start + 40.0 * multiplier, epsabs=0.0, epsrel=1e-10, limit=500)[0]


@settings(max_examples=15, deadline=None)
@given(epsilons, st.floats(0.05, 50.0))
def test_the_profile_is_the_integral_that_defines_it(epsilon, multiplier):
    wanted = hockey_stick(epsilon, multiplier)
    assert privacy_profile(epsilon, multiplier) == pytest.approx(wanted, rel=1e-6, abs=1e-14)


@settings(max_examples=15, deadline=None)
@given(epsilons, deltas)
def test_the_noise_is_the_least_that_is_private(epsilon, delta):
    multiplier = noise_multiplier(epsilon, delta)
    assert privacy_profile(epsilon, multiplier) <= delta
    assert hockey_stick(epsilon, multiplier) <= delta * (1.0 + 1e-6)
    assert hockey_stick(epsilon, multiplier * (1.0 - 1e-4)) > delta


def test_it_takes_less_noise_than_the_classical_bound():
    epsilon = np.array([0.1, 0.5, 0.99])  # where that one holds
    classical = np.sqrt(2.0 * np.log(1.25 / 1e-5)) / epsilon
    assert np.all([noise_multiplier(e, 1e-5) for e in epsilon] < classical)


@pytest.mark.parametrize(("epsilon", "delta"), [(1e-6, 1e-9), (1e9, 1e-6), (1e-3, 0.999)])
def test_extreme_promises_have_an_answer(epsilon, delta):
    assert 0.0 < noise_multiplier(epsilon, delta) < np.inf


def test_where_hardly_any_noise_is_left_it_is_that_of_the_limit():
    # For delta fixed, as epsilon grows: Phi(1 / 2m - epsilon m) = delta alone.
    wanted = 1.0 / np.sqrt(2.0 * 1e12)
    assert noise_multiplier(1e12, 1e-6) == pytest.approx(wanted, rel=1e-4)
