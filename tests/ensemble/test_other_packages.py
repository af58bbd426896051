"""Boosters of LightGBM and XGBoost, which are extras: `pytest -m boosting`, with `skmeta[boosting]` installed."""

import pickle
from importlib import import_module

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.utils.validation import has_fit_parameter

from skmeta import BoostingLearner, SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._registry import registered_learner
from skmeta.ensemble import BoostingPrior
from skmeta.ensemble._boosters import boosters, grown

pytestmark = pytest.mark.boosting


@pytest.fixture(params=["lightgbm", "xgboost"])
def booster(request):
    package = import_module(request.param)
    if request.param == "lightgbm":
        return package.LGBMRegressor(n_estimators=20, n_jobs=1, verbose=-1)
    return package.XGBRegressor(n_estimators=20, n_jobs=1)


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
    name = "init_score" if has_fit_parameter(booster, "init_score") else "base_margin"
    trees = grown(few, X, y - start, None).predict(X)
    again = few.fit(X, y, **{name: start})
    if name == "init_score":  # LightGBM's predictions leave it out, XGBoost's take it
        assert_allclose(trees, again.predict(X), atol=1e-5)
    else:
        assert_allclose(start + trees, again.predict(X, base_margin=start), atol=1e-4)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_their_classifiers_start_a_second_round_from_scores(booster, n_classes):
    X, y = jumps(n_tasks=12, n_rows=40)
    labels = np.searchsorted(np.quantile(y, np.arange(1, n_classes) / n_classes), y)
    package = import_module(type(booster).__module__.split(".")[0])
    make = package.LGBMClassifier if hasattr(package, "LGBMClassifier") else package.XGBClassifier
    options = {"verbose": -1} if hasattr(package, "LGBMClassifier") else {}
    classifier = make(n_estimators=5, n_jobs=1, **options)
    model = WarmStartClassifier(classifier, task=-1, learner=SharedModel(None, max_rounds=2, cv=2)).fit(X, labels)
    assert len(model.learner_.scores_) == 2
    assert model.adapt(X[:20, :-1], labels[:20]).predict_proba(X[:, :-1]).shape == (len(X), n_classes)
