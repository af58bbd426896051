"""Empirical Bayes for linear tasks: mean, covariance and noise of the coefficients by EM.

Model: ``y_t = Z_t w_t + e_t``, ``w_t ~ N(mean, covariance)``, ``e_t ~ N(0, noise_t)``. One sweep reads every task once:

* E, in coordinates ``w = mean + R v`` with ``R R' = covariance``: ``V_t = (I + R' gram_t R / noise_t)^-1`` and
  ``v_t = V_t R' Z_t'(y_t - Z_t mean) / noise_t``, from the tasks' columns or from their rows (`computation`);
* M: the mean by generalised least squares, the covariance by a `Structure` fitted to the mean scatter of ``R v_t``,
  the noises by Smyth's empirical Bayes.

The uncertainty of the mean is integrated out (REML; Laird and Ware, 1982, Biometrics 38, equations 3.8 and 3.9), so
few tasks do not understate how much tasks vary. A task may count more or less than once; what counts ``a`` times is as
``a`` tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.contextual import FEWEST_TASKS, variance_ratio
from skmeta._inference.expectation import Sweep
from skmeta._inference.linalg import TINY, cholesky_root, diagonal, solve, spd_inverse, symmetrize, times, whiten
from skmeta._inference.noise import NOISE_FLOOR, WIDEST, noise_step, pooled_dof

Array = NDArray[Any]
Progress = Callable[[int, int], object]

_CONSTANT = 1e-9  # guard: least square of a column in units of its spread
_LEAST = 1e-8  # guard: least variance of effects, and least share of one that the tasks determine
_HELD = 0.01  # tasks that hold directions which no task informs about
_LEFT = 0.1  # share of the degrees of freedom that estimating the mean leaves at least
_TRACE = 1e-7  # guard: of the noise, the variance that a coefficient without any is worked with: rows cannot tell it
EFFECTS_TO_SHRINK = 3  # as many as Stein's estimator needs to beat least squares


def initial_guess(tasks: Any, contextual: bool = True, *, own_noise: bool = False) -> CoefficientLaw:
    """A start: pooled ridge for the mean, half of what it leaves unexplained as noise, the rest spread evenly.

    With ``contextual``, where there are tasks enough, contextual effects are learned too. With ``own_noise`` tasks may
    differ in noise as much as they ever do: the first sweep is not bent by a task that is all noise.
    """
    pooled, p = tasks.pooled(tasks.bounded), tasks.width
    n_rows = pooled.n_rows[..., None]
    ridge = pooled.gram + (1e-3 * n_rows / p)[..., None] * np.eye(p)
    mean = solve(ridge, pooled.cross[..., None])[..., 0]
    noise = np.maximum(0.5 * pooled.residual_square(mean) / pooled.n_rows, NOISE_FLOOR)
    size = diagonal(pooled.gram) / n_rows
    # Of a constant column nothing is learned: it starts, and stays, as the others.
    size = np.where(size > _CONSTANT, size, 1.0)
    shrink = np.full(noise.shape, 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf)
    covariance = (noise[..., None] / p / size)[..., None] * np.eye(p)
    nothing = np.zeros(noise.shape)
    dof = nothing + (WIDEST if own_noise else np.inf)
    start = CoefficientLaw(mean, covariance, noise, dof, nothing, nothing, mean_variance=shrink)
    if not contextual or tasks.counts.sum(axis=-1).min() < FEWEST_TASKS or not tasks.context.any():
        return start
    none = np.zeros_like(mean[..., :-1])
    effects = ContextualEffects(none, variance_ratio(tasks, tasks.pooled()), nothing + 0.1, none)
    return replace(start, contextual=effects)


def fit_gaussian(
    tasks: Any,
    structure: Any,
    *,
    n_iter: int,
    tol: float = 0.0,
    start: CoefficientLaw | None = None,
    past: CoefficientLaw | None = None,
    noise: str = "task",
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> CoefficientLaw:
    """Run EM from ``start`` and return a `CoefficientLaw`; ``past``, another one, counts as ``past.n_tasks`` tasks.

    ``noise`` says what is learned of it: every ``"task"``'s own, one that all have (``"shared"``), or nothing, it is
    ``"known"`` to be what ``start`` says. ``progress(done, total)`` is called after each sweep.
    """
    law = start or (initial_guess(tasks, own_noise=noise == "task") if past is None else opened(past, tasks))
    own = noise_of_tasks(tasks, law, n_jobs=n_jobs)
    for done in range(1, n_iter + 1):
        sums = _expectation(tasks, law, own, n_jobs)
        new = _maximisation(sums, structure, law, past, noise)
        own = sums.tasks.residuals.noises(new.noise, new.noise_dof)
        moved = _change(new, law) if tol else np.inf
        law = new
        if progress is not None:
            progress(done, n_iter)
        if moved < tol:
            break
    return law


def opened(past: CoefficientLaw, tasks: Any) -> CoefficientLaw:
    """A past as a start: coefficients that did not vary may do so now, since EM never leaves a variance of zero."""
    fixed = diagonal(past.covariance) <= 0
    if not fixed.any():
        return past
    variance = np.where(fixed, diagonal(initial_guess(tasks, contextual=False).covariance), 0.0)
    return replace(past, covariance=past.covariance + variance[..., None] * np.eye(tasks.width))


def working_root(law: CoefficientLaw) -> Array:
    """The root of a law's covariance in which every coefficient has some variance.

    Coefficients without any are fixed effects: in the limit of no variance, which this is to seven digits, generalised
    least squares in whitened coordinates tells their mean as any other's.
    """
    fixed = diagonal(law.covariance) <= 0
    trace = np.where(fixed, _TRACE * np.asarray(law.noise)[..., None], 0.0)
    return cholesky_root(law.covariance + trace[..., None] * np.eye(fixed.shape[-1]) if fixed.any() else law.covariance)


def noise_of_tasks(tasks: Any, law: CoefficientLaw, n_iter: int = 2, n_jobs: int = 1) -> Any:
    """Every task's own noise ``(..., n_tasks)``, from its residuals at the current coefficients, drawn to the common law."""
    noise = tasks.common_noise(law.noise)
    if np.all(np.isinf(law.noise_dof)):
        return noise
    root = working_root(law)
    for _ in range(n_iter):
        noise = tasks.sweep(law, root, noise, n_jobs=n_jobs).residuals.noises(law.noise, law.noise_dof)
    return noise


@dataclass(frozen=True, eq=False)
class _Sums:
    """One sweep over the tasks, in coordinates where the prior is ``N(0, I)``.

    ``spread`` is the mean's uncertainty and ``curbed`` what the tasks leave of it.
    """

    root: np.ndarray
    spread: np.ndarray
    curbed: np.ndarray
    tasks: Sweep


def _expectation(tasks: Any, law: CoefficientLaw, noise: Any, n_jobs: int) -> _Sums:
    root = working_root(law)
    spread = None if law.mean_covariance is None else whiten(law.mean_covariance, root)
    found, nothing = tasks.sweep(law, root, noise, spread, n_jobs), np.zeros_like(root)
    if spread is None:
        return _Sums(root, nothing, nothing, found)
    return _Sums(root, spread, found.curbed, found)


def _maximisation(
    sums: _Sums, structure: Any, law: CoefficientLaw, past: CoefficientLaw | None, noise: str
) -> CoefficientLaw:
    n_past = np.asarray(past.n_tasks if past else 0.0)
    n_tasks = np.broadcast_to(sums.tasks.n_tasks + n_past, sums.root.shape[:-2])
    n_rows = sums.tasks.n_rows + (past.n_rows if past else 0.0)
    drift = None if past is None else past.mean - law.mean
    effects = _least_squares(sums, past, law)
    scatter = sums.root @ _scatter(sums) @ np.swapaxes(sums.root, -1, -2)
    if past is not None and drift is not None:
        scatter = scatter + n_past[..., None, None] * (past.covariance + drift[..., :, None] * drift[..., None, :])
    scatter = symmetrize(scatter) / n_tasks[..., None, None]
    covariance, unique = structure.fit(scatter, n_tasks, law.unique)
    common, noise_dof = law.noise, np.full_like(n_tasks, np.inf)
    if noise != "known":
        common, noise_dof = _common_noise(sums, law.noise, past, noise == "shared")
    return replace(
        law,
        covariance=covariance,
        noise=common,
        noise_dof=noise_dof,
        n_tasks=n_tasks,
        n_rows=np.broadcast_to(n_rows, n_tasks.shape),
        unique=unique,
        scatter=scatter,
        **effects,
    )


def _scatter(sums: _Sums) -> Array:
    """The sum of ``v_t v_t' + V_t`` and of what the mean's uncertainty adds, ``(I - V_t) Q (I - V_t)``."""
    found = sums.tasks
    within = found.n_tasks[..., None, None] * np.eye(sums.root.shape[-1]) - found.information
    return within + found.scatter + sums.curbed


def _least_squares(sums: _Sums, past: CoefficientLaw | None, law: CoefficientLaw) -> dict[str, Any]:
    """The mean and contextual effects by generalised least squares, each under its own common variance, and the doubt.

    In whitened coordinates task ``t`` informs about the mean by ``I - V_t`` and pulls by ``v_t``; a hundredth of a task
    holds directions that no task informs about (it slows the step and leaves where it ends). A fixed effect is held by
    a hundredth of what a task would say of it whose coefficient varied by one.
    """
    root, p = sums.root, sums.root.shape[-1]
    turned, identity = np.swapaxes(root, -1, -2), np.eye(p)
    shrink = np.asarray(1.0 / law.mean_variance)[..., None] * (np.arange(p) < p - 1)
    held = _HELD * np.where(diagonal(law.covariance) > 0, 1.0, diagonal(root) ** 2)
    information = held[..., None] * identity + sums.tasks.information + (turned * shrink[..., None, :]) @ root
    pull = sums.tasks.pull - times(turned, shrink * law.mean)
    if past is not None:
        often = _past_information(past, law, root)
        information = information + often[..., None] * identity
        pull = pull + often * np.linalg.solve(root, (past.mean - law.mean)[..., None])[..., 0]
    if law.contextual is not None:
        information, pull = _with_context(sums, past, law.contextual, information, pull)
    covariance = spd_inverse(symmetrize(information))
    step = times(covariance, pull)
    mean, mean_covariance = law.mean + times(root, step[..., :p]), symmetrize(root @ covariance[..., :p, :p] @ turned)
    found = {"mean": mean, "mean_covariance": mean_covariance}
    if np.all(np.isfinite(law.mean_variance)):
        found["mean_variance"] = effect_variance(mean[..., :-1], diagonal(mean_covariance)[..., :-1], law.mean_variance)
    if law.contextual is not None:
        coef = law.contextual.coef + step[..., p:]
        variance = effect_variance(coef, diagonal(covariance)[..., p:], law.contextual.variance)
        found["contextual"] = replace(law.contextual, coef=coef, variance=variance)
    return found


def _past_information(past: CoefficientLaw, law: CoefficientLaw, root: Array) -> Array:
    """What a past says of the mean in whitened coordinates ``(..., p)``: of a fixed effect, as well as it knew it."""
    n_past = np.asarray(past.n_tasks)[..., None]
    doubt = diagonal(past.covariance) / n_past
    if past.mean_covariance is not None:
        doubt = np.maximum(doubt, diagonal(past.mean_covariance))
    variance = diagonal(root) ** 2
    return np.where(diagonal(law.covariance) > 0, n_past, variance / np.maximum(doubt, variance / n_past))


def _with_context(
    sums: _Sums,
    past: CoefficientLaw | None,
    contextual: ContextualEffects,
    information: Array,
    pull: Array,
) -> tuple[Array, Array]:
    """The same normal equations with the contextual effects' rows and columns: they move the intercepts."""
    found, last = sums.tasks.context, sums.root[..., -1:, -1]
    assert found is not None, "a sweep under a law with contextual effects sums what they ask for"
    variance = np.asarray(contextual.variance)[..., None]
    own_pull = found.pull - contextual.coef / variance
    own = found.own + np.eye(found.own.shape[-1]) / variance[..., None]
    if past is not None and past.contextual is not None:
        # Columns' means of past tasks, in units where columns have variance one, vary by 1 / (1 + ratio).
        known = np.asarray(past.n_tasks)[..., None] / (1.0 + contextual.variance_ratio) / last**2
        own = own + known[..., None] * np.eye(own.shape[-1])
        own_pull = own_pull + known * (past.contextual.coef - contextual.coef)
    top = np.concatenate([information, np.swapaxes(found.cross, -1, -2)], axis=-1)
    bottom = np.concatenate([found.cross, own], axis=-1)
    return np.concatenate([top, bottom], axis=-2), np.concatenate([pull, own_pull], axis=-1)


def effect_variance(effects: Array, uncertainty: Array, variance: Any) -> Array:
    """MacKay's update of the effects' common variance: their square over how many of them the tasks determine."""
    determined = np.maximum(effects.shape[-1] - uncertainty.sum(axis=-1) / variance, _LEAST)
    return np.maximum((effects * effects).sum(axis=-1) / determined, _LEAST)


def _common_noise(sums: _Sums, before: Any, past: CoefficientLaw | None, shared: bool) -> tuple[Array, Array]:
    """The noises' law after a sweep (`noise_step`), a ``past``'s counted by its rows and tasks."""
    residuals, n_tasks = sums.tasks.residuals, sums.tasks.n_tasks
    total = residuals.dof_of_all
    # Estimating the mean took degrees of freedom from the residuals too (at most p, over all tasks).
    spent = (sums.spread * sums.tasks.information).sum(axis=(-2, -1)) - diagonal(sums.curbed).sum(axis=-1)
    left = np.maximum(1.0 - spent / total, _LEFT)
    common, law = noise_step(residuals, left, sums.tasks.n_rows, before, shared=shared)
    if past:
        n_past = past.n_rows
        common = np.exp((total * np.log(np.maximum(common, 1e-12)) + n_past * np.log(past.noise)) / (total + n_past))
        law = pooled_dof(law, np.asarray(n_tasks), past.noise_dof, past.n_tasks)
    return np.maximum(common, NOISE_FLOOR), law


def _change(new: CoefficientLaw, old: CoefficientLaw) -> float:
    """The most that anything moved, as a share of its size."""
    scale = np.sqrt(diagonal(new.covariance)).max(axis=-1)
    mean = np.abs(new.mean - old.mean).max(axis=-1) / np.maximum(np.abs(new.mean).max(axis=-1), scale)
    size = np.maximum(np.abs(new.covariance).max(axis=(-2, -1)), TINY)  # nothing may vary
    spread = np.abs(new.covariance - old.covariance).max(axis=(-2, -1)) / size
    return float(np.max([mean, spread, np.abs(new.noise / old.noise - 1.0)]))
