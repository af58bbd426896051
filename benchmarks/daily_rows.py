"""One row a day for each of some stores, added by ``partial_fit``: what does the model keep, and what does a call cost?

Rows kept of those that came after the fit (or stand for such), kilobytes of the pickled model, and the milliseconds of a call
(the median of the last ten), after some numbers of days. Models of squared errors keep sums; others keep the rows. At last the
largest difference of a coefficient from `adapt` to all rows at once, as a share of the largest coefficient.
"""

import pickle
import time

import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import HuberRegressor, Lasso, Ridge

from skmeta import WarmStartRegressor
from skmeta.datasets import make_related_regression

N_STORES, N_FEATURES, N_FIRST = 30, 8, 20
MODELS = {"Ridge": Ridge(), "Lasso": Lasso(tol=1e-9), "HuberRegressor": HuberRegressor()}


def rows_kept(model):
    """Rows of stores that came after the fit, or stand for such."""
    return sum(piece.tasks.n_rows for piece in model._known.pieces._pieces[1:])


def a_year(estimator, days, seed):
    """``(days[k], rows, kilobytes, milliseconds)`` as days go by, and the error in the end."""
    X, y, _ = make_related_regression(
        n_tasks=N_STORES, n_samples=N_FIRST + max(days), n_features=N_FEATURES, random_state=seed
    )
    row = np.tile(np.arange(N_FIRST + max(days)), N_STORES)
    model = WarmStartRegressor(estimator, task=-1).fit(X[row < N_FIRST], y[row < N_FIRST])
    seconds, found = [], []
    for day in range(1, max(days) + 1):
        today = row == N_FIRST + day - 1
        began = time.process_time()
        model.partial_fit(X[today], y[today])
        seconds.append(time.process_time() - began)
        if day in days:
            found.append((day, rows_kept(model), len(pickle.dumps(model)) / 1024, 1000 * np.median(seconds[-10:])))
    at_once = model.adapt(X, y)
    coef = np.array([plain.coef_ for plain in at_once.values()])
    return found, np.abs(model.coef_ - coef).max() / np.abs(coef).max()


def main():
    args = read_arguments(__doc__)
    days = (1, 5) if args.quick else (1, 30, 100, 365)
    header = ["model", "days", "rows came", "rows kept", "kB", "ms a call"]
    table, errors = Table(f"{N_STORES} stores of {N_FEATURES} columns, a row a day each", header), []
    for name, estimator in MODELS.items():
        found, error = a_year(estimator, days, seed=0)
        errors.append(f"{name}: differs from all rows at once by {error:.1e} of the largest coefficient")
        for day, rows, size, cost in found:
            table.add(name, day, N_STORES * day, rows, f"{size:.0f}", f"{cost:.0f}")
    table.show(*errors)


if __name__ == "__main__":
    main()
