"""The errors of own, pooled, residual, boosted and warm models on tasks held out but for a few rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.parallel import Parallel, delayed

from skmeta.model_selection import NShotSplit, ShotCurve, make_baselines
from skmeta.model_selection._shot_curve import best_in_hindsight
from skmeta.report._collection import Collection
from skmeta.report._features import make_features
from skmeta.report._scores import answers_of, row_losses, scores_beside, scoring_of, task_errors
from skmeta.report._signals import uninterrupted
from skmeta.report._warm import columns_of_tasks, table_of_new_task, warm_model, warm_table, whole_table
from skmeta.tasks import take_rows

SHOTS = (0, 1, 2, 5, 10, 20)
N_SPLITS = 5
MAX_TASKS = 200  # that are compared

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
    if table.drift:
        return splits_in_time(table, n_shots)
    drawn = [list(NShotSplit(table.task, n, folds, order=table.order, random_state=0).split(table.X)) for n in n_shots]
    return [[(train, of_fold[-1][1]) for train, _ in of_fold] for of_fold in zip(*drawn, strict=True)]


def splits_in_time(table: Collection, n_shots: tuple[int, ...]) -> list[list[Split]]:
    """Return the same for tasks that drift: a fold tests tasks of a period and trains on those before it.

    Of later tasks it knows nothing, and of its own the rows given back.
    """
    assert table.places is not None
    times, n_periods = np.unique(table.places, return_inverse=True)[1], n_folds(table.counts) + 1
    period = times * n_periods // (times.max() + 1)
    left = []  # of each number of shots the rows that are no shots
    for n in n_shots:
        tests = [test for _, test in NShotSplit(table.task, n, 2, order=table.order, random_state=0).split(table.X)]
        left.append(np.isin(np.arange(len(times)), np.concatenate(tests)))
    folds = []
    for k in np.unique(period)[1:]:
        own, test = period == k, np.flatnonzero((period == k) & left[-1])
        trains = [np.flatnonzero((period < k) | (own & ~each)) for each in left]
        folds.append([(train, test) for train in trains if len(test)])
    return [of_fold for of_fold in folds if of_fold]


@dataclass(frozen=True, eq=False)
class Comparison(ShotCurve):
    """A shot curve, and what scores of classifiers say beside it.

    Parameters
    ----------
    beside : ndarray of shape (n_models, n_shots, n_scores)
        Those named in `skmeta.report._scores.BESIDE`, means over the folds; no scores of what is no classifier.
    """

    beside: NDArray[np.float64]


class Scores(NamedTuple):
    """What the models of one fold are worth: errors ``(n_models, n_shots, n_tasks)``, and ``(n_models, n_shots, n_scores)``."""

    errors: NDArray[np.float64]
    beside: NDArray[np.float64]


class Judge:
    """Scores of answers to the test rows of a fold.

    Parameters
    ----------
    table : Collection
        The table.
    test : ndarray of int
        The rows.
    codes : ndarray of shape (n_rows,)
        Their tasks.
    scoring : str
        Of `scoring_of`.
    """

    def __init__(self, table: Collection, test: NDArray[np.intp], codes: NDArray[np.float64], scoring: str) -> None:
        self.y, self.codes, self.scoring = table.y[test], codes, scoring
        self.classes = np.unique(table.y) if scoring == "neg_log_loss" else np.empty(0)

    def answers(self, model: Any, X: Any) -> NDArray[Any]:
        """What is scored of a model."""
        return answers_of(model, X, self.scoring, self.classes)

    def scores(self, answers: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The error of every task, and the scores beside."""
        errors = task_errors(row_losses(answers, self.y, self.scoring, self.classes), self.codes, self.scoring)
        return errors, scores_beside(answers, self.y, self.classes) if len(self.classes) else np.empty(0)


def score_rivals(table: Collection, models: list[Any], splits: list[Split]) -> Scores:
    """Return the scores of models that are fitted anew at each number of shots.

    A model that does not take so few rows of a task (five neighbours of two rows) has the error that it has with fewer.
    """
    Z = features_of(table, splits)
    test = splits[0][1]
    judge = Judge(table, test, Z[test, -1], scoring_of(models[0]))
    found: list[list[Any]] = [[] for _ in models]
    with _checked_before():
        for shot, (train, _) in enumerate(splits):
            for at, model in enumerate(models):
                try:
                    fitted = clone(model).fit(Z[train], table.y[train])
                    found[at].append(judge.scores(judge.answers(fitted, Z[test])))
                except ValueError:
                    if shot == 0:
                        raise
                    found[at].append(found[at][-1])
    return _stacked(found)


@contextmanager
def _checked_before() -> Iterator[None]:
    """For thousands of fits of numbers that were checked, and predictions of tasks that are new on purpose."""
    with config_context(assume_finite=True, skip_parameter_validation=True), warnings.catch_warnings():
        for said_once in (
            "task: none of",
            "(task|context): .* in no task that was learned from",
            "task: wanted ids of .* that stand under",
            "context: wanted columns that the",
        ):
            warnings.filterwarnings("ignore", said_once, UserWarning)
        yield


def _stacked(found: list[list[Any]]) -> Scores:
    return Scores(*(np.array([[pair[k] for pair in of_model] for of_model in found]) for k in range(2)))


def score_warm(table: Collection, warm: Any, splits: list[Split]) -> Scores:
    """Return the scores of one model that learns from other tasks once, and adapts to each.

    Only where a task shows classes that no other has, everything is learned anew with its rows.
    """
    Z = features_of(table, splits)
    X, codes = warm_table(table, Z), Z[:, -1]
    (others, test), *_ = splits
    judge = Judge(table, test, codes[test], scoring_of(warm))
    found = []
    with _checked_before():
        learned = clone(warm).fit(take_rows(X, others), table.y[others])
        for train, _ in splits:
            shots = np.setdiff1d(train, others)
            if is_classifier(warm) and not np.isin(table.y[shots], learned.classes_).all():
                learned = clone(warm).fit(take_rows(X, train), table.y[train])
                answers = judge.answers(learned, take_rows(X, test))
            else:
                answers = _answers_of_new_tasks(learned, X, table, codes, shots, test, judge)
            found.append(judge.scores(answers))
    return _stacked([found])


def _answers_of_new_tasks(
    learned: Any,
    X: Any,
    table: Collection,
    codes: NDArray[np.float64],
    shots: NDArray[np.intp],
    test: NDArray[np.intp],
    judge: Judge,
) -> NDArray[Any]:
    """The answers to test rows, each task's own `shots` known."""
    if not len(shots):
        return judge.answers(learned, take_rows(X, test))
    one, X = (
        clone(learned).set_params(task=None, context=None, prior=learned.prior_),
        table_of_new_task(X, table, learned),
    )
    parts, places = [], []
    for code in np.unique(codes[test]):
        known, rows = shots[codes[shots] == code], np.flatnonzero(codes[test] == code)
        fitted = one.fit(take_rows(X, known), table.y[known])
        parts.append(judge.answers(fitted, take_rows(X, test[rows])))
        places.append(rows)
    return np.concatenate(parts)[np.argsort(np.concatenate(places))]


def features_of(table: Collection, splits: list[Split]) -> NDArray[np.float64]:
    """Return the features of all rows, by a transformer fitted to those of the tasks that are not held out, and the tasks."""
    codes = table.index.codes.astype(float)
    if not table.numbers + table.categories:
        return codes[:, None]
    features = make_features(table.numbers, table.categories).fit(take_rows(table.X, splits[0][0]))
    return np.column_stack([features.transform(table.X), codes])


def compare(
    collection: Collection,
    model: Any,
    *,
    n_jobs: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
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
    Comparison
        Scores of "own", "pooled", "residual" (where there is one), "boosted" and "warm", each at the strength that
        turned out best for that number of shots. The last axis has the tasks tested, in place of folds.

    Raises
    ------
    ValueError
        If the tasks are too few, or too small.
    """
    shots = choose_shots(collection.counts, collection.names[0])
    table = draw_tasks(collection)
    rivals, warm = make_baselines(model, task=-1), warm_model(model, **columns_of_tasks(table, otherwise=-1))
    flat = [each for models in rivals.values() for each in models]
    folds = draw_splits(table, shots)
    jobs = [delayed(score_warm)(table, warm, splits) for splits in folds]  # the long ones first
    jobs += [delayed(score_rivals)(table, flat, splits) for splits in folds]
    found = run_jobs(jobs, n_jobs, progress)
    n = len(folds)
    parts = [
        [np.concatenate(each[::-1]) for each in zip(*found[k::n], strict=True)] for k in range(n)
    ]  # warm is the last
    errors, beside = np.concatenate([part[0] for part in parts], axis=-1), np.mean([part[1] for part in parts], axis=0)
    return _as_curve(errors, beside, [*rivals, "warm"], [*map(len, rivals.values()), 1], shots, model)


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
    errors: NDArray[np.float64],
    beside: NDArray[np.float64],
    names: list[str],
    sizes: list[int],
    shots: tuple[int, ...],
    model: Any,
) -> Comparison:
    """Return errors ``(n_models, n_shots, n_tasks)`` as a curve of strategies, each at the strength that is best."""
    parts = [np.split(each, np.cumsum(sizes)[:-1]) for each in (errors, beside)]
    best = [best_in_hindsight(-part) for part in parts[0]]
    at = np.arange(len(shots))
    return Comparison(
        scores=-np.stack([part[chosen, at] for part, chosen in zip(parts[0], best, strict=True)]),
        names=tuple(names),
        n_shots=shots,
        scoring=scoring_of(model),
        n_tasks=errors.shape[-1],
        beside=np.stack([part[chosen, at] for part, chosen in zip(parts[1], best, strict=True)]),
    )


def draw_tasks(collection: Collection) -> Collection:
    """Return the collection, or as many of its tasks as are scored in reasonable time."""
    n_tasks = len(collection.counts)
    if n_tasks <= MAX_TASKS:
        return collection
    drawn = np.random.default_rng(0).choice(n_tasks, MAX_TASKS, replace=False)
    rows = np.flatnonzero(np.isin(collection.index.codes, drawn))
    places = None if collection.places is None else collection.places[rows]
    return replace(collection, X=take_rows(collection.X, rows), y=collection.y[rows], places=places)


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
    warm = warm_model(make_pipeline(features, model) if columns else model, **columns_of_tasks(collection))
    return warm.fit(whole_table(collection), collection.y)
