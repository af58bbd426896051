"""Empirical Bayes for linear tasks: mean, covariance and noise of the coefficients by EM on sufficient statistics.

Model: ``y_t = Z_t w_t + e_t``, ``w_t ~ N(mean, covariance)``, ``e_t ~ N(0, noise_t)``. One sweep reads every task once:

* E, in coordinates ``w = mean + R v`` with ``R R' = covariance``: ``V_t = (I + R' gram_t R / noise_t)^-1`` and
  ``v_t = V_t R' Z_t'(y_t - Z_t mean) / noise_t``;
* M: the mean by generalised least squares, the covariance by a `Structure` fitted to the mean scatter of ``R v_t``,
  the noises by Smyth's empirical Bayes.

The uncertainty of the mean is integrated out (REML; Laird and Ware, 1982, Biometrics 38, equations 3.8 and 3.9), so
few tasks do not understate how much tasks vary.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from skmeta._inference.between import variance_ratio
from skmeta._inference.linalg import (
    cholesky_root,
    inverse_and_solution,
    logdet_and_quadratic,
    spd_inverse,
    symmetrize,
    whiten,
)
from skmeta._inference.moments import whitened
from skmeta._inference.noise import NoiseLaw, fit_noise, squeeze_noise
from skmeta._inference.threads import blocks_of, run

_BLOCK = 1024  # tasks whose posterior covariances are held at once
NOISE_FLOOR = 1e-7  # of a target of unit variance: below it, sums with the prior's precision lose their digits
_HELD = 0.01
EFFECTS_TO_SHRINK = 3  # as many as Stein's estimator needs to beat least squares
_TASKS_FOR_LEVELS = 4  # fewer cannot tell effects between tasks from effects within
_LOG_2PI = np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """What is known of the next task of one output: coefficients, noise, and from how many tasks.

    ``mean (p,)``, ``covariance (p, p)``; the noises' law ``(noise, noise_dof)``; ``mean_covariance`` is the
    uncertainty of ``mean`` itself; ``unique`` and ``scatter`` start the next sweep. ``between (p - 1,)`` moves a task's
    intercept with the means of its columns (None: it does not); its entries have variance ``between_variance``, the
    slopes of ``mean`` have ``mean_variance`` around zero.
    """

    mean: np.ndarray
    covariance: np.ndarray
    noise: float
    noise_dof: float = np.inf
    n_tasks: float = 0.0
    n_rows: float = 0.0
    mean_covariance: np.ndarray | None = None
    unique: np.ndarray | None = None
    scatter: np.ndarray | None = None
    between: np.ndarray | None = None
    between_variance: float = 1.0
    mean_variance: float = np.inf
    ratio: np.ndarray | None = None

    @property
    def noise_law(self):
        """What the next task's noise may be."""
        return NoiseLaw(self.noise, self.noise_dof)

    def expected(self, moments):
        """Every task's expected coefficients: ``(p,)`` if they are the same, ``(n_tasks, p)`` otherwise."""
        if self.between is None:
            return self.mean
        level = self.mean[-1] + moments.context @ self.between
        return np.column_stack([np.broadcast_to(self.mean[:-1], moments.context.shape), level])


def initial_guess(moments, levels=True):
    """A start: pooled ridge for the mean, half of what it leaves unexplained as noise, the rest spread evenly.

    With ``levels``, where there are tasks enough, effects between tasks are learned too.
    """
    gram, cross = moments.gram.sum(axis=0), moments.cross.sum(axis=0)
    n_rows = moments.n_rows.sum()
    p = len(cross)
    mean = np.linalg.solve(gram + 1e-3 * n_rows / p * np.eye(p), cross)
    _, squares = moments.residual(mean)
    noise = max(0.5 * squares.sum() / n_rows, NOISE_FLOOR)
    level = np.diag(gram) / n_rows
    level = np.where(
        level > 1e-3, level, 1.0
    )  # of a constant column nothing is learned: it starts, and stays, as the others
    shrink = 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf
    start = Gaussian(mean, np.diag(noise / p / level), noise, mean_variance=shrink)
    if not levels or moments.n_tasks < _TASKS_FOR_LEVELS or not moments.context.any():
        return start
    return replace(start, between=np.zeros(p - 1), between_variance=0.1, ratio=variance_ratio(moments))


def fit_gaussian(moments, structure, *, n_iter, tol=0.0, start=None, past=None, noise="task", n_jobs=1):
    """Run EM from ``start`` and return a `Gaussian`; ``past``, another one, counts as ``past.n_tasks`` tasks seen.

    ``noise`` says what is learned of it: every ``"task"``'s own, one that all have (``"shared"``), or nothing, it is
    ``"known"`` to be what ``start`` says.
    """
    state = start or past or initial_guess(moments)
    own = noise_of_tasks(moments, state)
    for _ in range(n_iter):
        sums = _expectation(moments, state, own, n_jobs)
        new = _maximisation(moments, sums, structure, state, past, noise)
        own = squeeze_noise(sums.variance, sums.dof, new.noise, new.noise_dof)
        moved = _change(new, state)
        state = new
        if moved < tol:
            break
    return state


def noise_of_tasks(moments, state, n_iter=2):
    """Every task's own noise ``(n_tasks,)``, from its residuals at the current coefficients, drawn to the common law."""
    noise = np.full(moments.n_tasks, state.noise)
    if np.isinf(state.noise_dof):
        return noise
    root = cholesky_root(state.covariance)
    for _ in range(n_iter):
        parts = [_posterior(moments.take(b), state, root, noise[b])[2:4] for b in blocks_of(moments.n_tasks, _BLOCK)]
        variance, dof = (np.concatenate(column) for column in zip(*parts, strict=True))
        noise = squeeze_noise(variance, dof, state.noise, state.noise_dof)
    return noise


def _posterior(part, state, root, noise):
    """``V (t, p, p)`` and ``v (t, p)`` in whitened coordinates; the residuals' variance and degrees of freedom."""
    gram, score, square = whitened(part, state.expected(part), root, noise)
    V, v = inverse_and_solution(gram + np.eye(len(root)), score)
    square = square - 2.0 * np.einsum("ti,ti->t", v, score) + np.einsum("ti,ti->t", v, (gram @ v[..., None])[..., 0])
    dof = np.maximum(part.n_rows - len(root) + np.trace(V, axis1=1, axis2=2), 1e-6)
    return V, v, np.maximum(noise * square / dof, NOISE_FLOOR), dof


@dataclass(frozen=True, eq=False)
class _Sums:
    """What one sweep over the tasks leaves, in coordinates where the prior is ``N(0, I)``: all the M step needs."""

    root: np.ndarray
    spread: np.ndarray
    n_tasks: int
    V: np.ndarray
    v: np.ndarray
    vv: np.ndarray
    VQV: np.ndarray
    levels: tuple
    variance: np.ndarray
    dof: np.ndarray


def _expectation(moments, state, noise, n_jobs):
    root = cholesky_root(state.covariance)
    known = state.mean_covariance is None
    spread = np.zeros_like(root) if known else whiten(state.mean_covariance, root)

    def sweep(block):
        part = moments.take(block)
        V, v, variance, dof = _posterior(part, state, root, noise[block])
        VQV = spread if known else ((V @ spread) @ V).sum(axis=0)
        return V.sum(axis=0), v.sum(axis=0), v.T @ v, VQV, *_levels(part, state, root, V, v), variance, dof

    columns = list(zip(*run(sweep, blocks_of(moments.n_tasks, _BLOCK), n_jobs), strict=True))
    V, v, vv, VQV, *levels = (sum(column) for column in columns[:-2])
    variance, dof = (np.concatenate(column) for column in columns[-2:])
    return _Sums(root, spread, moments.n_tasks, V, v, vv, VQV, tuple(levels), variance, dof)


def _levels(part, state, root, V, v):
    """How the tasks inform about ``between``: its cross information with the mean, its own, and its pull."""
    if state.between is None:
        return 0.0, 0.0, 0.0
    intercept = np.zeros(len(root))
    intercept[-1] = 1.0 / root[-1, -1]  # R^-1 of the last unit vector
    informed = intercept - V @ intercept
    own = part.context.T @ (part.context * (informed @ intercept)[:, None])
    return informed.T @ part.context, own, part.context.T @ (v @ intercept)


def _maximisation(moments, sums, structure, state, past, noise):
    n_past = past.n_tasks if past else 0.0
    n_tasks = sums.n_tasks + n_past
    drift = past.mean - state.mean if past else np.zeros_like(state.mean)
    means = _least_squares(sums, n_past, drift, state)
    scatter = sums.V + sums.vv
    cross = sums.V @ sums.spread
    scatter = sums.root @ (scatter + sums.n_tasks * sums.spread - cross - cross.T + sums.VQV) @ sums.root.T
    if past:
        scatter = scatter + n_past * (past.covariance + np.outer(drift, drift))
    scatter = symmetrize(scatter) / n_tasks
    covariance, unique = structure.fit(scatter, n_tasks, state.unique)
    if noise == "known":
        level, noise_dof = state.noise, np.inf
    else:
        level, noise_dof = _common_noise(sums, past, noise == "shared")
    n_rows = moments.n_rows.sum() + (past.n_rows if past else 0.0)
    return replace(
        state,
        covariance=covariance,
        noise=level,
        noise_dof=noise_dof,
        n_tasks=n_tasks,
        n_rows=n_rows,
        unique=unique,
        scatter=scatter,
        **means,
    )


def _least_squares(sums, n_past, drift, state):
    """The mean and ``between`` by generalised least squares, each under its own common variance, and the uncertainty.

    In whitened coordinates task ``t`` informs about the mean by ``I - V_t`` and pulls by ``v_t``; a hundredth of a task
    holds directions that no task informs about (it slows the step and leaves where it ends).
    """
    p = len(sums.root)
    n_tasks = sums.n_tasks + n_past
    shrink = np.r_[np.full(p - 1, 1.0 / state.mean_variance), 0.0]
    information = (n_tasks + _HELD) * np.eye(p) - sums.V + (sums.root.T * shrink) @ sums.root
    pull = sums.v + n_past * solve_triangular(sums.root, drift, lower=True) - sums.root.T @ (shrink * state.mean)
    if state.between is not None:
        cross, own, own_pull = sums.levels
        information = np.block([[information, cross], [cross.T, own + np.eye(p - 1) / state.between_variance]])
        pull = np.r_[pull, own_pull - state.between / state.between_variance]
    covariance = spd_inverse(symmetrize(information))
    step = covariance @ pull
    mean_covariance = symmetrize(sums.root @ covariance[:p, :p] @ sums.root.T)
    found = {"mean": state.mean + sums.root @ step[:p], "mean_covariance": mean_covariance}
    if np.isfinite(state.mean_variance):
        found["mean_variance"] = _effect_variance(
            found["mean"][:-1], np.diag(mean_covariance)[:-1], state.mean_variance
        )
    if state.between is not None:
        found["between"] = state.between + step[p:]
        found["between_variance"] = _effect_variance(found["between"], np.diag(covariance)[p:], state.between_variance)
    return found


def _effect_variance(effects, uncertainty, variance):
    """MacKay's update of the effects' common variance: their square over how many of them the tasks determine."""
    determined = max(len(effects) - uncertainty.sum() / variance, 1e-3)
    return float(np.clip(effects @ effects / determined, 1e-8, 1e2))


def _common_noise(sums, past, shared):
    variance, dof = sums.variance, sums.dof
    # Estimating the mean took degrees of freedom from the residuals too (at most p, over all tasks).
    spent = float(np.sum(sums.spread * sums.V) - np.trace(sums.VQV))
    left = max(1.0 - spent / dof.sum(), 0.1)
    level, law = fit_noise(variance / left, dof * left)
    if shared or np.isinf(law):
        level, law = float(np.sum(variance * dof) / (left * np.sum(dof))), np.inf
    if past:
        seen, n_past = np.sum(dof), past.n_rows
        level = float(np.exp((seen * np.log(max(level, 1e-12)) + n_past * np.log(past.noise)) / (seen + n_past)))
        law = law if np.isinf(past.noise_dof) and n_past < seen else past.noise_dof if np.isinf(law) else law
    return max(level, NOISE_FLOOR), law


def _change(new, old):
    scale = np.sqrt(np.diag(new.covariance))
    mean = np.abs(new.mean - old.mean).max() / max(np.abs(new.mean).max(), scale.max())
    spread = np.abs(new.covariance - old.covariance).max() / np.abs(new.covariance).max()
    return max(mean, spread, abs(new.noise / old.noise - 1.0))


def log_evidence(moments, mean, root, noise):
    """``log p(y_t)`` of every task for each of several noise levels ``(m,)``: ``(n_tasks, m)``; ``root`` as in ``R R'``."""
    out = np.empty((moments.n_tasks, len(noise)))
    identity = np.eye(len(root))
    gram, score, square = whitened(moments, mean, root, 1.0)
    for j, level in enumerate(noise):
        logdet, quadratic = logdet_and_quadratic(gram / level + identity, score / level)
        out[:, j] = -0.5 * (moments.n_rows * (_LOG_2PI + np.log(level)) + logdet + square / level - quadratic)
    return out


def predictive(state):
    """What a *new* task should expect: the tasks' covariance plus the uncertainty of their mean."""
    if state.mean_covariance is None:
        return state
    return replace(state, covariance=state.covariance + state.mean_covariance)
