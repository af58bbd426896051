r"""Posterior modes of tasks and Laplace's evidence under several components, for likelihoods without a closed form.

.. math:: \log p(y) \approx \log p(y | \hat w) + \log p(\hat w) + \tfrac{p}{2} \log 2\pi - \tfrac12 \log |H|

(MacKay, 1992, Neural Computation 4, 415-447.) By columns the Hessian is ``(p, p)``, by rows ``(n, n)``: ``|H| / |S^-1| =
|I + K W|``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Component
from skmeta._inference.dual import DualProblem
from skmeta._inference.glm import GaussianPriors, posterior_modes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.moments import Rows
from skmeta._inference.posterior_rows import row_batches

Array = NDArray[np.float64]
Components = Sequence[Sequence[Component]]  # of every output
Solution = tuple[Array, Callable[[Array], Array]]  # evidence (n_tasks, C), and the mean of the modes by weights

_WIDE_ENOUGH = 1e6  # variance of an intercept of which nothing is known, in a kernel: more costs digits


def laplace_columns(rows: Rows, components: Components, likelihood: Likelihood, strength: float) -> Solution:
    """By matrices of the columns."""
    evidence, coef = [], []
    for c in range(len(components[0])):
        own = [output[c] for output in components]
        priors = GaussianPriors(np.stack([k.mean for k in own])[None], np.stack([_root(k) for k in own])[None])
        noise = own[0].noise.centre
        modes = posterior_modes(rows, priors, likelihood, noise)
        evidence.append(modes.evidence[:, 0])
        if strength != 1.0:
            modes = posterior_modes(rows, priors, likelihood, noise, strength=strength, start=modes.whitened)
        coef.append(modes.coef[:, 0])
    stacked = np.stack(coef, axis=1)
    return np.stack(evidence, axis=1), lambda weights: np.einsum("tc,tckp->tkp", weights, stacked)


def _root(component: Component) -> Array:
    """The root with what the intercept varies beyond the covariance: in the last entry alone, for it is triangular."""
    root = component.covariance.root
    if component.extra == 0.0:
        return root
    root = root.copy()
    root[-1, -1] = np.sqrt(root[-1, -1] ** 2 + component.extra)
    return root


def laplace_rows(rows: Rows, components: Components, likelihood: Likelihood, strength: float) -> Solution:
    """By matrices of the rows."""
    parts = [(batch, dual_modes(batch, components, likelihood, strength)) for batch in row_batches(rows)]
    evidence = np.empty((rows.n_tasks, len(components[0])))
    for batch, modes in parts:
        evidence[batch.tasks] = np.stack([mode.evidence for mode in modes], axis=1)

    def means(weights: Array) -> Array:
        found = np.zeros((rows.n_tasks, len(components), len(components[0][0].mean)))
        for batch, modes in parts:
            for c, mode in enumerate(modes):
                found[batch.tasks] += weights[batch.tasks, c, None, None] * mode.coef()
        return found

    return evidence, means


@dataclass(frozen=True, eq=False)
class DualMode:
    """The mode of a batch of tasks under one component of every output: evidence ``(b,)`` at strength one."""

    batch: Any
    components: Sequence[Component]
    problem: DualProblem
    posterior: Any
    evidence: Array
    strength: float

    def coef(self) -> Array:
        """Coefficients ``(b, K, p)``."""
        z = _intercept(self.batch)
        found = []
        for k, component in enumerate(self.components):
            a = self.posterior.a[..., k] / self.strength
            w = component.mean + component.covariance.seen_by(self.batch).back(a)
            w[:, -1] += _extra(component) * (a * z).sum(axis=1)
            found.append(w)
        return np.stack(found, axis=1)


def dual_modes(batch: Any, components: Components, likelihood: Likelihood, strength: float) -> list[DualMode]:
    """The modes of one batch under every component."""
    found = []
    for c in range(len(components[0])):
        own = [output[c] for output in components]
        z = _intercept(batch)
        offset = batch.times(np.stack([k.mean for k in own], axis=1))
        kernels = [k.covariance.seen_by(batch).kernel() + _extra(k) * z[:, :, None] * z[:, None, :] for k in own]
        noise = np.array([k.noise.centre for k in own])
        problem = DualProblem(likelihood, batch.Y, batch.weight, noise, offset, np.stack(kernels, axis=1))
        posterior = problem.mode()
        evidence = -problem.objective(posterior.eta, posterior.a) - 0.5 * problem.log_determinant(posterior).sum(axis=1)
        if strength != 1.0:
            problem = replace(problem, kernel=problem.kernel / strength)
            posterior = problem.mode(posterior.a)
        found.append(DualMode(batch, own, problem, posterior, evidence, strength))
    return found


def _intercept(batch: Any) -> Array:
    return batch.times(np.eye(1, batch.width, batch.width - 1).T)[..., 0]


def _extra(component: Component) -> float:
    return min(component.extra, _WIDE_ENOUGH)
