"""The four standard models side by side, and their errors by the rows that are known of a new task."""

import time

import numpy as np
from sklearn.base import is_classifier
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier, WarmStartRegressor, shot_curve
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel


def ridge():
    """The estimator of most benchmarks."""
    return make_pipeline(StandardScaler(), Ridge())


def standard_models(estimator):
    """Own, pooled, residual and warm, for a table whose last column is the task."""
    warm = WarmStartClassifier if is_classifier(estimator) else WarmStartRegressor
    return {
        "own": OwnModel(estimator, task=-1),
        "pooled": PooledModel(estimator, task=-1),
        "residual": ResidualModel(estimator, task=-1),
        "warm": warm(estimator, task=-1),
    }


def past_and_new(make, n_tasks, n_new, n_rows, *args, **options):
    """``((X, y) of past tasks of 20 rows, (X, y) of new tasks of n_rows, truth)``, one collection that ``make`` draws."""
    counts = np.r_[np.full(n_tasks, 20), np.full(n_new, n_rows)]
    X, y, truth = make(n_tasks + n_new, counts, *args, **options)
    past = X[:, -1] < n_tasks
    return (X[past], y[past]), (X[~past], y[~past]), truth


def errors_by_shots(models, X, y, peers=(), **options):
    """Name to ``(errors (n_shots,), seconds)``; a peer that fails is named with its reason instead of errors."""
    found = {}
    for name, model in models.items():
        start = time.perf_counter()
        try:
            errors = -shot_curve({name: model}, X, y, task=-1, **options).mean[0]
        except Exception as error:
            if name not in peers:
                raise
            errors = f"failed: {type(error).__name__}: {str(error).splitlines()[0][:60]}"
        found[name] = errors, time.perf_counter() - start
    return found
