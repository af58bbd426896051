"""Collections of tasks: nothing is lost on the way to one table and back, nothing matched by position."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from task_tables import FRAMES, array_tasks, few, frame_tasks, ids_of_rows

from skmeta.tasks import (
    locate_task,
    split_tasks,
    stack_tasks,
)

pytestmark = pytest.mark.quick


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
