"""Paths of ids against plain Python, for ids of every kind; levels of tasks, whatever is taken of them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from task_tables import few, integers, numbers, words

from skmeta.tasks import Tasks, index_rows, read_task_ids, read_tasks
from skmeta.tasks._context import groups_of_rows
from skmeta.tasks._ids import as_objects
from skmeta.tasks._paths import index_levels, lookup_levels
from skmeta.tasks._task_columns import TaskColumns

pytestmark = pytest.mark.quick


@st.composite
def tables_of_ids(draw, gaps=False):
    """Columns of ids, one kind each, as objects; with gaps None stands in some rows."""
    n_rows, columns = draw(st.integers(1, 25)), {}
    for level in range(draw(st.integers(2, 4))):
        known = draw(st.lists(draw(st.sampled_from([integers, numbers, words])), min_size=1, max_size=4, unique=True))
        values = st.sampled_from([*known, None] if gaps else known)
        columns[f"level {level}"] = as_objects(draw(st.lists(values, min_size=n_rows, max_size=n_rows)))
    return columns


def rows_as_tuples(columns):
    return list(zip(*(column.tolist() for column in columns.values()), strict=True))


@few
@given(columns=tables_of_ids())
def test_paths_are_pythons_tuples_sorted(columns):
    index, rows = index_levels(columns), rows_as_tuples(columns)
    assert index.ids.tolist() == sorted(set(rows))
    assert [index.ids[code] for code in index.codes] == rows
    assert rows_as_tuples(index.levels) == index.ids.tolist()
    for code, path in enumerate(index.ids):
        own = index.order[index.starts[code] : index.starts[code + 1]].tolist()
        assert own == [row for row, each in enumerate(rows) if each == path]


@few
@given(columns=tables_of_ids(gaps=True), seed=st.integers(0, 99))
def test_lookup_is_that_of_a_dict_and_a_gap_is_never_known(columns, seed):
    index = index_levels(columns)
    complete = np.flatnonzero([None not in path for path in index.ids])
    rng = np.random.default_rng(seed)
    known = np.sort(rng.choice(complete, rng.integers(len(complete) + 1), replace=False))
    place = {index.ids[code]: k for k, code in enumerate(known)}
    found = lookup_levels({name: ids[known] for name, ids in index.levels.items()}, index.levels)
    assert found.tolist() == [place.get(path, -1) for path in index.ids]


@few
@given(columns=tables_of_ids(gaps=True), data=st.data())
def test_rows_in_a_group_know_the_same(columns, data):
    read = data.draw(st.sets(st.sampled_from(list(columns))))
    codes, known = groups_of_rows(columns, read, list(columns), len(next(iter(columns.values()))))
    for path, code in zip(rows_as_tuples(columns), codes, strict=True):
        depth = path.index(None) if None in path else len(path)
        expected = dict(zip(list(columns)[:depth], path[:depth], strict=True))
        assert known[code] == {name: value for name, value in expected.items() if name in read}
    assert len({tuple(each.items()) for each in known}) == len(known) == len(set(codes.tolist()))


def test_no_row_is_a_step_of_python(monkeypatch):
    """A hundred thousand rows of numbers make as many tuples as there are tasks."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, size=(100_000, 3)).astype(float)
    made = []
    monkeypatch.setattr("skmeta.tasks._paths.as_objects", lambda values: made.append(len(values)) or as_objects(values))
    ids = read_task_ids(X, [0, 1])
    assert made == [25] and ids[7] == (X[7, 0], X[7, 1])


FRAME = pd.DataFrame(
    {
        "region": [*"nnnssss"],
        "store": [2, 1, 1, 1, 1, 3, 3],
        "day": pd.to_datetime(["2024-05-01"] * 7),
        "x": np.arange(7.0),
    }
)


def tasks():
    return read_tasks(FRAME.drop(columns="day"), np.arange(7.0), task=["region", "store"])


def test_tasks_know_their_ids_at_every_level():
    found = tasks()
    assert found.ids.tolist() == [("n", 1), ("n", 2), ("s", 1), ("s", 3)]
    assert list(found.levels) == ["region", "store"]
    assert found.levels["region"].tolist() == ["n", "n", "s", "s"]
    assert found.levels["store"].tolist() == [1, 2, 1, 3] and found.levels["store"].dtype.kind == "i"
    assert found.codes.tolist() == [1, 0, 0, 2, 2, 3, 3]
    one = read_tasks(FRAME[["day", "x"]], np.arange(7.0), task="day")
    assert list(one.levels) == ["day"] and one.levels["day"].dtype.kind == "M" and one.ids is one.levels["day"]
    assert read_tasks(FRAME[["x"]], np.arange(7.0)).levels == {}
    assert Tasks.none().levels == {}


def test_levels_go_with_the_tasks():
    found = tasks()
    assert found.take([3, 0, 3]).levels["store"].tolist() == [3, 1, 3]
    for same in (found.where(found.codes > 1), pickle.loads(pickle.dumps(found)), found.labelled_rows(),
                 found.with_rows(np.ones((7, 2)), found.y), *found.shots_and_query(1)):  # fmt: skip
        assert {name: ids.tolist() for name, ids in same.levels.items()} == {
            name: ids.tolist() for name, ids in found.levels.items()
        }
    parts, rows, codes = found.without_each_part()
    there = codes >= 0
    for name, ids in parts.levels.items():
        assert_array_equal(ids[codes[there]], found.levels[name][found.codes[rows[there]]])


def test_weightless_tasks_leave_every_level():
    with pytest.warns(UserWarning, match=r"\('n', 1\)"):
        found = read_tasks(
            FRAME[["region", "store", "x"]], np.arange(7.0), [1, 0, 0, 1, 1, 1, 1], task=["region", "store"]
        )
    assert found.levels["region"].tolist() == ["n", "s", "s"] and found.ids.tolist()[0] == ("n", 2)


@pytest.mark.parametrize(("width", "expected"), [(5, {"x4": 4, "x0": 0, "x2": 2}), (3, {"x2": 1}), (2, {}), (4, {})])
def test_columns_of_arrays_are_told_by_the_number_of_columns(width, expected):
    columns = TaskColumns.of_table(np.zeros((1, 5)), [-1, 0], [2])
    assert columns.task == ("x4", "x0") and columns.context == ("x2",)
    assert columns.places(np.zeros((1, width))) == expected
    alone = columns.without_task()
    assert alone.places(np.zeros((1, 3))) == {"x2": 1} and alone.places(np.zeros((1, 2))) == {}


def test_columns_of_frames_are_told_by_name():
    columns = TaskColumns.of_table(FRAME, ["region", 1], ["day"])
    assert columns.names == ("region", "store", "day")
    features, values = columns.split(FRAME[["x", "day", "region"]])
    assert list(features) == ["x"] and list(values) == ["region", "day"]
    assert columns.split(FRAME[["x"]])[1] == {}
    assert columns.labels(FRAME[["store", "x"]]) == ["x"]
    other = columns.with_context(FRAME[["x", "region"]], ["x"])
    assert other.task == ("region", "store") and other.context == ("x",)


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, pd.NaT])
def test_gaps_in_what_describes_a_task_are_alike(gap):
    table = FRAME.assign(size=pd.Series([gap, 2.0, 2.0, gap, gap, 3.0, 3.0], dtype=object))
    found = read_tasks(table.drop(columns="day"), np.arange(7.0), task=["region", "store"], context=["size"])
    assert found.context["size"][[0, 3]].tolist() == [2.0, 3.0]
    with pytest.raises(ValueError, match=r"context: .* found 'size' with .* in task \('n', 1\)"):
        read_tasks(table.drop(columns="day").assign(size=pd.Series([1.0, gap, 2.0] + [1.0] * 4, dtype=object)),
                   np.arange(7.0), task=["region", "store"], context=["size"])  # fmt: skip


def test_a_list_of_one_column_is_indexed_as_that_column():
    one, other = index_rows(FRAME, "store"), index_rows(FRAME, ["store"])
    assert_array_equal(one.ids, other.ids)
    assert one.levels.keys() == other.levels.keys() == {"store"}
