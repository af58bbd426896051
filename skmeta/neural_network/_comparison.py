"""What is compared for nets on held-out tasks: the fallback, a start trained on all rows, and that start moved on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta._sklearn import training_diverged
from skmeta.base import Learner, Prior
from skmeta.base._held_out import ENOUGH_FOR_HALVES, gains, halves_of, simplest
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.fallback import SharedModel
from skmeta.neural_network._collection import Collection
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.neural_network._score import mean_of_judged, scores_of
from skmeta.tasks import Tasks
from skmeta.tasks._words import shown

Array = NDArray[np.float64]

FALLBACK, ALL_ROWS = "fallback", "all rows"


@dataclass(frozen=True, eq=False)
class Compared:
    """Scores ``(n_tasks,)`` of held-out tasks by name, nan where a task was not asked; simpler choices first."""

    scores: dict[str, Array]
    task_weight: Array | None = None

    @property
    def choice(self) -> str:
        """The one that is taken."""
        return simplest(self.scores.items(), self.task_weight)

    @property
    def means(self) -> dict[str, float]:
        """Of the tasks asked, by their weights; nan where there are none."""
        return {name: mean_of_judged(each, self.task_weight) for name, each in self.scores.items()}


class Starts:
    """Starts of a net, as they are learned from some tasks or others.

    Parameters
    ----------
    estimator : estimator
        The net.
    moves : Learner
        Moves a start on.
    random_state : int, RandomState or None
        Of the training on all rows, where the net has none of its own.
    after_all_rows : bool
        Whether the learner moves on the start of all rows, which is a choice then; else it begins as it does alone.
    n_jobs : int, default=None
        Parallel jobs over tasks.
    """

    def __init__(
        self, estimator: Any, moves: Learner, random_state: Any, after_all_rows: bool, n_jobs: int | None = None
    ) -> None:
        self.estimator, self.moves, self.n_jobs = estimator, moves, n_jobs
        self.after_all_rows, self._random_state = after_all_rows, random_state

    @property
    def names(self) -> tuple[str, ...]:
        """Of the starts, the simpler one first."""
        return (ALL_ROWS, *self._moved) if self.after_all_rows else self._moved

    @property
    def _moved(self) -> tuple[str]:
        return (type(self.moves).__name__,)

    def learned(self, name: str, tasks: Tasks, progress: Any = None) -> Any:
        """One of them, learned from some tasks."""
        if not self.after_all_rows:
            return self.moves.learn(self.estimator, tasks, n_jobs=self.n_jobs, progress=progress)
        start = self.on_all_rows(tasks)
        return start if name == ALL_ROWS else self.moved_on(start, tasks, progress)

    def on_all_rows(self, tasks: Tasks) -> ParametersPrior:
        """The weights of a net trained on the rows of all tasks."""
        past = Collection(self.estimator, tasks, None, self._random_state)
        return past.prior(past.on_all_rows())

    def moved_on(self, start: ParametersPrior, tasks: Tasks, progress: Any = None) -> Any:
        """These weights moved on through the tasks that they were learned from, which count once."""
        before = replace(start, n_tasks=0.0, n_rows=0.0)
        return self.moves.learn(self.estimator, tasks, before, n_jobs=self.n_jobs, progress=progress)

    def compared(self, tasks: Tasks, fallback: Array | None, parts: PartsOfWork) -> Compared:
        """Each half of the tasks judges what the other one teaches; the second what did not fall behind in the first.

        Tasks count by their weights, and those of weight zero neither teach nor judge.

        Parameters
        ----------
        tasks : Tasks
            The collection.
        fallback : ndarray of shape (n_tasks,) or None
            Scores of the same tasks by the fallback; None where that is not compared.
        parts : PartsOfWork
            The second and the third are the halves.

        Returns
        -------
        Compared
            Nan of halves that have no two labels, or no rows.
        """
        scores = {name: np.full(len(tasks), np.nan) for name in self.names}
        known, weight = tasks.weighty_rows().labelled_rows(), tasks.task_weight
        count = np.arange(len(tasks)) if weight is None else np.flatnonzero(weight > 0.0)
        is_asked = np.count_nonzero(known.counts[count]) >= ENOUGH_FOR_HALVES
        halves = halves_of(known.take(count)) if is_asked and (fallback is not None or self.after_all_rows) else []
        for number, (teach, judge) in enumerate((count[teach], count[judge]) for teach, judge in halves):
            taught = known.take(teach)
            if taught.classes is not None and len(np.unique(np.concatenate([*taught.classes]))) < 2:
                continue
            beat = None if fallback is None else fallback[judge]
            part = self._of_part(len(teach) / len(count))
            ahead = _leads(scores[self.names[0]], [scores[self.names[-1]]], weight)
            asked = self.names[:1] if ahead else self.names
            for name, each in part._judged(asked, taught, known.take(judge), beat, parts.part(1 + number)):
                scores[name][judge] = each
            if fallback is not None and _leads(fallback, scores.values(), weight):
                break
        if fallback is None:
            return Compared(scores, weight)
        return Compared({FALLBACK: np.where(np.isnan(scores[self.names[0]]), np.nan, fallback)} | scores, weight)

    def _of_part(self, share: float) -> Starts:
        """The same for a share of the tasks: as many passes through these as through all, so fewer iterations."""
        part = copy(self)
        if "n_iter" in self.moves.get_params(deep=False):
            part.moves = clone(self.moves).set_params(n_iter=max(round(share * self.moves.n_iter), 1))
        return part

    def _judged(
        self, names: Sequence[str], taught: Tasks, asked: Tasks, beat: Array | None, progress: Any
    ) -> Iterator[tuple[str, Array]]:
        """Scores of some tasks by name; the start is not moved on where the fallback gains beside it."""
        if not self.after_all_rows:
            start = self.learned(names[0], taught, progress)
            yield names[0], scores_of(start, self.estimator, asked, self.n_jobs)
            return
        start = self.on_all_rows(taught)
        found = scores_of(start, self.estimator, asked, self.n_jobs)
        yield ALL_ROWS, found
        if len(names) > 1 and (beat is None or not gains(beat - found, asked.task_weight)):
            moved = self.moved_on(start, taught, progress)
            yield names[1], scores_of(moved, self.estimator, asked, self.n_jobs)


def _leads(one: Array, others: Iterable[Array], task_weight: Array | None) -> bool:
    """Whether one choice is ahead of each other that was tried, on average over the tasks that judged both."""
    tried = [one - each for each in others if not np.isnan(one - each).all()]
    weight = np.ones(len(one)) if task_weight is None else task_weight
    return bool(tried) and all(np.nansum(weight * each) > 0.0 for each in tried)


class Fallback:
    """The fallback, learned as far as a comparison needs it; its own models beside it are for who takes it.

    Parameters
    ----------
    estimator, tasks, n_jobs, progress
        As in `Learner.learn`.
    """

    def __init__(
        self, estimator: Any, tasks: Tasks, n_jobs: int | None, progress: Callable[..., object] | None
    ) -> None:
        self.learner = SharedModel()
        self._estimator, self._tasks, self._n_jobs = estimator, tasks.labelled_rows(), n_jobs
        try:
            self._shared = self.learner.learn_alone(estimator, self._tasks, n_jobs=n_jobs, progress=progress)
        except ValueError as error:
            if not training_diverged(error):
                raise
            raise ValueError(
                f"learning_rate_init: wanted steps by which {type(estimator).__name__} can be trained on all rows, found "
                f"{shown(estimator.learning_rate_init)}, under which weights overflow; set a smaller one, or scale columns and "
                "targets."
            ) from error

    @property
    def scores(self) -> Array:
        """Of held-out tasks ``(n_tasks,)``."""
        return self.learner.held_out_scores_

    def finished(self, progress: Any = None) -> Prior:
        """What the learner of the fallback returns."""
        told: dict[str, Any] = {"n_jobs": self._n_jobs, "progress": progress}
        return self.learner.beside_own_models(self._shared, self._estimator, self._tasks, **told)
