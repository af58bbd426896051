"""Learning from tasks in crossed groups: the levels that ids make, the shape of each factor's covariance, the law of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.crossed import CrossedModel, CrossedPass, around_the_others, cavities
from skmeta._inference.gaussian_em import initial_guess
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LevelsLaw, evidence_in_data, fit_levels
from skmeta._inference.structure import CovarianceShape
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._law_learning import LawLearning
from skmeta.linear_model._structured._crossed_prior import CrossedPrior, KnownFactors
from skmeta.linear_model._structured._places import OutputTasks, Places
from skmeta.linear_model._structured._prior import StructuredPrior
from skmeta.tasks import Tasks, index_tasks

Array = NDArray[np.float64]

_SWEEPS = 3  # speed: of EM between searches for the factors' covariances
_LARGEST = 8000  # guard: coefficients of all factors but the largest, whose matrix takes half a gigabyte


@dataclass(frozen=True, eq=False)
class CrossedTasks:
    """Tasks whose ids are pairs of levels, or more than pairs: names of the factors, their ids, and each task's level.

    A task has no deviation of its own: a further column of ids, one for each pair, is a factor for that.
    """

    in_words: ClassVar[str] = "crossed tasks"
    without: ClassVar[str] = "leave crossed out, give one task column and drop the others"
    never_wide: ClassVar[str] = "EmpiricalBayes(crossed=True)"
    ids: NDArray[Any]
    factors: tuple[str, ...]
    levels: tuple[NDArray[Any], ...]
    codes: tuple[NDArray[np.intp], ...]

    @classmethod
    def of(cls, tasks: Tasks, past: GaussianPrior | None = None) -> CrossedTasks:
        """The levels of some tasks."""
        if past is not None:
            raise ValueError(
                f"prior: wanted None with EmpiricalBayes(crossed=True), found {past!r}; crossed groups are learned from all "
                "tasks at once. Without learning, prior.given(...) tells of new tasks at known levels."
            )
        if len(tasks.levels) < 2:
            raise ValueError(
                "EmpiricalBayes(crossed=True): wanted two task columns or more, as task=['director', 'type'], found "
                f"{list(tasks.levels) or 'none'}; leave crossed out where there is one."
            )
        found = [index_tasks(values) for values in tasks.levels.values()]
        for name, own in zip(tasks.levels, found, strict=True):
            if own.n_tasks < 2:
                raise ValueError(
                    f"task: wanted two ids or more in each of crossed columns, found {own.n_tasks} in {name!r}, which tells "
                    "nothing of how its ids differ; leave that column out."
                )
        return cls(tasks.ids, tuple(tasks.levels), tuple(o.ids for o in found), tuple(o.codes for o in found))

    def output(self, learning: LawLearning, of: OutputTasks, before: Any = None, *, noise: str) -> CrossedOutput:
        """What is learned of one output, see `Among.output`."""
        model = CrossedModel(of.tasks, self.codes, tuple(map(len, self.levels)))
        if before is None:
            law = self._fitted(learning, of, model, noise)
        else:
            law = fit_levels(model, before.passed.law, n_iter=_SWEEPS, tol=np.inf, noise=noise)
        passed = model.passed(law)
        told = noise != "known"  # working responses are no targets
        return CrossedOutput(passed, evidence_in_data(model, law, passed.evidence, of.units) if told else None)

    def _fitted(self, learning: LawLearning, of: OutputTasks, model: CrossedModel, noise: str) -> LevelsLaw:
        """A law without constraint first, by which the factors' shapes are chosen; then the law of these shapes."""
        guess, tasks, n = initial_guess(of.tasks, contextual=False), of.tasks, len(self.factors)
        free = tuple(learning.free(tasks.width, count) for count in model.counts)
        even = [shape.fit(guess.covariance / n, np.asarray(c))[0] for shape, c in zip(free, model.counts, strict=True)]
        self._check_size(even)
        variance = float(of.flat.law.noise if noise == "known" else guess.noise)
        held = float(of.flat.law.mean_variance)
        start = LevelsLaw(tuple(even), variance, np.inf, np.full(tasks.n_tasks, variance), held, shapes=free)
        options: dict[str, Any] = {"tol": learning.learner.tol * tasks.n_tasks, "noise": noise, "n_iter": _SWEEPS}
        options["max_iter"] = learning.learner.max_iter
        law = fit_levels(model, start, **options)
        passed = model.passed(law)
        shapes = tuple(_shape(learning, passed, f) for f in range(n))
        if all(one.shape == other.shape for one, other in zip(shapes, free, strict=True)):
            return law
        return fit_levels(model, replace(law, shapes=shapes, uniques=()), **options)

    def _check_size(self, covariances: Sequence[Array]) -> None:
        pairs = zip(self.levels, covariances, strict=True)
        sizes = [len(ids) * int((np.diagonal(each) > 0).sum()) for ids, each in pairs]
        size, widest = sum(sizes) - max(sizes), self.factors[int(np.argmax(sizes))]
        if size > _LARGEST:
            raise ValueError(
                f"EmpiricalBayes(crossed=True): wanted at most {_LARGEST} coefficients of the factors beside the largest, "
                f"{widest!r}, found {size}; let fewer columns vary, as varying='intercept', or leave a column of ids out."
            )

    def settled(self, outputs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        """They are what ids say, see `Among.settled`."""
        return self, outputs

    def prior(self, plain: GaussianPrior, collection: Collection, outputs: Sequence[Any]) -> StructuredPrior:
        """The prior of all outputs, see `Among.prior`."""
        known = [
            KnownFactors.of(output.passed.joint, output.passed.roots, units.affine_to_data[0])
            for units, output in zip(collection.units, outputs, strict=True)
        ]
        return CrossedPrior.beyond(plain, factors=self.factors, ids=self.levels, known=tuple(known))


@dataclass(frozen=True, eq=False)
class CrossedOutput:
    """What was learned of one output: what its tasks tell under its law."""

    passed: CrossedPass
    evidence: float | None

    @property
    def tasks(self) -> InColumns:
        """The tasks of the output."""
        found: InColumns = self.passed.model.tasks
        return found

    @property
    def coefficients(self) -> Array:
        """Posterior means ``(n_tasks, p)`` of the tasks."""
        return self.passed.coefficients

    @cached_property
    def places(self) -> Places:
        """What the others say of each task, which has no deviation of its own."""
        law = self.passed.law
        none = np.zeros_like(law.covariances[0])
        return Places(cavities(self.passed), none, law.noise, law.noise_dof, self.evidence)

    @property
    def law_of_root(self) -> CoefficientLaw:
        """That of a task of which nothing is known."""
        model, law, mean = self.passed.model, self.passed.law, self.passed.mean
        return CoefficientLaw(
            mean.mean[0],
            np.sum(law.covariances, axis=0),
            np.float64(law.noise),
            np.float64(law.noise_dof),
            model.tasks.counts.sum(),
            model.n_rows,
            mean.covariance[0],
        )


def _shape(learning: LawLearning, passed: CrossedPass, f: int) -> CovarianceShape:
    """The shape of a factor's covariance, by the evidence of held-out levels given the other factors: tasks of noise one."""
    levels = InColumns(around_the_others(passed, f))
    zero, one = np.zeros(levels.width), np.float64(1.0)
    start = CoefficientLaw(zero, passed.law.covariances[f], one, np.float64(np.inf))
    return learning.choice(levels, start=start, noise="known").structure
