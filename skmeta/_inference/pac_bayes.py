r"""A PAC-Bayes bound on what a learned law costs on tasks to come: its evidence, and how far it went from a hyper-prior.

Of ``n`` tasks of ``m_t`` rows, with probability of at least :math:`1 - \delta` the expected loss a row of a new task is

.. math:: L \le -\frac1n \sum_t \frac{1}{m_t} E_Q \log Z_t
    + \Bigl(\frac1\lambda + \frac{1}{n \tilde m}\Bigr) D(Q \,\|\, P) + C,

with the evidence :math:`Z_t` of task ``t`` under a law, a hyper-posterior ``Q`` and a hyper-prior ``P`` of laws,
:math:`\lambda = n` and the harmonic mean :math:`\tilde m` of the rows; ``C`` depends on neither ``Q`` nor the law (Rothfuss,
Fortuin, Josifoski and Krause, 2021, PACOH: Bayes-optimal meta-learning with PAC-guarantees, ICML, corollary 1).

``Q`` and ``P`` are Gaussians of the logarithm of a covariance, which is a symmetric matrix ``L``: under a variance ``v`` its
diagonal varies by ``v`` and the rest by ``v / 2``, which no rotation changes. So the divergence has a closed form.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import symmetrize

Array = NDArray[Any]


def bound(log_evidence: Array, n_rows: Array, counts: Array, divergence: float) -> float:
    """The bound without ``C``: ``log_evidence (n_draws, n_tasks)`` under draws of the hyper-posterior.

    Tasks of ``n_rows (n_tasks,)`` each count ``counts (n_tasks,)`` times; those without rows say nothing.
    """
    some = n_rows > 0
    log_evidence, n_rows, counts = log_evidence[:, some], n_rows[some], counts[some]
    n_tasks = counts.sum()
    loss = -counts @ (log_evidence.mean(axis=0) / n_rows) / n_tasks
    shorter = counts @ (1.0 / n_rows) / n_tasks
    return float(loss + divergence * (1.0 + shorter) / n_tasks)


def divergence_of_logarithms(logarithm: Array, variance: float, centre: Array, width: float, free: Array) -> float:
    """``D(N(logarithm, variance) || N(centre, width))`` of symmetric matrices ``(p, p)`` whose entries are ``free (p, p)``.

    ``free`` is a symmetric mask; ``centre (p,)`` is on the diagonal.
    """
    n_free = np.triu(free).sum()
    distance = np.where(free, logarithm - np.diag(centre), 0.0)
    ratio = variance / width
    return float(0.5 * (n_free * (ratio - 1.0 - np.log(ratio)) + np.sum(distance**2) / width))


def divergence_of_means(mean: Array, covariance: Array) -> float:
    """``D(N(mean, covariance) || N(0, I))``."""
    return float(0.5 * (np.trace(covariance) + mean @ mean - len(mean) - np.linalg.slogdet(covariance)[1]))


def logarithm_of(covariance: Array) -> Array:
    """The symmetric matrix whose exponential is a covariance ``(p, p)``."""
    values, vectors = np.linalg.eigh(covariance)
    return symmetrize((vectors * np.log(values)) @ vectors.T)


def exponential_of(logarithm: Array) -> Array:
    """Covariances of their logarithms ``(..., p, p)``."""
    values, vectors = np.linalg.eigh(logarithm)
    return symmetrize((vectors * np.exp(values)[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def drawn_symmetric(rng: np.random.Generator, n_draws: int, variance: float, free: Array) -> Array:
    """Symmetric matrices ``(n_draws, p, p)`` of mean zero where entries are ``free``; each comes with its opposite."""
    half = rng.normal(size=(n_draws // 2, *free.shape))
    apart = np.sqrt(variance) * 0.5 * (half + np.swapaxes(half, -1, -2))
    found = np.where(free, np.where(np.eye(len(free), dtype=bool), np.sqrt(variance) * half, apart), 0.0)
    return np.concatenate([found, -found])
