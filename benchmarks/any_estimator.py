"""How good is the fallback around boosting and nets, beside what people do with an id column and beside mixed models?

Four parts, chosen by ``--part``: "cars", new models of used cars, a few of whose rows are known; "lmmnn", a published
simulation of 10,000 groups around a net, random rows held out; "panels", made-up twins of two panels (wages of people;
trade, whose noise differs by group), random rows held out; "cells", a panel of collections with boosting inside: in how
many cells is skmeta as good as the best, known in hindsight, of what people do?
"""

import resource
import time
import warnings

import _boosted_cells
import _boosted_peers as peers
import numpy as np
from _any_collections import imports_twin, lmmnn, lmmnn_oracle, used_cars_frame, wages_twin
from _common import Table, read_arguments, say
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartRegressor

SHOTS, MAX_QUERY = (5, 10, 20), 300
NORMAL_90 = 1.6449
NET = {"hidden_layer_sizes": (100, 50), "learning_rate_init": 0.002, "max_iter": 25, "batch_size": 256}


def plus_minus(values):
    values = np.asarray(values, dtype=float)
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{values.mean():.4f} +- {error:.4f}"


def absent_peers():
    return [f"not installed, so not run: {name}" for name in peers.PEERS if not peers.installed(name)]


# Used cars. ----------------------------------------------------------------------------------------------


def cars(folder, seeds, quick):
    """Errors of the logarithms of prices, and the share of them in 90 % intervals."""
    X, y = used_cars_frame(folder, 30 if quick else None)
    runs = [cars_once(X, y, seed) for seed in seeds]
    table = Table("Used cars: root mean squared errors of log prices, their mean over new models", ["", *SHOTS])
    for name in runs[0]:
        table.add(name, *(plus_minus([run[name][k] for run in runs]) for k in range(len(SHOTS))))
    table.show(
        "A quarter of the models is new; all rows of the others are learned from. Standard errors are over seeds."
    )


def cars_once(X, y, seed):
    """Name to a value for each number of known rows."""
    rng = np.random.default_rng(seed)
    task, features = X["task"].to_numpy(), X.drop(columns="task")
    ids = rng.permutation(np.unique(task))
    new = ids[: len(ids) // 4]
    past, booster = ~np.isin(task, new), HistGradientBoostingRegressor(random_state=seed)
    warm = WarmStartRegressor(booster, task="task").fit(X[past], y[past])
    say(f"used cars, seed {seed}: {warm.prior_}")
    pooled = clone(booster).fit(features[past], y[past])
    found = {name: np.zeros(len(SHOTS)) for name in ("skmeta", "own", "pooled + residual", "in 90 % intervals")}
    for t in new:
        rows = rng.permutation(np.flatnonzero(task == t))
        asked = rows[max(SHOTS) :][:MAX_QUERY]
        for k, n in enumerate(SHOTS):
            known, query = (features.iloc[rows[:n]], y[rows[:n]]), features.iloc[asked]
            mean, std = WarmStartRegressor(booster, prior=warm.prior_).fit(*known).predict(query, return_std=True)
            level = np.mean(known[1] - pooled.predict(known[0]))
            answers = {"skmeta": mean, "own": clone(booster).fit(*known).predict(query)}
            for name, answer in (answers | {"pooled + residual": pooled.predict(query) + level}).items():
                found[name][k] += np.sqrt(np.mean((answer - y[asked]) ** 2)) / len(new)
            found["in 90 % intervals"][k] += np.mean(abs(mean - y[asked]) < NORMAL_90 * std) / len(new)
    return found


# A published simulation. ---------------------------------------------------------------------------------


def simulation(seeds, quick):
    """Mean squared errors of a fifth of the rows, at random, of groups that are known."""
    size = (4_000, 400) if quick else (100_000, 10_000)
    net = make_pipeline(StandardScaler(), MLPRegressor(**NET, random_state=0))
    header = ["variance", "model", "error", "less oracle's", "seconds", "MB"]
    table = Table("LMMNN's simulation: mean squared error", header, 2)
    for variance in (3.0, 0.3):
        runs = [simulation_once(net, variance, seed, size) for seed in seeds]
        for name in runs[0]:
            errors, seconds = np.array([run[name] for run in runs]).T
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if name == "skmeta" else ""
            beyond = plus_minus(errors - [run["oracle"][0] for run in runs])
            table.add(f"{variance}", name, plus_minus(errors), beyond, float(seconds.mean()), peak)
    table.show(f"{size[0]} rows, {size[1]} groups", "oracle: Bayes' rule, with all but the effects of the groups known")


def simulation_once(net, variance, seed, size):
    """Name to ``(error, seconds)``."""
    X, y = lmmnn(variance, seed, *size)
    asked = is_asked(y, seed)
    known, query = (X[~asked], y[~asked]), X[asked]
    warm, linear = (WarmStartRegressor(each, task=-1) for each in (net, peers.linear(net)))
    booster = HistGradientBoostingRegressor(random_state=0)
    methods = {
        "skmeta": lambda: warm.fit(*known).predict(query),
        "oracle": lambda: lmmnn_oracle(variance, *known, query),
        "pooled net": lambda: peers.pooled(net, *known, query, None),
        "net + residual": lambda: peers.with_residual(net, *known, query, None),
        "boosting, id as mean": lambda: peers.id_as_mean(booster, *known, query, None),
        "linear warm": lambda: linear.fit(*known).predict(query),
    }
    if peers.installed("GPBoost"):
        methods["GPBoost"] = lambda: peers.gpboost(*known, query, lambda rows: rows[:, [10]] ** [1, 2])
    return {name: timed_error(name, method, y[asked]) for name, method in methods.items()}


def is_asked(y, seed):
    """A fifth of the rows, at random."""
    asked = np.zeros(len(y), dtype=bool)
    asked[np.random.default_rng(seed).permutation(len(y))[: len(y) // 5]] = True
    return asked


def timed_error(name, method, y):
    """``(mean squared error, seconds)``; both are missing where a peer fails, which is said."""
    start = time.perf_counter()
    try:
        error = np.mean((method() - y) ** 2)
    except Exception as reason:
        if name == "skmeta":
            raise
        say(f"{name} failed: {type(reason).__name__}: {str(reason).splitlines()[0][:80]}")
        return np.nan, np.nan
    say(f"  {name}: {error:.4f}")
    return error, time.perf_counter() - start


# Panels. -------------------------------------------------------------------------------------------------


def panels(seeds, quick, only):
    """Mean squared errors of a fifth of the rows, at random, as in the folds of GPBoost's benchmark; a fresh draw each."""
    draws = {"wages": (wages_twin, 1000, [6]), "imports": (imports_twin, 300, [0])}
    table = Table(
        "Twins of panels: mean squared error of rows held out", ["twin", "model", "error", "over skmeta", "s"], 2
    )
    for twin, (draw, size, slopes) in draws.items():
        if only not in twin:
            continue
        runs = [panel_once(*draw(seed, 40 if quick else size), slopes, seed) for seed in seeds]
        for name in runs[0]:
            errors, seconds = np.array([run[name] for run in runs]).T
            ratio = errors / [run["skmeta"][0] for run in runs]
            table.add(twin, name, plus_minus(errors), plus_minus(ratio), float(seconds.mean()))
    table.show("Standard errors are over draws.", *absent_peers())


def panel_once(X, y, slopes, seed):
    """Name to ``(error, seconds)``."""
    asked = is_asked(y, seed)
    methods = panel_methods((X[~asked], y[~asked]), X[asked], slopes)
    return {name: timed_error(name, method, y[asked]) for name, method in methods.items()}


def panel_methods(known, query, slopes):
    """Name to a function that predicts ``query``; ``slopes`` are the columns whose slopes really vary."""
    booster = HistGradientBoostingRegressor(random_state=0)
    small = clone(booster).set_params(max_depth=3, max_iter=60)  # about what GPBoost chooses
    inside = {"skmeta": booster, "skmeta, small trees": small, "linear warm": peers.linear(booster)}
    warm = {name: WarmStartRegressor(each, task=-1) for name, each in inside.items()}
    methods = {name: lambda each=each: each.fit(*known).predict(query) for name, each in warm.items()}
    for name in ("pooled", "pooled + residual", "id as category", "id as mean"):
        methods[f"boosting, {name}"] = lambda name=name: peers.IN_HINDSIGHT[name](booster, *known, query, None)
    others = {
        "GPBoost": lambda: peers.gpboost(*known, query, lambda rows: rows[:, slopes]),
        "MERF": lambda: peers.merf(*known, query, slopes),
        "mixedlm": lambda: peers.mixedlm(*known, query, slopes),
        "statsmodels": lambda: peers.statsmodels(*known, query, slopes),
        "scikit-lego": lambda: peers.lego(peers.linear(booster), *known, query),
    }
    return methods | {name: method for name, method in others.items() if peers.installed(name)}


# Cells. --------------------------------------------------------------------------------------------------


def all_cells(folder, seeds, quick, only):
    """How far skmeta is behind the best in hindsight, collection by collection."""
    table = Table(
        "Cells: error less that of the best in hindsight, at each number of known rows",
        ["collection", "best", *SHOTS, "best correction alone", "linear warm"],
        2,
    )
    behind = {"regression": [], "classification": []}
    for seed in seeds:
        made, absent = _boosted_cells.panel(folder, seed)
        made = [each for each in made if only in each[0]]
        for name, X, y in made[:: 6 if quick else 1]:
            found = _boosted_cells.cells(X, y, seed)
            ours = np.array([found.pop(each) for each in ("skmeta", "best alone", "linear warm")])
            errors = np.array(list(found.values()))
            best = [list(found)[k] for k in errors.argmin(axis=0)]
            ours -= errors.min(axis=0)
            behind["classification" if y.dtype.kind == "i" else "regression"].append(ours[:2])
            cells = [" ".join(f"{e:+.3f}" for e in each) for each in ours[1:]]
            table.add(name, " / ".join(best), *(f"{each:+.3f}" for each in ours[0]), *cells)
    lines = [line for kind, values in behind.items() if values for line in summaries(kind, np.array(values))]
    table.show(*lines, *map(not_there, absent))


def summaries(kind, behind):
    """What a mean of corrections is worth; collections are independent, the cells of one are not."""
    yield summary(kind, behind[:, 0].ravel())
    yield summary(f"{kind}, best correction alone", behind[:, 1].ravel())
    yield f"{kind}: the mean of corrections less the best alone {plus_minus((behind[:, 0] - behind[:, 1]).mean(axis=1))}"


def summary(kind, values):
    share = np.mean(values <= 0.01)
    error = np.sqrt(share * (1.0 - share) / len(values))
    return (
        f"{kind}: in {share:.1%} +- {error:.1%} of {len(values)} cells at least as good as the best in hindsight, less .01; "
        f"in {np.sum(values > 0.05)} worse by more than .05"
    )


def not_there(name):
    return f"not there, so not run: {name} (give its folder by --data)"


def main():
    args = read_arguments(__doc__, data="", part="cars,lmmnn,panels,cells", seeds=0, first=0, only="")
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.filterwarnings("ignore", message="Got `batch_size` less than 1")  # a task's own net

    def seeds(n):
        return range(args.first, args.first + (1 if args.quick else args.seeds or n))

    parts = args.part.split(",")
    if "cars" in parts and args.data:
        cars(args.data, seeds(4), args.quick)
    elif "cars" in parts:
        print(not_there("used cars"))
    if "lmmnn" in parts:
        simulation(seeds(1), args.quick)
    if "panels" in parts:
        panels(seeds(4), args.quick, args.only)
    if "cells" in parts:
        all_cells(args.data, seeds(1), args.quick, args.only)


if __name__ == "__main__":
    main()
