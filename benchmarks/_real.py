"""The real collections: those embedded, those that statsmodels brings, and those stored in a folder given by ``--data``."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skmeta.datasets import load_parkinsons

SHORT, LONG = (0, 1, 2, 5, 10), (0, 1, 2, 5, 10, 20)


class Collection(NamedTuple):
    """Rows with the task's number as last column, the column that orders them (None: shots at random), and the shots."""

    name: str
    X: np.ndarray
    y: np.ndarray
    order: int | None
    shots: tuple


def number_tasks(features, task, y):
    """``(X, y)`` with the task's number as last column."""
    return np.column_stack([features, np.unique(task, return_inverse=True)[1]]).astype(float), np.asarray(
        y, dtype=float
    )


def parkinsons(target):
    return load_parkinsons(target=target, return_X_y=True)


def grunfeld():
    """Investment of 11 firms over 20 years, by their value, capital and the year."""
    from statsmodels.datasets import grunfeld

    frame = grunfeld.load_pandas().data
    return number_tasks(frame[["year", "value", "capital"]], frame["firm"].astype(str), frame["invest"])


def fertility():
    """Births per woman in countries, by the year since 1960."""
    from statsmodels.datasets import fertility

    frame = fertility.load_pandas().data
    values = frame[[c for c in frame.columns if c.isdigit()]].dropna(axis=1, how="all").dropna()
    year = np.tile(values.columns.astype(int), len(values))
    return number_tasks(year[:, None], np.repeat(np.arange(len(values)), values.shape[1]), values.to_numpy().ravel())


def elnino():
    """Sea surface temperature by month, one task a year."""
    from statsmodels.datasets import elnino

    values = elnino.load_pandas().data.drop(columns="YEAR").to_numpy()
    angle = np.tile(2.0 * np.pi * np.arange(12) / 12.0, len(values))
    waves = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    return number_tasks(
        np.column_stack([np.tile(np.arange(12), len(values)), *waves]),
        np.repeat(np.arange(len(values)), 12),
        values.ravel(),
    )


def stored(path, target="y", n_tasks=None):
    """A file of rows, targets and tasks; at most ``n_tasks`` of its tasks."""
    with np.load(path) as file:
        X, y = number_tasks(file["X"], file["task"], file[target])
    keep = X[:, -1] < (n_tasks or np.inf)
    return X[keep], y[keep]


def tuning(path, n_tasks=60, n_rows=60):
    """Scores of hyperparameter settings: a task is a data set, a row a setting; inactive parameters at their mean."""
    with np.load(path) as file:
        settings, scores = file["X"].astype(float), file["Y"][:n_tasks].astype(float)
    settings = np.where(np.isnan(settings), np.nanmean(settings, axis=0), settings)
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(len(settings)), (len(scores), 1)), axis=1)[:, :n_rows]
    return number_tasks(
        settings[rows.ravel()],
        np.repeat(np.arange(len(scores)), n_rows),
        np.take_along_axis(scores, rows, axis=1).ravel(),
    )


def real_collections(folder="", quick=False):
    """``(collections, names of those that are not there)``."""
    n_products = 60 if quick else 100
    makers = [
        ("parkinsons, random rows", lambda: parkinsons("total"), None, SHORT),
        ("parkinsons, time order", lambda: parkinsons("total"), 2, SHORT),
        ("parkinsons motor, random rows", lambda: parkinsons("motor"), None, SHORT),
        ("parkinsons motor, time order", lambda: parkinsons("motor"), 2, SHORT),
    ]
    if find_spec("statsmodels"):
        makers += [
            ("grunfeld, random rows", grunfeld, None, SHORT),
            ("grunfeld, by year", grunfeld, 0, SHORT),
            ("fertility, random rows", fertility, None, LONG),
            ("fertility, by year", fertility, 0, LONG),
            ("el nino, random rows", elnino, None, SHORT),
            ("el nino, by month", elnino, 0, SHORT),
        ]
    files = [
        ("gapminder, random rows", "gapminder", stored, {}, None, SHORT),
        ("gapminder, by year", "gapminder", stored, {}, 0, SHORT),
        ("weekly sales, random rows", "weekly_sales", stored, {"n_tasks": n_products}, None, LONG),
        ("weekly sales, by week", "weekly_sales", stored, {"n_tasks": n_products}, 0, LONG),
        ("tuned trees, random rows", "rbv2_rpart", tuning, {}, None, LONG),
        ("tuned nets, random rows", "lcbench", tuning, {}, None, LONG),
    ]
    absent = [] if find_spec("statsmodels") else ["grunfeld, fertility, el nino (statsmodels is not installed)"]
    for name, file, read, options, order, shots in files:
        path = Path(folder) / f"{file}.npz"
        if folder and path.exists():
            makers.append((name, lambda path=path, read=read, options=options: read(path, **options), order, shots))
        else:
            absent.append(f"{name} (no {file}.npz; give its folder by --data)")
    return [Collection(name, *make(), order, shots) for name, make, order, shots in makers], absent
