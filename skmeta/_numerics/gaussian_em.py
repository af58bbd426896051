"""Empirical Bayes for linear tasks: mean, covariance and noise of the coefficients by EM on sufficient statistics.

Model: ``y_t = Z_t w_t + e_t``, ``w_t ~ N(mean, covariance)``, ``e_t ~ N(0, noise_t)``. One sweep reads every task once:

* E: ``V_t = (gram_t / noise_t + covariance^-1)^-1``, ``u_t = V_t Z_t'(y_t - Z_t mean) / noise_t``;
* M: the mean by generalised least squares, the covariance by a `Structure` fitted to the mean scatter of ``u_t``, the
  noises by Smyth's empirical Bayes.

The uncertainty of the mean is integrated out (REML; Laird and Ware, 1982, Biometrics 38, equations 3.8 and 3.9), so
few tasks do not understate how much tasks vary.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from skmeta._numerics.linalg import logdet_and_quadratic, spd_inverse, symmetrize
from skmeta._numerics.noise import fit_noise, squeeze_noise

_BLOCK = 1024  # tasks whose posterior covariances are held at once
_LOG_2PI = np.log(2.0 * np.pi)


@dataclass(frozen=True, eq=False)
class Gaussian:
    """What is known of the next task of one output: coefficients, noise, and from how many tasks.

    ``mean (p,)``, ``covariance (p, p)``; the noises' law ``(noise, noise_dof)``; ``mean_covariance`` is the
    uncertainty of ``mean`` itself; ``unique`` and ``scatter`` start the next sweep.
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


def initial_guess(moments):
    """A start: pooled ridge for the mean, half of what it leaves unexplained as noise, the rest spread evenly."""
    gram, cross = moments.gram.sum(axis=0), moments.cross.sum(axis=0)
    n_rows = moments.n_rows.sum()
    p = len(cross)
    mean = np.linalg.solve(gram + 1e-3 * n_rows / p * np.eye(p), cross)
    _, squares = moments.residual(mean)
    noise = max(0.5 * squares.sum() / n_rows, 1e-12)
    level = np.maximum(np.diag(gram) / n_rows, 1e-3)
    return Gaussian(mean, np.diag(noise / p / level), noise)


def fit_gaussian(moments, structure, *, n_iter, tol=0.0, start=None, past=None, noise="task", n_jobs=1):
    """Run EM from ``start`` and return a `Gaussian`; ``past``, another one, counts as ``past.n_tasks`` tasks seen.

    ``noise`` says what is learned of it: every ``"task"``'s own, one that all have (``"shared"``), or nothing, it is
    ``"known"`` to be what ``start`` says.
    """
    state = start or past or initial_guess(moments)
    for _ in range(n_iter):
        sums = _expectation(moments, state, noise_of_tasks(moments, state), n_jobs)
        new = _maximisation(moments, sums, structure, state, past, noise)
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
    precision = spd_inverse(state.covariance)
    for _ in range(n_iter):
        variance, dof = _residual_variance(moments, state, precision, noise)
        noise = squeeze_noise(variance, dof, state.noise, state.noise_dof)
    return noise


def _residual_variance(moments, state, precision, noise):
    """Residual variance and degrees of freedom of every task at its posterior mean."""
    variance, dof = np.empty(moments.n_tasks), np.empty(moments.n_tasks)
    for block in _blocks(moments.n_tasks):
        part, level = moments.take(block), noise[block]
        V = spd_inverse(part.gram / level[:, None, None] + precision)
        variance[block], dof[block] = _residuals(part, V, state.mean, precision, level)[:2]
    return variance, dof


def _residuals(part, V, mean, precision, noise):
    score, square = part.residual(mean)
    u = (V @ (score / noise[:, None])[..., None])[..., 0]
    square = square - 2.0 * np.einsum("ti,ti->t", u, score) + np.einsum("ti,ti->t", u, (part.gram @ u[..., None])[..., 0])
    dof = np.maximum(part.n_rows - (len(mean) - np.einsum("tij,ij->t", V, precision)), 1e-6)
    return np.maximum(square, 0.0) / dof, dof, u


@dataclass(frozen=True, eq=False)
class _Sums:
    """What one sweep over the tasks leaves: all the M step needs."""

    n_tasks: int
    V: np.ndarray
    u: np.ndarray
    uu: np.ndarray
    VQV: np.ndarray
    variance: np.ndarray
    dof: np.ndarray


def _expectation(moments, state, noise, n_jobs):
    precision = spd_inverse(state.covariance)
    spread = precision @ state.mean_covariance @ precision if state.mean_covariance is not None else None

    def sweep(block):
        part, level = moments.take(block), noise[block]
        V = spd_inverse(part.gram / level[:, None, None] + precision)
        variance, dof, u = _residuals(part, V, state.mean, precision, level)
        VQV = np.zeros_like(precision) if spread is None else np.einsum("tij,tjk->ik", V @ spread, V, optimize=True)
        return V.sum(axis=0), u.sum(axis=0), u.T @ u, VQV, variance, dof

    parts = run(sweep, _blocks(moments.n_tasks), n_jobs)
    V, u, uu, VQV = (sum(column) for column in list(zip(*parts, strict=True))[:4])
    variance, dof = (np.concatenate([part[i] for part in parts]) for i in (4, 5))
    return _Sums(moments.n_tasks, V, u, uu, VQV, variance, dof)


def _maximisation(moments, sums, structure, state, past, noise):
    precision = spd_inverse(state.covariance)
    n_past = past.n_tasks if past else 0.0
    n_tasks = sums.n_tasks + n_past
    drift = past.mean - state.mean if past else 0.0
    # GLS: the information of task t on the mean is P - P V_t P, its score P u_t. The ridge keeps unseen directions still.
    information = n_tasks * precision - precision @ sums.V @ precision + 1e-8 * precision
    mean_covariance = symmetrize(spd_inverse(symmetrize(information)))
    mean = state.mean + mean_covariance @ (precision @ (sums.u + n_past * drift))
    scatter = sums.V + sums.uu
    if past:
        scatter = scatter + n_past * (past.covariance + np.outer(drift, drift))
    if state.mean_covariance is not None:
        cross = sums.V @ precision @ state.mean_covariance
        scatter = scatter + sums.n_tasks * state.mean_covariance - cross - cross.T + sums.VQV
    scatter = symmetrize(scatter) / n_tasks
    covariance, unique = structure.fit(scatter, n_tasks, state.unique)
    if noise == "known":
        level, noise_dof = state.noise, np.inf
    else:
        level, noise_dof = _common_noise(sums, _spent(sums, state, precision), past, noise == "shared")
    n_rows = moments.n_rows.sum() + (past.n_rows if past else 0.0)
    return Gaussian(mean, covariance, level, noise_dof, n_tasks, n_rows, mean_covariance, unique, scatter)


def _spent(sums, state, precision):
    """Degrees of freedom that estimating the mean took from the residuals (at most ``p``, over all tasks)."""
    if state.mean_covariance is None:
        return 0.0
    spread = precision @ state.mean_covariance @ precision
    return float(np.sum(spread * sums.V) - np.sum(precision * sums.VQV))


def _common_noise(sums, spent, past, shared):
    variance, dof = sums.variance, sums.dof
    left = max(1.0 - spent / dof.sum(), 0.1)
    level, law = fit_noise(variance / left, dof * left)
    if shared or np.isinf(law):
        level, law = float(np.sum(variance * dof) / (left * np.sum(dof))), np.inf
    if past:
        seen, n_past = np.sum(dof), past.n_rows
        level = float(np.exp((seen * np.log(max(level, 1e-12)) + n_past * np.log(past.noise)) / (seen + n_past)))
        law = law if np.isinf(past.noise_dof) and n_past < seen else past.noise_dof if np.isinf(law) else law
    return max(level, 1e-10), law


def _change(new, old):
    scale = np.sqrt(np.diag(new.covariance))
    mean = np.abs(new.mean - old.mean).max() / max(np.abs(new.mean).max(), scale.max())
    spread = np.abs(new.covariance - old.covariance).max() / np.abs(new.covariance).max()
    return max(mean, spread, abs(new.noise / old.noise - 1.0))


def _blocks(n_tasks):
    return [slice(start, min(start + _BLOCK, n_tasks)) for start in range(0, n_tasks, _BLOCK)]


def run(function, items, n_jobs=1):
    """``[function(i) for i in items]``, by threads if asked; the order of the results never depends on it."""
    if n_jobs == 1 or len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(function, items))


def log_evidence(moments, mean, covariance, noise):
    """``log p(y_t)`` of every task for each of several noise levels ``(m,)``: ``(n_tasks, m)``."""
    score, square = moments.residual(mean)
    precision = spd_inverse(covariance)
    _, logdet_prior = np.linalg.slogdet(covariance)
    out = np.empty((moments.n_tasks, len(noise)))
    for j, level in enumerate(noise):
        logdet, quadratic = logdet_and_quadratic(moments.gram / level + precision, score / level)
        misfit = square / level - quadratic
        out[:, j] = -0.5 * (moments.n_rows * (_LOG_2PI + np.log(level)) + logdet + logdet_prior + misfit)
    return out


def predictive(state):
    """What a *new* task should expect: the tasks' covariance plus the uncertainty of their mean."""
    if state.mean_covariance is None:
        return state
    return replace(state, covariance=state.covariance + state.mean_covariance)
