"""Steps before the model: fitted once on the collection, they travel frozen in the prior."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from related import X, X_new, classifier, new, past, regressor, y, y_new
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler

from skmeta import GaussianPrior, WarmStartClassifier, WarmStartRegressor
from skmeta.steps import FrozenSteps, PriorWithSteps


@pytest.fixture(scope="module")
def learned():
    return regressor(task=-1).fit(X[past], y[past])


# Steps before the model ---------------------------------------------------------------------------------


def test_steps_are_fitted_once_on_the_collection_without_its_task_column():
    model = regressor(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(X, y)
    scaler = dict(model.prior_.steps.steps)["standardscaler"]
    assert_allclose(scaler.mean_, X[:, :-1].mean(axis=0))
    assert scaler.n_features_in_ == 3
    for plain in model.estimators_.values():
        assert_array_equal(plain[0].mean_, scaler.mean_)


def test_steps_travel_frozen_to_a_new_task():
    pipeline = make_pipeline(StandardScaler(), Ridge())
    prior = regressor(pipeline, task=-1).fit(X[past], y[past]).prior_
    shifted = 100.0 + 5.0 * X_new  # a scaler fitted to these rows would hide the shift
    for estimator in (pipeline, Ridge()):
        fitted = prior.adapt(estimator, shifted, y_new)
        assert_array_equal(fitted[0].mean_, dict(prior.steps.steps)["standardscaler"].mean_)
        model = WarmStartRegressor(estimator, prior=prior).fit(shifted, y_new)
        assert_allclose(model.predict(shifted), fitted.predict(shifted), rtol=1e-12)


def test_estimators_handed_out_share_nothing():
    model = regressor(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(X, y)
    before = model.predict(X)
    for plain in (model.estimators_[0], model.adapt(X_new, y_new)):
        plain[0].mean_ += 100.0
        plain[-1].coef_ += 1.0
    assert_array_equal(model.predict(X), before)
    assert model.estimators_[0][0].mean_.max() < 50.0


@pytest.mark.parametrize(
    "steps",
    [
        (SplineTransformer(4),),
        (SplineTransformer(knots=np.array([[-3.0] * 3, [0.0] * 3, [3.0] * 3])), StandardScaler()),
        (Nystroem(gamma=0.1, n_components=5, random_state=0),),
        ("passthrough", FunctionTransformer(np.arcsinh), None),
        (ColumnTransformer([("some", StandardScaler(), [0, 1])], remainder="passthrough"),),
    ],
    ids=lambda steps: "+".join(s if isinstance(s, str) else type(s).__name__ for s in steps),
)
def test_any_steps_make_a_model_that_starts_warm(steps):
    pipeline = Pipeline([*((f"step{i}", step) for i, step in enumerate(steps)), ("model", Ridge())])
    model = regressor(pipeline, task=-1).fit(X, y)
    again = WarmStartRegressor(clone(pipeline), prior=pickle.loads(pickle.dumps(model.prior_))).fit(X_new, y_new)
    assert isinstance(again.estimator_, Pipeline)
    assert_allclose(again.predict(X_new), again.estimator_.predict(X_new), rtol=1e-10)


@pytest.mark.parametrize(
    ("other", "word"),
    [
        (make_pipeline(StandardScaler(with_mean=False), Ridge()), "StandardScaler"),
        (make_pipeline(SplineTransformer(), Ridge()), "SplineTransformer"),
        (
            make_pipeline(StandardScaler(), SplineTransformer(), Ridge()),
            "StandardScaler -> SplineTransformer",
        ),
        (TransformedTargetRegressor(make_pipeline(StandardScaler(), Ridge())), "TransformedTargetRegressor"),
    ],
)
def test_other_steps_than_the_priors_raise(other, word):
    prior = regressor(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(X, y).prior_
    for attempt in (
        lambda: WarmStartRegressor(other, prior=prior).fit(X_new, y_new),
        lambda: regressor(other, prior=prior, task=-1).fit(X, y),
        lambda: prior.adapt(other, X_new, y_new),
        lambda: prior.zero_shot(other),
    ):
        with pytest.raises(ValueError, match=f"estimator: wanted .* that the prior was learned behind.*{word}"):
            attempt()


def test_steps_on_top_of_a_prior_without_steps_raise(learned):
    with pytest.raises(ValueError, match=r"learned behind \(none\)"):
        WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), prior=learned.prior_).fit(X_new, y_new)


def test_a_prior_by_hand_takes_fitted_steps_or_the_last_step_alone():
    by_hand, pipeline = {"mean": [1.0, -1.0, 0.5], "covariance": 0.1}, make_pipeline(StandardScaler(), Ridge())
    with pytest.raises(
        ValueError, match=r"wanted its last step alone, .*PriorWithSteps\(FrozenSteps\(pipeline\[:-1\].steps\), prior\)"
    ):
        WarmStartRegressor(pipeline, prior=GaussianPrior(**by_hand)).fit(X_new, y_new)
    pipeline.fit(X_new, y_new)
    prior = PriorWithSteps(FrozenSteps(pipeline[:-1].steps), GaussianPrior(**by_hand))
    warm = WarmStartRegressor(pipeline, prior=prior).fit(X_new, y_new).estimator_
    expected = WarmStartRegressor(Ridge(), prior=GaussianPrior(**by_hand)).fit(pipeline[:-1].transform(X_new), y_new)
    assert_allclose(warm[-1].coef_, expected.coef_)


def test_other_parameters_of_the_model_itself_are_free():
    prior = regressor(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(X, y).prior_
    other = prior.adapt(make_pipeline(StandardScaler(), Ridge(alpha=10.0)), X_new, y_new)
    assert other[-1].alpha == 10.0


def test_functions_are_compared_by_what_they_do():
    double, triple = FunctionTransformer(lambda A: 2.0 * A), FunctionTransformer(lambda A: 3.0 * A)
    prior = regressor(make_pipeline(double, Ridge()), task=-1).fit(X, y).prior_
    prior.adapt(make_pipeline(clone(double), Ridge()), X_new, y_new)
    with pytest.raises(ValueError, match="estimator: wanted the steps"):
        prior.adapt(make_pipeline(triple, Ridge()), X_new, y_new)


@pytest.mark.parametrize(
    "estimator",
    [
        TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
        TransformedTargetRegressor(make_pipeline(StandardScaler(), Ridge()), transformer=StandardScaler()),
        make_pipeline(StandardScaler(), TransformedTargetRegressor(Ridge(), transformer=StandardScaler())),
    ],
    ids=["alone", "around a pipeline", "at its end"],
)
def test_targets_are_transformed_by_one_frozen_transformer(estimator):
    positive = y - y.min()
    model = regressor(estimator, task=-1).fit(X[past], positive[past])
    assert type(model.estimators_[0]) is type(estimator)
    own = X[:, -1] == 0
    assert_allclose(model.predict(X[own]), model.estimators_[0].predict(X[own][:, :-1]), rtol=1e-10)
    adapted = model.adapt(X_new, positive[new])
    assert_allclose(adapted.predict(X_new), positive[new], atol=4.0 * np.std(y_new))
    assert adapted.n_features_in_ == 3
    if hasattr(model.prior_.steps.target.transformer_, "mean_"):
        assert_allclose(model.prior_.steps.target.transformer_.mean_, positive[past].mean())


def test_a_linear_transformation_of_the_target_changes_nothing():
    estimator = TransformedTargetRegressor(Ridge(), transformer=StandardScaler())
    model, plain = regressor(estimator, task=-1).fit(X, y), regressor(Ridge(), task=-1).fit(X, y)
    assert_allclose(model.predict(X), plain.predict(X), rtol=1e-9)


def test_text_is_one_column():
    rng = np.random.default_rng(0)
    words = np.array(["plum", "pear", "fig", "nut"])
    texts = [" ".join(words[rng.integers(0, 4, 5)]) for _ in range(60)]
    label = np.array(["sweet" if text.count("fig") > text.count("nut") else "dry" for text in texts])
    table = pd.DataFrame({"note": texts, "shop": np.repeat(["a", "b", "c"], 20)})
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = classifier(pipeline, task="shop").fit(table, label)
    assert model.score(table, label) > 0.8
    plain = model.adapt(texts[:10], label[:10])
    assert_array_equal(plain.predict(texts), plain.predict(table["note"]))
    one = WarmStartClassifier(pipeline, prior=model.prior_).fit(texts[:10], label[:10])
    assert_array_equal(one.predict(texts), plain.predict(texts))


def test_a_model_of_texts_takes_frames_of_one_column_and_columns_and_stays_plain():
    """A vectorizer alone reads the names of a frame's columns: one prediction for all rows."""
    texts = np.resize(["a plum", "a pear", "two pears", "two figs", "figs and plums"], 30)
    table, label = pd.DataFrame({"note": texts, "shop": np.repeat(["a", "b", "c"], 10)}), np.resize([0, 1, 1, 2, 2], 30)
    model = WarmStartClassifier(make_pipeline(TfidfVectorizer(), NearestCentroid()), task="shop").fit(table, label)
    frame, array = table[["note"]], table[["note"]].to_numpy(dtype=object)
    for rows in (frame, array, table["note"], texts.tolist()):
        plain = model.adapt(rows[:5], label[:5])
        for asked in (frame, array, table["note"], texts.tolist()):
            assert_array_equal(plain.predict(asked), plain.predict(texts.tolist()))
            with config_context(transform_output="pandas"):
                assert_array_equal(plain[0].transform(asked), texts)
        assert plain.predict(frame).shape == (30,)
        assert b"skmeta" not in pickle.dumps(plain)
    known = model.estimators_["a"]
    assert known.predict(frame).shape == (30,) and known.feature_names_in_.tolist() == ["note"]
    with pytest.raises(ValueError, match=r"1d array, got an array of shape \(30, 2\)"):
        plain.predict(table)
