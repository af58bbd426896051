"""The baselines of a model: the strengths of its penalty, its steps fitted once, and the best of them in hindsight."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmeta.model_selection import BoostedModel, OwnModel, PooledModel, make_baselines, shot_curve
from skmeta.model_selection._make_baselines import strength_of

pytestmark = pytest.mark.quick

rng = np.random.default_rng(0)
IDS = np.repeat(np.arange(6), 12)
X = np.column_stack([rng.normal(size=(72, 2)), IDS])
Y = rng.normal(size=6)[IDS] * X[:, 0] + 0.1 * rng.normal(size=72)


def strengths(models, name):
    inner = [model.regressor if isinstance(model, TransformedTargetRegressor) else model for model in models]
    return [model.estimator.get_params()[name] for model in inner]


@pytest.mark.parametrize(
    ("estimator", "name", "values"),
    [
        (Ridge(), "alpha", [0.01, 0.1, 1.0, 10.0]),
        (LogisticRegression(), "C", [100.0, 10.0, 1.0, 0.1]),
        (make_pipeline(StandardScaler(), Ridge()), "ridge__alpha", [0.01, 0.1, 1.0, 10.0]),
        (make_pipeline(make_pipeline(StandardScaler(), Ridge())), "pipeline__ridge__alpha", [0.01, 0.1, 1.0, 10.0]),
    ],
    ids=["ridge", "logistic", "pipeline", "pipeline in a pipeline"],
)
def test_a_penalty_has_four_strengths_wherever_it_stands(estimator, name, values):
    models = make_baselines(estimator, task=-1)
    for kind in ("own", "pooled", "residual"):
        assert_allclose(strengths(models[kind], name), values)
    assert estimator.get_params()[name] == 1.0  # what was passed is as it was


STEPS = make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge())
LOG = {"func": np.log, "inverse_func": np.exp}
TRANSFORMED = {
    "a model": (TransformedTargetRegressor(Ridge(), **LOG), "regressor__alpha"),
    "a pipeline": (TransformedTargetRegressor(STEPS, **LOG), "regressor__ridge__alpha"),
    "in a pipeline": (
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), TransformedTargetRegressor(Ridge(), **LOG)),
        "transformedtargetregressor__regressor__alpha",
    ),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_a_transformed_target_is_transformed_once_and_hides_no_penalty(name):
    estimator, path = TRANSFORMED[name]
    assert strength_of(estimator) == path
    models = make_baselines(estimator, task=-1)
    assert {kind: len(each) for kind, each in models.items()} == {"own": 4, "pooled": 4, "residual": 4, "boosted": 1}
    y, plain = np.exp(Y), STEPS if "pipeline" in name else Ridge()
    for kind, others in make_baselines(plain, task=-1).items():
        for one, other in zip(models[kind], others, strict=True):  # the baselines of the logarithm
            assert_allclose(one.fit(X, y).predict(X), np.exp(other.fit(X, np.log(y)).predict(X)))
    assert estimator.get_params()[path] == 1.0


def test_a_transformed_target_without_a_model_has_that_of_scikit_learn():
    assert {len(each) for each in make_baselines(TransformedTargetRegressor(**LOG), task=-1).values()} == {1}
    assert strength_of(TransformedTargetRegressor()) is None


def test_what_has_no_penalty_is_there_once_and_what_has_a_sign_has_no_residuals():
    assert {name: len(each) for name, each in make_baselines(KNeighborsRegressor(), task=-1).items()} == {
        "own": 1, "pooled": 1, "residual": 1, "boosted": 1}  # fmt: skip
    assert list(make_baselines(PoissonRegressor(), task=-1)) == ["own", "pooled", "boosted"]
    assert isinstance(make_baselines(PoissonRegressor(), task=-1)["own"][0], OwnModel)  # in its own units


def test_the_boosted_one_is_of_the_kind_of_the_estimator_behind_its_steps():
    (regressor,) = make_baselines(Ridge(), task=-1)["boosted"]
    (classifier,) = make_baselines(make_pipeline(StandardScaler(), LogisticRegression()), task=-1)["boosted"]
    assert isinstance(regressor.estimator, HistGradientBoostingRegressor)
    assert isinstance(classifier.estimator[-1], HistGradientBoostingClassifier)
    fitted = classifier.fit(X, Y > 0)
    assert_allclose(fitted.steps_[0].mean_, X[:, :2].mean(axis=0))
    scaled = np.column_stack([fitted.steps_.transform(X[:, :2]), IDS])
    alone = BoostedModel(classifier.estimator[-1], task=-1).fit(scaled, Y > 0)
    assert_array_equal(fitted.predict_proba(X), alone.predict_proba(scaled))


def test_of_several_the_best_at_each_number_of_shots_is_shown():
    tried = {str(alpha): OwnModel(Ridge(alpha=alpha), task=-1) for alpha in (0.01, 100.0)}
    parameters = {"task": -1, "n_shots": (1, 8), "n_splits": 3, "random_state": 0}
    each = shot_curve(tried, X, Y, **parameters)
    both = shot_curve({"own": list(tried.values()), "pooled": PooledModel(Ridge(), task=-1)}, X, Y, **parameters)
    best = each.mean.argmax(axis=0)
    assert_array_equal(both["own"], each.scores[best, np.arange(2)])
    with pytest.raises(
        ValueError, match="models: wanted an estimator, or a list of some, found an empty list as 'own'"
    ):
        shot_curve({"own": []}, X, Y, **parameters)
