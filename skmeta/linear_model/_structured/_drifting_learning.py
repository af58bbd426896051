"""Learning from tasks in time: how fast they drift, and whether they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.drift import Chains
from skmeta._inference.drifting_law import DriftingLaw
from skmeta._inference.levels import fit_levels
from skmeta._inference.nested import NestedModel
from skmeta._inference.structure import CovarianceShape
from skmeta.linear_model._blas_threads import for_matrices_of
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._drifting_output import DriftingOutput, shapes_of
from skmeta.linear_model._structured._drifting_prior import DriftingPrior, States
from skmeta.linear_model._structured._nested_learning import NestedOutput, NestedTasks, in_data, kept_shape, less
from skmeta.linear_model._structured._nested_prior import Nodes
from skmeta.linear_model._structured._places import OutputTasks
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.linear_model._structured._shapes import Kept
from skmeta.tasks import Tasks
from skmeta.tasks._times import check_time_is_last, times_of
from skmeta.tasks._words import shown

Array = NDArray[np.float64]

_STRONG = 4.0  # nats: strong evidence, from 3 to 5 (Kass and Raftery, 1995, JASA 90, section 3.2)
_SWEEPS = 5  # speed: of EM between searches for the scales
_SHORTEST, _LONGEST = 0.1, 1000.0  # guard: half-lives in least gaps, which are none, and in whole times, a random walk


@dataclass(frozen=True, eq=False)
class DriftingTasks:
    """Tasks of which the last level is a time: ``time (n_nodes,)`` of the tasks and then of those that a ``past`` knows.

    ``nested`` are the same tasks without a time; ``half_life`` is known or, None, to be learned.
    """

    in_words: ClassVar[str] = "tasks in time"
    without: ClassVar[str] = "give prior.with_inner(prior.learned.plain()), which knows of no drift"
    never_wide: ClassVar[str] = ""
    nested: NestedTasks
    time: Array
    unit: str
    half_life: float | None
    past: DriftingPrior | None = None

    @classmethod
    def of(cls, tasks: Tasks, past: DriftingPrior | None = None, *, half_life: float | None = None) -> DriftingTasks:
        """Those of tasks whose own ids are dates or numbers."""
        if not tasks.levels:
            raise ValueError(
                "task: wanted a column of dates or numbers, found none; name the one that says when, as task."
            )
        *_, name = tasks.levels
        check_time_is_last(tasks.levels)
        time, unit = times_of(tasks.levels[name], name)
        nested = NestedTasks.of(tasks, past)
        if past is not None:
            known, found = (each or "numbers" for each in (past.time_unit, unit))
            if known != found:
                raise ValueError(
                    f"{name}: wanted times as those of the prior, {known}, found {found}; give them in its unit, dates by "
                    "pandas.to_datetime, or learn without prior."
                )
            time = np.r_[time, past.time]
        drifting = cls(nested, time, unit, half_life, past)
        drifting._check_distinct(tasks, name)
        return drifting

    def _check_distinct(self, tasks: Tasks, name: str) -> None:
        """Raise for two tasks at one time."""
        order = np.lexsort((self.time, self._chain))
        same = np.flatnonzero((np.diff(self.time[order]) == 0) & (np.diff(self._chain[order]) == 0))
        if len(same):
            pair = sorted(order[same[0] : same[0] + 2])
            told = [shown(tasks.ids[code]) if code < len(tasks) else "one that the prior knows" for code in pair]
            raise ValueError(
                f"{name}: wanted one task at a time, found {told[0]} and {told[1]} at the same; give all rows of a time "
                "one id, or learn from those that the prior does not know."
            )

    @property
    def ids(self) -> NDArray[Any]:
        """Names of the tasks."""
        return self.nested.ids

    @property
    def _chain(self) -> NDArray[np.intp]:
        chain = self.nested.parents[-1]
        return chain if self.past is None else np.r_[chain, self.past.chain]

    @property
    def has_gaps(self) -> bool:
        """Whether a time follows another at all."""
        return len(np.unique(self._chain)) < len(self.time)

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> Any:
        """What is learned of one output, see `Among.output`."""
        with for_matrices_of(of.tasks.width):
            return self._learned(learning, of, before, noise)

    def _learned(self, learning: LawLearning, of: OutputTasks, before: Any, noise: str) -> DriftingOutput:
        """The same; contextual effects are those of tasks in no order."""
        effects = None if noise == "known" else of.flat.law.contextual
        tasks, options = less(of.tasks, effects), dict[str, Any](noise=noise, n_iter=_SWEEPS)
        options["max_iter"] = learning.learner.max_iter
        told = None if self.past is None else self.past.told(of.k, of.units)
        chains = Chains.of((*self.nested.parents[:-1], self._chain), self.time, tasks.counts, told)
        tol = learning.learner.tol * (tasks.n_rows.sum() + (0.0 if self.past is None else self.past.n_rows))
        if self.past is not None:
            model = NestedModel(tasks, chains, self.nested.before(of))
            start = self._continued(learning, of, chains) if before is None else before.law
            law = fit_levels(model, start, tol=tol if before is None else np.inf, **options)
            return DriftingOutput(of.tasks, model.passed(law), None, effects)
        model = NestedModel(tasks, chains)
        flat = self.nested.output(learning, of, None if before is None else before.exchangeable, noise=noise)
        if before is not None:
            law = fit_levels(model, before.law, tol=np.inf, **options)
        else:
            law = self._fitted(learning, model, flat, tol, options)
        return DriftingOutput(of.tasks, model.passed(law), flat, effects)

    def _fitted(
        self, learning: LawLearning, model: NestedModel, flat: NestedOutput, tol: float, options: Any
    ) -> DriftingLaw:
        """A law without constraint first, from several half-lives; then that of the shapes that it suggests."""
        free = tuple(
            learning.free(model.tasks.width, model.tree.n_nodes(level)) for level in range(model.tree.n_levels)
        )
        starts = [replace(each, shapes=free) for each in self._starts(flat, model.tree)]
        tried = [model.passed(fit_levels(model, each, tol=np.inf, **options)) for each in starts]
        best = max(tried, key=lambda each: each.evidence)
        shapes = (*flat.law.shapes[:-1], *shapes_of(learning, best))
        return fit_levels(model, replace(best.law, shapes=shapes, uniques=()), tol=tol, **options)

    def _starts(self, flat: NestedOutput, chains: Chains) -> list[DriftingLaw]:
        """The law without drift, half of what tasks deviate being drift, of short and of long half-lives."""
        *above, own = flat.law.covariances
        law = replace(flat.law, covariances=(*above, own / 2.0, own / 2.0), uniques=())
        tried = {self._half_lives(chains, start) for start in (chains.typical_gap, chains.span)}
        return [DriftingLaw.of(law, start, limits) for start, limits in sorted(tried)]

    def _continued(self, learning: LawLearning, of: OutputTasks, chains: Chains) -> DriftingLaw:
        """The law of the past: of covariances the scales are learned on, and the half-life is."""
        assert self.past is not None
        law = self.past.law(of.k, of.units)
        dof = float(np.broadcast_to(self.past.noise_dof, (self.past.n_outputs,))[of.k])
        own_shape = kept_shape(learning, of.tasks, self.nested.before(of))
        shapes: tuple[CovarianceShape, ...] = (*map(Kept, law.covariances[:-1]), own_shape)
        half_life, limits = self._half_lives(chains, law.half_life)
        own = np.full(of.tasks.n_tasks, law.noise)
        return replace(law, noise_dof=dof, own_noise=own, shapes=shapes, half_lives=limits, half_life=half_life)

    def _half_lives(self, chains: Chains, start: float) -> tuple[float, tuple[float, float]]:
        """A start, and the limits of the half-life; both what was given where something was."""
        if self.half_life is not None:
            return self.half_life, (self.half_life, self.half_life)
        limits = _SHORTEST * float(chains.gaps.min()), _LONGEST * chains.span
        return float(np.clip(start, *limits)), limits

    def settled(self, outputs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """Drift where it is clearly more probable than none; else the tasks without a time, see `Among.settled`."""
        if self.past is not None or self._drifts(outputs):
            return self, outputs
        nested = self.nested if len(self.nested.levels) > 1 else None
        return nested, [each.exchangeable for each in outputs]

    def _drifts(self, outputs: Sequence[DriftingOutput]) -> bool:
        """Whether the evidence is strong, and not for the numbers alone that were fitted to it."""
        return sum(each.gain for each in outputs) > _STRONG and sum(each.integrated_gain for each in outputs) > 0.0

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs, see `Among.prior`."""
        of_outputs, pairs = collection.of_outputs, list(zip(collection.units, outputs, strict=True))
        covariance = [
            np.stack([own.covariance_to_data(each) for each in output.law.covariances]) for own, output in pairs
        ]
        told = [output.told.moved(*own.affine_to_engine) for own, output in pairs]
        states = States(
            self._chain, self.time, of_outputs([m.precision for m in told]), of_outputs([m.pull for m in told])
        )
        nodes = [
            Nodes(
                self.nested.inner[k],
                self.nested.parents[k],
                **in_data([each.nodes_of(k) for each in outputs], collection),
            )
            for k in range(len(self.nested.inner))
        ]
        return DriftingPrior.beyond(
            plain,
            levels=self.nested.levels,
            level_covariance=of_outputs(covariance),
            nodes=tuple(nodes),
            half_life=of_outputs([np.float64(each.law.half_life) for each in outputs]),
            slope_variance=of_outputs([np.float64(each.law.mean_variance) for each in outputs]),
            time_unit=self.unit,
            states=states,
        )
