"""Empirical Bayes for tasks with other likelihoods: Gaussian EM on working responses, expanded anew around the modes.

Laplace's approximation makes each task's likelihood a Gaussian one, so the mean, the covariance, its structure and
the strangers are learned by the very engine of the linear tasks (penalised quasi-likelihood; Breslow and Clayton,
1993, JASA 88, section 2).
"""

from dataclasses import dataclass, replace

import numpy as np

from skmeta._inference.gaussian_em import EFFECTS_TO_SHRINK, Gaussian, fit_gaussian, predictive
from skmeta._inference.glm import Bells, linearise, posterior_modes
from skmeta._inference.linalg import cholesky_root

_CHOOSE_AT = 3  # expansions before the structure is chosen: by then the working responses have settled
_SOME = 512  # tasks on which the stretch is measured
_WEAK = 10.0  # standard deviation of the pooled fit's prior


@dataclass(frozen=True, eq=False)
class Learned:
    """One `Gaussian` an output, and the working responses they were last learned from."""

    states: list
    moments: list
    structures: list


def fit_laplace(rows, loss, structures, *, n_iter, choose, past=None, n_jobs=1, tol=1e-3):
    """Learn the coefficients' law for each output; ``choose(k, moments, start)`` picks output ``k``'s structure."""
    states = past or pooled_states(rows, loss)
    chosen = list(structures)
    noise = "shared" if loss.dispersed else "known"
    for expansion in range(n_iter):
        coef = posterior_modes(rows, as_bells(states), loss, states[0].noise).coef[:, 0]
        moments = linearise(rows, coef, loss)
        if expansion == _CHOOSE_AT:
            chosen = [choose(k, part, state) for k, (part, state) in enumerate(zip(moments, states, strict=True))]
        new = [
            fit_gaussian(part, structure, n_iter=2, start=state, past=past and past[k], noise=noise, n_jobs=n_jobs)
            for k, (part, structure, state) in enumerate(zip(moments, chosen, states, strict=True))
        ]
        moved = max(np.abs(a.mean - b.mean).max() for a, b in zip(new, states, strict=True))
        states = new
        if expansion > _CHOOSE_AT + 2 and moved < tol:
            break
    states = states if loss.dispersed else stretch(rows, loss, states)
    return Learned(states, moments, chosen)


def stretch(rows, loss, states, steps=(1.1, 1.4), n_iter=8):
    """Undo the shrinkage of penalised quasi-likelihood: scale all means, and all covariances, to the best evidence.

    Working responses of a few rows a task understate both (Breslow and Lin, 1995, Biometrika 82). Laplace's evidence
    itself is much less biased, so two factors, climbed on a grid of ratios ``steps``, are estimated by it.
    """
    some = rows.some(_SOME)

    def evidence(mean, covariance):
        bells = as_bells([_scaled(s, mean, covariance) for s in states])
        return posterior_modes(some, bells, loss, 1.0).evidence.sum()

    factors, best = [1.0, 1.0], evidence(1.0, 1.0)
    for i, step in [(0, steps[0]), (1, steps[1])] * n_iter:
        trial = list(factors)
        trial[i] *= step
        value = evidence(*trial)
        if value > best:
            factors, best = trial, value
        elif i:
            break
    return [_scaled(s, *factors) for s in states]


def _scaled(state, mean, covariance):
    return replace(state, mean=mean * state.mean, covariance=covariance * state.covariance)


def pooled_states(rows, loss):
    """A start: all rows as one task under a weak prior; tasks vary by half a unit of the linear predictor in all."""
    n, p, n_outputs = len(rows.order), rows.width, rows.Y.shape[1]
    weak = Bells(np.zeros((1, n_outputs, p)), np.tile(_WEAK * np.eye(p), (1, n_outputs, 1, 1)))
    everything = replace(rows, starts=np.array([0, n]))
    coef = posterior_modes(everything, weak, loss, 1.0).coef[0, 0]
    spread = np.diag(np.r_[np.full(p - 1, 0.5 / max(p - 1, 1)), 0.5])
    shrink = 1.0 if p - 1 >= EFFECTS_TO_SHRINK else np.inf
    return [Gaussian(coef[k], spread, 1.0, mean_variance=shrink) for k in range(n_outputs)]


def as_bells(states):
    """The states of all outputs as one prior of the Newton solver."""
    mean = np.stack([state.mean for state in states])
    return Bells(mean[None], np.stack([cholesky_root(predictive(state).covariance) for state in states])[None])
