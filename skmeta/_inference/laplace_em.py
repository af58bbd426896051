"""Empirical Bayes for tasks with other likelihoods: Gaussian EM on working responses, expanded anew around the modes.

Laplace's approximation makes each task's likelihood a Gaussian one, so the mean, the covariance and its structure are
learned by the very engine of the linear tasks (penalised quasi-likelihood; Breslow and Clayton, 1993, JASA 88, section
2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import EFFECTS_TO_SHRINK, fit_gaussian

_SWEEPS = 2  # of the EM on each expansion
_RATIOS = (1.1, 1.4)  # steps of the factors of means and of covariances
_CLIMB = 8  # steps at most
_CHOOSE_AT = 3  # expansions before the structure is chosen: by then the working responses have settled


@dataclass(frozen=True, eq=False)
class Learned:
    """One `CoefficientLaw` an output, and the working responses they were last learned from."""

    laws: list
    tasks: list
    structures: list


def fit_laplace(
    collection: Any, structures: Any, *, n_iter: int, choose: Any, past: Any = None, n_jobs: int = 1, tol: float = 1e-3
) -> Learned:
    """Learn the coefficients' law for each output of `working.RowsAtHand` or `working.RowsElsewhere`.

    ``choose(k, tasks, start)`` picks output ``k``'s structure.
    """
    laws, chosen = past or pooled_laws(collection), list(structures)
    dispersed = collection.likelihood.dispersed
    for expansion in range(max(n_iter, _CHOOSE_AT + 2)):
        tasks = collection.responses(laws)
        if expansion == _CHOOSE_AT:
            chosen = [choose(k, part, law) for k, (part, law) in enumerate(zip(tasks, laws, strict=True))]
        options: dict[str, Any] = {"n_iter": _SWEEPS, "noise": "shared" if dispersed else "known", "n_jobs": n_jobs}
        new = [
            fit_gaussian(part, structure, start=law, past=past and past[k], **options)
            for k, (part, structure, law) in enumerate(zip(tasks, chosen, laws, strict=True))
        ]
        moved = max(np.abs(a.mean - b.mean).max() for a, b in zip(new, laws, strict=True))
        laws = new
        if expansion > _CHOOSE_AT and moved < tol:
            break
    return Learned(laws if dispersed else undo_shrinkage(collection, laws), tasks, chosen)


def undo_shrinkage(collection: Any, laws: Any, steps: tuple[float, float] = _RATIOS, n_iter: int = _CLIMB) -> list[Any]:
    """Against the shrinkage of penalised quasi-likelihood: scale all means, and all covariances, to the best evidence.

    Working responses of a few rows a task understate both (Breslow and Lin, 1995, Biometrika 82). Laplace's evidence
    itself is much less biased, so two factors, climbed on a grid of ratios ``steps``, are estimated by it.
    """
    factors, best = [1.0, 1.0], collection.evidence(laws)
    for i, step in [(0, steps[0]), (1, steps[1])] * n_iter:
        trial = list(factors)
        trial[i] *= step
        value = collection.evidence([_scaled(law, *trial) for law in laws])
        if value > best:
            factors, best = trial, value
        elif i:
            break
    return [_scaled(law, *factors) for law in laws]


def _scaled(law: CoefficientLaw, mean: float, covariance: float) -> Any:
    return replace(law, mean=mean * law.mean, covariance=covariance * law.covariance)


def pooled_laws(collection: Any) -> list[Any]:
    """A start: all rows as one task under a weak prior; tasks vary by half a unit of the linear predictor in all."""
    coef = collection.pooled()
    p = coef.shape[1]
    spread = np.diag(np.r_[np.full(p - 1, 0.5 / max(p - 1, 1)), 0.5])
    shrink = 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf
    return [CoefficientLaw(mean, spread, 1.0, mean_variance=shrink) for mean in coef]
