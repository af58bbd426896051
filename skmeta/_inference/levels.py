"""Empirical Bayes for coefficients that are sums of deviations: one covariance a level, by EM and a search on the evidence.

Levels are those of a tree (`nested`) or crossed factors (`crossed`); both say in one pass over the tasks how probable these
are, and what EM needs. EM crawls where a level hardly varies, so after some sweeps the levels' covariances, as far as their
shapes leave them free, and the scale of the noise are searched for directly on the evidence. Parameters that a structure has
besides are in its own law, a subclass that says how they are searched for (`drifting_law`) or learned by EM (`described`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from skmeta._inference.gaussian_em import NOISE_FLOOR, effect_variance
from skmeta._inference.linalg import cholesky_root, diagonal, symmetrize
from skmeta._inference.messages import Beliefs
from skmeta._inference.structure import CovarianceShape
from skmeta._inference.tree import HELD
from skmeta._inference.units import Units

Array = NDArray[Any]

_SMALLEST = 1e-5  # guard: least factor of a standard deviation, which is as good as none
_REACH = 10.0  # guard: factor by which one search may move a standard deviation, so that no step of it loses all digits
_SHARE = 0.01  # speed: of what a round has to gain, that a step of its search has to gain
_STILL = 1e-13, 1e-9  # guard: the same as a share of the evidence, at least and at most
_ROUNDS = 50  # guard: rounds of sweeps and search have settled


@dataclass(frozen=True, eq=False)
class LevelsLaw:
    """``covariances``, one ``(p, p)`` a level; the noises' law; and how the slopes of the mean of all are held.

    ``own_noise (n_tasks,)`` are the tasks' own; ``mean_variance`` is the variance of the mean's slopes around zero.
    ``shapes`` are the `structure.Structure` of each covariance, and ``uniques`` start the next fit of them.
    """

    covariances: tuple[np.ndarray, ...]
    noise: float
    noise_dof: float
    own_noise: np.ndarray
    mean_variance: float = np.inf
    uniques: tuple[Array | None, ...] = ()
    shapes: tuple[CovarianceShape, ...] = ()

    @property
    def shrink(self) -> Array:
        """Precision ``(p,)`` of the mean's coefficients around zero."""
        return np.r_[np.full(len(self.covariances[0]) - 1, 1.0 / self.mean_variance), 0.0]

    @property
    def roots(self) -> list[Array]:
        """A lower triangular root of every level's covariance ``(p, k)``: of the ``k`` coefficients that vary there."""
        return [_root(each) for each in self.covariances]

    # What a structure's law has of its own: nothing here

    @property
    def own_bounds(self) -> list[tuple[float, float]]:
        """Of the numbers of its own that are searched for, as moves from where they are now."""
        return []

    def moved(self, own: Array) -> Self:
        """The law at moves of its own numbers, covariances and noises being as they are."""
        return self

    def scale_factors(self, own: Array) -> Array:
        """The factors ``(n_levels,)`` of the levels' standard deviations that go with such moves."""
        return np.ones(len(self.covariances))

    def own_slopes(self, passed: Passed, of_scales: list[float]) -> Array:
        """How the evidence moves with its own numbers, ``of_scales`` being how with each covariance's logarithm."""
        return np.zeros(0)

    def swept(self, mean: Beliefs) -> Self:
        """The law with those of its own numbers that EM learns from what is known of the mean of all."""
        return self


def _root(covariance: Array) -> Array:
    vary = np.flatnonzero(diagonal(covariance) > 0)
    found = np.zeros((len(covariance), len(vary)))
    found[vary] = cholesky_root(covariance[np.ix_(vary, vary)])
    return found


LawT = TypeVar("LawT", bound=LevelsLaw)


class Passed(Protocol):
    """What one pass over the tasks under a law tells, its deviations being ``u = R v`` with a level's root ``R (p, k)``."""

    @property
    def evidence(self) -> float:
        """``log p(y)`` of all tasks."""

    @property
    def mean(self) -> Beliefs:
        """What is known of the one mean of all, ``(1, p)``."""

    @property
    def squares(self) -> list[Array]:
        """The sums of ``E[v v'] (k, k)`` over a level's nodes."""

    @property
    def own_slopes(self) -> Array:
        """How the evidence moves with the own numbers of a structure's law, the covariances being fixed."""

    @property
    def misfit(self) -> float:
        """The rows' squares around their tasks' coefficients in units of the noise, expected, less the number of rows."""

    def with_noise(self, law: LawT, *, shared: bool) -> LawT:
        """A law with the noises after a sweep of EM, one for all tasks or one a task."""


class Model(Protocol):
    """Tasks of one output, and the levels that they are of."""

    @property
    def counts(self) -> list[float]:
        """How many nodes there are of each level."""

    @property
    def n_rows(self) -> float:
        """How many rows there are."""

    @property
    def informed(self) -> NDArray[np.bool_]:
        """Which of the mean's coefficients ``(p,)`` any row informs about."""

    def passed(self, law: LevelsLaw) -> Passed:
        """A pass under a law."""


def fit_levels(model: Model, start: LawT, *, n_iter: int, tol: float, noise: str, max_iter: int = _ROUNDS) -> LawT:
    """Rounds of ``n_iter`` sweeps of EM and a search, until one makes the tasks more probable by less than ``tol`` nats.

    There are ``max_iter`` rounds at most; an infinite ``tol`` asks for one. ``noise`` is what is learned of it: ``"task"``,
    ``"shared"`` or ``"known"``.
    """
    law, best = start, -np.inf
    for _ in range(max_iter):
        for _ in range(n_iter):
            law = _sweep(model, law, noise)
        law, value = _searched(model, law, noise, tol)
        if value - best < tol:
            break
        best = value
    return law


def _sweep(model: Model, law: LawT, noise: str) -> LawT:
    passed = model.passed(law)
    covariances, uniques = [], []
    for level, (root, square) in enumerate(zip(law.roots, passed.squares, strict=True)):
        count, unique = model.counts[level], law.uniques[level] if law.uniques else None
        scatter = symmetrize(root @ square @ root.T) / count
        found = law.shapes[level].fit(scatter, np.asarray(count), unique)
        covariances.append(found[0])
        uniques.append(found[1])
    new = replace(law.swept(passed.mean), covariances=tuple(covariances), uniques=tuple(uniques))
    if np.isfinite(law.mean_variance):
        n_slopes = len(law.covariances[0]) - 1
        slopes = passed.mean.mean[0, :n_slopes], diagonal(passed.mean.covariance[0])[:n_slopes]
        new = replace(new, mean_variance=float(effect_variance(*slopes, law.mean_variance)))
    return new if noise == "known" else passed.with_noise(new, shared=noise == "shared")


def evidence_in_data(model: Model, law: LevelsLaw, evidence: float, units: Units) -> float:
    r"""The evidence of targets in their own units, flat coefficients of the mean being integrated out in units of the data.

    With :math:`y = a + s \tilde y` and coefficients ``J`` times the engine's

    .. math:: \log p(y) = \log \tilde p(\tilde y) - n \log s + \log |J|

    where ``J`` is of the flat ones that some row informs about. With all of them flat it is the restricted likelihood, as lme4
    has it: minus twice it is the REML criterion.
    """
    flat, scale = law.shrink <= 0.0, np.log(np.r_[units.target_scale / units.scale, units.target_scale])
    nothing = 0.5 * float((flat & ~model.informed).sum()) * np.log(HELD / (2.0 * np.pi))
    return float(evidence - model.n_rows * np.log(units.target_scale) + scale[flat & model.informed].sum() + nothing)


# The search -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Freedom:
    r"""Which numbers a search moves of a level's root ``L (k, k)``, lower triangular, of the coefficients that vary.

    Without a hyper-prior they are the entries of the root, or of its diagonal, each in units of its coefficient's standard
    deviation at the ``start``; entries, and not logarithms, because a variance of zero is then no plateau. A shape with a
    hyper-prior, or of factors, is the one that EM found, times a factor. ``where`` are the entries that are free, or None.
    """

    start: np.ndarray
    where: tuple[NDArray[np.intp], NDArray[np.intp]] | None
    n: float

    @classmethod
    def of(cls, shape: CovarianceShape, root: Array, n: float) -> _Freedom:
        """That of a shape, where a level has ``n`` nodes; ``root (p, k)`` is the one to start from."""
        start = root[np.flatnonzero(root.any(axis=1))]
        return cls(start, shape.free_entries(len(start)), n)

    @property
    def _unit(self) -> Array:
        """What a free entry is measured in: near the start all numbers then bend the evidence as much."""
        if self.where is None:
            return np.full(1, 1.0 / np.sqrt(max(self.n * len(self.start), 1.0)))
        return np.sqrt((self.start**2).sum(axis=1) / self.n)[self.where[0]]

    @property
    def numbers(self) -> Array:
        """Of the start."""
        return (np.ones(1) if self.where is None else self.start[self.where]) / self._unit

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Of the numbers: standard deviations stay positive."""
        if self.where is None:
            return [(_SMALLEST / float(self._unit[0]), _REACH / float(self._unit[0]))]
        one = np.sqrt(self.n)
        return [(_SMALLEST * one if i == j else -_REACH * one, _REACH * one) for i, j in zip(*self.where, strict=True)]

    def root(self, numbers: Array) -> Array:
        """``L``."""
        if self.where is None:
            return self.start * (numbers * self._unit)
        found = np.zeros_like(self.start)
        found[self.where] = numbers * self._unit
        return found

    def slope(self, root: Array, square: Array) -> Array:
        r"""How the evidence moves with the numbers, at a root where ``square`` is :math:`\sum_i E[v_i v_i^\top]`.

        .. math:: \frac{\partial \log p}{\partial L} = L^{-\top} \sum_i (E[v_i v_i^\top] - I)
        """
        found = np.linalg.solve(root.T, square - self.n * np.eye(len(square)))
        entries = (found * self.start).sum(keepdims=True)[0] if self.where is None else found[self.where]
        return np.asarray(entries * self._unit)

    def slope_of_scale(self, square: Array) -> float:
        r"""How it moves with the logarithm of the covariance's scale: :math:`\tfrac12 (\sum_i E[v_i^\top v_i] - n k)`."""
        return 0.5 * float(np.trace(square) - self.n * len(square))


def _searched(model: Model, law: LawT, noise: str, tol: float = 0.0) -> tuple[LawT, float]:
    r"""The law where the tasks are most probable, as far as its shapes are free and its noises by one factor; and how much.

    With the noises the evidence moves by

    .. math:: \frac{\partial \log p}{\partial \log \sigma^2} = \tfrac12 \sum_t (E |y_t - Z_t w_t|^2 / \sigma_t^2 - n_t) .
    """
    free, unit = noise != "known", np.sqrt(2.0 / model.n_rows)
    parts = [_Freedom.of(*each) for each in zip(law.shapes, law.roots, model.counts, strict=True)]
    own_bounds = law.own_bounds
    ends = np.cumsum([*(len(each.numbers) for each in parts), len(own_bounds)])

    def at(numbers: Array) -> tuple[LawT, list[Array], Array]:
        *split, own, louder = np.split(numbers, ends)
        scale_factors, by = law.scale_factors(own), float(np.exp(unit * louder.sum()))
        roots = [each.root(some) * factor for each, some, factor in zip(parts, split, scale_factors, strict=True)]
        covariances = tuple(_spread(root, old) for root, old in zip(roots, law.covariances, strict=True))
        found = replace(law.moved(own), covariances=covariances, noise=law.noise * by, own_noise=law.own_noise * by)
        return found, roots, scale_factors

    def cost(numbers: Array) -> tuple[float, Array]:
        found, roots, scale_factors = at(numbers)
        passed = model.passed(found)
        places = list(zip(parts, roots, passed.squares, scale_factors, strict=True))
        slopes = [each.slope(root, square) * factor for each, root, square, factor in places]
        own = law.own_slopes(passed, [each.slope_of_scale(square) for each, _, square, _ in places])
        return -passed.evidence, -np.concatenate([*slopes, own, np.full(int(free), 0.5 * unit * passed.misfit)])

    start = np.concatenate([*(each.numbers for each in parts), np.zeros(len(own_bounds) + int(free))])
    reach, floor = 2.0 * np.log(_REACH), min(np.log(NOISE_FLOOR / law.noise), 0.0)
    bounds = [bound for each in parts for bound in each.bounds] + own_bounds
    bounds += [(max(-reach, floor) / unit, reach / unit)] * free
    share = np.clip(_SHARE * tol / model.n_rows, *_STILL)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": float(share)})
    return at(found.x)[0], float(-found.fun)


def _spread(root: Array, like: Array) -> Array:
    """The covariance ``(p, p)`` of a root of those coefficients that vary, as they do in another one."""
    vary, found = np.flatnonzero(diagonal(like) > 0), np.zeros_like(like)
    found[np.ix_(vary, vary)] = root @ root.T
    return found
