"""Is a family served better by its own room than by the fallback?

A third of the tasks is new. Of each some rows at random are known, the others are predicted: by the plain estimator fitted to
the known rows, by one fitted to all past rows, by the fallback (`SharedModel`), and by the learner of the family's own room.
Cells are means over fresh seeds with their standard errors, of root mean squared errors or of shares of wrong labels; the
last column is the room's error over the fallback's. A new family is one more line of `FAMILIES`.
"""

import numpy as np
from _common import Table, read_arguments
from _family_collections import collections
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from skmeta import SharedModel, WarmStartClassifier, WarmStartRegressor

SHOTS = (5, 10, 20)
MODELS = ("own", "pooled", "fallback", "room")
N_NEW = 12  # new tasks that are predicted, at most

# By name: an estimator for numbers and one for labels, None where there is none.
FAMILIES = {"k-NN": (KNeighborsRegressor(), KNeighborsClassifier())}


def split(X, y, rng):
    """Past rows, and the rows of each new task."""
    ids = rng.permutation(np.unique(X[:, -1]))
    new = ids[: max(1, len(ids) // 3)]
    past = ~np.isin(X[:, -1], new)
    return (X[past], y[past]), [(X[X[:, -1] == t, :-1], y[X[:, -1] == t]) for t in new[:N_NEW]]


def own(estimator, X, y):
    """The plain estimator, with no more neighbours than rows; of a single label, that one."""
    model = clone(estimator)
    if "n_neighbors" in model.get_params():
        model.set_params(n_neighbors=min(model.n_neighbors, len(y)))
    return model.fit(X, y)


def errors(estimator, X, y, seed):
    """``(n_models, n_shots)`` on one split."""
    rng = np.random.default_rng(seed)
    past, new = split(X, y, rng)
    labels = y.dtype.kind == "i"
    shell = WarmStartClassifier if labels else WarmStartRegressor
    pooled = clone(estimator).fit(past[0][:, :-1], past[1])
    warm = [shell(estimator, task=-1, learner=learner).fit(*past) for learner in (SharedModel(), "auto")]
    losses = np.zeros((len(MODELS), len(SHOTS)))
    for A, b in new:
        order = rng.permutation(len(b))
        for s, n in enumerate(SHOTS):
            n_known = min(n, len(b) // 2)
            known, asked = order[:n_known], order[max(n_known, min(SHOTS[-1], len(b) // 2)) :]
            models = [own(estimator, A[known], b[known]), pooled, *(each.adapt(A[known], b[known]) for each in warm)]
            for m, model in enumerate(models):
                found = model.predict(A[asked])
                losses[m, s] += np.mean(found != b[asked] if labels else (found - b[asked]) ** 2) / len(new)
    return losses if labels else np.sqrt(losses)


def add_rows(table, family, estimators, name, read, seeds):
    found = []
    for seed in seeds:
        X, y = read(seed)
        estimator = estimators[int(y.dtype.kind == "i")]
        if estimator is None:
            return
        found.append(errors(estimator, X, y, seed))
    found = np.array(found)
    ratio = found[:, 3] / found[:, 2]
    for s, n in enumerate(SHOTS):
        cells = [plus_minus(found[:, m, s]) for m in range(len(MODELS))]
        table.add(family, name, n, *cells, plus_minus(ratio[:, s]))


def plus_minus(values):
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{values.mean():.3f} +- {error:.3f}"


def main():
    args = read_arguments(__doc__, data="", family="", only="", seeds=5, first=0)
    seeds = range(args.first, args.first + (2 if args.quick else args.seeds))
    table = Table("Families", ["family", "collection", "rows", *MODELS, "room / fallback"], n_names=2)
    for family, estimators in FAMILIES.items():
        for name, read in collections(args.data).items():
            if args.family in family and args.only in name:
                add_rows(table, family, estimators, name, read, seeds)
    table.show("Rows of a task at random; a task of fewer than twice as many rows gives half of them.")


if __name__ == "__main__":
    main()
