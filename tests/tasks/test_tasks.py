"""Collections of tasks: nothing is lost on the way to one table and back, nothing matched by position."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from skmeta.tasks import (
    drop_column,
    features_without,
    index_tasks,
    locate_task,
    lookup_tasks,
    read_task_ids,
    split_columns,
    split_tasks,
    stack_tasks,
    take_rows,
)

pytestmark = pytest.mark.quick

few = settings(max_examples=60, deadline=None)

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
SPARSE = ["csr", "csc", "coo", "lil", "bsr", "dok", "dia"]

integers = st.integers(-(2**40), 2**40)
numbers = st.floats(-1e6, 1e6)
# NumPy's strings end at a NUL, and polars has no halves of surrogate pairs.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6)
id_kinds = st.sampled_from([integers, numbers, words])


@st.composite
def ids_of_rows(draw):
    """A column of ids of one kind, some of them repeated."""
    known = draw(st.lists(draw(id_kinds), min_size=1, max_size=6, unique=True))
    return draw(st.lists(st.sampled_from(known), min_size=1, max_size=30))


@st.composite
def array_tasks(draw):
    keys = draw(st.lists(draw(id_kinds), min_size=1, max_size=5, unique=True))
    width, n_outputs = draw(st.integers(0, 3)), draw(st.sampled_from([(), (1,), (2,)]))
    tasks = {}
    for key in keys:
        n = draw(st.integers(1, 4))
        tasks[key] = tuple(draw(hnp.arrays(float, (n, *shape), elements=numbers)) for shape in [(width,), n_outputs])
    return tasks


@st.composite
def frame_tasks(draw):
    """Tasks that have different columns in different orders."""
    keys = draw(st.lists(draw(id_kinds), min_size=1, max_size=4, unique=True))
    tasks = {}
    for key in keys:
        names = draw(st.permutations("abcd"))[: draw(st.integers(1, 4))]
        n = draw(st.integers(1, 4))
        columns = {name: draw(hnp.arrays(float, n, elements=numbers)) for name in names}
        tasks[key] = columns, draw(hnp.arrays(float, n, elements=numbers))
    return tasks


# There and back -----------------------------------------------------------------------------------


@few
@given(array_tasks())
def test_arrays_come_back(tasks):
    back = split_tasks(*stack_tasks(tasks), task=-1)
    assert list(back) == sorted(tasks)
    for key, (X, y) in tasks.items():
        np.testing.assert_array_equal(back[key][0], X)
        np.testing.assert_array_equal(back[key][1], y)


@pytest.mark.parametrize("library", FRAMES)
@few
@given(tasks=frame_tasks())
def test_frames_come_back_with_their_own_columns(library, tasks):
    frames = {key: (FRAMES[library](columns), y) for key, (columns, y) in tasks.items()}
    X, y = stack_tasks(frames, task="shop")
    assert list(X.columns)[-1] == "shop"
    back = split_tasks(X, y, task="shop")
    assert list(back) == sorted(tasks)
    for key, (columns, y) in tasks.items():
        assert set(back[key][0].columns) == set(columns)
        for name, values in columns.items():
            np.testing.assert_array_equal(back[key][0][name].to_numpy(), values)
        np.testing.assert_array_equal(back[key][1], y)


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, sparse.csc_array, sparse.coo_matrix])
def test_sparse_matrices_come_back(container):
    rng = np.random.default_rng(0)
    dense = {3: rng.poisson(0.5, (4, 5)), 0: rng.poisson(0.5, (2, 5))}
    X, y = stack_tasks({key: (container(X), X[:, 0]) for key, X in dense.items()})
    assert sparse.issparse(X) and isinstance(X, sparse.sparray) == issubclass(container, sparse.sparray)
    for key, (X_task, y_task) in split_tasks(X, y, task=-1).items():
        np.testing.assert_array_equal(X_task.toarray(), dense[key])
        np.testing.assert_array_equal(y_task, dense[key][:, 0])


@few
@given(ids_of_rows(), st.randoms(use_true_random=False))
def test_split_is_selection_in_the_order_of_rows(ids, random):
    column = np.array(ids, dtype=object)
    X = np.column_stack([np.arange(len(ids)), column]).astype(object)
    for key, (X_task, y_task) in split_tasks(X, np.arange(len(ids)), task=1).items():
        expected = [row for row, found in enumerate(ids) if found == key]
        assert X_task[:, 0].tolist() == y_task.tolist() == expected


def test_a_list_is_numbered_from_zero():
    X, _ = stack_tasks([([[5.0]], [1]), ([[6.0]], [2])])
    np.testing.assert_array_equal(X, [[5, 0], [6, 1]])


@pytest.mark.parametrize("y", [pd.Series([1.0, 2.0], index=[9, 9]), pl.Series([1.0, 2.0]), [1.0, 2.0]])
def test_any_target_is_split_by_position_of_rows(y):
    X = pd.DataFrame({"a": [1.0, 2.0], "shop": ["n", "s"]}, index=[7, 7])
    back = split_tasks(X, y, task="shop")
    assert [list(back[key][1]) for key in "ns"] == [[1.0], [2.0]]


# Columns by name ----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", FRAMES)
@few
@given(order=st.permutations(["a", "b", "c"]))
def test_the_order_of_columns_does_not_matter(library, order):
    first = FRAMES[library]({"a": [1.0], "b": [2.0], "c": [3.0]})
    second = FRAMES[library]({"a": [4.0], "b": [5.0], "c": [6.0]})
    X, _ = stack_tasks({"x": (first, [0]), "y": (second[list(order)], [1])})
    assert list(X.columns) == ["a", "b", "c", "task"]
    np.testing.assert_array_equal(X[["a", "b", "c"]].to_numpy(), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize("library", FRAMES)
def test_a_lacking_column_is_missing_in_that_task_alone(library):
    frames = [FRAMES[library]({"a": [1.0, 2.0]}), FRAMES[library]({"b": [3.0], "a": [4.0]})]
    X, _ = stack_tasks([(frames[0], [0, 0]), (frames[1], [1])])
    gaps = X["b"].isna() if library == "pandas" else X["b"].is_null()
    assert gaps.to_list() == [True, True, False]
    assert X["a"].to_list() == [1, 2, 4]


@pytest.mark.parametrize("library", FRAMES)
def test_a_gap_is_not_a_lacking_column(library):
    frame = FRAMES[library]({"a": [1.0, float("nan")], "b": ["u", None]})
    (X, _) = split_tasks(*stack_tasks([(frame, [0, 1])]), task="task")[0]
    assert list(X.columns) == ["a", "b"]


@pytest.mark.parametrize("library", FRAMES)
def test_a_column_of_gaps_alone_is_lacking(library):
    frame = FRAMES[library]
    n, s = frame({"a": [1.0, 2.0], "b": [float("nan")] * 2}), frame({"a": [3.0], "b": [4.0]})
    back = split_tasks(*stack_tasks({"n": (n, [0, 1]), "s": (s, [2])}), task="task")
    assert [list(X.columns) for X, _ in back.values()] == [["a"], ["a", "b"]]


@pytest.mark.parametrize("library", FRAMES)
def test_whole_numbers_meet_fractions(library):
    X, _ = stack_tasks([(FRAMES[library]({"a": values}), [0]) for values in ([1], [2.5])])
    assert X["a"].to_list() == [1.0, 2.5]


@pytest.mark.parametrize("library", FRAMES)
def test_targets_with_names_are_matched_by_name(library):
    frame = FRAMES[library]
    X = frame({"a": [1.0]})
    _, y = stack_tasks([(X, frame({"u": [1], "v": [2]})), (X, frame({"v": [4], "u": [3]}))])
    np.testing.assert_array_equal(y, [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match=r"tasks\[1\]: wanted a y of the columns \['u'\].*found \['w'\]"):
        stack_tasks([(X, frame({"u": [1]})), (X, frame({"w": [4]}))])
    with pytest.raises(ValueError, match=r"tasks.1.: wanted a y of the columns"):
        stack_tasks([(X, frame({"u": [1], "v": [2]})), (X, [[3, 4]])])


# Ids in an array of numbers ------------------------------------------------------------------------


def test_ids_do_not_widen_the_array_unless_they_must():
    X = np.ones((1, 2), dtype=np.float32)
    assert stack_tasks({30_000: (X, [1])})[0].dtype == np.float32
    X, _ = stack_tasks({2**24 + 1: (X, [1])})
    assert X.dtype == np.float64
    assert X[0, -1] == 2**24 + 1


def test_ids_beyond_the_floats_are_refused_not_rounded():
    with pytest.raises(ValueError, match=r"found 9007199254740993, which float64 cannot hold.*as text"):
        stack_tasks({2**53 + 1: (np.ones((1, 2)), [1])})
    X, _ = stack_tasks({2**53 + 1: (np.ones((1, 2), dtype=int), [1])})
    assert X[0, -1] == 2**53 + 1


@pytest.mark.parametrize("key", [300, -1, 0.25])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.float32, np.int64])
def test_ids_keep_their_value_in_any_dtype(dtype, key):
    X, _ = stack_tasks({key: (np.ones((1, 2), dtype=dtype), [1])})
    assert X[0, -1] == key


def test_ids_do_not_become_truth_values():
    X, _ = stack_tasks([(np.ones((1, 1), dtype=bool), [1])] * 2)
    assert X.dtype.kind in "iu"


def test_arrays_of_text_and_of_numbers_keep_both():
    X, _ = stack_tasks([(np.array([["u"]]), [1]), (np.array([[2.5]]), [1])])
    assert X.tolist() == [["u", 0], [2.5, 1]]


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
    with pytest.raises(ValueError, match=r"task=0: wanted .* 2 missing id\(s\), in row\(s\) 1, 3; drop"):
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


# What cannot be stacked or split --------------------------------------------------------------------

A, B = np.ones((2, 2)), np.ones((2, 3))
PANDAS, POLARS = pd.DataFrame({"a": [1.0, 2.0]}), pl.DataFrame({"a": [1.0, 2.0]})
Y = [0.0, 1.0]


@pytest.mark.parametrize(
    ("tasks", "error", "match"),
    [
        ([], ValueError, "at least one"),
        ({}, ValueError, "at least one"),
        ((A, Y), TypeError, r"pairs \(X, y\), found ndarray as task 0"),
        ({"n": (A, Y), "s": A}, TypeError, "found ndarray as task 's'"),
        ([(A, Y), (A, [1.0])], ValueError, "tasks.1.: wanted X and y with the same number of rows.*found 2 and 1"),
        ({"n": (A[:0], [])}, ValueError, "tasks.'n'.: wanted .* at least one, found 0 and 0"),
        ({"n": (A, Y), "s": (B, Y)}, ValueError, "width of X .* found 2 in task 'n' and 3 in task 's'"),
        ([(A, Y), (PANDAS, Y)], TypeError, r"one kind, found \['array', 'pandas'\]"),
        ([(PANDAS, Y), (POLARS, Y)], TypeError, r"one kind, found \['pandas', 'polars'\]"),
        ([(A, Y), (sparse.csr_array(A), Y)], TypeError, r"one kind, found \['array', 'sparse'\]"),
        ([(PANDAS.rename(columns={"a": "task"}), Y)], ValueError, "task: wanted a new name, .*task='task'.*task 0"),
        ([(pd.concat([PANDAS, PANDAS], axis=1), Y)], ValueError, r"tasks.0.: .* once, found \['a'\]"),
        ([(A, Y), (A[0], Y)], ValueError, "tasks.1.: wanted a table"),
        ([(A, np.ones((2, 1, 1)))], ValueError, "tasks.0.: wanted a y of one column or several, found 3"),
        ([(A, Y), (A, A)], ValueError, r"shape of y .* found \(\) in task 0 and \(2,\) in task 1"),
        ([(A, Y), (A, ["u", "v"])], ValueError, "type of y .* found numbers in task 0 and text in task 1"),
        ({1: (A, Y), "1": (A, Y)}, TypeError, "tasks: wanted ids of one type"),
        ({None: (A, Y)}, ValueError, "tasks: wanted an id in every row"),
        (
            {"n": (sparse.csr_array(A), Y)},
            TypeError,
            "task: wanted numbers, as a sparse X holds nothing else, found 'n'",
        ),
    ],
)
def test_what_cannot_be_stacked_says_why(tasks, error, match):
    with pytest.raises(error, match=match):
        stack_tasks(tasks)


def test_the_new_column_needs_a_name():
    with pytest.raises(
        TypeError, match=r"task: wanted the name of the column to append, found -1; in arrays it is column -1"
    ):
        stack_tasks([(A, Y)], task=-1)


def test_rows_of_x_and_y_must_agree_to_be_split():
    with pytest.raises(ValueError, match="y: wanted as many rows as X, found 3 and 2"):
        split_tasks(A, [1, 2, 3], task=0)


def test_messages_print_ids_as_they_were_written():
    tasks = {np.int64(3): ([[1.0]], [1.0]), np.int64(7): ([[1.0, 2.0]], [1.0])}
    with pytest.raises(ValueError, match=r"found 1 in task 3 and 2 in task 7;"):
        stack_tasks(tasks)
    with pytest.raises(ValueError, match=r"tasks\[3\]: wanted X and y with the same number"):
        stack_tasks({np.int64(3): ([[1.0]], [1.0, 2.0])})
    with pytest.raises(TypeError, match=r"found 1\.5;"):
        locate_task(np.zeros((2, 2)), np.float64(1.5))
