"""Empirical Bayes for tasks with other likelihoods: Gaussian EM on working responses, expanded anew around the modes.

Laplace's approximation makes each task's likelihood a Gaussian one, so the mean, the covariance and its structure are
learned by the very engine of the linear tasks (penalised quasi-likelihood; Breslow and Clayton, 1993, JASA 88, section
2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import EFFECTS_TO_SHRINK, Progress, fit_gaussian, opened
from skmeta._inference.past import past_deviance, typical_design

_SWEEPS = 2  # of the EM on each expansion
RATIOS = (1.1, 1.4)  # steps of the factors of means and of covariances
CLIMB = 8  # steps at most
_CHOOSE_AT = 3  # expansions before the structure is chosen: by then the working responses have settled


@dataclass(frozen=True, eq=False)
class Learned:
    """One `CoefficientLaw` an output, the structures, and the working responses they were last learned from.

    ``collection`` is what they were learned from, with what was learned of the likelihood; ``choices`` say how the
    structures were chosen.
    """

    laws: list
    tasks: list
    structures: list
    collection: Any
    choices: Any = None


def fit_laplace(
    collection: Any,
    structures: Any,
    *,
    n_iter: int,
    choose: Callable[[int, Any, Any], Any] | None,
    past: Any = None,
    start: Any = None,
    noise: str = "known",
    retune: Callable[[Any, Any], Any] | None = None,
    n_jobs: int = 1,
    tol: float = 1e-3,
    progress: Progress | None = None,
) -> Learned:
    """Learn the coefficients' law for each output of `working.RowsAtHand` or `working.RowsElsewhere`.

    ``choose(k, tasks, start)`` picks output ``k``'s structure; without it the laws are those of the few expansions after
    which the working responses have settled, under the structures given. The dispersion is ``"known"``, what the start says, or
    ``"shared"`` by all tasks and learned from the working responses; ``retune(collection, laws)`` gives both, changed by
    what is then known of how targets scatter. ``start`` are laws that are nearer than the past's or the pooled ones.
    ``progress(done, total)`` is called after each expansion.
    """
    laws, chosen = start or past or pooled_laws(collection), list(structures)
    options: dict[str, Any] = {"n_iter": _SWEEPS, "noise": noise, "n_jobs": n_jobs}
    n_expansions = max(n_iter, _CHOOSE_AT + 2) if choose else _CHOOSE_AT
    for expansion in range(n_expansions):
        collection, laws = (collection, laws) if retune is None else retune(collection, laws)
        tasks = collection.responses(laws)
        if expansion == 0:
            laws = [opened(law, part) for law, part in zip(laws, tasks, strict=True)]
        if choose and expansion == _CHOOSE_AT:
            chosen = [choose(k, part, law) for k, (part, law) in enumerate(zip(tasks, laws, strict=True))]
        new = [
            fit_gaussian(part, structure, start=law, past=past and past[k], **options)
            for k, (part, structure, law) in enumerate(zip(tasks, chosen, laws, strict=True))
        ]
        moved = max(np.abs(a.mean - b.mean).max() for a, b in zip(new, laws, strict=True))
        laws = new
        if progress is not None:
            progress(expansion + 1, n_expansions)
        if expansion > _CHOOSE_AT and moved < tol:
            break
    if choose and noise != "shared":
        known = [(one, typical_design(part, one)) for one, part in zip(past, tasks, strict=True)] if past else []
        laws = undo_shrinkage(collection, laws, known)
    return Learned(laws, tasks, chosen, collection)


def undo_shrinkage(collection: Any, laws: Any, known: list[Any]) -> list[Any]:
    """Against the shrinkage of penalised quasi-likelihood: scale all means, and all covariances, to the best evidence.

    Working responses of a few rows a task understate both (Breslow and Lin, 1995, Biometrika 82). Laplace's evidence
    itself is much less biased, so two factors, climbed on grids of ratios, are estimated by it, and by that of
    the tasks of what is ``known``: of each output a past and a `typical_design`, or none. A logarithmic link's intercept is
    the unit of the targets, which has no size.
    """
    held = collection.likelihood.logarithmic
    factors, best = (1.0, 1.0), collection.evidence(laws) + _evidence_of_past(laws, known)
    for i, step in [*enumerate(RATIOS)] * CLIMB:
        trial = (factors[0] * step, factors[1]) if i == 0 else (factors[0], factors[1] * step)
        scaled = [_scaled(law, *trial, held) for law in laws]
        value = collection.evidence(scaled) + _evidence_of_past(scaled, known)
        if value > best:
            factors, best = trial, value
        elif i:
            break
    return [_scaled(law, *factors, held) for law in laws]


def _evidence_of_past(laws: Any, known: list[Any]) -> float:
    """What the tasks that pasts were learned from add to the evidence."""
    pairs = [(law.predictive(), *each) for law, each in zip(laws, known, strict=False)]
    each = [past.n_tasks * past_deviance(law, np.atleast_1d(law.noise), past, design) for law, past, design in pairs]
    return -0.5 * float(np.sum(each))


def _scaled(law: CoefficientLaw, mean: float, covariance: float, held: bool) -> Any:
    moved = mean * law.mean
    if held:
        moved[-1] = law.mean[-1]
    return replace(law, mean=moved, covariance=covariance * law.covariance)


def pooled_laws(collection: Any) -> list[Any]:
    """A start: all rows as one task under a weak prior; tasks vary by half a unit of the linear predictor in all."""
    coef, noise = collection.pooled()
    p = coef.shape[1]
    spread = np.diag(np.r_[np.full(p - 1, 0.5 / max(p - 1, 1)), 0.5])
    shrink = 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf
    return [CoefficientLaw(mean, spread, noise, mean_variance=shrink) for mean in coef]
