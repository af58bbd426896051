"""Poor but legal data, and the classical traps of models of many tasks."""

import pickle

import numpy as np
import pandas as pd
import pytest
from bad_input import (
    COUNTED,
    FEATURES,
    FITTED,
    FRAME,
    IDS,
    LABELLED,
    LABELS,
    N_ROWS,
    N_TASKS,
    NAMES,
    PRIOR,
    X,
    classifier,
    regressor,
    rng,
    with_ids,
    y,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import HuberRegressor, Lasso, LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick

# Poor but legal data ------------------------------------------------------------------------------------


def test_one_row_is_legal():
    for estimator in (Ridge(), Lasso(), HuberRegressor()):
        plain = PRIOR.adapt(estimator, FEATURES[:1], y[:1])
        mean = PRIOR.zero_shot(Ridge()).predict(FEATURES[:1])
        assert np.abs(plain.predict(FEATURES[:1]) - y[:1]) <= np.abs(mean - y[:1]) + 1e-9
    assert np.isfinite(LABELLED.adapt(LogisticRegression(), FEATURES[:1], LABELS[:1]).coef_).all()
    one_each = regressor(task=-1).fit(X[::N_ROWS], y[::N_ROWS])
    assert np.isfinite(one_each.predict(X)).all()


@pytest.mark.parametrize(
    "columns",
    [
        np.c_[FEATURES, np.full(len(y), 7.0)],
        np.c_[FEATURES, FEATURES[:, 0]],
        np.c_[FEATURES, FEATURES @ [1.0, 2.0, 3.0]],
        np.c_[FEATURES, 1e8 * FEATURES[:, 1], 1e-8 * FEATURES[:, 2]],
        np.c_[FEATURES, IDS == 0],
        np.zeros((len(y), 2)),
        rng.normal(size=(len(y), 12)),
    ],
    ids=["constant", "doubled", "collinear", "scales apart", "constant in most tasks", "nothing", "d > n"],
)
@varied("model", [regressor(task=-1), WarmStartRegressor(Ridge(), task=-1), classifier(task=-1)])
def test_poor_columns_are_legal(columns, model):
    table, target = np.c_[columns, IDS], LABELS if isinstance(model, WarmStartClassifier) else y
    model = clone(model).fit(table, target)
    assert np.isfinite(model.coef_).all()
    assert model.score(table, target) > 0 or not columns.any()
    plain = model.adapt(columns[:5], target[:5])
    assert np.isfinite(plain.coef_).all()


def test_a_constant_target_is_legal():
    model = regressor(task=-1).fit(X, np.full(len(y), 3.0))
    assert_allclose(model.predict(X), 3.0, atol=1e-6)


@varied("level", [0.0, 1.0, 1.0 + IDS % 3, np.where(IDS < 3, 0.0, 1.0 + IDS % 3)], keep=2)
def test_constant_counts_are_legal(level):
    """Nothing scatters, or nothing was counted at all: rates are those of each task, and nobody's arithmetic fails."""
    counts = np.broadcast_to(level, len(y))
    model = regressor(PoissonRegressor(), task=-1).fit(X, counts)
    assert_allclose(model.predict(X), counts, atol=0.01)
    on = regressor(PoissonRegressor(), task=-1, prior=model.prior_).fit(X, counts)
    assert_allclose(on.predict(X), counts, atol=0.01)
    assert np.isfinite(regressor(PoissonRegressor(), task=-1, prior=COUNTED).fit(X, counts).predict(X)).all()


def test_rows_of_weight_zero_are_no_rows():
    by_hand = GaussianPrior([1.0, -1.0, 0.5], np.eye(3))
    some = np.where(IDS < 3, 0.0, 1.0)
    model = regressor(prior=by_hand).fit(FEATURES, y, sample_weight=some)
    assert_allclose(model.coef_, by_hand.adapt(Ridge(), FEATURES[IDS >= 3], y[IDS >= 3]).coef_, rtol=1e-10)
    left_out = np.where(IDS == 3, 0.0, 1.0)
    with pytest.warns(
        UserWarning, match=r"sample_weight: wanted a positive weight in every task, found none in 1 of 6"
    ):
        learned = regressor(task=-1).fit(X, y, sample_weight=left_out)
    without = regressor(task=-1).fit(X[IDS != 3], y[IDS != 3])
    assert 3 not in learned.estimators_
    assert_allclose(learned.predict(X), without.predict(X), rtol=1e-8)


@pytest.mark.parametrize("n_tasks", [2, 3])
def test_few_tasks_are_legal(n_tasks):
    some = n_tasks > IDS
    for covariance in ("auto", "full", "factor", "diagonal", "spherical"):
        model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(covariance)).fit(X[some], y[some])
        assert model.score(X[some], y[some]) > 0.5


# The classical traps ------------------------------------------------------------------------------------


def test_trap_weights_are_not_swallowed():
    weight = np.where(y > 0, 50.0, 1.0)
    pipeline = make_pipeline(StandardScaler(), Ridge())
    for estimator in (Ridge(), Lasso(0.01), pipeline, TransformedTargetRegressor(Ridge())):
        for params in ({}, {"task": -1}, {"prior": PRIOR if estimator is not pipeline else None}):
            if params.get("prior") is not None and isinstance(estimator, TransformedTargetRegressor):
                continue
            table = X if params.get("task") else FEATURES
            model = regressor(estimator, **params)
            light, heavy = (
                model.fit(table, y).predict(table),
                model.fit(table, y, sample_weight=weight).predict(table),
            )
            assert (heavy - light).mean() > 1e-3


def test_trap_labels_are_not_positions():
    codes = np.where(LABELS == "tall", 9, 4)
    model = classifier(task=-1).fit(X, codes)
    assert set(model.predict(X)) == {4, 9}
    assert_array_equal(model.predict(X) == 9, classifier(task=-1).fit(X, LABELS).predict(X) == "tall")
    ids = np.array([700, -3, 12, 5, 99, 0])[IDS]
    shop = regressor(task=-1).fit(np.c_[FEATURES, ids], y)
    for task in np.unique(ids):
        own = ids == task
        assert_allclose(shop.estimators_[task].predict(FEATURES[own]), shop.predict(np.c_[FEATURES, ids][own]))
    index = rng.permutation(len(y))
    by_label = regressor(task="store").fit(FRAME.set_index(index), pd.Series(y, index=index[::-1]))
    assert_allclose(by_label.coef_, regressor(task="store").fit(FRAME, y).coef_)


def test_trap_no_step_sees_the_id_column():
    class Spy(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            assert list(X.columns) == NAMES
            return super().fit(X, y, sample_weight)

    model = regressor(make_pipeline(Spy(), Ridge()), task="store").fit(FRAME, y)
    model.predict(FRAME)
    assert model.estimators_["s1"].n_features_in_ == 3


def test_trap_history_does_not_grow_on_refit():
    model = regressor(task=-1, prior=PRIOR)
    sizes = [len(pickle.dumps(model.fit(X, y))) for _ in range(3)]
    assert len(set(sizes)) == 1 and model.prior_.n_tasks == 2 * N_TASKS and model.prior is PRIOR


def test_trap_state_is_not_lost_on_clone():
    model = clone(regressor(prior=PRIOR))
    assert model.prior is PRIOR
    assert_array_equal(model.fit(FEATURES, y).coef_, regressor(prior=PRIOR).fit(FEATURES, y).coef_)
    assert clone(model.fit(FEATURES, y)).fit(FEATURES, y).prior is PRIOR


def test_trap_a_batch_does_not_fall_back_for_one_new_task():
    model = FITTED[WarmStartRegressor]
    mixed = with_ids(["nowhere", *FRAME["store"][1:]])
    out = model.predict(mixed)
    assert_array_equal(out[1:], model.predict(FRAME)[1:])
    assert_allclose(out[0], model.prior_.zero_shot(Ridge()).predict(FRAME[NAMES][:1])[0])
    assert out[0] != model.predict(FRAME)[0]
