"""The loop of a search: batch after batch, fits that fail, what an end leaves, and what callbacks see."""

import subprocess
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
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
    without_times,
    y,
)
from sklearn.callback import ProgressBar
from sklearn.datasets import load_diabetes
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.svm import SVC
from variations import varied

from skmeta import TrialHistory
from skmeta.tuning import _warm_start_search
from skmeta.tuning._warm_start_search import WarmStartSearchCV

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
    """An Suggester that proposes what it was written to."""

    leaves: tuple = ()

    def __init__(self, *args, **settings):
        self.left = list(self.leaves)

    def resume_from(self, trials):
        return []

    def suggest(self, n, scores, errors):
        Scripted.scores, Scripted.errors = scores, errors
        chosen, self.left = self.left[:n], self.left[n:]
        params = [{"min_samples_leaf": leaf} for leaf in chosen]
        return [SimpleNamespace(params=p, origin="random", mean=np.nan, sd=np.nan) for p in params]


ORDERS = {"first": (-1, -2, 3, 1, -3, 5), "last": (3, 1, -1, 5, -2, -3), "one": (-1, 3)}


def search_leaves(monkeypatch, leaves, **settings):
    monkeypatch.setattr(_warm_start_search, "suggester_for", Scripted)
    monkeypatch.setattr(Scripted, "leaves", leaves)
    space = {"min_samples_leaf": loguniform(1, 10)}
    search = WarmStartSearchCV(TREE, space, n_iter=len(leaves), cv=2, **settings)
    with warnings.catch_warnings(record=True, action="always") as said:
        search.fit(X, y)
    return search, [warning.category for warning in said]


@varied("batch_size", [1, 2])
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


@varied("by", [KeyboardInterrupt, RuntimeError])
@varied(("fits", "batch_size", "n_trials"), [(8, 1, 4), (0, 1, 0), (7, 1, 3), (9, 2, 4)], keep=2)
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


KILLED = """
import os, sys
from scipy.stats import loguniform
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from skmeta import WarmStartSearchCV

class Killed(Ridge):
    left = 9
    def fit(self, X, y):
        Killed.left -= 1
        return os._exit(9) if Killed.left < 0 else super().fit(X, y)

class SaveTrials:
    def setup(self, estimator, context): ...
    def teardown(self, estimator, context): ...
    def on_fit_task_begin(self, estimator, context): ...
    def on_fit_task_end(self, estimator, context):
        if context.task_name == "batch":
            estimator.history_.save(sys.argv[1])

search = WarmStartSearchCV(Killed(), {"alpha": loguniform(0.01, 100)}, n_iter=6, cv=2, random_state=0)
search.set_callbacks(SaveTrials()).fit(*load_diabetes(return_X_y=True))
"""


def test_a_callback_saves_what_a_killed_process_had_done(tmp_path):
    path = tmp_path / "so_far.json"
    assert subprocess.run([sys.executable, "-c", KILLED, path], check=False).returncode == 9
    saved, data = TrialHistory.load(path), load_diabetes(return_X_y=True)
    assert len(saved) == 4
    search = WarmStartSearchCV(Ridge(), {"alpha": loguniform(0.01, 100)}, n_iter=2, cv=2, prior=saved).fit(*data)
    assert len(search.prior_.tasks) == 1 and len(search.prior_.history) == 5  # the best again, and another
    assert search.cv_results_["params"][0] == max(saved, key=lambda trial: trial.mean_test_score).params


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more")
def test_what_failed_is_not_tried_again():
    first = WarmStartSearchCV(SVC(), {"C": [-1.0, 1.0, -2.0]}, n_iter=3, cv=2, random_state=0).fit(X, y)
    wider = {"C": [-1.0, 1.0, -2.0, 2.0, 3.0]}
    again = WarmStartSearchCV(SVC(), wider, n_iter=3, cv=2, prior=first.prior_, random_state=0).fit(X, y)
    assert again.cv_results_["param_C"].tolist()[0] == 1.0
    assert sorted(again.cv_results_["param_C"].tolist()) == [1.0, 2.0, 3.0]


def test_trials_that_all_failed_are_no_past():
    history = TrialHistory().add([{"alpha": 1.0, "score": np.nan}], task="a")
    search = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=2, cv=2, prior=history)
    with pytest.warns(UserWarning, match="none of the 1 trials has a score, so the search starts cold"):
        search.fit(X_REG, Y_REG)


@pytest.mark.parametrize(("n_iter", "batch_size"), [(6, 3), (4, 2), (1, 5), (5, 2)])
def test_a_search_goes_on_in_batches(n_iter, batch_size):
    first = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=3, cv=2, random_state=0).fit(X_REG, Y_REG)
    again = WarmStartSearchCV(
        Ridge(), ALPHAS, n_iter=n_iter, cv=2, batch_size=batch_size, prior=first.prior_, random_state=1
    )
    origins = again.fit(X_REG, Y_REG).cv_results_["origin"].tolist()
    assert len(origins) == n_iter and origins[0] == "portfolio"


def test_other_data_are_another_search():
    first = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=4, cv=2, random_state=0).fit(X_REG, Y_REG)
    other = WarmStartSearchCV(Ridge(), ALPHAS, n_iter=2, cv=2, prior=first.history_, random_state=0)
    other.fit(X_REG[::2], Y_REG[::2])
    assert other.prior_.tasks[0] != other.prior_.tasks[1]
    assert np.isnan(other.cv_results_["expected_score"][0])


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
