"""pseudo_label_tasks: what its tasks hold, that clusters are found, and that a learner takes them."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import KNeighborsClassifier

from skmeta import WarmStartClassifier, few_shot_score, pseudo_label_tasks

pytestmark = pytest.mark.quick


def groups(n_groups=8, n_rows=20, n_columns=12, seed=0, spread=0.05):
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.repeat(np.arange(n_groups), n_rows))
    return rng.normal(size=(n_groups, n_columns))[truth] + spread * rng.normal(size=(len(truth), n_columns)), truth


ASKED = {"n_tasks": 3, "n_clusters": 8, "n_components": 4, "random_state": 0}


def test_each_task_has_all_rows_in_order_and_labels_of_its_own():
    X, _ = groups()
    table, y = pseudo_label_tasks(X, **ASKED)
    assert table.shape == (3 * len(X), X.shape[1] + 1) and y.dtype.kind == "i"
    for k in range(3):
        own = table[:, -1] == k
        np.testing.assert_array_equal(table[own, :-1], X)
        assert set(y[own]) <= set(range(8 * k, 8 * k + 8))


def test_groups_far_apart_are_the_clusters_of_most_projections():
    X, truth = groups()
    _, y = pseudo_label_tasks(X, **ASKED | {"n_tasks": 6})
    agreement = [adjusted_rand_score(truth, y[k * len(X) : (k + 1) * len(X)]) for k in range(6)]
    _, shuffled = pseudo_label_tasks(np.random.default_rng(0).permuted(X, axis=0), **ASKED | {"n_tasks": 6})
    by_chance = [adjusted_rand_score(truth, shuffled[k * len(X) : (k + 1) * len(X)]) for k in range(6)]
    assert min(agreement) > max(by_chance)


def test_projections_differ_and_one_seed_makes_the_same_tasks():
    X, _ = groups(spread=1.0)
    (_, y), (_, again), (_, other) = (pseudo_label_tasks(X, **ASKED | {"random_state": seed}) for seed in (0, 0, 1))
    np.testing.assert_array_equal(y, again)
    assert adjusted_rand_score(y, other) < 1
    assert adjusted_rand_score(y[: len(X)], y[len(X) : 2 * len(X)]) < 1


def test_units_of_all_columns_and_their_origin_do_not_matter():
    X, _ = groups(spread=0.5)
    _, y = pseudo_label_tasks(X, **ASKED)
    for other in (1024 * X, X + np.arange(12.0)):
        assert adjusted_rand_score(y, pseudo_label_tasks(other, **ASKED)[1]) > 0.99


def test_frames_and_sparse_tables_keep_their_kind():
    X, _ = groups()
    expected = pseudo_label_tasks(X, **ASKED)
    frame, y = pseudo_label_tasks(pd.DataFrame(X).add_prefix("p"), task="view", **ASKED)
    assert list(frame.columns) == [f"p{k}" for k in range(12)] + ["view"]
    np.testing.assert_array_equal(frame.to_numpy(), expected[0])
    np.testing.assert_array_equal(y, expected[1])
    table, y = pseudo_label_tasks(sparse.csr_array(X), **ASKED)
    np.testing.assert_array_equal(table.toarray(), expected[0])
    np.testing.assert_array_equal(y, expected[1])


def test_fewer_columns_than_components_and_constant_ones_are_legal():
    X, _ = groups(n_columns=2)
    assert pseudo_label_tasks(np.c_[X, np.ones(len(X))], n_clusters=8, random_state=0)[1].max() < 48
    assert set(pseudo_label_tasks(np.r_[np.zeros((8, 1)), np.ones((8, 1))], n_clusters=2)[1]) <= set(range(12))


def test_a_learner_takes_the_tasks_and_new_classes_are_told_apart():
    X, truth = groups(n_groups=16)
    new = truth >= 10
    model = WarmStartClassifier(KNeighborsClassifier(1), task=-1).fit(*pseudo_label_tasks(X[~new], **ASKED))
    found, plain = (
        few_shot_score(m, X[new], truth[new], n_episodes=20, random_state=0) for m in (model, model.estimator)
    )
    assert found.mean >= plain.mean > 0.9


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_clusters": 81}, "n_clusters: wanted at least two rows for a cluster, found n_clusters=81 for 160 rows"),
        ({"n_clusters": 1}, "n_clusters == 1, must be >= 2"),
        ({"n_tasks": 1}, "n_tasks == 1, must be >= 2"),
        ({"n_components": 0}, "n_components == 0, must be >= 1"),
        ({"X": np.where(np.eye(160), np.nan, 0.0)}, "Input X contains NaN"),
        ({"X": np.full((160, 2), np.inf)}, "infinity"),
        ({"X": pd.DataFrame({"a": ["x"] * 160})}, r"X: wanted numbers, found column\(s\) 'a'"),
        ({"X": np.zeros((0, 2))}, "0 sample"),
    ],
)
def test_bad_input_is_named(changed, message):
    asked = {"X": groups()[0]} | ASKED | changed
    with pytest.raises(ValueError, match=message):
        pseudo_label_tasks(**asked)
