"""Estimators by name: short ones, scikit-learn's classes, somebody's own; what cannot be had says how to get it."""

import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from shops import make_collection, run
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import BayesianRidge, Ridge, SGDClassifier, TweedieRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier
from variations import varied

from skmeta import SharedModel, WarmStartClassifier, WarmStartRegressor, report
from skmeta.model_selection._make_baselines import strength_of
from skmeta.report import _names, _warm
from skmeta.report._names import estimator_named

pytestmark = pytest.mark.quick
OTHERS = {"lightgbm", "xgboost", "catboost"}  # packages that the tests do without
LINEAR = sorted({name for name in report.names() if name not in _names._SHORT and "nb" not in name})

NAMED = [
    ("hgb", False, HistGradientBoostingRegressor),
    ("HGB", True, HistGradientBoostingClassifier),
    ("HistGradientBoostingRegressor", True, HistGradientBoostingRegressor),
    ("histgradientboostingclassifier", False, HistGradientBoostingClassifier),
    ("random_forest", False, RandomForestRegressor),
    ("forest", False, RandomForestRegressor),
    ("knn", False, KNeighborsRegressor),
    ("k-neighbors", True, KNeighborsClassifier),
    ("naive_bayes", True, GaussianNB),
    ("gp", False, GaussianProcessRegressor),
    ("svm", False, SVR),
    ("SVC", True, SVC),
    ("mlp", False, MLPRegressor),
    ("tree", True, DecisionTreeClassifier),
    ("Bayesian-Ridge", False, BayesianRidge),
    ("Ridge", True, Ridge),
    ("sklearn.linear_model:TweedieRegressor", False, TweedieRegressor),
]


@pytest.mark.parametrize(("name", "classes", "cls"), NAMED)
def test_names_are_read_kindly(name, classes, cls):
    assert type(estimator_named(name, classes)) is cls


@pytest.mark.parametrize("name", sorted(set(report.names()) - OTHERS))
def test_every_name_gives_the_same_answer_twice(name):
    model = estimator_named(name, classes=True)
    seed = model.get_params().get("random_state", 0)
    assert seed == 0 or (seed is None and type(model).__module__.startswith("sklearn.linear_model"))


def test_settings_of_linear_models_are_those_that_make_sense():
    assert estimator_named("sgd", classes=True).loss == "log_loss"
    assert type(estimator_named("sgd", classes=True)) is SGDClassifier
    assert estimator_named("tweedie", classes=False).power == 1.5


@varied("name", ["knn", "naive-bayes", *LINEAR], keep=3)
def test_every_name_is_an_estimator_that_can_start_warm(name):
    table = make_collection(classes=2)
    table, model = report.settle(replace(table, y=table.y + 1), name)
    fitted = report.learn_from_all(table, model)
    assert type(fitted) in (WarmStartRegressor, WarmStartClassifier)
    assert fitted.prior_.n_tasks == 9


def test_linear_models_alone_have_a_strength_that_others_are_tried_at():
    named = {name: strength_of(estimator_named(name, False)) for name in ("ridge", "lasso", "hgb", "svm", "mlp")}
    assert named == {"ridge": "alpha", "lasso": "alpha", "hgb": None, "svm": None, "mlp": None}
    assert strength_of(estimator_named("logistic", True)) == "C"
    assert strength_of(estimator_named("gradient-boosting", False)) is None  # its alpha is a quantile


OWN = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

class Mean(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)

class Bare:
    def fit(self, X, y): ...
    def predict(self, X): ...
    def get_params(self, deep=True): return {}

def curved():
    return make_pipeline(Nystroem(n_components=8, random_state=0), Ridge())

def needs(n): ...

ready = Ridge(alpha=2.0)
number = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "my_own_models.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("my_own_models", None)


def test_ones_own_is_named_by_module_and_class_function_or_value(own):
    assert type(estimator_named("my_own_models:Mean", False)).__name__ == "Mean"
    assert estimator_named("my_own_models:ready", False).alpha == 2.0
    pipeline = estimator_named("my_own_models:curved", False)
    learned = report.learn_from_all(make_collection(), pipeline)
    assert "nystroem -> MixturePrior(" in repr(learned.prior_)  # its last step is warm-started, as the shells do it


BAD = [
    ("rige", ValueError, "a class of scikit-learn, or package.module:Class for your own, found rige. Did you mean ridge?"),
    ("no_such_package:Model", ImportError, "the package no_such_package for no_such_package:Model, found it not installed"),
    (":Model", ImportError, "found it not installed"),
    ("sklearn.nothing:Model", ImportError, "found no module sklearn.nothing; correct the name"),
    ("sklearn.linear_model:Rige", ValueError, "found no Rige in sklearn.linear_model; did you mean Ridge"),
    ("StackingRegressor", TypeError, "without arguments, found StackingRegressor"),
    ("my_own_models:needs", TypeError, "write a function that does, and name it as package.module:function."),
    ("my_own_models:number", TypeError, "without arguments, found my_own_models:number"),
    ("KMeans", TypeError, "wanted a regressor or a classifier, found KMeans, which is none; clusters are for WarmStartC"),
    ("standardscaler", TypeError, "found StandardScaler, which is none; clusters are for WarmStartClusterer, and transformers"),
    ("my_own_models:KMeans", TypeError, "found KMeans; what is one subclasses RegressorMixin or ClassifierMixin"),
    ("my_own_models:Bare", TypeError, "found my_own_models:Bare to be Bare; subclass BaseEstimator of sklearn.base."),
    ("my_own_models:make_pipeline", TypeError, "--estimator: wanted"),
    ("collections:OrderedDict", TypeError, "an estimator with get_params, fit and predict, found collections:OrderedDict"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "error", "words"), BAD, ids=[bad[0] for bad in BAD])
def test_what_is_no_estimator_is_told_with_the_way_out(own, name, error, words):
    with pytest.raises(error, match="--estimator: wanted ") as found:
        estimator_named(name, classes=False)
    assert words in str(found.value)


@pytest.mark.parametrize(
    ("name", "package"), [("lightgbm", "skmeta[boosting]"), ("xgboost", "skmeta[boosting]"), ("catboost", "catboost")]
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(monkeypatch, capsys, name, package):
    monkeypatch.setattr(_names, "find_spec", lambda name: None)
    status, _, err = run(capsys, "--estimator", name)
    assert status == 2
    (line,) = err.splitlines()
    assert f"wanted the package {name} for {name}:" in line and f"pip install '{package}'" in line


def test_boosting_is_compared_and_warmed(few_fits, monkeypatch):
    learner = SharedModel(max_rounds=1, cv=2)
    monkeypatch.setattr(_warm, "warm_class", lambda model: partial(WarmStartRegressor, learner=learner))
    table, model = report.settle(make_collection(6), "hgb")
    model.set_params(max_iter=2)
    curve = report.compare(table, model)
    assert curve.names == ("own", "pooled", "residual", "boosted", "warm")
    assert np.isfinite(curve.scores).all()
    warm = report.learn_from_all(table, model)
    text = report.as_text(table, model, curve, report.judge(curve), warm)
    assert "boosting, id as category" in text and "HistGradientBoostingRegressor." in text and "strength" not in text
