"""Empirical Bayes for tasks with other likelihoods: Gaussian EM on working responses, expanded anew around the modes.

Laplace's approximation makes each task's likelihood a Gaussian one, so the mean, the covariance and its structure are
learned by the very engine of the linear tasks (penalised quasi-likelihood; Breslow and Clayton, 1993, JASA 88, section
2).
"""

from dataclasses import dataclass, replace

import numpy as np

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.computation import working_tasks
from skmeta._inference.gaussian_em import EFFECTS_TO_SHRINK, fit_gaussian
from skmeta._inference.glm import Bells, posterior_modes
from skmeta._inference.linalg import cholesky_root

_CHOOSE_AT = 3  # expansions before the structure is chosen: by then the working responses have settled
_SOME = 512  # tasks on which the shrinkage is measured
_WEAK = 10.0  # standard deviation of the pooled fit's prior


@dataclass(frozen=True, eq=False)
class Learned:
    """One `CoefficientLaw` an output, and the working responses they were last learned from."""

    laws: list
    tasks: list
    structures: list


def fit_laplace(rows, loss, structures, *, n_iter, choose, past=None, task_weight=None, n_jobs=1, tol=1e-3):
    """Learn the coefficients' law for each output; ``choose(k, tasks, start)`` picks output ``k``'s structure."""
    laws = past or pooled_laws(rows, loss, task_weight)
    chosen = list(structures)
    noise = "shared" if loss.dispersed else "known"
    for expansion in range(n_iter):
        coef = posterior_modes(rows, as_bells(laws), loss, laws[0].noise).coef[:, 0]
        tasks = working_tasks(rows, coef, loss, task_weight)
        if expansion == _CHOOSE_AT:
            chosen = [choose(k, part, law) for k, (part, law) in enumerate(zip(tasks, laws, strict=True))]
        new = [
            fit_gaussian(part, structure, n_iter=2, start=law, past=past and past[k], noise=noise, n_jobs=n_jobs)
            for k, (part, structure, law) in enumerate(zip(tasks, chosen, laws, strict=True))
        ]
        moved = max(np.abs(a.mean - b.mean).max() for a, b in zip(new, laws, strict=True))
        laws = new
        if expansion > _CHOOSE_AT + 2 and moved < tol:
            break
    laws = laws if loss.dispersed else undo_shrinkage(rows, loss, laws, task_weight=task_weight)
    return Learned(laws, tasks, chosen)


def undo_shrinkage(rows, loss, laws, steps=(1.1, 1.4), n_iter=8, task_weight=None):
    """Against the shrinkage of penalised quasi-likelihood: scale all means, and all covariances, to the best evidence.

    Working responses of a few rows a task understate both (Breslow and Lin, 1995, Biometrika 82). Laplace's evidence
    itself is much less biased, so two factors, climbed on a grid of ratios ``steps``, are estimated by it.
    """
    tasks = np.linspace(0, rows.n_tasks - 1, min(_SOME, rows.n_tasks)).astype(int)
    some, counts = rows.pick(tasks), np.ones(len(tasks)) if task_weight is None else task_weight[tasks]

    def evidence(mean, covariance):
        bells = as_bells([_scaled(s, mean, covariance) for s in laws])
        return float(counts @ posterior_modes(some, bells, loss, 1.0).evidence[:, 0])

    factors, best = [1.0, 1.0], evidence(1.0, 1.0)
    for i, step in [(0, steps[0]), (1, steps[1])] * n_iter:
        trial = list(factors)
        trial[i] *= step
        value = evidence(*trial)
        if value > best:
            factors, best = trial, value
        elif i:
            break
    return [_scaled(s, *factors) for s in laws]


def _scaled(law, mean, covariance):
    return replace(law, mean=mean * law.mean, covariance=covariance * law.covariance)


def pooled_laws(rows, loss, task_weight=None):
    """A start: all rows as one task under a weak prior; tasks vary by half a unit of the linear predictor in all."""
    n, p, n_outputs = len(rows.order), rows.width, rows.Y.shape[1]
    weak = Bells(np.zeros((1, n_outputs, p)), np.tile(_WEAK * np.eye(p), (1, n_outputs, 1, 1)))
    everything = replace(rows, starts=np.array([0, n]), weight=_row_weights(rows, task_weight))
    coef = posterior_modes(everything, weak, loss, 1.0).coef[0, 0]
    spread = np.diag(np.r_[np.full(p - 1, 0.5 / max(p - 1, 1)), 0.5])
    shrink = 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf
    return [CoefficientLaw(coef[k], spread, 1.0, mean_variance=shrink) for k in range(n_outputs)]


def _row_weights(rows, task_weight):
    """The rows' weights in the table, each times its task's."""
    if task_weight is None:
        return rows.weight
    weight = np.ones(len(rows.Y)) if rows.weight is None else rows.weight.copy()
    weight[rows.order] *= np.repeat(task_weight, np.diff(rows.starts))
    return weight


def as_bells(laws):
    """The laws of all outputs as one prior of the Newton solver."""
    mean = np.stack([law.mean for law in laws])
    return Bells(mean[None], np.stack([cholesky_root(law.predictive().covariance) for law in laws])[None])
