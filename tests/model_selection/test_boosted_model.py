"""One boosted model with the id as a category: the same as by hand, and what is done with more ids than it takes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.preprocessing import TargetEncoder
from sklearn.utils.estimator_checks import parametrize_with_checks

from skmeta.model_selection import BoostedModel, NShotSplit

rng = np.random.default_rng(0)
IDS = rng.permutation(np.repeat(np.arange(12), 30))
X = rng.normal(size=(360, 2))
LEVEL = rng.normal(scale=3.0, size=12)
Y = X[:, 0] + LEVEL[IDS] + 0.1 * rng.normal(size=360)
LABELS = np.array(["low", "mid", "high"])[np.digitize(Y, [-1.0, 1.0])]
TABLE = np.column_stack([X, IDS])
SMALL = {"max_iter": 20, "min_samples_leaf": 5, "random_state": 0}


def test_ids_are_a_category_of_the_booster():
    model = BoostedModel(HistGradientBoostingRegressor(**SMALL), task=-1).fit(TABLE, Y)
    by_hand = HistGradientBoostingRegressor(categorical_features=[2], **SMALL).fit(TABLE, Y)
    assert_array_equal(model.predict(TABLE), by_hand.predict(TABLE))
    assert model.encoder_ is None
    unknown = np.column_stack([X[:5], np.full(5, 99)])
    assert_array_equal(model.predict(unknown), by_hand.predict(np.column_stack([X[:5], np.full(5, np.nan)])))


def test_ids_may_be_text_and_other_columns_categories():
    frame = pd.DataFrame(X, columns=["a", "b"]).assign(kind=IDS % 3, shop=[f"shop {k:02d}" for k in IDS])
    expected = HistGradientBoostingRegressor(categorical_features=[2, 3], **SMALL)
    expected.fit(np.column_stack([X, IDS % 3, IDS]), Y)
    for before in ([2], [False, False, True], np.array([2])):
        booster = HistGradientBoostingRegressor(categorical_features=before, **SMALL)
        model = BoostedModel(booster, task="shop").fit(frame, Y)
        assert_array_equal(model.predict(frame), expected.predict(np.column_stack([X, IDS % 3, IDS])))


def test_of_more_ids_than_categories_means_of_other_rows_are_taken():
    booster = HistGradientBoostingRegressor(max_bins=11, **SMALL)
    model = BoostedModel(booster, task=-1).fit(TABLE, Y)
    encoder = TargetEncoder(target_type="continuous", cv=KFold(5, shuffle=True, random_state=0))
    means = encoder.fit_transform(IDS[:, None], Y)
    by_hand = HistGradientBoostingRegressor(max_bins=11, **SMALL).fit(np.column_stack([X, means]), Y)
    ids = np.r_[IDS[:350], np.full(10, 99)]  # and some that are unknown
    whole = np.column_stack([X, encoder.transform(ids[:, None])])
    assert_array_equal(model.predict(np.column_stack([X, ids])), by_hand.predict(whole))


@pytest.mark.parametrize("max_bins", [255, 11])
def test_it_knows_the_level_of_a_task_either_way(max_bins):
    model = BoostedModel(HistGradientBoostingRegressor(max_iter=100, max_bins=max_bins), task=-1).fit(TABLE, Y)
    assert np.abs(model.predict(TABLE) - Y).mean() < 0.3 * np.abs(Y - Y.mean()).mean()


@pytest.mark.parametrize("max_bins", [255, 11])
def test_classes_have_probabilities(max_bins):
    booster = HistGradientBoostingClassifier(max_bins=max_bins, **SMALL)
    model = BoostedModel(booster, task=-1).fit(TABLE, LABELS)
    assert_array_equal(model.classes_, ["high", "low", "mid"])
    proba = model.predict_proba(TABLE)
    assert_allclose(proba.sum(axis=1), 1.0)
    assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(TABLE))
    assert np.mean(model.predict(TABLE) == LABELS) > 0.8


def test_weights_reach_the_booster_and_rows_of_weight_zero_are_not_there():
    weights = rng.integers(0, 3, size=len(Y))
    booster = HistGradientBoostingRegressor(**SMALL)
    weighted = BoostedModel(booster, task=-1).fit(TABLE, Y, sample_weight=weights)
    assert not np.allclose(weighted.predict(TABLE), BoostedModel(booster, task=-1).fit(TABLE, Y).predict(TABLE))
    kept = weights > 0
    same = BoostedModel(booster, task=-1).fit(TABLE[kept], Y[kept], sample_weight=weights[kept])
    assert_array_equal(weighted.predict(TABLE), same.predict(TABLE))


def test_it_is_scored_on_new_tasks_and_pickled():
    model = BoostedModel(HistGradientBoostingRegressor(**SMALL), task=-1)
    few, many = (cross_val_score(model, TABLE, Y, cv=NShotSplit(-1, n, 3, random_state=0)).mean() for n in (0, 20))
    assert many > few
    fitted = model.fit(TABLE, Y)
    assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(TABLE), fitted.predict(TABLE))


@pytest.mark.parametrize(
    ("estimator", "table", "error", "words"),
    [
        (Ridge(), TABLE, TypeError, "estimator: wanted HistGradientBoostingRegressor.*found Ridge; use one of these"),
        (
            HistGradientBoostingRegressor(),
            pd.DataFrame(X).assign(c="red", d=IDS).rename(columns=str),
            ValueError,
            "X: wanted columns of numbers.*red.*encode them first",
        ),
    ],
)
def test_what_it_cannot_take_is_refused(estimator, table, error, words):
    with pytest.raises(error, match=words):
        BoostedModel(estimator, task=table.shape[1] - 1 if isinstance(table, np.ndarray) else "d").fit(table, Y)


@parametrize_with_checks(
    [
        BoostedModel(HistGradientBoostingRegressor(max_iter=20)),
        BoostedModel(HistGradientBoostingClassifier(max_iter=20)),
    ]
)
def test_without_a_task_column_it_is_an_ordinary_estimator(estimator, check):
    check(estimator)
