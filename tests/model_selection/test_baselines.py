"""The baselines are what one would write by hand in a loop, fitted when they are asked for."""

import pickle

import numpy as np
import pandas as pd
import pytest
from baselines import IDS, LABELS, NEW, TABLE, UNKNOWN, X, Y, as_named, each_baseline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

# What they predict ------------------------------------------------------------------------------------


def test_pooled_is_one_model_that_never_sees_the_ids():
    model = PooledModel(Ridge(), task=-1).fit(TABLE, Y)
    assert_array_equal(model.predict(NEW), Ridge().fit(X, Y).predict(NEW[:, :-1]))


def test_own_is_one_model_a_task_and_the_mean_for_unknown_tasks():
    model = OwnModel(Ridge(), task=-1).fit(TABLE, Y)
    for task in (0, 3):
        mine, theirs = task == IDS, NEW[:, -1] == task
        by_hand = Ridge().fit(X[mine], Y[mine])
        assert_allclose(model.predict(NEW)[theirs], by_hand.predict(NEW[theirs, :-1]), rtol=1e-12)
        assert_allclose(model.estimators_[task].coef_, by_hand.coef_, rtol=1e-12)
    assert_allclose(model.predict(NEW)[UNKNOWN], Y.mean())


@pytest.mark.parametrize("table", [IDS[:, None], pd.DataFrame({"shop": IDS})], ids=["array", "frame"])
def test_without_features_own_is_the_mean_of_the_task_and_pooled_that_of_all(table):
    means = np.array([Y[task == IDS].mean() for task in range(6)])
    for model, known in ((OwnModel, means[IDS]), (PooledModel, Y.mean()), (ResidualModel, means[IDS])):
        found = model(Ridge(), task=0).fit(table, Y)
        assert_allclose(found.predict(table), np.broadcast_to(known, len(Y)))
        assert_allclose(found.predict(table[:3] * 0 + 99), Y.mean())


def test_residual_is_the_pooled_model_and_a_model_a_task_of_what_it_leaves():
    model = ResidualModel(Ridge(5.0), task=-1).fit(TABLE, Y)
    pooled = Ridge(5.0).fit(X, Y)
    assert_allclose(model.predict(NEW)[UNKNOWN], pooled.predict(NEW[UNKNOWN, :-1]), rtol=1e-12)
    mine, theirs = IDS == 3, NEW[:, -1] == 3
    own = Ridge(5.0).fit(X[mine], Y[mine] - pooled.predict(X[mine]))
    both = pooled.predict(NEW[theirs, :-1]) + own.predict(NEW[theirs, :-1])
    assert_allclose(model.predict(NEW)[theirs], both, rtol=1e-12)


def test_without_a_penalty_the_residual_model_is_the_own_model():
    own, residual = (B(LinearRegression(), task=-1).fit(TABLE, Y) for B in (OwnModel, ResidualModel))
    assert_allclose(residual.predict(NEW)[~UNKNOWN], own.predict(NEW)[~UNKNOWN], rtol=1e-9)


def test_own_classifiers_are_matched_by_label_and_unknown_tasks_get_the_frequencies():
    model = OwnModel(LogisticRegression(), task=-1).fit(TABLE, LABELS)
    assert_array_equal(model.classes_, ["high", "low", "mid"])
    frequencies = [np.mean(label == LABELS) for label in model.classes_]
    assert_allclose(model.predict_proba(NEW)[UNKNOWN], np.tile(frequencies, (2, 1)))
    assert set(model.predict(NEW)[UNKNOWN]) == {"high"}
    mine, theirs = IDS == 3, NEW[:, -1] == 3
    by_hand = LogisticRegression().fit(X[mine], LABELS[mine])
    assert list(by_hand.classes_) == list(model.classes_)  # task 3 shows all three, so nothing is spread
    assert_allclose(model.predict_proba(NEW)[theirs], by_hand.predict_proba(NEW[theirs, :-1]), rtol=1e-9)
    assert_array_equal(model.predict(NEW)[theirs], by_hand.predict(NEW[theirs, :-1]))


def test_residual_classifiers_get_the_pooled_decision_values_as_columns():
    model = ResidualModel(LogisticRegression(), task=-1).fit(TABLE, LABELS)
    pooled = LogisticRegression().fit(X, LABELS)
    assert_allclose(model.predict_proba(NEW)[UNKNOWN], pooled.predict_proba(NEW[UNKNOWN, :-1]), rtol=1e-9)
    mine, theirs = IDS == 3, NEW[:, -1] == 3

    def widened(Z):
        return np.column_stack([Z, pooled.decision_function(Z)])

    own = LogisticRegression().fit(widened(X[mine]), LABELS[mine])
    assert_allclose(
        model.predict_proba(NEW)[theirs], own.predict_proba(widened(NEW[theirs, :-1])), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("Baseline", [OwnModel, ResidualModel])
@pytest.mark.parametrize("n_rows", [1, 3])
def test_a_task_of_one_class_predicts_it_and_does_not_rule_the_others_out(Baseline, n_rows):
    lone = np.column_stack([np.ones((n_rows, 3)), np.full(n_rows, 50)])
    labels = np.r_[LABELS, np.repeat("low", n_rows)]
    model = Baseline(LogisticRegression(), task=-1).fit(np.r_[TABLE, lone], labels)
    proba = model.predict_proba(lone)
    assert set(model.predict(lone)) == {"low"}
    assert_allclose(proba.sum(axis=1), 1.0)
    assert_allclose(proba[:, list(model.classes_).index("low")], n_rows / (n_rows + 0.5))
    shared = model.estimator_.predict_proba(lone[:, :-1])
    assert_allclose(proba[:, 0] / proba[:, 2], shared[:, 0] / shared[:, 2])  # high and mid share the half row


@each_baseline
def test_prediction_and_probabilities_agree_where_tasks_lack_classes(Baseline):
    few = np.concatenate([np.flatnonzero(task == IDS)[:3] for task in range(6)])
    model = Baseline(LogisticRegression(), task=-1).fit(TABLE[few], LABELS[few])
    assert any(len(set(LABELS[few][IDS[few] == task])) < 3 for task in range(6))
    proba = model.predict_proba(TABLE)
    assert (proba > 0).all()
    assert_allclose(proba.sum(axis=1), 1.0)
    assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(TABLE))


class Certain(ClassifierMixin, BaseEstimator):
    """Gives the first class probability one, as a forest may."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.tile(np.eye(len(self.classes_))[0], (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_classes_that_neither_the_task_nor_the_pooled_model_expects_share_alike():
    table = np.array([[0.0, 1], [1.0, 1], [0.0, 2]])
    model = ResidualModel(Certain(), task=-1).fit(table, ["a", "a", "b"])
    assert_allclose(model.predict_proba([[0.0, 2]]), [[0.5 / 1.5, 1 / 1.5]])
    assert_allclose(model.predict_proba([[0.0, 1]]), [[2 / 2.5, 0.5 / 2.5]])


# Weights ----------------------------------------------------------------------------------------------


@each_baseline
@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "pipeline"])
def test_a_weight_of_two_is_a_row_twice_and_of_zero_none(Baseline, scaled):
    # A scaler would be fitted without the weights, and see a difference: this one does nothing.
    estimator = make_pipeline(StandardScaler(with_mean=False, with_std=False), Ridge()) if scaled else Ridge()
    weights = np.random.default_rng(0).integers(0, 3, size=len(Y))
    weights[IDS == 3] = 0  # task 3 is not there at all
    weighted = Baseline(estimator, task=-1).fit(TABLE, Y, sample_weight=weights)
    repeated = Baseline(estimator, task=-1).fit(np.repeat(TABLE, weights, axis=0), np.repeat(Y, weights))
    assert_allclose(weighted.predict(NEW), repeated.predict(NEW), rtol=1e-9)
    assert not np.allclose(weighted.predict(NEW), Baseline(estimator, task=-1).fit(TABLE, Y).predict(NEW))


@each_baseline
def test_weights_reach_classifiers(Baseline):
    weights = np.where(LABELS == "low", 50, 1)
    weighted = Baseline(LogisticRegression(), task=-1).fit(TABLE, LABELS, sample_weight=weights)
    plain = Baseline(LogisticRegression(), task=-1).fit(TABLE, LABELS)
    gain = weighted.predict_proba(NEW) - plain.predict_proba(NEW)
    assert (gain[UNKNOWN, 1] > 0).all()
    assert gain[~UNKNOWN, 1].mean() > 0


@each_baseline
@pytest.mark.parametrize("weights", [-1.0, 0.0, np.nan, np.inf])
def test_weights_that_cannot_be_are_refused(Baseline, weights):
    with pytest.raises(ValueError, match="sample_weight"):
        Baseline(Ridge(), task=-1).fit(TABLE, Y, sample_weight=np.full(len(Y), weights))


@each_baseline
def test_weights_that_the_estimator_cannot_take_are_not_swallowed(Baseline):
    with pytest.raises(TypeError, match="sample_weight"):
        Baseline(KNeighborsRegressor(), task=-1).fit(TABLE, Y, sample_weight=np.ones(len(Y)))


# Pipelines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("Baseline", [OwnModel, ResidualModel])
def test_steps_before_the_last_are_fitted_once(Baseline):
    model = Baseline(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(TABLE, Y)
    steps = model.steps_ if Baseline is OwnModel else model.estimator_
    assert isinstance(model.estimators_[3], Ridge)
    assert_allclose(steps[0].mean_, X.mean(axis=0))
    scaled = np.column_stack([steps[0].transform(X), IDS])
    assert_allclose(model.predict(TABLE), Baseline(Ridge(), task=-1).fit(scaled, Y).predict(scaled), rtol=1e-9)


def test_a_pipeline_in_a_pipeline_is_fitted_whole_to_each_task():
    whole = OwnModel(make_pipeline(make_pipeline(StandardScaler(), Ridge())), task=-1).fit(TABLE, Y)
    assert whole.steps_ is None
    assert_allclose(whole.estimators_[3][0].mean_, X[IDS == 3].mean(axis=0))


@each_baseline
def test_a_pipeline_of_one_step_is_that_step(Baseline):
    alone, piped = (Baseline(e, task=-1).fit(TABLE, Y) for e in (Ridge(), make_pipeline(Ridge())))
    assert_array_equal(alone.predict(NEW), piped.predict(NEW))


@each_baseline
def test_a_column_transformer_that_drops_the_rest_does_not_drop_the_pooled_opinion(Baseline):
    frame = as_named(TABLE).assign(kind=np.where(X[:, 0] > 0, "red", "blue"))
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["kind"]), ("passthrough", ["x", "y"]))
    model = Baseline(make_pipeline(columns, LogisticRegression()), task="shop").fit(frame, LABELS)
    assert model.predict_proba(frame).shape == (len(frame), 3)
    if Baseline is ResidualModel:
        assert model.estimators_["a"].n_features_in_ == 2 + 2 + 3


# When they are fitted -----------------------------------------------------------------------------------


class Counted(Ridge):
    """Ridge that counts its fits."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.fits += 1
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize(("Baseline", "shared"), [(OwnModel, 0), (ResidualModel, 1)])
def test_a_task_that_is_not_asked_for_is_not_fitted(Baseline, shared, monkeypatch):
    monkeypatch.setattr(Counted, "fits", 0)
    model = Baseline(Counted(), task=-1).fit(TABLE, Y)
    assert Counted.fits == shared + 1  # one task, so that what cannot be fitted is told at once
    assert len(model.estimators_) == 6
    for _ in range(2):
        model.predict(TABLE[np.isin(IDS, [3, 5])])
        assert Counted.fits == shared + 3
    assert_array_equal(model.predict(TABLE), Baseline(Ridge(), task=-1).fit(TABLE, Y).predict(TABLE))
    assert Counted.fits == shared + 6


@pytest.mark.parametrize("Baseline", [OwnModel, ResidualModel])
def test_what_changes_after_fit_is_of_no_matter(Baseline):
    table, target, estimator = TABLE.copy(), Y.copy(), Ridge()
    model = Baseline(estimator, task=-1).fit(table, target)
    expected = Baseline(Ridge(), task=-1).fit(TABLE, Y).predict(TABLE)
    again = pickle.loads(pickle.dumps(model))
    table[:], target[:], estimator.alpha = 0.0, 0.0, 1e9
    model.set_params(estimator__fit_intercept=False)
    assert_array_equal(model.predict(TABLE), expected)
    assert_array_equal(again.predict(TABLE), expected)


@pytest.mark.parametrize("Baseline", [OwnModel, ResidualModel])
def test_random_models_do_not_depend_on_who_is_asked_first(Baseline):
    forest = RandomForestRegressor(3, random_state=0)
    one, other = (Baseline(forest, task=-1).fit(TABLE, Y) for _ in range(2))
    one.predict(TABLE[IDS == 4])
    assert_array_equal(one.predict(TABLE), other.predict(TABLE))


def test_models_are_found_by_id():
    models = OwnModel(Ridge(), task=-1).fit(TABLE, Y).estimators_
    assert list(models) == [0, 1, 2, 3, 4, 5]
    assert 3 in models and np.int64(3) in models and "3" not in models
    with pytest.raises(
        KeyError, match=r"task: wanted one of the 6 that were fitted \(0\.0, 1\.0, 2\.0, 3\.0, 4\.0, \.\.\.\), found 9"
    ):
        models[9]


@each_baseline
def test_the_estimator_that_is_missing_is_missed_by_name(Baseline):
    with pytest.raises(TypeError, match=rf"^{Baseline.__name__}\.__init__\(\) missing .* 'estimator'"):
        Baseline(task=-1)
