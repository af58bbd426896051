"""Where should a net's training start, so that few points and few steps are enough?

Lines through the origin: a net of ten units takes ten steps of gradient descent on four points of a new line, and is asked
outside them. Sine waves: a net of 40 and 40 units takes ten steps of L-BFGS on ten points of a new wave. The last lines are
of a spline and a ridge with a learned prior, which has a closed form.
"""

import numpy as np
from _common import Table, clocked, read_arguments
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skmeta import NeuralNetworkLearner, ParameterAverage, Reptile, WarmStartRegressor
from skmeta.datasets import make_sinusoids

POINTS = np.array([[1.0], [2.0], [3.0], [4.0]])
LINE_NET = MLPRegressor(
    hidden_layer_sizes=10, solver="sgd", learning_rate_init=0.01, momentum=0.0, max_iter=10, alpha=0.0
)
WAVE_NET = MLPRegressor(hidden_layer_sizes=(40, 40), solver="lbfgs", max_iter=10)
N_WAVES, N_NEW, N_ROWS, SHOTS = 100, 50, 20, 10


def lines(rng, n_tasks=200, n_rows=10):
    """Rows of past lines with their number in the last column, and targets."""
    slopes, task = rng.normal(0.0, 2.0, n_tasks), np.repeat(np.arange(n_tasks), n_rows)
    x = rng.uniform(0.0, 5.0, n_tasks * n_rows)
    return np.column_stack([x, task]), slopes[task] * x


def line_learners(quick):
    return {
        "from scratch": None,
        "mean of the tasks' own weights": ParameterAverage(),
        "Reptile": Reptile(100 if quick else 2000),
    }


def of_line(net, learner, seed):
    """``(prediction of y = 2 x at 5, mean absolute error there over new slopes, seconds)``."""
    rng = np.random.default_rng(seed)
    net = clone(net).set_params(random_state=seed)
    X, y = lines(rng)
    adapt, seconds = lambda X, y: clone(net).fit(X, y), 0.0
    if learner is not None:
        model, seconds = clocked(lambda: WarmStartRegressor(net, task=-1, learner=clone(learner)).fit(X, y))
        adapt = model.adapt
    slopes = np.append(rng.normal(0.0, 2.0, 20), 2.0)
    found = np.array([adapt(POINTS, a * POINTS.ravel()).predict([[5.0]]).item() for a in slopes])
    return found[-1], np.abs(found - 5.0 * slopes)[:-1].mean(), seconds


def wave_models(seed, quick):
    """Models by name, without a task column first."""
    net = clone(WAVE_NET).set_params(random_state=seed)
    n_iter = 20 if quick else 200
    return {
        "net from scratch": (net, None),
        "net, mean of the tasks' own weights": (net, ParameterAverage()),
        "net, Reptile": (net, Reptile(n_iter)),
        "net, auto": (net, NeuralNetworkLearner(n_iter)),
        "spline and ridge": (make_pipeline(SplineTransformer(20), Ridge()), "auto"),
    }


def of_waves(model, learner, seed):
    """``(mean squared error of new waves, seconds, what was chosen)``."""
    waves = ((N_WAVES, 0), (N_NEW, 1000))
    past, new = (make_sinusoids(n, N_ROWS + SHOTS, random_state=seed + k)[:2] for n, k in waves)
    adapt, seconds, chosen = lambda X, y: clone(model).fit(X, y), 0.0, ""
    if learner is not None:
        learner = learner if isinstance(learner, str) else clone(learner)
        fitted, seconds = clocked(lambda: WarmStartRegressor(model, task=-1, learner=learner).fit(*past))
        adapt, chosen = fitted.adapt, getattr(fitted.learner_, "chosen_", "")
    X, y = new
    found = []
    for rows in np.split(np.arange(len(y)), N_NEW):
        known, query = rows[:SHOTS], rows[SHOTS:]
        found.append(np.mean((adapt(X[known, :1], y[known]).predict(X[query, :1]) - y[query]) ** 2))
    return np.mean(found), seconds, chosen


def mean_and_error(values):
    return f"{np.mean(values):.3g} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.2g}"


def main():
    args = read_arguments(__doc__)
    seeds = range(2) if args.quick else range(5)
    table = Table(
        "Four points of a new line, ten steps, asked at x = 5",
        ["start", "y = 2 x (10)", "within .1", "error", "seconds"],
    )
    for name, learner in line_learners(args.quick).items():
        two, error, seconds = zip(*(of_line(LINE_NET, learner, seed) for seed in seeds), strict=True)
        near = f"{np.sum(np.abs(np.array(two) - 10.0) <= 0.1)} of {len(seeds)}"
        table.add(name, mean_and_error(two), near, mean_and_error(error), f"{np.median(seconds):.1f}")
    table.show("error: mean absolute error over slopes of N(0, 2²); ±: standard error over collections")
    seeds = range(2) if args.quick else range(3)
    table = Table(f"{SHOTS} points of a new wave", ["model", "squared error", "seconds", "chosen"])
    for name in wave_models(0, args.quick):
        models = [wave_models(seed, args.quick)[name] for seed in seeds]
        error, seconds, chosen = zip(
            *(of_waves(*pair, seed) for pair, seed in zip(models, seeds, strict=True)), strict=True
        )
        table.add(name, mean_and_error(error), f"{np.median(seconds):.1f}", ", ".join(sorted(set(chosen))))
    table.show("waves differ by height and phase; seconds: of learning, median")


if __name__ == "__main__":
    main()
