"""Tables of every kind, targets and weights, and scikit-learn's tools around the shells."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from related import COUNTS, LABELS, NAMES, X, X_new, Xc, classifier, frame, new, past, regressor, y, y_new, yc
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Lasso, LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer, StandardScaler
from variations import varied

from skmeta import GaussianPrior, NShotSplit, WarmStartClassifier, WarmStartRegressor, stack_tasks
from skmeta.datasets import make_related_regression
from skmeta.linear_model import Units


@pytest.fixture(scope="module")
def learned():
    return regressor(task=-1).fit(X[past], y[past])


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


# Columns, whatever their order and names ------------------------------------------------------------------


def test_rows_without_names_come_in_the_order_of_the_fit():
    names = ["a", "b", "c"]
    prior = regressor(task="shop").fit(pd.DataFrame(X[:, :3], columns=names).assign(shop=X[:, 3]), y).prior_
    turned = pd.DataFrame(X_new, columns=names)[names[::-1]]
    model = WarmStartRegressor(Ridge(), prior=prior).fit(turned, y_new)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert_allclose(model.predict(turned.to_numpy()), model.predict(turned))


@pytest.mark.filterwarnings("ignore:context. wanted columns that the prior reads")
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


@varied(("estimator", "target"), WEIGHED, ids=lambda v: type(v).__name__)
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
    together = model.prior_.components[0].adapt(Ridge(), X_new, Y[new])
    for k in range(2):  # outputs share nothing but what kind of task theirs is
        alone = regressor(task=-1).fit(X, Y[:, k])
        assert_allclose(model.prior_.mean[k], alone.prior_.mean, rtol=1e-8)
        assert_allclose(together.coef_[k], alone.prior_.components[0].adapt(Ridge(), X_new, Y[new, k]).coef_, rtol=1e-8)
    plain = model.adapt(X_new, Y[new])
    assert plain.coef_.shape == (2, 3) and plain.predict(X_new).shape == (8, 2)
    mean, std = model.predict(X, return_std=True)
    assert std.shape == mean.shape and (std > 0).all()


def test_targets_in_frames_and_columns():
    reference = regressor(task=-1).fit(X, y).coef_
    for target in (y.tolist(), y[:, None], pd.DataFrame({"sales": y}), pl.Series(y), y.astype(object)):
        assert_allclose(regressor(task=-1).fit(X, target).coef_, reference, rtol=1e-12)


@varied("n_classes", [2, 3])
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


@varied(
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


def test_columns_that_describe_nothing_are_refused():
    model = WarmStartRegressor(Ridge(), context=["size"])
    with pytest.raises(ValueError, match="context: wanted None without task and prior"):
        model.fit(pd.DataFrame({"x": [1.0, 2.0], "size": [1.0, 1.0]}), [1.0, 2.0])


# Rows whose task nobody knows ------------------------------------------------------------------------------

NOTHING_SAID = {
    "pandas": lambda table: (table, table.assign(store=table["store"].where(np.arange(len(table)) > 2, None))),
    "category": lambda table: (
        table.astype({"store": "category"}),
        table.assign(store=table["store"].where(np.arange(len(table)) > 2, None)).astype({"store": "category"}),
    ),
    "dates": lambda table: (
        table.assign(store=pd.Timestamp("2024-01-01") + pd.to_timedelta(X[:, -1], "D")),
        table.assign(
            store=(pd.Timestamp("2024-01-01") + pd.to_timedelta(X[:, -1], "D")).where(np.arange(len(table)) > 2)
        ),
    ),
    "array": lambda table: (X, np.where((np.arange(len(X)) < 3)[:, None] & (np.arange(4) == 3), np.nan, X)),
    "polars": lambda table: (
        pl.from_pandas(table),
        pl.from_pandas(table.assign(store=table["store"].where(np.arange(len(table)) > 2, None))),
    ),
}


@pytest.mark.parametrize("kind", NOTHING_SAID)
def test_a_row_without_an_id_is_predicted_as_one_of_a_task_that_nobody_knows(kind):
    """What fit refuses, as its row would be learned from: that is in tests of bad input."""
    table, asked = NOTHING_SAID[kind](
        pd.DataFrame(X[:, :-1], columns=NAMES).assign(store=[f"s{i:.0f}" for i in X[:, -1]])
    )
    task = -1 if kind == "array" else "store"
    model = regressor(task=task).fit(table, y)
    found = model.predict(asked)
    unknown = model.prior_.zero_shot(Ridge())
    features = X[:3, :-1] if kind == "array" else pd.DataFrame(X[:3, :-1], columns=NAMES)
    assert_allclose(found[:3], unknown.predict(features))
    assert_array_equal(found[3:], model.predict(table)[3:])


def test_none_in_all_rows_is_no_misspelt_id_and_warns_of_nothing(learned):
    table = pd.DataFrame(X, columns=[*NAMES, "store"])
    model = regressor(task="store").fit(table, y)
    new_id = table.assign(store=-7.0)
    with pytest.warns(UserWarning, match="task: none of 1 id"):
        wanted = model.predict(new_id)
    assert_array_equal(model.predict(table.assign(store=None)), wanted)
    assert_array_equal(model.predict(table.assign(store=np.nan)), wanted)
