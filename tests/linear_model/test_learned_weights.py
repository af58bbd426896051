"""Weights that are learned: the same in columns and in cells, at once and in halves, for every likelihood."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model import _wide_learning

N_TASKS, N_ROWS, N_FEATURES, MOST_ASSUMED = 60, 12, 6, 6.0


def targets(kind, eta, rng):
    if kind == "classes":
        return (np.column_stack([eta, -eta, 0.0 * eta]) + rng.gumbel(size=(len(eta), 3))).argmax(axis=1)
    if kind == "labels":
        return (rng.random(len(eta)) < 1.0 / (1.0 + np.exp(-eta))).astype(int)
    if kind == "gamma":
        return rng.gamma(2.0, np.exp(eta) / 2.0)
    if kind == "two targets":
        return eta[:, None] * [1.0, -0.5] + rng.normal(size=(len(eta), 2))
    counts = {"few counts": 0.1, "counts": 2.0}
    return rng.poisson(counts[kind] * np.exp(eta)).astype(float) if kind in counts else eta + rng.normal(size=len(eta))


ESTIMATORS = {
    "squared errors": Ridge(),
    "labels": LogisticRegression(),
    "two targets": Ridge(),
    "classes": LogisticRegression(),
    "few counts": PoissonRegressor(),
    "counts": PoissonRegressor(),
    "gamma": GammaRegressor(),
}


def draw(kind, slope):
    """A table of tasks whose slopes are about ``slope`` in all, and their targets."""
    rng, task = np.random.default_rng(0), np.repeat(np.arange(N_TASKS), N_ROWS)
    X = rng.normal(size=(len(task), N_FEATURES))
    slopes = slope * (1.0 + 0.3 * rng.normal(size=(N_TASKS, N_FEATURES))) / np.sqrt(N_FEATURES)
    eta = (X * slopes[task]).sum(axis=1) + 0.3 * rng.normal(size=N_TASKS)[task]
    return np.column_stack([X, task]), targets(kind, eta, rng)


def learn(kind, X, y, prior=None):
    shell = WarmStartClassifier if kind in ("labels", "classes") else WarmStartRegressor
    return shell(ESTIMATORS[kind], task=-1, prior=prior, learner=EmpiricalBayes("diagonal")).fit(X, y).prior_


def in_cells(monkeypatch):
    monkeypatch.setattr(_wide_learning, "in_cells", lambda *args, **kwargs: True)


@varied(("kind", "slope"), [(k, s) for k in ESTIMATORS for s in (0.0, 1.0)], keep=4)
def test_columns_and_cells_learn_the_same_weights(kind, slope, monkeypatch):
    """But for what is assumed of any collection, which weighs more where a third of the tasks tells."""
    X, y = draw(kind, slope)
    columns = learn(kind, X, y)
    in_cells(monkeypatch)
    cells = learn(kind, X, y)
    assert columns.names == cells.names and columns.set_aside == cells.set_aside
    assert_allclose(cells.weights, columns.weights, atol=MOST_ASSUMED / (MOST_ASSUMED + N_TASKS / 3))


# A third of half the tasks has a dozen events among few counts, which tell nothing.
HALVES = [
    *(("squared errors", computed) for computed in ("columns", "cells")),
    *((kind, "columns") for kind in ("labels", "few counts", "counts")),
    *((kind, "cells") for kind in ("labels", "counts")),
]


@pytest.mark.parametrize("slope", [0.0, 1.0])
@varied(("kind", "computed"), HALVES, keep=2)
def test_two_halves_learn_the_weights_of_the_whole(kind, slope, computed, monkeypatch):
    """What is of use is so after each half; of no use, the second half finds no more use in it than the first."""
    if computed == "cells":
        in_cells(monkeypatch)
    X, y = draw(kind, slope)
    first = X[:, -1] % 2 == 0
    halves, whole = learn(kind, X[~first], y[~first], learn(kind, X[first], y[first])), learn(kind, X, y)
    assert halves.set_aside == whole.set_aside
    told = N_TASKS / 2 if computed == "columns" else N_TASKS / 6
    assert_allclose(halves.weights, whole.weights, atol=MOST_ASSUMED / (MOST_ASSUMED + told))
