"""The robust mixture: a learned prior, what stands beside it in case it is wrong for a task, and how often it is.

A task may be like the past ones; or unlike them in its intercept alone, in its noise alone or in its slopes alone; or
unlike them altogether, and then nothing beats the estimator's own penalty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference import components as engine
from skmeta._inference.components import Beside, KnownNoise
from skmeta._inference.explained import ENOUGH_TO_TELL, law_of_variances, probability_of_use, share_explained
from skmeta._inference.few_counts import weights_of_few
from skmeta._inference.linalg import TINY
from skmeta._inference.mixture import assumed_tasks, next_to_nothing, weights_by_use
from skmeta._inference.noise import NoiseLaw
from skmeta.compose import MixturePrior
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LearnedLaw
from skmeta.linear_model._own_prior import OwnPrior

Array = NDArray[np.float64]

LEARNED, INTERCEPT, NOISE, SLOPES, VAGUE = "learned", "intercept outlier", "noise outlier", "slope outlier", "vague"


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
        tasks with slopes of their own tied to theirs.

    Returns
    -------
    MixturePrior
        Whose first component is ``learned``.
    """
    if learned.overdispersion > 0.0 and next_to_nothing(weights.get(LEARNED, 1.0)):
        learned = learned._with(overdispersion=0.0)  # what past slopes did not explain, new ones may
    make: dict[str, Any] = {INTERCEPT: intercept_outlier, NOISE: noise_outlier}
    make |= {SLOPES: partial(slope_outlier, explained=explained)}
    make |= {name: partial(own_prior, explained=explained, slopes=v) for name, v in _vague_names(learned).items()}
    names = component_names(learned)
    others = np.array([weights.get(name, 0.0) for name in names[1:]])
    components: list[Any] = [learned] + [make[name](learned) for name in names[1:]]
    if SLOPES in names:  # around one level, so that one factorisation serves both
        components[-1] = components[-1]._with(intercept=components[-2].intercept)
    # Rows alone can say that a task is unlike the others: without any, the learned component is the answer.
    return MixturePrior(components, np.r_[1.0 - others.sum(), others], names, np.eye(1, len(names))[0])


def component_names(learned: GaussianPrior) -> tuple[str, ...]:
    """What stands beside a learned prior: outliers in one respect only where few rows can tell them apart.

    For labels and counts they cannot; and noise outliers there are only where tasks differ in noise.
    """
    if not learned.engine_likelihood.quadratic:
        return LEARNED, *_vague_names(learned)
    differ = bool(np.any(np.isfinite(learned.noise_dof)))
    return (LEARNED, INTERCEPT, NOISE, SLOPES, VAGUE) if differ else (LEARNED, INTERCEPT, SLOPES, VAGUE)


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


def slope_outlier(prior: GaussianPrior, explained: float = 0.0) -> OwnPrior:
    """The prior of tasks whose slopes alone are unlike the others': the estimator's own, with what is known of levels."""
    own, likelihood, known = own_prior(prior, explained), prior.engine_likelihood, []
    for k in range(prior.n_outputs):
        units = prior.engine_units(k, likelihood)
        level, variance = engine.law_of_level(prior.component(k, units, likelihood))
        noise = engine.penalised_noise(own.noise_of(k), units.scale, explained)
        known.append((noise, units.target_centre + units.target_scale * level, units.target_scale**2 * variance))
    noises, levels, variances = np.array(known).T
    noises = np.asarray(noises[0]) if prior.n_outputs == 1 else noises
    return own._with(
        noise=noises,
        noise_dof=engine.TIED_NOISE_DOF,
        predicted_noise=own.noise,
        predicted_dof=own.noise_dof,
        intercept=levels,
        intercept_variance=variances,
    )


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
    )


def _noise_laws(prior: GaussianPrior) -> list[NoiseLaw]:
    dof = np.broadcast_to(prior.noise_dof, (prior.n_outputs,))
    return [NoiseLaw(prior.noise_of(k), float(dof[k])) for k in range(prior.n_outputs)]


# How often each is met --------------------------------------------------------------------------------


def beside(learned: GaussianPrior, k: int, explained: float, within: NoiseLaw | None) -> Beside:
    """What stands beside laws of output ``k``, in the order of ``component_names(learned)``, for the engine."""
    names, units = component_names(learned), learned.working_units.of_output(k)
    return Beside(
        units.scale,
        units.target_centre,
        learned.engine_likelihood,
        outliers=INTERCEPT in names,
        noise_outliers=NOISE in names,
        explained=explained,
        within=within,
    )


def explained_by(laws: Sequence[LearnedLaw], past: Any) -> float:
    """The share of the variance within tasks that laws of squared errors explain, on average over the outputs.

    That of a past counts by its tasks.
    """
    share = float(np.mean([share_explained(found.law.noise, _variances(found)) for found in laws]))
    known, n_tasks = explained_before(past), laws[0].tasks.counts.sum()
    return share if known is None else float(np.average([share, known], weights=[n_tasks, past.n_tasks]))


def explained_before(past: Any) -> float | None:
    """The share that a past explained, as its vague component's noise is tied by it; None where it has no such."""
    own = [each for each in getattr(past, "components", ()) if isinstance(each, OwnPrior)]
    return engine.explained_of(float(own[0].noise_dof)) if own and past.n_tasks > 0 else None


def _variances(found: LearnedLaw) -> NoiseLaw:
    """The law of the variances within tasks, measured against the noise, which may be in any unit."""
    tasks, noise = found.tasks, float(found.law.noise)
    law = law_of_variances(tasks.square_within / noise, tasks.n_rows, tasks.counts)
    return replace(law, level=noise * law.level)


def held_out_weights(
    learned: GaussianPrior, laws: Sequence[LearnedLaw], explained: float, past: Any, *, levels: bool = False
) -> dict[str, float]:
    """Mixture weights by name, from how probable held-out tasks were under each component; with a past, both count.

    Where the law makes no held-out task more probable than its level alone, in no output, nothing but a law of levels is
    expected of it. Two tasks cannot tell: what one alone teaches is too little; what was known before has told by its own
    weights; and without any feature, or where one asked for ``levels``, the level is what there is to learn.
    """
    past = past if past is not None and past.n_tasks > 0 else None
    names, likelihood, looked_at = component_names(learned), learned.engine_likelihood, laws[0].choice.tasks
    told = past is not None or levels or len(looked_at) < ENOUGH_TO_TELL or not _has_slopes(laws[0].tasks)
    outputs = [_held_out(learned, k, found, explained) for k, found in enumerate(laws)]
    use = 1.0 if told else max(probability_of_use(each[:, 0] - level, counts) for each, level, counts, _ in outputs)
    if _is_poissons(learned, laws[0]) and past is None and len(looked_at):
        each, _, counts, _ = outputs[0]
        return dict(zip(names, weights_of_few(each, counts, len(names) - 1, use).tolist(), strict=True))
    weights = []
    for each, _, counts, share in outputs:
        nothing = assumed_tasks(len(names), engine.n_own(likelihood))
        known = nothing if past is None else _known_counts(names, past, share)
        weights.append(weights_by_use(each, counts, use, known, likelihood))
    return dict(zip(names, np.mean(weights, axis=0).tolist(), strict=True))


def _held_out(learned: GaussianPrior, k: int, found: LearnedLaw, explained: float) -> tuple[Array, Array, Array, float]:
    """What held-out tasks say of one output: evidence ``(n_tasks, C)``, that of the level alone, counts, their share of all.

    Where some of the new tasks were looked at, what was known counts by as much less.
    """
    looked_at, counts = found.choice.tasks, found.tasks.counts
    if not len(looked_at):  # a single task
        return np.zeros((0, len(component_names(learned)))), np.zeros(0), np.zeros(0), 1.0
    within = _variances(found) if _scatter_is_learned(learned, found) else None
    evidence = found.held_out(beside(learned, k, explained, within))
    share = counts[looked_at].sum() / counts.sum()
    return evidence[:, :-1], evidence[:, -1], counts[looked_at], float(share)


def _is_poissons(learned: GaussianPrior, found: LearnedLaw) -> bool:
    """Whether counts scatter no more than Poisson's: what coefficients might explain would be seen as more."""
    return learned.engine_likelihood.counts and not _scatter_is_learned(learned, found)


def _scatter_is_learned(learned: GaussianPrior, found: LearnedLaw) -> bool:
    """Whether targets may scatter more where slopes explain less: not those of labels, nor counts that are Poisson's.

    Where rows have weights, Poisson's dispersion may be any. Of powers beyond gamma's, whose means alone are learned, the
    working responses' scatter is another likelihood's.
    """
    likelihood = learned.engine_likelihood
    if found.rows is None:
        return likelihood.dispersed and likelihood.for_learning == likelihood
    return found.rows.weighted or learned.overdispersion > 0.0 or learned.noise_of(0) > 1.0


def _has_slopes(tasks: Any) -> bool:
    """Whether a column varies at all: a table without features is read as one column of zeros."""
    return bool(np.any(np.diagonal(tasks.pooled().gram)[:-1] > 0.0))


def _known_counts(names: Sequence[str], past: Any, share: float) -> Array:
    """A ``share`` of the past tasks that were of each component; one of a component that is new."""
    seen = _known_weights(past)
    others = [max(share * past.n_tasks * seen[name], TINY) if name in seen else 1.0 for name in names[1:]]
    return np.r_[max(share * past.n_tasks - sum(others), 1.0), others]


def with_past(names: Sequence[str], weights: Array, n_tasks: float, past: Any) -> dict[str, float]:
    """Mixture weights by name, those that were known before counting by the tasks they were learned from."""
    known = _known_weights(past)
    if past is not None and past.n_tasks > 0:
        seen = np.array([known.get(name, 0.0) for name in names[1:]])
        rest = (weights[1:] * n_tasks + seen * past.n_tasks) / (n_tasks + past.n_tasks)
        weights = np.r_[1.0 - rest.sum(), rest]
    return dict(zip(names, weights.tolist(), strict=True))


def _known_weights(past: Any) -> dict[str, float]:
    """Mixture weights of a past by name; one that is no mixture has none."""
    return dict(zip(getattr(past, "names", ()), getattr(past, "weights", ()), strict=True))
