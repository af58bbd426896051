"""What does one small tree lose when it is fitted to what a learned mixture predicts, and what if it is fitted to the rows?

Past tasks teach a mixture: boosting of all tasks and a correction. One tree is then fitted to what it predicts for a new task
(distilled), at the past's rows or at many more without targets, and another one of the same size to the past's own
targets. Mean squared errors and log-losses at rows of new tasks, over the mixture's; means over seeds, with standard errors.
"""

import numpy as np
from _common import Table, read_arguments
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skmeta import WarmStartClassifier, WarmStartRegressor

N_PAST, N_NEW, N_ROWS, N_UNLABELLED, D = 20, 20, 40, 8000, 5
LEAVES = 8, 32, 128


def draw(seed, labels):
    """Rows, targets and tasks: a function that all tasks share, and each task's own level."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(N_PAST + N_NEW), N_ROWS)
    X = rng.uniform(-1.0, 1.0, (len(task), D))
    f = (
        2.0 * np.sin(3.0 * X[:, 0]) * (X[:, 1] > 0)
        + 2.0 * X[:, 2] * X[:, 3]
        + rng.normal(0.0, 0.5, N_PAST + N_NEW)[task]
    )
    y = (rng.logistic(size=len(f)) < 2.0 * f).astype(int) if labels else f + rng.normal(size=len(f))
    return X, y, task, rng.uniform(-1.0, 1.0, (N_UNLABELLED, D))


def one_seed(seed, labels):
    """Losses ``(n_leaves, 3)`` over the mixture's: distilled at the past's rows, at all rows, fitted to targets."""
    X, y, task, unlabelled = draw(seed, labels)
    shell, booster, tree = (
        (WarmStartClassifier, HistGradientBoostingClassifier, DecisionTreeClassifier)
        if labels
        else (WarmStartRegressor, HistGradientBoostingRegressor, DecisionTreeRegressor)
    )
    teacher, past = booster(max_iter=20, random_state=seed), task < N_PAST
    prior = shell(teacher, task=-1).fit(np.column_stack([X, task])[past], y[past]).prior_

    def loss(model):
        new = X[~past]
        return (
            log_loss(y[~past], model.predict_proba(new)) if labels else mean_squared_error(y[~past], model.predict(new))
        )

    mixture, found = loss(prior.zero_shot(teacher)), []
    for n_leaves in LEAVES:
        student = tree(max_leaf_nodes=n_leaves, random_state=seed)
        distilled = [
            prior.distil(student, rows, teacher=teacher) for rows in (X[past], np.concatenate([X[past], unlabelled]))
        ]
        found.append([loss(each) / mixture for each in (*distilled, student.fit(X[past], y[past]))])
    return np.array(found)


def mean_and_error(values):
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def main():
    arguments = read_arguments(__doc__, seeds=5, first=1000)
    seeds = range(arguments.first, arguments.first + (2 if arguments.quick else arguments.seeds))
    header = ["loss", "leaves", "distilled", "with unlabelled rows", "fitted to targets"]
    table = Table("Small trees, over the mixture", header, n_names=2)
    for name, labels in (("squared error", False), ("log-loss", True)):
        found = np.stack([one_seed(seed, labels) for seed in seeds])
        for i, n_leaves in enumerate(LEAVES):
            table.add(name, n_leaves, *(mean_and_error(found[:, i, j]) for j in range(3)))
    table.show(
        f"{N_PAST} past and {N_NEW} new tasks of {N_ROWS} rows, {N_UNLABELLED} without targets, {len(seeds)} seeds"
    )


if __name__ == "__main__":
    main()
