"""What does a past that misleads cost where new classes are told apart from a few rows of each?

Tables: error of new tasks of five classes, in per cent, by one, five and twenty rows of each: of the plain estimator, and
of the one whose prior a past taught; the mean difference over new tasks of all collections and its standard error.

Rows have 20 columns. In five directions class means differ, and rows of a class little; in the others it is the other way
round. What happened to the past:

* "related": nothing. It is what the past is for.
* "turned": other directions, drawn at random.
* "opposite": class means differed where rows of a class do today, and the other way round.
* "permuted": labels were dealt out anew among the rows of each task.
* "other means", where all tasks have the same labels: these meant other classes.
"""

import warnings

import numpy as np
from _common import Table, read_arguments
from scipy.stats import special_ortho_group
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from skmeta import WarmStartClassifier

SHOTS, N_QUERY, N_CLASSES, N_PAST, N_NEW, N_COLUMNS = (1, 5, 20), 20, 5, 10, 10, 20
MODELS = (NearestCentroid(), LinearDiscriminantAnalysis(), KNeighborsClassifier(1), LogisticRegression())
BETWEEN, WITHIN = (np.where(np.arange(N_COLUMNS) < 5, *pair) for pair in ((1.5, 0.3), (1.0, 2.0)))


def draw(rng, n_tasks, n_rows, between, within, common):
    """Rows ``(tasks, classes, rows, columns)``; class means lie around ``common`` ones ``(classes, columns)``."""
    means = common + rng.normal(size=(n_tasks, N_CLASSES, N_COLUMNS)) * between
    return means[:, :, None] + rng.normal(size=(n_tasks, N_CLASSES, n_rows, N_COLUMNS)) * within


def collection(seed, change, shared):
    """Table and labels of the past, and rows of new tasks."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(N_CLASSES, N_COLUMNS)) * BETWEEN if shared else np.zeros((N_CLASSES, N_COLUMNS))
    new = draw(rng, N_NEW, max(SHOTS) + N_QUERY, BETWEEN, WITHIN, common)
    law = (BETWEEN[::-1] * 1.0, WITHIN[::-1] * 1.0) if change == "opposite" else (BETWEEN, WITHIN)
    common = rng.normal(size=common.shape) * BETWEEN if change == "other means" else common
    past = draw(rng, N_PAST, 20, *law, common)
    if change == "turned":
        past = past @ special_ortho_group.rvs(N_COLUMNS, random_state=rng)
    label = np.tile(np.repeat(np.arange(N_CLASSES), 20), (N_PAST, 1))
    label = rng.permuted(label, axis=1) if change == "permuted" else label
    task = np.repeat(np.arange(N_PAST), N_CLASSES * 20)
    y = label.ravel() + (0 if shared else N_CLASSES * task)
    return np.column_stack([past.reshape(-1, N_COLUMNS), task]), y, new


def errors(estimator, seed, change, shared):
    """Of new tasks ``(shots, tasks, own and warm)``, in per cent."""
    X, y, new = collection(seed, change, shared)
    prior = WarmStartClassifier(estimator, task=-1).fit(X, y).prior_
    found = np.zeros((len(SHOTS), N_NEW, 2))
    for i, n in enumerate(SHOTS):
        label, asked = np.repeat(np.arange(N_CLASSES), n), np.repeat(np.arange(N_CLASSES), N_QUERY)
        for t, rows in enumerate(new):
            shots, query = rows[:, :n].reshape(-1, N_COLUMNS), rows[:, -N_QUERY:].reshape(-1, N_COLUMNS)
            own = own_model(estimator, shots, label)
            warm = WarmStartClassifier(estimator, prior=prior).fit(shots, label)
            found[i, t] = [100.0 * np.mean(model.predict(query) != asked) for model in (own, warm)]
    return found


def own_model(estimator, X, y):
    """The plain estimator; of one row a class, the nearest one: a covariance has then no degrees of freedom."""
    alone = len(y) == N_CLASSES and "n_components" in estimator.get_params()
    return (NearestCentroid() if alone else estimator).fit(X, y)


def main():
    args = read_arguments(__doc__, seeds=5, first=0, model="", past="")
    warnings.simplefilter("ignore")  # plain centroids of one row a class have no spread
    seeds = range(args.first, args.first + (1 if args.quick else args.seeds))
    header = ["labels", "model", "past", *(f"{what} {n}" for n in SHOTS for what in ("own", "warm", "worse by"))]
    table = Table("Error on new tasks in %, by rows of each of five classes", header, n_names=3)
    for shared, labels in ((False, "their own"), (True, "the same")):
        pasts = ["related", "turned", "opposite", "permuted", *(["other means"] if shared else [])]
        for estimator in [each for each in MODELS[: 2 if shared else None] if args.model in type(each).__name__]:
            for change in [each for each in pasts if args.past in each]:
                found = np.concatenate([errors(estimator, seed, change, shared) for seed in seeds], axis=1)
                cells = []
                for own, warm in found.transpose(0, 2, 1):
                    worse = warm - own
                    error = worse.std(ddof=1) / np.sqrt(len(worse))
                    cells += [f"{own.mean():.1f}", f"{warm.mean():.1f}", f"{worse.mean():+.1f} ± {error:.1f}"]
                table.add(labels, type(estimator).__name__, change, *cells)
    table.show("of classes with one row the own model of discriminant analysis is the nearest centroid")


if __name__ == "__main__":
    main()
