"""How the law of a collection's coefficients is learned: a structure chosen by held-out tasks, then EM over all tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmeta._inference.block_structure import with_blocks
from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.components import Beside
from skmeta._inference.dispersion import learn_scatter
from skmeta._inference.gaussian_em import fit_gaussian, initial_guess, opened
from skmeta._inference.laplace_em import Learned, fit_laplace
from skmeta._inference.past import typical_design
from skmeta._inference.selection import Choice, all_vary, best_for, candidates, choose, evidence_held_out
from skmeta._inference.structure import CovarianceShape
from skmeta.base._parts_of_work import PartsOfWork
from skmeta.linear_model._blas_threads import for_matrices_of
from skmeta.linear_model._blocks import columns_of_blocks
from skmeta.linear_model._collection import Collection
from skmeta.linear_model._named_columns import NamedColumns
from skmeta.linear_model._varying import varying_coefficients

MANY = 2000  # tasks beyond which sweeps over all of them start where those over the tasks looked at ended
_POLISH = 3  # sweeps over all tasks that are then enough


@dataclass(frozen=True, eq=False)
class LearnedLaw:
    """The law of one output, the choice of its structure, and the tasks it was learned from.

    Of counts, ``rows`` are what stands behind their working responses, which around few events credit laws with far modes
    of what these cannot reach. ``behind`` is that of any working responses. ``places`` is what the others say of each task,
    where there is a structure among them.
    """

    law: CoefficientLaw
    choice: Choice
    tasks: Any
    rows: Any = None
    behind: Any = None
    places: Any = None

    def held_out(self, beside: Beside) -> Any:
        """Log-evidence ``(n_tasks, C)`` of the tasks looked at, under what their fold learned and what stands beside it."""
        if self.rows is None:
            return evidence_held_out(self.tasks, self.choice, beside)
        components = [beside.components(law.predictive()) for law in self.choice.states]
        return self.rows.component_evidence(self.choice.tasks, self.choice.fold, components)


class LawLearning:
    """Learning of laws by the parameters of an `EmpiricalBayes`; ``progress(done, total)`` is called after each sweep."""

    def __init__(self, learner: Any, n_jobs: int, progress: Callable[[int, int], None] | None = None) -> None:
        self.learner, self.n_jobs, self._progress = learner, n_jobs, progress
        weight, chosen = learner.pseudo_tasks, isinstance(learner.pseudo_tasks, str)
        self._strength: str | None = weight if chosen else None
        self._pseudo_tasks: float | None = None if chosen else weight

    def of(self, collection: Collection, past: list[CoefficientLaw] | None) -> list[LearnedLaw]:
        """The law of each output; ``past`` counts as the tasks it was learned from."""
        names, n_features = collection.describe["feature_names"], len(collection.units[0].scale)
        columns = NamedColumns(n_features, names, collection.positions_behind)
        self._varying = varying_coefficients(self.learner.varying, columns)
        self._blocks = columns_of_blocks(self.learner.blocks, columns, self._varying)
        known: list[Any] = past or [None] * len(collection.units)
        with for_matrices_of(n_features + 1):
            if not collection.likelihood.quadratic:
                return self._by_working_responses(collection, past)
            outputs, parts = zip(collection.tasks, known, strict=True), PartsOfWork(self._progress, len(known))
            return [self._of_output(*each, PartsOfWork(parts.part(k), 2)) for k, each in enumerate(outputs)]

    def _of_output(self, tasks: Any, past: CoefficientLaw | None, parts: PartsOfWork) -> LearnedLaw:
        choice = self._choice(tasks, past, noise=self.learner.noise, progress=parts.part(0))
        parts.did(1)
        law = self._sweep(tasks, choice, past, parts.part(1))
        parts.finish()
        return LearnedLaw(law, choice, tasks)

    def _sweep(self, tasks: Any, choice: Choice, past: CoefficientLaw | None, progress: Any) -> CoefficientLaw:
        """EM on all tasks; where they are very many, on some of them first, which leaves little to do."""
        n_iter = self.learner.max_iter
        options = {"tol": self.learner.tol, "past": past, "noise": self.learner.noise, "n_jobs": self.n_jobs}
        few = tasks.n_tasks <= MANY
        if past is not None:
            start = opened(past, tasks)
        elif few:
            start = initial_guess(tasks, choice.contextual, own_noise=self.learner.noise == "task")
        else:
            start = choice.states[0]
        if past is None and self.learner.pseudo_tasks == 0:
            start = replace(start, mean_variance=np.full_like(start.mean_variance, np.inf))
        if few:
            return fit_gaussian(tasks, choice.structure, n_iter=n_iter, start=start, progress=progress, **options)
        some, parts = tasks.take(choice.tasks), PartsOfWork(progress, 2)
        start = fit_gaussian(some, choice.structure, n_iter=n_iter, start=start, progress=parts.part(0), **options)
        options |= {"n_iter": min(n_iter, _POLISH), "progress": parts.part(1)}
        return fit_gaussian(tasks, choice.structure, start=start, **options)

    def _by_working_responses(self, collection: Collection, past: list[CoefficientLaw] | None) -> list[LearnedLaw]:
        n_outputs, n_iter, parts = len(collection.units), self.learner.max_iter, PartsOfWork(self._progress, 2)
        width, n_tasks = collection.tasks.width, collection.tasks.n_tasks
        first = all_vary(self.candidates(width, n_tasks))[-1:] * n_outputs
        options: dict[str, Any] = {"n_iter": n_iter, "tol": self.learner.tol, "past": past, "n_jobs": self.n_jobs}

        def learn(tasks: Any, *, noise: str = "known", settle: bool = False, **more: Any) -> Learned:
            picked: dict[int, Choice] = {}

            def pick(k: int, tasks: Any, start: CoefficientLaw) -> CovarianceShape:
                picked[k] = self._choice(tasks, None if past is None else past[k], noise=noise, start=start)
                return picked[k].structure

            more["progress"] = parts.part(0 if settle else 1)  # of which the first may be left out
            found = fit_laplace(tasks, first, choose=None if settle else pick, noise=noise, **more, **options)
            return replace(found, choices=picked)

        found = learn_scatter(collection.tasks, learn, past)
        parts.finish()
        behind = found.collection
        rows = behind if behind.likelihood.counts else None
        return [LearnedLaw(law, found.choices[k], found.tasks[k], rows, behind) for k, law in enumerate(found.laws)]

    def free(self, width: int, n_tasks: float) -> CovarianceShape:
        """The widest of the shapes: what is learned without constraint."""
        return all_vary(self.candidates(width, n_tasks))[-1]

    def choice(self, tasks: Any, **options: Any) -> Choice:
        """The choice of a structure for tasks of one output, where nothing is known before."""
        return self._choice(tasks, None, **options)

    def kept(self, tasks: Any, past: CoefficientLaw) -> CovarianceShape:
        """The shape in which the covariance of a past, of the coefficients that vary, keeps best what it says."""
        structures = self.candidates(tasks.width, tasks.n_tasks + float(past.n_tasks), past)
        return best_for(past, structures, typical_design(tasks, past))

    def _choice(self, tasks: Any, past: CoefficientLaw | None, **options: Any) -> Choice:
        n_tasks = tasks.n_tasks + (0.0 if past is None else float(past.n_tasks))
        structures = self.candidates(tasks.width, n_tasks, past)
        return choose(tasks, structures, past=past, strength=self._strength, **options)

    def candidates(self, width: int, n_tasks: float, past: CoefficientLaw | None = None) -> list[CovarianceShape]:
        """The structures that come into question, simplest first."""
        learner, covariance = self.learner, None if past is None else past.covariance
        known = None if covariance is None else tuple(np.flatnonzero(np.diagonal(covariance) > 0).tolist())
        found: list[CovarianceShape] = []
        if learner.covariance != "blocks" or not self._blocks:  # where no slope varies, one shape is as another
            options: dict[str, Any] = {"rank": learner.rank, "pseudo_tasks": self._pseudo_tasks}
            word = "spherical" if learner.covariance == "blocks" else learner.covariance
            found += candidates(word, width, n_tasks, **options, known=known, varying=self._varying)
        if not self._blocks:
            return found
        return with_blocks(found, self._blocks, width, self._pseudo_tasks, covariance)
