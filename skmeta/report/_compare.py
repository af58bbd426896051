"""The errors of own, pooled, residual and warm models on tasks held out but for a few rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel, delayed

from skmeta.model_selection import NShotSplit, OwnModel, PooledModel, ResidualModel, ShotCurve
from skmeta.model_selection._shot_curve import chance_given
from skmeta.report._columns import make_features
from skmeta.report._read import Collection
from skmeta.report._signals import uninterrupted
from skmeta.tasks import read_task_ids, take_rows
from skmeta.warm_start import WarmStartClassifier, WarmStartRegressor

SHOTS = (0, 1, 2, 5, 10, 20)
N_SPLITS = 5
MAX_TASKS = 200  # that are compared
STRENGTHS = (0.01, 0.1, 1.0, 10.0)  # of the penalty of the others

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def choose_shots(counts: NDArray[np.intp], task: str) -> tuple[int, ...]:
    """Return the numbers of shots after which at least half of the tasks have rows left to test."""
    if len(counts) < 3:
        raise ValueError(f"--task: wanted a column with at least 3 tasks, found {len(counts)} in {task}.")
    enough = max(n_folds(counts), len(counts) / 2)
    shots = tuple(n for n in SHOTS if np.count_nonzero(counts > n) >= enough)
    if not any(shots):
        raise ValueError(
            f"--task: wanted a column that groups rows, found {len(counts)} different values in {counts.sum()} rows of {task}."
        )
    return shots


def n_folds(counts: NDArray[np.intp]) -> int:
    """Return the number of folds of tasks."""
    return min(N_SPLITS, len(counts))


def draw_splits(table: Collection, n_shots: tuple[int, ...]) -> Iterator[Split]:
    """Yield train and test rows by shots, then folds; a fold tests the same rows at all numbers of shots."""
    folds = n_folds(table.counts)
    drawn = {
        n: list(NShotSplit(table.task, n, folds, order=table.order, random_state=0).split(table.X)) for n in n_shots
    }
    for splits in drawn.values():
        for (train, _), (_, test) in zip(splits, drawn[n_shots[-1]], strict=True):
            yield train, test


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
    return WarmStartClassifier if is_classifier(model) else WarmStartRegressor


def make_rivals(model: Any) -> dict[str, list[Any]]:
    """Return strategy to models of a numeric table whose last column is the task.

    The others come at several strengths, as nobody knows which is right for them; the warm one has learned
    it. Squared errors are theirs in units of the target's deviation, as the strength of a lasso depends on
    the unit. Targets that have a sign leave no residuals to fit.
    """
    kinds = {"own": OwnModel, "pooled": PooledModel, "residual": ResidualModel}
    if get_tags(model).target_tags.positive_only:
        del kinds["residual"]
    rivals = {name: [kind(each, task=-1) for each in with_strengths(model)] for name, kind in kinds.items()}
    if takes_any_number(model):
        rivals = {name: [_in_deviations(each) for each in models] for name, models in rivals.items()}
    return rivals | {"warm": [warm_class(model)(model, task=-1)]}


def takes_any_number(model: Any) -> bool:
    """Whether targets may be any numbers, so that their unit is of no matter: no labels, and none that have a sign."""
    return is_regressor(model) and not get_tags(model).target_tags.positive_only


def _in_deviations(model: Any) -> Any:
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def task_errors(model: Any, X: Any, y: NDArray[Any], codes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return root mean squared error, or log-loss, of every task in `codes`, in their order."""
    _, rows_of, counts = np.unique(codes, return_inverse=True, return_counts=True)
    if is_classifier(model):
        return np.bincount(rows_of, -np.log(chance_given(model, X, y))) / counts
    return np.sqrt(np.bincount(rows_of, (y - model.predict(X)) ** 2) / counts)


def score_split(table: Collection, models: list[Any], split: Split) -> NDArray[np.float64]:
    """Return errors ``(n_models, n_tasks tested)`` after making features from the training rows, once."""
    train, test = split
    features = make_features(table.numbers, table.categories, task=table.task)
    Z = features.fit_transform(take_rows(table.X, train))
    Z_test = features.transform(take_rows(table.X, test))
    with config_context(assume_finite=True, skip_parameter_validation=True):  # thousands of fits of checked numbers
        fitted = (clone(model).fit(Z, table.y[train]) for model in models)
        return np.stack([task_errors(model, Z_test, table.y[test], Z_test[:, -1]) for model in fitted])


def compare(
    collection: Collection,
    model: Any,
    *,
    n_jobs: int | None = None,
    progress: Callable[[int, int, int], None] = lambda done, total, n_shots: None,
) -> ShotCurve:
    """Score the strategies on held-out tasks, by the number of their rows given back.

    Features are made once for all tasks, from the training rows, and are the same for all strategies.

    Parameters
    ----------
    collection : Collection
        The table. Of more than 200 tasks, 200 are drawn at random.
    model : estimator
        What solves one task.
    n_jobs : int, default=None
        Number of splits in parallel.
    progress : callable, default does nothing
        Called as ``progress(done, total, n_shots)`` after every split.

    Returns
    -------
    ShotCurve
        Scores of "own", "pooled", "residual" (where there is one) and "warm", each at the strength that
        turned out best for that number of shots. The last axis has the tasks tested, in place of folds.

    Raises
    ------
    ValueError
        If the tasks are too few, or too small.
    """
    shots = choose_shots(collection.counts, collection.names[0])
    table = draw_tasks(collection)
    rivals = make_rivals(model)
    flat = [each for models in rivals.values() for each in models]
    splits = list(draw_splits(table, shots))
    n_splits = len(splits) // len(shots)
    run = Parallel(n_jobs=n_jobs, return_as="generator")
    with uninterrupted():  # here the processes start
        results = run(delayed(score_split)(table, flat, split) for split in splits)
    errors = []
    with warnings.catch_warnings(), closing(results):
        warnings.filterwarnings("ignore", category=UserWarning, module="joblib")  # what it says of a stopped run
        for found in results:
            errors.append(found)
            progress(len(errors), len(splits), shots[(len(errors) - 1) // n_splits])
    by_shots = [np.hstack(errors[k * n_splits : (k + 1) * n_splits]) for k in range(len(shots))]
    return _as_curve(np.stack(by_shots, axis=1), rivals, shots)


def _as_curve(errors: NDArray[np.float64], rivals: dict[str, list[Any]], shots: tuple[int, ...]) -> ShotCurve:
    """Return errors ``(n_models, n_shots, n_tasks)`` as a curve of strategies, each at its best."""
    ends = np.cumsum([len(models) for models in rivals.values()])
    best = [at_best_strength(part) for part in np.split(errors, ends[:-1])]
    classifies = is_classifier(rivals["warm"][0])
    return ShotCurve(
        scores=-np.stack(best),
        names=tuple(rivals),
        n_shots=shots,
        scoring="neg_log_loss" if classifies else "neg_root_mean_squared_error",
        n_tasks=errors.shape[-1],
    )


def at_best_strength(errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, of errors ``(n_strengths, n_shots, n_tasks)``, those of the best at each number of shots."""
    best = errors.mean(axis=-1).argmin(axis=0)
    return errors[best, np.arange(errors.shape[1])]


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
    columns = collection.numbers + collection.categories
    features = make_features(collection.numbers, collection.categories)
    warm = warm_class(model)(make_pipeline(features, model) if columns else model, task=collection.task)
    return warm.fit(collection.X, collection.y)
