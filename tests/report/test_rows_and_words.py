"""Rows that are longer or shorter than the header, names of rows, and columns that are neither numbers nor words."""

from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from test_tables_as_written import make_table, read, written
from variations import varied

from skmeta import report

pytestmark = pytest.mark.quick

pd = pytest.importorskip("pandas")


def lines_of(frame, sep=","):
    return frame.to_csv(index=False, sep=sep).splitlines()


def named_rows(frame, names, sep=",", end="", head_end=""):
    """A table as R's write.table makes it, with a name before each row and none in the header."""
    head, *rows = lines_of(frame, sep)
    return "\n".join([head + head_end, *(f"{name}{sep}{row}{end}" for name, row in zip(names, rows, strict=True))])


ROW_NAMES = {
    "quoted numbers": [f'"{k + 1}"' for k in range(72)],
    "numbers": [str(k + 1) for k in range(72)],
    "numbers of a sample": [str(3 * k + 7) for k in range(72)],
    "words": [f'"row {k}"' for k in range(72)],
}
COLUMNS = {
    "the task first": ["store", "price", "sales"],
    "the task second": ["price", "store", "sales"],
    "the task last": ["price", "sales", "store"],
}


@pytest.mark.parametrize("end", ["", "trailing delimiters"])
@varied("sep", [",", ";", "\t"])
@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("names", ROW_NAMES)
def test_names_of_rows_beside_an_empty_last_column_shift_nothing(tmp_path, names, columns, sep, end):
    frame = make_table()[COLUMNS[columns]]
    if end:
        text = named_rows(frame, ROW_NAMES[names], sep, end=sep, head_end=sep)
    else:
        text = named_rows(frame.assign(note=""), ROW_NAMES[names], sep)
    (tmp_path / "a.txt").write_text(text)
    table = read(tmp_path / "a.txt")
    assert table.numbers == ["price"] and len(table.counts) == 12
    np.testing.assert_allclose(table.y, frame["sales"])
    (note,) = [note for note in table.notes if note.startswith("Rows begin with a name, as R writes them")]
    assert note.endswith("is empty.")


FIRST = {
    "row numbers that are called so": ("row_id", range(72)),
    "names": ("customer", [f"c{k}" for k in range(72)]),
    "numbers of a sample": ("time", range(3, 3 + 7 * 72, 7)),
    "row numbers that are called otherwise": ("time", range(72)),
    "what repeats": ("week", np.arange(72) % 6),
}


@pytest.mark.parametrize("first", FIRST)
def test_a_first_column_of_different_cells_is_no_name_of_rows_where_rows_end_with_a_delimiter(tmp_path, first):
    name, cells = FIRST[first]
    frame = make_table()
    frame.insert(0, name, cells)
    head, *rows = lines_of(frame)
    (tmp_path / "a.csv").write_text("\n".join([head, *(row + "," for row in rows)]))
    table = read(tmp_path / "a.csv")
    assert "price" in table.numbers and len(table.counts) == 12
    np.testing.assert_allclose(table.y, frame["sales"])
    assert any(note.startswith("Rows end with a delimiter") for note in table.notes) is (first != "what repeats")


def test_one_row_a_task_is_no_name_of_a_row(tmp_path):
    frame = make_table([f"s{k}" for k in range(72)], n_rows=1).assign(n=np.arange(72) % 5)[
        ["store", "n", "price", "sales"]
    ]
    head, *rows = lines_of(frame)
    (tmp_path / "a.csv").write_text("\n".join([head, *(row + "," for row in rows)]))
    table = read(tmp_path / "a.csv")
    assert len(table.counts) == 72
    np.testing.assert_allclose(table.y, frame["sales"])


def test_whole_numbers_as_ids_leave_it_to_the_first_cells(tmp_path):
    frame = make_table([str(k) for k in range(12)]).assign(n=np.arange(72) % 7)[["n", "store", "price", "sales"]]
    (tmp_path / "a.txt").write_text(named_rows(frame.assign(note=""), ROW_NAMES["quoted numbers"]))
    table = read(tmp_path / "a.txt")
    assert len(table.counts) == 12
    np.testing.assert_allclose(table.y, frame["sales"])


def test_a_row_that_lacks_cells_is_told_with_its_line(tmp_path):
    frame = make_table().assign(size=1.5)
    lines = ["Report of a day", *lines_of(frame)]
    lines[8] = ",".join(lines[8].split(",")[:3])
    lines.append("Source: an office")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    table = read(tmp_path / "a.csv")
    assert table.notes[0] == (
        "2 rows have fewer cells than the header, such as line 9 (3 of 4): what they lack is empty."
    )
    assert len(table.y) == 72 and np.isnan(table.X["size"][6])


def test_a_line_counts_as_an_editor_counts_it(tmp_path):
    head, first, *rows = lines_of(make_table().assign(note="a"))
    many_lines = first[:-1] + '"a\nb\nc"'
    (tmp_path / "a.csv").write_text("\n".join([head, many_lines, "", *rows[:-1], rows[-1][:-2]]))
    assert "such as line 76 (3 of 4)" in read(tmp_path / "a.csv").notes[0]


def test_a_header_is_found_below_titles_where_a_name_is_missing(tmp_path):
    text = "Sales by store\n\n" + make_table().to_csv(index=False, sep=";")
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(
        ValueError, match=r"--target: wanted the name of a column, found revenue\. There are: store, price, s"
    ):
        report.read_file(str(tmp_path / "a.csv"), task="store", target="revenue")
    (tmp_path / "a.csv").write_text("Sales by store\n" + "\n".join([*lines_of(make_table())[:1], *(
        f"{row},,," for row in lines_of(make_table())[1:])]))  # fmt: skip
    assert read(tmp_path / "a.csv").numbers == ["price"]


@pytest.mark.parametrize("change", [lambda row: row + ",", lambda row: row + ",,", lambda row: row + ", "])
def test_empty_cells_behind_some_rows_are_nothing(tmp_path, change):
    frame = make_table()
    head, *rows = lines_of(frame)
    (tmp_path / "a.csv").write_text("\n".join([head, *(change(row) if k % 3 else row for k, row in enumerate(rows))]))
    table = read(tmp_path / "a.csv")
    assert table.numbers == ["price"] and table.notes == ()
    np.testing.assert_allclose(table.y, frame["sales"])


def test_a_row_with_a_cell_too_many_is_told_with_its_line(tmp_path):
    lines = lines_of(make_table())
    lines[5] += ",9"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="1 rows of 4 cells under a header of 3, such as line 6; see that they fit"):
        read(tmp_path / "a.csv")


STRAY = {
    "one": ['"red', "red"],
    "two": ['"red', '"red'],
    "one before and one behind a cell": ['"red', 'red"'],
}


@pytest.mark.parametrize("kind", STRAY)
def test_a_stray_quote_swallows_no_rows(tmp_path, kind):
    lines = lines_of(make_table().assign(colour="red")[["store", "colour", "price", "sales"]])
    for line, cell in zip((5, 60), STRAY[kind], strict=True):
        lines[line] = lines[line].replace("red", cell)
    (tmp_path / "a.csv").write_text("\n".join(lines))
    end = len(lines) if kind == "one" else 61
    with pytest.raises(ValueError, match=rf"a cell from line 6 to line {end} that holds what look like \d+ rows"):
        read(tmp_path / "a.csv")


def test_a_cell_without_end_is_told(tmp_path):
    lines = lines_of(make_table(n_rows=2000))
    lines[5] = '"' + lines[5]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"up to line .*; see that quotes are meant"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("text", ["a\nb\nc\nd", "Main St 1\nOslo, NO, EU\nEarth", 'he said "no"\n\nand went'])
def test_texts_of_several_lines_are_cells(tmp_path, text):
    frame = make_table().assign(remark=[f"{k} {text}" for k in range(72)])
    table = read(written(tmp_path, frame))
    assert table.numbers == ["price"]
    np.testing.assert_allclose(table.y, frame["sales"])


PACKED = {
    "a folder": ["data/", "data/a.csv"],
    "what systems add": ["__MACOSX/._a.csv", ".DS_Store", "a.csv"],
    "a text beside it": ["README.txt", "a.csv"],
}


@pytest.mark.parametrize("kind", PACKED)
def test_the_one_table_of_a_package_is_read(tmp_path, kind):
    with ZipFile(tmp_path / "a.csv.zip", "w") as package:
        for name in PACKED[kind]:
            package.writestr(
                name, make_table().to_csv(index=False) if name.endswith("/a.csv") or name == "a.csv" else "x"
            )
    assert read(tmp_path / "a.csv.zip").numbers == ["price"]


def test_two_tables_in_a_package_are_told(tmp_path):
    with ZipFile(tmp_path / "a.csv.zip", "w") as package:
        for name in ("a.csv", "b.csv"):
            package.writestr(name, make_table().to_csv(index=False))
    with pytest.raises(ValueError, match=r"2 files in it, a\.csv, b\.csv; unpack the one that is meant"):
        read(tmp_path / "a.csv.zip")


# Neither numbers nor words -------------------------------------------------------------------------------


def with_words(values, word, n_words):
    return [word if k % 72 < n_words else value for k, value in enumerate(values)]


@pytest.mark.parametrize("n_words", [8, 20, 36, 50])
@pytest.mark.parametrize("word", ["unknown", "12 or so", "n. d."])
def test_a_column_of_numbers_with_many_words_is_told(tmp_path, word, n_words):
    frame = make_table()
    frame["price"] = with_words(frame["price"].astype(str), word, n_words)
    table = read(written(tmp_path, frame))
    assert table.numbers == []
    assert f"price: {n_words} of 72 cells are no numbers, such as {word!r}, too many to be slips" in table.notes[-1]
    assert not any("only name rows" in note for note in table.notes)


@pytest.mark.parametrize("n_words", [8, 20, 36, 50])
def test_a_column_of_dates_with_many_words_is_told(tmp_path, n_words):
    days = pd.date_range("2024-01-01", periods=72).strftime("%d.%m.%Y").tolist()
    table = read(written(tmp_path, make_table().assign(day=with_words(days, "soon", n_words))))
    assert table.numbers == ["price"]
    assert f"day: {n_words} of 72 cells are no dates, such as 'soon', too many to be slips" in table.notes[-1]


def test_an_order_with_words_in_it_is_told_by_one(tmp_path):
    days = pd.date_range("2024-01-01", periods=72).strftime("%d.%m.%Y").tolist()
    path = written(tmp_path, make_table().assign(day=[*days[:60], *["soon"] * 12]))
    with pytest.raises(ValueError, match="--order: wanted numbers or dates in day, found 'soon'"):
        read(path, order="day")


def test_grades_and_a_word_are_categories_and_told(tmp_path):
    grades = with_words([str(1 + k % 3) for k in range(72)], "other", 20)
    table = read(written(tmp_path, make_table().assign(grade=grades)))
    assert table.categories == ["grade"] and table.notes[-1].startswith("grade: 20 of 72 cells are no numbers")


@pytest.mark.parametrize("words", [["S", "M", "L", "38", "40"], ["A1", "7"], ["yes", "no", "1", "n/a"]], ids=str)
def test_words_with_a_few_numbers_are_categories(tmp_path, words):
    cells = np.resize(words, 72)
    cells[-10:] = words[0]
    table = read(written(tmp_path, make_table().assign(size=cells)))
    assert table.categories == ["size"]


@pytest.mark.parametrize("n_words", [8, 20, 36, 50])
def test_a_target_of_numbers_with_many_words_is_no_set_of_classes(tmp_path, n_words):
    frame = make_table()
    for values in (frame["sales"], np.random.default_rng(0).poisson(4, 72)):
        cells = with_words(map(str, values), "unknown", n_words)
        with pytest.raises(
            ValueError, match=rf"sales: wanted numbers or labels, found numbers and {n_words} of 72 cells"
        ):
            read(written(tmp_path, frame.assign(sales=cells)))


def test_a_target_of_grades_and_a_word_is_one_of_classes(tmp_path):
    cells = np.resize(["1", "2", "3", "other"], 72)
    table, model = report.settle(read(written(tmp_path, make_table(n_rows=6).assign(sales=cells))))
    assert type(model) is LogisticRegression and set(table.y) == {"1", "2", "3", "other"}


GAPS = [
    "NA",
    "n/a",
    "N.A.",
    "null",
    "(null)",
    "\\N",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "-",
    "...",
    "?",
    "1.#QNAN",
    "None",
]


@varied("n_gaps", [70, 10, 40])
@pytest.mark.parametrize("word", GAPS)
def test_words_that_programs_write_for_no_value_are_gaps_however_many(tmp_path, word, n_gaps):
    frame = make_table()
    expected = frame["price"].to_numpy(copy=True)
    expected[:n_gaps] = np.nan
    table = read(written(tmp_path, frame.assign(price=with_words(frame["price"].astype(str), word, n_gaps))))
    np.testing.assert_array_equal(table.X["price"], expected)
    assert f"price: {n_gaps} cells hold no value, such as {word!r}, and are gaps." in table.notes


ALIKE = {
    "capitals": lambda cell: cell.upper(),
    "a blank behind": lambda cell: f"{cell} ",
    "blanks inside": lambda cell: f"{cell[0]} {cell[1:]}",
    "a point and zero": lambda cell: f"{cell}.0",
}


@pytest.mark.parametrize("kind", ALIKE)
def test_ids_labels_and_categories_that_are_nearly_the_same_are_told(tmp_path, kind):
    frame = make_table().assign(city=np.resize(["o1", "r2", "p3"], 72), sales=np.resize(["y1", "n2", "m3", "k4"], 72))
    expected = {"store": ("s00", "tasks"), "city": ("o1", "categories"), "sales": ("y1", "classes")}
    for name, (first, what) in expected.items():
        cells = frame[name].tolist()
        cells[-4:] = [ALIKE[kind](first)] * 4
        table = read(written(tmp_path, frame.assign(**{name: cells})))
        (note,) = [note for note in table.notes if "in capitals, blanks or .0 alone" in note]
        assert note == (
            f"{name}: 1 values differ from others in capitals, blanks or .0 alone, such as {ALIKE[kind](first)!r} from "
            f"{first!r}, and are {what} of their own."
        )


@pytest.mark.parametrize("ids", [["7", "07", "007"], ["s1", "s10", "s.1"], ["é", "e"], ["1.0", "1.01"]], ids=str)
def test_ids_that_differ_otherwise_are_not_told(tmp_path, ids):
    assert read(written(tmp_path, make_table(ids))).notes == ()


def test_categories_that_count_as_one_are_told(tmp_path):
    frame = make_table().assign(time=[f"{8 + k % 24:02d}:30" for k in range(72)], day=[f"d{k % 20}" for k in range(72)])
    assert read(written(tmp_path, frame)).notes == (
        "Of more than 20 categories the rarer ones count as one: time (24).",
    )


def test_a_target_that_is_written_in_a_style_is_told(tmp_path):
    frame = make_table()
    cells = frame["sales"].map("{:.3f} kg".format)
    notes = read(written(tmp_path, frame.assign(sales=cells))).notes
    assert notes == (f"Numbers that are written in a way of their own: sales ({cells[0]!r} is {frame['sales'][0]}).",)


@pytest.mark.parametrize(("sep", "number"), [(",", "1234"), (";", "1.234")])
def test_how_a_number_that_has_two_readings_was_read_is_told(tmp_path, sep, number):
    table = read(written(tmp_path, make_table().assign(price=["1,234"] * 71 + ["2,345"], sales=range(72)), sep=sep))
    assert f"price ('1,234' is {number})." in table.notes[-1]
