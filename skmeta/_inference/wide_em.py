"""Empirical Bayes where a matrix of columns by columns would cost more than the data: a diagonal and a few factors.

The sweeps of `wide_sweep` climb an evidence that leaves out, column by column, what tasks have in common through other
columns. So some tasks are held out: they choose the shape of the covariance, scale what the sweeps found to what new
tasks ask for (`wide_scales`), tell whether intercepts depend on the columns' means (`wide_context`), and how often
a task is unlike what was learned, and whether one model of all tasks is the better mean (`wide_pooled`). Then all tasks
take part.

The classes of a multinomial are learned each against the rest, which comes apart by rows and classes as a softmax does
not. Of what tells one of ``K`` even classes from the rest, ``(K - 1) / K`` is its own and the rest is the others'.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.components import own_variances
from skmeta._inference.gaussian_em import Progress
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY
from skmeta._inference.moments import Rows
from skmeta._inference.selection import clearly_positive
from skmeta._inference.wide import MAX_RANK, WidePrior, merged
from skmeta._inference.wide_context import WideContext, in_tables
from skmeta._inference.wide_factors import add_factors
from skmeta._inference.wide_held_out import held_out, some_tasks
from skmeta._inference.wide_pooled import around, pooled_fit
from skmeta._inference.wide_rows import read_batches
from skmeta._inference.wide_scales import N_SCALES, fit_scales, scaled
from skmeta._inference.wide_start import first_outputs, known_outputs
from skmeta._inference.wide_sweep import Output, State, sweep
from skmeta._inference.wide_weights import weighed, weighed_before, wide_evidence

Array = NDArray[Any]

_SWEEPS = 2  # of each round for factors
_ROUNDS = 3  # of sweeps for factors, each followed by new scales
_WORTH = 2.0  # evidence that a more complicated shape must bring


# What was known, where factors or uneven variances are not wanted.
_IN_SHAPE = {"diagonal": WidePrior.without_factor, "spherical": lambda past: past.without_factor().spherical()}


@dataclass(frozen=True, eq=False)
class Shape:
    """What may differ: ``moves`` is what sweeps learn of the variances, ``rank`` the number of factors.

    With ``even`` all slopes have one variance.
    """

    moves: str
    rank: int = 0
    even: bool = False

    def __str__(self) -> str:
        if self.rank:
            return f"factor of rank {self.rank}"
        return "spherical" if self.even else {"columns": "diagonal"}.get(self.moves, "as before")


@dataclass(frozen=True, eq=False)
class Options:
    """How to learn: as the parameters of `EmpiricalBayes` have it."""

    covariance: str = "auto"
    rank: int | None = None
    noise: str = "task"
    pseudo_tasks: float | None = None
    n_iter: int = 20
    tol: float = 0.01
    n_jobs: int = 1
    progress: Progress | None = None

    @cached_property
    def swept(self) -> Callable[[], object]:
        """What is called after each sweep: ``progress(done, total)`` learns of it, of as many as there may be."""
        done, most = count(1), 2 * self.n_iter + _ROUNDS * _SWEEPS
        return lambda: None if self.progress is None else self.progress(min(next(done), most - 1), most)


def learn_wide(
    rows: Rows, loss: Likelihood, *, past: WidePrior | None = None, task_weight: Array | None = None, **options: Any
) -> WidePrior:
    """Learn a `WidePrior` from the tasks of `moments.Rows`, by at most ``n_iter`` sweeps over them.

    ``past``, another prior, counts as ``past.n_tasks`` tasks seen; a task counts as often as its ``task_weight (n_tasks,)``
    says; further ``options`` as in `Options`.
    """
    how, counts = Options(**options), np.ones(rows.n_tasks) if task_weight is None else task_weight
    if past is not None and how.covariance in _IN_SHAPE:
        past = _IN_SHAPE[how.covariance](past)
    one, weighted = loss.each_against_the_rest, _weighted(rows, counts)
    if past is not None and past.context is not None:
        rows, weighted = in_tables(rows), in_tables(weighted)
    trial = _choose(rows, loss, counts, past, how)
    if past is None and one.quadratic:
        trial = _with_context_or_not(rows, one, counts, trial, how)
    if past is None and how.covariance == "auto" and sparse.issparse(rows.X):
        trial = _pooled_or_not(rows, loss, counts, trial)
    batches = _read(rows, task_weight, trial.context)
    prior = _joined(scaled(_of_all(batches, loss, trial, _intercept(weighted, one), how), trial.scales), weighted, loss)
    prior = prior if trial.context is None else trial.context.narrow(prior)
    met = {name: getattr(trial.met, name) for name in ("weights", "use", "explained")}
    prior = replace(prior, n_tasks=float(counts.sum()), n_rows=float(counts @ rows.n_rows), **met)
    return replace(prior if past is None else merged(past, prior), scores=trial.scores)


def _of_all(batches: list[Any], loss: Likelihood, trial: _Trial, intercept: Array, how: Options) -> WidePrior:
    """What all tasks say, by what a `_Trial` has left to do; not yet scaled, of each class against the rest."""
    if trial.around is not None:
        return replace(trial.around, mean=_pooled_mean(batches, loss, trial.own_variance))
    one, start = loss.each_against_the_rest, moved_to(batches, trial.state)
    return as_prior(fit_wide(batches, one, trial.finish, trial.n_left, how, start=start), intercept)


def _read(rows: Rows, task_weight: Array | None, context: WideContext | None) -> list[Any]:
    batches = read_batches(rows, task_weight)
    return batches if context is None else context.widen(batches)


def _weighted(rows: Rows, counts: Array) -> Rows:
    """The same rows, each weighing as often as its task counts."""
    weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight.copy()
    weight[rows.order] *= np.repeat(counts, np.diff(rows.starts))
    return replace(rows, weight=weight)


def _joined(prior: WidePrior, rows: Rows, loss: Likelihood) -> WidePrior:
    """The prior of a softmax from that of each class against the rest."""
    if not loss.coupled:
        return prior
    return replace(_scaled(prior, _own_share(len(prior.noise))), intercept=_intercept(rows, loss))


def _own_share(n_classes: int) -> float:
    """How much of what tells a class from the rest is its own."""
    return 1.0 - 1.0 / n_classes


def _scaled(prior: WidePrior, factor: float) -> WidePrior:
    root = np.sqrt(factor)
    unsure = None if prior.mean_variance is None else factor * prior.mean_variance
    variance, directions = factor * prior.variance, root * prior.factor
    return replace(prior, mean=factor * prior.mean, variance=variance, factor=directions, mean_variance=unsure)


def fit_wide(batches: Any, loss: Likelihood, shape: Shape, n_iter: int, how: Options, *, start: State) -> State:
    """`State` after some sweeps from ``start`` towards one `Shape`."""
    state = start
    for _ in range(n_iter):
        new = sweep(batches, state, loss, moves=shape.moves, n_jobs=how.n_jobs)
        moved = max(_change(*pair) for pair in zip(new.outputs, state.outputs, strict=True))
        state = new
        how.swept()
        if moved < how.tol:
            break
    return state


def _change(new: Output, old: Output) -> float:
    moved = np.sum((new.loadings - old.loadings) ** 2) / max(np.sum(new.loadings**2), TINY)
    return max(np.abs(np.log(new.scales / old.scales)).max(), np.sqrt(moved))


def _shapes(how: Options, n_tasks: int, past: WidePrior | None) -> list[Shape]:
    """The shapes that a word stands for, simplest first; factors grow on what was learned without.

    What was known is changed first as a whole, its columns' variances in their ratios.
    """
    spherical, diagonal = Shape("scales", even=True), Shape("columns")
    first = spherical if past is None else Shape("scales")
    factor = Shape("loadings", min(how.rank or MAX_RANK, n_tasks - 1))
    words = {
        "spherical": [spherical],
        "diagonal": [diagonal],
        "factor": [first, factor],
        "auto": [first, diagonal, factor],
    }
    return [shape for shape in words[how.covariance] if shape.rank or shape is not factor]


# Tasks held out -------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Trial:
    """What was learned without some tasks, what these say of it, and the sweeps that are left to do.

    ``scales`` is relative to the scales of ``state``, so that only the loadings are still to ``finish``. Or there is a law
    ``around`` one model of all tasks, whose penalty stands for slopes of ``own_variance``: then that is still to be fitted.
    """

    shape: Shape
    state: State
    finish: Shape
    n_left: int
    scales: np.ndarray
    met: WidePrior
    score: float
    scores: dict[str, float]
    context: WideContext | None = None
    around: WidePrior | None = None
    own_variance: float = 1.0


def _choose(rows: Rows, loss: Likelihood, counts: Array, past: WidePrior | None, how: Options) -> _Trial:
    """The `_Trial` under which held-out tasks are most probable; with a single task, the first shape untried."""
    held, one, shapes = held_out(rows), loss.each_against_the_rest, _shapes(how, rows.n_tasks, past)
    weighted, context = _weighted(rows, counts), None if past is None else past.context
    intercept, train = _intercept(weighted, one), _read(some_tasks(rows, ~held), counts[~held], context)
    state = initial_state(train, one, intercept, how, _known(past, loss))
    if not held.any():
        unknown = weighed_before(as_prior(state, intercept), rows.scale, loss, past)
        untried = np.ones((len(intercept), N_SCALES))
        return _Trial(shapes[0], state, shapes[0], how.n_iter, untried, unknown, 0.0, {}, context)
    test = _read(some_tasks(rows, held), counts[held], context)
    trials: list = []
    scores: dict[str, float] = {}
    for shape in shapes:
        state = _tried(train, test, state, one, shape, intercept, how, first=not trials)
        prior = as_prior(state, intercept)
        scales, score = fit_scales(test, prior, one)
        if past is not None:
            scales[:, 0] = 1.0  # most of the mean is what it was
        met = _joined(scaled(prior, scales), weighted, loss)
        met = weighed(met, test, loss, counts[held], past, counts[held].sum() / counts.sum())
        scores[str(shape)], n_left = score, max(how.n_iter // 4, 1)
        score -= _WORTH * len(trials)
        trials.append(_Trial(shape, state, Shape("loadings"), n_left, scales, met, score, scores, context))
    wanted = [trial for trial in trials if trial.shape.rank] if len(shapes) == 2 else trials
    return max(wanted, key=lambda trial: trial.score)


def _with_context_or_not(rows: Rows, loss: Likelihood, counts: Array, plain: _Trial, how: Options) -> _Trial:
    """The same with contextual effects, where they make tasks held out clearly more probable, as in `selection`.

    They are not looked for in sparse tables, and are kept in all outputs or in none.
    """
    held, intercept = held_out(rows), _intercept(_weighted(rows, counts), loss)
    if sparse.issparse(rows.X) or not held.any():
        return plain
    train, test = (read_batches(some_tasks(rows, some), counts[some]) for some in (~held, held))
    context = WideContext.read(train)
    if context is None:
        return plain

    def evidence(test: Any, state: State, scales: Array) -> Array:
        return wide_evidence(test, scaled(as_prior(state, intercept), scales), loss)[:, 0]

    def went_on(train: Any, test: Any, state: State) -> tuple[State, Array]:
        state = fit_wide(train, loss, plain.shape, max(how.n_iter // 4, 1), how, start=state)
        return state, fit_scales(test, as_prior(state, intercept), loss)[0]

    wide_test = context.widen(test)
    state, scales = went_on(context.widen(train), wide_test, context.begin(plain.state))
    found = evidence(wide_test, state, scales)
    # Without effects as many more sweeps might help too; they are not made where the effects do not help at all.
    for rival in (lambda: (plain.state, plain.scales), lambda: went_on(train, test, plain.state)):
        if not clearly_positive(found - evidence(test, *rival()), counts[held]):
            return plain
    met = weighed(scaled(as_prior(state, intercept), scales), wide_test, loss, counts[held])
    return replace(plain, state=state, scales=scales, met=met, context=context)


def _pooled_or_not(rows: Rows, loss: Likelihood, counts: Array, swept: _Trial) -> _Trial:
    """The same, or tasks around one model of all, where those held out are more probable so.

    That model is fitted under each penalty that may be the estimator's own (`own_variances`). Of sparse tables alone, whose
    columns have one unit in common, as words do: what is learned of dense ones does not depend on their units.
    """
    held, one = held_out(rows), loss.each_against_the_rest
    if not held.any():
        return swept
    weighted, best, scores = _weighted(rows, counts), swept, swept.scores
    train, test = (read_batches(some_tasks(rows, some), counts[some]) for some in (~held, held))
    start = scaled(as_prior(swept.state, _intercept(weighted, one)), swept.scales)
    for variance in own_variances(loss):
        law = around(_pooled_mean(train, loss, variance), train, start)
        scales, score = fit_scales(test, law, one)
        scores["pooled"] = max(score, scores.get("pooled", score))
        if score > best.score:
            met = weighed(_joined(scaled(law, scales), weighted, loss), test, loss, counts[held])
            best = replace(swept, around=law, own_variance=variance, scales=scales, met=met, score=score)
    return best


def _pooled_mean(batches: list[Any], loss: Likelihood, variance: float) -> Array:
    """Coefficients ``(K, p)`` of one model of all tasks, of each class against the rest."""
    found = pooled_fit(batches, loss, variance)
    return found / _own_share(len(found)) if loss.coupled else found


def _tried(
    train: Any, test: Any, state: State, loss: Likelihood, shape: Shape, intercept: Array, how: Options, *, first: bool
) -> State:
    if shape.rank:
        return _fit_factors(train, test, state, loss, shape, intercept, how)
    return fit_wide(train, loss, shape, max(how.n_iter // (2 if first else 4), 1), how, start=state)


def _known(past: WidePrior | None, loss: Likelihood) -> WidePrior | None:
    """What was known, as a prior of each class against the rest."""
    if past is None or not loss.coupled:
        return past
    return _scaled(past, 1.0 / _own_share(len(past.noise)))


def _fit_factors(
    train: Any, test: Any, state: State, loss: Likelihood, shape: Shape, intercept: Array, how: Options
) -> State:
    """Factors would overfit the tasks that they are made from, so held-out tasks scale them as they grow."""
    state = add_factors(train, state, loss, shape.rank, n_jobs=how.n_jobs)
    for _ in range(_ROUNDS):
        state = fit_wide(train, loss, shape, _SWEEPS, how, start=state)
        state = _rescaled(state, fit_scales(test, as_prior(state, intercept), loss)[0])
    return state


def _rescaled(state: State, scales: Array) -> State:
    """A `State` whose variances, factors and noise are multiplied by what held-out tasks ask for."""
    outputs = []
    for out, (_, slopes, factor, intercept, noise) in zip(state.outputs, scales, strict=True):
        loadings, variance, loading_variance = out.loadings.copy(), slopes * out.variance, out.loading_variance.copy()
        loadings[:, 1:] *= np.sqrt(factor)
        loading_variance[:, 1:] *= factor
        variance[-1] = intercept * out.variance[-1]
        changed = {"loadings": loadings, "variance": variance, "loading_variance": loading_variance}
        outputs.append(replace(out, noise=noise * out.noise, common=slopes * out.common, **changed))
    return State(outputs, state.rows)


# States and priors ----------------------------------------------------------------------------------


def _intercept(rows: Rows, loss: Likelihood) -> Array:
    """The intercept ``(K,)`` that fits all rows best on its own."""
    weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight
    mean = np.average(rows.Y[rows.order], axis=0, weights=weight[rows.order])
    return np.zeros_like(mean) if loss.quadratic else loss.link(mean)


def initial_state(
    batches: Any, loss: Likelihood, intercept: Array, how: Options, past: WidePrior | None = None
) -> State:
    """A start: what was known, or a quarter of the signal's variance each to slopes and intercept, half to the noise.

    The signal's variance is the targets', or one where the linear predictor has a unit of its own.
    """
    held: dict[str, Any] = {"own_noise": how.noise == "task"}
    if how.pseudo_tasks is not None:
        held["pseudo_tasks"] = how.pseudo_tasks
    outputs = first_outputs(batches, loss, intercept) if past is None else known_outputs(past)
    state = State([replace(output, **held) for output in outputs], [None] * len(batches))
    return state if past is None or past.context is None else past.context.go_on(state, past)


def moved_to(batches: Any, state: State) -> State:
    """The same laws for other tasks: what was kept of tasks goes."""
    outputs = [replace(out, information=np.zeros_like(out.loadings), by_task=None) for out in state.outputs]
    return State(outputs, [None] * len(batches))


def as_prior(state: State, intercept: Array) -> WidePrior:
    """What a new task should expect, the uncertainty of the loadings apart."""
    outputs = state.outputs
    uncertain = np.stack([(1.0 / (1.0 / out.loading_variance + out.information)).sum(axis=1) for out in outputs])
    return WidePrior(
        mean=np.stack([out.loadings[:, 0] for out in outputs]),
        variance=np.stack([out.variance for out in outputs]),
        mean_variance=uncertain,
        factor=np.stack([out.loadings[:, 1:] for out in outputs]),
        noise=state.noise,
        noise_dof=np.array([out.noise_dof for out in outputs]),
        intercept=intercept,
    )
