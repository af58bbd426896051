"""One model of all tasks as the mean of a wide law: it is the estimator's own, and taken where held-out tasks ask for it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, Tweedie
from skmeta._inference.moments import Rows
from skmeta._inference.wide_em import learn_wide
from skmeta._inference.wide_pooled import around, pooled_fit
from skmeta._inference.wide_rows import read_batches
from skmeta._inference.wide_start import first_outputs

POISSON = Tweedie(1.0)
N_TASKS, N_ROWS, N_RARE, N_COLUMNS = 9, 24, 70, 90


def texts(seed=0, *, loss=BINOMIAL, own=0.0, rare=0.0):
    """Rows of words, in tasks that agree on what frequent ones say; of ``rare`` ones it is drawn by task how much they say."""
    rng = np.random.default_rng(seed)
    often = np.r_[np.full(N_RARE, 0.04), np.full(N_COLUMNS - N_RARE, 0.5)]
    X = (rng.random((N_TASKS * N_ROWS, N_COLUMNS)) < often).astype(float)
    task = np.repeat(np.arange(N_TASKS), N_ROWS)
    says = 1.5 * np.where(often > 0.1, rng.normal(size=N_COLUMNS), 0.0)
    W = (
        says
        + own * rng.normal(size=(N_TASKS, N_COLUMNS))
        + rare * (often < 0.1) * rng.normal(size=(N_TASKS, N_COLUMNS))
    )
    eta = np.einsum("np,np->n", X - often, W[task])
    if loss is BINOMIAL:
        Y = (rng.logistic(size=len(eta)) < eta)[:, None]
    elif loss.coupled:
        Y = np.eye(3)[np.argmax(np.c_[eta, 0.0 * eta, 1.0 - eta] + rng.gumbel(size=(len(eta), 3)), axis=1)]
    else:
        Y = (rng.poisson(np.exp(0.3 * eta)) if loss is POISSON else eta + rng.normal(size=len(eta)))[:, None]
    starts = N_ROWS * np.arange(N_TASKS + 1)
    scale = np.maximum(X.std(axis=0), 0.01)
    return Rows(sparse.csr_array(X), Y.astype(float), np.arange(len(X)), starts, np.zeros(N_COLUMNS), scale)


def in_data_units(coef, rows):
    return coef[:, :-1] / rows.scale, coef[:, -1]


PLAIN = {
    BINOMIAL: lambda v, total: LogisticRegression(C=v, solver="newton-cholesky", tol=1e-11),
    MULTINOMIAL: lambda v, total: LogisticRegression(C=v, solver="newton-cholesky", tol=1e-11),
    GAUSSIAN: lambda v, total: Ridge(alpha=1.0 / v),
    POISSON: lambda v, total: PoissonRegressor(alpha=1.0 / (v * total), solver="newton-cholesky", tol=1e-13),
}


@pytest.mark.parametrize("variance", [1.0, 0.25])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", PLAIN, ids=lambda loss: loss.name)
def test_it_is_the_estimators_own_fit(loss, weighted, variance):
    rows = texts(loss=loss)
    weight = np.random.default_rng(1).integers(1, 4, len(rows.Y)) / 2.0 if weighted else None
    rows = replace(rows, weight=weight)
    found = in_data_units(pooled_fit(read_batches(rows), loss, variance), rows)
    plain = PLAIN[loss](variance, len(rows.Y) if weight is None else weight.sum())
    X, y = rows.X.toarray(), rows.Y.argmax(axis=1) if loss.coupled else rows.Y[:, 0]
    plain.fit(X, y, sample_weight=weight)
    intercept = np.atleast_1d(plain.intercept_)
    assert_allclose(found[0], np.atleast_2d(plain.coef_), atol=1e-8)
    assert_allclose(found[1], intercept - (intercept.mean() if loss.coupled else 0.0), atol=1e-8)


def test_it_is_the_same_of_dense_and_of_sparse_rows_and_in_any_units_of_the_engine():
    rows = texts()
    wanted = in_data_units(pooled_fit(read_batches(rows), BINOMIAL, 1.0), rows)
    others = replace(rows, X=rows.X.toarray()), replace(rows, scale=np.linspace(0.5, 2.0, N_COLUMNS))
    for other in others:
        for one, two in zip(in_data_units(pooled_fit(read_batches(other), BINOMIAL, 1.0), other), wanted, strict=True):
            assert_allclose(one, two, atol=1e-9)


def test_a_task_of_weight_two_is_the_task_twice():
    rows, often = texts(), np.array([2, 1, 0, 1, 3, 1, 1, 2, 0])
    counted = pooled_fit(read_batches(rows, often.astype(float)), BINOMIAL, 1.0)
    repeated = pooled_fit(read_batches(rows.pick(np.repeat(np.arange(N_TASKS), often))), BINOMIAL, 1.0)
    assert_allclose(counted, repeated, atol=1e-9)


def test_what_is_known_of_scores_is_no_part_of_it():
    """At the fit the rows pull as the penalty does, from scores that the offset is part of."""
    rows = texts()
    offset = np.random.default_rng(2).normal(size=rows.Y.shape)
    slopes, intercept = in_data_units(pooled_fit(read_batches(replace(rows, offset=offset)), BINOMIAL, 1.0), rows)
    left = rows.Y - expit(rows.X @ slopes.T + intercept + offset)
    assert_allclose((rows.X.T @ left)[:, 0], slopes[0], atol=1e-8)
    assert_allclose(left.sum(), 0.0, atol=1e-8)


def test_without_an_intercept_there_is_none():
    rows = replace(texts(), intercept=False)
    found = in_data_units(pooled_fit(read_batches(rows), BINOMIAL, 1.0), rows)
    plain = LogisticRegression(fit_intercept=False, solver="newton-cholesky", tol=1e-11)
    plain.fit(rows.X.toarray(), rows.Y[:, 0])
    assert_allclose(found[0], plain.coef_, atol=1e-8)
    assert_array_equal(found[1], 0.0)


@varied("loss", [BINOMIAL, GAUSSIAN, POISSON, MULTINOMIAL], ids=lambda loss: loss.name, keep=2)
def test_where_texts_agree_it_is_taken(loss):
    """Its slopes are the estimator's own times one number, and theirs vary by one number in units of the data."""
    rows = texts(loss=loss)
    found = learn_wide(rows, loss)
    assert found.structure == "pooled"
    assert found.scores["pooled"] > max(score for name, score in found.scores.items() if name != "pooled")
    fits = [pooled_fit(read_batches(rows), loss, variance) for variance in (1.0, 0.25, 0.0625)]
    for k, mean in enumerate(found.mean[:, :-1]):
        off = []
        for fit in fits if loss is POISSON else fits[:1]:
            own = fit[k, :-1]
            off.append(np.abs(mean - own * (mean @ own) / (own @ own)).max())
        assert min(off) < 1e-10
    variances = found.variance[:, :-1] / rows.scale**2
    assert_allclose(variances, np.repeat(variances[:, :1], N_COLUMNS, axis=1))


def test_where_columns_matter_by_their_spread_it_is_not_taken():
    """A large unit is a penalty that leaves nothing of a column; what is learned in standardised columns sees no unit."""
    rows = texts(loss=GAUSSIAN, own=0.5)
    found = learn_wide(rows, GAUSSIAN)
    tiny = np.where(np.arange(N_COLUMNS) < N_RARE, 1.0, 1e-4)
    units = replace(rows, X=sparse.csr_array(rows.X.multiply(tiny)), scale=rows.scale * tiny)
    other = learn_wide(units, GAUSSIAN)
    assert other.structure != "pooled"
    assert other.scores["spherical"] == pytest.approx(found.scores["spherical"])


def test_what_is_learned_of_dense_tables_has_no_units():
    rows = texts()
    assert "pooled" not in learn_wide(replace(rows, X=rows.X.toarray()), BINOMIAL, n_iter=4).scores


@pytest.mark.parametrize("covariance", ["spherical", "diagonal", "factor"])
def test_a_shape_that_was_asked_for_is_learned(covariance):
    assert "pooled" not in learn_wide(texts(), BINOMIAL, covariance=covariance, n_iter=4).scores


def test_learning_goes_on_from_it_as_from_any_wide_law():
    rows = texts()
    early, late = rows.pick(np.arange(6)), rows.pick(np.arange(6, N_TASKS))
    past = learn_wide(early, BINOMIAL)
    assert past.structure == "pooled"
    found = learn_wide(late, BINOMIAL, past=past)
    assert not found.pooled and found.n_tasks == N_TASKS
    whole, first = pooled_fit(read_batches(rows), BINOMIAL, 1.0)[0, :-1], past.mean[0, :-1]

    def like(mean):
        return np.corrcoef(mean, whole)[0, 1]

    assert like(found.mean[0, :-1]) > like(first)


def test_a_row_varies_as_much_around_it_as_before():
    rows = texts()
    batches = read_batches(rows)
    out = first_outputs(batches, BINOMIAL, np.zeros(1))[0]
    start = learn_wide(rows, BINOMIAL, covariance="spherical", n_iter=2)
    start = replace(start, variance=out.variance[None])
    law = around(pooled_fit(batches, BINOMIAL, 1.0), batches, start)
    X = rows.X.toarray() / rows.scale
    assert_allclose((X**2 @ law.variance[0, :-1]).sum(), (X**2 @ out.variance[:-1]).sum())
    assert_array_equal(law.variance[:, -1], start.variance[:, -1])
