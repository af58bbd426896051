"""Shared model and correction fitted in turn: each round's model is fitted to what the last corrections leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base._parts_of_work import PartsOfWork
from skmeta.fallback._columns import Candidates
from skmeta.fallback._correction import Correction, HeldOut, best_correction, mean_over_tasks
from skmeta.fallback._link import Link, columns_from, offset_parameter
from skmeta.fallback._out_of_fold import Fold, Target, out_of_fold
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Round:
    """What the shared model is fitted to, the columns that its outputs become, and how these are corrected.

    Parameters
    ----------
    target : Target
        The targets less the corrections of the round before, or with these as scores to start from.
    steps : list of (str, transformer)
        What makes columns of answers.
    outputs : ndarray of shape (n_rows, n_columns)
        These columns of labelled rows, of models that had not seen a row's task.
    correction : Correction
        Learned on them.
    """

    target: Target
    steps: list[tuple[str, Any]]
    outputs: Array
    correction: Correction

    @property
    def score(self) -> float:
        """Mean over the tasks of minus the loss of a row, held out."""
        return mean_over_tasks(self.correction.score, self.correction.rows)


def rounds(
    estimator: Any,
    tasks: Tasks,
    link: Link,
    candidates: Callable[[Array], Candidates],
    *,
    max_rounds: int,
    folds: list[Fold],
    n_jobs: int | None,
    averages: bool = True,
    progress: Any = None,
) -> Iterator[Round]:
    """One round after the other; only the first where a fit can take corrections neither from targets nor as a start.

    ``candidates(outputs)`` are the sets of columns to choose from, beside outputs of models that had not seen a row's task;
    later rounds keep the choice of the first. ``progress(done, total)`` is called after each fit and each set of columns.
    """
    y: NDArray[Any] = np.asarray(tasks.y)
    classes = () if tasks.classes is None else np.unique(np.concatenate(tasks.classes))
    target, known, offset = Target(y, classes=classes), tasks.labelled_rows(), offset_parameter(estimator)
    rows = slice(None) if tasks.labelled is None else np.flatnonzero(tasks.labelled)
    held_out = HeldOut.of(known)
    sets: Candidates = {}
    parts = PartsOfWork(progress, max_rounds)
    for left in reversed(range(max_rounds if link.is_additive or offset else 1)):
        told = PartsOfWork(parts.part(max_rounds - 1 - left), 2)
        answers = out_of_fold(estimator, tasks, target, link.method, folds, n_jobs, told.part(0))[rows]
        steps = link.columns_of(answers)
        outputs = columns_from(answers, steps)
        correction = best_correction(
            known, outputs, sets or candidates(outputs), held_out, link, n_jobs, told.part(1), averages=averages
        )
        yield Round(target, steps, outputs, correction)
        if not (left and correction.changes_the_shared_model):
            return
        sets = correction.among
        own = correction.of_rows(link, n_jobs)
        moved = np.zeros((len(y), *own.shape[1:]))
        moved[rows] = own
        target = Target(y - moved) if link.is_additive else Target(y, moved, offset or "", classes)
