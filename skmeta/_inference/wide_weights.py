"""What held-out tasks say of the mixture around a wide prior: how often each component is met, and what the law explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Component, intercept_alone
from skmeta._inference.explained import law_of_variances, share_explained
from skmeta._inference.held_out_weights import HeldOut, Weights, held_out_weights
from skmeta._inference.laplace import DualModes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import log_evidence_of_batch
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.wide import NOISE_OUTLIER, WidePrior

Array = NDArray[Any]


def weighed(
    prior: WidePrior,
    batches: Sequence[Any],
    likelihood: Likelihood,
    counts: Array,
    past: WidePrior | None = None,
    share: float = 1.0,
) -> WidePrior:
    """A prior with the weights of its components and the share of the variance that it explains, of tasks it never saw.

    These count ``counts (n_tasks,)`` times and are a ``share`` of those learned from; the ``past`` counts too.
    """
    laws = _laws_of_variances(batches, prior, likelihood, counts)
    if likelihood.quadratic:
        prior = replace(prior, explained=float(np.mean([*map(share_explained, prior.noise, laws)])))
    evidence = wide_evidence(batches, prior, likelihood)
    tasks = HeldOut(evidence, _intercept_evidence(batches, prior, likelihood, laws), counts, share)
    return _with_weights(prior, tasks, likelihood, past)


def weighed_before(prior: WidePrior, scale: Array, likelihood: Likelihood, past: WidePrior | None) -> WidePrior:
    """The same where no task can be held out: as it was known before."""
    none = np.zeros((0, len(prior.components(0, scale, likelihood))))
    return _with_weights(prior, HeldOut(none, np.zeros(0), np.zeros(0)), likelihood, past)


def _with_weights(prior: WidePrior, tasks: HeldOut, likelihood: Likelihood, past: WidePrior | None) -> WidePrior:
    known = None if past is None else _known_weights(past, tasks.log_evidence.shape[1])
    poissons = likelihood.counts and bool(np.all(prior.noise <= 1.0))
    found = held_out_weights(tasks, likelihood, known, poissons=poissons)
    return replace(prior, weights=found.of_components, use=found.use)


def _known_weights(past: WidePrior, n_components: int) -> Weights | None:
    """What a past tells of so many components: tasks may differ in noise here and not there (`WidePrior.components`)."""
    if past.weights is None:
        return None
    weights = past.weights
    if len(weights) < n_components:
        weights = np.insert(weights, NOISE_OUTLIER, np.nan)
    elif len(weights) > n_components:
        weights = np.delete(weights, NOISE_OUTLIER)
    return Weights(weights, past.use, past.n_tasks)


def wide_evidence(batches: Sequence[Any], prior: WidePrior, likelihood: Likelihood) -> Array:
    """``log p(y_t)`` of every task under each component ``(n_tasks, C)``."""
    components = [prior.components(k, batches[0].scale, likelihood) for k in range(len(prior.mean))]
    return _evidence(batches, components, likelihood)


def _intercept_evidence(
    batches: Sequence[Any], prior: WidePrior, likelihood: Likelihood, laws: Sequence[NoiseLaw]
) -> Array:
    """The same ``(n_tasks,)`` where nothing but the tasks' intercepts is known."""
    learned = [prior.components(k, batches[0].scale, likelihood)[0] for k in range(len(prior.mean))]
    return _evidence(batches, [[intercept_alone(*pair)] for pair in zip(learned, laws, strict=True)], likelihood)[:, 0]


def _evidence(batches: Sequence[Any], components: Sequence[Sequence[Component]], likelihood: Likelihood) -> Array:
    found = np.empty((sum(len(batch.tasks) for batch in batches), len(components[0])))
    for batch in batches:
        if likelihood.quadratic:
            parts = [log_evidence_of_batch(batch, batch.Y[..., k], own) for k, own in enumerate(components)]
            found[batch.tasks] = np.sum(parts, axis=0)
        else:
            level = np.array([component.noise.centre for component in components[0]])
            constant = 0.5 * batch.n_rows[:, None] * np.log(level)  # of a dispersion, as in `working`
            found[batch.tasks] = DualModes(batch, components, likelihood, 1.0).evidence - constant
    return found


def _laws_of_variances(
    batches: Sequence[Any], prior: WidePrior, likelihood: Likelihood, counts: Array
) -> list[NoiseLaw]:
    """Of each output's targets within tasks; of other than squared errors, whose levels are no sums, the learned law's."""
    n_outputs = batches[0].Y.shape[2]
    if not likelihood.quadratic:
        return [NoiseLaw(float(noise)) for noise in np.broadcast_to(prior.noise, (n_outputs,))]
    square, n_rows = np.empty((len(counts), n_outputs)), np.empty(len(counts))
    for batch in batches:
        # The intercept's column: of rows made from sums it is not one.
        ones = batch.times(np.eye(1, batch.width, batch.width - 1).T)
        weighted = batch.weight[..., None] * ones
        level = (weighted * batch.Y).sum(axis=1) / np.maximum((weighted * ones).sum(axis=1), TINY)
        off = batch.Y - ones * level[:, None]
        square[batch.tasks] = (batch.weight[..., None] * off**2).sum(axis=1)
        n_rows[batch.tasks] = batch.n_rows
    return [law_of_variances(own, n_rows, counts) for own in square.T]
