r"""Dirichlet priors of shares that differ by task: learned from counts, their evidence.

A task's counts :math:`n_{t}` are multinomial with shares :math:`p_t \sim \mathrm{Dirichlet}(\alpha)`. Columns of counts
are in blocks, each with shares of its own: all words in one, or the values of a column in one.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma

from skmeta.naive_bayes._accelerated import fixed_point

Array = NDArray[np.float64]

_NEWTON = 30  # guard: steps of a concave function of one variable
_BOUNDS = (-18.0, 18.0)  # guard: of log alpha


def block_sums(values: Array, starts: NDArray[np.intp]) -> Array:
    """Sums ``(..., n_blocks)`` over the columns of each block."""
    return np.asarray(np.add.reduceat(values, starts, axis=-1))


def in_columns(values: Array, starts: NDArray[np.intp], n_columns: int) -> Array:
    """A number a block ``(..., n_blocks)`` for each of its columns."""
    return np.repeat(values, np.diff([*starts, n_columns]), axis=-1)


def log_evidence(counts: Array, alpha: Array, starts: NDArray[np.intp]) -> Array:
    r"""Log probability ``(..., n_blocks)`` of observations in their order, shares integrated.

    .. math:: \log \frac{\Gamma(A)}{\Gamma(A + N)} + \sum_j \log \frac{\Gamma(\alpha_j + n_j)}{\Gamma(\alpha_j)}
    """
    A, N = block_sums(alpha, starts), block_sums(counts, starts)
    found: Array = gammaln(A) - gammaln(A + N) + block_sums(gammaln(alpha + counts) - gammaln(alpha), starts)
    return found


def learn_dirichlet(
    counts: Array, weight: Array, starts: NDArray[np.intp], past: Array | None = None, n_past: Array | float = 0.0
) -> Array:
    r"""The most probable ``alpha (..., n_columns)`` of the priors from which tasks' shares were drawn.

    Maximises the evidence of all tasks. With :math:`\alpha_j = A m_j` the shares :math:`m` have a Dirichlet prior that counts
    every column once more, as scikit-learn's default smoothing does, and the precision :math:`A` a gamma prior around the
    number of all rows: tasks that are all alike make the prior about as firm as their rows together. Past tasks count by what
    their prior expects of log shares, :math:`\ell_j`, in place of both. Each step maximises Minka's lower bounds of the
    evidence and of the past (equations 55 and 8),

    .. math:: \textstyle\sum_j (a_j + 1) \log m_j + (\sum_j a_j + 1) \log A - (b + r) A
              \quad \text{or} \quad
              a_j \log \alpha_j - b \alpha_j + n_0 \{(\psi(A) + \ell_j) \alpha_j - \log\Gamma(\alpha_j)\}

    with :math:`a_j = \alpha_j \sum_t \psi(n_{tj} + \alpha_j) - \psi(\alpha_j)`,
    :math:`b = \sum_t \psi(N_t + A) - \psi(A)` and :math:`1 / r` the number of rows and columns.

    Parameters
    ----------
    counts : ndarray of shape (n_tasks, ..., n_columns)
        Of each task.
    weight : ndarray of shape (n_tasks,)
        How much each task counts.
    starts : ndarray of int of shape (n_blocks,)
        First column of each block.
    past : ndarray of shape (..., n_columns), default=None
        ``alpha`` of earlier tasks.
    n_past : float or ndarray of shape (..., 1), default=0
        How many there were; none count as one.

    Returns
    -------
    ndarray of shape (..., n_columns)
        Positive.

    References
    ----------
    T. P. Minka (2000), Estimating a Dirichlet distribution.
    """
    spread = partial(in_columns, starts=starts, n_columns=counts.shape[-1])
    total = partial(block_sums, starts=starts)
    seen, totals = _Seen(counts, weight), total(counts)
    n_past, width = np.maximum(n_past, 1.0), total(np.ones(counts.shape[-1]))
    rate = 1.0 / (np.tensordot(weight, totals, 1) + width)

    def step(log_alpha: Array) -> Array:
        alpha = np.exp(np.clip(log_alpha, *_BOUNDS))
        A = total(alpha)
        a = alpha * seen.sums(digamma, alpha)
        b = np.tensordot(weight, digamma(totals + A) - digamma(A), 1)
        if past is None:
            firmness = (total(a) + 1.0) / ((b + rate) * (total(a) + width))
            return np.clip(np.log((a + 1.0) * spread(firmness)), *_BOUNDS)
        return _maximum(a, spread(b) - n_past * (spread(digamma(A)) + _expected(past, starts)), n_past, log_alpha)

    def objective(log_alpha: Array) -> Array:
        alpha = np.exp(np.clip(log_alpha, *_BOUNDS))
        A = total(alpha)
        found = np.tensordot(weight, gammaln(A) - gammaln(A + totals), 1) + total(seen.sums(gammaln, alpha))
        if past is None:
            return np.asarray(found + total(np.log(alpha / spread(A))) + np.log(A) - rate * A)
        return np.asarray(found + n_past * (gammaln(A) + total(alpha * _expected(past, starts) - gammaln(alpha))))

    start = np.log(past) if past is not None else _pooled(counts, weight, spread(totals))
    return np.exp(np.clip(fixed_point(step, objective, start, total, spread), *_BOUNDS))


class _Seen:
    """Counts that are not zero, for sums over tasks of ``f(n + alpha) - f(alpha)``, which is zero where they are."""

    def __init__(self, counts: Array, weight: Array) -> None:
        flat = counts.reshape(len(counts), -1)
        task, self._column = np.nonzero(flat)
        self._counts, self._weight = flat[task, self._column], weight[task]

    def sums(self, function: Any, alpha: Array) -> Array:
        """Over the tasks, like ``alpha``."""
        own = alpha.ravel()[self._column]
        parts = self._weight * (function(self._counts + own) - function(own))
        return np.bincount(self._column, parts, minlength=alpha.size).astype(float).reshape(alpha.shape)


def _expected(alpha: Array, starts: NDArray[np.intp]) -> Array:
    """Expected log shares."""
    A = in_columns(block_sums(alpha, starts), starts, alpha.shape[-1])
    return np.asarray(digamma(alpha) - digamma(A))


def _pooled(counts: Array, weight: Array, totals: Array) -> Array:
    """Logarithms to start from: pooled shares, as firm as one row."""
    pooled, all_rows = np.tensordot(weight, counts, 1), np.tensordot(weight, totals, 1)
    return np.log((pooled + 1.0) / (all_rows + 1.0))


def _maximum(a: Array, slope: Array, n_past: Array | float, log_alpha: Array) -> Array:
    """Logarithm of where ``a log(x) - slope x - n_past log Gamma(x)`` is largest, by Newton steps in the logarithm."""
    x = np.clip(log_alpha, *_BOUNDS)
    for _ in range(_NEWTON):
        alpha = np.exp(x)
        first = a - alpha * (slope + n_past * digamma(alpha))
        second = -alpha * (slope + n_past * (digamma(alpha) + alpha * polygamma(1, alpha)))
        concave = np.where(second < 0.0, second, -np.abs(first) - alpha)
        move = np.clip(-first / concave, -1.0, 1.0)
        x = np.clip(x + move, *_BOUNDS)
        if np.abs(move).max(initial=0.0) < 1e-10:
            break
    return x
