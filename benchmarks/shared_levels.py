"""What does the past hand over where tasks share their levels and their slopes are of little or no use?

The prior that a fit hands out holds slope outliers: tasks whose level is as the past's were and whose slopes are the plain
estimator's. Root mean squared errors on new tasks, against their true coefficients, as the excess over the task's own Ridge
in per cent, mean over the seeds and its standard error: with slope outliers; without, their weight given to the vague
component; and of a model of the level alone, that knows the law of the levels. ``weights`` are the least and the largest of
the learned component. Levels are normal with the given standard deviation, the noise's is 1.
"""

from functools import partial

import numpy as np
from _common import Table, read_arguments
from before_after import mean_and_error
from sklearn.linear_model import Ridge

from skmeta import WarmStartRegressor
from skmeta.compose import MixturePrior
from skmeta.tasks import Tasks

SHOTS, N_ROWS, N_NEW, D = (1, 2, 5, 10, 20), 20, 60, 10


# Collections: what past and new tasks are like. -----------------------------------------------------------


def drawn_slopes(rng, sizes, share, rank=4):
    """Slopes of past and of new tasks that have half of their variance in common and explain ``share`` of a target's."""
    size = np.sqrt(share / (1.0 - share) / D)
    mean, directions = np.sqrt(0.5) * rng.normal(size=D), np.sqrt(0.5 / rank) * rng.normal(size=(D, rank))
    return [size * (mean + rng.normal(size=(n, rank)) @ directions.T) for n in sizes]


def drawn(rng, slopes, levels):
    """Rows ``X (t, n, D)`` and targets ``(t, n)`` of tasks."""
    X = rng.normal(size=(len(slopes), N_ROWS, D))
    return X, levels[:, None] + np.einsum("tnd,td->tn", X, slopes) + rng.normal(size=X.shape[:2])


def collection(rng, n_tasks, *, spread=1.0, share=0.9, change=None):
    """Past ``(X, y)``, slopes and levels of new tasks, the levels' spread; ``change(y, rng)`` makes the past another."""
    past, new = drawn_slopes(rng, (n_tasks, N_NEW), share)
    X, y = drawn(rng, past, spread * rng.normal(size=n_tasks))
    return (X, y if change is None else change(y, rng)), (new, spread * rng.normal(size=N_NEW), spread)


def permuted_within(y, rng):
    return rng.permuted(y, axis=1)


def permuted_over_all(y, rng):
    return rng.permuted(y)


def flipped(y, rng):
    return -y


USELESS = {f"levels {s}, slopes of no use": partial(collection, spread=s, share=0.0) for s in (0.3, 1.0, 3.0)}
WEAK = {f"slopes explain {share}": partial(collection, share=share) for share in (0.03, 0.08, 0.2)}
NOISE = {
    f"levels {s}, past slopes noise": partial(collection, spread=s, change=permuted_within) for s in (0.3, 1.0, 3.0)
}
CASES = (
    USELESS
    | WEAK
    | NOISE
    | {
        "all of the past noise": partial(collection, change=permuted_over_all),
        "flipped": partial(collection, change=flipped),
        "related": collection,
    }
)


# Errors. ----------------------------------------------------------------------------------------------


def without_slope_outliers(prior):
    """The mixture whose vague component has the slope outliers' weight."""
    weights, place = np.array(prior.weights), prior.names.index("slope outlier")
    weights[-1] += weights[place]
    kept = np.arange(len(weights)) != place
    components, names = ([part for part, keep in zip(each, kept, strict=True) if keep] for each in
                         (prior.components, prior.names))  # fmt: skip
    return MixturePrior(components, weights[kept], names, np.eye(1, kept.sum())[0])


def warm(prior, X, y):
    """Coefficients ``(t, D + 1)`` of Ridge adapted to every task."""
    t, n, _ = X.shape
    tasks = Tasks(X.reshape(t * n, -1), y.ravel(), np.repeat(np.arange(t), n), np.arange(t))
    return prior.adapt_tasks(Ridge(), tasks).coefficients[:, 0]


def own(X, y):
    fits = [Ridge().fit(*task) for task in zip(X, y, strict=True)]
    return np.array([np.r_[fit.coef_, fit.intercept_] for fit in fits])


def intercept_alone(y, spread, variance):
    """The levels' posterior mean, around zero, from targets of so much ``variance`` within tasks."""
    level = y.mean(axis=1) * spread**2 / (spread**2 + variance / y.shape[1])
    return np.c_[np.zeros((len(y), D)), level]


def errors(make, n_tasks, seed):
    """Excess over own in per cent of the three ``(3, n_shots)``, and the weight of the learned component."""
    rng = np.random.default_rng([seed, n_tasks])
    (X, y), (slopes, levels, spread) = make(rng, n_tasks)
    table = np.c_[X.reshape(-1, D), np.repeat(np.arange(n_tasks), N_ROWS)]
    prior = WarmStartRegressor(Ridge(), task=-1).fit(table, y.ravel()).prior_
    X, y = drawn(rng, slopes, levels)
    truth, found = np.c_[slopes, levels], []
    variance = 1.0 + (slopes**2).sum(axis=1).mean()
    for n in SHOTS:
        rows = X[:, :n], y[:, :n]
        coefs = (own(*rows), warm(prior, *rows), warm(without_slope_outliers(prior), *rows),
                 intercept_alone(rows[1], spread, variance))  # fmt: skip
        plain, *others = (1.0 + ((coef - truth) ** 2).sum(axis=1).mean() for coef in coefs)
        found.append([100.0 * (np.sqrt(each / plain) - 1.0) for each in others])
    return np.transpose(found), prior.weights[0]


def main():
    args = read_arguments(__doc__, seeds=0, first=0, only="")
    seeds = range(args.first, args.first + (args.seeds or (4 if args.quick else 12)))
    header = ["past", "tasks", "weights", "of", *(f"{n} rows" for n in SHOTS)]
    table = Table(f"Excess over own in %, {len(seeds)} seeds, {D} columns", header, 4)
    for name, make in CASES.items():
        for n_tasks in (10, 40):
            if args.only not in name:
                continue
            runs, weights = zip(*(errors(make, n_tasks, seed) for seed in seeds), strict=True)
            label = name, n_tasks, f"{min(weights):.3f} to {max(weights):.3f}"
            for who, cells in zip(("with", "without", "level alone"), np.moveaxis(runs, 0, 2), strict=True):
                shown = (mean_and_error(cell) for cell in cells)
                table.add(*label, who, *(f"{mean:+.1f} ± {error:.1f}" for mean, error in shown))
                label = "", "", ""
    table.show()


if __name__ == "__main__":
    main()
