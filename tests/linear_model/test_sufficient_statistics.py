"""Sufficient statistics: the sums over each task's rows, whatever the parts, and all that learning needs of them."""

import io
import json
import pickle
from fractions import Fraction
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartRegressor
from skmeta.datasets import make_related_regression

FIELDS = ("ids", "n", "mean", "target_mean", "scatter", "cross", "square")
seeds = st.integers(0, 2**32 - 1)


def table(seed=0, n=60, n_tasks=5, d=3, n_outputs=None, *, lacking=False):
    """Rows in random order of irregular tasks, their targets and weights; with ``lacking``, task 1 has no column 0."""
    rng = np.random.default_rng(seed)
    X = np.c_[rng.normal(3.0, 2.0, size=(n, d)), rng.integers(0, n_tasks, n)]
    y = rng.normal(size=n if n_outputs is None else (n, n_outputs))
    if lacking:
        X[X[:, -1] == 1, 0] = np.nan
    return X, y, rng.integers(1, 4, n).astype(float)


def statistics(X, y, weight=None):
    return SufficientStatistics.from_table(X, y, task=-1, sample_weight=weight)


def parts_of(X, y, weight, part):
    return [statistics(X[part == k], y[part == k], weight[part == k]) for k in np.unique(part)]


def assert_same(one, other, **tolerance):
    assert_array_equal(one.ids, other.ids)
    assert one.feature_names == other.feature_names
    for name in FIELDS[1:]:
        assert_allclose(getattr(one, name), getattr(other, name), err_msg=name, **tolerance)


# What they are -------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from([None, 1, 2]), st.booleans(), st.sampled_from([np.asarray, sparse.csr_matrix]))
def test_they_are_the_sums_over_each_tasks_rows(seed, n_outputs, weighted, kind):
    X, y, weight = table(seed, n_outputs=n_outputs)
    found = statistics(kind(X), y, weight if weighted else None)
    y = y[:, 0] if n_outputs == 1 else y  # a column is a vector
    assert_array_equal(found.ids, np.unique(X[:, -1]))
    for t, task in enumerate(found.ids):
        own = X[:, -1] == task
        Z, target, w = X[own, :-1], y[own], weight[own] if weighted else np.ones(own.sum())
        assert_allclose(found.n[t], w.sum())
        assert_allclose(found.mean[t], np.average(Z, axis=0, weights=w), rtol=1e-12)
        assert_allclose(found.XtX[t], Z.T @ (w[:, None] * Z), rtol=1e-12)
        assert_allclose(found.Xty[t], (Z.T * w) @ target, rtol=1e-10, atol=1e-11)
        assert_allclose(found.yty[t], w @ target**2, rtol=1e-12)


def test_weights_count_as_repeated_rows():
    X, y, weight = table(n_outputs=2)
    times = weight.astype(int)
    assert_same(statistics(X, y, weight), statistics(np.repeat(X, times, axis=0), np.repeat(y, times, axis=0)), rtol=1e-12,
                atol=1e-12)  # fmt: skip


def test_one_line_says_how_much_there_is():
    X, y, weight = table(n_outputs=2)
    assert repr(statistics(X, y)) == "SufficientStatistics(n_tasks=5, n_rows=60, n_features=3, n_outputs=2)"
    assert (statistics(X, y, weight).n_rows, statistics(X, y, weight).n.sum()) == (60, weight.sum())


@pytest.mark.parametrize("parts", [1, 7])
def test_columns_far_from_zero_lose_no_digits(parts):
    rng = np.random.default_rng(0)
    stamps = 1_700_000_000.0 + rng.integers(-1000, 1000, 400)
    X, y = np.c_[stamps, np.zeros(400)], 1e6 + rng.integers(-9, 9, 400).astype(float)
    found = sum(statistics(*each) for each in zip(np.split(X, range(60, 400, 400 // parts)),
                                                  np.split(y, range(60, 400, 400 // parts)), strict=True))  # fmt: skip
    exact_x, exact_y = [Fraction(v) for v in stamps], [Fraction(v) for v in y]
    mean_x, mean_y = sum(exact_x) / 400, sum(exact_y) / 400
    rounding = np.finfo(float).eps * stamps.mean() / stamps.std()  # of the mean itself, in standard deviations
    assert_allclose(found.scatter[0, 0, 0], float(sum((v - mean_x) ** 2 for v in exact_x)), rtol=rounding)
    products = [(a - mean_x) * (b - mean_y) for a, b in zip(exact_x, exact_y, strict=True)]
    assert_allclose(found.cross[0, 0], float(sum(products)), atol=rounding * float(sum(map(abs, products))))
    assert_allclose(found.square[0], float(sum((v - mean_y) ** 2 for v in exact_y)), rtol=rounding)
    plain = stamps @ stamps - 400 * stamps.mean() ** 2
    assert abs(plain / found.scatter[0, 0, 0] - 1.0) > 1000 * rounding, "plain sums would have done"


# They add up ---------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(1, 6), st.sampled_from([None, 2]), st.booleans(), st.randoms(use_true_random=False))
def test_parts_add_up_in_any_order_and_grouping(seed, n_parts, n_outputs, lacking, random):
    X, y, weight = table(seed, n_outputs=n_outputs, lacking=lacking)
    parts = parts_of(X, y, weight, np.random.default_rng(seed).integers(0, n_parts, len(y)))
    whole = statistics(X, y, weight)
    while len(parts) > 1:  # any two of them, until one is left
        random.shuffle(parts)
        parts.append(parts.pop() + parts.pop())
    assert_same(parts[0], whole, rtol=1e-10, atol=1e-11)


def test_the_sum_of_a_list_is_that_of_its_parts():
    X, y, weight = table()
    parts = parts_of(X, y, weight, np.arange(60) // 13)
    assert_same(sum(parts), reduce(lambda a, b: a + b, parts), rtol=0, atol=0)
    assert sum(parts[:1]) is parts[0]


def test_columns_are_matched_by_name():
    X, y, _ = table()
    names = ["a", "b", "c", "store"]
    frame = pd.DataFrame(X, columns=names)
    first, second = frame.iloc[:30], frame.iloc[30:][["c", "store", "a", "b"]]
    found = sum(SufficientStatistics.from_table(*part, task="store") for part in ((first, y[:30]), (second, y[30:])))
    assert found.feature_names == ("a", "b", "c")
    assert_same(found, SufficientStatistics.from_table(frame, y, task="store"), rtol=1e-12, atol=1e-12)
    assert_array_equal(found.aligned(["c", "a", "b"]).XtX[:, 0, 1], found.XtX[:, 2, 0])


@pytest.mark.parametrize(
    "ids", [["a", "b"], [3, 7], [2.5, 9.0], np.array(["2024-01-05", "2024-02-01"], "M8[D]")], ids=str
)
def test_ids_are_of_any_one_type(ids):
    values = np.asarray(ids)
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "task": np.r_[values, values[:1]]})
    found = SufficientStatistics.from_table(frame, [1.0, 2.0, 3.0], task="task")
    assert (found + found).ids.tolist() == found.ids.tolist()
    assert_array_equal((found + found).n, [4.0, 2.0])


# Where they travel ---------------------------------------------------------------------------------


def through_json(found):
    text = json.dumps({name: array.tolist() for name, array in found.to_dict().items()})
    return SufficientStatistics.from_dict(json.loads(text))


def through_npz(found):
    file = io.BytesIO()
    np.savez(file, **found.to_dict())
    file.seek(0)
    return SufficientStatistics.from_dict(np.load(file, allow_pickle=False))


@pytest.mark.parametrize("travel", [through_json, through_npz, lambda found: pickle.loads(pickle.dumps(found))])
@pytest.mark.parametrize("ids", [["north", "south"], [3, 7]], ids=str)
@pytest.mark.parametrize("n_outputs", [None, 2])
def test_they_come_back_as_they_went(travel, ids, n_outputs):
    X, y, _ = table(n_tasks=2, n_outputs=n_outputs, lacking=True)
    frame = pd.DataFrame(X[:, :-1], columns=["a", "b", "c"]).assign(task=np.array(ids)[X[:, -1].astype(int)])
    found = SufficientStatistics.from_table(frame, y, task="task")
    back = travel(found)
    assert back.ids.tolist() == ids
    assert_same(back, found, rtol=0, atol=0)
    assert_same(back + found, found + found, rtol=0, atol=0)


def test_nobody_can_change_them():
    X, y, _ = table()
    found = statistics(X, y)
    assert clone(found) is found
    with pytest.raises(ValueError, match="read-only"):
        pickle.loads(pickle.dumps(found)).scatter[0, 0, 0] = 1.0
    with pytest.raises(AttributeError):
        found.n = 3


# Learning from them --------------------------------------------------------------------------------

LEARNED = ("mean", "covariance", "mean_covariance", "noise", "noise_dof", "n_tasks", "n_rows")


def assert_same_prior(one, other, rtol):
    assert one.feature_names == other.feature_names
    for name in LEARNED:
        wanted = np.asarray(getattr(other, name))
        size = np.abs(wanted[np.isfinite(wanted)]).max(initial=0.0)
        assert_allclose(getattr(one, name), wanted, rtol=rtol, atol=rtol * size, err_msg=name)


def collection(n_tasks=30, n=12, d=4, seed=0):
    X, y, _ = make_related_regression(n_tasks, n, d, covariance="factor", rank=2, random_state=seed)
    frame = pd.DataFrame(X, columns=[*"abcdefgh"[:d], "store"])
    frame["a"] += 2000.0
    return frame, y


@settings(max_examples=8, deadline=None)
@given(seeds, st.integers(1, 5), st.sampled_from([None, 2]))
def test_learning_from_parts_is_learning_from_all_rows(seed, n_parts, n_outputs):
    frame, y = collection()
    rng = np.random.default_rng(seed)
    y = y if n_outputs is None else np.c_[y, y**2]
    weight, part = rng.uniform(0.5, 2.0, len(y)), rng.integers(0, n_parts, len(y))
    rows = WarmStartRegressor(Ridge(), task="store").fit(frame, y, sample_weight=weight).prior_
    parts = [SufficientStatistics.from_table(frame[part == k], y[part == k], "store", weight[part == k])
             for k in rng.permutation(n_parts)]  # fmt: skip
    assert_same_prior(EmpiricalBayes().learn_statistics(sum(parts)), rows, rtol=1e-10)


def test_learning_on_from_a_prior_is_that_from_rows():
    frame, y = collection(n_tasks=40)
    early = (frame["store"] < 20).to_numpy()
    prior = WarmStartRegressor(Ridge(), task="store").fit(frame[early], y[early]).prior_
    rows = WarmStartRegressor(Ridge(), task="store", prior=prior).fit(frame[~early], y[~early]).prior_
    later = SufficientStatistics.from_table(frame[~early], y[~early], "store")
    found = EmpiricalBayes().learn_statistics(later.aligned(["d", "b", "c", "a"]), prior=prior)
    assert found.n_tasks == 40
    order = [found.feature_names.index(name) for name in rows.feature_names]
    assert_allclose(found.mean[order], rows.mean[:-1], rtol=1e-10)
    assert_same_prior(EmpiricalBayes().learn_statistics(later, prior=prior), rows, rtol=1e-10)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_task_may_lack_a_column(fit_intercept):
    frame, y = collection()
    frame.loc[frame["store"] == 3, "b"] = np.nan
    model = Ridge(fit_intercept=fit_intercept)
    rows = WarmStartRegressor(model, task="store").fit(frame, y).prior_
    found = EmpiricalBayes().learn_statistics(SufficientStatistics.from_table(frame, y, "store"), model)
    assert_same_prior(found, rows, rtol=1e-10)


def wide_collection(seed=0, n_tasks=20, n=20, d=150, n_outputs=None):
    rng = np.random.default_rng(seed)
    X, store = rng.normal(size=(n_tasks * n, d)), np.repeat(np.arange(n_tasks), n)
    coef = 0.3 * rng.normal(size=d) + 0.2 * rng.normal(size=(n_tasks, d))
    y = (X * coef[store]).sum(axis=1) + rng.normal(size=n_tasks)[store] + rng.normal(size=len(X))
    return np.c_[X, store], y if n_outputs is None else np.c_[y, X[:, 0] + rng.normal(size=len(X))]


# Parts are added up before anything is learned: how many there are is asked once.
OPTIONS = [{}, {"covariance": "spherical"}, {"covariance": "diagonal"}, {"covariance": "factor"}, {"n_outputs": 2}]
OPTIONS += [{"weighted": True}, {"sparse": True}, {"fit_intercept": False}, {"lacking": True}, {"learning on": True}]


@varied(("options", "n_parts"), [*((each, 3) for each in OPTIONS), ({}, 1), ({}, 40)], ids=str, keep=5)
def test_many_columns_of_few_rows_are_learned_as_from_rows(options, n_parts):
    """To 1e-6: the iterations in cells stop at 1e-4, and each passes rounding on about tenfold."""
    X, y = wide_collection(n_outputs=options.get("n_outputs"))
    rng = np.random.default_rng(n_parts)
    part, weight = rng.integers(0, n_parts, len(y)), rng.uniform(0.5, 1.2, len(y)) if "weighted" in options else None
    if "lacking" in options:
        X[X[:, -1] == 3, 7] = np.nan
    past = None
    if "learning on" in options:
        past = WarmStartRegressor(Ridge(), task=-1).fit(*wide_collection(seed=1)).prior_
    learner, model = (
        EmpiricalBayes(options.get("covariance", "auto")),
        Ridge(fit_intercept="fit_intercept" not in options),
    )
    table = sparse.csr_array(X) if "sparse" in options else X
    rows = WarmStartRegressor(model, task=-1, learner=learner, prior=past).fit(table, y, sample_weight=weight)
    parts = [
        statistics(X[part == k], y[part == k], None if weight is None else weight[part == k]) for k in np.unique(part)
    ]
    found = learner.learn_statistics(sum(parts), model, prior=past)
    for name in ("mean", "covariance", "mean_covariance", "noise", "n_tasks", "n_rows", "weights"):
        wanted = np.asarray(getattr(rows.prior_, name))
        assert_allclose(getattr(found, name), wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max(), err_msg=name)
    if found.factor is not None:  # its signs are no part of what it says
        both = [prior.factor @ prior.factor.T for prior in (found, rows.prior_)]
        assert_allclose(*both, rtol=1e-6, atol=1e-6 * np.abs(both[1]).max())
    assert learner.structure_ == rows.learner_.structure_
    assert list(learner.scores_) == [each for each in rows.learner_.scores_ if each != "pooled"]  # that needs rows
    assert not found.is_dense, "no matrix of columns by columns"


def test_tasks_that_determine_many_columns_are_learned_as_from_rows():
    X, y = wide_collection(n_tasks=6, n=120, d=105)
    learner = EmpiricalBayes("diagonal")
    rows = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(X, y).prior_
    assert_same_prior(learner.learn_statistics(statistics(X, y)), rows, rtol=1e-10)


@varied("n_outputs", [None, 2])
@pytest.mark.parametrize("kind", [np.asarray, lambda X: pd.DataFrame(X, columns=["store"])], ids=["array", "frame"])
def test_tables_without_features_have_an_intercept(kind, n_outputs):
    rng, store = np.random.default_rng(0), np.repeat(np.arange(12.0), 5)
    y = rng.normal(size=12)[store.astype(int)] + rng.normal(size=60)
    y = y if n_outputs is None else np.c_[y, y**2]
    X, half = kind(store[:, None]), rng.random(60) < 0.5
    task = 0 if isinstance(X, np.ndarray) else "store"
    parts = [SufficientStatistics.from_table(X[k], y[k], task=task) for k in (half, ~half)]
    found = EmpiricalBayes().learn_statistics(sum(parts))
    shell = WarmStartRegressor(Ridge(), task=task).fit(X, y)
    assert repr(found) == repr(shell.prior_)
    assert_same_prior(found, shell.prior_, rtol=1e-10)
    later = EmpiricalBayes().learn_statistics(parts[0], prior=found)
    again = WarmStartRegressor(Ridge(), task=task, prior=found).fit(X[half], y[half])
    assert_same_prior(later, again.prior_, rtol=1e-10)
    rows = WarmStartRegressor(Ridge(), task=task, prior=shell.prior_).fit(X[half], y[half])
    assert_allclose(again.predict(X), rows.predict(X), rtol=1e-9)
    back = SufficientStatistics.from_dict(parts[0].to_dict())
    assert_same(back, parts[0])


@pytest.mark.parametrize(("nothing", "found"), [(sum([]), r"0, which sum\(\[\]\) is"), (None, "None"), (3, "3")])
def test_what_are_no_statistics_is_named(nothing, found):
    with pytest.raises(TypeError, match=f"^statistics: wanted SufficientStatistics, .*found {found};.*from_table"):
        EmpiricalBayes().learn_statistics(nothing)


@pytest.mark.parametrize("wrap", [make_pipeline, TransformedTargetRegressor], ids=lambda wrap: wrap.__name__)
def test_sums_are_of_columns_as_the_model_sees_them(wrap):
    with pytest.raises(TypeError, match=r"^estimator: wanted the model alone, such as Ridge\(\), found a \w+; sums"):
        EmpiricalBayes().learn_statistics(made(), wrap(Ridge()))


def test_a_list_of_statistics_is_to_be_added_up():
    with pytest.raises(TypeError, match=r"wanted one SufficientStatistics.*sum\(parts\)"):
        EmpiricalBayes().learn_statistics([made(), made()])


# Bad input -----------------------------------------------------------------------------------------


def frame_of(**changed):
    columns = {"a": [1.0, 2.0, 3.0], "b": [0.5, 1.5, 1.0], "store": ["x", "y", "x"]} | changed
    return pd.DataFrame(columns)


@pytest.mark.parametrize(
    ("frame", "y", "options", "error", "message"),
    [
        (frame_of(), [1, 2, 3], {"task": "shop"}, ValueError, "task.*'shop'"),
        (frame_of(), [1, 2], {}, ValueError, "y: wanted as many targets as rows of X, 3, found 2"),
        (frame_of(a=["u", "v", "w"]), [1, 2, 3], {}, ValueError, "X: wanted numbers, found column.*'a'"),
        (frame_of(a=[1.0, np.nan, np.nan]), [1, 2, 3], {}, ValueError, "NaN in 1 of 2 rows of task 'x', column 'a'"),
        (frame_of(a=[1.0, np.inf, 2.0]), [1, 2, 3], {}, ValueError, "infinity"),
        (frame_of(), [1, np.nan, 3], {}, ValueError, "y.*NaN"),
        (frame_of(), ["u", "v", "w"], {}, ValueError, "y: wanted numbers"),
        (frame_of(store=["x", 1, "x"]), [1, 2, 3], {}, TypeError, "one type"),
        (frame_of(store=["x", None, "x"]), [1, 2, 3], {}, ValueError, "missing"),
        (frame_of(), [1, 2, 3], {"sample_weight": [1, -1, 1]}, ValueError, "sample_weight"),
        (frame_of(), [1, 2, 3], {"task": [["store"]]}, TypeError, "task"),
    ],
)  # fmt: skip
def test_tables_that_say_nothing_are_told_so(frame, y, options, error, message):
    with pytest.raises(error, match=message):
        SufficientStatistics.from_table(frame, y, **{"task": "store"} | options)


def made(y=(1.0, 2.0, 3.0), **changed):
    return SufficientStatistics.from_table(frame_of(**changed), np.array(y), task="store")


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (lambda: made(store=[1, 2, 1]), TypeError, "ids: wanted ids of one type.*text .'x'.*numbers .1."),
        (
            lambda: made(c=[1.0, 2.0, 4.0], store=["v", "w", "w"]),
            ValueError,
            r"names of the part with tasks 'v' to 'w' \(3 rows\) should match those of the part with tasks 'x' to 'y'.*"
            "unexpected .'c'",
        ),
        (lambda: made(np.ones((3, 2))), ValueError, "y: wanted targets of one shape"),
        (lambda: made(a=[np.nan] * 3), ValueError, "column 'a' of task 'x' missing in one part"),
        (lambda: statistics(*table()[:2]), ValueError, "names in all parts or in none"),
        (lambda: 3, TypeError, "unsupported operand"),
    ],
)
def test_parts_that_do_not_go_together_are_named(other, error, message):
    with pytest.raises(error, match=message):
        made() + other()


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ([], TypeError, "wanted a mapping"),
        ({"n": [1.0]}, ValueError, "found no 'names'"),
        ({"n": [1.0], "names": ["n", "cross"]}, ValueError, "missing .'cross'"),
        (made().to_dict() | {"weights": 1}, ValueError, "unknown .'weights'"),
        (made().to_dict() | {"n": [1.0]}, ValueError, r"n=.*wanted shape \(2,\).*found shape \(1,\)"),
        (made().to_dict() | {"n": [1.0, -1.0]}, ValueError, "not negative"),
        (made().to_dict() | {"square": [1.0, np.nan]}, ValueError, "square=.*finite"),
        (made().to_dict() | {"ids": ["x", "x"]}, ValueError, "each id once"),
        (made().to_dict() | {"feature_names": ["a", "a"]}, ValueError, "2 different names"),
    ],
)
def test_dicts_that_are_none_of_theirs_are_named(state, error, message):
    with pytest.raises(error, match=message):
        SufficientStatistics.from_dict(state)


def test_what_they_do_not_determine_is_not_learned():
    with pytest.raises(ValueError, match=r"squared error.*LogisticRegression"):
        EmpiricalBayes().learn_statistics(made(), LogisticRegression())
    with pytest.raises(ValueError, match=r"NaN in every row of column.*'a'"):
        EmpiricalBayes().learn_statistics(made(a=[np.nan] * 3))


def test_tasks_in_others_are_refused():
    with pytest.raises(ValueError, match=r"task: wanted one column, as sums know no levels, found \[0, 1\]"):
        SufficientStatistics.from_table(np.zeros((3, 3)), np.zeros(3), task=[0, 1])
