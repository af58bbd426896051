"""What is learned of one output of tasks that drift: its law, its states, and what is known of each task before its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.drift import Filtered
from skmeta._inference.drifting_law import DriftingLaw
from skmeta._inference.forecast import forecasts
from skmeta._inference.in_columns import InColumns
from skmeta._inference.linalg import diagonal
from skmeta._inference.messages import Beliefs, Messages
from skmeta._inference.nested import NestedPass
from skmeta._inference.selection import Choice
from skmeta._inference.structure import CovarianceShape
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._nested_learning import NestedOutput, with_effects
from skmeta.linear_model._structured._places import Places
from skmeta.linear_model._structured._shapes import as_tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlacesInTime(Places):
    """Tasks one after the other, which are judged by what those before them tell, as a new one is met.

    ``filtered`` are the messages of all under a law with the root's ``shrink``.
    """

    filtered: Filtered | None = None
    shrink: Array | None = None

    @property
    def judging(self) -> Places:
        """Their forecasts."""
        assert self.filtered is not None and self.shrink is not None
        return Places(
            forecasts(self.filtered, self.shrink), self.deviation, self.noise, self.noise_dof, effects=self.effects
        )

    def judged(self, choice: Choice) -> Choice:
        """A choice in which those tasks alone are looked at that others can forecast."""
        assert self.filtered is not None
        known = np.flatnonzero(self.filtered.chains.is_forecast)
        return replace(choice, tasks=np.intersect1d(choice.tasks, known))


@dataclass(frozen=True, eq=False)
class DriftingOutput:
    """What was learned of one output: what its tasks tell under its law and, without a past, the same tasks without drift."""

    tasks: InColumns
    passed: NestedPass[DriftingLaw]
    exchangeable: NestedOutput | None
    effects: ContextualEffects | None = None

    @property
    def law(self) -> DriftingLaw:
        """How the tasks deviate and drift, and the noises' law."""
        return self.passed.law

    @property
    def filtered(self) -> Filtered:
        """What is known on the way up."""
        found: Filtered = self.passed.up
        return found

    @property
    def gain(self) -> float:
        """By how many nats the tasks are more probable with drift than without, both at their most probable laws."""
        assert self.exchangeable is not None
        return self.passed.evidence - self.exchangeable.passed.evidence

    @property
    def integrated_gain(self) -> float:
        r"""The same, the numbers of both laws integrated out.

        .. math:: \log B \approx \log p(y | \hat\theta_1) - \log p(y | \hat\theta_0) -
            \tfrac12 \sum_{l \in \{s, v\}} d_l \log n_l + \tfrac12 d_0 \log n_0

        is Schwarz's criterion (Kass and Raftery, 1995, JASA 90, section 4.1.3). A covariance has ``d`` numbers, the half-life
        is one more of the states', and ``n`` is in tasks (`_n_told`): numbers that no row tells of cost nothing.
        """
        assert self.exchangeable is not None
        (state, own), flat = self.law.shapes[-2:], self.exchangeable
        p, counts = len(self.law.covariances[-1]), self.passed.model.tasks.counts
        with_drift = _spent(state, p, _n_told(self.filtered.solved.inverse), more=len(self.law.own_bounds))
        with_drift += _spent(own, p, _n_told(self.filtered.day.left, counts))
        without = _spent(flat.law.shapes[-1], p, _n_told(flat.passed.up.deviations[-1].left, counts))
        return self.gain - with_drift + without

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.passed.known[-1].mean

    @property
    def told(self) -> Messages:
        """What was said of the state of each node."""
        return self.filtered.told.take(self.filtered.chains.place)

    @property
    def places(self) -> Places:
        """What the others say of each task, and what those before it do."""
        law, others = self.law, self.filtered.cavities(self.law.shrink)
        known = others, law.covariances[-1], law.noise, law.noise_dof
        return PlacesInTime(*known, effects=self.effects, filtered=self.filtered, shrink=law.shrink)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known: of an unknown entity or, of one chain, of the time that comes next."""
        model, law = self.passed.model, self.law
        mean, spread = self.passed.mean, np.sum(law.covariances, axis=0)
        if not model.tree.above.n_levels:
            mean, new = self.filtered.between(law.shrink).at(0, model.tree.next_of(0), law.half_life)
            spread = law.covariances[-1] + new * law.covariances[-2]
        return CoefficientLaw(
            mean.mean[0],
            spread,
            np.float64(law.noise),
            np.float64(law.noise_dof),
            model.counts[-1],
            model.n_rows,
            mean.covariance[0],
            contextual=self.effects,
        )

    def nodes_of(self, depth: int) -> Beliefs:
        """What is known of the entities of a level, of whose tasks no columns' means are known."""
        return with_effects(self.passed.known[depth], self.effects)


def _n_told(left: Array, counts: Array | None = None) -> float:
    """How many deviations rows tell, a covariance ``(n, k, k)`` of the whitened ones being left: the effective sample size.

    R. H. Jones (2011), Bayesian information criterion for longitudinal and clustered data, Statistics in Medicine 30.
    """
    told = 1.0 - diagonal(left).mean(axis=-1) if left.shape[-1] else np.zeros(len(left))
    return float(told.sum() if counts is None else counts @ told)


def _spent(shape: CovarianceShape, p: int, n_told: float, more: int = 0) -> float:
    """Nats by which a covariance of a shape, and ``more`` numbers, fitted to so many tasks make these too probable."""
    return 0.5 * (shape.n_parameters(p, n_told) + more) * float(np.log(max(n_told, 1.0)))


def shapes_of(learning: LawLearning, passed: NestedPass[DriftingLaw]) -> tuple[CovarianceShape, CovarianceShape]:
    """The shapes of the states' covariance and of the tasks' own, by the evidence of tasks that are held out.

    States are compared with their forecasts, which they miss by what is new; tasks with what the others say of their states.
    """
    filtered, law, tasks, chains = passed.up, passed.law, passed.model.tasks, passed.model.tree
    told, ahead = filtered.day.integrated(), forecasts(filtered, law.shrink)
    some = np.flatnonzero(chains.is_forecast)
    others = filtered.cavities(law.shrink)
    new = float(filtered.steps.new.mean()) * law.covariances[-2]
    states = as_tasks(told.take(some), ahead.mean[some], tasks.n_rows[some], tasks.width)
    own = as_tasks(filtered.day.messages, others.mean, tasks.n_rows, tasks.width)
    state = _shape(learning, InColumns(states, tasks.counts[some]), new)
    return state, _shape(learning, InColumns(own, tasks.counts), law.covariances[-1])


def _shape(learning: LawLearning, nodes: InColumns, covariance: Array) -> CovarianceShape:
    start = CoefficientLaw(np.zeros(nodes.width), covariance, np.float64(1.0), np.float64(np.inf))
    return learning.choice(nodes, start=start, noise="known").structure
