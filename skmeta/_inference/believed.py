"""A learned prior in the units of the engine, and what stands beside it in case it is wrong for a task.

A task may be a fellow of the past ones, or odd in one of three ways: its level is unlike theirs (its slopes are not),
its noise is, or it is a stranger, for whom nothing beats the plain estimator's own penalty.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skmeta._inference.between import level_of_tasks, told_by_new_row
from skmeta._inference.noise import NoiseLaw

FELLOW, ODD_LEVEL, ODD_NOISE, STRANGER = KINDS = range(4)
_FREE = 1e3  # how much wider a stranger's level is than levels are: the plain estimator leaves it free too
_WIDEST = 1e8  # times the noise; wider, and sums with the rest lose their digits
_LEVEL = 10.0  # variance of a stranger's level, in units of the target's variance over the collection
_ODD = 10.0  # how many times as far off as fellows' levels odd ones are


def stranger_variance(d, level, scale=None, *, free=True):
    """Variances ``(d + 1,)`` of a stranger's coefficients, in units of the noise.

    The plain estimator's unit penalty is one in the units of the data, where columns have ``scale``. The intercept is
    as good as free if ``free``.
    """
    return np.r_[np.ones(d) if scale is None else scale**2, freedom(level, free) * _LEVEL / min(level, 1.0)]


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
    """``w ~ N(mean, R R')`` with ``root`` R and a noise from the `NoiseLaw` ``noise``, or odd.

    ``kinds (4,)`` are the probabilities of a fellow, an odd level, an odd noise and a stranger. ``between`` and
    ``ratio`` move the expected intercept with a task's columns (see `between`); ``scale`` are the columns' scales in
    the data, which say what the plain estimator's penalty is here.

    Two laws of coefficients, the learned and the stranger's, make ``C`` components by ``levels`` of the noise and by
    more variance of the intercept.
    """

    mean: np.ndarray
    root: np.ndarray
    noise: NoiseLaw
    kinds: np.ndarray
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
        levels, probability = self.noise.nodes()
        return float(np.exp(probability @ np.log(levels)))

    @cached_property
    def odd_level(self):
        """Variance of an odd level beyond a fellow's: farther off, and its slopes are not to be trusted either."""
        return _ODD**2 * float(self.root[-1] @ self.root[-1])

    @cached_property
    def stranger_root(self):
        """``(p, p)``: of the plain estimator; in units of the noise, unless that is known."""
        variance = stranger_variance(len(self.mean) - 1, self.level, self.scale, free=self.free_level)
        return np.diag(np.sqrt(variance * (self.level if self.noise_known else 1.0)))

    @cached_property
    def roots(self):
        """Of the learned law and, if there is one, of the stranger's."""
        return [self.root, self.stranger_root] if self.kinds[STRANGER] > 0 else [self.root]

    @cached_property
    def _levels(self):
        """Noise levels and their probabilities, by kind, of the kinds that there are."""
        odd, own = self.noise.odd(), np.array([self.level if self.noise_known else 1.0])
        nodes, even = self.noise.nodes(), np.full(len(odd), 1.0 / max(len(odd), 1))
        found = {FELLOW: nodes, ODD_LEVEL: nodes, ODD_NOISE: (odd, even), STRANGER: (own, np.ones(1))}
        return {kind: noise for kind, noise in found.items() if kind == FELLOW or self.kinds[kind] > 0}

    @cached_property
    def kind(self):
        """``(C,)`` what each component is; the stranger, if any, comes last."""
        return np.repeat(list(self._levels), [len(levels) for levels, _ in self._levels.values()])

    @cached_property
    def n_learned(self):
        """How many components are not the stranger."""
        return int(np.sum(self.kind != STRANGER))

    @cached_property
    def law(self):
        """``(C,)`` which of ``roots`` each component has."""
        return (self.kind == STRANGER).astype(int)

    @cached_property
    def levels(self):
        """``(C,)`` noise that each component is solved at; one for strangers, whose coefficients are in its units."""
        return np.concatenate([levels for levels, _ in self._levels.values()])

    @cached_property
    def log_shares(self):
        """``(C,)`` log-probabilities of the components before any rows."""
        shares = [self.kinds[kind] * probability for kind, (_, probability) in self._levels.items()]
        return np.log(np.maximum(np.concatenate(shares), np.finfo(float).tiny))

    @cached_property
    def caution(self):
        """``(C,)`` how many times as strong as its noise level says a component's prior is.

        Learned coefficients trust rows no more than tasks' mean noise allows: a task's first rows often lie closer
        together than its other rows will.
        """
        return np.where(self.law, 1.0, np.maximum(self.noise.mean / self.levels, 1.0))

    def means(self, n_rows, context):
        """Expected coefficients ``(n_tasks, p)`` under each law, for tasks of so many rows around ``context``."""
        learned = np.tile(self.mean, (len(n_rows), 1))
        if self.between is not None:
            learned[:, -1] += level_of_tasks(self.between, self.ratio, n_rows, context)[0]
        return [learned, np.broadcast_to(self.stranger_mean, learned.shape)][: len(self.roots)]

    def wider_level(self, n_rows, context):
        """Variance of the intercept ``(n_tasks, C)`` beyond its law's.

        Odd levels have it; and a task's level is the less certain the fewer rows tell its columns' means.
        """
        wider = np.tile(np.where(self.kind == ODD_LEVEL, self.odd_level, 0.0), (len(n_rows), 1))
        if self.between is not None:
            wider[:, : self.n_learned] += level_of_tasks(self.between, self.ratio, n_rows, context)[1][:, None]
        return wider

    def finish(self, coef, n_rows, context, left):
        """Coefficients ``(n_tasks, C, p)`` for rows to predict; ``left (n_tasks, C)`` of the intercept's variance remains."""
        if self.between is not None:
            for c in range(self.n_learned):
                coef[:, c] += told_by_new_row(self.between, self.ratio, n_rows, context, left[:, c])
        return coef
