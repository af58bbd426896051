"""Newton's method that asks for what rows say: the modes and evidences of the solver that has them."""

import numpy as np
import pytest
from drawn_targets import LOSSES, targets
from numpy.testing import assert_allclose

from skmeta._inference.glm import GaussianPriors, linearise, posterior_modes
from skmeta._inference.moments import Rows
from skmeta._inference.newton import modes_by_asking

pytestmark = pytest.mark.quick

ONE_OUTPUT = [name for name in LOSSES if name not in ("multinomial", "tweedie 3")]  # whose Newton is Fisher's


def collection(name, counts=(9, 4, 1, 15, 0), d=2, seed=0, size=0.7):
    rng = np.random.default_rng(seed)
    n = sum(counts)
    X = rng.normal(size=(n, d))
    Y = targets(name, rng, size * X @ rng.normal(size=(d, 1)) + 0.3)
    weight = rng.uniform(0.5, 2.0, n)
    rows = Rows(X, Y, rng.permutation(n), np.r_[0, np.cumsum(counts)], np.full(d, 0.1), np.full(d, 1.3), weight)
    root = np.tril(rng.normal(size=(d + 1, d + 1))) * 0.4 + 0.6 * np.eye(d + 1)
    return rows, 0.5 * rng.normal(size=d + 1), root


def asking(rows, loss):
    """What rows at hand answer, and a list of how often they were asked."""
    asked = []

    def ask(coef):
        asked.append(1)
        value = np.empty(rows.n_tasks)
        for tasks, Z, Y, weight in rows.batches():
            eta = Z @ coef[tasks][:, :, None]
            value[tasks] = -(weight * loss.value(eta, Y)).sum(axis=1)
        return linearise(rows, coef[:, None], loss)[0], value

    return ask, asked


@pytest.mark.parametrize("noise", [1.0, 0.3])
@pytest.mark.parametrize("name", ONE_OUTPUT)
def test_modes_are_those_of_the_solver_that_has_the_rows(name, noise):
    rows, mean, root = collection(name)
    ask, asked = asking(rows, LOSSES[name])
    found = modes_by_asking(ask, mean, root, noise, np.zeros((5, 3)))
    wanted = posterior_modes(rows, GaussianPriors(mean[None, None], root[None, None]), LOSSES[name], noise)
    assert_allclose(found.coef, wanted.coef[:, 0, 0], rtol=1e-8, atol=1e-9)
    if name not in ("gamma", "tweedie 1.5"):  # whose expected curvature is not the observed one
        assert_allclose(found.evidence, wanted.evidence[:, 0], rtol=1e-8, atol=1e-9)
        assert len(asked) < 15
    assert_allclose(found.moments.gram, linearise(rows, found.coef[:, None], LOSSES[name])[0].gram, rtol=1e-12)
    assert_allclose(found.coef[-1], mean, atol=1e-12)  # no rows say nothing


def test_one_round_is_enough_for_squared_errors():
    rows, mean, root = collection("gaussian")
    ask, asked = asking(rows, LOSSES["gaussian"])
    modes_by_asking(ask, mean, root, 1.0, np.zeros((5, 3)))
    assert len(asked) == 3  # at the start, after the step, and where it then is


def test_steps_too_long_are_halved():
    rows, mean, root = collection("poisson", size=2.0)
    ask, _ = asking(rows, LOSSES["poisson"])
    far = modes_by_asking(ask, mean, root, 1.0, np.full((5, 3), -6.0))
    near = modes_by_asking(ask, mean, root, 1.0, np.zeros((5, 3)))
    assert_allclose(far.coef, near.coef, rtol=1e-6, atol=1e-7)
