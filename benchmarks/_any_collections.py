"""Collections on which the fallback is measured: published simulations, twins of panels that are not shipped, used cars."""

from pathlib import Path

import numpy as np


def lmmnn(variance, seed, n_rows=100_000, n_groups=10_000):
    """Simchoni and Rosset's simulation of slopes, as their program draws it: ``(X, y)``; time and group are last.

    A group has its rows at the first of as many times as the largest group has. G. Simchoni and S. Rosset (2023),
    Integrating random effects in deep neural networks, JMLR 24(156); github.com/gsimchoni/lmmnn, lmmnn/utils.py, mode "slopes".
    """
    rng = np.random.default_rng(seed)
    share = rng.poisson(3.0, n_groups) + 1.0
    sizes = rng.multinomial(n_rows, share / share.sum())
    group = np.repeat(np.arange(n_groups), sizes)
    t = np.concatenate([np.arange(size) for size in sizes]) / (sizes.max() - 1.0)
    X = np.column_stack([rng.uniform(-1.0, 1.0, (n_rows, 10)), t])
    b = rng.multivariate_normal(np.zeros(3), variance * COVARIANCE, n_groups)[group]
    y = fixed_effects(X) + (b * random_columns(t)).sum(axis=1)
    return np.column_stack([X, group]), y + rng.normal(size=n_rows)


COVARIANCE = np.array([[1.0, 0.3, 0.3], [0.3, 1.0, 0.0], [0.3, 0.0, 1.0]])  # of the effects, over their variance


def fixed_effects(X):
    s, t = 1.0 + X[:, :10].sum(axis=1), X[:, 10]
    return s * np.cos(s) + 2.0 * X[:, 0] * X[:, 1] + t + t**2


def random_columns(t):
    return np.column_stack([np.ones(len(t)), t, t**2])


def lmmnn_oracle(variance, X, y, query):
    """What Bayes says of rows who knows all but the effects of the groups."""
    found, groups = fixed_effects(query), query[:, -1]
    left = y - fixed_effects(X)
    order, asked = np.argsort(X[:, -1], kind="stable"), np.argsort(groups, kind="stable")
    for group in np.unique(groups):
        own = order[slice(*np.searchsorted(X[order, -1], [group, group + 1]))]
        rows = asked[slice(*np.searchsorted(groups[asked], [group, group + 1]))]
        A, B = random_columns(X[own, 10]), random_columns(query[rows, 10])
        gain = variance * COVARIANCE @ A.T
        found[rows] += B @ gain @ np.linalg.solve(A @ gain + np.eye(len(own)), left[own])
    return found


def wages_twin(seed, n_people=4000):
    """A few years each of people: what is theirs is constant but for the time; levels and slopes of their own."""
    rng = np.random.default_rng(seed)
    years = rng.integers(1, 13, n_people)
    person = np.repeat(np.arange(n_people), years)
    t = np.concatenate([np.sort(rng.permutation(13)[:n]) for n in years]).astype(float)
    own = np.column_stack([rng.integers(0, 2, (n_people, 4)), rng.integers(6, 19, n_people), rng.normal(size=n_people)])
    school, ability = own[:, 4] - 12.0, own[:, 5]
    level = 1.6 + 0.06 * school + 0.1 * ability + 0.15 * own[:, 0] * (school > 0) - 0.1 * own[:, 1] * own[:, 2]
    slope = 0.02 + 0.004 * school + 0.01 * own[:, 0] * (ability > 0)
    effects = rng.multivariate_normal([0.0, 0.0], [[0.08, -0.004], [-0.004, 0.001]], n_people)
    mean = (level + effects[:, 0])[person] + (slope + effects[:, 1])[person] * t - 0.0015 * t**2
    y = mean + 0.22 * rng.normal(size=len(t))
    return np.column_stack([own[person], t, person]), y


def imports_twin(seed, n_groups=600):
    """Trade of groups by year: surfaces that all share, levels and slopes of their own, and noises that differ fourfold."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 40, n_groups)
    group = np.repeat(np.arange(n_groups), sizes)
    X = rng.normal(size=(len(group), 6))
    X[:, 0] = rng.integers(0, 25, len(group))
    f = np.sin(X[:, 1]) + 0.5 * X[:, 2] * (X[:, 3] > 0.0) + 0.03 * X[:, 0]
    own = rng.normal(size=(n_groups, 3)) * [1.0, 0.02, 0.2]
    f += own[group, 0] + own[group, 1] * X[:, 0] + own[group, 2] * X[:, 4]
    noise = 0.5 * np.exp(0.7 * rng.normal(size=n_groups))
    return np.column_stack([X, group]), f + noise[group] * rng.normal(size=len(group))


def used_cars_twin(seed, n_models=80):
    """Logarithms of prices of cars ``(X, y)``, the model last: models of brands differ in level and in how fast they age.

    Columns are years from this one, 10,000 miles, tax, miles a gallon, engine size, and zeros and ones of automatic and diesel.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.integers(25, 200, n_models)
    model = np.repeat(np.arange(n_models), sizes)
    brand = rng.integers(0, 10, n_models)
    level = 0.35 * rng.normal(size=10)[brand] + 0.3 * rng.normal(size=n_models)
    ageing = 0.02 * rng.normal(size=10)[brand] + 0.015 * rng.normal(size=n_models)
    engine = np.clip(1.6 + 0.8 * level + 0.3 * rng.normal(size=n_models), 1.0, None)[model]
    age = np.clip(rng.gamma(2.0, 1.6, len(model)), 0.1, 18.0)
    miles = age * np.exp(0.4 * rng.normal(size=len(age))) * 0.9
    engine = engine + rng.choice([0.0, 0.2, 0.4], len(age))
    automatic, diesel = (rng.random((2, len(age))) < [[0.3], [0.4]]).astype(float)
    mpg = 70.0 - 12.0 * engine + 10.0 * diesel + 4.0 * rng.normal(size=len(age))
    tax = np.where(age < 3.5, 145.0, 30.0 + 60.0 * engine * (mpg < 55.0))
    y = 9.6 + level[model] + 0.25 * (engine - 1.6) + 0.08 * automatic - (0.11 + ageing[model]) * age
    y -= 0.03 * miles * (1.0 + 0.5 * (engine > 2.0) * (1.0 - diesel)) + 0.12 * (age < 1.0)
    y += 0.1 * rng.standard_t(5, len(y))
    return np.column_stack([-age, miles, tax, mpg, engine, automatic, diesel, model]), y


def used_cars_frame(folder, n_models=None):
    """All rows of used cars as a frame, ``task`` the model of a brand, and the logarithms of prices."""
    import pandas as pd

    frame = pd.read_csv(Path(folder) / "used_cars.csv.gz").query("price > 0")
    task = pd.factorize(frame["brand"] + frame["model"])[0]
    keep = task < (n_models or np.inf)
    names = ["brand", "transmission", "fuelType"]
    X = frame[["year", "mileage", "tax", "mpg", "engineSize"]].astype(float)
    X = X.join(frame[names].astype("category")).assign(task=task)
    return X[keep].reset_index(drop=True), np.log(frame["price"].to_numpy(dtype=float))[keep]
