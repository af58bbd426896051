"""Which shape of covariance to take: the one under which held-out tasks are most probable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.block_structure import with_mixed_blocks
from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import Progress, fit_gaussian, opened
from skmeta._inference.hyper_prior import bound_of, with_best_strengths
from skmeta._inference.linalg import cholesky_root, diagonal
from skmeta._inference.noise import N_NODES
from skmeta._inference.past import past_deviance, typical_design
from skmeta._inference.structure import PSEUDO_TASKS, CovarianceShape, Structure, Structures

Array = NDArray[Any]

_FOLDS = 5  # of tasks held out
_SWEEPS = 12  # of EM without constraint, in each fold
SOME_TASKS = 512  # tasks looked at for a choice; more would only make it slower
_NOTHING = 1e-9  # guard: share of the most that a task counts
_SETTLE = 3  # sweeps after which a state has forgotten effects that it does without
_ENOUGH = 4  # tasks a coefficient from which REML needs no hyper-prior
_RANKS = (1, 2, 3, 4, 5, 6, 8, 10, 13)


@dataclass(frozen=True, eq=False)
class Choice:
    """The structure chosen; which tasks were looked at, in which fold, and what each fold made of the others."""

    structure: CovarianceShape
    tasks: np.ndarray
    fold: np.ndarray
    states: list
    scores: dict
    contextual: bool = False


def candidates(
    covariance: str,
    p: int,
    n_tasks: float,
    rank: int | None = None,
    pseudo_tasks: float | None = None,
    *,
    known: tuple[int, ...] | None = None,
    varying: tuple[int, ...] | None = None,
) -> list[Structure]:
    """The structures that a word stands for, simplest first; ``pseudo_tasks`` overrides their hyper-prior's weight.

    ``varying`` are the coefficients that may vary (None: all, and with "auto" the intercept alone is tried too). Where
    something is known already, the first keeps the shape that it has, in which the coefficients ``known`` vary: no
    hyper-prior holds it a second time.
    """
    if varying is not None:
        some = candidates(covariance, len(varying), n_tasks, rank, pseudo_tasks, known=known)
        some = some if len(varying) > 1 else some[:1]
        return [replace(each, varying=varying) for each in some if each.varying is None]
    ranks = [rank] if rank is not None else [k for k in _RANKS if k < n_tasks and identified(k, p)]
    few = PSEUDO_TASKS if pseudo_tasks is None else pseudo_tasks
    spherical = [Structure("spherical", 0, equal=True)]
    diagonal = [Structure("diagonal", 0, strength=few)]
    factor = [Structure("factor", k, equal=e, strength=few) for k in ranks if k < p for e in (True, False)]
    if covariance == "full" or pseudo_tasks is not None:
        full = [Structure("full", None, strength=_plain_strength(p, n_tasks) if pseudo_tasks is None else pseudo_tasks)]
    else:
        full = [Structure("full", None, even, strength=float(p)) for even in (False, True)]
    words = {"spherical": spherical, "diagonal": diagonal, "factor": factor or diagonal, "full": full}
    alone = [replace(spherical[0], varying=(p - 1,))] if p > 1 else []
    found = alone + spherical + diagonal + factor + full if covariance == "auto" else words[covariance]
    if known is None or pseudo_tasks is not None or covariance == "spherical":
        return found
    if covariance == "factor":
        return [replace(each, strength=0.0) for each in found]
    kept = Structure("diagonal", 0, strength=0.0) if covariance == "diagonal" else Structure("full", None, strength=0.0)
    kept = kept if covariance != "auto" or len(known) >= p else replace(kept, varying=known)
    return [kept, *(each for each in found if each.shape != kept.shape)]


def all_vary(structures: Sequence[CovarianceShape]) -> list[CovarianceShape]:
    """Those in which all coefficients vary, where there are any."""
    return [one for one in structures if one.varying is None] or list(structures)


def identified(rank: int, p: int) -> bool:
    """Whether ``(p, p)`` scatters determine so many factors and unique variances (Ledermann, 1937, Psychometrika 2)."""
    return (p - rank) ** 2 >= p + rank


def _plain_strength(p: int, n_tasks: float) -> float:
    """A user who asks for "full" gets REML, unless there are too few tasks for it."""
    return 0.0 if n_tasks >= _ENOUGH * p else float(p)


def folds(moments: Any, n_folds: int, *, within: bool = False) -> Array:
    """Fold of every task ``(n_tasks,)``: dealt out in order of the targets' size, whatever the tasks are called."""
    return np.argsort(by_size(moments, within)) % n_folds


def by_size(moments: Any, within: bool) -> Array:
    """Tasks in order of the targets' mean square; those that tie (few labels) by their rows and their columns' means.

    That is ``within`` tasks where targets are not centred: the level of a logarithm is the unit, of which nothing is to depend.
    Tasks that count for nothing come last: the others are dealt out as without them.
    """
    size = (moments.square_within if within else moments.square) / np.maximum(moments.n_rows, 1e-12)
    nothing = moments.counts <= _NOTHING * moments.counts.max(initial=0.0)
    return np.lexsort((moments.context_total, moments.n_rows, size, nothing))


def choose(
    tasks: Any,
    structures: Sequence[CovarianceShape],
    *,
    noise: str = "task",
    start: CoefficientLaw | None = None,
    past: CoefficientLaw | None = None,
    strength: str | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Hold tasks out, learn from the rest, and compare the structures by the evidence of what was held out.

    The costly EM is run without constraint, for all folds at once; each structure starts from its scatter, and those
    that then look best get one more sweep. Nothing leaks: a fold's scatter never saw the tasks it is scored on. The
    tasks that a ``past`` was learned from take part, here as there, as `past_deviance` says they would.

    That coefficients do not vary is no simpler shape of the same: where all may vary, it must be the more probable of
    more tasks, and not clearly the less probable of all.

    The weight of a structure's hyper-prior is the one it comes with, or the best by ``strength``: "held-out" tasks, or the
    "pac-bayes" bound (`hyper_prior`). A past needs no hyper-prior. ``progress(done, total)`` is called after each sweep of
    the costly EM.
    """
    wide, working = all_vary(structures), start is not None  # responses, which are not centred
    fixed = [one for one in structures if one not in wide]
    looked_at = spread(tasks, SOME_TASKS, within=working)
    some = tasks.take(looked_at)
    if len(looked_at) < 2:
        best = wide[0] if past is None else best_for(past, structures, typical_design(tasks, past))
        return Choice(best, looked_at[:0], looked_at[:0], [], {})
    fold = folds(some, min(some.n_tasks, _FOLDS), within=working)
    held = _HeldOut(some, fold, past, scaled=noise != "known")
    free = Structure("full", None, strength=float(some.width) if past is None else 0.0)
    start = opened(past, some) if start is None and past is not None else start
    start = None if start is None else start.repeated(held.n_folds)
    options: dict[str, Any] = {"noise": noise, "past": held.past}
    base = fit_gaussian(held.train, free, n_iter=_SWEEPS, start=start, progress=progress, **options)
    if strength is not None and past is None:
        wide = _strengthened(strength, wide, some, held, base, options)
    wide = with_mixed_blocks(
        wide, lambda some: held.evidence(shaped(base, some)), lambda found: simplest(found, held.counts)
    )
    structure, law, evidence, scores = _compared(held, base, wide, options)
    told = len(looked_at) > 2 or past is not None  # whether a slope varies, a single task does not say
    for one in fixed if told else ():
        same = fit_gaussian(held.train, one, n_iter=_SETTLE, start=base, **options)
        other = held.evidence(same)
        scores[str(one)] = float(other @ held.counts)
        often = _more_often(held.evidence(same, scaled=False) - held.evidence(law, scaled=False), held.counts)
        if often and not clearly_positive(evidence - other, held.counts):
            structure, law, evidence = one, same, other
    law, contextual = _contextual_or_not(held, structure, law, evidence, options)
    return Choice(structure, looked_at, fold, [law.at(k) for k in range(held.n_folds)], scores, contextual)


def _compared(
    held: _HeldOut, base: CoefficientLaw, structures: Sequence[CovarianceShape], options: dict[str, Any]
) -> tuple[CovarianceShape, CoefficientLaw, Array, dict[str, float]]:
    """The structure chosen, its laws ``(n_folds,)``, the held-out tasks' evidence, and the sums of it for all of them."""
    laws = shaped(base, structures)
    evidence = held.evidence(laws)
    close = _worth_a_sweep(evidence, held.counts)
    tried = Structures(tuple(structures[i] for i in close))
    laws = fit_gaussian(held.train, tried, n_iter=1, start=laws.at(close), **options)
    evidence[close] = held.evidence(laws)
    best = simplest(evidence[close], held.counts)
    scores = {str(s): float(e) for s, e in zip(structures, evidence @ held.counts, strict=True)}
    return tried.each[best], laws.at(best), evidence[close[best]], scores


def _strengthened(
    strength: str,
    structures: Sequence[CovarianceShape],
    tasks: Any,
    held: _HeldOut,
    base: CoefficientLaw,
    options: dict[str, Any],
) -> list[CovarianceShape]:
    """The structures under the weights of their hyper-priors that held-out tasks, or a bound, ask for."""
    if strength == "held-out":
        counts = held.counts
        return with_best_strengths(
            structures,
            lambda several: -held.evidence(shaped(base, several)),
            lambda gain: clearly_positive(gain, counts),
            counts,
        )
    whole, free = tasks.grouped(np.arange(tasks.n_tasks)[None]), Structure("full", None, strength=float(tasks.width))
    law = fit_gaussian(whole, free, n_iter=_SWEEPS, start=base.at(slice(1)), **options)

    def bounds(several: list[CovarianceShape]) -> Array:
        laws = fit_gaussian(whole, Structures(tuple(several)), n_iter=1, start=shaped(law, several), **options)
        return np.array([[bound_of(tasks, one, laws.at((k, 0)), held_out)] for k, one in enumerate(several)])

    return with_best_strengths(structures, bounds, lambda gain: bool(gain[0] > 0), np.ones(1))


def best_for(past: CoefficientLaw, structures: Sequence[CovarianceShape], design: Array) -> CovarianceShape:
    """The structure in which a past keeps best what it says; where coefficients do not vary, that is one that says so."""
    if np.any(diagonal(past.covariance) <= 0):
        return next((one for one in structures if one.varying is not None), structures[0])
    laws = shaped(replace(past, scatter=past.covariance), structures)
    noise = np.asarray(past.noise)[..., None]
    return structures[int(np.argmin(np.round(past_deviance(laws, noise, past, design).sum(axis=(-2, -1)), 6)))]


class _HeldOut:
    """Tasks in folds ``(n_tasks,)``: what is learned without a fold meets the tasks in it.

    With a ``past`` one task more meets all of it, a typical one of the past, which counts as often as there were.
    """

    def __init__(self, tasks: Any, fold: Array, past: CoefficientLaw | None = None, *, scaled: bool = True) -> None:
        self.n_folds, self.counts, self.scaled = int(fold.max()) + 1, tasks.counts, scaled
        self.past = None if past is None else past.repeated(self.n_folds)
        if past is not None:
            self.counts = np.r_[self.counts, past.n_tasks]
            self._design = typical_design(tasks, past)
        self.own = _listed([fold == k for k in range(self.n_folds)])
        self.test = tasks.grouped(self.own)
        self.train = tasks.grouped(_listed([fold != k for k in range(self.n_folds)]))

    def evidence(self, laws: CoefficientLaw, *, scaled: bool = True) -> Array:
        """Log-evidence ``(..., n_tasks)`` of every task under what was learned without it, ``laws (..., n_folds)``.

        All variances of a law whose noise is learned are multiplied by the number under which its tasks are most probable:
        a shape that is learned from few tasks may well say in which directions tasks vary, and be too sure of how much
        (`best_scale`). Not ``scaled``, no task has a say in what others are measured with.
        """
        deviance, probability = _deviance(self.test, laws)
        n_rows, counts, real = self.test.n_rows, self.test.counts, self.own >= 0
        if self.past is not None:
            law, noise = laws.predictive(), laws.noise_law.nodes(N_NODES)[0]
            typical = past_deviance(law, noise, self.past, self._design)
            deviance = np.concatenate([deviance, typical[..., None, :, :]], axis=-3)
            more = np.ones((self.n_folds, 1))
            n_rows = np.concatenate([n_rows, law.mean.shape[-1] * more], axis=-1)
            counts = np.concatenate([counts, self.counts[-1] / self.n_folds * more], axis=-1)
        scaled = scaled and self.scaled
        scale = best_scale(deviance, probability, n_rows, counts) if scaled else np.ones(deviance.shape[:-4])
        deviance = deviance / np.stack([np.ones_like(scale), scale], axis=-1)[..., None, None, None, :]
        found = _mixed(deviance, probability) - 0.5 * n_rows * np.log(scale)[..., None, None]
        out = np.empty((*found.shape[:-2], len(self.counts)))
        out[..., self.own[real]] = found[..., : real.shape[1]][..., real]
        if self.past is not None:
            out[..., -1] = found[..., -1].mean(axis=-1)
        return out


def _listed(masks: Any) -> Array:
    """Where each mask holds, ``(n_masks, t)``, filled up by -1."""
    where = [np.flatnonzero(mask) for mask in masks]
    out = np.full((len(where), max(map(len, where))), -1)
    for row, own in zip(out, where, strict=True):
        row[: len(own)] = own
    return out


def shaped(law: CoefficientLaw, structures: Sequence[CovarianceShape]) -> CoefficientLaw:
    """Laws ``(n_structures, n_folds)``: what was learned without constraint, its covariance in each shape."""
    several = law.repeated(len(structures))
    nothing = [None] * len(structures)
    covariance, unique = Structures(tuple(structures)).fit(several.scatter, several.n_tasks, nothing)
    return replace(several, covariance=covariance, unique=unique)


def _worth_a_sweep(evidence: Array, counts: Array) -> list[int]:
    """Indices of the structures that are not clearly worse than the best."""
    return np.flatnonzero(_within_one_standard_error(evidence, counts)).tolist()


def simplest(evidence: Array, counts: Array) -> int:
    """The first structure whose evidence is within one standard error of the best.

    Structures stand in order, simplest first (the rule of Breiman, Friedman, Olshen and Stone, 1984, Classification and
    Regression Trees, section 3.4.3, with the standard error of the difference over the tasks).
    """
    return int(np.flatnonzero(_within_one_standard_error(evidence, counts))[0])


def _within_one_standard_error(evidence: Array, counts: Array) -> Array:
    """Which rows of ``evidence (n_structures, n_tasks)`` the best does not clearly beat."""
    best = evidence[np.argmax(evidence @ counts)]
    return np.array([not clearly_positive(best - own, counts) for own in evidence])


def _contextual_or_not(
    held: _HeldOut, structure: CovarianceShape, law: CoefficientLaw, evidence: Array, options: dict[str, Any]
) -> tuple[CoefficientLaw, bool]:
    """Whether contextual effects make held-out tasks clearly more probable; the laws of what does. A past has said."""
    if law.contextual is None or held.past is not None:
        return law, law.contextual is not None
    plain = fit_gaussian(held.train, structure, n_iter=_SETTLE, start=replace(law, contextual=None), **options)
    helps = clearly_positive(evidence - held.evidence(plain), held.counts)
    return (law, True) if helps else (plain, False)


def clearly_positive(gain: Array, counts: Array) -> bool:
    """Whether the sum of the tasks' gains ``(n_tasks,)``, each as often as it counts, is a standard error above zero."""
    n = counts.sum()
    mean = counts @ gain / n
    return mean * np.sqrt(n) > np.sqrt(counts @ (gain - mean) ** 2 / n)


def _more_often(gain: Array, counts: Array) -> bool:
    r"""Whether more tasks are of the first of two laws, that makes them more probable by ``gain (n_tasks,)``.

    The share :math:`\omega` of largest :math:`\sum_t c_t \log (1 - \omega + \omega e^{g_t})` is above a half if
    :math:`\sum_t c_t \tanh (g_t / 2) > 0`: no task has more than a vote (Stephan, Penny, Daunizeau, Moran and Friston,
    2009, Bayesian model selection for group studies, NeuroImage 46).
    """
    return bool(counts @ np.tanh(0.5 * gain) > 0)


def evidence_held_out(tasks: Any, choice: Choice, beside: Any) -> Array:
    """Log-evidence ``(n_tasks, C)`` of held-out tasks under what their fold learned and the `Beside` it."""
    some, parts = tasks.take(choice.tasks), []
    for k, law in enumerate(choice.states):
        own = np.flatnonzero(choice.fold == k)
        parts.append((own, some.take(own).component_evidence(beside.components(law.predictive()))))
    evidence = np.empty((len(choice.tasks), parts[0][1].shape[1]))
    for own, part in parts:
        evidence[own] = part
    return evidence


def spread(moments: Any, n_some: int, *, within: bool = False) -> Array:
    """At most ``n_some`` tasks, evenly spaced in order of the targets' size."""
    if moments.n_tasks <= n_some:
        return np.arange(moments.n_tasks)
    order = by_size(moments, within)
    return np.sort(order[np.linspace(0, moments.n_tasks - 1, n_some).astype(int)])


def held_out(tasks: Any, law: CoefficientLaw) -> Array:
    """``log p(y_t)`` of new tasks ``(..., n_tasks)``, summed over what their noise may be."""
    return _mixed(*_deviance(tasks, law))


def best_scale(deviance: Array, probability: Array, n_rows: Array, counts: Array, n_iter: int = 20) -> Array:
    """The number by which all variances of a law are to be multiplied for its tasks to be most probable ``(...)``.

    ``deviance (..., n_folds, n_tasks, m, 2)`` at ``m`` noises, ``n_rows`` and ``counts (n_folds, n_tasks)``. With one
    noise it is the mean square of the whitened residuals; of several, EM tells which one is a task's.
    """
    total, volume = (counts * n_rows).sum(), deviance[..., 0]
    scale = np.ones(deviance.shape[:-4])
    for _ in range(n_iter if len(probability) > 1 else 1):
        logs = np.log(probability) - 0.5 * (volume + deviance[..., 1] / scale[..., None, None, None])
        share = np.exp(logs - np.logaddexp.reduce(logs, axis=-1, keepdims=True))
        square = (share * deviance[..., 1]).sum(axis=-1)
        scale = np.maximum((counts * square).sum(axis=(-2, -1)) / total, 1e-12)
    return scale


def _deviance(tasks: Any, law: CoefficientLaw) -> tuple[Array, Array]:
    """``-2 log p(y_t)`` of new tasks at every noise they may have ``(..., n_tasks, m, 2)``, and its probabilities."""
    law = law.predictive()
    noise, probability = law.noise_law.nodes(N_NODES)
    return tasks.deviance(law, cholesky_root(law.covariance), noise), probability


def _mixed(deviance: Array, probability: Array) -> Array:
    """``log p(y_t)``, summed over the noises."""
    return np.logaddexp.reduce(np.log(probability) - 0.5 * deviance.sum(axis=-1), axis=-1)
