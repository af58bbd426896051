"""What is known of the next wide task, as its learner has it: columns scaled, never centred."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import (
    Component,
    KnownNoise,
    intercept_outlier,
    noise_outlier,
    slope_outlier_beside,
    tied_dof,
    vague_components,
)
from skmeta._inference.contextual import without_rows
from skmeta._inference.covariances import LowRankCovariance
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY
from skmeta._inference.noise import NoiseLaw, pooled_dof
from skmeta._inference.units import Law, Units

Array = NDArray[np.float64]

MAX_RANK = 3  # factors that are kept
NOISE_OUTLIER = 2  # guard: its place among the components, where tasks differ in noise


@dataclass(frozen=True, eq=False)
class WidePrior:
    """What is known of the next task, in the units of the engine; the intercept last.

    ``mean (K, p)``, ``variance (K, p)``, ``factor (K, p, k)`` with ``k`` possibly 0; ``mean_variance (K, p)`` is how well
    the mean and the factors are known; the noises' law ``noise (K,)`` (one where the likelihood has no dispersion) and
    ``noise_dof (K,)``; ``intercept (K,)`` is where that of the vague component is centred. ``weights (C,)`` say how often a
    task is of each of the ``components``, ``use`` how probable it is that the law is of any (`explained`), ``scores`` the
    evidence of tasks held out under each shape tried. ``effects (K, p - 1)`` are those of the columns' means on the
    intercept, and ``context`` what is known of these (`wide_context`); None where there are none. ``pooled`` is whether the
    mean is one model of all tasks, and slopes have one variance in units of the data (`wide_pooled`). ``explained`` is the
    share of the targets' variance within tasks that coefficients explain, None where nobody has told: then components are
    those of none.
    """

    mean: Array
    variance: Array
    factor: Array
    noise: Array
    noise_dof: Array
    intercept: Array
    mean_variance: Array | None = None
    weights: Array | None = None
    use: float = 1.0
    explained: float | None = None
    n_tasks: float = 0.0
    n_rows: float = 0.0
    effects: Array | None = None
    context: Any = None
    pooled: bool = False
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def expected(self) -> Array:
        """``(K, p)`` coefficients of a task without rows: `mean` is that of tasks whose columns' means are known."""
        if self.effects is None:
            return self.mean
        return self.mean + without_rows(self.effects, self.context.ratio, self.context.centre)

    def to_data(self, k: int, units: Units) -> Law:
        """What it says of one output, in units of the data."""
        factor = self.factor[k] if self.factor.shape[2] else None
        effects = None if self.effects is None else (self.effects[k], self.context.ratio, self.context.centre)
        sure = None if self.mean_variance is None else self.mean_variance[k]
        law = Law(self.expected[k], self.variance[k], float(self.noise[k]), sure, factor, effects)
        return units.law_to_data(law)

    @property
    def structure(self) -> str:
        """The shape of the covariance: with factors, diagonal, or of one variance for all slopes; or "pooled"."""
        if self.pooled:
            return "pooled"
        if self.factor.shape[2]:
            return f"factor of rank {self.factor.shape[2]}"
        return "spherical" if np.all(self.variance[:, :-1] == self.variance[:, :1]) else "diagonal"

    @property
    def expected_variance(self) -> Array:
        """That of a new task's coefficients ``(K, p)`` beside the factors: around the mean, and of the mean."""
        return self.variance if self.mean_variance is None else self.variance + self.mean_variance

    def spherical(self) -> WidePrior:
        """The same with one variance for all slopes: the mean of theirs."""
        variance = self.variance.copy()
        variance[:, :-1] = variance[:, :-1].mean(axis=1, keepdims=True)
        return replace(self, variance=variance)

    def without_factor(self) -> WidePrior:
        """The same with each coefficient's variance its own, what tasks have in common included."""
        return replace(self, variance=self.variance + (self.factor**2).sum(axis=2), factor=self.factor[..., :0])

    def components(self, k: int, scale: Array, likelihood: Likelihood) -> list[Component]:
        """The learned component of one output, outliers in one respect if squared errors can tell them, and the vague."""
        law = NoiseLaw(float(self.noise[k]), float(self.noise_dof[k]))
        noise = KnownNoise.of(law)
        learned = Component(self.mean[k], LowRankCovariance(self.expected_variance[k], self.factor[k]), noise)
        explained = self.explained or 0.0
        outliers = [intercept_outlier(learned)] if likelihood.quadratic else []
        if likelihood.quadratic and np.any(np.isfinite(self.noise_dof)):
            outliers.append(noise_outlier(learned, law))
        if likelihood.quadratic:
            outliers.append(slope_outlier_beside(learned, scale, explained))
        dof, intercept = tied_dof(explained), float(self.intercept[k])
        return [learned, *outliers, *vague_components(scale, noise.centre, intercept, likelihood, dof)]


def merged(past: WidePrior, new: WidePrior) -> WidePrior:
    """Two priors as one, each by its number of tasks; the mean is the new one's, which began at the past's.

    The noise's level is told by rows; weights that the new tasks have learned count the past's already.
    """
    n_tasks, n_rows = past.n_tasks + new.n_tasks, past.n_rows + new.n_rows
    old, fresh = past.n_tasks / n_tasks, new.n_tasks / n_tasks
    variance, factors = old * past.variance + fresh * new.variance, []
    for k, pair in enumerate(zip(past.factor, new.factor, strict=True)):
        both = np.concatenate([np.sqrt(old) * pair[0], np.sqrt(fresh) * pair[1]], axis=1)
        _, turned = np.linalg.eigh(both.T @ both)
        both = both @ turned[:, ::-1]
        variance[k] += (both[:, MAX_RANK:] ** 2).sum(axis=1)
        factors.append(both[:, :MAX_RANK])
    share = new.n_rows / max(n_rows, TINY)
    noise_dof, weights = pooled_dof(past.noise_dof, past.n_tasks, new.noise_dof, new.n_tasks), new.weights
    if weights is not None and np.all(np.isinf(new.noise_dof)) and np.any(np.isfinite(noise_dof)):
        seen = weights if past.weights is None else past.weights  # the new tasks alone could not have any
        known = old * float(np.nan_to_num(seen[NOISE_OUTLIER])) if len(seen) > len(weights) else 0.0
        weights = np.insert((1.0 - known) * weights, NOISE_OUTLIER, known)
    return replace(
        new,
        weights=weights,
        variance=variance,
        factor=np.stack(factors),
        noise=past.noise ** (1.0 - share) * new.noise**share,
        noise_dof=noise_dof,
        intercept=old * past.intercept + fresh * new.intercept,
        explained=_averaged(past.explained, old, new.explained, fresh),
        n_tasks=n_tasks,
        n_rows=n_rows,
    )


def _averaged(one: float | None, its_share: float, other: float | None, others_share: float) -> float | None:
    """The mean of what two tell, or what the one that does tells."""
    if one is None or other is None:
        return other if one is None else one
    return its_share * one + others_share * other
