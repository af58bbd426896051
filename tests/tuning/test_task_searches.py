"""WarmStartSearchCV on a table of tasks: a search each, every one starting from those before it."""

import pickle
from functools import cache

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ProgressBar
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, r2_score
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from variations import varied

from skmeta import TrialHistory
from skmeta.datasets import make_related_regression
from skmeta.tuning._task_searches import history_name, stack_results
from skmeta.tuning._warm_start_search import WarmStartSearchCV

X, Y, _ = make_related_regression(3, 20, 2, random_state=0)
IRIS, LABELS = load_iris(return_X_y=True)
IRIS = np.column_stack([IRIS, np.arange(150) % 3])
FLOWERS = np.array(["setosa", "versicolor", "virginica"])[LABELS]
ALPHAS = {"alpha": loguniform(0.01, 100)}


def search_ridge(**settings):
    return WarmStartSearchCV(Ridge(), ALPHAS, **({"n_iter": 3, "task": -1, "cv": 3, "random_state": 0} | settings))


def search_svc(**settings):
    space = {"C": loguniform(0.1, 100), "gamma": loguniform(0.01, 1)}
    return WarmStartSearchCV(SVC(), space, **({"n_iter": 2, "task": -1, "cv": 3, "random_state": 0} | settings))


@cache
def fitted_ridge():
    """One for all that only look at it."""
    return search_ridge().fit(X, Y)


def trials_of(search):
    """What a search tried, and how that did."""
    splits = sorted(name for name in search.cv_results_ if name.startswith("split"))
    return search.cv_results_["params"], [search.cv_results_[name].tolist() for name in splits]


# Each task's own search -------------------------------------------------------------------------------------


def test_each_task_is_searched_by_itself():
    search = fitted_ridge()
    assert list(search.searches_) == [0, 1, 2]
    for task, own in search.searches_.items():
        rows = X[:, -1] == task
        assert own.get_params() | {"task": -1, "prior": None, "random_state": 0} == search.get_params() | {
            "estimator": own.estimator,
            "param_distributions": own.param_distributions,
        }
        again = clone(own).fit(X[rows, :-1], Y[rows])
        assert trials_of(again) == trials_of(own)
        np.testing.assert_array_equal(again.predict(X[:, :-1]), own.predict(X[:, :-1]))
    assert len({own.random_state for own in search.searches_.values()}) == 3


def test_every_task_starts_from_those_before_it():
    search = fitted_ridge()
    first, second, third = search.searches_.values()
    assert first.prior is None
    assert second.prior.history == first.history_
    assert first.prior_ is second.prior_ is third.prior_ is search.prior_
    assert third.prior.history.tasks == (0, 1)
    assert search.prior_.history == search.history_ == first.history_ + second.history_ + third.history_
    assert search.history_.tasks == (0, 1, 2)
    origins = search.cv_results_["origin"]
    assert "portfolio" not in origins[:3]
    assert origins[3] == origins[6] == "portfolio"


def test_of_many_tasks_one_more_is_no_new_lesson():
    """Learning anew for each would cost the square of their number."""
    X = np.column_stack([np.tile(np.linspace(0, 1, 6), 25), np.repeat(np.arange(25), 6)])
    searches = search_ridge(n_iter=1, cv=2, refit=False).fit(X, X[:, 0]).searches_.values()
    known = [0 if own.prior is None else len(own.prior.tasks) for own in searches]
    assert known[:11] == list(range(11))
    assert all(n / 1.1 <= k + 1 <= n + 1 for n, k in enumerate(known))
    assert len(set(known)) < len(known)


@pytest.mark.parametrize("kind", ["prior", "history"])
def test_learning_goes_on(kind):
    first = search_ridge().fit(X[X[:, -1] < 2], Y[X[:, -1] < 2])
    prior = first.prior_ if kind == "prior" else first.history_
    search = search_ridge(prior=prior).fit(X[X[:, -1] == 2], Y[X[:, -1] == 2])
    assert search.searches_[2].prior.history == first.history_
    assert search.prior_.history == first.history_ + search.history_
    assert search.history_.tasks == (2,)


def test_results_are_put_together():
    search = search_ridge(return_train_score=True).fit(X, Y)
    results = search.cv_results_
    assert {len(column) for column in results.values()} == {9}
    assert set(results) == {"task", *search.searches_[0].cv_results_}
    np.testing.assert_array_equal(results["task"], np.repeat([0, 1, 2], 3))
    for task, own in search.searches_.items():
        assert results["params"][search.best_index_[task]] == search.best_params_[task] == own.best_params_
        assert results["mean_test_score"][search.best_index_[task]] == search.best_score_[task] == own.best_score_
        assert results["rank_test_score"][search.best_index_[task]] == 1
        np.testing.assert_array_equal(
            results["mean_test_score"][results["task"] == task], own.cv_results_["mean_test_score"]
        )
    assert isinstance(results["param_alpha"], np.ma.MaskedArray)
    assert search.n_splits_ == {0: 3, 1: 3, 2: 3}


def test_columns_that_a_task_does_not_have():
    two = {
        "params": [{"a": 1}],
        "param_a": np.ma.array([1]),
        "mean_test_score": np.array([0.5]),
        "origin": np.array(["x"]),
    }
    other = {"params": [{"b": "u"}], "param_b": np.ma.array(["u"]), "mean_test_score": np.array([0.7])}
    other |= {"split1_test_score": np.array([0.1]), "origin": np.array(["longer"])}
    stacked = stack_results(np.array(["s", "t"], dtype=object), [two, other])
    assert stacked["task"].tolist() == ["s", "t"]
    assert stacked["param_a"].tolist() == [1, None]
    assert stacked["param_b"].tolist() == [None, "u"]
    np.testing.assert_array_equal(stacked["split1_test_score"], [np.nan, 0.1])
    assert stacked["origin"].tolist() == ["x", "longer"]


def test_the_order_of_tasks_in_the_table_is_no_matter():
    order = np.argsort(X[:, -1] % 2, kind="stable")  # rows of a task stay in their order
    search, again = fitted_ridge(), search_ridge().fit(X[order], Y[order])
    assert trials_of(search) == trials_of(again)
    np.testing.assert_array_equal(search.predict(X), again.predict(X))


def test_the_same_answer_for_any_number_of_jobs():
    with joblib.parallel_config(backend="threading"):
        one, two = (search_ridge(n_jobs=n, batch_size=2).fit(X, Y) for n in (1, 2))
    assert trials_of(one) == trials_of(two)
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


# Predicting -------------------------------------------------------------------------------------------------


def test_rows_are_predicted_by_their_task():
    search = fitted_ridge()
    for task, own in search.searches_.items():
        rows = X[:, -1] == task
        np.testing.assert_allclose(search.predict(X[rows]), own.predict(X[rows, :-1]))
        np.testing.assert_allclose(search.predict(X[rows]), own.best_estimator_.predict(X[rows, :-1]))
    new = np.column_stack([X[:, :-1], np.full(len(X), 9)])
    usual = Ridge().set_params(**search.prior_.default(ALPHAS)).fit(X[:, :-1], Y)
    np.testing.assert_allclose(search.predict(new), usual.predict(X[:, :-1]))
    assert search.score(X, Y) == r2_score(Y, search.predict(X))
    assert search.n_features_in_ == X.shape[1]


def test_a_classifier_has_all_that_its_estimator_has():
    search = search_svc().fit(IRIS, FLOWERS)
    assert search.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert search.score(IRIS, FLOWERS) == accuracy_score(FLOWERS, search.predict(IRIS)) > 0.9
    decisions = search.decision_function(IRIS)
    for task, own in search.searches_.items():
        rows = IRIS[:, -1] == task
        np.testing.assert_allclose(decisions[rows], own.decision_function(IRIS[rows, :-1]))
    assert not hasattr(search, "predict_proba")  # nor has SVC


def test_classes_that_a_task_does_not_show():
    rows = np.flatnonzero((IRIS[:, -1] != 1) | (LABELS > 0))  # task 1 has two of three classes
    model = make_pipeline(StandardScaler(), LogisticRegression())
    search = WarmStartSearchCV(model, {"logisticregression__C": [0.1, 1.0, 10.0]}, n_iter=2, task=-1, random_state=0)
    search.fit(IRIS[rows], FLOWERS[rows])
    proba, decisions = search.predict_proba(IRIS), search.decision_function(IRIS)
    assert proba.shape == decisions.shape == (150, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    predicted = search.predict(IRIS)
    np.testing.assert_array_equal(search.classes_[proba.argmax(axis=1)], predicted)
    np.testing.assert_array_equal(search.classes_[decisions.argmax(axis=1)], predicted)
    of_two = decisions[IRIS[:, -1] == 1]
    assert (of_two[:, 0] < of_two[:, 1:].min(axis=1)).all()  # below those that the task shows


def test_two_classes():
    rows = LABELS > 0
    search = search_svc().fit(IRIS[rows], FLOWERS[rows])
    decisions = search.decision_function(IRIS[rows])
    assert decisions.shape == (100,)
    np.testing.assert_array_equal(search.classes_[(decisions > 0).astype(int)], search.predict(IRIS[rows]))


def test_no_refit():
    search = search_ridge(refit=False).fit(X, Y)
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "predict")
    assert search.best_params_.keys() == {0, 1, 2}


def test_several_scores():
    scoring = ["r2", "neg_mean_absolute_error"]
    search = search_ridge(scoring=scoring, refit="neg_mean_absolute_error").fit(X, Y)
    assert search.multimetric_
    assert search.score(X, Y) == -np.abs(search.predict(X) - Y).mean()
    nameless = search_ridge(scoring=scoring, refit=False).fit(X, Y)
    assert not hasattr(nameless, "best_params_")
    assert [t.scoring for t in nameless.history_] == ["r2"] * 9
    chosen = search_ridge(refit=lambda results: 2).fit(X, Y)
    assert chosen.best_index_ == {0: 2, 1: 5, 2: 8}
    assert not hasattr(chosen, "best_score_")


def test_clusters():
    rows = np.column_stack([np.r_[0.0, 0.1, 5, 5.1, 0, 0.1, 9, 9.1], np.repeat([0, 1], 4)])
    cv = ShuffleSplit(2, random_state=0)
    search = WarmStartSearchCV(KMeans(random_state=0), {"n_clusters": [1, 2]}, n_iter=2, task=-1, cv=cv).fit(rows)
    assert search.predict(rows).shape == (8,)


# Tables of every kind ----------------------------------------------------------------------------------------


@varied("kind", ["pandas", "polars", "sparse", "list"])
def test_tables(kind):
    search = fitted_ridge()
    names = ["a", "b", "shop"]
    table, target, task = {
        "pandas": lambda: (pd.DataFrame(X, columns=names, index=np.arange(60) + 7), pd.Series(Y), "shop"),
        "polars": lambda: (pl.DataFrame(X, schema=names), pl.Series(Y), "shop"),
        "sparse": lambda: (sparse.csr_array(X), Y, -1),
        "list": lambda: (X.tolist(), Y.tolist(), -1),
    }[kind]()
    again = search_ridge(task=task).fit(table, target)
    assert [t.params for t in search.history_] == [t.params for t in again.history_]
    np.testing.assert_allclose(again.cv_results_["mean_test_score"], search.cv_results_["mean_test_score"])
    if kind != "sparse":
        np.testing.assert_allclose(again.predict(table), search.predict(X))
    if kind in ("pandas", "polars"):
        assert list(again.feature_names_in_) == names


def test_ids_of_text():
    frame = pd.DataFrame(X[:, :2], columns=["a", "b"]).assign(
        shop=np.array(["south", "north", "east"])[X[:, -1].astype(int)]
    )
    search = search_ridge(task="shop").fit(frame, Y)
    assert list(search.searches_) == ["east", "north", "south"] == list(search.history_.tasks)
    assert search.cv_results_["task"].tolist() == ["east"] * 3 + ["north"] * 3 + ["south"] * 3
    assert np.isfinite(search.predict(frame.assign(shop="west"))).all()


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("a", "a"),
        (3, 3),
        (3.0, 3),
        (3.5, "3.5"),
        (True, "True"),
        ("", "''"),
        (np.datetime64("2024-01-30"), "2024-01-30"),
    ],
)
def test_names_in_a_history(task, name):
    assert history_name(task) == name
    assert type(history_name(task)) is type(name)


@pytest.mark.parametrize("kind", [list, pl.Series])
def test_parameters_with_a_value_a_row_go_with_the_rows(kind):
    weights, groups = np.linspace(0.1, 2, 60), np.arange(60) % 5
    search = search_ridge(cv=GroupKFold(3)).fit(X, Y, sample_weight=kind(weights), groups=kind(groups))
    for task, own in search.searches_.items():
        rows = X[:, -1] == task
        again = clone(own).fit(X[rows, :-1], Y[rows], sample_weight=weights[rows], groups=groups[rows])
        assert trials_of(again) == trials_of(own)
        np.testing.assert_allclose(again.predict(X[:, :-1]), own.predict(X[:, :-1]))
    usual = Ridge().set_params(**search.prior_.default(ALPHAS)).fit(X[:, :-1], Y, sample_weight=weights)
    new = np.column_stack([X[:, :-1], np.full(60, 9)])
    np.testing.assert_allclose(search.predict(new), usual.predict(X[:, :-1]))


def test_routed_parameters():
    weights, groups = np.linspace(0.1, 2, 60), np.arange(60) % 5
    plain = search_ridge(cv=GroupKFold(3)).fit(X, Y, groups=groups)
    with config_context(enable_metadata_routing=True):
        search = search_ridge(cv=GroupKFold(3), scoring=get_scorer("r2").set_score_request(sample_weight=False))
        search.set_params(estimator=Ridge().set_fit_request(sample_weight=True))
        search.fit(X, Y, sample_weight=weights, groups=groups)
    assert not np.allclose(search.predict(X), plain.predict(X))


def test_a_step_that_is_chosen():
    pipe = Pipeline([("scale", StandardScaler()), ("model", SVC())])
    space = [{"model": [SVC()], "model__C": [0.1, 1.0]}, {"model": [DecisionTreeClassifier(random_state=0)]}]
    search = WarmStartSearchCV(pipe, space, n_iter=3, task=-1, cv=3, random_state=0).fit(IRIS, FLOWERS)
    assert search.score(IRIS, FLOWERS) > 0.9
    new = np.column_stack([IRIS[:, :-1], np.full(150, 9)])
    assert accuracy_score(FLOWERS, search.predict(new)) > 0.9


# State --------------------------------------------------------------------------------------------------------


def test_clone_and_pickle():
    search = search_ridge().fit(X, Y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))
    assert again.history_ == search.history_
    assert not hasattr(clone(search), "searches_")
    other = search.set_params(task=None).fit(X, Y)
    assert not hasattr(other, "searches_")
    assert len(other.history_) == 3


class Interrupted(Ridge):
    """Stopped by Ctrl-C at a fit."""

    left = 10**9

    def fit(self, X, y):
        Interrupted.left -= 1
        if Interrupted.left < 0:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning:sklearn")
def test_a_task_that_cannot_be_fitted_costs_no_other():
    labels = np.where(IRIS[:, -1] == 1, "setosa", FLOWERS)  # one class alone in task 1
    search = WarmStartSearchCV(
        LogisticRegression(), {"C": [0.1, 1.0]}, task=-1, n_iter=2, cv=KFold(3, shuffle=True, random_state=0)
    )
    with pytest.warns(FitFailedWarning, match="in 1 of 3 tasks: 1.0. They have no search"):
        search.fit(IRIS, labels)
    assert list(search.searches_) == list(search.best_params_) == [0.0, 2.0]
    assert search.cv_results_["task"].tolist() == [0.0, 0.0, 2.0, 2.0]
    rows = IRIS[:, -1] == 1
    usual = LogisticRegression(**search.prior_.default()).fit(IRIS[~rows, :-1], labels[~rows])
    assert (search.predict(IRIS)[rows] == usual.predict(IRIS[rows, :-1])).all()
    rows = IRIS[:, -1] == 2
    own = search.searches_[2.0].best_estimator_
    assert (search.predict(IRIS)[rows] == own.predict(IRIS[rows, :-1])).all()


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.FitFailedWarning", "ignore:Scoring failed", "ignore:One or more"
)
def test_what_cannot_be_fitted_of_one_task_is_not_asked_of_all():
    rows = X.copy()
    rows[rows[:, -1] == 1, 0] = np.nan
    weights = np.arange(1.0, len(rows) + 1)
    search = search_ridge().fit(rows, Y, sample_weight=weights)
    known = X[:, -1] != 1
    usual = clone(search.best_estimator_.estimator_).fit(X[known, :-1], Y[known], weights[known])
    new = np.column_stack([X[:5, :-1], np.full(5, 9.0)])
    np.testing.assert_allclose(search.predict(new), usual.predict(new[:, :-1]))


def test_if_no_task_can_be_fitted_it_is_an_error():
    search = WarmStartSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, task=-1, n_iter=2, cv=3)
    with pytest.raises(ValueError, match="fits failed") as stop:
        search.fit(IRIS, np.full(len(IRIS), "setosa"))
    assert "in task 0.0" in stop.value.__notes__[0]


def test_an_interrupted_search_keeps_what_is_done(monkeypatch):
    monkeypatch.setattr(Interrupted, "left", 10 + 6 + 1)  # a task is 3 trials of 3 splits, and a refit
    search = search_ridge().set_params(estimator=Interrupted())
    with pytest.raises(KeyboardInterrupt) as stop:
        search.fit(X, Y)
    assert list(search.searches_) == [0]
    assert [trial.task for trial in search.history_] == [0, 0, 0, 1, 1]
    assert "in task 1.0, after 1 of 3 tasks" in stop.value.__notes__[0]
    assert not hasattr(search, "cv_results_")
    monkeypatch.setattr(Interrupted, "left", 10**9)
    again = search_ridge(prior=search.history_).set_params(estimator=Interrupted()).fit(X, Y)
    assert again.prior_.history == search.history_ + again.history_


def no_score(model, X, y):
    return np.nan


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
def test_nothing_learned():
    search = search_ridge(scoring=no_score).fit(X, Y)
    assert search.prior_ is None
    np.testing.assert_allclose(search.predict([[0.0, 0.0, 9]]), Ridge().fit(X[:, :-1], Y).predict([[0.0, 0.0]]))


class Seen:
    """Counts tasks, as a callback that follows sub-estimators."""

    max_propagation_depth = None

    def __init__(self):
        self.begun = []

    def setup(self, estimator, context):
        self.torn_down = False

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context):
        return False


@pytest.mark.filterwarnings("ignore:The estimator Ridge does not support callbacks")
def test_callbacks():
    seen = Seen()
    search = search_ridge().set_callbacks(seen).fit(X, Y)
    assert seen.begun.count("fit") == 1 + 3  # its own and, as scikit-learn has it for one in another, that of each task
    assert seen.begun.count("batch") == 9
    assert seen.torn_down
    assert not any(hasattr(own, "_skl_callbacks") for own in search.searches_.values())


@pytest.mark.filterwarnings("ignore:The estimator Ridge does not support callbacks")
def test_a_progress_bar(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    search_ridge().set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    assert "task | WarmStartSearchCV - fit #2" in capsys.readouterr().out


# Errors --------------------------------------------------------------------------------------------------------


def test_a_task_with_too_few_rows(monkeypatch):
    rows = np.r_[0:20, 20:22, 40:60]
    monkeypatch.setattr(Ridge, "fit", lambda *args: pytest.fail("a model was fitted"))
    with pytest.raises(ValueError, match=r"cv: .*task 1\.0 with its 2 row.*Cannot have number of splits"):
        search_ridge().fit(X[rows], Y[rows])


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"cv": [(np.arange(30), np.arange(30, 60))]}, ValueError, "cv: wanted a number of splits or a splitter"),
        ({"task": "shop"}, ValueError, "X .* has no column names, found task='shop'"),
        ({"task": 7}, ValueError, "found task=7"),
        ({"n_iter": 0}, ValueError, "n_iter: wanted at least 1"),
        ({"param_distributions": {"alhpa": [1]}}, ValueError, "did you mean 'alpha'"),
        ({"prior": TrialHistory()}, ValueError, "trial"),
    ],
)
def test_settings_that_make_no_sense(settings, error, words):
    with pytest.raises(error, match=words):
        search_ridge().set_params(**settings).fit(X, Y)


def test_a_task_that_was_scored_otherwise(monkeypatch):
    prior = fitted_ridge().prior_
    monkeypatch.setattr(Ridge, "fit", lambda *args: pytest.fail("a model was fitted"))
    with pytest.raises(
        ValueError, match=r"prior: wanted trials of task 0 scored by 'neg_max_error' as now, found some .* 'r2'"
    ):
        search_ridge(prior=prior, scoring="neg_max_error").fit(X, Y)


def test_tables_that_make_no_sense():
    with pytest.raises(ValueError, match="at least one feature column beside the task column -1"):
        search_ridge().fit(X[:, -1:], Y)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        search_ridge().fit(X[:0], Y[:0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        search_ridge().fit(X, Y[:-1])
    with pytest.raises(ValueError, match="requires y to be passed"):
        search_ridge().fit(X)
    missing = X.copy()
    missing[3, -1] = np.nan
    with pytest.raises(ValueError, match="wanted an id in every row"):
        search_ridge().fit(missing, Y)
