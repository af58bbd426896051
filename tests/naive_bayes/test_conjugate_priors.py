"""Conjugate priors: their evidence is the integral, what is learned is the maximum, the past counts as its tasks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad, trapezoid
from scipy.optimize import minimize
from scipy.stats import beta, invgamma, norm

from skmeta.naive_bayes import _dirichlet as dirichlet
from skmeta.naive_bayes import _normal_gamma as normal_gamma
from skmeta.naive_bayes._normal_gamma import NormalGamma, Statistics, learn_normal_gamma

pytestmark = pytest.mark.quick

ONE_BLOCK = np.zeros(1, np.intp)


def statistics(*groups):
    """Of groups of numbers, as tasks of one class and one column."""
    n, mean, square = zip(*((len(x), np.mean(x), np.sum((x - np.mean(x)) ** 2)) for x in groups), strict=True)
    return Statistics(*(np.array(each, dtype=float)[:, None, None] for each in (n, mean, square)))


def prior_with(*numbers):
    return NormalGamma(*(np.array([[x]]) for x in numbers))


def test_the_evidence_of_numbers_is_the_integral_over_mean_and_variance():
    x, (m, kappa, s2, nu) = np.array([0.3, 1.2, -0.4, 0.9]), (0.5, 2.0, 0.8, 3.0)

    mean, log_variance = np.linspace(-6.0, 7.0, 801), np.linspace(-6.0, 6.0, 801)
    variance = np.exp(log_variance)[:, None]
    prior = invgamma.pdf(variance, nu / 2.0, scale=nu * s2 / 2.0) * norm.pdf(mean, m, np.sqrt(variance / kappa))
    density = prior * np.prod([norm.pdf(value, mean, np.sqrt(variance)) for value in x], axis=0) * variance
    integral = trapezoid(trapezoid(density, mean, axis=1), log_variance)
    assert_allclose(
        normal_gamma.log_evidence(prior_with(m, kappa, s2, nu), statistics(x)).item(), np.log(integral), rtol=1e-5
    )


def test_the_evidence_of_counts_is_the_integral_over_shares():
    a, b = 0.7, 2.5
    integral, _ = quad(lambda p: beta.pdf(p, a, b) * p**3 * (1.0 - p) ** 2, 0.0, 1.0)
    found = dirichlet.log_evidence(np.array([3.0, 2.0]), np.array([a, b]), ONE_BLOCK)
    assert_allclose(found, np.log(integral), rtol=1e-6)


def test_rows_one_after_the_other_teach_what_rows_together_do():
    x, prior = np.array([0.3, 1.2, -0.4, 5.0]), prior_with(0.5, 2.0, 0.8, 3.0)
    after = NormalGamma(*(each[0] for each in normal_gamma.posterior(prior, statistics(x[:1]))))
    assert_allclose(normal_gamma.posterior(after, statistics(x[1:])), normal_gamma.posterior(prior, statistics(x)))


def drawn(n_tasks, kappa=3.0, nu=6.0, n_rows=10, seed=0):
    rng = np.random.default_rng(seed)
    variance = 2.0 * nu / rng.chisquare(nu, n_tasks)
    mean = 1.0 + rng.normal(size=n_tasks) * np.sqrt(variance / kappa)
    return statistics(*(mean[:, None] + rng.normal(size=(n_tasks, n_rows)) * np.sqrt(variance)[:, None]))


def test_the_prior_of_many_tasks_is_found_and_is_the_maximum():
    rows = drawn(3000)
    found = learn_normal_gamma(rows, np.ones(3000))
    assert_allclose([each.item() for each in found], [1.0, 3.0, 2.0, 6.0], rtol=0.12)
    best = minimize(  # one task beside 3,000 moves it by less than a thousandth
        lambda t: -normal_gamma.log_evidence(prior_with(t[0], *np.exp(t[1:])), rows).sum(), [0.0, 0.0, 0.0, 0.0]
    )
    assert_allclose([best.x[0], *np.exp(best.x[1:])], [each.item() for each in found], rtol=5e-3)


def test_shares_that_are_found_are_the_maximum():
    rng = np.random.default_rng(0)
    counts = np.array([rng.multinomial(20, p) for p in rng.dirichlet([0.5, 2.0, 5.0], 60)]).astype(float)
    found = dirichlet.learn_dirichlet(counts, np.ones(60), ONE_BLOCK)

    def minus(log_alpha):
        alpha = np.exp(log_alpha)
        A = alpha.sum()
        prior_of_alpha = np.log(alpha / A).sum() + np.log(A) - A / (counts.sum() + 3.0)
        return -dirichlet.log_evidence(counts, alpha, ONE_BLOCK).sum() - prior_of_alpha

    assert_allclose(found, np.exp(minimize(minus, np.zeros(3), tol=1e-9).x), rtol=1e-3)


def test_blocks_are_learned_as_if_alone():
    counts = np.random.default_rng(0).poisson(3.0, (40, 2, 5)).astype(float)
    both = dirichlet.learn_dirichlet(counts, np.ones(40), np.array([0, 2]))
    for k, part in ((0, slice(0, 2)), (1, slice(2, 5))):
        alone = dirichlet.learn_dirichlet(counts[:, k, part], np.ones(40), ONE_BLOCK)
        assert_allclose(both[k, part], alone, rtol=1e-5)


def test_a_weight_of_two_is_the_task_twice():
    counts = np.random.default_rng(0).poisson(3.0, (10, 4)).astype(float)
    weight = np.r_[2.0, np.ones(9)]
    twice = dirichlet.learn_dirichlet(np.vstack([counts, counts[:1]]), np.ones(11), ONE_BLOCK)
    assert_allclose(dirichlet.learn_dirichlet(counts, weight, ONE_BLOCK), twice, rtol=1e-6)
    rows = drawn(10)
    repeated = Statistics(*(np.concatenate([each, each[:1]]) for each in rows))
    assert_allclose(learn_normal_gamma(rows, weight), learn_normal_gamma(repeated, np.ones(11)), rtol=1e-6)


def test_half_of_the_tasks_after_the_other_half_teach_about_what_all_do():
    rows = drawn(600)
    first, second = (Statistics(*(each[part] for each in rows)) for part in (slice(300), slice(300, None)))
    past, whole = (
        learn_normal_gamma(first, np.ones(300)),
        learn_normal_gamma(rows, np.ones(600)),
    )
    on = learn_normal_gamma(second, np.ones(300), past, 300.0)
    # the past is known by its prior alone: it is a little firmer than its rows were
    for name in ("n_mean", "n_variance", "variance"):
        apart = [np.abs(np.log(getattr(each, name) / getattr(whole, name))).item() for each in (on, past)]
        assert apart[0] < max(apart[1], 0.02)


def test_a_long_past_is_not_moved_by_a_few_tasks():
    past = prior_with(1.0, 3.0, 2.0, 6.0)
    on = learn_normal_gamma(drawn(3), np.ones(3), past, 1e6)
    assert_allclose(np.array(on), np.array(past), rtol=1e-3)
    alpha = np.array([0.5, 2.0, 5.0])
    counts = np.array([[9.0, 0.0, 1.0]])
    assert_allclose(dirichlet.learn_dirichlet(counts, np.ones(1), ONE_BLOCK, alpha, 1e6), alpha, rtol=1e-3)


def test_tasks_that_are_alike_make_a_firm_prior_and_two_do_not():
    counts = np.random.default_rng(0).multinomial(50, [0.5, 0.3, 0.2], 200).astype(float)
    firm, few = (dirichlet.learn_dirichlet(counts[:n], np.ones(n), ONE_BLOCK).sum() for n in (200, 2))
    assert few < 2.0 * 2 * 50  # about the rows of all tasks
    assert 0.5 * 200 * 50 < firm < 2.0 * 200 * 50
    two, many = (learn_normal_gamma(drawn(n, kappa=1e6), np.ones(n)).n_mean.item() for n in (2, 200))
    assert two < 2 * 10 < many
