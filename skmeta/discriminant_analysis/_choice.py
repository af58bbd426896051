"""Under which metric classes of held-out tasks are told apart best, from a few rows of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestCentroid

from skmeta.base._held_out import folds_of, mean_of_tasks, simplest
from skmeta.discriminant_analysis._class_sums import class_sums, means_of
from skmeta.discriminant_analysis._discriminant_prior import DiscriminantPrior
from skmeta.discriminant_analysis._metrics import Kind, kinds_of, metrics_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

ENOUGH_TO_HOLD_OUT = 3  # guard: one of two tasks teaches no way in which class means of several tasks scatter
SHOTS = (1, 5)  # rows of a class that a held-out task is adapted to: those of the field's comparisons


def choose_metric(X: Array, tasks: Tasks, classes: NDArray[Any] | None, cv: int) -> tuple[Kind, dict[str, float]]:
    """The simplest kind of metric that no other beats by more than a standard error, and what each scores.

    The identity stands beside the number of components that is best on average.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The rows as numbers.
    tasks : Tasks
        Of labelled rows.
    classes : ndarray or None
        As of `class_sums`.
    cv : int
        Folds of tasks.

    Returns
    -------
    kind : Kind
        The identity where no tasks can be held out.
    scores : dict
        Mean accuracy of held-out tasks by kind.
    """
    tasks = tasks.with_rows(X, tasks.y)
    tasks = tasks if tasks.task_weight is None else tasks.take(np.flatnonzero(tasks.task_weight))
    kinds = kinds_of(class_sums(tasks.X, tasks, classes, full=True))
    if len(kinds) == 1 or len(tasks) < ENOUGH_TO_HOLD_OUT:
        return Kind(0), {}
    scores = _scores(kinds, tasks, classes, cv)
    if np.isnan(scores[Kind(0)]).all():  # no task has two classes of two rows
        return Kind(0), {}
    means = [_mean(scores[kind], tasks.task_weight) for kind in kinds]
    best = kinds[1 + int(np.argmax(means[1:]))]._replace(beside_identity=True)
    scores |= _scores([best], tasks, classes, cv)
    known = {str(kind): _mean(found, tasks.task_weight) for kind, found in scores.items()}
    return simplest(scores.items(), tasks.task_weight), known


def _mean(scores: Array, task_weight: Array | None) -> float:
    """Of the tasks that were judged, by their weights."""
    judged = ~np.isnan(scores)
    return float(np.average(scores[judged], weights=None if task_weight is None else task_weight[judged]))


def _scores(kinds: list[Kind], tasks: Tasks, classes: NDArray[Any] | None, cv: int) -> dict[Kind, Array]:
    """Accuracy ``(n_tasks,)`` under each kind of metric, of which the tasks of other folds say what it is."""
    found = {kind: np.full(len(tasks), np.nan) for kind in kinds}
    for learn, judge in folds_of(tasks, cv):
        teach, asked = tasks.take(learn), tasks.take(judge)
        sums = class_sums(teach.X, teach, classes, full=True)
        for kind, metric in zip(kinds, metrics_of(sums, kinds), strict=True):
            found[kind][judge] = _accuracies(DiscriminantPrior.of_metric(metric, sums, classes=classes), asked)
    return found


def _accuracies(prior: DiscriminantPrior, tasks: Tasks) -> Array:
    """Accuracy ``(n_tasks,)`` by class means, mean over numbers of shots; nan of a task without two classes of two rows."""
    found = [_accuracy(prior.adapt_tasks(NearestCentroid(), shots), query) for shots, query in _episodes(tasks)]
    return np.asarray(np.mean(found, axis=0))


def _accuracy(adapted: Any, query: Tasks) -> Array:
    hit = np.asarray(adapted.predict(query.X, query.codes) == query.y, dtype=float) if query.n_rows else np.empty(0)
    return np.where(query.counts > 0, mean_of_tasks(hit, query), np.nan)


def _episodes(tasks: Tasks) -> Iterator[tuple[Tasks, Tasks]]:
    """For each number of shots the tasks' rows to adapt to, and those to be told apart."""
    label = np.unique(np.asarray(tasks.y), return_inverse=True)[1]
    group = np.unique(tasks.codes * (label.max(initial=0) + 1) + label, return_inverse=True)[1]
    place, size = _places(np.asarray(tasks.X), group)
    n_classes = np.bincount(tasks.codes[place == 0][size[group[place == 0]] > 1], minlength=len(tasks))
    use = (size[group] > 1) & (n_classes[tasks.codes] > 1)
    for n_shots in SHOTS:
        n = np.minimum(n_shots, size // 2)[group]
        here = (place * n + size[group] // 2) // size[group]
        chosen = use & (here != ((place + 1) * n + size[group] // 2) // size[group])  # evenly spread, one in the middle
        yield tasks.where(chosen), tasks.where(use & ~chosen)


def _places(X: Array, group: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Place of each row in its group by its distance to the mean, whatever order rows came in, and the groups' sizes."""
    size = np.bincount(group)
    far = np.sum((X - means_of(X, group, size)[group]) ** 2, axis=1)
    order = np.lexsort((far, group))
    place = np.empty(len(group), dtype=np.intp)
    place[order] = np.arange(len(group)) - (np.cumsum(size) - size)[group[order]]
    return place, size
