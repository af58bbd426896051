"""Kinds of tasks in the prior of a collection: their laws beside that of all tasks, in a robust mixture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.utils import check_random_state, check_scalar

from skmeta._inference.coefficient_law import CoefficientLaw, side_by_side
from skmeta._inference.components import n_own
from skmeta._inference.held_out_weights import HeldOut
from skmeta._inference.kinds_choice import ChosenKinds, Search, choose_kinds
from skmeta._inference.kinds_evidence import FromSums
from skmeta._inference.mixture import assumed_tasks, learn_weights
from skmeta._inference.selection import by_size
from skmeta._inference.task_kinds import Collections
from skmeta.compose import MixtureOfKinds
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning, LearnedLaw
from skmeta.linear_model._laws import laws_of, prior_of
from skmeta.linear_model._mixture import beside_laws, component_names, known_weights, robust_mixture, weighed

Array = NDArray[Any]

_NAME = "EmpiricalBayes(n_components=...)"


@dataclass(frozen=True, eq=False)
class KindsLearning:
    """Kinds of the tasks of a collection, beside what was learned of all of them.

    ``learning`` has the parameters, and ``found`` the laws of each output, which ``learned`` says as a prior; ``past`` is a
    prior known before. ``explained`` and ``common_slopes`` are as in `robust_mixture` and `weighed`.
    """

    learning: LawLearning
    collection: Collection
    learned: GaussianPrior
    found: Sequence[LearnedLaw]
    past: Any
    explained: float
    common_slopes: bool

    def mixture(self, progress: Any = None) -> MixtureOfKinds | None:
        """The robust mixture with kinds in it; None where held-out tasks ask for none. ``progress`` is told of each tried."""
        learner, structures = self.learning.learner, self.learning.candidates(self._width, self.learned.n_tasks)
        n_kinds = None if learner.n_components == "auto" else int(learner.n_components)
        kinds = choose_kinds(self._search, structures, n_kinds, self._past_kinds, progress)
        return None if kinds is None else self._mixture_with(kinds)

    def _mixture_with(self, kinds: ChosenKinds) -> MixtureOfKinds:
        """The learned law and the kinds take the place of the law alone, which shares its weight with them."""
        tasks, n_kinds = self._held_out, kinds.laws[0].mean.shape[0]
        each = [_of_kinds(side, law) for side, law in zip(self._sides, kinds.states, strict=True)]
        evidence = self._evidence(np.stack([self._search.fold] * len(self.found)), each)
        together = np.column_stack([tasks.log_evidence[:, :1], evidence, tasks.log_evidence[:, 1:]])
        shares = learn_weights(together, tasks.counts, self._known_tasks(n_kinds))[: 1 + n_kinds]
        shares /= shares.sum()
        block = logsumexp(together[:, : 1 + n_kinds], b=shares, axis=1)
        tasks = replace(tasks, log_evidence=np.column_stack([block, tasks.log_evidence[:, 1:]]))
        learned, weights = weighed(self.learned, self.found, tasks, self.past, common_slopes=self.common_slopes)
        base = robust_mixture(learned, weights, self.explained)
        order = 1 + np.argsort(-shares[1:], kind="stable")
        priors = [self._prior_of(kinds, k - 1) for k in order]
        shares = shares[np.r_[0, order]]
        return MixtureOfKinds(
            [base.components[0], *priors, *base.components[1:]],
            np.r_[base.weights[0] * shares, base.weights[1:]],
            [base.names[0], *(f"kind {k + 1}" for k in range(n_kinds)), *base.names[1:]],
            np.r_[shares, np.zeros(len(base.weights) - 1)],
            n_kinds=n_kinds,
        )

    def _prior_of(self, kinds: ChosenKinds, k: int) -> GaussianPrior:
        laws = [law.at(k) for law in kinds.laws]
        said = [law.to_data(units) for law, units in zip(laws, self.collection.units, strict=True)]
        n_tasks, n_rows = (float(part) / self._held_out.share for part in (laws[0].n_tasks, laws[0].n_rows))
        noise_dof, excess = [float(law.noise_dof) for law in laws], self.learned.overdispersion
        return prior_of(said, noise_dof, n_tasks, n_rows, self.collection, excess)

    # -- the tasks that are looked at ----------------------------------------------------------------

    @property
    def _width(self) -> int:
        return len(self.found[0].law.mean)

    @cached_property
    def _looked_at(self) -> Array:
        found = self.found[0].choice.tasks
        wanted = self.learning.learner.n_components
        least = 2 if wanted == "auto" else wanted
        if len(found) < least:
            raise ValueError(
                f"EmpiricalBayes(n_components={wanted!r}): wanted at least {least} tasks, found {len(found) or 1}; leave "
                "n_components=1, or give more tasks."
            )
        return np.asarray(found)

    @cached_property
    def _sides(self) -> list[Any]:
        return beside_laws(self.learned, self.found, self.explained)

    @cached_property
    def _rows(self) -> Any:
        if not self.collection.likelihood.quadratic:
            return self.found[0].behind.at_modes(self._looked_at)
        parts = [each.tasks.take(self._looked_at).as_moments() for each in self.found]
        return FromSums(parts, self.learning.learner.noise)

    def _evidence(self, folds: Array, components: list[Callable[[int], Sequence[Any]]]) -> Array:
        """``(T, C)`` of tasks under components that ``components[k](fold)`` gives of output ``k``, by ``folds (K, T)``."""
        parts, place = np.unique(folds, axis=1, return_inverse=True)
        found: Any = [None] * len(folds[0])
        for i, of_outputs in enumerate(parts.T):
            own = np.flatnonzero(place.ravel() == i)
            each = [make(fold) for make, fold in zip(components, of_outputs, strict=True)]
            for task, evidence in zip(own, self._rows.take(own).beside(each), strict=True):
                found[task] = evidence
        return np.stack(found)

    @cached_property
    def _held_out(self) -> HeldOut:
        """What held-out tasks say without kinds."""
        looked_at, folds, counts = self._looked_at, [], self.found[0].tasks.counts
        for each in self.found:  # what an output did not look at, none of its folds has seen
            place = dict(zip(each.choice.tasks, each.choice.fold, strict=True))
            folds.append([place.get(task, 0) for task in looked_at])
        make = [_with_sides(side, each.choice.states) for side, each in zip(self._sides, self.found, strict=True)]
        evidence = self._evidence(np.array(folds), make)
        share = float(counts[looked_at].sum() / counts.sum())
        found = HeldOut(evidence[:, :-1], evidence[:, -1], counts[looked_at], share)
        return found.of_common_slopes(self.learned.engine_likelihood) if self.common_slopes else found

    @cached_property
    def _search(self) -> Search:
        choice, tasks = self.found[0].choice, self._held_out
        n_folds, n_tasks = int(choice.fold.max()) + 1, len(self._looked_at)
        counts = np.stack([*(tasks.counts * (choice.fold != g) for g in range(n_folds)), tasks.counts])
        collections = Collections(self._rows, counts, tasks.log_evidence.T, self._known_tasks(0))
        wide = [side_by_side([law.repeated(1) for law in (*each.choice.states, each.law)]) for each in self.found]
        order = np.empty(n_tasks)
        some = self.found[0].tasks.take(self._looked_at)
        order[by_size(some, True)] = check_random_state(self.learning.learner.random_state).permutation(n_tasks)
        return Search(collections, choice.fold, wide, order)

    # -- what was known before -------------------------------------------------------------------------

    def _known_tasks(self, n_kinds: int) -> Array:
        """How many tasks of each component are known, of those that are assumed and a share of the past's."""
        names = component_names(self.learned)
        assumed = assumed_tasks(len(names), n_own(self.learned.engine_likelihood))
        known = np.r_[assumed[:1], np.ones(n_kinds), assumed[1:]]
        if not isinstance(self.past, MixtureOfKinds) or not n_kinds:
            return known
        seen = known_weights(self.past, (names[0], *(f"kind {k + 1}" for k in range(n_kinds)), *names[1:]))
        return known + self._held_out.share * self.past.n_tasks * np.nan_to_num(seen.of_components)

    @property
    def _past_kinds(self) -> tuple[list[CoefficientLaw], Array] | None:
        """Laws ``(K,)`` of the kinds of a past, one an output, and how often tasks were of each component."""
        if not isinstance(self.past, MixtureOfKinds):
            return None
        names = self.collection.describe["feature_names"]
        kinds: Sequence[Any] = self.past.kinds
        each: Any = [laws_of(kind.for_columns(names, self._width - 1), self.collection) for kind in kinds]
        laws = [side_by_side([law.repeated(1) for law in of_output]) for of_output in zip(*each, strict=True)]
        known = self._known_tasks(len(each))
        return laws, np.r_[known[1 : 1 + len(each)], known[:1], known[1 + len(each) :]] / known.sum()


def check_n_components(wanted: Any) -> None:
    """Raise for what is no number of kinds."""
    if isinstance(wanted, str) and wanted != "auto":
        raise ValueError(f"{_NAME}: wanted 'auto' or a whole number, found {wanted!r}; 'auto' chooses it.")
    if not isinstance(wanted, str):
        check_scalar(wanted, "n_components", Integral, min_val=1)


def check_kinds_of(prior: Any, wanted: Any) -> None:
    """Raise where a prior knows kinds, and no kinds or another number of them are asked for."""
    if not isinstance(prior, MixtureOfKinds):
        return
    known = prior.n_kinds
    if wanted != "auto" and (wanted == 1 or wanted != known):  # with 1 there are no kinds beside the one Gaussian
        may_be = "'auto'" if known == 1 else f"'auto' or {known}"
        raise ValueError(
            f"{_NAME}: wanted {may_be}, as the prior knows {prior.kinds_in_words}, found {wanted}; to leave kinds out give "
            "prior.with_inner(prior.components[0])."
        )


def check_no_structure(among: Any, wanted: Any) -> None:
    """Raise where kinds are asked for of tasks that are known to belong together otherwise, ``among``."""
    if among is not None and wanted != 1:
        raise ValueError(
            f"{_NAME}: wanted 1 for {among.in_words}, found {wanted!r}; {among.without}, or leave n_components."
        )


def check_not_wide(wanted: Any) -> None:
    """Raise where kinds are asked for, of tables that are computed in cells."""
    if wanted != 1:
        raise ValueError(
            f"{_NAME}: wanted 1 where more than 100 columns outnumber the rows of every task, found {wanted!r}; reduce the "
            "columns by a step before the model, such as PCA."
        )


def _of_kinds(side: Any, states: CoefficientLaw) -> Callable[[int], Sequence[Any]]:
    """Components of the kinds ``(K, n_folds)`` as a fold has learned them: what stands first in their place of the law."""
    return lambda fold: [side.components(states.at((k, fold)).predictive())[0] for k in range(len(states.mean))]


def _with_sides(side: Any, states: Sequence[CoefficientLaw]) -> Callable[[int], Sequence[Any]]:
    return lambda fold: side.components(states[fold].predictive())
