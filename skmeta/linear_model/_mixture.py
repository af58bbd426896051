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
from skmeta._inference.explained import law_of_variances, share_explained
from skmeta._inference.held_out_weights import HeldOut, Weights, held_out_weights
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
    if learned.overdispersion > 0.0 and learned.use < 0.5:
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
    """The prior of tasks whose slopes alone are unlike the others': the estimator's own, with what is known of intercepts."""
    own, likelihood, known = own_prior(prior, explained), prior.engine_likelihood, []
    for k in range(prior.n_outputs):
        units = prior.engine_units(k, likelihood)
        intercept, variance = engine.law_of_intercept(prior.component(k, units, likelihood))
        noise = engine.penalised_noise(own.noise_of(k), units.scale, explained)
        known.append((noise, units.target_centre + units.target_scale * intercept, units.target_scale**2 * variance))
    noises, intercepts, variances = np.array(known).T
    noises = np.asarray(noises[0]) if prior.n_outputs == 1 else noises
    return own._with(
        noise=noises,
        noise_dof=engine.TIED_NOISE_DOF,
        predicted_noise=own.noise,
        predicted_dof=own.noise_dof,
        intercept=intercepts,
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
        class_prior=prior.class_prior,
        class_weight=prior.class_weight,
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
    vague = dict(zip(getattr(past, "names", ()), getattr(past, "components", ()), strict=True)).get(VAGUE)
    return engine.explained_of(vague.noise_dof) if isinstance(vague, OwnPrior) and past.n_tasks > 0 else None


def _variances(found: LearnedLaw) -> NoiseLaw:
    """The law of the variances within tasks, measured against the noise, which may be in any unit."""
    tasks, noise = found.tasks, float(found.law.noise)
    law = law_of_variances(tasks.square_within / noise, tasks.n_rows, tasks.counts)
    return replace(law, level=noise * law.level)


def weighed(
    learned: GaussianPrior, laws: Sequence[LearnedLaw], tasks: HeldOut, past: Any, *, common_slopes: bool = False
) -> tuple[GaussianPrior, dict[str, float]]:
    """A learned prior with its probability of use, and mixture weights by name, from held-out ``tasks``; a past counts too.

    Its rival is the intercept alone (`held_out_weights`). Without any feature, or where one asked for ``common_slopes``, the
    intercept is what there is to learn, and no use is judged. Where one asked, slopes of a task's own have no
    more weight than what may be met though it never was.
    """
    names, judged = component_names(learned), not common_slopes and _has_slopes(laws[0].tasks)
    likelihood = learned.engine_likelihood
    tasks = tasks.of_common_slopes(likelihood) if common_slopes else tasks
    known = None if past is None else known_weights(past, names)
    poissons = _is_poissons(learned, laws[0])
    return weighed_by(learned, held_out_weights(tasks, likelihood, known, poissons=poissons, judged=judged))


def weighed_by(learned: GaussianPrior, found: Weights) -> tuple[GaussianPrior, dict[str, float]]:
    """A learned prior with its probability of use, and the weights by name."""
    return learned._with(use=found.use), dict(zip(component_names(learned), found.of_components.tolist(), strict=True))


def known_weights(past: Any, names: Sequence[str]) -> Weights:
    """What a past tells of these components, NaN of those it has not; the learned one has the rest."""
    seen = dict(zip(getattr(past, "names", ()), getattr(past, "weights", ()), strict=True))
    others = np.array([seen.get(name, np.nan) for name in names[1:]])
    return Weights(np.r_[1.0 - np.nansum(others), others], past.use, past.n_tasks)


def beside_laws(learned: GaussianPrior, laws: Sequence[LearnedLaw], explained: float) -> list[Beside]:
    """What stands beside the law of each output."""
    within = [_variances(found) if _scatter_is_learned(learned, found) else None for found in laws]
    return [beside(learned, k, explained, law) for k, law in enumerate(within)]


def held_out(learned: GaussianPrior, laws: Sequence[LearnedLaw], explained: float) -> HeldOut:
    """What held-out tasks say in all outputs: a task is of one component in all of them.

    Of many tasks each output looks at some of its own; the others say nothing there.
    """
    looked_at = np.unique(np.concatenate([found.choice.tasks for found in laws])).astype(np.intp)
    counts, evidence = laws[0].tasks.counts, np.zeros((len(looked_at), len(component_names(learned)) + 1))
    for found, side in zip(laws, beside_laws(learned, laws, explained), strict=True):
        if len(found.choice.tasks):
            evidence[np.searchsorted(looked_at, found.choice.tasks)] += found.held_out(side)
    share = counts[looked_at].sum() / counts.sum() if len(looked_at) else 1.0
    return HeldOut(evidence[:, :-1], evidence[:, -1], counts[looked_at], float(share))


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
