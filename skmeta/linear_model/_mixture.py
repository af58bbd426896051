"""The robust mixture: a learned prior, what stands beside it in case it is wrong for a task, and how often it is.

A task may be like the past ones; or unlike them in its intercept alone, or in its noise alone; or unlike them altogether,
and then nothing beats the estimator's own penalty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference import components as engine
from skmeta._inference.components import Beside, KnownNoise
from skmeta._inference.mixture import learn_weights
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.selection import evidence_held_out
from skmeta.compose import MixturePrior
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._own_prior import OwnPrior

Array = NDArray[np.float64]

LEARNED, INTERCEPT, NOISE, VAGUE = "learned", "intercept outlier", "noise outlier", "vague"


def robust_mixture(learned: GaussianPrior, weights: Mapping[str, float]) -> MixturePrior:
    """A learned prior among what stands beside it (`component_names`), by the probabilities of these names.

    Parameters
    ----------
    learned : GaussianPrior
        What past tasks say.
    weights : mapping of str to float
        Probability of each component; that of ``learned`` is the rest.

    Returns
    -------
    MixturePrior
        Whose first component is ``learned``.
    """
    make = {INTERCEPT: intercept_outlier, NOISE: noise_outlier, VAGUE: own_prior}
    names = component_names(learned)
    others = np.array([weights.get(name, 0.0) for name in names[1:]])
    components = [learned] + [make[name](learned) for name in names[1:]]
    # Rows alone can say that a task is unlike the others: without any, the learned component is the answer.
    return MixturePrior(components, np.r_[1.0 - others.sum(), others], names, np.eye(1, len(names))[0])


def component_names(learned: GaussianPrior) -> tuple[str, ...]:
    """What stands beside a learned prior: outliers in one respect only where few rows can tell them apart.

    For labels and counts they cannot; and noise outliers there are only where tasks differ in noise.
    """
    if not learned.engine_likelihood.quadratic:
        return LEARNED, VAGUE
    differ = bool(np.any(np.isfinite(learned.noise_dof)))
    return (LEARNED, INTERCEPT, NOISE, VAGUE) if differ else (LEARNED, INTERCEPT, VAGUE)


def intercept_outlier(prior: GaussianPrior) -> GaussianPrior:
    """The prior of tasks whose intercept alone is unlike the others': `engine.WIDER_INTERCEPT` times as far off."""
    covariance = prior.covariance.copy()
    outputs = covariance if prior.mean.ndim == 2 else covariance[None]
    for k in range(prior.n_outputs):
        more = engine.WIDER_INTERCEPT**2 * prior.central_intercept_variance(k)
        outputs[(k, -1, -1) if prior.is_dense else (k, -1)] += more
    return prior._with(covariance=covariance)


def noise_outlier(prior: GaussianPrior) -> GaussianPrior:
    """The prior of tasks whose noise alone is larger: `engine.NOISIER` standard deviations of the noises' logarithms."""
    laws = [engine.outlying_noise(law) for law in _noise_laws(prior)]
    noise = np.array([law.level for law in laws])
    return prior._with(noise=np.asarray(noise[0]) if prior.mean.ndim == 1 else noise)


def own_prior(prior: GaussianPrior) -> OwnPrior:
    """The estimator's own prior, in the units of a learned one and with a noise around the past tasks'."""
    centres = np.array([KnownNoise.of(law).centre for law in _noise_laws(prior)])
    return OwnPrior(
        noise=np.asarray(centres[0]) if prior.n_outputs == 1 else centres,
        n_outputs=prior.n_outputs,
        units=prior.working_units,
        likelihood=prior.likelihood,
        weight_unit=prior.weight_unit,
        n_tasks=prior.n_tasks,
        n_rows=prior.n_rows,
        feature_names=prior.feature_names,
        classes=prior.classes,
    )


def _noise_laws(prior: GaussianPrior) -> list[NoiseLaw]:
    dof = np.broadcast_to(prior.noise_dof, (prior.n_outputs,))
    return [NoiseLaw(prior.noise_of(k), float(dof[k])) for k in range(prior.n_outputs)]


# How often each is met --------------------------------------------------------------------------------


def beside(learned: GaussianPrior, k: int) -> Beside:
    """What stands beside laws of output ``k``, in the order of ``component_names(learned)``, for the engine."""
    likelihood, names = learned.engine_likelihood, component_names(learned)
    units = learned.working_units.of_output(k)
    outliers, noise_outliers = INTERCEPT in names, NOISE in names
    return Beside(units.scale, units.target_centre, likelihood, outliers=outliers, noise_outliers=noise_outliers)


def held_out_weights(learned: GaussianPrior, laws: Sequence[LearnedLaw], past: Any) -> dict[str, float]:
    """Mixture weights by name, from how probable held-out tasks were under each component; with a past, both count."""
    names, weights = component_names(learned), []
    for k, found in enumerate(laws):
        looked_at, stands = found.choice.tasks, beside(learned, k)  # no tasks where there is a single one
        none = np.zeros((0, len(names)))
        evidence = evidence_held_out(found.tasks, found.choice, stands) if len(looked_at) else none
        weights.append(learn_weights(evidence, found.tasks.counts[looked_at]))
    return with_past(names, np.mean(weights, axis=0), float(np.sum(laws[0].tasks.counts)), past)


def with_past(names: Sequence[str], weights: Array, n_tasks: float, past: Any) -> dict[str, float]:
    """Mixture weights by name, those that were known before counting by the tasks they were learned from."""
    known = getattr(past, "named_weights", {VAGUE: 0.0})
    if past is not None and past.n_tasks > 0:
        seen = np.array([known.get(name, 0.0) for name in names[1:]])
        rest = (weights[1:] * n_tasks + seen * past.n_tasks) / (n_tasks + past.n_tasks)
        weights = np.r_[1.0 - rest.sum(), rest]
    return dict(zip(names, weights.tolist(), strict=True))
