"""What stands beside a learned law in a robust mixture: outliers in one respect, and the estimator's own law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.components import (
    Component,
    KnownNoise,
    intercept_outlier,
    noise_outlier,
    own_variances,
    vague_component,
)
from skmeta._inference.covariances import DenseCovariance
from skmeta._inference.likelihoods import Likelihood


@dataclass(frozen=True, eq=False)
class Beside:
    """Which components there are, in the order learned, intercept outlier, noise outlier, vague.

    ``scale (p - 1,)`` and ``intercept`` say what the estimator's own law is in units of the engine (`vague_component`).
    """

    scale: NDArray[np.float64]
    intercept: float
    likelihood: Likelihood
    outliers: bool
    noise_outliers: bool

    def components(self, law: CoefficientLaw) -> list[Component]:
        """A law and what stands beside it."""
        effects = None if law.contextual is None else law.contextual.as_tuple()
        noise = law.noise_law
        own = Component(law.mean, DenseCovariance.of(law.covariance), KnownNoise.of(noise), effects=effects)
        found = [own, intercept_outlier(own)] if self.outliers else [own]
        found += [noise_outlier(own, noise)] if self.noise_outliers else []
        given = self.scale, own.noise.centre, self.intercept, self.likelihood
        return [*found, *(vague_component(*given, variance) for variance in own_variances(self.likelihood))]
