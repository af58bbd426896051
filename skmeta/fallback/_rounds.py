"""Shared model and correction fitted in turn: each round's model is fitted to the targets less the last corrections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.fallback._columns import Candidates
from skmeta.fallback._correction import Correction, best_correction
from skmeta.fallback._link import Link
from skmeta.fallback._out_of_fold import Fold, out_of_fold
from skmeta.tasks import Tasks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Round:
    """What the shared model is fitted to, the columns that its outputs become, and how these are corrected.

    Parameters
    ----------
    target : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The targets, less the corrections of the round before.
    steps : list of (str, transformer)
        What makes columns of answers.
    outputs : ndarray of shape (n_rows, n_columns)
        These columns of labelled rows, of models that had not seen a row's task.
    correction : Correction
        Learned on them.
    """

    target: NDArray[Any]
    steps: list[tuple[str, Any]]
    outputs: Array
    correction: Correction

    @property
    def score(self) -> float:
        """Mean over the tasks of minus the loss of a row, held out."""
        return float(self.correction.score.mean())


def rounds(
    estimator: Any,
    tasks: Tasks,
    link: Link,
    candidates: Callable[[Array], Candidates],
    *,
    max_rounds: int,
    folds: list[Fold],
    n_jobs: int | None,
) -> Iterator[Round]:
    """One round after the other; only the first where corrections cannot be taken away from the targets.

    ``candidates(outputs)`` are the sets of columns to choose from, beside outputs of models that had not seen a row's task.
    """
    y: NDArray[Any] = np.asarray(tasks.y)
    target, known = y, tasks.labelled_rows()
    rows = slice(None) if tasks.labelled is None else np.flatnonzero(tasks.labelled)
    for left in reversed(range(max_rounds if link.is_additive else 1)):
        answers = out_of_fold(estimator, tasks, target, link.method, folds, n_jobs)[rows]
        steps = link.columns_of(answers)
        outputs = answers
        for _, step in steps:
            outputs = step.transform(outputs)
        correction = best_correction(known, outputs, candidates(outputs), link, n_jobs)
        yield Round(target, steps, outputs, correction)
        if left:
            target = y.astype(float)
            target[rows] -= correction.of_rows(link, n_jobs)
