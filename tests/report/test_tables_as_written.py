"""Tables as people have them: ids as text, odd cells, marks and units, ends of rows, encodings, row numbers, types."""

import datetime
import decimal
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import report
from skmeta.report._written_numbers import NumberStyle, numbers_in, style_of

pytestmark = pytest.mark.quick

pd = pytest.importorskip("pandas")


def make_table(ids=None, n_rows=6, seed=0):
    rng = np.random.default_rng(seed)
    ids = [f"s{k:02d}" for k in range(12)] if ids is None else ids
    task = np.repeat(np.arange(len(ids)), n_rows)
    price = rng.uniform(1, 5, len(task)).round(2)
    sales = rng.normal(10, 3, len(ids))[task] + 2 * price + rng.normal(0, 0.5, len(task))
    return pd.DataFrame({"store": np.array(ids, dtype=object)[task], "price": price, "sales": sales.round(3)})


def read(path, **options):
    return report.read_file(str(path), task="store", target="sales", **options)


def written(tmp_path, frame, name="a.csv", **options):
    frame.to_csv(tmp_path / name, **{"index": False} | options)
    return tmp_path / name


IDS = {
    "words that pandas takes for gaps": ["NA", "None", "null", "nan", "N/A", "NB"],
    "zeros in front": ["7", "07", "007", "0", "00", "8"],
    "numbers and words": ["1", "1.0", "one", "1e0", "True", "False"],
    "blanks inside": ["a", "a ", " a", "a b", "a  b", "A"],
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_are_text_as_it_is_written(tmp_path, kind):
    assert len(read(written(tmp_path, make_table(IDS[kind]))).counts) == len(IDS[kind])


def test_an_empty_id_is_a_gap(tmp_path):
    frame = make_table()
    frame.loc[[0, 7], "store"] = ["", "  "]
    table = read(written(tmp_path, frame))
    assert len(table.y) == len(frame) - 2
    assert "2 rows without store or sales were left out." in table.notes


SLIPS = [" ", "-", "$3.10", "5 %", "3.2 kg", "unknown", "n/a", "?"]


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("column", ["price", "sales"])
def test_one_odd_cell_leaves_a_column_numbers(tmp_path, slip, column):
    frame = make_table()
    expected = frame[column].drop(index=[3, 20])
    frame[column] = frame[column].astype(str)
    frame.loc[[3, 20], column] = slip
    table, model = report.settle(read(written(tmp_path, frame)))
    assert (table.numbers, table.categories, type(model)) == (["price"], [], Ridge)
    found = table.y if column == "sales" else table.X["price"].dropna()
    np.testing.assert_allclose(found, expected)
    if slip.strip():  # blank cells are gaps, and no slips
        (note,) = [note for note in table.notes if note.startswith(f"{column}: 2 cells hold no value")]
        assert repr(slip) in note


STYLES = {
    "thousands by comma": lambda v: f"{1000 * v:,.2f}",
    "thousands by point": lambda v: f"{1000 * v:,.2f}".translate(str.maketrans(",.", ".,")),
    "thousands by thin blank": lambda v: f"{1000 * v:,.2f}".replace(",", "\u2009"),
    "thousands by blank": lambda v: f"{1000 * v:,.2f}".replace(",", " "),
    "accounts": lambda v: f"({1000 * v:,.2f})" if v < 2 else f"{1000 * v:,.2f}",
    "dollars": lambda v: f"${1000 * v:,.2f}",
    "euros": lambda v: f"{1000 * v:,.2f} €".translate(str.maketrans(",.", ".,")),
    "currency code": lambda v: f"USD {1000 * v}",
    "percent": lambda v: f"{1000 * v} %",
    "kilograms": lambda v: f"{1000 * v} kg",
    "lakhs": lambda v: lakhs(1000 * v),
    "rupees": lambda v: f"Rs. {lakhs(1000 * v)}",
    "rupees without a blank": lambda v: f"Rs.{1000 * v:.2f}",
    "kroner": lambda v: f"kr {1000 * v:,.2f}".translate(str.maketrans(",.", ".,")),
    "francs": lambda v: f"Fr. {1000 * v:,.2f}".replace(",", "'"),
    "a dash for no decimals": lambda v: f"{1000 * v:.2f}".replace(".00", ".-"),
    "signs behind": lambda v: f"{1000 * v:.2f}-" if v < 2 else f"{1000 * v:.2f}",
    "a formula of text": lambda v: f'="{1000 * v:.2f}"',
    "an apostrophe in front": lambda v: f"'{1000 * v:.2f}",
}


def lakhs(number):
    """Groups of two digits before the last three, as in India."""
    digits, decimals = f"{number:.2f}".split(".")
    head, groups = digits[:-3], []
    while head:
        head, groups = head[:-2], [head[-2:], *groups]
    return ",".join([*groups, digits[-3:]]) + "." + decimals


@pytest.mark.parametrize("style", STYLES)
def test_numbers_in_any_style_are_the_numbers(tmp_path, style):
    frame = make_table()
    frame["price"] = (100 * frame["price"]).round() if style in ("lakhs", "rupees") else frame["price"]
    signs = np.where(frame["price"] < 2, -1, 1) if style in ("accounts", "signs behind") else 1
    expected = signs * 1000 * frame["price"]
    table = read(written(tmp_path, frame.assign(price=frame["price"].map(STYLES[style]))))
    np.testing.assert_allclose(table.X["price"], expected, atol=0.006)
    assert any("written in a way of their own: price" in note for note in table.notes)


def test_a_comma_between_three_digits_is_what_the_rest_of_the_file_says(tmp_path):
    digits = 100 + np.random.default_rng(0).integers(0, 90, 72) * 10
    frame = make_table().assign(size=[f"1.{each}" for each in digits])  # 1.100 is a number with either mark
    np.testing.assert_allclose(read(written(tmp_path, frame)).X["size"], 1 + digits / 1000)
    commas = {name: frame[name].map("{:.3f}".format).str.replace(".", ",") for name in ("price", "sales")}
    np.testing.assert_allclose(read(written(tmp_path, frame.assign(**commas), sep=";")).X["size"], 1000 + digits)


def test_plain_numbers_say_what_the_decimal_mark_is(tmp_path):
    sales = [900 + 7 * (k % 40) for k in range(72)]
    frame = make_table().assign(price=[f"{1 + k % 5}.5" for k in range(72)], sales=[f"{value:,}" for value in sales])
    np.testing.assert_allclose(read(written(tmp_path, frame, sep=";")).y, sales)


def test_days_come_first_where_decimals_are_commas(tmp_path):
    frame = make_table().assign(day=[f"01/{1 + k % 12:02d}/2024" for k in range(72)])
    frame["price"] = frame["price"].map("{:.2f}".format).str.replace(".", ",")
    months = pd.to_datetime(read(written(tmp_path, frame, sep=";")).X["day"], unit="D").dt.month
    np.testing.assert_array_equal(months, 1 + np.arange(72) % 12)


@pytest.mark.parametrize("odd", ["?", "-", "NA", "1.#QNAN"])
def test_a_label_that_says_there_is_none_is_none(tmp_path, odd):
    labels = np.where(np.arange(72) % 2, "yes", "no").astype(object)
    labels[5] = odd
    assert set(read(written(tmp_path, make_table().assign(sales=labels))).y) == {"yes", "no"}


def test_names_of_columns_may_be_there_twice_and_have_blanks(tmp_path):
    frame = make_table()
    (tmp_path / "a.csv").write_text("store, a,a,a.1,sales\n" + frame.assign(b=frame["price"], c=frame["price"])[
        ["store", "price", "b", "c", "sales"]].to_csv(index=False, header=False))  # fmt: skip
    table = read(tmp_path / "a.csv")
    assert table.numbers == ["a", "a.2", "a.1"]
    np.testing.assert_allclose(table.y, frame["sales"])


def test_a_title_that_has_the_names_is_no_header(tmp_path):
    frame = make_table()
    (tmp_path / "a.csv").write_text("sales by store\n" + frame.to_csv(index=False, sep=";"))
    np.testing.assert_allclose(read(tmp_path / "a.csv").y, frame["sales"])


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zip", "a.csv.xz"])
def test_broken_packages_are_told(tmp_path, name):
    make_table().to_csv(tmp_path / name, index=False)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises((ValueError, OSError)):
        read(tmp_path / name)


CODES = [
    ["A1", "B2", "C3"],
    ["1a", "2b", "3c"],
    ["12:30", "13:45", "09:10"],
    ["1-2", "3-4", "5-6"],
    ["SKU 1", "SKU 2", "SKU 3"],
]


@pytest.mark.parametrize("codes", CODES, ids=str)
def test_codes_are_no_numbers(tmp_path, codes):
    table = read(written(tmp_path, make_table().assign(code=np.resize(codes, 72))))
    assert table.categories == ["code"]


NO_NUMBERS = [
    "1-2",
    "12:30",
    "SKU 1",
    "v1.2",
    "A1",
    "1,2,3",
    "0,12,345",
    "(3-)",
    "--3",
    "12.34.567",
    "3 -",
    "Fr.",
    "1 234 5",
]


@pytest.mark.parametrize("cell", NO_NUMBERS)
def test_what_looks_like_a_number_in_part_is_none(cell):
    assert np.isnan(numbers_in([cell], NumberStyle())).all() and np.isnan(numbers_in([cell], NumberStyle(","))).all()


WRITTEN = {
    ("$.50", "."): 0.5, ("(1,234)", "."): -1234, ("12,-", ","): 12, ("12.-", "."): 12, ("3.5-", "."): -3.5,
    ("10,12,345", "."): 1012345, ("-Rs. 5", "."): -5,
}  # fmt: skip


@pytest.mark.parametrize(("cell", "decimal_mark"), WRITTEN)
def test_a_number_is_what_people_mean_by_it(cell, decimal_mark):
    ((style, _),) = [style_of({cell: 1}, decimal_mark)]
    assert numbers_in([cell], style) == WRITTEN[cell, decimal_mark]


@given(st.floats(-1e12, 1e12), st.sampled_from([".", ","]))
def test_a_number_with_marks_is_the_number(number, decimal_mark):
    text = f"{number:,.3f}"
    text = text if decimal_mark == "." else text.translate(str.maketrans(",.", ".,"))
    np.testing.assert_allclose(numbers_in([text], NumberStyle(decimal_mark)), round(number, 3), rtol=1e-12, atol=1e-9)


def rows_of(frame, end="", head_end=""):
    head, *rows = frame.to_csv(index=False).splitlines()
    return "\n".join([head + head_end, *(row + end for row in rows)])


def test_delimiters_at_the_end_of_rows_shift_nothing(tmp_path):
    frame = make_table()
    for end, head_end in ((",", ""), (",", ","), (",,", ",,")):
        (tmp_path / "a.csv").write_text(rows_of(frame, end, head_end))
        table = read(tmp_path / "a.csv")
        assert table.numbers == ["price"]
        np.testing.assert_allclose(table.y, frame["sales"])


@pytest.mark.parametrize("sep", [",", ";", "\t", " "])
def test_row_names_as_r_writes_them_are_no_feature(tmp_path, sep):
    frame = make_table()
    head, *rows = frame.to_csv(sep=sep, index=False).splitlines()
    (tmp_path / "a.txt").write_text("\n".join([head, *(f'"{k + 1}"{sep}{row}' for k, row in enumerate(rows))]))
    table = read(tmp_path / "a.txt")
    assert table.numbers == ["price"] and len(table.counts) == 12
    np.testing.assert_allclose(table.y, frame["sales"])


def test_rows_of_different_lengths_are_told(tmp_path):
    lines = make_table().to_csv(index=False).splitlines()
    (tmp_path / "a.csv").write_text("\n".join([*lines[:5], lines[5] + ",9", *lines[6:]]))
    with pytest.raises(ValueError, match="1 rows of 4 cells under a header of 3"):
        read(tmp_path / "a.csv")


TOPS = {
    "sep": "sep=;\n",
    "title": "Sales report, 2024\n\n",
    "comment": "# made by a program; v1\n# twice\n",
    "none": "",
}


@pytest.mark.parametrize("top", TOPS)
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman"]
)
def test_what_stands_above_the_header_and_how_letters_are_written(tmp_path, top, encoding):
    frame = make_table(["café", "Zürich", "x", "y"])
    (tmp_path / "a.csv").write_bytes((TOPS[top] + frame.to_csv(index=False, sep=";")).encode(encoding))
    table = read(tmp_path / "a.csv")
    assert (table.numbers, len(table.counts)) == (["price"], 4)
    assert any("save it as UTF-8" in note for note in table.notes) is (encoding in ("cp1252", "mac-roman"))


def test_packed_files_are_read(tmp_path):
    content = make_table().to_csv(index=False).encode()
    with gzip.open(tmp_path / "a.csv.gz", "wb") as file:
        file.write(content)
    make_table().to_csv(tmp_path / "a.csv.zip", index=False)
    tables = [read(tmp_path / name) for name in ("a.csv.gz", "a.csv.zip")]
    np.testing.assert_array_equal(tables[0].y, tables[1].y)


@varied(
    "name",
    ["", "Unnamed: 0", "index", "row", "id", "row_id", "nr", "#", "No.", "lfd. Nr.", "Sr. No", "S/N", "Obs.", "rownames",
     "...1", "X", "level_0", "__index_level_0__", "index.1", "order_no", "pk", "uuid"], keep=6)  # fmt: skip
def test_row_numbers_of_a_sample_are_no_features(tmp_path, name):
    frame = make_table(n_rows=60).sample(200, random_state=0)
    frame.insert(0, name, frame.index)
    table = read(written(tmp_path, frame))
    assert table.numbers == ["price"]
    assert any("only name rows" in note for note in table.notes)


def test_a_coordinate_is_no_row_number(tmp_path):
    places = 100 * np.random.default_rng(0).permutation(144).reshape(2, 72)
    assert {"X", "Y"} <= set(read(written(tmp_path, make_table().assign(X=places[0], Y=places[1]))).numbers)


@pytest.mark.parametrize("name", ["year", "visits", "width", "humidity", "model", "cases", "casino", "monitor", "snow"])
def test_whole_numbers_that_measure_stay(tmp_path, name):
    frame = make_table().assign(**{name: 100 * np.random.default_rng(0).permutation(72)})
    assert name in read(written(tmp_path, frame)).numbers


def test_dates_with_slips_are_dates(tmp_path):
    days = pd.date_range("2024-01-01", periods=72).strftime("%d.%m.%Y").tolist()
    frame = make_table().assign(day=[*days[:5], "soon", *days[6:]])
    table = read(written(tmp_path, frame), order=None)
    assert table.numbers == ["price", "day"] and table.X["day"].isna().sum() == 1
    assert any(note.startswith("day: 1 cells hold no value, such as 'soon'") for note in table.notes)


def test_text_that_is_left_out_has_an_example(tmp_path):
    frame = make_table()
    table = read(written(tmp_path, frame.assign(area=frame["price"].map("{} sq ft".format))))
    assert table.numbers == ["price"]
    first = frame["price"][0]
    assert f"Left out, as they only name rows or tasks: area ('{first} sq ft')." in table.notes


ALIGNED = {
    "to the right": lambda frame: frame.to_string(index=False),
    "to the left": lambda frame: frame.to_string(index=False, justify="left", formatters={"store": "{:<9}".format}),
    "with row names": lambda frame: frame.to_string(),
}


@pytest.mark.parametrize("kind", ALIGNED)
def test_columns_aligned_by_blanks_are_columns(tmp_path, kind):
    frame = make_table()
    (tmp_path / "a.txt").write_text(ALIGNED[kind](frame))
    table = read(tmp_path / "a.txt")
    assert table.numbers == ["price"] and len(table.counts) == 12
    np.testing.assert_allclose(table.y, frame["sales"])


@pytest.mark.parametrize("top", ["#", "# ", "# made by a program\n# "])
def test_a_header_may_be_a_comment(tmp_path, top):
    frame = make_table()
    (tmp_path / "a.csv").write_text(top + frame.to_csv(index=False))
    table = read(tmp_path / "a.csv")
    assert table.numbers == ["price"]
    np.testing.assert_allclose(table.y, frame["sales"])


DATES = [
    "%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%m/%d/%Y %I:%M %p", "%m/%d/%y %I:%M:%S%p", "%Y%m%d",
    "%Y%m%dT%H%M%S", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%a %d %b %Y", "%A, %B %d, %Y",
    "%d-%b-%Y %H:%M:%S", "%Y-%b-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S.%f",
]  # fmt: skip
MONTHS = ["%Y-%m", "%b %Y", "%b-%y", "%B %Y", "%m/%Y"]


@varied("start", ["2024-01-31 22:00", "2023-05-13 09:30", "1999-12-01 00:15"])
@pytest.mark.parametrize("style", DATES + MONTHS)
def test_dates_are_dates_in_any_style(tmp_path, style, start):
    days = pd.Series(pd.date_range(start, periods=72, freq="43h"))
    cells = days.dt.strftime(style)
    expected = pd.to_datetime(cells, format=style, utc=True)
    table = read(written(tmp_path, make_table().assign(day=cells)))
    assert table.numbers == ["price", "day"]
    np.testing.assert_allclose(table.X["day"], (expected - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1))


def test_eight_digits_that_are_no_dates_are_numbers(tmp_path):
    table = read(written(tmp_path, make_table().assign(size=[str(20249900 + 7 * k) for k in range(72)])))
    assert table.X["size"].tolist() == [20249900 + 7 * k for k in range(72)]


@pytest.mark.parametrize(
    "cells", [["May 12", "June 7"], ["12/24", "13/24"], ["march", "may"], ["Jan 1", "1 Feb"]], ids=str
)
def test_what_has_no_year_is_no_date(tmp_path, cells):
    table = read(written(tmp_path, make_table().assign(day=np.resize(cells, 72))))
    assert table.categories == ["day"]


def test_cells_of_parquet_that_hold_several_values_are_left_out_and_told(tmp_path):
    pytest.importorskip("pyarrow")
    frame = make_table()
    nested = frame.assign(tags=[["a", str(k)] for k in range(72)], size=[{"a": k} for k in range(72)])
    nested.to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    assert (table.numbers, table.categories) == (["price"], [])
    assert "Left out, as their cells hold several values: tags, size." in table.notes


IDS_OF_TYPES = {
    "numbers": lambda k: k,
    "fractions": float,
    "decimals": decimal.Decimal,
    "bytes": lambda k: f"s{k}".encode(),
    "dates": lambda k: datetime.date(2024, 1, 1 + k),
    "times": lambda k: pd.Timestamp(2024, 1, 1 + k, tz="Europe/Berlin"),
}


@pytest.mark.parametrize("place", ["a column", "the index", "the index too"])
@pytest.mark.parametrize("kind", IDS_OF_TYPES)
def test_ids_of_parquet_may_have_any_type_and_stand_in_the_index(tmp_path, kind, place):
    pytest.importorskip("pyarrow")
    frame = make_table()
    frame["store"] = [IDS_OF_TYPES[kind](k // 6) for k in range(72)]
    frame = frame if place == "a column" else frame.set_index("store", drop=place == "the index")
    frame.to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    assert table.numbers == ["price"] and table.counts.tolist() == [6] * 12
    np.testing.assert_allclose(table.y, frame["sales"])


def test_columns_of_several_levels_are_told(tmp_path):
    pytest.importorskip("pyarrow")
    pd.concat({"a": make_table()}, axis=1).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="wanted columns with one name each, found 2 levels"):
        read(tmp_path / "a.parquet")


def test_parquet_as_databases_write_it(tmp_path):
    pytest.importorskip("pyarrow")
    frame = make_table()
    exact = frame.assign(
        sales=[decimal.Decimal(f"{value:.3f}") for value in frame["sales"]],
        visits=pd.array([None, *range(71)], dtype="Int64") % 9,
        day=[datetime.date(2024, 1, 1) + datetime.timedelta(k % 40) for k in range(72)],
        open=pd.array(np.resize([True, False, None], 72), dtype="boolean"),
    )
    exact.set_index("store").to_parquet(tmp_path / "a.parquet")
    table, model = report.settle(read(tmp_path / "a.parquet"))
    assert (len(table.counts), type(model)) == (12, Ridge)
    assert (table.numbers, table.categories) == (["price", "visits", "day"], ["open"])
    np.testing.assert_allclose(table.y, frame["sales"])
