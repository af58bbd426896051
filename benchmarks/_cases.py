"""The collections on which two versions are compared: made-up ones, and those stored in a folder given by ``--data``."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _real import LONG, SHORT, number_tasks, parkinsons, stored
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge


class Case(NamedTuple):
    """A collection, the model of its tasks, the column that orders its rows (None: at random) and the shots."""

    name: str
    estimator: Any
    read: Callable
    order: int | None
    shots: tuple


def few_tasks(X, y, n_tasks, n_rows=None, at_least=25):
    """``n_tasks`` tasks at random of those with ``at_least`` rows, of each ``n_rows`` at random (None: all)."""
    rng = np.random.default_rng(0)
    ids, counts = np.unique(X[:, -1], return_counts=True)
    chosen = rng.permutation(ids[counts >= at_least])[:n_tasks]
    rows = [rng.permutation(np.flatnonzero(X[:, -1] == task))[:n_rows] for task in chosen]
    keep = np.sort(np.concatenate(rows))
    return X[keep], y[keep]


# Stored. ----------------------------------------------------------------------------------------------


def read_csv(path):
    import pandas as pd

    return pd.read_csv(path)


def weekly_sales(path, log):
    """Units sold in 52 weeks of 80 products; their logarithms, or counts."""
    X, y = few_tasks(*stored(path), 80)
    return X, np.log1p(y) if log else y


def used_cars(path):
    """Logarithms of prices; a task is a model of a brand."""
    import pandas as pd

    frame = read_csv(path).query("price > 0")
    kinds = pd.get_dummies(frame[["transmission", "fuelType"]], drop_first=True)
    features = np.column_stack(
        [frame[["year", "mileage", "tax", "mpg", "engineSize"]], np.log1p(frame["mileage"]), kinds]
    )
    return few_tasks(*number_tasks(features, frame["brand"] + frame["model"], np.log(frame["price"])), 100, 60)


def chem97(path):
    """Scores of an examination in 100 schools."""
    frame = read_csv(path)
    features = np.column_stack([frame["gender"] == "F", frame[["age", "gcsescore"]]])
    return few_tasks(*number_tasks(features, frame["school"], frame["score"]), 100)


def baseball(path):
    """Home runs a season of 150 players who played for 16 seasons and more."""
    frame = read_csv(path).query("ab > 0")
    season = frame.groupby("player").cumcount()
    features = np.column_stack([frame["year"], season, season**2, np.log(frame["ab"])])
    return few_tasks(*number_tasks(features, frame["player"], frame["hr"]), 150, at_least=16)


def motorcycles(path):
    """Insurance claims; a task is a class of motorcycles within a zone, the exposure a column (its logarithm)."""
    frame = read_csv(path).query("duration > 0")
    features = np.column_stack(
        [frame[["agarald", "fordald", "bonuskl"]], frame["kon"] == "K", np.log(frame["duration"])]
    )
    task = frame["zon"].astype(str) + "/" + frame["mcklass"].astype(str)
    return few_tasks(*number_tasks(features, task, frame["antskad"]), 49, 600, at_least=200)


def heart(path):
    """Whether patients of four hospitals have a heart disease; gaps are filled with the column's median."""
    frame = read_csv(path)
    features = frame.drop(columns=["hospital", "num"])
    X, y = number_tasks(features.fillna(features.median()), frame["hospital"], frame["num"] > 0)
    return X, y.astype(int)


# Made up, by no more than a generator: what is drawn must not depend on the version. -------------------


def related(likelihood, n_tasks=100, n_rows=45, n_features=10):
    """Tasks whose coefficients share three directions, as targets, labels of three classes or counts."""
    rng = np.random.default_rng(0)
    n_scores = 3 if likelihood == "classes" else 1
    mean, shared = rng.standard_normal((n_scores, n_features + 1)), rng.standard_normal((n_features + 1, 3))
    coef = mean + rng.standard_normal((n_tasks, n_scores, 3)) @ shared.T / np.sqrt(3.0)
    coef += 0.3 * rng.standard_normal(coef.shape)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.standard_normal((len(task), n_features))
    scores = np.einsum("ij,ikj->ik", np.column_stack([X, np.ones(len(X))]), coef[task])
    draws = {
        "targets": lambda: scores[:, 0] + rng.standard_normal(len(X)),
        "classes": lambda: np.argmax(0.7 * scores + rng.gumbel(size=scores.shape), axis=1),
        "counts": lambda: rng.poisson(np.exp(np.clip(0.3 * scores[:, 0], None, 6.0))),
    }
    return np.column_stack([X, task]), draws[likelihood]()


def firms(n_firms=12, n_years=20):
    """Investment of a few firms whose sizes are far apart, by value, capital (both drift) and the year."""
    rng = np.random.default_rng(0)
    size = np.exp(rng.normal(5.0, 1.5, n_firms))
    drift = np.exp(np.cumsum(rng.normal(0.03, 0.1, (2, n_firms, n_years)), axis=-1))
    value, capital = size[:, None] * drift * [[[2.0]], [[1.0]]]
    slopes = np.abs(rng.normal([0.1, 0.3], [0.05, 0.1], (n_firms, 2)))
    invested = (
        slopes[:, :1] * value + slopes[:, 1:] * capital + 0.1 * size[:, None] * rng.normal(size=(n_firms, n_years))
    )
    year = np.tile(np.arange(n_years), n_firms)
    return number_tasks(
        np.column_stack([year, value.ravel(), capital.ravel()]),
        np.repeat(np.arange(n_firms), n_years),
        invested.ravel(),
    )


# ------------------------------------------------------------------------------------------------------

STORED = (
    ("gapminder", "gapminder.npz", stored, Ridge(), 0, SHORT),
    ("weekly sales, log", "weekly_sales.npz", partial(weekly_sales, log=True), Ridge(), 0, LONG),
    ("weekly sales, counts", "weekly_sales.npz", partial(weekly_sales, log=False), PoissonRegressor(), 0, LONG),
    ("used cars, log price", "used_cars.csv.gz", used_cars, Ridge(), None, LONG),
    ("chem97", "chem97.csv.gz", chem97, Ridge(), None, LONG),
    ("baseball, counts", "baseball.csv.gz", baseball, PoissonRegressor(), 0, SHORT),
    ("motorcycles, counts", "motorcycles.csv.gz", motorcycles, PoissonRegressor(), None, LONG),
    ("heart, classes", "heart.csv.gz", heart, LogisticRegression(), None, LONG),
)


def all_cases(folder):
    """``(cases, names of those that are not there)``; where rows have an order, once at random and once in it."""
    made = [
        ("parkinsons", partial(parkinsons, "total"), Ridge(), 2, SHORT),
        ("firms, made up", firms, Ridge(), 0, SHORT),
        ("related, made up", partial(related, "targets"), Ridge(), None, LONG),
        ("related, classes", partial(related, "classes"), LogisticRegression(), None, LONG),
        ("related, counts", partial(related, "counts"), PoissonRegressor(), None, LONG),
    ]
    found = [(name, partial(read, Path(folder) / file), *rest) for name, file, read, *rest in STORED]
    there = [Path(folder, file).exists() and bool(folder) for _, file, *_ in STORED]
    absent = [
        f"{name} ({file} is not in --data)" for (name, file, *_), yes in zip(STORED, there, strict=True) if not yes
    ]
    made += [row for row, yes in zip(found, there, strict=True) if yes]
    cases = []
    for name, read, estimator, order, shots in made:
        cases += [Case(name, estimator, read, which, shots) for which in ([None] if order is None else [None, order])]
    return cases, absent
