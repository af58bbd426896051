"""The baselines are ordinary scikit-learn estimators of any table."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from baselines import BASELINES, IDS, LABELS, NEW, TABLE, UNKNOWN, X, Y, as_named, each_baseline
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks
from variations import varied

from skmeta.model_selection import NShotSplit

# Tables -----------------------------------------------------------------------------------------------


@each_baseline
@pytest.mark.parametrize(
    ("convert", "task"),
    [
        (lambda table: np.column_stack([table[:, -1], table[:, :-1]]), 0),
        (lambda table: table.tolist(), 3),
        (lambda table: np.array(as_named(table), dtype=object), -1),
        (sparse.csr_array, -1),
        (sparse.csc_matrix, 3),
        (as_named, "shop"),
        (lambda table: as_named(table).set_index(-np.arange(len(table))), "shop"),
        (lambda table: as_named(table)[["shop", "x", "y", "z"]].astype({"shop": "category"}), 0),
        (lambda table: pl.from_pandas(as_named(table)), "shop"),
    ],
    ids=["first", "lists", "objects", "csr", "csc", "pandas", "index", "category", "polars"],
)
def test_any_table_gives_the_same_answer(Baseline, convert, task):
    expected = Baseline(Ridge(), task=-1).fit(TABLE, Y).predict(NEW)
    model = Baseline(Ridge(), task=task).fit(convert(TABLE), pd.Series(Y, index=-np.arange(len(Y))))
    assert_allclose(model.predict(convert(NEW)), expected, rtol=1e-6)
    labels = Baseline(LogisticRegression(), task=task).fit(convert(TABLE), LABELS)
    expected = Baseline(LogisticRegression(), task=-1).fit(TABLE, LABELS).predict_proba(NEW)
    assert_allclose(labels.predict_proba(convert(NEW)), expected, rtol=1e-3, atol=1e-4)


@each_baseline
@pytest.mark.parametrize("target", [Y, LABELS], ids=["regressor", "classifier"])
def test_the_order_of_rows_at_fit_and_predict_is_of_no_matter(Baseline, target):
    model = Baseline(Ridge() if target is Y else RidgeClassifier(), task=-1)
    shuffle = np.random.default_rng(0).permutation(len(TABLE))
    once, again = clone(model).fit(TABLE, target), clone(model).fit(TABLE[shuffle], target[shuffle])
    if target is Y:
        assert_allclose(again.predict(TABLE[shuffle]), once.predict(TABLE)[shuffle], rtol=1e-9)
    else:
        assert_array_equal(again.predict(TABLE[shuffle]), once.predict(TABLE)[shuffle])


@each_baseline
def test_ids_are_matched_by_value_never_by_position(Baseline):
    far = np.array([-7, 40, 2, 1000, 3, 8])
    table = np.column_stack([X, far[IDS]])
    new = np.column_stack([NEW[:, :-1], np.where(UNKNOWN, 0, far[NEW[:, -1].astype(int) % 99])])
    expected = Baseline(Ridge(), task=-1).fit(TABLE, Y).predict(NEW)
    assert_allclose(Baseline(Ridge(), task=-1).fit(table, Y).predict(new), expected, rtol=1e-9)
    strings = pd.DataFrame(X).assign(task=IDS.astype(str)).rename(columns=str)
    numbers = strings.assign(task=IDS)
    model = Baseline(Ridge(), task="task").fit(strings, Y)
    with pytest.raises(
        TypeError, match=r"task: wanted ids like those learned \('\d+'\), found \d+; numbers and text never"
    ):
        model.predict(numbers)  # "3" is not 3


@each_baseline
def test_several_outputs(Baseline):
    both = np.column_stack([Y, -2 * Y])
    expected = Baseline(Ridge(), task=-1).fit(TABLE, Y).predict(NEW)
    model = Baseline(Ridge(), task=-1).fit(TABLE, both)
    assert_allclose(model.predict(NEW), np.column_stack([expected, -2 * expected]), rtol=1e-9)


@each_baseline
@varied("estimator", [Ridge(), KNeighborsRegressor(1)], ids=["ridge", "knn"])
def test_a_target_of_one_column_is_no_trap(Baseline, estimator):
    flat = Baseline(estimator, task=-1).fit(TABLE, Y).predict(NEW)
    column = Baseline(estimator, task=-1).fit(TABLE, Y[:, None]).predict(NEW)
    assert_allclose(column.ravel(), flat, rtol=1e-9)


# In scikit-learn ----------------------------------------------------------------------------------------


@parametrize_with_checks([BASELINES[0](LogisticRegression()), *(B(Ridge()) for B in BASELINES)])
def test_without_a_task_column_it_is_an_ordinary_estimator(estimator, check):
    check(estimator)


@pytest.mark.variations
@parametrize_with_checks([B(LogisticRegression()) for B in BASELINES[1:]])
def test_so_are_other_baselines_of_a_classifier(estimator, check):
    check(estimator)


@each_baseline
def test_type_and_methods_are_those_of_the_estimator(Baseline):
    assert is_regressor(Baseline(Ridge()))
    assert is_classifier(Baseline(LogisticRegression()))
    assert not hasattr(Baseline(Ridge()), "predict_proba")
    assert not hasattr(Baseline(RidgeClassifier()), "predict_proba")
    assert hasattr(Baseline(LogisticRegression()), "predict_proba")
    assert not hasattr(Baseline(Ridge(), task=-1).fit(TABLE, Y), "classes_")


@each_baseline
def test_score_is_accuracy_or_the_coefficient_of_determination(Baseline):
    weights = np.arange(len(Y)) + 1.0
    for estimator, target, score in ((Ridge(), Y, r2_score), (LogisticRegression(), LABELS, accuracy_score)):
        model = Baseline(estimator, task=-1).fit(TABLE, target)
        assert model.score(TABLE, target) == score(target, model.predict(TABLE))
        assert model.score(TABLE, target, weights) == score(target, model.predict(TABLE), sample_weight=weights)


@each_baseline
def test_it_is_searched_scored_on_new_tasks_cloned_and_pickled(Baseline):
    frame = as_named(TABLE)
    cv = NShotSplit("shop", 4, 3, random_state=0)
    grid = {"estimator__alpha": [1.0, 10.0], "estimator": [Ridge()]}
    search = GridSearchCV(Baseline(Ridge(), task="shop"), grid, cv=cv).fit(frame, Y)
    assert_allclose(
        search.best_score_, cross_val_score(clone(search.best_estimator_), frame, Y, cv=cv).mean(), rtol=1e-9
    )
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert_array_equal(again.predict(frame), search.predict(frame))


@each_baseline
def test_fitting_again_forgets_and_leaves_the_parameters_alone(Baseline):
    estimator = Ridge()
    model = Baseline(estimator, task=-1).fit(TABLE, Y).fit(TABLE[IDS < 2], Y[IDS < 2])
    fresh = Baseline(Ridge(), task=-1).fit(TABLE[IDS < 2], Y[IDS < 2])
    assert_array_equal(model.predict(NEW), fresh.predict(NEW))
    assert model.estimator is estimator
    assert not hasattr(estimator, "coef_")


# Bad input ------------------------------------------------------------------------------------------------


@each_baseline
@pytest.mark.parametrize(
    ("table", "target", "task", "words"),
    [
        (as_named(TABLE), Y, "shpo", "Did you mean 'shop'"),
        (TABLE, Y, 4, "task=4"),
        (TABLE, Y, "shop", "no column names"),
        (TABLE, Y[1:], -1, "inconsistent numbers of samples"),
        (np.where(TABLE == 3, np.nan, TABLE), Y, -1, "missing"),
        (TABLE, None, -1, "requires y"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(Baseline, table, target, task, words):
    with pytest.raises(ValueError, match=words):
        Baseline(Ridge(), task=task).fit(table, target)


@each_baseline
def test_other_columns_at_predict_are_refused(Baseline):
    frame = as_named(TABLE)
    model = Baseline(Ridge(), task="shop").fit(frame, Y)
    with pytest.raises(ValueError, match=r"(?s)feature names.*order"):
        model.predict(frame[["shop", "x", "y", "z"]])
    with pytest.raises(ValueError, match=r"X has 3 features, but .* is expecting 4"):
        Baseline(Ridge(), task=-1).fit(TABLE, Y).predict(TABLE[:, 1:])


@each_baseline
def test_classifiers_take_one_column_of_labels(Baseline):
    with pytest.raises(ValueError, match="1d array"):
        Baseline(LogisticRegression(), task=-1).fit(TABLE, np.column_stack([LABELS, LABELS]))


@each_baseline
def test_it_says_when_it_is_not_fitted(Baseline):
    with pytest.raises(NotFittedError):
        Baseline(DummyClassifier(), task=-1).predict(TABLE)
