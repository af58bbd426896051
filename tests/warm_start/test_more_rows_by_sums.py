"""partial_fit of models of squared errors: sums of the rows are kept, and say what the rows said."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import BayesianRidge, ElasticNet, HuberRegressor, Lasso, LinearRegression, Ridge

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartRegressor
from skmeta._inference.same_sums import directions, rows_of_same_sums
from skmeta.datasets import make_related_regression

N_TASKS, N_ROWS, D = 8, 40, 3
X, Y, _ = make_related_regression(n_tasks=N_TASKS, n_samples=N_ROWS, n_features=D, random_state=0)
ROW = np.tile(np.arange(N_ROWS), N_TASKS)
FEW = D + 2  # rows that say the same: columns, target and one


@pytest.fixture(scope="module")
def learned():
    """Priors, and where the first column of the rows lies that they are about."""
    first, years = ROW < 6, np.array([2020.0, 0.0, 0.0, 0.0])
    by_hand = GaussianPrior(np.r_[np.ones(D), 0.5], 0.3, noise=0.4)
    return {
        "learned": (WarmStartRegressor(Ridge(), task=-1).fit(X[first], Y[first]).prior_, 0.0),
        "of years": (WarmStartRegressor(Ridge(), task=-1).fit(X[first] + years, Y[first]).prior_, 2020.0),
        "by hand": (by_hand, 0.0),
    }


def rows_kept(model):
    """Rows that came after the fit, or stand for such."""
    return sum(piece.tasks.n_rows for piece in model._known.pieces._pieces[1:])


LASSO = Lasso(alpha=0.3, tol=1e-12)
STARTS = [
    *[("learned", each) for each in (Ridge(), Ridge(alpha=3.0, fit_intercept=False), LASSO)],
    *[("of years", each) for each in (Ridge(), LASSO)],
    *[("by hand", each) for each in (Ridge(), Ridge(fit_intercept=False), LASSO)],
]


@pytest.mark.quick
@pytest.mark.filterwarnings(
    "ignore:Objective did not converge"
)  # nor does it from all rows at once: steps are the same
@settings(max_examples=25, deadline=None)
@given(
    start=st.sampled_from(STARTS),
    seed=st.integers(0, 1000),
    weighed=st.booleans(),
    lacking=st.booleans(),
    batches=st.lists(st.integers(1, 15), min_size=2, max_size=6),
)
def test_any_split_in_any_order_is_one_fit(learned, start, seed, weighed, lacking, batches):
    rng, n = np.random.default_rng(seed), sum(batches)
    own, y = rng.normal(size=(n, D)), rng.normal(size=n)
    own[:, 1] = np.round(own[:, 1])
    name, estimator = start
    prior, place = learned[name]
    own[:, 0] += place
    if lacking:
        own[:, 2] = np.nan
    asked = np.where(np.isnan(own[:5]), 0.0, own[:5])
    parts = np.split(rng.permutation(n), np.cumsum(batches)[:-1])
    weight = rng.choice([0.0, 0.3, 1.0, 2.5], size=n) if weighed else None
    if weighed:
        weight[[part[-1] for part in parts]] = 1.0  # rows none of which weighs anything are refused
        own[weight == 0.0] += 1e12  # what weighs nothing may be anything
    whole, model = (WarmStartRegressor(estimator, prior=prior) for _ in range(2))
    whole.fit(own, y, weight)
    for part in parts:
        model.partial_fit(own[part], y[part], None if weight is None else weight[part])
    scale = np.abs(np.r_[whole.coef_, whole.estimator_.intercept_]).max()
    assert_allclose(model.coef_, whole.coef_, rtol=0, atol=1e-9 * scale)
    assert_allclose(model.estimator_.intercept_, whole.estimator_.intercept_, rtol=0, atol=1e-9 * scale)
    assert_allclose(model.predict(asked, return_std=True), whole.predict(asked, return_std=True), rtol=1e-7, atol=1e-9)
    assert_allclose(model.borrowing_, whole.borrowing_, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "estimator", [Ridge(), ElasticNet(), LinearRegression()], ids=["ridge", "elastic net", "least squares"]
)
def test_what_is_kept_does_not_grow_with_calls(estimator):
    first = ROW < 6
    model, kept = WarmStartRegressor(estimator, task=-1).fit(X[first], Y[first]), []
    for row in range(6, N_ROWS):
        model.partial_fit(X[row == ROW], Y[row == ROW])
        kept.append(rows_kept(model))
    assert set(kept) == {N_TASKS * FEW}
    made = model.adapt(X, Y)
    for task, plain in model.estimators_.items():
        assert_allclose(plain.coef_, made[task].coef_, rtol=1e-9)


@pytest.mark.parametrize("estimator", [HuberRegressor(), BayesianRidge()], ids=["huber", "bayesian ridge"])
def test_what_asks_for_the_rows_keeps_them(learned, estimator):
    model = WarmStartRegressor(estimator, prior=learned["learned"][0])
    for part in (slice(8), slice(8, 16), slice(16, 20)):
        model.partial_fit(X[part, :-1], Y[part])
    assert rows_kept(model) == 20
    assert_allclose(
        model.coef_, WarmStartRegressor(estimator, prior=model.prior).fit(X[:20, :-1], Y[:20]).coef_, rtol=1e-12
    )


def test_kinds_outputs_and_frames_are_the_same():
    Z = np.column_stack([Y, Y[::-1]])
    frame = pd.DataFrame(X, columns=[*"abc", "store"])
    first = ROW < 8
    learner = EmpiricalBayes("diagonal", n_components=2, max_iter=2)
    model = WarmStartRegressor(Ridge(), task="store", learner=learner).fit(frame[first], Z[first])
    for row in range(8, 20, 4):
        now = (row <= ROW) & (row + 4 > ROW)
        model.partial_fit(frame[now], Z[now])
    made = model.adapt(frame[ROW < 20], Z[ROW < 20])
    assert rows_kept(model) == N_TASKS * (FEW + 1)
    assert_allclose(model.coef_, [made[task].coef_ for task in made], rtol=1e-9, atol=1e-12)
    assert_array_equal(model.estimators_[0].feature_names_in_, [*"abc"])


def test_tasks_of_few_rows_beside_are_computed_by_rows(learned):
    """Where most tasks have fewer rows than columns, all are computed by rows: what stands for several stands for several."""
    wide = make_related_regression(n_tasks=30, n_samples=45, n_features=20, random_state=0)
    table, y, task = wide[0], wide[1], wide[0][:, -1]
    row = np.tile(np.arange(45), 30)
    model = WarmStartRegressor(Ridge(), task=-1).fit(table[row < 3], y[row < 3])
    seen = (row < 3) | (task == 0) | ((task < 28) & (row < 5))
    for part in ((task == 0) & (row >= 3) & (row < 30), (task == 0) & (row >= 30), (task > 0) & (row >= 3) & seen):
        model.partial_fit(table[part], y[part])
    made = model.adapt(table[seen], y[seen])
    assert_allclose(model.coef_, [made[each].coef_ for each in made], rtol=1e-8, atol=1e-9)


# The rows that stand for others ----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(q=st.integers(1, 6), seed=st.integers(0, 1000), far=st.sampled_from([0.0, 1e4]))
def test_their_means_and_products_are_those_of_all_rows(q, seed, far):
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(60, q)) + far
    Z[:, 0] = 0.1  # constant: not by rounding, but exactly
    weight, order = rng.choice([0.0, 0.5, 3.0], size=60), rng.permutation(60)
    few = rows_of_same_sums(Z, order, np.array([0, 25, 60]), weight, (weight > 0).astype(float))
    for own, rows, each, n_rows in zip((order[:25], order[25:]), few.Z, few.weight, few.n_rows, strict=True):
        mean = np.average(Z[own], axis=0, weights=weight[own])
        assert_allclose(rows.mean(axis=0), mean, rtol=1e-12, atol=1e-12)
        expected = ((Z[own] - mean) * weight[own, None]).T @ (Z[own] - mean)
        found = each * (rows - mean).T @ (rows - mean)
        assert_allclose(found, expected, atol=1e-10 * (1.0 + far))
        assert_array_equal(rows[:, 0], 0.1)
        assert (q + 1) * each == pytest.approx(weight[own].sum())
        assert (q + 1) * n_rows == pytest.approx(np.count_nonzero(weight[own]))


@pytest.mark.parametrize("q", [1, 4])
def test_directions_are_orthonormal_and_sum_to_zero(q):
    assert_allclose(directions(q).T @ directions(q), np.eye(q), atol=1e-14)
    assert_allclose(directions(q).sum(axis=0), 0.0, atol=1e-14)
