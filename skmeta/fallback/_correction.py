"""The linear correction of a shared model's outputs: how good it is on held-out tasks, and what it takes from targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta.base import Prior
from skmeta.base._held_out import SHOTS, gains, halves_of
from skmeta.fallback._columns import Candidate, Candidates, narrowed
from skmeta.fallback._link import Link
from skmeta.fallback._varying_slopes import slope_scores
from skmeta.linear_model import GaussianPrior
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import class_shares, mean_class_shares

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Correction:
    """A set of columns, the prior learned on them, and how well it predicts the rows of held-out tasks.

    Parameters
    ----------
    name : str
        Of the set of columns.
    candidate : Candidate
        What the linear model reads.
    rows : Tasks
        The collection as the linear model reads it: outputs of models that had not seen the task, then columns.
    prior : Prior
        Of the linear model.
    score : ndarray of shape (n_tasks,)
        Minus the loss of each task, held out: root mean squared error, or mean log loss or deviance of a row.
    """

    name: str
    candidate: Candidate
    rows: Tasks
    prior: Prior
    score: Array

    def of_rows(self, link: Link, n_jobs: int | None) -> Array:
        """What the tasks' own models say of their rows beyond what the model of a task without rows says, as scores."""
        adapted = self.prior.adapt_tasks(link.corrects, self.rows, n_jobs=n_jobs)
        own = link.scores(adapted, self.rows.X, self.rows.codes)
        return np.asarray(own - link.scores(adapted, self.rows.X, np.full(self.rows.n_rows, -1)))


@dataclass(frozen=True)
class _Trial:
    """A set of columns that was tried: what the linear model reads, and the score of its tasks."""

    name: str
    candidate: Candidate
    rows: Tasks
    score: Array


def best_correction(tasks: Tasks, outputs: Array, candidates: Candidates, link: Link, n_jobs: int | None) -> Correction:
    """The set of columns that predicts held-out tasks best; none at all, unless these gain more than one standard error.

    A correction that is not asked for does harm. Among sets of columns none is the safe one, and each is judged by what
    half of the tasks teach, which is against large ones already: the best mean has the least expected loss.
    """
    candidates = candidates | _narrower(candidates, tasks, outputs, link)
    halves, found = halves_of(tasks, same_labels=True), []
    for name, candidate in candidates.items():
        rows = tasks.with_rows(candidate.reads(tasks.X, outputs), tasks.y)
        found.append(_Trial(name, candidate, rows, _held_out_score(candidate, rows, halves, link, n_jobs)))
    none, best = _none(tasks, outputs, link), max(found, key=lambda each: _mean_over_tasks(each.score, tasks))
    if not gains(best.score - none.score):
        return none
    return Correction(best.name, best.candidate, best.rows, _learn(best.candidate, best.rows, link, n_jobs), best.score)


def _narrower(candidates: Candidates, tasks: Tasks, outputs: Array, link: Link) -> Candidates:
    """Parts of those candidates that may be narrowed: the columns whose slopes most surely vary."""
    found: Candidates = {}
    for name, candidate in candidates.items():
        if candidate.narrows:
            columns = np.asarray(candidate.columns.transform(tasks.X), dtype=float)
            scores = slope_scores(columns, link.residuals(outputs, np.asarray(tasks.y)), tasks.codes)
            found |= narrowed(name, candidate, scores)
    return found


def _mean_over_tasks(score: Array, tasks: Tasks) -> float:
    return float(np.average(score, weights=tasks.task_weight))


def _none(tasks: Tasks, outputs: Array, link: Link) -> Correction:
    """The shared model alone: every task's linear model is its output, with its error as the noise."""
    rows, k = tasks.with_rows(outputs, tasks.y), outputs.shape[1]
    mean = np.eye(1, 2)[0] if k == 1 else np.eye(k, k + 1)
    noise: Any = 1.0
    if link.is_additive:
        noise = ((np.reshape(np.asarray(tasks.y), outputs.shape) - outputs) ** 2).mean(axis=0)
    classes = None if tasks.classes is None else np.unique(np.concatenate(tasks.classes))
    prior = GaussianPrior(
        mean,
        np.zeros_like(mean),
        noise=noise if k > 1 else float(np.max(noise)),
        n_tasks=len(tasks),
        n_rows=tasks.n_rows,
        classes=classes,
        class_prior=None if classes is None else mean_class_shares(class_shares(tasks, classes), tasks.task_weight),
    )
    return Correction("nothing", Candidate(None), rows, prior, _score_of_new(rows, prior, link))


def _held_out_score(candidate: Candidate, rows: Tasks, halves: Any, link: Link, n_jobs: int | None) -> Array:
    """Score ``(n_tasks,)``, each half of the tasks from what the other half teaches; of few tasks, from what all teach."""
    if halves is None:
        return _score_of_new(rows, _learn(candidate, rows, link, n_jobs), link)
    score = np.empty(len(rows))
    for teach, judge in (halves, halves[::-1]):
        law = _learn(candidate, rows.take(teach), link, n_jobs)
        score[judge] = _score_of_new(rows.take(judge), law, link)
    return score


def _learn(candidate: Candidate, rows: Tasks, link: Link, n_jobs: int | None) -> Prior:
    return clone(candidate.learner).learn_distinct(link.corrects, rows, n_jobs=n_jobs)


def _score_of_new(rows: Tasks, prior: Prior, link: Link) -> Array:
    """Minus the loss of each task's rows but a few, to which the model is adapted: it is a new task."""
    shots, query = rows.shots_and_query(SHOTS)
    adapted = prior.adapt_tasks(link.corrects, shots)
    loss = link.losses(adapted, query)
    return -link.in_units(np.bincount(query.codes, loss, minlength=len(rows)) / np.maximum(query.counts, 1))
