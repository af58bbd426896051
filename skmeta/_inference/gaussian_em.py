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

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from skmeta._inference.between import variance_ratio
from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.expectation import Expectation
from skmeta._inference.linalg import cholesky_root, spd_inverse, symmetrize, whiten
from skmeta._inference.noise import fit_noise, squeeze_noise

NOISE_FLOOR = 1e-7  # of a target of unit variance: below it, sums with the prior's precision lose their digits
_HELD = 0.01
EFFECTS_TO_SHRINK = 3  # as many as Stein's estimator needs to beat least squares
_TASKS_FOR_CONTEXT = 4  # fewer cannot tell effects between tasks from effects within


def initial_guess(tasks, contextual=True):
    """A start: pooled ridge for the mean, half of what it leaves unexplained as noise, the rest spread evenly.

    With ``contextual``, where there are tasks enough, contextual effects are learned too.
    """
    pooled, p = tasks.pooled(), tasks.width
    mean = np.linalg.solve(pooled.gram + 1e-3 * pooled.n_rows / p * np.eye(p), pooled.cross)
    noise = max(0.5 * pooled.residual_square(mean) / pooled.n_rows, NOISE_FLOOR)
    size = np.diag(pooled.gram) / pooled.n_rows
    # Of a constant column nothing is learned: it starts, and stays, as the others.
    size = np.where(size > 1e-3, size, 1.0)
    shrink = 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf
    start = CoefficientLaw(mean, np.diag(noise / p / size), noise, mean_variance=shrink)
    if not contextual or np.sum(tasks.counts) < _TASKS_FOR_CONTEXT or not tasks.context.any():
        return start
    return replace(start, contextual=ContextualEffects(np.zeros(p - 1), variance_ratio(tasks, pooled)))


def fit_gaussian(tasks, structure, *, n_iter, tol=0.0, start=None, past=None, noise="task", n_jobs=1):
    """Run EM from ``start`` and return a `CoefficientLaw`; ``past``, another one, counts as ``past.n_tasks`` tasks.

    ``noise`` says what is learned of it: every ``"task"``'s own, one that all have (``"shared"``), or nothing, it is
    ``"known"`` to be what ``start`` says.
    """
    law = start or past or initial_guess(tasks)
    own = noise_of_tasks(tasks, law, n_jobs=n_jobs)
    for _ in range(n_iter):
        sums = _expectation(tasks, law, own, n_jobs)
        new = _maximisation(tasks, sums, structure, law, past, noise)
        own = squeeze_noise(sums.variance, sums.tasks.dof, new.noise, new.noise_dof)
        moved = _change(new, law)
        law = new
        if moved < tol:
            break
    return law


def noise_of_tasks(tasks, law, n_iter=2, n_jobs=1):
    """Every task's own noise ``(n_tasks,)``, from its residuals at the current coefficients, drawn to the common law."""
    noise = np.full(tasks.n_tasks, law.noise)
    if np.isinf(law.noise_dof):
        return noise
    root = cholesky_root(law.covariance)
    for _ in range(n_iter):
        found = tasks.expectation(law, root, noise, n_jobs=n_jobs)
        noise = squeeze_noise(np.maximum(found.variance, NOISE_FLOOR), found.dof, law.noise, law.noise_dof)
    return noise


@dataclass(frozen=True, eq=False)
class _Sums:
    """One sweep over the tasks, in coordinates where the prior is ``N(0, I)``; ``spread`` is the mean's uncertainty."""

    root: np.ndarray
    spread: np.ndarray
    n_tasks: float
    tasks: Expectation

    @property
    def curbed(self):
        return np.zeros_like(self.root) if self.tasks.curbed is None else self.tasks.curbed

    @property
    def variance(self):
        return np.maximum(self.tasks.variance, NOISE_FLOOR)


def _expectation(tasks, law, noise, n_jobs):
    root = cholesky_root(law.covariance)
    known = law.mean_covariance is None
    spread = None if known else whiten(law.mean_covariance, root)
    found = tasks.expectation(law, root, noise, spread, n_jobs)
    return _Sums(root, np.zeros_like(root) if known else spread, float(np.sum(tasks.counts)), found)


def _maximisation(tasks, sums, structure, law, past, noise):
    n_past = past.n_tasks if past else 0.0
    n_tasks = sums.n_tasks + n_past
    drift = past.mean - law.mean if past else np.zeros_like(law.mean)
    effects = _least_squares(tasks, sums, n_past, drift, law)
    scatter = sums.root @ _scatter(tasks, sums) @ sums.root.T
    if past:
        scatter = scatter + n_past * (past.covariance + np.outer(drift, drift))
    scatter = symmetrize(scatter) / n_tasks
    covariance, unique = structure.fit(scatter, n_tasks, law.unique)
    common, noise_dof = (law.noise, np.inf) if noise == "known" else _common_noise(tasks, sums, past, noise == "shared")
    return replace(
        law,
        covariance=covariance,
        noise=common,
        noise_dof=noise_dof,
        n_tasks=n_tasks,
        n_rows=float(tasks.counts @ tasks.n_rows) + (past.n_rows if past else 0.0),
        unique=unique,
        scatter=scatter,
        **effects,
    )


def _scatter(tasks, sums):
    """The sum of ``v_t v_t' + V_t`` and of what the mean's uncertainty adds, ``(I - V_t) Q (I - V_t)``."""
    found = sums.tasks
    within = sums.n_tasks * np.eye(len(sums.root)) - found.information
    return within + (found.v * tasks.counts[:, None]).T @ found.v + sums.curbed


def _least_squares(tasks, sums, n_past, drift, law):
    """The mean and contextual effects by generalised least squares, each under its own common variance, and the doubt.

    In whitened coordinates task ``t`` informs about the mean by ``I - V_t`` and pulls by ``v_t``; a hundredth of a task
    holds directions that no task informs about (it slows the step and leaves where it ends).
    """
    p, root = len(sums.root), sums.root
    shrink = np.r_[np.full(p - 1, 1.0 / law.mean_variance), 0.0]
    information = (n_past + _HELD) * np.eye(p) + sums.tasks.information + (root.T * shrink) @ root
    pull = tasks.counts @ sums.tasks.v + n_past * solve_triangular(root, drift, lower=True)
    pull = pull - root.T @ (shrink * law.mean)
    if law.contextual is not None:
        information, pull = _with_context(tasks, sums, law.contextual, information, pull)
    covariance = spd_inverse(symmetrize(information))
    step = covariance @ pull
    mean, mean_covariance = law.mean + root @ step[:p], symmetrize(root @ covariance[:p, :p] @ root.T)
    found = {"mean": mean, "mean_covariance": mean_covariance}
    if np.isfinite(law.mean_variance):
        found["mean_variance"] = _effect_variance(mean[:-1], np.diag(mean_covariance)[:-1], law.mean_variance)
    if law.contextual is not None:
        coef = law.contextual.coef + step[p:]
        variance = _effect_variance(coef, np.diag(covariance)[p:], law.contextual.variance)
        found["contextual"] = replace(law.contextual, coef=coef, variance=variance)
    return found


def _with_context(tasks, sums, contextual, information, pull):
    """The same normal equations with the contextual effects' rows and columns: they move the intercepts."""
    found, last = sums.tasks, sums.root[-1, -1]
    context = tasks.context * tasks.counts[:, None]
    cross = found.intercept.T @ context
    own = context.T @ (tasks.context * (found.intercept[:, -1] / last)[:, None])
    own_pull = context.T @ found.v[:, -1] / last - contextual.coef / contextual.variance
    own = own + np.eye(len(own)) / contextual.variance
    return np.block([[information, cross], [cross.T, own]]), np.r_[pull, own_pull]


def _effect_variance(effects, uncertainty, variance):
    """MacKay's update of the effects' common variance: their square over how many of them the tasks determine."""
    determined = max(len(effects) - uncertainty.sum() / variance, 1e-3)
    return float(np.clip(effects @ effects / determined, 1e-8, 1e2))


def _common_noise(tasks, sums, past, shared):
    variance, dof, counts = sums.variance, sums.tasks.dof, tasks.counts
    total = float(counts @ dof)
    # Estimating the mean took degrees of freedom from the residuals too (at most p, over all tasks).
    spent = float(np.sum(sums.spread * sums.tasks.information) - np.trace(sums.curbed))
    left = max(1.0 - spent / total, 0.1)
    common, law = fit_noise(variance / left, dof * left, counts)
    if shared or np.isinf(law):
        common, law = float(np.sum(counts * variance * dof) / (left * total)), np.inf
    if past:
        n_past = past.n_rows
        common = float(np.exp((total * np.log(max(common, 1e-12)) + n_past * np.log(past.noise)) / (total + n_past)))
        law = law if np.isinf(past.noise_dof) and n_past < total else past.noise_dof if np.isinf(law) else law
    return max(common, NOISE_FLOOR), law


def _change(new, old):
    scale = np.sqrt(np.diag(new.covariance))
    mean = np.abs(new.mean - old.mean).max() / max(np.abs(new.mean).max(), scale.max())
    spread = np.abs(new.covariance - old.covariance).max() / np.abs(new.covariance).max()
    return max(mean, spread, abs(new.noise / old.noise - 1.0))
