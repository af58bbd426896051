"""The marginal likelihood of many tasks, summed: which kernel their deviations from a shared function have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize

Array = NDArray[np.float64]
Gram = Callable[[Array, Array], tuple[Array, Array]]  # of (theta, X): the kernel's matrix and its derivatives by theta

# guard: how far, in logarithms, the variances may go from where they start
_RANGE = np.log([[1e-6, 1e3], [1e-6, 1e2], [1e-6, 1e1]])


@dataclass(frozen=True)
class DeviationHyperparameters:
    """How tasks deviate from a shared function: ``scale * k_theta(x, x') + level``, and noise.

    Parameters
    ----------
    scale, level, noise : float
        Variances: what the kernel is multiplied by, that of a constant, that of a row.
    theta : ndarray of shape (n_hyperparameters,)
        Logarithms of the kernel's hyperparameters, as scikit-learn has them.
    log_likelihood : float
        Summed over the tasks.
    """

    scale: float
    level: float
    noise: float
    theta: Array
    log_likelihood: float


def learned_hyperparameters(
    gram: Gram,
    tasks: Sequence[tuple[Array, Array]],
    starts: Sequence[Array],
    bounds: Array,
    optimizer: Callable[..., Any] | None = None,
) -> DeviationHyperparameters:
    r"""The hyperparameters that make the deviations :math:`r_t` of all tasks most probable.

    .. math:: \max_\theta \sum_t \log N(r_t \mid 0, c\, K_\theta(X_t, X_t) + v 1 1^\top + s I)

    Parameters
    ----------
    gram : callable
        ``gram(theta, X)`` is a pair, ``(n, n)`` and ``(n, n, n_hyperparameters)``.
    tasks : sequence of pairs
        Rows and deviations of each task.
    starts : sequence of ndarray of shape (n_hyperparameters,)
        Where to search from; the best end counts.
    bounds : ndarray of shape (n_hyperparameters, 2)
        Of theta.
    optimizer : callable, default=None
        As scikit-learn has it, ``optimizer(obj_func, initial_theta, bounds)``; None is L-BFGS-B.

    Returns
    -------
    DeviationHyperparameters
        The best one found.

    References
    ----------
    A. Schwaighofer, V. Tresp and K. Yu (2005), Learning Gaussian process kernels via hierarchical Bayes, NIPS 17;
    C. E. Rasmussen and C. K. I. Williams (2006), Gaussian processes for machine learning, equations 5.8, 5.9.
    """
    square = max(float(np.mean(np.concatenate([r for _, r in tasks]) ** 2)), np.finfo(float).tiny)

    def objective(logs: Array, eval_gradient: bool = True) -> Any:
        value, gradient = _negative_log_likelihood(logs, gram, tasks)
        return (value, gradient) if eval_gradient else value

    ends = []
    for theta in starts:
        size = float(np.mean([np.trace(gram(theta, X)[0]) / len(X) for X, _ in tasks]))
        middle = np.log(np.array([0.5 * square / max(size, np.finfo(float).tiny), 0.1 * square, 0.4 * square]))
        limits = np.vstack([middle[:, None] + _RANGE, bounds.reshape(-1, 2)])
        ends.append(_searched(objective, np.r_[middle, theta], limits, optimizer))
    logs, value = min(ends, key=lambda end: end[1])
    scale, level, noise = np.exp(logs[:3])
    return DeviationHyperparameters(float(scale), float(level), float(noise), logs[3:], -float(value))


def _searched(objective: Any, start: Array, bounds: Array, optimizer: Any) -> tuple[Array, float]:
    if optimizer is not None:
        logs, value = optimizer(objective, start, bounds)
        return np.asarray(logs, dtype=float), float(value)
    found = minimize(objective, start, method="L-BFGS-B", jac=True, bounds=bounds)
    return found.x, float(found.fun)


def _negative_log_likelihood(logs: Array, gram: Gram, tasks: Sequence[tuple[Array, Array]]) -> tuple[float, Array]:
    """Minus the sum, and its gradient: ``-tr((a a' - S^-1) dS) / 2`` of each task, with ``a = S^-1 r``."""
    (scale, level, noise), theta = np.exp(logs[:3]), logs[3:]
    value, gradient = 0.0, np.zeros(len(logs))
    for X, r in tasks:
        K, slopes = gram(theta, X)
        try:
            factor = cho_factor(scale * K + level + noise * np.eye(len(r)), lower=True)
        except LinAlgError:  # not a kernel there, to rounding
            return np.inf, np.zeros(len(logs))
        a = cho_solve(factor, r)
        value += 0.5 * float(r @ a) + float(np.log(np.diag(factor[0])).sum()) + 0.5 * len(r) * np.log(2.0 * np.pi)
        W = np.outer(a, a) - cho_solve(factor, np.eye(len(r)))
        gradient[:3] -= 0.5 * np.array([scale * np.sum(W * K), level * W.sum(), noise * np.trace(W)])
        gradient[3:] -= 0.5 * scale * np.einsum("ij,ijk->k", W, slopes)
    return value, gradient
