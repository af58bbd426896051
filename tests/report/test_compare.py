"""The errors of strategies: the same as of models fitted by hand, on the same rows."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from shops import make_collection
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import Lasso, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from skmeta import SharedModel, WarmStartClassifier, report
from skmeta.model_selection import NShotSplit, OwnModel, _make_baselines
from skmeta.report import _compare, _scores, _warm
from skmeta.report._verdict import judge


def test_a_fold_tests_the_same_rows_at_all_numbers_of_shots():
    table = make_collection()
    folds = _compare.draw_splits(table, (0, 2, 5))
    tasks = table.X[:, 2]
    assert len(folds) == 5
    for zero, two, five in folds:
        assert set(zero[0]) < set(two[0]) < set(five[0])
        for n, (train, test) in zip((0, 2, 5), (zero, two, five), strict=True):
            np.testing.assert_array_equal(test, zero[1])
            assert not set(train) & set(test)
            for held in np.unique(tasks[test]):
                assert np.count_nonzero(tasks[train] == held) == n


def test_errors_are_those_of_models_fitted_by_hand(few_fits):
    """Own, pooled and warm, refitted here from public parts: features by the rows of other tasks, errors by task."""
    table = make_collection()
    curve = report.compare(table, Ridge())
    splits = zip(
        NShotSplit(2, 0, 2, random_state=0).split(table.X),
        NShotSplit(2, 4, 2, random_state=0).split(table.X),
        strict=True,
    )
    expected = {"own": [], "pooled": [], "warm": []}
    for (others, _), (train, test) in splits:
        scaler = StandardScaler().fit(table.X[others, :2])
        past = np.c_[scaler.transform(table.X[others, :2]), table.X[others, 2]]
        learned = _warm.warm_class(Ridge())(Ridge(), task=-1).fit(past, table.y[others])
        tasks = table.X[:, 2]
        pooled = Ridge().fit(scaler.transform(table.X[train, :2]), table.y[train])
        for held in np.unique(tasks[test]):
            shots, rows = train[tasks[train] == held], test[tasks[test] == held]
            assert not set(shots) & set(others)
            own = Ridge().fit(scaler.transform(table.X[shots, :2]), table.y[shots])
            warm = learned.adapt(scaler.transform(table.X[shots, :2]), table.y[shots])
            for name, model in (("own", own), ("pooled", pooled), ("warm", warm)):
                left = model.predict(scaler.transform(table.X[rows, :2])) - table.y[rows]
                expected[name].append(np.sqrt(np.mean(left**2)))
    for name, errors in expected.items():
        np.testing.assert_allclose(-curve[name][1], errors, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_unit_of_the_target_is_all_the_same_to_a_lasso(few_fits):
    table = make_collection()
    curve = report.compare(table, Lasso())
    scaled = report.compare(replace(table, y=1000 * table.y + 50), Lasso())
    np.testing.assert_allclose(scaled.scores, 1000 * curve.scores, rtol=1e-3)


def test_each_strategy_is_shown_at_its_best_strength(few_fits, monkeypatch):
    table = make_collection()
    single = []
    for strength in (0.01, 10.0):
        monkeypatch.setattr(_make_baselines, "STRENGTHS", (strength,))
        single.append(report.compare(table, Ridge()))
    monkeypatch.setattr(_make_baselines, "STRENGTHS", (0.01, 10.0))
    both = report.compare(table, Ridge())
    for name in ("own", "pooled", "residual"):
        means = [curve[name].mean(axis=-1) for curve in single]
        np.testing.assert_allclose(both[name].mean(axis=-1), np.max(means, axis=0))
    np.testing.assert_array_equal(both["warm"], single[0]["warm"])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_are_those_of_scikit_learn_and_know_unseen_classes(n_classes):
    table = make_collection(classes=n_classes)
    X, y, classes = table.X[:, :2], table.y, np.arange(n_classes)
    model = LogisticRegression().fit(X, y)
    proba = _scores.answers_of(model, X, "neg_log_loss", classes)
    losses = _scores.row_losses(proba, y, "neg_log_loss", classes)
    errors = _scores.task_errors(losses, table.X[:, 2], "neg_log_loss")
    expected = [log_loss(y[rows], model.predict_proba(X[rows]), labels=classes)
                for rows in (table.X[:, 2] == k for k in range(9))]  # fmt: skip
    np.testing.assert_allclose(errors, expected)
    about = proba[:, 1] if n_classes == 2 else proba
    auc = roc_auc_score(y, about, multi_class="ovr")
    scores = [auc, brier_score_loss(y, about), average_precision_score(y, about)]
    np.testing.assert_allclose(_scores.scores_beside(proba, y, classes), scores)
    without = (
        LogisticRegression().fit(X[y != 0], y[y != 0])
        if n_classes == 3
        else DummyClassifier().fit(X[y == 1], y[y == 1])
    )
    unseen = _scores.answers_of(without, X, "neg_log_loss", classes)
    np.testing.assert_array_equal(unseen[:, 0], 0.0)
    assert np.isfinite(_scores.row_losses(unseen, y, "neg_log_loss", classes)).all()


def test_scores_of_rows_of_one_class_are_not_defined():
    proba = np.array([[0.3, 0.7], [0.2, 0.8]])
    auc, brier, precision = _scores.scores_beside(proba, np.array([1, 1]), np.arange(2))
    assert np.isnan(auc) and np.isnan(precision)
    np.testing.assert_allclose(brier, (0.3**2 + 0.2**2) / 2)


def test_classifiers_have_other_scores_beside_their_log_loss(few_fits):
    table = make_collection(classes=2)
    curve = report.compare(table, LogisticRegression())
    assert curve.beside.shape == (5, 2, 3)
    warm = report.learn_from_all(table, LogisticRegression())
    text = report.as_text(table, LogisticRegression(), curve, judge(curve), warm)
    line = next(line for line in text.splitlines() if line.startswith("with ") and "ROC AUC" in line)
    assert line.split()[-6:] == ["ROC", "AUC", "Brier", "score", "average", "precision"]
    answer = json.loads(report.as_json(table, LogisticRegression(), curve, judge(curve), warm))
    np.testing.assert_allclose(answer["beside"]["warm"]["ROC AUC"], curve.beside[-1, :, 0])
    assert not report.compare(make_collection(), Ridge()).beside.size


def test_a_classifier_without_probabilities_is_judged_by_its_labels(few_fits, monkeypatch):
    learner = SharedModel(None, max_rounds=1, cv=2)
    monkeypatch.setattr(_warm, "warm_class", lambda model: partial(WarmStartClassifier, learner=learner))
    table = make_collection(classes=2)
    curve = report.compare(table, RidgeClassifier())
    assert curve.scoring == "neg_zero_one_loss"
    by_rows = np.round(-curve["pooled"] * 4)  # each task's last four rows are tested
    np.testing.assert_allclose(-curve["pooled"], by_rows / 4)
    assert 0 < -curve["pooled"].mean() < 0.3


def test_a_class_that_no_other_task_has_is_learned_with_the_rows_given_back(few_fits):
    table = make_collection(12, classes=2)
    rare = np.isin(table.X[:, 2], [0, 1])
    splits = [(np.flatnonzero(~rare), np.flatnonzero(rare)[4::8])]
    splits.append((np.sort(np.r_[splits[0][0], np.flatnonzero(rare)[:4]]), splits[0][1]))
    y = np.where(rare, 2, table.y)
    warm = _warm.warm_class(LogisticRegression())(LogisticRegression(), task=-1)
    nothing, known = _compare.score_warm(replace(table, y=y), warm, splits).errors[0]
    assert (nothing > 30.0).all()  # minus the logarithm of a rounding error
    assert (known < 3.0).all()


def test_counts_leave_no_residuals_to_fit(few_fits):
    table = make_collection()
    counts = replace(table, y=np.random.default_rng(0).poisson(2.0, len(table.y)).astype(float))
    curve = report.compare(counts, PoissonRegressor())
    assert curve.names == ("own", "pooled", "boosted", "warm")
    warm = report.learn_from_all(counts, PoissonRegressor())
    text = report.as_text(counts, PoissonRegressor(), curve, judge(curve), warm)
    assert "No pooled + own residual: PoissonRegressor cannot be fitted to residuals, which have a sign." in text
    assert "No pooled" not in report._text._header(table, Ridge(), report.compare(table, Ridge()))


@pytest.mark.parametrize(
    ("rows", "shots"),
    [
        ([30] * 9, (0, 1, 2, 5, 10, 20)),
        ([10] * 9, (0, 1, 2, 5)),
        ([30] * 4 + [3] * 5, (0, 1, 2)),
        ([2] * 3, (0, 1)),
    ],
)
def test_shots_leave_rows_to_test_in_half_of_the_tasks(rows, shots):
    assert _compare.choose_shots(np.array(rows), "site") == shots


def test_of_very_many_tasks_some_are_drawn(monkeypatch):
    monkeypatch.setattr(_compare, "MAX_TASKS", 4)
    table = make_collection()
    drawn = _compare.draw_tasks(table)
    assert len(np.unique(drawn.X[:, 2])) == 4
    assert len(drawn.y) == len(drawn.X) == 4 * 8


def test_a_model_that_does_not_take_so_few_rows_has_the_error_with_fewer():
    table, splits = make_collection(), _compare.draw_splits(make_collection(), (0, 4))[0]
    own = OwnModel(KNeighborsRegressor(5), task=-1)  # of four rows
    without, few = _compare.score_rivals(table, [own], splits).errors[0]
    np.testing.assert_array_equal(without, few)
