"""From how many columns on does a diagonal with a few factors, learned in cells, do as well as a dense covariance?

Excess root mean squared error over the exact posterior mean's in per cent, on 60 new tasks of 10 rows, and seconds to
learn, when the same collection is computed in rows (a dense covariance of any shape) and in cells; their difference with
its standard error over the seeds. Collections as in `columns_or_rows.py`.
"""

import numpy as np
from _common import Table, clocked, read_arguments
from columns_or_rows import N_NEW, N_QUERY, N_SHOTS, as_table, draw, draw_law, oracle
from sklearn.linear_model import Ridge
from sklearn.metrics import root_mean_squared_error

from skmeta import WarmStartRegressor
from skmeta._inference import computation

CASES = [(200, 20, p) for p in (60, 100, 140, 200)] + [(50, 50, p) for p in (60, 100, 140, 200)]
FIRST_COLUMN_IN_CELLS = {"rows": np.inf, "cells": 0}


def excess(model, new, law):
    """Excess error of the adapted models over the oracle's, in per cent."""
    X, y = new
    made = model.adapt(as_table(X[:, :N_SHOTS]), y[:, :N_SHOTS].ravel())
    warm = np.concatenate([made[float(t)].predict(Z[N_SHOTS:]) for t, Z in enumerate(X)])
    best = np.concatenate([oracle(Z[:N_SHOTS], z[:N_SHOTS], Z[N_SHOTS:], law) for Z, z in zip(X, y, strict=True)])
    errors = [root_mean_squared_error(y[:, N_SHOTS:].ravel(), found) for found in (warm, best)]
    return 100.0 * (errors[0] / errors[1] - 1.0)


def compare(n_tasks, n_rows, n_features, seed):
    """``(excess, seconds)`` in rows and in cells on one collection."""
    rng = np.random.default_rng(seed)
    law = draw_law(n_features, rng)
    past, y = draw(n_features, n_tasks, n_rows, rng, law)
    new, found = draw(n_features, N_NEW, N_SHOTS + N_QUERY, rng, law), []
    for first in FIRST_COLUMN_IN_CELLS.values():
        computation.CELLS_FROM = first
        model = WarmStartRegressor(Ridge(), task=-1)
        _, seconds = clocked(lambda model=model: model.fit(as_table(past), y.ravel()))
        found.append((excess(model, new, law), seconds))
    return found


def main():
    args = read_arguments(__doc__, seeds=0)
    seeds = args.seeds or (2 if args.quick else 4)
    header = ["tasks", "rows", "columns", "in rows %", "in cells %", "rows - cells", "s.e.", "seconds", "seconds"]
    table = Table(f"Rows or cells, {seeds} collections", header, 0)
    for case in CASES[:1] if args.quick else CASES:
        found = np.array([compare(*case, seed) for seed in range(seeds)])
        gap = found[:, 0, 0] - found[:, 1, 0]
        means = found.mean(axis=0)
        error = gap.std(ddof=1) / np.sqrt(seeds)
        cells = [f"{value:.2f}" for value in (means[0, 0], means[1, 0], gap.mean(), error, means[0, 1], means[1, 1])]
        table.add(*case, *cells)
    table.show()


if __name__ == "__main__":
    main()
