"""How many kinds of tasks there are and which shape their covariances have: what makes held-out tasks more probable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from skmeta._inference.coefficient_law import CoefficientLaw, side_by_side
from skmeta._inference.gaussian_em import Progress
from skmeta._inference.selection import all_vary, clearly_positive, shaped, simplest
from skmeta._inference.structure import CovarianceShape, Structure
from skmeta._inference.task_kinds import Collections, Kinds, Seeds, log_joint, no_kinds, one_more, run

Array = NDArray[Any]

_SEEDS = 24  # speed: tasks around which another kind is looked for
_PATIENCE = 2  # speed: kinds more in turn that make held-out tasks no more probable, before the search ends
_FEWEST = 2  # guard: tasks of each kind and of none, of those that teach
_SWEEPS = 24  # by which the kinds of a past are learned on
_SETTLE = 5  # sweeps under the shape that was chosen


@dataclass(frozen=True, eq=False)
class ChosenKinds:
    """Laws ``(K,)`` of each output, ``states (K, n_folds)`` of the folds, and the structure of their covariances."""

    laws: list[CoefficientLaw]
    states: list[CoefficientLaw]
    structure: CovarianceShape


@dataclass(frozen=True, eq=False)
class Search:
    """What kinds are looked for in: ``tasks`` with one collection a fold, which lacks its own tasks, and one of all.

    ``fold (T,)`` is that of every task, ``wide`` the laws ``(n_folds + 1,)`` of the tasks of each collection, an output each,
    and ``order (T,)`` ranks tasks as seeds.
    """

    tasks: Collections
    fold: Array
    wide: list[CoefficientLaw]
    order: Array

    @property
    def n_folds(self) -> int:
        """All but the last collection."""
        return len(self.tasks.counts) - 1

    @property
    def counts(self) -> Array:
        """How often tasks count ``(T,)``."""
        return self.tasks.counts[-1]

    @property
    def seeds(self) -> Array:
        """Tasks to look around ``(M, G)``, each collection's own, by their rank."""
        taught = self.tasks.counts > 0.0
        first = np.argsort(np.where(taught, self.order, np.inf), axis=1, kind="stable")
        return first[:, : min(_SEEDS, int(taught.sum(axis=1).min()))].T

    def none(self) -> Array:
        """Log-probability ``(T,)`` of held-out tasks without kinds."""
        weights = no_kinds(self.tasks)[:, self.fold]
        return np.logaddexp.reduce(self.tasks.beside + np.log(weights), axis=0)

    def held_out(self, kinds: Kinds) -> Array:
        """The same with the kinds that their folds learned ``(..., T)``."""
        shape = np.shape(kinds.laws[0].noise)
        found = np.empty((*shape[:-2], len(self.fold)))
        for g in range(self.n_folds):
            own, few = np.flatnonzero(self.fold == g), kinds.of_collections(slice(g, g + 1))
            evidence = self.tasks.rows.take(own).evidence([law.predictive() for law in few.laws])
            joint = log_joint(evidence, self.tasks.beside[:, own], few.weights)
            found[..., own] = np.logaddexp.reduce(joint, axis=-3)[..., 0, :]
        return found


def choose_kinds(
    search: Search,
    structures: Sequence[CovarianceShape],
    n_kinds: int | None,
    past: tuple[list[CoefficientLaw], Array] | None = None,
    progress: Progress | None = None,
) -> ChosenKinds | None:
    """Kinds of tasks, ``n_kinds`` of them, or as many as make held-out tasks more probable (None); None if there are none.

    One kind more is taken if the sum of the tasks' gains is more than a standard error above zero. Then all kinds' covariances
    get the simplest shape that is within a standard error of the best. Kinds of the ``past`` stay as many: their laws ``(K,)``
    and how often tasks were of them and of what stands beside ``(K + C,)``. ``progress(done, total)`` is called after each
    number of kinds that was tried.
    """
    free = Structure("full", None, strength=float(search.wide[0].mean.shape[-1]), varying=structures[-1].varying)
    shapes = all_vary(structures)
    if past is None:
        shape, found = _grown(search, free, shapes, n_kinds, progress)
    else:
        shape, found, _ = _in_shape(search, _learned_on(search, free, *past), shapes)
    if found is None:
        return None
    found, _ = run(search.tasks, found, shape, _SETTLE)
    memberships = _memberships(search, found)
    laws = search.tasks.rows.unshrunk(found.laws, memberships * search.tasks.counts)
    laws = [law.at((_matched(search, memberships), np.arange(search.n_folds + 1))) for law in laws]
    every = slice(None)
    of_all, of_folds = ([law.at((every, which)) for law in laws] for which in (-1, slice(search.n_folds)))
    return ChosenKinds(of_all, of_folds, shape)


def _memberships(search: Search, kinds: Kinds) -> Array:
    """Probability of each kind ``(K, G, T)`` after a task's rows."""
    joint = log_joint(search.tasks.rows.evidence(kinds.laws), search.tasks.beside, kinds.weights)
    return np.exp(joint - np.logaddexp.reduce(joint, axis=0))[: kinds.n_kinds]


def _matched(search: Search, memberships: Array) -> Array:
    """Which kind of each collection ``(K, G)`` is which of all tasks: collections number theirs as they find them.

    Those are matched that share most tasks (H. W. Kuhn, 1955, The Hungarian method, Naval Research Logistics Quarterly 2).
    """
    shared = np.einsum("kt,jgt->gkj", search.counts * memberships[:, -1], memberships)
    return np.stack([linear_sum_assignment(-each)[1] for each in shared], axis=1)


def _grown(
    search: Search, free: Structure, shapes: Sequence[CovarianceShape], n_kinds: int | None, progress: Any
) -> tuple[CovarianceShape, Kinds | None]:
    """One kind after the other, so many, or until some more in turn are of no use: the shape and the kinds in it."""
    kinds, score, n_tried = None, search.none(), 0
    best: tuple[CovarianceShape, Kinds | None] = free, None
    n_best, seeds = 0, Seeds.around(search.tasks, search.wide, search.seeds)
    most = n_kinds or int((search.tasks.counts > 0.0).sum(axis=1).min()) // _FEWEST - 1
    while n_tried < most and (n_kinds or n_tried < n_best + _PATIENCE):
        kinds, n_tried = one_more(search.tasks, kinds, seeds, free), n_tried + 1
        shape, shaped_kinds, other = _in_shape(search, kinds, shapes)
        if n_kinds or clearly_positive(other - score, search.counts):
            best, score, n_best = (shape, shaped_kinds), other, n_tried
        if progress is not None:
            progress(n_tried, n_kinds or min(n_best + _PATIENCE, most))
    return best


def _learned_on(search: Search, structure: Structure, laws: list[CoefficientLaw], weights: Array) -> Kinds:
    """The kinds of a past, which count as the tasks that they were learned from."""
    G = search.n_folds + 1
    past = [side_by_side([law.reshaped(len(weights) - len(search.tasks.known), 1)] * G, axis=1) for law in laws]
    start = Kinds(past, np.repeat(weights[:, None], G, axis=1), past)
    return run(search.tasks, start, structure, _SWEEPS)[0]


def _in_shape(search: Search, kinds: Kinds, shapes: Sequence[CovarianceShape]) -> tuple[CovarianceShape, Kinds, Array]:
    """The simplest structure that is as good as any, the kinds' covariances in it, and what held-out tasks then are."""
    laws = [shaped(law, shapes) for law in kinds.laws]
    weights = np.broadcast_to(kinds.weights, (len(shapes), *kinds.weights.shape))
    score = search.held_out(Kinds(laws, weights))
    best = simplest(score, search.counts)
    return shapes[best], replace(kinds, laws=[law.at(best) for law in laws]), score[best]
