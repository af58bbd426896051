"""NShotSplit: what trains and what tests, for any collection; and that scikit-learn takes it."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score, cross_validate

from skmeta.model_selection import NShotSplit

pytestmark = pytest.mark.quick


def make_table(counts, seed=0):
    """Two features and the task column last, rows of all tasks mixed."""
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    return np.column_stack([rng.normal(size=(len(ids), 2)), ids])


def splits_of(cv, X):
    return list(cv.split(X))


def assert_same_splits(some, others):
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


def held_out(ids, test):
    return set(ids[test])


@st.composite
def collections(draw):
    """(counts, n_splits, n_shots) for which a split exists."""
    counts = draw(st.lists(st.integers(1, 12), min_size=2, max_size=15))
    n_splits = draw(st.integers(2, len(counts)))
    largest = sorted(counts)[-n_splits] - 1
    return counts, n_splits, draw(st.integers(0, largest))


with_and_without_order = pytest.mark.parametrize("order", [None, 0])


@with_and_without_order
@settings(max_examples=60, deadline=None)
@given(case=collections(), seed=st.integers(0, 2**32 - 1))
def test_train_is_all_other_tasks_and_the_shots_and_test_is_the_rest(order, case, seed):
    counts, n_splits, n_shots = case
    X = make_table(counts, seed)
    ids = X[:, -1]
    tested = []
    splits = splits_of(NShotSplit(-1, n_shots, n_splits, order=order, random_state=seed), X)
    assert len(splits) == n_splits
    for train, test in splits:
        np.testing.assert_array_equal(np.sort(np.r_[train, test]), np.arange(len(X)))
        assert len(test) > 0
        for task in held_out(ids, test):
            assert np.count_nonzero(ids[train] == task) == n_shots
        tested += held_out(ids, test)
    assert sorted(tested) == [task for task, count in enumerate(counts) if count > n_shots]


@with_and_without_order
@settings(max_examples=30, deadline=None)
@given(case=collections(), seed=st.integers(0, 2**32 - 1))
def test_with_one_seed_fewer_shots_are_among_the_more(order, case, seed):
    counts, n_splits, n_shots = case
    X = make_table(counts, seed)
    many = splits_of(NShotSplit(-1, n_shots, n_splits, order=order, random_state=seed), X)
    for fewer in range(n_shots):
        few = splits_of(NShotSplit(-1, fewer, n_splits, order=order, random_state=seed), X)
        for (train_few, test_few), (train_many, test_many) in zip(few, many, strict=True):
            assert set(train_few) <= set(train_many)
            assert set(test_many) <= set(test_few)
            assert held_out(X[:, -1], test_many) <= held_out(X[:, -1], test_few)


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(1, 30), min_size=4, max_size=15), seed=st.integers(0, 999))
def test_folds_have_as_many_tasks_and_large_and_small_ones_alike(counts, seed):
    X = make_table(counts)
    folds = [held_out(X[:, -1], test) for _, test in NShotSplit(-1, 0, 4, random_state=seed).split(X)]
    assert max(map(len, folds)) - min(map(len, folds)) <= 1
    # Between the largest fold and the smallest there is never more than one task, the largest.
    rows = [sum(counts[int(task)] for task in fold) for fold in folds]
    assert max(rows) - min(rows) <= max(counts)


def test_the_largest_number_of_shots_that_the_error_names_is_legal():
    X = make_table([3, 9, 9, 4, 2])
    with pytest.raises(
        ValueError, match=r"n_shots: wanted .* 3 tasks, .*n_shots=4 .* 2 of 5; .*n_splits=3.* can be 3 at most"
    ):
        splits_of(NShotSplit(-1, 4, 3), X)
    assert all(len(test) for _, test in NShotSplit(-1, 3, 3).split(X))


def test_every_row_is_as_likely_a_shot_and_every_two_tasks_as_likely_together():
    X = make_table([5] * 6)
    shots, together, n_draws = np.zeros(30), np.zeros((6, 6)), 1000
    rng = np.random.RandomState(0)
    for _ in range(n_draws):
        for train, test in NShotSplit(-1, 2, 3, random_state=rng).split(X):
            fold = np.unique(X[test, -1]).astype(int)
            together[np.ix_(fold, fold)] += 1
            shots[train[np.isin(X[train, -1], fold)]] += 1
    np.testing.assert_allclose(shots / n_draws, 2 / 5, atol=0.05)
    np.testing.assert_allclose((together / n_draws)[~np.eye(6, dtype=bool)], 1 / 5, atol=0.05)


# Random state, as in ShuffleSplit -----------------------------------------------------------------


def test_an_int_gives_the_same_splits_at_every_call():
    X = make_table([6] * 8)
    cv = NShotSplit(-1, 2, 4, random_state=3)
    assert_same_splits(splits_of(cv, X), splits_of(cv, X))
    assert_same_splits(splits_of(cv, X), splits_of(NShotSplit(-1, 2, 4, random_state=3), X))


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)], ids=["None", "instance"])
def test_none_and_an_instance_give_other_splits_at_the_next_call(random_state):
    X = make_table([6] * 8)
    cv = NShotSplit(-1, 2, 4, random_state=random_state)
    one, other = splits_of(cv, X), splits_of(cv, X)
    assert any(not np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))


def test_the_order_of_rows_and_the_names_of_tasks_do_not_move_tasks_between_folds():
    X = make_table([4, 7, 5, 9, 3, 6])
    shuffled = np.random.default_rng(1).permutation(X)
    named = pd.DataFrame(X[:, :2]).assign(task=[f"shop {int(t)}" for t in X[:, 2]])
    cv = NShotSplit(-1, 1, 3, random_state=0)
    folds = [held_out(X[:, -1], test) for _, test in cv.split(X)]
    assert folds == [held_out(shuffled[:, -1], test) for _, test in cv.split(shuffled)]
    assert_same_splits(splits_of(cv, X), splits_of(cv, named))


# Order ----------------------------------------------------------------------------------------------


DAYS = pd.to_datetime("2024-03-01") + pd.to_timedelta([4, 2, 9, 1, 1, 3, 8, 0, 5, 7], unit="D")
DATED = pd.DataFrame({"x": range(10), "day": DAYS, "shop": list("aabbbaabab")})
FIRST_TWO = {"a": {1, 5}, "b": {3, 7}}  # rows 3 and 4 of b tie on day 1, so 3 is first


def shots_by_shop(X, order):
    shop = DATED["shop"].to_numpy()
    shots = {}
    for train, test in NShotSplit("shop", 2, 2, order=order).split(X):
        (held,) = held_out(shop, test)
        shots[held] = set(train[shop[train] == held])
    return shots


@pytest.mark.parametrize(
    "X",
    [
        DATED,
        DATED.set_index(np.arange(10)[::-1]),
        DATED.assign(day=DATED["day"].dt.strftime("%Y-%m-%d")),
        DATED.assign(day=DATED["day"].dt.day, shop=DATED["shop"].astype("category")),
        pl.from_pandas(DATED),
    ],
    ids=["dates", "index", "iso strings", "numbers", "polars"],
)
def test_in_order_the_shots_are_the_first_rows_of_each_task(X):
    assert shots_by_shop(X, "day") == FIRST_TWO


def test_shots_are_no_later_than_any_test_row():
    X = make_table([8, 9, 10, 11])
    for train, test in NShotSplit(-1, 3, 2, order=1).split(X):
        for task in held_out(X[:, -1], test):
            shots, rest = (X[rows[X[rows, -1] == task], 1] for rows in (train, test))
            assert len(shots) == 3
            assert shots.max() < rest.min()


def test_rows_that_tie_keep_their_order():
    X = make_table([5, 5])
    X[:, 0] = 1.0
    for train, test in NShotSplit(-1, 2, 2, order=0).split(X):
        (task,) = held_out(X[:, -1], test)
        np.testing.assert_array_equal(train[X[train, -1] == task], np.flatnonzero(X[:, -1] == task)[:2])


# In scikit-learn --------------------------------------------------------------------------------------


NUMBERS = make_table([7] * 6)
TARGET = NUMBERS @ [1.0, -2.0, 0.5]
FRAME = pd.DataFrame(NUMBERS, columns=["a", "b", "shop"])


@pytest.mark.parametrize(
    ("X", "task"),
    [
        (NUMBERS, 2),
        (NUMBERS, -1),
        (sparse.csr_array(NUMBERS), -1),
        (FRAME, "shop"),
        (pl.from_pandas(FRAME), "shop"),
    ],
    ids=["position", "from the end", "sparse", "pandas", "polars"],
)
def test_cross_validation_and_search_take_it_with_any_table(X, task):
    cv = NShotSplit(task, 2, 3, random_state=0)
    expected = [
        Ridge().fit(NUMBERS[train], TARGET[train]).score(NUMBERS[test], TARGET[test])
        for train, test in NShotSplit(-1, 2, 3, random_state=0).split(NUMBERS)
    ]
    np.testing.assert_allclose(cross_val_score(Ridge(), X, TARGET, cv=cv), expected)
    np.testing.assert_allclose(cross_validate(Ridge(), X, TARGET, cv=cv)["test_score"], expected)
    search = GridSearchCV(Ridge(), {"alpha": [1.0, 1e6]}, cv=cv).fit(X, TARGET)
    assert search.best_params_ == {"alpha": 1.0}
    assert search.n_splits_ == cv.get_n_splits() == cv.get_n_splits(X, TARGET) == 3
    np.testing.assert_allclose(search.cv_results_["mean_test_score"][0], np.mean(expected))


def test_cross_val_predict_refuses_it_as_the_shots_are_never_tested():
    with pytest.raises(ValueError, match="only works for partitions"):
        cross_val_predict(Ridge(), NUMBERS, TARGET, cv=NShotSplit(-1, 2, 3))


def test_it_is_shown_cloned_and_pickled_as_splitters_are():
    cv = NShotSplit("shop", 5, order="day", random_state=0)
    written = "NShotSplit(hold_out=None, n_shots=5, n_splits=5, order='day', random_state=0, task='shop')"
    assert " ".join(repr(cv).split()) == written
    for other in (clone(cv, safe=False), pickle.loads(pickle.dumps(cv))):
        assert repr(other) == repr(cv)


def test_groups_are_ignored_with_a_warning():
    cv = NShotSplit(-1, 2, 3, random_state=0)
    with pytest.warns(UserWarning, match="groups parameter is ignored by NShotSplit"):
        splits = list(cv.split(NUMBERS, TARGET, groups=np.zeros(len(NUMBERS))))
    assert_same_splits(splits, splits_of(cv, NUMBERS))


# Bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "words"),
    [
        ({"n_shots": -1}, ValueError, "n_shots == -1, must be >= 0"),
        ({"n_shots": 2.5}, TypeError, "n_shots must be an instance of int"),
        ({"n_shots": 2, "n_splits": 1}, ValueError, "n_splits == 1, must be >= 2"),
        ({"n_shots": 2, "n_splits": None}, TypeError, "n_splits must be an instance of int"),
    ],
)
def test_wrong_numbers_are_refused_at_once(parameters, error, words):
    with pytest.raises(error, match=words):
        NShotSplit("shop", **parameters)


@pytest.mark.parametrize(
    ("cv", "words"),
    [
        (NShotSplit("shpo", 1, 2), "found task='shpo'.*Did you mean 'shop'"),
        (
            NShotSplit("shop", 1, 2, order="dya"),
            "order: wanted .*found order='dya'. Did you mean 'day'",
        ),
        (
            NShotSplit("shop", 1, 2, order="gap"),
            "order: wanted .*order='gap', found . missing, in row.*drop these rows or fill them",
        ),
        (NShotSplit("gap", 1, 2), "missing"),
        (NShotSplit("shop", 1, 3), "n_splits: wanted at least 3 tasks .*, found 2"),
        (NShotSplit("shop", 5, 2), "n_shots: wanted .* found n_shots=5 to leave some in 0 of 2"),
        (NShotSplit("shop", 1, 2, random_state="seed"), "seed"),
    ],
)
def test_a_table_that_cannot_be_split_is_refused(cv, words):
    with pytest.raises(ValueError, match=words):
        splits_of(cv, DATED.assign(gap=[None, *range(9)]))


# Nested tasks -------------------------------------------------------------------------------------------


@st.composite
def nested_collections(draw):
    """(rows of each store by region, n_splits, n_shots) for which whole regions can be held out."""
    regions = draw(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=4), min_size=2, max_size=6))
    n_splits = draw(st.integers(2, len(regions)))
    return regions, n_splits, draw(st.integers(0, sorted(max(each) for each in regions)[-n_splits] - 1))


def nested_table(regions, seed):
    pairs = [(r, s) for r, stores in enumerate(regions) for s, rows in enumerate(stores) for _ in range(rows)]
    return pd.DataFrame(np.random.default_rng(seed).permutation(pairs), columns=["region", "store"]).assign(x=0.0)


@settings(max_examples=60, deadline=None)
@given(case=nested_collections(), seed=st.integers(0, 99))
def test_whole_regions_are_held_out_but_for_the_shots_of_each_store(case, seed):
    regions, n_splits, n_shots = case
    X = nested_table(regions, seed)
    cv = NShotSplit(["region", "store"], n_shots, n_splits, hold_out="region", random_state=seed)
    tested = []
    for train, test in cv.split(X):
        np.testing.assert_array_equal(np.sort(np.r_[train, test]), np.arange(len(X)))
        out = set(X["region"].iloc[test])
        assert out
        rows = X.iloc[train].groupby(["region", "store"]).size()
        for region in out:
            for store, n_rows in enumerate(regions[region]):
                assert rows.get((region, store), 0) == min(n_shots, n_rows)
        tested += out
    assert sorted(tested) == [region for region, stores in enumerate(regions) if max(stores) > n_shots]


@settings(max_examples=30, deadline=None)
@given(case=nested_collections(), seed=st.integers(0, 99))
def test_stores_are_held_out_as_ids_of_one_joined_column(case, seed):
    X = nested_table(case[0], seed)
    X["id"] = [f"{region}/{store}" for region, store in zip(X["region"], X["store"], strict=True)]
    if X["id"].nunique() < 2:
        return
    joined, nested, innermost = (
        splits_of(NShotSplit(task, 0, 2, hold_out=level, random_state=seed), X)
        for task, level in (("id", None), (["region", "store"], None), ([0, 1], "store"))
    )
    assert_same_splits(joined, nested)
    assert_same_splits(joined, innermost)


def test_hold_out_is_a_level_of_the_tasks():
    X = nested_table([[4, 4], [4], [4]], 0).assign(country=[0, 1] * 8)
    cv = NShotSplit(["region", "store"], 1, 2)
    for wrong, words in (
        (
            "country",
            r"hold_out: wanted one of the columns of task=\['region', 'store'\], found 'country'; name the level",
        ),
        ("regon", "hold_out: wanted the name of a column of X, found hold_out='regon'"),
    ):
        with pytest.raises(ValueError, match=words):
            splits_of(cv.__class__(cv.task, 1, 2, hold_out=wrong), X)
    with pytest.raises(ValueError, match=r"wanted at least 4 values of hold_out='region' for n_splits=4, found 3"):
        splits_of(NShotSplit(["region", "store"], 1, 4, hold_out="region"), X)
    assert_same_splits(*(splits_of(NShotSplit(["region", "store"], 1, 2, hold_out=level, random_state=0), X)
                         for level in ("region", 0)))  # fmt: skip
