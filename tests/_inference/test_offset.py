"""What is known of rows' linear predictors besides their coefficients: a column whose coefficient is known to be one."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_targets import LOSSES, targets
from numpy.testing import assert_allclose

from skmeta._inference.glm import GaussianPriors, linearise, posterior_modes, working_responses
from skmeta._inference.moments import Rows
from skmeta._inference.wide_rows import read_batches

pytestmark = pytest.mark.quick

D = 3
RNG = np.random.default_rng(0)
NAMES = ["binomial", "multinomial", "poisson"]
in_columns_and_rows = pytest.mark.parametrize("counts", [(9, 14, 11), (2, 1, 3)], ids=["columns", "rows"])


def collection(name, counts, seed=0):
    """Rows with an offset, and the same rows with a column more for each output."""
    rng = np.random.default_rng(seed)
    n, K = sum(counts), 3 if name == "multinomial" else 1
    X, offset = rng.normal(size=(n, D)), rng.normal(size=(n, K))
    Y = targets(name, rng, 0.7 * X @ rng.normal(size=(D, K)) + offset)
    starts, order = np.r_[0, np.cumsum(counts)], rng.permutation(n)
    rows = Rows(X, Y, order, starts, np.full(D, 0.1), np.full(D, 1.3), rng.uniform(0.5, 2.0, n), offset=offset)
    wider = replace(
        rows, X=np.c_[offset, X], centre=np.r_[np.zeros(K), rows.centre], scale=np.r_[np.ones(K), rows.scale]
    )
    return rows, replace(wider, offset=None)


def priors_of(K):
    """Two priors, and the same with columns more, the one of each output known to have the coefficient one."""
    mean, root = 0.5 * RNG.normal(size=(2, K, D + 1)), np.tril(RNG.normal(size=(2, K, D + 1, D + 1))) * 0.4
    root = root + 0.6 * np.eye(D + 1)
    wider = np.zeros((2, K, K + D + 1, K + D + 1))
    wider[..., K:, K:] = root
    known = np.broadcast_to(np.eye(K), (2, K, K))
    return GaussianPriors(mean, root), GaussianPriors(np.concatenate([known, mean], axis=2), wider)


@pytest.mark.parametrize("name", NAMES)
@in_columns_and_rows
def test_modes_and_evidences_are_those_with_a_known_column(name, counts):
    rows, wider = collection(name, counts)
    K = rows.Y.shape[1]
    own, known = (
        posterior_modes(each, prior, LOSSES[name], 1.0) for each, prior in zip((rows, wider), priors_of(K), strict=True)
    )
    assert_allclose(own.coef, known.coef[..., K:], atol=1e-6)
    assert_allclose(own.evidence, known.evidence, rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_working_responses_are_of_the_coefficients_part(name):
    rows, wider = collection(name, (9, 14, 11))
    K = rows.Y.shape[1]
    coef = RNG.normal(size=(3, K, D + 1))
    with_known = np.concatenate([np.broadcast_to(np.eye(K), (3, K, K)), coef], axis=2)
    own, known = working_responses(rows, coef, LOSSES[name]), working_responses(wider, with_known, LOSSES[name])
    assert_allclose(own[0], known[0] - rows.offset)
    assert_allclose(own[1], known[1])
    own, known = linearise(rows, coef, LOSSES[name]), linearise(wider, with_known, LOSSES[name])
    for k, (one, other) in enumerate(zip(own, known, strict=True)):
        assert_allclose(one.gram, other.gram[:, K:, K:])
        assert_allclose(one.cross, other.cross[:, K:] - other.gram[:, K:, k])


def test_batches_of_cells_have_the_rows_offset():
    rows, _ = collection("multinomial", (3, 1, 4))
    for batch in read_batches(rows):
        real = batch.index >= 0
        assert_allclose(batch.offset[real], rows.offset[batch.index[real]])
        assert not batch.offset[~real].any()
