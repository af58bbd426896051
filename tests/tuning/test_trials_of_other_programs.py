"""Trials as Optuna, MLflow, Ray Tune, hyperopt, OpenML and CSV files have them."""

import datetime
import enum
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from skmeta import HyperparameterPrior, TrialHistory

pytestmark = pytest.mark.quick

NAN = float("nan")


def trials(table, **options):
    return [(trial.params, trial.mean_test_score) for trial in TrialHistory().add(table, **{"task": "a"} | options)]


def assert_trials(found, expected):
    assert [params for params, _ in found] == [params for params, _ in expected]
    assert [{k: type(v) for k, v in p.items()} for p, _ in found] == [
        {k: type(v) for k, v in p.items()} for p, _ in expected
    ]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected])


OPTUNA = pd.DataFrame(
    {
        "number": range(3),
        "value": [0.1, 0.9, 0.2],
        "datetime_start": pd.Timestamp(0),
        "duration": pd.to_timedelta([1, 2, 3], "s"),
        "params_C": [0.1, 1.0, 10.0],
        "params_depth": [3.0, NAN, 5.0],
        "user_attrs_note": "x",
        "state": ["COMPLETE", "PRUNED", "FAIL"],
    }
)
MLFLOW = pd.DataFrame(
    {
        "run_id": list("abc"),
        "status": ["FINISHED", "KILLED", "FAILED"],
        "params.C": ["0.1", "1", "1e1"],
        "params.kernel": ["rbf", None, "linear"],
        "params.shrinking": ["True", "False", "False"],
        "metrics.acc": [0.5, 0.6, 0.7],
        "metrics.loss": [1.0, 2.0, 3.0],
        "tags.mlflow.user": "x",
    }
)
RAY = pd.DataFrame(
    {"acc": [0.1, 0.2], "config/C": [1.0, 2.0], "trial_id": ["x", "y"], "time_total_s": [3.0, 4.0], "pid": 5}
)
OPENML = pd.DataFrame(
    {
        "run_id": [1, 2],
        "setup_id": [3, 4],
        "value": [0.3, 0.4],
        "parameters": [{"sklearn.svm.classes.SVC(3)_C": "1.5", "sklearn.svm.classes.SVC(3)_kernel": '"rbf"'}] * 2,
    }
)
TABLES = {
    "optuna": (
        OPTUNA,
        {"greater_is_better": True},
        [({"C": 0.1, "depth": 3}, 0.1), ({"C": 1.0}, NAN), ({"C": 10.0, "depth": 5}, NAN)],
    ),
    "optuna, lower is better": (
        OPTUNA,
        {"metric": "value", "greater_is_better": False},
        [({"C": 0.1, "depth": 3}, -0.1), ({"C": 1.0}, NAN), ({"C": 10.0, "depth": 5}, NAN)],
    ),
    "mlflow": (
        MLFLOW,
        {"metric": "acc"},
        [
            ({"C": 0.1, "kernel": "rbf", "shrinking": True}, 0.5),
            ({"C": 1, "shrinking": False}, NAN),
            ({"C": 10.0, "kernel": "linear", "shrinking": False}, NAN),
        ],
    ),
    "ray tune": (RAY, {"metric": "acc"}, [({"C": 1.0}, 0.1), ({"C": 2.0}, 0.2)]),
    "openml": (
        OPENML,
        {"metric": "value", "greater_is_better": True},
        [({"C": 1.5, "kernel": "rbf"}, 0.3), ({"C": 1.5, "kernel": "rbf"}, 0.4)],
    ),
    "dicts": (
        [{"config": {"C": 1.0}, "score": 0.3}, {"config": {"C": 2.0, "degree": 1}, "score": 0.4}],
        {},
        [({"C": 1.0}, 0.3), ({"C": 2.0, "degree": 1}, 0.4)],
    ),
}


@pytest.mark.parametrize("program", TABLES)
def test_a_table_is_read_as_its_program_means_it(program):
    table, options, expected = TABLES[program]
    assert_trials(trials(table, **options), expected)


class Direction(enum.Enum):
    MINIMIZE = 1
    MAXIMIZE = 2


class State(enum.Enum):
    COMPLETE = 1
    FAIL = 3


def study(*directions):
    second = datetime.timedelta(seconds=1)
    return SimpleNamespace(
        directions=list(directions),
        trials=[
            SimpleNamespace(params={"C": 1.0}, values=[0.3] * len(directions), state=State.COMPLETE, duration=second),
            SimpleNamespace(params={"C": 3.0}, values=None, state=State.FAIL, duration=second),
        ],
    )


@pytest.mark.parametrize(("direction", "sign"), [(Direction.MINIMIZE, -1), (Direction.MAXIMIZE, 1)])
def test_a_study_says_its_direction(direction, sign):
    assert_trials(trials(study(direction)), [({"C": 1.0}, sign * 0.3), ({"C": 3.0}, NAN)])
    with pytest.raises(ValueError, match="greater_is_better: wanted what the study says"):
        trials(study(direction), greater_is_better=sign < 0)


def test_a_study_of_several_objectives_wants_one_named():
    both = study(Direction.MINIMIZE, Direction.MAXIMIZE)
    with pytest.raises(ValueError, match="metric: wanted the name of one objective"):
        trials(both)
    assert_trials(trials(both, metric="1"), [({"C": 1.0}, 0.3), ({"C": 3.0}, NAN)])


def test_trials_of_hyperopt_have_losses():
    rows = [
        {"misc": {"vals": {"C": [0.1], "degree": []}}, "result": {"loss": 0.3, "status": "ok"}},
        {"misc": {"vals": {"C": [1.0], "degree": [2.0]}}, "result": {"status": "fail"}},
    ]
    assert_trials(trials(SimpleNamespace(trials=rows)), [({"C": 0.1}, -0.3), ({"C": 1.0, "degree": 2.0}, NAN)])


def test_the_place_of_a_choice_is_no_value_and_hyperopt_keeps_no_more():
    rows = [{"misc": {"vals": {"kernel": [np.int64(1)], "C": [0.1]}}, "result": {"loss": 0.3, "status": "ok"}}]
    with pytest.warns(UserWarning, match=r"found whole numbers in \['kernel'\]; of hp.choice .* hyperopt.space_eval"):
        trials(SimpleNamespace(trials=rows))


def test_numbers_as_text_are_numbers():
    history = TrialHistory()
    for task in "abc":
        history.add([{"C": str(10.0**k), "score": -abs(k - 2.0)} for k in range(-4, 5)], task=task)
    prior = HyperparameterPrior.from_history(history)
    assert prior.default() == {"C": 100.0}
    assert prior.suggest({"C": loguniform(1e-4, 1e4)}, random_state=0) == [{"C": 100.0}]


def test_results_that_went_through_csv_are_the_same(tmp_path):
    X, y = load_iris(return_X_y=True)
    grid = [
        {"C": [0.1, 1, 10], "gamma": ["scale", 1e-3, 0.1]},
        {"kernel": ["linear"], "class_weight": [None, {0: 1, 1: 2}]},
    ]
    search = GridSearchCV(SVC(), grid, cv=2).fit(X, y)
    pd.DataFrame(search.cv_results_).to_csv(tmp_path / "cv.csv", index=False)
    assert [params for params, _ in trials(pd.read_csv(tmp_path / "cv.csv"))] == search.cv_results_["params"]


def test_a_column_may_name_the_datasets():
    table = pd.DataFrame({"dataset": ["a", "a", "b"], "C": [1.0, 2.0, 3.0], "score": [0.1, 0.2, 0.3]})
    history = TrialHistory().add(table, task="dataset")
    assert {task: len(history[task]) for task in history.tasks} == {"a": 2, "b": 1}
    assert all(set(trial.params) == {"C"} for trial in history)


@pytest.mark.parametrize("column", ["params.dataset", "tags.dataset"])
def test_any_column_may_name_the_datasets(column):
    history = TrialHistory().add(MLFLOW.assign(**{column: ["a", "a", "b"]}), task=column, metric="acc")
    assert history.tasks == ("a", "b") and all("dataset" not in trial.params for trial in history)


def test_a_gap_among_names_of_datasets_is_told():
    table = pd.DataFrame({"dataset": ["a", None], "C": [1.0, 2.0], "score": [0.1, 0.2]})
    with pytest.raises(ValueError, match="task: wanted a name in every row of 'dataset', found 1 without"):
        TrialHistory().add(table, task="dataset")


@pytest.mark.parametrize("state", ["failed", "crashed", "KILLED", "FAIL"])
def test_a_trial_that_failed_has_no_score(state):
    table = pd.DataFrame({"C": [1.0, 2.0], "status": ["ok", state], "rmse": [1.0, 0.0]})
    assert_trials(trials(table, metric="rmse", greater_is_better=False), [({"C": 1.0}, -1.0), ({"C": 2.0}, NAN)])


def test_parameters_with_names_like_times_are_parameters():
    names = ["time_steps", "timeout", "date_features", "data_name", "step_size"]
    with pytest.warns(UserWarning, match=r"taken for it, \['time_this_iter_s', 'timestamp'\] not"):
        (found,) = trials([dict.fromkeys(names, 2) | {"score": 0.1, "time_this_iter_s": 3.0, "timestamp": 5}])
    assert list(found[0]) == names


def test_scores_of_a_study_and_others_are_not_mixed():
    history = TrialHistory().add(study(Direction.MINIMIZE), task="a")
    with pytest.raises(ValueError, match="task: wanted trials of 'a' scored by 'neg_value'"):
        history.add(pd.DataFrame({"C": [5.0], "acc": [0.2]}), task="a", metric="acc")


ERRORS = ["rmse", "val_loss", "loss", "mean_absolute_error", "logloss", "test_mse"]
SCORES = ["accuracy", "neg_rmse", "neg_log_loss", "f1", "auc", "r2", "closs_rate_free"]


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_without_a_word_on_its_direction_warns(name):
    table = pd.DataFrame({"C": [1.0, 2.0], name: [0.1, 0.2]})
    with pytest.warns(UserWarning, match=f"metric: '{name}' looks like an error"):
        trials(table, metric=name)
    assert_trials(trials(table, metric=name, greater_is_better=False), [({"C": 1.0}, -0.1), ({"C": 2.0}, -0.2)])


@pytest.mark.parametrize("name", SCORES)
def test_a_score_does_not(name):
    table = pd.DataFrame({"C": [1.0, 2.0], name: [0.1, 0.2]})
    assert_trials(trials(table, metric=name), [({"C": 1.0}, 0.1), ({"C": 2.0}, 0.2)])


@pytest.mark.parametrize("odd", ["ten", "1,5", "0.1s"])
def test_a_word_among_numbers_is_told(odd):
    with pytest.warns(UserWarning, match=f"C: wanted numbers, as in 2 of 3 trials, found '{odd}'"):
        trials([{"C": "0.1", "score": 1}, {"C": odd, "score": 1}, {"C": "3", "score": 1}])


BAD = {
    "400 digits": ([{"C": 1.0, "score": 10**400}], {}, TypeError, "wanted numbers in mean_test_score"),
    "negative deviation": (
        {"param_C": [1], "mean_test_score": [0.1], "std_test_score": [-1]},
        {},
        ValueError,
        "no negative",
    ),
    "negative seconds": (
        {"param_C": [1], "mean_test_score": [0.1], "mean_fit_time": [-1]},
        {},
        ValueError,
        "no negative",
    ),
    "negative shape": ({"param_C": [1], "mean_test_score": [0.1]}, {"shape": (-1, 2)}, ValueError, "shape: wanted"),
    "no score": (pd.DataFrame({"C": [1.0]}), {}, ValueError, r"found no score among the columns \['C'\]"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_is_told(kind):
    table, options, error, message = BAD[kind]
    with pytest.raises(error, match=message):
        trials(table, **options)


def test_a_distribution_without_width_is_its_value():
    history = TrialHistory().add([{"C": 10.0**k, "score": k} for k in range(4)], task="a")
    assert HyperparameterPrior.from_history(history).suggest({"C": uniform(1, 0)}, random_state=0) == [{"C": 1.0}]


@pytest.mark.parametrize("kind", [int, float, "level {}".format])
def test_a_long_list_of_values_is_a_list(kind):
    values = [kind(k) for k in range(20_000)]
    history = TrialHistory().add([{"C": value, "score": -at} for at, value in enumerate(values[100:104])], task="a")
    assert HyperparameterPrior.from_history(history).suggest({"C": values}, random_state=0) == [{"C": values[100]}]
