"""The history of past tuning: what is kept of each kind of source, merged, stored and read back."""

import copy
import json
import math
import pickle
import re
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.tuning._trial import Described, Trial, decoded, encoded, plain_value

X, y = make_classification(60, 4, random_state=0)
TREE = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, None]}, cv=3).fit(X, y)
TABLE = [{"C": 1.0, "score": 0.5}, {"C": 2.0, "score": 0.75}]


def history_of(*sources, **more):
    history = TrialHistory()
    for i, source in enumerate(sources):
        history.add(source, task=f"task {i}", **more)
    return history


def stored(history, path):
    history.save(path)
    return TrialHistory.load(path)


# What is kept of each kind of source ----------------------------------------------------------------


def test_a_grid_search_is_kept_whole():
    trials = history_of(TREE)["task 0"]
    assert [trial.params for trial in trials] == TREE.cv_results_["params"]
    for name in ("mean_test_score", "std_test_score", "mean_fit_time"):
        assert [getattr(trial, name) for trial in trials] == TREE.cv_results_[name].tolist()
    for trial in trials:
        assert (trial.task, trial.n_splits, trial.scoring, trial.n_columns) == ("task 0", 3, "accuracy", 4)
        assert trial.n_rows is None
        assert trial.all_params == DecisionTreeClassifier(random_state=0, **trial.params).get_params()
        assert "max_depth" not in trial.other_params


def test_a_parameter_an_old_search_left_alone_has_the_value_it_then_had():
    old = GridSearchCV(DecisionTreeClassifier(min_samples_leaf=7), {"max_depth": [2]}, cv=3).fit(X, y)
    assert history_of(old)["task 0"][0].other_params["min_samples_leaf"] == 7


def test_a_randomised_search_and_the_size_of_the_data():
    search = RandomizedSearchCV(SVC(), {"C": np.logspace(-2, 2)}, n_iter=2, cv=2, random_state=0).fit(X, y)
    trials = history_of(search, shape=X.shape)["task 0"]
    assert [type(trial.params["C"]) for trial in trials] == [float, float]
    assert {(trial.n_rows, trial.n_columns) for trial in trials} == {X.shape}


def test_halving_tells_on_how_many_rows_each_trial_was_made():
    space = {"max_depth": [1, 2, 3]}
    search = HalvingGridSearchCV(DecisionTreeClassifier(), space, cv=2, min_resources=20, random_state=0).fit(X, y)
    assert [trial.n_rows for trial in history_of(search)] == search.cv_results_["n_resources"].tolist()


def test_a_resource_that_is_a_parameter_is_one():
    search = HalvingGridSearchCV(
        LogisticRegression(), {"C": [1.0, 10.0, 100.0]}, cv=2, resource="max_iter", min_resources=100, max_resources=300
    ).fit(X, y)
    assert [trial.params["max_iter"] for trial in history_of(search)] == search.cv_results_["n_resources"].tolist()


@pytest.mark.parametrize("kind", ["dict", "pandas", "without params", "records"])
def test_cv_results_in_any_form_say_the_same(kind):
    results = GridSearchCV(SVC(), [{"C": [1.5, 2.0]}, {"gamma": [0.5]}], cv=3).fit(X, y).cv_results_
    frame = pd.DataFrame(results)
    forms = {
        "dict": results,
        "pandas": frame,
        "without params": frame.drop(columns="params"),
        "records": [
            {key: column[i] for key, column in results.items() if column[i] is not np.ma.masked} for i in range(3)
        ],
    }
    found = history_of(forms[kind])
    assert [trial.params for trial in found] == [{"C": 1.5}, {"C": 2.0}, {"gamma": 0.5}]
    assert found == history_of(results)
    assert {trial.n_splits for trial in found} == {3}
    assert [trial.mean_fit_time for trial in found] == results["mean_fit_time"].tolist()


def test_cv_results_that_went_through_csv(tmp_path):
    results = GridSearchCV(SVC(), [{"C": [1.0, 2.0]}, {"gamma": [0.5]}], cv=3).fit(X, y).cv_results_
    pd.DataFrame(results).to_csv(tmp_path / "trials.csv")
    found = history_of(pd.read_csv(tmp_path / "trials.csv"))
    assert [trial.params for trial in found] == results["params"]
    assert [trial.mean_test_score for trial in found] == pytest.approx(results["mean_test_score"].tolist())


def test_a_struct_of_polars_has_gaps_too():
    results = {"params": [{"C": 1.0}, {"gamma": 0.5}], "mean_test_score": [0.5, 1.0]}
    kind = pl.Struct({"C": pl.Float64, "gamma": pl.Float64})
    assert history_of(pl.DataFrame(results, schema_overrides={"params": kind})) == history_of(results)


def test_another_score_in_a_table_is_no_parameter():
    trial = history_of([{"C": 1.0, "auc": 0.5, "score": 0.9, "rank_test_score": 1}], metric="auc")["task 0"][0]
    assert (trial.params, trial.mean_test_score) == ({"C": 1.0}, 0.5)


@pytest.mark.parametrize("make", [list, pd.DataFrame, pl.DataFrame], ids=["dicts", "pandas", "polars"])
def test_a_table_of_trials(make):
    assert [(t.params, t.mean_test_score) for t in history_of(make(TABLE))] == [({"C": 1.0}, 0.5), ({"C": 2.0}, 0.75)]
    assert history_of(make(TABLE)) == history_of(TABLE)


@pytest.mark.parametrize("make", [list, pd.DataFrame, pl.DataFrame], ids=["dicts", "pandas", "polars"])
def test_a_gap_in_a_table_is_a_parameter_the_trial_did_not_have(make):
    rows = [{"C": 1.0, "score": 0.5}, {"gamma": 2.0, "score": 0.75}]
    if make is pl.DataFrame:
        rows = [{"C": None, "gamma": None} | row for row in rows]
    assert [trial.params for trial in history_of(make(rows))] == [{"C": 1.0}, {"gamma": 2.0}]


def test_none_in_a_list_of_dicts_is_a_value():
    assert history_of([{"max_depth": None, "score": 1}])["task 0"][0].params == {"max_depth": None}


def test_a_tables_score_may_have_another_name():
    trial = history_of([{"C": 1.0, "auc": 0.5}], metric="auc")["task 0"][0]
    assert (trial.params, trial.mean_test_score, trial.scoring) == ({"C": 1.0}, 0.5, "auc")


# Scores ---------------------------------------------------------------------------------------------


def several(refit, metrics=("accuracy", "f1")):
    return GridSearchCV(SVC(), {"C": [0.01, 1.0]}, cv=3, scoring=list(metrics), refit=refit).fit(X, y)


def test_several_scores_the_one_of_the_refit_or_the_one_named():
    search = several("f1")
    for metric, wanted in ((None, "f1"), ("f1", "f1"), ("accuracy", "accuracy")):
        trials = history_of(search, metric=metric)["task 0"]
        assert [t.mean_test_score for t in trials] == search.cv_results_[f"mean_test_{wanted}"].tolist()
        assert {(t.scoring, t.n_splits, t.n_columns) for t in trials} == {(wanted, 3, 4)}


@pytest.mark.parametrize("source", [several(False), several(False).cv_results_, several(lambda results: 0)])
def test_several_scores_of_which_none_is_named(source):
    with pytest.raises(
        ValueError, match=r"metric: wanted the name of one score, found .*'accuracy', 'f1'.*pass metric"
    ):
        history_of(source)
    assert history_of(source, metric="f1")["task 0"][0].scoring == "f1"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (TREE, r"the scores \['score'\]"),
        (several("f1"), r"the scores \['accuracy', 'f1'\]"),
        (TABLE, r"no score .*'C'"),
    ],
)
def test_no_such_score(source, found):
    with pytest.raises(ValueError, match=rf"metric: wanted a score 'acuracy', found {found}.*; (pass|name) "):
        history_of(source, metric="acuracy")


def test_one_score_may_be_called_by_its_name():
    assert history_of(TREE, metric="score") == history_of(TREE)
    search = GridSearchCV(SVC(), {"C": [1.0]}, cv=3, scoring="f1").fit(X, y)
    assert history_of(search, metric="f1") == history_of(search)


@pytest.mark.parametrize(
    ("estimator", "scoring", "name"),
    [
        (SVC(), "f1", "f1"),
        (SVC(), None, "accuracy"),
        (Ridge(), None, "r2"),
        (Pipeline([("svc", SVC())]), None, "accuracy"),
        (KNeighborsClassifier(1), None, "accuracy"),  # it has a score of its own, which is the same
        (PoissonRegressor(), None, "PoissonRegressor.score"),
        (SVC(), make_scorer(f1_score), "make_scorer(f1_score, response_method='predict')"),
        (SVC(), f1_score, "sklearn.metrics._classification.f1_score"),
    ],
)
def test_the_scorings_name(estimator, scoring, name):
    if scoring is f1_score:
        search = GridSearchCV(estimator, {}, scoring=lambda model, X, y: f1_score(y, model.predict(X)), cv=2)
        search.fit(X, y).scoring = f1_score
    else:
        search = GridSearchCV(estimator, {}, scoring=scoring, cv=2).fit(X, y)
    assert history_of(search)["task 0"][0].scoring == name


def test_tasks_scored_differently_are_warned_of_and_kept():
    history = history_of(TREE)
    with pytest.warns(UserWarning, match="the score of the other tasks, 'accuracy', found 'f1'") as record:
        history.add(several("f1"), task="other")
    assert record[0].filename == __file__
    assert history.tasks == ("task 0", "other")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history.add(TREE, task="third").add(TABLE, task="unknown scoring")


def test_sums_warn_too():
    with pytest.warns(UserWarning, match="the score of the other tasks"):
        TrialHistory().add(TREE, task="a") + TrialHistory().add(several("f1"), task="b")


def test_one_task_is_scored_in_one_way():
    history = history_of(TREE)
    with pytest.raises(ValueError, match=r"task: .* 'task 0' scored by 'accuracy' .* found 'f1'; .* another name"):
        history.add(several("f1"), task="task 0")
    assert history == history_of(TREE)


def test_failed_fits_are_kept(tmp_path):
    search = GridSearchCV(SVC(), {"C": [1.0, -1.0]}, cv=2)
    with pytest.warns(Warning):
        search.fit(X, y)
    history = history_of(search)
    assert [math.isnan(trial.mean_test_score) for trial in history] == [False, True]
    again = stored(history, tmp_path / "h.json")
    assert again == history
    assert math.isnan(again["task 0"][1].mean_test_score)


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_scores_that_are_no_numbers_come_back(tmp_path, score):
    history = history_of([{"C": 1.0, "score": score}])
    assert repr(stored(history, tmp_path / "h.json")["task 0"][0].mean_test_score) == repr(score)
    assert history != history_of(TABLE)


# Spaces ---------------------------------------------------------------------------------------------

PIPE = Pipeline([("scale", StandardScaler()), ("clf", SVC(C=3.0))])


def test_nested_parameters_of_a_pipeline():
    search = GridSearchCV(PIPE, {"clf__C": [1.0, 2.0], "scale__with_mean": [False]}, cv=2).fit(X, y)
    trial = history_of(search)["task 0"][0]
    assert trial.params == {"clf__C": 1.0, "scale__with_mean": False}
    assert trial.other_params["clf__gamma"] == "scale"
    assert trial.other_params["clf"] == plain_value(SVC(C=3.0))
    assert "steps" not in trial.all_params  # it says nothing the steps' names do not


def test_a_choice_of_whole_steps_brings_its_own_parameters(tmp_path):
    space = [{"clf": [SVC(), RidgeClassifier(alpha=2.0), GaussianNB()]}, {"clf": [SVC(gamma=0.5)], "clf__C": [7.0]}]
    search = GridSearchCV(PIPE, space, cv=2).fit(X, y)
    for history in (history_of(search), stored(history_of(search), tmp_path / "h.json")):
        svc, ridge, bayes, tuned = history["task 0"]
        assert [t.params["clf"] for t in (svc, ridge, bayes)] == [plain_value(step) for step in space[0]["clf"]]
        assert (svc.other_params["clf__C"], ridge.other_params["clf__alpha"]) == (1.0, 2.0)
        assert "clf__C" not in ridge.all_params
        assert "clf__alpha" not in svc.all_params
        assert (tuned.params["clf__C"], tuned.other_params["clf__gamma"]) == (7.0, 0.5)
        assert {t.other_params["scale__with_std"] for t in history} == {True}


def test_a_step_left_out_takes_its_parameters_along():
    search = GridSearchCV(PIPE, {"scale": ["passthrough", StandardScaler()]}, cv=2).fit(X, y)
    without, scaled = history_of(search)["task 0"]
    assert without.params == {"scale": "passthrough"}
    assert "scale__with_mean" not in without.all_params
    assert scaled.other_params["scale__with_mean"] is True


def test_a_functions_name_is_kept():
    search = GridSearchCV(
        Pipeline([("pick", SelectKBest(k=2)), ("clf", SVC())]), {"pick__score_func": [f_classif, f_regression]}, cv=2
    ).fit(X, y)
    for trial, function in zip(history_of(search), (f_classif, f_regression), strict=True):
        assert trial.params["pick__score_func"] == plain_value(function)
        assert function.__name__ in repr(trial.params["pick__score_func"])


def squared(values):
    return values**2


@pytest.mark.parametrize(
    "make",
    [
        lambda: SVC(C=2),
        lambda: Pipeline([("a", StandardScaler()), ("b", FunctionTransformer(squared)), ("c", SVC(C=1.23456789))]),
        lambda: GridSearchCV(PIPE, {f"clf__{i}": list(range(40)) for i in range(30)}),
        lambda: squared,
        lambda: SVC,
        lambda: np.log1p,
        object,
    ],
)
def test_a_description_matches_in_another_session(make):
    assert plain_value(make()) == plain_value(make())
    assert isinstance(plain_value(make()), Described)
    assert not re.search(r"0x|\n", plain_value(make()).text)


def test_descriptions_tell_what_differs():
    values = [SVC(), SVC(C=2), LogisticRegression(), squared, np.log1p, SVC, "SVC()"]
    values.append(lambda x: x)
    values.append(lambda x: -x)
    assert len({repr(encoded(plain_value(value))) for value in values}) == len(values)


# Duplicates and sums --------------------------------------------------------------------------------


def test_the_same_search_again_does_not_grow_the_history():
    history = history_of(TREE).add(TREE, task="task 0").add(clone(TREE).fit(X, y), task="task 0")
    assert len(history) == 3
    assert history == history_of(TREE)


def test_new_trials_join_those_of_the_task():
    more = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 3]}, cv=3).fit(X, y)
    history = history_of(TREE).add(more, task="task 0")
    assert [trial.params["max_depth"] for trial in history["task 0"]] == [1, 2, None, 3]
    assert len(TrialHistory().add(TREE, task="a").add(TREE, task="b")) == 6


@pytest.mark.parametrize("change", [{"C": 1}, {"C": True}, {"score": 0.25}, {"C": "auto"}, {"gamma": 1.0}])
def test_what_differs_is_another_trial(change):
    history = TrialHistory().add([TABLE[0]], task="t").add([TABLE[0] | change], task="t")
    assert len(history) == 2


trials = st.lists(
    st.fixed_dictionaries({"C": st.sampled_from([1, 2, None]), "score": st.sampled_from([0.0, math.nan])}), min_size=1
)
histories = st.dictionaries(st.sampled_from(["a", "b", 1]), trials, max_size=3).map(
    lambda tables: sum((TrialHistory().add(table, task=task) for task, table in tables.items()), TrialHistory())
)


@settings(deadline=None, max_examples=20)
@given(histories, histories, histories)
def test_sums_in_any_order(a, b, c):
    before = copy.deepcopy(a)
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + a == a + TrialHistory() == TrialHistory() + a == a
    assert a == before
    assert len(a + b) == len({(t.task, t.identity) for t in [*a, *b]})


def test_a_sum_is_apart_from_its_parts():
    one = history_of(TABLE)
    both = one + TrialHistory()
    both.add(TREE, task="more")
    both.add([{"C": 9.0, "score": 1.0}], task="task 0")
    assert one == history_of(TABLE)


def test_only_histories_are_summed():
    with pytest.raises(TypeError, match="unsupported operand"):
        sum([TrialHistory()], start=3)


# Stored and read back -------------------------------------------------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.text().map(Described),
    st.floats(width=32).map(np.float32),
    st.integers(0, 200).map(np.uint8),
    st.text().map(np.str_),
)
keys = st.one_of(st.text(), st.integers(), st.tuples(st.integers(), st.text()))
values = st.recursive(
    scalars,
    lambda parts: st.one_of(st.lists(parts), st.lists(parts).map(tuple), st.dictionaries(keys, parts, max_size=3)),
    max_leaves=5,
)


@settings(deadline=None, max_examples=20)
@given(st.dictionaries(st.text(), values, max_size=4), st.floats(), st.text(min_size=1))
def test_any_value_comes_back(tmp_path_factory, params, score, task):
    history = TrialHistory().add({"params": [params], "mean_test_score": [score]}, task=task)
    again = stored(history, tmp_path_factory.getbasetemp() / "any.json")
    assert again == history
    assert repr(list(again)) == repr(list(history))  # kinds too, and nan


@given(values)
def test_plain_values_are_plain(value):
    plain = plain_value(value)
    assert repr(plain_value(plain)) == repr(plain)
    assert repr(decoded(json.loads(json.dumps(encoded(plain), allow_nan=False)))) == repr(plain)


def test_a_value_that_looks_like_our_own_mark_comes_back(tmp_path):
    params = {"repr": {"repr": "x"}, "tuple": {"tuple": [1]}, "float": {"float": "nan"}, "lone \ud800": "\ud800"}
    history = TrialHistory().add({"params": [params], "mean_test_score": [1]}, task="Größe")
    assert stored(history, tmp_path / "h.json")["Größe"][0].params == params


def test_a_real_history_comes_back(tmp_path):
    history = history_of(TREE, GridSearchCV(PIPE, {"clf__C": np.array([1, 2])}, cv=2).fit(X, y)).add(TABLE, task=7)
    again = stored(history, tmp_path / "h.json")
    assert again == history
    assert again.tasks == ("task 0", "task 1", 7)
    assert [t.mean_fit_time for t in again["task 0"]] == TREE.cv_results_["mean_fit_time"].tolist()
    assert stored(TrialHistory(), tmp_path / "empty.json") == TrialHistory()


def test_the_file_is_readable_and_says_its_version(tmp_path):
    path = tmp_path / "h.json"
    history_of(TREE).save(str(path))
    text = path.read_text("utf-8")
    assert text.startswith('{"skmeta_history": 1, "tasks": [')
    assert len(text.splitlines()) == len(history_of(TREE)) + 2  # a line a trial
    assert '"max_depth": 1' in text
    assert json.loads(text)["tasks"][0]["task"] == "task 0"


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "h.json"
    history_of(TABLE).save(path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        history_of(TREE).save(path)
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == ["h.json"]
    assert TrialHistory.load(path) == history_of(TABLE)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder that exists"):
        TrialHistory().save(tmp_path / "no" / "h.json")


def test_every_truncation_is_told(tmp_path):
    path, cut = tmp_path / "h.json", tmp_path / "cut.json"
    TrialHistory().add([{"kernel": "é", "C": math.nan, "score": 1}], task="größe").save(path)
    whole = path.read_bytes().rstrip()
    for length in range(1, len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="truncated"):
            TrialHistory.load(cut)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "found an empty file"),
        (b"C,gamma,score\n1,2,3", "found one that begins with 'C,gamma,score"),
        (b"\x00\xff", "corrupt"),
        (b"\x80\x04\x95", "corrupt"),
    ],
)
def test_what_is_no_json_is_told(tmp_path, raw, words):
    path = tmp_path / "h.json"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=words):
        TrialHistory.load(path)


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_a_file_that_is_replaced_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "h.json"
    history_of(TREE).save(path)
    path.chmod(mode)
    history_of(TREE).save(path)
    assert path.stat().st_mode & 0o777 == mode


def broken(change):
    """The text of a sound file after a change of its data."""
    trial = {"params": {"C": 1}, "other_params": {}, "mean_test_score": 1, "std_test_score": 0.0, "mean_fit_time": 0.0}
    trial |= dict.fromkeys(["n_splits", "scoring", "n_rows", "n_columns"])
    data = {"skmeta_history": 1, "tasks": [{"task": "a", "trials": [trial]}]}
    change(data, data["tasks"][0], trial)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"skmeta_history": 1, "tasks" []}', "corrupt"),
        ("[" * 100_000 + "}", "corrupt"),
        (b"\x80\x04pickle}", "corrupt"),
        ("[1, 2]}", "found one that begins with '\\[1, 2"),
        ('{"a": 1}', "found other JSON"),
        (broken(lambda d, g, t: d.update(skmeta_history=2)), "newer version 2 .* upgrade skmeta"),
        (broken(lambda d, g, t: d.update(skmeta_history="1")), "corrupt .* version is '1'"),
        (broken(lambda d, g, t: d.update(skmeta_history=0)), "corrupt"),
        (broken(lambda d, g, t: d.pop("tasks")), "corrupt"),
        (broken(lambda d, g, t: g.pop("task")), r"corrupt .*tasks\[0\] has no 'task'"),
        (broken(lambda d, g, t: g.update(task=[1])), r"corrupt .*tasks\[0\] wanted a name"),
        (broken(lambda d, g, t: g.update(trials={})), r"corrupt .*tasks\[0\]"),
        (broken(lambda d, g, t: t.pop("params")), r"corrupt .*tasks\[0\].trials\[0\]"),
        (broken(lambda d, g, t: t.update(more=1)), r"corrupt .*trials\[0\]"),
        (broken(lambda d, g, t: t.update(params=[1])), "corrupt .*params of a trial is of kind dict"),
        (broken(lambda d, g, t: t.update(params={"C": {"pickle": "x"}})), "corrupt .*one key"),
        (broken(lambda d, g, t: t.update(mean_test_score="high")), "corrupt .*mean_test_score"),
        (broken(lambda d, g, t: t.update(mean_test_score=None)), "corrupt .*mean_test_score"),
        (broken(lambda d, g, t: t.update(mean_test_score={"float": "high"})), "corrupt"),
        (broken(lambda d, g, t: t.update(n_rows=True)), "corrupt .*n_rows"),
        (broken(lambda d, g, t: t.update(params={"C": {"dict": [[[1], 2]]}})), "corrupt"),
    ],
)
def test_a_file_that_is_no_history(tmp_path, text, message):
    path = tmp_path / "h.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message) as caught:
        TrialHistory.load(path)
    assert str(path) in str(caught.value)


def test_an_unchanged_sound_file_is_read(tmp_path):
    (tmp_path / "h.json").write_text(broken(lambda d, g, t: None))
    assert TrialHistory.load(tmp_path / "h.json")["a"][0].mean_test_score == 1.0


# The container --------------------------------------------------------------------------------------


def test_as_a_table():
    search = GridSearchCV(SVC(C=3.0, gamma="auto"), [{"C": [1.0]}, {"gamma": [0.5]}], cv=3).fit(X, y)
    frame = history_of(search, TABLE).to_frame()
    assert frame["param_C"].tolist() == [1.0, 3.0, 1.0, 2.0]
    assert frame["param_gamma"].tolist()[:2] == ["auto", 0.5]
    assert frame["param_gamma"].isna().tolist() == [False, False, True, True]
    assert frame["task"].tolist() == ["task 0"] * 2 + ["task 1"] * 2
    assert frame["mean_test_score"].dtype == float
    assert frame["params"].tolist()[0] == {"C": 1.0}
    assert history_of(TREE).to_frame()["param_max_depth"].tolist() == [1, 2, None]
    assert len(TrialHistory().to_frame()) == 0


def test_without_pandas_the_message_says_what_mends_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'skmeta\[frames\]'"):
        history_of(TABLE).to_frame()


def test_its_face():
    history = history_of(TREE, TABLE)
    assert repr(history) == "TrialHistory(n_tasks=2, n_trials=5, scoring='accuracy')"
    assert repr(TrialHistory()) == "TrialHistory(n_tasks=0, n_trials=0)"
    assert (len(history), len(list(history)), len(TrialHistory())) == (5, 5, 0)
    assert history != "history"
    with pytest.raises(KeyError, match=r"task: wanted one of this history, \['task 0', 'task 1'\], found 'nowhere'"):
        history["nowhere"]
    with pytest.raises(TypeError, match="unhashable"):
        hash(history)


class Holder(BaseEstimator):
    def __init__(self, prior=None):
        self.prior = prior


def test_a_clone_has_a_history_of_its_own():
    history = history_of(TABLE)
    held = clone(Holder(history)).prior
    assert held == history
    held.add(TREE, task="more")
    assert history == history_of(TABLE)
    assert pickle.loads(pickle.dumps(history)) == history


def test_it_keeps_nothing_of_the_search():
    results = {"params": [{"layers": [1, 2]}], "mean_test_score": np.array([1.0])}
    history = history_of(results)
    results["params"][0]["layers"].append(3)
    assert history["task 0"][0].params == {"layers": [1, 2]}


# Bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        (GridSearchCV(SVC(), {"C": [1]}), NotFittedError, "search: wanted a fitted search .* found GridSearchCV"),
        (SVC(), NotFittedError, "found SVC"),
        (GridSearchCV, TypeError, "search: wanted a fitted search, .* found"),
        ("svc.json", TypeError, "found str"),
        (None, TypeError, "found NoneType"),
        (np.zeros((2, 2)), TypeError, "found ndarray"),
        ([1, 2], TypeError, "found a list with int"),
        ([], ValueError, "search: wanted at least one trial"),
        ({}, ValueError, "search: wanted at least one trial"),
        ({"params": [], "mean_test_score": []}, ValueError, "search: wanted at least one trial"),
        (pd.DataFrame({"C": [], "score": []}), ValueError, "search: wanted at least one trial"),
        ({"params": [{"C": 1}]}, ValueError, "metric: .* found no score .* name it 'score'"),
        ({"C": [1, 2], "score": [1]}, ValueError, "one of mean_test_score for each of 2 trials, found 1"),
        ({"C": [1, 2], "D": [1], "score": [1, 2]}, ValueError, "columns of one length"),
        ({"params": ["C=1"], "mean_test_score": [1]}, TypeError, "wanted a dict .* found 'C=1'"),
        ({"params": [{1: 2}], "mean_test_score": [1]}, TypeError, "wanted a dict of names"),
        ({"C": [1], "score": ["good"]}, TypeError, "wanted numbers in mean_test_score"),
        (pd.DataFrame({0: [1], "score": [1]}), TypeError, r"wanted columns with names, found \[0\]"),
        ({"score": [1]}, ValueError, "a column for each parameter, found only"),
    ],
    ids=lambda value: f"{value!r:.30}" if isinstance(value, str) else type(value).__name__,
)
def test_sources_that_are_none(source, kind, message):
    history = TrialHistory()
    with pytest.raises(kind, match=message):
        history.add(source, task="t")
    assert history == TrialHistory()


@pytest.mark.parametrize(("task", "kind"), [(None, TypeError), ("", ValueError), (1.5, TypeError), (True, TypeError)])
def test_a_task_has_a_name(task, kind):
    with pytest.raises(kind, match=r"task: wanted the dataset's name .* pass task="):
        TrialHistory().add(TREE, task=task)


def test_a_task_must_be_given():
    with pytest.raises(TypeError, match="'task'"):
        TrialHistory().add(TREE)


@pytest.mark.parametrize("shape", [3, (1,), ("a", 2), (1.5, 2)])
def test_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"shape: wanted \(n_rows, n_columns\)"):
        TrialHistory().add(TREE, task="t", shape=shape)


def test_a_trial_alone_is_a_history():
    assert list(history_of(TABLE[:1])) != []
    assert isinstance(next(iter(history_of(TABLE))), Trial)


# Results of several datasets -------------------------------------------------------------------------------


def test_results_of_several_tasks_are_not_one_task():
    X = np.column_stack([np.tile(np.linspace(0, 1, 8), 2), np.repeat([0, 1], 8)])
    search = WarmStartSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=2, task=-1).fit(X, X[:, 0])
    for found in (search, search.cv_results_, search.history_.to_frame()):
        with pytest.raises(ValueError, match=r"wanted .* one dataset, found .*: history \+ search.history_"):
            TrialHistory().add(found, task="x")
    assert (TrialHistory() + search.history_).tasks == (0, 1)


def test_task_may_be_a_parameter():
    history = TrialHistory().add([{"task": "train", "score": 1.0}, {"task": "refit", "score": 2.0}], task="x")
    assert [trial.params["task"] for trial in history] == ["train", "refit"]


def test_parameters_may_be_called_otherwise_and_a_search_of_a_pipeline_starts_warm():
    """The way out that the warning of such a search tells."""
    history = history_of(GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(X, y))
    prior, space = HyperparameterPrior.from_history(history), {"svc__C": [0.1, 1.0, 10.0]}
    with pytest.warns(
        UserWarning, match=r"starts cold\. If these .*from_history\(prior\.history\.renamed\(\{'C': 'svc__C'\}"
    ):
        prior.suggest(space)
    renamed = HyperparameterPrior.from_history(prior.history.renamed({"C": "svc__C"}))
    assert renamed.searched == ("svc__C",) and renamed.history != history
    assert renamed.suggest(space) == [{"svc__C": prior.suggest({"C": space["svc__C"]})[0]["C"]}]
    assert renamed.history.renamed({"svc__C": "C"}) == history
    assert renamed.history[renamed.tasks[0]][0].other_params == history[history.tasks[0]][0].other_params


def test_nothing_in_common_but_the_name_of_a_step_is_no_way_out():
    prior = HyperparameterPrior.from_history(TrialHistory().add(TABLE, task="a"))
    with pytest.warns(UserWarning, match="the search starts cold[.]$"):
        prior.suggest({"degree": [1, 2]})


def test_a_wrong_renaming_is_refused():
    history = TrialHistory().add([{"C": 1.0, "gamma": 2.0, "score": 0.5}], task="a")
    with pytest.raises(
        ValueError, match=r"names: wanted parameters of these trials, found \['c'\]; there are \['C', 'g"
    ):
        history.renamed({"c": "svc__C"})
    with pytest.raises(
        ValueError, match=r"names: wanted new names for parameters, found \['gamma'\], which trials have"
    ):
        history.renamed({"C": "gamma"})
    with pytest.raises(ValueError, match=r"names: wanted a new name for each parameter, found \['a'\] for several"):
        history.renamed({"C": "a", "gamma": "a"})
    with pytest.raises(TypeError, match=r"names: wanted a dict of new names by old ones, found 'svc__'"):
        history.renamed("svc__")
    swapped = history.renamed({"C": "gamma", "gamma": "C"})["a"][0].params
    assert swapped == {"gamma": 1.0, "C": 2.0}


def test_what_a_prior_was_made_from_is_a_table_too():
    prior = HyperparameterPrior.from_history(TrialHistory().add(TABLE, task="a"))
    pd.testing.assert_frame_equal(prior.to_frame(), prior.history.to_frame())
