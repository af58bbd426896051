"""Tables in which no name says what is a hyperparameter, as Weights & Biases and MLflow export them to CSV."""

import inspect
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import get_scorer_names
from sklearn.utils import all_estimators

from skmeta import TrialHistory
from skmeta.tuning._score_names import is_error, is_result, is_score
from skmeta.tuning._unmarked_columns import unmarked_params

pytestmark = pytest.mark.quick

WANDB = """Name,State,Notes,User,Tags,Created,Runtime,Sweep,lr,kernel,acc
sunny-1,finished,-,me,,2024-01-01T10:00:00.000Z,12,,0.1,rbf,0.5
sunny-2,crashed,-,me,,2024-01-01T11:00:00.000Z,15,,1,rbf,0.6
"""
MLFLOW = """Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,lr,kernel,acc
2024-01-01 10:00:00,3.2s,a1,x,LOCAL,train.py,me,FINISHED,0.1,rbf,0.5
2024-01-01 11:00:00,3.2s,b2,y,LOCAL,train.py,me,FAILED,1,rbf,0.6
"""


def read(text):
    return pd.read_csv(io.StringIO(text))


def searched(table, **options):
    history = TrialHistory().add(table, **{"task": "a"} | options)
    return [trial.params for trial in history]


@pytest.mark.parametrize("text", [WANDB, MLFLOW], ids=["wandb", "mlflow"])
def test_an_export_says_what_was_taken(text):
    with pytest.warns(
        UserWarning, match=r"\['lr', 'kernel'\] are taken for it, \[.*'Name'.*'User'.*\] not\. Begin"
    ) as caught:
        found = searched(read(text), metric="acc")
    assert found == [{"lr": 0.1, "kernel": "rbf"}, {"lr": 1.0, "kernel": "rbf"}]
    assert {caught_one.filename for caught_one in caught} == {__file__}


MEASURED = [
    "val_loss",
    "train/acc",
    "eval/f1_macro",
    "testRMSE",
    "acc@1",
    "epoch",
    "trainer/global_step",
    "roc_auc_ovr",
    "R2",
]


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("text", [WANDB, MLFLOW], ids=["wandb", "mlflow"])
def test_a_second_result_is_no_hyperparameter(text, name):
    table = read(text).assign(**{name: [0.3, 0.4]})
    with pytest.raises(
        ValueError, match=r"found \['.*'\] beside \['lr', 'kernel', 'acc'\], .* table\[\['lr', 'kernel', 'acc'\]\]"
    ):
        searched(table, metric="acc")
    for way_out in (table[["lr", "kernel", "acc"]], table.rename(columns={"lr": "param_lr", "kernel": "param_kernel"})):
        assert searched(way_out, metric="acc") == [{"lr": 0.1, "kernel": "rbf"}, {"lr": 1.0, "kernel": "rbf"}]


def test_without_a_metric_the_scores_are_named():
    with pytest.raises(ValueError, match=r"metric: wanted the name of one score, found \['acc'\].* pass metric='acc'"):
        searched(read(WANDB))


def test_a_hyperparameter_may_be_called_like_a_result():
    assert searched([{"param_precision": 16, "param_epoch": 3, "score": 0.1}]) == [{"precision": 16, "epoch": 3}]
    assert searched([{"loss": "hinge", "criterion": "squared_error", "score": 0.1}])[0]["loss"] == "hinge"


NO_PARAMS = {
    "dates": pd.to_datetime(["2024-01-01", "2024-01-02"]),
    "durations": pd.to_timedelta([1, 2], "s"),
    "text dates": ["2024-01-01", "2024-01-02"],
    "text times": ["2024-01-01T10:00:00Z", "2024-01-02 11:00:00"],
    "uuids": ["3f2b8c1e-9d5a-4c1b-8f6e-1a2b3c4d5e6f", "4f2b8c1e-9d5a-4c1b-8f6e-1a2b3c4d5e6f"],
    "hashes": ["9f3a2c1", "0d3a2c8"],
}


@pytest.mark.parametrize("kind", NO_PARAMS)
def test_times_and_made_up_names_are_known_by_their_values(kind):
    table = pd.DataFrame({"C": [1.0, 2.0], "x": NO_PARAMS[kind], "score": [0.1, 0.2]})
    with pytest.warns(UserWarning, match=r"\['C'\] are taken for it, \['x'\] not"):
        assert searched(table) == [{"C": 1.0}, {"C": 2.0}]


NAMES = [
    "run_id",
    "Run ID",
    "trial",
    "fit_time",
    "train time (s)",
    "Runtime",
    "wall_time",
    "elapsed_s",
    "hostname",
    "fold",
    "Group",
]


@pytest.mark.parametrize("name", NAMES)
def test_times_and_ids_are_known_by_their_names(name):
    with pytest.warns(UserWarning, match=r"\['C'\] are taken for it, \['.*'\] not"):
        assert searched([{"C": 1.0, name: 3, "score": 0.1}]) == [{"C": 1.0}]


PARAMS = [
    "epochs",
    "loss_weight",
    "validation_fraction",
    "seed",
    "timeout",
    "time_steps",
    "n_estimators",
    "score_threshold",
]


@pytest.mark.parametrize("name", PARAMS)
def test_what_only_sounds_like_it_is_a_hyperparameter(name):
    assert searched([{"C": 1.0, name: 3, "score": 0.1}]) == [{"C": 1.0, name: 3}]


def test_row_numbers_that_pandas_writes_are_nothing():
    table = pd.DataFrame({"C": [1.0, 2.0], "score": [0.1, 0.2]})
    assert searched(read(table.to_csv())) == searched(table)


@pytest.mark.parametrize("name", ["dataset", "Data Set", "dataset_id", "dataset name"])
def test_a_column_of_datasets_is_no_hyperparameter(name):
    table = pd.DataFrame({"C": [1.0, 2.0], name: ["a", "b"], "score": [0.1, 0.2]})
    with pytest.raises(ValueError, match=f"found a column '{name}'; pass task='{name}'"):
        searched(table)
    assert TrialHistory().add(table, task=name).tasks == ("a", "b")
    with pytest.warns(UserWarning, match=rf"\['C'\] are taken for it, \['{name}'\] not"):
        assert searched(table[:1]) == [{"C": 1.0}]


def test_a_task_that_is_nearly_a_column_is_asked_about():
    table = pd.DataFrame({"param_C": [1.0, 2.0], "shop": ["a", "b"], "mean_test_score": [0.1, 0.2]})
    with pytest.warns(UserWarning, match="'shops' is no column, .* pass task='shop' if that column was meant"):
        assert TrialHistory().add(table, task="shops").tasks == ("shops",)


# Names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", get_scorer_names())
def test_scorers_of_scikit_learn_are_scores(name):
    assert not is_error(name)
    assert is_error(name.removeprefix("neg_")) == (name.startswith("neg_") and "likelihood" not in name)


def test_hyperparameters_of_scikit_learn_are_not_taken_for_anything_else():
    classes = [kind for _, kind in all_estimators()]
    names = {name for kind in classes for name in inspect.signature(kind).parameters} - {
        "loss",
        "perplexity",
        "error_score",
    }
    table = {name: [1, 2] for name in sorted(names)}
    assert len(names) > 300 and list(unmarked_params(table)) == list(table)


@given(st.text())
def test_no_name_is_both(name):
    assert not (is_error(name) and is_score(name))
    is_result(name)


@given(st.dictionaries(st.text(min_size=1), st.lists(st.integers(), min_size=2, max_size=2)))
def test_what_is_taken_is_there(table):
    try:
        taken = unmarked_params(table)
    except (ValueError, UserWarning):
        return
    assert taken.keys() <= table.keys()
