"""Empirical Bayes for tasks that deviate by levels: one covariance a level and the noises, by EM and a search for scales.

A sweep of EM is one pass up and down a tree, and along its chains where tasks drift. EM crawls where a level hardly varies, so
after some sweeps the scale of each level's covariance, the half-life, and the noise that all tasks share, are searched for
directly on the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from skmeta._inference.gaussian_em import NOISE_FLOOR, effect_variance
from skmeta._inference.linalg import cholesky_root, diagonal, symmetrize
from skmeta._inference.messages import Beliefs, of_rows, trace_of_products
from skmeta._inference.noise import noise_step, pooled_dof, squeeze_noise
from skmeta._inference.tree import Swept, Tree, Upward, pass_up

Array = NDArray[Any]

_SMALLEST = 1e-10  # guard: least factor of a covariance, which is as good as none
_LARGEST = 1e3  # guard: largest factor of a covariance in one search; there may be several
_ROUNDS = 50  # guard: rounds of sweeps and search have settled


@dataclass(frozen=True, eq=False)
class NestedLaw:
    """``covariances``, one ``(p, p)`` a level, outermost first; the noises' law; and how the root's slopes are held.

    Where tasks drift (`drift.Chains`), the last but one is that of their states, which have a ``half_life`` within
    ``half_lives``.

    ``own_noise (n_tasks,)`` are the tasks' own; ``mean_variance`` is the variance of the root's slopes around zero.
    ``shapes`` are the `structure.Structure` of each covariance, and ``uniques`` start the next fit of them.
    """

    covariances: tuple[np.ndarray, ...]
    noise: float
    noise_dof: float
    own_noise: np.ndarray
    mean_variance: float = np.inf
    uniques: tuple[Any, ...] = ()
    shapes: tuple[Any, ...] = ()
    half_life: float = np.inf
    half_lives: tuple[float, float] | None = None

    @property
    def shrink(self) -> Array:
        """Precision ``(p,)`` of the root's coefficients around zero."""
        p = len(self.covariances[0])
        return np.r_[np.full(p - 1, 1.0 / self.mean_variance), 0.0]

    @property
    def roots(self) -> list[Array]:
        """A root of every level's covariance ``(p, k)``: of the ``k`` coefficients that vary there."""
        return [_root(each) for each in self.covariances]


@dataclass(frozen=True, eq=False)
class Before:
    """What earlier tasks, ``n_tasks`` of ``n_rows`` together, told of how tasks deviate ``covariance (p, p)`` and of noise."""

    covariance: np.ndarray
    noise: float
    noise_dof: float
    n_tasks: float
    n_rows: float

    def with_scatter(self, scatter: Array, n_tasks: float) -> Array:
        """The mean scatter of both."""
        return (n_tasks * scatter + self.n_tasks * self.covariance) / (n_tasks + self.n_tasks)

    def with_noise(self, noise: Array, dof: Array, n_rows: float, n_tasks: float) -> tuple[Array, Array]:
        """The noises' law of both, each counting by its rows and by its tasks."""
        logs = (n_rows * np.log(noise) + self.n_rows * np.log(self.noise)) / (n_rows + self.n_rows)
        return np.exp(logs), pooled_dof(dof, n_tasks, self.noise_dof, self.n_tasks)

    def density(self, law: NestedLaw, root: Array) -> tuple[float, Array]:
        r"""Log density of the earlier tasks' deviations and noises, known by their scatter, and its slopes by both scales.

        .. math:: -\tfrac{T}{2} (\log |S| + \mathrm{tr}\, S^{-1} S_0) - \tfrac{n}{2} (\log \sigma^2 + \sigma_0^2 / \sigma^2)
        """
        half = np.linalg.lstsq(root, np.linalg.lstsq(root, self.covariance, rcond=None)[0].T, rcond=None)[0]
        spread, ratio, k = float(np.trace(half)), self.noise / law.noise, root.shape[1]
        logdet = np.linalg.slogdet(root.T @ root)[1] if k else 0.0
        value = -0.5 * (self.n_tasks * (logdet + spread) + self.n_rows * (np.log(law.noise) + ratio))
        return value, -0.5 * np.array([self.n_tasks * (k - spread), self.n_rows * (1.0 - ratio)])


def _root(covariance: Array) -> Array:
    vary = np.flatnonzero(diagonal(covariance) > 0)
    found = np.zeros((len(covariance), len(vary)))
    found[vary] = cholesky_root(covariance[np.ix_(vary, vary)])
    return found


def up(tasks: Any, tree: Tree, law: NestedLaw) -> Upward:
    """The pass up of the tasks' rows under a law."""
    return pass_up(tree, of_rows(tasks.moments, law.own_noise), law.roots)


def swept(tasks: Any, tree: Any, law: NestedLaw) -> Swept:
    """What the tasks' rows tell under a law of a `Tree`, or of `Chains`."""
    found: Swept = tree.swept(of_rows(tasks.moments, law.own_noise), law)
    return found


def fit_nested(
    tasks: Any,
    tree: Any,
    start: NestedLaw,
    *,
    n_iter: int,
    tol: float,
    noise: str,
    past: Before | None = None,
) -> NestedLaw:
    """Sweeps of EM and searches in turn, until a round makes the tasks more probable by less than ``tol`` nats.

    The tasks are in a `Tree` or in `Chains`. ``noise`` is what is learned of it: ``"task"``, ``"shared"`` or ``"known"``. What
    a ``past`` told of nodes is in the tree.
    """
    law, best = start, -np.inf
    for _ in range(_ROUNDS):
        for _ in range(n_iter):
            law = _sweep(tasks, tree, law, noise, past)
        law, value = _scaled(tasks, tree, law, noise, past)
        if np.isinf(tol) or value - best < tol:
            break
        best = value
    return law


def _sweep(tasks: Any, tree: Any, law: NestedLaw, noise: str, past: Before | None) -> NestedLaw:
    told, roots = swept(tasks, tree, law), law.roots
    covariances, uniques = [], []
    for level, structure in enumerate(law.shapes):
        own, square, counts = roots[level], told.squares[level], tree.weights(level)
        counts = np.ones(len(square)) if counts is None else counts
        mean, n_nodes = np.tensordot(counts, square, axes=1) / counts.sum(), counts.sum()
        scatter, unique = symmetrize(own @ mean @ own.T), law.uniques[level] if law.uniques else None
        if past is not None and level == tree.n_levels - 1:
            scatter, n_nodes = past.with_scatter(scatter, n_nodes), n_nodes + past.n_tasks
        found = structure.fit(scatter, n_nodes, unique)
        covariances.append(found[0])
        uniques.append(found[1])
    law = replace(law, covariances=tuple(covariances), uniques=tuple(uniques))
    if np.isfinite(law.mean_variance):
        slopes = told.root.mean[0, :-1], diagonal(told.root.covariance[0])[:-1]
        law = replace(law, mean_variance=float(effect_variance(*slopes, law.mean_variance)))
    return law if noise == "known" else _with_noise(tasks, law, told.known[-1], past, shared=noise == "shared")


def _with_noise(tasks: Any, law: NestedLaw, known: Beliefs, past: Before | None, *, shared: bool) -> NestedLaw:
    """The noises by the tasks' residuals at their posterior means, over the degrees of freedom that these leave."""
    moments, counts = tasks.moments, tasks.counts
    _, square = moments.residual(known.mean)
    spent = trace_of_products(moments.gram, known.covariance) / law.own_noise
    dof = np.maximum(moments.n_rows - spent, NOISE_FLOOR)
    variance = np.maximum(square / dof, NOISE_FLOOR)
    n_rows = (counts * moments.n_rows).sum()
    common, noise_dof = noise_step(variance, dof, counts, n_rows, np.asarray(law.noise), shared=shared)
    common = np.maximum(common, NOISE_FLOOR)
    if past is not None:
        common, noise_dof = past.with_noise(common, noise_dof, n_rows, counts.sum())
    own = squeeze_noise(variance, dof, common, noise_dof)
    return replace(law, noise=float(common), noise_dof=float(noise_dof), own_noise=own)


def _scaled(tasks: Any, tree: Any, law: NestedLaw, noise: str, past: Before | None = None) -> tuple[NestedLaw, float]:
    r"""The law of the scales and the half-life under which the tasks are most probable; and their log-evidence.

    With :math:`u = s^{1/2} R v` the evidence moves with the scale of a level's covariance, and with that of the noises, by

    .. math:: \frac{\partial \log p}{\partial \log s} = \tfrac12 \sum_i (E[v_i^\top v_i] - k), \quad
        \frac{\partial \log p}{\partial \log \sigma^2} = \tfrac12 \sum_t (E |y_t - Z_t w_t|^2 / \sigma_t^2 - n_t) .

    Half-lives are searched with what is new in a short time held, so that a random walk is a long one.
    """
    n_levels, free, drifts = len(law.covariances), noise != "known", law.half_lives is not None

    def cost(logs: Array) -> tuple[float, Array]:
        found = _at(law, logs, noise)
        told = swept(tasks, tree, found)
        slopes = [_slope(square, tree.weights(level)) for level, square in enumerate(told.squares)]
        own = [_noise_slope(tasks, found.own_noise, told.known[-1])] if free else []
        value = told.evidence
        if past is not None:
            more, (scale, level) = past.density(found, found.roots[-1])
            value, slopes[-1], own = value + more, slopes[-1] + scale, [each + level for each in own]
        by_half_life = [slopes[-2] + told.half_life_slope] if drifts else []
        return -value, -np.array(slopes + by_half_life + own)

    least, most = np.log(_SMALLEST), np.log(_LARGEST)
    bounds = [(least, most)] * n_levels
    bounds += [tuple(np.log(np.array(law.half_lives) / law.half_life))] if drifts else []
    bounds += [(min(np.log(NOISE_FLOOR / law.own_noise.min(initial=1.0)), 0.0), most)] if free else []
    found = minimize(cost, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds)
    return _at(law, found.x, noise), float(-found.fun)


def _at(law: NestedLaw, logs: Array, noise: str) -> NestedLaw:
    """A law with its levels' scales, its half-life and its noises multiplied by what has these logarithms, in this order."""
    n_levels, by = len(law.covariances), np.exp(logs)
    factors, rest = by[:n_levels].copy(), by[n_levels:]
    half_life = law.half_life
    if law.half_lives is not None:
        factors[-2] *= rest[0]
        half_life = float(half_life * rest[0])
    scale = float(rest[-1]) if noise != "known" else 1.0
    return replace(
        law,
        covariances=tuple(f * each for f, each in zip(factors, law.covariances, strict=True)),
        half_life=half_life,
        noise=law.noise * scale,
        own_noise=law.own_noise * scale,
    )


def _slope(square: Array, counts: Array | None) -> float:
    each = diagonal(square).sum(axis=-1) - square.shape[-1]
    return 0.5 * float(each.sum() if counts is None else counts @ each)


def _noise_slope(tasks: Any, noise: Array, known: Beliefs) -> float:
    _, square = tasks.moments.residual(known.mean)
    expected = square + trace_of_products(tasks.moments.gram, known.covariance)
    return 0.5 * float(tasks.counts @ (expected / noise - tasks.moments.n_rows))
