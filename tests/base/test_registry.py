"""Which learner is meant for an estimator: by its class, by bases it keeps, by its own word, by a package's."""

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso, LassoCV, LogisticRegression, LogisticRegressionCV, MultiTaskLasso, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmeta import EmpiricalBayes, SharedModel, WarmStartRegressor
from skmeta.base import AdaptedEstimators, Learner, Prior, _registry, learner_for, register

pytestmark = pytest.mark.quick

X = np.column_stack([np.linspace(-1, 1, 24), np.repeat([0.0, 1.0, 2.0], 8)])
y = X[:, 0] + X[:, 1]


class Constant(RegressorMixin, BaseEstimator):
    """A third-party estimator: it declares no constraints of its parameters, as those of LightGBM and XGBoost do not."""

    def __init__(self, value=0.0):
        self.value = value

    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@dataclass(frozen=True, eq=False, repr=False)
class AnyPrior(Prior):
    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return AnyEstimators(self, estimator, tasks)


class AnyEstimators(AdaptedEstimators):
    def estimator(self, code):
        own, target, _ = next(iter(self.tasks.take([max(code, 0)])))
        return type(self.model)(**self.model.get_params()).fit(own, target)


class AnyLearner:
    """A learner of one's own need be no estimator."""

    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        return AnyPrior(n_tasks=len(tasks))


@pytest.fixture
def registry(monkeypatch):
    """A table of its own, so that what is registered here is forgotten."""
    monkeypatch.setattr(_registry, "_LEARNERS", dict(_registry._LEARNERS))
    yield _registry._LEARNERS
    _registry.load_entry_points.cache_clear()


@pytest.mark.parametrize("estimator", [Constant(), RandomForestRegressor(n_estimators=2), MultiTaskLasso()])
def test_a_given_learner_is_obeyed_for_any_estimator(estimator):
    target = np.c_[y, y] if isinstance(estimator, MultiTaskLasso) else y
    model = WarmStartRegressor(estimator, task=-1, learner=AnyLearner()).fit(X, target)
    assert isinstance(model.prior_, AnyPrior) and isinstance(model.learner_, AnyLearner)
    assert type(model.estimators_[1.0]) is type(estimator)
    assert type(model.adapt(X[:3, :1], target[:3])) is type(estimator)


@pytest.mark.parametrize("estimator", [Constant(), RandomForestRegressor(), MultiTaskLasso(), LassoCV(), SVC()])
def test_what_nobody_registered_is_the_fallbacks(estimator):
    assert isinstance(learner_for(estimator), SharedModel)


@pytest.mark.parametrize("estimator", [DummyRegressor, StandardScaler(), GridSearchCV(Ridge(), {"alpha": [1.0]})])
def test_what_is_no_model_raises_one_type_error(estimator):
    with pytest.raises(TypeError, match="estimator: wanted "):
        WarmStartRegressor(estimator, task=-1).fit(X, y)


def test_a_subclass_that_keeps_its_base_is_of_its_family():
    class MyRidge(Ridge):
        """With more to say, and the same parameters."""

    class Stronger(Ridge):
        def __init__(self, alpha=1.0, more=2.0):
            super().__init__(alpha=alpha)
            self.more = more

    class OwnFit(Ridge):
        def fit(self, X, y, sample_weight=None):
            return super().fit(X, np.log1p(y), sample_weight)

    class Clipped(Ridge):
        def predict(self, X):
            return np.maximum(super().predict(X), 0.0)

    assert isinstance(learner_for(MyRidge()), EmpiricalBayes)
    assert isinstance(learner_for(Lasso()), EmpiricalBayes)
    for other in (MultiTaskLasso(), LassoCV(), Stronger(), OwnFit(), Clipped()):
        assert isinstance(learner_for(other), SharedModel)
    assert isinstance(learner_for(LogisticRegression()), EmpiricalBayes)
    assert isinstance(learner_for(LogisticRegressionCV()), SharedModel)


def test_a_class_has_one_learner(registry):
    @register(Constant)
    class First(Learner):
        def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
            return AnyPrior()

    with pytest.raises(ValueError, match=r"register: wanted one learner for Constant, found .*Second beside .*First"):

        @register(Constant)
        class Second(First):
            pass

    assert type(learner_for(Constant())) is First
    register(Constant)(First)  # a module that is read twice


@pytest.mark.parametrize(
    ("classes", "learner", "words"),
    [
        ([Constant], object, "wanted a learner with a method learn"),
        ([Constant()], AnyLearner, r"wanted classes of estimators, found Constant\(\)"),
    ],
)
def test_what_cannot_be_registered_is_refused(registry, classes, learner, words):
    with pytest.raises(TypeError, match=f"register: {words}"):
        register(*classes)(learner)


def test_an_estimator_may_name_its_learner(registry):
    class Named(Constant):
        __skmeta_learner__ = AnyLearner

    assert isinstance(WarmStartRegressor(Named(), task=-1).fit(X, y).prior_, AnyPrior)


def test_a_package_may_say_that_it_has_families(registry, monkeypatch):
    asked = []

    def load(self):
        asked.append(self.group)
        register(Constant)(AnyLearner)

    monkeypatch.setattr(EntryPoint, "load", load)
    found = [EntryPoint("mine", "mine.families", "skmeta.families")]
    monkeypatch.setattr(_registry, "entry_points", lambda group: found if group == "skmeta.families" else [])
    _registry.load_entry_points.cache_clear()
    assert isinstance(learner_for(Constant()), AnyLearner)
    learner_for(Ridge())
    assert asked == ["skmeta.families"]


SCRIPT = """
import numpy as np
from dataclasses import dataclass
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GridSearchCV
from skmeta import NShotSplit, WarmStartRegressor
from skmeta.base import _registry, AdaptedEstimators, Learner, Prior, register

@dataclass(frozen=True, eq=False, repr=False)
class MyPrior(Prior):
    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return MyEstimators(self, estimator, tasks)

class MyEstimators(AdaptedEstimators):
    def estimator(self, code):
        return DummyRegressor().fit([[0.0]], [1.0])

@register(DummyRegressor)
class MyLearner(Learner):
    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        return MyPrior(n_tasks=len(tasks))

X = np.column_stack([np.zeros(24), np.repeat(np.arange(6.0), 4)])
model = WarmStartRegressor(DummyRegressor(), task=-1)
cv = NShotSplit(-1, n_shots=1, n_splits=2, random_state=0)
search = GridSearchCV(model, {"n_jobs": [None, 1]}, cv=cv, n_jobs=2, error_score="raise").fit(X, X[:, 0])
print(search.best_estimator_.prior_)
"""


def test_a_family_of_an_interactive_session_reaches_worker_processes():
    """What is registered in ``__main__`` is unknown to a worker until the model brings it."""
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
        check=False,
    )
    assert done.stdout.strip() == "MyPrior(n_tasks=6)", done.stderr


def test_a_search_finds_the_family_in_the_parent():
    model = WarmStartRegressor(Ridge(), task=-1)
    grid = GridSearchCV(model, {"estimator__alpha": [0.5, 1.0]}, n_jobs=2, cv=2, error_score="raise")
    assert np.isfinite(grid.fit(X, y).best_score_)


class NotPriors(AnyLearner):
    def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
        return 5


def test_what_a_learner_returns_is_a_prior():
    with pytest.raises(
        TypeError, match=r"learner: wanted a learner whose learn returns a Prior, found NotPriors.* int"
    ):
        WarmStartRegressor(Constant(), task=-1, learner=NotPriors()).fit(X, y)


def test_uncertainty_is_told_by_those_who_know_it():
    model = WarmStartRegressor(Swallowing(), task=-1, learner=AnyLearner()).fit(X, y)
    with pytest.raises(
        TypeError, match="return_std: wanted an estimator that tells how uncertain it is, found Swallowing"
    ):
        model.predict(X, return_std=True)


class Swallowing(Constant):
    """Its ``predict`` takes whatever keywords there are, as LightGBM's does."""

    def predict(self, X, **kwargs):
        return super().predict(X)


class TypicalPrior(AnyPrior):
    def adapt_tasks(self, estimator, tasks, *, n_jobs=None):
        return TypicalEstimators(self, estimator, tasks)


class TypicalEstimators(AdaptedEstimators):
    def estimator(self, code):
        return type(self.model)(value=1.0).fit(*next(iter(self.tasks))[:2])


def test_a_prior_of_another_family_is_named_with_the_estimator():
    prior = TypicalPrior(n_tasks=3)
    assert WarmStartRegressor(Constant(), prior=prior).fit(X, y).estimator_.value == 1.0
    with pytest.raises(
        TypeError, match=r"prior: wanted one for Ridge, found TypicalPrior\(n_tasks=3\), .* learned with"
    ):
        WarmStartRegressor(Ridge(), prior=prior).fit(X, y)
    learned = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_
    with pytest.raises(
        TypeError, match=r"prior: wanted one for Constant, found a GaussianPrior, which is for linear models"
    ):
        WarmStartRegressor(Constant(), prior=learned).fit(X[:, :1], y)
    with pytest.raises(TypeError, match=r"prior: wanted a GaussianPrior, .* for Ridge, found TypicalPrior"):
        WarmStartRegressor(Ridge(), task=-1, prior=prior).fit(X, y)


def test_who_registers_a_class_is_obeyed_though_skmeta_knows_its_name():
    class Booster(DummyRegressor):
        pass

    class Theirs:
        def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None): ...

    class Ours(Theirs): ...

    _registry.register_by_name(f"{Booster.__module__}.{Booster.__qualname__}")(Ours)
    register(Booster)(Theirs)
    assert _registry.registered_learner(Booster()) is Theirs
