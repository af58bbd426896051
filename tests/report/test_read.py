"""From a file to a collection: columns by what they hold, and the estimator by the target."""

from dataclasses import replace

import numpy as np
import pytest
from shops import make_collection, make_shops
from sklearn.linear_model import LogisticRegression, Ridge
from variations import varied

from skmeta import report
from skmeta.report._columns import read_column
from skmeta.report._estimators import holds_classes
from skmeta.report._features import make_features

pytestmark = pytest.mark.quick

pd = pytest.importorskip("pandas")


# Reading ------------------------------------------------------------------------------------------------


def test_columns_are_read_by_what_they_hold(shops):
    table = report.read_file(shops, task="shop", target="sales")
    assert (table.numbers, table.categories) == (["date", "price"], ["weather", "open"])
    assert table.notes == (
        "Left out, as they never change: country.",
        "Left out, as they only name rows or tasks: row, address ('0 Main Street'), remark ('remark 8').",
        "Dates, counted in days since 1970-01-01: date.",
    )
    assert table.X["date"].min() == (pd.Timestamp("2024-01-30") - pd.Timestamp(0)).days
    assert sorted(table.X["shop"].unique()) == list(range(14))


def test_all_formats_give_the_same_table(shops, tmp_path):
    expected = report.read_file(shops, task="shop", target="sales")
    frame = make_shops()
    frame.to_csv(tmp_path / "a.csv.gz", index=False, sep=";")
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_csv(tmp_path / "decimal.csv", index=False, sep=";", decimal=",")
    files = ["a.csv.gz", "a.tsv", "decimal.csv"]
    if pytest.importorskip("pyarrow"):
        frame.assign(date=pd.to_datetime(frame["date"])).to_parquet(tmp_path / "a.parquet")
        files.append("a.parquet")
    for file in files:
        table = report.read_file(str(tmp_path / file), task="shop", target="sales")
        assert (table.numbers, table.categories) == (expected.numbers, expected.categories)
        np.testing.assert_allclose(table.y, expected.y)
        for column in expected.X.columns:
            assert table.X[column].isna().equals(expected.X[column].isna())
            assert (table.X[column].dropna() == expected.X[column].dropna()).all() or column == "price"


def test_rows_without_target_or_task_are_left_out_and_told(tmp_path):
    frame = make_shops()
    frame.loc[:2, "sales"] = np.nan
    frame.loc[2:4, "shop"] = None
    frame.to_csv(tmp_path / "a.csv", index=False)
    table = report.read_file(str(tmp_path / "a.csv"), task="shop", target="sales")
    assert len(table.y) == len(frame) - 5
    assert table.notes[0] == "5 rows without shop or sales were left out."
    assert not np.isnan(table.y).any()
    assert "row" not in table.numbers  # gaps in it do not make it a measurement


def test_text_with_gaps_is_text_whatever_pandas_calls_it():
    """A column of objects, as pandas 2 reads text: with gaps it is no "string dtype" to pandas."""
    prices = read_column(pd.Series(["1,5", None, "2,5", np.nan], dtype=object, name="price"), ",")
    assert prices.kind == "number"
    np.testing.assert_array_equal(prices.values, [1.5, np.nan, 2.5, np.nan])


def test_durations_are_numbers():
    ages = read_column(pd.Series(pd.to_timedelta([12, 36, None], "h"), name="age"))
    assert ages.kind == "number"
    np.testing.assert_array_equal(ages.values, [0.5, 1.5, np.nan])


@varied("name", ["sgd", "logistic"])
def test_classifiers_by_name_give_probabilities_and_the_same_ones_twice(few_fits, name):
    table, model = report.settle(make_collection(classes=2), name)
    curves = [report.compare(table, model) for _ in range(2)]
    assert np.isfinite(curves[0].scores).all()
    np.testing.assert_array_equal(curves[0].scores, curves[1].scores)


DATES = [
    (["2024-01-13", "2024-03-02"], ["2024-01-13", "2024-03-02"]),
    (["13.01.2024", "02.03.2024"], ["2024-01-13", "2024-03-02"]),
    (["01/13/2024", "03/02/2024"], ["2024-01-13", "2024-03-02"]),
    (["02/03/2024", "13/01/2024"], ["2024-03-02", "2024-01-13"]),
    (["2024-01-13T12:00", "2024-03-02T00:00"], ["2024-01-13T12:00", "2024-03-02"]),
    (["2024-01", None], ["2024-01-01", "1970-01-01"]),
]


@pytest.mark.parametrize(("text", "dates"), DATES, ids=str)
def test_dates_become_days(text, dates):
    column = read_column(pd.Series(text, name="date"))
    assert column.kind == "date"
    np.testing.assert_allclose(column.values, np.array(dates, dtype="M8[h]").astype(float) / 24 + 0 * column.values)


@pytest.mark.parametrize("text", [["2024-13-45"], ["1.2.3"], ["12-34"], ["2024-01-01", "soon"]], ids=str)
def test_text_that_is_no_date_is_a_category(text):
    assert read_column(pd.Series(text)).kind == "category"


def test_features_have_no_gaps_and_take_what_they_have_not_seen():
    table = pd.DataFrame(
        {"a": [1.0, 2.0, np.nan, 4.0], "c": np.array(["x", np.nan, "y", "x"], object), "task": [0, 0, 1, 1]}
    )
    features = make_features(["a"], ["c"], task="task").fit(table)
    Z = features.transform(table)
    assert np.isfinite(Z).all()
    np.testing.assert_array_equal(Z[:, -1], table["task"])
    np.testing.assert_allclose(Z[:, 0].mean(), 0, atol=1e-12)
    new = pd.DataFrame({"a": [np.nan], "c": np.array(["z"], object), "task": [7]})
    assert features.transform(new).shape == (1, Z.shape[1])


# The target, and the estimator --------------------------------------------------------------------------

rng = np.random.default_rng(0)
TARGETS = {
    "text": (np.array(["a", "b", "c", "d"] * 9, object), True),
    "booleans": (rng.random(40) < 0.5, True),
    "two numbers": (np.arange(300) % 100 == 0, True),
    "0 and 1, rarely 1": ((np.arange(300) % 100 == 0).astype(int), True),
    "0.0 and 1.0": ((np.arange(40) % 2).astype(float), True),
    "three labels": (np.arange(60) % 3, True),
    "counts": (rng.poisson(2.0, 500), False),
    "rare counts": (rng.poisson(0.2, 500), False),
    "many whole numbers": (np.arange(100) % 11, False),
    "two fractions": (np.arange(40) % 2 / 2, False),
    "measurements": (rng.normal(size=40), False),
}


@pytest.mark.parametrize("name", TARGETS)
def test_classes_are_recognised_and_counts_are_not(name):
    y, classes = TARGETS[name]
    assert holds_classes(y) is classes
    model = report.settle(replace(make_collection(20, len(y) // 20), y=y[: len(y) // 20 * 20]))[1]
    assert type(model) is (LogisticRegression if classes else Ridge)


def test_a_class_that_one_task_alone_has_is_left_out_and_told():
    table = make_collection(classes=3)
    y = np.where(np.arange(len(table.y)) < 2, "odd", np.array(["a", "b", "c"], object)[table.y])
    settled, _ = report.settle(replace(table, y=y))
    assert set(settled.y) == {"a", "b", "c"}
    assert len(settled.X) == len(settled.y) == len(y) - 2
    assert settled.notes == ("Left out, 2 rows of classes that one task alone has: odd.",)


def test_a_text_with_a_value_for_almost_every_row_is_no_class_and_the_target_is_told():
    table = make_collection()
    y = np.array([f"text {k}" for k in np.maximum(np.arange(len(table.y)), 20)], object)
    y[::8] = "text 20"  # which all tasks have
    with pytest.raises(ValueError, match=r"--target: wanted classes that several tasks have in target, found 45 of 72"):
        report.settle(replace(table, y=y))


def test_what_is_no_frame_and_what_is_no_name_say_the_way_out():
    with pytest.raises(TypeError, match=r"frame: wanted a table .* found str; .*report\.read_file"):
        report.read_table("sales.csv", task="store", target="sales")
    with pytest.raises(TypeError, match=r"name: wanted one such as 'ridge', .* found Ridge\(\); .*make_baselines"):
        report.settle(report.read_embedded(), Ridge())
