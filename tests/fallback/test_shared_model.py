"""A shared model of all tasks, and what is corrected for each."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, RadiusNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skmeta import SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._keeps_rows import keeps_rows
from skmeta.fallback._columns import Candidate
from skmeta.tasks import read_tasks

TREE = DecisionTreeRegressor(max_depth=4, random_state=0)
ROUND = SharedModel(max_rounds=1, cv=2)


def shops(n_tasks=30, n_rows=20, level=1.0, slope=0.0, noise=0.1, seed=0):
    """A shared wave; shops differ in level, and in the slope of a second column."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.uniform(-2.0, 2.0, (len(task), 2))
    own = rng.normal(size=(n_tasks, 2)) * [level, slope]
    y = 2.0 * np.sin(2.0 * X[:, 0]) + own[task, 0] + own[task, 1] * X[:, 1] + noise * rng.normal(size=len(task))
    return np.column_stack([X, task]), y


def rmse(model, X, y):
    return np.sqrt(np.mean((model.predict(X) - y) ** 2))


def split(X, y, first_new):
    past = X[:, -1] < first_new
    return (X[past], y[past]), (X[~past], y[~past])


def error_on_new(model, new, n_shots):
    X, y = new
    errors = []
    for task in np.unique(X[:, -1]):
        rows = X[:, -1] == task
        plain = model.adapt(X[rows][:n_shots, :-1], y[rows][:n_shots])
        errors.append(rmse(plain, X[rows][n_shots:, :-1], y[rows][n_shots:]) ** 2)
    return np.sqrt(np.mean(errors))


def test_a_new_task_needs_its_level_alone():
    past, new = split(*shops(n_tasks=16, n_rows=12), 8)
    booster = HistGradientBoostingRegressor(max_iter=20, min_samples_leaf=5, random_state=0)
    warm = WarmStartRegressor(booster, task=-1, learner=ROUND).fit(*past)
    pooled = clone(booster).fit(past[0][:, :-1], past[1])
    assert error_on_new(warm, new, 5) < 0.5 * rmse(pooled, new[0][:, :-1], new[1])


def test_columns_are_read_where_held_out_tasks_ask_for_them():
    model = WarmStartRegressor(TREE, task=-1, learner=ROUND).fit(*shops(n_tasks=20, n_rows=12, slope=1.0))
    assert model.prior_.components[0].description.startswith("output, columns")


def test_of_many_columns_those_are_read_whose_slopes_vary():
    X, y = shops(slope=1.0, n_tasks=50, n_rows=10, noise=0.3)
    noise = np.random.default_rng(1).normal(size=(len(X), 14))
    X = np.hstack([X[:, :2], noise, X[:, 2:]])
    past, new = split(X, y, 30)
    few, all_columns = (
        WarmStartRegressor(TREE, task=-1, learner=SharedModel(columns, max_rounds=1)).fit(*past)
        for columns in ("auto", StandardScaler())
    )
    assert re.search(r"\((1|2|4) of ", few.prior_.components[0].description)
    assert few.prior_.components[0].columns.transform(X[:5, :-1]).shape[1] <= 4
    assert error_on_new(few, new, 6) < error_on_new(all_columns, new, 6)


class SaysNothing(RegressorMixin, BaseEstimator):
    """A model whose answers go up and down, whatever the targets."""

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        return 10.0 * np.sin(1e4 * np.sum(X, axis=1))


def test_where_the_shared_model_says_nothing_the_correction_is_a_linear_model():
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(40), 15), rng.normal(size=(600, 3))
    y = X @ [3.0, -2.0, 1.0] + (rng.normal(size=(40, 3))[task] * X).sum(axis=1) + 0.1 * rng.normal(size=600)
    past, new = split(np.column_stack([X, task]), y, 30)
    warm = WarmStartRegressor(SaysNothing(), task=-1, learner=SharedModel(max_rounds=1)).fit(*past)
    assert warm.prior_.components[0].outputs is None
    linear = WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(*past)
    assert error_on_new(warm, new, 5) == pytest.approx(error_on_new(linear, new, 5), rel=0.01)
    assert pickle.loads(pickle.dumps(warm.adapt(X[:5], y[:5]))).predict(X[:3]).shape == (3,)


def test_nothing_is_corrected_where_tasks_are_the_same():
    X, y = shops(level=0.0)
    model = WarmStartRegressor(TREE, task=-1).fit(X, y)
    shared = model.prior_.components[0]
    assert shared.description == "nothing"
    np.testing.assert_allclose(model.adapt(X[:5, :-1], y[:5] + 1.0).predict(X[:, :-1]), shared.model.predict(X[:, :-1]))


def test_a_level_that_goes_with_a_column_is_taken_from_the_targets_before_the_next_round():
    rng = np.random.default_rng(0)
    X, y = shops(level=0.0, n_tasks=60)
    level = rng.normal(size=60)[X[:, -1].astype(int)]
    X[:, 1] += level  # shops of a high level lie elsewhere, which a shared model takes for an effect of the column
    learner = SharedModel(None)
    model = WarmStartRegressor(DecisionTreeRegressor(max_depth=6, random_state=0), task=-1, learner=learner)
    model.fit(X, y + 3.0 * level)
    assert model.learner_.n_rounds_ > 1
    assert np.all(np.diff(model.learner_.scores_[: model.learner_.n_rounds_]) > 0.0)


class StartsFromScores(ClassifierMixin, BaseEstimator):
    """Logistic regression on the columns and a one, by Newton's method, which may start from scores of the rows."""

    def fit(self, X, y, init_score=None):
        self.classes_, y = np.unique(y, return_inverse=True)
        A, start = np.column_stack([X, np.ones(len(X))]), 0.0 if init_score is None else init_score
        self.coef_ = np.zeros(A.shape[1])
        for _ in range(8):
            p = expit(A @ self.coef_ + start)
            self.coef_ += np.linalg.solve((A.T * (p * (1 - p))) @ A + 1e-3 * np.eye(len(self.coef_)), A.T @ (y - p))
        return self

    def predict_proba(self, X):
        p = expit(np.column_stack([X, np.ones(len(X))]) @ self.coef_)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_a_classifier_that_starts_from_scores_goes_through_rounds():
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(60), 40)
    level = 2.0 * rng.normal(size=60)
    x = rng.normal(size=(len(task), 2))
    x[:, 1] += level[task]  # a high level lies elsewhere, which a shared model takes for an effect of the column
    y = (2.0 * x[:, 0] + 3.0 * level[task] - x[:, 1] + rng.logistic(size=len(task)) > 0).astype(int)
    learner = SharedModel(None)
    model = WarmStartClassifier(StartsFromScores(), task=-1, learner=learner).fit(np.column_stack([x, task]), y)
    pooled = StartsFromScores().fit(x, y)
    assert model.learner_.n_rounds_ > 1
    assert model.prior_.components[0].model.coef_[1] < pooled.coef_[1]


def test_known_tasks_are_adapted_by_outputs_of_models_that_had_not_seen_them():
    X, y = shops(noise=1.0)
    grown = DecisionTreeRegressor(random_state=0)  # returns every target that it was fitted to
    model = WarmStartRegressor(grown, task=-1, learner=SharedModel(None, max_rounds=1)).fit(X, y)
    f = model.learner_.out_of_fold_[:, 0]
    assert np.corrcoef(f, y)[0, 1] < 0.95 < np.corrcoef(model.prior_.components[0].model.predict(X[:, :-1]), y)[0, 1]
    spread = np.mean([model.estimators_[task][-1].coef_[0] for task in range(30)])
    assert spread < 0.9  # outputs of a model that had seen the rows would be taken at their word


def test_names_and_categories_reach_the_shared_model_as_they_are():
    X, y = shops(n_tasks=6, n_rows=10)
    city = np.where(X[:, 1] > 0.0, "north", "south")
    table = pd.DataFrame({"x": X[:, 0], "city": pd.Categorical(city), "shop": X[:, 2]})
    y = y + (city == "north") * np.random.default_rng(1).normal(size=30)[X[:, 2].astype(int)]
    booster = HistGradientBoostingRegressor(max_iter=3, categorical_features="from_dtype", random_state=0)
    model = WarmStartRegressor(booster, task="shop", learner=ROUND).fit(table, y)
    shared = model.prior_.components[0]
    assert shared.model.is_categorical_.tolist() == [False, True]
    plain = model.adapt(table[["city", "x"]][:6], y[:6])
    assert plain.feature_names_in_.tolist() == ["city", "x"]  # as it was adapted


def test_counts_are_corrected_on_the_logarithms_of_rates():
    X, y = shops(n_tasks=12)
    counts = np.random.default_rng(0).poisson(np.exp(0.5 * y))
    past, new = split(X, counts, 10)
    booster = HistGradientBoostingRegressor(loss="poisson", max_iter=20)
    model = WarmStartRegressor(booster, task=-1, learner=ROUND).fit(*past)
    plain = model.adapt(new[0][:5, :-1], new[1][:5])
    assert type(plain[-1]).__name__ == "PoissonRegressor"
    assert np.all(plain.predict(new[0][:, :-1]) > 0.0)


@pytest.mark.variations
def test_several_targets_are_corrected_each_from_all_outputs():
    X, y = shops(n_tasks=6, n_rows=8)
    Y = np.column_stack([y, -y + X[:, 1]])
    for estimator in (TREE, MultiOutputRegressor(TREE)):
        model = WarmStartRegressor(estimator, task=-1, learner=ROUND).fit(X, Y)
        assert model.adapt(X[:5, :-1], Y[:5]).predict(X[:, :-1]).shape == Y.shape


def test_a_task_may_lack_classes():
    X, y = shops(n_tasks=10, n_rows=12, level=2.0)
    labels = np.where(y > 1.0, "high", np.where(y > -1.0, "middle", "low"))
    tree = DecisionTreeClassifier(max_depth=4, random_state=0)
    model = WarmStartClassifier(tree, task=-1, learner=SharedModel(None, max_rounds=1, cv=2)).fit(X, labels)
    one_label = np.flatnonzero(labels == "low")[:3]
    plain = model.adapt(X[one_label, :-1], labels[one_label])
    assert plain.classes_.tolist() == ["high", "low", "middle"]
    assert plain.predict_proba(X[:, :-1]).shape == (len(X), 3)


@pytest.mark.statistics
@pytest.mark.parametrize("n_rows", [20, 40])
def test_a_past_that_misleads_costs_little_from_two_rows_a_column_on(n_rows):
    X, y = shops(n_tasks=25, n_rows=120)
    warm = WarmStartRegressor(TREE, task=-1).fit(X, np.random.default_rng(0).permutation(y))
    own, found = [], []
    for task in range(25):
        rows = X[:, -1] == task
        A, b = X[rows, :-1], y[rows]
        own.append(
            rmse(TREE.__class__(max_depth=4, random_state=0).fit(A[:n_rows], b[:n_rows]), A[n_rows:], b[n_rows:])
        )
        found.append(rmse(warm.adapt(A[:n_rows], b[:n_rows]), A[n_rows:], b[n_rows:]))
    assert np.mean(found) <= 1.02 * np.mean(own)


@pytest.mark.statistics
def test_intervals_hold_on_new_tasks():
    past, (X, y) = split(*shops(n_tasks=120, n_rows=25, noise=0.3), 60)
    booster = HistGradientBoostingRegressor(max_iter=30, random_state=0)
    prior = WarmStartRegressor(booster, task=-1).fit(*past).prior_
    inside = []
    for task in np.unique(X[:, -1]):
        A, b = X[X[:, -1] == task, :-1], y[X[:, -1] == task]
        model = WarmStartRegressor(booster, prior=prior).fit(A[:5], b[:5])
        mean, std = model.predict(A[5:], return_std=True)
        inside += (np.abs(b[5:] - mean) < 1.645 * std).tolist()
    assert 0.87 <= np.mean(inside) <= 0.93


def test_a_prior_that_keeps_rows_says_so():
    X, y = shops(n_tasks=6, n_rows=10)
    model = WarmStartRegressor(RadiusNeighborsRegressor(radius=5.0), task=-1, learner=SharedModel(None)).fit(X, y)
    assert "keeps rows" in repr(model.prior_)
    assert "keeps rows" not in repr(WarmStartRegressor(TREE, task=-1, learner=SharedModel(None)).fit(X, y).prior_)


@pytest.mark.parametrize(
    "keeps",
    [
        BaggingClassifier(KNeighborsClassifier(), 2),
        VotingClassifier([("a", GaussianNB()), ("b", SVC())]),
        GridSearchCV(make_pipeline(StandardScaler(), KNeighborsClassifier()), {}, cv=2),
        GaussianProcessClassifier(optimizer=None),
        OneVsRestClassifier(SVC()),
        LabelSpreading(),
    ],
    ids=repr,
)
def test_rows_are_found_in_whatever_an_estimator_is_made_of(keeps):
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    assert keeps_rows(keeps.fit(X, y)) and not keeps_rows(clone(keeps))


@pytest.mark.parametrize("holds", [RandomForestClassifier(2), GradientBoostingClassifier(n_estimators=2)], ids=repr)
def test_estimators_made_of_trees_keep_no_rows(holds):
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    assert not keeps_rows(holds.fit(X, y))


def test_a_model_that_nothing_asks_is_not_held():
    class ColumnsAlone(SharedModel):
        def _candidates(self, estimator, tasks):
            return lambda outputs: {"columns": Candidate(StandardScaler().fit(tasks.X), reads_outputs=False)}

    X, y = shops(n_tasks=6, n_rows=12, slope=1.0)
    prior = ColumnsAlone(max_rounds=1).learn_shared(TREE, read_tasks(X, y, task=-1))
    X = X[:, :-1]
    assert (
        prior.outputs is None
        and not hasattr(prior.model, "tree_")
        and "replaced by a linear model of columns" in repr(prior)
    )
    plain = prior.adapt(TREE, X[:5], y[:5])
    assert b"DecisionTree" not in pickle.dumps(plain) and np.isfinite(plain.predict(X)).all()
    with pytest.raises(TypeError, match="found a SharedModelPrior, which is for DecisionTreeRegressor"):
        prior.adapt(Ridge(), X[:5], y[:5])


def test_a_transformer_of_ones_own_makes_the_columns():
    X, y = shops(slope=1.0)
    model = WarmStartRegressor(TREE, task=-1, learner=SharedModel(StandardScaler(), max_rounds=1)).fit(X, y)
    assert model.estimators_[0][-1].coef_.shape == (3,)


# What is refused ------------------------------------------------------------------------------------


class Silent(ClassifierMixin, BaseEstimator):
    """A classifier without probabilities and scores."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))


class Fails(RegressorMixin, BaseEstimator):
    """A regressor that cannot be fitted."""

    def fit(self, X, y):
        raise RuntimeError("no luck")

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.quick
def test_a_classifier_has_to_tell_probabilities_or_scores():
    X, y = shops()
    with pytest.raises(
        TypeError, match="estimator: wanted a classifier with predict_proba or decision_function, found Silent"
    ):
        WarmStartClassifier(Silent(), task=-1).fit(X, y > 0)


def test_a_fit_that_fails_names_the_tasks():
    X, y = shops()
    model = WarmStartRegressor(Fails(), task=-1)
    with pytest.raises(RuntimeError, match="no luck") as caught:
        model.fit(X, y)
    assert "24 task(s)" in caught.value.__notes__[0]
    assert not hasattr(model, "prior_")


def test_a_search_belongs_around_the_model():
    X, y = shops()
    with pytest.raises(TypeError, match=r"GridSearchCV, which belongs around"):
        WarmStartRegressor(GridSearchCV(TREE, {"max_depth": [2, 3]}), task=-1).fit(X, y)


def test_a_prior_of_another_class_is_refused():
    X, y = shops(n_tasks=4, n_rows=8)
    prior = WarmStartRegressor(TREE, task=-1, learner=ROUND).fit(X, y).prior_
    with pytest.raises(
        TypeError, match="wanted one for HistGradientBoostingRegressor, found a SharedModelPrior, which is for Dec"
    ):
        WarmStartRegressor(HistGradientBoostingRegressor(), prior=prior).fit(X[:20, :-1], y[:20])


def test_what_is_no_set_of_columns_is_refused():
    X, y = shops()
    with pytest.raises(ValueError, match="correction: wanted 'auto', None"):
        WarmStartRegressor(TREE, task=-1, learner=SharedModel("all")).fit(X, y)


def test_classifiers_are_corrected_on_their_log_odds():
    X, y = shops(n_tasks=50, level=2.0)
    past, new = split(X, (y + np.random.default_rng(0).logistic(size=len(y)) > 0).astype(int), 20)
    booster = HistGradientBoostingClassifier(random_state=0, max_iter=10)
    model = WarmStartClassifier(booster, task=-1, learner=SharedModel(None, max_rounds=1, cv=2)).fit(*past)
    loss, pooled = [], []
    for task in np.unique(new[0][:, -1]):
        rows = new[0][:, -1] == task
        A, b = new[0][rows, :-1], new[1][rows]
        chance = model.adapt(A[:10], b[:10]).predict_proba(A[10:])
        loss.append(-np.log(chance[np.arange(10), b[10:]]).mean())
        chance = model.prior_.components[0].model.predict_proba(A[10:])
        pooled.append(-np.log(chance[np.arange(10), b[10:]]).mean())
    assert np.mean(loss) < 0.9 * np.mean(pooled)


class Smooth(RegressorMixin, BaseEstimator):
    """A wave of random phases by least squares: fitted to other rows it is another model, and it remembers no row."""

    def fit(self, X, y):
        rng = np.random.default_rng(int(abs(y).sum() * 1e6) % 2**32)
        self.at_ = rng.uniform(-3.0, 3.0, (X.shape[1], 12)), rng.uniform(0.0, 6.0, 12)
        self.coef_ = np.linalg.lstsq(np.cos(X @ self.at_[0] + self.at_[1]), y, rcond=None)[0]
        return self

    def predict(self, X):
        return np.cos(X @ self.at_[0] + self.at_[1]) @ self.coef_


@pytest.mark.parametrize(("estimator", "itself"), [(Smooth(), True), (DecisionTreeRegressor(random_state=0), False)])
def test_known_tasks_are_adapted_by_the_model_itself_where_it_remembers_no_rows(estimator, itself):
    X, y = shops(n_tasks=40, slope=0.5)
    learner = SharedModel(None, max_rounds=1)
    model = WarmStartRegressor(estimator, task=-1, learner=learner).fit(X, y)
    assert model.learner_.corrects_seen_rows_ is itself
