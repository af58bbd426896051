"""Which columns have slopes that vary between tasks."""

import numpy as np
import pytest

from skmeta.fallback._varying_slopes import slope_scores

pytestmark = pytest.mark.quick


def draw(seed, spread, n_tasks=200, n_rows=6):
    """Five columns, the second with slopes of a task's own; noises of rows differ, and slopes in common."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_tasks), n_rows)
    Z = rng.normal(size=(len(codes), 5)) + rng.normal(size=(n_tasks, 5))[codes]
    noise = np.exp(0.5 * rng.normal(size=len(codes)))
    r = 0.5 * Z[:, 0] + rng.normal(size=n_tasks)[codes] + spread * rng.normal(size=n_tasks)[codes] * Z[:, 1]
    return Z, (r + noise * rng.normal(size=len(codes)))[:, None], codes


def test_the_column_whose_slope_varies_is_found():
    assert all(slope_scores(*draw(seed, 1.0)).argmax() == 1 for seed in range(20))


def test_without_slopes_of_their_own_scores_are_standard():
    scores = np.array([slope_scores(*draw(seed, 0.0)) for seed in range(100)])
    assert abs(scores.mean()) < 0.3 and 0.7 < scores.std() < 1.3


def test_units_rows_and_levels_do_not_matter():
    Z, r, codes = draw(0, 1.0)
    order = np.random.default_rng(0).permutation(len(codes))
    found = slope_scores(3.0 * Z[order] + 7.0, (5.0 * r + codes[:, None])[order], codes[order])
    np.testing.assert_allclose(found, slope_scores(Z, r, codes), rtol=1e-8)


def test_a_column_that_is_constant_in_each_task_says_nothing():
    codes = np.repeat(np.arange(10), 3)
    assert slope_scores(codes[:, None] * 1.0, np.random.default_rng(0).normal(size=(30, 1)), codes) == pytest.approx(
        0.0
    )
