"""Empirical Bayes for other likelihoods: Gaussian tasks give the Gaussian answer, others the truth."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta._inference.computation import read_tasks
from skmeta._inference.gaussian_em import fit_gaussian
from skmeta._inference.glm import posterior_modes
from skmeta._inference.laplace_em import fit_laplace, pooled_laws, undo_shrinkage
from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, Tweedie
from skmeta._inference.moments import Rows
from skmeta._inference.structure import Structure
from skmeta._inference.working import RowsAtHand, as_priors

FULL, DIAGONAL = Structure("full", None, strength=0.0), Structure("diagonal", 0)
MEAN = np.array([1.0, -0.5, 0.3])
COVARIANCE = np.array([[0.8, 0.4, 0.0], [0.4, 0.6, 0.0], [0.0, 0.0, 0.5]])


def collection(loss, n_tasks=250, n=30, seed=0, n_classes=1, scale=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_tasks * n, 2))
    task = np.repeat(np.arange(n_tasks), n)
    means = MEAN if n_classes == 1 else np.stack([MEAN, -MEAN, 0 * MEAN])
    w = scale * np.stack([rng.multivariate_normal(m, COVARIANCE, n_tasks) for m in np.atleast_2d(means)], axis=1)
    eta = np.einsum("np,nkp->nk", np.c_[X, np.ones(len(X))], w[task])
    if loss is GAUSSIAN:
        Y = eta + rng.normal(size=eta.shape)
    elif loss is BINOMIAL:
        Y = (rng.uniform(size=eta.shape) < loss.mean(eta)).astype(float)
    elif loss is MULTINOMIAL:
        Y = np.eye(3)[np.argmax(eta + rng.gumbel(size=eta.shape), axis=1)]
    else:
        Y = rng.poisson(loss.mean(eta)).astype(float)
    return Rows(X, Y, np.arange(len(X)), n * np.arange(n_tasks + 1), np.zeros(2), np.ones(2))


def learn(rows, loss, structure=FULL, n_iter=12, **options):
    return fit_laplace(
        RowsAtHand(rows, loss),
        [structure] * rows.Y.shape[1],
        n_iter=n_iter,
        noise="shared" if loss.dispersed and not loss.counts else "known",
        choose=lambda k, part, start: structure,
        **options,
    )


def test_gaussian_tasks_give_the_gaussian_answer():
    rows = collection(GAUSSIAN, n_tasks=40, n=8)
    (found,) = learn(rows, GAUSSIAN, n_iter=400, tol=1e-10).laws
    start = pooled_laws(RowsAtHand(rows, GAUSSIAN))[0]
    exact = fit_gaussian(read_tasks(rows)[0], FULL, n_iter=800, tol=1e-10, noise="shared", start=start)
    assert_allclose(found.mean, exact.mean, rtol=1e-5)
    assert_allclose(found.covariance, exact.covariance, rtol=1e-4, atol=1e-6)
    assert_allclose(found.noise, exact.noise, rtol=1e-5)


@pytest.mark.parametrize(("loss", "scale"), [(BINOMIAL, 1.0), (Tweedie(1), 0.6)], ids=["logistic", "poisson"])
def test_the_truth_is_found(loss, scale):
    (found,) = learn(collection(loss, scale=scale), loss).laws
    assert_allclose(found.mean, scale * MEAN, atol=0.12)
    assert_allclose(found.covariance, scale**2 * COVARIANCE, atol=0.3)
    assert_allclose(np.trace(found.covariance), scale**2 * np.trace(COVARIANCE), rtol=0.25)
    if loss is BINOMIAL:
        assert found.noise == 1.0, "labels have no dispersion"


def test_every_class_has_a_law_of_its_own_and_their_names_do_not_matter():
    rows, order = collection(MULTINOMIAL, n_tasks=100, n_classes=3), np.array([1, 2, 0])
    one = learn(rows, MULTINOMIAL, DIAGONAL, n_iter=6).laws
    two = learn(replace(rows, Y=rows.Y[:, order]), MULTINOMIAL, DIAGONAL, n_iter=6).laws
    for k, other in enumerate(order):
        assert_allclose(two[k].mean, one[other].mean, rtol=1e-5, atol=1e-6)
        assert_allclose(two[k].covariance, one[other].covariance, rtol=1e-5, atol=1e-7)
    contrast = one[0].mean - one[1].mean  # only differences of scores are in the labels
    assert_allclose(contrast, 2 * MEAN, atol=0.35)


def test_order_of_tasks_does_not_matter():
    rows, order = collection(BINOMIAL, n_tasks=30), np.random.default_rng(1).permutation(30)
    one, two = (learn(r, BINOMIAL).laws[0] for r in (rows, rows.pick(order)))
    assert_allclose(two.mean, one.mean, rtol=1e-9, atol=1e-11)
    assert_allclose(two.covariance, one.covariance, rtol=1e-9, atol=1e-11)


def test_scaling_never_lowers_the_evidence_and_undoes_a_shrinkage():
    rows = collection(BINOMIAL, n_tasks=200, n=12)
    states = learn(rows, BINOMIAL).laws

    def evidence(states):
        return posterior_modes(rows, as_priors(states), BINOMIAL, 1.0).evidence.sum()

    assert evidence(undo_shrinkage(RowsAtHand(rows, BINOMIAL), states, [])) >= evidence(states)
    shrunken = [replace(s, mean=0.8 * s.mean, covariance=0.5 * s.covariance) for s in states]
    (mended,) = undo_shrinkage(RowsAtHand(rows, BINOMIAL), shrunken, [])
    assert evidence([mended]) > evidence(shrunken) + 5.0
    assert_allclose(mended.mean, states[0].mean, rtol=0.15)


def test_the_structure_is_asked_for_once_and_used():
    rows, asked = collection(BINOMIAL, n_tasks=30), []

    def choose(k, part, start):
        asked.append((k, part.n_tasks))
        return DIAGONAL

    learned = fit_laplace(RowsAtHand(rows, BINOMIAL), [FULL], n_iter=8, choose=choose)
    assert asked == [(0, 30)]
    assert learned.structures == [DIAGONAL]
    assert_allclose(learned.laws[0].covariance, np.diag(np.diag(learned.laws[0].covariance)))


def test_labels_that_are_all_alike_are_legal():
    rows = collection(BINOMIAL, n_tasks=20, n=5)
    (found,) = learn(replace(rows, Y=np.r_[np.ones((95, 1)), np.zeros((5, 1))]), BINOMIAL).laws
    assert np.all(np.isfinite(found.mean)) and np.all(np.isfinite(found.covariance))
