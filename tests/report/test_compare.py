"""The errors of strategies: the same as of models fitted by hand, on the same rows."""

from dataclasses import replace

import numpy as np
import pytest
from shops import make_collection
from sklearn.linear_model import Lasso, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier, report
from skmeta.model_selection import NShotSplit, OwnModel
from skmeta.report import _compare
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
        learned = _compare.warm_class(Ridge())(Ridge(), task=-1).fit(past, table.y[others])
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
        monkeypatch.setattr(_compare, "STRENGTHS", (strength,))
        single.append(report.compare(table, Ridge()))
    monkeypatch.setattr(_compare, "STRENGTHS", (0.01, 10.0))
    both = report.compare(table, Ridge())
    for name in ("own", "pooled", "residual"):
        means = [curve[name].mean(axis=-1) for curve in single]
        np.testing.assert_allclose(both[name].mean(axis=-1), np.max(means, axis=0))
    np.testing.assert_array_equal(both["warm"], single[0]["warm"])


def test_log_loss_is_that_of_scikit_learn_and_knows_unseen_classes():
    table = make_collection(classes=3)
    X, y = table.X[:, :2], table.y
    model = LogisticRegression().fit(X, y)
    losses = _compare.row_losses(model, X, y, "neg_log_loss")
    errors = _compare.task_errors(losses, table.X[:, 2], "neg_log_loss")
    expected = [log_loss(y[rows], model.predict_proba(X[rows]), labels=[0, 1, 2])
                for rows in (table.X[:, 2] == k for k in range(9))]  # fmt: skip
    np.testing.assert_allclose(errors, expected)
    without = LogisticRegression().fit(X[y < 2], y[y < 2])
    chance = _compare.chance_given(without, X, y)
    np.testing.assert_array_equal(chance[y == 2], np.finfo(float).eps)
    np.testing.assert_allclose(chance[y == 1], without.predict_proba(X[y == 1])[:, 1])


def test_a_classifier_without_probabilities_is_judged_by_its_labels(few_fits, monkeypatch):
    monkeypatch.setattr(_compare, "warm_class", lambda model: WarmStartClassifier)
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
    warm = _compare.warm_class(LogisticRegression())(LogisticRegression(), task=-1)
    nothing, known = _compare.score_warm(replace(table, y=y), warm, splits)[0]
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
    without, few = _compare.score_rivals(table, [own], splits)[0]
    np.testing.assert_array_equal(without, few)
