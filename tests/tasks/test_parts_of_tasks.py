"""Which rows of a task teach and which judge: their values alone say it, not the order or the units they came in."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skmeta.tasks import Tasks
from skmeta.tasks._row_order import evenly, ranks_of_rows, spread_rows
from skmeta.tasks._tasks import labels_of_tasks

pytestmark = pytest.mark.quick

N = 90  # rows of two tasks, with a name each that no part reads


def columns(kind, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "numbers":
        return pd.DataFrame(rng.normal(size=(N, 4)))
    if kind == "counts":  # most rows have the same sum of ranks as another
        return pd.DataFrame(rng.integers(0, 3, size=(N, 3)))
    names = rng.choice(["ash", "birch", "cedar", "fir"], p=[0.4, 0.3, 0.2, 0.1], size=(N, 3))
    return pd.DataFrame(names) if kind == "names" else pd.DataFrame(names).assign(size=rng.normal(size=N))


def targets(kind, seed=1):
    rng = np.random.default_rng(seed)
    if kind == "numbers":
        return rng.normal(size=N)
    return (
        None if kind == "none" else rng.integers(0, 3, size=N) if kind == "labels" else rng.poisson(1.0, size=N) * 1.0
    )


def collection(frame, y, order=None, labels=False):
    order = np.arange(N) if order is None else order
    codes, y = (np.arange(N) % 2)[order], None if y is None else y[order]
    classes = labels_of_tasks(y, codes, 2, None) if labels else None
    X = frame.iloc[order].reset_index(drop=True)
    return Tasks(X, y, codes, np.array(["a", "b"]), classes=classes)


def standing(tasks, kind):
    """The kinds of the rows of each task, in the order from which all parts are taken."""
    return [kind[tasks.by_target(tasks.rows_of(code))].tolist() for code in range(len(tasks))]


@pytest.mark.parametrize("y", ["numbers", "counts", "labels", "none"])
@pytest.mark.parametrize("X", ["numbers", "counts", "names", "both"])
def test_neither_the_order_of_rows_nor_that_of_columns_nor_units_matter(X, y):
    frame, target = columns(X), targets(y)
    alike = frame if target is None else frame.assign(target=target)
    kind = alike.groupby(list(alike.columns)).ngroup().to_numpy()  # rows that are alike may stand for each other
    wanted = standing(collection(frame, target, labels=y == "labels"), kind)
    rng = np.random.default_rng(2)
    for _ in range(3):
        order = rng.permutation(N)
        other = frame[list(frame.columns[rng.permutation(frame.shape[1])])]
        other = other.apply(lambda column: column if column.dtype.kind not in "if" else 1000.0 * column + 273.0)
        assert standing(collection(other, target, order, labels=y == "labels"), kind[order]) == wanted


def test_rows_that_differ_in_their_weight_alone_stand_by_it():
    tasks = Tasks(np.zeros((9, 1)), np.zeros(9), np.zeros(9, np.intp), np.zeros(1), sample_weight=np.arange(9.0)[::-1])
    assert_array_equal(tasks.by_target(np.arange(9)), np.arange(9)[::-1])


def test_a_column_and_its_negative_say_the_same():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    for sign in ([-1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]):
        assert_array_equal(ranks_of_rows(X * sign), ranks_of_rows(X))
    frame = pd.DataFrame(rng.normal(size=(N, 1)))  # the log-odds of two labels, which take each other's names
    label = targets("labels") % 2
    one, two = collection(frame, label, labels=True), collection(-frame, 1 - label, labels=True)
    assert standing(one, np.arange(N)) == standing(two, np.arange(N))


@pytest.mark.parametrize("frame", [columns("names"), pd.DataFrame({"same": np.zeros(N)})], ids=["names", "constant"])
def test_labels_are_all_among_the_shots_where_no_number_tells_rows_apart(frame):
    tasks = collection(frame, np.arange(N) // 2 % 2, labels=True)  # alternating in both tasks
    shots, query = tasks.shots_and_query(10)
    for code in (0, 1):
        for part in (shots, query):
            share = np.mean(part.y[part.rows_of(code)])
            assert 0.4 <= share <= 0.6


def test_labels_have_no_order_though_names_have():
    frame, y = columns("numbers"), targets("labels")
    same = [collection(frame, label[y], labels=True) for label in (np.arange(3), np.array([1, 2, 0]))]
    assert standing(same[0], np.arange(N)) == standing(same[1], np.arange(N))


def test_labels_of_the_same_mean_have_no_order_either():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(8, 2)), rng.permutation(np.repeat([0, 1], 4))  # of 70 ways to part ranks eight are even
        both = (Tasks(X, label, np.zeros(8, np.intp), np.zeros(1), classes=(np.arange(2),)) for label in (y, 1 - y))
        assert_array_equal(*(tasks.by_target(np.arange(8)) for tasks in both))


def test_sparse_rows_stand_as_dense_ones_do():
    rng = np.random.default_rng(0)
    X = rng.poisson(0.4, size=(60, 8)) * rng.choice([-1.0, 1.0], size=(60, 8))
    assert_array_equal(ranks_of_rows(sparse.csr_matrix(X)), ranks_of_rows(X))


@pytest.mark.parametrize("most", [4, 100])
def test_rows_that_are_alike_share_a_rank_and_others_do_not(most):
    for seed in range(30):
        X = np.random.default_rng(seed).integers(0, most, size=(60, 3)).astype(float)
        ranks = ranks_of_rows(X)
        alike = (X[:, None] == X[None]).all(axis=2)
        assert_array_equal(ranks[:, None] == ranks[None], alike)


def test_a_task_is_parted_as_if_no_other_were_there():
    tasks = collection(columns("both"), targets("labels"), labels=True)
    alone = tasks.take(np.array([1]))
    assert standing(alone, tasks.rows_of(1)) == standing(tasks, np.arange(N))[1:]


def test_rows_are_thinned_by_their_values():
    X = np.random.default_rng(0).normal(size=(50, 3))
    rng, wanted = np.random.default_rng(1), set(map(frozenset, X[spread_rows(X, 7)].tolist()))
    assert len(wanted) == 7
    for _ in range(3):
        other = X[rng.permutation(50)][:, rng.permutation(3)]
        assert set(map(frozenset, other[spread_rows(other, 7)].tolist())) == wanted
    assert_array_equal(spread_rows(X, 60), np.arange(50))


def test_some_tasks_are_of_all_sizes():
    counts = np.array([3, 50, 7, 1, 20, 9])
    codes = np.repeat(np.arange(6), counts)
    tasks = Tasks(np.zeros((len(codes), 1)), np.zeros(len(codes)), codes, np.arange(6))
    assert_array_equal(tasks.some(9), np.arange(6))
    assert_array_equal(tasks.some(3), [1, 2, 3])
    assert_array_equal(tasks.some(2, of=np.flatnonzero(counts > 5)), [1, 2])
    assert len(tasks.some(3, of=np.zeros(0, np.intp))) == 0


def unequal(X, y, seed):
    """Tasks of 0 to 30 rows in any order, some rows without target."""
    rng = np.random.default_rng(seed)
    codes = rng.choice([0, 1, 1, 1, 1, 3, 3, 4, 5], size=N)
    target, labels = targets(y, seed), None
    labelled = rng.random(N) < 0.9
    if y == "labels":
        labels = labels_of_tasks(target, codes, 7, labelled)
    weight = rng.integers(1, 4, size=N).astype(float)
    return Tasks(columns(X, seed), target, codes, np.arange(7), weight, labelled=labelled, classes=labels)


@pytest.mark.parametrize("y", ["numbers", "counts", "labels", "none"])
@pytest.mark.parametrize("X", ["numbers", "counts", "names", "both"])
def test_shots_of_all_tasks_are_those_of_each(X, y):
    for seed in range(5):
        tasks = unequal(X, y, seed)
        for n in (1, 3, 10):
            wanted = np.zeros(N, dtype=bool)
            for code in range(len(tasks)):
                own = tasks.rows_of(code)
                own = tasks.by_target(own[tasks.labelled[own]])
                wanted[evenly(own, min(n, len(own) // 2))] = True
            assert_array_equal(tasks.are_shots(n), wanted)


def test_shots_of_many_tasks_are_sorted_at_once(monkeypatch):
    calls = []
    monkeypatch.setattr(np, "lexsort", lambda keys, sort=np.lexsort: calls.append(len(keys[0])) or sort(keys))
    for n_tasks in (10, 1000):
        calls.clear()
        rows = np.random.default_rng(0).normal(size=(4 * n_tasks, 3))
        tasks = Tasks(rows, rows[:, 0], np.arange(4 * n_tasks) % n_tasks, np.arange(n_tasks))
        assert tasks.are_shots(2).sum() == 2 * n_tasks
        assert len(calls) < 10


@pytest.mark.parametrize("y", [np.zeros(0), np.zeros((0, 2)), np.zeros(0, object), None])
def test_no_rows_have_no_shots(y):
    tasks = Tasks(np.zeros((0, 2)), y, np.zeros(0, np.intp), np.arange(3))
    assert len(tasks.are_shots(3)) == 0 and len(tasks.by_target(tasks.rows_of(1))) == 0


def test_shots_of_labels_that_are_objects():
    frame, y = columns("numbers"), targets("labels")
    some = [collection(frame, label[y], labels=True) for label in (np.arange(3), np.array([*"abc"], dtype=object))]
    assert_array_equal(*(tasks.are_shots(10) for tasks in some))


def test_workers_get_rows_once():
    tasks = collection(columns("numbers"), targets("numbers"))
    before = len(pickle.dumps(tasks))
    tasks.are_shots(5)
    assert tasks.order is tasks.order and len(pickle.dumps(tasks)) == before
    assert_array_equal(pickle.loads(pickle.dumps(tasks)).are_shots(5), tasks.are_shots(5))


@pytest.mark.parametrize(("n_rows", "sizes"), [(20, [19] * 20), (21, [16, 17, 17, 17, 17]), (30, [24] * 5)])
def test_more_than_twenty_rows_are_left_out_by_fifths(n_rows, sizes):
    tasks = Tasks(np.arange(n_rows)[:, None] * 1.0, np.arange(n_rows) * 1.0, np.zeros(n_rows, np.intp), np.zeros(1))
    parts, rows, codes = tasks.without_each_part()
    assert_array_equal(np.sort(rows), np.arange(n_rows))
    assert sorted(parts.counts) == sizes
    for row, code in zip(rows, codes, strict=True):
        assert row not in parts.X[parts.rows_of(code)]
