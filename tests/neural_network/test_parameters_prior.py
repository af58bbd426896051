"""A learned start: its training is the estimator's own, to the last digit; what does not fit it is named."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    Perceptron,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import WarmStartClassifier, WarmStartRegressor
from skmeta.neural_network import ParametersPrior
from skmeta.steps import FrozenSteps, PriorWithSteps

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3))
Y = X[:, 0] ** 2 + X[:, 1]
TWO = np.where(np.median(Y) < Y, "tall", "low")
THREE = np.array(["a", "b", "c"])[np.digitize(Y, [0.0, 1.0])]
SETTINGS = {"hidden_layer_sizes": (5, 4), "max_iter": 7, "random_state": 5, "alpha": 0.1}
SOLVERS = {
    "sgd": {"solver": "sgd", "batch_size": 8, "learning_rate": "invscaling"},
    "adam": {"solver": "adam", "batch_size": 8},
    "unshuffled": {"solver": "adam", "shuffle": False},
    "early": {"solver": "sgd", "early_stopping": True, "validation_fraction": 0.4},
    "lbfgs": {"solver": "lbfgs"},
}
LINEAR = [
    SGDRegressor(random_state=0),
    SGDClassifier(random_state=0),
    Perceptron(random_state=0),
    SGDClassifier("hinge", penalty=None, learning_rate="pa1", eta0=1.0, random_state=0),  # passive-aggressive
]

pytestmark = [
    pytest.mark.quick,
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer:sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Maximum number of iteration:sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:lbfgs failed to converge:sklearn.exceptions.ConvergenceWarning"),
]


def target_of(estimator):
    return THREE if is_classifier(estimator) else Y


def arrays_of(net):
    return [*net.coefs_, *net.intercepts_]


def net_of(cls=MLPRegressor, **more):
    return cls(**(SETTINGS | more))


def learned(cls=MLPRegressor, y=Y, **more):
    """A net of another past, and the prior of its weights."""
    old = net_of(cls, random_state=3, max_iter=30, **more).fit(X, y)
    return old, ParametersPrior.from_estimator(old)


@pytest.mark.parametrize("y", [Y, np.c_[Y, -Y], TWO, THREE], ids=["numbers", "two outputs", "two classes", "three"])
@varied("solver", SOLVERS, keep=2)
def test_training_goes_on_exactly_as_if_started_there_by_hand(solver, y):
    cls = MLPRegressor if y.dtype.kind == "f" else MLPClassifier
    old, prior = learned(cls, y)
    net = net_of(cls, **SOLVERS[solver])
    by_hand, given = clone(net), iter(zip(old.coefs_, old.intercepts_, strict=True))
    by_hand._init_coef = lambda fan_in, fan_out, dtype: tuple(array.copy() for array in next(given))  # what it draws
    by_hand.fit(X, y)
    adapted = prior.adapt(net, X, y)
    for one, other in zip(arrays_of(adapted), arrays_of(by_hand), strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-13)
    assert adapted.n_iter_ == by_hand.n_iter_ and adapted.loss_ == pytest.approx(by_hand.loss_, abs=1e-13)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_that_is_a_warm_start_with_the_weights_set(solver):
    old, prior = learned()
    net = net_of(solver=solver)
    warm = clone(net).set_params(max_iter=1).fit(X, Y)
    warm.coefs_, warm.intercepts_ = [a.copy() for a in old.coefs_], [a.copy() for a in old.intercepts_]
    warm.set_params(max_iter=7, warm_start=True).fit(X, Y)
    for one, other in zip(arrays_of(prior.adapt(net, X, Y)), arrays_of(warm), strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-13)


def test_epochs_of_partial_fit_are_the_same_training_and_keep_the_state_of_adam():
    _, prior = learned()
    net = net_of(shuffle=False)
    by_epochs = prior.zero_shot(net)
    for _ in range(net.max_iter):
        by_epochs.partial_fit(X, Y)
    adapted = prior.adapt(net, X, Y)
    for one, other in zip(arrays_of(by_epochs), arrays_of(adapted), strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-13)
    on = pickle.loads(pickle.dumps(adapted)).partial_fit(X, Y)  # one epoch more of the same training
    longer = prior.adapt(clone(net).set_params(max_iter=net.max_iter + 1), X, Y)
    for one, other in zip(arrays_of(on), arrays_of(longer), strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-13)


@pytest.mark.parametrize("estimator", LINEAR, ids=lambda each: type(each).__name__)
def test_linear_models_start_at_the_learned_coefficients(estimator):
    y = target_of(estimator)
    old = clone(estimator).fit(X, y)
    prior, half = ParametersPrior.from_estimator(old), slice(None, None, 2)
    adapted = prior.adapt(estimator, X[half], y[half])
    by_hand = clone(estimator).fit(X[half], y[half], coef_init=old.coef_.copy(), intercept_init=old.intercept_.copy())
    assert_allclose(adapted.coef_, by_hand.coef_, rtol=0, atol=1e-13)
    assert_allclose(adapted.intercept_, by_hand.intercept_, rtol=0, atol=1e-13)
    assert adapted.get_params() == estimator.get_params()


@pytest.mark.parametrize(
    "estimator", [*LINEAR, Ridge(), net_of(), net_of(MLPClassifier)], ids=lambda each: type(each).__name__
)
def test_without_rows_it_has_the_learned_weights(estimator):
    old = clone(estimator).fit(X, target_of(estimator))
    model = ParametersPrior.from_estimator(old).zero_shot(estimator)
    assert_array_equal(model.predict(X), old.predict(X))
    assert model.get_params() == estimator.get_params()


def test_an_estimator_that_knows_no_start_is_fitted_as_ever():
    prior = ParametersPrior.from_estimator(Ridge().fit(X, -Y))
    assert_array_equal(prior.adapt(Ridge(), X, Y).coef_, Ridge().fit(X, Y).coef_)


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_a_class_that_a_task_lacks_keeps_its_output(solver, warm_start):
    old, prior = learned(MLPClassifier, THREE)
    rows = THREE != "b"
    net = net_of(MLPClassifier, solver=solver, warm_start=warm_start)
    model = prior.adapt(net, X[rows], THREE[rows])
    assert_array_equal(model.classes_, old.classes_)
    assert model.predict_proba(X).shape == (30, 3) and model.warm_start is warm_start
    assert prior.adapt(net, X[:1], THREE[:1]).coefs_[-1].shape == (4, 3)
    assert set(model.predict(X)) <= set(THREE)


def test_a_linear_model_whose_task_lacks_a_class_keeps_its_coefficients():
    old = SGDClassifier(random_state=0).fit(X, THREE)
    rows = THREE != "b"
    model = ParametersPrior.from_estimator(old).adapt(SGDClassifier(random_state=0), X[rows], THREE[rows])
    assert_array_equal(model.classes_, old.classes_)
    assert model.coef_.shape == old.coef_.shape and np.isfinite(model.coef_).all()


def test_classes_are_balanced_also_where_one_lacks():
    """Of three classes two are there, one of them once: its weight is the other's times their numbers' ratio."""
    old = SGDClassifier(random_state=0, learning_rate="constant", eta0=0.01).fit(X, THREE)
    prior, rows = (
        ParametersPrior.from_estimator(old),
        np.r_[np.flatnonzero(THREE == "a")[:1], np.flatnonzero(THREE == "c")],
    )
    balanced = prior.adapt(clone(old).set_params(class_weight="balanced"), X[rows], THREE[rows])
    n = len(rows)
    weight = {"a": n / 2.0, "c": n / (2.0 * (n - 1))}
    by_hand = prior.adapt(clone(old).set_params(class_weight=weight), X[rows], THREE[rows])
    plain = prior.adapt(old, X[rows], THREE[rows])
    assert_allclose(balanced.coef_, by_hand.coef_, rtol=1e-12)
    assert not np.allclose(balanced.coef_, plain.coef_) and balanced.class_weight == "balanced"


def test_sparse_rows_are_the_same_rows():
    _, prior = learned()
    dense, thin = (prior.adapt(net_of(), rows, Y).predict(X) for rows in (X, csr_array(X)))
    assert_allclose(dense, thin, rtol=1e-10)


def test_labels_are_matched_by_name():
    _, prior = learned(MLPClassifier, THREE)
    names = {"a": "z", "b": "y", "c": "x"}  # in the other order
    other = np.array([names[label] for label in THREE])
    turned = prior.arrays[2][:, ::-1], prior.arrays[5][::-1]
    arrays = (*prior.arrays[:2], turned[0], *prior.arrays[3:5], turned[1])
    mirrored = replace(prior, arrays=arrays, classes=np.array(["x", "y", "z"]))
    net = net_of(MLPClassifier)
    straight, reverse = (p.adapt(net, X, y).predict_proba(X) for p, y in ((prior, THREE), (mirrored, other)))
    assert_allclose(straight, reverse[:, ::-1], rtol=1e-10)
    with pytest.raises(ValueError, match=r"y: wanted the classes that the prior knows, .*'d'"):
        prior.adapt(net, X, np.where(THREE == "a", "d", THREE))


WRONG = [
    (net_of(hidden_layer_sizes=(5,)), ValueError, r"hidden_layer_sizes: wanted \(5, 4\), .* found \(5\)"),
    (net_of(activation="tanh"), ValueError, "activation: wanted 'relu', .* found 'tanh'"),
    (net_of(loss="poisson"), ValueError, "loss: wanted 'squared_error', .* found 'poisson'"),
    (
        net_of(MLPClassifier),
        TypeError,
        "prior: wanted one for MLPClassifier, found a ParametersPrior, which is for MLPReg",
    ),
    (Ridge(), TypeError, "prior: wanted one for Ridge, found a ParametersPrior, which is for MLPRegressor"),
]


@pytest.mark.parametrize(("estimator", "error", "words"), WRONG, ids=[words[:12] for _, _, words in WRONG])
def test_what_does_not_fit_the_prior_is_named(estimator, error, words):
    _, prior = learned()
    y = TWO if is_classifier(estimator) else Y
    shell = WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor
    for ask in (
        prior.adapt,
        lambda *rows: prior.zero_shot(rows[0]),
        lambda model, *rows: shell(model, prior=prior).fit(*rows),
    ):
        with pytest.raises(error, match=words):
            ask(estimator, X, y)


def test_other_numbers_of_columns_and_targets_are_named():
    _, prior = learned()
    with pytest.raises(ValueError, match=r"y: wanted 1 targets a row, .* found 2"):
        prior.adapt(net_of(), X, np.c_[Y, Y])
    with pytest.raises(ValueError, match="X has 2 features, but the prior is expecting 3"):
        prior.adapt(net_of(), X[:, :2], Y)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"arrays": lambda a: a[:-1]}, "names: wanted coefs_0"),
        ({"names": lambda n: ("coef_", *n[1:])}, "names: wanted coefs_0"),
        ({"arrays": lambda a: (a[0] * np.nan, *a[1:])}, "arrays: wanted finite numbers"),
        ({"arrays": lambda a: (a[0][:, :-1], *a[1:])}, "arrays: wanted intercepts and the next layer's rows"),
        ({"step_sizes": lambda s: (np.ones(2),)}, "step_sizes: wanted one array for each"),
    ],
)
def test_arrays_that_do_not_belong_together_are_named(changed, words):
    _, prior = learned()
    with pytest.raises(ValueError, match=words):
        replace(prior, **{name: change(getattr(prior, name)) for name, change in changed.items()})


def test_estimators_without_arrays_are_named():
    with pytest.raises(TypeError, match=r"estimator: wanted one whose parameters are arrays.*KNeighborsRegressor"):
        ParametersPrior.from_estimator(KNeighborsRegressor(3).fit(X, Y))


@pytest.mark.parametrize("with_steps", [False, True])
def test_it_is_a_frozen_value(with_steps):
    _, prior = learned(MLPClassifier, THREE)
    if with_steps:
        prior = replace(prior, step_sizes=tuple(np.full(a.shape, 0.1) for a in prior.arrays))
    for again in (pickle.loads(pickle.dumps(prior)), type(prior).from_dict(prior.to_dict())):
        assert repr(again) == repr(prior) and again.names == prior.names
        for one, other in zip((*again.arrays, *again.step_sizes), (*prior.arrays, *prior.step_sizes), strict=True):
            assert_array_equal(one, other)
            assert not one.flags.writeable
    assert clone(prior) is prior
    frame = prior.to_frame()
    assert len(frame) == sum(array.size for array in prior.arrays) and ("step_size" in frame) == with_steps


def test_a_prior_owns_its_arrays_and_no_adaptation_changes_them():
    old, prior = learned()
    before = [array.copy() for array in prior.arrays]
    old.coefs_[0][:] = 0.0
    prior.adapt(net_of(), X, Y).coefs_[0][:] = 0.0
    for one, other in zip(prior.arrays, before, strict=True):
        assert_array_equal(one, other)


@pytest.mark.parametrize("nesterovs", [True, False])
def test_equal_step_sizes_are_the_learning_rate(nesterovs):
    _, prior = learned()
    net = net_of(solver="sgd", batch_size=8, learning_rate_init=0.02, nesterovs_momentum=nesterovs)
    stepped = replace(prior, step_sizes=tuple(np.full(array.shape, 0.02) for array in prior.arrays))
    one, other = stepped.adapt(net, X, Y), prior.adapt(net, X, Y)
    for a, b in zip(arrays_of(one), arrays_of(other), strict=True):
        assert_allclose(a, b, rtol=0, atol=1e-13)
    assert one.get_params() == net.get_params() and one.loss_ == pytest.approx(other.loss_, rel=1e-12)
    still = replace(prior, step_sizes=tuple(np.zeros(array.shape) for array in prior.arrays)).adapt(net, X, Y)
    assert_array_equal(still.coefs_[0], prior.arrays[0])
    with pytest.raises(ValueError, match=r"solver: wanted 'sgd', .*found 'adam'"):
        stepped.adapt(net_of(), X, Y)


def test_training_that_diverges_ends_at_its_best_and_says_so():
    _, prior = learned()
    net = net_of(solver="sgd", learning_rate_init=10.0, max_iter=50)
    with pytest.warns(
        ConvergenceWarning, match="MLPRegressor: training from the learned parameters diverged in epoch .*loss"
    ):
        model = prior.adapt(net, 100.0 * X, 1e6 * Y)
    assert all(np.isfinite(array).all() for array in arrays_of(model))
    assert np.isfinite(model.predict(X)).all() and model.max_iter == 50
    linear = ParametersPrior.from_estimator(SGDRegressor(random_state=0).fit(X, Y))
    with pytest.warns(ConvergenceWarning, match="SGDRegressor: .* diverged .*these stay"):
        model = linear.adapt(SGDRegressor(random_state=0), 1e150 * X, 1e150 * Y)
    assert_array_equal(model.coef_, linear.parameters["coef_"])


def test_an_epoch_that_overflows_by_learned_steps_has_no_loss():
    """Losses grow from the first epoch on, so that the start is the best; what the last one came to is not known."""
    _, prior = learned()
    net = net_of(solver="sgd", max_iter=50)
    wild = replace(prior, step_sizes=tuple(np.full(array.shape, 1e4) for array in prior.arrays))
    with pytest.warns(ConvergenceWarning, match="diverged in epoch .*; these stay"):
        model = wild.adapt(net, X, Y)
    for one, other in zip(arrays_of(model), prior.arrays, strict=True):
        assert_array_equal(one, other)


def test_what_scikit_learn_says_of_convergence_is_heard():
    _, prior = learned()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        prior.adapt(net_of(), X, Y)
        prior.zero_shot(net_of())
    assert [each.category for each in said] == [ConvergenceWarning]
    assert "Maximum iterations (7) reached" in str(said[0].message)


def test_weights_are_relative_to_those_of_the_past():
    _, prior = learned()
    weight = RNG.uniform(0.5, 2.0, 30)
    net = net_of(solver="lbfgs")
    one, other = prior.adapt(net, X, Y, weight), replace(prior, weight_unit=64.0).adapt(net, X, Y, 64.0 * weight)
    assert_allclose(one.predict(X), other.predict(X), rtol=1e-12)
    twice = prior.adapt(net, np.r_[X, X[:5]], np.r_[Y, Y[:5]])
    weighed = prior.adapt(net, X, Y, np.where(np.arange(30) < 5, 2.0, 1.0))
    assert_allclose(twice.predict(X), weighed.predict(X), rtol=1e-6)


def test_single_precision_stays_single():
    _, prior = learned()
    model = prior.adapt(net_of(), X.astype(np.float32), Y.astype(np.float32))
    assert model.coefs_[0].dtype == np.float32


def test_behind_a_scaler_the_net_starts_in_its_space():
    scaler = StandardScaler().fit(X)
    old = net_of().fit(scaler.transform(X), Y)
    prior = PriorWithSteps(FrozenSteps([("scale", scaler)]), ParametersPrior.from_estimator(old))
    model = WarmStartRegressor(make_pipeline(StandardScaler(), net_of()), prior=prior).fit(X[:5], Y[:5]).estimator_
    by_hand = ParametersPrior.from_estimator(old).adapt(net_of(), scaler.transform(X[:5]), Y[:5])
    assert_array_equal(model.predict(X), by_hand.predict(scaler.transform(X)))
