"""What are new trees of a task's own worth, on top of a shared booster that is corrected for it?

Tasks share a wave and differ in level and in a slope. On "own threshold" each also jumps at a place of its own; on
"interaction" each has a product of two columns of its own; on "additive" there is nothing more. Errors are
root mean squares over new tasks, in units of the noise; the mean over seeds and its standard error.
"""

import numpy as np
from _common import Table, read_arguments, say
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor

from skmeta import SharedModel, WarmStartRegressor
from skmeta.ensemble import BoostingPrior

SHOTS = (10, 20, 50)
N_PAST, N_NEW, N_ROWS, NOISE = 40, 20, 90, 0.3
METHODS = ("own", "pooled, id a category", "fallback", "fallback + trees")
BOOSTERS = {
    "hist": HistGradientBoostingRegressor(max_iter=50, random_state=0),
    "exact": GradientBoostingRegressor(n_estimators=50, random_state=0),
}


def draw(truth, seed):
    """Columns, the task last, and targets."""
    rng = np.random.default_rng(seed)
    n_tasks = N_PAST + N_NEW
    task = np.repeat(np.arange(n_tasks), N_ROWS)
    X = rng.uniform(-2.0, 2.0, (len(task), 4))
    y = 2.0 * np.sin(2.0 * X[:, 0]) + rng.normal(size=n_tasks)[task] + 0.5 * rng.normal(size=n_tasks)[task] * X[:, 1]
    if truth == "own threshold":
        y += 2.0 * rng.choice([-1.0, 1.0], n_tasks)[task] * (X[:, 2] > rng.uniform(-1.0, 1.0, n_tasks)[task])
    if truth == "interaction":
        y += rng.normal(size=n_tasks)[task] * X[:, 2] * X[:, 3]
    return np.column_stack([X, task]), y + NOISE * rng.normal(size=len(task))


def pooled_error(X, y, shots, query):
    """A booster of all tasks, the new ones' first rows among them, with the id as a category; ids are too many for bins."""
    last = X.shape[1] - 1
    booster = HistGradientBoostingRegressor(max_iter=50, categorical_features=[last], random_state=0)
    return mean_error(booster.fit(X[shots], y[shots]).predict(X[query]), y[query])


def mean_error(found, y):
    return np.sqrt(np.mean((found - y) ** 2)) / NOISE


def errors(booster, truth, seed):
    """``(n_methods, n_shots)``, and whether trees were chosen."""
    X, y = draw(truth, seed)
    past, turn = X[:, -1] < N_PAST, np.tile(np.arange(N_ROWS), N_PAST + N_NEW)
    query = ~past & (turn >= max(SHOTS))
    warm = [
        WarmStartRegressor(booster, task=-1, learner=each).fit(X[past], y[past]) for each in (SharedModel(), "auto")
    ]
    out = np.empty((len(METHODS), len(SHOTS)))
    for k, n_shots in enumerate(SHOTS):
        shots = ~past & (turn < n_shots)
        out[1, k] = pooled_error(X, y, past | shots, query)
        for m, model in ((0, WarmStartRegressor(booster)), (2, warm[0]), (3, warm[1])):
            found = np.empty(len(y))
            for task in np.unique(X[~past, -1]):
                mine = X[:, -1] == task
                own = mine & shots
                fit = model.fit if m == 0 else model.adapt
                found[mine] = fit(X[own, :-1], y[own]).predict(X[mine, :-1])
            out[m, k] = mean_error(found[query], y[query])
    return out, isinstance(warm[1].prior_.components[0], BoostingPrior)


def main():
    options = read_arguments(__doc__, seeds=5, first=1000, boosters="hist,exact")
    n_seeds = 2 if options.quick else options.seeds
    names = options.boosters.split(",")[: 1 if options.quick else None]
    table = Table(
        "Root mean squared error, in units of the noise", ["truth", "booster", "method", *SHOTS, "trees in"], 3
    )
    for truth in ("own threshold", "additive", "interaction"):
        for name in names:
            say(f"{truth}, {name}")
            found, chosen = zip(
                *(errors(BOOSTERS[name], truth, options.first + s) for s in range(n_seeds)), strict=True
            )
            found = np.array(found)
            ratio = found[:, 3] / found[:, 2]
            for m, method in enumerate(METHODS):
                table.add(truth, name, method, *cells(found[:, m]), f"{sum(chosen)}/{n_seeds}" if m == 3 else "")
            table.add(truth, name, "with trees / without", *cells(ratio), "")
    table.show("mean +- standard error over seeds", "trees in: seeds whose past tasks chose new trees")


def cells(values):
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return [f"{mean:.3f} +- {each:.3f}" for mean, each in zip(values.mean(axis=0), error, strict=True)]


if __name__ == "__main__":
    main()
