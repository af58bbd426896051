"""shot_curve is the loop one would write by hand, on the same test rows at every point of every curve."""

import pickle
import sys
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.metrics import log_loss, make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, cross_val_score
from variations import varied

from skmeta.model_selection import NShotSplit, OwnModel, PooledModel, ResidualModel, ShotCurve, shot_curve

COUNTS = [4, 9, 12, 12, 7, 10, 15]  # the first task is too short to be tested after 5 shots
RNG = np.random.default_rng(0)
IDS = RNG.permutation(np.repeat(np.arange(7), COUNTS))
X = np.column_stack([RNG.normal(size=(len(IDS), 2)), IDS])
Y = X[:, 0] + X[:, 1] * np.cos(IDS) + IDS + 0.1 * RNG.normal(size=len(IDS))
LABELS = np.where(np.median(Y) < Y, "high", "low")
SHOTS = (0, 2, 5)


class Recorder(RegressorMixin, BaseEstimator):
    """Predicts zero and writes down, by row number, what it was fitted to and asked."""

    def __init__(self, log=None):
        self.log = log

    def __sklearn_clone__(self):
        return self

    def fit(self, X, y):
        self.log.append((frozenset(X[:, 0].astype(int)), frozenset()))
        return self

    def predict(self, X):
        self.log[-1] = (self.log[-1][0], frozenset(X[:, 0].astype(int)))
        return np.zeros(len(X))


def recorded(**parameters):
    """Train and test rows of all fits, as an array [shots][fold] of (train, test)."""
    log = []
    table = np.column_stack([np.arange(len(X)), X])
    shot_curve({"it": Recorder(log)}, table, Y, task=-1, n_shots=SHOTS, n_splits=3, **parameters)
    return [log[3 * i : 3 * i + 3] for i in range(len(SHOTS))]


@pytest.mark.parametrize("order", [None, 1])
def test_the_protocol(order):
    by_shots = recorded(order=order, random_state=0)
    for fold in range(3):
        trains, tests = zip(*(splits[fold] for splits in by_shots), strict=True)
        assert tests[0] == tests[1] == tests[2]
        assert trains[0] < trains[1] < trains[2]
        held = {int(IDS[row]) for row in tests[0]}
        for n_shots, train in zip(SHOTS, trains, strict=True):
            assert not train & tests[0]
            for task in range(7):
                known = [row for row in train if IDS[row] == task]
                rest = [row for row in tests[0] if IDS[row] == task]
                if task in held:
                    assert len(known) == n_shots
                    assert len(rest) == COUNTS[task] - max(SHOTS)
                    if order is not None:
                        assert max(X[known, 0], default=-np.inf) < min(X[rest, 0])
                elif task > 0:
                    assert len(known) == COUNTS[task]
    tested = set.union(*({int(IDS[row]) for row in test} for _, test in by_shots[0]))
    assert tested == {1, 2, 3, 4, 5, 6}


def test_folds_and_shots_are_those_of_the_splitter():
    by_shots = recorded(random_state=7)
    for n_shots, splits in zip(SHOTS, by_shots, strict=True):
        cv = NShotSplit(-1, n_shots, 3, random_state=7)
        for (train, test), (its_train, its_test) in zip(splits, cv.split(X), strict=True):
            assert train == set(its_train)
            assert test == set(its_test) if n_shots == max(SHOTS) else test < set(its_test)


def test_at_the_most_shots_the_scores_are_those_of_cross_validation():
    models = {"own": OwnModel(Ridge(), task=-1), "pooled": PooledModel(Ridge(), task=-1)}
    curve = shot_curve(models, X, Y, task=-1, n_shots=SHOTS, n_splits=3, random_state=0)
    assert curve.scores.shape == (2, 3, 3)
    cv = NShotSplit(-1, 5, 3, random_state=0)
    for name, model in models.items():
        expected = cross_val_score(model, X, Y, cv=cv, scoring="neg_root_mean_squared_error")
        assert_allclose(curve[name][-1], expected)
    assert curve.n_tasks == 6


def test_a_model_that_learns_nothing_is_flat():
    model = DummyRegressor(strategy="constant", constant=2.0)
    curve = shot_curve({"constant": model}, X, Y, task=-1, n_shots=SHOTS, n_splits=3, random_state=0)
    assert (curve.scores == curve.scores[:, :1]).all()


def test_exact_shots_are_all_that_own_needs_on_noiseless_lines():
    slope = np.arange(1.0, 9)
    ids = np.repeat(np.arange(8), 6)
    x = np.random.default_rng(0).normal(size=48)
    models = {
        "own": OwnModel(LinearRegression(), task=-1),
        "residual": ResidualModel(LinearRegression(), task=-1),
    }
    curve = shot_curve(models, np.c_[x, ids], slope[ids] * x, task=-1, n_shots=(0, 1, 2, 3), n_splits=4)
    assert_allclose(curve.mean[:, 2:], 0, atol=1e-9)
    assert (curve.mean[:, :2] < -0.1).all()


def test_any_estimator_is_a_model_and_frames_are_tables():
    frame = pd.DataFrame(X, columns=["a", "b", "shop"]).assign(shop=[f"s{t}" for t in IDS], day=np.arange(len(X))[::-1])
    search = GridSearchCV(PooledModel(Ridge(), task="shop"), {"estimator__alpha": [1.0, 10.0]}, cv=2)
    curve = shot_curve(
        {"search": search}, frame, Y, task="shop", n_shots=(0, 3), n_splits=3, order="day", random_state=0
    )
    assert curve.scores.shape == (1, 2, 3)
    assert np.isfinite(curve.scores).all()


def test_one_seed_pairs_models_and_two_processes_give_the_same_bits():
    own, pooled = OwnModel(Ridge(), task=-1), PooledModel(Ridge(), task=-1)
    parameters = {"task": -1, "n_shots": SHOTS, "n_splits": 3}
    both = shot_curve({"own": own, "pooled": pooled}, X, Y, random_state=1, n_jobs=2, **parameters)
    alone = shot_curve({"pooled": pooled}, X, Y, random_state=1, **parameters)
    assert_array_equal(both["pooled"], alone["pooled"])
    other = shot_curve({"pooled": pooled}, X, Y, random_state=2, **parameters)
    assert not np.allclose(alone.scores, other.scores)
    twins = shot_curve({"one": pooled, "two": pooled}, X, Y, **parameters)  # no seed, and still paired
    assert_array_equal(twins["one"], twins["two"])


# Scoring ------------------------------------------------------------------------------------------------


def test_classifiers_are_scored_by_log_loss_with_labels_that_a_fold_may_lack():
    labels = np.where(IDS == 6, "rare", LABELS)  # one task alone has this class, so two folds in three lack it
    labels[np.flatnonzero(IDS == 5)[0]] = "rare"
    model = DummyClassifier(strategy="prior")
    curve = shot_curve({"it": model}, X, labels, task=-1, n_shots=(0, 2), n_splits=3, random_state=0)
    assert curve.scoring == "neg_log_loss"
    cv = NShotSplit(-1, 2, 3, random_state=0)
    for (train, test), score in zip(cv.split(X), curve["it"][1], strict=True):
        proba = model.fit(X[train], labels[train]).predict_proba(X[test])
        assert_allclose(score, -log_loss(labels[test], proba, labels=model.classes_))


@pytest.mark.parametrize("model", [LogisticRegression(), DummyClassifier(strategy="prior")], ids=["fits", "dummy"])
def test_a_class_that_training_rows_lack_had_no_chance(model):
    labels = np.where(IDS == 5, "rare", LABELS)  # one task alone has this class: the others cannot teach it
    curve = shot_curve({"it": model}, X, labels, task=-1, n_shots=(0, 2), n_splits=3, random_state=0)
    assert np.isfinite(curve.scores).all()
    cv = NShotSplit(-1, 2, 3, random_state=0)
    held = next(fold for fold, (_, test) in enumerate(cv.split(X)) if 5 in IDS[test])
    assert curve["it"][0, held] < curve["it"][1, held] - 1  # each such row costs as much as a certain mistake
    train, test = list(NShotSplit(-1, 0, 3, random_state=0).split(X))[held]
    assert "rare" not in labels[train]
    fitted = clone(model).fit(X[train], labels[train])
    padded = np.column_stack([fitted.predict_proba(X), np.zeros(len(X))])  # "rare" is the last label
    rows = [row for row in test if row in next(t for k, (_, t) in enumerate(cv.split(X)) if k == held)]
    assert_allclose(curve["it"][0, held], -log_loss(labels[rows], padded[rows], labels=[*fitted.classes_, "rare"]))


def test_a_score_that_is_not_defined_is_told():
    def odd(model, X, y):
        return np.nan if 5 in X[:, -1] else 0.0

    with pytest.raises(ValueError, match=r"scoring: wanted .* found NaN by 'odd' for model 'it' at n_shots=0 in fold"):
        shot_curve({"it": Ridge()}, X, Y, task=-1, n_shots=(0, 2), n_splits=3, scoring=odd, random_state=0)


def test_binary_log_loss():
    model = LogisticRegression()
    curve = shot_curve({"it": model}, X, LABELS, task=-1, n_shots=(5,), n_splits=3, random_state=0)
    cv = NShotSplit(-1, 5, 3, random_state=0)
    assert_allclose(curve["it"][0], cross_val_score(model, X, LABELS, cv=cv, scoring="neg_log_loss"))


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        ("neg_mean_absolute_error", "neg_mean_absolute_error"),
        (lambda model, X, y: -mean_absolute_error(y, model.predict(X)), "<lambda>"),
        (make_scorer(mean_absolute_error, greater_is_better=False), "score"),
    ],
)
def test_scoring_is_as_in_cross_validation(scoring, name):
    curve = shot_curve({"it": Ridge()}, X, Y, task=-1, n_shots=(5,), n_splits=3, scoring=scoring, random_state=0)
    cv = NShotSplit(-1, 5, 3, random_state=0)
    assert_allclose(curve["it"][0], cross_val_score(Ridge(), X, Y, cv=cv, scoring="neg_mean_absolute_error"))
    assert curve.scoring == name


# The result ---------------------------------------------------------------------------------------------


def make_curve(**changes):
    scores = np.array([[[-4.0, -2.0], [-1.0, -1.0]], [[-2.0, -2.0], [-2.0, -2.5]]])
    fields = {"scores": scores, "names": ("own", "pooled"), "n_shots": (0, 5), "n_tasks": 9}
    return ShotCurve(**{**fields, "scoring": "neg_root_mean_squared_error", **changes})


def test_means_deviations_and_the_best():
    curve = make_curve()
    assert_array_equal(curve.mean, [[-3, -1], [-2, -2.25]])
    assert_array_equal(curve.std, [[1, 0], [0, 0.25]])
    assert curve.best == {0: "pooled", 5: "own"}
    assert_array_equal(curve["pooled"], [[-2, -2], [-2, -2.5]])
    with pytest.raises(KeyError, match=r"name: wanted a model of this curve, .* found 'warm'"):
        curve["warm"]


def test_errors_are_shown_as_errors_and_scores_as_scores():
    lines = str(make_curve()).splitlines()
    assert [line.split() for line in lines] == [
        ["root_mean_squared_error", "0", "5"],
        ["own", "3", "1"],
        ["pooled", "2", "2.25"],
    ]
    assert len(set(map(len, lines))) == 1
    assert str(make_curve(scoring="r2")).splitlines()[1].split() == ["own", "-3", "-1"]
    assert len(repr(make_curve()).splitlines()) == 1


def test_a_frame_has_one_row_a_score():
    frame = make_curve().to_frame()
    assert list(frame.columns) == ["model", "n_shots", "split", "score"]
    assert len(frame) == 8
    assert_array_equal(frame.query("model == 'own' and n_shots == 0").sort_values("split")["score"], [-4.0, -2.0])
    assert frame.groupby(["model", "n_shots"])["score"].mean()["pooled", 5] == -2.25


def test_a_frame_without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'skmeta\[frames\]'"):
        make_curve().to_frame()


def test_it_is_frozen_and_so_is_its_copy():
    scores = np.zeros((2, 2, 3))
    curve = make_curve(scores=scores)
    scores[:] = 1.0
    for one in (curve, pickle.loads(pickle.dumps(curve))):
        assert (one.scores == 0).all()
        with pytest.raises(ValueError, match="read-only"):
            one.scores[:] = 1.0
        with pytest.raises(FrozenInstanceError):
            one.names = ()


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 2, 4), (2, 2), (2, 2, 1, 1)])
def test_scores_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"scores: wanted shape \(2, 2, n_splits\)"):
        make_curve(scores=np.zeros(shape))


# Bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"models": [Ridge()]}, TypeError, "models: wanted a dict of name to estimator, found list"),
        ({"models": {}}, ValueError, "models: wanted at least one"),
        ({"models": {3: Ridge()}}, ValueError, r"models: wanted at least one .* found \[3\]"),
        (
            {"models": {"a": Ridge(), "b": LogisticRegression()}},
            ValueError,
            r"models: wanted .* found classifiers \(b\).*pass scoring",
        ),
        (
            {"models": {"it": PooledModel(RidgeClassifier(), task=-1)}, "y": LABELS},
            ValueError,
            r"models: wanted predict_proba for .*neg_log_loss, found none in it; pass scoring, such as 'accuracy'",
        ),
        (
            {"models": {"it": LogisticRegression()}, "y": np.c_[LABELS, LABELS]},
            ValueError,
            r"y: wanted one column of labels for the default scoring, found shape \(69, 2\)",
        ),
        ({"n_shots": ()}, ValueError, r"n_shots: wanted numbers of rows, found \(\)"),
        ({"n_shots": 5}, ValueError, "n_shots: wanted numbers of rows, found 5"),
        ({"n_shots": (5, 0)}, ValueError, r"n_shots: wanted numbers that increase, found \(5, 0\)"),
        ({"n_shots": (0, 2, 2)}, ValueError, "n_shots: wanted numbers that increase"),
        ({"n_shots": (-1, 2)}, ValueError, "each of n_shots == -1, must be >= 0"),
        ({"n_shots": (0.5, 2)}, TypeError, "each of n_shots must be an instance of int"),
        ({"n_shots": (0, 10)}, ValueError, "n_shots=10 to leave some in 3 of 7; .* 9 at most"),
        ({"n_splits": 1}, ValueError, "n_splits == 1, must be >= 2"),
        ({"n_splits": 8}, ValueError, "n_splits: wanted at least 8 tasks .*, found 7"),
        ({"task": 7}, ValueError, "task=7"),
        ({"order": 7}, ValueError, "order: wanted .* found order=7"),
        ({"y": Y[1:]}, ValueError, "inconsistent numbers of samples"),
        ({"y": np.where(np.arange(len(Y)) == 3, np.nan, Y)}, ValueError, "NaN"),
    ],
)
def test_bad_input(changes, error, words):
    arguments = {"models": {"it": Ridge()}, "X": X, "y": Y, "task": -1, "n_shots": (0, 2), "n_splits": 4}
    with pytest.raises(error, match=words):
        shot_curve(**{**arguments, **changes})


@varied("n_jobs", [None, 2])
def test_no_row_of_a_new_task_is_the_question_and_no_warning(n_jobs):
    """Warnings are errors here; what users ask by themselves still warns."""
    rng = np.random.default_rng(0)
    task, x = np.repeat(np.arange(6.0), 5), rng.normal(size=(30, 2))
    models = {"own": OwnModel(Ridge(), task=-1), "pooled": PooledModel(Ridge(), task=-1)}
    curve = shot_curve(models, np.c_[x, task], x[:, 0], task=-1, n_shots=(0, 2), n_splits=2, n_jobs=n_jobs)
    assert np.isfinite(curve.scores).all()
    model = OwnModel(Ridge(), task=-1).fit(np.c_[x, task], x[:, 0])
    with pytest.warns(UserWarning, match="task: none of 1 id"):
        model.predict([[0.0, 0.0, 99.0]])


@pytest.mark.parametrize(("verbose", "shares"), [(0, []), (1, [33, 67, 100]), (2, [33, 67, 100])])
def test_lines_say_how_far_it_is_where_they_are_asked_for(verbose, shares, capsys):
    """Of a list of strengths each counts; the curve is the same."""
    rng = np.random.default_rng(0)
    table, y = np.c_[rng.normal(size=(30, 2)), np.repeat(np.arange(6.0), 5)], rng.normal(size=30)
    models = {"own": [OwnModel(Ridge(alpha), task=-1) for alpha in (0.1, 1.0)], "pooled": PooledModel(Ridge(), task=-1)}
    how = {"task": -1, "n_shots": (0, 2), "n_splits": 2, "random_state": 0}
    curve = shot_curve(models, table, y, **how, verbose=verbose)
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(" done,")[0] for line in lines] == [f"[shot_curve] score the models: {k}%" for k in shares]
    assert_array_equal(curve.scores, shot_curve(models, table, y, **how).scores)
