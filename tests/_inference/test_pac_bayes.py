"""The PAC-Bayes bound against its definition: divergences by quadrature and by draws, evidence of one coefficient."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import integrate, linalg, stats

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.hyper_prior import WIDTH, bound_of, with_best_strengths
from skmeta._inference.in_columns import each_output
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.pac_bayes import (
    bound,
    divergence_of_logarithms,
    divergence_of_means,
    drawn_symmetric,
    exponential_of,
    logarithm_of,
)
from skmeta._inference.selection import candidates, held_out
from skmeta._inference.structure import Structure

pytestmark = pytest.mark.quick


def spd(p, seed=0):
    root = np.random.default_rng(seed).normal(size=(p, 2 * p))
    return root @ root.T / p


def test_logarithm_and_exponential_are_those_of_matrices():
    covariance = spd(5)
    assert_allclose(logarithm_of(covariance), linalg.logm(covariance), rtol=1e-9, atol=1e-12)
    assert_allclose(exponential_of(logarithm_of(covariance)), covariance, rtol=1e-10)
    several = np.stack([logarithm_of(spd(4, seed)) for seed in range(3)])
    assert_allclose(exponential_of(several)[2], spd(4, 2), rtol=1e-10)


def test_divergence_of_one_logarithm_is_the_integral():
    found = divergence_of_logarithms(np.array([[0.3]]), 0.2, np.array([-1.0]), 1.5, np.ones((1, 1), dtype=bool))
    q, p = stats.norm(0.3, np.sqrt(0.2)), stats.norm(-1.0, np.sqrt(1.5))
    integral, _ = integrate.quad(lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), -6, 6)
    assert_allclose(found, integral, rtol=1e-8)


def test_divergence_of_matrices_is_the_sum_over_their_entries():
    """Entries are independent: on the diagonal of the variance itself, beside it of half of it."""
    logarithm, centre, p = logarithm_of(spd(3)), np.array([0.1, -0.2, 0.3]), 3
    free = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    expected = 0.0
    for i in range(p):
        for j in range(i + 1):
            if free[i, j]:
                half = 1.0 if i == j else 0.5
                d = logarithm[i, j] - (centre[i] if i == j else 0.0)
                expected += 0.5 * (0.4 / 2.0 - 1.0 - np.log(0.4 / 2.0) + d**2 / (2.0 * half))
    assert_allclose(divergence_of_logarithms(logarithm, 0.4, centre, 2.0, free), expected, rtol=1e-12)


def test_divergence_does_not_know_in_which_directions_tasks_vary():
    turn = linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    free, covariance = np.ones((4, 4), dtype=bool), spd(4)
    one, two = (
        divergence_of_logarithms(logarithm_of(each), 0.2, np.full(4, -1.0), WIDTH, free)
        for each in (covariance, turn @ covariance @ turn.T)
    )
    assert_allclose(one, two, rtol=1e-10)


def test_divergence_of_means_is_that_of_draws():
    covariance, mean = 0.1 * spd(3), np.array([0.5, -0.3, 0.2])
    draws = np.random.default_rng(0).multivariate_normal(mean, covariance, size=200_000)
    log = stats.multivariate_normal(mean, covariance).logpdf(draws) - stats.multivariate_normal(np.zeros(3)).logpdf(
        draws
    )
    assert_allclose(divergence_of_means(mean, covariance), log.mean(), atol=4 * log.std() / np.sqrt(len(log)))
    assert_allclose(divergence_of_means(np.zeros(3), np.eye(3)), 0.0, atol=1e-12)


def test_drawn_matrices_have_the_variances_they_are_said_to_have():
    free = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=bool)
    found = drawn_symmetric(np.random.default_rng(0), 40_000, 0.6, free)
    assert_allclose(found, np.swapaxes(found, 1, 2))
    assert_allclose(found.mean(axis=0), 0.0, atol=1e-12)
    assert_allclose((found**2).mean(axis=0), [[0.6, 0.3, 0.0], [0.3, 0.6, 0.0], [0.0, 0.0, 0.6]], rtol=0.05)


def test_the_bound_is_its_formula():
    evidence, rows, counts = np.array([[-3.0, -8.0], [-5.0, -4.0]]), np.array([2.0, 4.0]), np.array([1.0, 3.0])
    expected = (4.0 / 2.0 + 3 * 6.0 / 4.0) / 4.0 + 7.0 * (1.0 / 4.0 + (1 / 2 + 3 / 4) / 4.0 / 4.0)
    assert_allclose(bound(evidence, rows, counts, 7.0), expected)
    twice = bound(np.repeat(evidence, [1, 3], axis=1), np.repeat(rows, [1, 3]), np.ones(4), 7.0)
    assert_allclose(twice, expected)
    none = bound(np.c_[evidence, [0.0, 0.0]], np.append(rows, 0.0), np.append(counts, 5.0), 7.0)
    assert_allclose(none, expected, err_msg="a task without rows")


def levels(n_tasks, n=3, seed=0):
    """Tasks of a level alone: one coefficient, the intercept; and their targets ``(n_tasks, n)``."""
    rng = np.random.default_rng(seed)
    y = 0.8 * rng.normal(size=(n_tasks, 1)) + 0.5 * rng.normal(size=(n_tasks, n))
    rows = Rows(np.zeros((n_tasks * n, 0)), y.reshape(-1, 1), np.arange(n_tasks * n), n * np.arange(n_tasks + 1),
                np.zeros(0), np.ones(0))  # fmt: skip
    return each_output(collect_moments(rows))[0], y


def test_the_bound_of_a_law_is_its_definition(monkeypatch):
    """Of tasks of a level: the expectation of the evidence by quadrature, densities written down."""
    monkeypatch.setattr("skmeta._inference.hyper_prior.N_DRAWS", 20_000)
    tasks, y = levels(n_tasks=4)
    law = CoefficientLaw(
        np.array([0.2]), np.array([[0.6]]), np.float64(0.25), n_tasks=np.float64(4.0), mean_covariance=np.array([[0.05]]),
        unique=np.array([0.6]),
    )  # fmt: skip
    structure = Structure("full", None, strength=2.0)

    def evidence(mean, log):
        covariance = np.exp(log) * np.ones((3, 3)) + 0.25 * np.eye(3)
        return stats.multivariate_normal(mean * np.ones(3), covariance).logpdf(y).sum()

    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / weights.sum()
    expected = sum(
        a * b * evidence(0.2 + np.sqrt(0.05) * x, np.log(0.6) + np.sqrt(2.0 / 4.0) * z)
        for a, x in zip(weights, nodes, strict=True)
        for b, z in zip(weights, nodes, strict=True)
    )
    kl = 0.5 * (0.5 / WIDTH - 1.0 - np.log(0.5 / WIDTH) + np.log(0.6) ** 2 / WIDTH)
    kl += 0.5 * (0.05 + 0.04 - 1.0 - np.log(0.05))
    wanted = -expected / 3.0 / 4.0 + kl * (1.0 + 1.0 / 3.0) / 4.0
    assert_allclose(bound_of(tasks, structure, law, held_out), wanted, rtol=0.01)


@pytest.mark.parametrize("sure", [True, False])
def test_the_weight_with_the_least_loss_is_taken_if_that_is_clear(sure):
    structures = candidates("auto", 6, 10)
    wanted = {"diagonal": 4.0, "factor": 0.5, "full": 12.0}

    def losses_of(several):
        assert all(one.tightened(2.0) is not one for one in several), "nothing to choose"
        loss = [abs(np.log(one.strength / wanted[one.name])) for one in several]
        return np.column_stack([loss, np.zeros(len(loss)), np.negative(loss)])

    found = with_best_strengths(structures, losses_of, lambda gain: sure and gain[0] > 0, np.array([1.0, 5.0, 0.1]))
    assert [one.name for one in found] == [one.name for one in structures]
    if sure:
        assert all(one.strength == wanted[one.name] for one in found if one.tightened(2.0) is not one)
    else:
        assert found == structures
    spherical = candidates("spherical", 6, 10)
    assert with_best_strengths(spherical, losses_of, lambda gain: True, np.ones(3)) == spherical


@pytest.mark.parametrize("structure", candidates("auto", 6, 10), ids=str)
def test_what_a_hyper_prior_holds_is_a_part_of_the_covariance(structure):
    rng = np.random.default_rng(0)
    deviations = rng.normal(size=(20, 6)) * 2.0 ** np.arange(6)
    covariance, unique = structure.fit(deviations.T @ deviations / 20, 20.0)
    part, free = structure.held_part(covariance, 20.0, unique)
    some = np.diagonal(free)
    assert np.all(np.linalg.eigvalsh(part[np.ix_(some, some)]) > 0)
    rest = np.linalg.eigvalsh(covariance - part)
    assert np.sum(rest > 1e-9 * rest.max(initial=1.0)) == (structure.rank or 0)
    assert np.all(part[~free] == 0)
