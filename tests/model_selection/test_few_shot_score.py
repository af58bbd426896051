"""few_shot_score and NWaySplit: what an episode is made of, for any collection, and what a model is given."""

import pickle
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy import sparse
from scipy.stats import binom
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skmeta import NWaySplit, WarmStartClassifier, few_shot_score
from skmeta.model_selection import EpisodeScores, OwnModel
from skmeta.model_selection._episodes import EpisodeSizes, draw_episodes

pytestmark = pytest.mark.quick


class NearestMean(ClassifierMixin, BaseEstimator):
    """Fast, so that hundreds of episodes are."""

    def fit(self, X, y):
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.means_ = (np.eye(len(self.classes_))[codes] @ np.diag(1 / np.bincount(codes))).T @ X
        return self

    def predict(self, X):
        return self.classes_[np.argmin((self.means_**2).sum(axis=1) - 2 * (X @ self.means_.T), axis=1)]


NEAREST = NearestMean()


def make_classes(counts, seed=0, spread=0.1):
    """Rows of classes far apart; ``counts[task]`` are the rows of each of its classes; labels differ between tasks."""
    rng = np.random.default_rng(seed)
    pairs = [(task, f"{task}/{k}") for task, sizes in enumerate(counts) for k, n in enumerate(sizes) for _ in range(n)]
    order = rng.permutation(len(pairs))
    task, y = (np.array(each)[order] for each in zip(*pairs, strict=True))
    centers = {label: rng.normal(size=3) for label in sorted(set(y))}
    X = np.array([centers[label] for label in y]) + spread * rng.normal(size=(len(y), 3))
    return np.column_stack([X, task]), y


def drawn(X, y, n_way=2, n_shots=1, n_queries=1, task=-1, within_task=True, n_episodes=30, seed=0):
    sizes = EpisodeSizes(n_way, n_shots, n_queries)
    return draw_episodes(X, y, task, sizes, n_episodes=n_episodes, within_task=within_task, random_state=seed).drawn


class Recorder(ClassifierMixin, BaseEstimator):
    """Predicts its first label and keeps what every clone of it was given."""

    given = []  # noqa: RUF012 - shared by all clones, which is the point

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.given.append((X, list(y)))
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], X.shape[0])


@pytest.fixture
def recorder():
    Recorder.given.clear()
    return Recorder()


@st.composite
def episodes(draw):
    """(counts, n_way, n_shots, n_queries) for which episodes exist."""
    n_way, n_shots, n_queries = (draw(st.integers(low, 4)) for low in (2, 1, 1))
    sizes = st.integers(n_shots + n_queries, n_shots + n_queries + 3)
    return (
        draw(st.lists(st.lists(sizes, min_size=n_way, max_size=6), min_size=1, max_size=4)),
        n_way,
        n_shots,
        n_queries,
    )


@settings(max_examples=50, deadline=None)
@given(case=episodes(), within_task=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_an_episode_has_rows_of_so_many_classes_none_twice(case, within_task, seed):
    counts, n_way, n_shots, n_queries = case
    X, y = make_classes(counts)
    for episode in drawn(X, y, n_way, n_shots, n_queries, within_task=within_task, n_episodes=5, seed=seed):
        rows = np.r_[episode.shots, episode.queries]
        assert len(set(rows)) == len(rows) == n_way * (n_shots + n_queries)
        assert set(Counter(y[episode.shots]).values()) == {n_shots}
        assert Counter(y[episode.queries]) == dict.fromkeys(y[episode.shots], n_queries)
        assert len(set(y[rows])) == n_way
        if within_task:
            assert set(X[rows, -1]) == {episode.task}


@settings(max_examples=30, deadline=None)
@given(case=episodes(), seed=st.integers(0, 2**32 - 1))
def test_with_one_seed_more_shots_are_the_same_and_some_more_beside_the_same_queries(case, seed):
    counts, n_way, n_shots, n_queries = case
    X, y = make_classes(counts)
    more = drawn(X, y, n_way, n_shots, n_queries, seed=seed)
    for fewer in range(1, n_shots):
        for few, many in zip(drawn(X, y, n_way, fewer, n_queries, seed=seed), more, strict=True):
            assert set(few.shots) <= set(many.shots)
            np.testing.assert_array_equal(few.queries, many.queries)


def test_tasks_are_as_likely_whatever_their_size_and_so_are_classes_and_rows():
    X, y = make_classes([[4, 4, 4], [9, 9, 9, 9]])
    found = drawn(X, y, n_episodes=6000)
    tasks = np.bincount([each.task for each in found]) / len(found)
    np.testing.assert_allclose(tasks, 1 / 2, atol=0.02)
    shots = np.bincount(np.concatenate([each.shots for each in found]), minlength=len(y)) / len(found)
    np.testing.assert_allclose(shots[X[:, -1] == 0], 1 / 2 * 2 / 3 / 4, atol=0.015)
    np.testing.assert_allclose(shots[X[:, -1] == 1], 1 / 2 * 2 / 4 / 9, atol=0.015)


def test_a_label_is_a_class_of_its_task_or_one_of_all_tasks():
    X, y = make_classes([[3, 3], [3, 3]])
    same = np.array([label[-1] for label in y])
    assert all(len({X[row, -1] for row in each.shots}) == 1 for each in drawn(X, same))
    assert any(len({X[row, -1] for row in each.shots}) > 1 for each in drawn(X, same, within_task=False))
    assert all(len(set(same[each.shots])) == 2 for each in drawn(X, same, within_task=False))


def test_classes_far_apart_are_told_apart_and_labels_without_meaning_are_guessed():
    X, y = make_classes([[9] * 6, [9] * 7], spread=0.001)
    assert few_shot_score(NEAREST, X, y, task=-1, n_episodes=20, random_state=0).mean == 1.0
    shuffled = np.random.default_rng(0).permutation(y)
    found = few_shot_score(NEAREST, X, shuffled, n_way=4, n_queries=2, n_episodes=500, random_state=0)
    assert found.interval[0] < 1 / 4 < found.interval[1]


def test_the_interval_holds_the_mean_of_many_more_episodes():
    X, y = make_classes([[20] * 6] * 3, spread=0.7)
    truth = few_shot_score(NEAREST, X, y, task=-1, n_episodes=4000, random_state=99).mean
    intervals = [few_shot_score(NEAREST, X, y, task=-1, n_episodes=60, random_state=k).interval for k in range(40)]
    held = sum(low <= truth <= high for low, high in intervals)
    assert binom.cdf(held, 40, 0.95) > 1e-3


def test_the_model_is_given_the_shots_alone_without_ids(recorder):
    X, y = make_classes([[6] * 3, [6] * 4])
    few_shot_score(recorder, X, y, task=-1, n_way=3, n_shots=2, n_queries=4, n_episodes=7, random_state=0)
    assert len(recorder.given) == 7
    for table, labels in recorder.given:
        assert table.shape == (6, 3)
        assert set(Counter(labels).values()) == {2}
    assert not hasattr(recorder, "classes_")


@pytest.mark.parametrize("kind", ["frame", "sparse"])
def test_a_table_is_scored_alike_whatever_holds_it(kind):
    X, y = make_classes([[7] * 5] * 2, spread=0.6)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "store"])
    other, task = (frame, "store") if kind == "frame" else (sparse.csr_array(X), -1)
    expected = few_shot_score(NEAREST, X, y, task=-1, n_episodes=20, random_state=3).scores
    np.testing.assert_array_equal(
        few_shot_score(NEAREST, other, y, task=task, n_episodes=20, random_state=3).scores, expected
    )


def test_scores_do_not_depend_on_processes_and_progress_is_told():
    X, y = make_classes([[7] * 5] * 2, spread=0.6)
    told = []
    alone = few_shot_score(
        NEAREST, X, y, task=-1, n_episodes=50, random_state=1, progress=lambda *each: told.append(each)
    )
    with parallel_config(backend="threading"):  # processes take seconds to start
        both = few_shot_score(NEAREST, X, y, task=-1, n_episodes=50, random_state=1, n_jobs=2)
    np.testing.assert_array_equal(alone.scores, both.scores)
    assert told[-1] == (50, 50) and [done for done, _ in told] == sorted({done for done, _ in told})


def test_relabelling_classes_and_renaming_tasks_changes_nothing():
    X, y = make_classes([[7] * 5] * 2, spread=0.6)
    other = X.copy()
    other[:, -1] += 10
    found = [few_shot_score(NEAREST, *each, task=-1, random_state=0).scores for each in ((X, y), (other, "z" + y))]
    np.testing.assert_array_equal(*found)


def test_a_frozen_step_keeps_what_it_learned_elsewhere():
    X, y = make_classes([[7] * 5] * 2, spread=0.6)
    pca = PCA(2).fit(np.random.default_rng(0).normal(size=(50, 3)))
    model = make_pipeline(FrozenEstimator(pca), NEAREST)
    projected = np.column_stack([pca.transform(X[:, :-1]), X[:, -1]])
    np.testing.assert_array_equal(
        few_shot_score(model, X, y, task=-1, random_state=0).scores,
        few_shot_score(NEAREST, projected, y, task=-1, random_state=0).scores,
    )


# Models that have learned ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def binary():
    """Ten tasks of two classes each, told apart by the same direction."""
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(10), 40)
    X = rng.normal(size=(400, 4))
    return np.column_stack([X, task]), (X[:, 0] + 0.5 * rng.normal(size=400) > 0).astype(int)


@pytest.fixture(scope="module")
def learned(binary):
    X, y = binary
    past = X[:, -1] < 7
    return WarmStartClassifier(LogisticRegression(), task=-1).fit(X[past], y[past])


def new_tasks(binary):
    X, y = binary
    new = X[:, -1] >= 7
    return X[new], y[new]


SIZES = {"task": -1, "n_way": 2, "n_episodes": 25, "random_state": 0}


def test_a_model_that_learned_is_adapted_in_each_episode(binary, learned):
    X, y = new_tasks(binary)
    found = few_shot_score(learned, X, y, **SIZES)
    expected = [
        np.mean(learned.adapt(X[e.shots, :-1], y[e.shots]).predict(X[e.queries, :-1]) == y[e.queries])
        for e in drawn(X, y, n_queries=5, n_episodes=25)
    ]
    np.testing.assert_allclose(found.scores, expected)
    assert found.mean > few_shot_score(LogisticRegression(), X, y, **SIZES).mean


def test_a_prior_that_is_given_is_adapted_whether_the_model_is_fitted_or_not(binary, learned):
    X, y = new_tasks(binary)
    unfitted = WarmStartClassifier(LogisticRegression(), prior=learned.prior_)
    fitted = clone(unfitted).fit(X[:20, :-1], y[:20])
    expected = few_shot_score(learned, X, y, **SIZES).scores
    for model in (unfitted, fitted):
        np.testing.assert_array_equal(few_shot_score(model, X, y, **SIZES).scores, expected)


def test_a_warm_start_model_without_prior_is_its_estimator(binary):
    X, y = new_tasks(binary)
    plain, shell = (few_shot_score(m, X, y, **SIZES) for m in (NEAREST, WarmStartClassifier(NEAREST)))
    np.testing.assert_array_equal(plain.scores, shell.scores)


def test_the_column_a_model_learned_by_is_no_feature_of_an_episode(binary):
    X, y = binary
    frame = pd.DataFrame(X, columns=[*"abcd", "store"])
    model = WarmStartClassifier(LogisticRegression(), task="store").fit(frame[X[:, -1] < 7], y[X[:, -1] < 7])
    new = frame[X[:, -1] >= 7].assign(shelf=99)
    asked = {"n_way": 2, "n_episodes": 5, "random_state": 0}
    expected = few_shot_score(model, new.drop(columns=["store", "shelf"]), y[X[:, -1] >= 7], **asked)
    found = few_shot_score(model, new, y[X[:, -1] >= 7], task="shelf", **asked)
    np.testing.assert_array_equal(found.scores, expected.scores)


def test_scoring_changes_no_model(binary, learned):
    before = pickle.dumps(learned)
    few_shot_score(learned, *new_tasks(binary), **SIZES)
    assert pickle.dumps(learned) == before


def test_it_warns_of_classes_that_were_learned_from(binary, learned):
    with pytest.warns(UserWarning, match=r"model: wanted one that has not seen .* task 0\.0 with the label\(s\) 0, 1"):
        few_shot_score(learned, *binary, **SIZES)


def test_new_classes_of_tasks_learned_from_are_not_warned_of():
    X, y = make_classes([[8] * 6] * 3)
    past = np.array([label[-1] in "012" for label in y])
    model = WarmStartClassifier(KNeighborsClassifier(1), task=-1).fit(X[past], y[past])
    asked = {"task": -1, "n_way": 3, "n_episodes": 10, "random_state": 0}
    assert few_shot_score(model, X[~past], y[~past], **asked).mean > 0.9
    with pytest.warns(UserWarning, match=r"task 0\.0 with the label\(s\) '0/0', '0/1', '0/2': the score is too good"):
        few_shot_score(model, X[past], y[past], **asked)


def test_classes_that_other_tasks_alone_showed_are_not_warned_of():
    """Labels are those of all tasks, and the model of each knows them all; half of a task's classes were kept from it."""
    labels, task = np.repeat(np.tile([*"abcd"], 6), 8), np.repeat(np.arange(6), 32)
    X = np.column_stack([np.random.default_rng(0).normal(size=(192, 3)), task])
    kept = (task > 0) | np.isin(labels, ["a", "b"])
    model = WarmStartClassifier(LogisticRegression(), task=-1).fit(X[kept], labels[kept])
    assert_labels(model, X[kept], labels[kept])
    asked = {"task": -1, "n_way": 2, "n_episodes": 3, "random_state": 0}
    few_shot_score(model, X[~kept], labels[~kept], **asked)
    with pytest.warns(UserWarning, match=r"task 0\.0 with the label\(s\) 'a', 'b': the score"):
        few_shot_score(model, X[task == 0], labels[task == 0], **asked)


def assert_labels(model, X, labels):
    for name in np.unique(X[:, -1]):
        assert list(model.estimators_[name].classes_) == list(model.classes_)
        assert list(model.estimators_.labels_of(name)) == list(np.unique(labels[X[:, -1] == name]))


@pytest.mark.parametrize("n_rows", [8, 12])
def test_more_shots_are_the_same_and_some_more_where_no_class_is_left_out(n_rows):
    """The last class has fewer rows than the others."""
    X, y = make_classes([[12] * 3 + [n_rows]] * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class is left out
        one, five = (drawn(X, y, n_way=3, n_shots=n, n_queries=4) for n in (1, 5))
    same = [set(a.shots) < set(b.shots) and set(a.queries) == set(b.queries) for a, b in zip(one, five, strict=True)]
    assert all(same) == (n_rows == 12)


# Splits -----------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(case=episodes(), seed=st.integers(0, 2**32 - 1))
def test_train_is_all_other_tasks_and_the_shots_and_test_is_the_queries(case, seed):
    counts, n_way, n_shots, n_queries = case
    X, y = make_classes([*counts, [n_shots + n_queries] * n_way])
    cv = NWaySplit(-1, n_way=n_way, n_shots=n_shots, n_queries=n_queries, n_episodes=3, random_state=seed)
    found = drawn(X, y, n_way, n_shots, n_queries, n_episodes=3, seed=seed)
    assert cv.get_n_splits() == 3
    for (train, test), episode in zip(cv.split(X, y), found, strict=True):
        assert set(test) == set(episode.queries)
        assert set(train) == set(np.flatnonzero(X[:, -1] != episode.task)) | set(episode.shots)
        assert len(set(train)) == len(train)


def test_scikit_learn_takes_the_splitter(binary):
    X, y = binary
    cv = NWaySplit(-1, n_way=2, n_shots=3, n_queries=10, n_episodes=6, random_state=0)
    scores = cross_val_score(WarmStartClassifier(LogisticRegression(), task=-1), X, y, cv=cv)
    assert scores.shape == (6,) and scores.mean() > 0.75
    with pytest.warns(UserWarning, match="groups parameter is ignored by NWaySplit"):
        list(cv.split(X, y, groups=X[:, -1]))


# The value --------------------------------------------------------------------------------------------


def test_the_value_is_the_field_s_mean_and_interval_and_nobody_changes_it():
    scores = np.random.default_rng(0).uniform(size=100)
    found = EpisodeScores(scores, 5, 1, 15)
    half = 1.96 * scores.std(ddof=1) / 10
    assert found.mean == pytest.approx(scores.mean())
    assert found.interval == pytest.approx((scores.mean() - half, scores.mean() + half))
    assert clone(found) is found
    with pytest.raises(ValueError, match="read-only"):
        pickle.loads(pickle.dumps(found)).scores[0] = 1
    scores[:] = 0
    assert found.mean > 0


# Bad input --------------------------------------------------------------------------------------------

BAD = [
    ({"n_way": 4}, ValueError, r"n_way: wanted 4 classes of task 1\.0 .*, found 3 \('1/0', '1/1', '1/2'\); pass a smaller"),
    ({"n_shots": 5}, ValueError, r"n_shots: wanted 5 \+ 2 rows .* in 3 classes of task 0\.0, found .* 0 of 4; 3 .* have 6"),
    ({"n_way": 1}, ValueError, "n_way == 1, must be >= 2"),
    ({"n_shots": 0}, ValueError, "n_shots == 0, must be >= 1"),
    ({"n_queries": 0}, ValueError, "n_queries == 0, must be >= 1"),
    ({"n_episodes": 1}, ValueError, "n_episodes == 1, must be >= 2"),
    ({"n_way": 2.0}, TypeError, "n_way must be an instance of int"),
    ({"task": "store"}, ValueError, "task: wanted the position of a column"),
    ({"task": None, "n_way": 8}, ValueError, r"n_way: wanted 8 classes for n_way=8, found 7"),
    ({"within_task": False, "n_way": 8}, ValueError, r"n_way: wanted 8 classes for n_way=8, found 7"),
    ({"y": None}, ValueError, "y: wanted the label of every row"),
    ({"y": np.zeros(3)}, ValueError, "y: wanted as many targets as rows"),
    ({"y": np.linspace(0.1, 1.3, 42)}, ValueError, "y: wanted class labels"),
    ({"y": np.repeat("a", 42)}, ValueError, r"n_way: wanted 3 classes of task 0\.0 for n_way=3, found 1 \('a'\)"),
    ({"model": Ridge()}, TypeError, "model: wanted a classifier.*, found Ridge"),
    ({"model": KNeighborsClassifier}, TypeError, "Expected an estimator instance"),
    ({"model": WarmStartClassifier(NEAREST, task=-1)}, ValueError, "found WarmStartClassifier with task=-1 and without prior_"),
    ({"model": OwnModel(NEAREST, task=-1)}, ValueError, "model: wanted one that has learned a prior, found OwnModel"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "error", "message"), BAD)
def test_bad_input_is_named_with_what_there_is(changed, error, message):
    X, y = make_classes([[6] * 4, [6] * 3])
    asked = {"model": NEAREST, "X": X, "y": y, "task": -1, "n_way": 3, "n_queries": 2, "n_episodes": 5} | changed
    with pytest.raises(error, match=message):
        few_shot_score(asked.pop("model"), asked.pop("X"), asked.pop("y"), **asked)


def test_classes_with_too_few_rows_are_left_out_and_named():
    X, y = make_classes([[6, 6, 2], [6, 6]])
    with pytest.warns(UserWarning, match=r"wanted 6 rows of every class .* fewer of 1 .*, \(0\.0, '0/2'\); no episode"):
        few_shot_score(NEAREST, X, y, task=-1, n_way=2, n_episodes=5)


def test_rows_without_a_label_are_in_no_episode():
    X, y = make_classes([[6] * 3, [6] * 3])
    missing = y.astype(object)
    missing[::4] = None
    for episode in drawn(X, missing, n_episodes=20):
        assert all(label is not None for label in missing[np.r_[episode.shots, episode.queries]])


def test_a_split_needs_other_tasks_and_labels():
    X, y = make_classes([[6] * 3])
    with pytest.raises(ValueError, match="task: wanted at least two tasks, as the others train, found 1"):
        list(NWaySplit(-1, n_way=2).split(X, y))
    with pytest.raises(ValueError, match="y: wanted the label of every row"):
        list(NWaySplit(-1, n_way=2).split(X))
