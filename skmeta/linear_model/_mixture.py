"""The robust mixture: a learned prior, what stands beside it in case it is wrong for a task, and how often it is.

A task may be like the past ones; or unlike them in its intercept alone, or in its noise alone; or unlike them altogether,
and then nothing beats the estimator's own penalty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference import components as engine
from skmeta._inference.components import Beside, KnownNoise
from skmeta._inference.explained import ENOUGH_TO_TELL, explains, law_of_variances, share_explained
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import assumed_tasks, learn_weights, unexplained_weights
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.selection import evidence_held_out
from skmeta.compose import MixturePrior
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._own_prior import OwnPrior

Array = NDArray[np.float64]

LEARNED, INTERCEPT, NOISE, VAGUE = "learned", "intercept outlier", "noise outlier", "vague"


def robust_mixture(learned: GaussianPrior, weights: Mapping[str, float], explained: float = 0.0) -> MixturePrior:
    """A learned prior among what stands beside it (`component_names`), by the probabilities of these names.

    Parameters
    ----------
    learned : GaussianPrior
        What past tasks say.
    weights : mapping of str to float
        Probability of each component; that of ``learned`` is the rest.
    explained : float, default=0.0
        Share of the variance within past tasks that their coefficients explain: the more, the more firmly is the noise of
        the vague component tied to theirs.

    Returns
    -------
    MixturePrior
        Whose first component is ``learned``.
    """
    make: dict[str, Any] = {INTERCEPT: intercept_outlier, NOISE: noise_outlier}
    make |= {name: partial(own_prior, explained=explained, slopes=v) for name, v in _vague_names(learned).items()}
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
        return LEARNED, *_vague_names(learned)
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


def _vague_names(learned: GaussianPrior) -> dict[str, float]:
    """Names of the vague components, and the variance of the slopes of each, which stands for the estimator's penalty."""
    variances = engine.own_variances(learned.engine_likelihood)
    return {VAGUE if v == 1.0 else f"{VAGUE} / {1.0 / v:.0f}": v for v in variances}


def own_prior(prior: GaussianPrior, explained: float = 0.0, slopes: float = 1.0) -> OwnPrior:
    """The estimator's own prior, in the units of a learned one and with a noise around the past tasks'."""
    centres = np.array([KnownNoise.of(law).centre for law in _noise_laws(prior)])
    return OwnPrior(
        slopes=slopes,
        noise=np.asarray(centres[0]) if prior.n_outputs == 1 else centres,
        noise_dof=engine.tied_dof(explained),
        n_outputs=prior.n_outputs,
        units=prior.working_units,
        likelihood=prior.likelihood,
        weight_unit=prior.weight_unit,
        n_tasks=prior.n_tasks,
        n_rows=prior.n_rows,
        feature_names=prior.feature_names,
        classes=prior.classes,
        class_prior=prior.class_prior,
    )


def _noise_laws(prior: GaussianPrior) -> list[NoiseLaw]:
    dof = np.broadcast_to(prior.noise_dof, (prior.n_outputs,))
    return [NoiseLaw(prior.noise_of(k), float(dof[k])) for k in range(prior.n_outputs)]


# How often each is met --------------------------------------------------------------------------------


def beside(learned: GaussianPrior, k: int, explained: float = 0.0, within: NoiseLaw | None = None) -> Beside:
    """What stands beside laws of output ``k``, in the order of ``component_names(learned)``, for the engine."""
    names, units = component_names(learned), learned.working_units.of_output(k)
    return Beside(
        units.scale,
        units.target_centre,
        learned.engine_likelihood,
        outliers=INTERCEPT in names,
        noise_outliers=NOISE in names,
        noise_dof=engine.tied_dof(explained),
        within=within,
    )


def explained_by(laws: Sequence[LearnedLaw]) -> float:
    """The share of the variance within tasks that laws of squared errors explain, on average over the outputs."""
    return float(np.mean([share_explained(found.law.noise, _variances(found.tasks)) for found in laws]))


def _variances(tasks: Any) -> NoiseLaw:
    return law_of_variances(tasks.square_within, tasks.n_rows, tasks.counts)


def held_out_weights(
    learned: GaussianPrior, laws: Sequence[LearnedLaw], explained: float, past: Any, *, levels: bool = False
) -> dict[str, float]:
    """Mixture weights by name, from how probable held-out tasks were under each component; with a past, both count.

    Where the law makes no held-out task clearly more probable than its level alone, in no output, nothing is expected of
    it, and the estimator's own prior has nearly all. Two tasks cannot tell: what one alone teaches is too little; what was
    known before has told by its own weights; and without any feature, or where one asked for ``levels``, the level is what
    there is to learn.
    """
    past = past if past is not None and past.n_tasks > 0 else None
    names, n_vague, weights = component_names(learned), len(_vague_names(learned)), []
    useful = past is not None or levels or len(laws[0].choice.tasks) < ENOUGH_TO_TELL or not _has_slopes(laws[0].tasks)
    for k, found in enumerate(laws):
        looked_at, counts = found.choice.tasks, found.tasks.counts  # none where there is a single task
        evidence = np.zeros((0, len(names)))
        if len(looked_at):
            within = _variances(found.tasks) if learned.engine_likelihood.quadratic else None
            *each, level = evidence_held_out(found.tasks, found.choice, beside(learned, k, explained, within)).T
            evidence = np.stack(each, axis=1)
            useful = useful or explains(evidence[:, 0] - level, counts[looked_at])
        # Where some of the new tasks were looked at, what was known counts by as much less.
        share = counts[looked_at].sum() / counts.sum() if len(looked_at) else 1.0
        known = assumed_tasks(len(names), n_vague) if past is None else _known_counts(names, past, share)
        weights.append(learn_weights(evidence, counts[looked_at], known))
    found_weights = np.mean(weights, axis=0) if useful else unexplained_weights(len(names), n_vague)
    return dict(zip(names, found_weights.tolist(), strict=True))


def _has_slopes(tasks: Any) -> bool:
    """Whether a column varies at all: a table without features is read as one column of zeros."""
    return bool(np.any(np.diagonal(tasks.pooled().gram)[:-1] > 0.0))


def _known_counts(names: Sequence[str], past: Any, share: float) -> Array:
    """A ``share`` of the past tasks that were of each component; one of a component that is new."""
    seen = getattr(past, "named_weights", {})
    others = [max(share * past.n_tasks * seen[name], TINY) if name in seen else 1.0 for name in names[1:]]
    return np.r_[max(share * past.n_tasks - sum(others), 1.0), others]


def with_past(names: Sequence[str], weights: Array, n_tasks: float, past: Any) -> dict[str, float]:
    """Mixture weights by name, those that were known before counting by the tasks they were learned from."""
    known = getattr(past, "named_weights", {VAGUE: 0.0})
    if past is not None and past.n_tasks > 0:
        seen = np.array([known.get(name, 0.0) for name in names[1:]])
        rest = (weights[1:] * n_tasks + seen * past.n_tasks) / (n_tasks + past.n_tasks)
        weights = np.r_[1.0 - rest.sum(), rest]
    return dict(zip(names, weights.tolist(), strict=True))
