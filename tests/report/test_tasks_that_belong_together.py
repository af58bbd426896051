"""Tables whose tasks lie in others, are described, or come in an order: what the command line makes of them."""

import json
import re

import joblib
import numpy as np
import pytest
from shops import run
from sklearn.linear_model import LogisticRegression, Ridge
from variations import varied

from skmeta import report
from skmeta.report._compare import splits_in_time
from skmeta.report._words_of_prior import tasks_in_order

pd = pytest.importorskip("pandas")

N_REGIONS, N_STORES, N_ROWS = 5, 4, 7
NESTED = ("--task", "region", "--task", "store", "--target", "sales")


def stores(seed=0, spread=2.0):
    """Stores numbered within regions, whose coefficients are near those of their region; a size of each."""
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(N_REGIONS), N_STORES)
    W = spread * rng.normal(size=(N_REGIONS, 2))[region] + 0.3 * rng.normal(size=(len(region), 2))
    store = np.repeat(np.arange(len(region)), N_ROWS)
    x = rng.normal(size=len(store))
    sales = W[store, 0] * x + W[store, 1] + 0.2 * rng.normal(size=len(store))
    names = np.array(["north", "south", "east", "west", "isles"])
    return pd.DataFrame(
        {"region": names[region[store]], "store": store, "size": 10.0 * (store % 7), "price": x, "sales": sales}
    )


@pytest.fixture
def file(tmp_path):
    def write(table):
        table.to_csv(tmp_path / "table.csv", index=False)
        return str(tmp_path / "table.csv")

    return write


def test_a_store_of_which_nothing_is_known_starts_from_its_region(few_fits_once, capsys, file):
    path = file(stores())
    status, out, err = run(capsys, path, *NESTED)
    assert status == 0 and "Warning" not in err
    assert "140 rows, 20 tasks (store in region), 2 features" in out
    (share,) = re.findall(r"\nRegion explains (\d+) % of what differs between tasks\.\n", out)
    assert int(share) > 90  # of a truth of .98
    assert "by WarmStartRegressor(Ridge(), task=['region', 'store']): " in out
    answer, plain = (json.loads(run(capsys, path, *task, "--json")[1]) for task in (NESTED, NESTED[2:]))
    assert answer["in_words"] == [f"region explains {share} % of what differs between tasks"]
    assert answer["errors"]["warm"][0] < 0.5 * plain["errors"]["warm"][0]  # who knows no region has the mean of all


def test_what_describes_tasks_is_no_feature(few_fits, file):
    path = file(stores())
    collection = report.read_file(path, task="store", target="sales", context=["size"])
    assert collection.numbers == ["price"] and collection.context == ["size"]
    assert report.learn_from_all(collection, Ridge()).prior_.feature_names == ("region", "price")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((*NESTED, "--context", "sise"), "--context: wanted the name of a column, found sise. Did you mean size?"),
        (
            (*NESTED, "--context", "store"),
            "--task, --target, --order, --context: wanted different columns, found region",
        ),
        (("--task", "regoin", *NESTED[2:]), "--task: wanted the name of a column, found regoin. Did you mean region?"),
    ],
)
def test_what_a_column_is_for_is_checked(capsys, file, options, message):
    status, _, err = run(capsys, file(stores()), *options)
    assert status == 2 and message in err


def test_a_context_that_varies_within_a_task_names_the_task(few_fits, capsys, file):
    status, _, err = run(capsys, file(stores()), *NESTED, "--context", "price")
    assert status == 2 and "constant within each task" in err


def test_a_saved_prior_knows_regions(few_fits_once, capsys, file, tmp_path):
    """Of a store without sales its region is known; of one with sales more; a new region has the mean of all."""
    saved, out = tmp_path / "prior.joblib", tmp_path / "out.csv"
    assert run(capsys, file(stores()), *NESTED, "--save", saved)[0] == 0
    table = stores().drop(columns="sales").assign(store=lambda t: t["store"] + 100)
    table.loc[table["store"] == 119, "region"] = "new"
    table.loc[table["store"] == 100, "sales"] = stores()["sales"]
    with pytest.warns(UserWarning, match="task: region='new' was in no task that was learned from"):
        status, said, _ = run(capsys, "apply", saved, "--trust", file(table), "--out", out)
    assert status == 0 and "of 20 tasks (store in region) predicted: 1 tasks by what 7 known rows" in said
    found, prior, X = pd.read_csv(out), joblib.load(saved), table[["price", "size"]]
    for store, known in ((119, {}), (118, {"region": "isles"})):
        rows = table["store"] == store
        expected = prior.given(**known).zero_shot(Ridge()).predict(X[rows])
        np.testing.assert_allclose(found["prediction"][rows], expected)
    rows = table["store"] == 100
    expected = prior.given(region="north").adapt(Ridge(), X[rows], table["sales"][rows]).predict(X[rows])
    np.testing.assert_allclose(found["prediction"][rows], expected)


def days(drifts, seed=0, n_days=40):
    """One model a day, in a table without any order of rows."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=n_days)
    level, day = np.cumsum(own) if drifts else own, np.repeat(np.arange(n_days), N_ROWS)
    x = rng.normal(size=len(day))
    date = (pd.Timestamp("2024-01-30") + pd.to_timedelta(day, unit="D")).strftime("%d.%m.%Y")
    y = 0.5 * x + level[day] + 0.3 * rng.normal(size=len(day))
    table = pd.DataFrame({"date": date, "day": 1000 - day, "name": [f"day {k:03}" for k in day], "x": x, "y": y})
    return table.assign(high=np.where(y > np.median(y), "yes", "no")).sample(frac=1, random_state=0)


def order_of(path, task, target, model, drop=("date", "day", "name", "y", "high")):
    others = [name for name in drop if name not in (task, target)]
    pd.read_csv(path).drop(columns=others).to_csv(path + ".csv", index=False)
    collection = report.read_file(path + ".csv", task=task, target=target)
    return tasks_in_order(collection, model, report.learn_from_all(collection, model))


@pytest.mark.parametrize("task", ["date", "day"])
@varied(("target", "model"), [("y", Ridge()), ("high", LogisticRegression())])
def test_days_that_drift_are_said_to(few_fits, file, task, target, model):
    assert order_of(file(days(True)), task, target, model).is_alike
    assert not order_of(file(days(False)), task, target, model).is_alike


def test_names_have_no_order(few_fits, capsys, file):
    assert order_of(file(days(True)), "name", "y", Ridge()) is None
    table = days(True)[["name", "x", "y"]]
    assert "more alike" not in run(capsys, file(table), "--task", "name", "--target", "y")[1]


def test_the_sentence_has_the_correlation(few_fits, capsys, file):
    out = run(capsys, file(days(True)[["date", "x", "y"]]), "--task", "date", "--target", "y")[1]
    (r,) = re.findall(
        r"\nTasks in order of date are more alike than chance \(r = (0\.\d+), p < 0\.001\): learner=StateSpace\(\) ",
        out,
    )
    assert 0.5 < float(r) < 1.0


def test_stores_numbered_by_region_are_no_drift(few_fits, file):
    """Alike as they are, once the region is said they are not."""
    path = file(stores())
    found = []
    for task in (["store"], ["region", "store"]):
        collection = report.read_file(path, task=task, target="sales")
        if task == ["store"]:
            collection = report.read_file(file(stores().drop(columns="region")), task="store", target="sales")
            path = file(stores())
        found.append(tasks_in_order(collection, Ridge(), report.learn_from_all(collection, Ridge())).is_alike)
    assert found == [True, False]


DAYS = ("--task", "date", "--target", "y")


def test_days_that_drift_are_forecast(few_fits_once, capsys, file, tmp_path):
    path, saved, out = file(days(True)[["date", "x", "y"]]), tmp_path / "prior.joblib", tmp_path / "out.csv"
    status, text, _ = run(capsys, path, *DAYS, "--drift", "--save", saved)
    assert status == 0 and "Tasks are tested in the order of date, each from earlier ones alone: a forecast." in text
    assert re.search(r"\nHalf-life (more than )?\d.* days\.\n", text)
    assert "task='date', learner=StateSpace())" in text and "more alike" not in text
    errors = json.loads(run(capsys, path, *DAYS, "--drift", "--json")[1])["errors"]
    assert errors["warm"][0] < 0.9 * errors["own"][0]  # who knows the last days knows more than their mean
    tomorrow = pd.DataFrame({"date": ["10.03.2024"] * 3, "x": [0.0, 1.0, 2.0], "y": ""})
    tomorrow.to_csv(tmp_path / "new.csv", index=False)
    assert run(capsys, "apply", saved, "--trust", tmp_path / "new.csv", "--out", out)[0] == 0
    expected = joblib.load(saved).given(date=np.datetime64("2024-03-10")).zero_shot(Ridge()).predict(tomorrow[["x"]])
    np.testing.assert_allclose(pd.read_csv(out)["prediction"], expected)


def test_no_later_day_teaches_an_earlier_one(file):
    collection = report.read_file(file(days(True)), task="date", target="y", drift=True)
    folds = splits_in_time(collection, (0, 4))
    tested = np.concatenate([of_fold[-1][1] for of_fold in folds])
    assert len(np.unique(tested)) == len(tested)
    assert len(np.unique(collection.places[tested])) == 33  # of 40 days the first seven only teach
    for of_fold in folds:
        (others, test), (train, same) = of_fold
        assert (test == same).all() and not np.isin(test, train).any()
        assert collection.places[others].max() < collection.places[test].min()
        shots = np.setdiff1d(train, others)
        assert set(collection.places[shots]) == set(collection.places[test])
        assert (np.unique(collection.places[shots], return_counts=True)[1] == 4).all()


def test_drift_asks_for_times(capsys, file):
    status, _, err = run(capsys, file(days(True)), "--task", "name", "--target", "y", "--drift")
    assert status == 2 and "--drift: wanted numbers or dates in name, found 'day 0" in err
