"""A learned prior in the units of the engine, and the strangers that stand beside it in case it is wrong for a task."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skmeta._numerics.between import level_of_tasks, told_by_new_row

SIGNAL_TO_NOISE = np.array([0.03, 1.0, 30.0, 1000.0])  # of all slopes together, in units of the noise variance
_FREE = 1e3  # how much wider a stranger's level is than levels are: the plain estimator leaves it free too
_WIDEST = 1e8  # times the noise; wider, and sums with the rest lose their digits
_PLAIN = 0.5  # share of the plain estimator among the strangers; the grid has the rest
_LEVEL = 10.0  # variance of a stranger's level, in units of the target's variance over the collection


def stranger_variances(d, level, scale=None, *, free=True):
    """Variances ``(G, d + 1)`` of the vague components' coefficients, in units of the noise, and their shares ``(G,)``.

    The plain estimator comes first: its unit penalty is one in the units of the data, where columns have ``scale``. On
    the grid, slopes share a signal-to-noise ratio evenly. The intercept is as good as free if ``free``.
    """
    slopes = [np.ones(d) if scale is None else scale**2]
    slopes += [np.full(d, ratio / max(d, 1)) for ratio in SIGNAL_TO_NOISE]
    intercept = np.full((len(slopes), 1), freedom(level, free) * _LEVEL / min(level, 1.0))
    shares = np.r_[_PLAIN, np.full(len(SIGNAL_TO_NOISE), (1.0 - _PLAIN) / len(SIGNAL_TO_NOISE))]
    return np.hstack([np.array(slopes), intercept]), shares


def freedom(level, free=True):
    """How many times as wide as the past tasks' levels a stranger's level is, at a noise of ``level``.

    Only where targets are continuous: the evidence of a few labels or counts does not pay for a free level.
    """
    if not free:
        return 1.0
    return max(min(_FREE, _WIDEST * min(level, 1.0) / _LEVEL), 1.0)


def level_bonus(level, n_rows, free=True):
    """What the evidence of a free level lacks against one among the past tasks' levels: its Occam factor."""
    return 0.5 * np.log(freedom(level, free)) * (n_rows > 0)


@dataclass(frozen=True, eq=False)
class Believed:
    """``w ~ N(mean, R R')`` with ``root`` R, or a stranger; ``noise`` are the nodes of the noise's law.

    ``between`` and ``ratio`` move the expected intercept with a task's columns (see `between`); ``scale`` are the
    columns' scales in the data, which say what the plain estimator's penalty is here.
    """

    mean: np.ndarray
    root: np.ndarray
    noise: np.ndarray
    noise_probability: np.ndarray
    vague_weight: float
    stranger_mean: np.ndarray
    noise_known: bool = False
    flat_intercept: bool = False
    free_level: bool = True
    between: np.ndarray | None = None
    ratio: np.ndarray | None = None
    scale: np.ndarray | None = None

    @cached_property
    def covariance(self):
        """``(p, p)``."""
        return self.root @ self.root.T

    @cached_property
    def level(self):
        """One noise variance that stands for all."""
        return float(np.exp(self.noise_probability @ np.log(self.noise)))

    @cached_property
    def strangers(self):
        """Standard deviations ``(G, p)`` of the vague components' coefficients, and their shares ``(G,)``."""
        if self.vague_weight == 0:
            return np.empty((0, len(self.mean))), np.empty(0)
        variances, shares = stranger_variances(len(self.mean) - 1, self.level, self.scale, free=self.free_level)
        return np.sqrt(variances * (self.level if self.noise_known else 1.0)), shares

    @cached_property
    def roots(self):
        """``(C, p, p)``: the learned component at each noise node, then the strangers."""
        deviations, _ = self.strangers
        vague = deviations[:, :, None] * np.eye(len(self.mean))
        return np.concatenate([np.broadcast_to(self.root, (len(self.noise), *self.root.shape)), vague])

    @cached_property
    def levels(self):
        """``(C,)`` noise that each component is solved at; one for strangers, whose coefficients are in its units."""
        n_strangers = len(self.strangers[1])
        return np.r_[self.noise, np.full(n_strangers, self.level if self.noise_known else 1.0)]

    @cached_property
    def log_shares(self):
        """``(C,)`` log-probabilities of the components before any rows."""
        learned = (1.0 - self.vague_weight) * self.noise_probability
        return np.log(np.maximum(np.r_[learned, self.vague_weight * self.strangers[1]], np.finfo(float).tiny))

    def means(self, n_rows, context):
        """Expected coefficients ``(n_tasks, C, p)`` under every component, for tasks of so many rows around ``context``."""
        n_learned, n_all = len(self.noise), len(self.levels)
        means = np.empty((len(n_rows), n_all, len(self.mean)))
        means[:, :n_learned], means[:, n_learned:] = self.mean, self.stranger_mean
        if self.between is not None:
            means[:, :n_learned, -1] += level_of_tasks(self.between, self.ratio, n_rows, context)[0][:, None]
        return means

    def roots_of_tasks(self, n_rows, context):
        """Roots ``(n_tasks or 1, C, p, p)``: a task's level is the less certain the fewer rows tell its columns' means.

        The intercept comes last, so more variance of it changes nothing but the last entry of a triangular root.
        """
        if self.between is None:
            return self.roots[None]
        roots = np.repeat(self.roots[None], len(n_rows), axis=0)
        last = roots[:, : len(self.noise), -1, -1]
        unknown = level_of_tasks(self.between, self.ratio, n_rows, context)[1]
        roots[:, : len(self.noise), -1, -1] = np.sqrt(last**2 + unknown[:, None])
        return roots

    def finish(self, coef, n_rows, context, left):
        """Coefficients ``(n_tasks, C, p)`` for rows to predict; ``left (n_tasks, C)`` of the intercept's variance remains."""
        if self.between is not None:
            for c in range(len(self.noise)):
                coef[:, c] += told_by_new_row(self.between, self.ratio, n_rows, context, left[:, c])
        return coef
