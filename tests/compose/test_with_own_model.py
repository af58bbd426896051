"""A task's own model beside what was learned: how much it is worth depends on how many rows a task has."""

import pickle
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
from clusters import COLUMNS
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.tree import DecisionTreeRegressor

from skmeta import SharedModel, WarmStartRegressor
from skmeta.base._matching import one_task
from skmeta.cluster import GaussianMixturePrior, KMeansPrior, OwnKMeans, OwnMixture
from skmeta.cluster._adapted_clusters import AdaptedClusters
from skmeta.cluster._gaussian_mixture import AdaptedMixtures
from skmeta.compose import OwnModelPrior, PriorWithOwnModel, with_own_model
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


@pytest.mark.parametrize("n_tasks", [3, 9])
def test_a_past_that_teaches_nothing_says_nothing_for_itself(prior, n_tasks):
    tasks = read_tasks(*thresholds(n_tasks, 6, 3), task=-1)
    none, half, sure = (with_own_model(prior.components[0], TREE, tasks, use=use)[0].weights for use in (0.0, 0.5, 1.0))
    assert_allclose(none, np.array([1.0, 3.0 + n_tasks]) / (4.0 + n_tasks))  # one and three are assumed
    assert none[1] > half[1] > sure[1]
    assert_array_equal(sure, with_own_model(prior.components[0], TREE, tasks)[0].weights)


def test_what_past_tasks_say_counts_by_how_like_them_a_task_is(prior):
    tasks = read_tasks(*thresholds(3, 100, 4), task=-1)
    found = prior.weights_of_tasks(SimpleNamespace(tasks=tasks, unlike_past=np.array([0.0, 0.5, 1.0])))
    assert_allclose(found[0], prior.weights)
    assert_allclose(found[1], (found[0] + found[2]) / 2.0)
    n_useless = (1.0 - prior.components[0].correction.use) * 12.0  # of the dozen that are looked at
    assert_allclose(found[2], np.array([1.0, 3.0 + n_useless]) / (4.0 + n_useless), atol=1e-6)


def test_weights_of_few_are_kept(prior):
    again = pickle.loads(pickle.dumps(prior))
    assert_array_equal(again.weights_at_few_rows, prior.weights_at_few_rows)
    assert not prior.weights_at_few_rows.flags.writeable and not again.weights_at_few_rows.flags.writeable


def test_what_is_said_of_a_task_and_what_is_done_with_it_are_one(prior):
    X, y = thresholds(6, 60, 2)
    tasks = read_tasks(X, y, task=-1)
    adapted = prior.adapt_tasks(TREE, tasks)
    asked = np.flatnonzero(adapted.responsibilities[:, 0] < 1.0)
    assert len(asked)
    assert_allclose(prior.responsibilities(TREE, tasks)[asked], adapted.responsibilities[asked])


def test_no_own_model_is_fitted_twice_to_the_same_rows(monkeypatch):
    fit, fitted = DecisionTreeRegressor.fit, []

    def noted(self, X, y, **options):
        fitted.append((len(X), joblib.hash((np.asarray(X), y))))
        return fit(self, X, y, **options)

    monkeypatch.setattr(DecisionTreeRegressor, "fit", noted)
    model = WarmStartRegressor(TREE, task=-1, learner=SharedModel(None, max_rounds=1)).fit(*thresholds(14, 15, 0))
    assert model.prior_.weights[0] < 0.5  # own models of all tasks are asked
    of_one_task = [rows for n_rows, rows in fitted if n_rows < 15]
    assert len(of_one_task) == len(set(of_one_task)) == 14 * 15


CENTERS = np.array([[0.0, 0.0], [9.0, 9.0]])
SPHERES = KMeansPrior(CENTERS, 1.0, np.ones(2), 1.0, np.full(2, 0.5), n_tasks=9.0)
NORMAL = GaussianMixturePrior(
    CENTERS, 1.0, np.ones(2), np.eye(2), np.stack([np.eye(2)] * 2), 9.0, np.ones(2), "full", n_tasks=9.0
)


@pytest.mark.quick
@pytest.mark.parametrize(
    ("estimator", "prior", "own", "adapted"),
    [
        (KMeans(2, random_state=0), SPHERES, OwnKMeans, AdaptedClusters),
        (GaussianMixture(2, random_state=0), NORMAL, OwnMixture, AdaptedMixtures),
    ],
    ids=["k-means", "mixture"],
)
@pytest.mark.parametrize("weight", [0.6, 0.75, 0.99])
def test_clusters_are_those_of_the_component_that_is_likelier_with_its_weight(
    monkeypatch, estimator, prior, own, adapted, weight
):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(24, 2)), columns=COLUMNS[:2])
    tasks = read_tasks(X.assign(shop=np.repeat([*"abc"], 8)), None, task="shop", targets=False)
    weights = [1.0 - weight, weight]
    both = PriorWithOwnModel(
        [prior, own(centers=CENTERS)], [0.5, 0.5], ("learned", "own model"), weights_of_unlike=weights
    )
    gains = np.array([-5.0, 1.0, 6.0])  # log scores of an own model beyond those of the learned prior
    monkeypatch.setattr(
        PriorWithOwnModel, "log_scores", lambda self, _, codes, known=None: np.column_stack([0 * gains, gains])[codes]
    )
    monkeypatch.setattr(adapted, "unlike_past", property(lambda self: np.ones(len(self.tasks))))
    found = both.adapt_tasks(estimator, tasks).responsibilities
    likelier = both.responsibilities(estimator, tasks)
    assert_array_equal(found, np.eye(2)[likelier.argmax(axis=1)])
    assert_array_equal(found[:, 1] == 1.0, gains + np.log(weight / (1.0 - weight)) > 0.0)


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
    return OwnModelPrior().log_evidence(Fails(error), one_task(Fails(error), X, X[:, 0], None))


@pytest.mark.parametrize("error", [ValueError, np.linalg.LinAlgError, CatBoostError])
def test_rows_that_an_estimator_refuses_are_no_evidence_for_it(error):
    assert_array_equal(evidence_of(error), -np.inf)


@pytest.mark.parametrize("error", [KeyError, RuntimeError, TypeError, MemoryError])
def test_what_is_no_refusal_of_rows_is_raised_as_it_is(error):
    with pytest.raises(error, match="no"):
        evidence_of(error)
