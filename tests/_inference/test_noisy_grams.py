"""Grams with noise: what is expected of each is nearer than what was measured, and as far off as is said."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmeta._inference import noisy_grams
from skmeta._inference.bounded_sums import Box
from skmeta._inference.noisy_grams import expected_grams, variance_between

pytestmark = pytest.mark.quick

LEVEL = 5.0  # standard deviations of noise in a product of two columns
UNIFORM, NORMAL = (
    1.0 / 3.0,
    1.0 / 9.0,
)  # mean squares within bounds; of the normal one these are three standard deviations


def grams(seed, between, n_tasks=200, d=3, *, square=UNIFORM, largest=1.0):
    """``(G, G with noise, variances)`` of a `Box`; entries differ by ``between`` per row between tasks; the constant last.

    The first site has ``largest`` times the rows of a usual one.
    """
    random, p = np.random.RandomState(seed), d + 1
    box = Box(np.zeros(p), np.ones(p), d, np.sqrt(d))
    n = random.uniform(300.0, 700.0, n_tasks)
    n[0] *= largest
    drawn = np.triu(random.normal(size=(n_tasks, p, p)))
    own = drawn + np.swapaxes(np.triu(drawn, 1), 1, 2)
    G = n[:, None, None] * (np.diag(np.append(np.full(d, square), 1.0)) + between * own)
    G[:, -1, -1] = n
    variances = np.broadcast_to(LEVEL**2 * box.variances[:-1, :-1], G.shape).copy()
    return G, G + box.noise(n_tasks, LEVEL, random)[:, :p, :p], variances


def kinds(values):
    """Means ``(3,)`` over squares, products, and sums of columns; not of the number of rows."""
    d = values.shape[-1] - 1
    rows, columns = np.triu_indices(d, 1)
    return np.array(
        [values[:, range(d), range(d)].mean(), values[:, rows, columns].mean(), values[:, range(d), d].mean()]
    )


def in_standard_errors(differences):
    """Of the mean over seeds, the first axis, from zero."""
    differences = np.asarray(differences)
    return differences.mean(axis=0) / (differences.std(axis=0, ddof=1) / np.sqrt(len(differences)))


@pytest.mark.parametrize("largest", [1.0, 30.0, 300.0])
@pytest.mark.parametrize("square", [UNIFORM, NORMAL])
def test_they_are_as_far_off_as_is_said_where_it_is_known_how_much_tasks_differ(monkeypatch, square, largest):
    monkeypatch.setattr(noisy_grams, "variance_between", lambda residual, n, noise: 0.02**2)
    differences = []
    for seed in range(40):
        G, noisy, variances = grams(seed, 0.02, square=square, largest=largest)
        found, said = expected_grams(noisy, variances, np.zeros((200, 3), bool))
        differences.append(kinds((found - G) ** 2 - said))
    assert np.abs(in_standard_errors(differences)).max() < 3.0


@pytest.mark.parametrize("largest", [1.0, 300.0])
def test_how_much_tasks_differ_is_found_without_bias(largest):
    differences, between = [], 0.01
    for seed in range(100):
        _, noisy, variances = grams(seed, between, 20, largest=largest)
        n = noisy[:, -1:, -1:]
        residual = noisy - n * noisy.sum(axis=0) / n.sum()
        mean = np.diag([UNIFORM] * 3 + [1.0])
        found = variance_between(
            residual, np.broadcast_to(n, noisy.shape), variances + mean**2 * variances[:, -1:, -1:]
        )
        differences.append(kinds(found[None] - between**2))
    assert np.abs(in_standard_errors(differences)).max() < 3.0


@pytest.mark.parametrize(("between", "largest"), [(0.0, 1.0), (0.0, 300.0), (0.01, 1.0), (0.05, 1.0)])
def test_they_are_nearly_as_near_as_if_it_were_known_how_much_tasks_differ(between, largest):
    """Known are the mean and the variance: the best estimate then, whose gain is a scalar."""
    off, best = [], []
    for seed in range(10):
        G, noisy, variances = grams(seed, between, largest=largest)
        found, _ = expected_grams(noisy, variances, np.zeros((200, 3), bool))
        mean, rows = np.diag([UNIFORM] * 3 + [1.0]), noisy[:, -1:, -1:]
        prior = (between * rows) ** 2 + mean**2 * variances[:, -1:, -1:]
        known = rows * mean + prior / (prior + variances) * (noisy - rows * mean)
        off.append(kinds((found - G) ** 2 / variances))
        best.append(kinds((known - G) ** 2 / variances))
    assert np.all(np.mean(off, axis=0) < np.mean(best, axis=0) + 10.0 / 200)


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
