"""A task's own model beside what was learned: how much it is worth depends on how many rows a task has."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.tree import DecisionTreeRegressor

from skmeta import SharedModel, WarmStartRegressor
from skmeta.base._matching import one_task
from skmeta.compose import PriorWithOwnModel
from skmeta.compose._own_model import OwnModel
from skmeta.tasks import read_tasks

TREE = DecisionTreeRegressor(max_depth=2, random_state=0)


def thresholds(n_tasks, n_rows, seed):
    """Each task jumps at two places of its own, up or down: nothing is shared, and eighty rows tell where."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    x, place, height = rng.uniform(size=len(task)), rng.uniform(size=n_tasks), rng.normal(0.0, 3.0, n_tasks)
    return np.column_stack([x, task]), height[task] * (x > place[task]) + 0.5 * rng.normal(size=len(task))


@pytest.fixture(scope="module")
def prior():
    X, y = thresholds(20, 80, 0)
    return WarmStartRegressor(TREE, task=-1, learner=SharedModel(max_rounds=1)).fit(X, y).prior_


def test_a_model_that_is_best_with_many_rows_counts_less_with_few(prior):
    assert isinstance(prior, PriorWithOwnModel)
    weights = prior.weights_by_size(np.array([1, 10, 28, 80, 500]))
    assert_allclose(weights.sum(axis=1), 1.0)
    assert_array_equal(weights[0], weights[1])  # ten rows are few
    assert_allclose(weights[-2:], [prior.weights] * 2)
    assert np.all(np.diff(weights[1:4, -1]) > 0.0) and weights[-1, -1] > 0.5


@pytest.mark.parametrize("n_shots", [3, 60])
def test_it_is_asked_where_it_helps(prior, n_shots):
    X, y = thresholds(30, 90, 1)
    errors = []
    for task in range(30):
        rows = np.flatnonzero(X[:, -1] == task)
        shots, query = rows[:n_shots], rows[60:]
        models = (prior.adapt(TREE, X[shots, :-1], y[shots]), TREE.fit(X[shots, :-1], y[shots]))
        errors.append([np.mean((model.predict(X[query, :-1]) - y[query]) ** 2) for model in models])
    warm, own = np.mean(errors, axis=0)
    assert warm < own * (1.0 if n_shots == 3 else 1.02)


def test_weights_of_few_are_kept(prior):
    again = pickle.loads(pickle.dumps(prior))
    assert_array_equal(again.weights_of_few, prior.weights_of_few)
    assert not prior.weights_of_few.flags.writeable and not again.weights_of_few.flags.writeable


def test_what_is_said_of_a_task_and_what_is_done_with_it_are_one(prior):
    X, y = thresholds(6, 60, 2)
    tasks = read_tasks(X, y, task=-1)
    adapted = prior.adapt_tasks(TREE, tasks)
    asked = np.flatnonzero(adapted.responsibilities[:, 0] < 1.0)
    assert len(asked)
    assert_allclose(prior.responsibilities(TREE, tasks)[asked], adapted.responsibilities[asked])


class CatBoostError(Exception):
    """As CatBoost's: no ValueError."""


class Fails(RegressorMixin, BaseEstimator):
    """Cannot be fitted."""

    def __init__(self, error=None):
        self.error = error

    def fit(self, X, y):
        raise self.error("no")


def evidence_of(error):
    X = np.arange(8.0)[:, None]
    return OwnModel().log_evidence(Fails(error), one_task(Fails(error), X, X[:, 0], None))


@pytest.mark.parametrize("error", [ValueError, np.linalg.LinAlgError, CatBoostError])
def test_rows_that_an_estimator_refuses_are_no_evidence_for_it(error):
    assert_array_equal(evidence_of(error), -np.inf)


@pytest.mark.parametrize("error", [KeyError, RuntimeError, TypeError, MemoryError])
def test_what_is_no_refusal_of_rows_is_raised_as_it_is(error):
    with pytest.raises(error, match="no"):
        evidence_of(error)
