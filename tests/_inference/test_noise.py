"""Noise that differs from task to task: Smyth's estimator against formulas, simulation, Student's t."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma, polygamma
from scipy.stats import t as student

from skmeta._inference.noise import NoiseLaw, fit_noise, squeeze_noise, trigamma_inverse


def draw(level, prior_dof, dof, n_tasks, seed=0):
    """Sample variances of tasks whose noises have the law."""
    rng = np.random.default_rng(seed)
    truth = np.full(n_tasks, level) if np.isinf(prior_dof) else level * prior_dof / rng.chisquare(prior_dof, n_tasks)
    return truth, truth * rng.chisquare(dof, n_tasks) / dof


@settings(max_examples=60, deadline=None)
@given(st.floats(-6, 6))
def test_trigamma_is_inverted(exponent):
    value = 10.0**exponent
    assert_allclose(polygamma(1, trigamma_inverse(value)), value, rtol=1e-8)


def test_with_equal_degrees_of_freedom_it_is_the_published_formula():
    """Smyth (2004), section 6.2, as limma's fitFDist has it."""
    _, variance = draw(2.0, 6.0, 8.0, 50)
    level, dof = fit_noise(variance, np.full(50, 8.0))
    e = np.log(variance) - digamma(4.0) + np.log(4.0)
    prior_half = trigamma_inverse(e.var(ddof=1) - polygamma(1, 4.0))
    assert_allclose(dof, 2 * prior_half, rtol=1e-8)
    assert_allclose(level, np.exp(e.mean() + digamma(prior_half) - np.log(prior_half)), rtol=1e-8)


@pytest.mark.parametrize(("level", "prior_dof"), [(2.0, 4.0), (0.01, 8.0), (500.0, 20.0)])
def test_the_law_is_found_again(level, prior_dof):
    dof = np.random.default_rng(1).integers(5, 40, 20_000).astype(float)
    _, variance = draw(level, prior_dof, dof, 20_000)
    found_level, found_dof = fit_noise(variance, dof)
    assert_allclose(found_level, level, rtol=0.03)
    assert_allclose(found_dof, prior_dof, rtol=0.08)


@pytest.mark.parametrize("factor", [1e-4, 1e4, 1e8])
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_outlying_tasks_widen_the_law_and_do_not_move_it(factor, share):
    """The mean logarithm is that of the others, whatever the outliers' noises are, and these are within the law's reach."""
    _, variance = draw(2.0, 8.0, 10.0, 200)
    dirty = variance * np.where(np.arange(200) < 200 * share, factor, 1.0)
    level, dof = fit_noise(dirty, np.full(200, 10.0))
    others = np.log(variance[int(200 * share) :]) - digamma(5.0) + np.log(5.0)
    assert_allclose(np.log(level) - digamma(dof / 2) + np.log(dof / 2), others.mean(), atol=1e-8)
    assert dof == 2.0


def test_several_collections_have_several_laws_each_with_its_own_outliers():
    _, variance = draw(2.0, 8.0, 10.0, 60)
    variance = variance.reshape(2, 3, 10)
    variance[1, 2, :3] *= 1e5
    levels, dofs = fit_noise(variance, np.full((2, 3, 10), 10.0))
    for i in np.ndindex(2, 3):
        assert_allclose((levels[i], dofs[i]), fit_noise(variance[i], np.full(10, 10.0)), rtol=1e-12)


def test_noises_that_do_not_differ_are_pooled():
    _, variance = draw(3.0, np.inf, 6.0, 4000)
    level, dof = fit_noise(variance, np.full(4000, 6.0))
    assert_allclose(level, variance.mean(), rtol=1e-12)
    assert dof == np.inf


def test_few_or_useless_tasks_are_pooled():
    assert fit_noise(np.array([1.0, 9.0]), np.array([5.0, 15.0])) == (7.0, np.inf)
    variance, dof = np.array([1.0, 100.0, 1e-9, 0.0]), np.array([10.0, 0.5, 0.9, 3.0])
    assert fit_noise(variance, dof)[1] == np.inf, "tasks without degrees of freedom say nothing of how noises differ"


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 100), st.floats(2, 100), st.integers(0, 1000))
def test_units_and_order_of_the_tasks_do_not_matter(factor, prior_dof, seed):
    _, variance = draw(1.0, prior_dof, 7.0, 30, seed)
    dof, order = np.linspace(1, 20, 30), np.random.default_rng(seed).permutation(30)
    level, law = fit_noise(variance, dof)
    assert_allclose(fit_noise(factor * variance, dof), (factor * level, law), rtol=1e-7)
    assert_allclose(fit_noise(variance[order], dof[order]), (level, law), rtol=1e-7)


def test_squeezing_lies_between_the_own_and_the_common_noise():
    variance, dof = np.array([0.1, 1.0, 10.0]), np.array([5.0, 5.0, 50.0])
    squeezed = squeeze_noise(variance, dof, 2.0, 5.0)
    assert_allclose(squeezed[:2], [(0.1 + 2.0) / 2, (1.0 + 2.0) / 2])
    assert 2.0 < squeezed[2] < 10.0
    assert_array_equal(squeeze_noise(variance, dof, 2.0, np.inf), 2.0)
    assert_allclose(squeeze_noise(variance, dof, 2.0, 1e-9), variance, rtol=1e-8)


def test_squeezing_lowers_the_error():
    truth, variance = draw(1.0, 6.0, 5.0, 5000)
    squeezed = squeeze_noise(variance, np.full(5000, 5.0), *fit_noise(variance, np.full(5000, 5.0)))
    assert np.mean(np.log(squeezed / truth) ** 2) < 0.5 * np.mean(np.log(variance / truth) ** 2)


def test_one_node_stands_for_shared_noise():
    noise, probability = NoiseLaw(3.0).nodes()
    assert_array_equal(noise, [3.0])
    assert_array_equal(probability, [1.0])


@pytest.mark.parametrize("dof", [2.0, 5.0, 30.0])
def test_nodes_integrate_to_students_t(dof):
    """A Gaussian whose variance has the scaled inverse chi-squared law is Student's t."""
    y = np.linspace(-4, 4, 9)

    def density(n_nodes):
        noise, probability = NoiseLaw(2.0, dof).nodes(n_nodes)
        assert_allclose(probability.sum(), 1.0)
        return np.exp(-0.5 * y[:, None] ** 2 / noise) / np.sqrt(2 * np.pi * noise) @ probability

    expected = student.pdf(y / np.sqrt(2.0), dof) / np.sqrt(2.0)
    assert_allclose(density(2000), expected, rtol=0.01)
    assert_allclose(density(5)[2:-2], expected[2:-2], rtol=0.12)


@pytest.mark.parametrize("dof", [2.0, 5.0, 50.0])
def test_the_spread_is_that_of_the_laws_logarithms(dof):
    assert_allclose(NoiseLaw(2.0, dof).log_spread, np.std(np.log(NoiseLaw(2.0, dof).nodes(20_000)[0])), rtol=0.02)
    assert NoiseLaw(2.0).log_spread == 0.0
