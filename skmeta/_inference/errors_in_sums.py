r"""What sums with noise of known size say of the coefficients, as the sums of fewer rows without any would.

For products ``M = sum u u'`` of the columns, ``1`` and the target that are known as :math:`\tilde M = M + N`, the cross
products are, of coefficients ``w`` and :math:`\omega = (w, -1)`,

.. math:: \tilde c = \tilde G w + \epsilon, \quad \operatorname{Cov} \epsilon = \Omega = \sigma^2 \tilde G
    + \operatorname{Cov}(N \omega),

an error in the statistics (W. A. Fuller, 1987, Measurement error models, section 3.1). So they inform about ``w`` as rows
of Gram ``s2 G O^-1 G`` and cross products ``s2 G O^-1 c`` would: those of no noise where there is none, and the less the
more noise there is. In place of :math:`\tilde G` stands what is expected of ``G`` (`noisy_grams`). How large coefficients and
``s2`` are is learned in turn with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import truncnorm

from skmeta._inference.bounded_sums import Box, noise_of_products, noise_of_square
from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.gaussian_em import fit_gaussian, initial_guess
from skmeta._inference.in_columns import InColumns
from skmeta._inference.linalg import TINY, cholesky_root, solve, spd_inverse, symmetrize, times
from skmeta._inference.noisy_grams import expected_grams
from skmeta._inference.structure import Structure
from skmeta._inference.sums import Sums
from skmeta._inference.units import Law, Units, standardised

Array = NDArray[np.float64]

_ROUNDS = 20  # guard: at most
_SWEEPS = 5  # speed: of EM, after which the sums are made anew
_SETTLED = 1e-3  # guard: share by which nothing moves in a round where it ends
_HELD = 1e-12  # guard: of what a row tells, so that noise of nothing can be divided by
_LEAST = 1e-9  # guard: a positive share


@dataclass(frozen=True, eq=False)
class NoisySums:
    """Products ``M (T, p + 1, p + 1)`` of one target in the units of a `Box`, with noise.

    ``gram (T, p, p)`` is what is expected of their columns' part, its eigenvalues clipped at zero; ``variances
    (T, p + 1, p + 1)`` are those of what both are off, and ``variance (T,)`` those of ``M`` in the box's. ``lacking (T, d)``
    says which columns a task lacks, that are at their centres in ``M``.
    """

    M: Array
    gram: Array
    variance: Array
    variances: Array
    box: Box
    lacking: NDArray[np.bool_]

    @classmethod
    def of_sums(cls, sums: Sums, variance: Array, box: Box, centre: Array) -> NoisySums:
        """From sums of one target with noise of ``variance (T,)``; what a task lacks says nothing at the ``centre (d,)``."""
        lacking, M = np.isnan(sums.mean), box.products(sums, centre)
        variances = variance[:, None, None] * box.variances
        gram, variances[:, :-1, :-1] = expected_grams(M[:, :-1, :-1], variances[:, :-1, :-1], lacking)
        return cls(M, legal(gram), variance, variances, box, lacking)

    @property
    def n(self) -> Array:
        return np.maximum(self.M[:, self.box.d, self.box.d], 1.0)


def legal(matrix: Array) -> Array:
    """The nearest positive semi-definite ``(T, p, p)`` matrices: eigenvalues below zero are clipped."""
    values, vectors = np.linalg.eigh(symmetrize(matrix))
    return (vectors * np.maximum(values, 0.0)[..., None, :]) @ np.swapaxes(vectors, -1, -2)


def second_moment(mean: Array, covariance: Array) -> Array:
    """``E[w w'] (p + 1, p + 1)`` of ``w = (coefficients, -1)``."""
    extended = np.append(mean, -1.0)
    return np.outer(extended, extended) + np.pad(covariance, (0, 1))


def informative_part(noisy: NoisySums, law: Law) -> Array:
    """``M (T, p + 1, p + 1)`` that says without noise what these sums say with it, of as many residuals."""
    p, s2, G, c = len(law.mean), law.noise, noisy.gram, noisy.M[:, :-1, -1]
    second = second_moment(law.mean, law.covariance)
    omega = s2 * G + noise_of_products(second, noisy.variances)[:, :-1, :-1]
    omega += (_HELD * np.einsum("tii->t", omega) / p)[:, None, None] * np.eye(p)
    found = np.swapaxes(G, 1, 2) @ solve(omega, np.concatenate([G, c[..., None]], axis=2))
    information, pull = symmetrize(found[..., :p]), found[..., p]
    root = cholesky_root(law.covariance)
    within = spd_inverse(root.T @ information @ root + np.eye(p))
    coef = law.mean + times(root @ within @ root.T, pull - information @ law.mean)
    told = np.maximum(np.einsum("tii->t", within), _LEAST)  # of the coefficients that rows do not tell
    residual = noisy.M[:, -1, -1] - (coef * (2.0 * c - times(G, coef))).sum(axis=1)
    level = _noise_of_tasks(noisy, np.diagonal(second), s2, residual, told)
    M = np.empty((len(G), p + 1, p + 1))
    M[:, :p, :p], M[:, :p, p], M[:, p, :p] = s2 * information, s2 * pull, s2 * pull
    fitted = s2 * (coef * (2.0 * pull - times(information, coef))).sum(axis=1)
    M[:, p, p] = fitted + level * np.maximum(noisy.n - p + told, _LEAST)
    return M


def _noise_of_tasks(noisy: NoisySums, square: Array, s2: float, residual: Array, told: Array) -> Array:
    """Every task's own noise ``(T,)`` as far as it is known, for the rest the common one ``s2``.

    Of ``n`` rows a variance is known with the variance ``2 s2^2 / n``, to which the sums' noise adds its own; together they
    are known no better than of ``n`` rows.
    """
    n = noisy.n
    noise = noise_of_square(square, noisy.variances)
    kept = 1.0 / (1.0 + noise / (2.0 * n * s2**2))
    own = np.maximum(residual, 0.0) / np.maximum(n - noisy.gram.shape[-1] + told, _LEAST)
    return kept * own + (1.0 - kept) * s2


def residual_variance(noisy: NoisySums, mean: Array, covariance: Array) -> float:
    """The variance of residuals over all tasks, in expectation without noise.

    Around the mean coefficients the residuals have besides what coefficients vary. The estimate is normal; a variance
    lies between zero and all there is, so that it is the mean of that normal between the two.
    """
    M, n, extended = noisy.M.sum(axis=0), noisy.n.sum(), np.append(mean, -1.0)
    second, around = second_moment(mean, covariance), float(extended @ M @ extended) / n
    found = around - float(np.sum(M[:-1, :-1] * covariance)) / n
    noise = float(noisy.variance.sum() * noise_of_square(np.diagonal(second), noisy.box.variances))
    spread = max(np.sqrt(noise) / n, _LEAST * abs(around), TINY)
    most = max(around, spread)
    return float(truncnorm.mean(-found / spread, (most - found) / spread, found, spread))


def learn_from_noisy(noisy: NoisySums, units: Units, *, intercept: bool = True, n_jobs: int = 1) -> InColumns:
    """The tasks of one output, in the units of the engine, as if there were no noise but fewer rows."""

    def in_engine(M: Array) -> InColumns:
        return InColumns(
            standardised(noisy.box.sums(M, noisy.n, noisy.lacking), [units], intercept=intercept).output(0)
        )

    law, to_box = (
        initial_guess(in_engine(legal(noisy.M)), contextual=False),
        _to_box(noisy.box, units, intercept=intercept),
    )
    structure = Structure("full", None, strength=float(noisy.gram.shape[-1]))
    for _ in range(_ROUNDS):
        tasks = in_engine(informative_part(noisy, to_box(law)))
        new = fit_gaussian(tasks, structure, n_iter=_SWEEPS, start=law, noise="known", n_jobs=n_jobs)
        boxed = to_box(new)
        variance = residual_variance(noisy, boxed.mean, boxed.covariance)
        new = replace(new, noise=np.float64(new.noise * variance / boxed.noise))
        moved, law = _moved(new, law), new
        if moved < _SETTLED:
            break
    return in_engine(informative_part(noisy, to_box(law)))


def _to_box(box: Box, units: Units, *, intercept: bool) -> Callable[[CoefficientLaw], Law]:
    """From the units of the engine to those of the bounds; without an intercept nothing varies in it."""
    d = box.d
    inside = Units(box.middle[:d], box.half[:d], float(box.middle[d]), float(box.half[d]))
    there = np.append(np.ones(d), float(intercept))

    def convert(law: CoefficientLaw) -> Law:
        here = Law(law.mean * there, law.covariance * np.outer(there, there), float(law.noise))
        return inside.law_to_engine(units.law_to_data(here))

    return convert


def _moved(new: CoefficientLaw, old: CoefficientLaw) -> float:
    """The most that the mean, the covariance or the noise moved, as a share of the coefficients' and its own size."""
    size = np.sqrt(np.diagonal(new.covariance) + new.mean**2).max()
    mean = np.abs(new.mean - old.mean).max() / size
    spread = np.abs(new.covariance - old.covariance).max() / size**2
    return float(max(mean, spread, abs(new.noise / old.noise - 1.0)))
