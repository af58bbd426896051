r"""Probabilities of classes after adaptation, integrated, and how plain coefficients come near them.

A plain classifier has one set of coefficients. Those of the posterior mode are too sure of themselves: where the score of
a row is :math:`z \sim N(\hat z, s^2)`, the probability is that of :math:`\kappa \hat z` with :math:`\kappa \approx (1 +
\pi s^2 / 8)^{-1/2}` (MacKay, 1992, Neural Computation 4, equation 10). One :math:`\kappa` for all rows keeps every label;
it is that whose expected log-loss is least on rows :math:`x` like the task's,

.. math:: \min_\kappa \; - E_x \sum_k P_k(x) \log p_k(\kappa \hat z(x))

with the integrated :math:`P`, a convex problem in one number. What rows are like is told by the task's own, before which
the collection's count as many rows as there are coefficients (a Dirichlet process: Ferguson, 1973, Annals of Statistics 1,
theorem 1): so many own rows are predicted too well, having been fitted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skmeta._inference.integrated import agreeing, integrated_probabilities, moderation
from skmeta._inference.linalg import square_root
from skmeta._inference.moments import take_rows
from skmeta._inference.threads import blocks_of
from skmeta.linear_model._units import Units
from skmeta.linear_model._unknown import Unknown

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

_PAIRS = 16  # of rows like those of the collection, on both sides of its centre
_OWN_PAIRS = 64  # speed: of own rows that are looked at
_TASKS = 64  # speed: tasks whose scales are found at once
_NEGLIGIBLE = 1e-10  # guard: probability of a component that changes no digit
_TYPICAL: WeakKeyDictionary[Units, TypicalRows] = WeakKeyDictionary()


class Integrated:
    """Probabilities of tasks after an adaptation; ``scores(X, codes) (n, K)`` are those of the adapted coefficients."""

    def __init__(self, unknown: Unknown, scores: Callable[[Any, Codes], Array], owners: Codes) -> None:
        self._unknown, self._here, self._scores, self._owners = unknown, unknown.here, scores, owners

    def probabilities(self, X: Any, codes: Codes, share: float = 1.0) -> Array:
        """``(n, K)``, of the second of two classes ``(n, 1)``, as if each row stood for ``1 / share`` of them."""
        here, scores, data = self._here, self._scores(X, codes), self._here.data
        weight = np.ones(len(data.Y)) if here.rows.weight is None else here.rows.weight
        beyond, found = self._beyond_the_mode(X, codes), np.zeros_like(scores)
        own = self._beyond_the_mode(data.X, self._owners)
        for part in self._unknown.components(X, codes):
            often = (here.mixture.unseen if part.task < 0 else here.posterior.weights[part.task])[part.component]
            if often > _NEGLIGIBLE:
                rows = part.scores + own[part.own], weight[part.own] / share
                left = share * part.variance, share * part.covariance
                found[part.new] += often * integrated_probabilities(*rows, part.centre + beyond[part.new], *left)
        return agreeing(np.minimum(found, 1.0), scores)

    def _beyond_the_mode(self, X: Any, codes: Codes) -> Array:
        """What the scores of families that only start at the prior have beyond those of the posterior mode."""
        mixture = self._here.mixture
        if not self._here.family.starts or not len(codes):
            return np.zeros((len(codes), mixture.shape[1]))
        unseen = [sum(w * c.mean for w, c in zip(mixture.unseen, output, strict=True)) for output in mixture.components]
        coef = np.concatenate([self._here.posterior.coef, np.stack(unseen)[None]])
        Z = self._unknown.standardised(X, np.arange(X.shape[0]))
        Z = Z.toarray() if sparse.issparse(Z) else Z
        return np.asarray(self._scores(X, codes) - np.einsum("np,nkp->nk", Z, coef[codes]))

    def scales(self, codes: Codes, units: Units | None) -> Array:
        """What the coefficients ``(n,)`` of some tasks are multiplied by to predict best, each named once.

        ``units`` say what rows of the collection are like; if they are not known (None), or columns are too many for a
        correlation, a task's own rows do.
        """
        out, typical = np.ones(len(codes)), None
        if units is not None and units.correlation is not None:
            typical = typical_rows(units, units.correlation)
        for block in blocks_of(len(codes), _TASKS):
            each = [self._rows_like(code, typical) for code in codes[block].tolist()]
            X, some = np.concatenate([X for X, _ in each]), np.repeat(codes[block], [len(X) for X, _ in each])
            scores, P = self._scores(X, some), self.probabilities(X, some, self._share)
            ends = np.cumsum([len(X) for X, _ in each])[:-1]
            parts = zip(np.split(scores, ends), np.split(P, ends), each, strict=True)
            out[block] = [moderation(eta, wanted, often) for eta, wanted, (_, often) in parts]
        return out

    def _rows_like(self, code: int, typical: TypicalRows | None) -> tuple[Array, Array]:
        """Rows as a task may have them and their weights: its own, and those of the collection as one a coefficient."""
        here = self._here
        own, counted = here.rows.order[here.rows.starts[code] : here.rows.starts[code + 1]], here.rows.counted
        own, total = own[counted[own] > 0], float(counted[own].sum())
        if len(own) > 2 * _OWN_PAIRS:
            by_score = own[np.argsort(self._scores(here.data.X[own], np.full(len(own), code))[:, 0], kind="stable")]
            low = np.linspace(0, (len(own) - 1) // 2, _OWN_PAIRS).astype(int)  # the same where labels change places
            own = by_score[np.r_[low, len(own) - 1 - low[::-1]]]
        mine, each = take_rows(here.data.X, own), counted[own]
        each = each if here.data.stands_for is None else each * here.data.stands_for[own]
        if typical is None:
            return mine, each
        rows = typical.seen_by(here.posterior.coef[code, :, :-1])
        often = np.full(len(rows), here.rows.width / len(rows))
        return np.concatenate([mine, rows]), np.r_[each * total / max(each.sum(), 1.0), often]

    @property
    def _share(self) -> float:
        """A prior weaker than learned is the learned one before rows that stand for more, which has the same mode.

        So moderation ends where the prior does: the answer then is the unpenalised fit's.
        """
        return min(float(self._here.family.engine_strength(self._here.strength)[0]), 1.0)


def typical_rows(units: Units, correlation: Array) -> TypicalRows:
    """`TypicalRows`, kept as long as the units are: one prior adapts many tasks."""
    if units not in _TYPICAL:
        _TYPICAL[units] = TypicalRows(units, correlation)
    return _TYPICAL[units]


class TypicalRows:
    """Rows like those of the collection that units were taken from: normal, in pairs on both sides of the centre."""

    def __init__(self, units: Units, correlation: Array) -> None:
        d = len(units.centre)
        draws = np.random.default_rng(0).standard_normal((_PAIRS, d))
        if d <= _PAIRS:  # as many directions can be spread exactly evenly
            draws = np.sqrt(float(_PAIRS)) * np.linalg.qr(draws)[0]
        self._even, self._centre, self._scale = np.concatenate([draws, -draws]), units.centre, np.asarray(units.scale)
        self._root = square_root(correlation)

    def seen_by(self, slopes: Array) -> Array:
        """``(m, d)`` for a task of ``slopes (K, d)``: whose columns the draws follow, whatever their order and signs."""
        order = np.argsort(-(slopes**2).sum(axis=0), kind="stable")
        turned = np.empty_like(self._even)
        turned[:, order] = self._even
        turned *= np.where((slopes**3).sum(axis=0) < 0, -1.0, 1.0)
        return np.asarray(self._centre + self._scale * (turned @ self._root))
