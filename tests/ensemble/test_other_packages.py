"""Boosters of LightGBM, XGBoost and CatBoost, which are extras: `pytest -m boosting`, with `skmeta[boosting]` installed."""

import pickle
from importlib import import_module

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmeta import BoostingLearner, SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._registry import registered_learner
from skmeta.ensemble import BoostingPrior
from skmeta.ensemble._boosters import boosters, grown
from skmeta.fallback._link import offset_parameter

pytestmark = pytest.mark.boosting


PREFIX = {"lightgbm": "LGBM", "xgboost": "XGB", "catboost": "CatBoost"}
QUIET = {
    "lightgbm": {"n_jobs": 1, "verbose": -1},
    "xgboost": {"n_jobs": 1},
    "catboost": {"thread_count": 1, "verbose": 0, "allow_writing_files": False},
}


@pytest.fixture(params=PREFIX)
def package(request):
    return request.param


@pytest.fixture
def booster(package):
    return make(package, "Regressor", n_estimators=20)


def make(package, kind, **options):
    return getattr(import_module(package), PREFIX[package] + kind)(**QUIET[package], **options)


def jumps(n_tasks=24, n_rows=90):
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.uniform(-1.0, 1.0, (len(task), 2))
    y = (
        np.sin(3.0 * X[:, 0])
        + 3.0 * (X[:, 1] > rng.uniform(-0.6, 0.6, n_tasks)[task])
        + 0.3 * rng.normal(size=len(task))
    )
    return np.column_stack([X, task]), y + rng.normal(size=n_tasks)[task]


def test_their_classes_are_registered_by_name(booster):
    assert registered_learner(booster) is BoostingLearner


def test_new_trees_are_plain_and_need_no_skmeta(booster):
    X, y = jumps()
    past = X[:, -1] < 20
    learner = BoostingLearner(max_rounds=1)
    model = WarmStartRegressor(booster, task=-1, learner=learner).fit(X[past], y[past])
    assert isinstance(model.prior_.components[0], BoostingPrior)
    plain = model.adapt(X[-90:-40, :-1], y[-90:-40])
    assert [type(each.estimator) for each in plain.estimators_][1] is type(booster)
    stored = pickle.dumps(plain)
    assert b"skmeta" not in stored
    assert_allclose(pickle.loads(stored).predict(X[-40:, :-1]), plain.predict(X[-40:, :-1]))


def test_new_trees_are_those_that_start_from_the_corrected_score(booster):
    X, y = jumps(n_tasks=1)
    start = np.sin(3.0 * X[:, 0])
    start += (y - start).mean()
    few = boosters(booster, [10])[-1]
    name = offset_parameter(booster)
    trees = grown(few, X, y - start, None).predict(X)
    again = few.fit(X, y, **{name: start})
    if name == "base_margin":  # XGBoost's predictions take it, those of the others leave it out
        assert_allclose(start + trees, again.predict(X, base_margin=start), atol=1e-4)
    else:
        assert_allclose(trees, again.predict(X), atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_their_classifiers_start_a_second_round_from_scores(package, n_classes):
    X, y = jumps(n_tasks=12, n_rows=40)
    labels = np.searchsorted(np.quantile(y, np.arange(1, n_classes) / n_classes), y)
    classifier = make(package, "Classifier", n_estimators=5)
    model = WarmStartClassifier(classifier, task=-1, learner=SharedModel(None, max_rounds=2, cv=2)).fit(X, labels)
    assert len(model.learner_.scores_) == 2
    assert model.adapt(X[:20, :-1], labels[:20]).predict_proba(X[:, :-1]).shape == (len(X), n_classes)
    assert model.predict(X).shape == (len(X),)


@pytest.mark.parametrize("name", ["iterations", "n_estimators", "num_trees", None])
def test_the_number_of_trees_goes_by_the_name_that_the_user_gave_it(name):
    X, y = jumps(n_tasks=1)
    few, many = boosters(make("catboost", "Regressor", **({name: 20} if name else {})), [3, 5])
    assert [each.fit(X, y).tree_count_ for each in (few, many)] == [3, 5]


def test_categories_of_catboost_given_as_a_tuple():
    import pandas as pd

    X, y = jumps(n_tasks=6, n_rows=20)
    df = pd.DataFrame(X, columns=["a", "b", "task"]).assign(kind=np.array(["x", "y", "z"])[np.arange(len(X)) % 3])
    y = y + 5.0 * (df["kind"] == "y")
    booster = make("catboost", "Regressor", n_estimators=20, cat_features=("kind",))
    model = WarmStartRegressor(booster, task="task", learner=SharedModel(None, max_rounds=1, cv=2)).fit(df, y)
    found = model.adapt(df[:10].drop(columns="task"), y[:10]).predict(df.drop(columns="task"))
    assert found[df["kind"] == "y"].mean() - found[df["kind"] == "x"].mean() > 2.5
