"""What does adapting one new task of ten rows cost, next to the plain estimator's own fit, for every family?

Milliseconds are the median of repeated calls, warm and own alternating in one process; the ratio is warm's over own's.
The last line adapts 300 tasks of ten rows at once.
"""

import statistics
import time

import numpy as np
from _common import Table, read_arguments
from sklearn import linear_model
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
    """Median milliseconds of both calls, taken in turn so that a busy machine hurts both."""
    seconds = ([], [])
    for _ in range(repeat):
        for call, kept in zip((first, second), seconds, strict=True):
            start = time.perf_counter()
            call()
            kept.append(time.perf_counter() - start)
    return [1000.0 * statistics.median(kept) for kept in seconds]


def main():
    args = read_arguments(__doc__)
    repeat = 20 if args.quick else 200
    table = Table(
        f"One new task of {N_ROWS} rows and {N_FEATURES} columns", ["estimator", "ratio", "warm ms", "own ms"]
    )
    X, y, _ = make_related_regression(N_TASKS, 20, N_FEATURES, random_state=0)
    Xc, labels, _ = make_related_classification(N_TASKS, 20, N_FEATURES, random_state=0)
    positive = np.random.default_rng(0).poisson(np.exp(np.clip(0.2 * y, -3.0, 3.0))) + 1.0
    work = [(e, WarmStartRegressor, X, y) for e in REGRESSORS] + [
        (e, WarmStartRegressor, X, positive) for e in POSITIVE
    ]
    work += [(e, WarmStartClassifier, Xc, labels) for e in CLASSIFIERS]
    work.append((make_pipeline(StandardScaler(), linear_model.Ridge()), WarmStartRegressor, X, y))
    for estimator, shell, rows, target in work:
        model = shell(estimator, task=-1).fit(rows, target)
        new = slice(0, N_ROWS)  # any rows of both classes do
        Z, z = rows[new, :-1], target[new]
        prior = model.prior_
        warm, own = alternate(
            lambda e=estimator, p=prior, Z=Z, z=z: p.adapt(e, Z, z), lambda e=estimator, Z=Z, z=z: e.fit(Z, z), repeat
        )
        name = "StandardScaler + Ridge" if hasattr(estimator, "steps") else type(estimator).__name__
        table.add(name, f"{warm / own:.2f}", f"{warm:.2f}", f"{own:.2f}")
    X, y, _ = make_related_regression(300, N_ROWS, N_FEATURES, random_state=1)
    model = WarmStartRegressor(linear_model.Ridge(), task=-1).fit(X, y)
    batched, loop = alternate(
        lambda: model.adapt(X, y),
        lambda: [linear_model.Ridge().fit(X[i : i + 10, :-1], y[i : i + 10]) for i in range(0, 3000, 10)],
        max(repeat // 10, 3),
    )
    table.add("300 tasks at once", f"{batched / loop:.2f}", f"{batched:.2f}", f"{loop:.2f}")
    table.show("own of the last line: Ridge().fit in a loop over the 300 tasks")


if __name__ == "__main__":
    main()
