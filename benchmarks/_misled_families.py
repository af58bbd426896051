"""Families of estimators, the collections that each is tried on, and how the past of a collection is made to mislead."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import mean_poisson_deviance, root_mean_squared_error
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import SVC, SVR

from skmeta.datasets import make_related_regression

N_FEATURES, N_KINDS = 5, 3
SHAPES = ("factor", "diagonal", "spherical", "power")


class Family(NamedTuple):
    """An estimator, its room, what draws ``X (tasks, rows, columns)`` and ``y (tasks, rows)``, the error ``(model, X, y)``."""

    room: str
    estimator: Any
    draw: Callable
    error: Callable


# Collections: ``(rng, n_tasks, n_rows) -> X, y``, all tasks of one law that the generator draws first -------------


def lines(rng, n_tasks, n_rows, size=1.0):
    """Scores of linear tasks."""
    options = {"covariance": SHAPES[rng.integers(len(SHAPES))], "random_state": int(rng.integers(2**31))}
    coef = size * make_related_regression(n_tasks, 1, N_FEATURES, **options)[2].coef
    X = rng.normal(size=(n_tasks, n_rows, N_FEATURES))
    return X, np.einsum("tnd,td->tn", X, coef[:, :-1]) + coef[:, -1:]


def surfaces(rng, n_tasks, n_rows, size=1.0):
    """Scores with a threshold, a wave and an interaction of some columns, their place each task's own, and a level."""
    places, signs = rng.permutation(N_FEATURES), rng.choice([-1.0, 1.0], 3)
    X = rng.uniform(-1.5, 1.5, (n_tasks, n_rows, N_FEATURES))
    a, b, c = (X[..., place] for place in places[:3])
    turn = 0.3 * rng.normal(size=(2, n_tasks, 1))
    scores = signs[0] * 2.0 * (a > turn[0]) + signs[1] * np.sin(2.0 * b + turn[1]) + signs[2] * a * c
    return X, size * (scores + rng.normal(size=(n_tasks, 1)))


def numbers(scores, rng, n_tasks, n_rows):
    X, found = scores(rng, n_tasks, n_rows)
    return X, found + 0.7 * rng.normal(size=found.shape)


def labels(scores, rng, n_tasks, n_rows):
    X, found = scores(rng, n_tasks, n_rows)
    return both_labels_first(X, (found - np.median(found) + 0.5 * rng.logistic(size=found.shape) > 0).astype(int))


def counts(scores, rng, n_tasks, n_rows):
    X, found = scores(rng, n_tasks, n_rows, size=0.3)
    return X, rng.poisson(np.exp(np.clip(1.5 + found, None, 5.0))).astype(float)


def classes_of_rows(kind, rng, n_tasks, n_rows):
    """Rows of two classes, whose columns are independent given the class: numbers, words, marks or categories."""
    y = rng.integers(2, size=(n_tasks, n_rows))
    shared, own = rng.normal(size=(2, N_FEATURES)), 0.4 * rng.normal(size=(n_tasks, 2, N_FEATURES))
    level = 0.5 * rng.normal(size=(n_tasks, 1, N_FEATURES))
    place = (shared + own + level)[np.arange(n_tasks)[:, None], y]
    if kind == "words":
        shares = np.exp(place) / np.exp(place).sum(axis=-1, keepdims=True)
        X = rng.multinomial(8, shares).astype(float)
    elif kind == "marks":
        X = (place + rng.logistic(size=place.shape) > 0).astype(float)
    else:
        X = place + rng.normal(size=place.shape)
        X = np.clip(np.round(X + 2.0), 0.0, 4.0) if kind == "categories" else X
    return both_labels_first(X, y)


def both_labels_first(X, y):
    """The first two rows of a task have both labels, or plain classifiers raise; a task of one label gets another."""
    for rows, own in zip(X, y, strict=True):
        if own.min() == own.max():
            own[-1] = 1 - own[0]
        other = np.flatnonzero(own != own[0])[0]
        rows[[1, other]], own[[1, other]] = rows[[other, 1]], own[[other, 1]]
    return X, y


def clusters(rng, n_tasks, n_rows):
    """Rows of kinds whose centres move from task to task, together and each by itself."""
    centers = 3.0 * rng.normal(size=(N_KINDS, N_FEATURES))
    centers = centers + rng.normal(size=(n_tasks, 1, N_FEATURES)) + 0.5 * rng.normal(size=(n_tasks, *centers.shape))
    kind = rng.integers(N_KINDS, size=(n_tasks, n_rows))
    X = centers[np.arange(n_tasks)[:, None], kind]
    return X + rng.normal(size=X.shape), None


# Errors -----------------------------------------------------------------------------------------------------


def rmse(model, X, y):
    return root_mean_squared_error(y, model.predict(X))


def deviance(model, X, y):
    return mean_poisson_deviance(y, np.maximum(model.predict(X), 1e-300))


def brier(model, X, y):
    """Mean squared error of probabilities; the logarithm of those of trees has no bound."""
    return np.mean((model.predict_proba(X)[:, 1] - y) ** 2)


def wrong(model, X, y):
    return np.mean(model.predict(X) != y)


def inertia(model, X, y):
    return np.mean(model.transform(X).min(axis=1) ** 2)


def inverse_density(model, X, y):
    """Geometric mean of the inverse density of a column."""
    return np.exp(-np.mean(model.score_samples(X)) / X.shape[1])


def _on(room, estimator, error, targets, *scores):
    return {f"{type(estimator).__name__}, {each.__name__}": Family(room, estimator, partial(targets, each), error)
            for each in scores}  # fmt: skip


def _naive_bayes(estimator, kind):
    return {type(estimator).__name__: Family("naive_bayes", estimator, partial(classes_of_rows, kind), brier)}


FAMILIES = (
    _on("linear_model", Ridge(), rmse, numbers, lines)
    | _on("linear_model", LogisticRegression(), brier, labels, lines)
    | _on("linear_model", PoissonRegressor(), deviance, counts, lines)
    | _on("fallback", RandomForestRegressor(20, random_state=0), rmse, numbers, lines, surfaces)
    | _on("fallback", SVR(), rmse, numbers, lines, surfaces)
    | _on("neural_network", MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", random_state=0), rmse, numbers, surfaces)
    | _on("fallback", RandomForestRegressor(20, criterion="poisson", random_state=0), deviance, counts, surfaces)
    | _on("fallback", HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5), brier, labels, surfaces)
    | _on("fallback", RandomForestClassifier(20, random_state=0), brier, labels, lines, surfaces)
    | _on("fallback", SVC(), wrong, labels, lines, surfaces)
    | _on("neural_network", MLPClassifier(hidden_layer_sizes=20, solver="lbfgs", random_state=0), brier, labels, surfaces)
    | _on("ensemble", HistGradientBoostingRegressor(max_iter=20, min_samples_leaf=5), rmse, numbers, lines, surfaces)
    | _on("ensemble", GradientBoostingRegressor(n_estimators=20, random_state=0), rmse, numbers, surfaces)
    | _on("neighbors", KNeighborsRegressor(), rmse, numbers, lines, surfaces)
    | _on("neighbors", KNeighborsClassifier(), brier, labels, lines, surfaces)
    | _on("gaussian_process", GaussianProcessRegressor(RBF(2.0) + WhiteKernel(), normalize_y=True), rmse, numbers,
          lines, surfaces)
    | _on("gaussian_process", KernelRidge(kernel="rbf", gamma=0.1), rmse, numbers, lines, surfaces)
    | _naive_bayes(GaussianNB(), "numbers")
    | _naive_bayes(MultinomialNB(), "words")
    | _naive_bayes(BernoulliNB(), "marks")
    | _naive_bayes(CategoricalNB(min_categories=5), "categories")
    | {"KMeans": Family("cluster", KMeans(N_KINDS, random_state=0), clusters, inertia)}
    | {"GaussianMixture": Family("cluster", GaussianMixture(N_KINDS, covariance_type="diag", random_state=0), clusters,
                                 inverse_density)}
)  # fmt: skip


def kind_of(family):
    return "clusters" if family.draw is clusters else "labels" if is_classifier(family.estimator) else "numbers"


# What happens to the past: ``(X, y, rng, family) -> X, y`` --------------------------------------------------------


def related(X, y, rng, family):
    return X, y


def flipped(X, y, rng, family):
    """New tasks have the opposite sign of all past ones."""
    return (-X if X.min() < 0 else X.max() - X), y


def permuted(X, y, rng, family):
    """Every past column is another one in new tasks."""
    return X[..., _moved(rng)], y


def _moved(rng):
    """An order in which no column stays."""
    order = rng.permutation(N_FEATURES)
    found = np.empty_like(order)
    found[order] = np.roll(order, 1)
    return found


def unrelated(X, y, rng, family):
    """The past is another collection of the same size."""
    return family.draw(rng, *X.shape[:2])


def noise(X, y, rng, family):
    """Past targets are permuted within their tasks: levels stay. Of clusters, each column is."""
    return (rng.permuted(X, axis=1), y) if y is None else (X, rng.permuted(y, axis=1))


PASTS = {each.__name__: each for each in (related, flipped, permuted, unrelated, noise)}
