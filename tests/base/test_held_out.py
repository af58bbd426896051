"""Tasks held out: folds, losses, and which of several choices is taken."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta.base import AdaptedEstimators, Prior
from skmeta.base._held_out import (
    chance_of_being_best,
    folds_of,
    gains,
    halves_of,
    held_out_losses,
    mean_of_tasks,
    simplest,
)
from skmeta.fallback._link import link_of
from skmeta.tasks import Tasks

pytestmark = pytest.mark.quick


def tasks_of(counts, y=None, classes=None):
    codes = np.repeat(np.arange(len(counts)), counts)
    y = np.zeros(len(codes)) if y is None else y
    return Tasks(np.zeros((len(codes), 1)), y, codes, np.arange(len(counts)), classes=classes)


class Says(AdaptedEstimators):
    """Predicts what it is told, whatever the rows are."""

    classes = np.array(["a", "b", "c"])

    def __init__(self, answer, tasks):
        self.answer, self.tasks, self.prior = np.asarray(answer), tasks, Prior(n_rows=3)

    def estimator(self, code):
        return LogisticRegression()

    def predict(self, X, codes):
        return self.answer

    predict_proba = predict


@pytest.mark.parametrize("counts", [[0, 5, 0, 3, 4], [0, 0, 5, 3], [2, 0, 0, 0, 0, 0, 3, 4, 5]])
def test_every_fold_has_rows_to_fit_and_rows_to_predict(counts):
    tasks = tasks_of(counts)
    for folds in (folds_of(tasks, 5), halves_of(tasks)):
        assert_array_equal(np.sort(np.concatenate([judge for _, judge in folds])), np.arange(len(counts)))
        assert all(tasks.counts[part].sum() for pair in folds for part in pair)


def test_each_task_judges_once_and_folds_have_alike_sizes():
    tasks = tasks_of([9, 1, 5, 7, 3, 2, 8, 6, 4, 10])
    folds = folds_of(tasks, 5)
    assert_array_equal(np.sort(np.concatenate([judge for _, judge in folds])), np.arange(10))
    for teach, judge in folds:
        assert_array_equal(np.sort(np.r_[teach, judge]), np.arange(10))
        assert len(judge) == 2 and 7 <= tasks.counts[judge].sum() <= 15
    assert [len(teach) for teach, _ in folds_of(tasks_of([3]), 5)] == [0]
    (one, other), back = halves_of(tasks)
    assert_array_equal(back[0], other)
    assert abs(int(tasks.counts[one].sum()) - int(tasks.counts[other].sum())) <= 5


def test_of_few_tasks_all_others_teach_each():
    assert [judge.tolist() for _, judge in halves_of(tasks_of([1, 2, 3]))] == [[0], [1], [2]]
    assert halves_of(tasks_of([3])) == []


def test_a_later_choice_has_to_gain_more_than_one_standard_error_over_the_one_that_stands():
    noise = np.array([1.0, -1.0, 1.0, -1.0])
    scores = {"none": 0.0 * noise, "little": 0.1 + noise, "much": 1.0 + noise, "as much": 1.0 + noise[::-1]}
    assert simplest(scores.items()) == "much"
    assert simplest(list(scores.items())[:2]) == "none"
    assert simplest([("only", np.full(4, -np.inf))]) == "only"
    assert gains(np.array([0.1])) and not gains(np.array([np.nan]))
    assert not gains(np.array([np.nan, 1.0, -0.5])) and gains(np.array([np.nan, 1.0, 0.5]))  # nan: not judged


def test_losses_of_labels_are_finite_and_those_of_probabilities_mixed_with_even_ones():
    shots, labels = tasks_of([4, 9]), (Says.classes,) * 2
    query = tasks_of([2, 1], y=np.array(["a", "b", "c"]), classes=labels)
    adapted = Says([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], shots)
    wanted = -np.log([(7.0 + 1 / 3) / 8.0, 1 / 24, (6.0 + 1 / 3) / 13.0])
    assert_allclose(held_out_losses(adapted, query), wanted)
    assert_allclose(held_out_losses(adapted, query, n_known=np.full(3, 7.0))[:2], wanted[:2])
    assert_allclose(link_of(LogisticRegression()).losses(adapted, query), wanted)


def test_losses_of_numbers_are_squares_summed_over_outputs_or_the_deviances_asked_for():
    y = np.array([[1.0, 2.0], [0.0, 0.0]])
    adapted, query = Says(np.ones((2, 2)), tasks_of([1, 1])), tasks_of([1, 1], y=y)
    assert_allclose(held_out_losses(adapted, query), [1.0, 2.0])
    assert_allclose(link_of(Ridge()).losses(adapted, query), [1.0, 2.0])
    assert_allclose(held_out_losses(adapted, query, lambda y, mean: np.abs(y - mean).max(axis=1)), [1.0, 1.0])


def test_means_are_those_of_each_task():
    assert_allclose(mean_of_tasks(np.array([1.0, 3.0, 5.0]), tasks_of([2, 0, 1])), [2.0, 0.0, 5.0])


def test_the_chance_of_being_best_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    scores = np.array([[0.0], [0.4], [2.0]]) + rng.normal(size=(3, 12))
    found = chance_of_being_best(scores)
    assert found[2] == 1.0
    for k in (0, 1):
        assert_allclose(found[k], stats.ttest_rel(scores[2], scores[k]).pvalue)
    with_gap = np.column_stack([scores, [np.nan, 1.0, 0.0]])
    assert_allclose(chance_of_being_best(with_gap), found)
    assert_allclose(chance_of_being_best(with_gap, np.r_[np.full(12, 7.0), 1.0]), found)
    assert_allclose(
        chance_of_being_best(np.column_stack([scores, scores[:, :1] - 9.0]), np.r_[np.ones(12), 0.0]), found
    )


def test_alone_is_the_best_where_one_task_judges_and_equals_are_equal():
    assert chance_of_being_best(np.array([[1.0, np.nan], [2.0, np.nan]])).tolist() == [0.0, 1.0]
    assert chance_of_being_best(np.full((2, 3), np.nan)).tolist() == [1.0, 0.0]
    assert chance_of_being_best(np.ones((2, 3))).tolist() == [1.0, 1.0]
    assert chance_of_being_best(np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])).tolist() == [0.0, 1.0]
