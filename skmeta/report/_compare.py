"""The errors of own, pooled, residual and warm models on tasks that were held out but for a few rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta.model_selection import OwnModel, PooledModel, ResidualModel, ShotCurve, shot_curve
from skmeta.priors.linear import family_of
from skmeta.report._columns import make_features
from skmeta.report._read import Collection
from skmeta.tasks import read_task_ids, take_rows
from skmeta.warm_start import WarmStartClassifier, WarmStartRegressor

SHOTS = (0, 1, 2, 5, 10, 20)
N_SPLITS = 5
MAX_TASKS = 500
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
BASELINES = {"own": OwnModel, "pooled": PooledModel, "residual": ResidualModel}


def choose_shots(counts: NDArray[np.intp], task: str) -> tuple[int, ...]:
    """Return the numbers of shots after which at least half of the tasks have rows left to test."""
    if len(counts) < 3:
        raise ValueError(f"--task {task} must tell at least 3 tasks apart, found {len(counts)}.")
    enough = max(n_folds(counts), len(counts) / 2)
    shots = tuple(n for n in SHOTS if np.count_nonzero(counts > n) >= enough)
    if not any(shots):
        raise ValueError(
            f"--task {task} must have values with several rows each, found {len(counts)} values in "
            f"{counts.sum()} rows. Name a column that groups the rows."
        )
    return shots


def n_folds(counts: NDArray[np.intp]) -> int:
    """Return the number of folds of tasks."""
    return min(N_SPLITS, len(counts))


def neg_log_loss(model: Any, X: Any, y: Any) -> float:
    """Return the negative log-loss; a class that the training rows did not show has probability zero."""
    labels = np.union1d(model.classes_, y)
    proba = np.zeros((len(y), len(labels)))
    proba[:, np.searchsorted(labels, model.classes_)] = model.predict_proba(X)
    return -log_loss(y, proba, labels=labels)


def with_strengths(model: Any) -> list[Any]:
    """Return the model at each of the strengths of its penalty, or as it is if it finds its own."""
    params = model.get_params(deep=False)
    if "alpha" in params:
        return [clone(model).set_params(alpha=strength) for strength in STRENGTHS]
    if "C" in params:
        return [clone(model).set_params(C=1.0 / strength) for strength in STRENGTHS]
    return [model]


def warm_class(model: Any) -> Any:
    """Return the class that warm-starts `model`."""
    return WarmStartClassifier if family_of(model).classifies else WarmStartRegressor


def candidates(model: Any) -> dict[str, list[Any]]:
    """Return strategy to models of a numeric table whose last column is the task; the best of them counts.

    The others are tried at several strengths, as nobody knows which is right for them; the warm one has
    learned it. They see targets in standard deviations where the penalty would else depend on the unit, and
    there is no residual model of targets that have a sign.
    """
    squared = family_of(model).likelihood == "gaussian"
    around = partial(TransformedTargetRegressor, transformer=StandardScaler()) if squared else (lambda rival: rival)
    kinds = {name: kind for name, kind in BASELINES.items() if name != "residual" or has_residuals(model)}
    rivals = {name: [around(kind(m, task=-1)) for m in with_strengths(model)] for name, kind in kinds.items()}
    return rivals | {"warm": [warm_class(model)(model, task=-1)]}


def has_residuals(model: Any) -> bool:
    """Whether the model can be fitted to what another one leaves: not if its targets have a sign."""
    return family_of(model).likelihood in ("gaussian", "binomial")


def compare(
    collection: Collection,
    model: Any,
    *,
    n_jobs: int | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> ShotCurve:
    """Score the strategies on held-out tasks, by the number of their rows given back.

    Features are made once for all tasks, from the training rows, and in the same way for all strategies: they
    differ by their last step alone.

    Parameters
    ----------
    collection : Collection
        The table. Of more than 500 tasks, 500 are drawn at random.
    model : estimator
        What solves one task.
    n_jobs : int, default=None
        Number of fits in parallel.
    progress : callable, default does nothing
        Called as ``progress(done, total, strategy)`` before every curve.

    Returns
    -------
    ShotCurve
        Of "own", "pooled", "residual" (where there is one) and "warm"; each at the strength that turned out
        best for that number of shots.

    Raises
    ------
    ValueError
        If the tasks are too few, or too small.
    """
    task = collection.names[0]
    shots = choose_shots(collection.counts, task)
    table = draw_tasks(collection)
    features = make_features(table.numbers, table.categories, task=table.task)
    score = partial(
        shot_curve,
        X=table.X,
        y=table.y,
        task=table.task,
        n_shots=shots,
        n_splits=n_folds(table.counts),
        order=table.order,
        scoring=neg_log_loss if family_of(model).classifies else None,
        n_jobs=n_jobs,
        random_state=0,
    )
    rivals = candidates(model)
    total, curves = sum(map(len, rivals.values())), []
    for name, models in rivals.items():
        for last in models:
            progress(len(curves), total, name)
            curves.append(score({name: make_pipeline(features, last)}))
    progress(total, total, "")
    names = [curve.names[0] for curve in curves]
    scores = {name: best_strength([c.scores[0] for c, n in zip(curves, names, strict=True) if n == name]) for name in rivals}
    return replace(curves[-1], scores=np.stack(list(scores.values())), names=tuple(scores))


def best_strength(scores: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return, of scores ``(n_shots, n_splits)`` at several strengths, those of the best at each number of shots."""
    stacked = np.stack(scores)
    best = stacked.mean(axis=-1).argmax(axis=0)
    return stacked[best, np.arange(stacked.shape[1])]


def draw_tasks(collection: Collection) -> Collection:
    """Return the collection, or as many of its tasks as are scored in reasonable time."""
    n_tasks = len(collection.counts)
    if n_tasks <= MAX_TASKS:
        return collection
    drawn = np.random.default_rng(0).choice(n_tasks, MAX_TASKS, replace=False)
    rows = np.flatnonzero(np.isin(read_task_ids(collection.X, collection.task), drawn))
    return replace(collection, X=take_rows(collection.X, rows), y=collection.y[rows])


def learn_from_all(collection: Collection, model: Any) -> Any:
    """Return the warm-started estimator fitted to the whole table, features included.

    Parameters
    ----------
    collection : Collection
        The table.
    model : estimator
        What solves one task.

    Returns
    -------
    WarmStartRegressor or WarmStartClassifier
        Fitted; its ``prior_`` carries the steps that make the features.
    """
    features = make_features(collection.numbers, collection.categories)
    warm = warm_class(model)(make_pipeline(features, model), task=collection.task)
    return warm.fit(collection.X, collection.y)
