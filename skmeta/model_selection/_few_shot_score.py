"""How well a model tells a few classes apart of which it has seen a few rows: the mean accuracy over many episodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.utils import check_scalar
from sklearn.utils.parallel import Parallel, delayed

from skmeta._dataframe import column_labels
from skmeta.base._frozen_value import FrozenValue
from skmeta.model_selection._episodes import Episode, Episodes, EpisodeSizes, draw_episodes, rows_of_classes
from skmeta.tasks._ids import as_list
from skmeta.tasks._locate import locate_columns
from skmeta.tasks._tables import as_table, drop_columns, take_rows
from skmeta.tasks._task_columns import task_list
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tasks._words import listed, shown

AT_ONCE = 20  # speed: episodes that a process gets at once, with one copy of the model


@dataclass(frozen=True, eq=False, repr=False)
class EpisodeScores(FrozenValue):
    """Accuracies of a model on episodes, made by `few_shot_score`.

    Parameters
    ----------
    scores : ndarray of shape (n_episodes,)
        Share of the queries of each episode that got their class.
    n_way, n_shots, n_queries : int
        Classes of an episode, and rows of each that were shots and queries.

    Examples
    --------
    >>> from skmeta.model_selection import EpisodeScores
    >>> found = EpisodeScores([0.8, 0.6, 1.0, 0.8], n_way=5, n_shots=1, n_queries=1)
    >>> found
    EpisodeScores(0.800 ± 0.160, 4 episodes, 5-way 1-shot)
    >>> found.mean
    0.8
    """

    scores: NDArray[np.float64]
    n_way: int
    n_shots: int
    n_queries: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", np.array(self.scores, dtype=np.float64))
        super().__post_init__()

    @property
    def mean(self) -> float:
        """Mean accuracy of the episodes."""
        return float(self.scores.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The mean minus and plus 1.96 of its standard errors: 95 % for further episodes *of these tasks*."""
        half = self._half_width()
        return self.mean - half, self.mean + half

    def _half_width(self) -> float:
        return float(1.96 * self.scores.std(ddof=1) / np.sqrt(len(self.scores)))

    def __repr__(self) -> str:
        what = f"{len(self.scores)} episodes, {self.n_way}-way {self.n_shots}-shot"
        return f"EpisodeScores({self.mean:.3f} ± {self._half_width():.3f}, {what})"


def few_shot_score(
    model: Any,
    X: Any,
    y: Any,
    *,
    task: str | int | Sequence[str | int] | None = None,
    n_way: int = 5,
    n_shots: int = 1,
    n_queries: int = 5,
    n_episodes: int = 600,
    within_task: bool = True,
    random_state: Any = None,
    n_jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> EpisodeScores:
    r"""Score a classifier on new classes with a few known rows each.

    The protocol of few-shot learning: an episode draws a task, ``n_way`` classes of it, and of each class ``n_shots``
    rows to learn from and ``n_queries`` rows to test. The score of an episode is the share of queries that get their
    class; chance is :math:`1 / n_\mathrm{way}`.

    A prior of tasks that share their labels knows more classes than the ``n_way`` of an episode, and may name another:
    that is an error like any.

    The tasks should be new: **an episode of classes that the model learned from is no honest score**. A model that was fitted
    with ``task=`` knows its classes, and you are warned. A prior alone, or a Pipeline with fitted steps, does not know them:
    keep the tasks that these were learned from out of `X`.

    Parameters
    ----------
    model : classifier
        What is fitted to the shots of each episode, anew for each:

        * a fitted warm-start model that learned from tasks: its ``prior_`` is adapted to the shots;
        * one with ``prior=``, fitted or not: this prior is adapted to the shots;
        * any other classifier, fitted or not: a clone is fitted to the shots alone. A representation learned elsewhere
          stands in a Pipeline behind `sklearn.frozen.FrozenEstimator`.
    X : frame, sparse matrix or array-like of shape (n_samples, n_columns)
        The table. The model does not see its task column.
    y : array-like of shape (n_samples,)
        The labels. Rows without one (NaN or None) are in no episode.
    task : str, int or list of them, default=None
        The column of `X` that names the task of every row, a name for frames, a position for arrays; or the columns of
        nested tasks, outermost first. If None, all rows are one task.
    n_way : int, default=5
        Classes of an episode, at least 2.
    n_shots : int, default=1
        Rows of each class that the model learns from. With the same int seed and the same `n_queries`, a larger number keeps
        the shots of a smaller one, and the same queries, as long as every class has enough rows. If a class has too few, it is
        left out, and all draws change.
    n_queries : int, default=5
        Rows of each class that are tested.
    n_episodes : int, default=600
        Number of episodes, at least 2.
    within_task : bool, default=True
        Whether the classes of an episode are of one task, where a class is a label within a task. If False they are
        drawn from all tasks, which is easier where tasks look unlike each other, and a class is a label: one that
        stands in several tasks is one class.
    random_state : int, RandomState instance or None, default=None
        Decides the episodes. The same int draws the same ones for every model, so that scores are paired.
    n_jobs : int, default=None
        Number of processes that share the episodes; the scores do not depend on it.
    progress : callable, default=None
        Called as ``progress(done, total)`` as episodes are scored.

    Returns
    -------
    EpisodeScores
        With `mean`, `interval` and the `scores` of the episodes.

    Raises
    ------
    ValueError
        If a task has fewer than `n_way` classes of ``n_shots + n_queries`` rows, or a model with ``task=`` has not
        learned yet.
    TypeError
        If `model` is no classifier.

    Warns
    -----
    UserWarning
        If a class has fewer than ``n_shots + n_queries`` rows and is left out, or the model learned from rows of classes
        that are scored.

    References
    ----------
    O. Vinyals, C. Blundell, T. Lillicrap, K. Kavukcuoglu, D. Wierstra (2016). Matching networks for one shot learning.
    NeurIPS, section 4.1.

    J. Snell, K. Swersky, R. Zemel (2017). Prototypical networks for few-shot learning. NeurIPS, section 3.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skmeta import few_shot_score
    >>> X, y = load_digits(return_X_y=True)
    >>> few_shot_score(KNeighborsClassifier(1), X, y, n_shots=1, n_episodes=200, random_state=0)
    EpisodeScores(0.725 ± 0.017, 200 episodes, 5-way 1-shot)
    >>> few_shot_score(KNeighborsClassifier(1), X, y, n_shots=5, n_episodes=200, random_state=0)
    EpisodeScores(0.917 ± 0.008, 200 episodes, 5-way 5-shot)
    """
    template = model_of_episodes(model)
    sizes = EpisodeSizes.checked(n_way, n_shots, n_queries)
    check_scalar(n_episodes, "n_episodes", Integral, min_val=2)
    found = draw_episodes(X, y, task, sizes, n_episodes=n_episodes, within_task=within_task, random_state=random_state)
    if task is not None:  # without it no id says which tasks these are
        _warn_of_classes_learned_from(model, found)
    table = _features(X, task, model)
    scores = _score_all(template, table, found, n_jobs, progress)
    return EpisodeScores(np.array(scores), *sizes)


def model_of_episodes(model: Any) -> Any:
    """What is cloned and fitted to the shots of an episode: the model itself, or it with the prior that it learned."""
    if not is_classifier(model):
        name = type(model).__name__
        raise TypeError(f"model: wanted a classifier, as classes are told apart, found {name}; pass a classifier.")
    learned = getattr(model, "prior_", None)
    if learned is not None:
        return clone(model).set_params(task=None, prior=learned)
    if getattr(model, "task", None) is not None:
        raise ValueError(
            f"model: wanted one that has learned a prior, found {type(model).__name__} with task={model.task!r} and "
            "without prior_; fit it to the tasks to learn from first, or pass the estimator in it."
        )
    return clone(model)


def _features(X: Any, task: str | int | Sequence[str | int] | None, model: Any) -> Any:
    """The table without the columns of ids, the model's own among them: an episode is one task."""
    X, _ = as_table(X)
    names = column_labels(X) or ()
    own = [column for column in task_list(getattr(model, "task", None)) if column in names]
    return drop_columns(X, locate_columns(X, list(dict.fromkeys([*task_list(task), *own])), "task"))


def _warn_of_classes_learned_from(model: Any, found: Episodes) -> None:
    """Warn where a label of a task is one that a task of the same id showed to the model."""
    learned = getattr(model, "estimators_", None) if getattr(model, "prior_", None) is not None else None
    if learned is None:
        return
    ids, known = as_list(found.tasks.ids), set(learned)
    pools = rows_of_classes(found.tasks.codes, found.y, np.unique(np.concatenate([e.shots for e in found.drawn])))
    for task, pool in zip(ids, pools, strict=True):
        seen = pool.keys() & set(learned.labels_of(task).tolist()) if pool and task in known else ()
        if seen:
            warn_caller(
                f"model: wanted one that has not seen the classes of the episodes, found that it learned from task "
                f"{shown(task)} with the label(s) {listed(sorted(seen))}: the score is too good. Hold these tasks out of "
                "its fit, or name tasks and labels differently if they are others."
            )
            return


def _score_all(
    template: Any, X: Any, found: Episodes, n_jobs: int | None, progress: Callable[[int, int], None] | None
) -> list[float]:
    """Accuracy of each episode, in their order."""
    total = len(found.drawn)
    parts = [found.drawn[k : k + AT_ONCE] for k in range(0, total, AT_ONCE)]
    jobs = (delayed(_score_some)(template, [_rows(X, found.y, each) for each in part]) for part in parts)
    scores: list[float] = []
    for some in Parallel(n_jobs=n_jobs, return_as="generator")(jobs):
        scores += some
        if progress is not None:
            progress(len(scores), total)
    return scores


def _rows(X: Any, y: NDArray[Any], episode: Episode) -> tuple[Any, NDArray[Any], Any, NDArray[Any]]:
    """Shots and their labels, queries and theirs."""
    shots, queries = episode.shots, episode.queries
    return take_rows(X, shots), y[shots], take_rows(X, queries), y[queries]


def _score_some(template: Any, episodes: list[tuple[Any, NDArray[Any], Any, NDArray[Any]]]) -> list[float]:
    scores = []
    for X_shots, y_shots, X_queries, y_queries in episodes:
        predicted = clone(template).fit(X_shots, y_shots).predict(X_queries)
        scores.append(float(np.mean(np.ravel(predicted) == y_queries)))
    return scores
