"""Cells of the panel of `any_estimator.py`: collections, a few known rows of new tasks, the best answer in hindsight."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from _boosted_peers import IN_HINDSIGHT, best_alone, linear_warm, warm
from _cases import baseball, chem97, few_tasks, firms, heart, related, used_cars, weekly_sales
from _family_collections import above_median, lines, steps, turned
from _real import elnino, fertility, grunfeld, parkinsons, stored, tuning
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

SHOTS = (5, 10, 20)
MAX_TASKS, MAX_ROWS, N_NEW = 60, 60, 15


def smooth(seed, n_tasks=50, n_rows=40, spread=1.0):
    """A smooth interaction in common; levels, and the slopes of two columns, of a task's own."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.normal(size=(len(task), 5))
    own = spread * rng.normal(size=(n_tasks, 3))[task]
    y = (
        np.sin(2.0 * X[:, 0]) * X[:, 1]
        + X[:, 2] ** 2 / 2.0
        + own[:, 0]
        + own[:, 1] * X[:, 3]
        + 0.5 * own[:, 2] * X[:, 0]
    )
    return np.column_stack([X, task]), y + 0.5 * rng.normal(size=len(X))


def nothing_shared(seed, n_tasks=40, n_rows=50):
    """Lines of each task's own, all directions alike."""
    rng = np.random.default_rng(seed)
    task, coef = np.repeat(np.arange(n_tasks), n_rows), rng.normal(size=(n_tasks, 6))
    X = rng.normal(size=(len(task), 5))
    y = (np.column_stack([X, np.ones(len(X))]) * coef[task]).sum(axis=1)
    return np.column_stack([X, task]), y + 0.5 * rng.normal(size=len(X))


def log_counts(read):
    X, y = read()
    return X, np.log1p(y)


DRAWN = {
    "lines": lines,
    "thresholds": steps,
    "thresholds that differ": partial(steps, own=1.0),
    "smooth": smooth,
    "smooth, alike tasks": partial(smooth, spread=0.2),
    "nothing shared": nothing_shared,
    "related": lambda seed: related("targets"),
    "firms": lambda seed: firms(40),
}
DRAWN_CLASSES = {
    "turned planes": partial(turned, plane=True),
    "turned noise": partial(turned, plane=False),
    "related, 3 classes": lambda seed: related("classes"),
}


def stored_collections(folder):
    """Name to ``read()`` of the files that are there, then the names of those that are not."""
    files = {
        "weekly sales": ("weekly_sales.npz", partial(weekly_sales, log=True)),
        "used cars": ("used_cars.csv.gz", used_cars),
        "chem97": ("chem97.csv.gz", chem97),
        "baseball": ("baseball.csv.gz", lambda path: log_counts(lambda: baseball(path))),
        "gapminder": ("gapminder.npz", stored),
        "tuned trees": ("rbv2_rpart.npz", tuning),
        "tuned nets": ("lcbench.npz", tuning),
    }
    found = {"parkinsons": partial(parkinsons, "total"), "parkinsons motor": partial(parkinsons, "motor")}
    if find_spec("statsmodels"):
        found |= {"grunfeld": grunfeld, "fertility": fertility, "el nino": elnino}
    there = {name: folder and Path(folder, file).exists() for name, (file, _) in files.items()}
    found |= {name: partial(read, Path(folder, file)) for name, (file, read) in files.items() if there[name]}
    classes = {"heart": partial(heart, Path(folder, "heart.csv.gz"))} if folder else {}
    return found, classes, [name for name, yes in there.items() if not yes]


def panel(folder, seed):
    """``(name, X, y)``, and names of what is not there; targets of whole numbers are labels."""
    numbers, classes, absent = stored_collections(folder)
    reads = {name: partial(lambda read, s: read(), read) for name, read in numbers.items()} | DRAWN
    labels = {name: partial(lambda read, s: read(), read) for name, read in classes.items()} | DRAWN_CLASSES
    labels |= {f"{name} > median": partial(above_median, read) for name, read in reads.items() if "motor" not in name}
    made = []
    for name, read in (reads | labels).items():
        X, y = read(seed)
        made.append((name, *few_tasks(X, y, MAX_TASKS, MAX_ROWS, at_least=10)))
    return made, absent


def loss(found, y, classes):
    """Squared error over the variance of all targets, or log loss."""
    if classes is None:
        return np.mean((found - y) ** 2) / np.var(y)
    chance = found[np.arange(len(y)), np.searchsorted(classes, y)]
    return -np.mean(np.log(np.clip(chance, 1e-6, 1.0)))


def cells(X, y, seed):
    """Method to its losses ``(n_shots,)``; each is fitted to past rows and to the known rows of the new tasks."""
    rng = np.random.default_rng(seed)
    classes = np.unique(y) if y.dtype.kind == "i" else None
    ids = rng.permutation(np.unique(X[:, -1]))
    new = ids[: min(N_NEW, len(ids) // 3)]
    is_new = np.isin(X[:, -1], new)
    estimator = (HistGradientBoostingRegressor if classes is None else HistGradientBoostingClassifier)(
        random_state=seed
    )
    methods = {"skmeta": warm, "best alone": best_alone} | IN_HINDSIGHT | {"linear warm": linear_warm}
    orders = [rng.permutation(np.flatnonzero(X[:, -1] == task)) for task in new]
    query = np.concatenate([rows[min(max(SHOTS), len(rows) // 2) :] for rows in orders])
    found = {}
    for n in SHOTS:
        shots = np.concatenate([rows[: min(n, len(rows) // 2)] for rows in orders])
        known = np.concatenate([np.flatnonzero(~is_new), shots])
        for name, method in methods.items():
            answer = method(estimator, X[known], y[known], X[query], classes)
            found.setdefault(name, []).append(loss(answer, y[query], classes))
    return {name: np.array(values) for name, values in found.items()}
