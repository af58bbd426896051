"""Grams with noise: what is expected of each is nearer than what was measured, and as far off as is said."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta._inference.noisy_grams import expected_grams

pytestmark = pytest.mark.quick


def grams(seed, between, n_tasks=200, d=3):
    """``(G, G with noise, variances)``: entries differ by ``between`` per row between tasks; the constant last."""
    rng, p = np.random.default_rng(seed), d + 1
    n = rng.uniform(50.0, 200.0, n_tasks)
    drawn = np.triu(rng.normal(size=(2, n_tasks, p, p)))
    own, noise = drawn + np.swapaxes(np.triu(drawn, 1), 2, 3)
    G = n[:, None, None] * (np.eye(p) + between * own)
    G[:, -1, -1] = n
    variances = np.broadcast_to(4.0 * (1.0 + np.eye(p)), G.shape).copy()
    variances[:, -1, -1] = 1e-2
    return G, G + np.sqrt(variances) * noise, variances


@pytest.mark.parametrize("between", [0.0, 0.01, 0.1])
def test_they_are_as_near_as_if_it_were_known_how_much_tasks_differ(between):
    off, said, best, upper = [], [], [], np.triu_indices(4)
    for seed in range(10):
        G, noisy, variances = grams(seed, between)
        differ = (between * G[:, -1:, -1:]) ** 2
        found, claimed = expected_grams(noisy, variances, np.zeros((200, 3), bool))
        each = ((found - G) ** 2 / variances, claimed / variances, differ / (differ + variances))
        for parts, values in zip((off, said, best), each, strict=True):
            parts.append(values[:, upper[0], upper[1]][:, :-1].mean())  # all but the number of rows
    assert np.mean(best) <= np.mean(off) + 0.01 < np.mean(best) + 10.0 / 200 + 0.01
    assert abs(np.mean(said) - np.mean(off)) < np.sqrt(2.0 / 200)  # the share by which a variance of so many is off


def test_what_is_known_without_noise_stays():
    _, noisy, variances = grams(0, 0.05)
    variances[::2] = 0.0
    found, said = expected_grams(noisy, variances, np.zeros((200, 3), bool))
    assert_allclose(found[::2], noisy[::2])
    assert_array_equal(said[::2], 0.0)
    assert np.abs(found[1::2] - noisy[1::2]).max() > 0.1


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_few_tasks_are_legal(n_tasks):
    _, noisy, variances = grams(0, 0.1, n_tasks)
    found, said = expected_grams(noisy, variances, np.zeros((n_tasks, 3), bool))
    assert np.isfinite(found).all() and (said > 0).all()
    if n_tasks == 1:
        assert_allclose(found, noisy)
        assert np.all(said >= variances * (1.0 - 1e-9))


def test_columns_that_a_task_lacks_tell_nothing_and_are_told_nothing():
    _, noisy, variances = grams(0, 0.05)
    lacking = np.zeros((200, 3), bool)
    lacking[:50, 1] = True
    found, _ = expected_grams(noisy, variances, lacking)
    other = noisy.copy()
    other[:50, 1] *= 7.0
    other[:50, :, 1] *= 7.0
    again, _ = expected_grams(other, variances, lacking)
    assert_array_equal(found[:50, 1], noisy[:50, 1])
    assert_allclose(again[50:], found[50:])


def test_the_order_of_tasks_does_not_matter():
    _, noisy, variances = grams(0, 0.05)
    order, lacking = np.random.default_rng(0).permutation(200), np.zeros((200, 3), bool)
    found, other = (expected_grams(noisy[k], variances[k], lacking) for k in (np.arange(200), order))
    assert_allclose(found[0][order], other[0], rtol=1e-10)
