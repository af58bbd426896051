"""Several collections learned at once: what each of them alone gives, in columns and in rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta._inference.gaussian_em import fit_gaussian, initial_guess, noise_of_tasks
from skmeta._inference.in_columns import InColumns
from skmeta._inference.in_rows import read_in_rows
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.noise import NoiseLaw, fit_noise, squeeze_noise
from skmeta._inference.selection import held_out
from skmeta._inference.structure import Structure, Structures

STRUCTURES = (
    Structure("full", None, strength=3.0),
    Structure("full", None, equal=True, strength=2.0),
    Structure("factor", 2),
    Structure("diagonal", 0),
    Structure("spherical", 0, equal=True),
)
GROUPS = [np.array([0, 2, 3, 5, 8, 9]), np.array([1, 2, 4, 5, 6, 7, 10]), np.array([0, 1, 3, 6, 7, 11])]


def read_columns(rows, weight):
    return InColumns(collect_moments(rows).output(0), weight)


def read_rows(rows, weight):
    return read_in_rows(rows, weight)[0]


either = pytest.mark.parametrize("read", [read_columns, read_rows])


def collection(read, *, weighted=True, spread=1.0, seed=0):
    """Twelve tasks whose noises differ by ``spread`` in logarithms."""
    rng, counts = np.random.default_rng(seed), np.array([4, 9, 1, 6, 3, 12, 5, 7, 8, 8, 11, 6])
    task = np.repeat(np.arange(12), counts)
    X = rng.normal(size=(len(task), 4)) + rng.normal(size=(12, 4))[task]
    sd = np.exp(spread * rng.normal(size=12))[task]
    y = np.einsum("nd,nd->n", X, (1.0 + rng.normal(size=(12, 4)))[task]) + rng.normal(size=12)[task]
    y = y + sd * rng.normal(size=len(y))
    rows = Rows(X, y[:, None], np.arange(len(y)), np.r_[0, np.cumsum(counts)], np.zeros(4), np.ones(4))
    return read(rows, rng.uniform(0.5, 2.0, 12) if weighted else None)


def grouped(tasks):
    group = np.full((len(GROUPS), max(map(len, GROUPS))), -1)
    for row, own in zip(group, GROUPS, strict=True):
        row[: len(own)] = own
    return tasks.grouped(group)


def assert_same_law(several, one, k, rtol=1e-9):
    own = several.at(k)
    for name in ("mean", "covariance", "noise", "noise_dof", "n_tasks", "n_rows", "mean_covariance", "mean_variance"):
        assert_allclose(getattr(own, name), getattr(one, name), rtol=rtol, atol=1e-11, err_msg=name)
    for name in ("coef", "variance_ratio", "variance"):
        assert_allclose(getattr(own.contextual, name), getattr(one.contextual, name), rtol=rtol, atol=1e-11)


@either
@pytest.mark.parametrize("noise", ["task", "shared", "known"])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_each_collection_learns_what_it_would_learn_alone(read, noise, structure):
    tasks = collection(read)
    several = fit_gaussian(grouped(tasks), structure, n_iter=5, noise=noise)
    for k, own in enumerate(GROUPS):
        assert_same_law(several, fit_gaussian(tasks.take(own), structure, n_iter=5, noise=noise), k)


@either
def test_several_structures_are_fitted_at_once(read):
    tasks = collection(read)
    base = fit_gaussian(grouped(tasks), STRUCTURES[0], n_iter=3)
    found = fit_gaussian(grouped(tasks), Structures(STRUCTURES), n_iter=2, start=base.repeated(len(STRUCTURES)))
    for s, structure in enumerate(STRUCTURES):
        for k, own in enumerate(GROUPS):
            alone = fit_gaussian(tasks.take(own), structure, n_iter=2, start=base.at(k))
            assert_same_law(found.at(s), alone, k)


@either
def test_new_tasks_are_as_probable_under_each(read):
    tasks = collection(read)
    law = fit_gaussian(grouped(tasks), STRUCTURES[0], n_iter=3)
    several = law.repeated(2)
    found = held_out(grouped(collection(read, seed=1)), several)
    assert found.shape == (2, 3, 7)
    for k, own in enumerate(GROUPS):
        alone = held_out(collection(read, seed=1).take(own), law.at(k))
        assert_allclose(found[:, k, : len(own)], np.tile(alone, (2, 1)), rtol=1e-10)


@either
def test_starts_and_noises_are_those_of_each(read):
    tasks = collection(read)
    start, law = initial_guess(grouped(tasks)), fit_gaussian(grouped(tasks), STRUCTURES[0], n_iter=4)
    noises = noise_of_tasks(grouped(tasks), law)
    for k, own in enumerate(GROUPS):
        assert_allclose(start.at(k).mean, initial_guess(tasks.take(own)).mean, rtol=1e-10)
        assert_allclose(noises[k, : len(own)], noise_of_tasks(tasks.take(own), law.at(k)), rtol=1e-10)


def test_noises_may_differ_in_one_collection_and_not_in_another():
    rng = np.random.default_rng(0)
    variance = np.stack([rng.chisquare(8, 60) / 8, np.exp(rng.normal(size=60)) * rng.chisquare(8, 60) / 8])
    dof, counts = np.full((2, 60), 8.0), rng.integers(0, 3, (2, 60)).astype(float)
    level, law = fit_noise(variance, dof, counts)
    assert np.isinf(law[0]) and np.isfinite(law[1])
    for k in range(2):
        assert_allclose((level[k], law[k]), fit_noise(variance[k], dof[k], counts[k]), rtol=1e-10)
        squeezed = squeeze_noise(variance, dof, level, law)[k]
        assert_allclose(squeezed, squeeze_noise(variance[k], dof[k], level[k], law[k]), rtol=1e-12)
        nodes, probability = NoiseLaw(level, law).nodes()
        own, weight = NoiseLaw(level[k], law[k]).nodes(len(probability))
        assert_allclose((np.log(nodes[k]) ** 2) @ probability, (np.log(own) ** 2) @ weight, rtol=1e-10)


def test_roots_of_several_covariances_are_those_of_each():
    rng = np.random.default_rng(0)
    half = rng.normal(size=(3, 4, 4))
    covariance = half @ np.swapaxes(half, 1, 2)
    covariance[1] = np.outer(half[1, 0], half[1, 0])  # of rank one: it needs a trace of noise
    found = cholesky_root(covariance)
    assert_allclose(found @ np.swapaxes(found, 1, 2), covariance, rtol=1e-6, atol=1e-7)
    assert_array_equal(found[[0, 2]], cholesky_root(covariance[[0, 2]]))
