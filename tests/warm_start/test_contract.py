"""The contract of the shells: four cases of task and prior, frozen steps, any table, scikit-learn's tools."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import (
    BayesianRidge,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer, StandardScaler

from skmeta import (
    EmpiricalBayes,
    GaussianPrior,
    NShotSplit,
    WarmStartClassifier,
    WarmStartRegressor,
    stack_tasks,
)
from skmeta.datasets import make_related_classification, make_related_regression
from skmeta.linear_model import Units
from skmeta.steps import FrozenSteps, PriorWithSteps

QUICK = EmpiricalBayes("diagonal", max_iter=5)
X, y, _ = make_related_regression(n_tasks=9, n_samples=8, n_features=3, random_state=0)
Xc, yc, _ = make_related_classification(n_tasks=9, n_samples=12, n_features=3, n_classes=3, random_state=0)
LABELS = np.array(["ash", "birch", "cedar"])[yc.astype(int)]
COUNTS = np.random.default_rng(0).poisson(np.exp(0.5 * (y - y.mean()) / y.std()))
NAMES = ["depth", "width", "age"]

past, new = X[:, -1] < 7, X[:, -1] == 8
X_new, y_new = X[new][:, :-1], y[new]


def regressor(estimator=None, **params):
    return WarmStartRegressor(estimator or Ridge(), learner=QUICK, **params)


def classifier(estimator=None, **params):
    return WarmStartClassifier(estimator or LogisticRegression(), learner=QUICK, **params)


def frame(rows=slice(None), columns=None):
    table = pd.DataFrame(X[rows, :-1], columns=NAMES).assign(store=[f"s{int(i)}" for i in X[rows, -1]])
    return table if columns is None else table[columns]


@pytest.fixture(scope="module")
def learned():
    return regressor(task=-1).fit(X[past], y[past])


# The four cases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        Ridge(),
        LinearRegression(),
        make_pipeline(StandardScaler(), Ridge()),
        TransformedTargetRegressor(Ridge()),
    ],
)
def test_without_task_and_prior_it_is_the_plain_estimator(estimator):
    model, plain = WarmStartRegressor(estimator).fit(X, y), clone(estimator).fit(X, y)
    assert_array_equal(model.predict(X), plain.predict(X))
    assert model.prior_ is None and model.borrowing_ == 0.0
    assert type(model.estimator_) is type(plain)


def test_without_task_and_prior_a_classifier_is_the_plain_one():
    model, plain = (
        WarmStartClassifier(LogisticRegression()).fit(Xc, LABELS),
        LogisticRegression().fit(Xc, LABELS),
    )
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        assert_array_equal(getattr(model, method)(Xc), getattr(plain, method)(Xc))
    assert_array_equal(model.classes_, plain.classes_)
    assert_array_equal(model.coef_, plain.coef_)


def test_a_prior_alone_adapts_to_one_dataset(learned):
    model = WarmStartRegressor(Ridge(), prior=learned.prior_).fit(X_new, y_new)
    assert type(model.estimator_) is Ridge
    assert model.prior_ is learned.prior_
    assert_allclose(model.predict(X_new), model.estimator_.predict(X_new), rtol=1e-12)
    assert_allclose(model.coef_, learned.prior_.adapt(Ridge(), X_new, y_new).coef_, rtol=1e-12)
    assert 0.0 < model.borrowing_ < np.inf


def test_a_task_column_learns_and_adapts_to_every_task(learned):
    assert sorted(learned.estimators_) == list(range(7))
    assert learned.coef_.shape == (7, 3)
    for task, plain in learned.estimators_.items():
        rows = X[:, -1] == task
        assert type(plain) is Ridge
        assert_allclose(learned.predict(X[rows]), plain.predict(X[rows][:, :-1]), rtol=1e-12)
        assert_allclose(plain.coef_, learned.coef_[int(task)], rtol=1e-12)
        own = learned.prior_.adapt(Ridge(), X[rows][:, :-1], y[rows])
        assert_allclose(plain.coef_, own.coef_, rtol=1e-9)
    assert set(learned.borrowing_) == set(learned.estimators_)


def test_an_unknown_task_is_predicted_by_the_priors_mean(learned):
    rows = X[new]
    assert_allclose(learned.predict(rows), learned.prior_.zero_shot(Ridge()).predict(rows[:, :-1]), rtol=1e-12)


def test_task_and_prior_go_on_learning():
    first, second = X[:, -1] < 5, X[:, -1] >= 5
    one = regressor(task=-1).fit(X[first], y[first])
    before = pickle.dumps(one.prior_)
    two = regressor(task=-1, prior=one.prior_).fit(X[second], y[second])
    alone = regressor(task=-1).fit(X[second], y[second])
    both = regressor(task=-1).fit(X, y)
    assert two.prior_.n_tasks == both.prior_.n_tasks == 9
    assert two.prior_.n_rows == both.prior_.n_rows == len(X)
    gap = [np.abs(model.prior_.mean - both.prior_.mean).max() for model in (two, alone)]
    assert gap[0] < 0.5 * gap[1]
    assert pickle.dumps(one.prior_) == before


def test_a_prior_helps_where_rows_are_few(learned):
    few = slice(0, 3)
    warm = learned.prior_.adapt(Ridge(), X_new[few], y_new[few]).score(X_new[3:], y_new[3:])
    assert warm > Ridge().fit(X_new[few], y_new[few]).score(X_new[3:], y_new[3:])


def test_a_single_task_is_legal_with_a_prior(learned):
    rows = X[:, -1] == 8
    model = regressor(task=-1, prior=learned.prior_).fit(X[rows], y[rows])
    assert model.prior_.n_tasks == learned.prior_.n_tasks + 1


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


# Tables of every kind -----------------------------------------------------------------------------------


def tables():
    text = [f"s{int(i)}" for i in X[:, -1]]
    pandas = pd.DataFrame(X[:, :-1], columns=NAMES).assign(store=text)
    shuffled_index = pandas.set_index(np.random.default_rng(0).permutation(len(X)))
    yield "array", X, -1
    yield "list", X.tolist(), 3
    yield "text ids in an array", np.column_stack([np.asarray(text, object), X[:, :-1].astype(object)]), 0
    yield "csr", sparse.csr_array(X), -1
    yield "csc matrix", sparse.csc_matrix(X), 3
    yield "pandas", pandas, "store"
    yield "pandas, by position", pandas, -1
    yield "pandas, foreign index", shuffled_index, "store"
    yield "pandas, category first", pandas[["store", *NAMES]].astype({"store": "category"}), "store"
    yield "polars", pl.from_pandas(pandas), "store"
    yield "float32", X.astype(np.float32), -1


@pytest.mark.parametrize(("table", "task"), [t[1:] for t in tables()], ids=[t[0] for t in tables()])
def test_every_kind_of_table_gives_the_same_answer(table, task):
    reference = regressor(task=-1).fit(X, y)
    model = regressor(task=task).fit(table, pd.Series(y, index=np.arange(len(y))[::-1]))
    tolerance = 1e-4 if "float32" in str(getattr(table, "dtype", "")) else 1e-8
    assert_allclose(model.coef_, reference.coef_, atol=tolerance)
    own = [model.coef_[int(row[-1])] @ row[:-1] + plain_of(model, row).intercept_ for row in X[:20]]
    assert_allclose(model.predict(table)[:20], own, atol=1e-6)
    assert model.n_features_in_ == 4


def plain_of(model, row):
    return model.estimators_[list(model.estimators_)[int(row[-1])]]


def test_sparse_equals_dense_for_a_given_prior():
    prior = GaussianPrior(np.arange(4.0), np.eye(4), feature_names=NAMES)
    dense, thin = (
        GaussianPrior(prior.mean, prior.covariance, units=Units(np.zeros(3))).adapt(Ridge(), A, y_new)
        for A in (X_new, sparse.csr_array(X_new))
    )
    assert_allclose(dense.coef_, thin.coef_, rtol=1e-10)


def test_columns_are_matched_by_name():
    prior = regressor(task="store").fit(frame(past), y[past]).prior_
    assert prior.feature_names == tuple(NAMES)
    straight = prior.adapt(Ridge(), frame(new, NAMES), y_new)
    turned = prior.adapt(Ridge(), frame(new, NAMES[::-1]), y_new)
    assert_allclose(turned.coef_[::-1], straight.coef_, rtol=1e-10)
    assert list(turned.feature_names_in_) == NAMES[::-1]
    collection = regressor(task="store", prior=prior).fit(frame(columns=["store", *NAMES[::-1]]), y)
    assert_allclose(collection.coef_[:, ::-1], regressor(task="store", prior=prior).fit(frame(), y).coef_, rtol=1e-8)


@pytest.mark.parametrize("step", [StandardScaler(), FunctionTransformer(np.asarray)], ids=str)
def test_columns_of_frozen_steps_are_matched_by_name(step):
    pipeline = make_pipeline(step, Ridge())
    prior = regressor(pipeline, task="store").fit(frame(past), y[past]).prior_
    straight = WarmStartRegressor(pipeline, prior=prior).fit(frame(new, NAMES), y_new)
    turned = WarmStartRegressor(pipeline, prior=prior).fit(frame(new, NAMES[::-1]), y_new)
    assert_allclose(turned.predict(frame(new, NAMES[::-1])), straight.predict(frame(new, NAMES)), rtol=1e-10)
    again = regressor(pipeline, task="store", prior=prior).fit(frame(columns=["age", "store", "width", "depth"]), y)
    assert_allclose(again.coef_, regressor(pipeline, task="store", prior=prior).fit(frame(), y).coef_, rtol=1e-8)


def test_a_task_may_lack_a_column():
    tasks = {f"s{k}": (frame(X[:, -1] == k, NAMES), y[X[:, -1] == k]) for k in range(9)}
    tasks["s3"] = (tasks["s3"][0].drop(columns="age"), tasks["s3"][1])
    table, target = stack_tasks(tasks, task="store")
    model = regressor(task="store").fit(table, target)
    assert np.isfinite(model.predict(table)).all()
    lacking = model.prior_.adapt(Ridge(), tasks["s3"][0].assign(age=np.nan), tasks["s3"][1])
    assert_allclose(lacking.coef_, model.estimators_["s3"].coef_, rtol=1e-8)


def test_names_and_widths_are_recorded():
    model = regressor(task="store").fit(frame(), y)
    assert list(model.feature_names_in_) == [*NAMES, "store"]
    assert list(model.estimators_["s0"].feature_names_in_) == NAMES
    assert not hasattr(model.set_params(task=-1).fit(X, y), "feature_names_in_")


# Tools of scikit-learn ----------------------------------------------------------------------------------


def test_cross_validation_scores_new_tasks():
    cv = NShotSplit(-1, n_shots=4, n_splits=3, random_state=0)
    scores = cross_val_score(regressor(task=-1), X, y, cv=cv)
    for score, (train, test) in zip(scores, cv.split(X, y), strict=True):
        models = regressor(task=-1).fit(X[train], y[train]).estimators_
        own = [models[row[-1]].predict(row[None, :-1])[0] for row in X[test]]
        assert_allclose(score, r2_score(y[test], own))


def test_cross_val_predict_reads_the_task_column():
    shuffled = np.random.default_rng(0).permutation(len(X))
    out = cross_val_predict(regressor(task=-1), X[shuffled], y[shuffled], cv=4)
    assert np.corrcoef(out, y[shuffled])[0, 1] > 0.8


def test_cold_and_warm_are_one_grid():
    table, target, _ = make_related_regression(n_tasks=40, n_samples=8, n_features=8, random_state=0)
    old, own = table[:, -1] < 39, table[:, -1] == 39
    prior = regressor(task=-1).fit(table[old], target[old]).prior_
    grid = {"prior": [None, prior], "estimator__alpha": [0.1, 1.0, 10.0]}
    searches = [GridSearchCV(WarmStartRegressor(Ridge()), grid, cv=4, n_jobs=n) for n in (1, 2)]
    one, two = (search.fit(table[own, :-1], target[own]) for search in searches)
    assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    assert one.best_params_["prior"] is prior
    assert one.best_estimator_.prior is prior


def test_a_pipeline_is_searched_through():
    model = regressor(make_pipeline(SplineTransformer(), Ridge()), task=-1)
    grid = {"estimator__splinetransformer__n_knots": [3, 4], "learner__covariance": ["diagonal", "spherical"]}
    search = GridSearchCV(model, grid, cv=NShotSplit(-1, n_shots=3, n_splits=2, random_state=0)).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    "model",
    [
        regressor(),
        WarmStartRegressor(Lasso()),
        regressor(PoissonRegressor()),
        classifier(),
        classifier(SGDClassifier(random_state=0)),
    ],
    ids=str,
)
def test_the_answer_does_not_depend_on_n_jobs(model):
    table, target = (Xc, LABELS) if isinstance(model, WarmStartClassifier) else (X, COUNTS + 1.0)
    one, two = (clone(model).set_params(task=-1, n_jobs=n).fit(table, target) for n in (1, 2))
    assert_array_equal(one.coef_, two.coef_)
    assert_array_equal(one.prior_.covariance, two.prior_.covariance)
    assert_array_equal(one.predict(table), two.predict(table))


def test_order_of_rows_and_names_of_tasks_do_not_matter():
    rng = np.random.default_rng(1)
    rows, names = rng.permutation(len(X)), rng.permutation(9)
    renamed = np.column_stack([X[:, :-1], 100 * names[X[:, -1].astype(int)]])[rows]
    straight = WarmStartRegressor(Ridge(), task=-1).fit(X, y)
    shuffled = WarmStartRegressor(Ridge(), task=-1).fit(renamed, y[rows])
    assert_allclose(shuffled.predict(renamed), straight.predict(X)[rows], rtol=1e-10)


# Weights, outputs, labels -------------------------------------------------------------------------------

WEIGHED = [
    (Ridge(), y),
    (Lasso(tol=1e-12, max_iter=100_000), y),
    (PoissonRegressor(), COUNTS),
    (
        make_pipeline(StandardScaler(), TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh)),
        y,
    ),
    (make_pipeline(SplineTransformer(3), Ridge()), y),
]


@pytest.mark.parametrize(("estimator", "target"), WEIGHED, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("case", ["plain", "adapts", "learns", "learns on"])
def test_a_row_of_weight_zero_is_none_and_without_a_prior_one_of_weight_two_is_two(estimator, target, case):
    weight = np.random.default_rng(2).integers(0, 3 if case == "plain" else 2, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    prior = None if case in ("plain", "learns") else regressor(estimator, task=-1).fit(X, target).prior_
    columns, task = (X, -1) if "learns" in case else (X[:, :-1], None)
    model = regressor(estimator, task=task, prior=prior)
    weighed = clone(model).fit(columns, target, sample_weight=weight)
    repeated = clone(model).fit(columns[rows], target[rows])
    assert_allclose(weighed.predict(columns), repeated.predict(columns), rtol=1e-5)
    assert np.abs(weighed.predict(columns) - clone(model).fit(columns, target).predict(columns)).max() > 1e-3


def test_weights_of_a_classifier_are_relative():
    weight = np.random.default_rng(2).integers(1, 3, len(Xc))
    weighed = classifier(task=-1).fit(Xc, LABELS, sample_weight=weight)
    heavier = classifier(task=-1).fit(Xc, LABELS, sample_weight=7.0 * weight)
    assert_allclose(weighed.predict_proba(Xc), heavier.predict_proba(Xc), rtol=1e-5)
    by_class = classifier(LogisticRegression(class_weight={"ash": 2, "birch": 1, "cedar": 1}), task=-1)
    doubled = np.where(LABELS == "ash", 2.0, 1.0)
    assert_allclose(
        by_class.fit(Xc, LABELS).coef_,
        classifier(task=-1).fit(Xc, LABELS, sample_weight=doubled).coef_,
        rtol=1e-8,
    )


def test_adapt_and_a_new_task_take_weights(learned):
    weight = np.arange(len(y_new)) % 2
    weighed, some = learned.adapt(X_new, y_new, weight), learned.adapt(X_new[weight == 1], y_new[weight == 1])
    assert_allclose(weighed.coef_, some.coef_, rtol=1e-8)
    heavy = np.r_[50.0, np.ones(len(y_new) - 1)]
    gap = [abs((y_new - learned.adapt(X_new, y_new, w).predict(X_new))[0]) for w in (None, heavy)]
    assert gap[1] < gap[0]


def test_several_outputs():
    Y = np.column_stack([y, 3.0 - 2.0 * y + X[:, 0]])
    model = regressor(task=-1).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.coef_.shape == (9, 2, 3)
    for k in range(2):  # outputs share nothing but how often a task is a stranger
        alone = regressor(task=-1).fit(X, Y[:, k])
        assert_allclose(model.prior_.mean[k], alone.prior_.mean, rtol=1e-8)
        assert_allclose(model.predict(X)[:, k], alone.predict(X), atol=0.01 * Y[:, k].std())
    plain = model.adapt(X_new, Y[new])
    assert plain.coef_.shape == (2, 3) and plain.predict(X_new).shape == (8, 2)
    mean, std = model.predict(X, return_std=True)
    assert std.shape == mean.shape and (std > 0).all()


def test_targets_in_frames_and_columns():
    reference = regressor(task=-1).fit(X, y).coef_
    for target in (y.tolist(), y[:, None], pd.DataFrame({"sales": y}), pl.Series(y), y.astype(object)):
        assert_allclose(regressor(task=-1).fit(X, target).coef_, reference, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_of_any_kind(n_classes):
    codes = yc.astype(int) % n_classes
    reference = classifier(task=-1).fit(Xc, codes)
    for labels in (np.array(["u", "v", "w"]), np.array([7, 11, 30]), np.array([-1.5, 0.0, 2.0]).astype(int)):
        model = classifier(task=-1).fit(Xc, labels[codes])
        assert_array_equal(model.classes_, labels[:n_classes])
        assert_array_equal(model.predict(Xc), labels[reference.predict(Xc)])
        assert_allclose(model.predict_proba(Xc), reference.predict_proba(Xc), rtol=1e-10)
        plain = model.estimators_[2.0]
        assert_array_equal(plain.classes_, labels[:n_classes])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_of_a_classifier_agree(n_classes):
    model = classifier(task=-1).fit(Xc, LABELS if n_classes == 3 else LABELS == "ash")
    probability, score = model.predict_proba(Xc), model.decision_function(Xc)
    assert_allclose(probability.sum(axis=1), 1.0)
    assert_allclose(np.exp(model.predict_log_proba(Xc)), probability)
    assert_array_equal(model.classes_[probability.argmax(axis=1)], model.predict(Xc))
    for task, plain in model.estimators_.items():
        rows = Xc[:, -1] == task
        own = Xc[rows][:, :-1]
        assert_allclose(plain.decision_function(own), score[rows], rtol=1e-10)
        assert_array_equal(plain.predict(own), model.predict(Xc[rows]))
        # What is not known of the coefficients makes the shell less sure than the plug-in of the mode.
        plain.coef_, plain.intercept_ = plain.coef_ / plain.moderation_, plain.intercept_ / plain.moderation_
        assert probability[rows].max(axis=1).mean() < plain.predict_proba(own).max(axis=1).mean()


# What a fitted model gives ------------------------------------------------------------------------------


def test_estimators_are_made_when_asked_for(learned):
    mapping = learned.estimators_
    assert len(mapping) == 7 and 3 in mapping and 99 not in mapping and "3" not in mapping
    assert mapping[3] is not mapping[3]
    with pytest.raises(KeyError, match="no task 99 among the 7"):
        mapping[99]
    assert "Ridge" not in repr(mapping)


def test_many_tasks_do_not_mean_many_objects():
    table, target, _ = make_related_regression(n_tasks=3000, n_samples=3, n_features=2, random_state=0)
    model = regressor(task=-1).fit(table, target)
    assert len(model.estimators_) == 3000
    assert len(pickle.dumps(model)) < 3000 * 400


def test_adapt_takes_a_new_task_with_and_without_its_column(learned):
    plain = learned.adapt(X_new, y_new)
    assert type(plain) is Ridge
    assert_array_equal(learned.adapt(X[new], y[new]).coef_, plain.coef_)  # its column tells nothing new
    several = learned.adapt(X[~past], y[~past])
    assert sorted(several) == [7, 8]
    assert_allclose(several[8].coef_, plain.coef_, rtol=1e-12)
    named = regressor(task="store").fit(frame(past), y[past])
    assert_allclose(named.adapt(frame(new, NAMES), y_new).coef_, plain.coef_, rtol=1e-10)
    assert list(named.adapt(frame(~past), y[~past])) == ["s7", "s8"]
    assert_allclose(named.adapt(frame(~past), y[~past])["s8"].coef_, plain.coef_, rtol=1e-10)


def test_adapt_leaves_the_model_as_it_was(learned):
    before = pickle.dumps(learned)
    learned.adapt(X_new, y_new)
    learned.adapt(X[~past], y[~past])
    assert pickle.dumps(learned) == before


def test_one_new_task_does_not_pull_the_batch_back(learned):
    mixed = X[[0, -1, 20, 40]]  # the second is of a task never seen
    alone = [learned.predict(row[None])[0] for row in mixed]
    assert_allclose(learned.predict(mixed), alone, rtol=1e-12)
    assert_allclose(learned.predict(mixed)[0], learned.estimators_[0].predict(mixed[:1, :-1])[0], rtol=1e-12)


def test_standard_deviations_shrink_with_rows_and_hold_the_noise(learned):
    rows = X[[0, -1]]
    _, (known, unknown) = learned.predict(rows, return_std=True)
    assert np.sqrt(learned.prior_.noise) * 0.5 < known < unknown
    with pytest.raises(TypeError, match="return_std: wanted a model that has learned"):
        WarmStartRegressor(Ridge()).fit(X, y).predict(X, return_std=True)
    plain = WarmStartRegressor(BayesianRidge()).fit(X, y)
    assert_array_equal(plain.predict(X, return_std=True)[1], plain.estimator_.predict(X, return_std=True)[1])


def test_unfitted_models_say_so():
    for model in (regressor(task=-1), classifier()):
        for attempt in (
            lambda m: m.predict(X),
            lambda m: m.adapt(X, y),
            lambda m: m.coef_,
            lambda m: m.borrowing_,
        ):
            with pytest.raises(NotFittedError):
                attempt(model)


def test_one_dataset_has_no_estimators(learned):
    model = WarmStartRegressor(Ridge(), prior=learned.prior_).fit(X_new, y_new)
    assert not hasattr(model, "estimators_") and not hasattr(learned, "estimator_")
    with pytest.raises(AttributeError, match=r"without a task column.*has one estimator, estimator_"):
        model.estimators_  # noqa: B018
    with pytest.raises(AttributeError, match=r"one estimator for each of 7 tasks.* estimators_\[0.0\].*adapt\(X, y\)"):
        learned.estimator_  # noqa: B018


def test_ids_that_no_task_has_are_told(learned):
    assert 999 not in learned.estimators_ and None not in learned.estimators_ and "0" not in learned.estimators_
    with pytest.raises(
        KeyError, match=r"no task 999 among the 7 .* \(0.0, 1.0, 2.0, 3.0, 4.0, \.\.\.\); adapt\(X, y\)"
    ):
        learned.estimators_[np.int64(999)]


@pytest.mark.parametrize("shell", [WarmStartRegressor, WarmStartClassifier])
def test_the_estimator_that_is_missing_is_missed_by_name(shell):
    with pytest.raises(TypeError, match=rf"^{shell.__name__}\.__init__\(\) missing .* 'estimator'"):
        shell(task="store")


def test_methods_are_those_of_the_estimator():
    for method in ("predict_proba", "predict_log_proba"):
        assert not hasattr(classifier(SGDClassifier()), method)
        assert hasattr(classifier(SGDClassifier(loss="log_loss")), method)
    assert not hasattr(regressor(), "decision_function")


PLAIN = """
import pickle, sys
sys.modules["skmeta"] = None  # importing it would raise
from numpy.testing import assert_array_equal
with open(sys.argv[1], "rb") as file:
    models, X, expected = pickle.load(file)
for model, values in zip(models, expected, strict=True):
    assert_array_equal(model.predict(X), values)
    assert "skmeta" not in repr(model)
print(len(models), "predicted")
"""


def test_plain_estimators_predict_where_skmeta_is_not_installed(tmp_path, learned):
    target = TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh)
    scaled = make_pipeline(StandardScaler(), target)
    models = [
        learned.estimators_[0],
        learned.adapt(X_new, y_new),
        learned.prior_.zero_shot(Ridge()),
        WarmStartRegressor(Lasso(), prior=learned.prior_).fit(X_new, y_new).estimator_,
        WarmStartRegressor(SGDRegressor(random_state=0), prior=learned.prior_).fit(X_new, y_new).estimator_,
        regressor(scaled, task=-1).fit(X, y).estimators_[0],
        regressor(PoissonRegressor(), task=-1).fit(X, COUNTS).estimators_[0],
        classifier(task=-1).fit(Xc, LABELS).estimators_[0],
        classifier(make_pipeline(StandardScaler(), LogisticRegression()), task=-1).fit(Xc, LABELS).estimators_[1],
    ]
    path = tmp_path / "models.pkl"
    path.write_bytes(pickle.dumps((models, X_new, [model.predict(X_new) for model in models])))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        check=False,
    )
    assert done.stdout == f"{len(models)} predicted\n", done.stderr


# State --------------------------------------------------------------------------------------------------


def test_fitting_twice_is_fitting_once(learned):
    again = clone(learned).fit(X[past], y[past]).fit(X[past], y[past])
    assert again.prior_.n_tasks == 7
    assert_array_equal(again.coef_, learned.coef_)
    onward = regressor(task=-1, prior=learned.prior_)
    assert onward.fit(X[~past], y[~past]).fit(X[~past], y[~past]).prior_.n_tasks == 9


def test_a_refit_forgets_the_earlier_kind_of_fit(learned):
    model = clone(learned).fit(X[past], y[past])
    model.set_params(task=None).fit(X_new, y_new)
    assert model.prior_ is None and not hasattr(model, "estimators_") and not hasattr(model, "learner_")
    assert model.n_features_in_ == 3 and model.borrowing_ == 0.0


def test_clone_keeps_parameters_and_forgets_the_fit(learned):
    model = WarmStartRegressor(Ridge(), prior=learned.prior_, task="x", learner=QUICK, n_jobs=3)
    copy = clone(model)
    assert copy.prior is model.prior and copy.learner.max_iter == 5 and copy.n_jobs == 3 and copy.task == "x"
    assert not hasattr(clone(learned), "prior_")
    assert clone(learned).prior is None


def test_the_users_objects_are_left_alone():
    estimator, learner = make_pipeline(StandardScaler(), Ridge()), EmpiricalBayes("diagonal", max_iter=5)
    table, target, weight = X.copy(), y.copy(), np.ones(len(y))
    WarmStartRegressor(estimator, task=-1, learner=learner).fit(table, target, sample_weight=weight)
    assert not hasattr(estimator[0], "mean_") and not hasattr(learner, "structure_")
    assert_array_equal(table, X)
    assert_array_equal(target, y)


@pytest.mark.parametrize("kind", [OneHotEncoder(handle_unknown="ignore"), StandardScaler()], ids=str)
def test_a_column_transformer_by_name(kind):
    column = "shape" if isinstance(kind, OneHotEncoder) else "age"
    table = frame().assign(shape=np.resize(["round", "flat", "long"], len(X)))
    steps = ColumnTransformer([("some", kind, [column])], remainder="drop")
    model = regressor(make_pipeline(steps, Ridge()), task="store").fit(table, y)
    assert_allclose(
        model.predict(table)[:1], model.estimators_["s0"].predict(table.drop(columns="store")[:1]), rtol=1e-12
    )


# Columns, whatever their order and names ------------------------------------------------------------------


def test_rows_without_names_come_in_the_order_of_the_fit():
    names = ["a", "b", "c"]
    prior = regressor(task="shop").fit(pd.DataFrame(X[:, :3], columns=names).assign(shop=X[:, 3]), y).prior_
    turned = pd.DataFrame(X_new, columns=names)[names[::-1]]
    model = WarmStartRegressor(Ridge(), prior=prior).fit(turned, y_new)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert_allclose(model.predict(turned.to_numpy()), model.predict(turned))


def test_context_is_the_tables_or_the_priors():
    table = pd.DataFrame(X[:, :3], columns=["a", "b", "c"]).assign(shop=X[:, 3], size=X[:, 3] % 2)
    learned = regressor(task="shop", context=["size"]).fit(table, y)
    new = table[:6].drop(columns="shop")
    with_size, without = (
        WarmStartRegressor(Ridge(), prior=learned.prior_).fit(t, y[:6]) for t in (new, new[["a", "b", "c"]])
    )
    assert_allclose(with_size.predict(new), without.predict(new[["a", "b", "c"]]))
    plain = regressor(task="shop").fit(table.drop(columns="size"), y).prior_
    model = WarmStartRegressor(Ridge(), prior=plain, context=["size"]).fit(new, y[:6])
    assert_allclose(model.predict(new), with_size.predict(new))
    with pytest.raises(ValueError, match="context: wanted columns beside the task column, found 'shop'"):
        regressor(task="shop", context=["shop"]).fit(table, y)
