"""What does a misleading past cost on real collections?

Error over that of the task's own Ridge, in per cent (mean over splits and the worst split), when the past tasks were
changed before learning and the new tasks were not. All columns are standardised over the collection, for all models.
"""

import numpy as np
from _common import Table, read_arguments
from _real import real_collections
from safety import flipped, permuted, related, scattered
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartRegressor
from skmeta.model_selection import OwnModel

SHOTS = (1, 2, 5, 10, 20)


def unrelated(past, rng):
    """Past targets are made by coefficients drawn at random, with the level and spread that they had."""
    X, y = past
    coef = rng.standard_normal((int(X[:, -1].max()) + 1, X.shape[1] - 1))
    made = np.einsum("ij,ij->i", X[:, :-1], coef[X[:, -1].astype(int)]) + rng.standard_normal(len(y))
    return X, y.mean() + y.std() * (made - made.mean()) / made.std()


def turns(X, order, rng):
    """Each row's turn to become a shot of its task."""
    key = rng.random(len(X)) if order is None else X[:, order]
    turn = np.empty(len(X), dtype=int)
    for task in np.unique(X[:, -1]):
        rows = np.flatnonzero(X[:, -1] == task)
        turn[rows[np.argsort(key[rows], kind="stable")]] = np.arange(len(rows))
    return turn


def excesses(found, changes, seed):
    """``(n_changes, n_shots)`` error of warm over own on a third of the tasks, after learning from the changed rest."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([StandardScaler().fit_transform(found.X[:, :-1]), found.X[:, -1]])
    ids = rng.permutation(np.unique(X[:, -1]))
    new, turn = np.isin(X[:, -1], ids[: len(ids) // 3]), turns(X, found.order, rng)
    shots = [n for n in SHOTS if n <= found.shots[-1]]
    query = new & (turn >= shots[-1])
    priors = [
        WarmStartRegressor(Ridge(), task=-1).fit(*change((X[~new], found.y[~new]), rng)).prior_ for change in changes
    ]
    out = np.empty((len(changes), len(shots)))
    for j, n in enumerate(shots):
        known = new & (turn < n)
        own = OwnModel(Ridge(), task=-1).fit(X[known], found.y[known]).predict(X[query])
        base = np.mean((own - found.y[query]) ** 2)
        for i, prior in enumerate(priors):
            total = 0.0
            for task in np.unique(X[query, -1]):
                mine, theirs = known & (X[:, -1] == task), query & (X[:, -1] == task)
                model = prior.adapt(Ridge(), X[mine, :-1], found.y[mine])
                total += np.sum((model.predict(X[theirs, :-1]) - found.y[theirs]) ** 2)
            out[i, j] = np.sqrt(total / query.sum() / base)
    return 100.0 * (out - 1.0)


def main():
    args = read_arguments(__doc__, seeds=0, data="", only="")
    seeds = args.seeds or (1 if args.quick else 4)
    changes = (related, flipped, permuted, unrelated, scattered)
    table = Table(
        f"Excess over own in %, {seeds} splits",
        ["collection", "past"] + [f"{w} {n}" for w in ("mean", "worst") for n in SHOTS],
        2,
    )
    collections, absent = real_collections(args.data, quick=True)
    for found in collections:
        if args.only not in found.name:
            continue
        values = np.array([excesses(found, changes, seed) for seed in range(seeds)])
        gap = [""] * (len(SHOTS) - values.shape[2])
        for i, change in enumerate(changes):
            mean, worst = (
                [f"{v:+.1f}" for v in values[:, i].mean(axis=0)],
                [f"{v:+.1f}" for v in values[:, i].max(axis=0)],
            )
            table.add(found.name if i == 0 else "", change.__name__, *mean, *gap, *worst, *gap)
    table.show(*(f"not run: {name}" for name in absent))


if __name__ == "__main__":
    main()
