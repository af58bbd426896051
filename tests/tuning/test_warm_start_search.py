"""WarmStartSearchCV on one dataset, as scikit-learn's own searches; what goes into it, and what comes out."""

import inspect
import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.stats import loguniform
from searches import (
    ALPHAS,
    TREE,
    TREES,
    X_REG,
    Y_REG,
    X,
    assert_same_table,
    listen,
    same_by_grid,
    search_trees,
    small_prior,
    spread,
    y,
)
from sklearn import config_context
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ParameterSampler
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from skmeta import HyperparameterPrior, TrialHistory
from skmeta._sklearn import BaseSearchCV, every_fit_failed, param_columns, routed_params
from skmeta.tuning._data_name import name_data, shape_of
from skmeta.tuning._warm_start_search import WarmStartSearchCV

# What scikit-learn promises ------------------------------------------------------------------------


def test_the_private_names_are_where_they_were():
    run = inspect.signature(BaseSearchCV._run_search).parameters
    assert list(run) == ["self", "evaluate_candidates", "callback_ctx"]
    assert run["callback_ctx"].default is None
    source = inspect.getsource(BaseSearchCV.fit)
    assert "candidate_params, cv=None, more_results=None, callback_ctx=None" in source
    assert "self._checked_cv_orig" in source
    np.testing.assert_equal(param_columns([{"a": 1}, {"b": 2}])["param_a"].tolist(), [1, None])
    routed = routed_params(GridSearchCV(Ridge(), {}), {"sample_weight": [1.0], "groups": [2]})
    assert routed.estimator.fit == {"sample_weight": [1.0]}
    assert routed.splitter.split == {"groups": [2]}


def test_it_is_known_when_every_fit_failed():
    with pytest.raises(ValueError) as found:
        GridSearchCV(Ridge(), {"alpha": [-1.0]}).fit(X_REG, Y_REG)
    assert every_fit_failed(found.value)
    assert not every_fit_failed(ValueError("All is well"))


# As scikit-learn's own searches -----------------------------------------------------------------------


def least_leaves(results):
    return int(np.argmin(results["mean_test_accuracy"]))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"return_train_score": True, "scoring": "neg_log_loss"},
        {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
        {"scoring": {"b": "accuracy", "a": "balanced_accuracy"}, "refit": False},
        {"scoring": ("neg_log_loss", "accuracy"), "refit": least_leaves},
        {"scoring": spread, "refit": "hits"},
        {"scoring": make_scorer(accuracy_score), "cv": KFold(4, shuffle=True, random_state=1)},
        {"cv": [(np.arange(0, 150, 2), np.arange(1, 150, 2))], "batch_size": 3},
    ],
)
def test_results_are_those_of_scikit_learn_for_the_same_trials(settings):
    search = search_trees(**settings).fit(X, y)
    grid = same_by_grid(search)
    assert_same_table(search.cv_results_, grid.cv_results_)
    fitted = {name for name in vars(grid) if name.endswith("_")}
    assert fitted | {"history_", "prior_"} == {name for name in vars(search) if name.endswith("_")}
    for name in fitted & {"best_index_", "best_score_", "best_params_", "n_splits_", "multimetric_"}:
        assert getattr(search, name) == getattr(grid, name)
    if search.refit is not False:
        np.testing.assert_array_equal(search.predict_proba(X), grid.predict_proba(X))
        assert search.n_features_in_ == 4
        if not callable(search.refit):
            assert search.score(X, y) == grid.score(X, y)


SPACES = {
    "branches": (SVC(), [{"kernel": ["linear"], "C": [0.1, 1.0]}, {"kernel": ["poly"], "degree": [2, 3]}]),
    "steps": (
        Pipeline([("scale", StandardScaler()), ("model", SVC())]),
        [
            {"model": [SVC()], "model__C": loguniform(0.1, 10)},
            {"model": [GaussianNB(), LogisticRegression(max_iter=1000)], "scale": ["passthrough", StandardScaler()]},
        ],
    ),
}


@pytest.mark.parametrize(("estimator", "space"), SPACES.values(), ids=SPACES)
def test_spaces_of_branches_and_steps(estimator, space):
    search = WarmStartSearchCV(estimator, space, n_iter=4, cv=3, random_state=0).fit(X, y)
    assert_same_table(search.cv_results_, same_by_grid(search).cv_results_)
    assert len({str(params) for params in search.cv_results_["params"]}) == 4


def test_weights_and_groups_go_where_they_go_in_scikit_learn():
    weights, groups = np.linspace(0.1, 3.0, 150), np.arange(150) % 7
    search = search_trees(cv=GroupKFold(3)).fit(X, y, sample_weight=weights, groups=groups)
    grid = same_by_grid(search, sample_weight=weights, groups=groups)
    assert_same_table(search.cv_results_, grid.cv_results_)
    assert not np.array_equal(search.best_estimator_.tree_.value, search_trees().fit(X, y).best_estimator_.tree_.value)
    with config_context(enable_metadata_routing=True):
        tree = clone(TREE).set_fit_request(sample_weight=True)
        scorer = get_scorer("accuracy").set_score_request(sample_weight=False)
        routing = WarmStartSearchCV(tree, TREES, n_iter=3, cv=GroupKFold(3), scoring=scorer, random_state=0)
        routing.fit(X, y, sample_weight=weights, groups=groups)
        grid = same_by_grid(routing, sample_weight=weights, groups=groups)
        assert_same_table(routing.cv_results_, grid.cv_results_)


@pytest.mark.parametrize("kind", ["frame", "polars", "sparse", "list", "text"])
def test_rows_of_every_kind(kind):
    model, space = TREE, TREES
    if kind == "text":
        model, space = make_pipeline(TfidfVectorizer(), LogisticRegression()), {"logisticregression__C": [0.1, 1, 10]}
    rows = {
        "frame": pd.DataFrame(X, columns=list("abcd")),
        "polars": pl.DataFrame(X, schema=list("abcd")),
        "sparse": sparse.csr_array(X),
        "list": X.tolist(),
        "text": ["one word" if label else "another one" for label in y],
    }[kind]
    search = WarmStartSearchCV(model, space, n_iter=2, cv=3, random_state=0).fit(rows, y)
    assert search.score(rows, y) > 0.6
    trial = next(iter(search.history_))
    assert (trial.n_rows, trial.n_columns) == (150, 1 if kind == "text" else 4)
    if kind in ("frame", "polars"):
        assert list(search.feature_names_in_) == list("abcd")


def test_without_a_target():
    search = WarmStartSearchCV(KMeans(random_state=0), {"n_clusters": [2, 3]}, n_iter=2, random_state=0).fit(X)
    assert search.best_params_ == {"n_clusters": 3}
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        search_trees().fit(X)


def test_it_takes_what_its_estimator_takes():
    tags = get_tags(WarmStartSearchCV(KNeighborsRegressor(), {"n_neighbors": [1]}))
    assert tags.estimator_type == "regressor"
    assert tags.target_tags.multi_output
    assert get_tags(search_trees()).input_tags.allow_nan


def test_no_refit():
    search = search_trees(refit=False).fit(X, y)
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]
    assert not hasattr(search, "best_estimator_")
    assert not hasattr(search, "predict")


@pytest.mark.parametrize("fitted", [False, True])
def test_clone_and_pickle(fitted):
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=3, prior=small_prior(), random_state=0)
    if fitted:
        search.fit(X_REG, Y_REG)
    again = pickle.loads(pickle.dumps(search))
    assert again.get_params().keys() == search.get_params().keys() == clone(search).get_params().keys()
    assert clone(search).prior is search.prior
    if fitted:
        np.testing.assert_array_equal(again.predict(X_REG), search.predict(X_REG))
        assert again.history_ == search.history_
        assert not hasattr(clone(search), "history_")


def test_a_search_is_an_estimator_in_a_search():
    nested = GridSearchCV(search_trees(n_iter=2), {"estimator__criterion": ["gini", "entropy"]}, cv=3).fit(X, y)
    assert nested.best_score_ > 0.8


# History and prior ----------------------------------------------------------------------------------------


def test_a_history_is_that_of_a_search_that_was_added():
    search = WarmStartSearchCV(SVC(gamma=0.1), {"C": loguniform(0.1, 10)}, n_iter=4, cv=3, random_state=0).fit(X, y)
    (task,) = search.history_.tasks
    assert search.history_ == TrialHistory().add(search, task=task, shape=X.shape)
    trial = search.history_[task][0]
    assert trial.other_params["gamma"] == 0.1
    assert (trial.scoring, trial.n_splits, trial.n_rows, trial.n_columns) == ("accuracy", 3, 150, 4)
    assert trial.mean_fit_time > 0


def task_of(rows, targets, **settings):
    search = WarmStartSearchCV(Ridge(), {"alpha": [1.0]}, n_iter=1, cv=2, **settings).fit(rows, targets)
    return search.history_.tasks[0]


def test_the_same_data_are_the_same_task():
    name = task_of(X_REG, Y_REG)
    assert name == f"data-{joblib.hash((X_REG, Y_REG, 'r2'))[:12]}"
    assert name == task_of(np.asfortranarray(X_REG), Y_REG.copy(), scoring="r2") == task_of(X_REG, pd.Series(Y_REG))
    others = [task_of(X_REG[:-1], Y_REG[:-1]), task_of(X_REG, -Y_REG), task_of(X_REG, Y_REG, scoring="neg_max_error")]
    assert len({name, *others}) == 4


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_a_frame_is_known_by_its_values(library):
    frame = library.DataFrame({"a": Y_REG, "b": np.where(Y_REG > 0, "up", "down")})
    long = library.concat([frame, frame])
    again = long.iloc[: len(frame)] if library is pd else long[: len(frame)]
    assert name_data(frame, Y_REG, "r2") == name_data(again, Y_REG, "r2")
    renamed = frame.rename(columns={"a": "c"}) if library is pd else frame.rename({"a": "c"})
    assert name_data(frame, Y_REG, "r2") != name_data(renamed, Y_REG, "r2")


def test_shapes():
    shapes = [shape_of(data) for data in (X, sparse.csr_array(X), ["one", "two"], [[1, 2], [3]], X.tolist())]
    assert shapes == [(150, 4), (150, 4), (2, 1), (2, 1), (150, 4)]


@pytest.mark.parametrize("kind", ["history", "prior"])
def test_a_prior_goes_in_and_comes_out(monkeypatch, kind):
    told = listen(monkeypatch)
    prior = small_prior()
    given = prior if kind == "prior" else prior.history
    before = len(prior.history)
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=4, prior=given, random_state=0).fit(X_REG, Y_REG)
    assert told.prior.history == prior.history
    assert search.prior_.history == prior.history + search.history_
    assert len(prior.history) == before  # a prior is never changed
    assert search.cv_results_["origin"][0] == "portfolio"


def test_a_cold_search_teaches():
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=4, random_state=0).fit(X_REG, Y_REG)
    assert isinstance(search.prior_, HyperparameterPrior)
    assert search.prior_.history == search.history_
    assert "portfolio" not in search.cv_results_["origin"]


def test_one_trial_is_enough():
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=1, random_state=0).fit(X_REG, Y_REG)
    assert len(search.prior_.history) == 1


# Errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"n_iter": 0}, ValueError, "n_iter: wanted at least 1 trial, found 0"),
        ({"n_iter": -3}, ValueError, "n_iter: wanted at least 1 trial, found -3"),
        ({"n_iter": 2.0}, TypeError, "n_iter: wanted a whole number of trials, found 2.0"),
        ({"n_iter": True}, TypeError, "n_iter: wanted a whole number of trials, found True"),
        ({"batch_size": 0}, ValueError, "batch_size: wanted at least 1 trial"),
        ({"batch_size": None}, TypeError, "batch_size: wanted a whole number"),
        ({"max_time": 0}, ValueError, "max_time: wanted more than 0 seconds, found 0"),
        ({"max_time": np.nan}, ValueError, "max_time: wanted more than 0 seconds, found nan"),
        ({"max_time": "5s"}, TypeError, "max_time: wanted a number of seconds, found '5s'"),
        ({"prior": {"C": 1}}, TypeError, "prior: wanted a HyperparameterPrior.*found a dict"),
        (
            {"prior": WarmStartSearchCV(TREE, TREES)},
            TypeError,
            "prior: wanted a HyperparameterPrior.*found WarmStartSearchCV",
        ),
        ({"prior": TrialHistory()}, ValueError, "trial"),
        ({"method": "magic"}, ValueError, "method: wanted"),
        ({"param_distributions": "max_depth"}, TypeError, "param_distributions: wanted"),
        ({"param_distributions": {}}, ValueError, "param_distributions: wanted"),
        ({"param_distributions": {"max_depth": []}}, ValueError, "max_depth"),
        ({"scoring": "speed"}, ValueError, "scoring"),
        ({"scoring": ["accuracy", "r2"]}, ValueError, "multi-metric scoring, the parameter refit"),
    ],
)
def test_settings_that_make_no_sense(monkeypatch, settings, error, words):
    monkeypatch.setattr(DecisionTreeClassifier, "fit", lambda *args: pytest.fail("a model was fitted"))
    with pytest.raises(error, match=words):
        search_trees().set_params(**settings).fit(X, y)


PIPE = Pipeline([("scale", StandardScaler()), ("model", SVC())])


@pytest.mark.parametrize(
    ("space", "words"),
    [
        ({"model__c": [1]}, r"found 'model__c', which is none of Pipeline(.|\n)*did you mean 'model__C'"),
        ({"modle__C": [1]}, r"'modle__C'(.|\n)*did you mean 'model__C'"),
        ([{"model__C": [1]}, {"nothing": [1]}], r"'nothing'(.|\n)*it has 'memory'"),
        (
            {"model": [SVC(), RandomForestClassifier()], "model__C": [1]},
            r"'model__C', which is none of RandomForestClassifier\(\) chosen as 'model'; give each choice its own dict",
        ),
        ({"scale": ["passthrough"], "scale__with_mean": [True]}, "'scale__with_mean', which is none of 'passthrough'"),
    ],
)
def test_a_parameter_that_the_estimator_lacks(monkeypatch, space, words):
    monkeypatch.setattr(Pipeline, "fit", lambda *args: pytest.fail("a model was fitted"))
    with pytest.raises(ValueError, match=words):
        WarmStartSearchCV(PIPE, space, n_iter=1).fit(X, y)


class Greedy(DecisionTreeClassifier):
    """Takes what it does not list, as the wrappers of boosting libraries do."""

    def set_params(self, **params):
        self.more = {name: params.pop(name) for name in list(params) if name not in self.get_params()}
        return super().set_params(**params)


def test_a_parameter_that_is_taken_without_being_listed():
    search = WarmStartSearchCV(Greedy(), {"num_leaves": [3, 4]}, n_iter=2, cv=2).fit(X, y)
    assert search.best_estimator_.more == search.best_params_


def test_parameters_of_a_step_that_is_chosen():
    space = {"model": [RandomForestClassifier(n_estimators=2)], "model__max_depth": [1, 2]}
    assert WarmStartSearchCV(PIPE, space, n_iter=2, cv=2, random_state=0).fit(X, y).best_params_["model__max_depth"]


def test_values_are_drawn_as_scikit_learn_draws_them():
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=3, random_state=0).fit(X_REG, Y_REG)
    (theirs,) = ParameterSampler(ALPHAS, 1, random_state=0)
    assert {type(params["alpha"]) for params in search.cv_results_["params"]} <= {type(theirs["alpha"]), float}
