"""Where should a net's training start, what is that worth with few rows, and what does it cost where the past misleads?

Lines through the origin: a net of ten units takes ten steps of gradient descent on four points of a new line, and is asked
outside them. Sine waves: a net of 40 and 40 units takes ten steps of L-BFGS on ten points of a new wave; the last line is of a
spline and a ridge with a learned prior, which has a closed form. Few rows: regressors and classifiers of five columns, beside
the net of the task's own rows, one net of all rows with the tasks' ids as columns, and the fallback. Misleading past: the
excess of the error over that of the own net, in per cent, at 5, 10 and 50 rows of new tasks, by what happened to the past;
"or own" has the task's own net beside the start.
"""

import time
from functools import cache, partial

import numpy as np
from _common import Table, clocked, read_arguments
from _misled_families import PASTS, Family, brier, labels, numbers, rmse, surfaces
from sklearn.base import clone, is_classifier
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skmeta import (
    ANIL,
    MAML,
    MetaSGD,
    NeuralNetworkLearner,
    ParameterAverage,
    Reptile,
    SharedModel,
    WarmStartClassifier,
    WarmStartRegressor,
)
from skmeta.compose import OwnModelPrior
from skmeta.datasets import make_sinusoids
from skmeta.neural_network import StartOrOwnNet

POINTS = np.array([[1.0], [2.0], [3.0], [4.0]])
LINE_NET = MLPRegressor(
    hidden_layer_sizes=10, solver="sgd", learning_rate_init=0.01, momentum=0.0, max_iter=10, alpha=0.0
)
WAVE_NET = MLPRegressor(hidden_layer_sizes=(40, 40), solver="lbfgs", max_iter=10)
N_WAVES, N_NEW_WAVES, N_ROWS, SHOTS = 100, 50, 20, 10
N_PAST, N_PAST_ROWS, N_NEW, N_QUERY = 20, 20, 8, 100
LONG = {"hidden_layer_sizes": 10, "solver": "lbfgs", "max_iter": 50, "random_state": 0}
SHORT = {"hidden_layer_sizes": 10, "solver": "sgd", "learning_rate_init": 0.05, "max_iter": 10, "random_state": 0}
FAMILIES = {
    f"{cls.__name__}, {name}": Family("neural_network", cls(**options), partial(targets, surfaces), error)
    for cls, targets, error in ((MLPRegressor, numbers, rmse), (MLPClassifier, labels, brier))
    for name, options in (("50 steps of lbfgs", LONG), ("10 epochs of sgd", SHORT))
}
FEW_SHOTS, HARM_SHOTS = (5, 10), (5, 10, 50)


def mean_and_error(values):
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{np.mean(values):.3g} ± {error:.2g}"


# Lines and waves ---------------------------------------------------------------------------------


def lines(rng, n_tasks=100, n_rows=10):
    """Rows of past lines with their number in the last column, and targets."""
    slopes, task = rng.normal(0.0, 2.0, n_tasks), np.repeat(np.arange(n_tasks), n_rows)
    x = rng.uniform(0.0, 5.0, n_tasks * n_rows)
    return np.column_stack([x, task]), slopes[task] * x


def line_learners(quick):
    n_iter = 30 if quick else 200
    return {
        "from scratch": None,
        "mean of the tasks' own weights": ParameterAverage(),
        "Reptile": Reptile(n_iter),
        "MAML, ten steps": MAML(10, n_iter=4 * n_iter, n_shots=4, meta_learning_rate=0.003),
        "auto, without fallback": NeuralNetworkLearner(n_iter // 10, compare_with_fallback=False),
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


def add_lines(quick):
    seeds = range(1 if quick else 2)
    header = ["start", "y = 2 x (10)", "within .1", "error", "seconds"]
    table = Table("Four points of a new line, ten steps, asked at x = 5", header)
    for name, learner in line_learners(quick).items():
        two, error, seconds = zip(*(of_line(LINE_NET, learner, seed) for seed in seeds), strict=True)
        near = f"{np.sum(np.abs(np.array(two) - 10.0) <= 0.1)} of {len(seeds)}"
        table.add(name, mean_and_error(two), near, mean_and_error(error), f"{np.median(seconds):.1f}")
    table.show("error: mean absolute error over slopes of N(0, 2²); ±: standard error over collections")


def wave_models(seed, quick):
    """Models by name, without a task column first."""
    net = clone(WAVE_NET).set_params(random_state=seed)
    n_iter = 20 if quick else 200
    return {
        "net from scratch": (net, None),
        "net, mean of the tasks' own weights": (net, ParameterAverage()),
        "net, Reptile": (net, Reptile(n_iter)),
        "net, auto": (net, "auto"),
        "spline and ridge": (make_pipeline(SplineTransformer(20), Ridge()), "auto"),
    }


def of_waves(model, learner, seed):
    """``(mean squared error of new waves, seconds, what was chosen)``."""
    waves = ((N_WAVES, 0), (N_NEW_WAVES, 1000))
    past, new = (make_sinusoids(n, N_ROWS + SHOTS, random_state=seed + k)[:2] for n, k in waves)
    adapt, seconds, chosen = lambda X, y: clone(model).fit(X, y), 0.0, ""
    if learner is not None:
        learner = learner if isinstance(learner, str) else clone(learner)
        fitted, seconds = clocked(lambda: WarmStartRegressor(model, task=-1, learner=learner).fit(*past))
        adapt, chosen = fitted.adapt, getattr(fitted.learner_, "chosen_", "")
    X, y = new
    found = []
    for rows in np.split(np.arange(len(y)), N_NEW_WAVES):
        known, query = rows[:SHOTS], rows[SHOTS:]
        found.append(np.mean((adapt(X[known, :1], y[known]).predict(X[query, :1]) - y[query]) ** 2))
    return np.mean(found), seconds, chosen


def add_waves(quick):
    seeds = range(1 if quick else 3)
    table = Table(f"{SHOTS} points of a new wave", ["model", "squared error", "seconds", "chosen"])
    for name in wave_models(0, quick):
        pairs = [wave_models(seed, quick)[name] for seed in seeds]
        error, seconds, chosen = zip(
            *(of_waves(*pair, seed) for pair, seed in zip(pairs, seeds, strict=True)), strict=True
        )
        table.add(name, mean_and_error(error), f"{np.median(seconds):.1f}", ", ".join(sorted(set(chosen))))
    table.show("waves differ by height and phase; seconds: of learning, median")


# Few rows, and a past that misleads ------------------------------------------------------------------


@cache
def draw(name, seed):
    """Past tasks, ``X (tasks, rows, columns)`` and ``y``, and new tasks likewise."""
    X, y = FAMILIES[name].draw(np.random.default_rng(seed), N_PAST + N_NEW, max(HARM_SHOTS) + N_QUERY)
    return (X[:N_PAST, :N_PAST_ROWS], y[:N_PAST, :N_PAST_ROWS]), list(zip(X[N_PAST:], y[N_PAST:], strict=True))


def fitted(net, learner, X, y):
    """The shell that has learned from past tasks, and CPU seconds."""
    shell = WarmStartClassifier if is_classifier(net) else WarmStartRegressor
    table = np.column_stack([np.concatenate(X), np.repeat(np.arange(len(X)), X.shape[1])])
    start = time.process_time()
    model = shell(net, task=-1, learner=learner if isinstance(learner, str) else clone(learner)).fit(table, y.ravel())
    return model, time.process_time() - start


def error_of(name, adapt, new, n):
    """Mean error of new tasks of which ``n`` rows are known."""
    error = FAMILIES[name].error
    return np.mean([error(adapt(X[:n], y[:n]), X[-N_QUERY:], y[-N_QUERY:]) for X, y in new])


@cache
def own_errors(name, seed, shots):
    net = FAMILIES[name].estimator
    return np.array([error_of(name, lambda X, y: clone(net).fit(X, y), draw(name, seed)[1], n) for n in shots])


def with_ids(name, seed, n):
    """Mean error of new tasks by one net of the rows of all tasks, with a column for each task."""
    (X, y), new = draw(name, seed)
    rows = [*zip(X, y, strict=True), *((a[:n], b[:n]) for a, b in new)]
    ids = np.eye(len(rows))

    def of_task(X, code):
        return np.column_stack([X, np.tile(ids[code], (len(X), 1))])

    table = np.vstack([of_task(a, code) for code, (a, _) in enumerate(rows)])
    net = clone(FAMILIES[name].estimator).fit(table, np.concatenate([b for _, b in rows]))
    error = FAMILIES[name].error
    return np.mean([error(net, of_task(a[-N_QUERY:], N_PAST + k), b[-N_QUERY:]) for k, (a, b) in enumerate(new)])


def learners(name, quick):
    """Learners of a start that take the net of a family, by name."""
    n_iter = 5 if quick else 25
    found = {"ParameterAverage": ParameterAverage(), "Reptile": Reptile(n_iter)}
    if "sgd" in name:
        options = {"n_iter": 20 * n_iter, "random_state": 0}
        found |= {"MAML": MAML(10, **options), "ANIL": ANIL(10, **options), "MetaSGD": MetaSGD(10, **options)}
    return found


def add_few_rows(names, seeds, quick):
    header = ["net", "start", *(f"{n} rows" for n in FEW_SHOTS), "CPU seconds", "chosen"]
    table = Table(f"Error with few rows, {N_PAST} past tasks of {N_PAST_ROWS} rows", header, 2)
    for name in names:
        own = [own_errors(name, seed, FEW_SHOTS) for seed in seeds]
        table.add(name, "own net", *(mean_and_error(each) for each in np.transpose(own)))
        pooled = [[with_ids(name, seed, n) for n in FEW_SHOTS] for seed in seeds]
        table.add(name, "net of all rows, with ids", *(mean_and_error(each) for each in np.transpose(pooled)))
        for title, learner in ({"fallback": SharedModel()} | learners(name, quick) | {"auto": "auto"}).items():
            errors, seconds, chosen = [], [], set()
            for seed in seeds:
                past, new = draw(name, seed)
                model, took = fitted(FAMILIES[name].estimator, learner, *past)
                errors.append([error_of(name, model.adapt, new, n) for n in FEW_SHOTS])
                seconds.append(took)
                chosen.add(getattr(model.learner_, "chosen_", ""))
            cells = [mean_and_error(each) for each in np.transpose(errors)]
            table.add(name, title, *cells, f"{np.median(seconds):.1f}", ", ".join(sorted(chosen)))
    table.show("root mean squared error, or mean squared error of a probability; seconds: of learning, median")


def excesses(name, learner, change, seed, or_own):
    """By how much warm is worse than own at each number of rows, in per cent; below it with own nets beside the start."""
    past, new = draw(name, seed)
    turned = PASTS[change](*past, np.random.default_rng([seed, 1]), FAMILIES[name])
    net = FAMILIES[name].estimator
    start = fitted(net, learner, *turned)[0].prior_
    priors = [start, StartOrOwnNet([start, OwnModelPrior(classes=start.classes)])] if or_own else [start]
    errors = [[error_of(name, partial(prior.adapt, net), new, n) for n in HARM_SHOTS] for prior in priors]
    return 100.0 * (errors / own_errors(name, seed, HARM_SHOTS) - 1.0)


def harm_cases(quick):
    """``(family, learner's name, learner)``."""
    for name in list(FAMILIES)[:1] if quick else list(FAMILIES)[:3]:
        some = learners(name, quick)
        for title in ("MAML",) if "sgd" in name else ("Reptile",) if is_classifier(FAMILIES[name].estimator) else some:
            yield name, title, some[title]
        yield name, "auto", "auto"


def add_harm(seeds, quick):
    header = ["net", "start", "past", *(f"{n} rows" for n in HARM_SHOTS), "worst"]
    table = Table("Excess over the own net in %, five columns", header, 3)
    for name, title, learner in harm_cases(quick):
        titles = (title,) if title == "auto" else (title, f"{title} or own")
        for change in ("unrelated",) if quick else ("related", "flipped", "unrelated"):
            found = np.array([excesses(name, learner, change, seed, len(titles) > 1) for seed in seeds])
            for shown, each in zip(titles, np.swapaxes(found, 0, 1), strict=True):
                table.add(name, shown, change, *map(mean_and_error, each.T), f"{each.max():+.1f}")
    table.show("wanted: 10 % at 5 rows, 2 % from 10 on; ±: standard error over collections")


def main():
    args = read_arguments(__doc__, part="")
    seeds = range(8000, 8001 if args.quick else 8002)
    if args.part in ("", "lines"):
        add_lines(args.quick)
    if args.part in ("", "waves") and not args.quick:
        add_waves(args.quick)
    if args.part in ("", "rows"):
        add_few_rows([*FAMILIES][1:2] if args.quick else FAMILIES, seeds, args.quick)
    if args.part in ("", "harm"):
        add_harm(seeds, args.quick)


if __name__ == "__main__":
    main()
