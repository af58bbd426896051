"""What do learned starts bring to nets of torch and keras, and what does a training cost?

Sine waves: one net of 40 tanh units in three packages (scikit-learn, skorch, scikeras), twenty epochs of Adam on ten points of
a new wave, from scratch and from a learned start.
"""

import os
import warnings
from importlib.util import find_spec

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
from _common import Table, clocked, read_arguments
from sklearn.base import clone
from sklearn.neural_network import MLPRegressor

from skmeta import ParameterAverage, Reptile, WarmStartRegressor
from skmeta.datasets import make_sinusoids

N_WAVES, N_NEW, N_ROWS, SHOTS, UNITS, EPOCHS, RATE = 20, 10, 20, 10, 40, 20, 0.01
warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # keras's own, of torch's tensors


def of_sklearn(seed):
    own = {"activation": "tanh", "learning_rate_init": RATE, "max_iter": EPOCHS, "alpha": 0.0}
    return MLPRegressor(hidden_layer_sizes=UNITS, random_state=seed, **own)


def of_skorch(seed):
    import torch
    from skorch import NeuralNetRegressor

    torch.manual_seed(seed)
    layers = [torch.nn.Linear(1, UNITS), torch.nn.Tanh(), torch.nn.Linear(UNITS, 1), torch.nn.Flatten(0)]
    more = {"optimizer": torch.optim.Adam, "lr": RATE, "max_epochs": EPOCHS, "train_split": None, "verbose": 0}
    return NeuralNetRegressor(torch.nn.Sequential(*layers), **more)


def of_scikeras(seed):
    import keras
    from scikeras.wrappers import KerasRegressor

    keras.utils.set_random_seed(seed)

    def build():
        layers = [keras.layers.Input((1,)), keras.layers.Dense(UNITS, "tanh"), keras.layers.Dense(1)]
        return keras.Sequential(layers)

    more = {"optimizer": "adam", "optimizer__learning_rate": RATE, "epochs": EPOCHS, "loss": "mse", "verbose": 0}
    return KerasRegressor(build, random_state=seed, **more)


PACKAGES = {"scikit-learn": of_sklearn, "skorch": of_skorch, "scikeras": of_scikeras}
MODULES = {"skorch": "skorch", "scikeras": "scikeras"}  # that are no requirements of skmeta


def learners(n_iter):
    reptile = Reptile(n_iter, random_state=0)
    return {"from scratch": None, "ParameterAverage": ParameterAverage(), f"Reptile({n_iter})": reptile}


def measured(net, learner, seed):
    """Mean squared error on the other points of new waves, and seconds of learning."""
    waves = [make_sinusoids(n, N_ROWS, random_state=seed + k)[:2] for n, k in ((N_WAVES, 0), (N_NEW, 1000))]
    past, (X, y) = ((X.astype(np.float32), y.astype(np.float32)) for X, y in waves)
    adapt, seconds = lambda X, y: clone(net).fit(X, y), 0.0
    if learner is not None:
        model, seconds = clocked(lambda: WarmStartRegressor(net, task=-1, learner=learner).fit(*past))
        adapt = model.adapt
    errors = []
    for rows in np.split(np.arange(len(y)), N_NEW):
        known, query = rows[:SHOTS], rows[SHOTS:]
        errors.append(np.mean((adapt(X[known, :1], y[known]).predict(X[query, :1]) - y[query]) ** 2))
    return np.mean(errors), seconds


def mean_and_error(values):
    return f"{np.mean(values):.3g} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.2g}"


def main():
    args = read_arguments(__doc__, only="")
    seeds, n_iter = (range(2), 2) if args.quick else (range(3), 20)
    header = ["net", "start", "squared error", "of that from scratch", "seconds", "ms a training"]
    table = Table(f"{SHOTS} points of a new wave, {EPOCHS} epochs", header, 2)
    asked = [package for package in PACKAGES if args.only in package]
    absent = [package for package in asked if find_spec(MODULES.get(package, "sklearn")) is None]
    for package in (each for each in asked if each not in absent):
        make, scratch = PACKAGES[package], None
        iterations = min(n_iter, 5) if package == "scikeras" else n_iter
        for name, learner in learners(iterations).items():
            errors, seconds = zip(*(measured(make(seed), learner, seed) for seed in seeds), strict=True)
            scratch = errors if learner is None else scratch
            trainings = N_WAVES + (5 * iterations if name.startswith("Reptile") else N_WAVES)
            cost = [] if learner is None else [np.median(seconds), 1000.0 * np.median(seconds) / trainings]
            table.add(package, name, mean_and_error(errors), mean_and_error(np.divide(errors, scratch)), *cost)
    table.show(
        "±: standard error over collections; seconds: of learning and of training each past wave, median",
        *(f"not installed, so not run: {package}" for package in absent),
        f"past waves: {N_WAVES}; where keras's trainings are slow Reptile has fewer iterations",
    )


if __name__ == "__main__":
    main()
