"""Which step of the outer loop serves collections of several kinds, and does holding tasks out serve few of them?

Error on new tasks: root mean squared error, or log-loss of labels, as a share of what the net has from the start that it draws
for itself, after the same epochs on the same ten rows. Both tables are of MAML on waves, on noisy lines by ten steps, on
related linear models in ten columns, and on related classes.
"""

import time
import warnings
from functools import cache

import numpy as np
from _common import Table, read_arguments
from sklearn.base import clone, is_classifier
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skmeta import MAML
from skmeta.datasets import make_related_classification, make_related_regression, make_sinusoids
from skmeta.tasks import Tasks

RATES, SHOTS, N_ROWS, N_NEW, NEW_ROWS = (1e-3, 3e-3, 1e-2, 3e-2), 10, 20, 50, 60
SGD = {"solver": "sgd", "momentum": 0.0, "random_state": 0}
REGRESSOR, CLASSIFIER = MLPRegressor(**SGD), MLPClassifier(**SGD)


def waves(n_tasks, n_rows, seed):
    return make_sinusoids(n_tasks, n_rows, random_state=seed)[:2]


def lines(n_tasks, n_rows, seed):
    rng = np.random.default_rng(seed)
    x, task = rng.uniform(0.0, 5.0, n_tasks * n_rows), np.repeat(np.arange(n_tasks), n_rows)
    return np.column_stack([x, task]), 2.0 * rng.normal(size=n_tasks)[task] * x + rng.normal(size=len(x))


def columns(n_tasks, n_rows, seed):
    return make_related_regression(n_tasks, n_rows, 10, random_state=seed)[:2]


def classes(n_tasks, n_rows, seed):
    return make_related_classification(n_tasks, n_rows, 5, random_state=seed)[:2]


COLLECTIONS = {
    "waves": (waves, clone(REGRESSOR).set_params(hidden_layer_sizes=(40, 40), learning_rate_init=0.02), 1),
    "lines": (lines, clone(REGRESSOR).set_params(hidden_layer_sizes=(10,), learning_rate_init=0.01), 10),
    "columns": (columns, clone(REGRESSOR).set_params(hidden_layer_sizes=(20,), learning_rate_init=0.05), 5),
    "classes": (classes, clone(CLASSIFIER).set_params(hidden_layer_sizes=(20,), learning_rate_init=0.2), 5),
}


def collection(draw, n_tasks, n_rows, seed, n_new=0):
    """Tasks to learn from, and new ones of the same law."""
    X, y = draw(n_tasks + n_new, n_rows, seed)
    codes = X[:, -1].astype(int)
    labels = tuple(np.unique(y) for _ in range(n_tasks + n_new)) if y.dtype.kind in "iu" else None
    tasks = Tasks(X[:, :-1], y, codes, np.arange(n_tasks + n_new), classes=labels)
    return tasks.take(np.arange(n_tasks)), tasks.take(np.arange(n_tasks, n_tasks + n_new))


def errors(model_of, new):
    """Of each new task's other rows, by what ``model_of(X, y)`` makes of ten."""
    found = []
    for X, y, _ in new:
        model = model_of(X[:SHOTS], y[:SHOTS])
        if is_classifier(model):
            found.append(log_loss(y[SHOTS:], model.predict_proba(X[SHOTS:]), labels=model.classes_))
        else:
            found.append(np.sqrt(np.mean((y[SHOTS:] - model.predict(X[SHOTS:])) ** 2)))
    return np.mean(found)


def from_its_own_start(net, classes):
    """Training of a net that has seen no task; it knows the labels."""

    def fit(X, y):
        model = clone(net)
        for _ in range(net.max_iter):
            model.partial_fit(X, y, **({} if classes is None else {"classes": classes}))
        return model

    return fit


@cache
def given(name, n_tasks, seed):
    """``(past tasks, new tasks, net, error in new tasks from the net's own start)``."""
    draw, net, n_steps = COLLECTIONS[name]
    net = clone(net).set_params(max_iter=n_steps)
    past, new = collection(draw, n_tasks, NEW_ROWS, seed, N_NEW)
    past, _ = past.shots_and_query(N_ROWS)
    labels = None if past.classes is None else past.classes[0]
    return past, new, net, errors(from_its_own_start(net, labels), new)


def share(name, n_tasks, seed, **settings):
    """``(error as a share of that from the net's own start, iterations run, CPU seconds)``."""
    past, new, net, own = given(name, n_tasks, seed)
    learner = MAML(net.max_iter, n_shots=SHOTS, random_state=seed, **settings)
    begin = time.process_time()
    prior = learner.learn(net, past)
    seconds = time.process_time() - begin
    return errors(lambda X, y: prior.adapt(net, X, y), new) / own, learner.n_iter_, seconds


def cell(values):
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.3f}"


def compare(args, title, n_tasks, choices):
    """A table: of each collection and number of tasks the error under each choice of settings."""
    table = Table(title, ["collection", "tasks", *choices, "iterations", "CPU s"], 2)
    for name in COLLECTIONS:
        for n in n_tasks:
            found = np.array(
                [
                    [share(name, n, seed, n_iter=args.iterations, **more) for seed in range(args.seeds)]
                    for more in choices.values()
                ]
            )
            last = found[-1].mean(axis=0)
            table.add(name, n, *(cell(each[:, 0]) for each in found), f"{last[1]:.0f}", f"{last[2]:.1f}")
    table.show("iterations, CPU s: of the last choice; ±: standard error over collections")


def main():
    args = read_arguments(__doc__, part="", iterations=2000, seeds=3)
    warnings.simplefilter("ignore")  # few epochs do not converge, as is meant
    if args.quick:
        args.iterations, args.seeds = 100, 2
    if args.part in ("", "rates"):
        rates = {f"{rate:g}": {"meta_learning_rate": rate} for rate in RATES}
        compare(args, f"meta_learning_rate, {args.iterations} iterations", (200,), rates)
    if args.part in ("", "held-out"):
        choices = {"last": {"early_stopping": False}, "by held-out tasks": {}}
        compare(args, f"Few tasks, {args.iterations} iterations", (6, 20), choices)


if __name__ == "__main__":
    main()
