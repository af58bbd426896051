"""How fast are exact meta-gradients without autograd, and how well do nets that start at what they learn fit ten points?

``--part speed``: meta-iterations a CPU second of MAML on 25 sinusoids of 10 + 10 points, a 1-40-40-1 net and one inner step,
gradient alone, one thread; all gradients are checked against each other first, rounds alternate, ratios are medians of rounds.
``--part sinusoids``: mean squared error on new waves, as in MAML's paper, after epochs of the estimator's own training on ten
points. ``--part lines``: a 1-10-1 net, four points of y = 2x and ten steps, and what it then says at x = 5.
"""

import time
import warnings

import _parallel_metalearn
import _peers
import _torch_maml
import numpy as np
from _common import Table, read_arguments
from sklearn.base import clone
from sklearn.neural_network import MLPRegressor

from skmeta import ANIL, MAML, MetaSGD
from skmeta._inference.inner_training import Training
from skmeta._inference.meta_gradients import MetaGradient
from skmeta._inference.network_rows import task_table
from skmeta._inference.networks import Network
from skmeta.datasets import make_sinusoids
from skmeta.tasks import Tasks

RATE, BATCH, SHOTS = 0.02, 25, 10  # half squares: the paper's 0.01 of squares
EPOCHS, N_NEW, N_QUERY = (0, 1, 5, 10), 1000, 50
POINTS = np.array([[1.0], [2.0], [3.0], [4.0]])
LINE_NET = MLPRegressor(hidden_layer_sizes=10, solver="sgd", momentum=0.0, learning_rate_init=0.01, max_iter=10)


def waves(n_tasks, n_rows, dtype, seed):
    X, y, _ = make_sinusoids(n_tasks, n_rows, random_state=seed)
    return X[:, :1].astype(dtype), y.astype(dtype)


def gradients(dtype):
    """Calls by name that give the meta-gradient of one meta-batch, which agree."""
    network = Network((1, 40, 40, 1))
    start = (np.random.default_rng(0).normal(size=network.n_parameters) * 0.3).astype(dtype)
    (Xs, ys), (Xq, yq) = waves(BATCH, SHOTS, dtype, 0), waves(BATCH, SHOTS, dtype, 1)
    starts, tasks = np.arange(BATCH + 1) * SHOTS, np.arange(BATCH)
    support, query = (
        task_table(X, y[:, None], np.ones(len(y)), starts).all_rows(tasks) for X, y in ((Xs, ys), (Xq, yq))
    )
    query = query.times(np.full(BATCH, 1.0 / BATCH))
    ours = MetaGradient(network, Training(RATE), 1, dtype=dtype)
    calls = {"skmeta": (lambda: ours(start, support, query)[1], lambda found: found)}
    if not _peers.missing("torch"):
        import torch

        torch.set_num_threads(1)
        rows = [torch.tensor(array.reshape(BATCH, SHOTS, 1)) for array in (Xs, ys, Xq, yq)]
        weights = _torch_maml.layers(network, start)
        ways = dict(_torch_maml.WAYS)
        if not _peers.missing("parallel-metalearn"):
            ways["parallel-metalearn"] = _parallel_metalearn.by_its_step
        for name, make in ways.items():
            call = make(weights, RATE)
            calls[name] = (lambda call=call: call(*rows), lambda found: _torch_maml.packed(network, found))
    wanted = calls["skmeta"][0]().copy()
    for call, as_vector in calls.values():
        np.testing.assert_allclose(as_vector(call()), wanted, rtol=1e-3, atol=1e-4 if dtype == np.float32 else 1e-10)
    return {name: call for name, (call, _) in calls.items()}


def rates_of(calls, rounds, seconds):
    """Calls a CPU second, a row a round; who comes first changes."""
    found = {name: [] for name in calls}
    for number in range(rounds):
        names = list(calls)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            done, begin = 0, time.process_time()
            while time.process_time() - begin < seconds:
                for _ in range(10):
                    calls[name]()
                done += 10
            found[name].append(done / (time.process_time() - begin))
    return {name: np.array(each) for name, each in found.items()}


def speed(args):
    table = Table(
        "Exact MAML gradients a CPU second", ["precision", "by", "median", "least", "most", "skmeta over it"], 2
    )
    for dtype in (np.float64, np.float32):
        rates = rates_of(gradients(dtype), 3 if args.quick else 9, 0.2 if args.quick else 0.6)
        for name, rate in rates.items():
            ratio = np.median(rates["skmeta"] / rate)
            table.add(
                dtype.__name__,
                name,
                *(f"{x:.0f}" for x in (np.median(rate), *np.quantile(rate, [0, 1]))),
                f"{ratio:.1f}",
            )
    table.show(*_peers.not_installed("torch", "parallel-metalearn"))


def learners(n_iter, seed):
    common = {"n_iter": n_iter, "n_shots": SHOTS, "random_state": seed}
    return {
        "MAML()": MAML(**common),
        "MAML(schedule='constant')": MAML(schedule="constant", **common),
        "MAML(first_order=True)": MAML(first_order=True, **common),
        "MAML(meta_learning_rate=0.001)": MAML(meta_learning_rate=1e-3, **common),
        "ANIL()": ANIL(**common),
        "MetaSGD()": MetaSGD(**common),
    }


def errors_on_new_waves(prior, net):
    """Squared error ``(n_tasks, n_epochs)`` on the other points."""
    X, y = waves(N_NEW, SHOTS + N_QUERY, np.float64, 1)
    found = np.empty((N_NEW, len(EPOCHS)))
    for task in range(N_NEW):
        rows = slice(task * (SHOTS + N_QUERY), (task + 1) * (SHOTS + N_QUERY))
        given, asked, targets = X[rows][:SHOTS], X[rows][SHOTS:], y[rows]
        for column, epochs in enumerate(EPOCHS):
            own = clone(net).set_params(max_iter=max(epochs, 1))
            model = prior.adapt(own, given, targets[:SHOTS]) if epochs else prior.zero_shot(own)
            found[task, column] = np.mean((model.predict(asked) - targets[SHOTS:]) ** 2)
    return found


def sinusoids(args):
    n_iter = args.iterations // (100 if args.quick else 1)
    X, y = waves(args.tasks, 2 * SHOTS, np.float64, 0)
    tasks = Tasks(X, y, np.repeat(np.arange(args.tasks), 2 * SHOTS), np.arange(args.tasks))
    net = MLPRegressor(
        hidden_layer_sizes=(40, 40),
        solver="sgd",
        momentum=0.0,
        alpha=0.0,
        learning_rate_init=RATE,
        random_state=args.state,
    )
    table = Table(
        f"Sinusoids: squared error on {N_NEW} new waves after 10 points, {n_iter} iterations on {args.tasks} waves, "
        f"random state {args.state}",
        ["learner", *(f"{n} epochs" for n in EPOCHS), "iterations", "CPU s"],
    )
    for name, learner in learners(n_iter, args.state).items():
        if args.only not in ("", name):
            continue
        begin = time.process_time()
        prior = learner.learn(net, tasks)
        seconds = time.process_time() - begin
        errors = errors_on_new_waves(prior, net)
        cells = [
            f"{m:.3f} ± {s:.3f}"
            for m, s in zip(errors.mean(axis=0), errors.std(axis=0) / len(errors) ** 0.5, strict=True)
        ]
        table.add(name, *cells, learner.n_iter_, f"{seconds:.0f}")
    table.show()


def line_learners(seed):
    """Ten steps; half of a past line's twenty points are trained on."""
    common = {"n_inner_steps": 10, "n_iter": 1000, "early_stopping": False, "random_state": seed}
    return {
        "MAML": MAML(meta_learning_rate=0.03, **common),
        "ANIL": ANIL(meta_learning_rate=0.03, **common),
        "MetaSGD": MetaSGD(meta_learning_rate=0.01, **common),
    }


def of_line(seed):
    """What each start says at x = 5 of y = 2x, and CPU seconds to learn it."""
    rng = np.random.default_rng(seed)
    codes, X = np.repeat(np.arange(200), 20), rng.uniform(0.0, 5.0, (4000, 1))
    tasks = Tasks(X, 2.0 * rng.normal(size=200)[codes] * X[:, 0], codes, np.arange(200))
    net = clone(LINE_NET).set_params(random_state=seed)
    found = {"from scratch": (clone(net).fit(POINTS, 2.0 * POINTS[:, 0]).predict([[5.0]]).item(), 0.0)}
    for name, learner in line_learners(seed).items():
        begin = time.process_time()
        prior = learner.learn(net, tasks)
        seconds = time.process_time() - begin
        found[name] = (prior.adapt(net, POINTS, 2.0 * POINTS[:, 0]).predict([[5.0]]).item(), seconds)
    return found


def lines(args):
    each = [of_line(seed) for seed in range(2 if args.quick else args.seeds)]
    table = Table(
        f"Lines: four points of y = 2x, ten steps, and what they say at x = 5, where y = 10; {len(each)} random states",
        ["start", "median", "least", "most", "within 0.1", "CPU s"],
    )
    for name in each[0]:
        said, seconds = np.transpose([found[name] for found in each])
        near = f"{np.sum(np.abs(said - 10.0) <= 0.1)} of {len(said)}"
        table.add(name, *(f"{x:.2f}" for x in np.quantile(said, [0.5, 0, 1])), near, f"{np.median(seconds):.1f}")
    table.show()


PARTS = {"speed": speed, "sinusoids": sinusoids, "lines": lines}


def main():
    args = read_arguments(__doc__, part="", only="", iterations=20000, tasks=5000, seeds=10, state=0)
    warnings.simplefilter("ignore")  # few epochs do not converge, as is meant
    for name, part in PARTS.items():
        if args.part in ("", name):
            part(args)


if __name__ == "__main__":
    main()
