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
from skmeta._inference.dual import DualProblem
from skmeta._inference.glm import GaussianPriors, posterior_modes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import spd_inverse
from skmeta._inference.moments import Rows
from skmeta._inference.posterior_rows import row_batches

Array = NDArray[np.float64]
Components = Sequence[Sequence[Component]]  # of every output

# Evidence (n_tasks, C), the mean of the modes by weights, and by columns the modes (n_tasks, C, K, p) themselves.
Solution = tuple[Array, Callable[[Array], Array], Array | None]

_WIDE_ENOUGH = 1e6  # guard: variance of an intercept of which nothing is known, in a kernel: more costs digits


def laplace_columns(rows: Rows, components: Components, likelihood: Likelihood, strength: float) -> Solution:
    """By matrices of the columns, in one batch for each dispersion."""
    noise = np.array([component.noise.centre for component in components[0]])
    means = np.stack([[component.mean for component in output] for output in components], axis=1)
    roots = np.stack([[_root(component) for component in output] for output in components], axis=1)
    evidence, coef = np.empty((rows.n_tasks, len(noise))), np.empty((rows.n_tasks, *means.shape))
    for level in np.unique(noise):
        own, of = noise == level, GaussianPriors(means[noise == level], roots[noise == level])
        modes = posterior_modes(rows, of, likelihood, level)
        evidence[:, own] = modes.evidence
        if strength != 1.0:
            modes = posterior_modes(rows, of, likelihood, level, strength=strength, start=modes.whitened)
        coef[:, own] = modes.coef
    return evidence, lambda weights: np.einsum("tc,tckp->tkp", weights, coef), coef


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
    parts = [DualModes(batch, components, likelihood, strength) for batch in row_batches(rows)]
    evidence = np.empty((rows.n_tasks, len(components[0])))
    for part in parts:
        evidence[part.batch.tasks] = part.evidence

    def means(weights: Array) -> Array:
        found = np.empty((rows.n_tasks, len(components), len(components[0][0].mean)))
        for part in parts:
            found[part.batch.tasks] = part.means(weights[part.batch.tasks])
        return found

    return evidence, means, None


class DualModes:
    """The modes of a batch of ``b`` tasks under each of ``C`` components, all in one problem of ``C b`` tasks.

    ``evidence (b, C)`` is at strength one, ``eta (b, C, n, K)`` at the strength asked for.
    """

    def __init__(self, batch: Any, components: Components, likelihood: Likelihood, strength: float) -> None:
        self.batch, self.components, self.strength = batch, components, strength
        self._intercept = batch.times(np.eye(1, batch.width, batch.width - 1).T)[..., 0]
        self._views = [[component.covariance.seen_by(batch) for component in output] for output in components]
        self.shape = (len(components[0]), *self._intercept.shape, len(components))
        problem = self._problem(likelihood)
        mode = problem.mode()
        evidence = -problem.objective(mode.eta, mode.a) - 0.5 * problem.log_determinant(mode).sum(axis=1)
        self.evidence = evidence.reshape(self.shape[:2]).T
        if strength != 1.0:
            problem = replace(problem, kernel=problem.kernel / strength)
            mode = problem.mode(mode.a)
        self._problem_at_mode, self._mode = problem, mode
        self.eta = np.swapaxes(mode.eta.reshape(self.shape), 0, 1)

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
        pull = self._mode.a.reshape(self.shape) / self.strength * weights.T[:, :, None, None]
        found = np.zeros((len(weights), len(self.components), self.batch.width))
        for k, output in enumerate(self.components):
            for c, component in enumerate(output):
                found[:, k] += weights[:, [c]] * component.mean + self._views[k][c].back(pull[c, :, :, k])
                found[:, k, -1] += _extra(component) * (pull[c, :, :, k] * self._intercept).sum(axis=1)
        return found

    def covariances(self, k: int) -> Array:
        """Covariances ``(C, b, n, n)`` of output ``k`` of the linear predictor under each component.

        The classes of a multinomial are taken one by one, as in `glm.linearise`.
        """
        C, b, n, _ = self.shape
        problem, K = self._problem_at_mode, self._problem_at_mode.kernel[:, k]
        curvature = problem.weight * problem.loss.working_curvature(self._mode.eta, problem.Y)[..., k]
        root = np.sqrt(curvature)
        moved = root[:, :, None] * K
        inverse = spd_inverse(moved * root[:, None, :] + np.eye(n))
        found: Array = (K - np.swapaxes(moved, 1, 2) @ inverse @ moved).reshape(C, b, n, n)
        return found

    def covariance(self, k: int, weights: Array) -> Array:
        """That of the mixture of the components ``(b, n, n)``: within them and between their modes."""
        eta = self.eta[..., k]
        off = (eta - np.einsum("bc,bcn->bn", weights, eta)[:, None]) * np.sqrt(weights)[..., None]
        return np.einsum("bc,cbij->bij", weights, self.covariances(k)) + np.swapaxes(off, 1, 2) @ off


def _extra(component: Component) -> float:
    return min(component.extra, _WIDE_ENOUGH)
