"""Nets by default: held-out tasks choose between a start and one net for all, corrected."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import NeuralNetworkLearner, WarmStartClassifier, WarmStartRegressor
from skmeta.base import learner_for
from skmeta.compose import first_component
from skmeta.fallback import SharedModelPrior
from skmeta.neural_network import ParametersPrior
from skmeta.tasks import Tasks

pytestmark = [pytest.mark.filterwarnings("ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning")]
NET = MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", solver="lbfgs", max_iter=15, random_state=0)


def tables(shape, n_tasks=16, n_rows=20, noise=0.05):
    """Tasks on a line: ``shape(x, t)`` with a number ``t`` of each task."""
    rng = np.random.default_rng(0)
    task, x = np.repeat(np.arange(n_tasks), n_rows), rng.uniform(-2.0, 2.0, n_tasks * n_rows)
    y = shape(x, rng.normal(size=n_tasks)[task]) + noise * rng.normal(size=len(x))
    return np.column_stack([x, task]), y


@pytest.mark.quick
def test_it_is_what_nets_are_learned_by():
    for net in (MLPRegressor(), MLPClassifier()):
        assert isinstance(learner_for(net), NeuralNetworkLearner)


def test_tasks_that_bend_each_their_own_way_get_a_start():
    table, y = tables(lambda x, t: np.sin(3.0 * x + 3.0 * t))
    model = WarmStartRegressor(NET, task=-1, learner=NeuralNetworkLearner(n_iter=20)).fit(table, y)
    learner = model.learner_
    assert learner.chosen_ in ("all rows", "Reptile") and isinstance(model.prior_, ParametersPrior)
    assert learner.scores_[learner.chosen_] > learner.scores_["fallback"]
    plain = model.adapt(table[:10, :1], y[:10])
    assert type(plain) is MLPRegressor and plain.get_params() == NET.get_params()


def test_one_net_for_all_and_a_level_of_each_is_the_fallbacks():
    table, y = tables(lambda x, t: np.sin(3.0 * x) + t, noise=0.5)
    net = clone(NET).set_params(max_iter=100)  # trained on ten rows until it follows their noise
    model = WarmStartRegressor(net, task=-1, learner=NeuralNetworkLearner(n_iter=3)).fit(table, y)
    assert model.learner_.chosen_ == "fallback"
    assert isinstance(first_component(model.prior_), SharedModelPrior)
    known = model.learner_.scores_
    assert known["fallback"] > known["all rows"] and list(known) == ["fallback", "all rows", "Reptile"]
    on = WarmStartRegressor(net, task=-1, prior=model.prior_).fit(table, y)
    assert isinstance(first_component(on.prior_), SharedModelPrior)


@pytest.mark.quick
def test_a_start_without_comparison_and_its_learning_on():
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    learner = NeuralNetworkLearner(n_iter=2, compare_with_fallback=False)
    model = WarmStartRegressor(NET, task=-1, learner=learner).fit(table, y)
    assert set(model.learner_.scores_) == {"all rows", "Reptile"} and model.prior_.n_tasks == 6
    on = WarmStartRegressor(NET, task=-1, prior=model.prior_, learner=learner).fit(table, y)
    assert isinstance(on.prior_, ParametersPrior) and on.prior_.n_tasks == 12


@pytest.mark.quick
def test_training_on_all_rows_is_the_nets_own():
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    learner = NeuralNetworkLearner(n_iter=1, compare_with_fallback=False)
    prior = learner._on_all_rows(NET, _tasks(table, y))
    pooled = MLPRegressor(**NET.get_params()).fit(table[:, :1], y)
    for one, other in zip(prior.arrays, [*pooled.coefs_, *pooled.intercepts_], strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-13)


def _tasks(table, y):
    return Tasks(table[:, :1], y, table[:, 1].astype(np.intp), np.unique(table[:, 1]))


def test_classifiers_behind_a_scaler():
    table, y = tables(lambda x, t: x * np.sign(t), n_rows=16)
    labels = np.where(y > 0.0, "up", "down")
    net = MLPClassifier(hidden_layer_sizes=(4,), solver="lbfgs", max_iter=10, random_state=0)
    model = WarmStartClassifier(make_pipeline(StandardScaler(), net), task=-1, learner=NeuralNetworkLearner(n_iter=10))
    model.fit(table, labels)
    assert model.score(table, labels) > 0.9  # half of the tasks go the other way
    assert model.learner_.chosen_ in model.learner_.scores_


@pytest.mark.quick
@pytest.mark.parametrize("n_tasks", [2, 3])
def test_few_tasks_have_none_to_ask(n_tasks):
    table, y = tables(lambda x, t: x + t, n_tasks=n_tasks, n_rows=6)
    model = WarmStartRegressor(NET, task=-1, learner=NeuralNetworkLearner(n_iter=1, compare_with_fallback=False))
    assert np.isnan([*model.fit(table, y).learner_.scores_.values()]).all()
    assert model.learner_.chosen_ == "all rows" and np.isfinite(model.predict(table)).all()


@pytest.mark.quick
def test_it_is_repeated_and_says_nothing_of_its_inner_trainings():
    table, y = tables(lambda x, t: np.abs(x) * t, n_tasks=6)
    learner = NeuralNetworkLearner(n_iter=2, compare_with_fallback=False, random_state=0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        one, two = (learner.learn(NET, _tasks(table, y)) for _ in range(2))
    assert said == []
    for a, b in zip(one.arrays, two.arrays, strict=True):
        assert_array_equal(a, b)
    with pytest.raises(ValueError, match="n_iter == 0"):
        NeuralNetworkLearner(0).learn(NET, _tasks(table, y))
