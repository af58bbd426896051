"""Models of past tasks: how the scores of each depended on its hyperparameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from skmeta.base import FrozenValue
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._surrogates.gp import (
    CommonMeans,
    Fitted,
    Kernel,
    Trials,
    common_means,
    condition,
    expected_scores,
    fit_kernel,
    matern,
    means_at,
)
from skmeta.tuning._surrogates.scores import normal_scores, relative_noise, standardized
from skmeta.tuning._surrogates.task_gp import FRACTIONS, held_out_evidence, learn_mixture_weights
from skmeta.tuning._trial import Trial
from skmeta.tuning._trial_encoder import TrialEncoder

Groups = dict[tuple[str | int, int | None], list[Trial]]  # by task and number of rows
Columns = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]  # points, scores, noise of a task

_MAX_TRIALS = 256  # of one task; of more, the better half and an even choice of the others
_MAX_TASKS = 32  # that the kernel is learned from, and that are held out
_MAX_TRIALS_OF_KERNEL = 50  # of each of those tasks, that the kernel is learned from
_MAX_TRIALS_HELD_OUT = 12  # of a past task, when it is predicted by the others


@dataclass(frozen=True, eq=False, repr=False)
class PastTasks(FrozenValue):
    """What the trials of past tasks taught: one Gaussian process each, one kernel for all, and how often it held.

    Parameters
    ----------
    names : tuple
        For each model, its task. A task that was tried on several numbers of rows, as halving does, has several.
    encoder : TrialEncoder
        What makes coordinates of trials.
    lengths : ndarray of shape (d,)
        Length scales of the kernel.
    variance, noise : float
        Variance of normal scores, and of their noise.
    points : ndarray of shape (n_tasks, n, d)
        Trials, padded to the same number.
    scores, errors : ndarray of shape (n_tasks, n)
        Normal scores, and relative variances of their noise.
    known : ndarray of bool, shape (n_tasks, n)
        Which are trials.
    common_points, common_weights : ndarray of shape (k, d) and (n_tasks, k)
        What the tasks' means are told by; see `common_means`.
    log_weights : ndarray of shape (n_fractions + 1,)
        Of the ways in which the others explain a task, and last of none: see `learn_mixture_weights`.
    log_scale : ndarray of shape (2,)
        What a normal score is worth in a task's own scores: mean and spread of its logarithm.
    """

    names: tuple[str | int, ...]
    encoder: TrialEncoder
    lengths: NDArray[np.float64]
    variance: float
    noise: float
    points: NDArray[np.float64]
    scores: NDArray[np.float64]
    errors: NDArray[np.float64]
    known: NDArray[np.bool_]
    common_points: NDArray[np.float64]
    common_weights: NDArray[np.float64]
    log_weights: NDArray[np.float64]
    log_scale: NDArray[np.float64]

    def __post_init__(self) -> None:
        self._freeze()

    @property
    def kernel(self) -> Kernel:
        """The kernel of all tasks."""
        return Kernel(self.lengths, self.variance, self.noise)

    @property
    def trials(self) -> Trials:
        """The trials as the numerics take them."""
        return Trials(self.points, self.scores, self.errors, self.known)

    @cached_property
    def fitted(self) -> Fitted:
        """The models, given their trials; not stored, as it is larger than they are and soon made."""
        return condition(self.kernel, self.trials)

    def means(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected normal scores ``(n_tasks, m)`` at points ``(m, d)``."""
        return means_at(self.kernel, CommonMeans(self.common_points, self.common_weights), points)


def learn_past(trials: list[Trial]) -> PastTasks:
    """Fit the models of past tasks.

    Parameters
    ----------
    trials : list of Trial
        Past trials of all tasks, in any order. Failed ones, whose score is no number, teach nothing.

    Returns
    -------
    PastTasks
        The models.

    Raises
    ------
    ValueError
        If no trial has a score.
    """
    groups = _by_task(trials)
    encoder = TrialEncoder.of([trial for trials_of_task in groups.values() for trial in trials_of_task])
    names = tuple(task for task, _ in groups)
    data = _padded([_columns(encoder, trials_of_task) for trials_of_task in groups.values()])
    kernel = fit_kernel(_thinned(data, _MAX_TASKS, _MAX_TRIALS_OF_KERNEL), encoder.groups).kernel
    fitted = condition(kernel, data)
    points, scores, errors, known = data
    return PastTasks(
        names,
        encoder,
        kernel.lengths,
        kernel.variance,
        kernel.noise,
        points,
        scores,
        errors,
        known,
        *common_means(kernel, fitted, known),
        log_weights=_learn_weights(kernel, fitted, data, names, encoder.groups),
        log_scale=_learn_scale(groups.values()),
    )


def _by_task(trials: list[Trial]) -> Groups:
    """The trials with a score, by task and number of rows: sorted, as nothing may depend on the order of tasks."""
    groups: Groups = {}
    for trial in trials:
        groups.setdefault((trial.task, trial.n_rows), [])
        if trial.is_scored:
            groups[trial.task, trial.n_rows].append(trial)
    silent = sorted({str(task) for task, _ in groups} - {str(task) for (task, _), scored in groups.items() if scored})
    if silent and len(silent) < len({task for task, _ in groups}):
        warn_caller(
            f"history: wanted a score in each task, found none of {', '.join(map(repr, silent))}; nothing was learned there."
        )
    scored = {key: group for key, group in groups.items() if group}
    if not scored:
        raise ValueError(
            f"history: wanted trials with scores, found {len(trials)} whose scores are all nan; were they failed fits? "
            "Run one search with error_score='raise' to see."
        )
    return {
        key: scored[key] for key in sorted(scored, key=lambda key: (str(key[0]), isinstance(key[0], str), key[1] or 0))
    }


def _columns(encoder: TrialEncoder, trials: list[Trial]) -> Columns:
    """Points, normal scores and relative noise of one task's trials, in an order of their own."""
    points = encoder.encode([trial.all_params for trial in trials])
    scores = normal_scores(np.array([trial.mean_test_score for trial in trials]))
    noise = relative_noise(np.array([trial.standard_error for trial in trials]))
    order = np.lexsort(np.column_stack([noise, points, scores]).T)
    if len(order) > _MAX_TRIALS:
        order = order[np.sort(_best_and_even(scores[order], _MAX_TRIALS))]
    return points[order], scores[order], noise[order]


def _best_and_even(scores: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    ranked = np.argsort(-scores, kind="stable")
    others = ranked[n // 2 :]
    return np.concatenate([ranked[: n // 2], others[:: -(-len(others) // (n - n // 2))]])


def _padded(tasks: list[Columns]) -> Trials:
    n = max(len(scores) for _, scores, _ in tasks)
    d = tasks[0][0].shape[1]
    points, (scores, noise) = np.zeros((len(tasks), n, d)), np.zeros((2, len(tasks), n))
    known = np.zeros((len(tasks), n), dtype=bool)
    for t, (own_points, own_scores, own_noise) in enumerate(tasks):
        rows = slice(len(own_scores))
        points[t, rows], scores[t, rows], noise[t, rows], known[t, rows] = own_points, own_scores, own_noise, True
    return Trials(points, scores, noise, known)


def _thinned(data: Trials, n_tasks: int, n_trials: int) -> Trials:
    """Some of the tasks and trials, evenly chosen: the kernel does not need all."""
    tasks = _evenly(len(data.known), n_tasks)
    return _padded([tuple(part[t][_evenly(data.known[t].sum(), n_trials)] for part in data[:3]) for t in tasks])


def _evenly(n: int, most: int) -> NDArray[np.intp]:
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.intp)


def _learn_weights(
    kernel: Kernel, fitted: Fitted, data: Trials, names: tuple[str | int, ...], groups: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Log weights of how well each task's first trials are explained by the tasks of other names."""
    chosen = [_spread_out(known.sum()) for known in data.known]
    some = [t for t in range(len(names)) if len(chosen[t]) >= 3 and any(name != names[t] for name in names)]
    if not some:
        return learn_mixture_weights(np.empty((0, len(FRACTIONS) + 1)))
    some = [some[i] for i in _evenly(len(some), _MAX_TASKS)]
    points = np.concatenate([data.points[t, chosen[t]] for t in some])
    expected = np.split(expected_scores(kernel, fitted, points), np.cumsum([len(chosen[t]) for t in some])[:-1], axis=1)
    evidence = []
    for t, seen in zip(some, expected, strict=True):
        places, others = chosen[t], [name != names[t] for name in names]
        tried = data.points[t, places]
        specific = kernel.variance * matern(tried, tried, kernel.lengths), np.full(len(places), kernel.variance)
        noise = kernel.noise, data.noise[t, places]
        evidence.append(held_out_evidence(data.scores[t, places], noise, seen[others], specific, tried, groups))
    return learn_mixture_weights(np.array(evidence))


def _learn_scale(tasks: Iterable[list[Trial]]) -> NDArray[np.float64]:
    """Mean of the logarithm of standard deviations of the tasks' scores, and how far a new one's may lie from it."""
    scales = np.array(
        [standardized(np.array([trial.mean_test_score for trial in trials]), np.nan)[2] for trials in tasks]
    )
    logs = np.log(scales[np.isfinite(scales)])
    return np.array([np.median(logs), 0.5 + logs.std()] if len(logs) else [0.0, np.inf])  # none: any is as likely


def _spread_out(n: int) -> NDArray[np.intp]:
    """Some of n trials in an order that has nothing to do with where they lie."""
    return np.random.default_rng(0).permutation(n)[:_MAX_TRIALS_HELD_OUT]
