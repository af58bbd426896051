"""Made-up stores in regions and films of directors and types: how coefficients are drawn, and who knows that law.

Columns are N(0, 1), the last is the intercept's ones, the noise has variance 1. So the error of coefficients is exact: a new
row's squared error is ``1 + |w_hat - w|^2`` on average.
"""

from typing import NamedTuple

import numpy as np

P, N_PAST = 9, 15  # coefficients, and rows of a past task


class Nested(NamedTuple):
    """Covariances of regions and of stores, and the mean: the law; ``of_region`` are the deviations that were drawn."""

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray
    of_region: np.ndarray


def nested(rng, kind, n_regions=12):
    """A law: regions that share directions and stores that scatter evenly; or no regions; or stores that are their regions'."""
    directions = rng.normal(size=(P, 3))
    wide, none = 0.5 * (directions @ directions.T / 3.0 + 0.1 * np.eye(P)), 1e-6 * np.eye(P)
    between = none if kind == "no regions" else wide
    within = {"both": 0.15 * np.eye(P), "no regions": wide, "only regions": none}[kind]
    mean = rng.normal(size=P)
    return Nested(mean, between, within, drawn(rng, between, n_regions))


def drawn(rng, covariance, n):
    """Deviations ``(n, P)``."""
    return rng.normal(size=(n, P)) @ np.linalg.cholesky(covariance).T


def rows(rng, coef, n):
    """``X (tasks, n, P)`` and ``y (tasks, n)``."""
    X = rng.normal(size=(len(coef), n, P))
    X[..., -1] = 1.0
    return X, np.einsum("tnp,tp->tn", X, coef) + rng.normal(size=(len(coef), n))


def posterior(mean, covariance, X, y):
    """Coefficients and what is not known of them, of a task whose prior is known."""
    gain = np.linalg.solve(X @ covariance @ X.T + np.eye(len(y)), X @ covariance).T
    return mean + gain @ (y - X @ mean), covariance - gain @ X @ covariance


def known_regions(law, region, X, y):
    """``(mean, covariance)`` of a store in each region for one who knows the law, from the rows of past stores."""
    found = []
    for r in range(len(law.of_region)):
        own = np.flatnonzero(region == r)
        # The rows of a region's stores: a store's deviation is a part of their covariance.
        Z, targets = X[own].reshape(-1, P), y[own].ravel()
        K = np.eye(len(targets)) + np.kron(np.eye(len(own)), np.ones((X.shape[1],) * 2)) * (Z @ law.within @ Z.T)
        cross = Z @ law.between
        gain = np.linalg.solve(K + cross @ Z.T, cross).T
        found.append((law.mean + gain @ (targets - Z @ law.mean), law.between - gain @ cross + law.within))
    return found


class Crossed(NamedTuple):
    """The coefficients of all pairs ``(n_left, n_right, P)`` and the law that they were drawn from."""

    pairs: np.ndarray
    mean: np.ndarray
    left: np.ndarray
    right: np.ndarray


def crossed(rng, n_left=20, n_right=15):
    """Directors and types, whose deviations add up."""
    directions = rng.normal(size=(P, 3))
    left, right = 0.3 * (directions @ directions.T / 3.0 + 0.1 * np.eye(P)), 0.2 * np.eye(P)
    mean = rng.normal(size=P)
    pairs = mean + drawn(rng, left, n_left)[:, None] + drawn(rng, right, n_right)
    return Crossed(pairs, mean, left, right)


def known_pairs(law, left, right, X, y, asked):
    """Expected coefficients ``(len(asked), P)`` of pairs for one who knows the law, from the rows of past pairs."""
    Z, targets = X.reshape(-1, P), y.ravel()
    of = [np.repeat(codes, X.shape[1]) for codes in (left, right)]
    K = np.eye(len(targets))
    for codes, covariance in zip(of, (law.left, law.right), strict=True):
        K += (Z @ covariance @ Z.T) * (codes[:, None] == codes)
    solved = np.linalg.solve(K, targets - Z @ law.mean)
    pulls = [(codes[None] == np.unique(codes)[:, None]) * solved @ Z for codes in of]
    deviations = [pull @ covariance for pull, covariance in zip(pulls, (law.left, law.right), strict=True)]
    return law.mean + deviations[0][asked[:, 0]] + deviations[1][asked[:, 1]]
