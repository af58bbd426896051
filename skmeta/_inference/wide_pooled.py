"""One model of all tasks as the mean of a wide law, by the penalty that estimators have of their own.

In standardised columns the slopes of rare columns are expected to be as large as those of frequent ones. An estimator's own
penalty is one in units of the data: there a rare word, of which few rows tell, moves little. Which is right, held-out tasks
say (`wide_em`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY
from skmeta._inference.newton import ROUNDS, falls_short, under_way
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_sweep import conjugate_gradients

Array = NDArray[Any]

_LARGE = 1e100  # guard: scales whose squares are numbers
_FLOOR = 1e-20  # guard: least variance


def around(mean: Array, batches: Sequence[Any], start: WidePrior) -> WidePrior:
    """The law of tasks that lie around a ``mean (K, p)``, their slopes with one variance in units of the data.

    A row's slopes vary by as much as they do under ``start`` on average, whose noise and intercept's variance are kept. How
    well the mean is known is part of that: held-out tasks, which lie around it, scale the whole.
    """
    start = start.without_factor()
    told = np.sum([_squares(batch, batch.weight[..., None])[:-1, 0] for batch in batches], axis=0)
    square = (batches[0].scale / batches[0].scale.max()) ** 2
    common = start.variance[:, :-1] @ told / max(told @ square, TINY)
    variance = np.concatenate([np.maximum(common[:, None] * square, _FLOOR), start.variance[:, -1:]], axis=1)
    return replace(start, mean=mean, variance=variance, mean_variance=0.0 * variance, pooled=True)


def pooled_fit(batches: Sequence[Any], loss: Likelihood, variance: float) -> Array:
    r"""Coefficients ``(K, p)`` of one model of all tasks, the intercept free.

    .. math:: \min_{w, b} \; \sum_t c_t \sum_i \omega_{ti} \, \ell(y_{ti}, x_{ti}^\top w + b) + \frac{|w|^2}{2 v}

    with slopes :math:`w` in units of the data and their ``variance`` :math:`v`, a task counting :math:`c_t` times. By Newton's
    method and conjugate gradients.
    """
    scale = np.clip(batches[0].scale, 1.0 / _LARGE, _LARGE)
    precision = np.r_[1.0 / (variance * scale**2), 0.0][:, None]
    at = _Point.of(np.zeros((len(precision), batches[0].Y.shape[2])), batches, loss, precision)
    for _ in range(ROUNDS):
        step = at.newton_step(loss)
        fall = float((at.gradient * step).sum())
        at = _search(at, step, fall, loss)
        if not under_way(np.array(fall), np.array(at.value), scoring=True):
            break
    found = at.coef.T
    if loss.coupled:  # a constant added to all intercepts is no difference
        found[:, -1] -= found[:, -1].mean()
    return found


def _search(at: _Point, step: Array, fall: float, loss: Likelihood) -> _Point:
    """A step, halved until the objective falls."""
    length = 1.0
    for _ in range(ROUNDS):
        new = _Point.of(at.coef - length * step, at.batches, loss, at.precision)
        if not falls_short(np.array(new.value), np.array(at.value), np.array(length * fall)):
            return new
        length *= 0.5
    return at


@dataclass(frozen=True, eq=False)
class _Point:
    """The objective's ``value`` and ``gradient (p, K)`` at ``coef (p, K)``; ``etas`` are the batches' linear predictors."""

    coef: Array
    value: float
    gradient: Array
    batches: Sequence[Any]
    etas: list[Array]
    precision: Array

    @classmethod
    def of(cls, coef: Array, batches: Sequence[Any], loss: Likelihood, precision: Array) -> _Point:
        """The objective there."""
        etas = [batch.times(coef) + batch.offset for batch in batches]
        value, gradient = 0.5 * float((precision * coef**2).sum()), precision * coef
        for batch, eta in zip(batches, etas, strict=True):
            value += float(batch.counts @ (batch.weight * loss.value(eta, batch.Y)).sum(axis=1))
            gradient = gradient - batch.collect(batch.weight[..., None] * loss.residual(eta, batch.Y))
        return cls(coef, value, gradient, batches, etas, precision)

    def newton_step(self, loss: Likelihood) -> Array:
        """``(p, K)``, downhill when taken off."""
        pairs = list(zip(self.batches, self.etas, strict=True))
        bends = [batch.weight[..., None] * loss.curvature(eta, batch.Y) for batch, eta in pairs]

        def bent(batch: Any, eta: Array, bend: Array, V: Array) -> Array:
            along = batch.times(V)
            if not loss.coupled:
                return batch.collect(bend * along)
            share = loss.mean(eta)  # the classes of a softmax: its curvature is no diagonal
            off = along - (share * along).sum(axis=2, keepdims=True)
            return batch.collect(batch.weight[..., None] * share * off)

        def product(V: Array) -> Array:
            parts = (bent(*pair, bend, V) for pair, bend in zip(pairs, bends, strict=True))
            return sum(parts, self.precision * V)

        told = sum(map(_squares, self.batches, bends))
        return conjugate_gradients(product, self.gradient, np.maximum(self.precision + told, TINY))


def _squares(batch: Any, weight: Array) -> Array:
    """``sum_i w_i z_i^2`` of every column ``(p, K)``, for weights ``(b, n, K)`` of the rows."""
    eye = np.eye(weight.shape[1])
    return np.stack([batch.total(batch.diagonal(w[..., None] * eye)) for w in np.moveaxis(weight, 2, 0)], axis=1)
