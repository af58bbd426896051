"""Collections on which a family's room and the fallback are compared: made-up ones by seed, and those of ``--data``."""

from functools import partial
from pathlib import Path

import numpy as np
from _cases import chem97, few_tasks, heart, used_cars
from _real import parkinsons, stored
from scipy.stats import special_ortho_group
from sklearn.datasets import make_classification


def turned(seed, plane, n_tasks=30):
    """The rows of one ``make_classification``, dealt to tasks that turn its informative plane, or all that is no part of it."""
    rng = np.random.default_rng(seed)
    X, y = make_classification(1000, 20, n_informative=2, n_redundant=10, shuffle=False, random_state=seed)
    informative = np.zeros((20, 2))
    informative[:12] = np.linalg.svd(X[:, :12], full_matrices=False)[2][:2].T
    basis = np.linalg.qr(np.column_stack([informative, rng.normal(size=(20, 18))]))[0]
    task = rng.permutation(np.arange(1000) % n_tasks)
    X = X @ basis
    part = slice(0, 2) if plane else slice(2, 20)
    for rows in (task == t for t in range(n_tasks)):
        X[rows, part] = X[rows, part] @ special_ortho_group.rvs(part.stop - part.start, random_state=rng)
    return np.column_stack([X @ basis.T, task]), y


def lines(seed, n_tasks=40, n_rows=40, n_features=10):
    """Linear tasks whose coefficients share three directions."""
    rng = np.random.default_rng(seed)
    mean, shared = rng.standard_normal(n_features + 1), rng.standard_normal((n_features + 1, 3)) / np.sqrt(3.0)
    coef = mean + rng.standard_normal((n_tasks, 3)) @ shared.T + 0.3 * rng.standard_normal((n_tasks, n_features + 1))
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.standard_normal((len(task), n_features))
    score = (np.column_stack([X, np.ones(len(X))]) * coef[task]).sum(axis=1)
    return np.column_stack([X, task]), score + rng.standard_normal(len(X))


def steps(seed, n_tasks=40, n_rows=40, own=0.0):
    """A surface with thresholds that all tasks share, levels of their own, columns in units of their own."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.uniform(-1.0, 1.0, (len(task), 6))
    turn = own * rng.normal(size=(n_tasks, 2))
    y = 2.0 * (X[:, 0] > turn[task, 0]) + np.sin(3.0 * X[:, 1] + turn[task, 1]) + X[:, 0] * X[:, 2]
    y += rng.normal(size=n_tasks)[task] + 0.3 * rng.normal(size=len(X))
    return np.column_stack([X * 10.0 ** np.arange(-2, 4), task]), y


def above_median(read, seed):
    """Whether a target is above the median of all."""
    X, y = read(seed)
    return X, (y > np.median(y)).astype(int)


def collections(folder):
    """Name to ``read(seed)``; targets are labels where they are whole numbers of type int."""
    found = {
        "turned planes, classes": partial(turned, plane=True),
        "turned noise, classes": partial(turned, plane=False),
        "lines": lines,
        "lines, classes": partial(above_median, lines),
        "thresholds": steps,
        "thresholds that differ": partial(steps, own=1.0),
        "thresholds that differ, classes": partial(above_median, partial(steps, own=1.0)),
        "parkinsons": lambda seed: parkinsons("total"),
    }
    files = {
        "used cars": ("used_cars.csv.gz", used_cars),
        "used cars, classes": ("used_cars.csv.gz", lambda path: above_median(lambda _: used_cars(path), 0)),
        "chem97": ("chem97.csv.gz", lambda path: few_tasks(*chem97(path), 60, 60)),
        "gapminder": ("gapminder.npz", stored),
        "heart, classes": ("heart.csv.gz", heart),
    }
    for name, (file, read) in files.items():
        if folder and Path(folder, file).exists():
            found[name] = lambda seed, read=read, path=Path(folder, file): read(path)
    return found
