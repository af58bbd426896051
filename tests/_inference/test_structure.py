"""Shapes of covariance: what each keeps of a scatter, and that all of it is a covariance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import FactorAnalysis

from skmeta._inference.structure import Structure, fit_factor

SPHERICAL, DIAGONAL = Structure("spherical", 0, equal=True), Structure("diagonal", 0)
SHAPES = [
    SPHERICAL, DIAGONAL, Structure("factor", 1), Structure("factor", 2, equal=True),
    Structure("full", None, strength=0.0), Structure("full", None, strength=6.0),
    Structure("full", None, equal=True, strength=6.0),
]  # fmt: skip


def scatter_of(n_tasks, p=6, seed=0):
    deviations = np.random.default_rng(seed).normal(size=(n_tasks, p)) * 2.0 ** np.arange(p)
    return deviations.T @ deviations / n_tasks


def log_likelihood(covariance, scatter):
    """Gaussian log-likelihood of a task whose scatter it is, on average."""
    return -0.5 * (np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, scatter)))


@pytest.mark.parametrize("structure", SHAPES, ids=str)
@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(0, 10**6))
def test_every_shape_gives_a_covariance_even_from_one_task(structure, n_tasks, seed):
    covariance, _ = structure.fit(scatter_of(n_tasks, seed=seed), n_tasks)
    assert_allclose(covariance, covariance.T, rtol=1e-12)
    scale = np.sqrt(np.diag(covariance))
    assert np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] > 0


@pytest.mark.parametrize("structure", SHAPES, ids=str)
def test_units_of_the_target_do_not_matter(structure):
    scatter = scatter_of(40)
    one, _ = structure.fit(scatter, 40)
    assert_allclose(structure.fit(100.0 * scatter, 40)[0], 100.0 * one, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("structure", SHAPES, ids=str)
def test_names_of_the_columns_do_not_matter(structure):
    scatter, order = scatter_of(40), np.array([3, 0, 4, 1, 2, 5])
    one, _ = structure.fit(scatter, 40)
    assert_allclose(structure.fit(scatter[order][:, order], 40)[0], one[order][:, order], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("n_tasks", [1, 10, 300])
@pytest.mark.parametrize("structure", [SPHERICAL, DIAGONAL, SHAPES[4], SHAPES[6]], ids=str)
def test_parameters_are_the_effective_degrees_of_freedom_of_the_fit(structure, n_tasks):
    """The trace of the derivative, by differences: the fit is linear in the scatter."""
    scatter, step = scatter_of(40), 1e-3
    before, _ = structure.fit(scatter, n_tasks)
    trace = 0.0
    for i, j in zip(*np.tril_indices(6), strict=True):
        moved = scatter.copy()
        moved[i, j] += step
        moved[j, i] = moved[i, j]
        trace += (structure.fit(moved, n_tasks)[0][i, j] - before[i, j]) / step
    assert_allclose(trace, structure.n_parameters(6, n_tasks), rtol=1e-6)


def test_spherical_is_one_variance_and_the_intercepts_own():
    scatter = scatter_of(40)
    covariance, _ = SPHERICAL.fit(scatter, 40)
    slopes = np.diag(scatter)[:-1].mean()
    assert_allclose(covariance, np.diag(np.r_[np.full(5, slopes), scatter[-1, -1]]))


def test_diagonal_is_drawn_together_by_its_pseudo_tasks():
    scatter = scatter_of(8)
    covariance, _ = DIAGONAL.fit(scatter, 8)
    slopes = np.diag(scatter)[:-1]
    assert_allclose(np.diag(covariance), np.r_[(8 * slopes + 2 * slopes.mean()) / 10, scatter[-1, -1]])
    assert_allclose(DIAGONAL.fit(scatter, 1e12)[0], np.diag(np.diag(scatter)), rtol=1e-9)


def test_full_without_pseudo_tasks_is_the_scatter_itself():
    scatter = scatter_of(40)
    assert_allclose(Structure("full", None, strength=0.0).fit(scatter, 40)[0], scatter, rtol=1e-8)


def test_pseudo_tasks_of_full_shrink_correlations_and_fade():
    scatter = scatter_of(20)

    def correlation(n_tasks, strength, equal):
        covariance, _ = Structure("full", None, equal, strength).fit(scatter, n_tasks)
        root = np.sqrt(np.diag(covariance))
        return np.abs(covariance / np.outer(root, root))[0, 1:].max()

    for equal in (False, True):
        weak, strong = correlation(20, 2.0, equal), correlation(20, 200.0, equal)
        assert strong < weak < correlation(1e9, 2.0, equal) + 1e-9
        assert_allclose(correlation(1e9, 2.0, equal), correlation(20, 0.0, equal), rtol=1e-6)


def test_factors_and_unique_variances_are_found_exactly_where_they_exist():
    rng = np.random.default_rng(0)
    truth, unique = rng.normal(size=(7, 2)), rng.uniform(0.2, 1.0, 7)
    scatter = truth @ truth.T + np.diag(unique)
    factor, found = fit_factor(scatter, 2, n_iter=2000)
    assert_allclose(factor @ factor.T + np.diag(found), scatter, atol=1e-6)
    assert_allclose(found, unique, rtol=1e-4)


def test_factor_analysis_is_as_likely_as_scikit_learns():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 6)) + rng.normal(size=(300, 6)) * rng.uniform(0.5, 1.0, 6)
    X -= X.mean(axis=0)
    scatter = X.T @ X / len(X)
    factor, unique = fit_factor(scatter, 2, n_iter=3000)
    reference = FactorAnalysis(2, tol=1e-8, max_iter=5000, svd_method="lapack").fit(X).get_covariance()
    ours = log_likelihood(factor @ factor.T + np.diag(unique), scatter)
    assert ours > log_likelihood(reference, scatter) - 1e-5


def test_alternations_never_lose_likelihood():
    scatter = scatter_of(40)
    likelihood = []
    for n_iter in (1, 2, 3, 5, 10, 30):
        factor, unique = fit_factor(scatter, 2, n_iter=n_iter)
        likelihood.append(log_likelihood(factor @ factor.T + np.diag(unique), scatter))
    assert np.all(np.diff(likelihood) > -1e-9)


def test_units_of_the_columns_do_not_matter_to_factors():
    scatter, units = scatter_of(40), 10.0 ** np.arange(-3, 3)
    factor, unique = fit_factor(scatter, 2)
    scaled_factor, scaled_unique = fit_factor(np.outer(units, units) * scatter, 2)
    outer = np.outer(units, units) * (factor @ factor.T)
    assert_allclose(
        scaled_factor @ scaled_factor.T / np.outer(units, units),
        outer / np.outer(units, units),
        rtol=1e-5,
        atol=1e-5,
    )
    assert_allclose(scaled_unique / units**2, unique, rtol=1e-4)


def test_a_column_that_is_all_factor_keeps_a_variance_of_its_own():
    """Heywood cases: likelihood alone would give it none, and no inverse would exist."""
    covariance, unique = Structure("factor", 1, strength=0.0).fit(np.ones((4, 4)) + 1e-9 * np.eye(4), 1000)
    assert np.all(unique > 0)
    assert_array_equal(np.linalg.eigvalsh(covariance) > 0, True)


@pytest.mark.parametrize("structure", SHAPES, ids=str)
def test_coefficients_that_do_not_vary_leave_the_others_their_shape(structure):
    scatter, vary = scatter_of(40), np.array([1, 3, 4, 5])
    covariance, unique = replace(structure, varying=(1, 3, 4, 5)).fit(scatter, 40)
    assert_array_equal(covariance[[0, 2]], 0.0)
    assert_allclose(covariance[np.ix_(vary, vary)], structure.fit(scatter[np.ix_(vary, vary)], 40)[0], rtol=1e-12)
    assert unique.shape == (6,)


def test_its_name_says_what_it_is():
    assert [str(s) for s in SHAPES[:4]] == [
        "spherical",
        "diagonal",
        "factor of rank 1",
        "factor of rank 2, one unique variance",
    ]
    assert str(SHAPES[5]) == "full with 6 pseudo-tasks"
    assert str(replace(SHAPES[1], varying=(0, 5))) == "diagonal, 2 coefficients vary"
    assert str(replace(SHAPES[1], varying=(5,))) == "random intercept"


def test_shapes_are_told_apart_by_value():
    some = [replace(each, varying=vary) for each in SHAPES for vary in (None, (0, 2, 5), (1, 2, 5))]
    assert len({each.shape for each in some}) == len(some)
    assert len({replace(each, varying=(5,)).shape for each in SHAPES}) == 1


def test_nothing_may_vary():
    for each in SHAPES:
        covariance, unique = replace(each, varying=()).fit(np.stack([scatter_of(40)] * 2), np.array([40.0, 40.0]))
        assert_array_equal(covariance, np.zeros((2, 6, 6)))
        again, _ = replace(each, varying=()).fit(np.stack([scatter_of(40)] * 2), np.array([40.0, 40.0]), unique)
        assert_array_equal(again, covariance)


FREE = [replace(shape, strength=0.0) for shape in SHAPES[:5]]
SOME_VARY = replace(Structure("diagonal", 0, strength=0.0), varying=(1, 3, 5))


@pytest.mark.parametrize("structure", [*FREE, SOME_VARY, replace(SPHERICAL, varying=(5,))], ids=str)
def test_its_parameters_are_the_directions_in_which_it_can_move(structure):
    p, n_tasks, upper = 6, np.array(50.0), np.triu_indices(6)
    scatter = np.cov(np.random.default_rng(1).normal(size=(50, p)), rowvar=False)

    def moved(i, j, step):
        change = np.zeros((p, p))
        change[i, j] = change[j, i] = step
        before = unique = None
        for _ in range(200):  # alternations of factors and unique variances until they stand still
            covariance, unique = structure.fit(scatter + change, n_tasks, unique)
            if before is not None and np.array_equal(covariance, before):
                break
            before = covariance
        return covariance[upper]

    slopes = [moved(i, j, 1e-4) - moved(i, j, -1e-4) for i, j in zip(*upper, strict=True)]
    values = np.linalg.svd(np.array(slopes) / 2e-4, compute_uv=False)
    assert structure.n_parameters(p, 50.0) == (values > 1e-4).sum()


@pytest.mark.parametrize("structure", SHAPES, ids=str)
def test_what_a_hyper_prior_holds_counts_the_less_the_fewer_tasks_tell(structure):
    free = replace(structure, strength=0.0).n_parameters(6, 1.0)
    counts = [structure.n_parameters(6, n) for n in (0.0, 3.0, 30.0, 1e12)]
    assert counts == sorted(counts)
    assert_allclose(counts[-1], free)


def test_without_coefficients_that_vary_there_are_no_parameters():
    assert replace(DIAGONAL, varying=()).n_parameters(6, 50.0) == 0.0
