"""A collection without any feature: the random intercept alone, ``1 + (1 | batch)`` in the words of lme4."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import HuberRegressor, Lasso, LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from skmeta import EmpiricalBayes, NShotSplit, WarmStartClassifier, WarmStartRegressor

# Yields of dyestuff, five samples of each of six batches (Davies and Goldsmith, 1972, Statistical Methods in Research and
# Production, table 6.3), and what lme4 publishes for ``Yield ~ 1 + (1 | Batch)`` by REML (its help page of Dyestuff).
BATCH = pd.DataFrame({"batch": np.repeat([*"ABCDEF"], 5)})
YIELD = np.array([
    1545, 1440, 1440, 1520, 1580, 1540, 1555, 1490, 1560, 1495, 1595, 1550, 1605, 1510, 1560,
    1445, 1440, 1595, 1465, 1545, 1595, 1630, 1515, 1635, 1625, 1520, 1455, 1450, 1480, 1445,
], dtype=float)  # fmt: skip
BETWEEN, WITHIN, MEAN = 1764.05, 2451.25, 1527.5


def test_lme4_finds_the_same():
    learner = EmpiricalBayes("diagonal", noise="shared", pseudo_tasks=0.0, max_iter=5000, tol=1e-10)
    model = WarmStartRegressor(Ridge(), task="batch", learner=learner).fit(BATCH, YIELD)
    prior = model.prior_
    assert_allclose(prior.mean[-1], MEAN, rtol=1e-6)
    assert_allclose(prior.dense_covariance()[-1, -1], BETWEEN, rtol=1e-3)
    assert_allclose(prior.noise, WITHIN, rtol=1e-3)


@pytest.mark.parametrize("estimator", [Ridge(), Lasso(), HuberRegressor(), PoissonRegressor(), LogisticRegression()])
def test_every_case_of_the_contract(estimator):
    labels = isinstance(estimator, LogisticRegression)
    target = np.where(YIELD > 1520, "high", "low") if labels else YIELD / 100.0
    model = (WarmStartClassifier if labels else WarmStartRegressor)(estimator, task="batch").fit(BATCH, target)
    none = BATCH[["batch"]].drop(columns="batch")
    plain = model.estimators_["B"]
    assert type(plain) is (DummyClassifier if labels else DummyRegressor) and b"skmeta" not in pickle.dumps(plain)
    check_is_fitted(plain)
    own = (BATCH["batch"] == "B").to_numpy()
    assert_array_equal(model.predict(BATCH[own]), plain.predict(none[own]))
    again = type(model)(estimator, prior=model.prior_).fit(none[own], target[own])
    assert_array_equal(again.predict(none[own]), model.adapt(none[own], target[own]).predict(none[own]))
    assert_array_equal(model.predict(BATCH.assign(batch="new")), model.prior_.zero_shot(estimator).predict(none))


def test_a_batch_is_drawn_towards_the_others():
    model = WarmStartRegressor(Ridge(), task="batch").fit(BATCH, YIELD)
    means = YIELD.reshape(6, 5).mean(axis=1)
    found = np.array([each.predict(np.empty((1, 0)))[0] for each in model.estimators_.values()])
    assert np.all(np.abs(found - MEAN) < np.abs(means - MEAN) + 1e-6)
    assert np.all((found - MEAN) * (means - MEAN) > 0)


def test_arrays_and_splits_do_as_well():
    X = np.repeat(np.arange(6.0), 5)[:, None]
    model = WarmStartRegressor(Ridge(), task=0).fit(X, YIELD)
    assert_allclose(model.predict(X), WarmStartRegressor(Ridge(), task="batch").fit(BATCH, YIELD).predict(BATCH))
    for train, test in NShotSplit(0, n_shots=2, n_splits=3, random_state=0).split(X, YIELD):
        assert np.isfinite(WarmStartRegressor(Ridge(), task=0).fit(X[train], YIELD[train]).predict(X[test])).all()


def test_the_plain_result_says_what_the_model_does():
    """Of two targets, of a transformed one behind steps, of labels with probabilities and without."""
    none = np.empty((3, 0))
    both = np.c_[YIELD, -YIELD]
    model = WarmStartRegressor(Ridge(), task="batch").fit(BATCH, both)
    plain = model.estimators_["C"]
    assert type(plain) is DummyRegressor
    assert_array_equal(plain.predict(none), model.predict(BATCH.iloc[10:13]))
    logs = TransformedTargetRegressor(make_pipeline(StandardScaler(), Ridge()), func=np.log, inverse_func=np.exp)
    model = WarmStartRegressor(logs, task="batch").fit(BATCH, YIELD)
    assert type(model.estimators_["C"]) is DummyRegressor
    assert_allclose(model.estimators_["C"].predict(none), model.predict(BATCH.iloc[10:13]))
    grade = np.where(YIELD > 1560, "high", np.where(YIELD > 1480, "middle", "low"))
    for estimator in (LogisticRegression(), SGDClassifier(random_state=0)):
        model = WarmStartClassifier(estimator, task="batch").fit(BATCH, grade)
        plain = model.estimators_["C"]
        assert type(plain) is DummyClassifier
        assert_array_equal(plain.classes_, ["high", "low", "middle"])
        assert_array_equal(plain.predict(none), model.predict(BATCH.iloc[10:13]))
        assert_allclose(plain.predict_proba(none).sum(axis=1), 1.0)
    odds = model.prior_.zero_shot(LogisticRegression())
    assert type(odds) is DummyClassifier and np.all(odds.class_prior_ > 0)


@pytest.mark.parametrize("noise", [1.0, 5.0])
def test_without_features_levels_are_shrunk_towards_each_other(noise):
    """The level is all that there is to learn: that no slope explains anything is no reason to doubt it."""
    rng = np.random.default_rng(0)
    level, shop = rng.normal(size=200), np.repeat(np.arange(200), 8)
    table, y = pd.DataFrame({"shop": shop}), level[shop] + noise * rng.normal(size=1600)
    model = WarmStartRegressor(Ridge(), task="shop").fit(table, y)
    assert model.prior_.named_weights["learned"] > 0.5
    warm = model.predict(table.drop_duplicates()) - level
    own = y.reshape(200, 8).mean(axis=1) - level
    assert np.mean(warm**2) < np.mean(own**2)
