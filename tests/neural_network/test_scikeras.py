"""Nets of scikeras, whose packages are an extra: `pytest -m nets`, with `skmeta[keras]` and a backend of keras installed."""

import os
import pickle

import numpy as np
import pytest
from nets_of_other_packages import code_of_page, many_lines
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skmeta import ParameterAverage, Reptile, SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._registry import registered_learner
from skmeta.neural_network import ParametersPrior
from skmeta.neural_network._parameters import parameters_of, set_parameters
from skmeta.neural_network._training import untrained

pytestmark = [
    pytest.mark.nets,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # keras's own, of torch's tensors
]
NAMES = ["dense/kernel", "dense/bias", *(f"batch_normalization/{each}" for each in ("gamma", "beta", "moving_mean"))]


@pytest.fixture(autouse=True)
def one_backend(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))


def regressor(**more):
    from keras_nets import build
    from scikeras.wrappers import KerasRegressor

    own = {"loss": "mse", "optimizer": "sgd", "epochs": 2, "verbose": 0, "random_state": 0}
    return KerasRegressor(build, **(own | more))


def learned(net, learner=None, n_tasks=3):
    X, y = many_lines(n_tasks)
    return WarmStartRegressor(net, task=-1, learner=learner or ParameterAverage()).fit(X, y)


def started(net, parameters, X, y):
    """What a user of scikeras would write: an initialised net with these weights."""
    found = clone(net).initialize(X, y)
    found.model_.set_weights(list(parameters.values()))
    return found.set_params(warm_start=True)


def test_names_are_those_of_the_model_however_many_keras_has_counted():
    first, second = untrained(regressor(), 3), untrained(regressor(), 3)
    assert [each.path for each in first.model_.weights] != [each.path for each in second.model_.weights]
    found = parameters_of(first)
    assert list(found)[:5] == NAMES and list(found)[-1] == "dense_2/bias"
    set_parameters(second, {name: array.astype(float) + 1.0 for name, array in found.items()})
    for name, array in parameters_of(second).items():
        assert_array_equal(array, found[name] + np.float32(1.0))
        assert array.dtype == np.float32
    assert "mine_7/kernel" in parameters_of(untrained(regressor(model__name="mine_7"), 3))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_adapting_is_the_net_s_own_training_from_the_learned_weights(optimizer):
    net, (X, y) = regressor(optimizer=optimizer, shuffle=False), many_lines(2)
    prior = ParametersPrior.from_estimator(clone(net).fit(X[:, :-1], y))
    reference = started(net, prior.parameters, X[:8, :-1], y[:8]).fit(X[:8, :-1], y[:8])
    plain = prior.adapt(net, X[:8, :-1], y[:8])
    assert type(plain) is type(net) and not plain.warm_start
    for one, other in zip(plain.model_.get_weights(), reference.model_.get_weights(), strict=True):
        assert_array_equal(one, other)
    assert plain.history_ == reference.history_
    assert_array_equal(plain.predict(X[:, :-1].astype(np.float32)), reference.predict(X[:, :-1].astype(np.float32)))


def test_the_average_is_the_mean_and_one_whole_step_of_reptile_is_too():
    net, (X, y) = regressor(), many_lines(2)
    prior = learned(net, n_tasks=2).prior_
    start = parameters_of(untrained(net, 3))
    own = [X[:, -1] == task for task in (0, 1)]
    found = [started(net, start, X[rows, :-1], y[rows]).fit(X[rows, :-1], y[rows]) for rows in own]
    reptile = learned(net, Reptile(1, schedule="constant", random_state=0), n_tasks=2)
    for k, array in enumerate(prior.arrays):
        assert_allclose(array, np.mean([each.model_.get_weights()[k] for each in found], axis=0), rtol=1e-5, atol=1e-7)
        assert_allclose(array, reptile.prior_.arrays[k], rtol=1e-4, atol=1e-6)
    assert len(reptile.learner_.loss_curve_) == 1 and np.isfinite(reptile.learner_.loss_curve_).all()


def test_clones_and_stored_priors_keep_the_weights():
    net, (X, y) = regressor(), many_lines()
    prior = ParametersPrior.from_estimator(clone(net).fit(X[:, :-1], y))
    assert clone(WarmStartRegressor(net, prior=prior)).prior is prior and prior.n_features_in == 3
    expected = prior.zero_shot(net).predict(X[:, :-1])
    for again in (ParametersPrior.from_dict(prior.to_dict()), pickle.loads(pickle.dumps(prior))):
        assert_array_equal(again.zero_shot(net).predict(X[:, :-1]), expected)
    stored = pickle.dumps(prior.zero_shot(net))
    assert b"skmeta" not in stored
    assert_array_equal(pickle.loads(stored).predict(X[:, :-1]), expected)


def test_a_class_that_a_task_lacks_keeps_its_output():
    from keras_nets import build
    from scikeras.wrappers import KerasClassifier

    X, y = many_lines()
    labels = np.array(["a", "b", "c"])[np.digitize(y, [0.0, 0.5])]
    net = KerasClassifier(build, loss="sparse_categorical_crossentropy", epochs=1, verbose=0, random_state=0)
    model = WarmStartClassifier(net, task=-1, learner=ParameterAverage()).fit(X, labels)
    plain = model.adapt(X[labels == "b"][:5, :-1], labels[labels == "b"][:5])
    assert list(plain.classes_) == ["a", "b", "c"]
    assert plain.predict_proba(X[:4, :-1]).shape == model.predict_proba(X[:4]).shape == (4, 3)
    assert {*plain.predict(X[:, :-1])} <= {"a", "b", "c"}


def test_weights_of_rows_are_honoured():
    net, (X, y) = regressor(batch_size=-1), many_lines(1)
    X, prior = X[:, :-1], ParametersPrior.from_estimator(untrained(regressor(), 3))
    twice = np.r_[np.full(3, 2.0), np.ones(9)]
    weighed = WarmStartRegressor(net, prior=prior).fit(X, y, sample_weight=twice).predict(X)
    assert np.abs(weighed - WarmStartRegressor(net, prior=prior).fit(X, y).predict(X)).max() > 1e-5


def test_training_that_diverges_leaves_the_learned_weights():
    X, y = many_lines(1)
    prior = ParametersPrior.from_estimator(untrained(regressor(), 3))
    with pytest.warns(
        ConvergenceWarning, match="KerasRegressor: training from the learned parameters diverged in epoch"
    ):
        plain = prior.adapt(regressor(optimizer__learning_rate=1e30), X[:, :-1], y)
    assert all(np.isfinite(array).all() for array in parameters_of(plain).values())
    assert plain.epochs == 2


def test_what_is_misused_is_named():
    prior = ParametersPrior.from_estimator(untrained(regressor(), 3))
    with pytest.raises(ValueError, match=r"with the arrays batch_normalization/beta \(6,\).*found .*beta \(7,\)"):
        prior.zero_shot(regressor(model__units=7))
    with pytest.raises(ValueError, match="loss: wanted 'mse', as the prior was learned with, found 'mae'"):
        prior.zero_shot(regressor(loss="mae"))
    with pytest.raises(ValueError, match="X has 2 features, but the prior is expecting 3"):
        prior.adapt(regressor(), np.zeros((2, 2)), [0.0, 1.0])


def test_by_default_it_is_the_fallback_that_all_estimators_have():
    assert registered_learner(regressor()) is SharedModel


def test_the_page_runs():
    names = {}
    exec(code_of_page(1), names)
    assert type(names["plain"]).__name__ == "KerasRegressor"
