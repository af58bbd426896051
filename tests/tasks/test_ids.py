"""Which task a row belongs to, and the columns that say so."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from scipy import sparse
from task_tables import FRAMES, SPARSE, few, ids_of_rows

from skmeta.tasks import (
    drop_column,
    features_without,
    index_tasks,
    locate_task,
    lookup_tasks,
    read_task_ids,
    split_columns,
    split_tasks,
    take_rows,
)
from skmeta.tasks._words import shown

pytestmark = pytest.mark.quick


# Reading ids --------------------------------------------------------------------------------------

WORDS = ["s", "n", "s", "w"]
WORD_TABLES = {
    "array of objects": (np.array([[1.0, word] for word in WORDS], dtype=object), -1),
    "array of strings": (np.array([["1.0", word] for word in WORDS]), 1),
    "list": ([[1.0, word] for word in WORDS], -1),
    "pandas": (pd.DataFrame({"id": WORDS}), "id"),
    "pandas objects": (pd.DataFrame({"id": np.array(WORDS, dtype=object)}), "id"),
    "pandas strings": (pd.DataFrame({"id": WORDS}, dtype="string"), "id"),
    "pandas categories": (
        pd.DataFrame({"id": pd.Categorical(WORDS, categories=["w", "unseen", "s", "n"])}),
        "id",
    ),
    "polars": (pl.DataFrame({"id": WORDS}), "id"),
    "polars categories": (pl.DataFrame({"id": pl.Series(WORDS, dtype=pl.Categorical)}), "id"),
    "polars enum": (pl.DataFrame({"id": pl.Series(WORDS, dtype=pl.Enum(["w", "unseen", "s", "n"]))}), 0),
}
NUMBERS = [30, -1, 30, 4]
NUMBER_TABLES = {
    "array of integers": (np.array([[1, number] for number in NUMBERS]), -1),
    "array of floats": (np.array([[1.5, number] for number in NUMBERS]), -1),
    "array of objects": (np.array([["u", number] for number in NUMBERS], dtype=object), -1),
    "pandas": (pd.DataFrame({"id": NUMBERS}), "id"),
    "pandas nullable": (pd.DataFrame({"id": NUMBERS}, dtype="Int64"), "id"),
    "pandas categories": (pd.DataFrame({"id": pd.Categorical(NUMBERS)}), "id"),
    "pandas objects": (pd.DataFrame({"id": np.array(NUMBERS, dtype=object)}), "id"),
    "polars": (pl.DataFrame({"id": pl.Series(NUMBERS, dtype=pl.Int16)}), "id"),
    **{name: (sparse.coo_matrix(np.array([NUMBERS, NUMBERS]).T).asformat(name), 1) for name in SPARSE},
}


@pytest.mark.parametrize("table", WORD_TABLES)
def test_words_are_read_alike_from_every_table(table):
    index = index_tasks(read_task_ids(*WORD_TABLES[table]))
    assert index.ids.tolist() == ["n", "s", "w"]
    assert {type(key) for key in index.ids} == {str}
    assert index.codes.tolist() == [1, 0, 1, 2]


@pytest.mark.parametrize("table", NUMBER_TABLES)
def test_numbers_are_read_alike_from_every_table(table):
    ids = read_task_ids(*NUMBER_TABLES[table])
    assert ids.dtype.kind in "iuf"
    index = index_tasks(ids)
    assert index.ids.tolist() == [-1, 4, 30]
    assert index.codes.tolist() == [2, 0, 2, 1]


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_days_are_ids(frame):
    days = [datetime.datetime(2024, 5, day) for day in (3, 1, 3)]
    X = frame({"a": [1.0, 2.0, 3.0], "day": days})
    back = split_tasks(X, [1, 2, 3], task="day")
    assert [y.tolist() for _, y in back.values()] == [[2], [1, 3]]
    assert list(back) == [np.datetime64("2024-05-01"), np.datetime64("2024-05-03")]


MISSING = {
    "pandas": pd.DataFrame({"id": ["a", None, "b", None]}),
    "pandas objects": pd.DataFrame({"id": np.array(["a", pd.NA, "b", np.nan], dtype=object)}),
    "pandas floats": pd.DataFrame({"id": [1.0, np.nan, 2.0, np.nan]}),
    "pandas nullable": pd.DataFrame({"id": pd.array([1, None, 2, None], dtype="Int64")}),
    "pandas categories": pd.DataFrame({"id": pd.Categorical(["a", None, "b", None])}),
    "pandas days": pd.DataFrame({"id": pd.to_datetime(["2024-05-01", None, "2024-05-02", None])}),
    "polars": pl.DataFrame({"id": ["a", None, "b", None]}),
    "polars integers": pl.DataFrame({"id": [1, None, 2, None]}),
    "polars NaN": pl.DataFrame({"id": [1.0, float("nan"), 2.0, None]}),
    "array": np.array([[1.0], [np.nan], [2.0], [np.nan]]),
    "array of objects": np.array([["a"], [None], ["b"], [float("nan")]], dtype=object),
}


@pytest.mark.parametrize("table", MISSING)
def test_missing_ids_raise_and_say_where(table):
    with pytest.raises(ValueError, match=r"task=(0|'id'): wanted .* 2 missing id\(s\), in row\(s\) 1, 3; drop"):
        read_task_ids(MISSING[table], 0)


def test_many_missing_ids_are_not_all_listed():
    with pytest.raises(ValueError, match=r"100 missing id\(s\), in row\(s\) 0, 1, 2, 3, 4, \.\.\."):
        read_task_ids(np.full((100, 1), np.nan), 0)


def test_numbers_among_words_raise():
    with pytest.raises(TypeError, match=r"ids of one type, found 2 that are numbers and 1 that are not"):
        read_task_ids(pd.DataFrame({"id": np.array([1, "1", 2.0, 1], dtype=object)}), "id")


# The index ----------------------------------------------------------------------------------------


@few
@given(ids_of_rows())
def test_an_index_is_the_sorted_ids_and_their_rows(ids):
    index = index_tasks(ids)
    assert index.ids.tolist() == sorted(set(ids))
    assert [index.ids[code] for code in index.codes] == ids
    assert index.order.tolist() == sorted(range(len(ids)), key=lambda row: ids[row])  # sorted is stable
    assert index.counts.tolist() == [ids.count(key) for key in index.ids]
    assert index.starts.tolist() == np.cumsum([0, *index.counts]).tolist()
    assert index.n_tasks == len(set(ids))
    assert {index.codes.dtype, index.order.dtype, index.starts.dtype} == {np.dtype(np.intp)}


def test_an_index_of_more_tasks_than_16_bits():
    ids = np.random.default_rng(0).permutation(np.repeat(np.arange(70_000), 2))
    index = index_tasks(ids)
    np.testing.assert_array_equal(index.order, np.argsort(ids, kind="stable"))
    np.testing.assert_array_equal(index.codes, ids)


def test_an_index_of_no_rows():
    index = index_tasks(np.empty(0))
    assert (index.n_tasks, index.starts.tolist()) == (0, [0])


@few
@given(ids_of_rows(), ids_of_rows())
def test_lookup_finds_what_a_dictionary_finds(known, ids):
    index = index_tasks(known)
    positions = {key: position for position, key in enumerate(sorted(set(known)))}
    assert lookup_tasks(index.ids, ids).tolist() == [positions.get(key, -1) for key in ids]


@pytest.mark.parametrize(
    ("known", "ids", "expected"),
    [
        (np.array([1, 3]), ["1", "3"], [-1, -1]),
        (["1", "3"], np.array([3, 1]), [-1, -1]),
        (["1", "3"], np.array(["3", "33"]), [1, -1]),  # "33" must not be cut to the width of "3"
        (np.array([1, 3]), np.array([3.0, 1.5]), [1, -1]),
        (np.array([0.5, 3.0]), np.array([3, 0], dtype=np.uint8), [1, -1]),
        (np.array([2**62, 2**62 + 1]), np.array([2**62 + 1, 2**62 + 2], dtype=np.uint64), [1, -1]),
        (np.array([2**53, 2**53 + 1]), np.array([2.0**53]), [0]),
        (np.array([5, 6]), np.array([5, 6], dtype="M8[ns]"), [-1, -1]),
        (np.array(["2024-05-01"], dtype="M8[D]"), np.array(["2024-05-01"], dtype="M8[ns]"), [0]),
        (np.empty(0), np.array([1.0]), [-1]),
        (np.empty(0, dtype=object), ["a"], [-1]),
        (np.array([1.0]), np.empty(0), []),
    ],
)
def test_lookup_compares_values(known, ids, expected):
    assert lookup_tasks(index_tasks(known).ids, ids).tolist() == expected


class Counted(str):
    """Text that counts how often it is compared: indexing may sort the ids, not the rows."""

    __slots__ = ()
    compared = 0

    def __lt__(self, other):
        Counted.compared += 1
        return str.__lt__(self, other)

    def __hash__(self):
        return str.__hash__(self)

    def __eq__(self, other):
        Counted.compared += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("n_rows", [1000, 100_000])
def test_the_work_of_indexing_names_grows_with_the_rows_alone(n_rows):
    known = [Counted(f"shop-{k}") for k in range(200)]
    ids = np.empty(n_rows, dtype=object)
    ids[:] = [known[k] for k in np.random.default_rng(0).integers(0, 200, n_rows)]
    Counted.compared = 0
    index = index_tasks(ids)
    assert index.counts.sum() == n_rows
    assert Counted.compared < 200 * 20  # to sort the ids; rows are found by their hash


# Columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_ids_that_are_lists_raise_a_sentence(frame):
    X = frame({"store": [["n", "o"], ["s"]], "x": [1.0, 2.0]})
    with pytest.raises(TypeError, match=r"task='store': wanted ids that are text.*in row\(s\) 0, 1; write each"):
        read_task_ids(X, "store")


def test_ids_are_one_column():
    with pytest.raises(ValueError, match=r"ids: wanted one id a row, found an array of shape \(2, 2\)"):
        index_tasks([["north", 1], ["south", 2]])


@pytest.mark.parametrize("task", ["b", 1, -2, np.int64(1)])
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_column_is_found_by_name_and_by_position(frame, task):
    assert locate_task(frame({"a": [1], "b": [2], "c": [3]}), task) == 1


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_misspelt_name_shows_what_is_there(frame):
    X = frame({"store": [1], "price": [2]})
    with pytest.raises(
        ValueError, match=r"task: wanted .* found task='stor'.*Did you mean 'store'\?.*'store', 'price'"
    ):
        locate_task(X, "stor")
    with pytest.raises(ValueError, match=r"found task='zzz'\. X has 2 columns"):
        locate_task(X, "zzz")


@pytest.mark.parametrize(
    ("X", "task", "error", "match"),
    [
        (
            np.ones((2, 3)),
            "store",
            ValueError,
            "task: wanted .* X .ndarray. has no column names, found task='store'; .*-1",
        ),
        (sparse.eye(3, format="csr"), "store", ValueError, "has no column names"),
        (np.ones((2, 3)), 3, ValueError, r"task: wanted .*, found task=3; X has 3 columns \(0 to 2\)"),
        (np.ones((2, 3)), -4, ValueError, "found task=-4"),
        (np.ones((2, 3)), None, TypeError, "the name or the position of a column of X, found None"),
        (np.ones((2, 3)), True, TypeError, "found True"),
        (np.ones((2, 3)), 1.0, TypeError, "found 1.0"),
        (np.ones(3), 0, ValueError, "rows and columns, found 1 dim"),
        (pd.Series([1.0]), 0, ValueError, "rows and columns, found 1 dim"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "a", ValueError, "found 2 named 'a'"),
    ],
)
def test_no_column_is_guessed(X, task, error, match):
    with pytest.raises(error, match=match):
        locate_task(X, task)


@pytest.mark.parametrize("order", "CF")
def test_the_first_or_last_column_goes_without_a_copy(order):
    X = np.asarray(np.arange(12.0).reshape(3, 4), order=order)
    for position in range(4):
        rest = drop_column(X, position)
        np.testing.assert_array_equal(rest, np.delete(X, position, axis=1))
        assert np.shares_memory(rest, X) == (position in (0, 3))


@pytest.mark.parametrize("layout", SPARSE)
@pytest.mark.parametrize("position", range(3))
def test_a_sparse_matrix_stays_in_its_format(layout, position):
    X = sparse.coo_matrix([[1.0, 0, 2], [0, 3, 0]]).asformat(layout)
    rest = drop_column(X, position)
    assert rest.format == layout
    np.testing.assert_array_equal(rest.toarray(), np.delete(X.toarray(), position, axis=1))
    swapped = take_rows(X, np.array([1, 0]))
    assert swapped.format == layout
    np.testing.assert_array_equal(swapped.toarray(), X.toarray()[::-1])


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_frame_stays_a_frame(frame):
    X = frame({"a": [1, 2], "shop": ["n", "s"], "b": ["u", "v"]})
    rest = features_without(X, "shop")
    assert isinstance(rest, frame)
    assert list(rest.columns) == ["a", "b"]
    assert rest["a"].to_list() == [1, 2]
    assert list(X.columns) == ["a", "shop", "b"]


def test_numbers_beside_string_ids_are_numbers_again():
    X = np.array([[1, 2.5, "n"], [3, None, "s"]], dtype=object)
    rest = features_without(X, -1)
    assert rest.dtype == np.float64
    np.testing.assert_array_equal(rest, [[1, 2.5], [3, np.nan]])
    np.testing.assert_array_equal(features_without(X.astype(str)[:1], -1), [[1, 2.5]])


def test_words_beside_string_ids_stay_words():
    X = np.array([[1, "red", "n"], [3, "blue", "s"]], dtype=object)
    assert features_without(X, -1).tolist() == [[1, "red"], [3, "blue"]]


def test_a_task_column_alone_leaves_no_features():
    assert features_without(np.ones((4, 1)), 0).shape == (4, 0)


TABLES = {
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "array": lambda columns: np.column_stack(list(columns.values())),
    "sparse": lambda columns: sparse.csc_array(np.column_stack(list(columns.values()))),
}


@pytest.mark.parametrize("kind", TABLES)
def test_several_columns_are_taken_at_once(kind):
    columns = {name: np.arange(3.0) + 10 * k for k, name in enumerate(["a", "store", "b", "size"])}
    X = TABLES[kind](columns)
    wanted = ["size", "store"] if kind in FRAMES else [-1, 1]
    rest, taken = split_columns(X, wanted, ["context", "task"])
    np.testing.assert_array_equal(taken, [columns["size"], columns["store"]])
    assert type(rest) is type(X)
    if kind in FRAMES:
        assert list(rest.columns) == ["a", "b"]
    values = rest.toarray() if kind == "sparse" else np.asarray(rest)
    np.testing.assert_array_equal(values, np.column_stack([columns["a"], columns["b"]]))


def test_no_column_taken_is_the_table():
    X = np.eye(2)
    rest, taken = split_columns(X, [])
    assert taken == [] and np.shares_memory(rest, X)


def test_a_column_is_taken_once():
    X = pd.DataFrame({"size": [1.0], "x": [2.0]})
    with pytest.raises(ValueError, match=r"context: wanted each column once, found 'size' twice \(it is task too\)"):
        split_columns(X, ["size", "size"], ["task", "context"])
    with pytest.raises(ValueError, match=r"context: wanted .*, found context='sise'\. Did you mean 'size'"):
        split_columns(X, ["sise"], "context")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.datetime64("2024-02-29T00:00:00.000000"), "2024-02-29"),
        (np.datetime64("2024-02-29", "ns"), "2024-02-29"),
        (pd.Timestamp("2024-02-29"), "2024-02-29"),
        (np.datetime64("2024-02-29T12:30:00"), "2024-02-29T12:30:00"),
        (pd.Timestamp("2024-02-29 00:00:01"), "2024-02-29 00:00:01"),
        (("north", pd.Timestamp("2024-02-29")), "('north', 2024-02-29)"),
    ],
    ids=str,
)
def test_a_date_is_shown_without_the_hours_that_it_does_not_have(value, expected):
    assert shown(value) == expected
