"""The linear correction of a shared model's outputs: how good it is on held-out tasks, and what it takes from targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta.base import Prior
from skmeta.base._held_out import SHOTS, gains, halves_of
from skmeta.fallback._columns import Candidate, Candidates
from skmeta.fallback._link import Link
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
    columns : transformer or None
        Fitted; what makes the columns beside the outputs.
    rows : Tasks
        The collection as the linear model reads it: outputs of models that had not seen the task, then columns.
    prior : Prior
        Of the linear model.
    score : ndarray of shape (n_tasks,)
        Minus the loss of a row of each task, held out: squared error, log loss, or deviance.
    use : float, default=1.0
        Probability that what the linear model reads is of any use for other tasks, beyond a level of each.
    """

    name: str
    columns: Any
    rows: Tasks
    prior: Prior
    score: Array
    use: float = 1.0

    def beats(self, other: Correction) -> bool:
        """Whether it predicts tasks better than another, by more than one standard error of the mean difference."""
        return gains(self.score - other.score)

    def of_rows(self, link: Link, n_jobs: int | None) -> Array:
        """What the tasks' own models say of their rows beyond what the model of a task without rows says, as scores."""
        adapted = self.prior.adapt_tasks(link.corrects, self.rows, n_jobs=n_jobs)
        own = link.scores(adapted, self.rows.X, self.rows.codes)
        return np.asarray(own - link.scores(adapted, self.rows.X, np.full(self.rows.n_rows, -1)))


def best_correction(tasks: Tasks, outputs: Array, candidates: Candidates, link: Link, n_jobs: int | None) -> Correction:
    """The simplest one that no later one beats: none at all, on the outputs, on a set of columns beside them."""
    learned = [_learned(name, each, tasks, outputs, link, n_jobs) for name, each in candidates.items()]
    best = replace(_none(tasks, outputs, link), use=learned[0].use)
    for found in learned:
        best = found if found.beats(best) else best
    return best


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
    return Correction("nothing", None, rows, prior, _score_of_new(rows, prior, link))


def _learned(
    name: str, candidate: Candidate, tasks: Tasks, outputs: Array, link: Link, n_jobs: int | None
) -> Correction:
    columns, learner = candidate.columns, clone(candidate.learner)
    Z = outputs if columns is None else np.hstack([outputs, columns.transform(tasks.X)])
    rows = tasks.with_rows(Z, tasks.y)
    prior: Any = learner.learn_distinct(link.corrects, rows, n_jobs=n_jobs)
    return Correction(name, columns, rows, prior, _held_out_score(rows, prior, learner, link, n_jobs), prior.use)


def _held_out_score(rows: Tasks, prior: Prior, learner: Any, link: Link, n_jobs: int | None) -> Array:
    """Score ``(n_tasks,)``, each half of the tasks from what the other half teaches."""
    halves = halves_of(rows, same_labels=True)
    if halves is None:
        return _score_of_new(rows, prior, link)
    score = np.empty(len(rows))
    for learn, judge in (halves, halves[::-1]):
        law = learner.learn_distinct(link.corrects, rows.take(learn), n_jobs=n_jobs)
        score[judge] = _score_of_new(rows.take(judge), law, link)
    return score


def _score_of_new(rows: Tasks, prior: Prior, link: Link) -> Array:
    """Minus the loss of each task's rows, but for a few of them to which the model is adapted: it is a new task."""
    shots, query = rows.shots_and_query(SHOTS)
    adapted = prior.adapt_tasks(link.corrects, shots)
    loss = link.losses(adapted, query)
    return -np.bincount(query.codes, loss, minlength=len(rows)) / np.maximum(query.counts, 1)
