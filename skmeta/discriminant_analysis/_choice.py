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
from skmeta.discriminant_analysis._metrics import Kind, image_sums, kinds_of, metrics_of
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

ENOUGH_TO_HOLD_OUT = 3  # guard: one of two tasks teaches no way in which class means of several tasks scatter
N_DRAWS = 4  # speed: how often the rows are drawn that a held-out task is adapted to
SHOTS = (1, 5)  # rows of a class that a held-out task is adapted to: those of the field's comparisons


def choose_metric(
    estimator: Any, X: Array, tasks: Tasks, classes: NDArray[Any] | None, cv: int
) -> tuple[Kind, dict[str, float]]:
    """The simplest kind of metric that no other beats by more than a standard error, and what each scores.

    In each group of kinds the one is looked for that is best on average, by class means, whatever the classifier is: that
    is quick, and how many components or how much shrinkage there should be hardly depends on it. Which of these is taken the
    classifier says itself.

    Parameters
    ----------
    estimator : classifier
        The model of one task.
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
        Mean accuracy of held-out tasks by kind, of those compared at last the classifier's.
    """
    tasks = tasks.with_rows(X, tasks.y)
    groups = kinds_of(class_sums(X, tasks, classes, full=True))
    if len(groups) == 1 or len(tasks) < ENOUGH_TO_HOLD_OUT:
        return Kind(), {}
    by_means = _scores([kind for group in groups for kind in group], tasks, classes, cv, NearestCentroid())
    if np.isnan(by_means[Kind()]).all():  # no task has two classes of two rows
        return Kind(), {}
    means = {kind: float(np.nanmean(found)) for kind, found in by_means.items()}
    best = [max(group, key=means.__getitem__) for group in groups if group]
    scores = _scores(best, tasks, classes, cv, estimator)
    means |= {kind: float(np.nanmean(found)) for kind, found in scores.items()}
    return simplest(scores.items()), {str(kind): mean for kind, mean in means.items()}


def _scores(
    kinds: list[Kind], tasks: Tasks, classes: NDArray[Any] | None, cv: int, estimator: Any
) -> dict[Kind, Array]:
    """Accuracy ``(n_tasks,)`` under each kind of metric, of which the tasks of other folds say what it is."""
    found = {kind: np.full(len(tasks), np.nan) for kind in kinds}
    for learn, asked in folds_of(tasks, cv):
        teach, judge = tasks.take(learn), tasks.take(asked)
        episodes = list(_episodes(judge))
        sums = class_sums(teach.X, teach, classes, full=True)
        for kind, metric in zip(kinds, metrics_of(sums, kinds), strict=True):
            prior = DiscriminantPrior.of_metric(
                metric, sums, image_sums(metric, teach.X, teach, classes), classes=classes
            )
            mapped, prior = judge.with_rows(metric.image(judge.X), judge.y), prior.in_image()
            accuracies = [
                _accuracy(prior.adapt_tasks(estimator, mapped.where(shots)), mapped.where(query))
                for shots, query in episodes
            ]
            found[kind][asked] = np.mean(accuracies, axis=0)  # nan of a task without two classes of two rows
    return found


def _accuracy(adapted: Any, query: Tasks) -> Array:
    hit = np.asarray(adapted.predict(query.X, query.codes) == query.y, dtype=float) if query.n_rows else np.empty(0)
    return np.where(query.counts > 0, mean_of_tasks(hit, query), np.nan)


def _episodes(tasks: Tasks) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """For each number of shots, and several times, which rows tasks are adapted to, and which are to be told apart."""
    label = np.unique(np.asarray(tasks.y), return_inverse=True)[1]
    group = np.unique(tasks.codes * (label.max(initial=0) + 1) + label, return_inverse=True)[1]
    place, size = _places(np.asarray(tasks.X), group)
    n_classes = np.bincount(tasks.codes[place == 0][size[group[place == 0]] > 1], minlength=len(tasks))
    use, size = (size[group] > 1) & (n_classes[tasks.codes] > 1), size[group]
    for n_shots in SHOTS:
        n = np.minimum(n_shots, size // 2)
        for draw in range(N_DRAWS):
            before = (2 * draw + 1) * size // (2 * N_DRAWS)  # evenly spread, each time others
            chosen = use & ((place * n + before) // size != ((place + 1) * n + before) // size)
            yield chosen, use & ~chosen


def _places(X: Array, group: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Place of each row in its group by its distance to the mean, whatever order rows came in, and the groups' sizes."""
    size = np.bincount(group)
    far = np.sum((X - means_of(X, group, size)[group]) ** 2, axis=1)
    order = np.lexsort((far, group))
    place = np.empty(len(group), dtype=np.intp)
    place[order] = np.arange(len(group)) - (np.cumsum(size) - size)[group[order]]
    return place, size
