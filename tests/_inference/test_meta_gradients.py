"""Networks in batches: gradients are differences, steps are scikit-learn's, padding and order of tasks change nothing."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neural_network import MLPClassifier, MLPRegressor
from variations import varied

from skmeta._inference.inner_training import InnerLoop, Training, steps_of
from skmeta._inference.meta_gradients import MetaGradient
from skmeta._inference.network_pass import Pass
from skmeta._inference.network_rows import split_at_random, task_table
from skmeta._inference.networks import ACTIVATIONS, OUTPUTS, Network

N_OUTPUTS = {"identity": 2, "exp": 1, "logistic": 2, "softmax": 3}
CASES = list(product(ACTIVATIONS, OUTPUTS))
MOMENTA = {"none": (0.0, False), "momentum": (0.8, False), "nesterov": (0.8, True)}
ADAM = (0.8, 0.95, 1e-3)


def targets(output, n, rng):
    n_outputs = N_OUTPUTS[output]
    if output == "identity":
        return rng.normal(size=(n, n_outputs))
    if output == "exp":
        return rng.poisson(1.5, size=(n, n_outputs)).astype(float)
    if output == "logistic":
        return rng.integers(2, size=(n, n_outputs)).astype(float)
    return np.eye(n_outputs)[rng.integers(n_outputs, size=n)]


def table_of(output, counts=(6, 3, 9), d=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    n = sum(counts)
    X = rng.normal(size=(n, d)).astype(dtype)
    return task_table(X, targets(output, n, rng), rng.uniform(0.5, 2.0, n), np.r_[0, np.cumsum(counts)])


def network_of(activation, output, d=3):
    return Network((d, 5, 4, N_OUTPUTS[output]), activation, output)


def start_of(network, seed=1):
    return 0.5 * np.random.default_rng(seed).normal(size=network.n_parameters)


def close_to_differences(function, gradient, at, n_directions=4, seed=2):
    """The gradient is the central difference along some directions, to a millionth; rectifiers bend between few of them."""
    rng, h = np.random.default_rng(seed), 1e-7
    for _ in range(n_directions):
        v = rng.normal(size=at.shape)
        wanted = (function(at + h * v) - function(at - h * v)) / (2 * h)
        assert_allclose(gradient @ v, wanted, rtol=1e-6, atol=1e-6 * np.linalg.norm(gradient))


@pytest.mark.quick
@pytest.mark.parametrize(("activation", "output"), CASES)
def test_gradients_and_products_are_differences(activation, output):
    network, rows = network_of(activation, output), table_of(output).all_rows(np.arange(3))
    at = np.stack([start_of(network, seed) for seed in range(3)])

    def look(parameters):
        return Pass(network, parameters, rows, alpha=0.3)

    def objective(parameters):
        layers = network.layers(parameters)
        penalty = sum((layer[:, :-1] ** 2).sum(axis=(1, 2)) for layer in layers)
        return (look(parameters).loss() + 0.15 * penalty / rows.total).sum()

    looked = look(at)
    gradient = looked.gradient(np.empty_like(at))
    close_to_differences(lambda v: objective(v.reshape(at.shape)), gradient.ravel(), at.ravel())
    v, h = np.random.default_rng(3).normal(size=at.shape), 1e-6
    found = looked.product(v, np.empty_like(at))
    up, down = (look(at + s * h * v).gradient(np.empty_like(at)) for s in (1, -1))
    assert_allclose(found, (up - down) / (2 * h), rtol=1e-6, atol=1e-7)
    summed = looked.product(v, np.empty((1, at.shape[1])))
    assert_allclose(summed[0], found.sum(axis=0), rtol=1e-12, atol=1e-14)


@varied("n_steps", [3, 1, 10])
@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize(("activation", "output"), CASES)
def test_meta_gradients_are_differences(activation, output, momentum, n_steps):
    network, table = network_of(activation, output), table_of(output)
    training = Training(0.05, *MOMENTA[momentum], alpha=0.1, batch_size=2, power_t=0.3)
    support, query = split_at_random(table, np.arange(3), np.array([3, 2, 5]), np.random.default_rng(0))
    meta = MetaGradient(network, training, n_steps)
    at = np.r_[start_of(network), np.random.default_rng(4).normal(1.0, 0.3, network.n_parameters)]
    for parameters in (at, at[: network.n_parameters]):
        loss, gradient = meta(parameters, support, query)
        assert loss == pytest.approx(meta.losses(parameters, support, query).sum(), rel=1e-12)
        close_to_differences(lambda p: meta.losses(p, support, query).sum(), gradient, parameters, n_directions=2)


@pytest.mark.parametrize("rule", [*MOMENTA, "adam"])
def test_first_order_takes_the_hessians_for_zero(rule):
    """Then each parameter's gradient is that by the last parameters: nothing of the way comes in."""
    network, table = network_of("tanh", "identity"), table_of("identity")
    momentum, adam = MOMENTA.get(rule, (0.0, False)), ADAM if rule == "adam" else None
    training = Training(0.05, *momentum, alpha=0.1, adam=adam)
    support, query = split_at_random(table, np.arange(3), np.full(3, 2), np.random.default_rng(0))
    start = start_of(network)
    _, found = MetaGradient(network, training, 4, first_order=True)(start, support, query)
    end = InnerLoop(network, training).train(start, steps_of(support, 4, training))
    if rule == "adam":
        assert_allclose(MetaGradient(network, training, 4)(start, support, query)[1], found, rtol=0)
    wanted = Pass(network, end, query).gradient(np.empty_like(end)).sum(axis=0)
    assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("batch_size", [4, None])
@pytest.mark.parametrize("rule", [*MOMENTA, "adam"])
@varied(("activation", "output"), CASES, keep=4)
def test_steps_are_scikit_learns(activation, output, rule, batch_size):
    """Three passes over the rows, as `partial_fit` does them, of tasks of unequal sizes, with weights of rows."""
    network, table = network_of(activation, output), table_of(output, counts=(6, 4, 9))
    rows, start = table.all_rows(np.arange(3)), start_of(network)
    momentum, adam = MOMENTA.get(rule, (0.0, False)), ADAM if rule == "adam" else None
    training = Training(0.05, *momentum, alpha=0.1, batch_size=batch_size, power_t=0.4, adam=adam)
    for task, count in enumerate(table.counts):
        n_steps = 3 * -(-count // (batch_size or count))
        found = InnerLoop(network, training).train(start, steps_of(rows, n_steps, training))[task]
        model = plain_net(network, training)
        wanted = after_passes(model, network, start, table, task, 3)
        assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def plain_net(network, training):
    regression = network.output in ("identity", "exp")
    settings = {"loss": "poisson" if network.output == "exp" else "squared_error"} if regression else {}
    if training.adam is not None:
        settings |= dict(zip(("beta_1", "beta_2", "epsilon"), training.adam, strict=True))
    return (MLPRegressor if regression else MLPClassifier)(
        hidden_layer_sizes=network.units[1:-1],
        activation=network.activation,
        solver="sgd" if training.adam is None else "adam",
        shuffle=False,
        alpha=training.alpha,
        learning_rate="invscaling",
        learning_rate_init=training.learning_rate,
        power_t=training.power_t,
        momentum=training.momentum,
        nesterovs_momentum=training.nesterov,
        batch_size=training.batch_size or "auto",
        random_state=0,
        **settings,
    )


def after_passes(model, network, start, table, task, n_passes):
    """Parameters of scikit-learn's own net after passes over a task's rows from a start."""
    rows = slice(table.starts[task], table.starts[task + 1])
    X, Y, weight = table.X[rows, :-1], table.Y[rows], table.weight[rows]
    if network.output == "softmax":
        y, classes = Y.argmax(axis=1), np.arange(Y.shape[1])
    else:
        y, classes = (Y if Y.shape[1] > 1 else Y[:, 0]), np.arange(Y.shape[1])
    asked = {} if network.output in ("identity", "exp") else {"classes": classes}
    model.partial_fit(X, y, **asked)  # makes its arrays
    model.coefs_, model.intercepts_ = network.unpack(start)
    del model._optimizer
    model.t_ = 0
    for _ in range(n_passes):
        model.partial_fit(X, y, sample_weight=weight)
    return network.pack(model.coefs_, model.intercepts_)


@pytest.mark.quick
@pytest.mark.parametrize("output", OUTPUTS)
def test_padding_order_of_tasks_and_other_tasks_change_nothing(output):
    network, table = network_of("tanh", output), table_of(output)
    training = Training(0.05, 0.9, True, alpha=0.1, batch_size=4, power_t=0.2)
    meta, start = MetaGradient(network, training, 3), start_of(network)
    alone = [meta(start, table.all_rows(np.array([t])), table.all_rows(np.array([t])))[1] for t in range(3)]
    for order in ([0, 1, 2], [2, 0, 1]):
        rows = table.all_rows(np.array(order))
        assert_allclose(meta(start, rows, rows)[1], sum(alone), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_weight_of_two_is_a_row_twice(output):
    network, table = network_of("tanh", output), table_of(output, counts=(6,))
    training, start = Training(0.05, 0.9, alpha=0.1), start_of(network)
    twice = np.r_[np.arange(6), 2, 4]
    weight = np.ones(6)
    weight[[2, 4]] = 2.0
    tables = [
        task_table(table.X[:, :-1], table.Y, weight, [0, 6]),
        task_table(table.X[twice, :-1], table.Y[twice], np.ones(8), [0, 8]),
    ]
    found = [
        MetaGradient(network, training, 3)(start, t.all_rows(np.array([0])), t.all_rows(np.array([0]))) for t in tables
    ]
    assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    assert_allclose(found[0][1], found[1][1], rtol=1e-10, atol=1e-13)


def test_a_task_whose_rows_weigh_nothing_says_nothing():
    table = table_of("identity")
    silent = task_table(table.X[:, :-1], table.Y, np.where(np.arange(18) < 6, 0.0, 1.0), table.starts)
    network, training = network_of("tanh", "identity"), Training(0.05, 0.9, alpha=0.1)
    rows = silent.all_rows(np.arange(3))
    end = InnerLoop(network, training).train(start_of(network), steps_of(rows, 3, training))
    assert_allclose(end[0], start_of(network), rtol=0, atol=0)


@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize("output", OUTPUTS)
def test_single_precision_stays_single_and_near(output, momentum):
    network, at = network_of("tanh", output), start_of(network_of("tanh", output))
    found = {}
    for dtype in (np.float32, np.float64):
        rows = table_of(output, dtype=dtype).all_rows(np.arange(3))
        meta = MetaGradient(network, Training(0.05, *MOMENTA[momentum], alpha=0.1), 3, dtype=dtype)
        found[dtype] = meta(at.astype(dtype), rows, rows)[1]
        assert found[dtype].dtype == dtype
    assert_allclose(found[np.float32], found[np.float64], rtol=2e-4, atol=2e-5)
