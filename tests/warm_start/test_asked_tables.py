"""What a fitted model says of tables that it did not expect: columns of ids left out, ids never seen, tasks of others."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import EmpiricalBayes, StateSpace, WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick

TASK = ["region", "store"]
N_REGIONS, N_STORES, N_ROWS = 5, 4, 6


def sales(seed=0):
    """Stores in regions, whose columns of ids stand between features."""
    rng = np.random.default_rng(seed)
    store = np.repeat(np.arange(N_REGIONS * N_STORES), N_ROWS)
    region, price = store // N_STORES, rng.uniform(1, 4, len(store))
    y = 3.0 * rng.normal(size=N_REGIONS)[region] + 0.3 * rng.normal(size=store.max() + 1)[store] - price
    frame = pd.DataFrame({"region": np.array(list("abcde"))[region], "price": price, "store": store})
    return frame.assign(width=rng.normal(size=len(store))), y + 0.2 * rng.normal(size=len(store))


X, Y = sales()
NEW = X[::N_ROWS].reset_index(drop=True)


@pytest.fixture(scope="module")
def nested():
    return WarmStartRegressor(Ridge(), task=TASK, learner=EmpiricalBayes("diagonal")).fit(X, Y)


def said(call):
    """What a call warns of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call()
    assert {each.filename for each in found} <= {__file__}  # they point at who asked, not at lines of the library
    return [str(each.message) for each in found]


# Columns of ids that are left out ------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [["store"], ["region"], ["region", "store"]])
def test_columns_of_ids_left_out_raise_and_the_way_out_works(nested, gone):
    table = NEW.drop(columns=gone)
    nothing = ", ".join(f"{name}=None" for name in gone)
    with pytest.raises(ValueError, match=r"task: wanted the columns of ids that fit had, found none named") as caught:
        nested.predict(table)
    assert f"X.assign({nothing})[model.feature_names_in_]" in str(caught.value)
    found = nested.predict(table.assign(**dict.fromkeys(gone))[nested.feature_names_in_])
    for row in range(len(NEW)):
        known = {} if "region" in gone else {"region": NEW["region"][row]}
        expected = nested.prior_.given(**known).zero_shot(Ridge()).predict(NEW[["price", "width"]][row : row + 1])
        assert_allclose(found[row : row + 1], expected)


def test_of_a_single_column_of_ids_too_whatever_it_is_called():
    table = X.rename(columns={"store": "Shop No."}).drop(columns="region")
    model = WarmStartRegressor(Ridge(), task="Shop No.", learner=EmpiricalBayes("diagonal")).fit(table, Y)
    asked = table.drop(columns="Shop No.")
    with pytest.raises(ValueError, match=r"the columns of ids that fit had, found none named 'Shop No.'") as caught:
        model.predict(asked)
    assert "X.assign(**{'Shop No.': None})[model.feature_names_in_]" in str(caught.value)
    found = model.predict(asked.assign(**{"Shop No.": None})[model.feature_names_in_])
    assert_allclose(found, model.prior_.zero_shot(Ridge()).predict(asked))


def test_a_column_that_is_named_nearly_so_is_a_slip(nested):
    with pytest.raises(ValueError, match=r"found task='store'\. Did you mean 'stores'"):
        nested.predict(NEW.rename(columns={"store": "stores"}))


def test_a_feature_whose_name_is_like_that_of_ids_left_out_is_no_slip():
    scored = X.rename(columns={"width": "score"})
    model = WarmStartRegressor(Ridge(), task=TASK, learner=EmpiricalBayes("diagonal")).fit(scored, Y)
    with pytest.raises(ValueError, match=r"found none named 'store'; .*X.assign\(store=None\)"):
        model.predict(scored.drop(columns="store"))
    with pytest.raises(ValueError, match=r"found task='store'\. Did you mean 'stores'"):
        model.predict(scored.rename(columns={"store": "stores"}))


# Ids that were never seen --------------------------------------------------------------------------------


def test_regions_never_seen_are_named_in_one_warning_a_call(nested):
    wrong = NEW.assign(region=["a", "x", "y", "z"] * 5, store=-1)
    (words,) = said(lambda: nested.predict(wrong))
    assert words == (
        "task: region='x', 'y', 'z' were in no task that was learned from; they are taken to be at the mean of those seen. "
        "Learn again with tasks that have them."
    )
    rows, y = X[:3].assign(region="x", store=-1), Y[:3]
    for call in (
        lambda: nested.adapt(rows, y),
        lambda: nested.prior_.adapt(Ridge(), rows, y),
        lambda: WarmStartRegressor(Ridge(), prior=nested.prior_).fit(rows, y),
        lambda: nested.prior_.given(region="x"),
    ):
        (words,) = said(call)
        assert words.startswith("task: region='x' was in no task that was learned from; it is taken to be")
    both = pd.concat([rows, rows.assign(region="y")])
    (words,) = said(lambda: nested.adapt(both, np.r_[y, y]))
    assert words.startswith("task: region='x', 'y' were in no task")


def test_what_is_missing_and_stores_never_seen_are_no_surprise(nested):
    for table in (NEW, NEW.assign(store=-1), NEW.assign(region=None), NEW.assign(store=None)):
        assert said(lambda table=table: nested.predict(table)) == []


def test_a_region_of_an_unknown_country_is_not_asked_for():
    deep = X.assign(country=np.where(X["region"] < "c", "A", "B"))[["country", *X]]
    model = WarmStartRegressor(Ridge(), task=["country", *TASK], learner=EmpiricalBayes("diagonal")).fit(deep, Y)
    (words,) = said(lambda: model.predict(deep.assign(country="C")))
    assert words.startswith(
        "task: country='C' was in no task that was learned from; it is taken to be at the mean of those"
    )
    (words,) = said(lambda: model.predict(deep.assign(country="B")))
    assert words.startswith("task: region='a', 'b' were") and "the mean of those seen of its country." in words


def test_categories_never_seen_are_named_in_one_warning_a_call():
    rng, store = np.random.default_rng(3), np.repeat(np.arange(30), 6)
    kind, x = np.array(list("abc"))[store % 3], rng.normal(size=len(store))
    table = pd.DataFrame({"x": x, "kind": kind, "store": store})
    y = x + 3.0 * (store % 3) + 0.1 * rng.normal(size=len(store))
    model = WarmStartRegressor(Ridge(), task="store", context=["kind"]).fit(table, y)
    (words,) = said(lambda: model.predict(table[:4].assign(store=[-1, -2, -3, 0], kind=["u", "v", "u", "a"])))
    assert words.startswith("context: kind='u', 'v' were in no task")


# Half-lives ----------------------------------------------------------------------------------------------


def test_the_half_life_of_nested_tasks_is_that_of_dates():
    aged = WarmStartRegressor(Ridge(), task=TASK, learner=EmpiricalBayes("diagonal", half_life=3.0))
    with pytest.raises(
        ValueError, match=r"half_life: wanted dates .* nested tasks, found numbers such as store=0, which"
    ):
        aged.fit(X, Y)
    days = pd.to_datetime(X["store"] % N_STORES, unit="D", origin="2024-01-01")
    dated, y = X.assign(store=days), Y + 5.0 * (X["store"] % N_STORES == N_STORES - 1)  # the last day is another
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "task: wanted ids of 'store' that stand under one")
        learned = [
            WarmStartRegressor(Ridge(), task=TASK, learner=EmpiricalBayes("diagonal", half_life=h)).fit(dated, y)
            for h in (1e9, 0.2)
        ]
    even, young = (model.prior_.given(region="a").components[0].mean[-1] for model in learned)
    assert young > even + 1.0


# Ids behind a scaler -------------------------------------------------------------------------------------


def test_ids_that_passed_a_scaler_are_told():
    store, numbers = X["store"].to_numpy(float), X[["price", "width"]].to_numpy()
    table = np.c_[numbers, store]
    model = WarmStartRegressor(Ridge(), task=2, learner=EmpiricalBayes("diagonal"))
    outside = make_pipeline(StandardScaler(), model)
    (words,) = said(lambda: outside.fit(table, Y))
    assert "found standardised numbers such as -1.6" in words and "in task=2" in words
    inside = WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task=2, learner=model.learner)
    assert said(lambda: inside.fit(table, Y)) == []
    assert list(inside.estimators_) == list(range(N_REGIONS * N_STORES))
    assert_allclose(outside.predict(table), inside.predict(table), rtol=0.05)  # tasks are told apart all the same
    halves = np.c_[numbers, store / 2]
    assert said(lambda: WarmStartRegressor(Ridge(), task=2, learner=model.learner).fit(halves, Y)) == []


# The one task that starts from a prior -------------------------------------------------------------------


def test_one_task_is_predicted_by_the_columns_that_fit_had(nested):
    rows, y = X[:4], Y[:4]
    model = WarmStartRegressor(Ridge(), prior=nested.prior_).fit(rows, y)
    assert said(lambda: model.predict(rows)) == []
    assert_allclose(model.predict(rows), model.estimator_.predict(rows[["price", "width"]]))
    for gone in (["store"], ["region", "store"]):
        with pytest.raises(ValueError, match=r"X: wanted the columns that fit had, found none named .* ask estimator_"):
            model.predict(rows.drop(columns=gone))
    without = WarmStartRegressor(Ridge(), prior=nested.prior_).fit(rows[["price", "width"]], y)
    assert said(lambda: without.predict(rows[["price", "width"]])) == []


def test_rows_of_another_task_than_the_one_fitted_are_told(nested):
    model = WarmStartRegressor(Ridge(), prior=nested.prior_).fit(X[:4], Y[:4])
    (words,) = said(lambda: model.predict(NEW.assign(store=[0, 0, 1, 2, 1] * 4, region="a")))
    assert words.startswith(
        "task: wanted rows of the one task that was fitted (region='a', store=0), found some with store=1, 2; "
    )
    (words,) = said(lambda: model.predict(NEW[:1].assign(region="b")))
    assert "found some with region='b';" in words
    assert said(lambda: model.predict(NEW[:1].assign(region=None, store=None))) == []


def test_tomorrow_is_not_the_day_that_was_fitted():
    rng, day = np.random.default_rng(0), np.repeat(np.arange(40), 5)
    level = np.cumsum(rng.normal(size=40))[day]
    table = pd.DataFrame(
        {"x": rng.normal(size=200), "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")}
    )
    y = level + table["x"] + 0.1 * rng.normal(size=200)
    prior = WarmStartRegressor(Ridge(), task="day", learner=StateSpace()).fit(table[:195], y[:195]).prior_
    today = WarmStartRegressor(Ridge(), prior=prior).fit(table[195:], y[195:])
    assert said(lambda: today.predict(table[195:])) == []
    (words,) = said(lambda: today.predict(table[190:195]))
    assert "(day=2024-02-09)" in words and "found some with day=2024-02-08;" in words


# Without features ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shell", "estimator", "plain"),
    [(WarmStartRegressor, Ridge(), DummyRegressor), (WarmStartClassifier, LogisticRegression(), DummyClassifier)],
    ids=["numbers", "labels"],
)
def test_without_features_what_is_handed_out_is_scikit_learns_model_without_them(shell, estimator, plain):
    """Linear models of scikit-learn take no table without columns; one that takes it gives the same answers."""
    target = Y if shell is WarmStartRegressor else np.where(np.median(Y) < Y, "high", "low")
    with pytest.raises(ValueError, match="0 feature"):
        type(estimator)().fit(np.empty((len(X), 0)), target)
    model = shell(estimator, task=TASK).fit(X[TASK], target)
    own = model.estimators_["a", 0]
    assert type(own) is plain
    assert_array_equal(own.predict(np.empty((2, 0))), model.predict(X[:2][TASK]))
    assert type(model.adapt(X[:2].assign(store=-1)[TASK], target[:2])) is plain
