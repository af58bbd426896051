"""Under which metric classes of held-out tasks are told apart best, from a few rows of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base._held_out import folds_of, mean_of_tasks
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.discriminant_analysis._adapted_discriminants import AdaptedDiscriminants
from skmeta.discriminant_analysis._class_sums import class_sums, places_in_classes
from skmeta.discriminant_analysis._discriminant_prior import DiscriminantPrior
from skmeta.discriminant_analysis._metrics import Kind, image_sums, kinds_of, metrics_of
from skmeta.tasks import Tasks, take_rows

Array = NDArray[np.float64]

ENOUGH_TO_HOLD_OUT = 3  # guard: one of two tasks teaches no way in which class means of several tasks scatter
N_DRAWS = 4  # speed: how often the rows are drawn that a held-out task is adapted to
SHOTS = (1, 5)  # rows of a class that a held-out task is adapted to: those of the field's comparisons


def choose_metric(
    estimator: Any, X: Array, tasks: Tasks, cv: int, progress: Any = None
) -> tuple[Kind, dict[str, float]]:
    """The kind of metric under which held-out tasks are told apart best, the simplest of equal ones, and what each scores.

    In each group of kinds the one is looked for that is best on average, by class means, whatever the classifier is: that
    is quick. Which group it is taken from the classifier says itself, if it is fitted to rows. There each task judges the kind
    that tasks of other folds have found best in a group, so that a group of many is not preferred for being many. A standard
    error is not asked for: of three or five tasks it would always leave the identity.

    Parameters
    ----------
    estimator : classifier or None
        The model of one task; None for the nearest class mean.
    X : ndarray of shape (n_rows, n_features)
        The rows as numbers.
    tasks : Tasks
        Of labelled rows; each has labels of its own.
    cv : int
        Folds of tasks.
    progress : callable, default=None
        Called as ``progress(done, total)`` after each kind in each fold.

    Returns
    -------
    kind : Kind
        The identity where no tasks can be held out.
    scores : dict
        Mean accuracy of held-out tasks by kind, of those compared at last the classifier's.

    References
    ----------
    S. Varma and R. Simon (2006), Bias in error estimation when using cross-validation for model selection, BMC
        Bioinformatics 7.
    """
    tasks = tasks.with_rows(X, tasks.y)
    tasks = tasks if tasks.task_weight is None else tasks.take(np.flatnonzero(tasks.task_weight))
    groups = kinds_of(class_sums(tasks.X, tasks, None, full=True))
    if len(groups) == 1 or len(tasks) < ENOUGH_TO_HOLD_OUT:
        return Kind(), {}
    parts = PartsOfWork(progress, 2)
    by_means = _scores([kind for group in groups for kind in group], tasks, cv, parts.part(0))
    if np.isnan(by_means[Kind()]).all():  # no task has two classes of two rows
        return Kind(), {}
    weight = tasks.task_weights
    best = [_Best(group, by_means, folds_of(tasks, cv), weight) for group in groups if group]
    kinds = dict.fromkeys(kind for each in best for kind in (each.kind, *each.without_fold))
    scores = by_means if estimator is None else by_means | _scores([*kinds], tasks, cv, parts.part(1), estimator)
    means = {str(kind): _mean(found, weight) for kind, found in scores.items()}
    return max(best, key=lambda each: _mean(each.held_out(scores), weight)).kind, means


def _mean(scores: Array, weight: Array) -> float:
    """Of the tasks that were judged, by their weights; minus infinity of none."""
    judged = ~np.isnan(scores)
    return float(np.average(scores[judged], weights=weight[judged])) if judged.any() else -np.inf


class _Best:
    """The best kind of a group, by all tasks and without those of each fold."""

    def __init__(self, group: list[Kind], scores: dict[Kind, Array], folds: list[Any], weight: Array) -> None:
        def best_of(codes: NDArray[np.intp]) -> Kind:
            return max(group, key=lambda kind: _mean(scores[kind][codes], weight[codes]))

        self.folds = folds
        self.kind = best_of(np.concatenate([asked for _, asked in folds]))
        self.without_fold = [best_of(others) for others, _ in folds]

    def held_out(self, scores: dict[Kind, Array]) -> Array:
        """What each task scores under the kind that is best for tasks of other folds."""
        found = np.empty(len(scores[self.kind]))
        for kind, (_, asked) in zip(self.without_fold, self.folds, strict=True):
            found[asked] = scores[kind][asked]
        return found


def _scores(kinds: list[Kind], tasks: Tasks, cv: int, progress: Any, estimator: Any = None) -> dict[Kind, Array]:
    """Accuracy ``(n_tasks,)`` under each kind of metric, of which the tasks of other folds say what it is."""
    found = {kind: np.full(len(tasks), np.nan) for kind in kinds}
    folds = folds_of(tasks, cv)
    parts = PartsOfWork(progress, len(folds) * len(kinds))
    for learn, asked in folds:
        teach, judge = tasks.take(learn), tasks.take(asked)
        episodes = list(_episodes(judge))
        sums = class_sums(teach.X, teach, None, full=True)
        for kind, metric in zip(kinds, metrics_of(sums, kinds), strict=True):
            prior = DiscriminantPrior.of_metric(metric, sums, image_sums(metric, teach.X, teach, None))
            mapped, prior = judge.with_rows(metric.image(judge.X), judge.y), _in_image(prior)
            adapted = _NearestMean if estimator is None else AdaptedDiscriminants
            accuracies = [
                _accuracy(adapted(prior, estimator, mapped.where(shots)), mapped.where(query))
                for shots, query in episodes
            ]
            found[kind][asked] = np.mean(accuracies, axis=0)  # nan of a task without two classes of two rows
            parts.one_more()
    return found


def _in_image(prior: DiscriminantPrior) -> DiscriminantPrior:
    """The same for rows that are mapped already."""
    n_columns = prior.n_features if prior.matrix is None else prior.matrix.shape[1]
    return replace(prior, matrix=None, centre=None, n_features=n_columns, feature_names=None)


class _NearestMean(AdaptedDiscriminants):
    """Labels by the nearest class mean, whatever the classifier is."""

    def predict(self, X: Any, codes: NDArray[np.intp]) -> NDArray[Any]:
        """Those of rows, which are mapped already."""
        found = np.empty(len(codes), dtype=np.asarray(self.tasks.y).dtype)
        for code in np.unique(codes):
            asked, own = np.flatnonzero(codes == code), self.rows_of(int(code))
            known, scale = self.known(own.X, own, drawn_by_class=False)
            Z = take_rows(X, asked) / (1.0 if scale is None else scale)
            far = np.sum(known.means**2, axis=1) - 2.0 * (Z @ known.means.T)
            found[asked] = known.labels[np.argmin(far, axis=1)]
        return found


def _accuracy(adapted: AdaptedDiscriminants, query: Tasks) -> Array:
    """Of tasks ``(n_tasks,)``; nan of one without rows."""
    hit = np.asarray(adapted.predict(query.X, query.codes) == query.y, dtype=float) if query.n_rows else np.empty(0)
    return np.where(query.counts > 0, mean_of_tasks(hit, query), np.nan)


def _episodes(tasks: Tasks) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """For each number of shots, and several times, which rows tasks are adapted to, and which are to be told apart."""
    label = np.unique(np.asarray(tasks.y), return_inverse=True)[1]
    place, size = places_in_classes(np.asarray(tasks.X), tasks.codes * (label.max(initial=0) + 1) + label)
    n_classes = np.bincount(tasks.codes[(place == 0) & (size > 1)], minlength=len(tasks))
    use = (size > 1) & (n_classes[tasks.codes] > 1)
    for n_shots in SHOTS:
        n = np.minimum(n_shots, size // 2)
        for draw in range(N_DRAWS):
            before = (2 * draw + 1) * size // (2 * N_DRAWS)  # evenly spread, each time others
            chosen = use & ((place * n + before) // size != ((place + 1) * n + before) // size)
            yield chosen, use & ~chosen
