"""What does a misleading past cost, and are intervals on new tasks honest?

Excess of the root mean squared error over that of the task's own Ridge, in per cent, mean over the seeds and worst
seed, for new tasks of 2, 5, 10 and 20 rows; and how many of 90 % intervals hold the new observation. "related" rows are
what the past is for, the others are what it must not do.
"""

import numpy as np
from _common import Table, read_arguments
from _models import past_and_new
from sklearn.linear_model import Ridge

from skmeta import WarmStartRegressor
from skmeta.datasets import make_related_regression

SHOTS, N_NEW, N_QUERY, Z90 = (2, 5, 10, 20), 25, 40, 1.6448536269514722
SHAPES = ("factor", "diagonal", "spherical", "power")


def flipped(past, rng):
    """New tasks have the opposite sign of all past ones."""
    X, y = past
    return X, -y


def permuted(past, rng):
    """Every past column is another one in new tasks."""
    X, y = past
    return np.column_stack([X[:, rng.permutation(X.shape[1] - 1)], X[:, -1]]), y


def unrelated(past, rng):
    """The past is another collection of the same size."""
    X, _ = past
    n_tasks = int(X[:, -1].max()) + 1
    return make_related_regression(n_tasks, len(X) // n_tasks, X.shape[1] - 1, random_state=rng.integers(2**31))[:2]


def scattered(past, rng):
    """Past tasks have nothing to do with each other either: each has its own signs and order of columns."""
    X, y = past
    X = X.copy()
    for task in np.unique(X[:, -1]):
        rows = np.flatnonzero(X[:, -1] == task)
        order = rng.permutation(X.shape[1] - 1)
        X[rows, :-1] = X[np.ix_(rows, order)] * rng.choice([-1.0, 1.0], X.shape[1] - 1)
    return X, y


def related(past, rng):
    return past


def noise_only(past, rng):
    """Past targets are noise of the same spread."""
    X, y = past
    return X, rng.permutation(y)


def draw(seed, n_tasks, n_features):
    """Past rows, and new tasks of ``max(SHOTS) + N_QUERY`` rows each, from one prior."""
    shape, rows = SHAPES[seed % len(SHAPES)], max(SHOTS) + N_QUERY
    sizes, options = (n_tasks, N_NEW, rows), {"covariance": shape, "random_state": seed}
    past, (X, y), _ = past_and_new(make_related_regression, *sizes, n_features, **options)
    return past, (X[:, :-1].reshape(N_NEW, rows, -1), y.reshape(N_NEW, rows))


def squared_errors(prior, new):
    """``(warm, own, covered)``, each ``(n_shots,)``: mean squared errors and the share of intervals that hold."""
    found = np.zeros((3, len(SHOTS)))
    for X, y in zip(*new, strict=True):
        X_query, y_query = X[-N_QUERY:], y[-N_QUERY:]
        for i, n in enumerate(SHOTS):
            model = WarmStartRegressor(Ridge(), prior=prior).fit(X[:n], y[:n])
            mean, std = model.predict(X_query, return_std=True)
            own = Ridge().fit(X[:n], y[:n]).predict(X_query)
            inside = np.abs(y_query - mean) <= Z90 * std
            found[:, i] += np.mean((mean - y_query) ** 2), np.mean((own - y_query) ** 2), inside.mean()
    return found / N_NEW


def main():
    args = read_arguments(__doc__, seeds=0)
    seeds = args.seeds or (4 if args.quick else 16)
    header = ["past", "tasks"] + [f"{what} {n}" for what in ("mean", "worst", "cover") for n in SHOTS]
    table = Table(f"Excess over own in %, coverage of 90 % intervals in %, {seeds} seeds, 10 features", header, 2)
    cases = [(related, n) for n in (2, 3, 5, 10, 50)] + [
        (f, n) for f in (flipped, permuted, unrelated, scattered, noise_only) for n in (5, 50)
    ]
    worst_harm = []
    for change, n_tasks in cases:
        results = []
        for seed in range(seeds):
            past, new = draw(seed, n_tasks, 10)
            X, y = change(past, np.random.default_rng(seed))
            prior = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_
            results.append(squared_errors(prior, new))
        warm, own, covered = np.moveaxis(results, 1, 0)
        excess = 100.0 * (np.sqrt(warm / own) - 1.0)
        cells = [f"{v:+.1f}" for v in np.r_[excess.mean(axis=0), excess.max(axis=0)]] + [
            f"{100 * c:.1f}" for c in covered.mean(axis=0)
        ]
        table.add(change.__name__, n_tasks, *cells)
        worst_harm.append((excess.mean(axis=0).max(), f"{change.__name__} with {n_tasks} tasks"))
    table.show(f"largest mean excess: {max(worst_harm)[0]:+.1f} % ({max(worst_harm)[1]})")


if __name__ == "__main__":
    main()
