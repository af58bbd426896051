"""Described tasks in trees against one dense Gaussian of all rows, effects and deviations."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import block_diag
from scipy.stats import multivariate_normal

from skmeta._inference.described import DescribedLaw, DescribedTree
from skmeta._inference.messages import Beliefs, evidence_under, of_rows
from skmeta._inference.moments import Moments
from skmeta._inference.tree import cavities, pass_down

pytestmark = pytest.mark.quick

HELD = 1e-6  # precision that holds the root's coefficients


class Dense:
    """Rows of described tasks, and all that they and the coefficients are together: one normal vector."""

    def __init__(self, seed, depth, n_tasks=6, p=3, n_rows=4, q=3):
        rng = np.random.default_rng(seed)
        self.p, self.n_tasks, self.q = p, n_tasks, q
        self.X, self.y = rng.normal(size=(n_tasks, n_rows, p)), rng.normal(size=(n_tasks, n_rows))
        region = np.arange(n_tasks) % 3
        parents = (np.zeros(n_tasks, int),) if depth == 1 else (np.zeros(3, int), region)
        design = np.c_[np.ones(n_tasks), rng.normal(size=(n_tasks, q - 1))]
        design[:, -1] = np.array([0.3, -1.0, 0.7])[region]  # the last is constant within regions
        self.tree = DescribedTree(parents, np.ones(n_tasks), design=design)
        halves = rng.normal(size=(depth, p, p))
        self.covariances = tuple(half @ half.T / p for half in halves)
        noise = rng.uniform(0.5, 2.0, n_tasks)
        effects = {"effects": tuple(rng.uniform(0.2, 1.0, q - 1)), "groups": np.arange(q - 1)}
        self.law = DescribedLaw(self.covariances, 1.0, np.inf, noise, 2.0, **effects)
        gram, cross = np.einsum("tni,tnj->tij", self.X, self.X), np.einsum("tni,tn->ti", self.X, self.y)
        rows = np.full(n_tasks, float(n_rows))
        self.tasks = type("Tasks", (), {})()
        self.tasks.moments = Moments(gram, cross, (self.y**2).sum(axis=1), rows, np.zeros((n_tasks, p - 1)))
        # Means of the tasks are linear in (theta, u_regions), of which the covariance is block diagonal.
        maps = np.stack([np.kron(z, np.eye(p)) for z in design])
        blocks = [np.diag(1.0 / (self.law.shrink + HELD))]
        if depth == 2:
            maps = np.concatenate([maps, np.stack([np.kron(np.eye(3)[r], np.eye(p)) for r in region])], axis=2)
            blocks += [self.covariances[0]] * 3
        self.maps, self.latent = np.concatenate(maps), block_diag(*blocks)
        means = self.maps @ self.latent @ self.maps.T
        weights = means + block_diag(*[self.covariances[-1]] * n_tasks)
        design_of_rows = block_diag(*self.X)
        self.rows = design_of_rows @ weights @ design_of_rows.T + np.diag(np.repeat(noise, n_rows))
        self.with_means, self.means = means @ design_of_rows.T, means
        self.with_latent = self.latent @ self.maps.T @ design_of_rows.T

    def up(self):
        return self.tree.passed_up(of_rows(self.tasks.moments, self.law.own_noise), self.law)

    def of(self, task):
        return slice(task * self.p, (task + 1) * self.p)

    def kept(self, tasks):
        return np.flatnonzero(np.repeat(~np.isin(np.arange(self.n_tasks), tasks), self.y.shape[1]))

    def conditional(self, cross, own, rows):
        solved = np.linalg.solve(self.rows[np.ix_(rows, rows)], np.c_[self.y.ravel()[rows], cross[:, rows].T])
        return cross[:, rows] @ solved[:, 0], own - cross[:, rows] @ solved[:, 1:]


CASES = [pytest.param(Dense(seed, depth), id=f"{depth} levels, {seed}") for seed in range(3) for depth in (1, 2)]


@pytest.mark.parametrize("dense", CASES)
def test_the_evidence_is_that_of_the_dense_gaussian(dense):
    wanted = multivariate_normal(cov=dense.rows).logpdf(dense.y.ravel())
    found = dense.up().evidence(dense.law.shrink + HELD)
    assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize("dense", CASES)
def test_what_is_known_of_the_effects_is_that_of_the_dense_gaussian(dense):
    found, n = dense.up().belief_of_root(dense.law.shrink), dense.p * dense.q
    mean, covariance = dense.conditional(dense.with_latent[:n], dense.latent[:n, :n], np.arange(dense.y.size))
    assert_allclose(found.mean[0], mean, rtol=1e-9, atol=1e-9)
    assert_allclose(found.covariance[0], covariance, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dense", CASES)
def test_what_the_others_say_of_a_task_is_that_of_the_dense_gaussian_without_it(dense):
    found = cavities(dense.up(), dense.law.shrink)
    for task in range(dense.n_tasks):
        own = dense.of(task)
        mean, covariance = dense.conditional(dense.with_means[own], dense.means[own, own], dense.kept(task))
        assert_allclose(found.mean[task], mean, rtol=1e-8, atol=1e-8)
        assert_allclose(found.covariance[task], covariance, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("dense", CASES)
def test_how_probable_a_node_is_by_the_others_is_that_of_the_dense_gaussian(dense):
    messages = dense.up()
    found = evidence_under(messages.passed[0], cavities(messages, dense.law.shrink, 0))
    whole = multivariate_normal(cov=dense.rows).logpdf(dense.y.ravel())
    nodes = np.arange(dense.n_tasks) if len(found) == dense.n_tasks else np.arange(dense.n_tasks) % 3
    for node, one in enumerate(found):
        rows = dense.kept(np.flatnonzero(nodes == node))
        rest = multivariate_normal(cov=dense.rows[np.ix_(rows, rows)]).logpdf(dense.y.ravel()[rows])
        assert_allclose(one, whole - rest, rtol=1e-8)


@pytest.mark.parametrize("dense", CASES)
def test_the_posterior_of_a_task_is_that_of_the_dense_gaussian(dense):
    messages = dense.up()
    found = pass_down(messages, messages.belief_of_root(dense.law.shrink))[0][-1]
    rows, X = np.arange(dense.y.size), block_diag(*dense.X)
    weights = dense.means + block_diag(*[dense.covariances[-1]] * dense.n_tasks)
    mean, covariance = dense.conditional(weights @ X.T, weights, rows)
    assert_allclose(found.mean.ravel(), mean, rtol=1e-8, atol=1e-8)
    for task in range(dense.n_tasks):
        assert_allclose(found.covariance[task], covariance[dense.of(task), dense.of(task)], rtol=1e-8, atol=1e-8)


def test_effects_of_one_descriptor_have_one_variance_after_a_sweep_and_infinite_ones_stay():
    p, rng = 2, np.random.default_rng(0)
    law = DescribedLaw((np.eye(p),), 1.0, np.inf, np.ones(3), effects=(0.5, 0.5, np.inf), groups=np.array([0, 0, 1]))
    mean, doubt = rng.normal(size=4 * p), rng.uniform(0.01, 0.02, 4 * p)
    one, other, flat = law.swept(Beliefs(mean[None], np.diag(doubt)[None])).effects
    assert one == other and flat == np.inf
    # MacKay (1992), equation 4.10: their square over how many of them are determined.
    own = slice(p, 3 * p)
    assert one == pytest.approx((mean[own] ** 2).sum() / (4.0 - doubt[own].sum() / 0.5))
