"""WarmStartSearchCV on one dataset: scikit-learn's search around a loop that loses nothing."""

import inspect
import pickle
import warnings
from types import SimpleNamespace

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
from sklearn.datasets import load_iris, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, ParameterSampler, ShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags

from skmeta import HyperparameterPrior, TrialHistory
from skmeta._sklearn import BaseSearchCV, every_fit_failed, param_columns, routed_params
from skmeta.model_selection import _warm_start_search
from skmeta.model_selection._data_name import name_data, shape_of
from skmeta.model_selection._warm_start_search import WarmStartSearchCV

X, y = load_iris(return_X_y=True)
X_REG, Y_REG = make_regression(60, 4, noise=20.0, random_state=0)
TREE = DecisionTreeClassifier(random_state=0)
TREES = {"max_depth": [1, 2, 3, 5], "min_samples_leaf": [1, 5, 20]}
ALPHAS = {"alpha": loguniform(0.01, 100)}


def search_trees(**settings):
    return WarmStartSearchCV(TREE, TREES, **({"n_iter": 4, "cv": 3, "random_state": 0} | settings))


def without_times(results, also=("origin", "expected_score", "expected_std")):
    return {name: column for name, column in results.items() if not name.endswith("_time") and name not in also}


def assert_same_table(ours, theirs):
    """All columns but the seconds: values, masks and kinds."""
    ours, theirs = without_times(ours), without_times(theirs)
    assert ours.keys() == theirs.keys()
    for name, column in theirs.items():
        np.testing.assert_equal(
            np.ma.getmaskarray(np.ma.asarray(ours[name])), np.ma.getmaskarray(np.ma.asarray(column))
        )
        np.testing.assert_equal(np.ma.asarray(ours[name]).tolist(), np.ma.asarray(column).tolist(), err_msg=name)
        assert np.asarray(ours[name]).dtype == np.asarray(column).dtype, name


def same_by_grid(search, rows=(X, y), **params):
    """scikit-learn's search over the trials that `search` made, in their order."""
    settings = {name: getattr(search, name) for name in ("scoring", "refit", "cv", "error_score", "return_train_score")}
    trials = [{name: [value] for name, value in trial.items()} for trial in search.cv_results_["params"]]
    return GridSearchCV(search.estimator, trials, **settings).fit(*rows, **params)


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


def spread(model, X, y):
    proba = model.predict_proba(X)
    return {"loss": -log_loss(y, proba), "hits": accuracy_score(y, proba.argmax(axis=1))}


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


# The loop ------------------------------------------------------------------------------------------------


def test_the_same_trials_for_any_number_of_jobs():
    one, two = (
        WarmStartSearchCV(Ridge(), ALPHAS, n_iter=7, batch_size=3, n_jobs=n, random_state=3).fit(X_REG, Y_REG)
        for n in (1, 2)
    )
    assert_same_table(without_times(one.cv_results_, ()), without_times(two.cv_results_, ()))
    assert one.history_ == two.history_


def test_a_seed_is_a_stream_of_its_own():
    alphas = [
        WarmStartSearchCV(Ridge(), ALPHAS, n_iter=3, random_state=seed).fit(X_REG, Y_REG).cv_results_["params"]
        for seed in (0, 0, 1, np.random.RandomState(0))
    ]
    assert alphas[0] == alphas[1] == alphas[3] != alphas[2]


def test_batches(capsys):
    search = search_trees(n_iter=7, batch_size=3, verbose=1).fit(X, y)
    assert [int(line.split()[6]) for line in capsys.readouterr().out.splitlines()] == [3, 3, 1]
    assert len(search.cv_results_["params"]) == 7


def test_all_of_a_small_space():
    with pytest.warns(UserWarning, match="total space of parameters 12 is smaller than n_iter=20"):
        search = search_trees(n_iter=20, batch_size=5).fit(X, y)
    grid = GridSearchCV(TREE, TREES, cv=3).fit(X, y)
    assert sorted(map(str, search.cv_results_["params"])) == sorted(map(str, grid.cv_results_["params"]))
    assert search.best_score_ == grid.best_score_
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(search_trees(n_iter=12).fit(X, y).cv_results_["params"]) == 12


class Slow(Ridge):
    """Takes a second a fit, by a clock that is not the computer's."""

    clock = 0.0

    def fit(self, X, y):
        Slow.clock += 1.0
        return super().fit(X, y)


@pytest.mark.parametrize(("max_time", "n_trials"), [(0.1, 2), (4.0, 2), (4.5, 4), (8.0, 4), (1e9, 9), (None, 9)])
def test_no_batch_is_begun_when_the_time_is_over(monkeypatch, max_time, n_trials):
    monkeypatch.setattr(_warm_start_search, "time", SimpleNamespace(monotonic=lambda: Slow.clock))
    search = WarmStartSearchCV(Slow(), ALPHAS, n_iter=9, batch_size=2, cv=2, max_time=max_time, refit=False)
    assert len(search.fit(X_REG, Y_REG).cv_results_["params"]) == n_trials


@pytest.mark.parametrize("batch_size", [1, 2])
def test_splits_are_drawn_once(batch_size):
    search = WarmStartSearchCV(
        Ridge(), {"random_state": [0, 1, 2, 3]}, n_iter=4, batch_size=batch_size, cv=ShuffleSplit(3, test_size=0.3)
    ).fit(X_REG, Y_REG)  # the seed of Ridge is no matter to its solver
    for split in range(3):
        assert len(set(search.cv_results_[f"split{split}_test_score"])) == 1
    assert len({search.cv_results_[f"split{split}_test_score"][0] for split in range(3)}) == 3


def listen(monkeypatch):
    """What the loop tells its advisor, from now on."""
    told = SimpleNamespace(calls=[])
    advisor_for = _warm_start_search.advisor_for

    def listened(space, prior, method, rng, estimator):
        advisor = advisor_for(space, prior, method, rng, estimator)
        told.prior, told.estimator, told.calls = prior, estimator, []

        def propose(n, scores, errors):
            told.calls.append((n, scores, errors))
            return advisor.propose(n, scores, errors)

        return SimpleNamespace(propose=propose, go_on_from=advisor.go_on_from)

    monkeypatch.setattr(_warm_start_search, "advisor_for", listened)
    return told


@pytest.mark.parametrize(
    ("settings", "guide"),
    [
        ({}, "score"),
        ({"scoring": "neg_log_loss"}, "score"),
        ({"scoring": ["neg_log_loss", "accuracy"], "refit": "accuracy"}, "accuracy"),
        ({"scoring": ("accuracy", "neg_log_loss"), "refit": False}, "accuracy"),
        ({"scoring": {"z": "accuracy", "a": "neg_log_loss"}, "refit": lambda results: 0}, "z"),
        ({"scoring": spread, "refit": "hits"}, "hits"),
        ({"scoring": spread, "refit": False}, "loss"),
    ],
)
def test_what_guides(monkeypatch, settings, guide):
    told = listen(monkeypatch)
    search = search_trees(n_iter=5, batch_size=2, **settings).fit(X, y)
    assert [n for n, _, _ in told.calls] == [2, 2, 1]
    assert [len(scores) for _, scores, _ in told.calls] == [0, 2, 4]
    results, (_, scores, errors) = search.cv_results_, told.calls[-1]
    np.testing.assert_array_equal(scores, results[f"mean_test_{guide}"][:4])
    np.testing.assert_allclose(errors, results[f"std_test_{guide}"][:4] / np.sqrt(3))
    assert [trial.mean_test_score for trial in search.history_] == list(results[f"mean_test_{guide}"])
    assert told.estimator is search.estimator


def test_what_was_expected_is_told():
    results = search_trees().fit(X, y).cv_results_
    assert set(results["origin"]) <= {"portfolio", "model", "random"}
    assert results["expected_score"].dtype == results["expected_std"].dtype == float
    assert len(results["origin"]) == len(results["expected_score"]) == len(results["expected_std"]) == 4


# Fits that fail -------------------------------------------------------------------------------------------


class Scripted:
    """An Advisor that proposes what it was written to."""

    leaves: tuple = ()

    def __init__(self, *args, **settings):
        self.left = list(self.leaves)

    def go_on_from(self, trials):
        return []

    def propose(self, n, scores, errors):
        Scripted.scores, Scripted.errors = scores, errors
        chosen, self.left = self.left[:n], self.left[n:]
        params = [{"min_samples_leaf": leaf} for leaf in chosen]
        return [SimpleNamespace(params=p, origin="random", mean=np.nan, sd=np.nan) for p in params]


ORDERS = {"first": (-1, -2, 3, 1, -3, 5), "last": (3, 1, -1, 5, -2, -3), "one": (-1, 3)}


def search_leaves(monkeypatch, leaves, **settings):
    monkeypatch.setattr(_warm_start_search, "advisor_for", Scripted)
    monkeypatch.setattr(Scripted, "leaves", leaves)
    space = {"min_samples_leaf": loguniform(1, 10)}
    search = WarmStartSearchCV(TREE, space, n_iter=len(leaves), cv=2, **settings)
    with warnings.catch_warnings(record=True, action="always") as said:
        search.fit(X, y)
    return search, [warning.category for warning in said]


@pytest.mark.parametrize("batch_size", [1, 2])
@pytest.mark.parametrize(
    "settings",
    [
        {"error_score": np.nan},
        {"error_score": 0.0, "return_train_score": True},
        {"scoring": ["accuracy", "neg_log_loss"], "refit": "accuracy"},
        {"scoring": spread, "refit": "loss", "return_train_score": True},
    ],
)
@pytest.mark.parametrize("leaves", ORDERS.values(), ids=ORDERS)
def test_a_trial_that_failed_is_a_trial(monkeypatch, batch_size, settings, leaves):
    search, said = search_leaves(monkeypatch, leaves, batch_size=batch_size, **settings)
    with warnings.catch_warnings(action="ignore"):
        grid = same_by_grid(search)
    assert_same_table(search.cv_results_, grid.cv_results_)
    assert search.best_params_ == grid.best_params_
    guide = search.refit if isinstance(search.refit, str) else "score"
    scores = [trial.mean_test_score for trial in search.history_]
    np.testing.assert_array_equal(scores, search.cv_results_[f"mean_test_{guide}"])
    np.testing.assert_equal(search.cv_results_["origin"], ["random"] * len(leaves))
    assert FitFailedWarning in said
    if batch_size == 1:
        assert said.count(FitFailedWarning) == 1


def test_a_failed_trial_is_told_as_nan(monkeypatch):
    search_leaves(monkeypatch, ORDERS["first"])
    np.testing.assert_array_equal(np.isnan(Scripted.scores), [True, True, False, False, True])
    np.testing.assert_array_equal(np.isnan(Scripted.errors), [True, True, False, False, True])


def test_all_trials_failed():
    search = WarmStartSearchCV(Ridge(), {"alpha": [-1.0, -2.0, -3.0]}, n_iter=3)
    with pytest.raises(ValueError, match=r"All the 5 fits failed(.|\n)*'alpha'"):
        search.fit(X_REG, Y_REG)
    assert [trial.params["alpha"] for trial in search.history_] != []
    assert len(search.history_) == 3
    assert np.isnan([trial.mean_test_score for trial in search.history_]).all()
    assert not hasattr(search, "cv_results_")


def no_score(model, X, y):
    return np.nan


def test_scores_that_are_no_numbers_are_told_once():
    with warnings.catch_warnings(record=True, action="always") as said:
        WarmStartSearchCV(Ridge(), ALPHAS, n_iter=4, scoring=no_score, return_train_score=True).fit(X_REG, Y_REG)
    assert [str(warning.message).split()[5] for warning in said] == ["test", "train"]


@pytest.mark.filterwarnings("ignore:One or more of the test scores")
@pytest.mark.parametrize("known", [False, True])
def test_nothing_is_learned_where_no_trial_has_a_score(known):
    prior = small_prior() if known else None
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=2, prior=prior, scoring=no_score).fit(X_REG, Y_REG)
    assert search.prior_ is prior
    assert len(search.history_) == 2


# Nothing is lost ------------------------------------------------------------------------------------------


class Interrupted(Ridge):
    """Stopped at a fit, by Ctrl-C or an error."""

    left = 10**9
    by: type[BaseException] = KeyboardInterrupt

    def fit(self, X, y):
        Interrupted.left -= 1
        if Interrupted.left < 0:
            raise Interrupted.by("stop")
        return super().fit(X, y)


@pytest.mark.parametrize("by", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize(("fits", "batch_size", "n_trials"), [(0, 1, 0), (7, 1, 3), (8, 1, 4), (9, 2, 4)])
def test_an_interrupted_search_keeps_its_trials(monkeypatch, by, fits, batch_size, n_trials):
    monkeypatch.setattr(Interrupted, "by", by)
    search = WarmStartSearchCV(
        Interrupted(), ALPHAS, n_iter=6, cv=2, batch_size=batch_size, error_score="raise", random_state=0
    )
    monkeypatch.setattr(Interrupted, "left", 10**9)
    whole = search.fit(X_REG, Y_REG).history_
    monkeypatch.setattr(Interrupted, "left", fits)
    with pytest.raises(by):
        search.fit(X_REG, Y_REG)
    assert list(map(str, (t.params for t in search.history_))) == list(map(str, (t.params for t in whole)))[:n_trials]
    assert search.history_.tasks == whole.tasks[: bool(n_trials)]
    for name in ("best_params_", "best_estimator_", "best_score_", "cv_results_"):
        assert not hasattr(search, name)
    with pytest.raises(NotFittedError):
        search.predict(X_REG)


def test_an_interrupted_search_goes_on(monkeypatch):
    monkeypatch.setattr(Interrupted, "left", 9)
    search = WarmStartSearchCV(Interrupted(), ALPHAS, n_iter=6, cv=2, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X_REG, Y_REG)
    monkeypatch.setattr(Interrupted, "left", 10**9)
    again = WarmStartSearchCV(Interrupted(), ALPHAS, n_iter=3, cv=2, prior=search.history_, random_state=1)
    again.fit(X_REG, Y_REG)
    assert again.prior_.history == search.history_ + again.history_
    assert again.prior_.history.tasks == search.history_.tasks  # the same data are the same task
    assert len(search.history_) == 4
    best = max(search.history_, key=lambda trial: trial.mean_test_score)
    first, *others = again.cv_results_["params"]
    assert first == best.params  # so that the best of both is found
    assert again.cv_results_["expected_score"][0] == again.cv_results_["mean_test_score"][0] == best.mean_test_score
    assert not {params["alpha"] for params in others} & {trial.params["alpha"] for trial in search.history_}


def test_other_data_are_another_search():
    first = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=4, cv=2, random_state=0).fit(X_REG, Y_REG)
    other = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=2, cv=2, prior=first.history_, random_state=0)
    other.fit(X_REG[::2], Y_REG[::2])
    assert other.prior_.tasks[0] != other.prior_.tasks[1]
    assert np.isnan(other.cv_results_["expected_score"][0])


# History and prior ----------------------------------------------------------------------------------------


def small_prior():
    history = TrialHistory()
    for task, best in (("a", 1.0), ("b", 2.0), ("c", 0.5)):
        alphas = np.geomspace(0.05, 20, 8)
        history.add([{"alpha": a, "score": -(np.log(a / best) ** 2)} for a in alphas], task=task)
    return HyperparameterPrior.from_history(history)


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


# Callbacks ------------------------------------------------------------------------------------------------


class Stops:
    """Counts tasks, and asks to stop after some batches."""

    def __init__(self, after=10**9):
        self.after = after
        self.begun = []

    def setup(self, estimator, context):
        self.begun = []

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        self.begun.append((context.task_name, context.max_subtasks))

    def on_fit_task_end(self, estimator, context):
        return context.task_name == "batch" and sum(name == "batch" for name, _ in self.begun) >= self.after


def test_callbacks_see_batches():
    seen = Stops()
    search_trees(n_iter=5, batch_size=2).set_callbacks(seen).fit(X, y)
    assert [task for task in seen.begun if task[0] in ("search", "batch")] == [
        ("search", 3),
        ("batch", 6),
        ("batch", 6),
        ("batch", 3),
    ]
    assert sum(name == "candidate-split-evaluation" for name, _ in seen.begun) == 15
    assert seen.torn_down


def test_a_callback_may_end_the_search():
    search = search_trees(n_iter=5, batch_size=2).set_callbacks(Stops(after=2)).fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert hasattr(search, "best_estimator_")


@pytest.mark.filterwarnings("ignore:The estimator DecisionTreeClassifier does not support callbacks")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_progress_bar(capsys, n_jobs):
    search_trees(n_jobs=n_jobs).set_callbacks(ProgressBar()).fit(X, y)
    assert "WarmStartSearchCV" in capsys.readouterr().out


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
