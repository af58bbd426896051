r"""Rows that may be outliers: how far each is trusted, beside the Gaussian law of the others.

A row is an outlier with probability :math:`\epsilon`, and then anywhere within `AS_FAR` standard deviations :math:`s` of
its task; else it has the noise's law around the linear predictor :math:`\eta` of its task,

.. math:: y_i \sim (1 - \epsilon) \, N(\eta_i, \sigma^2) + \epsilon \, U(20 s).

EM for this mixture (Aitkin and Wilson, 1980, Technometrics 22, section 2) trusts a row by the probability :math:`q_i`
that it is none, and a row trusted by half is half a row, in its weight and where rows are counted: all else is the engine
of Gaussian rows. It finds one of several solutions, so it starts from what estimators without this trouble find (Yohai,
1987, Annals of Statistics 15). A row of weight :math:`\omega_i` has the standard deviations of noise and outliers over
:math:`\sqrt{\omega_i}`, so it is as likely an outlier as a row of weight one that is :math:`\sqrt{\omega_i}` as far off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit
from scipy.stats import norm

from skmeta._inference.glm import places
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import Mixture, Posterior, posterior
from skmeta._inference.moments import Rows, row_counts

Array = NDArray[np.float64]

AS_FAR = 10.0  # standard deviations of the noise that an outlier may lie off
_ROUNDS = 10  # guard: of EM at most
_SETTLED = 1e-3  # guard: most that trust moves in the last of them
MONOTONE_ROUNDS = 5  # guard: at most; each about halves what a third of outlying rows still shift the start by


@cache
def share_of_outliers(epsilon: float) -> float:
    r"""The share of outliers for which Huber's loss that turns linear at ``epsilon`` is the safest.

    .. math:: \frac{\epsilon}{1 - \epsilon} = \frac{2 \phi(k)}{k} - 2 \Phi(-k)

    (P. J. Huber, 1964, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, section 5.)
    """
    odds = 2.0 * norm.pdf(epsilon) / epsilon - 2.0 * norm.cdf(-epsilon)
    return float(max(odds, 0.0) / (1.0 + max(odds, 0.0)))


@dataclass(frozen=True, eq=False)
class Trust:
    """How far each row of the table is trusted ``(n,)``, and the log-evidence ``(n_tasks,)`` with it, outliers included."""

    weight: Array
    log_evidence: Array


def trusted(rows: Any, trust: Array) -> Any:
    """The rows, each weighing and counting as much less as it is trusted less."""
    weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight
    return replace(rows, weight=weight * trust, count=row_counts(weight, rows.count) * trust)


def trust_rows(rows: Rows, mixture: Mixture, share: float, n_jobs: int = 1) -> Trust:
    """`Trust` in rows of one output whose tasks are of a ``mixture``, a ``share`` of them being outliers.

    Of three starts each task takes that which makes its rows most probable: every row trusted; and Huber's fit under the
    mixture and under its first component, which few rows need where one of them is an outlier. The last two are for tasks
    with rows further off than the first component makes likely.
    """
    everything = np.ones(len(rows.Y))
    plain = _posterior(rows, everything, mixture, n_jobs)
    level = mixture.components[0][0].noise.centre
    best = _Search(rows, mixture, share, _scales(plain, level), n_jobs).settle(plain)
    learned = _first_alone(mixture)
    tasks = np.flatnonzero(_suspicious(rows, _posterior(rows, everything, learned, n_jobs), np.sqrt(level), share))
    if not len(tasks):
        return best
    some = rows.pick(tasks)
    starts = [_monotone(some, mixture, n_jobs), _monotone(some, learned, n_jobs)]
    search = _Search(some, mixture, share, _scales(starts[0], level), n_jobs)
    found = search.settle(_posterior(some, everything, mixture, n_jobs))
    for start in starts:
        found = _better(found, search.settle(start), some)
    weight, evidence = best.weight.copy(), best.log_evidence.copy()
    weight[some.order], evidence[tasks] = found.weight[some.order], found.log_evidence
    return Trust(weight, evidence)


def _first_alone(mixture: Mixture) -> Mixture:
    """The mixture's first component."""
    return replace(
        mixture, components=[output[:1] for output in mixture.components], weights=np.ones(1), without_rows=None
    )


def _scales(found: Posterior, level: float) -> Array:
    """Standard deviations ``(n_tasks,)`` of the tasks' noises, not below that of the learned one."""
    return np.sqrt(np.maximum(found.expected_noise[:, 0], level))


def _better(one: Trust, other: Trust, rows: Rows) -> Trust:
    """Task by task the one of more evidence."""
    better = (other.log_evidence > one.log_evidence)[rows.owner]
    return Trust(np.where(better, other.weight, one.weight), np.maximum(other.log_evidence, one.log_evidence))


def _posterior(rows: Rows, trust: Array, mixture: Mixture, n_jobs: int) -> Posterior:
    """`Posterior` of rows so far trusted."""
    return posterior(trusted(rows, trust), mixture, np.ones(1), n_jobs=n_jobs)


def _monotone(rows: Rows, mixture: Mixture, n_jobs: int) -> Posterior:
    """Huber's fits, whose weights never let go of a row, so that there is one solution."""
    found = _posterior(rows, np.ones(len(rows.Y)), mixture, n_jobs)
    for _ in range(MONOTONE_ROUNDS):
        found = _posterior(rows, monotone_weights(rows, residuals(rows, found.coef)), mixture, n_jobs)
    return found


def _suspicious(rows: Rows, found: Posterior, level: float, share: float) -> NDArray[np.bool_]:
    """Which tasks have a row that is an outlier if their noise has the standard deviation ``level``."""
    far = np.abs(residuals(rows, found.coef)) > level * np.sqrt(-2.0 * _log_odds_at(level, level, share))
    return np.bincount(rows.owner[rows.order], far[rows.order], minlength=rows.n_tasks) > 0


def _log_odds_at(noise: Any, scale: Any, share: float) -> Any:
    """Log-odds that a row on its linear predictor is an outlier."""
    peak = np.sqrt(2.0 * np.pi) * noise / (2.0 * AS_FAR * scale)
    return np.log(share / (1.0 - share) * peak)


@dataclass(frozen=True, eq=False)
class _Search:
    """The rows, the laws they may come from, and the ``scale (n_tasks,)`` by which a task's outliers are dispersed."""

    rows: Rows
    mixture: Mixture
    share: float
    scale: Array
    n_jobs: int

    def settle(self, found: Posterior) -> Trust:
        """EM from the coefficients and noises of a start, each task until its rows' trust stands still."""
        rows, owner = self.rows, self.rows.owner
        trust, moving = np.ones(len(rows.Y)), np.ones(rows.n_tasks, dtype=bool)
        for _ in range(_ROUNDS):
            noise = found.expected_noise[:, 0]
            odds = _log_odds_at(np.sqrt(noise), self.scale, self.share)[owner]
            new = expit(-odds - 0.5 * residuals(rows, found.coef) ** 2 / noise[owner])
            new = np.where(moving[owner], new, trust)
            moved, trust = np.abs(new - trust) > _SETTLED, new
            found = _posterior(rows, trust, self.mixture, self.n_jobs)
            moving = np.bincount(owner[rows.order], moved[rows.order], minlength=rows.n_tasks) > 0
            if not moving.any():
                break
        return Trust(trust, self._bound(found, trust))

    def _bound(self, found: Posterior, trust: Array) -> Array:
        """EM's lower bound of the log-evidence: the trusted rows', and what outliers cost."""
        rows, owner = self.rows, self.rows.owner
        outlier = np.log(self.share / (2.0 * AS_FAR * self.scale))[owner]
        each = trust * np.log1p(-self.share) + (1.0 - trust) * outlier + entr(trust) + entr(1.0 - trust)
        own = np.bincount(owner[rows.order], (rows.counted * each)[rows.order], minlength=rows.n_tasks)
        return np.asarray(np.logaddexp.reduce(found.log_evidence + self.mixture.log_weights, axis=1) + own)


def residuals(rows: Rows, coef: Array) -> Array:
    """What coefficients ``(n_tasks, 1, p)`` leave of the targets ``(n,)``, as far off as it would be at weight one."""
    found, count = np.zeros(len(rows.Y)), rows.counted
    for tasks, Z, Y, weight in rows.batches():
        at, real = places(rows, tasks, Z.shape[1])
        precision = weight[real] / np.maximum(count[at], TINY)
        found[at] = np.sqrt(precision) * (Y - Z @ np.swapaxes(coef[tasks], 1, 2))[real][:, 0]
    return found


def monotone_weights(rows: Rows, residual: Array) -> Array:
    """Huber's weights ``(n,)``, which turn at the median of a task's absolute residuals: as robust as the median is."""
    size = np.abs(residual)
    median = _medians(rows, size)[rows.owner]
    return np.where(size > median, median / np.maximum(size, TINY), 1.0)


def _medians(rows: Rows, values: Array) -> Array:
    """The (lower) median of each task's ``values (n,)``, each as often as its row counts."""
    owner, counts, often = rows.owner[rows.order], np.diff(rows.starts), rows.counted[rows.order]
    within = np.lexsort((values[rows.order], owner))
    total = np.bincount(owner, often, minlength=rows.n_tasks)
    before = np.r_[0.0, np.cumsum(total)[:-1]]
    below = np.cumsum(often[within]) - before[owner] < 0.5 * total[owner] * (1.0 - 1e-9)
    place = rows.starts[:-1] + np.minimum(np.bincount(owner, below, minlength=rows.n_tasks).astype(int), counts - 1)
    found = np.zeros(rows.n_tasks)
    there = counts > 0
    found[there] = values[rows.order][within][place[there]]
    return found
