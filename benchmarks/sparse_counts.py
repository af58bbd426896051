"""Of counts with few events, is warm ever worse than one model for all?

Mean deviance on further rows, in per cent above that of one PoissonRegressor for all rows: of tasks that were learned from,
and of new ones after 5 and 20 rows. The mean over numbers of tasks (20, 100), of rows (10, 40), of columns (3, 10) and seeds,
with its standard error, and the worst collection; beside it warm with weights as other targets than Poisson counts have them
("by use"), the task's own model, the pooled one times the task's level, and the truth. Slopes differ between tasks, or
levels alone, or nothing.
"""

import itertools
from unittest import mock

import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance

from skmeta import WarmStartRegressor

TRUTHS = {"levels differ": (0.2, 0.0), "nothing differs": (0.0, 0.0), "slopes differ": (0.2, 0.5)}
MEANS, SIZES = (0.02, 0.05, 0.1, 0.3, 1.0), tuple(itertools.product((20, 100), (10, 40), (3, 10)))
SHOTS, N_NEW, N_QUERY, N_DRAWS = (5, 20), 30, 40, 10
MODELS = ("warm", "by use", "own", "x level", "truth")
FEW = "skmeta.linear_model._mixture._is_poissons"  # whether weights are those of few counts


def draw(seed, truth, mean, n_tasks, n_rows, n_features):
    """``(X, y, mu, turn)``: the task in the last column of X, the turn of a row within it; new tasks come last.

    ``y (N_DRAWS, n)`` are counts of the same means, the first of which is learned from.
    """
    rng, (level, own) = np.random.default_rng(seed), TRUTHS[truth]
    sizes = np.r_[np.full(n_tasks, n_rows), np.full(N_NEW, max(SHOTS))] + N_QUERY
    task, turn = np.repeat(np.arange(len(sizes)), sizes), np.concatenate([np.arange(n) for n in sizes])
    X, unit = rng.standard_normal((len(task), n_features)), np.sqrt(3.0 / n_features)
    common = 0.3 * unit * rng.standard_normal(n_features)
    slopes = common + own * unit * rng.standard_normal((len(sizes), n_features))
    eta = level * rng.standard_normal(len(sizes))[task] + (X * slopes[task]).sum(axis=1)
    mu = mean * np.exp(eta - 0.5 * (level**2 + common @ common + n_features * (own * unit) ** 2))
    return np.column_stack([X, task]), rng.poisson(mu, (N_DRAWS, len(mu))).astype(float), mu, turn


def deviances(seed, *collection):
    """``(3, 6)``: of known tasks, and of new ones by `SHOTS`; the pooled model's and those of `MODELS`."""
    X, Y, mu, turn = draw(seed, *collection)
    task, y, n_tasks, n_rows = X[:, -1], Y[0], collection[2], collection[3]
    past = (task < n_tasks) & (turn < n_rows)
    warm = WarmStartRegressor(PoissonRegressor(), task=-1).fit(X[past], y[past])
    with mock.patch(FEW, return_value=False):
        by_use = WarmStartRegressor(PoissonRegressor(), task=-1).fit(X[past], y[past])
    pooled = PoissonRegressor(alpha=1e-4, max_iter=1000).fit(X[past, :-1], y[past]).predict(X[:, :-1])
    found = []
    for shots in (None, *SHOTS):
        old = shots is None
        known = past if old else (task >= n_tasks) & (turn < shots)
        query = (task < n_tasks) == old
        query &= turn >= (n_rows if old else max(SHOTS))
        answers = np.tile(pooled, (6, 1))
        answers[5] = mu
        for one in np.unique(task[query]):
            of, asked = np.flatnonzero(known & (task == one)), np.flatnonzero(query & (task == one))
            for i, each in enumerate((warm, by_use), 1):
                model = each.estimators_[one] if old else each.adapt(X[of, :-1], y[of])
                answers[i, asked] = model.predict(X[asked, :-1])
            answers[3, asked] = own_model(X[of, :-1], y[of], X[asked, :-1])
            answers[4, asked] *= (y[of].sum() + 1.0) / (pooled[of].sum() + 1.0)
        found.append([mean_poisson_deviance(np.ravel(Y[1:, query]), np.tile(p[query], N_DRAWS - 1)) for p in answers])
    return np.array(found)


def own_model(X, y, query):
    """What a task's own rows say; where no event was seen, half of one."""
    if not y.any():
        return np.full(len(query), 0.5 / len(y))
    return PoissonRegressor(max_iter=1000).fit(X, y).predict(query)


def excesses(seed, *collection):
    """``(3, 5)``: what `deviances` are above the pooled model's, in per cent."""
    found = deviances(seed, *collection)
    return 100.0 * (found[:, 1:] / found[:, :1] - 1.0)


def main():
    args = read_arguments(__doc__, seeds=0)
    seeds, sizes = range(args.seeds or (1 if args.quick else 3)), SIZES[::3] if args.quick else SIZES
    header = ["truth", "mean count", "rows", "warm", "s.e.", "worst", *MODELS[1:]]
    table = Table(f"Deviance above the pooled model's in %, {len(seeds)} seeds", header, 3)
    whole, worst = [], []
    for truth, mean in itertools.product(TRUTHS, MEANS):
        found = np.array([excesses(seed, truth, mean, *size) for seed in seeds for size in sizes])
        whole.append(found[..., 0].mean())
        for i, rows in enumerate(("known tasks", *(f"{n} of a new task" for n in SHOTS))):
            warm, peers = found[:, i, 0], found[:, i, 1:].mean(axis=0)
            error = warm.std(ddof=1) / np.sqrt(len(warm))
            cells = f"{warm.mean():+.1f}", f"{error:.1f}", f"{warm.max():+.1f}", *map("{:+.1f}".format, peers)
            table.add(truth, mean, rows, *cells)
            worst.append(warm.mean())
    table.show(f"over all {np.mean(whole):+.2f}, the largest mean {max(worst):+.1f}")


if __name__ == "__main__":
    main()
