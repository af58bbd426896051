r"""Posterior modes of tasks and Laplace's evidence under several components, for likelihoods without a closed form.

.. math:: \log p(y) \approx \log p(y | \hat w) + \log p(\hat w) + \tfrac{p}{2} \log 2\pi - \tfrac12 \log |H|

(MacKay, 1992, Neural Computation 4, 415-447.) By columns the Hessian is ``(p, p)``, by rows ``(n, n)``: ``|H| / |S^-1| =
|I + K W|``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Component
from skmeta._inference.dual import DualProblem, along
from skmeta._inference.glm import GaussianPriors, posterior_modes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import cholesky, triangular_inverse
from skmeta._inference.moments import Rows
from skmeta._inference.posterior_rows import row_batches

Array = NDArray[np.float64]
Components = Sequence[Sequence[Component]]  # of every output

# Evidence (n_tasks, C), the mean of the modes by weights, and the modes themselves: by columns (n_tasks, C, K, p), by rows the
# duals of the rows of the table (n, C, K); the other is None.
Solution = tuple[Array, Callable[[Array], Array], Array | None, Array | None]

_WIDE_ENOUGH = 1e6  # guard: variance of an intercept of which nothing is known, in a kernel: more costs digits


def laplace_columns(rows: Rows, components: Components, likelihood: Likelihood, strength: float) -> Solution:
    """By matrices of the columns, in one batch for each dispersion."""
    noise = np.array([component.noise.centre for component in components[0]])
    means = np.stack([[component.mean for component in output] for output in components], axis=1)
    roots = np.stack([[component.root for component in output] for output in components], axis=1)
    evidence, coef = np.empty((rows.n_tasks, len(noise))), np.empty((rows.n_tasks, *means.shape))
    for level in np.unique(noise):
        own, of = noise == level, GaussianPriors(means[noise == level], roots[noise == level])
        modes = posterior_modes(rows, of, likelihood, level)
        evidence[:, own] = modes.evidence
        if strength != 1.0:
            modes = posterior_modes(rows, of, likelihood, level, strength=strength, start=modes.whitened)
        coef[:, own] = modes.coef
    return evidence, lambda weights: np.einsum("tc,tckp->tkp", weights, coef), coef, None


def laplace_rows(rows: Rows, components: Components, likelihood: Likelihood, strength: float) -> Solution:
    """By matrices of the rows."""
    parts = [DualModes(batch, components, likelihood, strength) for batch in row_batches(rows)]
    evidence = np.empty((rows.n_tasks, len(components[0])))
    duals = np.zeros((len(rows.Y), len(components[0]), len(components)))
    for part in parts:
        evidence[part.batch.tasks], real = part.evidence, part.batch.index >= 0
        duals[part.batch.index[real]] = np.moveaxis(part.duals, 0, 2)[real]

    def means(weights: Array) -> Array:
        found = np.empty((rows.n_tasks, len(components), len(components[0][0].mean)))
        for part in parts:
            found[part.batch.tasks] = part.means(weights[part.batch.tasks])
        return found

    return evidence, means, None, duals


class DualModes:
    """The modes of a batch of ``b`` tasks under each of ``C`` components, all in one problem of ``C b`` tasks.

    ``evidence (b, C)`` is at strength one; ``eta (b, C, n, K)`` and the ``duals (C, b, n, K)`` are at the strength asked for.
    Where the duals are known, as among rows that include new ones, nothing is searched for, and there is no evidence.
    """

    def __init__(
        self, batch: Any, components: Components, likelihood: Likelihood, strength: float, duals: Array | None = None
    ) -> None:
        self.batch, self.components, self.strength = batch, components, strength
        self._intercept = batch.times(np.eye(1, batch.width, batch.width - 1).T)[..., 0]
        self._views = [[component.covariance.seen_by(batch) for component in output] for output in components]
        self.shape = (len(components[0]), *self._intercept.shape, len(components))
        problem, weaker = self._problem(likelihood), strength != 1.0
        if duals is None:
            eta, a = problem.arrive()
            self.evidence = problem.laplace_evidence(eta, a).reshape(self.shape[:2]).T
        if weaker:
            problem = replace(problem, kernel=problem.kernel / strength)
        if duals is not None:
            a = duals.reshape(problem.offset.shape)
            eta = problem.offset + along(problem.kernel, a)
        elif weaker:
            eta, a = problem.arrive(a)
        self._at_mode, self.duals = problem, a.reshape(self.shape)
        self.eta = np.swapaxes(eta.reshape(self.shape), 0, 1)

    def _problem(self, likelihood: Likelihood) -> DualProblem:
        """The components' dispersions count as weights of their rows."""
        C, b, n, K = self.shape
        zz, own = self._intercept[:, :, None] * self._intercept[:, None, :], self.components
        means = [np.stack([o[c].mean for o in own], axis=1) for c in range(C)]
        offset = np.stack([self.batch.times(mean) for mean in means]) + self.batch.offset
        kernel = np.stack([[self._views[k][c].kernel() + _extra(own[k][c]) * zz for k in range(K)] for c in range(C)])
        dispersion = np.array([component.noise.centre for component in own[0]])
        weight = (self.batch.weight / dispersion[:, None, None]).reshape(C * b, n)
        kernel = np.swapaxes(kernel, 1, 2).reshape(C * b, K, n, n)
        Y = np.broadcast_to(self.batch.Y, self.shape).reshape(C * b, n, K)
        return DualProblem(likelihood, Y, weight, np.ones(K), offset.reshape(C * b, n, K), kernel)

    def means(self, weights: Array) -> Array:
        """The means ``(b, K, p)`` of the components' coefficients by weights ``(b, C)``."""
        pull = self.duals / self.strength * weights.T[:, :, None, None]
        found = np.zeros((len(weights), len(self.components), self.batch.width))
        for k, output in enumerate(self.components):
            for c, component in enumerate(output):
                found[:, k] += weights[:, [c]] * component.mean + self._views[k][c].back(pull[c, :, :, k])
                found[:, k, -1] += _extra(component) * (pull[c, :, :, k] * self._intercept).sum(axis=1)
        return found

    def covariances(self) -> Array:
        """Covariances ``(C, b, K, n, n)`` of the linear predictor of each output under each component.

        The classes of a multinomial are taken one by one, as in `glm.linearise`. Rows of no weight that come last, as new
        ones do, take no part in what is inverted.
        """
        C, b, n, K = self.shape
        problem = self._at_mode
        last = int(np.flatnonzero(np.r_[1.0, problem.weight.max(axis=0, initial=0.0)])[-1])
        eta = np.swapaxes(self.eta, 0, 1).reshape(problem.Y.shape)[:, :last]
        curvature = problem.loss.working_curvature(eta, problem.Y[:, :last])
        root = np.sqrt(np.swapaxes(problem.weight[:, :last, None] * curvature, 1, 2))
        moved = root[..., None] * problem.kernel[:, :, :last]
        half = cholesky(moved[..., :last] * root[:, :, None, :] + np.eye(last))
        moved = triangular_inverse(half) @ moved
        found: Array = (problem.kernel - np.swapaxes(moved, 2, 3) @ moved).reshape(C, b, K, n, n)
        return found

    def variances(self, weights: Array) -> Array:
        """Variances ``(b, n, K)`` under the mixture of the components: within them and between their modes."""
        within = np.maximum(np.diagonal(self.covariances(), axis1=3, axis2=4), 0.0)
        off = self.eta - np.einsum("bc,bcnk->bnk", weights, self.eta)[:, None]
        found: Array = np.einsum("bc,cbkn->bnk", weights, within) + np.einsum("bc,bcnk->bnk", weights, off**2)
        return found


def _extra(component: Component) -> float:
    return min(component.extra, _WIDE_ENOUGH)
