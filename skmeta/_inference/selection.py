"""Which shape of covariance to take: the one under which held-out tasks are most probable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import fit_gaussian
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.structure import PSEUDO_TASKS, Structure, Structures

Array = NDArray[Any]

_FOLDS = 5  # of tasks held out
_SWEEPS = 12  # of EM without constraint, in each fold
SOME_TASKS = 512  # tasks looked at for a choice; more would only make it slower
_SETTLE = 3  # sweeps after which a state has forgotten its effects between tasks
_ENOUGH = 4  # tasks a coefficient from which REML needs no hyper-prior
_RANKS = (1, 2, 3, 5, 8, 13)


@dataclass(frozen=True, eq=False)
class Choice:
    """The structure chosen; which tasks were looked at, in which fold, and what each fold made of the others."""

    structure: Structure
    tasks: np.ndarray
    fold: np.ndarray
    states: list
    scores: dict
    contextual: bool = False


def candidates(
    covariance: str, p: int, n_tasks: int, rank: int | None = None, pseudo_tasks: float | None = None
) -> list[Structure]:
    """The structures that a word stands for, simplest first; ``pseudo_tasks`` overrides their hyper-prior's weight."""
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
    return spherical + diagonal + factor + full if covariance == "auto" else words[covariance]


def identified(rank: int, p: int) -> bool:
    """Whether ``(p, p)`` scatters determine so many factors and unique variances (Ledermann, 1937, Psychometrika 2)."""
    return (p - rank) ** 2 >= p + rank


def _plain_strength(p: int, n_tasks: int) -> float:
    """A user who asks for "full" gets REML, unless there are too few tasks for it."""
    return 0.0 if n_tasks >= _ENOUGH * p else float(p)


def folds(moments: Any, n_folds: int) -> Array:
    """Fold of every task ``(n_tasks,)``: dealt out in order of the targets' size, whatever the tasks are called."""
    return np.argsort(_by_size(moments)) % n_folds


def _by_size(moments: Any) -> Array:
    """Tasks in order of the targets' mean square; those that tie (few labels) by their rows and their columns' means."""
    size = moments.square / np.maximum(moments.n_rows, 1e-12)
    return np.lexsort((moments.context.sum(axis=-1), moments.n_rows, size))


def choose(
    tasks: Any,
    structures: Sequence[Structure],
    *,
    noise: str = "task",
    start: CoefficientLaw | None = None,
) -> Choice:
    """Hold tasks out, learn from the rest, and compare the structures by the evidence of what was held out.

    The costly EM is run without constraint, for all folds at once; each structure starts from its scatter, and those
    that then look best get one more sweep. Nothing leaks: a fold's scatter never saw the tasks it is scored on.
    """
    looked_at = spread(tasks, SOME_TASKS)
    some = tasks.take(looked_at)
    if len(looked_at) < 2:
        return Choice(structures[0], looked_at[:0], looked_at[:0], [], {})
    fold = folds(some, min(some.n_tasks, _FOLDS))
    held = _HeldOut(some, fold)
    free = Structure("full", None, strength=float(some.width))
    start = None if start is None else start.repeated(held.n_folds)
    base = fit_gaussian(held.train, free, n_iter=_SWEEPS, noise=noise, start=start)
    laws = _shaped(base, structures)
    evidence = held.evidence(laws)
    close = _worth_a_sweep(evidence, some.counts)
    tried = Structures(tuple(structures[i] for i in close))
    laws = fit_gaussian(held.train, tried, n_iter=1, start=laws.at(close), noise=noise)
    evidence[close] = held.evidence(laws)
    best = _simplest(evidence[close], some.counts)
    scores = {str(s): float(e) for s, e in zip(structures, evidence @ some.counts, strict=True)}
    law, contextual = _contextual_or_not(held, tried.each[best], laws.at(best), evidence[close[best]], noise)
    return Choice(tried.each[best], looked_at, fold, [law.at(k) for k in range(held.n_folds)], scores, contextual)


class _HeldOut:
    """Tasks in folds ``(n_tasks,)``: what is learned without a fold meets the tasks in it."""

    def __init__(self, tasks: Any, fold: Array) -> None:
        self.n_folds, self.counts = int(fold.max()) + 1, tasks.counts
        self.own = _listed([fold == k for k in range(self.n_folds)])
        self.test = tasks.grouped(self.own)
        self.train = tasks.grouped(_listed([fold != k for k in range(self.n_folds)]))

    def evidence(self, laws: CoefficientLaw) -> Array:
        """Log-evidence ``(..., n_tasks)`` of every task under what was learned without it, ``laws (..., n_folds)``."""
        found = held_out(self.test, laws)
        real = self.own >= 0
        out = np.empty((*found.shape[:-2], real.sum()))
        out[..., self.own[real]] = found[..., real]
        return out


def _listed(masks: Any) -> Array:
    """Where each mask holds, ``(n_masks, t)``, filled up by -1."""
    where = [np.flatnonzero(mask) for mask in masks]
    out = np.full((len(where), max(map(len, where))), -1)
    for row, own in zip(out, where, strict=True):
        row[: len(own)] = own
    return out


def _shaped(law: CoefficientLaw, structures: Sequence[Structure]) -> CoefficientLaw:
    """Laws ``(n_structures, n_folds)``: what was learned without constraint, its covariance in each shape."""
    several = law.repeated(len(structures))
    nothing = [None] * len(structures)
    covariance, unique = Structures(tuple(structures)).fit(several.scatter, several.n_tasks, nothing)
    return replace(several, covariance=covariance, unique=unique)


def _worth_a_sweep(evidence: Array, counts: Array) -> list[int]:
    """Indices of the structures that are not clearly worse than the best."""
    return np.flatnonzero(_within_one_standard_error(evidence, counts)).tolist()


def _simplest(evidence: Array, counts: Array) -> int:
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
    held: _HeldOut, structure: Structure, law: CoefficientLaw, evidence: Array, noise: str
) -> tuple[CoefficientLaw, bool]:
    """Whether contextual effects make held-out tasks clearly more probable; the laws of what does."""
    if law.contextual is None:
        return law, False
    plain = fit_gaussian(held.train, structure, n_iter=_SETTLE, start=replace(law, contextual=None), noise=noise)
    helps = clearly_positive(evidence - held.evidence(plain), held.counts)
    return (law, True) if helps else (plain, False)


def clearly_positive(gain: Array, counts: Array) -> bool:
    """Whether the sum of the tasks' gains ``(n_tasks,)``, each as often as it counts, is a standard error above zero."""
    n = counts.sum()
    mean = counts @ gain / n
    return mean * np.sqrt(n) > np.sqrt(counts @ (gain - mean) ** 2 / n)


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


def spread(moments: Any, n_some: int) -> Array:
    """At most ``n_some`` tasks, evenly spaced in order of the targets' size."""
    if moments.n_tasks <= n_some:
        return np.arange(moments.n_tasks)
    order = _by_size(moments)
    return np.sort(order[np.linspace(0, moments.n_tasks - 1, n_some).astype(int)])


def held_out(tasks: Any, law: CoefficientLaw) -> Array:
    """``log p(y_t)`` of new tasks ``(..., n_tasks)``, summed over what their noise may be."""
    law = law.predictive()
    noise, probability = law.noise_law.nodes()
    evidence = tasks.log_evidence(law, cholesky_root(law.covariance), noise)
    return np.logaddexp.reduce(evidence + np.log(probability), axis=-1)
