"""What do shots that were drawn by their class cost, and what if classes are as frequent as in past tasks?

Past tasks have rows drawn at random; about one in ten is of the rare class, more in some tasks and fewer in others. Of each
new task five rows of each class are drawn, or as many rows at random. Accuracy and log-loss of the plain estimator on the
other rows: means over all new tasks of all seeds, with standard errors over the seeds; how much better "past" is than "rows"
seed by seed, and the worst seed. "no rows" is the prior alone, "frequencies" the standard deviation of tasks' intercepts.
"""

import numpy as np
from _common import Table, read_arguments
from scipy.special import softmax
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from skmeta import WarmStartClassifier

SETTINGS = [(2, 0.3, "by class"), (2, 1.0, "by class"), (3, 0.3, "by class"), (2, 0.3, "random"), (2, 1.0, "random")]
N_PAST, N_NEW, N_ROWS, N_QUERY, N_EACH, D = 40, 20, 100, 1000, 5, 4
MODELS = {
    "logistic": lambda seed: LogisticRegression(),
    "boosting": lambda seed: HistGradientBoostingClassifier(max_iter=40, random_state=seed),
}


def draw(seed, n_classes, level):
    """Tasks around one linear model whose first class is the frequent one; ``level`` is how far frequencies differ."""
    rng = np.random.default_rng(seed)
    slopes = rng.normal(size=(n_classes, D))
    frequent = np.r_[1.0 + np.log(9.0 * (n_classes - 1)), np.zeros(n_classes - 1)]  # the more, as slopes blur it
    tasks = []
    for t in range(N_PAST + N_NEW):
        X = rng.normal(size=(N_ROWS if t < N_PAST else N_QUERY + 200, D))
        own = slopes + 0.3 * rng.normal(size=slopes.shape)
        P = softmax(X @ own.T + frequent + level * rng.normal(size=n_classes), axis=1)
        tasks.append((X, (rng.uniform(size=(len(X), 1)) > np.cumsum(P, axis=1)[:, :-1]).sum(axis=1)))
    return tasks[:N_PAST], tasks[N_PAST:], rng


def shots_of(y, n_classes, design, rng):
    if design == "random":
        return np.arange(N_EACH * n_classes)
    return np.concatenate([np.flatnonzero(y == c)[:N_EACH] for c in range(n_classes)])


def judged(plain, X, y):
    """Accuracy and log-loss."""
    P = np.zeros((len(X), int(y.max()) + 1))
    P[:, plain.classes_] = plain.predict_proba(X)[:, plain.classes_ <= y.max()]
    return (P.argmax(axis=1) == y).mean(), -np.log(np.maximum(P[np.arange(len(y)), y], 1e-15)).mean()


def one_seed(seed, model, n_classes, level, design):
    """``(3, 2)``: accuracy and log-loss with "rows", with "past", and without rows."""
    past, new, rng = draw(seed, n_classes, level)
    table = np.concatenate([np.c_[X, np.full(len(X), t)] for t, (X, _) in enumerate(past)])
    warm = WarmStartClassifier(model, task=-1).fit(table, np.concatenate([y for _, y in past]))
    alone, found = warm.prior_.zero_shot(model), []
    for X, y in new:
        shots = shots_of(y, n_classes, design, rng)
        rest = np.setdiff1d(np.arange(len(y)), shots)
        plain = [warm.set_params(class_prior=name).adapt(X[shots], y[shots]) for name in ("rows", "past")]
        found.append([judged(each, X[rest], y[rest]) for each in (*plain, alone)])
    return np.mean(found, axis=0)


def mean_and_error(values):
    return f"{values.mean():.4f} ± {values.std(ddof=1) / np.sqrt(len(values)):.4f}"


def main():
    arguments = read_arguments(__doc__, seeds=10, first=1000)
    seeds = range(arguments.first, arguments.first + (2 if arguments.quick else arguments.seeds))
    header = [
        "model",
        "classes",
        "frequencies",
        "shots",
        "measure",
        "rows",
        "past",
        "no rows",
        "past better by",
        "worst",
    ]
    table = Table("Shots drawn by their class", header, n_names=5)
    for name, make in MODELS.items():
        for n_classes, level, design in SETTINGS:
            found = np.stack([one_seed(seed, make(seed), n_classes, level, design) for seed in seeds])
            for i, (measure, sign) in enumerate((("accuracy", 1.0), ("log-loss", -1.0))):
                rows, past, alone = found[:, :, i].T
                gain = sign * (past - rows)
                cells = (name, n_classes, level, design, measure, mean_and_error(rows), mean_and_error(past))
                table.add(*cells, mean_and_error(alone), mean_and_error(gain), f"{gain.min():+.4f}")
    table.show(f"{N_PAST} past tasks of {N_ROWS} rows, {len(seeds)} seeds of {N_NEW} new tasks, {N_EACH} shots a class")


if __name__ == "__main__":
    main()
