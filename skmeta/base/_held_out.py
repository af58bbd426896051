"""Tasks held out: which teach and which judge, how well their rows are predicted, and which choice is the better one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from skmeta.base._evidence import log_probability
from skmeta.tasks import Tasks

Array = NDArray[np.float64]
Index = NDArray[np.intp]
T = TypeVar("T")

SHOTS = 10  # rows to which the model of a held-out task is adapted, before it predicts the others
_ROUNDING = 1e-9  # guard: numbers that differ by no more are alike
ENOUGH_FOR_HALVES = 4  # guard: of fewer tasks no half teaches a prior


def gains(difference: Array, task_weight: Array | None = None) -> bool:
    """Whether tasks gain on average, by more than one standard error; a single task by any gain. Those of nan do not count.

    A task of ``task_weight (n_tasks,)`` 2 counts as two that gain as much; None for ones.
    """
    judged = ~np.isnan(difference)
    difference = difference[judged]
    weight = np.ones(len(difference)) if task_weight is None else task_weight[judged]
    n = float(weight.sum())
    if n <= 0.0:
        return False
    mean = float(weight @ difference) / n
    error = np.sqrt(weight @ (difference - mean) ** 2 / (n - 1.0) / n) if n > 1.0 else 0.0
    return bool(mean > (1.0 + _ROUNDING) * error)  # one gain alone is as much as its own standard error


def chance_of_being_best(scores: Array, task_weight: Array | None = None) -> Array:
    """How probable it is, were a choice as good as the one with the best mean, that tasks tell them apart as much as they do.

    A t-test over the tasks of a choice's scores against the best one's, for each choice.

    Parameters
    ----------
    scores : ndarray of shape (n_choices, n_tasks)
        What each task scores under a choice; those of nan do not count.
    task_weight : ndarray of shape (n_tasks,), default=None
        What a task counts; None for ones.

    Returns
    -------
    ndarray of shape (n_choices,)
        Two-sided p-values; one for the best choice, which is alone where fewer than two tasks judge.

    References
    ----------
    P. R. Hansen, A. Lunde and J. M. Nason (2011), The model confidence set, Econometrica 79, section 3.1.2.
    """
    judged = ~np.isnan(scores).any(axis=0)
    weight = np.ones(int(judged.sum())) if task_weight is None else task_weight[judged]
    scores, n = scores[:, judged], np.count_nonzero(weight)
    if not n:
        return np.eye(1, len(scores))[0]
    weight = weight / weight.sum()
    mean = scores @ weight
    best = int(np.argmax(mean))
    if n < 2:
        return np.eye(len(scores))[best]
    short, worse = mean[best] - mean, scores[best] - scores
    error = np.sqrt((worse - short[:, None]) ** 2 @ weight**2 * n / (n - 1.0))
    t = np.divide(short, error, out=np.where(short > 0.0, np.inf, 0.0), where=error > 0.0)
    return np.asarray(2.0 * stats.t.sf(t, n - 1))


def simplest(choices: Iterable[tuple[T, Array]], task_weight: Array | None = None) -> T:
    """The first of some choices, the simplest, or the last under which tasks gain beside the one taken before it.

    Parameters
    ----------
    choices : iterable of pairs
        A choice, and what each task scores under it ``(n_tasks,)``; simpler ones first, one at least.
    task_weight : ndarray of shape (n_tasks,), default=None
        As how many tasks each counts; None for ones.

    Returns
    -------
    choice
        One of them.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen and C. Stone (1984), Classification and regression trees, section 3.4.3 (the rule of
    one standard error).
    """
    others = iter(choices)
    best, score = next(others)
    for choice, scores in others:
        if gains(scores - score, task_weight):
            best, score = choice, scores
    return best


def folds_of(tasks: Tasks, n_folds: int) -> list[tuple[Index, Index]]:
    """Pairs of tasks that teach and tasks that judge; each judges once, and folds have tasks of alike sizes, one with rows.

    Parameters
    ----------
    tasks : Tasks
        The collection.
    n_folds : int
        How many, at most one a task that has rows.

    Returns
    -------
    list of pairs of ndarray of int
        Codes, ascending.
    """
    n_folds = max(min(n_folds, int(np.count_nonzero(tasks.counts))), min(len(tasks), 1))
    fold = np.empty(len(tasks), dtype=np.intp)
    by_size = np.lexsort((tasks.counts, tasks.counts == 0))  # those without rows last
    fold[by_size] = np.arange(len(tasks)) % max(n_folds, 1)
    return [(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in range(n_folds)]


def halves_of(tasks: Tasks) -> list[tuple[Index, Index]]:
    """Two halves that teach each other; of few tasks all others teach each, and a single one is not held out at all."""
    n_tasks = int(np.count_nonzero(tasks.counts))
    n_folds = 2 if n_tasks >= ENOUGH_FOR_HALVES else n_tasks
    return folds_of(tasks, n_folds) if n_folds > 1 else []


def squared_errors(y: NDArray[Any], mean: NDArray[Any]) -> Array:
    """Of each row, summed over the outputs."""
    return np.asarray(((y - mean) ** 2).reshape(len(y), -1).sum(axis=1))


def held_out_losses(
    adapted: Any,
    query: Tasks,
    of_rows: Callable[[NDArray[Any], NDArray[Any]], Array] = squared_errors,
    n_known: Array | None = None,
) -> Array:
    r"""Losses of rows that were held out, each predicted by the model of its task.

    Of labels minus the logarithm of their probability, mixed with the even law as if that had been one more row,

    .. math:: -\log \frac{n\, p(y \mid x) + 1 / K}{n + 1},

    with the number :math:`n` of rows that the model rests on: a probability of zero costs as much as these rows can show.

    Parameters
    ----------
    adapted : AdaptedEstimators
        Of the same tasks, from other rows.
    query : Tasks
        The rows.
    of_rows : callable, default=squared errors
        ``of_rows(y, mean)`` are the losses where targets are numbers.
    n_known : ndarray of shape (n_rows,), default=None
        Rows :math:`n`; None for those that the prior was learned from and those that the task was adapted to.

    Returns
    -------
    ndarray of shape (n_rows,)
        Finite for labels, whatever the probabilities are.
    """
    y: NDArray[Any] = np.asarray(query.y)
    if not query.n_rows:
        return np.empty(0)
    if query.classes is None:
        return of_rows(y.astype(float), adapted.predict(query.X, query.codes))
    if n_known is None:
        n_known = adapted.prior.n_rows + adapted.tasks.labelled_rows().counts[query.codes]
    return -log_probability(adapted, query.X, y, query.codes, np.asarray(n_known, dtype=float))


def mean_of_tasks(values: Array, tasks: Tasks) -> Array:
    """Weighted mean ``(n_tasks,)`` of numbers of rows over the rows of each task; zero where it has none."""
    weight = tasks.row_weights
    total, n = (np.bincount(tasks.codes, part, minlength=len(tasks)) for part in (weight * values, weight))
    return np.divide(total, n, out=np.zeros(len(tasks)), where=n > 0.0)
