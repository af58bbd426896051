"""Tables of stores that a size and a city describe, on which their coefficients depend, or nothing does."""

import numpy as np
import pytest

pd = pytest.importorskip("pandas")
CONTEXT = ["size", "city"]
EFFECTS = {"linear": (0.8, 0.0), "step": (0.0, 1.2), "noise": (0.0, 0.0)}


def make_stores(n_stores=40, n_rows=8, n_features=2, kind="linear", seed=0, first=0):
    """A table of rows with the store, its size and its city, targets, and the stores' coefficients, the intercept last."""
    law, rng = np.random.default_rng(seed), np.random.default_rng([seed, first])
    p, (slope, step) = n_features + 1, EFFECTS[kind]
    mean, along, across = law.normal(size=(3, p))
    cities = {name: slope * law.normal(size=p) for name in ("Bern", "Chur", "Thun")}
    size, city = rng.normal(size=n_stores), rng.choice(list(cities), n_stores)
    said = mean + slope * size[:, None] * along + step * np.sign(size)[:, None] * across
    W = said + np.array([cities[name] for name in city]) + 0.2 * rng.normal(size=(n_stores, p))
    X = rng.normal(size=(n_stores, n_rows, n_features))
    y = np.einsum("tnj,tj->tn", X, W[:, :-1]) + W[:, -1:] + 0.5 * rng.normal(size=(n_stores, n_rows))
    store = np.repeat(np.arange(n_stores), n_rows)
    table = pd.DataFrame(X.reshape(-1, n_features), columns=[f"x{j}" for j in range(n_features)])
    names = np.array([f"store {first + i:03d}" for i in range(n_stores)])
    return table.assign(store=names[store], size=size[store], city=city[store]), y.ravel(), W
