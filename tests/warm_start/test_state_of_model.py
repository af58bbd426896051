"""What a fitted model is does not change under ``set_params``, and nobody sees it half stored."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.callback import ProgressBar
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartRegressor
from skmeta.compose import MixtureLearner
from skmeta.datasets import make_related_regression

X, Y, _ = make_related_regression(n_tasks=6, n_samples=8, n_features=2, random_state=0)
NEW = X[:4, :-1] + 1.0

CHANGES = [
    {"estimator__ridge__alpha": 1e6},
    {"estimator": Ridge(alpha=1e6)},
    {"prior": GaussianPrior([5.0, 5.0], np.eye(2))},
    {"task": 0},
    {"learner": EmpiricalBayes("diagonal")},
]


def fitted():
    return WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task=-1, learner=EmpiricalBayes()).fit(X, Y)


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: next(iter(each)))
def test_a_changed_parameter_changes_no_fitted_model(change):
    model = fitted()
    before = [model.predict(X), model.coef_, model.adapt(NEW, Y[:4]).predict(NEW)]
    strength = model.estimators_[0][-1].alpha
    model.set_params(**change)
    for found, expected in zip(
        [model.predict(X), model.coef_, model.adapt(NEW, Y[:4]).predict(NEW)], before, strict=True
    ):
        assert_allclose(found, expected, rtol=0, atol=0)
    assert model.estimators_[0][-1].alpha == strength


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: next(iter(each)))
def test_rows_are_not_added_under_other_parameters_until_they_are_set_back(change):
    model = fitted()
    before = model.get_params()
    model.set_params(**change)
    with pytest.raises(ValueError, match=r"partial_fit: wanted the parameters of the fit, found .* where the fit has"):
        model.partial_fit(X[:2], Y[:2])
    model.set_params(**{name: before[name] for name in change}).partial_fit(X[:2], Y[:2])


def test_parameters_of_the_run_alone_may_change():
    model = fitted().set_params(n_jobs=1, verbose=0, estimator__verbose=False).partial_fit(X[:2], Y[:2])
    assert_allclose(model.predict(X), fitted().partial_fit(X[:2], Y[:2]).predict(X), rtol=1e-12)


def test_the_state_of_a_fit_comes_in_one_assignment(monkeypatch):
    """Who looks at a model while it is fitted anew sees the old fit or the new one: names are never taken away one by one."""
    model, touched = fitted(), []
    monkeypatch.setattr(WarmStartRegressor, "__delattr__", lambda _, name: touched.append(name), raising=False)
    replaced = []

    def set_attribute(self, name, value):
        replaced.append((name, set(vars(self)), set(value) if name == "__dict__" else None))
        object.__setattr__(self, name, value)

    monkeypatch.setattr(WarmStartRegressor, "__setattr__", set_attribute, raising=False)
    model.set_params(task=None, learner="auto").fit(X, Y)
    (names,) = [(old, new) for name, old, new in replaced if name == "__dict__"]
    assert touched == []
    assert {"_known", "prior_"} <= names[0] and {"_plain", "prior_"} <= names[1] and "_known" not in names[1]


class Silent(EmpiricalBayes):
    """A learner of somebody's own that cannot tell how far it is."""

    def learn(self, estimator, tasks, prior=None, *, n_jobs=None):
        return super().learn(estimator, tasks, prior, n_jobs=n_jobs)


@pytest.mark.parametrize("learner", [Silent(), MixtureLearner(Silent(), n_components=1)], ids=["alone", "kinds"])
def test_a_learner_that_does_not_tell_how_far_it_is_works_with_a_bar(learner):
    plain, told = (WarmStartRegressor(Ridge(), task=-1, learner=learner) for _ in range(2))
    told.set_callbacks(ProgressBar())
    assert_allclose(told.fit(X, Y).predict(X), plain.fit(X, Y).predict(X), rtol=0, atol=0)


@pytest.mark.parametrize(
    "estimator", [DecisionTreeRegressor(max_depth=2), KNeighborsRegressor(2)], ids=["tree", "neighbours"]
)
def test_coefficients_that_are_not_there_name_the_estimator_and_what_has_them(estimator):
    model = WarmStartRegressor(estimator, task=-1).fit(X, Y)
    assert not hasattr(model, "coef_")
    with pytest.raises(AttributeError, match=rf"coef_: wanted .* found {type(estimator).__name__}.*estimators_\[id\]"):
        model.coef_  # noqa: B018
