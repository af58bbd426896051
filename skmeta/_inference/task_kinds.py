r"""Kinds of tasks: Gaussian laws of coefficients that some of the tasks have in common, learned by EM for a mixture.

.. math:: w_t \sim \sum_k \pi_k N(\mu_k, \Sigma_k) + \sum_c \pi_c \, p_c

Beside the kinds stands what stands beside a single law (`components.Beside`): that law itself, which is wide enough for tasks
of no kind, outliers, and the estimator's own penalty. These :math:`p_c` stay as they are. Of ``G`` collections, such as folds
of one, the kinds are learned side by side; laws have the axes ``(..., K, G)``.

A. P. Dempster, N. M. Laird and D. B. Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm, JRSS B 39,
section 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, side_by_side
from skmeta._inference.noise import pooled_dof

Array = NDArray[Any]

_STARTS = 3  # speed: tasks around which EM starts
_SHORT, _LONG = 4, 12  # sweeps from each start, and from where the best one has led
_SWEEPS = 3  # of EM on each expansion of other likelihoods than squared errors'
_NARROW = 0.1  # start: share of the variance between all tasks from which a kind is grown; EM finds its own
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)  # start: of the tasks that a new kind may turn out to have
_HALF = 2.0 / np.pi  # of the variance of a normal law that its halves' means have
_LEAST = 1e-9  # guard: share of a task that every kind has
_ROUNDS = 50  # guard: EM for weights alone has settled
_BIG = 700.0  # guard: a gain whose exponential is a number


@dataclass(frozen=True, eq=False)
class Collections:
    """``T`` tasks, of which ``G`` collections are made: task ``t`` counts ``counts (G, T)`` times.

    ``rows`` are `FromSums` or `FromModes`; ``beside (C, T)`` is the tasks' evidence under what stands beside kinds, of
    which ``known (C,)`` tasks are assumed.
    """

    rows: Any
    counts: Array
    beside: Array
    known: Array


@dataclass(frozen=True, eq=False)
class Kinds:
    """Laws ``(..., K, G)`` of each output, and how often tasks are of each kind, or of what stands beside: ``(..., K + C, G)``.

    ``past`` laws of the same axes count as the tasks that they were learned from; None for none.
    """

    laws: list[CoefficientLaw]
    weights: Array
    past: list[CoefficientLaw] | None = None

    @property
    def n_kinds(self) -> int:
        """K."""
        return int(self.laws[0].mean.shape[-3])

    @property
    def known(self) -> Array:
        """How many tasks of each kind ``(..., K, G)`` are assumed: one, and those of the past."""
        one = np.ones(np.shape(self.laws[0].noise))
        return one if self.past is None else one + self.past[0].n_tasks

    def of_collections(self, which: Any) -> Kinds:
        """Those of some of the collections (a slice)."""
        n_lead = np.ndim(self.laws[0].noise)
        index = (*(slice(None),) * (n_lead - 1), which)
        past = None if self.past is None else [law.at(index) for law in self.past]
        return Kinds([law.at(index) for law in self.laws], self.weights[..., which], past)


def log_joint(own: Array, beside: Array, weights: Array) -> Array:
    """``log p(y_t, c)`` ``(..., K + C, G, T)`` from that of kinds ``own (..., K, G, T)`` and of the others ``(C, T)``."""
    beside = np.broadcast_to(beside[:, None], (*own.shape[:-3], len(beside), *own.shape[-2:]))
    return np.concatenate([own, beside], axis=-3) + np.log(weights)[..., None]


def run(tasks: Collections, kinds: Kinds, structure: Any, n_iter: int) -> tuple[Kinds, Array]:
    """Sweeps of EM, some on each expansion of the tasks, and the objective ``(..., G)`` before the last one."""
    here, objective = tasks, np.zeros(0)
    for i in range(n_iter):
        here = replace(tasks, rows=tasks.rows.expanded(kinds.laws)) if i % _SWEEPS == 0 else here
        kinds, objective = sweep(here, kinds, structure)
    return kinds, objective


def sweep(tasks: Collections, kinds: Kinds, structure: Any) -> tuple[Kinds, Array]:
    """One sweep of EM; the objective, the log-probability of tasks and weights, is that of what went in."""
    joint = log_joint(tasks.rows.evidence(kinds.laws), tasks.beside, kinds.weights)
    total = np.logaddexp.reduce(joint, axis=-3)
    beside = np.broadcast_to(tasks.known[:, None], (*kinds.weights.shape[:-2], len(tasks.known), len(tasks.counts)))
    known = np.concatenate([kinds.known, beside], axis=-2)
    objective = (tasks.counts * total).sum(axis=-1) + (known * np.log(kinds.weights)).sum(axis=-2)
    often = np.exp(joint - total[..., None, :, :]) * tasks.counts
    weights = often.sum(axis=-1) + known
    counts = np.maximum(often[..., : kinds.n_kinds, :, :], _LEAST * tasks.counts)
    laws = tasks.rows.maximised(kinds.laws, counts, structure, kinds.past)
    weights = weights / weights.sum(axis=-2, keepdims=True)
    return replace(kinds, laws=[noise_in_common(law) for law in laws], weights=weights), objective


def noise_in_common(law: CoefficientLaw) -> CoefficientLaw:
    """The same laws ``(..., K, G)`` with one law of the noises: the means of levels, by rows, and of how they differ."""
    levels, each, n_tasks, n_rows = (np.asarray(part) for part in (law.noise, law.noise_dof, law.n_tasks, law.n_rows))
    share = n_rows / n_rows.sum(axis=-2, keepdims=True)
    level = np.exp((share * np.log(levels)).sum(axis=-2, keepdims=True))
    dof, n = each[..., :1, :], n_tasks[..., :1, :]
    for k in range(1, levels.shape[-2]):
        one = slice(k, k + 1)
        dof, n = pooled_dof(dof, n, each[..., one, :], n_tasks[..., one, :]), n + n_tasks[..., one, :]
    ones = np.ones_like(levels)
    return replace(law, noise=level * ones, noise_dof=dof * ones)


def no_kinds(tasks: Collections) -> Array:
    """How often tasks are of each of what stands beside kinds ``(C, G)``, where there are none: EM."""
    weights = np.full((len(tasks.known), len(tasks.counts)), 1.0 / len(tasks.known))
    for _ in range(_ROUNDS):
        joint = tasks.beside[:, None] + np.log(weights)[..., None]
        often = (np.exp(joint - np.logaddexp.reduce(joint, axis=0)) * tasks.counts).sum(axis=-1) + tasks.known[:, None]
        weights = often / often.sum(axis=0)
    return weights


@dataclass(frozen=True, eq=False)
class Seeds:
    """Laws ``(M, G)`` of each output around M tasks of each collection, and the evidence ``(M, G, T)`` of all tasks there."""

    laws: list[CoefficientLaw]
    evidence: Array

    @classmethod
    def around(cls, tasks: Collections, wide: Sequence[CoefficientLaw], seeds: Array) -> Seeds:
        """Those of tasks ``seeds (M, G)`` by what is expected of their coefficients under laws ``wide (G,)`` of all tasks.

        Of their means no size is known.
        """
        laws, groups = [], np.arange(seeds.shape[1])
        for law, (mean, doubt) in zip(wide, tasks.rows.coefficients(wide), strict=True):
            several = law.repeated(len(seeds))
            covariance = np.broadcast_to(doubt + _NARROW * law.covariance, several.covariance.shape)
            any_size = np.where(np.isfinite(several.mean_variance), 1.0, np.inf)
            laws.append(replace(several, mean=mean[groups, seeds], covariance=covariance, mean_variance=any_size))
        return cls(laws, tasks.rows.evidence(laws))


def one_more(tasks: Collections, kinds: Kinds | None, seeds: Seeds, structure: Any) -> Kinds:
    """The kinds and one more ``(K + 1, G)``: EM from several starts, the best of these.

    They are tasks around which most is gained (J. J. Verbeek, N. Vlassis and B. Kröse, 2003, Efficient greedy learning of
    Gaussian mixture models, Neural Computation 15), and two halves of the kind that spreads most (N. Ueda, R. Nakano, Z.
    Ghahramani and G. E. Hinton, 2000, SMEM algorithm for mixture models, Neural Computation 12).
    """
    gain = np.clip(seeds.evidence - _total(tasks, kinds), -_BIG, _BIG)
    gains = [np.log1p(share * np.expm1(gain)) for share in _SHARES]
    score = np.max([(tasks.counts * each).sum(axis=-1) for each in gains], axis=0)
    best = np.argsort(-score, axis=0, kind="stable")[:_STARTS]
    groups = np.arange(len(tasks.counts))
    starts = _with_new(tasks, kinds, [law.at((best, groups)) for law in seeds.laws])
    starts = starts if kinds is None else _beside_each_other(starts, _split(kinds))
    starts, objective = run(tasks, starts, structure, _SHORT)
    first, K = objective.argmax(axis=0), np.arange(starts.weights.shape[-2])[:, None]
    own = first[None, :], K[: starts.n_kinds], groups[None, :]
    start = Kinds([law.at(own) for law in starts.laws], starts.weights[first[None, :], K, groups[None, :]])
    return run(tasks, start, structure, _LONG)[0]


def _split(kinds: Kinds) -> Kinds:
    """The kinds ``(1, K + 1, G)``, that of most tasks times variance along its longest axis in two halves across it."""
    K, groups, laws, which = kinds.n_kinds, np.arange(kinds.weights.shape[-1]), [], None
    for law in kinds.laws:
        values, vectors = np.linalg.eigh(law.covariance)
        which = (kinds.weights[:K] * values[..., -1]).argmax(axis=0) if which is None else which
        axis = vectors[..., -1][which, groups]
        largest = np.abs(axis).argmax(axis=-1)
        axis = axis * np.sign(axis[groups, largest])[:, None] * np.sqrt(_HALF * values[which, groups, -1])[:, None]
        mean, covariance = law.mean.copy(), law.covariance.copy()
        covariance[which, groups] -= axis[:, :, None] * axis[:, None, :]
        new = replace(law, covariance=covariance).at((which, groups))
        new = replace(new, mean=law.mean[which, groups] + axis).reshaped(1, len(groups))
        mean[which, groups] -= axis
        laws.append(side_by_side([replace(law, mean=mean, covariance=covariance), new]).repeated(1))
    weights = kinds.weights.copy()
    weights[which, groups] *= 0.5
    weights = np.concatenate([weights[:K], weights[which, groups][None], weights[K:]])
    return Kinds(laws, weights[None])


def _beside_each_other(some: Kinds, others: Kinds) -> Kinds:
    """Starts of both."""
    laws = [side_by_side(pair) for pair in zip(some.laws, others.laws, strict=True)]
    return Kinds(laws, np.concatenate([some.weights, others.weights]))


def _total(tasks: Collections, kinds: Kinds | None) -> Array:
    """``(G, T)`` log-probability of every task so far."""
    if kinds is None:
        return np.logaddexp.reduce(tasks.beside[:, None] + np.log(no_kinds(tasks))[..., None], axis=0)
    own = tasks.rows.evidence(kinds.laws)
    return np.logaddexp.reduce(log_joint(own, tasks.beside, kinds.weights), axis=-3)


def _with_new(tasks: Collections, kinds: Kinds | None, new: Sequence[CoefficientLaw]) -> Kinds:
    """The kinds and each of some new ones ``(S, G)``: ``(S, K + 1, G)``; a new one has as much as the kinds on average."""
    S, G = np.shape(new[0].noise)
    new = [law.reshaped(S, 1, G) for law in new]
    if kinds is None:
        laws, old, K = list(new), no_kinds(tasks), 0
    else:
        pairs = zip(kinds.laws, new, strict=True)
        laws = [side_by_side([law.repeated(S), one], axis=1) for law, one in pairs]
        old, K = kinds.weights, kinds.n_kinds
    share = 1.0 / (K + 2.0)
    weights = np.concatenate([(1.0 - share) * old[:K], np.full((1, G), share), (1.0 - share) * old[K:]])
    return Kinds(laws, np.broadcast_to(weights, (S, *weights.shape)))
