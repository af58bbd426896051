"""The errors of own, pooled, residual, boosted and warm models on tasks held out but for a few rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel, delayed

from skmeta.base import learner_for
from skmeta.model_selection import BoostedModel, NShotSplit, OwnModel, PooledModel, ResidualModel, ShotCurve
from skmeta.model_selection._shot_curve import chance_given
from skmeta.report._collection import Collection
from skmeta.report._features import make_features
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


def draw_splits(table: Collection, n_shots: tuple[int, ...]) -> list[list[Split]]:
    """Return train and test rows by folds, then shots; a fold tests the same rows at all numbers of shots."""
    folds = n_folds(table.counts)
    drawn = [list(NShotSplit(table.task, n, folds, order=table.order, random_state=0).split(table.X)) for n in n_shots]
    return [[(train, of_fold[-1][1]) for train, _ in of_fold] for of_fold in zip(*drawn, strict=True)]


def with_strengths(model: Any) -> list[Any]:
    """Return the model at each of the strengths of its penalty, or as it is if it finds its own or has none."""
    name = strength_of(model)
    values = {"alpha": STRENGTHS, "C": tuple(1.0 / strength for strength in STRENGTHS)}
    return [clone(model).set_params(**{name: value}) for value in values[name]] if name else [model]


def strength_of(model: Any) -> str | None:
    """Return the name of the parameter that says how far the prior of a model is trusted."""
    known = getattr(learner_for(model), "strengths", ())
    return next((name for name in ("alpha", "C") if name in known and name in model.get_params(deep=False)), None)


def warm_class(model: Any) -> Any:
    """Return the class that warm-starts `model`."""
    return WarmStartClassifier if is_classifier(model) else WarmStartRegressor


def make_rivals(model: Any) -> dict[str, list[Any]]:
    """Return strategy to models of a numeric table whose last column is the task.

    They come at several strengths, as nobody knows which is right for them; the warm one has learned it. Squared errors
    are theirs in units of the target's deviation, as the strength of a lasso depends on the unit. Targets that have a
    sign leave no residuals to fit. Boosting is of one kind, whatever the model is.
    """
    kinds = {"own": OwnModel, "pooled": PooledModel, "residual": ResidualModel}
    if get_tags(model).target_tags.positive_only:
        del kinds["residual"]
    rivals = {name: [kind(each, task=-1) for each in with_strengths(model)] for name, kind in kinds.items()}
    if takes_any_number(model):
        rivals = {name: [_in_deviations(each) for each in models] for name, models in rivals.items()}
    return rivals | {"boosted": [BoostedModel(booster(model), task=-1)]}


def booster(model: Any) -> Any:
    """Return the boosting that any model is compared with."""
    boosting = HistGradientBoostingClassifier if is_classifier(model) else HistGradientBoostingRegressor
    return boosting(random_state=0)


def takes_any_number(model: Any) -> bool:
    """Whether targets may be any numbers, so that their unit is of no matter: no labels, and none that have a sign."""
    return is_regressor(model) and not get_tags(model).target_tags.positive_only


def _in_deviations(model: Any) -> Any:
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def scoring_of(model: Any) -> str:
    """Return the name of the score; a classifier without probabilities is judged by its labels."""
    if not is_classifier(model):
        return "neg_root_mean_squared_error"
    return "neg_log_loss" if hasattr(model, "predict_proba") else "neg_zero_one_loss"


def row_losses(model: Any, X: Any, y: NDArray[Any], scoring: str) -> NDArray[np.float64]:
    """Return squared error, minus the logarithm of the label's probability, or 1 for a wrong label, of every row."""
    if scoring == "neg_log_loss":
        return -np.log(chance_given(model, X, y))
    predicted = model.predict(X)
    return (predicted != y).astype(np.float64) if scoring == "neg_zero_one_loss" else (y - predicted) ** 2


def task_errors(losses: NDArray[np.float64], codes: NDArray[np.intp], scoring: str) -> NDArray[np.float64]:
    """Return the mean loss of every task in `codes`, in their order; of squared errors its root."""
    _, rows_of, counts = np.unique(codes, return_inverse=True, return_counts=True)
    means = np.bincount(rows_of, losses) / counts
    return np.sqrt(means) if scoring == "neg_root_mean_squared_error" else means


def score_rivals(table: Collection, models: list[Any], splits: list[Split]) -> NDArray[np.float64]:
    """Return errors ``(n_models, n_shots, n_tasks tested)`` of models that are fitted anew at each number of shots.

    A model that does not take so few rows of a task (five neighbours of two rows) has the error that it has with fewer.
    """
    Z = features_of(table, splits)
    codes, scoring = Z[splits[0][1], -1], scoring_of(models[0])
    errors = np.empty((len(models), len(splits), len(np.unique(codes))))
    with config_context(assume_finite=True, skip_parameter_validation=True):  # thousands of fits of checked numbers
        for shot, (train, test) in enumerate(splits):
            for at, model in enumerate(models):
                try:
                    fitted = clone(model).fit(Z[train], table.y[train])
                    losses = row_losses(fitted, Z[test], table.y[test], scoring)
                except ValueError:
                    if shot == 0:
                        raise
                    errors[at, shot] = errors[at, shot - 1]
                else:
                    errors[at, shot] = task_errors(losses, codes, scoring)
    return errors


def score_warm(table: Collection, warm: Any, splits: list[Split]) -> NDArray[np.float64]:
    """Return errors ``(1, n_shots, n_tasks tested)`` of a model that learns from other tasks once, and adapts to each.

    Only where a task shows classes that no other has, everything is learned anew with its rows.
    """
    Z = features_of(table, splits)
    (others, test), *_ = splits
    codes, scoring = Z[test, -1], scoring_of(warm)
    errors = []
    with config_context(assume_finite=True, skip_parameter_validation=True):
        learned = clone(warm).fit(Z[others], table.y[others])
        for train, _ in splits:
            shots = np.setdiff1d(train, others)
            if is_classifier(warm) and not np.isin(table.y[shots], learned.classes_).all():
                learned = clone(warm).fit(Z[train], table.y[train])
                losses = row_losses(learned, Z[test], table.y[test], scoring)
            else:
                losses = _losses_of_new_tasks(learned, Z, table.y, shots, test, scoring)
            errors.append(task_errors(losses, codes, scoring))
    return np.stack(errors)[None]


def _losses_of_new_tasks(
    learned: Any, Z: NDArray[np.float64], y: NDArray[Any], shots: NDArray[np.intp], test: NDArray[np.intp], scoring: str
) -> NDArray[np.float64]:
    """The losses of test rows, each task's own `shots` known."""
    if not len(shots):
        return row_losses(learned, Z[test], y[test], scoring)
    one = clone(learned).set_params(task=None, prior=learned.prior_)
    losses = np.empty(len(test))
    for code in np.unique(Z[test, -1]):
        known, rows = shots[Z[shots, -1] == code], np.flatnonzero(Z[test, -1] == code)
        model = one.fit(Z[known, :-1], y[known])
        losses[rows] = row_losses(model, Z[test[rows], :-1], y[test[rows]], scoring)
    return losses


def features_of(table: Collection, splits: list[Split]) -> NDArray[np.float64]:
    """Return the features of all rows, by a transformer fitted to those of the tasks that are not held out, and the tasks."""
    features = make_features(table.numbers, table.categories, task=table.task)
    return np.asarray(features.fit(take_rows(table.X, splits[0][0])).transform(table.X))


def compare(
    collection: Collection,
    model: Any,
    *,
    n_jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> ShotCurve:
    """Score the strategies on held-out tasks, by the number of their rows given back.

    Features are made once for all tasks, from the rows of those that are not held out, and are the same for all strategies.
    So is the prior of the warm one, which then adapts to the rows given back; the others are fitted anew with these.

    Parameters
    ----------
    collection : Collection
        The table. Of more than 200 tasks, 200 are drawn at random.
    model : estimator
        What solves one task.
    n_jobs : int, default=None
        Number of jobs in parallel.
    progress : callable, default does nothing
        Called as ``progress(done, total)`` after every job.

    Returns
    -------
    ShotCurve
        Scores of "own", "pooled", "residual" (where there is one), "boosted" and "warm", each at the strength that
        turned out best for that number of shots. The last axis has the tasks tested, in place of folds.

    Raises
    ------
    ValueError
        If the tasks are too few, or too small.
    """
    shots = choose_shots(collection.counts, collection.names[0])
    table = draw_tasks(collection)
    rivals, warm = make_rivals(model), warm_class(model)(model, task=-1)
    flat = [each for models in rivals.values() for each in models]
    folds = draw_splits(table, shots)
    jobs = [delayed(score_warm)(table, warm, splits) for splits in folds]  # the long ones first
    jobs += [delayed(score_rivals)(table, flat, splits) for splits in folds]
    found = run_jobs(jobs, n_jobs, progress)
    n = len(folds)
    errors = [np.concatenate(found[k::n][::-1]) for k in range(n)]  # of the others, then of warm
    return _as_curve(np.concatenate(errors, axis=-1), [*rivals, "warm"], [*map(len, rivals.values()), 1], shots, model)


def run_jobs(jobs: list[Any], n_jobs: int | None, progress: Callable[[int, int], None]) -> list[Any]:
    """Return what the jobs return, in their order, and quietly where they are stopped."""
    run = Parallel(n_jobs=n_jobs, return_as="generator")
    with uninterrupted():  # here the processes start
        results = run(jobs)
    found = []
    with warnings.catch_warnings(), closing(results):
        warnings.filterwarnings("ignore", category=UserWarning, module="joblib")  # what it says of a stopped run
        for each in results:
            found.append(each)
            progress(len(found), len(jobs))
    return found


def _as_curve(
    errors: NDArray[np.float64], names: list[str], sizes: list[int], shots: tuple[int, ...], model: Any
) -> ShotCurve:
    """Return errors ``(n_models, n_shots, n_tasks)`` as a curve of strategies, each at its best."""
    best = [at_best_strength(part) for part in np.split(errors, np.cumsum(sizes)[:-1])]
    return ShotCurve(
        scores=-np.stack(best), names=tuple(names), n_shots=shots, scoring=scoring_of(model), n_tasks=errors.shape[-1]
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
    features = make_features(collection.numbers, collection.categories, read=collection.read)
    warm = warm_class(model)(make_pipeline(features, model) if columns else model, task=collection.task)
    table = collection.X if collection.written is None or not columns else collection.written
    return warm.fit(table, collection.y)
