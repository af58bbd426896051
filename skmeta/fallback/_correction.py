"""The linear correction of a shared model's outputs: how good it is on held-out tasks, and what it takes from targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.base import Prior
from skmeta.linear_model import EmpiricalBayes
from skmeta.tasks import Tasks

Array = NDArray[np.float64]

_ENOUGH_FOR_HALVES = 4  # guard: of fewer tasks no half teaches a prior


@dataclass(frozen=True)
class Correction:
    """A set of columns, the prior learned on them, and how probable it makes the rows of held-out tasks.

    Parameters
    ----------
    name : str
        Of the set of columns.
    columns : transformer or None
        Fitted; what makes the columns beside the outputs.
    rows : Tasks
        The collection as the linear model reads it: outputs of models that had not seen the task, then columns.
    prior : Prior
        Of the linear model.
    score : ndarray of shape (n_tasks,)
        Log density a row of each task, held out.
    """

    name: str
    columns: Any
    rows: Tasks
    prior: Prior
    score: Array

    def beats(self, other: Correction) -> bool:
        """Whether it explains tasks better than another, by more than one standard error of the mean difference."""
        return gains(self.score - other.score)

    def of_rows(self, corrects: Any, n_jobs: int | None) -> Array:
        """What the tasks' own models say of their rows beyond what the model of a task without rows says."""
        adapted = self.prior.adapt_tasks(corrects, self.rows, n_jobs=n_jobs)
        own = adapted.predict(self.rows.X, self.rows.codes)
        return np.asarray(own - adapted.predict(self.rows.X, np.full(self.rows.n_rows, -1)))


def gains(difference: Array) -> bool:
    """Whether tasks gain on average, by more than one standard error; a single task by any gain."""
    error = difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 1 else 0.0
    return bool(difference.mean() > error)


def best_correction(tasks: Tasks, outputs: Array, candidates: Any, corrects: Any, n_jobs: int | None) -> Correction:
    """The simplest set of columns that no later one beats."""
    found = [_learned(name, columns, tasks, outputs, corrects, n_jobs) for name, columns in candidates.items()]
    best = found[0]
    for each in found[1:]:
        best = each if each.beats(best) else best
    return best


def _learned(
    name: str, columns: Any, tasks: Tasks, outputs: Array, corrects: Any, n_jobs: int | None
) -> Correction:
    Z = outputs if columns is None else np.hstack([outputs, columns.transform(tasks.X)])
    rows = tasks.with_rows(Z, tasks.y)
    prior = EmpiricalBayes().learn(corrects, rows, n_jobs=n_jobs)
    return Correction(name, columns, rows, prior, _held_out_score(rows, prior, corrects, n_jobs))


def _held_out_score(rows: Tasks, prior: Prior, corrects: Any, n_jobs: int | None) -> Array:
    """Log density a row ``(n_tasks,)``, each half of the tasks under what the other half teaches."""
    halves = _halves(rows)
    score = np.empty(len(rows))
    if halves is None:
        score[:] = prior.log_evidence(corrects, rows)
    else:
        for learn, judge in (halves, halves[::-1]):
            law = EmpiricalBayes().learn(corrects, rows.take(learn), n_jobs=n_jobs)
            score[judge] = law.log_evidence(corrects, rows.take(judge))
    return score / np.maximum(rows.counts, 1)


def _halves(rows: Tasks) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Two halves of alike tasks, by size; None where they are few or one half lacks a label."""
    if len(rows) < _ENOUGH_FOR_HALVES:
        return None
    order = np.argsort(rows.counts, kind="stable")
    halves = np.sort(order[::2]), np.sort(order[1::2])
    if rows.classes is not None:
        seen = [set().union(*(rows.classes[code].tolist() for code in half)) for half in halves]
        if seen[0] != seen[1]:
            return None
    return halves
