"""What do past tasks tell of the clusters of a new one, and what do they cost where its clusters are others?

Tasks share kinds of clusters, whose centres move together and each by itself. After 5, 10, 20 and 50 rows of a new task:
the mean squared distance of its further rows to the nearest centre or, for mixtures, minus their mean log density; the
adjusted Rand index of their labels; and the steps until it settled. "pooled" is one model of all past rows. Means over
collections and their standard errors; "worst" is the largest ratio of warm over own in one collection.

A mixture's own fit needs as many rows as it has components; where it has hardly more its density has no bound.
"""

import warnings

import numpy as np
from _common import Table, read_arguments
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from skmeta import WarmStartClusterer

SHOTS, N_NEW, N_QUERY, N_PAST, N_ROWS, K, P = (5, 10, 20, 50), 10, 200, 30, 40, 5, 4


def kinds_of(rng, spread):
    """Mean centres."""
    return spread * rng.normal(size=(K, P))


def task_of(rng, kinds, n_rows):
    """Rows and their kinds: a shift of the task of variance 1, deviations of variance 1/4, rows of variance 1."""
    centers = kinds + rng.normal(size=P) + 0.5 * rng.normal(size=(K, P))
    kind = rng.integers(K, size=n_rows)
    return centers[kind] + rng.normal(size=(n_rows, P)), kind


def collection(name, seed):
    """Past rows with the task last, and a function that draws a new task."""
    rng = np.random.default_rng(seed)
    spread = 2.0 if name == "overlapping" else 4.0
    kinds = kinds_of(rng, spread)
    new = kinds_of(rng, spread) if name == "unrelated" else kinds

    def draw(n_rows, at):
        return task_of(rng, kinds_of(rng, spread) if name == "scattered" else at, n_rows)

    past = np.vstack([draw(N_ROWS, kinds)[0] for _ in range(N_PAST)])
    return np.column_stack([past, np.repeat(np.arange(N_PAST), N_ROWS)]), lambda n_rows: draw(n_rows, new)


def loss(model, X):
    """Mean squared distance to the nearest centre, or minus the mean log density."""
    return -model.score(X) / (len(X) if hasattr(model, "inertia_") else 1.0)


def measured(estimator, name, seed):
    """``(n_shots, model, measure)``: warm, own and pooled; loss, Rand index and steps, means over new tasks."""
    past, draw = collection(name, seed)
    warm = WarmStartClusterer(estimator, task=-1).fit(past)
    pooled = clone(estimator).fit(past[:, :-1])
    found = np.full((len(SHOTS), N_NEW, 3, 3), np.nan)
    for i, n in enumerate(SHOTS):
        for j in range(N_NEW):
            X, kind = draw(n + N_QUERY)
            query = X[n:]
            for m, model in enumerate((warm.adapt(X[:n]), clone(estimator).fit(X[:n]), pooled)):
                found[i, j, m] = loss(model, query), adjusted_rand_score(kind[n:], model.predict(query)), model.n_iter_
    return found.mean(axis=1)


def shown(values):
    """Mean and standard error over collections."""
    return f"{values.mean():.3g} ± {values.std(ddof=1) / np.sqrt(len(values)):.2g}"


def main():
    args = read_arguments(__doc__, seeds=8, first=1000)
    warnings.simplefilter("ignore")
    n_seeds = 2 if args.quick else args.seeds
    header = ["past", "rows", "warm", "own", "pooled", "worst", "Rand warm", "own", "pooled", "steps warm", "own"]
    for estimator in (KMeans(K, random_state=0), GaussianMixture(K, random_state=0)):
        table = Table(f"{type(estimator).__name__}: further rows of a new task", header, n_names=2)
        for name in ("related", "overlapping", "unrelated", "scattered"):
            found = np.array([measured(estimator, name, args.first + seed) for seed in range(n_seeds)])
            for i, n in enumerate(SHOTS):
                losses, rand, steps = found[:, i].transpose(2, 1, 0)
                worst = f"{(losses[0] / losses[1]).max():.3f}"
                table.add(name, n, *map(shown, losses), worst, *map(shown, rand), *map(shown, steps[:2]))
        table.show()


if __name__ == "__main__":
    main()
