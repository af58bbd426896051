"""Where the sweeps of `wide_sweep` start: at what is known, or at shares of what the typical task holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.expectation import bounded_counts
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY
from skmeta._inference.typical import typical_square
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_sweep import Output

Array = NDArray[Any]

_FREE = 100.0  # prior variance of the mean's intercept, of a signal of about one: as good as free
_FLOOR = 1e-10  # guard: least variance


def first_outputs(batches: Any, loss: Likelihood, intercept: Array) -> list[Output]:
    """A start where nothing is known: a quarter of the signal's variance each to slopes and intercept, half to the noise."""
    p = batches[0].width
    parts = [np.concatenate(part) for part in zip(*map(_sizes, batches), strict=True)]
    counts, total, n_rows, norms, means, spread = parts
    # No task pulls harder than one whose columns spread as far as their units: see `bounded_counts`.
    bounded = bounded_counts(counts, norms / max(p - 1, 1), n_rows)
    norm = float(bounded @ norms / max(bounded @ n_rows, TINY))
    square = typical_square(total, n_rows, means, spread, np.tile((counts * n_rows)[:, None], means.shape[1]))
    signals = np.maximum(square, _FLOOR) if loss.quadratic else np.ones(len(intercept))
    outputs = []
    for start, signal in zip(intercept, signals, strict=True):
        even = 0.25 * signal / max(norm, _FLOOR)
        variance, loadings = np.full(p, even), np.zeros((p, 1))
        variance[-1], loadings[-1] = 0.25 * signal, start
        loading_variance, nothing = variance[:, None].copy(), np.zeros((p, 1))
        loading_variance[-1] = _FREE
        noise = 0.5 * signal if loss.quadratic else 1.0
        expected = np.array([even, variance[-1], noise])
        outputs.append(Output(loadings, variance, noise, loading_variance, nothing, even, nothing, expected))
    return outputs


def _sizes(batch: Any) -> tuple[Array, ...]:
    """Of every task: how often it counts, its rows' weight and number, their squared norms, targets' means and spread."""
    slopes = np.r_[np.ones(batch.width - 1), 0.0]
    norms = np.diagonal(batch.kernel(batch.spread(slopes)), axis1=1, axis2=2)
    ones, total = batch.times(1.0 - slopes[:, None])[..., 0], batch.weight.sum(axis=1)
    # Means as the intercept's column has them: rows that are made from sums have no ones.
    seen = np.maximum((batch.weight * ones**2).sum(axis=1), TINY)[:, None]
    means = np.einsum("bn,bnk->bk", batch.weight * ones, batch.Y) / seen
    spread = np.einsum("bn,bnk->bk", batch.weight, (batch.Y - means[:, None] * ones[..., None]) ** 2)
    return batch.counts, total, batch.n_rows, (batch.weight * norms).sum(axis=1), means, spread


def known_outputs(past: WidePrior) -> list[Output]:
    """A start from a prior, whose factors count as variance until they are merged again."""
    outputs = []
    flat = past.without_factor()
    for mean, variance, expected, noise, dof in zip(
        flat.mean, flat.variance, flat.expected_variance, flat.noise, flat.noise_dof, strict=True
    ):
        centre, nothing = mean[:, None], np.zeros((len(mean), 1))
        loading_variance, common = expected[:, None] / max(past.n_tasks, 1.0), float(np.median(variance[:-1]))
        scales = np.array([common, variance[-1], noise])
        known = Output(centre, variance, float(noise), loading_variance, centre, common, nothing, scales, known=True)
        outputs.append(replace(known, noise_dof=float(dof)))
    return outputs
