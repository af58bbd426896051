"""Corrections are judged by tasks that did not teach them: also where tasks are few, and where few tasks have a label."""

from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from variations import varied

from skmeta import SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._held_out import SHOTS, gains, halves_of, mean_of_tasks
from skmeta.fallback._columns import Candidate
from skmeta.fallback._correction import HeldOut, _learn, best_correction
from skmeta.fallback._link import link_of
from skmeta.fallback._out_of_fold import _in_all_classes
from skmeta.tasks import read_tasks


def tasks_of(n_tasks, labels, seed=0, rare=None):
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), 20)
    f = rng.normal(size=len(task))
    y = f + rng.normal(size=n_tasks)[task] + 0.3 * rng.normal(size=len(task))
    y = (y > 0).astype(int) if labels else y
    if rare is not None:
        y[rare] = 2
    return read_tasks(np.column_stack([f, task]), y, task=-1, labels=labels), f[:, None]


@pytest.mark.parametrize("n_tasks", [2, 3])
def test_each_of_few_tasks_is_judged_by_what_the_others_teach(n_tasks):
    tasks, outputs = tasks_of(n_tasks, labels=False)
    link, candidate = link_of(DecisionTreeRegressor()), Candidate(None)
    found = best_correction(tasks, outputs, {"output": candidate}, HeldOut.of(tasks), link, None)
    rows = tasks.with_rows(outputs, tasks.y)
    for task in range(n_tasks):
        prior = _learn(candidate, link, None, rows.take(np.delete(np.arange(n_tasks), task)))
        shots, query = rows.take(np.array([task])).shots_and_query(SHOTS)
        expected = mean_of_tasks(link.losses(prior.adapt_tasks(link.linear_model, shots), query), query)
        assert_allclose(-found.score[task], np.sqrt(expected[0]))
    assert found.name == "output"


def test_a_label_of_one_task_does_not_end_the_judging():
    link, rare = link_of(DecisionTreeClassifier()), 3
    (tasks, f), (some, _) = tasks_of(8, labels=True), tasks_of(8, labels=True, rare=rare)
    scores = [
        HeldOut.of(each).judge(each.with_rows(f, each.y), partial(_learn, Candidate(None), link, None), link)
        for each in (tasks, some)
    ]
    own_half = next(judge for _, judge in halves_of(tasks) if 0 in judge)  # what the other half teaches is as it was
    assert_allclose(scores[0][np.setdiff1d(own_half, [0])], scores[1][np.setdiff1d(own_half, [0])])
    assert np.isfinite(scores[1]).all()


@varied("n_tasks", [2, 3])
def test_tasks_of_one_class_each_can_be_learned_from(n_tasks):
    X = np.column_stack([np.linspace(-1.0, 1.0, 10 * n_tasks), np.repeat(np.arange(n_tasks), 10)])
    y = X[:, 1].astype(int) % 2
    tree = DecisionTreeClassifier(max_depth=1)
    model = WarmStartClassifier(tree, task=-1, learner=SharedModel(max_rounds=1)).fit(X, y)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_two_tasks_of_numbers_can_be_learned_from():
    X = np.column_stack([np.linspace(-1.0, 1.0, 12), np.repeat([0, 1], 6)])
    model = WarmStartRegressor(DecisionTreeRegressor(max_depth=1), task=-1).fit(X, X[:, 0])
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.statistics
def test_nothing_is_corrected_unless_held_out_tasks_gain():
    rng = np.random.default_rng(0)
    taken = []
    for _ in range(20):
        task, f = np.repeat(np.arange(12), 15), rng.normal(size=180)
        tasks = read_tasks(np.column_stack([f, task]), f + 0.3 * rng.normal(size=180), task=-1)
        found = best_correction(
            tasks, f[:, None], {"output": Candidate(None)}, HeldOut.of(tasks), link_of(DecisionTreeRegressor()), None
        )
        taken.append(found.name != "nothing")
    assert np.mean(taken) < 0.5


def test_halves_without_a_common_label_judge_nothing():
    tasks, f = tasks_of(4, labels=True)
    y = tasks.y + 2 * np.isin(tasks.codes, halves_of(tasks)[0][0])
    other = read_tasks(np.column_stack([f, tasks.codes]), y, task=-1, labels=True)
    rows, learn = other.with_rows(f, other.y), partial(_learn, Candidate(None), link_of(DecisionTreeClassifier()), None)
    assert np.isnan(HeldOut.of(other).judge(rows, learn, link_of(DecisionTreeClassifier()))).all()
    assert not gains(np.full(4, np.nan))


def test_a_class_of_weightless_rows_is_none():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=120), np.repeat(np.arange(6), 20)])
    y = (X[:, 0] > 0).astype(int)
    y[::10] = 2
    model = WarmStartClassifier(DecisionTreeClassifier(max_depth=2), task=-1, learner=SharedModel(max_rounds=1))
    model.fit(X, y, sample_weight=(y < 2).astype(float))
    assert set(model.predict(X)) == {0, 1}


@pytest.mark.parametrize("level", [-5.0, 0.0, 5.0])  # all scores positive, or all negative, too
@pytest.mark.parametrize("own", [[0, 2], [0, 1]])
def test_a_label_that_a_fold_lacks_is_never_the_likeliest_whatever_other_rows_are(own, level):
    score = level + np.linspace(-1.0, 1.0, 7)
    found = _in_all_classes(score, np.array(own), np.arange(3), scores=True)
    assert_array_equal(found.argmax(axis=1), np.array(own)[(score > 0.0).astype(int)])
    some = _in_all_classes(score[2:4], np.array(own), np.arange(3), scores=True)
    assert_array_equal(some, found[2:4])
    assert_array_equal(found[:, np.setdiff1d(np.arange(3), own)[0]], -np.abs(score))
