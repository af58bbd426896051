"""How the law of a collection's coefficients is learned: a structure chosen by held-out tasks, then EM over all tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import fit_gaussian, initial_guess
from skmeta._inference.laplace_em import fit_laplace
from skmeta._inference.selection import Choice, candidates, choose
from skmeta._inference.structure import Structure
from skmeta.linear_model._collection import Collection

_MANY = 2000  # tasks beyond which sweeps over all of them start where those over the tasks looked at ended
_POLISH = 3  # sweeps over all tasks that are then enough
_EXPANSIONS = 5  # of working responses, at least: before the fourth no structure is chosen


@dataclass(frozen=True, eq=False)
class LearnedLaw:
    """The law of one output, the choice of its structure, and the tasks it was learned from."""

    law: CoefficientLaw
    choice: Choice
    tasks: Any


class LawLearning:
    """Learning of laws by the parameters of an `EmpiricalBayes`; ``progress(done, total)`` is called after each part."""

    def __init__(self, learner: Any, n_jobs: int, progress: Callable[[int, int], None] | None = None) -> None:
        self.learner, self.n_jobs, self._progress, self._done = learner, n_jobs, progress, 0

    def of(self, collection: Collection, past: list[CoefficientLaw] | None) -> list[LearnedLaw]:
        """The law of each output; ``past`` counts as the tasks it was learned from."""
        self._total = 2 * len(collection.units)
        known: list[Any] = past or [None] * len(collection.units)
        if not collection.likelihood.quadratic:
            return self._by_working_responses(collection, past)
        return [self._of_output(tasks, own) for tasks, own in zip(collection.tasks, known, strict=True)]

    def _of_output(self, tasks: Any, past: CoefficientLaw | None) -> LearnedLaw:
        choice = self._choose(tasks, noise=self.learner.noise)
        law = self._sweep(tasks, choice, past)
        self._report()
        return LearnedLaw(law, choice, tasks)

    def _sweep(self, tasks: Any, choice: Choice, past: CoefficientLaw | None) -> CoefficientLaw:
        """EM on all tasks; where they are very many, on some of them first, which leaves little to do."""
        n_iter = self.learner.max_iter
        options = {"tol": self.learner.tol, "past": past, "noise": self.learner.noise, "n_jobs": self.n_jobs}
        if tasks.n_tasks <= _MANY:
            start = past or initial_guess(tasks, choice.contextual, own_noise=self.learner.noise == "task")
            return fit_gaussian(tasks, choice.structure, n_iter=n_iter, start=start, **options)
        start, some = past or choice.states[0], tasks.take(choice.tasks)
        start = fit_gaussian(some, choice.structure, n_iter=n_iter, start=start, **options)
        return fit_gaussian(tasks, choice.structure, n_iter=min(n_iter, _POLISH), start=start, **options)

    def _by_working_responses(self, collection: Collection, past: list[CoefficientLaw] | None) -> list[LearnedLaw]:
        choices: dict[int, Choice] = {}
        noise = "shared" if collection.likelihood.dispersed else "known"

        def pick(k: int, tasks: Any, start: CoefficientLaw) -> Structure:
            choices[k] = self._choose(tasks, noise=noise, start=start)
            return choices[k].structure

        tasks, n_outputs = collection.tasks, len(collection.units)
        first = self._candidates(tasks.width, tasks.n_tasks)[-1:] * n_outputs
        n_iter, tol = max(self.learner.max_iter, _EXPANSIONS), self.learner.tol
        found = fit_laplace(tasks, first, n_iter=n_iter, choose=pick, past=past, n_jobs=self.n_jobs, tol=tol)
        for _ in range(n_outputs):
            self._report()
        return [LearnedLaw(law, choices[k], found.tasks[k]) for k, law in enumerate(found.laws)]

    def _choose(self, tasks: Any, **options: Any) -> Choice:
        choice = choose(tasks, self._candidates(tasks.width, tasks.n_tasks), **options)
        self._report()
        return choice

    def _candidates(self, width: int, n_tasks: int) -> list[Structure]:
        learner = self.learner
        return candidates(learner.covariance, width, n_tasks, learner.rank, learner.pseudo_tasks)

    def _report(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
