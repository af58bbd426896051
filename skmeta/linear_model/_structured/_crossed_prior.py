"""Tasks in crossed groups as a prior: directors and types, students and lecturers, each factor with a deviation of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.joint import Joint
from skmeta.base import FrozenValue
from skmeta.base._pictures import Spread
from skmeta.base._plain import Reader, reader
from skmeta.base._prior import check_reads
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured._explained import counted, explains
from skmeta.linear_model._structured._prior import Change, StructuredPrior
from skmeta.tasks._known_ids import check_types

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class KnownFactors(FrozenValue):
    """What was learned of the levels of all factors, of one output (see `_inference.joint.Joint`).

    A level deviates by ``R v`` with ``v ~ N(0, I)`` before any rows.

    Parameters
    ----------
    roots : ndarray of shape (p, k)
        The roots ``R`` of all factors side by side, in units of the data.
    base : ndarray of shape (p, p)
        From the mean's coefficients in units of the engine to those of the data.
    width : ndarray of int of shape (n_factors,)
        How many coordinates each factor has.
    n_levels : ndarray of int of shape (n_factors,)
        How many levels each factor has.
    first : int
        The factor that was eliminated.
    means : ndarray of shape (n,)
        Expected coordinates of all levels, one factor after the other.
    half, data, indices, indptr, inverse : ndarray
        The joint covariance of levels and mean, as `Joint` has it; the three in the middle are its ``coupling``.
    """

    roots: Array
    base: Array
    width: NDArray[np.intp]
    n_levels: NDArray[np.intp]
    first: int
    means: Array
    half: Array
    data: Array
    indices: NDArray[Any]
    indptr: NDArray[Any]
    inverse: Array

    @classmethod
    def of(cls, joint: Joint, roots: Sequence[Array], linear: Array) -> KnownFactors:
        """Those of the engine, ``linear`` being the map of coefficients to units of the data."""
        own = [linear @ root for root in roots]
        shape, coupling = [each.shape for each in joint.means], joint.coupling
        width, n_levels = np.array([k for _, k in shape]), np.array([n for n, _ in shape])
        means = np.concatenate([each.ravel() for each in joint.means])
        rest = coupling.data, coupling.indices, coupling.indptr, joint.inverse
        return cls(np.concatenate(own, axis=1), linear, width, n_levels, joint.first, means, joint.half, *rest)

    def root(self, f: int) -> Array:
        """The root ``(p, k_f)`` of one factor's covariance."""
        ends = np.cumsum(self.width)
        return self.roots[:, ends[f] - self.width[f] : ends[f]]

    def given(self, levels: Mapping[int, int]) -> tuple[Array, Array]:
        """What is known of the mean and some levels together: what it adds to the mean ``(p,)``, and the doubt ``(p, p)``."""
        codes = {f: np.array([level]) for f, level in levels.items()}
        found = self._joint().beliefs([self.root(f) for f in range(len(self.width))], codes, self.base)
        return found.mean[0], found.covariance[0]

    def _joint(self) -> Joint:
        parts = np.split(self.means, np.cumsum(self.n_levels * self.width)[:-1])
        means = [part.reshape(n, k) for part, n, k in zip(parts, self.n_levels, self.width, strict=True)]
        shape = (len(self.half) * self.half.shape[1], len(self.inverse))
        coupling = sparse.csr_array((self.data, self.indices, self.indptr), shape=shape)
        return Joint(int(self.first), means, np.zeros(len(self.base)), self.half, coupling, self.inverse)


@dataclass(frozen=True, eq=False, repr=False)
class CrossedPrior(StructuredPrior):
    r"""A Gaussian prior of tasks in crossed groups, such as films by director and type.

    .. math:: w_t = \mu + u_{director} + v_{type}, \quad u \sim N(0, \Sigma_{director}), \quad v \sim N(0, \Sigma_{type})

    `given` says what is known of a task whose director, or type, or both were met, though never together; of what was not met
    the factor's covariance remains. It keeps the covariance of all levels of all factors but the largest, and of the largest
    the blocks that give its levels', so that joint doubt is exact.

    Parameters
    ----------
    factors : tuple of str, default=()
        Names of the factors.
    ids : tuple of ndarray, default=()
        The levels of each factor.
    known : tuple of KnownFactors, default=()
        What was learned of them, one an output.

    References
    ----------
    C. R. Henderson (1975), Best linear unbiased estimation and prediction under a selection model, Biometrics 31, equation 3.
    """

    _nested: ClassVar[dict[str, Reader]] = GaussianPrior._nested | {"known": reader(KnownFactors)}

    factors: tuple[str, ...] = ()
    ids: tuple[NDArray[Any], ...] = ()
    known: tuple[KnownFactors, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(np.array(each) for each in self.ids))
        super().__post_init__()

    def _freeze(self) -> None:
        super()._freeze()
        for each in self.ids:
            each.flags.writeable = False

    def __repr__(self) -> str:
        counts = dict(zip(self.factors, map(len, self.ids), strict=True)) | {"tasks": self.n_tasks}
        return f"CrossedPrior({'; '.join([counted(counts), *self.in_words])})"

    @property
    def in_words(self) -> tuple[str, ...]:
        """What factors explain, such as "director explains 70 %, type 30 % of what differs between tasks"."""
        return explains(self.shares)

    @property
    def shares(self) -> dict[str, float]:
        """What each factor explains of how tasks differ: its share of the variance of their predictions."""
        return self._shares_of(self.covariances)

    @property
    def spreads(self) -> dict[str, Spread]:
        """How coefficients differ by each factor, by its name."""
        return {name: Spread.of(self.mean, own) for name, own in self.covariances.items()}

    @property
    def context_names(self) -> tuple[str, ...]:
        """The factors."""
        return self.factors

    @property
    def covariances(self) -> dict[str, Array]:
        """How the levels of each factor vary, in units of the data, by the factor's name."""
        return {name: self._covariance([f]) for f, name in enumerate(self.factors)}

    def _covariance(self, which: Sequence[int]) -> Array:
        """Of the sum of some factors' deviations."""
        zero = np.zeros_like(self.known[0].base)
        each = [sum((k.root(f) @ k.root(f).T for f in which), zero) for k in self.known]
        return self._of_outputs(each)

    def _of_outputs(self, values: list[Array]) -> Array:
        return values[0] if self.mean.ndim == 1 else np.stack(values)

    def given(self, **context: Any) -> GaussianPrior:
        """The prior of a task at some levels.

        Parameters
        ----------
        **context : dict
            Ids by factor; what is missing, or was never seen, is not known.

        Returns
        -------
        GaussianPrior
            Around the mean and the deviations that are known; its covariance is that of the factors that are not.

        Raises
        ------
        TypeError
            If it reads no such name.
        """
        check_reads(self, context)
        check_types(dict(zip(self.factors, self.ids, strict=True)), context)
        found = {f: self._level(f, context[name]) for f, name in enumerate(self.factors) if name in context}
        levels = {f: level for f, level in found.items() if level is not None}
        if not levels:
            return self.plain()
        more, doubt = zip(*(each.given(levels) for each in self.known), strict=True)
        return self.plain(
            mean=self.mean + self._of_outputs(list(more)),
            covariance=self._covariance([f for f in range(len(self.factors)) if f not in levels]),
            mean_covariance=self._of_outputs(list(doubt)),
        )

    def _level(self, f: int, value: Any) -> int | None:
        found = np.flatnonzero(self.ids[f] == value)
        return int(found[0]) if len(found) else None

    def _changed(self, vector: Change, matrix: Change) -> dict[str, Any]:
        known = [replace(each, roots=vector(each.roots.T).T, base=vector(each.base.T).T) for each in self.known]
        return {"known": tuple(known)}
