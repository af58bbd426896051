"""Posterior modes without a closed form: against SciPy's minimiser, quadrature and densities."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_targets import LOSSES, targets
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import norm
from variations import varied

from skmeta._inference.glm import GaussianPriors, linearise, posterior_modes
from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL
from skmeta._inference.moments import Rows, collect_moments

pytestmark = pytest.mark.quick

# Where Fisher's curvature stands in for a negative one, Newton's method converges linearly.
DIGITS = {"tweedie 3": 1e-4}
every_loss = pytest.mark.parametrize("name", LOSSES)


def collection(name, counts=(9, 4, 1, 15), d=2, seed=0, *, weighted=True):
    rng = np.random.default_rng(seed)
    n, K = sum(counts), 3 if name == "multinomial" else 1
    X = rng.normal(size=(n, d))
    Y = targets(name, rng, 0.7 * X @ rng.normal(size=(d, K)) + 0.3)
    weight = rng.uniform(0.5, 2.0, n) if weighted else None
    rows = Rows(X, Y, rng.permutation(n), np.r_[0, np.cumsum(counts)], np.full(d, 0.1), np.full(d, 1.3), weight)
    root = np.tril(rng.normal(size=(2, K, d + 1, d + 1))) * 0.4 + 0.6 * np.eye(d + 1)
    return rows, GaussianPriors(0.5 * rng.normal(size=(2, K, d + 1)), root)


def one_task(rows, t):
    own = rows.order[rows.starts[t] : rows.starts[t + 1]]
    Z = np.c_[(rows.X[own] - rows.centre) / rows.scale, np.ones(len(own))]
    return Z, rows.Y[own], np.ones(len(own)) if rows.weight is None else rows.weight[own]


# Modes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in LOSSES if LOSSES[name].logarithmic and name not in DIGITS])
@pytest.mark.parametrize("counts", [(20, 20), (2, 2)], ids=["columns", "rows"])
def test_modes_are_found_where_columns_are_in_other_units(name, counts):
    """From the prior's mean a step for each unit of the exponent would not arrive: the gradient is zero all the same."""
    rows, priors = collection(name, counts, weighted=False)
    rows.X[rows.order[: counts[0]]] *= 1000.0
    modes = posterior_modes(rows, priors, LOSSES[name], 1.0)
    Z, Y, _ = one_task(rows, 0)
    for c, (mean, root) in enumerate(zip(priors.mean[:, 0], priors.root[:, 0], strict=True)):
        w = modes.coef[0, c, 0]
        from_rows = (Z @ root).T @ LOSSES[name].residual(Z @ w[:, None], Y)[:, 0]
        assert_allclose(from_rows, np.linalg.solve(root, w - mean), rtol=1e-4, atol=1e-4 * np.abs(Z).max())


@every_loss
@varied("strength", [0.2, 1.0])
def test_modes_are_scipys(name, strength):
    rows, priors = collection(name)
    loss, noise = LOSSES[name], 1.7
    modes = posterior_modes(rows, priors, loss, noise, strength=strength)
    for t in range(rows.n_tasks):
        Z, Y, w = one_task(rows, t)
        for c in range(2):
            mean, root = priors.mean[c], priors.root[c]

            def objective(v, Z=Z, Y=Y, w=w, mean=mean, root=root):
                v = v.reshape(mean.shape)
                eta = Z @ (mean + np.einsum("kpq,kq->kp", root, v)).T
                return w @ loss.value(eta, Y) / noise + 0.5 * strength * (v**2).sum()

            best = minimize(objective, np.zeros(mean.size), method="BFGS", options={"gtol": 1e-8})
            assert objective(modes.whitened[t, c].ravel()) <= best.fun + 1e-9 * (1 + abs(best.fun))
            assert_allclose(modes.whitened[t, c].ravel(), best.x, atol=1e-4)
            assert_allclose(modes.coef[t, c], mean + np.einsum("kpq,kq->kp", root, modes.whitened[t, c]), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.logarithmic and name != "tweedie 3"])
@pytest.mark.parametrize("cell", [1e3, -1e5])
@pytest.mark.parametrize("counts", [(9, 4), (2, 1)], ids=["columns", "rows"])
def test_a_wild_cell_is_no_obstacle(name, cell, counts):
    rows, priors = collection(name, counts, d=6, weighted=False)
    rows.X[rows.order[0], 0] = cell
    modes = posterior_modes(rows, priors, LOSSES[name], 1.0)
    Z, Y, _ = one_task(rows, 0)
    for c in range(2):
        residual = LOSSES[name].residual(Z @ modes.coef[0, c].T, Y)
        pull = priors.root[c, 0].T @ (Z.T @ residual)[:, 0]
        size = np.abs(priors.root[c, 0].T) @ (np.abs(Z.T) @ np.abs(residual))[:, 0]
        assert_allclose(modes.whitened[0, c, 0], pull, rtol=1e-6, atol=1e-6 * size.max())


@every_loss
def test_at_the_mode_nothing_pulls(name):
    """To twelve digits: the gradient of the log-posterior in the coefficients themselves is zero."""
    rows, priors = collection(name)
    modes = posterior_modes(rows, priors, LOSSES[name], 0.8)
    for t in range(rows.n_tasks):
        Z, Y, w = one_task(rows, t)
        pull = (w[:, None] * LOSSES[name].residual(Z @ modes.coef[t, 0].T, Y) / 0.8).T @ Z
        whitened = np.einsum("kpq,kp->kq", priors.root[0], pull)
        assert_allclose(whitened, modes.whitened[t, 0], atol=DIGITS.get(name, 1e-8) * max(1.0, np.abs(pull).max()))


def test_gaussian_modes_have_the_closed_form():
    rows, priors = collection("gaussian")
    modes = posterior_modes(rows, priors, GAUSSIAN, 0.8)
    for t in range(rows.n_tasks):
        Z, Y, w = one_task(rows, t)
        precision = np.linalg.inv(priors.root[1, 0] @ priors.root[1, 0].T)
        matrix = (Z.T * w) @ Z / 0.8 + precision
        expected = np.linalg.solve(matrix, (Z.T * w) @ Y[:, 0] / 0.8 + precision @ priors.mean[1, 0])
        assert_allclose(modes.coef[t, 1, 0], expected, rtol=1e-9)


@every_loss
def test_weights_count_as_repeated_rows_and_neighbours_do_not_matter(name):
    rows, priors = collection(name, weighted=False)
    times = np.random.default_rng(5).integers(1, 4, len(rows.X))
    weighted = posterior_modes(replace(rows, weight=times.astype(float)), priors, LOSSES[name], 1.0)
    repeated = [np.repeat(o, times[o]) for o in np.split(rows.order, rows.starts[1:-1])]
    starts = np.r_[0, np.cumsum([len(r) for r in repeated])]
    stacked = posterior_modes(replace(rows, order=np.concatenate(repeated), starts=starts), priors, LOSSES[name], 1.0)
    assert_allclose(weighted.coef, stacked.coef, rtol=1e-7, atol=1e-8)
    assert_allclose(weighted.evidence, stacked.evidence, rtol=1e-7)
    whole = posterior_modes(rows, priors, LOSSES[name], 1.0)
    assert_allclose(
        posterior_modes(rows.pick([2]), priors, LOSSES[name], 1.0).coef, whole.coef[[2]], rtol=1e-7, atol=1e-8
    )


@every_loss
def test_where_newton_starts_does_not_matter(name):
    rows, priors = collection(name)
    one = posterior_modes(rows, priors, LOSSES[name], 1.0)
    start = np.random.default_rng(0).normal(size=one.whitened.shape)
    two = posterior_modes(rows, priors, LOSSES[name], 1.0, start=start)
    assert_allclose(two.coef, one.coef, rtol=DIGITS.get(name, 1e-6), atol=1e-7)
    assert_allclose(
        posterior_modes(rows, priors, LOSSES[name], 1.0, start=one.whitened).coef,
        one.coef,
        rtol=DIGITS.get(name, 1e-8),
        atol=1e-9,
    )


def test_one_class_and_separable_classes_have_finite_modes():
    X = np.array([[-2.0], [-1.0], [1.0], [2.0], [3.0], [4.0]])
    Y = np.array([[0.0], [0.0], [1.0], [1.0], [1.0], [1.0]])
    rows = Rows(X, Y, np.arange(6), np.array([0, 4, 6]), np.zeros(1), np.ones(1))
    priors = GaussianPriors(np.zeros((1, 1, 2)), 3.0 * np.eye(2)[None, None])
    modes = posterior_modes(rows, priors, BINOMIAL, 1.0)
    assert np.all(np.isfinite(modes.coef)) and np.all(np.isfinite(modes.evidence))
    assert np.all(modes.coef[:, 0, 0, 0] > 0.5)


def test_relabelled_classes_give_relabelled_coefficients():
    rows, priors = collection("multinomial")
    order = np.array([2, 0, 1])
    one = posterior_modes(rows, priors, MULTINOMIAL, 1.0)
    two = posterior_modes(
        replace(rows, Y=rows.Y[:, order]),
        GaussianPriors(priors.mean[:, order], priors.root[:, order]),
        MULTINOMIAL,
        1.0,
    )
    assert_allclose(two.coef, one.coef[:, :, order], rtol=1e-7, atol=1e-8)
    assert_allclose(two.evidence, one.evidence, rtol=1e-8)


def test_a_task_without_rows_keeps_the_priors_mean():
    rows, priors = collection("binomial", counts=(3, 0, 2))
    modes = posterior_modes(rows, priors, BINOMIAL, 1.0)
    assert_allclose(modes.coef[1], priors.mean, atol=1e-12)
    assert_allclose(modes.evidence[1], 0.0, atol=1e-12)


# Evidence ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tolerance"), [("gaussian", 1e-9), ("binomial", 0.02), ("poisson", 0.02), ("gamma", 0.02)]
)
def test_laplaces_evidence_is_near_the_integral(name, tolerance):
    """One coefficient, an intercept: its evidence can be had by quadrature."""
    rng, loss = np.random.default_rng(1), LOSSES[name]
    Y = targets(name, rng, np.full((12, 1), 0.4))
    rows = Rows(np.zeros((12, 0)), Y, np.arange(12), np.array([0, 12]), np.zeros(0), np.ones(0))
    priors = GaussianPriors(np.array([[[-0.5]], [[1.0]]]), np.array([[[[1.0]]], [[[0.3]]]]))
    modes = posterior_modes(rows, priors, loss, 1.0)
    for c in range(2):
        mean, sd = priors.mean[c, 0, 0], priors.root[c, 0, 0, 0]

        def likelihood(w, mean=mean, sd=sd):
            return np.exp(-loss.value(np.full((12, 1), w), Y).sum()) * norm.pdf(w, mean, sd)

        exact = quad(likelihood, mean - 9 * sd, mean + 9 * sd, points=[modes.coef[0, c, 0, 0]], limit=200)[0]
        assert_allclose(modes.evidence[0, c], np.log(exact), atol=tolerance)


# Working responses ------------------------------------------------------------------------------------


def test_the_working_responses_of_gaussian_rows_are_the_rows():
    rows, _ = collection("gaussian")
    (part,) = linearise(rows, np.random.default_rng(0).normal(size=(4, 1, 3)), GAUSSIAN)
    expected = collect_moments(rows).output(0)
    for field in ("gram", "cross", "square", "n_rows"):
        assert_allclose(getattr(part, field), getattr(expected, field), rtol=1e-12, err_msg=field)


@pytest.mark.parametrize("name", ["binomial", "multinomial", "poisson", "gamma"])
def test_working_responses_have_the_likelihoods_gradient(name):
    """``cross - gram w`` is ``Z'W residual`` where they were taken, so the mode stays a fixed point."""
    rows, _ = collection(name)
    K = rows.Y.shape[1]
    coef = 0.5 * np.random.default_rng(0).normal(size=(4, K, 3))
    for k, part in enumerate(linearise(rows, coef, LOSSES[name])):
        for t in range(4):
            Z, Y, w = one_task(rows, t)
            gradient = Z.T @ (w * LOSSES[name].residual(Z @ coef[t].T, Y)[:, k])
            assert_allclose(part.cross[t] - part.gram[t] @ coef[t, k], gradient, rtol=1e-8, atol=1e-10)
            assert_array_equal(np.linalg.eigvalsh(part.gram[t]) > -1e-12, True)
