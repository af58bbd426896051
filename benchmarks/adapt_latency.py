"""What does adapting one new task of ten rows cost, next to the plain estimator's own fit, for every family?

Milliseconds are the processor's, the least of repeated calls, warm and own alternating in one process; the ratio is warm's
over own's, and "MB" the peak of what one call of warm allocates. Lines of several classes have 6 columns; the last line
adapts 300 tasks of ten rows at once. A second table has shared models: what adapting costs beside two predictions of the
shared model for the task's rows, as arrays and as frames with a column of categories.
"""

import time
import tracemalloc
from functools import partial

import numpy as np
import pandas as pd
from _common import Table, read_arguments
from sklearn import linear_model
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_classification, make_related_regression

REGRESSORS = [
    linear_model.Ridge(),
    linear_model.Lasso(),
    linear_model.ElasticNet(),
    linear_model.HuberRegressor(),
    linear_model.QuantileRegressor(),
    linear_model.BayesianRidge(),
    linear_model.SGDRegressor(random_state=0),
]
POSITIVE = [
    linear_model.PoissonRegressor(),
    linear_model.GammaRegressor(),
    linear_model.TweedieRegressor(power=1.5),
]
CLASSIFIERS = [linear_model.LogisticRegression(), linear_model.SGDClassifier(loss="log_loss", random_state=0)]
N_TASKS, N_ROWS, N_FEATURES = 100, 10, 20


def alternate(first, second, repeat):
    """The least milliseconds of both calls, taken in turn so that a busy machine hurts both."""
    seconds = ([], [])
    for _ in range(repeat):
        for call, kept in zip((first, second), seconds, strict=True):
            start = time.process_time()
            call()
            kept.append(time.process_time() - start)
    return [1000.0 * min(kept) for kept in seconds]


def peak(call):
    """Megabytes that one call allocates at most."""
    tracemalloc.start()
    call()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found / 2**20


def many_classes(n_classes, n_tasks=30, n_rows=30, n_features=6):
    """A table of tasks whose labels follow scores of their own coefficients, and the labels."""
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(n_tasks * n_rows, n_features)), np.repeat(np.arange(n_tasks), n_rows)
    W = rng.normal(size=(n_classes, n_features + 1)) + 0.5 * rng.normal(size=(n_tasks, n_classes, n_features + 1))
    score = np.einsum("nd,nkd->nk", X, W[task][..., :-1]) + W[task][..., -1]
    return np.c_[X, task], (score + rng.gumbel(size=score.shape)).argmax(axis=1)


def shared_models(repeat):
    """Milliseconds of adapting shared models to ten rows, and of one prediction by them."""
    table = Table(
        f"Shared models, one new task of {N_ROWS} rows",
        ["estimator", "corrected on", "adapt ms", "predict ms", "beside two"],
    )
    X, y = many_classes(2, n_tasks=40)
    frame = pd.DataFrame(X[:, :-1]).rename(columns=str).assign(task=X[:, -1].astype(int))
    frame["kind"] = pd.Categorical.from_codes((X[:, 0] > 0).astype(int), ["a", "b"])
    boosters = (
        (WarmStartRegressor, HistGradientBoostingRegressor(max_iter=50, random_state=0), y + X[:, 0]),
        (WarmStartClassifier, HistGradientBoostingClassifier(max_iter=50, random_state=0), y),
    )
    for shell, booster, target in boosters:
        for name, rows, new in (
            ("array", X, X[:N_ROWS, :-1]),
            ("frame", frame, frame.drop(columns="task").iloc[:N_ROWS]),
        ):
            model = shell(booster, task="task" if name == "frame" else -1).fit(rows, target)
            shared = model.prior_.components[0]
            adapt, predict = alternate(
                partial(model.adapt, new, target[:N_ROWS]), partial(shared.model.predict, new), repeat
            )
            table.add(
                f"{type(booster).__name__}, {name}",
                shared.description,
                f"{adapt:.1f}",
                f"{predict:.1f}",
                f"{adapt - 2.0 * predict:.1f}",
            )
    table.show()


def main():
    args = read_arguments(__doc__)
    repeat = 20 if args.quick else 200
    table = Table(
        f"One new task of {N_ROWS} rows and {N_FEATURES} columns", ["estimator", "ratio", "warm ms", "own ms", "MB"]
    )
    X, y, _ = make_related_regression(N_TASKS, 20, N_FEATURES, random_state=0)
    Xc, labels, _ = make_related_classification(N_TASKS, 20, N_FEATURES, random_state=0)
    positive = np.random.default_rng(0).poisson(np.exp(np.clip(0.2 * y, -3.0, 3.0))) + 1.0
    work = [(type(e).__name__, e, WarmStartRegressor, X, y) for e in REGRESSORS]
    work += [(type(e).__name__, e, WarmStartRegressor, X, positive) for e in POSITIVE]
    work += [(type(e).__name__, e, WarmStartClassifier, Xc, labels) for e in CLASSIFIERS]
    work.append(
        ("StandardScaler + Ridge", make_pipeline(StandardScaler(), linear_model.Ridge()), WarmStartRegressor, X, y)
    )
    for n_classes in (5, 20) if args.quick else (5, 10, 20, 40):
        name, table_of = f"LogisticRegression, {n_classes} classes", many_classes(n_classes)
        work.append((name, linear_model.LogisticRegression(), WarmStartClassifier, *table_of))
    for name, estimator, shell, rows, target in work:
        prior = shell(estimator, task=-1).fit(rows, target).prior_
        Z, z = rows[:N_ROWS, :-1], target[:N_ROWS]  # any rows of both classes do
        adapt = partial(prior.adapt, estimator, Z, z)
        warm, own = alternate(adapt, partial(estimator.fit, Z, z), repeat)
        table.add(name, f"{warm / own:.2f}", f"{warm:.2f}", f"{own:.2f}", f"{peak(adapt):.1f}")
    X, y, _ = make_related_regression(300, N_ROWS, N_FEATURES, random_state=1)
    model = WarmStartRegressor(linear_model.Ridge(), task=-1).fit(X, y)
    adapt = partial(model.adapt, X, y)
    batched, loop = alternate(
        adapt,
        lambda: [linear_model.Ridge().fit(X[i : i + 10, :-1], y[i : i + 10]) for i in range(0, 3000, 10)],
        max(repeat // 10, 3),
    )
    table.add("300 tasks at once", f"{batched / loop:.2f}", f"{batched:.2f}", f"{loop:.2f}", f"{peak(adapt):.1f}")
    table.show("own of the last line: Ridge().fit in a loop over the 300 tasks")
    shared_models(repeat)


if __name__ == "__main__":
    main()
