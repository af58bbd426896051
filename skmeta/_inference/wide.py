"""What is known of the next wide task, as its learner has it: columns scaled, never centred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Component, KnownNoise, vague_component
from skmeta._inference.covariances import LowRankCovariance
from skmeta._inference.laplace import DualModes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.mixture import log_evidence_of_batch
from skmeta._inference.noise import NoiseLaw

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WidePrior:
    """What is known of the next task, in the units of the engine; the intercept last.

    ``mean (K, p)``, ``variance (K, p)``, ``factor (K, p, k)`` with ``k`` possibly 0; the noises' law ``noise (K,)`` (one
    where the likelihood has no dispersion) and ``noise_dof (K,)``; ``intercept (K,)`` is where that of the vague component
    is centred, ``vague_weight`` how often a task is of it.
    """

    mean: Array
    variance: Array
    factor: Array
    noise: Array
    noise_dof: Array
    intercept: Array
    vague_weight: float = 0.0
    n_tasks: float = 0.0
    n_rows: float = 0.0

    def components(self, k: int, scale: Array, likelihood: Likelihood) -> list[Component]:
        """The learned and the vague component of one output."""
        noise = KnownNoise.of(NoiseLaw(self.noise[k], self.noise_dof[k]))
        learned = Component(self.mean[k], LowRankCovariance(self.variance[k], self.factor[k]), noise)
        return [learned, vague_component(scale, noise.centre, float(self.intercept[k]), likelihood)]


def wide_evidence(batches: Sequence[Any], prior: WidePrior, likelihood: Likelihood) -> Array:
    """``log p(y_t)`` of every task under the learned and the vague component: ``(n_tasks, 2)``."""
    found = np.empty((sum(len(batch.tasks) for batch in batches), 2))
    for batch in batches:
        components = [prior.components(k, batch.scale, likelihood) for k in range(len(prior.mean))]
        if likelihood.quadratic:
            parts = [log_evidence_of_batch(batch, batch.Y[..., k], own) for k, own in enumerate(components)]
            found[batch.tasks] = np.sum(parts, axis=0)
        else:
            found[batch.tasks] = DualModes(batch, components, likelihood, 1.0).evidence
    return found
