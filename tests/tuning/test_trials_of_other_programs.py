"""Trials as Optuna, MLflow, Ray Tune, hyperopt, OpenML and CSV files have them."""

import datetime
import enum
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import loguniform, norm, randint, uniform
from sklearn.datasets import load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.svm import SVC

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.tuning._space import Space
from skmeta.tuning._trial_tables import COMPLETE, FAILED

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
    for name in ("1", "values_1"):
        assert_trials(trials(both, metric=name), [({"C": 1.0}, 0.3), ({"C": 3.0}, NAN)])


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


@pytest.mark.parametrize("column", ["params.dataset", "tags.dataset"])
def test_a_column_of_datasets_is_asked_about_by_its_whole_name(column):
    table = MLFLOW.assign(**{column: ["a", "a", "b"]})
    with pytest.warns(UserWarning, match=f"'dataset' is no column, .* pass task='{column}' if that column was meant"):
        assert TrialHistory().add(table, task="dataset", metric="acc").tasks == ("dataset",)


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


ERRORS = ["cost", "rmse", "val_loss", "loss", "mean_absolute_error", "logloss", "test_mse"]
SCORES = ["accuracy", "neg_rmse", "neg_log_loss", "f1", "auc", "r2", "closs_rate_free"]


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_without_a_word_on_its_direction_warns(name):
    table = pd.DataFrame({"C": [1.0, 2.0], name: [0.1, 0.2]})
    what = f"metric: '{name}' looks like an error, .*; pass greater_is_better=False, or True if it is none"
    with pytest.warns(UserWarning, match=what):
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
    "400 digits of text": (
        [{"C": 1.0, "score": "9" * 400}],
        {},
        TypeError,
        "a number of more than 300 digits in trial 0",
    ),
    "no number": ([{"C": 1.0, "score": "0.1"}, {"C": 2.0, "score": "bad"}], {}, TypeError, "found 'bad' in trial 1"),
    "per cent": ([{"C": 1.0, "score": "50 %"}], {}, TypeError, "found '50 %' in trial 0"),
    "a task in the index": (
        pd.DataFrame({"C": [1], "score": [2]}, index=pd.Index(["x"], name="a")),
        {},
        ValueError,
        r"found a level of the index; table.reset_index\(\)",
    ),
    "a lazy frame": (
        pl.LazyFrame({"C": [1], "score": [2]}),
        {},
        TypeError,
        r"found a LazyFrame; .collect\(\) makes one",
    ),
    "two metrics": (
        [{"C": 1, "a": 2, "b": 3}],
        {"metric": ["a", "b"]},
        TypeError,
        r"wanted the name of one score, found \['a', 'b'\]",
    ),
    "negative rows": (
        {"param_C": [1], "mean_test_score": [0.1], "n_resources": [-3]},
        {},
        ValueError,
        "wanted numbers of rows, found -3",
    ),
    "two columns of one name": (
        pd.DataFrame([[1, 2, 0.1]], columns=["C", "C", "score"]),
        {},
        ValueError,
        "wanted columns of different names, found 'C' 2 times",
    ),
    "a trial that is no list": (
        {"C": 1.0, "score": 0.5},
        {},
        TypeError,
        r"found 1.0; wrap a single trial in a list: \[trial\]",
    ),
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


@pytest.mark.parametrize("kind", [int, float, np.int64, np.float64, "level {}".format])
def test_a_long_list_of_values_is_a_list(kind):
    values = [kind(k) for k in range(20_000)]
    history = TrialHistory().add([{"C": value, "score": -at} for at, value in enumerate(values[100:104])], task="a")
    assert HyperparameterPrior.from_history(history).suggest({"C": values}, random_state=0) == [{"C": values[100]}]


def test_many_words_have_no_columns():
    space = Space.of({"C": [f"level {k}" for k in range(100_000)], "gamma": loguniform(0.1, 1.0)})
    assert space.encode([{"C": "level 7", "gamma": 1.0}]).shape == (1, 1)
    assert space.adopt({"C": "level 7", "gamma": 1.0}) == {"C": "level 7", "gamma": 1.0}


@pytest.mark.parametrize("law", [randint(3, 3), loguniform(1, 1), uniform(1, -1), uniform(NAN, 1), norm(0, -1)])
def test_a_law_that_is_none_is_told_by_the_name_of_its_parameter(law):
    with pytest.raises(
        ValueError, match=rf"param_distributions\['C'\]: .* found {law.dist.name}\(.*, whose arguments make none"
    ):
        Space.of({"C": law})


def test_a_law_without_its_arguments_is_told_how_to_be_called():
    with pytest.raises(ValueError, match=r"\['C'\]: .* found loguniform without; call it: loguniform\(a, b\)"):
        Space.of({"C": loguniform})


# Weights & Biases, and dicts in columns ---------------------------------------------------------------

CONFIGS = [{"C": 1.0, "layers": [10, 5], "_wandb": {}}, {"C": 2.0, "layers": [7], "gamma": "scale"}]
SUMMARIES = [{"acc": 0.5, "loss": 1.0, "_runtime": 3}, {"acc": 0.6, "loss": 0.9, "_timestamp": 4}]
FOUND = [({"C": 1.0, "layers": [10, 5]}, 0.5), ({"C": 2.0, "layers": [7], "gamma": "scale"}, 0.6)]
RUNS = {
    "as its manual exports them": pd.DataFrame({"summary": SUMMARIES, "config": CONFIGS, "name": ["a", "b"]}),
    "rows": [{"config": config, "summary": summary} for config, summary in zip(CONFIGS, SUMMARIES, strict=True)],
    "of MLflow": [{"params": config, "metrics": scores} for config, scores in zip(CONFIGS, SUMMARIES, strict=True)],
    "hyperparameters": [
        {"hyperparameters": config} | scores for config, scores in zip(CONFIGS, SUMMARIES, strict=True)
    ],
    "flat": pd.json_normalize(
        [{"config": c, "summary": s, "id": "x"} for c, s in zip(CONFIGS, SUMMARIES, strict=True)]
    ),
}


@pytest.mark.parametrize("kind", RUNS)
def test_dicts_in_columns_are_parameters_and_scores(kind, tmp_path):
    assert_trials(trials(RUNS[kind], metric="acc"), FOUND)
    if isinstance(RUNS[kind], pd.DataFrame):
        RUNS[kind].to_csv(tmp_path / "runs.csv")
        assert_trials(trials(pd.read_csv(tmp_path / "runs.csv"), metric="acc"), FOUND)
    with pytest.raises(ValueError, match=r"found .*'acc'|no score among the columns"):
        trials(RUNS[kind], metric="f1")


@pytest.mark.parametrize("column", ["params", "config", "parameters"])
def test_text_in_dicts_is_read_too(column):
    rows = [
        {column: {"C": "0.1", "b": "True", "h": "(100, 50)"}, "score": 1},
        {column: {"C": "10", "b": "False"}, "score": 2},
    ]
    assert_trials(trials(rows), [({"C": 0.1, "b": True, "h": (100, 50)}, 1), ({"C": 10, "b": False}, 2)])


def test_cv_results_are_exact():
    results = {"params": [{"C": "1", "n": 1.0}, {"C": "2"}], "mean_test_score": [0.1, 0.2]}
    assert_trials(trials(results), [({"C": "1", "n": 1.0}, 0.1), ({"C": "2"}, 0.2)])


def test_floats_of_dicts_stay_floats():
    assert_trials(trials([{"n": 1.0, "score": 1}, {"D": 2, "score": 2}]), [({"n": 1.0}, 1), ({"D": 2}, 2)])


OWNERS = "sklearn.pipeline.Pipeline(svc=sklearn.svm.SVC)(1)_steps", "sklearn.svm.SVC(3)_C", "sklearn.svm.SVC(3)_kernel"
OWNED = pd.DataFrame(
    {
        "run_id": [1, 2],
        "function": "predictive_accuracy",
        "upload_time": "2017-01-01 10:00:00",
        "data_name": ["iris", "wine"],
        "value": [0.9, 0.8],
        OWNERS[1]: ["1.0", "2.0"],
        OWNERS[2]: ['"rbf"', "null"],
        "a.A(1)_copy": ["true", "false"],
        "b.B(2)_copy": ["1", "2"],
    }
)


def test_a_column_a_parameter_as_openml_has_them():
    history = TrialHistory().add(OWNED, task="data_name", metric="value", greater_is_better=True)
    assert history["iris"][0].params == {"C": 1.0, "kernel": "rbf", "a.A(1)_copy": True, "b.B(2)_copy": 1}
    assert history["wine"][0].params["kernel"] is None


SETUP = {0: {"full_name": OWNERS[1], "value": "1.5"}, 1: {"full_name": OWNERS[2], "value": '"rbf"'}}
EVALUATIONS = {
    "frame": pd.DataFrame({"run_id": [7], "value": [0.3], "parameters": [SETUP]}),
    "rows by their numbers": {0: {"run_id": 7, "value": 0.3, "parameters": {OWNERS[1]: "1.5", OWNERS[2]: '"rbf"'}}},
}


@pytest.mark.parametrize("kind", EVALUATIONS)
def test_setups_of_openml_in_any_of_its_formats(kind):
    found = trials(EVALUATIONS[kind], metric="value", greater_is_better=True)
    assert_trials(found, [({"C": 1.5, "kernel": "rbf"}, 0.3)])


# What went through text -------------------------------------------------------------------------------

WRITTEN = {
    "tuples": (["(100, 50)", "(7,)"], [(100, 50), (7,)]),
    "lists": (["[1, 2]", "[]"], [[1, 2], []]),
    "dicts": (["{0: 1, 1: 2}", '{"a": null}'], [{0: 1, 1: 2}, {"a": None}]),
    "numbers of NumPy": (["[np.float64(0.5), np.True_]", "[1]"], [[0.5, True], [1]]),
    "truth values": (["TRUE", "FALSE"], [True, False]),
    "decimal commas": (["0,5", "1e-3"], [0.5, 1e-3]),
    "decimal commas beside a word": (["0,125", "scale"], [0.125, "scale"]),
    "regular expressions": ([r"(?u)\b\w+\b", r"['\w]+"], [r"(?u)\b\w+\b", r"['\w]+"]),
    "words with blanks": ([" rbf", "linear "], ["rbf", "linear"]),
    "sets": (["{1, 2}", "{3}"], ["{1, 2}", "{3}"]),
    "ranges": (["1-2", "1-3"], ["1-2", "1-3"]),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_text_is_what_it_was_written_from(kind):
    texts, values = WRITTEN[kind]
    found = trials([{"x": text, "score": 0.5} for text in texts])
    assert_trials(found, [({"x": value}, 0.5) for value in values])


@pytest.mark.parametrize(
    "texts", [("1,000", "2,000"), ("10 ms", "20 ms"), ("5 %", "6 %"), ("$3", "$4"), ("(5)", "(6)"), ("1,5", "0.5")]
)
def test_what_is_nearly_a_number_is_told(texts):
    with pytest.warns(UserWarning, match="x: wanted numbers, .* which counts as a choice of its own"):
        found = trials([{"x": text, "score": 0.5} for text in texts])
    assert found[0][0] == {"x": texts[0]}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(), lambda part: st.lists(part) | st.tuples(part, part)
    )
)
def test_what_python_prints_is_read_back(value):
    (found,) = trials([{"x": repr(value), "score": 0.5}])
    assert repr(found[0]["x"]) == repr(value)


SCORE_TEXTS = {
    "numbers": (["0.5", "6e-1"], [0.5, 0.6]),
    "gaps": (["0.5", " "], [0.5, NAN]),
    "commas": (["0,5", "0,6"], [0.5, 0.6]),
}


@pytest.mark.parametrize("kind", SCORE_TEXTS)
def test_scores_that_are_text_are_numbers(kind):
    texts, scores = SCORE_TEXTS[kind]
    assert_trials(trials([{"x": 1, "score": text} for text in texts]), [({"x": 1}, score) for score in scores])


def test_decimals_of_databases_are_numbers():
    table = pd.DataFrame({"C": [Decimal("0.1"), Decimal("10")], "score": [Decimal("0.5"), Fraction(1, 4)]})
    assert_trials(trials(table), [({"C": 0.1}, 0.5), ({"C": 10.0}, 0.25)])


def test_optunas_table_through_csv_and_with_two_levels(tmp_path):
    OPTUNA.to_csv(tmp_path / "study.csv")
    options = {"greater_is_better": False}
    expected = trials(OPTUNA, **options)
    assert_trials(trials(pd.read_csv(tmp_path / "study.csv"), **options), expected)
    levels = [tuple(name.split("_", 1)) if name.startswith("params_") else (name, "") for name in OPTUNA.columns]
    assert_trials(trials(OPTUNA.set_axis(pd.MultiIndex.from_tuples(levels), axis=1), **options), expected)
    assert [
        trial.mean_fit_time for trial in TrialHistory().add(pd.read_csv(tmp_path / "study.csv"), task="a", **options)
    ] == [1, 2, 3]


def test_rounds_of_halving_have_their_numbers_of_rows(tmp_path):
    X, y = load_iris(return_X_y=True)
    search = HalvingGridSearchCV(SVC(), {"C": [0.1, 1, 10]}, cv=2, min_resources=20).fit(X, y)
    pd.DataFrame(search.cv_results_).to_csv(tmp_path / "halving.csv")
    for source in (search, search.cv_results_, pd.read_csv(tmp_path / "halving.csv")):
        assert [trial.n_rows for trial in TrialHistory().add(source, task="a")] == [20, 20, 20, 60]
    trees = {"params": [{"n": 3}, {"n": 9}], "n_resources": [3, 9], "mean_test_score": [0.1, 0.2]}
    assert [trial.n_rows for trial in TrialHistory().add(trees, task="a")] == [None, None]


def test_names_of_datasets_are_text_or_whole_numbers(tmp_path):
    table = pd.DataFrame({"C": [1.0, 2.0], "shop": [1.0, 2.0], "score": [0.1, 0.2]})
    history = TrialHistory().add(table, task="shop")
    assert history.tasks == (1, 2)
    history.save(tmp_path / "shops.json")
    assert TrialHistory.load(tmp_path / "shops.json") == history
    for names in ([True, False], [1.5, 2.0], pd.to_datetime(["2024-01-01", "2024-01-02"])):
        with pytest.raises(TypeError, match=r"task: wanted names or whole numbers in 'shop', found .* \.astype\(str\)"):
            TrialHistory().add(table.assign(shop=names), task="shop")


def test_many_datasets_in_one_table_are_told_apart_in_one_pass():
    class Names(list):
        reads = 0

        def __iter__(self):
            Names.reads += 1
            return super().__iter__()

    for n in (20, 400):
        Names.reads = 0
        table = {"C": list(range(n)), "shop": Names(map(str, range(n))), "score": [0.5] * n}
        assert len(TrialHistory().add(table, task="shop").tasks) == n
        assert Names.reads <= 3


# Directions and trials that run -----------------------------------------------------------------------


def table_of(name, *values):
    return pd.DataFrame({"C": [1.0, 2.0], name: values})


@pytest.mark.parametrize("name", ["rmse", "test_mse", "val_mae"])
def test_errors_that_were_turned_already_are_not_turned_again(name):
    with pytest.raises(ValueError, match="they are turned already; pass greater_is_better=True"):
        trials(table_of(name, -1.0, -2.0), metric=name, greater_is_better=False)
    assert_trials(
        trials(table_of(name, -1.0, -2.0), metric=name, greater_is_better=True),
        [({"C": 1.0}, -1.0), ({"C": 2.0}, -2.0)],
    )


@pytest.mark.parametrize("name", ["accuracy", "neg_log_loss", "r2", "auc", "val_f1", "d2_brier_score"])
def test_a_score_of_which_lower_is_said_to_be_better_warns(name):
    what = f"'{name}' looks like a score, .*; leave greater_is_better out, or call it by another name if it is none"
    with pytest.warns(UserWarning, match=what):
        found = trials(table_of(name, 0.1, 0.2), metric=name, greater_is_better=False)
    assert_trials(found, [({"C": 1.0}, -0.1), ({"C": 2.0}, -0.2)])


def test_tasks_of_opposite_directions_are_told():
    history = TrialHistory().add(table_of("rmse", 1.0, 2.0), task="a", metric="rmse", greater_is_better=False)
    with pytest.warns(
        UserWarning, match="wanted the direction of the other tasks, 'neg_rmse', found the opposite, 'rmse'"
    ):
        history.add(table_of("rmse", 1.0, 2.0), task="b", metric="rmse", greater_is_better=True)
    with pytest.raises(ValueError, match="wanted trials of 'a' scored by 'neg_rmse'"):
        history.add(table_of("rmse", 1.0, 2.0), task="a", metric="rmse", greater_is_better=True)


@pytest.mark.parametrize("table", [OPTUNA, OPTUNA.rename(columns={"value": "values_0"})], ids=["value", "values_0"])
def test_optunas_table_does_not_say_what_its_study_does(table):
    with pytest.warns(
        UserWarning, match="does not say which direction is better, .* as a study of Optuna does by default"
    ):
        trials(table)


@pytest.mark.parametrize("value", ["minimize", 0, -1])
def test_a_direction_is_true_or_false(value):
    with pytest.raises(TypeError, match="greater_is_better: wanted True, False or None"):
        trials(table_of("acc", 0.1, 0.2), metric="acc", greater_is_better=value)


def test_scorers_have_turned_their_errors():
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=2).fit(*load_iris(return_X_y=True))
    with pytest.raises(
        ValueError, match="wanted True or None for a GridSearchCV, as scorers of scikit-learn turn errors"
    ):
        TrialHistory().add(search, task="a", greater_is_better=False)
    assert TrialHistory().add(search, task="a", greater_is_better=True) == TrialHistory().add(search, task="a")


@pytest.mark.parametrize("column", ["state", "Status"])
def test_trials_that_still_run_are_told(column):
    table = pd.DataFrame({"C": [1.0, 2.0, 3.0], column: ["COMPLETE", "RUNNING", "WAITING"], "score": [0.1, 0.2, NAN]})
    with pytest.warns(
        UserWarning, match="found 2 of 3 that still run, as their state says; these are left out"
    ) as caught:
        assert_trials(trials(table), [({"C": 1.0}, 0.1)])
    assert caught[0].filename == __file__
    with pytest.raises(ValueError, match="found 2 that all still run, as their state says"):
        trials(table[1:])


@pytest.mark.parametrize("word", ["STOPPED", "early_stopped", "timeout", None, NAN])
def test_states_that_nobody_knows_are_told(word):
    table = pd.DataFrame({"C": [1.0, 2.0, 3.0], "state": ["COMPLETE", word, "FAILED"], "score": [0.1, 0.9, 0.5]})
    found = re.escape(
        f"found {[word if isinstance(word, str) else '']} in 'state' for 1 of 3 trials; these count as failed"
    )
    with pytest.warns(UserWarning, match=found) as caught:
        assert_trials(trials(table), [({"C": 1.0}, 0.1), ({"C": 2.0}, NAN), ({"C": 3.0}, NAN)])
    assert [each.filename for each in caught] == [__file__]
    told = table.assign(state=["COMPLETE", "COMPLETE", "FAILED"])  # what the warning asks for
    assert_trials(trials(told), [({"C": 1.0}, 0.1), ({"C": 2.0}, 0.9), ({"C": 3.0}, NAN)])


@pytest.mark.parametrize("word", sorted({*COMPLETE, *FAILED}))
def test_states_that_are_known_are_not(word):
    table = pd.DataFrame({"C": [1.0, 2.0], "state": [word.lower(), f"TrialState.{word}"], "score": [0.1, 0.2]})
    scores = [0.1, 0.2] if word in COMPLETE else [NAN, NAN]
    assert_trials(trials(table), [({"C": 1.0}, scores[0]), ({"C": 2.0}, scores[1])])


def test_a_study_of_which_every_trial_runs_is_told():
    running = SimpleNamespace(params={"C": 2.0}, values=None, state=SimpleNamespace(name="RUNNING"), duration=None)
    with pytest.raises(ValueError, match="found 1 that all still run"):
        trials(SimpleNamespace(directions=[Direction.MINIMIZE], trials=[running]))
    with pytest.raises(ValueError, match="wanted at least one trial, found none"):
        trials(SimpleNamespace(directions=[Direction.MINIMIZE], trials=[]))


# Scores that are not there, and params that nobody knows ----------------------------------------------


@pytest.mark.parametrize(
    ("table", "there"),
    [
        (OPTUNA.drop(columns="value"), ["number", "duration", "params_C"]),
        (MLFLOW.drop(columns=["metrics.acc", "metrics.loss"]), ["run_id", "params.C"]),
        (RAY, ["acc", "config/C"]),
        (pd.DataFrame({"C": [1.0], "wins": [2]}), ["C", "wins"]),
    ],
    ids=["optuna", "mlflow", "ray tune", "flat"],
)
def test_without_a_score_what_is_there_is_named(table, there):
    with pytest.raises(ValueError, match="metric: wanted") as caught:
        trials(table)
    assert all(repr(name) in str(caught.value) for name in there)


def test_a_metric_that_is_not_there_is_not_replaced():
    with pytest.raises(ValueError, match=r"wanted a score 'f1', found the scores \['acc'\]; pass metric='acc'"):
        trials(MLFLOW.drop(columns="metrics.loss"), metric="f1")


def test_a_grid_of_results_makes_its_own_table():
    assert_trials(trials(SimpleNamespace(get_dataframe=lambda: RAY), metric="acc"), trials(RAY, metric="acc"))


def test_a_history_that_knows_no_parameter_of_the_search_warns_with_both():
    history = TrialHistory().add([{"alpha": 1.0, "score": 0.1}, {"alpha": 2.0, "score": 0.2}], task="a")
    search = WarmStartSearchCV(SVC(), {"C": [0.1, 1.0]}, n_iter=2, cv=2, prior=history)
    with pytest.warns(UserWarning, match=r"\['C'\], found one that knows \['alpha'\]; the search starts cold"):
        search.fit(*load_iris(return_X_y=True))
    with pytest.raises(ValueError, match=r"one of \['alpha'\], found \['C'\]: nothing was learned of these"):
        HyperparameterPrior.from_history(history).portfolio(2, {"C": [0.1, 1.0]})


WARNS = {
    "direction": ([{"C": 1, "rmse": 0.1}], {"metric": "rmse"}),
    "turned": ([{"C": 1, "acc": 0.1}], {"metric": "acc", "greater_is_better": False}),
    "no direction": (OPTUNA, {}),
    "nearly a number": ([{"C": "1,000", "score": 1}], {}),
    "nearly a number in a dict": ([{"params": {"C": "1,000"}, "score": 1}], {}),
    "nearly a column": ([{"C": 1, "shop": 2, "score": 1}], {"task": "shops"}),
    "a choice of hyperopt": (
        SimpleNamespace(trials=[{"misc": {"vals": {"C": [1]}}, "result": {"loss": 0.3, "status": "ok"}}]),
        {},
    ),
    "ids": ([{"C": 1, "id": 2, "score": 1}], {}),
    "running": ([{"C": 1, "state": "RUNNING", "score": 1}, {"C": 1, "state": "OK", "score": 1}], {}),
}


@pytest.mark.parametrize("kind", WARNS)
def test_a_warning_points_to_the_line_that_adds(kind):
    table, options = WARNS[kind]
    with pytest.warns(UserWarning) as caught:
        TrialHistory().add(table, **{"task": "a"} | options)
    assert [warning.filename for warning in caught] == [__file__]
    line = Path(__file__).read_text("utf-8").splitlines()[caught[0].lineno - 1]
    assert "TrialHistory().add(table" in line


@pytest.mark.parametrize(
    "levels", [("True", "False"), ("None", "sqrt"), ("3", "1", "2"), ("(1, 2)", "(1, 1)"), (True, False)]
)
def test_levels_that_a_space_has_as_text_are_those_of_the_table(levels):
    rows = [{"x": level, "y": y, "score": -at - y} for at, level in enumerate(levels) for y in (1, 2)]
    history = TrialHistory()
    for task in "abc":
        history.add(rows, task=task)
    prior, space = HyperparameterPrior.from_history(history), {"x": list(levels), "y": [1, 2]}
    assert prior.default(space) == {"x": levels[0], "y": 1}
    assert prior.suggest(space, random_state=0) == [{"x": levels[0], "y": 1}]
    left = prior.suggest(space, rows[:1], n_suggestions=10, random_state=0)
    assert {"x": levels[0], "y": 1} not in left and len(left) == 2 * len(levels) - 1
