"""The linear correction of a shared model's outputs: how good it is on held-out tasks, and what it takes from targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skmeta.base import Prior
from skmeta.base._held_out import SHOTS, chance_of_being_best, gains, halves_of, mean_of_tasks
from skmeta.fallback._columns import Candidate, Candidates, narrowed, united
from skmeta.fallback._link import Link
from skmeta.fallback._mean_of_corrections import LearnerOfCorrections
from skmeta.fallback._varying_slopes import slope_scores
from skmeta.linear_model import GaussianPrior
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import class_shares, mean_class_shares

Array = NDArray[np.float64]

NOTHING = "nothing"  # the name of no correction
_AT_MOST = 2  # speed: each set of columns costs a new task an adaptation of its own
_SET_ASIDE = 0.1  # p-value below which one is set aside: the level of the model confidence sets of Hansen et al.


@dataclass(frozen=True)
class _Trial:
    """A set of columns, and how well a linear model of it predicts the rows of held-out tasks.

    Parameters
    ----------
    name : str
        Of the set of columns.
    candidate : Candidate
        What the linear model reads.
    rows : Tasks
        The collection as the linear model reads it: outputs of models that had not seen the task, then columns.
    score : ndarray of shape (n_tasks,)
        Minus the loss of each task, held out: root mean squared error, or mean log loss or deviance of a row.
    """

    name: str
    candidate: Candidate
    rows: Tasks
    score: Array


@dataclass(frozen=True)
class Correction(_Trial):
    """A set of columns that was tried, and the prior learned on all tasks.

    Parameters
    ----------
    name, candidate, rows, score
        As of a trial.
    prior : Prior
        Of the linear model.
    use : float, default=1.0
        Probability that what the linear model reads is of any use for other tasks, beyond a level of each.
    among : dict, default={}
        Sets of columns by name of which it is the mean; the best is the first.
    """

    prior: Prior
    use: float = 1.0
    among: Candidates = field(default_factory=dict)

    @property
    def changes_the_shared_model(self) -> bool:
        """Whether it leaves other targets to fit a shared model to, and reads that model."""
        return any(candidate.reads_outputs for candidate in list(self.among.values())[:1])

    def of_rows(self, link: Link, n_jobs: int | None) -> Array:
        """What the tasks' own models say of their rows beyond what the model of a task without rows says, as scores."""
        adapted = self.prior.adapt_tasks(link.linear_model, self.rows, n_jobs=n_jobs)
        own = link.scores(adapted, self.rows.X, self.rows.codes)
        return np.asarray(own - link.scores(adapted, self.rows.X, np.full(self.rows.n_rows, -1)))


class HeldOut(NamedTuple):
    """Tasks that teach and tasks that judge, the same for all choices, and which rows of the latter are known.

    Parameters
    ----------
    folds : list of pairs of ndarray of int
        Codes of tasks that teach, and of those that judge.
    is_shot : ndarray of bool of shape (n_rows,)
        Rows to which the model of a judging task is adapted, before it predicts the others.
    """

    folds: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    is_shot: NDArray[np.bool_]

    @classmethod
    def of(cls, tasks: Tasks) -> HeldOut:
        """Halves of a collection; without those that have no labels to tell apart."""
        labels = tasks.classes or [np.arange(2)] * len(tasks)
        folds = [fold for fold in halves_of(tasks) if len(np.unique(np.concatenate([labels[t] for t in fold[0]]))) > 1]
        return cls(folds, tasks.are_shots(SHOTS))

    def judge(self, rows: Tasks, learn: Callable[[Tasks], Prior], link: Link) -> Array:
        """Minus the loss of each task ``(n_tasks,)`` by what a fold taught, without rows of labels that this did not know.

        It is nan of tasks without such rows.
        """
        shots, query = rows.where(self.is_shot), rows.where(~self.is_shot)
        score = np.full(len(rows), np.nan)
        for teach, judge in self.folds:
            taught = rows.take(teach)
            labels = () if taught.classes is None else np.concatenate(taught.classes)
            adapted = learn(taught).adapt_tasks(link.linear_model, shots.take(judge).with_labels(labels))
            asked = query.take(judge).with_labels(labels)
            losses = link.in_units(mean_of_tasks(link.losses(adapted, asked), asked))
            score[judge] = np.where(asked.counts > 0, -losses, np.nan)
        return score


def best_correction(
    tasks: Tasks,
    outputs: Array,
    candidates: Candidates,
    held_out: HeldOut,
    link: Link,
    n_jobs: int | None,
    progress: Any = None,
    *,
    averages: bool = True,
) -> Correction:
    """The set of columns that predicts held-out tasks best; none at all, unless these gain more than one standard error.

    A correction that is not asked for does harm. Among sets of columns none is the safe one, and each is judged by what
    half of the tasks teach, which is against large ones already: the best mean has the least expected loss. Where held-out
    tasks do not tell it from others, it is averaged with these (``averages``). ``progress(done, total)`` is called after each
    that was tried; how many there are in the end is not known before.
    """
    if not held_out.folds:  # a single task: the simplest set of columns
        candidates = dict(list(candidates.items())[:1])
    found = []
    for name, candidate, Z in _tables(candidates, tasks, outputs, link):
        rows = tasks.with_rows(Z, tasks.y)
        score = held_out.judge(rows, partial(_learn, candidate, link, n_jobs), link)
        found.append(_Trial(name, candidate, rows, score))
        if progress is not None:
            progress(min(len(found), len(candidates)), len(candidates))
    none, best = _none(tasks, outputs, held_out, link), max(found, key=lambda each: mean_over_tasks(each.score, tasks))
    if held_out.folds and not gains(best.score - none.score):
        prior: Any = _learn(found[0].candidate, link, n_jobs, found[0].rows)
        return replace(none, use=prior.use)
    whole = [each for each in found if each.name in candidates or each is best]
    chance = chance_of_being_best(np.array([each.score for each in whole]), tasks.task_weight)
    first = sorted(zip(whole, chance, strict=True), key=lambda pair: (pair[0] is not best, -pair[1]))[:_AT_MOST]
    equals, weights = zip(
        *[pair for pair in first if pair[0] is best or (averages and pair[1] > _SET_ASIDE)], strict=True
    )
    found_best = _mean_of(equals, np.array(weights), tasks, outputs, link, n_jobs)
    if all(getattr(each.candidate.learner, "varying", "all") == "intercept" for each in equals):
        # Slopes in common say nothing of how useful they are for other tasks: those of the simplest set do.
        simplest: Any = _learn(found[0].candidate, link, n_jobs, found[0].rows)
        return replace(found_best, use=simplest.use)
    return found_best


def _mean_of(
    trials: Sequence[_Trial], weights: Array, tasks: Tasks, outputs: Array, link: Link, n_jobs: int | None
) -> Correction:
    """The mean of some corrections; its score is that of the first, the best one."""
    among = {each.name: each.candidate._replace(narrows=False) for each in trials}
    best = trials[0]
    if len(trials) > 1:
        candidate, places = united(list(among.values()), outputs.shape[1], tasks.X)
        learners = [each.learner for each in among.values()]
        learner = LearnerOfCorrections(learners, places, weights / weights.sum(), link.scale == "log")
        rows = tasks.with_rows(candidate.reads(tasks.X, outputs), tasks.y)
        best = _Trial("; ".join(among), candidate._replace(learner=learner), rows, best.score)
    prior: Any = _learn(best.candidate, link, n_jobs, best.rows)
    return Correction(**vars(best), prior=prior, use=prior.use, among=among)


def _tables(candidates: Candidates, tasks: Tasks, outputs: Array, link: Link) -> Iterator[tuple[str, Candidate, Array]]:
    """Each candidate and what its linear model reads of all rows; then parts of those that may be narrowed, which read less."""
    read = {name: candidate.reads(tasks.X, outputs) for name, candidate in candidates.items()}
    yield from ((name, candidate, read[name]) for name, candidate in candidates.items())
    for name, candidate in candidates.items():
        if candidate.narrows:
            columns = read[name][:, outputs.shape[1] :]
            scores = slope_scores(columns, link.residuals(outputs, np.asarray(tasks.y)), tasks.codes)
            for part, some in narrowed(name, candidate, scores).items():
                yield part, some, np.hstack([outputs, columns[:, some.taken]])


def mean_over_tasks(score: Array, tasks: Tasks) -> float:
    """Weighted mean over the tasks that were judged."""
    judged = ~np.isnan(score)
    weight = np.ones(len(score)) if tasks.task_weight is None else tasks.task_weight
    return float(np.average(score[judged], weights=weight[judged])) if judged.any() else 0.0


def _none(tasks: Tasks, outputs: Array, held_out: HeldOut, link: Link) -> Correction:
    """The shared model alone: every task's linear model is its output, with its error as the noise."""
    rows, k = tasks.with_rows(outputs, tasks.y), outputs.shape[1]
    mean = np.eye(k, k + 1)  # the output, no intercept
    noise: Any = 1.0
    if link.is_additive:
        noise = _mean_squares(np.reshape(np.asarray(tasks.y), outputs.shape), outputs, tasks.sample_weight)
        mean[:, -1] -= link.level_shift(noise)
    classes = None if tasks.classes is None else np.unique(np.concatenate(tasks.classes))
    prior = GaussianPrior(
        mean if k > 1 else mean[0],
        np.zeros_like(mean if k > 1 else mean[0]),
        noise=noise if k > 1 else float(np.max(noise)),
        n_tasks=len(tasks),
        n_rows=tasks.n_rows,
        classes=classes,
        class_prior=None if classes is None else mean_class_shares(class_shares(tasks, classes), tasks.task_weight),
    )
    return Correction(NOTHING, Candidate(None), rows, held_out.judge(rows, lambda teach: prior, link), prior)


def _mean_squares(y: Array, outputs: Array, weight: Array | None) -> Array:
    """Mean squared errors ``(n_outputs,)``, no less than those of the digits that targets have: outputs may be exact."""
    size = np.abs(y).max(axis=0)
    digits = np.finfo(float).eps * np.where(size > 0.0, size, 1.0)
    return np.maximum(np.average((y - outputs) ** 2, axis=0, weights=weight), digits**2)


def _learn(candidate: Candidate, link: Link, n_jobs: int | None, rows: Tasks) -> Prior:
    return clone(candidate.learner).learn_distinct(link.linear_model, rows, n_jobs=n_jobs)
